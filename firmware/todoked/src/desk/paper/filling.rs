//! From what stands on a certificate to fields of the case: into empty fields, beside what another
//! source says differently, and back.

use std::collections::BTreeMap;

use counter_api::{Language, Notice};
use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::prepared::uses_of;
use counter_domain::reading::{ReadField, Reading, SURE_PERCENT, beside_path};
use counter_domain::relation::Relation;
use counter_store::FieldEntry;
use document_reader::field::FieldName;
use jiff::civil::Date;

use super::agrees;
use crate::desk::purpose::marks;
use crate::desk::visit::Visit;
use crate::documents::{PaperFacts, PaperField};
use crate::fields::{MEMBERS_MAX, fields, member_path, split_member};
use crate::records::Entry;
use crate::texts::{Code, notice_with, sentence};

/// What the paper says of the old household is likely of the new one, and no more: a person says so.
const LIKELY_PERCENT: u8 = 60;
/// A part of a person kept although no field shows it.
const KEPT: &str = "resident_code";

/// What comes of a paper.
pub(super) struct Filled {
    pub(super) entries: Vec<FieldEntry>,
    pub(super) fields: Vec<ReadField>,
}

/// Where a value goes.
struct Goal {
    path: String,
    /// Never surer than this.
    most: u8,
    /// Only a proposal: nothing stands beside when the field says otherwise.
    soft: bool,
}

/// Fills a case from a paper. What an earlier reading had filled is taken back in the same step.
///
/// # Errors
/// More persons than a case holds; nothing is filled then.
pub(super) fn fill(visit: &Visit, facts: &PaperFacts, today: Date) -> Result<Filled, Notice> {
    let mut filling = Filling::over(visit, today);
    let people = filling.people(facts)?;
    if visit.event().1 == "card" && uses_of(visit.draft()).is_empty() {
        filling.set(
            "event.flow",
            FieldValue::Text("paper".to_owned()),
            Source::Derived,
            None,
        );
    }
    let mut fields = Vec::new();
    for field in &facts.fields {
        let number = field.member.and_then(|member| people.get(&member).copied());
        fields.extend(filling.field(field, number));
    }
    Ok(Filled {
        entries: filling.entries.into_values().collect(),
        fields,
    })
}

struct Filling<'a> {
    visit: &'a Visit,
    today: Date,
    members: Vec<u8>,
    entries: BTreeMap<String, FieldEntry>,
}

impl<'a> Filling<'a> {
    fn over(visit: &'a Visit, today: Date) -> Self {
        let mut filling = Self {
            visit,
            today,
            members: visit.members(),
            entries: BTreeMap::new(),
        };
        for entry in without_reading(visit) {
            filling.set(entry.path.as_str(), entry.value, entry.source, None);
        }
        let removed = |number: &u8| filling.text(&member_path(*number, "moving")) == Some("");
        let gone: Vec<u8> = filling.members.iter().copied().filter(removed).collect();
        filling.members.retain(|number| !gone.contains(number));
        filling
    }

    fn set(&mut self, path: &str, value: FieldValue, source: Source, confidence: Option<u8>) {
        let entry = FieldEntry {
            path: path.into(),
            value,
            source,
            confidence,
        };
        self.entries.insert(path.to_owned(), entry);
    }

    /// What a field will hold, when it is changed; empty when it is cleared.
    fn text(&self, path: &str) -> Option<&str> {
        let entry = self.entries.get(path)?;
        Some(entry.value.as_text().unwrap_or_default())
    }

    fn planned(&self, path: &str) -> &str {
        self.text(path).unwrap_or_else(|| self.visit.text(path))
    }

    /// What is known of a person, also what an earlier reading said.
    fn known(&self, number: u8, part: &str) -> &str {
        let path = member_path(number, part);
        let planned = self.text(&path).filter(|planned| !planned.is_empty());
        planned.unwrap_or_else(|| self.visit.text(&path))
    }

    /// Which member of the case each person of the paper is: themself, one without a name, or new.
    fn people(&mut self, facts: &PaperFacts) -> Result<BTreeMap<u8, u8>, Notice> {
        use counter_domain::resident::name_key;
        let mut people: BTreeMap<u8, u8> = BTreeMap::new();
        let of = |member: u8, name: FieldName| {
            let field = facts
                .fields
                .iter()
                .find(|one| one.member == Some(member) && one.name == name);
            field
                .map(|field| field.read.value.clone())
                .unwrap_or_default()
        };
        let mut on_paper: Vec<u8> = facts
            .fields
            .iter()
            .filter_map(|field| field.member)
            .collect();
        on_paper.sort_unstable();
        on_paper.dedup();
        // Those who are in the case already keep their places, whatever the order of the paper.
        for member in &on_paper {
            let (name, born) = (
                of(*member, FieldName::Name),
                of(*member, FieldName::BirthDate),
            );
            let known = self.members.iter().copied().find(|number| {
                let own = |part: &str| self.known(*number, part).to_owned();
                let named = !name.is_empty() && name_key(&own("name")) == name_key(&name);
                named
                    && (born.is_empty()
                        || own("birth_date").is_empty()
                        || own("birth_date") == born)
            });
            if let Some(number) = known.filter(|number| !people.values().any(|one| one == number)) {
                people.insert(*member, number);
            }
        }
        // A name that is written otherwise: the birth date tells, where it is of one person only.
        for member in &on_paper {
            let born = of(*member, FieldName::BirthDate);
            if born.is_empty() || people.contains_key(member) {
                continue;
            }
            let on_paper = on_paper
                .iter()
                .filter(|other| of(**other, FieldName::BirthDate) == born);
            let here = self.members.iter().copied().filter(|number| {
                let is_taken = people.values().any(|one| one == number);
                !is_taken && self.known(*number, "birth_date") == born
            });
            let here: Vec<u8> = here.collect();
            if let ([number], 1) = (here.as_slice(), on_paper.count()) {
                people.insert(*member, *number);
            }
        }
        for member in on_paper {
            if !people.contains_key(&member) {
                let number = self.free(&people)?;
                people.insert(member, number);
            }
        }
        Ok(people)
    }

    /// A member without a name, or a new one.
    fn free(&mut self, taken: &BTreeMap<u8, u8>) -> Result<u8, Notice> {
        let is_taken = |number: &u8| taken.values().any(|one| one == number);
        let unnamed = self.members.iter().copied().find(|number| {
            !is_taken(number) && self.planned(&member_path(*number, "name")).is_empty()
        });
        if let Some(number) = unnamed {
            return Ok(number);
        }
        let number = (1..=MEMBERS_MAX)
            .find(|number| !self.members.contains(number))
            .ok_or_else(|| {
                let max = MEMBERS_MAX.to_string();
                notice_with(Code::MemberLimit, Language::Japanese, &[("max", &max)])
            })?;
        self.members.push(number);
        for mark in marks(self.visit.plan(), number, true) {
            self.set(mark.path.as_str(), mark.value, Source::Ocr, None);
        }
        Ok(number)
    }

    /// A value into its fields; what was read is given back for each of them.
    fn field(&mut self, field: &PaperField, number: Option<u8>) -> Vec<ReadField> {
        let goals = goals(field, number, self.today);
        let said = |goal: Option<&Goal>| {
            let as_kept = |value: &String| as_kept(field.name, value);
            ReadField {
                path: goal.map(|goal| goal.path.clone()).unwrap_or_default(),
                value: as_kept(&field.read.value),
                others: field.read.others.iter().map(as_kept).collect(),
                confidence: goal.map_or(field.read.confidence, |goal| {
                    goal.most.min(field.read.confidence)
                }),
                ..field.read.clone()
            }
        };
        if goals.is_empty() {
            let whose = number
                .map(|number| sentence("reply", "person", &[("number", &number.to_string())]));
            let label = whose.map_or_else(
                || field.read.label.clone(),
                |whose| format!("{whose} {}", field.read.label),
            );
            return vec![ReadField {
                label,
                ..said(None)
            }];
        }
        let mut all = Vec::new();
        for goal in &goals {
            let read = said(Some(goal));
            self.value(goal, &read);
            all.push(read);
        }
        all
    }

    /// A value: into an empty field, or beside what differs.
    fn value(&mut self, goal: &Goal, read: &ReadField) {
        let path = goal.path.as_str();
        if read.value.is_empty() {
            return;
        }
        let now = self.planned(path).to_owned();
        let value = FieldValue::Text(read.value.clone());
        if now.is_empty() {
            self.set(path, value, Source::Ocr, Some(read.confidence));
        } else if !goal.soft && !agrees(path, &now, &read.value) {
            self.set(
                beside_path(path).as_str(),
                value,
                Source::Ocr,
                Some(read.confidence),
            );
        }
    }
}

/// The fields of the case that a field of the paper fills.
fn goals(field: &PaperField, number: Option<u8>, today: Date) -> Vec<Goal> {
    let own = |name: &str| number.map(|number| member_path(number, name));
    let whole = |path: &str| Some(path.to_owned());
    let is_first = field.member.is_none_or(|member| member == 0);
    let first = |path: &str| whole(path).filter(|_| is_first);
    let moved = || {
        field
            .read
            .value
            .parse::<Date>()
            .is_ok_and(|day| day <= today)
    };
    let sure = field.read.confidence >= SURE_PERCENT;
    let (surely, likely) = match field.name {
        FieldName::Name => (own("name"), None),
        FieldName::NameKana => (own("kana"), None),
        FieldName::BirthDate => (own("birth_date"), None),
        FieldName::Sex => (own("sex"), None),
        FieldName::Relationship => (own("relation_before"), own("relation")),
        // Nobody sees it on a screen, so only what its check digit speaks for is kept.
        FieldName::ResidentRecordCode => (own(KEPT).filter(|_| sure), None),
        FieldName::HouseholdHead => (first("head.old"), first("head.new")),
        FieldName::OldAddress => (first("address.old"), None),
        FieldName::NewAddress => (first("address.new"), None),
        FieldName::MoveOutDate => (None, first("event.date").filter(|_| moved())),
        FieldName::RegisteredDomicile => (first("domicile.place"), None),
        FieldName::RegisterHead => (first("domicile.register_head"), None),
        FieldName::IndividualNumber
        | FieldName::HealthInsurance
        | FieldName::LateElderly
        | FieldName::LongTermCare
        | FieldName::Pension
        | FieldName::ChildAllowance
        | FieldName::Address
        | FieldName::CardNumber
        | FieldName::Nationality
        | FieldName::ResidenceStatus
        | FieldName::PeriodOfStay
        | FieldName::StayUntil
        | FieldName::ValidUntil
        | FieldName::IssueDate => (None, None),
    };
    let goal = |path: Option<String>, most: u8, soft: bool| {
        let known = |path: &String| {
            let kept = split_member(path).is_some_and(|(_, name)| name == KEPT);
            kept || fields().find(path).is_some()
        };
        path.filter(known).map(|path| Goal { path, most, soft })
    };
    goal(surely, u8::MAX, false)
        .into_iter()
        .chain(goal(likely, LIKELY_PERCENT, true))
        .collect()
}

/// A value as the case keeps it.
fn as_kept(name: FieldName, value: &str) -> String {
    match (name, value) {
        (FieldName::Sex, "男") => "male".to_owned(),
        (FieldName::Sex, "女") => "female".to_owned(),
        (FieldName::Relationship, _) => {
            let known = value.parse::<Relation>();
            known.map_or_else(|_| value.to_owned(), |relation| relation.to_string())
        }
        _ => value.to_owned(),
    }
}

/// What takes everything back that was read: fields that still say it, what stands beside, and
/// persons only the paper brought along. What people entered stays.
pub(super) fn without_reading(visit: &Visit) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (path, field) in visit.draft().fields() {
        let is_open = field.shown.value != FieldValue::Cleared;
        let is_read = field.shown.source == Source::Ocr;
        if is_open && is_read && !is_needed(visit, path) {
            entries.push(Entry {
                path: path.clone(),
                value: FieldValue::Cleared,
                source: Source::Staff,
            });
        }
    }
    entries
}

/// The mark of a person whom somebody entered something about.
fn is_needed(visit: &Visit, path: &FieldPath) -> bool {
    let Some((number, "moving")) = split_member(path.as_str()) else {
        return false;
    };
    let prefix = member_path(number, "");
    let mut own = visit.draft().fields_under(&prefix);
    own.any(|(_, field)| {
        field.shown.source != Source::Ocr && field.shown.value != FieldValue::Cleared
    })
}

/// How many fields of the paper there are; one that fills two fields counts once.
pub(super) fn count(reading: &Reading) -> usize {
    let places = reading
        .fields
        .iter()
        .map(|field| (field.page, field.place, &field.label));
    let mut places: Vec<_> = places.collect();
    places.sort_unstable();
    places.dedup();
    places.len()
}

/// What the paper says that is no field of the case, in words, person by person.
pub(super) fn also(reading: &Reading) -> Vec<String> {
    let others = reading.fields.iter().filter(|field| field.path.is_empty());
    let told = others.map(|field| {
        let value = in_words(&field.value);
        let values = [("label", field.label.as_str()), ("value", value.as_str())];
        sentence("paper", "also", &values)
    });
    told.collect()
}

/// A value, or that none could be read where something stands.
pub(super) fn in_words(value: &str) -> String {
    if value.is_empty() {
        sentence("paper", "unread", &[])
    } else {
        value.to_owned()
    }
}
