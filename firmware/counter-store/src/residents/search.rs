//! Finding people in the index.
//!
//! Each word of the query asks for words of the index, each of which has its people as one short
//! list in the order in which people are shown. Lists are put together, those of several words
//! intersected, and only the people who are shown are read.

use std::borrow::Cow;

use counter_domain::resident::{
    Lookup, Nearness, Place, Resident, ResidentQuery, ResidentState, Term, WordKind, name_key,
    overlaps,
};
use replica::StoreError;
use rusqlite::{Connection, OptionalExtension, named_params};

use crate::residents::build::number_of;
use crate::residents::postings::{intersect, unpack};
use crate::residents::{FOUND_MAX, FoundResident, FoundResidents};

/// Most people of one household, or under one number.
const UNDER_ONE_NUMBER_MAX: usize = 4_000;
/// Most people of one nearness looked at; nearly all who are looked at are shown.
const LOOKED_AT_MAX: usize = 2_000;

/// The numbers of a person, known before anything else is read.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'a> {
    pub(super) person_no: &'a str,
    pub(super) household_no: &'a str,
}

/// Asks the protection list.
pub(super) type IsProtected<'a> = &'a dyn Fn(&Numbers<'_>) -> Result<bool, StoreError>;

/// An open index.
#[derive(Clone, Copy)]
pub(super) struct Index<'a> {
    pub(super) connection: &'a Connection,
    /// Ranks below this are people who live here.
    pub(super) here: u32,
    pub(super) is_protected: IsProtected<'a>,
}

const BEGINNING: &str = "
    SELECT ranks FROM word WHERE kind = :kind AND key >= :from AND key < :to";

const EXACTLY: &str = "SELECT ranks FROM word WHERE kind = :kind AND key = :key";

const BETWEEN: &str = "
    SELECT ranks FROM word WHERE kind = :kind AND key >= :from AND key <= :to";

const VAGUE: &str = "SELECT key, ranks FROM word WHERE kind = :kind";

const NUMBERED: &str = "
    SELECT rank FROM ranked WHERE id IN (
        SELECT id FROM person WHERE person_key = :number
        UNION ALL SELECT id FROM person WHERE household_key = :number
        UNION ALL SELECT id FROM person WHERE code_key = :number AND code_key <> ''
        LIMIT :max)";

const BY_HOUSEHOLD: &str =
    "SELECT id FROM person WHERE household_key = :key ORDER BY id LIMIT :max";

const BY_PERSON: &str = "SELECT id FROM person WHERE person_key = :key ORDER BY id LIMIT :max";

/// Which people of a household.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Members {
    /// Who lives in it.
    Here,
    /// Who left it.
    Gone,
}

impl Index<'_> {
    /// People who fit every word, at most [`FOUND_MAX`].
    pub(super) fn find(&self, query: &ResidentQuery) -> Result<FoundResidents, StoreError> {
        let mut words = Vec::new();
        let among_several = query.terms().len() > 1;
        for term in query.terms() {
            words.push(self.people_of(term, among_several)?);
        }
        let order = match words.as_slice() {
            [] => Vec::new(),
            [only] => only.nearest_first(self.here),
            several => in_all(several),
        };
        let mut people = Vec::new();
        let mut more = false;
        for rank in order {
            let Some(person) = self.load(rank)? else {
                continue;
            };
            // Where somebody under protection lives finds nobody.
            if words.iter().any(|word| !word.is_by_who(rank))
                && (self.is_protected)(&person.numbers())?
            {
                continue;
            }
            if people.len() == FOUND_MAX {
                more = true;
                break;
            }
            people.push(person.found(self)?);
        }
        Ok(FoundResidents { people, more })
    }

    /// Who lives in a household, the head first, or who left it.
    pub(super) fn household(
        &self,
        household_no: &str,
        members: Members,
    ) -> Result<Vec<FoundResident>, StoreError> {
        let mut people = Vec::new();
        for id in self.under(BY_HOUSEHOLD, household_no)? {
            if let Some(person) = self.load_id(id)?
                && person.resident.household_no == household_no
                && lives_here(&person.resident) == (members == Members::Here)
            {
                people.push(person.found(self)?);
            }
        }
        people.sort_by_key(|one| !one.resident.is_head());
        Ok(people)
    }

    /// One person by number.
    pub(super) fn person(&self, person_no: &str) -> Result<Option<FoundResident>, StoreError> {
        for id in self.under(BY_PERSON, person_no)? {
            if let Some(person) = self.load_id(id)?
                && person.resident.person_no == person_no
            {
                return person.found(self).map(Some);
            }
        }
        Ok(None)
    }

    fn under(&self, sql: &str, number: &str) -> Result<Vec<i64>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let ids = statement.query_map(
            named_params! { ":key": name_key(number), ":max": UNDER_ONE_NUMBER_MAX },
            |row| row.get(0),
        )?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    fn people_of(&self, term: &Term, among_several: bool) -> Result<People, StoreError> {
        let mut people = People::default();
        for (nearness, lookup) in term.lookups() {
            let ranks = self.asked_for(&lookup)?;
            people.add(nearness, ranks);
        }
        people.settle(among_several);
        Ok(people)
    }

    fn asked_for(&self, lookup: &Lookup) -> Result<Vec<u32>, StoreError> {
        let mut ranks = Vec::new();
        match lookup {
            Lookup::Beginning(kind, key) => self.beginning(*kind, key, &mut ranks)?,
            Lookup::Exactly(kind, key) => {
                let values = named_params! { ":kind": number_of(*kind), ":key": key };
                self.lists(EXACTLY, values, &mut ranks)?;
            }
            Lookup::Born(from, to) => self.born((*from, *to), &mut ranks)?,
            Lookup::Both(surname, given) => {
                let exactly = Lookup::Exactly(surname.kind, surname.key.clone());
                ranks = self.asked_for(&exactly)?;
                if !ranks.is_empty() {
                    let mut given_ranks = Vec::new();
                    self.beginning(given.kind, &given.key, &mut given_ranks)?;
                    given_ranks.sort_unstable();
                    intersect(&mut ranks, &given_ranks);
                }
            }
            Lookup::Number(number) => {
                let mut statement = self.connection.prepare_cached(NUMBERED)?;
                let values = named_params! { ":number": number, ":max": UNDER_ONE_NUMBER_MAX };
                let mut rows = statement.query(values)?;
                while let Some(row) = rows.next()? {
                    ranks.push(row.get(0)?);
                }
            }
        }
        ranks.sort_unstable();
        ranks.dedup();
        Ok(ranks)
    }

    fn beginning(&self, kind: WordKind, key: &str, ranks: &mut Vec<u32>) -> Result<(), StoreError> {
        let to = format!("{key}\u{10ffff}");
        let values = named_params! { ":kind": number_of(kind), ":from": key, ":to": to };
        self.lists(BEGINNING, values, ranks)
    }

    fn born(&self, (from, to): (i32, i32), ranks: &mut Vec<u32>) -> Result<(), StoreError> {
        let (first, last) = (format!("{from:08}"), format!("{to:08}"));
        let days = named_params! {
            ":kind": number_of(WordKind::Birth), ":from": first, ":to": last,
        };
        self.lists(BETWEEN, days, ranks)?;
        let mut statement = self.connection.prepare_cached(VAGUE)?;
        let mut rows = statement.query([number_of(WordKind::VagueBirth)])?;
        while let Some(row) = rows.next()? {
            if overlaps(row.get_ref(0)?.as_str().unwrap_or_default(), from, to) {
                unpack(row.get_ref(1)?.as_blob().unwrap_or_default(), ranks)?;
            }
        }
        Ok(())
    }

    fn lists(
        &self,
        sql: &str,
        values: &[(&str, &dyn rusqlite::ToSql)],
        ranks: &mut Vec<u32>,
    ) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.next()? {
            unpack(row.get_ref(0)?.as_blob().unwrap_or_default(), ranks)?;
        }
        Ok(())
    }

    fn load(&self, rank: u32) -> Result<Option<Person>, StoreError> {
        let id: Option<i64> = self
            .connection
            .prepare_cached("SELECT id FROM ranked WHERE rank = :rank")?
            .query_row([rank], |row| row.get(0))
            .optional()?;
        id.map_or(Ok(None), |id| self.load_id(id))
    }

    fn load_id(&self, id: i64) -> Result<Option<Person>, StoreError> {
        let doc: Option<String> = self
            .connection
            .prepare_cached("SELECT doc FROM person WHERE id = :id")?
            .query_row([id], |row| row.get(0))
            .optional()?;
        let Some(doc) = doc else { return Ok(None) };
        Ok(Some(Person {
            id,
            resident: serde_json::from_str(&doc)?,
        }))
    }
}

fn lives_here(resident: &Resident) -> bool {
    matches!(
        resident.state,
        ResidentState::Resident | ResidentState::MovingOut
    )
}

/// The people one word of a query gives. A word that many people begin with has tens of thousands of
/// ranks: nothing is put together that nobody asks for.
#[derive(Default)]
struct People {
    /// By nearness, ascending ranks each.
    near: Vec<(Nearness, Vec<u32>)>,
    /// Found by who they are, ascending; `None` when everybody is.
    by_who: Option<Vec<u32>>,
    /// Everybody, ascending; empty unless the query has further words.
    all: Vec<u32>,
}

/// Ascending lists as one, each rank once. The sort is the one that finds what is in order already.
#[expect(
    clippy::stable_sort_primitive,
    reason = "it merges runs instead of sorting them anew"
)]
fn merged<'r>(lists: impl Iterator<Item = &'r [u32]>) -> Vec<u32> {
    let mut ranks: Vec<u32> = lists.flatten().copied().collect();
    ranks.sort();
    ranks.dedup();
    ranks
}

impl People {
    fn add(&mut self, nearness: Nearness, ranks: Vec<u32>) {
        if !ranks.is_empty() {
            self.near.push((nearness, ranks));
        }
    }

    fn settle(&mut self, among_several: bool) {
        self.near.sort_by_key(|(nearness, _)| *nearness);
        let is_place = |(nearness, _): &&(Nearness, Vec<u32>)| *nearness == Nearness::Place;
        if self.near.iter().any(|list| is_place(&list)) {
            let by_who = self.near.iter().filter(|list| !is_place(list));
            self.by_who = Some(merged(by_who.map(|(_, ranks)| ranks.as_slice())));
        }
        if among_several {
            self.all = merged(self.near.iter().map(|(_, ranks)| ranks.as_slice()));
        }
    }

    /// Whether the word finds somebody by who they are, not by where they live alone.
    fn is_by_who(&self, rank: u32) -> bool {
        let by_who = self.by_who.as_ref();
        by_who.is_none_or(|ranks| ranks.binary_search(&rank).is_ok())
    }

    /// Who lives here before who does not; among them whose name is nearest to the word.
    fn nearest_first(&self, here: u32) -> Vec<u32> {
        let mut order: Vec<u32> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for lives_here in [true, false] {
            for tier in self.near.chunk_by(|(one, _), (other, _)| one == other) {
                let part = |ranks: &Vec<u32>| {
                    let split = ranks.partition_point(|rank| *rank < here);
                    if lives_here {
                        0..split
                    } else {
                        split..ranks.len()
                    }
                };
                let parts = tier.iter();
                let mut parts = parts.filter_map(|(_, ranks)| ranks.get(part(ranks)));
                let ranks = match tier {
                    [_] => Cow::Borrowed(parts.next().unwrap_or_default()),
                    _ => Cow::Owned(merged(parts)),
                };
                let fresh = ranks.iter().copied().filter(|rank| seen.insert(*rank));
                order.extend(fresh.take(LOOKED_AT_MAX));
            }
        }
        order
    }
}

/// Who is among the people of every word.
fn in_all(words: &[People]) -> Vec<u32> {
    let mut lists: Vec<&Vec<u32>> = words.iter().map(|word| &word.all).collect();
    lists.sort_by_key(|list| list.len());
    let mut lists = lists.into_iter();
    let mut ranks = lists.next().cloned().unwrap_or_default();
    lists.for_each(|list| intersect(&mut ranks, list));
    ranks
}

/// A person, without what tells where they live.
struct Person {
    id: i64,
    resident: Resident,
}

impl Person {
    fn numbers(&self) -> Numbers<'_> {
        Numbers {
            person_no: &self.resident.person_no,
            household_no: &self.resident.household_no,
        }
    }

    /// With where they live, unless they are protected.
    fn found(mut self, index: &Index<'_>) -> Result<FoundResident, StoreError> {
        let listed = (index.is_protected)(&self.numbers())?;
        self.resident.place = None;
        if !listed {
            let doc: Option<String> = index
                .connection
                .prepare_cached("SELECT doc FROM place WHERE id = :id")?
                .query_row([self.id], |row| row.get(0))
                .optional()?;
            self.resident.place = doc
                .map(|doc| serde_json::from_str::<Place>(&doc))
                .transpose()?;
        }
        // A copy without a place was made for somebody under protection.
        let protected = listed || self.resident.place.is_none();
        Ok(FoundResident {
            resident: self.resident,
            protected,
        })
    }
}
