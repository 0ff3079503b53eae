//! A copy of the database while it is in use, and what has to be so before a copy lives on.

use std::path::Path;

use rusqlite::OpenFlags;
use rusqlite::backup::{Backup, StepResult};
use sync_engine::DatasetManifest;

use crate::database::Replica;
use crate::dataset::{dataset, put, signed_bytes};
use crate::error::StoreError;
use crate::key::DatabaseKey;
use crate::open;

/// Pages 0 to the end in one step: in WAL mode that reads one moment and holds up no writer.
const ALL_PAGES: i32 = -1;

impl Replica {
    /// Copies everything committed until now into a new file at `path`, encrypted with `key`,
    /// which must be the key of this database. Writers go on meanwhile.
    ///
    /// # Errors
    /// When something is at `path` already or the disk fails.
    pub fn copy_to(&self, path: &Path, key: &DatabaseKey) -> Result<(), StoreError> {
        if path.exists() {
            return Err(StoreError::Bounds {
                what: "copy's place",
            });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut copy = open::open_keyed(path, key, flags)?;
        let step = Backup::new(&self.connection, &mut copy)?.step(ALL_PAGES)?;
        if step != StepResult::Done {
            return Err(StoreError::Bounds { what: "copy" });
        }
        // One file, without a log beside it.
        copy.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
        copy.close().map_err(|(_, error)| error.into())
    }

    /// What the database's own check says of the whole file; empty when it is sound.
    ///
    /// # Errors
    /// When the check cannot run.
    pub fn faults(&self) -> Result<Vec<String>, StoreError> {
        let mut faults = Vec::new();
        for check in [
            "PRAGMA cipher_integrity_check",
            "PRAGMA integrity_check(20)",
        ] {
            let mut statement = self.connection.prepare(check)?;
            let said = statement.query_map([], |row| row.get::<_, String>(0))?;
            for line in said {
                faults.push(line?);
            }
        }
        faults.retain(|line| line != "ok");
        Ok(faults)
    }

    /// Leaves out this many of its own versions and closes. A restored head office has fewer
    /// versions than the counters have of it; without a leap its new ones would have numbers they
    /// know already, and never arrive.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn leap(mut self, versions: u64) -> Result<(), StoreError> {
        let target = self.own_version()?.saturating_add(versions).min(1 << 62);
        let site = self.site;
        self.write_local(|write| {
            let set = "SELECT crsql_set_db_version(:site, :version)";
            let place = rusqlite::named_params! { ":site": site.0, ":version": target };
            write.connection().query_row(set, place, |_| Ok(()))?;
            Ok::<(), StoreError>(())
        })?;
        // cr-sqlite remembers the old version as long as the connection is open.
        self.close()
    }

    /// Publishes an installed dataset again, `versions` later, with a new signature: for the same
    /// reason as [`Self::leap`].
    ///
    /// # Errors
    /// When there is no such dataset or the disk fails.
    pub fn leap_dataset(
        &mut self,
        name: &str,
        versions: u64,
        sign: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> Result<(), StoreError> {
        let installed =
            dataset(&self.connection, name)?.ok_or(StoreError::Bounds { what: "dataset" })?;
        let mut manifest = DatasetManifest {
            name: name.to_owned(),
            version: installed.version.saturating_add(versions),
            length: installed.bytes.len() as u64,
            hash: *blake3::hash(&installed.bytes).as_bytes(),
            signature: Vec::new(),
        };
        manifest.signature = sign(&signed_bytes(&manifest)?);
        self.write_local(|write| put(write.connection(), &manifest, &installed.bytes))
    }
}
