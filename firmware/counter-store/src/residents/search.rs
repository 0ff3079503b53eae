//! Finding people in the index.
//!
//! Each word of the query gives a list of people from an index of its own, bounded; lists that are
//! whole are intersected, and what is left is looked at person by person against all words.

use std::collections::HashSet;

use counter_domain::resident::{Place, Resident, ResidentKeys, ResidentQuery, ResidentState, Term};
use replica::StoreError;
use rusqlite::{Connection, OptionalExtension, Row, named_params};

use crate::residents::{FOUND_MAX, FoundResident, FoundResidents};

/// Longest list one word gives.
const LIST_MAX: usize = 20_000;
/// Most people looked at for a query of one word, to put those who live here first.
const ONE_WORD_MAX: usize = 200;
/// Most people looked at for a query.
const LOOKED_AT_MAX: usize = 4_000;

/// The numbers of a person, known before anything else is read.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'a> {
    pub(super) person_no: &'a str,
    pub(super) household_no: &'a str,
}

/// Asks the protection list.
pub(super) type IsProtected<'a> = &'a dyn Fn(&Numbers<'_>) -> Result<bool, StoreError>;

const BY_KANA: &str = "
    SELECT id FROM person WHERE kana_key >= :from AND kana_key < :to
    UNION SELECT id FROM person WHERE given_kana_key >= :from AND given_kana_key < :to AND given_kana_key <> ''
    UNION SELECT id FROM person WHERE other_kana_key >= :from AND other_kana_key < :to AND other_kana_key <> ''
    UNION SELECT id FROM person WHERE name_key >= :from AND name_key < :to
    UNION SELECT id FROM place WHERE building_key >= :from AND building_key < :to AND building_key <> ''
    LIMIT :max";

const BY_NAME: &str = "
    SELECT id FROM person WHERE name_key >= :from AND name_key < :to
    UNION SELECT id FROM person WHERE given_key >= :from AND given_key < :to AND given_key <> ''
    UNION SELECT id FROM person WHERE other_key >= :from AND other_key < :to AND other_key <> ''
    UNION SELECT id FROM place WHERE building_key >= :from AND building_key < :to AND building_key <> ''
    LIMIT :max";

const BY_ADDRESS: &str = "
    SELECT id FROM place WHERE address_key >= :from AND address_key < :to AND address_key <> ''
    LIMIT :max";

const BY_BIRTH: &str = "
    SELECT id FROM person WHERE birth_from BETWEEN :from AND :to
    UNION SELECT id FROM person WHERE birth_to > birth_from AND birth_from > 0
        AND birth_from < :from AND birth_to >= :from
    LIMIT :max";

const BY_NUMBER: &str = "
    SELECT id FROM person WHERE resident_code = :number AND resident_code <> ''
    UNION SELECT id FROM person WHERE person_no = :number
    UNION SELECT id FROM person WHERE household_no = :number
    LIMIT :max";

const PERSON: &str = "
    SELECT id, person_no, household_no, resident_code, state, name_key, given_key, kana_key,
        given_kana_key, other_key, other_kana_key, birth_from, birth_to
    FROM person WHERE id = :id";

/// People who fit every word.
pub(super) fn find(
    index: &Connection,
    query: &ResidentQuery,
    is_protected: IsProtected<'_>,
) -> Result<FoundResidents, StoreError> {
    let one_word = query.terms().len() == 1;
    let list_max = if one_word { ONE_WORD_MAX } else { LIST_MAX };
    let mut lists = Vec::new();
    for term in query.terms() {
        lists.push(list(index, term, list_max)?);
    }
    let (ids, cut) = candidates(lists, list_max);
    let mut more = cut || ids.len() > LOOKED_AT_MAX;
    let mut fitting = Vec::new();
    for id in ids.into_iter().take(LOOKED_AT_MAX) {
        let Some(mut person) = load(index, id)? else {
            continue;
        };
        // Most people fit by who they are; where they live is looked at for the rest.
        if person.fits(query) || person.fits_with_place(index, query, is_protected)? {
            fitting.push(person);
        }
        if !one_word && fitting.len() > ONE_WORD_MAX {
            more = true;
            break;
        }
    }
    fitting.sort_by(|one, other| one.order().cmp(&other.order()));
    more |= fitting.len() > FOUND_MAX;
    fitting.truncate(FOUND_MAX);
    let people = fitting
        .into_iter()
        .map(|person| person.found(index, is_protected))
        .collect::<Result<_, _>>()?;
    Ok(FoundResidents { people, more })
}

/// Everybody who lives in a household.
pub(super) fn household(
    index: &Connection,
    household_no: &str,
    is_protected: IsProtected<'_>,
) -> Result<Vec<FoundResident>, StoreError> {
    let mut statement = index
        .prepare_cached("SELECT id FROM person WHERE household_no = :no ORDER BY id LIMIT :max")?;
    let ids = named_params! { ":no": household_no, ":max": LOOKED_AT_MAX };
    let ids: Vec<i64> = statement
        .query_map(ids, |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut people = Vec::new();
    for id in ids {
        if let Some(person) = load(index, id)? {
            let lives_here = matches!(
                person.state(),
                Some(ResidentState::Resident | ResidentState::MovingOut)
            );
            if lives_here {
                people.push(person.found(index, is_protected)?);
            }
        }
    }
    people.sort_by_key(|one| !one.resident.is_head());
    Ok(people)
}

/// One person by number.
pub(super) fn person(
    index: &Connection,
    person_no: &str,
    is_protected: IsProtected<'_>,
) -> Result<Option<FoundResident>, StoreError> {
    let id: Option<i64> = index
        .prepare_cached("SELECT id FROM person WHERE person_no = :no")?
        .query_row([person_no], |row| row.get(0))
        .optional()?;
    let Some(id) = id else { return Ok(None) };
    load(index, id)?
        .map(|person| person.found(index, is_protected))
        .transpose()
}

/// The people one word gives.
fn list(index: &Connection, term: &Term, max: usize) -> Result<Vec<i64>, StoreError> {
    let mut ids = match term {
        Term::Kana(kana) => beginning(index, BY_KANA, kana, max)?,
        Term::Text { name, address } => {
            let mut ids = beginning(index, BY_NAME, name, max)?;
            if !address.is_empty() {
                ids.extend(beginning(index, BY_ADDRESS, address, max)?);
            }
            ids
        }
        Term::Birth(from, to) => born(index, (*from, *to), max)?,
        Term::Number { number, birth } => {
            let mut ids = numbered(index, number, max)?;
            if let Some(days) = birth {
                ids.extend(born(index, *days, max)?);
            }
            ids
        }
    };
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

fn beginning(
    index: &Connection,
    sql: &str,
    from: &str,
    max: usize,
) -> Result<Vec<i64>, StoreError> {
    let to = format!("{from}\u{10ffff}");
    let range = named_params! { ":from": from, ":to": to, ":max": max };
    ids(index, sql, range)
}

fn born(index: &Connection, (from, to): (i32, i32), max: usize) -> Result<Vec<i64>, StoreError> {
    let days = named_params! { ":from": from, ":to": to, ":max": max };
    ids(index, BY_BIRTH, days)
}

fn numbered(index: &Connection, number: &str, max: usize) -> Result<Vec<i64>, StoreError> {
    ids(
        index,
        BY_NUMBER,
        named_params! { ":number": number, ":max": max },
    )
}

fn ids(
    index: &Connection,
    sql: &str,
    values: &[(&str, &dyn rusqlite::ToSql)],
) -> Result<Vec<i64>, StoreError> {
    let mut statement = index.prepare_cached(sql)?;
    let rows = statement.query_map(values, |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// People on every whole list; when no list is whole, those of the shortest. Says whether somebody
/// may be missing.
fn candidates(mut lists: Vec<Vec<i64>>, list_max: usize) -> (Vec<i64>, bool) {
    lists.sort_by_key(Vec::len);
    let mut lists = lists.into_iter();
    let Some(mut ids) = lists.next() else {
        return (Vec::new(), false);
    };
    let cut = ids.len() >= list_max;
    for list in lists.filter(|list| list.len() < list_max) {
        let list: HashSet<i64> = list.into_iter().collect();
        ids.retain(|id| list.contains(id));
    }
    (ids, cut)
}

/// A person with their keys and numbers; nothing that tells where they live.
struct Candidate {
    id: i64,
    person_no: String,
    household_no: String,
    resident_code: String,
    state: usize,
    keys: ResidentKeys,
}

impl Candidate {
    fn state(&self) -> Option<ResidentState> {
        ResidentState::ALL.get(self.state).copied()
    }

    fn fits(&self, query: &ResidentQuery) -> bool {
        let numbers = [
            self.person_no.as_str(),
            &self.household_no,
            &self.resident_code,
        ];
        query
            .terms()
            .iter()
            .all(|term| term.fits(&self.keys, numbers))
    }

    /// Whether they fit by their address too, which is asked only of people not under protection.
    fn fits_with_place(
        &mut self,
        index: &Connection,
        query: &ResidentQuery,
        is_protected: IsProtected<'_>,
    ) -> Result<bool, StoreError> {
        if is_protected(&self.numbers())? {
            return Ok(false);
        }
        let place = index
            .prepare_cached("SELECT address_key, building_key FROM place WHERE id = :id")?
            .query_row([self.id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        (self.keys.address, self.keys.building) = place.unwrap_or_default();
        Ok(self.fits(query))
    }

    fn numbers(&self) -> Numbers<'_> {
        Numbers {
            person_no: &self.person_no,
            household_no: &self.household_no,
        }
    }

    fn order(&self) -> (usize, &str, i32) {
        (self.state, &self.keys.kana, self.keys.birth.0)
    }

    /// Reads who they are, and where they live unless they are protected.
    fn found(
        self,
        index: &Connection,
        is_protected: IsProtected<'_>,
    ) -> Result<FoundResident, StoreError> {
        let listed = is_protected(&self.numbers())?;
        let doc: String = index
            .prepare_cached("SELECT doc FROM person WHERE id = :id")?
            .query_row([self.id], |row| row.get(0))?;
        let mut resident: Resident = serde_json::from_str(&doc)?;
        resident.place = None;
        if !listed {
            let doc: Option<String> = index
                .prepare_cached("SELECT doc FROM place WHERE id = :id")?
                .query_row([self.id], |row| row.get(0))
                .optional()?;
            resident.place = doc
                .map(|doc| serde_json::from_str::<Place>(&doc))
                .transpose()?;
        }
        // A copy without a place was made for somebody under protection.
        let protected = listed || resident.place.is_none();
        Ok(FoundResident {
            resident,
            protected,
        })
    }
}

fn load(index: &Connection, id: i64) -> Result<Option<Candidate>, StoreError> {
    let mut statement = index.prepare_cached(PERSON)?;
    let read = statement.query_row([id], |row| {
        Ok(Candidate {
            id,
            person_no: row.get("person_no")?,
            household_no: row.get("household_no")?,
            resident_code: row.get("resident_code")?,
            state: row.get("state")?,
            keys: who(row)?,
        })
    });
    Ok(read.optional()?)
}

fn who(row: &Row<'_>) -> Result<ResidentKeys, rusqlite::Error> {
    Ok(ResidentKeys {
        name: row.get("name_key")?,
        given: row.get("given_key")?,
        kana: row.get("kana_key")?,
        given_kana: row.get("given_kana_key")?,
        other: row.get("other_key")?,
        other_kana: row.get("other_kana_key")?,
        birth: (row.get("birth_from")?, row.get("birth_to")?),
        address: String::new(),
        building: String::new(),
    })
}
