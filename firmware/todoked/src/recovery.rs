//! Going on for a device that was restored from an older copy, cloned or replaced.
//!
//! `todoke recover` prepares everything beside the old files, in the folder `recovery`: a new site
//! and key, the certificate head office grants for a one-time code, and a new database that knows
//! whom it goes on for. Only then the files change places, step by step, each of which can be done
//! again after a pulled plug. The old database stays in `recovery/before.db` until the daemon has
//! written again what head office never had of it, and head office has acknowledged that.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use counter_domain::ids::DeviceId;
use counter_store::{CounterStore, OldDatabase, RescueStep, SetAside, Succession};
use replica::{DatabaseKey, Surroundings};
use serde_json::{Value, json};
use sync_protocol::SiteId;
use sync_transport::{
    Applicant, DEVICES, DeviceKey, Enrolled, EnrolmentCode, HubAddress, Predecessor, Register,
    SetAsideDevice,
};

use crate::clock::{Clock as _, Random as _, SystemClock, SystemRandom};
use crate::counter::Input;
use crate::devices::Happened;
use crate::settings::{DataFolder, Settings, replace_private, write_private};
use crate::{keys, serve};

/// How often the daemon looks whether it can go on with a rescue.
const LOOK: Duration = Duration::from_secs(1);

/// Endings of the files of a database.
const ENDINGS: [&str; 3] = ["", "-wal", "-shm"];

/// How far going on for another device has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryStage {
    /// Cases come back from head office; what only the old database has is not here yet.
    Arriving,
    /// Everything is here. So many records of the old database were not at head office.
    Done {
        /// Records written again.
        records: u64,
    },
}

/// The files of a recovery.
struct Prepared {
    folder: PathBuf,
}

impl Prepared {
    fn of(folder: &DataFolder) -> Self {
        Self {
            folder: folder.path().join("recovery"),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The database before.
    fn before(&self) -> PathBuf {
        self.file("before.db")
    }

    /// The device before, of which the old database is.
    fn old_device(&self) -> Result<DeviceId> {
        let text = fs::read_to_string(self.file("before-device"))?;
        serde_json::from_str(&text).context("recovery/before-device is damaged")
    }

    /// The site of the new database, kept before it is told anybody.
    fn device(&self) -> Result<DeviceId> {
        let path = self.file("device");
        if let Ok(text) = fs::read_to_string(&path) {
            return serde_json::from_str(&text).context("recovery/device is damaged");
        }
        let mut bytes = [0; 16];
        SystemRandom.fill(&mut bytes);
        let device = DeviceId(bytes);
        write_private(&path, serde_json::to_string(&device)?.as_bytes())?;
        Ok(device)
    }

    /// The key, kept before it is sent anywhere.
    fn key(&self) -> Result<DeviceKey> {
        let path = self.file("identity.key");
        if path.exists() {
            let pem = zeroize::Zeroizing::new(fs::read_to_string(&path)?);
            return DeviceKey::from_pem(&pem).context("recovery/identity.key is damaged");
        }
        let key = DeviceKey::create().context("no key can be made")?;
        write_private(&path, key.to_pem().as_bytes())?;
        Ok(key)
    }
}

/// What the machine gives a database.
fn around() -> Surroundings {
    let clock = SystemClock;
    let mut random = SystemRandom;
    Surroundings::new(move || clock.unix_ms(), move |bytes| random.fill(bytes))
}

/// Takes a new identity at head office with a one-time code, and readies a new database. The daemon
/// must not run; it goes on with the rest when it is started.
///
/// # Errors
/// When head office refuses or a disk fails; the counter is as it was before then, and the same
/// code can be used again.
pub fn recover(folder: &DataFolder, code: &str, hub: Option<&str>) -> Result<DeviceId> {
    let _lock = serve::lock(folder)?;
    finish(folder)?;
    let settings = Settings::read(folder)?;
    let prepared = Prepared::of(folder);
    let key = keys::read(folder, keys::passphrase())?;
    if prepared.before().exists() {
        take_in_earlier(folder, &prepared, (settings.device, &key))?;
    }
    let code: EnrolmentCode = code.parse()?;
    let hub = hub.or(settings.hub.as_deref());
    let hub = hub.context("no address of head office is set; name it with --hub")?;
    let address: HubAddress = hub.parse()?;
    DataFolder::new(&prepared.folder).create()?;
    let old = OldFacts::read(folder, &settings, &key)?;
    let device = prepared.device()?;
    let enrolled = enrol(&address, &code, &prepared, device, &old)?;
    let before = enrolled
        .predecessor
        .filter(|before| before.site.0 == settings.device.0)
        .context("head office does not know what this counter goes on for; ask for a code of `todoke-hub device recover`")?;
    enrolled.identity.save(&prepared.file("identity"))?;
    let database = OldDatabase::open(&folder.database(), &key, settings.device, around())
        .context("the old database cannot be opened")?;
    let aside = database.compared(old.hub, old.log_after, &before.log)?;
    let point = enrolled.identity.publishing_point()?;
    ready_database(&prepared, &key, device, &point, |store| {
        store.succeed(&succession(&before, Some(aside)), Some(&database))
    })?;
    drop(database);
    replace_private(
        &prepared.file("before-device"),
        serde_json::to_string(&settings.device)?.as_bytes(),
    )?;
    write_private(&prepared.file("ready"), b"")?;
    finish(folder)?;
    Settings::read(folder)?.set_hub(folder, hub)?;
    Ok(device)
}

/// A copy that was put back in the middle of an earlier recovery cannot end it any more: what only
/// the old database of that one has is written into the copy, which is looked through next.
fn take_in_earlier(
    folder: &DataFolder,
    prepared: &Prepared,
    (device, key): (DeviceId, &DatabaseKey),
) -> Result<()> {
    let mut store = CounterStore::open(&folder.database(), key, device, around())
        .context("the database cannot be opened")?;
    ensure!(
        store.is_restored(),
        "an earlier recovery is not finished: start the daemon with the line to head office up, and wait until `todoke status` says that it is"
    );
    let old = OldDatabase::open(&prepared.before(), key, prepared.old_device()?, around())
        .context("the old database cannot be opened")?;
    store.rescue_into_older_copy(&old)?;
    drop(old);
    store.close()?;
    forget(prepared)
}

/// What is read in the old database before anything else.
struct OldFacts {
    device: SiteId,
    hub: Option<SiteId>,
    log_after: u64,
}

impl OldFacts {
    fn read(folder: &DataFolder, settings: &Settings, key: &DatabaseKey) -> Result<Self> {
        let store = CounterStore::open(&folder.database(), key, settings.device, around())
            .context("the old database cannot be opened; set up a new appliance instead")?;
        let register = store.dataset(DEVICES)?;
        let register = register.and_then(|dataset| Register::read(&dataset.bytes));
        let facts = Self {
            device: SiteId(settings.device.0),
            hub: register.and_then(|register| register.hub_site()),
            log_after: store.log_acknowledged()?,
        };
        store.close()?;
        Ok(facts)
    }
}

fn enrol(
    hub: &HubAddress,
    code: &EnrolmentCode,
    prepared: &Prepared,
    device: DeviceId,
    old: &OldFacts,
) -> Result<Enrolled> {
    let key = prepared.key()?;
    let applicant = Applicant {
        site: SiteId(device.0),
        key: &key,
        replaces: Some(SetAsideDevice {
            site: old.device,
            log_after: old.log_after,
        }),
    };
    let clock = sync_transport::Clock::from_unix_ms(|| SystemClock.unix_ms());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime
        .block_on(sync_transport::enrol_applicant(
            hub, code, &applicant, &clock,
        ))
        .context("head office did not let this counter go on; nothing was changed")
}

/// How a device goes on for the one head office named.
pub(crate) fn succession(before: &Predecessor, old: Option<SetAside>) -> Succession {
    Succession {
        of: DeviceId(before.site.0),
        held: before.held,
        generation: before.generation,
        old,
        rescued: None,
    }
}

/// Makes the new database; a half-made one of before is thrown away, it holds nothing.
fn ready_database(
    prepared: &Prepared,
    key: &DatabaseKey,
    device: DeviceId,
    publishing_point: &[u8],
    succeed: impl FnOnce(&mut CounterStore) -> Result<(), replica::StoreError>,
) -> Result<()> {
    let path = prepared.file("counter.db");
    for ending in ENDINGS {
        remove(&with_ending(&path, ending))?;
    }
    let mut store = CounterStore::open(&path, key, device, around())
        .context("the new database cannot be made")?;
    store.set_publishing_key(publishing_point)?;
    succeed(&mut store)?;
    store.close()?;
    Ok(())
}

/// Lets the prepared files take the place of the old ones; nothing when none are ready. Every step
/// is done once, whenever the plug was pulled.
///
/// # Errors
/// When the disk fails; to be called again then.
pub fn finish(folder: &DataFolder) -> Result<()> {
    let prepared = Prepared::of(folder);
    if !prepared.file("ready").exists() {
        return Ok(());
    }
    let (new, database) = (prepared.file("counter.db"), folder.database());
    if new.exists() {
        if !prepared.before().exists() {
            // The log first: without its database it is nothing, the other way round it is read.
            for ending in ["-wal", "-shm", ""] {
                let from = with_ending(&database, ending);
                if from.exists() {
                    fs::rename(&from, with_ending(&prepared.before(), ending))?;
                }
            }
        }
        fs::rename(&new, &database)?;
    }
    let identity = prepared.file("identity");
    if identity.exists() {
        fs::rename(&identity, folder.identity())?;
    }
    if prepared.file("device").exists() {
        let mut settings = Settings::read(folder)?;
        settings.device = prepared.device()?;
        replace_private(&folder.settings(), toml::to_string(&settings)?.as_bytes())?;
    }
    sync_folders(folder, &prepared)?;
    // Last of all what says that this is not finished.
    for name in ["device", "identity.key", "counter.db.key-check", "ready"] {
        remove(&prepared.file(name))?;
    }
    tracing::info!("this counter has a new identity");
    Ok(())
}

fn sync_folders(folder: &DataFolder, prepared: &Prepared) -> Result<()> {
    for path in [folder.path(), prepared.folder.as_path()] {
        fs::File::open(path)?.sync_all()?;
    }
    Ok(())
}

/// Brings back, beside the counter's work, what only the old database has; tells the desk how far
/// it is. Ends when nothing is left to do.
pub async fn bring_back(
    folder: DataFolder,
    store: Arc<Mutex<CounterStore>>,
    inputs: Sender<Input>,
) {
    let mut told = None;
    loop {
        let (folder, store) = (folder.clone(), Arc::clone(&store));
        let looked = tokio::task::spawn_blocking(move || look(&folder, &store)).await;
        let stage = match looked {
            Ok(Ok(Some(stage))) => stage,
            Ok(Err(error)) => {
                tracing::error!(%error, "what the old database holds is not brought back yet");
                RecoveryStage::Arriving
            }
            Ok(Ok(None)) | Err(_) => return,
        };
        if told != Some(stage) {
            told = Some(stage);
            if inputs
                .send(Input::Happened(Happened::Recovery(stage)))
                .is_err()
            {
                return;
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Does what can be done now. `None` when this device goes on for nobody, or is long done.
fn look(folder: &DataFolder, store: &Mutex<CounterStore>) -> Result<Option<RecoveryStage>> {
    let locked = || store.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(succession) = locked().succession()? else {
        return Ok(None);
    };
    let prepared = Prepared::of(folder);
    if let Some(rescued) = succession.rescued {
        if !prepared.before().exists() {
            return Ok(None);
        }
        if locked().sending()?.waiting == 0 {
            forget(&prepared)?;
        }
        let records = rescued.records;
        return Ok(Some(RecoveryStage::Done { records }));
    }
    if succession.old.is_none() {
        let is_here = locked().note_all_here()?;
        return Ok(Some(if is_here {
            RecoveryStage::Done { records: 0 }
        } else {
            RecoveryStage::Arriving
        }));
    }
    if locked().is_restored() {
        // It writes nothing any more; whoever goes on for it takes the old database in.
        return Ok(Some(RecoveryStage::Arriving));
    }
    if !prepared.before().exists() {
        tracing::warn!("a copy from before the end of a recovery: its old database is removed");
        locked().note_old_database_gone()?;
        let records = locked().succession()?.and_then(|one| one.rescued);
        let records = records.map_or(0, |rescued| rescued.records);
        return Ok(Some(RecoveryStage::Done { records }));
    }
    let key = keys::read(folder, keys::passphrase())?;
    let device = prepared.old_device()?;
    let old = OldDatabase::open(&prepared.before(), &key, device, around())
        .context("the old database cannot be opened")?;
    // Let the desk have the store between two steps.
    loop {
        let step = locked().rescue(&old)?;
        match step {
            RescueStep::Goes => {}
            RescueStep::Waits => return Ok(Some(RecoveryStage::Arriving)),
            RescueStep::Done => return look(folder, store),
        }
    }
}

/// The old database is worth nothing any more: everything in it is at head office.
fn forget(prepared: &Prepared) -> Result<()> {
    for ending in ["", "-wal", "-shm", ".key-check"] {
        remove(&with_ending(&prepared.before(), ending))?;
    }
    remove(&prepared.file("before-device"))
}

/// Notes at an appliance that was just enrolled that it goes on for another one, whose files it
/// does not have.
///
/// # Errors
/// When its database cannot be written.
pub(crate) fn replace(
    folder: &DataFolder,
    settings: &Settings,
    before: &Predecessor,
) -> Result<()> {
    let mut store = serve::open_store(folder, settings)?;
    store.succeed(&succession(before, None), None)?;
    store.close()?;
    Ok(())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            bail!("cannot remove {}: {error}", path.display())
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether the database is an older copy, and what is still on its way to a counter that goes on
/// for another; null for any other counter.
pub(crate) fn as_json(store: &Mutex<CounterStore>) -> Value {
    let store = store.lock().unwrap_or_else(PoisonError::into_inner);
    if store.is_restored() {
        return json!({ "state": "older_copy" });
    }
    let (Ok(Some(succession)), Ok(arriving)) = (store.succession(), store.arriving()) else {
        return Value::Null;
    };
    let is_here = arriving.records == 0 && arriving.blobs == 0 && !arriving.rescue;
    json!({
        "state": if is_here { "done" } else { "arriving" },
        "goes_on_for": succession.of,
        "records_to_arrive": arriving.records,
        "blobs_to_arrive": arriving.blobs,
        "old_database": if arriving.rescue { "to_be_compared" } else { "nothing_left" },
        "records_not_at_head_office_before": succession.rescued.map(|rescued| rescued.records),
    })
}

/// The same for whoever looks after the counter.
pub(crate) fn in_words(recovery: &Value) -> Vec<String> {
    let count = |name: &str| recovery.get(name).and_then(Value::as_u64).unwrap_or(0);
    match recovery.get("state").and_then(Value::as_str) {
        Some("older_copy") => vec![
            "records           an older copy of what head office has; nothing is written or sent"
                .to_owned(),
            "what to do        get a code from head office, stop the daemon, `todoke recover CODE --data DIR`"
                .to_owned(),
        ],
        Some("arriving") => {
            let then = match recovery.get("old_database").and_then(Value::as_str) {
                Some("to_be_compared") => "; what only the old database has follows then",
                Some(_) | None => "",
            };
            vec![format!(
                "coming back       {} transactions, {} signatures and forms to go{then}",
                count("records_to_arrive"),
                count("blobs_to_arrive"),
            )]
        }
        Some("done") => vec![format!(
            "came back         everything; {} records had not been at head office",
            count("records_not_at_head_office_before")
        )],
        Some(_) | None => Vec::new(),
    }
}
