//! What records know of people, as facts of the guide: the qualifications (資格) of the resident copy
//! and of move-out certificate data, so that nobody is asked what a city knows already.
//!
//! The rules are part of the catalogue (`known.yaml`), because the words in the details are those of
//! a city's own file. A record that says nothing says nothing: that somebody is not among the insured
//! of the file is no answer, because a file may leave a section's data out.

use counter_domain::draft::FieldValue;
use counter_domain::resident::Qualification;
use counter_domain::width::half_digits;

/// Whose records they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Records {
    /// This city's.
    Here,
    /// Those of the city somebody comes from.
    Elsewhere,
}

/// A fact that records say. `Debug` hides its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownFact {
    /// Name in the catalogue; `hh.` for one of the household.
    pub fact: String,
    /// Its value.
    pub value: FieldValue,
}

/// What one qualification says of one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownRule {
    pub(crate) qualification: String,
    pub(crate) fact: String,
    /// `None`: the number in the detail.
    pub(crate) value: Option<FieldValue>,
    /// Only with one of these words in the detail.
    pub(crate) detail: Vec<String>,
    /// Also without any detail.
    pub(crate) bare: bool,
    /// From and to, in years.
    pub(crate) ages: Option<(i16, i16)>,
    /// Only of this city's own records.
    pub(crate) here: bool,
}

/// The rules of a catalogue, in order: the first of a fact that fits is used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known(pub(crate) Vec<KnownRule>);

impl Known {
    /// What somebody's qualifications say, each fact once. Without an age, nothing that depends on
    /// one.
    pub fn facts_of<'q>(
        &self,
        qualifications: impl Iterator<Item = Qualification<'q>>,
        age: Option<i16>,
        records: Records,
    ) -> Vec<KnownFact> {
        let held: Vec<Qualification<'_>> = qualifications.collect();
        let mut known: Vec<KnownFact> = Vec::new();
        for rule in &self.0 {
            if known.iter().any(|one| one.fact == rule.fact) {
                continue;
            }
            let mut fits = held.iter().filter(|one| rule.fits(one, age, records));
            let value = match &rule.value {
                Some(value) => fits.next().map(|_| value.clone()),
                None => fits
                    .map(counted)
                    .reduce(|sum, more| sum + more)
                    .map(FieldValue::Count),
            };
            known.extend(value.map(|value| KnownFact {
                fact: rule.fact.clone(),
                value,
            }));
        }
        known
    }
}

impl KnownRule {
    fn fits(&self, one: &Qualification<'_>, age: Option<i16>, records: Records) -> bool {
        let of_age = self
            .ages
            .is_none_or(|(from, to)| age.is_some_and(|age| (from..=to).contains(&age)));
        let told = match (self.detail.is_empty(), one.detail.is_empty()) {
            (true, _) => true,
            (false, true) => self.bare,
            (false, false) => {
                let detail = half_digits(one.detail);
                self.detail
                    .iter()
                    .any(|word| detail.contains(word.as_str()))
            }
        };
        let is_theirs = records == Records::Here || !self.here;
        one.code == self.qualification && of_age && told && is_theirs
    }

    /// Whether it fits wherever `later` does, so that `later` is never used.
    pub(crate) fn hides(&self, later: &Self) -> bool {
        let same = self.fact == later.fact && self.qualification == later.qualification;
        let always = self.detail.is_empty() && self.ages.is_none() && !self.here;
        same && always
    }
}

/// How many a qualification speaks of: a number with at most one letter behind it in the detail,
/// else one.
fn counted(one: &Qualification<'_>) -> i64 {
    let detail = half_digits(one.detail);
    let digits = detail.trim_end_matches(|c: char| !c.is_ascii_digit());
    let behind = detail.chars().count() - digits.chars().count();
    let count = digits.parse().ok().filter(|count| *count < 100);
    count.filter(|_| behind <= 1).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{BUNDLED, Catalogue};

    fn said(catalogue: &Catalogue, written: &[&str], age: i16, records: Records) -> String {
        let held = written.iter().map(|text| Qualification::read(text));
        let known = catalogue.known().facts_of(held, Some(age), records);
        let said = known.iter().map(|one| match &one.value {
            FieldValue::Flag(flag) => format!("{}={flag}", one.fact),
            FieldValue::Count(count) => format!("{}={count}", one.fact),
            FieldValue::Text(text) => format!("{}={text}", one.fact),
            FieldValue::Unknown | FieldValue::Cleared => one.fact.clone(),
        });
        said.collect::<Vec<_>>().join(" ")
    }

    fn check(written: &[&str], age: i16, records: Records) -> String {
        said(&Catalogue::bundled().unwrap(), written, age, records)
    }

    #[test]
    fn qualifications_answer_what_would_be_asked() {
        assert_eq!(
            check(
                &["nhi", "pension:第１号@2020-04-01", "seal", "mncard"],
                45,
                Records::Here
            ),
            "insurance=nhi pension=1 seal_registered=true mn_card=valid"
        );
        assert_eq!(
            check(
                &["late_elderly", "ltc:要介護2@2025-10-01"],
                70,
                Records::Here
            ),
            "insurance=latter latter_disability=true ltc_certified=true"
        );
        assert_eq!(
            check(
                &["disability:身体障害者手帳1級", "dog:２頭", "moped"],
                30,
                Records::Here
            ),
            "body_cert=true holds_certificate=true hh.dogs=2 hh.vehicles_or_dogs=true hh.mopeds=1"
        );
    }

    #[test]
    fn what_is_not_said_is_not_guessed() {
        // Insured for care is everybody from 65 on; a kind of pension is in the detail or nowhere.
        assert_eq!(check(&["ltc", "pension"], 66, Records::Here), "");
        // The child it is paid for is no payee.
        assert_eq!(check(&["child_allowance:支給対象"], 7, Records::Here), "");
        assert_eq!(check(&["child_allowance:支給対象"], 40, Records::Here), "");
        assert_eq!(
            check(&["child_allowance:受給者"], 40, Records::Here),
            "was_child_payee=true"
        );
    }

    #[test]
    fn another_citys_lists_say_nothing_of_this_ones() {
        assert_eq!(
            check(
                &["nhi", "seal", "child_allowance:受給者", "welfare"],
                40,
                Records::Elsewhere
            ),
            "insurance=nhi"
        );
    }

    #[test]
    fn city_writes_the_words_of_its_own_file() {
        let mut files = BUNDLED.to_vec();
        let at = files.iter().position(|(name, _)| *name == "known.yaml");
        let text =
            "known:\n- { qualification: pension, fact: pension, value: '1', detail: [自営] }\n";
        files[at.unwrap()] = ("known.yaml", text);
        let catalogue = Catalogue::from_files(&files).unwrap();
        let held = ["pension:自営業者など", "nhi"];
        assert_eq!(said(&catalogue, &held, 40, Records::Here), "pension=1");
    }

    #[test]
    fn edition_that_says_nothing_of_it_has_the_rules_of_the_program() {
        let mut files = BUNDLED.to_vec();
        files.retain(|(name, _)| *name != "known.yaml");
        let catalogue = Catalogue::from_files(&files).unwrap();
        assert_eq!(catalogue.known(), Catalogue::bundled().unwrap().known());
        // Those of them whose facts the edition has: this one has none.
        let other = [("holidays.yaml", "holidays: ['2027-01-01']\n")];
        let other = Catalogue::from_files(&other).unwrap();
        assert_eq!(other.known().as_ref(), &Known::default());
    }
}
