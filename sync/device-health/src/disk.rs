//! Room on the disk that holds a folder.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Room on a disk, bytes, as a program without special rights finds it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskSpace {
    /// What can still be written.
    pub free_bytes: u64,
    /// The whole.
    pub total_bytes: u64,
}

/// Below this share of the whole, in percent, somebody should look.
const SHORT_PERCENT: u64 = 5;
/// Below this, somebody should look however large the disk is.
const SHORT_BYTES: u64 = 1 << 30;
/// Below this, work may stop today.
const NEARLY_FULL_BYTES: u64 = 200 << 20;

impl DiskSpace {
    /// Room on the disk that `folder` lies on.
    ///
    /// # Errors
    /// When the folder is not there or the system does not say.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let stat = rustix::fs::statvfs(folder)?;
        Ok(Self {
            free_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
            total_bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
        })
    }

    /// Less than a gibibyte, or less than a twentieth, whichever comes first on a disk of that size.
    pub fn is_short(&self) -> bool {
        let share = self.total_bytes / 100 * SHORT_PERCENT;
        self.free_bytes < share.clamp(NEARLY_FULL_BYTES, SHORT_BYTES)
    }

    /// So little that saving may fail today.
    pub fn is_nearly_full(&self) -> bool {
        self.free_bytes < NEARLY_FULL_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(free_mib: u64, total_gib: u64) -> DiskSpace {
        DiskSpace {
            free_bytes: free_mib << 20,
            total_bytes: total_gib << 30,
        }
    }

    #[test]
    fn short_is_a_twentieth_of_a_small_disk_and_a_gibibyte_of_a_large_one() {
        assert!(!space(1100, 500).is_short());
        assert!(space(1000, 500).is_short());
        assert!(!space(450, 8).is_short());
        assert!(space(390, 8).is_short());
        assert!(space(190, 1).is_short() && space(190, 1).is_nearly_full());
        assert!(!space(390, 8).is_nearly_full());
    }

    #[test]
    fn a_folder_says_how_much_room_it_has() {
        let space = DiskSpace::of(&std::env::temp_dir()).unwrap();
        assert!(space.total_bytes > 0 && space.free_bytes <= space.total_bytes);
        assert!(DiskSpace::of(Path::new("/nowhere/at/all")).is_err());
    }
}
