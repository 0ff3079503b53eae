//! The files of a database, and what a power cut leaves of them.
//!
//! The files lie in memory, so nothing is ever lost by the real machine. What a disk may do is done
//! to copies: SQLite syncs the log before it acknowledges (`synchronous=FULL`) and the log before it
//! touches the database, so a cut leaves the log as it was up to some byte of what was being
//! written, with or without rubbish behind, or a database half copied from a whole log.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::chance::Chance;

const PAGE: usize = 4096;
/// Most bytes a lying disk holds back: some ten transactions.
const LIED_BYTES: usize = 1 << 20;

/// A copy of a database's files.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    database: Vec<u8>,
    log: Vec<u8>,
}

impl Files {
    /// Copies the files; nobody writes meanwhile.
    pub(crate) fn read(database: &Path) -> io::Result<Self> {
        let log = match fs::read(log_of(database)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            other => other?,
        };
        Ok(Self {
            database: fs::read(database)?,
            log,
        })
    }

    /// Removes a database's files.
    pub(crate) fn remove(database: &Path) -> io::Result<()> {
        for ending in ["", "-wal", "-shm"] {
            remove(&beside(database, ending))?;
        }
        Ok(())
    }

    /// Puts the files in the place of whatever is there. They are new files: SQLite shares what it
    /// remembers of a file between the connections of one process, and the one before the cut is to
    /// be gone.
    pub(crate) fn write(&self, database: &Path) -> io::Result<()> {
        remove(database)?;
        remove(&log_of(database))?;
        remove(&beside(database, "-shm"))?;
        fs::write(database, &self.database)?;
        fs::write(log_of(database), &self.log)
    }

    /// What a cut leaves on the way from `self` to `after`.
    pub(crate) fn torn(&self, after: &Self, chance: &mut Chance) -> Self {
        if self.database == after.database {
            Self {
                database: self.database.clone(),
                log: torn_log(&self.log, &after.log, chance),
            }
        } else {
            // The log was whole before the first page was copied.
            Self {
                database: torn_pages(&self.database, &after.database, chance),
                log: after.log.clone(),
            }
        }
    }
}

impl Files {
    /// What is left when the last part of the log was never written, although the disk said so.
    pub(crate) fn without_last_writes(&self, chance: &mut Chance) -> Self {
        let missing = chance.index(self.log.len().min(LIED_BYTES) + 1);
        let mut log = self.log.clone();
        log.truncate(log.len() - missing);
        Self {
            database: self.database.clone(),
            log,
        }
    }
}

/// The new log up to some byte, then what was there before, then perhaps rubbish.
fn torn_log(before: &[u8], after: &[u8], chance: &mut Chance) -> Vec<u8> {
    let pages = before.chunks(PAGE).zip(after.chunks(PAGE));
    let same_pages = pages.take_while(|(a, b)| a == b).count() * PAGE;
    let rest = before.iter().zip(after).skip(same_pages);
    let same = same_pages.min(before.len()) + rest.take_while(|(a, b)| a == b).count();
    let cut = same + chance.index(after.len().saturating_sub(same) + 1);
    let mut log: Vec<u8> = after.get(..cut).unwrap_or(after).to_vec();
    log.extend_from_slice(before.get(cut..).unwrap_or_default());
    if chance.percent(30) {
        let rubbish = chance.index(2 * PAGE);
        log.extend((0..rubbish).map(|_| chance.number().to_le_bytes()[0]));
    }
    log
}

/// Each page old or new; pages behind the old end may be missing.
fn torn_pages(before: &[u8], after: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut pages = Vec::with_capacity(after.len());
    let mut old = before.chunks(PAGE);
    for new in after.chunks(PAGE) {
        match old.next() {
            Some(old) if chance.percent(50) => pages.extend_from_slice(old),
            None if chance.percent(30) => return pages,
            Some(_) | None => pages.extend_from_slice(new),
        }
    }
    pages
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn log_of(database: &Path) -> PathBuf {
    beside(database, "-wal")
}

fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
