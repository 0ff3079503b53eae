//! Numbers, radicals and readings as people at a counter type and read them.

use unicode_normalization::UnicodeNormalization;

use crate::glyph::{Glyph, MjNumber};
use crate::tables::Characters;

/// The first of the Kangxi radicals as characters of their own (Unicode 16, chapter 18), and how
/// many there are.
const RADICALS: (u32, u8) = (0x2F00, 214);

/// Radicals as they are written inside characters, beside the numbered ones: what people see.
const RADICAL_FORMS: [(char, u8); 27] = [
    ('亻', 9),
    ('刂', 18),
    ('忄', 61),
    ('扌', 64),
    ('攵', 66),
    ('氵', 85),
    ('灬', 86),
    ('爫', 87),
    ('牜', 93),
    ('犭', 94),
    ('王', 96),
    ('礻', 113),
    ('ネ', 113),
    ('糹', 120),
    ('罒', 122),
    ('耂', 125),
    ('艹', 140),
    ('衤', 145),
    ('西', 146),
    ('訁', 149),
    ('辶', 162),
    ('⻌', 162),
    ('飠', 184),
    ('黒', 203),
    ('歯', 211),
    ('竜', 212),
    ('亀', 213),
];

/// The number of a radical: typed as a number, or as the radical itself.
pub fn radical(text: &str) -> Option<u8> {
    let text: String = text.trim().nfkc().collect();
    let (first, count) = RADICALS;
    if let Ok(number) = text.parse() {
        return (1..=count).contains(&number).then_some(number);
    }
    let mut only = text.chars();
    let (Some(shape), None) = (only.next(), only.next()) else {
        return None;
    };
    let form = RADICAL_FORMS.iter().find(|(form, _)| *form == shape);
    form.map(|(_, number)| *number).or_else(|| {
        (1..=count).find(|number| {
            let kangxi = char::from_u32(first + u32::from(*number) - 1);
            kangxi.is_some_and(|kangxi| kangxi.nfkc().eq([shape]))
        })
    })
}

impl Characters {
    /// Glyphs with a number as people write it: `MJ026190`, `J+9089`, `U+9089` or the six digits
    /// of the unified characters of family registers.
    pub fn by_number(&self, text: &str) -> Vec<&Glyph> {
        let text: String = text.trim().nfkc().flat_map(char::to_uppercase).collect();
        if let Ok(number) = text.parse::<MjNumber>() {
            return self.glyph(number).into_iter().collect();
        }
        if let Some(code) = text.strip_prefix("J+") {
            let Ok(code) = u16::from_str_radix(code, 16) else {
                return Vec::new();
            };
            return self.where_equal(|glyph| glyph.resident_network == Some(code));
        }
        if let Some(code) = text.strip_prefix("U+") {
            let code = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
            return code.map_or_else(Vec::new, |code| self.forms(code).collect());
        }
        let digits = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) if digits => self.where_equal(|glyph| glyph.family_register == Some(number)),
            Ok(_) | Err(_) => Vec::new(),
        }
    }

    fn where_equal(&self, fits: impl Fn(&Glyph) -> bool) -> Vec<&Glyph> {
        self.glyphs().iter().filter(|glyph| fits(glyph)).collect()
    }

    /// Readings of each of `glyphs`, in hiragana, in the same order.
    pub fn readings_of(&self, glyphs: &[&Glyph]) -> Vec<Vec<&str>> {
        let places: Vec<Option<u32>> = glyphs
            .iter()
            .map(|glyph| {
                let known = self.glyphs();
                let place = known.binary_search_by_key(&glyph.number, |one| one.number);
                place.ok().and_then(|place| u32::try_from(place).ok())
            })
            .collect();
        let mut found = vec![Vec::new(); glyphs.len()];
        for (reading, read) in &self.contents.readings {
            for (place, found) in places.iter().zip(&mut found) {
                if place.is_some_and(|place| read.contains(&place)) {
                    found.push(reading.as_str());
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::radical;

    #[test]
    fn radicals_are_known_by_number_and_by_shape() {
        for (typed, number) in [
            ("162", Some(162)),
            ("１６２", Some(162)),
            ("辶", Some(162)),
            ("辵", Some(162)),
            ("言", Some(149)),
            ("⾔", Some(149)),
            ("氵", Some(85)),
            ("0", None),
            ("215", None),
            ("邉", None),
            ("", None),
        ] {
            assert_eq!(radical(typed), number, "{typed}");
        }
    }
}
