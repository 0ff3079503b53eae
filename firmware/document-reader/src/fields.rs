//! Fields of a document by its labels and tables: where a label is, what stands beside it, whose it
//! is, and whether it can be right.
//!
//! Nothing here knows where on a page a field stands. [`Finder::find`] takes straightened pages and
//! gives every field with its value, how sure it is, where it stands, and what spoke for it and
//! against it. It knows no picture, no model and no file: dictionaries are given to it.
//!
//! The steps, each in a module of its own: characters to rows ([`text`]), rows to labels and values
//! ([`unit`]), values to labels ([`cells`] where there are ruled ones, [`rows`] elsewhere), values to
//! persons ([`member`]), text to values ([`value`] and what it calls), values beside each other
//! ([`household`]), evidence to confidence ([`confidence`]).

mod address;
mod assigned;
mod blanks;
mod card;
mod cells;
mod chain;
mod column;
pub mod confidence;
mod date;
mod digits;
mod found;
mod headed;
mod household;
mod in_turn;
mod member;
mod name;
mod neighbours;
mod readings;
mod relabelled;
mod rows;
mod run_on;
mod street;
mod text;
mod unit;
mod value;
mod vote;
mod words;
mod zone;

use counter_characters::Characters;
use jiff::civil::Date;

pub use address::Places;
pub use confidence::{Calibration, CalibrationError, Evidence};
pub(crate) use text::{count, plain};

use crate::field::{Check, DocumentKind, Field, FieldName};
use crate::labels::{Labels, LabelsError};
use crate::page::{Page, Rect};
use found::Found;
use household::{Candidate, Others};
use readings::Readings;
use unit::{Holds, Token, Unit};
use value::Judged;

/// Finds fields on pages.
#[derive(Debug)]
pub struct Finder {
    labels: Labels,
    places: Option<Places>,
    readings: Option<Readings>,
    calibration: Calibration,
    today: Option<Date>,
    unwanted: Vec<FieldName>,
}

/// Why a finder cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum FinderError {
    /// The labels that ship are damaged.
    #[error(transparent)]
    Labels(#[from] LabelsError),
    /// The calibration that ships is damaged.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
}

/// A field with the evidence its confidence comes from, for fitting the calibration.
#[derive(Debug, Clone)]
pub struct Weighed {
    /// The field.
    pub field: Field,
    /// What its confidence was reckoned from.
    pub evidence: Evidence,
    /// The most that may be believed of it, whatever the evidence says.
    pub most: f32,
}

impl Finder {
    /// A finder with the labels and the calibration that ship with the program.
    ///
    /// # Errors
    /// Never with the files that ship; a test holds that.
    pub fn standard() -> Result<Self, FinderError> {
        Ok(Self {
            labels: Labels::standard()?,
            places: None,
            readings: None,
            calibration: Calibration::standard()?,
            today: None,
            unwanted: Vec::new(),
        })
    }

    /// With other labels: those of a city.
    #[must_use]
    pub fn with_labels(mut self, labels: Labels) -> Self {
        self.labels = labels;
        self
    }

    /// With the dictionary of towns: addresses are matched against it.
    #[must_use]
    pub fn with_places(mut self, places: Places) -> Self {
        self.places = Some(places);
        self
    }

    /// With the tables of characters: names are compared with their kana.
    #[must_use]
    pub fn with_characters(mut self, characters: Characters) -> Self {
        self.readings = Some(Readings::new(characters));
        self
    }

    /// With another calibration.
    #[must_use]
    pub fn with_calibration(mut self, calibration: Calibration) -> Self {
        self.calibration = calibration;
        self
    }

    /// With today's date: nobody is born after it, and it gives the century in a passport.
    #[must_use]
    pub fn with_today(mut self, today: Date) -> Self {
        self.today = Some(today);
        self
    }

    /// Without a field: it is not looked at and in no answer. The individual number is left out
    /// this way where the procedure does not need it.
    #[must_use]
    pub fn without(mut self, field: FieldName) -> Self {
        self.unwanted.push(field);
        self
    }

    /// The fields of a document, household first, then person by person.
    pub fn find(&self, kind: DocumentKind, pages: &[Page]) -> Vec<Field> {
        self.weigh(kind, pages)
            .into_iter()
            .map(|one| one.field)
            .collect()
    }

    /// The same with the evidence.
    pub fn weigh(&self, kind: DocumentKind, pages: &[Page]) -> Vec<Weighed> {
        if kind == DocumentKind::Passport {
            let mut candidates = zone::fields(pages, self.today);
            candidates.sort_by_key(|one| one.field);
            // Its check digits speak for themselves, however the rest of the page reads.
            return self.all_weighed(candidates, &[]);
        }
        let mut candidates = self.candidates(kind, pages);
        if kind == DocumentKind::MoveOutCertificate {
            household::settle_address(&mut candidates);
            household::doubt_persons(&mut candidates);
        }
        household::prepare(&mut candidates);
        if let Some(readings) = &self.readings {
            readings.compare(&mut candidates);
        }
        vote::settle(&mut candidates);
        household::compare(&mut candidates);
        candidates.sort_by_key(|one| (one.member, one.field));
        self.all_weighed(candidates, pages)
    }

    fn all_weighed(&self, candidates: Vec<Candidate>, pages: &[Page]) -> Vec<Weighed> {
        let legible: Vec<f32> = pages.iter().map(Page::legibility).collect();
        let of_page = |page: usize| legible.get(page).copied().unwrap_or(1.0);
        candidates
            .into_iter()
            .map(|one| {
                let legibility = of_page(one.page);
                self.weighed(one, legibility)
            })
            .collect()
    }

    fn candidates(&self, kind: DocumentKind, pages: &[Page]) -> Vec<Candidate> {
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut members = 0;
        for (number, page) in pages.iter().enumerate() {
            let mut found = self.on_page(kind, page);
            found.retain(|one| !self.unwanted.contains(&one.field));
            found::tidy(&mut found);
            let (owned, own) = member::owned(found);
            let owned = owned_by_name(owned, members);
            let first = household::first_member(&candidates, &owned, members);
            for one in owned {
                candidates.extend(self.judged(&one, first, number));
            }
            members = members.max(first + own);
        }
        household::unique(candidates)
    }

    fn on_page<'p>(&self, kind: DocumentKind, page: &'p Page) -> Vec<Found<'p>> {
        let areas = text::areas(page);
        let mut units: Vec<Unit<'p>> = areas
            .iter()
            .map(|area| unit::unit(&self.labels, kind, area))
            .collect();
        // The area outside all cells is the last.
        let outside = units.pop();
        relabelled::settle(&self.labels, kind, &mut units);
        resolve_headings(&mut units);
        cells::settle_words(&mut units);
        let cells = units.len();
        if let Some(outside) = &outside {
            units.extend(unit::loose(outside, found::atom_pieces));
        }
        let mut found = cells::in_cells(&units);
        units.truncate(cells);
        for own in units.iter().filter(|own| own.holds == Holds::Both) {
            found.extend(rows::in_rows(&own.rows));
        }
        if let Some(mut outside) = outside {
            resolve_rows(&mut outside);
            found.extend(rows::in_rows(&outside.rows));
            if kind != DocumentKind::MoveOutCertificate {
                found.extend(card::by_pattern(kind, &units, &outside, &found));
            }
        }
        found
    }

    /// The values that a place holds: one, or a name with the kana above it.
    fn judged(&self, owned: &member::Owned<'_>, first: usize, page: usize) -> Vec<Candidate> {
        let found = &owned.found;
        if found.rows.iter().all(Vec::is_empty) {
            return Vec::new();
        }
        let member = owned
            .owner
            .member
            .and_then(|own| i32::try_from(first + own).ok())
            .unwrap_or(-1);
        let make = |field: FieldName, rows: &value::Rows<'_>, judged: Judged| Candidate {
            member,
            is_surely_theirs: owned.owner.is_sure,
            field,
            certainty: value::certainty(rows),
            length: count(rows.iter().map(Vec::len).sum()),
            label_distance: found.distance,
            bounds: bounds_of(rows).unwrap_or(found.slot),
            page,
            judged,
            others: Others::default(),
        };
        let mut candidates = Vec::new();
        if found.field == FieldName::Name
            && let Some(kana) = name::kana_beside(&found.rows)
        {
            candidates.push(make(
                FieldName::NameKana,
                &kana,
                value::judge(FieldName::NameKana, &kana),
            ));
        }
        let mut judged = match (&self.places, found.field) {
            (
                Some(places),
                FieldName::OldAddress
                | FieldName::NewAddress
                | FieldName::RegisteredDomicile
                | FieldName::Address,
            ) => places.judge(found.field, &found.rows),
            (Some(_) | None, _) => value::judge(found.field, &found.rows),
        };
        if is_address(found.field) {
            blanks::join_numbers(&mut judged);
            street::mend(&mut judged);
        }
        candidates.push(make(
            found.field,
            &found.rows,
            self.not_born_tomorrow(found.field, judged),
        ));
        candidates
    }

    /// A birth date after today is a misread one.
    fn not_born_tomorrow(&self, field: FieldName, mut judged: Judged) -> Judged {
        let born: Option<Date> = judged.value.parse().ok();
        let is_future = self
            .today
            .zip(born)
            .is_some_and(|(today, born)| born > today);
        if field == FieldName::BirthDate && is_future {
            judged.checks.retain(|check| *check != Check::Date);
            judged.failed.push(Check::Date);
        }
        judged
    }

    fn weighed(&self, one: Candidate, legibility: f32) -> Weighed {
        let evidence = one.evidence(legibility);
        let most = confidence::most(&one, legibility);
        let confidence = self.calibration.confidence(&evidence).min(most);
        let mut checks = one.judged.checks.clone();
        if one.others.agree {
            checks.push(Check::Household);
        }
        if one.others.say_the_same {
            checks.push(Check::SaidTwice);
        }
        let mut failed = one.judged.failed.clone();
        if one.others.disagree {
            failed.push(Check::Household);
        }
        let mut alternatives = one.judged.alternatives;
        if one.judged.corrected > 0.0 && one.judged.as_read != one.judged.value {
            alternatives.insert(0, one.judged.as_read.clone());
        }
        alternatives.retain(|other| *other != one.judged.value);
        let mut seen = std::collections::HashSet::new();
        alternatives.retain(|other| seen.insert(other.clone()));
        Weighed {
            field: Field {
                member: one.member,
                name: one.field,
                value: one.judged.value,
                as_read: one.judged.as_read,
                confidence,
                bounds: one.bounds,
                page: one.page,
                checks,
                failed,
                alternatives,
            },
            evidence,
            most,
        }
    }
}

/// On a further sheet that names nobody, numbers are of nobody: it may tell more of the persons before.
fn owned_by_name(
    mut owned: Vec<member::Owned<'_>>,
    persons_before: usize,
) -> Vec<member::Owned<'_>> {
    let names_somebody = owned.iter().any(|one| {
        matches!(
            one.found.field,
            FieldName::Name | FieldName::NameKana | FieldName::BirthDate
        )
    });
    if persons_before > 0 && !names_somebody {
        for one in owned
            .iter_mut()
            .filter(|one| assigned::is_number(one.found.field))
        {
            one.owner.member = None;
        }
    }
    owned
}

fn is_address(field: FieldName) -> bool {
    matches!(
        field,
        FieldName::OldAddress
            | FieldName::NewAddress
            | FieldName::RegisteredDomicile
            | FieldName::Address
    )
}

fn bounds_of(rows: &value::Rows<'_>) -> Option<Rect> {
    text::around(rows.iter().flatten().map(|one| one.bounds))
}

/// Headings beside or above a label change what it means: `転出前 | 住所`, `世帯主 | 氏名`,
/// `届出人 | 氏名`.
fn resolve_headings(units: &mut [Unit<'_>]) {
    let headings: Vec<(Rect, crate::labels::Meaning)> = units
        .iter()
        .filter(|unit| unit.holds == Holds::Labels)
        .filter_map(|unit| Some((unit.bounds, unit.tags().next()?.matched.meaning)))
        .collect();
    for unit in units
        .iter_mut()
        .filter(|unit| matches!(unit.holds, Holds::Labels | Holds::Both))
    {
        let above: Vec<crate::labels::Meaning> = headings
            .iter()
            .filter(|(bounds, _)| heads(bounds, &unit.bounds))
            .map(|(_, meaning)| *meaning)
            .collect();
        for token in unit.rows.iter_mut().flatten() {
            if let Token::Label(tag) = token {
                for meaning in &above {
                    tag.matched.meaning = under(*meaning, tag.matched.meaning);
                }
            }
        }
    }
}

/// Whether the cell `heading` spans `own` from the left: as its only neighbour there, and higher.
fn heads(heading: &Rect, own: &Rect) -> bool {
    let beside = (own.x - heading.right()).abs() < 12.0;
    let spans = heading.y <= own.y + 6.0 && heading.bottom() >= own.bottom() - 6.0;
    beside && spans && (heading.height > 1.3 * own.height || heading.width < own.width)
}

/// The same for labels that follow each other in a row of the free page.
fn resolve_rows(outside: &mut Unit<'_>) {
    for row in &mut outside.rows {
        for place in 1..row.len() {
            let (before, after) = row.split_at_mut(place);
            if let (Some(Token::Label(heading)), Some(Token::Label(own))) =
                (before.last(), after.first_mut())
                && own.bounds.x - heading.bounds.right() < 3.0 * own.bounds.height
            {
                let changed = under(heading.matched.meaning, own.matched.meaning);
                let is_heading = matches!(
                    heading.matched.meaning,
                    crate::labels::Meaning::Before
                        | crate::labels::Meaning::After
                        | crate::labels::Meaning::SomebodyElse
                );
                if is_heading || heading.field() == Some(FieldName::Address) {
                    own.matched.meaning = changed;
                }
            }
        }
    }
}

/// What a label means under a heading.
fn under(heading: crate::labels::Meaning, own: crate::labels::Meaning) -> crate::labels::Meaning {
    use crate::labels::Meaning;
    match (heading, own) {
        (Meaning::SomebodyElse, _) | (Meaning::After, Meaning::Field(FieldName::HouseholdHead)) => {
            Meaning::Unwanted
        }
        (Meaning::Before, Meaning::Field(FieldName::Address))
        | (Meaning::Field(FieldName::Address), Meaning::Before) => {
            Meaning::Field(FieldName::OldAddress)
        }
        (Meaning::After, Meaning::Field(FieldName::Address))
        | (Meaning::Field(FieldName::Address), Meaning::After) => {
            Meaning::Field(FieldName::NewAddress)
        }
        (Meaning::Field(FieldName::HouseholdHead), Meaning::Field(FieldName::Name)) => {
            Meaning::Field(FieldName::HouseholdHead)
        }
        (Meaning::Field(FieldName::RegisterHead), Meaning::Field(FieldName::Name)) => {
            Meaning::Field(FieldName::RegisterHead)
        }
        (_, own) => own,
    }
}

#[cfg(test)]
mod tests;
