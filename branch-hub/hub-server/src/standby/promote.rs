//! One command makes the standby the hub.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use hub_store::{Actor, AuditAction, Holdings};

use super::follow::{Asking, Follower, private_lock};
use super::{Answer, DATABASE, Paths, Place, Question, State, put, read_json};
use crate::administration::{Hub, Signer};
use crate::clock::{Clock, in_japan};
use crate::folder::{Folder, Passphrase};

/// How often the first hub is dialled before it counts as silent.
const TRIES: usize = 3;
/// Copies up to this size are checked page by page first: about ten seconds.
const CHECKED_BYTES_MAX: u64 = 2 << 30;

/// What to do with a first hub that answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfItAnswers {
    /// Do not promote.
    Refuse,
    /// Make it stand down, fetch the rest, and go on for it.
    TakeOver,
}

/// What was promoted.
#[derive(Debug)]
pub(crate) struct Promoted {
    /// How much the new hub has.
    pub(crate) holdings: Holdings,
    /// When the copy last had everything the first hub had, milliseconds since 1970.
    pub(crate) whole_unix_ms: Option<u64>,
}

/// Makes `folder` a hub's.
///
/// # Errors
/// When the first hub answers, or the copy is not whole and sound; it stays a standby then.
pub(crate) fn run(
    folder: &Path,
    if_it_answers: IfItAnswers,
    passphrase: &Passphrase,
    clock: &Clock,
) -> Result<Promoted> {
    let paths = Paths::of(folder);
    ensure!(
        !paths.hub().exists() || paths.ready().exists(),
        "this folder is a hub's already"
    );
    put(&paths.promoting(), b"")?;
    let promoted = promote(&paths, if_it_answers, passphrase, clock);
    fs::remove_file(paths.promoting()).ok();
    promoted
}

fn promote(
    paths: &Paths,
    if_it_answers: IfItAnswers,
    passphrase: &Passphrase,
    clock: &Clock,
) -> Result<Promoted> {
    let lock = private_lock(&paths.lock())?;
    lock.lock().context("the follower does not stop")?;
    paths.settle()?;
    if !paths.ready().exists() {
        let place: Place = read_json(&paths.place())?.context("this is not a standby's folder")?;
        ensure!(
            paths.copy().join("hub.json").exists(),
            "the copy was never whole; restore a backup instead (`todoke-hub backup restore`)"
        );
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        runtime.block_on(ask_the_first(paths, &place, if_it_answers, clock))?;
        make_ready(&paths.copy(), passphrase, clock)?;
        fs::rename(paths.copy(), paths.ready())?;
    }
    let state: State = read_json(&paths.state())?.unwrap_or_default();
    move_in(paths)?;
    let hub = Folder::open(paths.folder(), passphrase.clone())?;
    let store = hub.store(clock)?;
    let holdings = store.holdings()?;
    store.close()?;
    Ok(Promoted {
        holdings,
        whole_unix_ms: state.whole_unix_ms,
    })
}

async fn ask_the_first(
    paths: &Paths,
    place: &Place,
    if_it_answers: IfItAnswers,
    clock: &Clock,
) -> Result<()> {
    for _ in 0..TRIES {
        let Ok(asking) = Asking::dial(paths, place, clock).await else {
            tokio::time::sleep(Duration::from_millis(500)).await;
            continue;
        };
        if if_it_answers == IfItAnswers::Refuse {
            bail!(
                "the first hub answers at {}; stop it there (`systemctl stop`), or say --take-over: it stands down then, and nothing is lost",
                place.first
            );
        }
        let follower = Follower::open(paths.folder(), clock)?;
        follower.drain(&asking).await?;
        let Answer::Done = asking.ask(&Question::StandDown).await? else {
            bail!("the first hub does not stand down; it was not followed just now");
        };
        follower.drain(&asking).await?;
        // It may be gone before it has answered; that it stands down is on its disk.
        asking.ask(&Question::Promoted(clock.unix_ms())).await.ok();
        return Ok(());
    }
    Ok(())
}

/// As a restored hub is made ready: other numbers for what it writes and publishes.
fn make_ready(copy: &Path, passphrase: &Passphrase, clock: &Clock) -> Result<()> {
    let database = copy.join(DATABASE);
    // What came and is not in the file is written first.
    drop(replica::PageCopy::open(&database)?);
    let folder = Folder::open(copy, Passphrase::default())?;
    let hub = Hub::of(&folder, clock)?;
    if fs::metadata(&database)?.len() <= CHECKED_BYTES_MAX {
        let faults = hub.store.faults()?;
        ensure!(
            faults.is_empty(),
            "the copy is damaged in {} places",
            faults.len()
        );
    }
    for chain in hub.store.audit_verify()? {
        if let Some(at) = chain.broken_at {
            bail!("the audit log of {} is broken at entry {at}", chain.device);
        }
    }
    let mut signer = Signer::new(&hub.authority);
    hub.store.live_on(|message| signer.sign(message))?;
    signer.finish()?;
    let mut store = folder.store(clock)?;
    store.audit(&Actor::System.id(), AuditAction::Restored, None)?;
    store.close()?;
    folder.seal_again(passphrase)?;
    for rest in ["hub.sqlite-place", "hub.sqlite-pieces", "standby-seen.json"] {
        fs::remove_file(copy.join(rest)).ok();
    }
    Ok(())
}

/// Moves everything up, `hub.json` last: until then it is a standby that can be promoted again.
fn move_in(paths: &Paths) -> Result<()> {
    let ready = paths.ready();
    let mut names: Vec<_> = fs::read_dir(&ready)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<Result<_, _>>()?;
    names.sort_by_key(|name| name == "hub.json");
    for name in names {
        fs::rename(ready.join(&name), paths.folder().join(&name))
            .with_context(|| format!("cannot move {}", name.display()))?;
    }
    if paths.place().exists() {
        fs::rename(paths.place(), paths.promoted())?;
    }
    for rest in [paths.session(), paths.state()] {
        fs::remove_file(rest).ok();
    }
    fs::remove_dir(&ready)?;
    Ok(())
}

/// Says what became of it.
///
/// # Errors
/// When nothing can be written.
pub(crate) fn say(promoted: &Promoted, out: &mut impl Write) -> Result<()> {
    let held = &promoted.holdings;
    writeln!(
        out,
        "this machine is the hub now: {} cases, {} documents, {} devices",
        held.cases, held.blobs, held.devices
    )?;
    if let Some(whole) = promoted.whole_unix_ms {
        writeln!(
            out,
            "the copy last had everything at {}; counters send again what it lacks",
            in_japan(whole, "%Y-%m-%d %H:%M:%S")
        )?;
    }
    Ok(())
}
