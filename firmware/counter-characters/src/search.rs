//! Finding a character by what a clerk can see of it.
//!
//! Folding forms for the search of people is `counter_domain::resident::name_key`.

use unicode_normalization::UnicodeNormalization;

use crate::glyph::Glyph;
use crate::tables::Characters;
use crate::target::Source;

/// What is known of the character that is looked for. Everything given must hold.
#[derive(Debug, Clone, Default)]
pub struct Query<'q> {
    /// A reading in hiragana or katakana.
    pub reading: Option<&'q str>,
    /// Fewest and most strokes.
    pub strokes: Option<(u8, u8)>,
    /// Radical, 1-214.
    pub radical: Option<u8>,
    /// Any form of this character.
    pub form_of: Option<char>,
    /// Number in the unified characters of family registers.
    pub family_register: Option<u32>,
    /// Code in the unified characters of the resident network.
    pub resident_network: Option<u16>,
    /// Parts that all stand in it, for example `自方辶`.
    pub parts: Option<&'q str>,
}

impl Characters {
    /// Glyphs that answer `query`, characters for everyday use first, then by strokes. At most
    /// `limit`.
    pub fn find(&self, query: &Query<'_>, limit: usize) -> Vec<&Glyph> {
        let made_of = query.parts.map(|parts| self.made_of(parts));
        let has_parts = |glyph: &&Glyph| {
            made_of.as_ref().is_none_or(|made_of| {
                let mut points = [glyph.code_point, glyph.plain].into_iter().flatten();
                points.any(|point| made_of.contains(&point))
            })
        };
        let mut found: Vec<&Glyph> = match (query.reading, query.form_of) {
            (Some(reading), _) => self
                .read_as(reading)
                .filter(|glyph| self.answers(glyph, query))
                .collect(),
            (None, Some(c)) => self
                .family_of(c)
                .into_iter()
                .filter(|glyph| self.answers(glyph, query))
                .collect(),
            (None, None) => self
                .glyphs()
                .iter()
                .filter(|glyph| self.answers(glyph, query))
                .collect(),
        };
        found.retain(has_parts);
        found.sort_by_key(|glyph| (everyday(glyph), glyph.strokes, glyph.number));
        found.truncate(limit);
        found
    }

    fn answers(&self, glyph: &Glyph, query: &Query<'_>) -> bool {
        let family = || query.form_of.is_none_or(|c| self.same_family(glyph, c));
        query
            .strokes
            .is_none_or(|(least, most)| (least..=most).contains(&glyph.strokes))
            && query
                .radical
                .is_none_or(|radical| glyph.radicals.iter().any(|(r, _)| *r == radical))
            && query
                .family_register
                .is_none_or(|number| glyph.family_register == Some(number))
            && query
                .resident_network
                .is_none_or(|code| glyph.resident_network == Some(code))
            && family()
    }

    fn read_as(&self, reading: &str) -> impl Iterator<Item = &Glyph> {
        let key = hiragana(reading);
        let readings = &self.contents.readings;
        let place = readings.binary_search_by(|(known, _)| known.as_str().cmp(key.as_str()));
        let places = place.ok().and_then(|place| readings.get(place));
        places
            .into_iter()
            .flat_map(|(_, places)| places)
            .filter_map(|place| self.at(*place))
    }

    /// Every form of `c` and of the characters it is a variant of.
    fn family_of(&self, c: char) -> Vec<&Glyph> {
        let mut family: Vec<&Glyph> = self
            .glyphs()
            .iter()
            .filter(|glyph| self.same_family(glyph, c))
            .collect();
        family.sort_by_key(|glyph| glyph.number);
        family
    }

    fn same_family(&self, glyph: &Glyph, c: char) -> bool {
        glyph.code_point == Some(c)
            || glyph.plain == Some(c)
            || self.parents(glyph).any(|parent| parent == c)
    }

    /// Characters that family registers and the civil bureau hold to be the standard form.
    fn parents(&self, glyph: &Glyph) -> impl Iterator<Item = char> {
        self.reductions(glyph)
            .iter()
            .filter(|reduction| {
                matches!(
                    reduction.source,
                    Source::FamilyRegister | Source::StandardForms | Source::CommonForms
                )
            })
            .map(|reduction| reduction.to)
    }
}

/// 0 for the jōyō list, 1 for names, 2 for the rest.
fn everyday(glyph: &Glyph) -> u8 {
    match glyph.standing {
        crate::Standing::Common => 0,
        crate::Standing::ForNames => 1,
        crate::Standing::Other => 2,
    }
}

/// The spelling under which readings are kept: katakana turned to hiragana, without spaces.
pub fn hiragana(reading: &str) -> String {
    reading
        .nfkc()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            'ァ'..='ヶ' => char::from_u32(u32::from(c) - 0x60).unwrap_or(c),
            other => other,
        })
        .collect()
}
