//! `todoke courier`: records on removable media, when there is no line for long.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, Subcommand};
use counter_domain::ids::StaffId;
use counter_store::CounterStore;
use replica::AuditAction;
use serde_json::json;
use sync_engine::{Dispatch, Limits, Moment, Peer, PeerRole, Presumed, Session, Store as _};
use sync_protocol::{SiteId, VersionVector};
use sync_transport::courier::{
    Carried, Checked, CourierFile, CourierSigner, Envelope, SenderCheck, export, import,
};
use sync_transport::{DEVICES, DeviceIdentity, Register};

use crate::cli::{print_json, print_line};
use crate::clock::{Clock as _, SystemClock};
use crate::serve::open_store;
use crate::settings::{DataFolder, Settings};

#[derive(Debug, Subcommand)]
pub(super) enum CourierCommand {
    /// Writes what head office has not acknowledged into one encrypted file. The daemon may run.
    ///
    /// Head office and the other counters of the branch can open the file, nobody else can. Nothing
    /// is safe at head office before its answer is imported here, or the line is back and says so.
    Export(Export),
    /// Takes a file that head office or another counter of the branch made. The daemon may run.
    ///
    /// Reading a file twice changes nothing. A damaged file, or one of a stranger, is refused with
    /// the reason, and nothing changes.
    Import(Import),
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// The new file, on the removable medium.
    file: PathBuf,
    /// Folder of the counter's data.
    #[arg(long)]
    data: PathBuf,
    /// Also what was acknowledged before: `all`, or from a day on (YYYY-MM-DD), for a head office
    /// that was restored from an older backup.
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only says what the file would hold.
    #[arg(long)]
    dry_run: bool,
    /// One JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Import {
    /// The file.
    file: PathBuf,
    /// Folder of the counter's data.
    #[arg(long)]
    data: PathBuf,
    /// Only says what the file is and holds.
    #[arg(long)]
    dry_run: bool,
    /// One JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

/// Who works when nobody is signed in.
const BY: &str = "command-line";

impl CourierCommand {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::Export(asked) => asked.run(),
            Self::Import(asked) => asked.run(),
        }
    }
}

/// What both directions need of the counter's folder.
struct Opened {
    store: CounterStore,
    identity: DeviceIdentity,
    register: Register,
    own: Peer,
}

impl Opened {
    fn open(data: &Path) -> Result<Self> {
        let folder = DataFolder::new(data);
        let settings = Settings::read(&folder)?;
        ensure!(
            folder.database().exists(),
            "{} has no database yet",
            data.display()
        );
        let identity = DeviceIdentity::load(&folder.identity())?
            .context("this counter is not enrolled: there is nobody to exchange files with")?;
        let store = open_store(&folder, &settings)?;
        let register = store.dataset(DEVICES)?;
        let register = register.and_then(|dataset| Register::read(&dataset.bytes));
        Ok(Self {
            register: register.context(
                "head office has not told its key yet: this counter must be on the line once first",
            )?,
            own: identity.device()?.peer,
            identity,
            store,
        })
    }

    fn hub(&self) -> Result<Peer> {
        Ok(Peer {
            site: self
                .register
                .hub_site()
                .context("the register of devices is damaged")?,
            branch: "00".to_owned(),
            role: PeerRole::Hub,
        })
    }
}

impl Export {
    fn run(self) -> Result<()> {
        let mut opened = Opened::open(&self.data)?;
        let hub = opened.hub()?;
        let acknowledged = opened.store.acknowledged_by(hub.site)?;
        let after = match self.since.as_deref() {
            None => acknowledged,
            Some("all") => 0,
            Some(day) => acknowledged.min(before_day(&opened, &hub, day)?),
        };
        let presumed = Presumed {
            vector: VersionVector::from([(opened.own.site, after)]),
            stream_head: match self.since {
                None => opened.store.log_acknowledged()?,
                Some(_) => 0,
            },
        };
        let session = Session::new(hub.clone(), Limits::default());
        let session = session.presuming(&opened.store, &presumed);
        let mut dispatch = Dispatch::new(session, &opened.store)?;
        let path = Some(self.file.as_path()).filter(|_| !self.dry_run);
        let carried = opened.write(hub.site, &mut dispatch, path)?;
        self.tell(&opened, &carried)
    }

    fn tell(&self, opened: &Opened, carried: &Carried) -> Result<()> {
        let waiting = opened.store.sending()?.waiting;
        if self.json {
            return print_json(&json!({
                "file": self.file, "dry_run": self.dry_run, "cases_waiting": waiting,
                "changes": carried.changes, "log_entries": carried.log_entries,
                "parts": carried.parts, "bytes": carried.bytes,
            }));
        }
        let done = if self.dry_run { "would hold" } else { "holds" };
        print_line(&format!(
            "{} {done} {} changes, {} log entries and {} pieces of documents of {waiting} waiting cases ({} bytes)",
            self.file.display(),
            carried.changes,
            carried.log_entries,
            carried.parts,
            carried.bytes
        ))?;
        if self.dry_run {
            return Ok(());
        }
        print_line("Nothing of it is safe at head office until its answer is imported here.")
    }
}

impl Opened {
    fn write(
        &mut self,
        hub: SiteId,
        dispatch: &mut Dispatch,
        path: Option<&Path>,
    ) -> Result<Carried> {
        let neighbours = self.register.neighbours(&self.own.branch, self.own.site);
        let mut recipients = self.register.head_office_keys();
        ensure!(
            !recipients.is_empty(),
            "the register of devices names no key of head office"
        );
        let mut to = vec![hub];
        for (site, key) in neighbours {
            to.push(site);
            recipients.push(key);
        }
        let mut id = [0; 16];
        getrandom::fill(&mut id)?;
        let signer = CourierSigner::of_counter(&self.identity)?;
        let envelope = Envelope {
            signer: &signer,
            recipients: &recipients,
            to,
            reply_to: self.identity.courier_key().map(|key| key.recipient()),
            id,
        };
        let now = Moment::from_unix_ms(SystemClock.unix_ms());
        let mut progress = Progress::default();
        let carried = export(
            &mut self.store,
            dispatch,
            &envelope,
            path,
            now,
            &mut |so_far| {
                progress.tell(so_far.bytes);
            },
        )
        .context("no file was written")?;
        if path.is_some() {
            self.store
                .audit(&StaffId::from(BY), AuditAction::CourierWritten, None)?;
        }
        Ok(carried)
    }
}

/// Tells a person every 16 MiB that it goes on.
#[derive(Default)]
struct Progress {
    told: u64,
}

impl Progress {
    fn tell(&mut self, bytes: u64) {
        let steps = bytes >> 24;
        if steps > self.told {
            self.told = steps;
            super::say_error(&format!("… {} MiB", bytes >> 20));
        }
    }
}

/// The last own version written before a day, Japan's time: everything from that day on is behind.
fn before_day(opened: &Opened, hub: &Peer, day: &str) -> Result<u64> {
    let day: jiff::civil::Date = day
        .parse()
        .context("--since is `all` or a day, YYYY-MM-DD")?;
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    let start = day.to_zoned(zone)?.timestamp().as_millisecond();
    let start = u64::try_from(start).unwrap_or(0);
    let own = opened.own.site;
    let mut after = 0;
    while let Some(batch) = opened.store.changes(hub, own, after, 1 << 20)? {
        let written = |at: &str| at.parse::<u64>().unwrap_or(u64::MAX) >> 16;
        if let Some(first) = batch.changes.iter().find(|one| written(&one.at) >= start) {
            return Ok(first.version.saturating_sub(1));
        }
        if batch.through <= after {
            break;
        }
        after = batch.through;
    }
    Ok(after)
}

impl Import {
    fn run(self) -> Result<()> {
        let mut opened = Opened::open(&self.data)?;
        let key = opened.identity.courier_key().context(
            "this counter has no key for courier files yet: it must be on the line once first",
        )?;
        let file = CourierFile::new(&self.file, vec![key]);
        let senders = SenderCheck::of_counter(&opened.identity)?;
        let checked = file
            .check(&senders, SystemClock.unix_ms())
            .context("nothing was taken from the file")?;
        let session = opened
            .session(&checked)
            .context("nothing was taken from the file")?;
        if self.dry_run {
            return self.tell_checked(&checked);
        }
        let mut progress = Progress::default();
        let received = import(&mut opened.store, &file, &checked, session, &mut |bytes| {
            progress.tell(bytes);
        })?;
        opened
            .store
            .audit(&StaffId::from(BY), AuditAction::CourierRead, None)?;
        let effects = received.effects;
        for reason in &effects.quarantined {
            super::say_error(&format!("kept aside: {reason}"));
        }
        if effects.gaps > 0 {
            super::say_error(
                "an earlier file of the sender is missing here: ask for one made with --since all",
            );
        }
        let waiting = opened.store.sending()?.waiting;
        if self.json {
            return print_json(&json!({
                "from": from(&checked), "changed": effects.changed, "blobs": effects.blobs,
                "datasets": effects.installed, "cases_waiting": waiting,
                "kept_aside": effects.quarantined.len(), "missing": effects.gaps,
            }));
        }
        print_line(&format!(
            "{} changes and {} documents were new; {waiting} cases wait for head office",
            effects.changed, effects.blobs
        ))
    }

    fn tell_checked(&self, checked: &Checked) -> Result<()> {
        let contents = &checked.contents;
        let parts = contents.blob_parts + contents.dataset_parts;
        if self.json {
            return print_json(&json!({
                "from": from(checked), "made_unix_ms": checked.header.made_unix_ms,
                "changes": contents.changes, "parts": parts, "bytes": contents.bytes,
            }));
        }
        print_line(&format!(
            "sound, from {}: {} changes, {parts} pieces, {} bytes; nothing was taken",
            from(checked),
            contents.changes,
            contents.bytes
        ))
    }
}

fn from(checked: &Checked) -> String {
    match checked.sender.peer.role {
        PeerRole::Hub => "head office".to_owned(),
        PeerRole::Counter => format!("counter {}", checked.sender.peer.site),
    }
}

impl Opened {
    /// Head office, or a counter of this branch that is not revoked: as on the line.
    fn session(&self, checked: &Checked) -> Result<Session> {
        let sender = &checked.sender.peer;
        let session = Session::new(sender.clone(), Limits::default());
        match sender.role {
            PeerRole::Hub => {
                ensure!(
                    Some(sender.site) == self.register.hub_site(),
                    "the file was made by another head office"
                );
                Ok(session)
            }
            PeerRole::Counter if self.register.is_revoked(sender.site) => {
                bail!("the file was made by a counter that was revoked")
            }
            PeerRole::Counter if sender.branch != self.own.branch => {
                bail!("the file was made by a counter of another branch")
            }
            PeerRole::Counter => Ok(session.between_counters()),
        }
    }
}
