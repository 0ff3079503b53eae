//! What staff type to find somebody: one line, each word says by itself what it is.

use thiserror::Error;

use crate::date::FuzzyDate;
use crate::resident::keys::{ResidentKeys, address_key, birth_key, name_key};

/// Longest query, in characters.
pub const QUERY_CHARS_MAX: usize = 100;

const TERMS_MAX: usize = 6;

/// A query; every term must fit.
#[derive(Clone, PartialEq, Eq)]
pub struct ResidentQuery {
    terms: Vec<Term>,
}

impl std::fmt::Debug for ResidentQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ResidentQuery({} terms)", self.terms.len())
    }
}

/// One word of a query.
#[derive(Clone, PartialEq, Eq)]
pub enum Term {
    /// Beginning of a reading, whole or of the given name.
    Kana(String),
    /// Beginning of a name, whole or given, or of an address or building.
    Text {
        /// As a name.
        name: String,
        /// As an address.
        address: String,
    },
    /// First and last day of birth, as in [`ResidentKeys::birth`].
    Birth(i32, i32),
    /// A resident record code, or the number of a person or household; eight digits may be a
    /// date of birth too.
    Number {
        /// The digits, or letters and digits.
        number: String,
        /// As a date of birth.
        birth: Option<(i32, i32)>,
    },
}

impl std::fmt::Debug for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Kana(_) => "Kana(…)",
            Self::Text { .. } => "Text(…)",
            Self::Birth(..) => "Birth(…)",
            Self::Number { .. } => "Number(…)",
        })
    }
}

/// Why nothing can be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum QueryError {
    /// No word.
    #[error("the query is empty")]
    Empty,
    /// Too many words or characters.
    #[error("the query is too long")]
    TooLong,
}

impl ResidentQuery {
    /// Reads a line: `ヤマダ S45.3.2`, `山田　太郎`, `架空町1-9-6`, `24727059608`.
    ///
    /// # Errors
    /// When there is no word, or too much.
    pub fn parse(text: &str, city: &str) -> Result<Self, QueryError> {
        if text.chars().count() > QUERY_CHARS_MAX {
            return Err(QueryError::TooLong);
        }
        let terms: Vec<Term> = text
            .split_whitespace()
            .filter_map(|word| term(word, city))
            .collect();
        match terms.len() {
            0 => Err(QueryError::Empty),
            1..=TERMS_MAX => Ok(Self { terms }),
            _ => Err(QueryError::TooLong),
        }
    }

    /// The words, in order.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }
}

impl Term {
    /// Whether a person fits. `numbers` are the person's, the household's and the record code.
    /// A beginning fits, and so does a later part of a name.
    pub fn fits(&self, keys: &ResidentKeys, numbers: [&str; 3]) -> bool {
        match self {
            Self::Kana(kana) => {
                keys.kana.contains(kana)
                    || keys.other_kana.contains(kana)
                    || keys.name.contains(kana)
                    || keys.address.starts_with(kana)
                    || keys.building.contains(kana)
            }
            Self::Text { name, address } => {
                keys.name.contains(name)
                    || keys.other.contains(name)
                    || keys.building.contains(name)
                    || (!address.is_empty() && keys.address.starts_with(address))
            }
            Self::Birth(from, to) => born_within(keys, (*from, *to)),
            Self::Number { number, birth } => {
                numbers.contains(&number.as_str())
                    || birth.is_some_and(|days| born_within(keys, days))
            }
        }
    }
}

fn born_within(keys: &ResidentKeys, (from, to): (i32, i32)) -> bool {
    keys.birth.0 > 0 && keys.birth.0 <= to && keys.birth.1 >= from
}

fn term(word: &str, city: &str) -> Option<Term> {
    let key = name_key(word);
    if key.is_empty() {
        return None;
    }
    let is_number = key.len() >= 6 && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let days = word.parse::<FuzzyDate>().is_ok().then(|| birth_key(word));
    let days = days.filter(|(from, _)| *from > 0);
    Some(match days {
        _ if is_number && key.bytes().any(|byte| byte.is_ascii_digit()) => Term::Number {
            number: key,
            birth: days,
        },
        Some((from, to)) => Term::Birth(from, to),
        None if key.chars().all(is_kana) => Term::Kana(key),
        None => Term::Text {
            name: key,
            address: address_key(word, city),
        },
    })
}

fn is_kana(c: char) -> bool {
    matches!(c, 'ァ'..='ヺ' | 'ヽ' | 'ヾ')
}
