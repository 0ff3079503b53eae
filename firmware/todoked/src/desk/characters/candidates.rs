//! Which characters are offered.

use counter_api::{CharacterQuery, GlyphRow};
use counter_characters::lookup::radical;
use counter_characters::{Characters, Fit, Glyph, Identity, Query, Target, Written};
use counter_domain::character_choice::{CharacterChoices, ChoiceStanding, ChoiceSubject};
use counter_domain::width::half_digits;

use super::Wanted;
use super::likeness::Shape;
use crate::clock::civil_date;
use crate::desk::GlyphGate;
use crate::desk::checks::date_in_words;
use crate::texts::{sentence, word};

/// As many as staff look through; more than that asks for another condition.
const FOUND_MAX: usize = 24;
/// Readings shown of one character.
const READINGS_MAX: usize = 4;

/// What candidates are found with.
pub(super) struct Candidates<'d> {
    pub(super) tables: &'d Characters,
    pub(super) gate: &'d dyn GlyphGate,
    pub(super) choices: &'d CharacterChoices,
}

/// Stable word for why a character cannot be printed.
pub(super) fn kind(tables: &Characters, one: Written) -> &'static str {
    if one.base == identity_cards::GETA {
        return "geta";
    }
    match tables.identify(one) {
        Identity::Glyph(_) | Identity::Plain | Identity::MjPlus(_) => "not_in_font",
        Identity::OtherCollection(_) => "other_collection",
        Identity::UnknownSequence => "unknown_sequence",
        Identity::PrivateUse => "private_use",
        Identity::OutsideTable => "outside_table",
        Identity::NotACharacter => "not_a_character",
    }
}

impl Candidates<'_> {
    /// The candidates, what was chosen before first, and a sentence about them.
    pub(super) fn find(
        &self,
        wanted: &Wanted,
        current: Option<Written>,
        asked: &CharacterQuery,
    ) -> (Vec<GlyphRow>, String) {
        let glyphs = if *asked == CharacterQuery::default() {
            self.unasked(wanted, current)
        } else {
            match self.asked(asked) {
                Ok(glyphs) => glyphs,
                Err(message) => return (Vec::new(), message),
            }
        };
        let subject = subject(wanted);
        let before = subject.and_then(|subject| self.choices.in_force(&subject).cloned());
        let fits = |glyph: &&Glyph| {
            let text = glyph
                .text()
                .filter(|text| self.gate.missing(text).is_none());
            text.is_some_and(|text| match wanted {
                Wanted::InSystem(system, _) => self.has(&text, *system),
                // What stands there already is no candidate.
                Wanted::Glyph(_) | Wanted::Other => {
                    current.is_none_or(|current| current.text() != text)
                }
                Wanted::More => true,
            })
        };
        let mut glyphs: Vec<&Glyph> = glyphs.into_iter().filter(fits).collect();
        if *asked == CharacterQuery::default() {
            self.most_alike_first(&mut glyphs, current);
        }
        let is_more = glyphs.len() > FOUND_MAX;
        if let Some(before) = &before {
            let written = counter_characters::written(&before.chosen).next();
            if let Some(Identity::Glyph(glyph)) = written.map(|one| self.tables.identify(one)) {
                glyphs.retain(|one| one.number != glyph.number);
                glyphs.insert(0, glyph);
            }
        }
        glyphs.truncate(FOUND_MAX);
        let mut rows = self.rows(&glyphs);
        if let (Some(before), Some(first)) = (&before, rows.first_mut())
            && first.text == before.chosen
        {
            let date = date_in_words(&civil_date(before.at_unix_ms).to_string());
            let name = match before.standing {
                ChoiceStanding::Confirmed => "confirmed_before",
                ChoiceStanding::Open | ChoiceStanding::Withdrawn => "chosen_before",
            };
            let values = [("date", date.as_str()), ("staff", before.by.as_str())];
            first.chosen_before = sentence("characters", name, &values);
        }
        let message = found_in_words(rows.len(), is_more, wanted, asked);
        (rows, message)
    }

    /// Candidates before anything is asked: other forms of the same character, or what the
    /// reduction map proposes for the system.
    fn unasked(&self, wanted: &Wanted, current: Option<Written>) -> Vec<&Glyph> {
        match (wanted, current) {
            (Wanted::InSystem(system, one), _) => match self.tables.fit(*one, *system) {
                Fit::Proposed(proposals) => proposals
                    .iter()
                    .filter_map(|proposal| self.plain(proposal.to))
                    .collect(),
                Fit::Exact(_) | Fit::Missing => Vec::new(),
            },
            (Wanted::Glyph(_) | Wanted::Other, Some(one)) => self.tables.find(
                &Query {
                    form_of: Some(one.base),
                    ..Query::default()
                },
                FOUND_MAX + 2,
            ),
            (Wanted::Glyph(_) | Wanted::Other | Wanted::More, _) => Vec::new(),
        }
    }

    /// What looks like the character as it was written comes first; of those that look the same,
    /// and where no font has it, the order of the table stays.
    fn most_alike_first(&self, glyphs: &mut [&Glyph], current: Option<Written>) {
        let shape = |text: &str| Shape::of(&self.gate.outline(text).path);
        let Some(written) = current.and_then(|one| shape(&one.text())) else {
            return;
        };
        glyphs.sort_by_cached_key(|glyph| {
            let candidate = glyph.text().and_then(|text| shape(&text));
            std::cmp::Reverse(candidate.map_or(0, |candidate| candidate.likeness(&written)))
        });
    }

    fn asked(&self, asked: &CharacterQuery) -> Result<Vec<&Glyph>, String> {
        let filled = |text: &str| !text.trim().is_empty();
        let strokes = if filled(&asked.strokes) {
            let strokes = strokes(&asked.strokes);
            Some(strokes.ok_or_else(|| word("characters", "strokes_wrong"))?)
        } else {
            None
        };
        let radical = if filled(&asked.radical) {
            let number = radical(&asked.radical);
            Some(number.ok_or_else(|| word("characters", "radical_wrong"))?)
        } else {
            None
        };
        let query = Query {
            reading: Some(asked.reading.trim()).filter(|text| !text.is_empty()),
            strokes,
            radical,
            parts: Some(asked.parts.trim()).filter(|text| !text.is_empty()),
            ..Query::default()
        };
        if !filled(&asked.number) {
            return Ok(self.tables.find(&query, FOUND_MAX + 2));
        }
        let by_number = self.tables.by_number(&asked.number);
        Ok(by_number
            .into_iter()
            .filter(|glyph| strokes.is_none_or(|(a, b)| (a..=b).contains(&glyph.strokes)))
            .collect())
    }

    fn plain(&self, c: char) -> Option<&Glyph> {
        let one = Written {
            base: c,
            selector: None,
        };
        match self.tables.identify(one) {
            Identity::Glyph(glyph) => Some(glyph),
            Identity::Plain
            | Identity::OtherCollection(_)
            | Identity::UnknownSequence
            | Identity::MjPlus(_)
            | Identity::PrivateUse
            | Identity::OutsideTable
            | Identity::NotACharacter => None,
        }
    }

    fn has(&self, text: &str, system: Target) -> bool {
        let mut all = counter_characters::written(text);
        all.all(|one| matches!(self.tables.fit(one, system), Fit::Exact(_)))
    }

    fn rows(&self, glyphs: &[&Glyph]) -> Vec<GlyphRow> {
        let readings = self.tables.readings_of(glyphs);
        let rows = glyphs.iter().zip(readings).map(|(glyph, readings)| {
            let text = glyph.text().unwrap_or_default();
            let strokes = glyph.strokes.to_string();
            let readings: Vec<&str> = readings.into_iter().take(READINGS_MAX).collect();
            let readings = readings.join("・");
            let values = [("strokes", strokes.as_str()), ("readings", &readings)];
            GlyphRow {
                picture: self.gate.outline(&text).path,
                number: glyph.number.to_string(),
                about: sentence("characters", "about", &values),
                systems: self.systems(&text),
                chosen_before: String::new(),
                text,
            }
        });
        rows.collect()
    }

    /// In which systems a character is, and in which it is not.
    fn systems(&self, text: &str) -> String {
        let all = Target::ALL
            .into_iter()
            .filter(|target| !matches!(target, Target::Mj | Target::MjPlus));
        let (has, lacks): (Vec<Target>, Vec<Target>) = all.partition(|one| self.has(text, *one));
        let names = |targets: &[Target]| {
            let names = targets
                .iter()
                .map(|one| word("character_system_short", one.key()));
            names.collect::<Vec<_>>().join("・")
        };
        match (has.as_slice(), lacks.as_slice()) {
            (_, []) => word("characters", "everywhere"),
            ([], _) => word("characters", "nowhere"),
            (has, lacks) => {
                let (has, lacks) = (names(has), names(lacks));
                let values = [("has", has.as_str()), ("lacks", lacks.as_str())];
                sentence("characters", "systems", &values)
            }
        }
    }
}

/// What a choice would be about; a place where anything may stand has none.
fn subject(wanted: &Wanted) -> Option<ChoiceSubject> {
    match wanted {
        Wanted::Glyph(one) if one.base != identity_cards::GETA => {
            Some(ChoiceSubject::glyph(one.text()))
        }
        Wanted::InSystem(system, one) => Some(ChoiceSubject::in_system(system.key(), one.text())),
        Wanted::Glyph(_) | Wanted::Other | Wanted::More => None,
    }
}

fn found_in_words(found: usize, is_more: bool, wanted: &Wanted, asked: &CharacterQuery) -> String {
    let nothing_asked = *asked == CharacterQuery::default();
    let name = match (found, is_more, nothing_asked) {
        (0, _, true) if matches!(wanted, Wanted::More) => "ask",
        (0, _, true) => "none_known",
        (0, _, false) => "none_found",
        (_, true, _) => "found_more",
        (_, false, _) => "found",
    };
    let count = found.to_string();
    sentence("characters", name, &[("count", &count)])
}

/// One number, or fewest and most.
fn strokes(text: &str) -> Option<(u8, u8)> {
    let text: String = half_digits(text)
        .chars()
        .filter_map(|c| match c {
            '〜' | '～' | 'ー' | '−' | '－' => Some('-'),
            '画' => None,
            other => Some(other),
        })
        .collect();
    let (least, most) = text.split_once('-').unwrap_or((&text, &text));
    let number = |part: &str| part.trim().parse().ok();
    Some((number(least)?, number(most)?))
}

#[cfg(test)]
mod tests {
    use super::strokes;

    #[test]
    fn strokes_are_read_as_people_type_them() {
        for (typed, read) in [
            ("19", Some((19, 19))),
            ("１９画", Some((19, 19))),
            ("15-18", Some((15, 18))),
            ("15〜18画", Some((15, 18))),
            ("many", None),
            ("", None),
        ] {
            assert_eq!(strokes(typed), read, "{typed}");
        }
    }
}
