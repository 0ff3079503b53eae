//! What a counter knows of head office's state when it makes a courier file.

use replica::StoreError;
use sync_protocol::SiteId;

use crate::store::CounterStore;

const LOG: &str = "log-acknowledged";

/// The note is written when it is this much behind: what a file repeats because of it is small.
const LOG_STEP: u64 = 256;

impl CounterStore {
    /// The last version written here that `peer` said it has.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn acknowledged_by(&self, peer: SiteId) -> Result<u64, StoreError> {
        self.replica.acked_by(peer, self.replica.site())
    }

    /// An entry of the own log that head office has, with everything before it; it may have more.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn log_acknowledged(&self) -> Result<u64, StoreError> {
        let noted = self.replica.local_value(LOG)?;
        let noted = noted.and_then(|bytes| bytes.try_into().ok());
        Ok(noted.map_or(0, u64::from_be_bytes))
    }

    pub(crate) fn note_log_acknowledged(&mut self, head: u64) -> Result<(), StoreError> {
        let noted = self.log_acknowledged()?;
        if head < noted.saturating_add(LOG_STEP) {
            return Ok(());
        }
        self.replica.keep_local_value(LOG, &head.to_be_bytes())
    }

    /// Changes whenever another process wrote to the database.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn written_elsewhere(&self) -> Result<i64, StoreError> {
        self.replica.written_elsewhere()
    }
}
