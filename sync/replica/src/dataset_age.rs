//! Since when the version of each dataset in force is here.
//!
//! Noted when somebody looks, not by what installs a dataset: there are many ways for one to come
//! (line, neighbour, courier file, publication by another process), and a time that is at most one
//! look late is enough for the people who ask how old a list is.

use crate::database::{Replica, meta, set_meta};
use crate::error::StoreError;

/// A dataset and since when its version is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetAge {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u64,
    /// Its length, bytes.
    pub length: u64,
    /// Milliseconds since 1970; `None` when this version was not looked at yet.
    pub since_unix_ms: Option<u64>,
}

fn key_of(name: &str) -> String {
    format!("dataset-since:{name}")
}

impl Replica {
    /// The datasets in force and since when.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn dataset_ages(&self) -> Result<Vec<DatasetAge>, StoreError> {
        let mut ages = Vec::new();
        for manifest in self.datasets()? {
            let noted = meta(&self.connection, &key_of(&manifest.name))?;
            let noted = noted.as_deref().and_then(read);
            ages.push(DatasetAge {
                since_unix_ms: noted
                    .filter(|(version, _)| *version == manifest.version)
                    .map(|(_, since)| since),
                name: manifest.name,
                version: manifest.version,
                length: manifest.length,
            });
        }
        Ok(ages)
    }

    /// The same, after noting now for every version that was not looked at before.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn note_dataset_ages(&mut self) -> Result<Vec<DatasetAge>, StoreError> {
        let mut ages = self.dataset_ages()?;
        if ages.iter().all(|one| one.since_unix_ms.is_some()) {
            return Ok(ages);
        }
        let now = self.around.unix_ms();
        self.write_local(|write| {
            for one in ages.iter_mut().filter(|one| one.since_unix_ms.is_none()) {
                let noted = written(one.version, now);
                set_meta(write.connection(), &key_of(&one.name), &noted)?;
                one.since_unix_ms = Some(now);
            }
            Ok(ages)
        })
    }
}

/// Version and time, eight bytes each.
fn written(version: u64, since_unix_ms: u64) -> Vec<u8> {
    [version.to_be_bytes(), since_unix_ms.to_be_bytes()].concat()
}

fn read(bytes: &[u8]) -> Option<(u64, u64)> {
    let (version, since) = bytes.split_first_chunk::<8>()?;
    let since = <[u8; 8]>::try_from(since).ok()?;
    Some((u64::from_be_bytes(*version), u64::from_be_bytes(since)))
}
