//! What can go wrong with the disk and the database.

use rusqlite::ErrorCode;
use sync_protocol::limits::TRANSACTION_BYTES_MAX;
use thiserror::Error;

/// A read or write that did not happen. A write that fails leaves everything as it was before.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The disk is full; nothing was written.
    #[error("disk full, nothing written")]
    DiskFull,
    /// A page of the file does not have its checksum, or the file is no database any more.
    #[error("database file damaged")]
    Damaged,
    /// Head office holds more of this device than the device itself: the file was restored from a
    /// backup or cloned. Writing on would lose records silently; the device must be enrolled anew.
    #[error("database is older than what head office holds of it: {held} of {own} versions")]
    Restored {
        /// Versions here.
        own: u64,
        /// Versions at head office.
        held: u64,
    },
    /// Another branch has the case: here it can only be read.
    #[error("another branch has the case")]
    Elsewhere,
    /// One transaction wrote more than a message can carry; nothing was written. Such records would
    /// stay on this machine for ever.
    #[error("transaction of {bytes} bytes is longer than {TRANSACTION_BYTES_MAX}")]
    TransactionTooLong {
        /// What it wrote.
        bytes: usize,
    },
    /// Anything else the database refuses.
    #[error("database refused")]
    Database(#[source] rusqlite::Error),
    /// A value that has no encoding.
    #[error("record not encodable")]
    Encoding(#[from] serde_json::Error),
    /// A batch that has no encoding.
    #[error("batch not encodable")]
    Batch(#[from] postcard::Error),
    /// A value outside its bounds.
    #[error("{what} outside its bounds")]
    Bounds {
        /// What.
        what: &'static str,
    },
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
            _ => Self::Database(error),
        }
    }
}

/// Why a database was not opened. The file is as it was before.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file belongs to another key.
    #[error("wrong database key")]
    WrongKey,
    /// The key is right and the file is not.
    #[error("database file damaged")]
    Damaged,
    /// The note about the key is missing, so it cannot be told which of the two it is.
    #[error("wrong database key or damaged file")]
    Unreadable,
    /// Some other file or database.
    #[error("not a database of Todoke")]
    NotTodoke,
    /// Written by a newer program.
    #[error("database schema {found} is newer than {known}")]
    NewerSchema {
        /// Of the file.
        found: i64,
        /// Of this program.
        known: i64,
    },
    /// The file belongs to another device.
    #[error("database belongs to another device")]
    OtherSite,
    /// A replicated table breaks a rule of cr-sqlite.
    #[error("replicated schema: {0}")]
    Schema(String),
    /// The file system refused.
    #[error("database file not accessible")]
    File(#[from] std::io::Error),
    /// cr-sqlite is missing.
    #[error(transparent)]
    Extension(#[from] crsqlite::LoadError),
    /// The database refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        match StoreError::from(error) {
            StoreError::Damaged => Self::Damaged,
            other @ (StoreError::DiskFull
            | StoreError::Restored { .. }
            | StoreError::Elsewhere
            | StoreError::TransactionTooLong { .. }
            | StoreError::Database(_)
            | StoreError::Encoding(_)
            | StoreError::Batch(_)
            | StoreError::Bounds { .. }) => Self::Store(other),
        }
    }
}
