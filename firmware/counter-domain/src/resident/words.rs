//! The words a person is found by, and which of them a word of a query asks for.
//!
//! A name gives its parts, an address its town and every part of its number from the left, a birth
//! date its day. A query asks for words of a kind: whole, by their beginning, or between two.
//! An index over words answers a query by reading only the words asked for (`counter-store`);
//! [`Lookup::fits`] says the same of one person, for tests and short lists.

use crate::name::search_key;
use crate::resident::Resident;
use crate::resident::keys::{address_key, birth_key, name_key};
use crate::resident::query::Term;
use crate::romaji;

/// What a word is of. The numbers stand in index files: they are added to, never changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum WordKind {
    /// First part of a name.
    Surname = 1,
    /// A later part of a name.
    Given = 2,
    /// Reading of the first part.
    Kana = 3,
    /// Reading of a later part.
    GivenKana = 4,
    /// A part of the alias or of the name with the former surname, or such a name whole.
    Other = 5,
    /// Reading of a part of the alias, or of it whole.
    OtherKana = 6,
    /// Town, up to the first digit.
    Town = 7,
    /// Address up to one of its numbers: `架空町1`, `架空町1-9`, `架空町1-9-6`.
    Address = 8,
    /// Building and room.
    Building = 9,
    /// Day of birth, eight digits.
    Birth = 10,
    /// First and last possible day of birth, eight digits each.
    VagueBirth = 11,
}

/// A word of a person.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word {
    /// What it is of.
    pub kind: WordKind,
    /// The word as it is searched for.
    pub key: String,
}

impl std::fmt::Debug for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Word({:?}, …)", self.kind)
    }
}

/// How near to somebody's name a word was found; nearer ones stand first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// The surname or the whole name, a number, a birth date.
    Name,
    /// The given name.
    Given,
    /// The alias or the former surname.
    Other,
    /// The address or the building; such a word must not find people under protection.
    Place,
}

/// Which words one word of a query asks for.
#[derive(Clone, PartialEq, Eq)]
pub enum Lookup {
    /// Words of a kind that begin with this.
    Beginning(WordKind, String),
    /// This word.
    Exactly(WordKind, String),
    /// Days of birth from one to another.
    Born(i32, i32),
    /// A surname whole and the beginning of a given name, typed as one word.
    Both(Word, Word),
    /// The number of the person or the household, or the record code.
    Number(String),
}

impl std::fmt::Debug for Lookup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lookup(…)")
    }
}

impl Word {
    fn new(kind: WordKind, key: String) -> Option<Self> {
        (!key.is_empty()).then_some(Self { kind, key })
    }

    /// Every word of a person in a copy of `city`, each once.
    pub fn of(resident: &Resident, city: &str) -> Vec<Self> {
        use WordKind as K;
        let mut words = Vec::with_capacity(12);
        parts(&resident.name, (K::Surname, K::Given), &mut words);
        parts(&resident.kana, (K::Kana, K::GivenKana), &mut words);
        if resident.name.split_whitespace().count() > 2 {
            words.extend(Self::new(K::Other, name_key(&resident.name)));
        }
        others(resident, &mut words);
        if let Some(place) = &resident.place {
            let address = address_key(&place.address, city);
            words.extend(
                levels(&address).filter_map(|level| Self::new(K::Address, level.to_owned())),
            );
            let town: String = address
                .chars()
                .take_while(|c| !c.is_ascii_digit())
                .collect();
            words.extend(Self::new(K::Town, search_key(&town)));
            words.extend(Self::new(K::Town, town));
            words.extend(Self::new(K::Building, name_key(&place.building)));
        }
        match birth_key(&resident.birth_date) {
            (0, _) => {}
            (from, to) if from == to => words.extend(Self::new(K::Birth, format!("{from:08}"))),
            (from, to) => words.extend(Self::new(K::VagueBirth, format!("{from:08}{to:08}"))),
        }
        words.sort_unstable();
        words.dedup();
        words
    }
}

/// The first part of a name under one kind, later ones under another.
fn parts(name: &str, (first, later): (WordKind, WordKind), words: &mut Vec<Word>) {
    for (place, part) in name.split_whitespace().enumerate() {
        let kind = if place == 0 { first } else { later };
        words.extend(Word::new(kind, name_key(part)));
    }
}

fn others(resident: &Resident, words: &mut Vec<Word>) {
    parts(&resident.alias, (WordKind::Other, WordKind::Other), words);
    parts(
        &resident.alias_kana,
        (WordKind::OtherKana, WordKind::OtherKana),
        words,
    );
    words.extend(Word::new(WordKind::Other, name_key(&resident.alias)));
    words.extend(Word::new(
        WordKind::OtherKana,
        name_key(&resident.alias_kana),
    ));
    if !resident.former_surname.is_empty() {
        let given = resident.name.split_once(['\u{3000}', ' ']);
        let given = given.map_or("", |(_, given)| given);
        let former = name_key(&resident.former_surname);
        words.extend(Word::new(
            WordKind::Other,
            format!("{former}{}", name_key(given)),
        ));
        words.extend(Word::new(WordKind::Other, former));
    }
}

/// Beginnings of an address that end with a whole number, and the whole of it when it has one.
fn levels(address: &str) -> impl Iterator<Item = &str> {
    let ends = address.match_indices('-').map(|(at, _)| at);
    ends.chain(std::iter::once(address.len()))
        .filter_map(|end| address.get(..end))
        .filter(|level| level.contains(|c: char| c.is_ascii_digit()))
}

impl Term {
    /// What it asks for, with how near that is to a name. Any of it is enough.
    pub fn lookups(&self) -> Vec<(Nearness, Lookup)> {
        match self {
            Self::Kana(kana) => by_reading(kana),
            Self::Text { name, address } => by_text(name, address),
            Self::Birth(from, to) => vec![(Nearness::Name, Lookup::Born(*from, *to))],
            Self::Number { number, birth } => {
                let number = (Nearness::Name, Lookup::Number(number.clone()));
                let birth = birth.map(|(from, to)| (Nearness::Name, Lookup::Born(from, to)));
                std::iter::once(number).chain(birth).collect()
            }
        }
    }
}

fn beginning(nearness: Nearness, kind: WordKind, key: &str) -> (Nearness, Lookup) {
    (nearness, Lookup::Beginning(kind, key.to_owned()))
}

fn by_reading(kana: &str) -> Vec<(Nearness, Lookup)> {
    use WordKind as K;
    let mut lookups = vec![
        beginning(Nearness::Name, K::Kana, kana),
        // Names written in kana.
        beginning(Nearness::Name, K::Surname, kana),
        beginning(Nearness::Given, K::GivenKana, kana),
        beginning(Nearness::Given, K::Given, kana),
        beginning(Nearness::Other, K::OtherKana, kana),
        beginning(Nearness::Other, K::Other, kana),
        beginning(Nearness::Place, K::Town, kana),
        beginning(Nearness::Place, K::Building, kana),
    ];
    lookups.extend(both(kana, K::Kana, K::GivenKana));
    lookups.extend(both(kana, K::Surname, K::Given));
    lookups
}

fn by_text(name: &str, address: &str) -> Vec<(Nearness, Lookup)> {
    use WordKind as K;
    let mut lookups = vec![
        beginning(Nearness::Name, K::Surname, name),
        beginning(Nearness::Given, K::Given, name),
        beginning(Nearness::Other, K::Other, name),
        beginning(Nearness::Place, K::Building, name),
    ];
    lookups.extend(both(name, K::Surname, K::Given));
    lookups.extend(by_address(address));
    let latin = name.bytes().all(|byte| byte.is_ascii_alphabetic());
    let reading = latin.then(|| romaji::katakana(name)).flatten();
    if let Some(reading) = reading.map(|kana| name_key(&kana)) {
        lookups.extend(by_reading(&reading));
    }
    lookups
}

fn by_address(address: &str) -> Option<(Nearness, Lookup)> {
    let numbered = address.contains(|c: char| c.is_ascii_digit());
    let ends_in_number = address.ends_with(|c: char| c.is_ascii_digit());
    let lookup = match (address.is_empty(), numbered, ends_in_number) {
        (true, ..) => return None,
        (false, false, _) => Lookup::Beginning(WordKind::Town, address.to_owned()),
        // `架空町1` is not the beginning of `架空町10`.
        (false, true, true) => Lookup::Exactly(WordKind::Address, address.to_owned()),
        (false, true, false) => Lookup::Beginning(WordKind::Address, address.to_owned()),
    };
    Some((Nearness::Place, lookup))
}

/// A surname and a given name typed without a space, parted everywhere.
fn both(
    text: &str,
    surname: WordKind,
    given: WordKind,
) -> impl Iterator<Item = (Nearness, Lookup)> {
    let cuts = text.char_indices().skip(1).map(|(at, _)| at);
    cuts.filter_map(move |at| {
        let (before, after) = text.split_at_checked(at)?;
        let surname = Word::new(surname, before.to_owned())?;
        let given = Word::new(given, after.to_owned())?;
        Some((Nearness::Name, Lookup::Both(surname, given)))
    })
}

impl Lookup {
    /// Whether a person with these words and numbers is asked for.
    pub fn fits(&self, words: &[Word], numbers: [&str; 3]) -> bool {
        let has = |kind: WordKind, fits: &dyn Fn(&str) -> bool| {
            words
                .iter()
                .any(|word| word.kind == kind && fits(&word.key))
        };
        match self {
            Self::Beginning(kind, key) => has(*kind, &|word| word.starts_with(key.as_str())),
            Self::Exactly(kind, key) => has(*kind, &|word| word == key),
            Self::Born(from, to) => {
                let (first, last) = (format!("{from:08}"), format!("{to:08}"));
                has(WordKind::Birth, &|day| {
                    (first.as_str()..=last.as_str()).contains(&day)
                }) || has(WordKind::VagueBirth, &|days| overlaps(days, *from, *to))
            }
            Self::Both(surname, given) => {
                has(surname.kind, &|word| word == surname.key)
                    && has(given.kind, &|word| word.starts_with(given.key.as_str()))
            }
            Self::Number(number) => numbers.iter().any(|one| name_key(one) == *number),
        }
    }
}

/// Whether the days of a [`WordKind::VagueBirth`] word and these have one in common.
pub fn overlaps(days: &str, from: i32, to: i32) -> bool {
    let parts = days.split_at_checked(8);
    let read = parts.and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    read.is_some_and(|(first, last): (i32, i32)| first <= to && last >= from)
}
