//! Small values of one database that are not replicated: keys, notes about other devices.

use crate::database::{Replica, meta, set_meta};
use crate::error::StoreError;

/// Keeps a room's names apart from the replica's own.
const PREFIX: &str = "room:";

impl Replica {
    /// The value of that name; `None` when there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn local_value(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        meta(&self.connection, &format!("{PREFIX}{name}"))
    }

    /// Keeps a value under a name, instead of the one before. Also after a restored backup, because
    /// it never becomes a change.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn keep_local_value(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.write_local(|write| set_meta(write.connection(), &format!("{PREFIX}{name}"), value))
    }

    /// Changes whenever another connection, of this or another process, wrote to the file. Costs a
    /// look at shared memory.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn written_elsewhere(&self) -> Result<i64, StoreError> {
        let mut statement = self.connection.prepare_cached("PRAGMA data_version")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }
}
