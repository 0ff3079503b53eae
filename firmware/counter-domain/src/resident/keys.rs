//! What spellings of one name, reading or address have in common. For searching only.

use unicode_normalization::UnicodeNormalization;

use crate::date::FuzzyDate;
use crate::name::search_key;
use crate::resident::variants::folded;
use crate::resident::{Place, Resident};

/// What a person is found by. Empty where there is nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ResidentKeys {
    /// Whole name.
    pub name: String,
    /// Given name alone.
    pub given: String,
    /// Reading of the whole name.
    pub kana: String,
    /// Reading of the given name alone.
    pub given_kana: String,
    /// Alias, or the former surname with the given name.
    pub other: String,
    /// Reading of the alias.
    pub other_kana: String,
    /// First and last day of birth as year * 10000 + month * 100 + day; zeros when unknown.
    pub birth: (i32, i32),
    /// Address behind the city.
    pub address: String,
    /// Building and room.
    pub building: String,
}

impl std::fmt::Debug for ResidentKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ResidentKeys(…)")
    }
}

impl ResidentKeys {
    /// The keys of a person in a copy of `city`.
    pub fn of(resident: &Resident, city: &str) -> Self {
        let given = given_name(&resident.name);
        let place = resident.place.as_ref();
        let of_place = |part: fn(&Place) -> &String| place.map_or("", |place| part(place).as_str());
        let other = if resident.alias.is_empty() && !resident.former_surname.is_empty() {
            format!("{}{given}", resident.former_surname)
        } else {
            resident.alias.clone()
        };
        Self {
            name: name_key(&resident.name),
            given: name_key(given),
            kana: name_key(&resident.kana),
            given_kana: name_key(given_name(&resident.kana)),
            other: name_key(&other),
            other_kana: name_key(&resident.alias_kana),
            birth: birth_key(&resident.birth_date),
            address: address_key(of_place(|place| &place.address), city),
            building: name_key(of_place(|place| &place.building)),
        }
    }
}

fn given_name(name: &str) -> &str {
    name.split_once(['\u{3000}', ' '])
        .map_or("", |(_, given)| given)
}

/// A name or reading without width, variation selectors, spaces and variant forms of kanji.
pub fn name_key(text: &str) -> String {
    search_key(text).chars().map(folded).collect()
}

/// First and last day a date can be, as numbers; zeros when it is unknown.
pub fn birth_key(date: &str) -> (i32, i32) {
    let interval = date.parse::<FuzzyDate>().ok();
    interval
        .and_then(|date| date.interval())
        .map_or((0, 0), |(from, to)| (day_number(from), day_number(to)))
}

fn day_number(day: jiff::civil::Date) -> i32 {
    i32::from(day.year()) * 10_000 + i32::from(day.month()) * 100 + i32::from(day.day())
}

/// An address behind its city, so that `架空町一丁目9番6号`, `架空町１−９−６` and the same with the
/// prefecture in front are one text: `架空町1-9-6`.
pub fn address_key(text: &str, city: &str) -> String {
    let plain: String = text.nfkc().filter(|c| !c.is_whitespace()).collect();
    let city: String = city.nfkc().collect();
    let behind = plain
        .split_once(city.as_str())
        .filter(|(before, _)| !city.is_empty() && before.chars().count() <= PREFECTURE_CHARS_MAX);
    let local = behind.map_or(plain.as_str(), |(_, local)| local);
    let local = local.replace("大字", "").replace("番地の", "-");
    let mut out = String::with_capacity(local.len());
    let mut number = String::new();
    for c in local.chars().filter(|c| !is_selector(*c)) {
        if is_number(c) {
            number.push(c);
            continue;
        }
        put_number(&mut out, &mut number);
        put_sign(&mut out, c);
    }
    put_number(&mut out, &mut number);
    out.trim_end_matches('-').to_owned()
}

/// `神奈川県` and three others of its length are the longest.
const PREFECTURE_CHARS_MAX: usize = 4;

fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

fn is_number(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '〇' | '十' | '百') || kanji_digit(c).is_some()
}

fn kanji_digit(c: char) -> Option<u32> {
    let at = "〇一二三四五六七八九"
        .chars()
        .position(|digit| digit == c)?;
    u32::try_from(at).ok()
}

/// Writes a run of digits, in either script, as ASCII digits.
fn put_number(out: &mut String, number: &mut String) {
    let run = std::mem::take(number);
    if !run.contains(['十', '百']) {
        let digits = run.chars().map(|c| {
            kanji_digit(c)
                .and_then(|digit| char::from_digit(digit, 10))
                .unwrap_or(c)
        });
        out.extend(digits);
        return;
    }
    let (mut sum, mut current) = (0_u32, 0_u32);
    for c in run.chars() {
        match c {
            '十' => (sum, current) = (sum.saturating_add(current.max(1) * 10), 0),
            '百' => (sum, current) = (sum.saturating_add(current.max(1) * 100), 0),
            digit => {
                let value = digit
                    .to_digit(10)
                    .or_else(|| kanji_digit(digit))
                    .unwrap_or(0);
                current = current.saturating_mul(10).saturating_add(value) % 10_000;
            }
        }
    }
    out.push_str(&sum.saturating_add(current).to_string());
}

/// Behind a number every mark of a part is one hyphen.
fn put_sign(out: &mut String, c: char) {
    let behind_digit = out.ends_with(|last: char| last.is_ascii_digit());
    let behind_part = behind_digit || out.ends_with('-');
    match c {
        '丁' | '番' | '号' | 'の' | 'ノ' | '-' | '‐' | '‑' | '–' | '—' | '―' | '−' | 'ー'
            if behind_digit =>
        {
            out.push('-');
        }
        '目' | '地' | '-' | '‐' | '−' | 'ー' if behind_part => {}
        'が' | 'ガ' | 'ヶ' | 'ヵ' | 'ゕ' | 'ゖ' => out.push('ケ'),
        '、' | ',' | '。' | '.' => {}
        c => out.extend(c.to_uppercase().map(folded)),
    }
}
