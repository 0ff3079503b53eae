//! A second machine for head office: what it asks the first one, and what lies in its folder.
//!
//! It is the same hub a moment behind, not a second one: the same device, the same authority, the
//! same database page by page (`replica::PageSource`). So it goes on as a restored hub does
//! (`docs/decisions/0008`), only without the hours between backup and loss, and counters need
//! nothing but its address.
//!
//! ```text
//! DIR/standby.json        where the first hub is; missing at a hub at work
//! DIR/identity.json       who the standby is for the first hub: an enrolled device that is no counter
//! DIR/copy/               a hub's data folder, complete and a moment old
//! DIR/next/               the same in the making, when the copy has to begin again
//! DIR/old/                the copy before, for a moment
//! DIR/session             which reading of the first hub's log the copy follows
//! DIR/standby-state.json  how it stands, for people
//! DIR/standby.lock        held while the first hub is followed
//! DIR/promoting           promotion has begun: whoever follows stops
//! DIR/ready/              the copy made ready to work, being moved into DIR
//! DIR/promoted.json       standby.json of before, once this machine is the hub
//! ```
//! At the first hub: `standby-seen.json`, when the standby was heard, and `superseded.json`, once
//! another machine goes on for it: it never opens its ends again then.

pub(crate) mod first;
pub(crate) mod follow;
pub(crate) mod promote;
pub(crate) mod tell;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use counter_domain::ids::DeviceId;
use hub_store::EnrolledDevice;
use replica::{FileBlocks, LogFrames, PagePlace};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::clock::in_japan;
use crate::folder::private_file;

/// Branch of a standby's certificate; no counter is enrolled for it. 00 is the hub's own.
pub(crate) const BRANCH: &str = "99";
/// Name of a standby among the devices; with its branch, what makes it one.
pub(crate) const NAME: &str = "standby";

/// Whether a device was enrolled with a code of `standby invite`.
pub(crate) fn is_one(device: &EnrolledDevice) -> bool {
    device.branch.as_str() == BRANCH && device.name == NAME
}

/// Who of several readings of one log; a first hub that starts anew makes another.
pub(crate) type SessionId = [u8; 16];

/// What a standby asks.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Question {
    /// Begin to read the database; answers [`Answer::Begun`].
    Begin,
    /// Blocks of the file from a number on, with the hashes of what is there.
    Blocks(SessionId, u64, Vec<[u8; 32]>),
    /// What was committed behind a place.
    Frames(SessionId, PagePlace),
    /// The other files of the folder, as they are now.
    Files,
    /// One of them, encrypted to an age key of the standby.
    File(String, String),
    /// Stop writing for good: the standby is about to go on.
    StandDown,
    /// The standby goes on, since then (milliseconds since 1970).
    Promoted(u64),
}

/// What the first hub says.
#[derive(Serialize, Deserialize)]
pub(crate) enum Answer {
    /// The session, and the place a copy of all blocks has in the log.
    Begun(SessionId, PagePlace),
    /// Blocks.
    Blocks(FileBlocks),
    /// Frames, and the state of the other files: another figure, other files.
    Frames(LogFrames, [u8; 32]),
    /// Name and BLAKE3 of every file, and that state.
    Files(Vec<(String, [u8; 32])>, [u8; 32]),
    /// A file, encrypted.
    File(Vec<u8>),
    /// Heard.
    Done,
    /// The session is over or the copy too far behind: begin again.
    Lost,
    /// It cannot be said now; the first hub's log says why.
    Unable,
}

/// `standby.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Addresses of the first hub's counters' end.
    pub(crate) first: String,
    /// This machine as the first hub knows it.
    pub(crate) device: DeviceId,
}

/// How a standby stands.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// When the first hub answered last, milliseconds since 1970.
    pub(crate) heard_unix_ms: Option<u64>,
    /// The copy has everything the first hub had at that time: when the last question was asked whose
    /// answer completed it, milliseconds since 1970.
    pub(crate) whole_unix_ms: Option<u64>,
    /// Bytes known to be missing.
    pub(crate) behind_bytes: u64,
}

/// `standby-seen.json` at the first hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Which device.
    pub(crate) device: DeviceId,
    /// When it asked last, milliseconds since 1970; at most ten seconds old.
    pub(crate) heard_unix_ms: u64,
    /// Bytes of the log it did not have then.
    pub(crate) behind_bytes: u64,
}

/// `superseded.json` at a hub another one goes on for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Superseded {
    /// Since when, milliseconds since 1970.
    pub(crate) since_unix_ms: u64,
    /// The device that goes on.
    pub(crate) by: DeviceId,
}

/// Files of a standby's folder.
pub(crate) struct Paths(PathBuf);

impl Paths {
    pub(crate) fn of(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    pub(crate) fn place(&self) -> PathBuf {
        self.0.join("standby.json")
    }

    pub(crate) fn identity(&self) -> PathBuf {
        self.0.join("identity.json")
    }

    pub(crate) fn copy(&self) -> PathBuf {
        self.0.join("copy")
    }

    pub(crate) fn next(&self) -> PathBuf {
        self.0.join("next")
    }

    fn old(&self) -> PathBuf {
        self.0.join("old")
    }

    /// A plug pulled while the new copy took the place of the old one leaves neither there.
    fn settle(&self) -> Result<()> {
        if !self.copy().exists() && self.old().exists() {
            fs::rename(self.old(), self.copy()).context("the old copy cannot be put back")?;
        }
        Ok(())
    }

    pub(crate) fn session(&self) -> PathBuf {
        self.0.join("session")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.0.join("standby-state.json")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.0.join("standby.lock")
    }

    pub(crate) fn promoting(&self) -> PathBuf {
        self.0.join("promoting")
    }

    pub(crate) fn ready(&self) -> PathBuf {
        self.0.join("ready")
    }

    pub(crate) fn promoted(&self) -> PathBuf {
        self.0.join("promoted.json")
    }

    pub(crate) fn hub(&self) -> PathBuf {
        self.0.join("hub.json")
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }
}

/// Name of the database in a hub's folder.
pub(crate) const DATABASE: &str = "hub.sqlite";

/// Whether a folder is a standby's and not yet a hub's.
pub(crate) fn is_standby(folder: &Path) -> bool {
    let paths = Paths::of(folder);
    paths.place().exists() && !paths.hub().exists()
}

fn superseded_file(folder: &Path) -> PathBuf {
    folder.join("superseded.json")
}

/// Refuses when another machine goes on for this hub.
///
/// # Errors
/// Says since when, and what to do.
pub(crate) fn refuse_superseded(folder: &Path) -> Result<()> {
    let Some(told) = read_json::<Superseded>(&superseded_file(folder))? else {
        return Ok(());
    };
    bail!(
        "another machine goes on for this hub since {}: counters talk to that one, and nothing done here would reach them. \
         To use this machine again, put this folder aside and make it the standby: `todoke-hub standby invite` there, `todoke-hub standby join` here",
        in_japan(told.since_unix_ms, "%Y-%m-%d %H:%M:%S")
    )
}

/// When the standby was heard; `None` when there is none.
pub(crate) fn seen(folder: &Path) -> Option<Seen> {
    read_json(&folder.join("standby-seen.json")).ok().flatten()
}

/// Reads a small file; `None` when it is not there.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    match fs::read(path) {
        Ok(text) => {
            Ok(Some(serde_json::from_slice(&text).with_context(|| {
                format!("{} is damaged", path.display())
            })?))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

/// Writes a small private file whole or not at all.
pub(crate) fn write_json<T: Serialize>(path: &Path, content: &T) -> Result<()> {
    put(path, &serde_json::to_vec(content)?)
}

/// Writes a private file whole or not at all.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write as _;
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let unfinished = PathBuf::from(name);
    fs::remove_file(&unfinished).ok();
    let mut file = private_file(&unfinished)
        .with_context(|| format!("cannot write {}", unfinished.display()))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path).with_context(|| format!("cannot write {}", path.display()))
}
