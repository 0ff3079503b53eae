//! From evidence to a confidence that can be believed: of fields said to be 0.99, 99 in 100 are right.
//!
//! A weighted sum of the evidence goes through a curve. Weights and curve are data
//! (`data/confidence.toml`), fitted on made-up pages by `todoke-document-pages fit`.

use serde::{Deserialize, Serialize};

use crate::field::{Check, FieldName};
use crate::fields::assigned::is_number;
use crate::fields::household::Candidate;

/// The calibration that ships with the program.
const STANDARD: &str = include_str!("../../data/confidence.toml");

/// Below this legibility ([`crate::page::Page::legibility`]) a page is hard to read: made-up faxes
/// lie between 0.76 and 0.96, scans at 300 dpi between 0.97 and 1.
const LEGIBILITY_MIN: f32 = 0.965;
/// The most that is believed on a page that is hard to read: somebody looks at every field. On dark faxes one
/// in twenty-five of the fields the curve alone would call sure was wrong.
const HARD_PAGE_MAX: f32 = 0.9;

/// Characters whose other form readers take for them, however sure they are: 髙, 﨑 and 邉.
const FORMS: [char; 6] = ['高', '髙', '崎', '﨑', '邉', '邊'];
/// The same in places: 三ヶ島 and 三ケ島 both exist, and differ by less than the next size of print; a building
/// is called 荘 or 莊, and no dictionary knows it.
const PLACE_FORMS: [char; 4] = ['ヶ', 'ケ', '荘', '莊'];
/// The most that is believed of a value with such a character: four in six faxes were misread where 高 may
/// have been 髙.
const FORM_MAX: f32 = 0.94;

/// The most that is believed of a number that is nobody's.
const NOBODYS_MAX: f32 = 0.5;
/// The most that is believed of what may be another person's, and of a number beside a label that was misread.
const DOUBTED_MAX: f32 = 0.9;
/// A label is read well up to here.
const LABEL_WELL_READ: f32 = 0.5;

/// The most that may be believed of a value, however well it was read itself.
pub(super) fn most(one: &Candidate, legibility: f32) -> f32 {
    let value = one.judged.value.as_str();
    let is_formed = match Group::of(one.field) {
        Group::Name => value.contains(FORMS),
        Group::Address => value.contains(PLACE_FORMS),
        Group::Kana | Group::Date | Group::Word | Group::Number => false,
    };
    let is_misnamed = is_number(one.field) && one.label_distance > LABEL_WELL_READ;
    let limits = [
        (one.is_of_nobody(), NOBODYS_MAX),
        (!one.is_surely_theirs || is_misnamed, DOUBTED_MAX),
        (legibility < LEGIBILITY_MIN, HARD_PAGE_MAX),
        (is_formed || is_unproved(one), FORM_MAX),
    ];
    let held = limits.iter().filter(|(holds, _)| *holds);
    held.map(|(_, most)| *most).fold(1.0, f32::min)
}

/// A name that nothing on the paper speaks for: neither its kana nor the same name elsewhere. Names have no
/// check digit, and one wrong stroke is another name.
fn is_unproved(one: &Candidate) -> bool {
    let has_kana = one.judged.checks.contains(&Check::KanaAgainstKanji);
    if matches!(one.field, FieldName::Name | FieldName::NameKana) {
        !has_kana
    } else {
        Group::of(one.field) == Group::Name && !has_kana && !one.others.agree
    }
}

/// Fields that are alike in what makes them wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Names in kanji.
    Name,
    /// Names in kana.
    Kana,
    /// Days.
    Date,
    /// Words of a closed list.
    Word,
    /// Addresses.
    Address,
    /// Numbers with a check digit.
    Number,
}

impl Group {
    /// All groups.
    pub const ALL: [Self; 6] = [
        Self::Name,
        Self::Kana,
        Self::Date,
        Self::Word,
        Self::Address,
        Self::Number,
    ];

    /// The group of a field.
    pub fn of(field: FieldName) -> Self {
        match field {
            FieldName::Name | FieldName::HouseholdHead | FieldName::RegisterHead => Self::Name,
            FieldName::NameKana => Self::Kana,
            FieldName::BirthDate
            | FieldName::MoveOutDate
            | FieldName::StayUntil
            | FieldName::ValidUntil
            | FieldName::IssueDate => Self::Date,
            FieldName::OldAddress
            | FieldName::NewAddress
            | FieldName::RegisteredDomicile
            | FieldName::Address => Self::Address,
            FieldName::ResidentRecordCode | FieldName::IndividualNumber | FieldName::CardNumber => {
                Self::Number
            }
            FieldName::Sex
            | FieldName::Relationship
            | FieldName::HealthInsurance
            | FieldName::LateElderly
            | FieldName::LongTermCare
            | FieldName::Pension
            | FieldName::ChildAllowance
            | FieldName::Nationality
            | FieldName::ResidenceStatus
            | FieldName::PeriodOfStay => Self::Word,
        }
    }
}

/// What is known of a value besides itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Its group.
    pub group: Group,
    /// Probability of the least certain character.
    pub least: f32,
    /// Probability of the characters on average.
    pub mean: f32,
    /// How many characters.
    pub length: f32,
    /// How much it looks like such a value, 0 to 1.
    pub fit: f32,
    /// 1 when its own check passed.
    pub checked: f32,
    /// 1 when a check failed.
    pub failed: f32,
    /// Characters that were changed, with the cost of the change.
    pub corrected: f32,
    /// Characters that are often taken for a rarer form.
    pub variants: f32,
    /// How far the label was misread.
    pub label_distance: f32,
    /// 1 when another place says the same.
    pub agrees: f32,
    /// 1 when another place says nearly the same.
    pub disagrees: f32,
    /// How well its page can be read ([`crate::page::Page::legibility`]).
    pub legibility: f32,
}

/// How many numbers an evidence comes to.
pub const FEATURES: usize = 13;

impl Evidence {
    /// The numbers that are weighed, the first always 1.
    pub fn features(&self) -> [f32; FEATURES] {
        let odds = |p: f32| {
            let p = p.clamp(0.000_5, 0.999_5);
            (p / (1.0 - p)).ln() / 4.0
        };
        [
            1.0,
            odds(self.least),
            odds(self.mean),
            (self.length / 10.0).min(3.0),
            self.fit,
            self.checked,
            self.failed,
            self.corrected.min(4.0),
            self.variants.min(2.0),
            self.label_distance.min(2.0),
            self.agrees,
            self.disagrees,
            odds(self.legibility),
        ]
    }
}

/// Why a calibration cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the calibration of confidence is not understood")]
pub struct CalibrationError(#[from] toml::de::Error);

/// Weights and curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Of what it was fitted, for people.
    pub about: String,
    /// One row a group.
    pub weights: Vec<Weights>,
    /// From the sum to the confidence, both ascending; between two points on a straight line.
    pub curve: Vec<(f32, f32)>,
}

/// Weights of one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// The group.
    pub group: Group,
    /// One for each feature.
    pub of: [f32; FEATURES],
}

impl Calibration {
    /// The calibration that ships with the program.
    ///
    /// # Errors
    /// Never with the file that ships; a test holds that.
    pub fn standard() -> Result<Self, CalibrationError> {
        Self::parse(STANDARD)
    }

    /// A calibration from a file.
    ///
    /// # Errors
    /// When it is not of the form that `todoke-document-pages fit` writes.
    pub fn parse(text: &str) -> Result<Self, CalibrationError> {
        Ok(toml::from_str(text)?)
    }

    /// The weighted sum of the evidence.
    pub fn sum(&self, evidence: &Evidence) -> f32 {
        self.weights
            .iter()
            .find(|weights| weights.group == evidence.group)
            .map_or(0.0, |weights| {
                weights
                    .of
                    .iter()
                    .zip(evidence.features())
                    .map(|(weight, feature)| weight * feature)
                    .sum()
            })
    }

    /// 0 to 1.
    pub fn confidence(&self, evidence: &Evidence) -> f32 {
        let sum = self.sum(evidence);
        let after = self.curve.iter().position(|(from, _)| *from > sum);
        let point = |place: usize| self.curve.get(place).copied();
        let confidence = match after {
            Some(0) => point(0).map(|(_, value)| value),
            None => self.curve.last().map(|(_, value)| *value),
            Some(after) => point(after - 1)
                .zip(point(after))
                .map(|((x0, y0), (x1, y1))| y0 + (y1 - y0) * (sum - x0) / (x1 - x0).max(1e-6)),
        };
        confidence.unwrap_or(0.0).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_evidence_never_lowers_the_confidence() {
        let calibration = Calibration::standard().unwrap();
        for group in Group::ALL {
            let mut before = 0.0;
            for step in 0_u8..20 {
                let least = f32::from(step) / 20.0;
                let evidence = Evidence {
                    group,
                    least,
                    mean: 0.98,
                    length: 6.0,
                    fit: 1.0,
                    checked: 1.0,
                    failed: 0.0,
                    corrected: 0.0,
                    variants: 0.0,
                    label_distance: 0.0,
                    agrees: 0.0,
                    disagrees: 0.0,
                    legibility: 0.98,
                };
                let now = calibration.confidence(&evidence);
                assert!(now >= before, "{group:?} {least}");
                before = now;
            }
        }
    }
}
