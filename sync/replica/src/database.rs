//! The open database and its one kind of write transaction.

use std::collections::BTreeSet;
use std::path::Path;

use counter_domain::hlc::Hlc;
use counter_domain::ids::{BlobHash, CaseId, DeviceId};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, named_params};
use sync_protocol::SiteId;
use sync_protocol::limits::TRANSACTION_BYTES_MAX;

use crate::error::{OpenError, StoreError};
use crate::key::DatabaseKey;
use crate::surroundings::Surroundings;
use crate::{migrate, open, tables};

/// What a change adds to its document on the wire, at most: key, names, numbers.
const CHANGE_BYTES: usize = 320;

/// An open database that takes part in replication.
///
/// One per process and file. Blocks; `Send`, so it can live behind a mutex.
#[derive(Debug)]
pub struct Replica {
    pub(crate) connection: Connection,
    pub(crate) site: SiteId,
    pub(crate) around: Surroundings,
    pub(crate) publishing_key: Option<Vec<u8>>,
    pub(crate) restored: Option<(u64, u64)>,
    /// The newest clock reading a peer told; not on disk, since every hello tells it again.
    pub(crate) heard: Hlc,
    closed: bool,
}

impl Replica {
    /// Opens the database at `path`, or makes one when there is no file at all. `site` is this
    /// device's id for its whole life.
    ///
    /// # Errors
    /// See [`OpenError`]. An unreadable file is never overwritten.
    pub fn open(
        path: &Path,
        key: &DatabaseKey,
        site: SiteId,
        around: Surroundings,
    ) -> Result<Self, OpenError> {
        let connection = open::open(path, key, site)?;
        let publishing_key = meta(&connection, "publishing_key")?;
        let mut replica = Self {
            connection,
            site,
            around,
            publishing_key,
            restored: None,
            heard: Hlc::default(),
            closed: false,
        };
        replica.restored = replica.load_restored()?;
        Ok(replica)
    }

    /// Runs the schema steps of a room built on this one.
    ///
    /// # Errors
    /// When the file was written by a newer program or the disk fails.
    pub fn migrate_room(&mut self, room: &str, steps: &[&str]) -> Result<(), OpenError> {
        migrate::run_room(&mut self.connection, room, steps)
    }

    /// This database's site.
    pub fn site(&self) -> SiteId {
        self.site
    }

    /// The device, which has the same id.
    pub fn device(&self) -> DeviceId {
        DeviceId(self.site.0)
    }

    /// The time in milliseconds since 1970.
    pub fn unix_ms(&self) -> u64 {
        self.around.unix_ms()
    }

    /// Reads; never for writing, which would miss the clock and the checks.
    pub fn reader(&self) -> &Connection {
        &self.connection
    }

    /// One write transaction, on disk when this returns `Ok`, undone when `work` fails.
    ///
    /// # Errors
    /// What `work` says; the disk's error; [`StoreError::Restored`].
    pub fn write<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut Write<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if let Some((own, held)) = self.restored {
            return Err(StoreError::Restored { own, held }.into());
        }
        self.write_local(work)
    }

    /// As [`Self::write`], also when the database was restored: for what never becomes a change.
    pub(crate) fn write_local<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut Write<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let now = self.around.unix_ms();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::from)?;
        let at = tick(&transaction, self.heard, now)?;
        let mut write = Write {
            transaction,
            site: self.site,
            at,
            around: &mut self.around,
            touched: BTreeSet::new(),
            blobs: BTreeSet::new(),
            bytes: 0,
        };
        let done = work(&mut write)?;
        if write.bytes > TRANSACTION_BYTES_MAX {
            return Err(StoreError::TransactionTooLong { bytes: write.bytes }.into());
        }
        write.transaction.commit().map_err(StoreError::from)?;
        Ok(done)
    }

    /// Limits how many pages of 4 KiB the file may have, at least what it has now; `None` changes
    /// nothing. Returns the limit in force.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn limit_pages(&self, pages: Option<u32>) -> Result<u32, StoreError> {
        // SQLite takes 0 for a question; 1 is below any real file and means "no growth".
        let pages = pages.map_or(0, |pages| pages.max(1));
        let limit = |row: &rusqlite::Row<'_>| row.get(0);
        Ok(self
            .connection
            .pragma_update_and_check(None, "max_page_count", pages, limit)?)
    }

    /// Closes; without it, dropping does the same and swallows the error.
    ///
    /// # Errors
    /// When the last checkpoint does not reach the disk; the WAL keeps it then.
    pub fn close(mut self) -> Result<(), StoreError> {
        self.release()?;
        Ok(())
    }

    fn release(&mut self) -> Result<(), rusqlite::Error> {
        if self.closed {
            return Ok(());
        }
        self.closed = true;
        self.connection.flush_prepared_statement_cache();
        crsqlite::finalize(&self.connection)
    }

    fn load_restored(&self) -> Result<Option<(u64, u64)>, StoreError> {
        let Some(held) = meta(&self.connection, "restored")? else {
            return Ok(None);
        };
        let held = held.try_into().map_or(u64::MAX, u64::from_be_bytes);
        Ok(Some((self.own_version()?, held)))
    }

    /// The last clock reading on disk.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn clock(&self) -> Result<Hlc, StoreError> {
        clock(&self.connection)
    }

    /// Notes the clock reading a peer told: what is written here from now on is later.
    pub fn heard_clock(&mut self, hlc: u64) {
        self.heard = self.heard.max(Hlc(hlc));
    }

    /// The last version this site wrote, as it is on disk. `crsql_db_version()` keeps counting a
    /// transaction whose commit failed on a full disk; a peer would be told of a version that is
    /// written later, and never get it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn own_version(&self) -> Result<u64, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT db_version FROM crsql_db_versions WHERE site_id = :site")?;
        let version = statement.query_row([self.site.0], |row| row.get(0));
        Ok(version.optional()?.unwrap_or(0))
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        if let Err(error) = self.release() {
            tracing::warn!(%error, "cr-sqlite not released");
        }
    }
}

/// A write transaction. Everything in it has the same clock reading.
#[derive(Debug)]
pub struct Write<'a> {
    pub(crate) transaction: Transaction<'a>,
    pub(crate) site: SiteId,
    pub(crate) at: Hlc,
    pub(crate) around: &'a mut Surroundings,
    pub(crate) touched: BTreeSet<CaseId>,
    pub(crate) blobs: BTreeSet<(CaseId, BlobHash)>,
    bytes: usize,
}

impl Write<'_> {
    /// The transaction's clock reading.
    pub fn at(&self) -> Hlc {
        self.at
    }

    /// The connection, for local tables and projections.
    pub fn connection(&self) -> &Connection {
        &self.transaction
    }

    /// Unpredictable bytes.
    pub fn random<const N: usize>(&mut self) -> [u8; N] {
        self.around.random()
    }

    /// Cases this transaction wrote records of.
    pub fn touched(&self) -> &BTreeSet<CaseId> {
        &self.touched
    }

    /// Blobs this transaction named in a case.
    pub fn blobs(&self) -> &BTreeSet<(CaseId, BlobHash)> {
        &self.blobs
    }

    /// Counts a document into the transaction, when its table takes one of that length: what is
    /// written here must pass the checks of every other site.
    pub(crate) fn count(
        &mut self,
        table: &str,
        what: &'static str,
        doc: &[u8],
    ) -> Result<(), StoreError> {
        if tables::table(table).is_none_or(|table| doc.len() > table.bytes_max) {
            return Err(StoreError::Bounds { what });
        }
        self.bytes += doc.len() + CHANGE_BYTES;
        Ok(())
    }

    /// The version this transaction will have, when it wrote records.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn version(&self) -> Result<u64, StoreError> {
        let mut statement = self
            .transaction
            .prepare_cached("SELECT crsql_peek_next_db_version()")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }
}

/// Moves the clock on and stamps the transaction with it.
fn tick(transaction: &Transaction<'_>, heard: Hlc, now_unix_ms: u64) -> Result<Hlc, StoreError> {
    let at = clock(transaction)?.receive(heard, now_unix_ms);
    set_clock(transaction, at)?;
    // cr-sqlite does not track what is written while it merges, and believes that it still merges
    // after a merge that failed on a full disk: every later record would stay here for ever.
    let mut untracked = transaction.prepare_cached("SELECT crsql_internal_sync_bit(0)")?;
    untracked.query_row([], |_| Ok(()))?;
    let mut stamp = transaction.prepare_cached("SELECT crsql_set_ts(:at)")?;
    stamp.query_row([at.to_string()], |_| Ok(()))?;
    Ok(at)
}

/// The last clock reading on disk.
pub(crate) fn clock(connection: &Connection) -> Result<Hlc, StoreError> {
    let stored = meta(connection, "hlc")?.and_then(|bytes| bytes.try_into().ok());
    Ok(stored
        .map(|bytes| Hlc(u64::from_be_bytes(bytes)))
        .unwrap_or_default())
}

pub(crate) fn set_clock(connection: &Connection, at: Hlc) -> Result<(), StoreError> {
    set_meta(connection, "hlc", &at.0.to_be_bytes())
}

pub(crate) fn meta(connection: &Connection, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT value FROM meta WHERE name = :name")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

pub(crate) fn set_meta(
    connection: &Connection,
    name: &str,
    value: &[u8],
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO meta (name, value) VALUES (:name, :value)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )?;
    statement.execute(named_params! { ":name": name, ":value": value })?;
    Ok(())
}
