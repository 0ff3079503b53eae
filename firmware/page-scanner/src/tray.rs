//! A folder that a camera or a network scanner writes pages to.
//!
//! A file is taken once it is whole (its size is the same at two looks), read into memory and
//! removed: the device that wrote it keeps nothing here. Names are not looked at but for their
//! order; what the bytes are is found out by whoever opens them.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use crate::scan::Stop;

/// Largest file taken.
const BYTES_MAX: u64 = 100 << 20;
/// Most files taken at once.
const FILES_MAX: usize = 40;
/// Between two looks.
const LOOK: Duration = Duration::from_millis(300);
/// So many looks are waited for a file that grows.
const LOOKS_MAX: u32 = 100;

/// Why nothing was taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrayError {
    /// No file lies there.
    #[error("tray empty")]
    Empty,
    /// The folder is not there or cannot be read.
    #[error("tray not readable")]
    Unreadable(#[source] io::Error),
    /// A file is larger than any page.
    #[error("file in the tray larger than {BYTES_MAX} bytes")]
    TooLarge,
    /// It still grows after half a minute.
    #[error("file in the tray is still being written")]
    Unfinished,
    /// A person stopped it.
    #[error("stopped")]
    Stopped,
}

/// The folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tray(PathBuf);

impl Tray {
    /// The tray at `folder`.
    pub fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// Takes every file out of the tray, in the order of their names, once all are whole. Blocks
    /// while one grows, at most half a minute.
    ///
    /// # Errors
    /// Why not; what lies there stays then.
    pub fn take(&self, stop: &Stop) -> Result<Vec<Vec<u8>>, TrayError> {
        let files = self.whole_files(stop)?;
        let mut taken = Vec::new();
        for (name, size) in &files {
            if *size > BYTES_MAX {
                return Err(TrayError::TooLarge);
            }
            let mut bytes = Vec::new();
            let file = fs::File::open(self.0.join(name)).map_err(TrayError::Unreadable)?;
            let read = file.take(BYTES_MAX + 1).read_to_end(&mut bytes);
            read.map_err(TrayError::Unreadable)?;
            taken.push(bytes);
        }
        for (name, _) in &files {
            fs::remove_file(self.0.join(name)).map_err(TrayError::Unreadable)?;
        }
        Ok(taken)
    }

    fn whole_files(&self, stop: &Stop) -> Result<Vec<(OsString, u64)>, TrayError> {
        let mut before = self.files()?;
        for _ in 0..LOOKS_MAX {
            if before.is_empty() {
                return Err(TrayError::Empty);
            }
            if stop.is_wanted() {
                return Err(TrayError::Stopped);
            }
            std::thread::park_timeout(LOOK);
            let now = self.files()?;
            if now == before && now.iter().all(|(_, size)| *size > 0) {
                return Ok(now);
            }
            before = now;
        }
        Err(TrayError::Unfinished)
    }

    fn files(&self) -> Result<Vec<(OsString, u64)>, TrayError> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.0).map_err(TrayError::Unreadable)? {
            let entry = entry.map_err(TrayError::Unreadable)?;
            let about = entry.metadata().map_err(TrayError::Unreadable)?;
            // What begins with a dot is a device's own note of what it is writing.
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if about.is_file() && !is_hidden && files.len() < FILES_MAX {
                files.push((entry.file_name(), about.len()));
            }
        }
        files.sort();
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_taken_in_order_and_leave_the_tray() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("page-2.png"), b"two").unwrap();
        fs::write(folder.path().join("page-1.png"), b"one").unwrap();
        fs::write(folder.path().join(".writing"), b"note").unwrap();
        let taken = Tray::new(folder.path()).take(&Stop::default()).unwrap();
        assert_eq!(taken, [b"one".to_vec(), b"two".to_vec()]);
        let empty = Tray::new(folder.path()).take(&Stop::default());
        assert!(matches!(empty, Err(TrayError::Empty)));
    }

    #[test]
    fn a_stop_leaves_the_files() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("page.png"), b"one").unwrap();
        let stop = Stop::default();
        stop.stop();
        let taken = Tray::new(folder.path()).take(&stop);
        assert!(matches!(taken, Err(TrayError::Stopped)));
        assert!(folder.path().join("page.png").exists());
    }

    #[test]
    fn a_folder_that_is_gone_is_said() {
        let taken = Tray::new(Path::new("/nowhere")).take(&Stop::default());
        assert!(matches!(taken, Err(TrayError::Unreadable(_))));
    }
}
