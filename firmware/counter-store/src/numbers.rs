//! The last receipt number of the day, in a file beside the database.
//!
//! Whoever puts an older copy of the database back does not put this file back with it, so that the
//! numbers printed since are not printed again before head office notices. It says less than the
//! database or the same, after a power cut too, because it is written behind it and never waited
//! for. A copy of the whole disk takes it along; then only head office can tell.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The file.
#[derive(Debug)]
pub(crate) struct Numbers {
    path: PathBuf,
    /// The day, ISO 8601, and its last number.
    last: Option<(String, u32)>,
}

impl Numbers {
    /// Reads the file beside the database at `database`; one that cannot be read says nothing.
    pub(crate) fn beside(database: &Path) -> Self {
        let mut path = OsString::from(database);
        path.push(".numbers");
        let path = PathBuf::from(path);
        let text = fs::read_to_string(&path).unwrap_or_default();
        let last = text.trim().split_once(' ').and_then(|(day, last)| {
            let last = last.parse().ok()?;
            Some((day.to_owned(), last))
        });
        Self { path, last }
    }

    /// The last number known to be given on that day; 0 when none is.
    pub(crate) fn given(&self, day: &str) -> u32 {
        match &self.last {
            Some((of, last)) if of == day => *last,
            Some(_) | None => 0,
        }
    }

    /// A number was given.
    pub(crate) fn give(&mut self, day: &str, number: u32) {
        self.last = Some((day.to_owned(), number));
        if let Err(error) = fs::write(&self.path, format!("{day} {number}\n")) {
            tracing::warn!(%error, "receipt numbers not noted beside the database");
        }
    }
}
