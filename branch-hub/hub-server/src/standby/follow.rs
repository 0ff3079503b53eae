//! The standby's part while the first hub works: copies, and stays a moment behind.

use std::fs::{self, File, TryLockError};
use std::io::Read as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use replica::PageCopy;
use sync_transport::{DeviceIdentity, HubAddress, HubLine, Renewal};
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use super::first::{KEY, is_plain};
use super::{
    Answer, DATABASE, Paths, Place, Question, SessionId, State, put, read_json, write_json,
};
use crate::clock::Clock;
use crate::folder::private_file;

/// How long after an answer without news the next question follows.
const PAUSE: Duration = Duration::from_millis(300);
/// How long after a line that broke the next one is tried.
const AGAIN: Duration = Duration::from_secs(1);
/// How often the state is written down while nothing changes.
const WRITE_AGAIN_MS: u64 = 5_000;

/// How following ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// This machine is the hub now.
    Promoted,
    /// The process was told to stop.
    Told,
}

/// Follows the first hub until this machine is promoted or the process is told to stop.
///
/// # Errors
/// When the folder is no standby's, or another process follows with it.
pub(crate) fn run(folder: &Path, clock: &Clock) -> Result<Ended> {
    // The line is kept by a thread of its own: a disk that takes its time does not cut it.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            ended = until_promoted(folder, clock) => ended,
            _ = terminate.recv() => Ok(Ended::Told),
            _ = tokio::signal::ctrl_c() => Ok(Ended::Told),
        }
    })
}

async fn until_promoted(folder: &Path, clock: &Clock) -> Result<Ended> {
    let paths = Paths::of(folder);
    loop {
        if !super::is_standby(folder) {
            return Ok(Ended::Promoted);
        }
        if paths.promoting().exists() {
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        let lock = private_lock(&paths.lock())?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("another process follows with this folder"),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let follower = Follower::open(folder, clock)?;
        let promoting = paths.promoting();
        tokio::select! {
            () = follower.follow() => {}
            () = until_there(&promoting) => {}
        }
        drop(lock);
    }
}

pub(super) fn private_lock(path: &Path) -> Result<File> {
    if !path.exists() {
        private_file(path).ok();
    }
    File::open(path).with_context(|| format!("cannot open {}", path.display()))
}

async fn until_there(path: &Path) {
    while !path.exists() {
        tokio::time::sleep(PAUSE).await;
    }
}

/// One standby at its work.
pub(super) struct Follower {
    paths: Paths,
    place: Place,
    clock: Clock,
}

/// An open line to the first hub.
pub(super) struct Asking {
    line: HubLine,
}

impl Asking {
    pub(super) async fn dial(paths: &Paths, place: &Place, clock: &Clock) -> Result<Self> {
        let identity = DeviceIdentity::load(&paths.identity())?
            .context("identity.json is missing: join the first hub again")?;
        let hub: HubAddress = place.first.parse()?;
        let times = clock.clone();
        let times = sync_transport::Clock::from_unix_ms(move || times.unix_ms());
        let file = paths.identity();
        let keep = move |renewed: &DeviceIdentity| renewed.save(&file).is_ok();
        let renewal = Renewal {
            keep: Arc::new(keep),
        };
        let line = HubLine::dial(&hub, &identity, &times, &renewal).await?;
        Ok(Self { line })
    }

    pub(super) async fn ask(&self, question: &Question) -> Result<Answer> {
        let question = postcard::to_allocvec(question)?;
        let answer = self.line.ask_as_standby(question).await?;
        let answer = postcard::from_bytes(&answer).context("the first hub's answer is none")?;
        ensure!(
            !matches!(answer, Answer::Unable),
            "the first hub cannot answer; its log says why"
        );
        Ok(answer)
    }
}

fn unexpected() -> anyhow::Error {
    anyhow::anyhow!("the first hub answers something else")
}

/// Whether a step left anything to do.
#[derive(PartialEq, Eq)]
pub(super) enum Step {
    /// More is to come at once.
    More,
    /// Everything is here.
    Whole,
    /// The copy has to begin again.
    Lost,
}

impl Follower {
    pub(super) fn open(folder: &Path, clock: &Clock) -> Result<Self> {
        let paths = Paths::of(folder);
        paths.settle()?;
        let place = read_json(&paths.place())?
            .with_context(|| format!("{} is not a standby's folder", folder.display()))?;
        Ok(Self {
            paths,
            place,
            clock: clock.clone(),
        })
    }

    /// Follows for ever; what goes wrong is tried again.
    async fn follow(&self) {
        loop {
            if let Err(error) = self.follow_once().await {
                tracing::warn!(event = "first_hub_not_followed", error = %format!("{error:#}"), "the first hub is not followed now");
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn follow_once(&self) -> Result<()> {
        let asking = Asking::dial(&self.paths, &self.place, &self.clock).await?;
        loop {
            let known = self.copy_in_hand()?;
            let (mut copy, session) = match known {
                Some(known) => known,
                None => self.begin(&asking).await?,
            };
            let mut files = None;
            loop {
                match self.step(&asking, session, &mut copy, &mut files).await? {
                    Step::More => {}
                    Step::Whole => tokio::time::sleep(PAUSE).await,
                    Step::Lost => break,
                }
            }
            fs::remove_file(self.paths.session()).ok();
        }
    }

    /// The copy and the session it follows, unless it has to begin.
    fn copy_in_hand(&self) -> Result<Option<(PageCopy, SessionId)>> {
        let Some(session) = read_json(&self.paths.session())? else {
            return Ok(None);
        };
        let copy = PageCopy::open(&self.paths.copy().join(DATABASE))?;
        Ok(copy.place().is_some().then_some((copy, session)))
    }

    /// Takes what is new; fetches the other files when they changed.
    pub(super) async fn step(
        &self,
        asking: &Asking,
        session: SessionId,
        copy: &mut PageCopy,
        files: &mut Option<[u8; 32]>,
    ) -> Result<Step> {
        let place = copy.place().context("the copy has no place")?;
        // What is committed there after the question may be missing from its answer.
        let asked_unix_ms = self.clock.unix_ms();
        let (frames, state) = match asking.ask(&Question::Frames(session, place)).await? {
            Answer::Frames(frames, state) => (frames, state),
            Answer::Lost => return Ok(Step::Lost),
            Answer::Begun(..)
            | Answer::Blocks(_)
            | Answer::Files(..)
            | Answer::File(_)
            | Answer::Done
            | Answer::Unable => return Err(unexpected()),
        };
        let (behind_bytes, has_news) = (frames.to_come, !frames.frames.is_empty());
        copy.take(frames)?;
        if files.as_ref() != Some(&state) {
            *files = Some(self.fetch_files(asking, &self.paths.copy()).await?);
        }
        self.note(asked_unix_ms, behind_bytes, has_news)?;
        Ok(if behind_bytes > 0 {
            Step::More
        } else {
            Step::Whole
        })
    }

    /// A new copy, beside the one there is, from what differs; takes its place when it is whole.
    async fn begin(&self, asking: &Asking) -> Result<(PageCopy, SessionId)> {
        let next = self.paths.next();
        if next.exists() {
            fs::remove_dir_all(&next)?;
        }
        fs::DirBuilder::new().mode(0o700).create(&next)?;
        let Answer::Begun(session, begin) = asking.ask(&Question::Begin).await? else {
            return Err(unexpected());
        };
        let file = next.join(DATABASE);
        let known = self.paths.copy().join(DATABASE);
        if known.exists() {
            fs::copy(&known, &file)?;
        }
        let mut copy = PageCopy::open(&file)?;
        let mut first = Some(0);
        while let Some(number) = first {
            let known = copy.hashes(number)?;
            let Answer::Blocks(blocks) = asking
                .ask(&Question::Blocks(session, number, known))
                .await?
            else {
                return Err(unexpected());
            };
            first = copy.put_blocks(number, &blocks)?;
        }
        copy.begin_at(begin)?;
        let mut place = begin;
        loop {
            let Answer::Frames(frames, _) = asking.ask(&Question::Frames(session, place)).await?
            else {
                return Err(unexpected());
            };
            let is_whole = frames.to_come == 0;
            place = frames.place;
            copy.take(frames)?;
            if is_whole {
                break;
            }
        }
        self.fetch_files(asking, &next).await?;
        drop(copy);
        self.exchange(&next)?;
        write_json(&self.paths.session(), &session)?;
        tracing::info!(event = "copy_whole", "the copy is whole");
        Ok((PageCopy::open(&self.paths.copy().join(DATABASE))?, session))
    }

    /// Puts the new copy in the place of the old one.
    fn exchange(&self, next: &Path) -> Result<()> {
        let (copy, old) = (self.paths.copy(), self.paths.old());
        if old.exists() {
            fs::remove_dir_all(&old)?;
        }
        fs::remove_file(self.paths.session()).ok();
        if copy.exists() {
            fs::rename(&copy, &old)?;
        }
        fs::rename(next, &copy)?;
        if old.exists() {
            fs::remove_dir_all(&old)?;
        }
        Ok(())
    }

    /// Fetches every file that differs from what lies in `folder`; the state they were in.
    async fn fetch_files(&self, asking: &Asking, folder: &Path) -> Result<[u8; 32]> {
        let Answer::Files(files, state) = asking.ask(&Question::Files).await? else {
            return Err(unexpected());
        };
        let identity = age::x25519::Identity::generate();
        let recipient = identity.to_public().to_string();
        for (name, hash) in files {
            if !is_plain(&name) {
                bail!("the first hub names a file that is none of a hub's");
            }
            let path = folder.join(&name);
            if fs::read(&path).is_ok_and(|here| *blake3::hash(&here).as_bytes() == hash) {
                continue;
            }
            let asked = Question::File(name.clone(), recipient.clone());
            let Answer::File(sealed) = asking.ask(&asked).await? else {
                return Err(unexpected());
            };
            let content = opened(&sealed, &identity)?;
            if let Some(parent) = path.parent() {
                fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(parent)?;
            }
            put(&path, &content)?;
        }
        debug_assert!(folder.join(KEY).exists());
        Ok(state)
    }

    /// Writes down that a question of then was answered and its answer is on this machine's disk.
    fn note(&self, asked_unix_ms: u64, behind_bytes: u64, has_news: bool) -> Result<()> {
        let now = self.clock.unix_ms();
        let before: State = read_json(&self.paths.state())?.unwrap_or_default();
        let fresh = before
            .heard_unix_ms
            .is_some_and(|heard| now.saturating_sub(heard) < WRITE_AGAIN_MS);
        if fresh && !has_news && (before.behind_bytes == 0) == (behind_bytes == 0) {
            return Ok(());
        }
        let whole = (behind_bytes == 0).then_some(asked_unix_ms);
        write_json(
            &self.paths.state(),
            &State {
                heard_unix_ms: Some(now),
                whole_unix_ms: whole.or(before.whole_unix_ms),
                behind_bytes,
            },
        )
    }

    /// Fetches whatever the first hub still has; it must not write any more.
    pub(super) async fn drain(&self, asking: &Asking) -> Result<()> {
        let (mut copy, session) = self
            .copy_in_hand()?
            .context("the copy does not follow the first hub now; try again in a moment")?;
        let mut files = None;
        loop {
            match self.step(asking, session, &mut copy, &mut files).await? {
                Step::More => {}
                Step::Whole => return Ok(()),
                Step::Lost => bail!("the copy has to begin again; try again when it is whole"),
            }
        }
    }
}

fn opened(sealed: &[u8], identity: &age::x25519::Identity) -> Result<Zeroizing<Vec<u8>>> {
    let decryptor = age::Decryptor::new(sealed)?;
    let key: &dyn age::Identity = identity;
    let mut content = Zeroizing::new(Vec::new());
    decryptor
        .decrypt(std::iter::once(key))?
        .read_to_end(&mut content)?;
    Ok(content)
}
