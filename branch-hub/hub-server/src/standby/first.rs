//! The first hub's part: it lets the standby read, and stops when the standby goes on.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use counter_domain::ids::DeviceId;
use replica::{PageError, PagePlace, PageSource};
use sync_transport::Device;
use tokio::sync::watch;

use super::{Answer, DATABASE, Question, Seen, SessionId, Superseded, write_json};
use crate::clock::Clock;
use crate::folder::Folder;

/// Longest answer, bytes of frames: below what a reply may have.
const ANSWER_BYTES: usize = 8 << 20;
/// Longest file that is copied.
const FILE_BYTES_MAX: u64 = 11 << 20;
/// The log is let go of a standby that was silent so long; it begins again then.
const SILENT_MS: u64 = 10 * 60_000;
/// How long a hub that stood down answers the standby.
const STOOD_DOWN_MS: u64 = 30_000;
/// How often it is written down that the standby was heard.
const WRITE_AGAIN_MS: u64 = 10_000;

/// See the module. Methods block.
pub(crate) struct First {
    folder: Folder,
    clock: Clock,
    reading: Mutex<Option<Reading>>,
    seen: Mutex<Option<Seen>>,
    superseded: watch::Sender<bool>,
    /// Since when nothing is committed here any more, milliseconds since 1970.
    stood_down: Mutex<Option<u64>>,
}

struct Reading {
    session: SessionId,
    heard_unix_ms: u64,
    source: PageSource,
}

impl First {
    /// Nobody reads yet.
    pub(crate) fn new(folder: Folder, clock: Clock) -> Self {
        Self {
            folder,
            clock,
            reading: Mutex::new(None),
            seen: Mutex::new(None),
            superseded: watch::channel(false).0,
            stood_down: Mutex::new(None),
        }
    }

    /// Becomes true when another machine goes on.
    pub(crate) fn superseded(&self) -> watch::Receiver<bool> {
        self.superseded.subscribe()
    }

    /// Lets the log go when the standby has been silent for long, and closes the ends of a hub that
    /// stood down even when nobody said the last word.
    pub(crate) fn look(&self) {
        let now = self.clock.unix_ms();
        let stood_down = *self
            .stood_down
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = stood_down {
            if now.saturating_sub(since) > STOOD_DOWN_MS {
                self.superseded.send_replace(true);
            }
            return;
        }
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let silent = reading
            .as_ref()
            .is_some_and(|one| now.saturating_sub(one.heard_unix_ms) > SILENT_MS);
        if silent {
            *reading = None;
            tracing::warn!(event = "standby_silent", "the standby will begin again");
        }
    }

    /// Answers a standby's question; who is one is the caller's to know.
    pub(crate) fn answer(&self, device: &Device, question: &[u8]) -> Option<Vec<u8>> {
        let question = postcard::from_bytes(question).ok()?;
        let id = DeviceId(device.peer.site.0);
        let answer = self.answered(id, question).unwrap_or_else(|error| {
            tracing::error!(event = "standby_not_answered", error = %format!("{error:#}"), "a standby gets no answer");
            Answer::Unable
        });
        postcard::to_allocvec(&answer).ok()
    }

    fn answered(&self, device: DeviceId, question: Question) -> Result<Answer> {
        match question {
            Question::Begin => self.begin(),
            Question::Blocks(session, first, known) => self.with_reading(session, |source| {
                Ok(Answer::Blocks(source.blocks(first, &known)?))
            }),
            Question::Frames(session, place) => self.frames(device, session, place),
            Question::Files => self.files(),
            Question::File(name, recipient) => self.file(&name, &recipient),
            Question::StandDown => self.stand_down(device),
            Question::Promoted(since) => {
                self.note_superseded(device, since)?;
                self.superseded.send_replace(true);
                Ok(Answer::Done)
            }
        }
    }

    fn begin(&self) -> Result<Answer> {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        // The one before is let go first: two would keep the log from ever beginning anew.
        *reading = None;
        let mut session = [0; 16];
        getrandom::fill(&mut session).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        let source = PageSource::begin(&self.folder.path().join(DATABASE), &self.folder.key()?)?;
        let place = source.begin_place();
        *reading = Some(Reading {
            session,
            heard_unix_ms: self.clock.unix_ms(),
            source,
        });
        tracing::info!(event = "standby_begins", "a standby copies the database");
        Ok(Answer::Begun(session, place))
    }

    fn with_reading(
        &self,
        session: SessionId,
        ask: impl FnOnce(&mut PageSource) -> Result<Answer, PageError>,
    ) -> Result<Answer> {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = reading.as_mut().filter(|one| one.session == session) else {
            return Ok(Answer::Lost);
        };
        open.heard_unix_ms = self.clock.unix_ms();
        match ask(&mut open.source) {
            Ok(answer) => Ok(answer),
            Err(PageError::Lost) => {
                *reading = None;
                Ok(Answer::Lost)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn frames(&self, device: DeviceId, session: SessionId, place: PagePlace) -> Result<Answer> {
        let state = state_of(&self.folder.parts_to_keep()?)?;
        let mut behind = 0;
        let answer = self.with_reading(session, |source| {
            let frames = source.frames(place, ANSWER_BYTES)?;
            behind = frames.to_come.saturating_add(frames.frames.len() as u64);
            Ok(Answer::Frames(frames, state))
        })?;
        self.note_seen(device, behind);
        Ok(answer)
    }

    /// A sighting that cannot be written keeps nobody from copying.
    fn note_seen(&self, device: DeviceId, behind_bytes: u64) {
        let now = self.clock.unix_ms();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = seen.as_ref().is_some_and(|seen| {
            seen.device == device && now.saturating_sub(seen.heard_unix_ms) < WRITE_AGAIN_MS
        });
        if fresh {
            return;
        }
        let told = Seen {
            device,
            heard_unix_ms: now,
            behind_bytes,
        };
        if let Err(error) = write_json(&self.folder.path().join("standby-seen.json"), &told) {
            tracing::warn!(event = "standby_not_noted", error = %format!("{error:#}"), "that the standby was heard is not noted");
        }
        *seen = Some(told);
    }

    fn files(&self) -> Result<Answer> {
        let parts = self.folder.parts_to_keep()?;
        let state = state_of(&parts)?;
        let mut files = Vec::new();
        for (name, path) in parts {
            if fs::metadata(&path)?.len() > FILE_BYTES_MAX {
                tracing::warn!(
                    event = "file_not_copied",
                    "a file is too long for the standby"
                );
                continue;
            }
            files.push((name, *blake3::hash(&fs::read(&path)?).as_bytes()));
        }
        let key = self.folder.key_hex()?;
        files.push((KEY.to_owned(), *blake3::hash(key.as_bytes()).as_bytes()));
        Ok(Answer::Files(files, state))
    }

    fn file(&self, name: &str, recipient: &str) -> Result<Answer> {
        let recipient: age::x25519::Recipient = recipient
            .parse()
            .map_err(|_| anyhow::anyhow!("the standby's key is none"))?;
        if name == KEY {
            return Ok(Answer::File(sealed(
                self.folder.key_hex()?.as_bytes(),
                &recipient,
            )?));
        }
        let parts = self.folder.parts_to_keep()?;
        let (_, path) = parts
            .iter()
            .find(|(known, _)| known == name)
            .context("no such file")?;
        ensure!(fs::metadata(path)?.len() <= FILE_BYTES_MAX, "file too long");
        Ok(Answer::File(sealed(&fs::read(path)?, &recipient)?))
    }

    /// Nothing is committed here from now on, by no process, and the ends close soon.
    fn stand_down(&self, device: DeviceId) -> Result<Answer> {
        let reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = reading.as_ref() else {
            return Ok(Answer::Lost);
        };
        open.source.hold_writers()?;
        let now = self.clock.unix_ms();
        self.note_superseded(device, now)?;
        *self
            .stood_down
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(now);
        Ok(Answer::Done)
    }

    fn note_superseded(&self, device: DeviceId, since_unix_ms: u64) -> Result<()> {
        let file = super::superseded_file(self.folder.path());
        if !file.exists() {
            let told = Superseded {
                since_unix_ms,
                by: device,
            };
            write_json(&file, &told)?;
        }
        tracing::error!(event = "superseded", by = %device, "another machine goes on for this hub");
        Ok(())
    }
}

/// The database key among the files; it may be sealed here.
pub(super) const KEY: &str = "database.key";

/// Names, lengths and times of files: another figure when one changed.
fn state_of(parts: &[(String, PathBuf)]) -> Result<[u8; 32]> {
    let mut hasher = blake3::Hasher::new();
    for (name, path) in parts {
        let about = fs::metadata(path)?;
        let changed = about
            .modified()
            .ok()
            .and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok())
            .map_or(0, |since| since.as_nanos());
        hasher.update(name.as_bytes());
        hasher.update(&about.len().to_be_bytes());
        hasher.update(&changed.to_be_bytes());
    }
    Ok(*hasher.finalize().as_bytes())
}

fn sealed(bytes: &[u8], recipient: &age::x25519::Recipient) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let once: Vec<&dyn age::Recipient> = vec![recipient];
    let encryptor = age::Encryptor::with_recipients(once.into_iter())?;
    let mut writer = encryptor.wrap_output(&mut out)?;
    writer.write_all(bytes)?;
    writer.finish()?;
    Ok(out)
}

/// Whether a name stays inside a folder: letters, digits and dots, at most one folder deep.
pub(super) fn is_plain(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .bytes()
                .all(|one| one.is_ascii_alphanumeric() || matches!(one, b'.' | b'-' | b'_'))
    };
    let parts: Vec<_> = name.split('/').collect();
    parts.len() <= 2 && parts.into_iter().all(part) && Path::new(name).is_relative()
}
