//! The disk the database is on.

use std::path::{Path, PathBuf};

use counter_api::DeviceKind;

use crate::attached::{Attached, Seen, State, Tried};

/// A visit with its pictures takes a few MiB; below this a week's work may not fit any more.
const LOW_BYTES: u64 = 1 << 30;
/// Below this the database itself can no longer grow safely.
const OUT_BYTES: u64 = 16 << 20;

/// See the module.
#[derive(Debug)]
pub(super) struct DataDisk {
    folder: PathBuf,
}

impl DataDisk {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// Bytes free for us.
    fn free(&self) -> Option<u64> {
        let disk = rustix::fs::statvfs(&self.folder).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }
}

/// How a disk with so many free bytes is.
fn state(free: u64) -> State {
    if free < OUT_BYTES {
        State::SpaceOut
    } else if free < LOW_BYTES {
        State::SpaceLow
    } else {
        State::Ready
    }
}

fn in_words(free: u64) -> String {
    let mib = free >> 20;
    if mib >= 10 * 1024 {
        format!("{} GB", mib >> 10)
    } else {
        format!("{mib} MB")
    }
}

impl Attached for DataDisk {
    fn kind(&self) -> DeviceKind {
        DeviceKind::Disk
    }

    fn look(&self) -> Vec<Seen> {
        vec![match self.free() {
            Some(free) => Seen::only(self.kind(), &in_words(free), state(free)),
            None => Seen::only(self.kind(), "", State::Fault),
        }]
    }

    /// Nothing to try: whatever is entered is a try of it.
    fn test(&self, _: &str) -> Result<Tried, State> {
        let state = self.free().map_or(State::Fault, state);
        if state.is_usable() {
            Ok(Tried {
                word: "disk",
                detail: String::new(),
            })
        } else {
            Err(state)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_low_before_it_is_full() {
        assert_eq!(state(0), State::SpaceOut);
        assert_eq!(state(OUT_BYTES), State::SpaceLow);
        assert_eq!(state(LOW_BYTES), State::Ready);
        assert_eq!(in_words(900 << 20), "900 MB");
        assert_eq!(in_words(64 << 30), "64 GB");
    }
}
