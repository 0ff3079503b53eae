//! Places that a half-typed text may mean.

use std::collections::HashSet;

use counter_domain::romaji;
use unicode_normalization::UnicodeNormalization;

use crate::dictionary::{Addresses, Index, Koaza, Municipality, Town};
use crate::fold::{kana_key, kanji_number, written_key};

/// A place that answers what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<'a> {
    /// The municipality.
    pub municipality: &'a Municipality,
    /// The town; nothing when what was typed does not yet choose between towns.
    pub town: Option<&'a Town>,
    /// The 丁目 of the town.
    pub chome: Option<u8>,
    /// The 小字 of the town.
    pub koaza: Option<&'a Koaza>,
}

impl Found<'_> {
    /// The address up to here: prefecture, municipality, town, 丁目 or 小字.
    pub fn text(&self) -> String {
        format!("{}{}", self.municipality.full_name(), self.local_text())
    }

    /// The part behind the municipality.
    pub fn local_text(&self) -> String {
        let town = self.town.map_or("", |town| &town.name);
        let chome = self.chome.map(chome_text).unwrap_or_default();
        let koaza = self.koaza.map_or("", |koaza| &koaza.name);
        format!("{town}{chome}{koaza}")
    }
}

/// How a 丁目 is written: `三丁目`.
fn chome_text(number: u8) -> String {
    format!("{}丁目", kanji_number(u32::from(number)))
}

/// And read, as far as anybody types it.
fn chome_kana(number: u8) -> String {
    format!("{number}チヨウメ")
}

/// Where a place stands in the list, smaller first: abolished, outside the own municipality, outside
/// the own prefecture, a town and not a whole municipality, length of its name, place in the
/// dictionary, 丁目, place of the 小字 in the town.
type Rank = ([bool; 4], usize, u32, u8, u32);

/// What was typed, in one way of writing, with the indexes for it.
struct Typed<'a> {
    key: String,
    municipalities: &'a Index,
    towns: &'a Index,
    town_key: fn(&Town) -> String,
    chome_key: fn(u8) -> String,
    /// Which of the keys of a 小字.
    koaza_key: usize,
}

impl Typed<'_> {
    /// The 丁目 of a town that what was typed behind its name begins; all when nothing was.
    fn chome<'t>(&'t self, town: &'t Town, rest: &'t str) -> impl Iterator<Item = u8> + 't {
        let numbers = town.chome.iter().copied();
        numbers.filter(move |number| (self.chome_key)(*number).starts_with(rest))
    }
}

impl Addresses {
    /// Places for a half-typed `text`: kanji, kana, Latin letters or a postal code, from the
    /// prefecture, the municipality or the town on. Places in the municipality `near` (its code)
    /// come first, then those in its prefecture, then shorter names. At most `limit`.
    pub fn find(&self, text: &str, near: Option<u32>, limit: usize) -> Vec<Found<'_>> {
        let text: String = text.trim().nfkc().collect();
        if let Some(digits) = postal_digits(&text) {
            return self.by_postal_code(&digits, limit);
        }
        let mut found: Vec<(Rank, Found<'_>)> = Vec::new();
        for typed in self.ways(&text) {
            self.whole_municipalities(&typed, near, &mut found);
            self.towns_in_named_municipality(&typed, near, &mut found);
            self.towns_by_name(&typed, near, &mut found);
        }
        found.sort_by_key(|(rank, _)| *rank);
        let mut seen = HashSet::new();
        found.retain(|(([.., is_town], _, place, chome, koaza), _)| {
            seen.insert((*is_town, *place, *chome, *koaza))
        });
        found.truncate(limit);
        found.into_iter().map(|(_, one)| one).collect()
    }

    /// The ways in which `text` may be meant; empty for what is too short to choose.
    fn ways(&self, text: &str) -> Vec<Typed<'_>> {
        let latin = text
            .chars()
            .all(|c| c.is_ascii() || "āīūēōâîûêô".contains(c));
        let kana = if latin {
            // A 丁目 is typed as a number behind the letters.
            let letters = text.trim_end_matches(|c: char| c.is_ascii_digit());
            let number = text.get(letters.len()..).unwrap_or_default();
            romaji::katakana(letters).map(|kana| format!("{kana}{number}"))
        } else {
            Some(text.to_owned())
        };
        let written = Typed {
            key: written_key(text),
            municipalities: &self.municipality_spellings,
            towns: &self.town_spellings,
            town_key: |town| written_key(&town.name),
            chome_key: chome_text,
            koaza_key: 0,
        };
        let read = kana.map(|kana| Typed {
            key: kana_key(&kana),
            municipalities: &self.municipality_readings,
            towns: &self.town_readings,
            town_key: |town| kana_key(&town.kana),
            chome_key: chome_kana,
            koaza_key: 1,
        });
        [Some(written).filter(|_| !latin), read]
            .into_iter()
            .flatten()
            .filter(|typed| !typed.key.is_empty())
            .collect()
    }

    fn whole_municipalities<'a>(
        &'a self,
        typed: &Typed<'a>,
        near: Option<u32>,
        found: &mut Vec<(Rank, Found<'a>)>,
    ) {
        for (key, place) in starting_with(typed.municipalities, &typed.key) {
            if let Some(municipality) = self.municipality(*place) {
                let length = key.chars().count();
                let one = Found {
                    municipality,
                    town: None,
                    chome: None,
                    koaza: None,
                };
                found.push((rank(one, near, length, *place), one));
            }
        }
    }

    fn towns_in_named_municipality<'a>(
        &'a self,
        typed: &Typed<'a>,
        near: Option<u32>,
        found: &mut Vec<(Rank, Found<'a>)>,
    ) {
        for (key, place) in typed.municipalities {
            let Some(rest) = typed
                .key
                .strip_prefix(key.as_str())
                .filter(|rest| !rest.is_empty())
            else {
                continue;
            };
            let Some(municipality) = self.municipality(*place) else {
                continue;
            };
            let rest = rest.strip_prefix("大字").unwrap_or(rest);
            for (at, town) in self.towns_of(*place) {
                let town_key = (typed.town_key)(town);
                let length = town_key.chars().count();
                let one = Found {
                    municipality,
                    town: Some(town),
                    chome: None,
                    koaza: None,
                };
                if town_key.starts_with(rest) {
                    found.push((rank(one, near, length, at), one));
                }
                if let Some(rest) = rest
                    .strip_prefix(town_key.as_str())
                    .filter(|_| !town_key.is_empty())
                {
                    self.with_parts(typed, (one, rest), (near, length, at), found);
                }
            }
        }
    }

    fn towns_by_name<'a>(
        &'a self,
        typed: &Typed<'a>,
        near: Option<u32>,
        found: &mut Vec<(Rank, Found<'a>)>,
    ) {
        for (key, at) in starting_with(typed.towns, &typed.key) {
            let Some(town) = self.town(*at) else { continue };
            let Some(municipality) = self.municipality(town.municipality) else {
                continue;
            };
            let one = Found {
                municipality,
                town: Some(town),
                chome: None,
                koaza: None,
            };
            let length = key.chars().count();
            found.push((rank(one, near, length, *at), one));
            if *key == typed.key {
                self.with_parts(typed, (one, ""), (near, length, *at), found);
            }
        }
        self.parts_of_towns(typed, near, found);
    }

    /// A town's name with the beginning of a 丁目 or 小字 behind it.
    fn parts_of_towns<'a>(
        &'a self,
        typed: &Typed<'a>,
        near: Option<u32>,
        found: &mut Vec<(Rank, Found<'a>)>,
    ) {
        for (cut, _) in typed.key.char_indices().skip(1) {
            let Some((name, rest)) = typed.key.split_at_checked(cut) else {
                continue;
            };
            let named = starting_with(typed.towns, name).take_while(|(key, _)| key == name);
            for (_, at) in named {
                let place = self.town(*at);
                let place =
                    place.and_then(|town| Some((town, self.municipality(town.municipality)?)));
                let Some((town, municipality)) = place else {
                    continue;
                };
                let one = Found {
                    municipality,
                    town: Some(town),
                    chome: None,
                    koaza: None,
                };
                let length = name.chars().count();
                self.with_parts(typed, (one, rest), (near, length, *at), found);
            }
        }
    }

    /// The 丁目 of a town that `rest` begins, all when it is empty; and its 小字, once anything of
    /// them was typed, for a town may have hundreds.
    fn with_parts<'a>(
        &'a self,
        typed: &Typed<'a>,
        (one, rest): (Found<'a>, &str),
        (near, length, at): (Option<u32>, usize, u32),
        found: &mut Vec<(Rank, Found<'a>)>,
    ) {
        let Some(town) = one.town else { return };
        for number in typed.chome(town, rest) {
            let one = Found {
                chome: Some(number),
                ..one
            };
            found.push((rank(one, near, length, at), one));
        }
        let rest = rest.strip_prefix('字').unwrap_or(rest);
        if rest.is_empty() {
            return;
        }
        for (place, (koaza, keys)) in (1..).zip(self.koaza_of(at)) {
            let key = keys.get(typed.koaza_key);
            if key.is_some_and(|key| key.starts_with(rest)) {
                let one = Found {
                    koaza: Some(koaza),
                    ..one
                };
                let (order, length, at, chome, _) = rank(one, near, length, at);
                found.push(((order, length, at, chome, place), one));
            }
        }
    }

    fn by_postal_code(&self, digits: &str, limit: usize) -> Vec<Found<'_>> {
        let width = u32::try_from(digits.len()).unwrap_or(7).min(7);
        let step = 10u32.pow(7 - width);
        let Ok(first) = digits
            .parse::<u32>()
            .map(|digits| digits.saturating_mul(step))
        else {
            return Vec::new();
        };
        let start = self.postal_codes.partition_point(|(code, _)| *code < first);
        let codes = self.postal_codes.get(start..).unwrap_or_default();
        codes
            .iter()
            .take_while(|(code, _)| *code < first + step)
            .filter_map(|(_, at)| {
                let town = self.town(*at)?;
                let municipality = self.municipality(town.municipality)?;
                Some(Found {
                    municipality,
                    town: Some(town).filter(|town| !town.name.is_empty()),
                    chome: None,
                    koaza: None,
                })
            })
            .take(limit)
            .collect()
    }
}

/// Digits of a postal code, two to seven, with or without 〒 and the hyphen.
fn postal_digits(text: &str) -> Option<String> {
    let body = text.strip_prefix('〒').unwrap_or(text);
    let digits: String = body
        .chars()
        .filter(|c| !matches!(c, '-' | '‐' | '−' | 'ー'))
        .collect();
    let is_code = (2..=7).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    is_code.then_some(digits)
}

fn starting_with<'i>(index: &'i Index, key: &'i str) -> impl Iterator<Item = &'i (String, u32)> {
    let first = index.partition_point(|(known, _)| known.as_str() < key);
    let rest = index.get(first..).unwrap_or_default();
    rest.iter()
        .take_while(move |(known, _)| known.starts_with(key))
}

fn rank(one: Found<'_>, near: Option<u32>, length: usize, place: u32) -> Rank {
    let code = one.municipality.code;
    let same = near == Some(code);
    let neighbour = near.is_some_and(|near| near / 1000 == code / 1000);
    let gone = one.municipality.is_abolished();
    (
        [gone, !same, !neighbour, one.town.is_some()],
        length,
        place,
        one.chome.unwrap_or_default(),
        0,
    )
}
