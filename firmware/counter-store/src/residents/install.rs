//! Making the index from the datasets, beside the work of the counter.
//!
//! `resident-copy` is everybody; `resident-copy-changes` is what changed since that one, and is
//! followed only when it names it. Where it names another copy, which is then on its way, the index
//! stays as it is until that copy is here.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use counter_domain::resident::{
    CHANGES_FORMAT, COPY_FORMAT, ChangesHeader, CopyHeader, RESIDENT_CHANGES, RESIDENT_COPY,
    Resident, ResidentChange,
};
use replica::{StoreError, create_side_file, finish_side_file};
use rusqlite::{Connection, named_params};
use sync_engine::{DatasetManifest, Store};
use thiserror::Error;

use crate::residents::build::Builder;
use crate::residents::lines::Lines;
use crate::residents::{LAYOUT, ResidentCopy};
use crate::store::CounterStore;

/// Most people of a copy; the largest city of Japan has 3.8 million.
const PERSONS_MAX: u64 = 5_000_000;
/// Share of the time that reading takes; sorting the words is the rest.
const READING_PERCENT: u64 = 80;

/// How far an installation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Installing {
    /// Version being installed.
    pub version: u64,
    /// 0 to 100.
    pub percent: u8,
}

/// Why a copy was not installed; the old one is as it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InstallError {
    /// A newer version arrived in the meantime.
    #[error("a newer version of the resident copy arrived")]
    Superseded,
    /// Not the layout this program knows.
    #[error("resident copy has another layout: {0}")]
    Layout(&'static str),
    /// The dataset cannot be unpacked.
    #[error("resident copy not readable")]
    Read(#[source] io::Error),
    /// The disk or the database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for InstallError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

pub(super) fn locked(store: &Mutex<CounterStore>) -> MutexGuard<'_, CounterStore> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Installs the newest copy with its changes, if that is not installed. The store is held for
/// moments only, so that the counter works on. `tell` hears of each further percent.
///
/// # Errors
/// See [`InstallError`]; the installed copy is as it was.
pub fn install_resident_copy(
    store: &Mutex<CounterStore>,
    tell: &mut dyn FnMut(Installing),
) -> Result<Option<ResidentCopy>, InstallError> {
    let Some(wanted) = wanted(store)? else {
        return Ok(None);
    };
    let (path, key) = {
        let store = locked(store);
        store.residents.forget_unfinished();
        (store.residents.unfinished(), store.residents.key.clone())
    };
    let mut connection = create_side_file(&path, &key)?;
    let copy = fill(&mut connection, store, &wanted, tell)?;
    finish_side_file(connection, &path)?;
    let mut store = locked(store);
    rename_durably(&path, &store.residents.path)?;
    let open = store.residents.read_index()?;
    store.residents.open = Some(open);
    Ok(Some(copy))
}

/// The datasets an index is to be made of.
struct Wanted {
    copy: DatasetManifest,
    changes: Option<DatasetManifest>,
}

impl Wanted {
    fn changes_version(&self) -> u64 {
        self.changes.as_ref().map_or(0, |changes| changes.version)
    }
}

/// The datasets whose index is missing.
fn wanted(store: &Mutex<CounterStore>) -> Result<Option<Wanted>, InstallError> {
    let (installed, indexed) = {
        let store = locked(store);
        let indexed = store.resident_copy();
        let indexed = indexed.map(|copy| (copy.version, copy.changes));
        (Store::datasets(&*store)?, indexed)
    };
    let named = |name: &str| installed.iter().find(|one| one.name == name).cloned();
    let Some(copy) = named(RESIDENT_COPY) else {
        return Ok(None);
    };
    let changes = named(RESIDENT_CHANGES).filter(|changes| follows(store, changes, &copy));
    let here = indexed.filter(|(version, _)| *version == copy.version);
    let wanted = Wanted { copy, changes };
    Ok(match here {
        Some((_, changes)) if changes == wanted.changes_version() => None,
        // These changes are for a copy that is still on its way.
        Some(_) if wanted.changes.is_none() => None,
        Some(_) | None => Some(wanted),
    })
}

/// Whether changes are those of this copy.
fn follows(store: &Mutex<CounterStore>, changes: &DatasetManifest, copy: &DatasetManifest) -> bool {
    let header = Lines::of(store, changes).and_then(|mut lines| lines.header::<ChangesHeader>());
    match header {
        Ok(header) => header.format == CHANGES_FORMAT && header.copy == hex(&copy.hash),
        Err(error) => {
            tracing::warn!(%error, version = changes.version, "changes of the resident copy left alone");
            false
        }
    }
}

/// How a copy's hash is written in the changes.
fn hex(hash: &[u8; 32]) -> String {
    use std::fmt::Write as _;
    hash.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").ok();
        text
    })
}

fn rename_durably(from: &std::path::Path, to: &std::path::Path) -> Result<(), StoreError> {
    let done = std::fs::rename(from, to).and_then(|()| match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => std::fs::File::open(folder)?.sync_all(),
        Some(_) | None => Ok(()),
    });
    done.map_err(|error| {
        if error.kind() == io::ErrorKind::StorageFull {
            StoreError::DiskFull
        } else {
            StoreError::Damaged
        }
    })
}

fn fill(
    connection: &mut Connection,
    store: &Mutex<CounterStore>,
    wanted: &Wanted,
    tell: &mut dyn FnMut(Installing),
) -> Result<ResidentCopy, InstallError> {
    let mut progress = Progress::new(wanted.copy.version, tell);
    let changes = match &wanted.changes {
        None => Changes::default(),
        Some(changes) => Changes::read(store, changes)?,
    };
    let mut lines = Lines::of(store, &wanted.copy)?;
    let header: CopyHeader = lines.header()?;
    if header.format != COPY_FORMAT {
        return Err(InstallError::Layout("newer format"));
    }
    let transaction = connection.transaction()?;
    let mut builder = Builder::new(&transaction, &header.city)?;
    put_everybody(&mut builder, &mut lines, &header, &changes, &mut progress)?;
    for resident in changes.people.into_values().flatten() {
        builder.put(resident)?;
    }
    let persons = builder.persons();
    let mut done = 0;
    let here = builder.finish(&mut || {
        done += 1;
        progress.at(READING_PERCENT + done * (99 - READING_PERCENT) / Builder::STEPS);
    })?;
    let copy = ResidentCopy {
        version: wanted.copy.version,
        changes: wanted.changes_version(),
        as_of: changes.as_of.unwrap_or(header.as_of),
        city: header.city,
        persons,
    };
    put_about(&transaction, &copy, here)?;
    transaction.commit()?;
    progress.at(100);
    Ok(copy)
}

fn put_everybody(
    builder: &mut Builder<'_>,
    lines: &mut Lines<'_>,
    header: &CopyHeader,
    changes: &Changes,
    progress: &mut Progress<'_>,
) -> Result<(), InstallError> {
    let mut count = 0;
    while let Some(resident) = lines.next::<Resident>()? {
        count += 1;
        if count > header.persons.min(PERSONS_MAX) {
            return Err(InstallError::Layout("more people than announced"));
        }
        if !changes.people.contains_key(&resident.person_no) {
            builder.put(resident)?;
        }
        progress.at(count * READING_PERCENT / header.persons.max(1));
    }
    if count != header.persons {
        return Err(InstallError::Layout("fewer people than announced"));
    }
    Ok(())
}

/// What differs from the copy, by the number of the person; nothing for who is gone.
#[derive(Default)]
struct Changes {
    as_of: Option<String>,
    people: HashMap<String, Option<Resident>>,
}

impl Changes {
    fn read(store: &Mutex<CounterStore>, manifest: &DatasetManifest) -> Result<Self, InstallError> {
        let mut lines = Lines::of(store, manifest)?;
        let header: ChangesHeader = lines.header()?;
        let announced = header.put.saturating_add(header.removed);
        let mut people = HashMap::new();
        while let Some(change) = lines.next::<ResidentChange>()? {
            let (person, now) = match change {
                ResidentChange::Put(resident) => (resident.person_no.clone(), Some(*resident)),
                ResidentChange::Remove(person) => (person, None),
            };
            people.insert(person, now);
            if people.len() as u64 > announced {
                return Err(InstallError::Layout("more changes than announced"));
            }
        }
        if people.len() as u64 != announced {
            return Err(InstallError::Layout("fewer changes than announced"));
        }
        Ok(Self {
            as_of: Some(header.as_of),
            people,
        })
    }
}

fn put_about(connection: &Connection, copy: &ResidentCopy, here: u64) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO about (only_row, layout, version, changes, as_of, city, persons, here)
         VALUES (1, :layout, :version, :changes, :as_of, :city, :persons, :here)",
        named_params! {
            ":layout": LAYOUT, ":version": copy.version, ":changes": copy.changes,
            ":as_of": copy.as_of, ":city": copy.city, ":persons": copy.persons, ":here": here,
        },
    )?;
    Ok(())
}

/// Tells each percent once.
struct Progress<'a> {
    version: u64,
    told: Option<u8>,
    tell: &'a mut dyn FnMut(Installing),
}

impl<'a> Progress<'a> {
    fn new(version: u64, tell: &'a mut dyn FnMut(Installing)) -> Self {
        let mut progress = Self {
            version,
            told: None,
            tell,
        };
        progress.at(0);
        progress
    }

    fn at(&mut self, percent: u64) {
        let percent = u8::try_from(percent.min(100)).unwrap_or(100);
        if self.told.is_none_or(|told| told < percent) {
            self.told = Some(percent);
            (self.tell)(Installing {
                version: self.version,
                percent,
            });
        }
    }
}
