//! Encrypted files beside the database that can be made again from it: large indexes, no records.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::error::StoreError;
use crate::key::DatabaseKey;
use crate::open;

/// Memory for pages while an index is built, KiB; a negative number is what SQLite calls KiB.
const BUILD_CACHE_KIB: i64 = -65_536;
/// And while it is read.
const READ_CACHE_KIB: i64 = -16_384;

/// Makes a new file that must not exist yet. It is not safe against a power cut before
/// [`finish_side_file`]: whoever makes it gives it its name afterwards.
///
/// # Errors
/// When the disk fails.
pub fn create_side_file(path: &Path, key: &DatabaseKey) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let connection = unlocked(path, key, flags)?;
    connection.pragma_update_and_check(None, "journal_mode", "OFF", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "cache_size", BUILD_CACHE_KIB)?;
    Ok(connection)
}

/// Closes a file made by [`create_side_file`]; whole and on disk when this returns.
///
/// # Errors
/// When the disk fails.
pub fn finish_side_file(connection: Connection, path: &Path) -> Result<(), StoreError> {
    connection.close().map_err(|(_, error)| error)?;
    let synced = std::fs::File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|error| {
        if error.kind() == std::io::ErrorKind::StorageFull {
            StoreError::DiskFull
        } else {
            StoreError::Damaged
        }
    })
}

/// Opens a finished file for reading.
///
/// # Errors
/// When it is missing, damaged or of another key.
pub fn open_side_file(path: &Path, key: &DatabaseKey) -> Result<Connection, StoreError> {
    let connection = unlocked(path, key, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
    connection.pragma_update(None, "cache_size", READ_CACHE_KIB)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Opens a finished file for changing, in transactions that survive a power cut.
///
/// # Errors
/// When it is missing, damaged or of another key.
pub fn edit_side_file(path: &Path, key: &DatabaseKey) -> Result<Connection, StoreError> {
    let connection = unlocked(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
    connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", READ_CACHE_KIB)?;
    Ok(connection)
}

fn unlocked(path: &Path, key: &DatabaseKey, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = open::open_keyed(path, key, flags)?;
    // Sorting an index must leave nothing in the clear in the temporary folder.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}
