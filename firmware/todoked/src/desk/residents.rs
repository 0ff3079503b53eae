//! The resident copy at the desk: finding people, taking them into the case, and what must be left
//! out for people under protection.

use counter_api::{CopyChoice, Language, Notice, ResidentCopyState, ResidentRow, ResidentsView};
use counter_domain::age::{age_on, known_age_on};
use counter_domain::date::FuzzyDate;
use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::ids::CaseId;
use counter_domain::protection::PROTECTED_FLAG;
use counter_domain::resident::{
    Place, QueryError, Resident, ResidentKind, ResidentQuery, ResidentState, address_key, name_key,
};
use counter_guide::known::Records as KnownAt;
use counter_store::FoundResident;
use jiff::civil::Date;

use crate::desk::answers::add_known;
use crate::desk::purpose::marks;
use crate::desk::visit::Visit;
use crate::desk::{Desk, store_failed};
use crate::fields::{MEMBERS_MAX, fields, member_path};
use crate::records::{Deed, Entry, Records};
use crate::texts::{Code, notice, notice_with, sentence, word};

/// The open search. It is lost with the process, and with the case.
#[derive(Debug, Default)]
pub(super) struct Search {
    case: Option<CaseId>,
    query: String,
    people: Vec<FoundResident>,
    household: bool,
    /// Who left the household that is open.
    left: Vec<FoundResident>,
    message: String,
}

/// How far a copy is that is being installed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CopyProgress {
    /// 0 to 100; `None` when nothing is being installed.
    pub percent: Option<u8>,
}

/// Where the copy's differing value of a field is kept until a person chose.
pub(super) fn copy_path(path: &str) -> String {
    format!("copy.{path}")
}

impl<R: Records> Desk<R> {
    pub(super) fn open_residents(&mut self) -> Result<(), Notice> {
        let case = self.editable()?.case();
        self.residents = Search {
            case: Some(case),
            message: word("residents", "ask"),
            ..Search::default()
        };
        Ok(())
    }

    pub(super) fn close_residents(&mut self) {
        self.residents = Search::default();
    }

    /// Searches; who was found stays on the screen until the next search.
    pub(super) fn find_residents(&mut self, text: &str) -> Result<(), Notice> {
        let by = self.by()?;
        let case = self.editable()?.case();
        let city = self.records.resident_copy().map(|copy| copy.city);
        let (people, message) = match (city, text) {
            (None, _) => (Vec::new(), word("residents", "no_copy")),
            (Some(city), text) => match ResidentQuery::parse(text, &city) {
                Err(QueryError::Empty) => (Vec::new(), word("residents", "ask")),
                Err(QueryError::TooLong) => (Vec::new(), word("residents", "too_long")),
                Ok(query) => {
                    let found = self.records.find_residents(&query);
                    let found = found.map_err(|error| store_failed(&error))?;
                    self.records.audit(&by, Deed::SearchedResidents, Some(case));
                    let message = found_in_words(found.people.len(), found.more);
                    (found.people, message)
                }
            },
        };
        self.residents = Search {
            case: Some(case),
            query: text.to_owned(),
            people,
            household: false,
            left: Vec::new(),
            message,
        };
        Ok(())
    }

    /// Shows who lives with somebody found.
    pub(super) fn show_household(&mut self, person: &str) -> Result<(), Notice> {
        let by = self.by()?;
        let case = self.editable()?.case();
        let household_no = self.found(person)?.resident.household_no.clone();
        let people = self
            .records
            .resident_household(&household_no)
            .map_err(|error| store_failed(&error))?;
        let left = self
            .records
            .left_household(&household_no)
            .map_err(|error| store_failed(&error))?;
        self.records.audit(&by, Deed::ViewedHousehold, Some(case));
        self.residents.left = left;
        self.residents.message = found_in_words(people.len(), false);
        self.residents.people = people;
        self.residents.household = true;
        Ok(())
    }

    fn found(&self, person: &str) -> Result<&FoundResident, Notice> {
        let mut found = self.residents.people.iter();
        found
            .find(|found| found.resident.person_no == person)
            .ok_or_else(|| notice(Code::NotPossibleNow))
    }

    pub(super) fn take_resident(&mut self, person: &str) -> Result<(), Notice> {
        let person = self.found(person)?.clone();
        self.take(&[person])
    }

    pub(super) fn take_household(&mut self) -> Result<(), Notice> {
        if !self.residents.household {
            return Err(notice(Code::NotPossibleNow));
        }
        let people = self.residents.people.clone();
        self.take(&people)
    }

    /// Takes people into the case in one step, which can be undone in one step.
    fn take(&mut self, people: &[FoundResident]) -> Result<(), Notice> {
        let by = self.by()?;
        let visit = self.editable()?;
        let case = visit.case();
        let mut taking = Taking::into(visit, people, self.today());
        for person in people {
            taking.person(person)?;
        }
        let Taking { entries, .. } = taking;
        if entries.is_empty() {
            self.residents.message = word("residents", "nothing_new");
            return Ok(());
        }
        self.store(&entries)?;
        self.records.audit(&by, Deed::TookResident, Some(case));
        self.close_residents();
        self.tell(Code::ResidentTaken);
        Ok(())
    }

    /// A person chose between the field's value and the copy's.
    pub(super) fn choose_copy(&mut self, path: &str, choice: CopyChoice) -> Result<(), Notice> {
        let visit = self.editable()?;
        let beside = copy_path(path);
        let copy = visit.text(&beside).to_owned();
        if copy.is_empty() {
            return Err(notice(Code::NotPossibleNow));
        }
        let settled = Entry::text(beside, "", Source::Staff);
        match choice {
            CopyChoice::Entered => self.store(&[settled]),
            CopyChoice::Copy => {
                self.store(&[Entry::text(path, copy, Source::ResidentCopy), settled])
            }
        }
    }

    pub(super) fn copy_state(&self) -> ResidentCopyState {
        let copy = self.records.resident_copy();
        ResidentCopyState {
            as_of: copy.as_ref().map(|copy| copy.as_of.clone()),
            version: copy.as_ref().map_or(0, |copy| copy.version),
            persons: copy.as_ref().map_or(0, |copy| copy.persons),
            installing: self.copy_progress.percent,
        }
    }

    /// The search as staff see it, while it belongs to the case shown.
    pub(super) fn residents_view(&self, visit: &Visit) -> Option<ResidentsView> {
        let search = &self.residents;
        if search.case != Some(visit.case()) || !visit.is_editable() {
            return None;
        }
        let row = |found: &FoundResident| self.resident_row(visit, found);
        Some(ResidentsView {
            copy: self.copy_state(),
            query: search.query.clone(),
            people: search.people.iter().map(row).collect(),
            household: search.household,
            left: search.left.iter().map(row).collect(),
            message: search.message.clone(),
        })
    }

    fn resident_row(&self, visit: &Visit, found: &FoundResident) -> ResidentRow {
        let resident = &found.resident;
        let place = resident.place.as_ref().filter(|_| !found.protected);
        let address = place.map_or_else(String::new, |place| {
            [place.address.as_str(), &place.building].join("　")
        });
        ResidentRow {
            person: resident.person_no.clone(),
            name: resident.name.clone(),
            kana: resident.kana.clone(),
            birth: self.birth_in_words(&resident.birth_date),
            about: [
                fields().chosen("sex", &resident.sex).0,
                resident.relation.clone(),
            ]
            .iter()
            .filter(|part| !part.is_empty())
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("・"),
            address: address.trim().to_owned(),
            state: match resident.state {
                ResidentState::Resident => String::new(),
                ResidentState::MovingOut => word("residents", "moving_out"),
                ResidentState::MovedOut => word("residents", "moved_out"),
                ResidentState::Dead => word("residents", "dead"),
                ResidentState::Removed => word("residents", "removed"),
            },
            qualifications: resident
                .qualifications()
                .map(|one| word("qualification", one.code))
                .filter(|name| !name.is_empty())
                .collect::<Vec<_>>()
                .join("、"),
            known: if self.residents.household {
                known(resident)
            } else {
                Vec::new()
            },
            history: place
                .filter(|_| self.residents.household)
                .map_or_else(Vec::new, history),
            protected: found.protected,
            in_case: member_like(visit, resident).is_some(),
        }
    }

    pub(super) fn birth_in_words(&self, birth_date: &str) -> String {
        let Ok(date) = birth_date.parse::<FuzzyDate>() else {
            return String::new();
        };
        let words = date.wareki();
        match date.exact().map(|born| age_on(born, self.today())) {
            Some(age) => sentence(
                "age",
                "hint",
                &[("date", &words), ("age", &age.to_string())],
            ),
            None => words,
        }
    }

    /// What staff must know of a case with a protected person.
    pub(super) fn protection_in_words(&self, visit: &Visit) -> Option<String> {
        visit.record.protected.then(|| {
            word(
                "protection",
                if self.may_see_where(visit) {
                    "careful"
                } else {
                    "hidden"
                },
            )
        })
    }

    /// Whether the signed-in member of staff may see where the people of a case live. With
    /// somebody under protection that is only whoever took the case in, while it is taken in.
    pub(super) fn may_see_where(&self, visit: &Visit) -> bool {
        if !visit.record.protected {
            return true;
        }
        let took_in = self
            .door
            .at_screen()
            .is_some_and(|staff| visit.record.summary.taken_in_by.contains(&staff.id));
        visit.is_editable() && took_in
    }

    /// Chip values that differ from the resident copy's: the copy's stand beside them until a
    /// person chose.
    pub(super) fn keep_copy_beside(&self, entries: &mut Vec<Entry>) {
        let Some(visit) = self.visit.as_ref() else {
            return;
        };
        let beside: Vec<Entry> = entries
            .iter()
            .filter_map(|entry| {
                let path = entry.path.as_str();
                let now = visit.draft().field(&entry.path)?.shown;
                let old = now.value.as_text()?;
                let new = entry.value.as_text()?;
                let differs = now.source == Source::ResidentCopy && !same(path, old, new);
                differs.then(|| Entry::text(copy_path(path), old, Source::ResidentCopy))
            })
            .collect();
        entries.extend(beside);
    }
}

/// What the copy knows of each qualification beside its name.
fn known(resident: &Resident) -> Vec<String> {
    let known = resident.qualifications().filter_map(|one| {
        let name = word("qualification", one.code);
        if name.is_empty() {
            return None;
        }
        let since = since_in_words(one.since);
        let parts = [name.as_str(), one.detail, &since];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        Some(parts.collect::<Vec<_>>().join("　"))
    });
    known.collect()
}

/// Where somebody lived and what happened, newest first.
fn history(place: &Place) -> Vec<String> {
    let mut lines = Vec::new();
    let line = |name: &str, day: &str, place: &str| {
        let values = [("day", day_in_words(day)), ("place", place.to_owned())];
        let values: Vec<(&str, &str)> = values.iter().map(|(n, v)| (*n, v.as_str())).collect();
        sentence("residents", name, &values).trim().to_owned()
    };
    if !place.out_to.is_empty() || !place.out_date.is_empty() {
        lines.push(line("went", &place.out_date, &place.out_to));
    }
    for past in place.history.iter().rev() {
        let parts = [
            day_in_words(&past.day),
            past.what.clone(),
            past.place.clone(),
        ];
        let parts = parts
            .iter()
            .map(String::as_str)
            .filter(|part| !part.is_empty());
        lines.push(parts.collect::<Vec<_>>().join("　"));
    }
    if place.history.is_empty() && !place.since.is_empty() {
        lines.push(line("since", &place.since, ""));
    }
    if place.history.is_empty() && !place.previous.is_empty() {
        lines.push(line("before", "", &place.previous));
    }
    lines
}

fn since_in_words(day: &str) -> String {
    if day.is_empty() {
        return String::new();
    }
    sentence("residents", "since_day", &[("day", &day_in_words(day))])
}

fn day_in_words(day: &str) -> String {
    day.parse::<FuzzyDate>()
        .map_or_else(|_| String::new(), |day| day.wareki())
}

fn found_in_words(count: usize, more: bool) -> String {
    let name = match (count, more) {
        (0, _) => "nobody",
        (_, true) => "more",
        (_, false) => "found",
    };
    sentence("residents", name, &[("count", &count.to_string())])
}

/// What the copy says differently about a field.
pub(super) fn copy_value(visit: &Visit, path: &str) -> Option<String> {
    let copy = visit.text(&copy_path(path));
    (!copy.is_empty() && copy != visit.text(path)).then(|| copy.to_owned())
}

/// Whether two sources say the same. Addresses are written in many ways; everything else must be
/// the same glyph for glyph.
pub(super) fn same(path: &str, one: &str, other: &str) -> bool {
    if path.starts_with("address.") {
        let key = |text: &str| {
            let address = counter_domain::address::Address::parse(text);
            address_key(text, address.city.as_deref().unwrap_or_default())
        };
        return key(one) == key(other);
    }
    one == other
}

/// The member a resident already is: same name and birth date, as far as they are entered.
fn member_like(visit: &Visit, resident: &Resident) -> Option<u8> {
    let of = |number: u8, name: &str| visit.text(&member_path(number, name)).to_owned();
    visit.members().into_iter().find(|number| {
        let birth = of(*number, "birth_date");
        let same_birth = birth == resident.birth_date;
        let name = of(*number, "name");
        let same_name = name_key(&name) == name_key(&resident.name);
        let same_kana =
            !resident.kana.is_empty() && name_key(&of(*number, "kana")) == name_key(&resident.kana);
        let known = !name.is_empty() && !birth.is_empty();
        known && same_birth && (same_name || same_kana)
    })
}

/// People on their way into a case.
struct Taking<'a> {
    visit: &'a Visit,
    members: Vec<u8>,
    named: Vec<u8>,
    /// Somebody is taken by themself: it is about them.
    alone: bool,
    today: Date,
    entries: Vec<Entry>,
}

impl<'a> Taking<'a> {
    fn into(visit: &'a Visit, people: &[FoundResident], today: Date) -> Self {
        let members = visit.members();
        let is_named = |number: &u8| !visit.text(&member_path(*number, "name")).is_empty();
        Self {
            named: members.iter().copied().filter(is_named).collect(),
            members,
            alone: people.len() == 1,
            today,
            visit,
            entries: Vec::new(),
        }
    }

    /// The member somebody becomes: themself, one without a name, or a new one.
    fn place_for(&mut self, resident: &Resident) -> Result<u8, Notice> {
        if let Some(number) = member_like(self.visit, resident) {
            return Ok(number);
        }
        let free = self
            .members
            .iter()
            .copied()
            .find(|number| !self.named.contains(number));
        if let Some(number) = free {
            self.named.push(number);
            return Ok(number);
        }
        let number = (1..=MEMBERS_MAX)
            .find(|number| !self.members.contains(number))
            .ok_or_else(|| {
                let max = MEMBERS_MAX.to_string();
                notice_with(Code::MemberLimit, Language::Japanese, &[("max", &max)])
            })?;
        self.members.push(number);
        self.named.push(number);
        Ok(number)
    }

    fn person(&mut self, found: &FoundResident) -> Result<(), Notice> {
        let resident = &found.resident;
        let known = member_like(self.visit, resident).is_some();
        let number = self.place_for(resident)?;
        if !known {
            let plan = self.visit.plan();
            self.entries
                .extend(marks(plan, number, plan.everybody || self.alone));
        }
        let (nationality, country) = match resident.kind {
            ResidentKind::Japanese => ("", ""),
            ResidentKind::Foreign => ("外国", resident.nationality.as_str()),
        };
        for (name, value) in [
            ("name", resident.name.as_str()),
            ("kana", &resident.kana),
            ("birth_date", &resident.birth_date),
            ("sex", &resident.sex),
            ("nationality", nationality),
            ("country", country),
            ("alias", &resident.alias),
            ("former_name", &resident.former_surname),
            ("resident_code", &resident.resident_code),
        ] {
            self.value(&member_path(number, name), value);
        }
        let copy = &self.visit.plan().copy;
        for name in &copy.relation {
            self.value(&member_path(number, name), &resident.relation);
        }
        if found.protected {
            self.entries.push(Entry {
                path: FieldPath(member_path(number, PROTECTED_FLAG)),
                value: FieldValue::Flag(true),
                source: Source::ResidentCopy,
            });
        }
        self.answers(resident, number);
        let Some(place) = resident.place.as_ref().filter(|_| !found.protected) else {
            return Ok(());
        };
        let address = [place.address.as_str(), &place.building].join("　");
        for path in &copy.address {
            self.value(path, address.trim());
        }
        self.value("domicile.place", &place.domicile);
        self.value("domicile.register_head", &place.register_head);
        for path in copy.head.iter().filter(|_| resident.is_head()) {
            self.value(path, &resident.name);
        }
        Ok(())
    }

    /// What somebody who lives here is registered for, as answers.
    fn answers(&mut self, resident: &Resident, number: u8) {
        let lives_here = match resident.state {
            ResidentState::Resident | ResidentState::MovingOut => true,
            ResidentState::MovedOut | ResidentState::Dead | ResidentState::Removed => false,
        };
        if lives_here {
            let born = resident.birth_date.parse::<FuzzyDate>().ok();
            let age = born.and_then(|born| known_age_on(&born, self.today));
            let held = resident.qualifications();
            let known = self.visit.known.facts_of(held, age, KnownAt::Here);
            let source = Source::ResidentCopy;
            add_known(self.visit, &mut self.entries, number, known, source);
        }
    }

    /// A value of the copy: into an empty field, or beside what differs.
    fn value(&mut self, path: &str, value: &str) {
        let planned = self.entries.iter().any(|entry| entry.path.as_str() == path);
        if value.is_empty() || planned || fields().find(path).is_none() {
            return;
        }
        let now = self.visit.text(path);
        if now.is_empty() {
            self.entries
                .push(Entry::text(path, value, Source::ResidentCopy));
        } else if !same(path, now, value) && self.visit.text(&copy_path(path)) != value {
            self.entries
                .push(Entry::text(copy_path(path), value, Source::ResidentCopy));
        }
    }
}
