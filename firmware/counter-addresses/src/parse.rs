//! A written address told apart into its parts, each exactly as written.

use std::collections::BTreeSet;

use crate::dictionary::{Addresses, Koaza, Municipality, Town};
use crate::fold::{Folded, kanji_number, written_key};

/// The parts of an address. The texts are slices of what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parsed<'a, 't> {
    /// The municipality.
    pub municipality: &'a Municipality,
    /// The town, if the dictionary has it.
    pub town: Option<&'a Town>,
    /// The 丁目, when the town has one and the number begins with it.
    pub chome: Option<u8>,
    /// The 小字, if the dictionary has it; the number begins behind it.
    pub koaza: Option<&'a Koaza>,
    /// Number as written: 丁目, block, lot and house number (番地・号).
    pub number: &'t str,
    /// Building and room (方書), as written.
    pub building: &'t str,
}

/// Why an address cannot be told apart. Holds no text of the address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// No municipality of the dictionary begins the text; it may have been abolished.
    #[error("the address begins with no municipality of the dictionary")]
    UnknownMunicipality,
    /// Several municipalities have that name; the prefecture is needed.
    #[error("{} municipalities have this name, the prefecture is needed", prefectures.len())]
    Ambiguous {
        /// Prefectures that have one of them.
        prefectures: Vec<String>,
    },
}

impl Addresses {
    /// Tells the parts of a written address apart. The prefecture and the county may be missing,
    /// 大字 and 字 may stand or not, ケ and ヶ and が mean the same.
    ///
    /// # Errors
    /// When the municipality is unknown, or several have the name that was written.
    pub fn parse<'t>(&self, text: &'t str) -> Result<Parsed<'_, 't>, ParseError> {
        let folded = Folded::written(text);
        let places = self.longest_municipalities(&folded.key);
        let mut readings: Vec<(usize, Parsed<'_, 't>)> = places
            .iter()
            .filter_map(|(len, place)| self.with_town(text, &folded, *len, *place))
            .collect();
        let longest = readings.iter().map(|(len, _)| *len).max();
        readings.retain(|(len, _)| Some(*len) == longest);
        match readings.as_slice() {
            [] => Err(ParseError::UnknownMunicipality),
            [(_, only)] => Ok(*only),
            several => Err(ParseError::Ambiguous {
                prefectures: several
                    .iter()
                    .map(|(_, one)| one.municipality.prefecture.clone())
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .collect(),
            }),
        }
    }

    /// Municipalities whose spelling begins `key`, with its length. Only the longest spellings: a
    /// designated city's ward before the city.
    fn longest_municipalities(&self, key: &str) -> Vec<(usize, u32)> {
        let mut places: Vec<(usize, u32)> = self
            .municipality_spellings
            .iter()
            .filter(|(spelling, _)| key.starts_with(spelling.as_str()))
            .map(|(spelling, place)| (spelling.len(), *place))
            .collect();
        let longest = places.iter().map(|(len, _)| *len).max();
        places.retain(|(len, _)| Some(*len) == longest);
        places
    }

    /// How far the text is understood with this municipality, and its parts.
    fn with_town<'t>(
        &self,
        text: &'t str,
        folded: &Folded,
        len: usize,
        place: u32,
    ) -> Option<(usize, Parsed<'_, 't>)> {
        let municipality = self.municipality(place)?;
        let after = folded.key.get(len..)?;
        let town = ["", "大字", "字"]
            .iter()
            .filter_map(|mark| Some((mark.len(), after.strip_prefix(mark)?)))
            .filter_map(|(mark, rest)| self.longest_town(folded, place, len + mark, rest))
            .max_by_key(|(end, ..)| *end);
        let koaza = town.and_then(|(end, at, _)| self.longest_koaza(text, folded, at, end));
        let end = town.map_or(len, |(end, ..)| end);
        let end = koaza.map_or(end, |(end, _)| end);
        let rest = text.get(folded.original_end(end)?..)?;
        let (number, building) = number_and_building(rest);
        let town = town.map(|(.., town)| town);
        Some((
            end,
            Parsed {
                municipality,
                town,
                chome: town.and_then(|town| chome(town, number)),
                koaza: koaza.map(|(_, koaza)| koaza),
                number,
                building,
            },
        ))
    }

    /// The longest 小字 of a town that stands at `start`, with its end in the key.
    fn longest_koaza(
        &self,
        text: &str,
        folded: &Folded,
        town: u32,
        start: usize,
    ) -> Option<(usize, &Koaza)> {
        let after = folded.key.get(start..)?;
        let mark = ["小字", "字"].iter().find(|mark| after.starts_with(**mark));
        let start = start + mark.map_or(0, |mark| mark.len());
        let rest = folded.key.get(start..)?;
        let endings = self.koaza_of(town).filter_map(|(koaza, [key, _])| {
            let end = start + key.len();
            let begins = !key.is_empty() && rest.starts_with(key.as_str());
            let behind = text.get(folded.original_end(end)?..)?;
            (begins && ends_koaza(key, behind)).then_some((end, koaza))
        });
        endings.max_by_key(|(end, _)| *end)
    }

    /// The longest town that begins `rest`, with the end of its name in the key.
    fn longest_town(
        &self,
        folded: &Folded,
        place: u32,
        start: usize,
        rest: &str,
    ) -> Option<(usize, u32, &Town)> {
        let endings = self.towns_of(place).filter_map(|(at, town)| {
            let key = written_key(&town.name);
            let fits = !key.is_empty() && rest.starts_with(&key);
            let end = start + key.len();
            (fits && folded.original_end(end).is_some()).then_some((end, at, town))
        });
        endings.max_by_key(|(end, ..)| *end)
    }
}

/// Whether a 小字 may end before `behind`: a number follows, or nothing does. One with a number in
/// its name is told from the number of the lot only when another follows: 一番 of 一番地.
fn ends_koaza(key: &str, behind: &str) -> bool {
    match behind.trim_start().chars().next() {
        Some(next) => is_digit(next),
        None => !key.chars().any(is_digit),
    }
}

/// The 丁目 a number begins with, if the town has it.
fn chome(town: &Town, number: &str) -> Option<u8> {
    let key = written_key(number);
    let marks = ["丁目", "-", "‐", "−", "－", "ー"];
    let begins = |one: &&u8| {
        let digits = kanji_number(u32::from(**one));
        let rest = key.strip_prefix(&digits);
        rest.is_some_and(|rest| marks.iter().any(|mark| rest.starts_with(mark)))
    };
    town.chome.iter().find(begins).copied()
}

/// Splits what stands after the town. The number goes on as long as numbers and the words between
/// them do; the building begins after a space or at the first other word.
fn number_and_building(rest: &str) -> (&str, &str) {
    let rest = rest.trim();
    let mut end = 0;
    let mut after_digit = false;
    while let Some(tail) = rest.get(end..).filter(|tail| !tail.is_empty()) {
        let Some(step) = number_step(tail, after_digit) else {
            break;
        };
        after_digit = tail.chars().next().is_some_and(is_digit);
        end += step;
    }
    let number = rest.get(..end).unwrap_or_default();
    let building = rest.get(end..).unwrap_or_default();
    (number.trim_end(), building.trim_start())
}

/// Bytes of the next piece of a number: a digit, or a word that may only follow one.
fn number_step(tail: &str, after_digit: bool) -> Option<usize> {
    const WORDS: [&str; 12] = [
        "丁目",
        "番地の",
        "番地",
        "番の",
        "番",
        "号の",
        "号",
        "の",
        "ノ",
        "-",
        "−",
        "－",
    ];
    let first = tail.chars().next()?;
    if is_digit(first) {
        return Some(first.len_utf8());
    }
    let word = WORDS.iter().find(|word| tail.starts_with(**word))?;
    after_digit.then_some(word.len())
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
        || ('０'..='９').contains(&c)
        || matches!(
            c,
            '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十'
        )
}
