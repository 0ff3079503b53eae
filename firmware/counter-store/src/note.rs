//! Notes of this counter that are not replicated.

use replica::StoreError;
use rusqlite::{OptionalExtension, named_params};

use crate::store::CounterStore;

impl CounterStore {
    /// The note of that name; `None` when there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn note(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement = self
            .replica
            .reader()
            .prepare_cached("SELECT value FROM note WHERE name = :name")?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }

    /// Writes a note, or removes it.
    ///
    /// # Errors
    /// When the disk fails; the note is as it was then.
    pub fn set_note(&mut self, name: &str, value: Option<&[u8]>) -> Result<(), StoreError> {
        self.replica.write(|write| {
            let connection = write.connection();
            match value {
                Some(value) => connection
                    .prepare_cached(
                        "INSERT INTO note (name, value) VALUES (:name, :value)
                         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    )?
                    .execute(named_params! { ":name": name, ":value": value })?,
                None => connection
                    .prepare_cached("DELETE FROM note WHERE name = :name")?
                    .execute([name])?,
            };
            Ok::<(), StoreError>(())
        })
    }
}
