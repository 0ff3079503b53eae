//! `courier import` and `courier export`: the conversation with a counter on removable media.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};
use counter_domain::ids::DeviceId;
use hub_store::{Actor, AuditAction, EnrolledDevice, HubStore};
use serde_json::json;
use sync_engine::{Dispatch, Limits, Moment, Peer, PeerRole, Presumed, Session};
use sync_protocol::SiteId;
use sync_transport::Authority;
use sync_transport::courier::{
    Carried, Checked, CourierFile, CourierKey, CourierRecipient, CourierSigner, Envelope, Received,
    SenderCheck, export, import,
};

use super::Data;
use crate::administration::Hub;
use crate::clock::Clock;
use crate::register;

/// Datasets above this stay out of a file unless more is allowed: the resident copy goes by line.
const DATASET_MIB: u64 = 64;

#[derive(Debug, Subcommand)]
pub(super) enum CourierCommand {
    /// Take a file a counter made. Reading it twice changes nothing; a damaged file, or one of a stranger, is refused and nothing changes
    Import(Import),
    /// Write what a counter lacks into a file for it: acknowledgements, returned cases, published data
    Export(Export),
}

#[derive(Debug, Args)]
pub(super) struct Import {
    /// The file
    file: PathBuf,
    #[command(flatten)]
    data: Data,
    /// Write the answer into this new file: carried back, it tells the counter what is safe here
    #[arg(long, value_name = "FILE")]
    answer: Option<PathBuf>,
    /// File with a further secret key that may open it, as `backup key` makes; may be repeated
    #[arg(long, value_name = "FILE")]
    identity: Vec<PathBuf>,
    /// Only say what the file is and holds
    #[arg(long, conflicts_with = "answer")]
    dry_run: bool,
    /// One JSON document on standard output
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// The new file
    file: PathBuf,
    #[command(flatten)]
    data: Data,
    /// The counter's id, or the beginning of it if no other begins so
    #[arg(long, value_name = "DEVICE")]
    to: String,
    /// Everything the counter may have, also what it has said it has
    #[arg(long)]
    all: bool,
    /// Largest published data in the file, MiB
    #[arg(long, value_name = "MIB", default_value_t = DATASET_MIB)]
    dataset_mib: u64,
    /// Only say what the file would hold
    #[arg(long)]
    dry_run: bool,
    /// One JSON document on standard output
    #[arg(long)]
    json: bool,
}

impl CourierCommand {
    pub(super) fn run(self, clock: &Clock, out: &mut impl Write) -> Result<()> {
        match self {
            Self::Import(asked) => take(&asked, clock, out),
            Self::Export(asked) => send(&asked, clock, out),
        }
    }
}

fn take(asked: &Import, clock: &Clock, out: &mut impl Write) -> Result<()> {
    let mut hub = Hub::open(&asked.data.folder, clock)?;
    let mut keys = vec![register::courier_key(&mut hub.store)?];
    keys.extend(further_keys(&asked.identity)?);
    let file = CourierFile::new(&asked.file, keys);
    let senders = SenderCheck::of_hub(&hub.authority);
    let now = clock.unix_ms();
    let checked = file.check(&senders, now).context(NOTHING)?;
    let device = admitted(&hub.store, &checked).context(NOTHING)?;
    if asked.dry_run {
        return tell_checked(&checked, &device, asked.json, out);
    }
    if let Some(key) = &checked.header.reply_to {
        let key = CourierRecipient::from_str(key).context("the sender's key is damaged")?;
        hub.store
            .keep_courier_key_of(device.device, &key.to_string())?;
    }
    let session = Session::new(checked.sender.peer.clone(), Limits::default());
    let received = import(&mut hub.store, &file, &checked, session, &mut |_| {})?;
    hub.store
        .audit(&Actor::System.id(), AuditAction::CourierRead, None)?;
    tell_received(&received, &device, asked.json, out)?;
    match &asked.answer {
        Some(path) => answer(&mut hub, received, &device, path, now),
        None => Ok(()),
    }
}

const NOTHING: &str = "nothing was taken from the file";

fn further_keys(files: &[PathBuf]) -> Result<Vec<CourierKey>> {
    let mut keys = Vec::new();
    for file in files {
        let text = zeroize::Zeroizing::new(
            std::fs::read_to_string(file)
                .with_context(|| format!("cannot read {}", file.display()))?,
        );
        let before = keys.len();
        keys.extend(text.lines().filter_map(|line| line.parse().ok()));
        ensure!(
            keys.len() > before,
            "{} holds no age secret key",
            file.display()
        );
    }
    Ok(keys)
}

/// The sender must be a counter that is enrolled with this very key, as on the line.
fn admitted(store: &HubStore, checked: &Checked) -> Result<EnrolledDevice> {
    let sender = &checked.sender;
    let device = store.device(DeviceId(sender.peer.site.0))?;
    let Some(device) = device.filter(|device| device.fingerprint == sender.key) else {
        bail!("the file was made by a device that is not enrolled here");
    };
    ensure!(
        !device.revoked,
        "the file was made by {}, which was revoked",
        device.name
    );
    Ok(device)
}

fn answer(
    hub: &mut Hub,
    received: Received,
    device: &EnrolledDevice,
    path: &Path,
    now_unix_ms: u64,
) -> Result<()> {
    let mut dispatch = Dispatch::new(received.session, &hub.store)?;
    dispatch.with_datasets(&hub.store, DATASET_MIB << 20)?;
    let parcel = Parcel {
        device,
        path: Some(path),
        now: Moment::from_unix_ms(now_unix_ms),
    };
    parcel.write(&mut hub.store, &hub.authority, &mut dispatch)?;
    Ok(())
}

/// A file for one counter.
struct Parcel<'a> {
    device: &'a EnrolledDevice,
    path: Option<&'a Path>,
    now: Moment,
}

impl Parcel<'_> {
    fn write(
        &self,
        store: &mut HubStore,
        authority: &Authority,
        dispatch: &mut Dispatch,
    ) -> Result<Carried> {
        let key = store.courier_key_of(self.device.device)?;
        let key =
            key.context("this counter has not told its key yet: take a file it made first")?;
        let key = CourierRecipient::from_str(&key).context("the counter's key is damaged")?;
        let own = register::courier_key(store)?.recipient();
        let hub = SiteId(store.device_id().0);
        let signer = CourierSigner::of_hub(authority, hub, self.now.unix_ms)?;
        let mut id = [0; 16];
        getrandom::fill(&mut id)?;
        let envelope = Envelope {
            signer: &signer,
            recipients: &[key, own.clone()],
            to: vec![SiteId(self.device.device.0)],
            reply_to: Some(own),
            id,
        };
        let carried = export(store, dispatch, &envelope, self.path, self.now, &mut |_| {})
            .context("no file was written")?;
        if self.path.is_some() {
            store.audit(&Actor::System.id(), AuditAction::CourierWritten, None)?;
        }
        Ok(carried)
    }
}

fn send(asked: &Export, clock: &Clock, out: &mut impl Write) -> Result<()> {
    let mut hub = Hub::open(&asked.data.folder, clock)?;
    let device = named(&hub.store, &asked.to)?;
    ensure!(
        !device.revoked,
        "{} was revoked: nothing is sent to it",
        device.name
    );
    let peer = Peer {
        site: SiteId(device.device.0),
        branch: device.branch.0.clone(),
        role: PeerRole::Counter,
    };
    let vector = if asked.all {
        sync_protocol::VersionVector::default()
    } else {
        hub.store.known_to_have(device.device)?
    };
    let presumed = Presumed {
        vector,
        stream_head: 0,
    };
    let session = Session::new(peer, Limits::default()).presuming(&hub.store, &presumed);
    let mut dispatch = Dispatch::new(session, &hub.store)?;
    let left = dispatch.with_datasets(&hub.store, asked.dataset_mib << 20)?;
    for dataset in left {
        let mib = dataset.length.div_ceil(1 << 20);
        writeln!(
            std::io::stderr(),
            "{} ({mib} MiB) stays behind; --dataset-mib {mib} takes it along",
            dataset.name
        )?;
    }
    let parcel = Parcel {
        device: &device,
        path: Some(asked.file.as_path()).filter(|_| !asked.dry_run),
        now: Moment::from_unix_ms(clock.unix_ms()),
    };
    let carried = parcel.write(&mut hub.store, &hub.authority, &mut dispatch)?;
    tell_carried(&carried, &device, asked.json, out)
}

fn named(store: &HubStore, id: &str) -> Result<EnrolledDevice> {
    let wanted = id.to_ascii_lowercase();
    let mut found = store
        .devices()?
        .into_iter()
        .filter(|one| !wanted.is_empty() && one.device.to_string().starts_with(&wanted));
    match (found.next(), found.next()) {
        (Some(device), None) => Ok(device),
        (_, _) => {
            bail!("{id} is not the beginning of exactly one device's id; `device list` shows them")
        }
    }
}

fn tell_checked(
    checked: &Checked,
    device: &EnrolledDevice,
    as_json: bool,
    out: &mut impl Write,
) -> Result<()> {
    let contents = &checked.contents;
    if as_json {
        let state = json!({
            "device": device.device, "name": device.name, "made_unix_ms": checked.header.made_unix_ms,
            "changes": contents.changes, "log_entries": contents.log_entries,
            "parts": contents.blob_parts + contents.dataset_parts, "bytes": contents.bytes,
        });
        writeln!(out, "{state}")?;
        return Ok(());
    }
    writeln!(
        out,
        "{}: sound; {} changes, {} log entries, {} pieces, {} bytes; nothing was taken",
        device.name,
        contents.changes,
        contents.log_entries,
        contents.blob_parts + contents.dataset_parts,
        contents.bytes
    )?;
    Ok(())
}

fn tell_received(
    received: &Received,
    device: &EnrolledDevice,
    as_json: bool,
    out: &mut impl Write,
) -> Result<()> {
    let effects = &received.effects;
    for reason in &effects.quarantined {
        writeln!(std::io::stderr(), "kept aside: {reason}")?;
    }
    if effects.gaps > 0 {
        writeln!(
            std::io::stderr(),
            "an earlier file of {} is missing here: ask for one made with --since all",
            device.name
        )?;
    }
    if as_json {
        let state = json!({
            "device": device.device, "name": device.name, "changed": effects.changed,
            "blobs": effects.blobs, "kept_aside": effects.quarantined.len(), "missing": effects.gaps,
        });
        writeln!(out, "{state}")?;
        return Ok(());
    }
    writeln!(
        out,
        "{}: {} changes and {} documents were new",
        device.name, effects.changed, effects.blobs
    )?;
    Ok(())
}

fn tell_carried(
    carried: &Carried,
    device: &EnrolledDevice,
    as_json: bool,
    out: &mut impl Write,
) -> Result<()> {
    if as_json {
        let state = json!({
            "device": device.device, "name": device.name, "changes": carried.changes,
            "parts": carried.parts, "bytes": carried.bytes,
        });
        writeln!(out, "{state}")?;
        return Ok(());
    }
    writeln!(
        out,
        "{}: {} changes, {} pieces, {} bytes",
        device.name, carried.changes, carried.parts, carried.bytes
    )?;
    Ok(())
}
