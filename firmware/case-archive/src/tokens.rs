//! Tokens: a filing as words that a full-text index can intersect.
//!
//! One letter says what a token is, the rest is plain ASCII, so that no tokenizer's idea of a letter
//! matters: `n` two letters of a name that follow each other, `a` the first letter of a name, `l` two
//! letters of a place, `b` day, `m` month, `y` year of birth, `w` and `z` a birth known only by month
//! or year, `r` receipt number, `o` office, `k` kind, `s` staff, `p` month of filing.

use std::collections::BTreeSet;

use counter_domain::resident::Term;

use crate::find::ArchiveQuery;
use crate::keys::{Keys, plain_number, single};

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

/// The tokens of a filing, space between them.
pub(crate) fn of_filing(keys: &Keys, facts: &Facts<'_>) -> String {
    let mut tokens = BTreeSet::new();
    for name in &keys.names {
        tokens.extend(pairs('n', name));
    }
    for place in &keys.places {
        tokens.extend(pairs('l', place));
    }
    tokens.extend(keys.beginnings.iter().map(|letter| one('a', *letter)));
    for birth in &keys.births {
        tokens.extend(born(*birth));
    }
    tokens.insert(format!("r{}", plain_number(facts.receipt_number)));
    tokens.insert(word('o', facts.branch));
    tokens.insert(word('k', facts.kind));
    tokens.insert(word('s', facts.staff));
    tokens.insert(word('p', facts.filed_on.get(..7).unwrap_or_default()));
    tokens.into_iter().collect::<Vec<_>>().join(" ")
}

/// The question to the index; `None` when every filing is to be looked at.
pub(crate) fn of_query(query: &ArchiveQuery) -> Option<String> {
    let mut all: Vec<String> = query.terms().iter().filter_map(of_term).collect();
    let filter = |letter: char, value: &Option<String>| {
        value.as_ref().map(|value| quoted(&word(letter, value)))
    };
    all.extend(filter('o', &query.branch));
    all.extend(filter('k', &query.kind));
    all.extend(filter('s', &query.staff));
    all.extend(period(query));
    (!all.is_empty()).then(|| all.join(" AND "))
}

fn of_term(term: &Term) -> Option<String> {
    let named = |name: &str| match single(name) {
        Some(letter) => Some(quoted(&one('a', letter))),
        None => every(&pairs('n', name)),
    };
    let placed = |place: &str| every(&pairs('l', place));
    match term {
        Term::Kana(kana) => any([named(kana), placed(kana)]),
        Term::Text { name, address } => any([named(name), placed(address)]),
        Term::Birth(from, to) => born_between(*from, *to),
        Term::Number { number, birth } => {
            let number = plain_number(number);
            let receipt = (!number.is_empty()).then(|| format!("\"r{number}\" *"));
            any([receipt, birth.and_then(|(from, to)| born_between(from, to))])
        }
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

/// `None` for more than one year: the day is compared then.
fn born_between(from: i32, to: i32) -> Option<String> {
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
    any(tokens.iter().map(|token| Some(quoted(token))))
}

fn period(query: &ArchiveQuery) -> Option<String> {
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
        Some(quoted(&word('p', &text)))
    }))
}

fn quoted(token: &str) -> String {
    format!("\"{token}\"")
}

fn every(tokens: &BTreeSet<String>) -> Option<String> {
    let tokens: Vec<String> = tokens.iter().map(|token| quoted(token)).collect();
    (!tokens.is_empty()).then(|| format!("({})", tokens.join(" AND ")))
}

fn any(parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("({})", parts.join(" OR ")))
}
