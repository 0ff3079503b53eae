//! What records know of people, as facts of the guide: the qualifications (資格) of the resident copy
//! and of move-out certificate data, so that nobody is asked what a city knows already.
//!
//! Data in `texts/known.toml`. A record that says nothing says nothing: that somebody is not among
//! the insured of the file is no answer, because a file may leave a section's data out.

use std::sync::LazyLock;

use counter_domain::draft::FieldValue;
use counter_domain::resident::Qualification;
use serde::Deserialize;

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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    code: String,
    fact: String,
    #[serde(default)]
    value: Option<Value>,
    #[serde(default)]
    detail: Vec<String>,
    #[serde(default)]
    bare: bool,
    #[serde(default)]
    ages: Option<(i16, i16)>,
    #[serde(default)]
    here: bool,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Value {
    Flag(bool),
    Name(String),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    known: Vec<Rule>,
}

static RULES: LazyLock<Rules> =
    LazyLock::new(|| toml::from_str(include_str!("../texts/known.toml")).unwrap_or_default());

/// What somebody's qualifications say, each fact once. Without an age, nothing that depends on one.
pub fn facts_of<'q>(
    qualifications: impl Iterator<Item = Qualification<'q>>,
    age: Option<i16>,
    records: Records,
) -> Vec<KnownFact> {
    let held: Vec<Qualification<'_>> = qualifications.collect();
    let mut known: Vec<KnownFact> = Vec::new();
    for rule in &RULES.known {
        if known.iter().any(|one| one.fact == rule.fact) {
            continue;
        }
        let fits = held.iter().filter(|one| rule.fits(one, age, records));
        let value = match &rule.value {
            Some(value) => fits.take(1).map(|_| value.of_field()).next(),
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

impl Rule {
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
        one.code == self.code && of_age && told && is_theirs
    }
}

impl Value {
    fn of_field(&self) -> FieldValue {
        match self {
            Self::Flag(flag) => FieldValue::Flag(*flag),
            Self::Name(name) => FieldValue::Text(name.clone()),
        }
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

fn half_digits(text: &str) -> String {
    let half = |c: char| match c {
        '０'..='９' => {
            char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')).unwrap_or(c)
        }
        other => other,
    };
    text.chars().map(half).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use counter_domain::resident::QUALIFICATIONS;
    use counter_guide::catalogue::{Catalogue, FactType};

    fn check(written: &[&str], age: i16, records: Records) -> String {
        let held = written.iter().map(|text| Qualification::read(text));
        let known = facts_of(held, Some(age), records);
        let said = known.iter().map(|one| match &one.value {
            FieldValue::Flag(flag) => format!("{}={flag}", one.fact),
            FieldValue::Count(count) => format!("{}={count}", one.fact),
            FieldValue::Text(text) => format!("{}={text}", one.fact),
            FieldValue::Unknown | FieldValue::Cleared => one.fact.clone(),
        });
        said.collect::<Vec<_>>().join(" ")
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
    fn every_rule_names_a_qualification_and_a_fact_with_that_value() {
        let catalogue = Catalogue::bundled().expect("the catalogue");
        assert!(!RULES.known.is_empty());
        for rule in &RULES.known {
            assert!(
                QUALIFICATIONS.contains(&rule.code.as_str()),
                "{}",
                rule.code
            );
            let fact = catalogue.fact(&rule.fact).expect(&rule.fact);
            assert!(
                fact.question.is_some(),
                "{} cannot be asked again",
                rule.fact
            );
            let fits = match (&rule.value, fact.kind) {
                (Some(Value::Flag(_)), FactType::Flag) | (None, FactType::Count) => true,
                (Some(Value::Name(name)), FactType::Choice) => {
                    fact.values.iter().any(|(known, _)| known == name)
                }
                (Some(_) | None, _) => false,
            };
            assert!(fits, "{} {}", rule.code, rule.fact);
        }
    }
}
