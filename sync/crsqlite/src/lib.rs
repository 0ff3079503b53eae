//! The cr-sqlite extension, packaged for SQLCipher; the only unsafe code of the workspace.
//!
//! The binary is the one inside the crates.io package `klukai-types` 0.4.0 (fork 0.17 of cr-sqlite,
//! Apache-2.0), pinned by `pin/Cargo.lock` and by its SHA-256 in `build.rs`. It is loaded from a
//! sealed memory file: no file on disk can be swapped for it, and a `noexec` disk does not matter.
//! A kernel with `vm.memfd_noexec=2` refuses that, and [`load`] says so.
//!
//! Order on every connection: open, `PRAGMA key`, read one page, then [`load`]; before closing,
//! [`finalize`]. Loading before the key would create the file unencrypted.
//!
//! cr-sqlite owns the commit, rollback and update hooks of the connection: never set them. A panic
//! inside it ends the process, so nothing unchecked may reach `crsql_changes`.

use std::io::Write;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::OnceLock;

use rusqlite::{Connection, LoadExtensionGuard};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use thiserror::Error;

/// What `crsqlite_version` of the packaged binary is.
pub const VERSION: i64 = 170_000;

/// The commit it was built from, as `crsql_sha()` tells it.
pub const COMMIT: &str = "0696d9f0aeb5a407ffcd82364f5df880439d1487";

const BINARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/crsqlite.so"));
const ENTRY_POINT: &str = "sqlite3_crsqlite_init";

/// Why the extension is not on a connection.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The kernel gave no executable memory file.
    #[error("no memory file for cr-sqlite (vm.memfd_noexec?)")]
    MemoryFile(#[source] std::io::Error),
    /// SQLite refused it.
    #[error("cr-sqlite was not loaded")]
    Load(#[source] rusqlite::Error),
    /// Another build of cr-sqlite is on this connection.
    #[error("cr-sqlite commit {found} instead of {COMMIT}")]
    OtherBuild {
        /// What `crsql_sha()` said.
        found: String,
    },
}

/// Loads the extension into a connection that already has its key.
///
/// # Errors
/// See [`LoadError`]; the connection stays usable without the extension.
pub fn load(connection: &Connection) -> Result<(), LoadError> {
    let file = memory_file().map_err(LoadError::MemoryFile)?;
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    load_from(connection, &path).map_err(LoadError::Load)?;
    let found: String = connection
        .query_row("SELECT crsql_sha()", [], |row| row.get(0))
        .map_err(LoadError::Load)?;
    if found == COMMIT {
        Ok(())
    } else {
        Err(LoadError::OtherBuild { found })
    }
}

#[expect(unsafe_code, reason = "loading an extension runs its code")]
fn load_from(connection: &Connection, path: &str) -> Result<(), rusqlite::Error> {
    // SAFETY: while the guard lives, SQL could load any library; no SQL runs meanwhile, and
    // dropping the guard forbids it again.
    let _guard = unsafe { LoadExtensionGuard::new(connection)? };
    // SAFETY: the file holds exactly the bytes whose SHA-256 `build.rs` checked and is sealed
    // against writing; its entry point has SQLite's extension signature.
    unsafe { connection.load_extension(path, Some(ENTRY_POINT)) }
}

/// Releases what the extension holds of a connection; without it, closing fails with "busy".
///
/// # Errors
/// When the extension is not loaded.
pub fn finalize(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.query_row("SELECT crsql_finalize()", [], |_| Ok(()))
}

/// The sealed file, made once and open as long as the process.
fn memory_file() -> Result<&'static OwnedFd, std::io::Error> {
    static FILE: OnceLock<OwnedFd> = OnceLock::new();
    if let Some(file) = FILE.get() {
        return Ok(file);
    }
    let made = make_memory_file()?;
    Ok(FILE.get_or_init(|| made))
}

fn make_memory_file() -> Result<OwnedFd, std::io::Error> {
    let descriptor = memfd_create(
        c"crsqlite.so",
        MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING,
    )?;
    let mut file = std::fs::File::from(descriptor);
    file.write_all(BINARY)?;
    fcntl_add_seals(
        &file,
        SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL,
    )?;
    Ok(file.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Connection {
        Connection::open_in_memory().unwrap()
    }

    #[test]
    fn packaged_extension_loads_into_two_connections() {
        for connection in [memory(), memory()] {
            load(&connection).unwrap();
            let version: i64 = connection
                .query_row(
                    "SELECT value FROM crsql_master WHERE key = 'crsqlite_version'",
                    [],
                    |row| row.get(0),
                )
                .unwrap();
            assert_eq!(version, VERSION);
            finalize(&connection).unwrap();
            connection.close().unwrap();
        }
    }

    #[test]
    fn sql_cannot_load_libraries_afterwards() {
        let connection = memory();
        load(&connection).unwrap();
        let refused = connection
            .query_row("SELECT load_extension('/nowhere.so')", [], |_| Ok(()))
            .unwrap_err();
        assert!(refused.to_string().contains("not authorized"), "{refused}");
        finalize(&connection).unwrap();
    }
}
