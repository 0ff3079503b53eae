//! The resident copy (住民記録の副本) at the counter.
//!
//! The dataset arrives in the main database like every other. From it an index is made in a file
//! of its own, encrypted with a key derived from the database's, while the counter works on; when
//! it is whole, one rename puts it in the place of the old one. What happens on the way (a power
//! cut, a full disk, a newer version) leaves the old index as it is.
//!
//! Searching asks the protection list before anything that tells where somebody lives is read.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use counter_domain::protection::{household_digest, person_digest};
use counter_domain::resident::{Resident, ResidentQuery};
use replica::{DatabaseKey, StoreError, open_side_file};
use rusqlite::Connection;

use crate::residents::search::{Index, Members, Numbers};
use crate::store::CounterStore;

mod build;
mod install;
mod lines;
mod postings;
mod search;

pub use install::{InstallError, Installing, install_resident_copy};

/// Layout of the index; another one is made anew.
const LAYOUT: u32 = 2;

const KEY_PURPOSE: &str = "todoke 2026-11 resident copy index";

/// The copy that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResidentCopy {
    /// Version of the dataset.
    pub version: u64,
    /// Version of the changes since; 0 without any.
    pub changes: u64,
    /// The day the resident record system wrote it, ISO 8601.
    pub as_of: String,
    /// The city, as addresses begin with it.
    pub city: String,
    /// People in it.
    pub persons: u64,
}

/// Somebody found. Where they live is left out when they, or somebody of their household, are
/// under protection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundResident {
    /// Who; without [`Resident::place`] when `protected`.
    pub resident: Resident,
    /// The household is under protection: the address stays with head office.
    pub protected: bool,
}

/// What a search found, at most [`FOUND_MAX`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundResidents {
    /// People who live here first.
    pub people: Vec<FoundResident>,
    /// There are more: another word narrows it down.
    pub more: bool,
}

/// Most people one search shows.
pub const FOUND_MAX: usize = 50;

/// The index file and the key it is read with.
#[derive(Debug)]
pub(crate) struct Residents {
    path: PathBuf,
    key: DatabaseKey,
    open: Option<OpenIndex>,
}

#[derive(Debug)]
struct OpenIndex {
    connection: Connection,
    /// People who live here.
    here: u32,
    copy: ResidentCopy,
}

impl Residents {
    /// Opens the index of the database at `database`, if there is one. What cannot be read is made
    /// anew from the dataset; it is no record.
    pub(crate) fn beside(database: &Path, key: &DatabaseKey) -> Self {
        let mut residents = Self {
            path: with_ending(database, ".residents"),
            key: key.derived(KEY_PURPOSE),
            open: None,
        };
        residents.forget_unfinished();
        residents.reopen();
        residents
    }

    fn unfinished(&self) -> PathBuf {
        with_ending(&self.path, ".new")
    }

    fn forget_unfinished(&self) {
        if let Err(error) = fs::remove_file(self.unfinished())
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "unfinished resident copy not removed");
        }
    }

    fn reopen(&mut self) {
        if !self.path.exists() {
            return;
        }
        match self.read_index() {
            Ok(open) => self.open = Some(open),
            Err(error) => tracing::warn!(%error, "resident copy unreadable, made anew"),
        }
    }

    fn read_index(&self) -> Result<OpenIndex, StoreError> {
        let connection = open_side_file(&self.path, &self.key)?;
        let (copy, here) = connection.query_row(
            "SELECT version, changes, as_of, city, persons, here FROM about WHERE layout = :layout",
            [LAYOUT],
            |row| {
                let copy = ResidentCopy {
                    version: row.get(0)?,
                    changes: row.get(1)?,
                    as_of: row.get(2)?,
                    city: row.get(3)?,
                    persons: row.get(4)?,
                };
                Ok((copy, row.get(5)?))
            },
        )?;
        Ok(OpenIndex {
            connection,
            here,
            copy,
        })
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(ending);
    PathBuf::from(name)
}

impl CounterStore {
    /// The copy that can be searched; `None` before the first was installed.
    pub fn resident_copy(&self) -> Option<&ResidentCopy> {
        self.residents.open.as_ref().map(|open| &open.copy)
    }

    /// Finds people. Nothing is found before a copy is installed.
    ///
    /// # Errors
    /// When a database cannot be read.
    pub fn find_residents(&self, query: &ResidentQuery) -> Result<FoundResidents, StoreError> {
        self.asked(|index| index.find(query))
    }

    /// Everybody who lives in a household, the head first.
    ///
    /// # Errors
    /// When a database cannot be read.
    pub fn household(&self, household_no: &str) -> Result<Vec<FoundResident>, StoreError> {
        self.asked(|index| index.household(household_no, Members::Here))
    }

    /// Everybody who left a household: moved out, died or was removed.
    ///
    /// # Errors
    /// When a database cannot be read.
    pub fn left_household(&self, household_no: &str) -> Result<Vec<FoundResident>, StoreError> {
        self.asked(|index| index.household(household_no, Members::Gone))
    }

    /// One person, by the number of the resident record system.
    ///
    /// # Errors
    /// When a database cannot be read.
    pub fn resident(&self, person_no: &str) -> Result<Option<FoundResident>, StoreError> {
        self.asked(|index| index.person(person_no))
    }

    /// Asks the open index; nothing without one.
    fn asked<T: Default>(
        &self,
        ask: impl FnOnce(&Index<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let Some(open) = &self.residents.open else {
            return Ok(T::default());
        };
        let is_protected = |numbers: &Numbers<'_>| self.is_resident_protected(numbers);
        ask(&Index {
            connection: &open.connection,
            here: open.here,
            is_protected: &is_protected,
        })
    }

    fn is_resident_protected(&self, resident: &Numbers<'_>) -> Result<bool, StoreError> {
        let digests = [
            person_digest(resident.person_no),
            household_digest(resident.household_no),
        ];
        replica::is_any_protected(self.replica.reader(), &digests)
    }
}
