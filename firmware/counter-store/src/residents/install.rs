//! Making the index from the dataset, beside the work of the counter.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};

use counter_domain::resident::{
    COPY_FORMAT, CopyHeader, RESIDENT_COPY, Resident, ResidentKeys, ResidentState,
};
use replica::{StoreError, create_side_file, finish_side_file};
use rusqlite::{Connection, named_params};
use sync_engine::{DatasetManifest, Store};
use thiserror::Error;

use crate::residents::{LAYOUT, ResidentCopy};
use crate::store::CounterStore;

const SCHEMA: &str = include_str!("schema.sql");
const INDEX: &str = include_str!("index.sql");

/// Bytes read of the dataset while the store is held.
const PART_BYTES: usize = 256 << 10;
/// Longest line of the dataset.
const LINE_BYTES_MAX: u64 = 64 << 10;
/// Most people of a copy; the largest city of Japan has 3.8 million.
const PERSONS_MAX: u64 = 5_000_000;
/// Share of the time that reading takes; sorting the indexes is the rest.
const READING_PERCENT: u64 = 70;

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

fn locked(store: &Mutex<CounterStore>) -> MutexGuard<'_, CounterStore> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Installs the newest copy, if it is not the installed one. The store is held for moments only,
/// so that the counter works on. `tell` hears of each further percent.
///
/// # Errors
/// See [`InstallError`]; the installed copy is as it was.
pub fn install_resident_copy(
    store: &Mutex<CounterStore>,
    tell: &mut dyn FnMut(Installing),
) -> Result<Option<ResidentCopy>, InstallError> {
    let Some(manifest) = wanted(&locked(store))? else {
        return Ok(None);
    };
    locked(store).residents.forget_unfinished();
    let (path, key) = {
        let store = locked(store);
        (store.residents.unfinished(), store.residents.key.clone())
    };
    let mut connection = create_side_file(&path, &key)?;
    let copy = fill(&mut connection, store, &manifest, tell)?;
    finish_side_file(connection, &path)?;
    let mut store = locked(store);
    let path = store.residents.path.clone();
    rename_durably(&store.residents.unfinished(), &path)?;
    let open = store.residents.read_index()?;
    store.residents.open = Some(open);
    Ok(Some(copy))
}

/// The dataset whose index is missing.
fn wanted(store: &CounterStore) -> Result<Option<DatasetManifest>, StoreError> {
    let installed = Store::datasets(store)?;
    let indexed = store.resident_copy().map(|copy| copy.version);
    Ok(installed
        .into_iter()
        .find(|one| one.name == RESIDENT_COPY && Some(one.version) != indexed))
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
    manifest: &DatasetManifest,
    tell: &mut dyn FnMut(Installing),
) -> Result<ResidentCopy, InstallError> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(SCHEMA)?;
    let mut progress = Progress::new(manifest, tell);
    let parts = Parts {
        store,
        manifest,
        offset: 0,
        held: io::Cursor::new(Vec::new()),
    };
    let mut lines = Lines {
        from: BufReader::with_capacity(
            PART_BYTES,
            zstd::stream::read::Decoder::new(parts).map_err(InstallError::Read)?,
        ),
        line: Vec::new(),
    };
    let header: CopyHeader = parse(lines.next()?.ok_or(InstallError::Layout("empty"))?)?;
    if header.format != COPY_FORMAT {
        return Err(InstallError::Layout("newer format"));
    }
    let mut count = 0;
    while let Some(line) = lines.next()? {
        count += 1;
        if count > header.persons.min(PERSONS_MAX) {
            return Err(InstallError::Layout("more people than announced"));
        }
        put(&transaction, count, parse(line)?, &header.city)?;
        progress.at(count * READING_PERCENT / header.persons.max(1));
    }
    if count != header.persons {
        return Err(InstallError::Layout("fewer people than announced"));
    }
    make_indexes(&transaction, &mut progress)?;
    let copy = ResidentCopy {
        version: manifest.version,
        as_of: header.as_of,
        city: header.city,
        persons: count,
    };
    put_about(&transaction, &copy)?;
    transaction.commit()?;
    progress.at(100);
    Ok(copy)
}

fn parse<T: serde::de::DeserializeOwned>(line: &[u8]) -> Result<T, InstallError> {
    serde_json::from_slice(line).map_err(|_| InstallError::Layout("a line is none of ours"))
}

fn make_indexes(connection: &Connection, progress: &mut Progress<'_>) -> Result<(), InstallError> {
    let steps: Vec<&str> = INDEX.split_inclusive(';').collect();
    let count = steps.len() as u64;
    for (done, step) in (0_u64..).zip(steps) {
        connection.execute_batch(step)?;
        progress.at(READING_PERCENT + done * (99 - READING_PERCENT) / count.max(1));
    }
    Ok(())
}

fn put_about(connection: &Connection, copy: &ResidentCopy) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO about (only_row, layout, version, as_of, city, persons)
         VALUES (1, :layout, :version, :as_of, :city, :persons)",
        named_params! {
            ":layout": LAYOUT, ":version": copy.version, ":as_of": copy.as_of,
            ":city": copy.city, ":persons": copy.persons,
        },
    )?;
    Ok(())
}

fn put(
    connection: &Connection,
    id: u64,
    mut resident: Resident,
    city: &str,
) -> Result<(), InstallError> {
    let keys = ResidentKeys::of(&resident, city);
    let place = resident.place.take();
    let state = ResidentState::ALL
        .iter()
        .position(|state| *state == resident.state);
    let doc = serde_json::to_string(&resident).map_err(StoreError::from)?;
    connection
        .prepare_cached(
            "INSERT INTO person (id, person_no, household_no, resident_code, state, name_key,
                 given_key, kana_key, given_kana_key, other_key, other_kana_key, birth_from,
                 birth_to, doc)
             VALUES (:id, :person_no, :household_no, :code, :state, :name, :given, :kana,
                 :given_kana, :other, :other_kana, :from, :to, :doc)",
        )?
        .execute(named_params! {
            ":id": id, ":person_no": resident.person_no, ":household_no": resident.household_no,
            ":code": resident.resident_code, ":state": state, ":name": keys.name,
            ":given": keys.given, ":kana": keys.kana, ":given_kana": keys.given_kana,
            ":other": keys.other, ":other_kana": keys.other_kana, ":from": keys.birth.0,
            ":to": keys.birth.1, ":doc": doc,
        })?;
    let Some(place) = place else { return Ok(()) };
    let doc = serde_json::to_string(&place).map_err(StoreError::from)?;
    connection
        .prepare_cached(
            "INSERT INTO place (id, address_key, building_key, doc)
             VALUES (:id, :address, :building, :doc)",
        )?
        .execute(named_params! {
            ":id": id, ":address": keys.address, ":building": keys.building, ":doc": doc,
        })?;
    Ok(())
}

/// Tells each percent once.
struct Progress<'a> {
    version: u64,
    told: Option<u8>,
    tell: &'a mut dyn FnMut(Installing),
}

impl<'a> Progress<'a> {
    fn new(manifest: &DatasetManifest, tell: &'a mut dyn FnMut(Installing)) -> Self {
        let mut progress = Self {
            version: manifest.version,
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

/// The dataset's bytes, fetched part by part.
struct Parts<'a> {
    store: &'a Mutex<CounterStore>,
    manifest: &'a DatasetManifest,
    offset: u64,
    held: io::Cursor<Vec<u8>>,
}

impl Read for Parts<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.held.read(buffer)?;
        if read > 0 || buffer.is_empty() || self.offset >= self.manifest.length {
            return Ok(read);
        }
        let DatasetManifest { name, version, .. } = self.manifest;
        let part = locked(self.store)
            .dataset_part(name, *version, self.offset, PART_BYTES)
            .map_err(io::Error::other)?;
        let part = part.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        self.offset += part.bytes.len() as u64;
        self.held = io::Cursor::new(part.bytes);
        self.held.read(buffer)
    }
}

/// Lines of bounded length.
struct Lines<R> {
    from: R,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> Result<Option<&[u8]>, InstallError> {
        self.line.clear();
        let read = self
            .from
            .by_ref()
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut self.line)
            .map_err(|error| {
                if error.kind() == io::ErrorKind::NotFound {
                    InstallError::Superseded
                } else {
                    InstallError::Read(error)
                }
            })?;
        if read == 0 {
            return Ok(None);
        }
        if self.line.last() != Some(&b'\n') {
            return Err(InstallError::Layout("a line is cut off or too long"));
        }
        Ok(Some(&self.line))
    }
}
