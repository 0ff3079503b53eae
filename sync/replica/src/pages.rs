//! A second machine keeps a copy of the whole file, page by page, while it is in use.
//!
//! Pages travel as they lie on the disk, encrypted, so the copy has everything the file has, also what
//! is no record: devices, codes, hand-over marks. [`PageSource`] reads at the machine at work,
//! [`PageCopy`] writes at the one that stands by.
//!
//! First the file itself, in blocks, only those that differ; then the write-ahead log, frame by frame,
//! for ever. What the log held while the file was read comes after it, so a block that was torn by a
//! checkpoint is whole again before the copy is called whole.
//!
//! **The log must not begin anew while the copy has not read it.** `SQLite` writes it from the start
//! again once everything is in the file and nobody reads from it, so a read transaction is held all
//! the time, and moved on after every look. When the log has grown long, writers are held up for a
//! moment, what is left of the log is kept in memory, everything is put into the file, and the read
//! transaction becomes one that reads the file only: that lets the log begin anew once, and keeps it
//! from doing so twice, because nothing more can be put into the file meanwhile.
//! (`SQLite`, "WAL-mode File Format", "Write-Ahead Logging" 2.2 and 2.3.)

mod copy;
mod wal;

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::key::DatabaseKey;
use crate::open;

pub use copy::PageCopy;
use wal::{Look, Tail};

/// Bytes of a block of the file that is compared and sent as one.
pub const BLOCK_BYTES: usize = 64 << 10;

/// Most blocks in one answer: 4 MiB.
pub const BLOCKS_MAX: usize = 64;

/// Log longer than this is made to begin anew.
const LOG_BYTES_MAX: u64 = 16 << 20;

/// Longest remainder of the log that is kept in memory for that.
const KEPT_BYTES_MAX: usize = 8 << 20;

/// How far a copy has come in the log of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PagePlace {
    /// Which log: the two salts of its header; a log that begins anew has others.
    pub log: u64,
    /// Frames of it that the copy has.
    pub frames: u32,
}

/// Why pages cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PageError {
    /// The disk.
    #[error("page not read or written")]
    File(#[from] io::Error),
    /// The database.
    #[error("database refused")]
    Database(#[from] rusqlite::Error),
    /// Something that is no log, no frame or no page.
    #[error("{what} is damaged")]
    Damaged {
        /// What.
        what: &'static str,
    },
    /// The log no longer has what the copy lacks: the copy begins again.
    #[error("copy is too far behind")]
    Lost,
}

/// Blocks of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileBlocks {
    /// Bytes of the whole file.
    pub file_bytes: u64,
    /// Those that differ: number and content; the last one of a file may be shorter.
    pub blocks: Vec<(u64, Vec<u8>)>,
}

/// Frames of the log, and where the copy is when it has them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFrames {
    /// Where it is then.
    pub place: PagePlace,
    /// Bytes of a page.
    pub page_bytes: u32,
    /// Whole frames, one behind the other, as they lie in the log.
    pub frames: Vec<u8>,
    /// Bytes that are committed and still to come.
    pub to_come: u64,
}

impl std::fmt::Debug for LogFrames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LogFrames({} bytes)", self.frames.len())
    }
}

/// What is left of a log that may begin anew.
struct Sealed {
    log: u64,
    /// The frame the kept bytes begin at.
    from: u32,
    end: u32,
    frames: Vec<u8>,
}

/// Reads the file of a database in use. Dropping it lets the log go.
pub struct PageSource {
    file: File,
    log: PathBuf,
    /// One of the two holds the read transaction.
    pins: [Connection; 2],
    pinned: usize,
    /// Holds writers up for a moment.
    keeper: Connection,
    tail: Tail,
    sealed: Option<Sealed>,
    begin: PagePlace,
}

impl std::fmt::Debug for PageSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PageSource")
    }
}

/// Begins to read: the snapshot of now stays readable until the transaction ends.
fn pin(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.execute_batch("BEGIN")?;
    connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))
}

fn unpin(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.execute_batch("COMMIT")
}

/// Puts what can be put into the file; whether that was everything.
fn put_into_file(connection: &Connection) -> Result<bool, rusqlite::Error> {
    let (busy, log, done): (i64, i64, i64) =
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    Ok(busy == 0 && log == done)
}

impl PageSource {
    /// Begins to keep the log of the database at `path`, which is open elsewhere.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn begin(path: &Path, key: &DatabaseKey) -> Result<Self, PageError> {
        let open = || -> Result<Connection, rusqlite::Error> {
            let connection = open::open_keyed(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            connection.busy_timeout(std::time::Duration::from_secs(5))?;
            Ok(connection)
        };
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let mut source = Self {
            file: File::open(path)?,
            log: PathBuf::from(log),
            pins: [open()?, open()?],
            pinned: 0,
            keeper: open()?,
            tail: Tail::default(),
            sealed: None,
            begin: PagePlace { log: 0, frames: 0 },
        };
        source.keeper.execute_batch("BEGIN IMMEDIATE")?;
        let begun = source.take_hold();
        source.keeper.execute_batch("ROLLBACK")?;
        begun?;
        Ok(source)
    }

    /// Writers wait meanwhile: the log ends where it is read to.
    fn take_hold(&mut self) -> Result<(), PageError> {
        let all_in_file = put_into_file(&self.pins[1])?;
        pin(&self.pins[0])?;
        self.tail = Tail::start(&self.log)?;
        self.tail.look(&self.log)?;
        let frames = if all_in_file { self.tail.frames } else { 0 };
        self.begin = PagePlace {
            log: self.tail.log,
            frames,
        };
        if all_in_file {
            self.sealed = Some(Sealed {
                log: self.tail.log,
                from: self.tail.frames,
                end: self.tail.frames,
                frames: Vec::new(),
            });
        }
        Ok(())
    }

    /// Where a copy is once it has every block of the file.
    pub fn begin_place(&self) -> PagePlace {
        self.begin
    }

    /// Blocks from number `first` on that differ from `known`, the BLAKE3 hashes of the copy's own
    /// blocks there; at most [`BLOCKS_MAX`] are looked at.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn blocks(&self, first: u64, known: &[[u8; 32]]) -> Result<FileBlocks, PageError> {
        let file_bytes = self.file.metadata()?.len();
        let mut blocks = Vec::new();
        for step in 0..BLOCKS_MAX {
            let number = first.saturating_add(step as u64);
            let content = copy::block(&self.file, number, file_bytes)?;
            let Some(content) = content else { break };
            if known.get(step) != Some(blake3::hash(&content).as_bytes()) {
                blocks.push((number, content));
            }
        }
        Ok(FileBlocks { file_bytes, blocks })
    }

    /// What was committed behind `place`, at most about `bytes_max`; nothing when the copy has all.
    ///
    /// # Errors
    /// [`PageError::Lost`] when the log does not have it any more.
    pub fn frames(&mut self, place: PagePlace, bytes_max: usize) -> Result<LogFrames, PageError> {
        self.look()?;
        if self.is_long() && self.keeper.is_autocommit() {
            self.begin_anew(place)?;
        }
        let (mut at, mut frames) = (place, Vec::new());
        if let Some(sealed) = &self.sealed
            && at.log == sealed.log
        {
            let skip = at.frames.checked_sub(sealed.from).ok_or(PageError::Lost)?;
            let skip = self.tail.bytes_of(skip);
            frames.extend_from_slice(sealed.frames.get(skip..).ok_or(PageError::Lost)?);
            at.frames = sealed.end;
            if self.tail.log != sealed.log {
                at = PagePlace {
                    log: self.tail.log,
                    frames: 0,
                };
            }
        }
        if at.log != self.tail.log || at.frames > self.tail.frames {
            return Err(PageError::Lost);
        }
        let room = bytes_max.saturating_sub(frames.len());
        let (more, upto) = self.tail.read(&self.log, at.frames, room)?;
        frames.extend(more);
        at.frames = upto;
        let to_come = self.tail.bytes_of(self.tail.frames - upto) as u64;
        Ok(LogFrames {
            place: at,
            page_bytes: self.tail.page_bytes,
            frames,
            to_come,
        })
    }

    /// Reads on, over the end of a sealed log too, and moves the read transaction there.
    fn look(&mut self) -> Result<(), PageError> {
        let sealed = self.sealed.as_ref().map(|sealed| sealed.log);
        match self.tail.look(&self.log)? {
            Look::Same => return Ok(()),
            // It did not begin anew after all, and cannot now: what is new is not in the file.
            Look::Grown if sealed == Some(self.tail.log) => self.sealed = None,
            Look::Grown => {}
            Look::Anew if sealed == Some(self.tail.log) => {
                self.tail = Tail::start(&self.log)?;
                self.tail.look(&self.log)?;
            }
            Look::Anew => return Err(PageError::Lost),
        }
        self.move_pin()?;
        Ok(())
    }

    fn move_pin(&mut self) -> Result<(), rusqlite::Error> {
        let next = 1 - self.pinned;
        pin(&self.pins[next])?;
        unpin(&self.pins[self.pinned])?;
        self.pinned = next;
        Ok(())
    }

    /// Holds up every writer, also of other processes, for as long as this lives: what was committed
    /// until now is the last.
    ///
    /// # Errors
    /// When a writer does not end within five seconds.
    pub fn hold_writers(&self) -> Result<(), PageError> {
        if self.keeper.is_autocommit() {
            self.keeper.execute_batch("BEGIN IMMEDIATE")?;
        }
        Ok(())
    }

    fn is_long(&self) -> bool {
        let sealed = self.sealed.as_ref().map(|sealed| sealed.log);
        sealed != Some(self.tail.log) && self.tail.bytes_of(self.tail.frames) as u64 > LOG_BYTES_MAX
    }

    /// Lets the log begin anew when the copy is nearly at its end.
    fn begin_anew(&mut self, place: PagePlace) -> Result<(), PageError> {
        if place.log != self.tail.log {
            return Ok(());
        }
        let left = self.tail.frames.saturating_sub(place.frames);
        if self.tail.bytes_of(left) > KEPT_BYTES_MAX {
            return Ok(());
        }
        self.keeper.execute_batch("BEGIN IMMEDIATE")?;
        let sealed = self.seal(place);
        self.keeper.execute_batch("ROLLBACK")?;
        sealed
    }

    fn seal(&mut self, place: PagePlace) -> Result<(), PageError> {
        self.tail.look(&self.log)?;
        let (frames, end) = self.tail.read(&self.log, place.frames, usize::MAX)?;
        self.move_pin()?;
        let idle = 1 - self.pinned;
        if !put_into_file(&self.pins[idle])? {
            return Ok(());
        }
        self.move_pin()?;
        self.sealed = Some(Sealed {
            log: self.tail.log,
            from: place.frames,
            end,
            frames,
        });
        Ok(())
    }
}

/// Pages that have a committed frame in the log beside the database at `path`.
pub(crate) fn in_log(path: &Path) -> Result<BTreeSet<u32>, PageError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    wal::pages(Path::new(&log))
}

/// As much of a file from a place on as there is, at most `bytes`.
fn read_at(file: &File, bytes: usize, offset: u64) -> io::Result<Vec<u8>> {
    let mut content = vec![0; bytes];
    let mut have = 0;
    while have < bytes {
        let Some(rest) = content.get_mut(have..) else {
            break;
        };
        match file.read_at(rest, offset.saturating_add(have as u64))? {
            0 => break,
            more => have += more,
        }
    }
    content.truncate(have);
    Ok(content)
}
