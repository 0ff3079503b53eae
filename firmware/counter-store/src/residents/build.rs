//! Writing the index: people as they come, then everybody's place in the list and every word.
//!
//! What is needed of everybody at once is held in memory while the index is made (about 60 bytes a
//! person and a list per word), not the people.

use std::collections::HashMap;

use counter_domain::resident::{Resident, ResidentState, Word, WordKind, birth_key, name_key};
use replica::StoreError;
use rusqlite::{Connection, named_params};

use crate::residents::install::InstallError;
use crate::residents::postings::packed;

const SCHEMA: &str = include_str!("schema.sql");
const INDEX: &str = include_str!("index.sql");
/// Pages kept while rows are appended in order, KiB; a negative number is what SQLite calls KiB.
const CACHE_KIB: i64 = -8_192;

/// An index on its way.
pub(super) struct Builder<'c> {
    connection: &'c Connection,
    city: String,
    /// Readings, one behind the other.
    readings: String,
    order: Vec<Standing>,
    words: HashMap<Word, Vec<u32>>,
}

/// What somebody's place in the list depends on.
struct Standing {
    state: u8,
    birth: i32,
    reading: std::ops::Range<usize>,
}

impl<'c> Builder<'c> {
    /// Makes the tables in an empty file.
    pub(super) fn new(connection: &'c Connection, city: &str) -> Result<Self, StoreError> {
        connection.pragma_update(None, "cache_size", CACHE_KIB)?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self {
            connection,
            city: city.to_owned(),
            readings: String::new(),
            order: Vec::new(),
            words: HashMap::new(),
        })
    }

    /// People so far.
    pub(super) fn persons(&self) -> u64 {
        self.order.len() as u64
    }

    /// Adds somebody.
    pub(super) fn put(&mut self, mut resident: Resident) -> Result<(), InstallError> {
        let id = u32::try_from(self.order.len())
            .map_err(|_| InstallError::Layout("more people than fit"))?;
        for word in Word::of(&resident, &self.city) {
            self.words.entry(word).or_default().push(id);
        }
        let start = self.readings.len();
        let reading = name_key(&resident.kana);
        // Who has no reading stands behind everybody who has.
        if reading.is_empty() {
            self.readings.push('\u{10ffff}');
            self.readings.push_str(&name_key(&resident.name));
        }
        self.readings.push_str(&reading);
        let state = ResidentState::ALL
            .iter()
            .position(|state| *state == resident.state);
        self.order.push(Standing {
            state: state
                .and_then(|at| u8::try_from(at).ok())
                .unwrap_or(u8::MAX),
            birth: birth_key(&resident.birth_date).0,
            reading: start..self.readings.len(),
        });
        let place = resident.place.take();
        let doc = serde_json::to_string(&resident).map_err(StoreError::from)?;
        self.connection
            .prepare_cached(
                "INSERT INTO person (id, person_key, household_key, code_key, doc)
                 VALUES (:id, :person, :household, :code, :doc)",
            )?
            .execute(named_params! {
                ":id": id, ":person": name_key(&resident.person_no),
                ":household": name_key(&resident.household_no),
                ":code": name_key(&resident.resident_code), ":doc": doc,
            })?;
        let Some(place) = place else { return Ok(()) };
        let doc = serde_json::to_string(&place).map_err(StoreError::from)?;
        self.connection
            .prepare_cached("INSERT INTO place (id, doc) VALUES (:id, :doc)")?
            .execute(named_params! { ":id": id, ":doc": doc })?;
        Ok(())
    }

    /// Writes the order and the words; returns how many live here. `step` hears of each part of
    /// [`Self::STEPS`].
    pub(super) fn finish(mut self, step: &mut dyn FnMut()) -> Result<u64, InstallError> {
        let mut order: Vec<u32> = (0..).take(self.order.len()).collect();
        let key = |id: &u32| {
            let standing = self.order.get(usize::try_from(*id).unwrap_or(usize::MAX));
            standing.map(|one| {
                let reading = self.readings.get(one.reading.clone());
                (one.state, reading, one.birth, *id)
            })
        };
        order.sort_unstable_by(|one, other| key(one).cmp(&key(other)));
        step();
        let here = self.order.iter().filter(|one| one.state < 2).count() as u64;
        let mut ranks = vec![0_u32; order.len()];
        let mut insert = self
            .connection
            .prepare("INSERT INTO ranked (rank, id) VALUES (:rank, :id)")?;
        for (rank, id) in (0_u32..).zip(&order) {
            insert.execute(named_params! { ":rank": rank, ":id": id })?;
            if let Some(slot) = ranks.get_mut(usize::try_from(*id).unwrap_or(usize::MAX)) {
                *slot = rank;
            }
        }
        drop(order);
        step();
        self.put_words(&ranks)?;
        step();
        for part in INDEX.split_inclusive(';') {
            self.connection.execute_batch(part)?;
            step();
        }
        Ok(here)
    }

    /// How often `finish` tells.
    pub(super) const STEPS: u64 = 8;

    fn put_words(&mut self, ranks: &[u32]) -> Result<(), InstallError> {
        let mut words: Vec<(Word, Vec<u32>)> =
            std::mem::take(&mut self.words).into_iter().collect();
        words.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let mut insert = self
            .connection
            .prepare("INSERT INTO word (kind, key, ranks) VALUES (:kind, :key, :ranks)")?;
        for (word, ids) in words {
            let rank = |id: u32| {
                ranks
                    .get(usize::try_from(id).unwrap_or(usize::MAX))
                    .copied()
            };
            let mut list: Vec<u32> = ids.into_iter().filter_map(rank).collect();
            list.sort_unstable();
            insert.execute(named_params! {
                ":kind": number_of(word.kind), ":key": word.key, ":ranks": packed(&list),
            })?;
        }
        Ok(())
    }
}

/// The number a kind of word has in the index.
pub(super) const fn number_of(kind: WordKind) -> u8 {
    kind as u8
}
