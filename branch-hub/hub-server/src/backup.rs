//! Backups of a hub: everything a new machine needs, in one age file that several people can open.
//!
//! ```text
//! age (X25519 recipients)
//! └ tar   manifest.json           what is inside: lengths, BLAKE3 hashes, counts
//!         hub.json                city and device id
//!         database.key            the key, in the clear inside the age file
//!         authority/*             authority and publishing key
//!         handover/*              hand-over files
//!         hub.sqlite              a copy of one moment, encrypted with that key (SQLCipher)
//! ```
//! `age --decrypt` and `tar` open it too, should no Todoke be at hand. A backup is opened, checked
//! and counted before it gets its name.

mod archive;
mod keys;

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use counter_domain::ids::DeviceId;
use hub_store::{Actor, AuditAction, Holdings, HubStore};
use serde::{Deserialize, Serialize};

use crate::administration::{Hub, Signer};
use crate::clock::{Clock, in_japan};
use crate::folder::{Folder, Passphrase};
use archive::Contents;

pub(crate) use keys::{Identities, Recipients, make_key};

/// The form of what is inside.
const FORMAT: u32 = 1;
const DATABASE: &str = "hub.sqlite";

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    format: u32,
    /// Version of the program that made it.
    pub(crate) program: String,
    /// When, Unix milliseconds.
    pub(crate) made_unix_ms: u64,
    /// City of the hub.
    pub(crate) city: String,
    device: DeviceId,
    /// How much it holds.
    pub(crate) holdings: Holdings,
    files: Contents,
}

/// A backup that was made, or opened and found sound.
#[derive(Debug)]
pub(crate) struct Sound {
    /// Where it is.
    pub(crate) file: PathBuf,
    /// What it says of itself, and is.
    pub(crate) manifest: Manifest,
    /// Fingerprint of the authority inside, as enrolment codes name it.
    pub(crate) authority: String,
}

/// Backs a folder up into `target`, a new file or a folder where it gets its name.
///
/// # Errors
/// When the copy is not sound or nothing can be written; no file is left then.
pub(crate) fn make(
    folder: &Folder,
    recipients: &Recipients,
    target: &Path,
    clock: &Clock,
) -> Result<Sound> {
    let now = clock.unix_ms();
    let file = if target.is_dir() {
        target.join(file_name(now))
    } else {
        target.to_owned()
    };
    ensure!(!file.exists(), "{} is there already", file.display());
    let work = Work::begin(&folder.backups()?)?;
    let mut store = folder.store(clock)?;
    store.copy_to(&work.path().join(DATABASE), &folder.key()?)?;
    let holdings = check_database(folder, work.path(), clock)?;
    let mut inside = folder.parts_to_keep()?;
    inside.push((DATABASE.to_owned(), work.path().join(DATABASE)));
    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_unix_ms: now,
        city: folder.city().to_owned(),
        device: folder.device(),
        holdings,
        files: archive::describe(&inside, &folder.key_hex()?)?,
    };
    let key = folder.key_hex()?;
    archive::write(&file, recipients, &manifest, &inside, &key)
        .inspect_err(|_| {
            fs::remove_file(archive::unfinished(&file)).ok();
        })
        .context("the backup cannot be written")?;
    store.audit(&Actor::System.id(), AuditAction::BackedUp, None)?;
    Ok(Sound {
        file,
        manifest,
        authority: folder.authority(clock)?.fingerprint().to_string(),
    })
}

/// Name of a backup made now.
fn file_name(now_ms: u64) -> String {
    format!("{PREFIX}{}{ENDING}", in_japan(now_ms, "%Y%m%d-%H%M%S"))
}

const PREFIX: &str = "todoke-hub-";
const ENDING: &str = ".age";

/// Removes all but the newest `keep` backups of a folder; returns how many went.
///
/// # Errors
/// When the folder cannot be read or a file not removed.
pub(crate) fn prune(folder: &Path, keep: usize) -> Result<usize> {
    let mut names = names(folder)?;
    let surplus = names.len().saturating_sub(keep.max(1));
    names.truncate(surplus);
    for name in &names {
        fs::remove_file(folder.join(name)).with_context(|| format!("cannot remove {name}"))?;
    }
    Ok(names.len())
}

/// Name of the newest backup of a folder, without reading it.
pub(crate) fn newest(folder: &Path) -> Option<String> {
    names(folder).ok()?.pop()
}

/// When a backup was made, as its name says, `2026-11-21 10:00`.
pub(crate) fn made_at(name: &str) -> Option<String> {
    let stamp = name.strip_prefix(PREFIX)?.strip_suffix(ENDING)?;
    let made = jiff::civil::DateTime::strptime("%Y%m%d-%H%M%S", stamp).ok()?;
    Some(made.strftime("%Y-%m-%d %H:%M").to_string())
}

/// The same as a moment, milliseconds since 1970.
pub(crate) fn made_unix_ms(name: &str) -> Option<u64> {
    let made = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M", made_at(name)?).ok()?;
    let japan = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(9));
    let moment = made.to_zoned(japan).ok()?.timestamp();
    u64::try_from(moment.as_millisecond()).ok()
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).context("the backups cannot be listed"),
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| made_at(name).is_some())
        .collect();
    names.sort();
    Ok(names)
}

/// Opens a backup in a scratch folder and checks all of it: hashes, the database's own checks, the
/// counts, every audit log. Nothing of the scratch folder stays.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn verify(
    file: &Path,
    identities: &Identities,
    scratch: &Path,
    clock: &Clock,
) -> Result<Sound> {
    let work = Work::begin(scratch)?;
    let manifest = archive::read(file, identities, work.path())?;
    let folder = Folder::open(work.path(), Passphrase::default())?;
    check_contents(&folder, &manifest, clock)?;
    Ok(Sound {
        file: file.to_owned(),
        authority: folder.authority(clock)?.fingerprint().to_string(),
        manifest,
    })
}

/// Makes a data folder at `path` from a backup. The counters go on with it as they are.
///
/// # Errors
/// When something is at `path`, or the backup is not sound; nothing is at `path` then.
pub(crate) fn restore(
    file: &Path,
    identities: &Identities,
    path: &Path,
    passphrase: &Passphrase,
    clock: &Clock,
) -> Result<Sound> {
    let is_free = match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    if !is_free {
        bail!("{} is not empty; nothing was changed", path.display());
    }
    let beside = crate::folder::unfinished(path)?;
    if beside.exists() {
        bail!(
            "{} is left from an interrupted restore; remove it first",
            beside.display()
        );
    }
    private_folder(&beside)?;
    let restored = fill(file, identities, &beside, passphrase, clock);
    match restored {
        Ok(sound) => {
            fs::rename(&beside, path)
                .with_context(|| format!("cannot put the folder at {}", path.display()))?;
            Ok(sound)
        }
        Err(error) => {
            fs::remove_dir_all(&beside).ok();
            Err(error)
        }
    }
}

fn fill(
    file: &Path,
    identities: &Identities,
    beside: &Path,
    passphrase: &Passphrase,
    clock: &Clock,
) -> Result<Sound> {
    let manifest = archive::read(file, identities, beside)?;
    let folder = Folder::open(beside, Passphrase::default())?;
    check_contents(&folder, &manifest, clock)?;
    let hub = Hub::of(&folder, clock)?;
    let authority = hub.authority.fingerprint().to_string();
    let mut signer = Signer::new(&hub.authority);
    hub.store.live_on(|message| signer.sign(message))?;
    signer.finish()?;
    let mut store = folder.store(clock)?;
    store.audit(&Actor::System.id(), AuditAction::Restored, None)?;
    store.close()?;
    folder.seal_again(passphrase)?;
    Ok(Sound {
        file: file.to_owned(),
        manifest,
        authority,
    })
}

/// The folder is the one the manifest tells of.
fn check_contents(folder: &Folder, manifest: &Manifest, clock: &Clock) -> Result<()> {
    ensure!(
        folder.device() == manifest.device,
        "the backup's parts are of two hubs"
    );
    let store = folder.store(clock)?;
    let found = check_store(&store)?;
    store.close()?;
    ensure!(
        found == manifest.holdings,
        "the database holds {found:?} and not {:?}",
        manifest.holdings
    );
    Ok(())
}

/// Opens the copy beside nothing else and checks it.
fn check_database(folder: &Folder, place: &Path, clock: &Clock) -> Result<Holdings> {
    let copy: HubStore = folder.store_at(&place.join(DATABASE), clock)?;
    let holdings = check_store(&copy)?;
    copy.close()?;
    Ok(holdings)
}

fn check_store(store: &HubStore) -> Result<Holdings> {
    let faults = store.faults()?;
    ensure!(
        faults.is_empty(),
        "the copy is damaged in {} places",
        faults.len()
    );
    for chain in store.audit_verify()? {
        if let Some(at) = chain.broken_at {
            bail!("the audit log of {} is broken at entry {at}", chain.device);
        }
    }
    Ok(store.holdings()?)
}

fn private_folder(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make {}", path.display()))
}

/// A private folder for the parts, gone with the value. One at a time: what an interrupted run
/// left behind is removed by the next.
struct Work {
    path: PathBuf,
    _lock: File,
}

impl Work {
    fn begin(place: &Path) -> Result<Self> {
        private_folder(place)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(place.join(".todoke-hub.lock"))?;
        lock.try_lock()
            .context("another backup is being made or checked here")?;
        let path = place.join(".todoke-hub.work");
        if path.exists() {
            fs::remove_dir_all(&path)?;
        }
        private_folder(&path)?;
        Ok(Self { path, _lock: lock })
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            tracing::warn!(event = "scratch_left", %error, "the scratch folder stays");
        }
    }
}

#[cfg(test)]
mod tests;
