//! Tokens: a filing as words that a full-text index can intersect.
//!
//! One letter says what a token is, the rest is plain ASCII, so that no tokenizer's idea of a letter
//! matters: `n` two letters of a name that follow each other, `a` the first letter of a name, `l` two
//! letters of a place, `t` two letters of any other text, `f` a telephone number, `b` day, `m` month,
//! `y` year of birth, `w` and `z` a birth known only by month or year, `r` receipt number, `o` office,
//! `k` kind, `s` staff, `p` month of filing.
//!
//! The number of a filing's [`shelf`] stands before each: a shelf holds so many filings that follow
//! each other, so that no word has more places than one shelf has filings. The index rewrites a word
//! whole when it merges, and keeping a filing must not wait for a word that a million of them share.

use std::collections::BTreeSet;

use counter_domain::resident::Term;

use crate::find::ArchiveQuery;
use crate::keys::{Keys, plain_number, single};

/// Filings of a shelf, as a power of two: a word that all of them have takes about 32 KiB.
const SHELF_BITS: u32 = 15;

/// Months of a period that are named one by one; a longer period is only compared.
const MONTHS_MAX: i32 = 36;

/// What is known of a filing beside its keys.
pub(crate) struct Facts<'a> {
    pub(crate) receipt_number: &'a str,
    pub(crate) branch: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) staff: &'a str,
    pub(crate) filed_on: &'a str,
}

/// The shelf of the filing with this place in the archive.
pub(crate) fn shelf(id: i64) -> i64 {
    id >> SHELF_BITS
}

/// The tokens of a filing on `shelf`, space between them.
pub(crate) fn of_filing(shelf: i64, keys: &Keys, facts: &Facts<'_>) -> String {
    let mut tokens = BTreeSet::new();
    for name in &keys.names {
        tokens.extend(pairs('n', name));
    }
    for place in &keys.places {
        tokens.extend(pairs('l', place));
    }
    for text in &keys.texts {
        tokens.extend(pairs('t', text));
    }
    tokens.extend(keys.phones.iter().map(|phone| format!("f{phone}")));
    tokens.extend(keys.beginnings.iter().map(|letter| one('a', *letter)));
    for birth in &keys.births {
        tokens.extend(born(*birth));
    }
    tokens.insert(format!("r{}", plain_number(facts.receipt_number)));
    tokens.insert(word('o', facts.branch));
    tokens.insert(word('k', facts.kind));
    tokens.insert(word('s', facts.staff));
    tokens.insert(word('p', facts.filed_on.get(..7).unwrap_or_default()));
    let tokens: Vec<String> = tokens
        .iter()
        .map(|token| format!("{shelf}{token}"))
        .collect();
    tokens.join(" ")
}

/// The question to the index about one shelf; `None` when every filing is to be looked at.
pub(crate) fn of_query(shelf: i64, query: &ArchiveQuery) -> Option<String> {
    let here = Shelf(shelf);
    let quoted = |token: &str| here.quoted(token);
    let mut all: Vec<String> = query
        .terms()
        .iter()
        .filter_map(|term| here.of_term(term))
        .collect();
    let filter = |letter: char, value: &Option<String>| {
        value.as_ref().map(|value| quoted(&word(letter, value)))
    };
    all.extend(filter('o', &query.branch));
    all.extend(filter('k', &query.kind));
    all.extend(filter('s', &query.staff));
    all.extend(here.period(query));
    (!all.is_empty()).then(|| all.join(" AND "))
}

/// Questions about one shelf.
struct Shelf(i64);

impl Shelf {
    fn of_term(&self, term: &Term) -> Option<String> {
        let named = |name: &str| match single(name) {
            Some(letter) => Some(self.quoted(&one('a', letter))),
            None => self.every(&pairs('n', name)),
        };
        let placed = |place: &str| self.every(&pairs('l', place));
        let said = |text: &str| self.every(&pairs('t', text));
        match term {
            Term::Kana(kana) => any([named(kana), placed(kana), said(kana)]),
            Term::Text { name, address } => any([named(name), placed(address), said(name)]),
            Term::Birth(from, to) => self.born_between(*from, *to),
            Term::Number { number, birth } => {
                let number = plain_number(number);
                let begins = |letter: char| {
                    (!number.is_empty()).then(|| format!("\"{}{letter}{number}\" *", self.0))
                };
                let born = birth.and_then(|(from, to)| self.born_between(from, to));
                any([begins('r'), begins('f'), born])
            }
        }
    }

    /// `None` for more than one year: the day is compared then.
    fn born_between(&self, from: i32, to: i32) -> Option<String> {
        let (month, year) = (from / 100, from / 10_000);
        let tokens = if from == to {
            vec![format!("b{from}"), format!("w{month}"), format!("z{year}")]
        } else if to / 100 == month {
            vec![format!("m{month}"), format!("z{year}")]
        } else if to / 10_000 == year {
            vec![format!("y{year}")]
        } else {
            return None;
        };
        any(tokens.iter().map(|token| Some(self.quoted(token))))
    }

    fn period(&self, query: &ArchiveQuery) -> Option<String> {
        let month = |day: &str| -> Option<i32> {
            let year: i32 = day.get(..4)?.parse().ok()?;
            let month: i32 = day.get(5..7)?.parse().ok()?;
            Some(year * 12 + month - 1)
        };
        let first = query.from.as_deref().and_then(month)?;
        let last = query.to.as_deref().and_then(month)?;
        if last < first || last - first >= MONTHS_MAX {
            return None;
        }
        any((first..=last).map(|month| {
            let text = format!("{:04}-{:02}", month / 12, month % 12 + 1);
            Some(self.quoted(&word('p', &text)))
        }))
    }

    fn quoted(&self, token: &str) -> String {
        format!("\"{}{token}\"", self.0)
    }

    fn every(&self, tokens: &BTreeSet<String>) -> Option<String> {
        let tokens: Vec<String> = tokens.iter().map(|token| self.quoted(token)).collect();
        (!tokens.is_empty()).then(|| format!("({})", tokens.join(" AND ")))
    }
}

/// Two letters that follow each other, as code points.
fn pairs(letter: char, text: &str) -> BTreeSet<String> {
    let letters: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
    let pair = |two: &[char]| match two {
        [first, second] => Some(format!(
            "{letter}{:x}x{:x}",
            u32::from(*first),
            u32::from(*second)
        )),
        _ => None,
    };
    letters.windows(2).filter_map(pair).collect()
}

fn one(letter: char, text: char) -> String {
    format!("{letter}{:x}", u32::from(text))
}

fn word(letter: char, text: &str) -> String {
    let bytes: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{letter}{bytes}")
}

/// A birth is found by its day, month and year; what is not known is found by whatever contains it.
fn born((from, to): (i32, i32)) -> Vec<String> {
    let (month, year) = (from / 100, from / 10_000);
    let wider = [format!("m{month}"), format!("y{year}")];
    if from == to {
        [format!("b{from}")].into_iter().chain(wider).collect()
    } else if to / 100 == month {
        [format!("w{month}")].into_iter().chain(wider).collect()
    } else if to / 10_000 == year {
        vec![format!("z{year}"), format!("y{year}")]
    } else {
        Vec::new()
    }
}

fn any(parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("({})", parts.join(" OR ")))
}
