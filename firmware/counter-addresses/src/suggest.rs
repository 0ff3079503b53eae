//! What is offered under an address field while somebody types.

use crate::dictionary::Addresses;
use crate::find::Found;
use crate::own::OwnPlaces;

/// A place that may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What goes into the field: the own city without its prefecture, others with it.
    pub text: String,
    /// The building, for the field beside it; may be empty.
    pub building: String,
    /// The reading, for whoever chooses; may be empty.
    pub kana: String,
    /// The postal code, `251-0026`; empty where there are several.
    pub postal_code: String,
    /// The municipality is gone.
    pub is_abolished: bool,
}

/// Which places a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Where somebody lives or goes to.
    Address,
    /// A registered domicile (本籍): also places that are gone, and no buildings.
    Domicile,
}

/// The dictionary and the own city's places.
#[derive(Debug, Clone, Copy)]
pub struct PlaceFinder<'a> {
    /// The dictionary.
    pub country: &'a Addresses,
    /// Numbers and buildings of the own city.
    pub own: Option<&'a OwnPlaces>,
    /// The own city's name.
    pub city: &'a str,
}

impl PlaceFinder<'_> {
    /// Places for a half-typed `text`, nearest first, at most `limit`. Nothing when the text is
    /// one of them already.
    pub fn suggest(&self, text: &str, wanted: Wanted, limit: usize) -> Vec<Suggestion> {
        let near = self.country.named(self.city).map(|city| city.code);
        let mut suggestions = self.own_places(text, wanted, limit);
        // Some that are gone are left out, and some are said already.
        for found in self.country.find(text, near, limit * 2) {
            let gone = found.municipality.is_abolished();
            let suggestion = of_country(&found, near);
            let known = suggestions.iter().any(|one| one.text == suggestion.text);
            if !known && (wanted == Wanted::Domicile || !gone) {
                suggestions.push(suggestion);
            }
        }
        suggestions.retain(|one| one.text != text.trim() || !one.building.is_empty());
        suggestions.truncate(limit);
        suggestions
    }

    fn own_places(&self, text: &str, wanted: Wanted, limit: usize) -> Vec<Suggestion> {
        // A town alone has too many; they come once a number was begun, or for a building's name.
        let Some(own) = self.own else {
            return Vec::new();
        };
        let mut suggestions: Vec<Suggestion> = own
            .find(text, limit)
            .into_iter()
            .map(|place| Suggestion {
                text: format!("{}{}{}", own.city(), place.town, place.number),
                building: match wanted {
                    Wanted::Address => place.building.clone(),
                    Wanted::Domicile => String::new(),
                },
                kana: String::new(),
                postal_code: hyphenated(&place.postal_code),
                is_abolished: false,
            })
            .collect();
        suggestions.dedup();
        if !text.contains(|c: char| c.is_numeric() || "一二三四五六七八九十".contains(c))
        {
            // Leaves room for the towns.
            suggestions.truncate(limit / 2);
        }
        suggestions
    }
}

fn of_country(found: &Found<'_>, near: Option<u32>) -> Suggestion {
    let own = near == Some(found.municipality.code);
    let codes = found
        .town
        .map_or(&[][..], |town| town.postal_codes.as_slice());
    let town_kana = found.town.map_or("", |town| &town.kana);
    Suggestion {
        text: if own {
            format!("{}{}", found.municipality.name, found.local_text())
        } else {
            found.text()
        },
        building: String::new(),
        kana: format!("{}{town_kana}", found.municipality.kana),
        postal_code: match codes {
            [only] => hyphenated(&format!("{only:07}")),
            _ => String::new(),
        },
        is_abolished: found.municipality.is_abolished(),
    }
}

/// `2510026` as people write it.
fn hyphenated(code: &str) -> String {
    match code.split_at_checked(3) {
        Some((area, rest)) if code.len() == 7 => format!("{area}-{rest}"),
        Some(_) | None => code.to_owned(),
    }
}
