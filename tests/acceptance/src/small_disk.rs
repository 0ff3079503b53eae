//! A disk so small that it can be filled: a tmpfs in a mount namespace of its own.
//!
//! Unprivileged user namespaces (Debian's default) let anybody mount it. Programs are started inside
//! with `nsenter`; the driver and the screens reach its files through `/proc/PID/root` of the program
//! that holds the namespace (`SQLite` would resolve that link and look outside). It is gone with that
//! program.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::process::{PATIENCE, Program};

/// Holds the namespace until its input closes.
const HOLD: &str = r#"mount -t tmpfs -o "size=$2k" small "$1" && echo ready && exec cat"#;

/// What fills it up.
const BALLAST: &str = "ballast";

/// Whether this machine lets a program mount one. Some containers forbid namespaces.
pub fn small_disk_is_possible() -> bool {
    let tried = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount"])
        .args(["sh", "-c", "mount -t tmpfs -o size=64k small /mnt"])
        .output();
    tried.is_ok_and(|output| output.status.success())
}

/// A mounted small disk; unmounted when dropped.
#[derive(Debug)]
pub(crate) struct SmallDisk {
    path: PathBuf,
    holder: Program,
}

impl SmallDisk {
    /// Mounts it over `folder`, for those who come through [`SmallDisk::path`].
    pub(crate) fn mount(folder: &Path, kib: u32, log: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let folder = folder.canonicalize()?;
        let mut command = Command::new("unshare");
        command
            .args(["--user", "--map-root-user", "--mount"])
            .args(["sh", "-c", HOLD, "sh"])
            .arg(&folder)
            .arg(kib.to_string());
        let mut holder = Program::start("small disk", &mut command, log)?;
        let line = holder
            .line(PATIENCE)
            .context("this machine does not allow user namespaces, which a small disk needs")?;
        ensure!(line == "ready", "small disk: {line}");
        let inside = folder.strip_prefix("/").unwrap_or(&folder);
        let root = PathBuf::from(format!("/proc/{}/root", holder.id()));
        Ok(Self {
            path: root.join(inside),
            holder,
        })
    }

    /// Its files, as seen from outside.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A command that runs inside, where the disk is the folder it was mounted over.
    pub(crate) fn inside(&self, program: &Path) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args(["--user", "--mount", "--preserve-credentials", "--target"])
            .arg(self.holder.id().to_string())
            .arg(program);
        command
    }

    /// Fills it to the last block.
    pub(crate) fn fill(&self) -> Result<()> {
        let mut ballast = File::create(self.path.join(BALLAST))?;
        let block = [0_u8; 4096];
        loop {
            match ballast.write_all(&block) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::StorageFull => return Ok(()),
                Err(error) => bail!("the disk cannot be filled: {error}"),
            }
        }
    }

    /// Makes room again.
    pub(crate) fn free(&self) -> Result<()> {
        fs::remove_file(self.path.join(BALLAST)).context("the disk is not full")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_disk_takes_nothing_until_it_is_freed() {
        if !small_disk_is_possible() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let disk = SmallDisk::mount(&folder.path().join("disk"), 256, &log).unwrap();
        let file = disk.path().join("file");
        disk.fill().unwrap();
        let error = fs::write(&file, [0; 8192]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        disk.free().unwrap();
        fs::write(&file, [0; 8192]).unwrap();
    }
}
