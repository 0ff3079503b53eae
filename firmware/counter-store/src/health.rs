//! What the people who look after this counter want to know of its database. No personal data.

use replica::{DatasetAge, Outstanding, QuarantineRow, StoreError};
use rusqlite::{Connection, named_params};
use sync_engine::{Peer, PeerRole};
use sync_protocol::SiteId;

use crate::store::CounterStore;

/// How much waits, and what is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreHealth {
    /// Records written here that head office has not said it has.
    pub unsent: Outstanding,
    /// Signatures, forms and scans made here that head office has not said it has.
    pub unsent_blobs: BlobsWaiting,
    /// Signatures, forms and scans that records name and that are not complete here.
    pub missing_blobs: BlobsWaiting,
    /// Batches that could not be applied.
    pub kept_aside: Vec<QuarantineRow>,
    /// Published data and since when.
    pub datasets: Vec<DatasetAge>,
    /// Size of the database file, bytes.
    pub database_bytes: u64,
}

/// Blobs on their way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BlobsWaiting {
    /// How many.
    pub count: u64,
    /// Their bytes that are still to go.
    pub bytes: u64,
}

const UNSENT: &str = "SELECT count(*), coalesce(sum(length), 0) FROM blob
     WHERE hash IN (SELECT hash FROM unsent_blob)";
const MISSING: &str = "SELECT count(*), coalesce(sum(length - have), 0) FROM blob WHERE held = 0";

impl CounterStore {
    /// How the database is. Notes since when datasets are here.
    ///
    /// # Errors
    /// When the database cannot be read, or the disk fails.
    pub fn health(&mut self) -> Result<StoreHealth, StoreError> {
        let datasets = self.replica.note_dataset_ages()?;
        let connection = self.replica.reader();
        Ok(StoreHealth {
            unsent: self.unsent()?,
            unsent_blobs: blobs(connection, UNSENT)?,
            missing_blobs: blobs(connection, MISSING)?,
            kept_aside: self.replica.quarantine()?,
            datasets,
            database_bytes: size(connection)?,
        })
    }

    /// Everything behind the oldest version head office lacks. What it lacks is always the newest.
    fn unsent(&self) -> Result<Outstanding, StoreError> {
        let oldest: Option<u64> = self
            .replica
            .reader()
            .prepare_cached("SELECT min(version) FROM unsent")?
            .query_row([], |row| row.get(0))?;
        let Some(oldest) = oldest else {
            return Ok(Outstanding::default());
        };
        // Head office may see everything, whichever machine it is.
        let head_office = Peer {
            site: SiteId([0; 16]),
            branch: "00".to_owned(),
            role: PeerRole::Hub,
        };
        let own = self.replica.site();
        self.replica
            .outstanding(&head_office, own, oldest.saturating_sub(1))
    }
}

fn blobs(connection: &Connection, query: &str) -> Result<BlobsWaiting, StoreError> {
    let mut statement = connection.prepare_cached(query)?;
    Ok(statement.query_row(named_params! {}, |row| {
        Ok(BlobsWaiting {
            count: row.get(0)?,
            bytes: row.get(1)?,
        })
    })?)
}

fn size(connection: &Connection) -> Result<u64, StoreError> {
    let pages: u64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    // SQLCipher answers with a setting of its own, as text.
    let page: String = connection.query_row("PRAGMA cipher_page_size", [], |row| row.get(0))?;
    let page: u64 = page
        .parse()
        .map_err(|_| StoreError::Bounds { what: "page size" })?;
    Ok(pages.saturating_mul(page))
}
