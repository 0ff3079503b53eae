//! Taking prepared data into a case: what fills empty fields, what stands beside, and back.

use counter_api::{Language, Notice};
use counter_domain::age::known_age_on;
use counter_domain::date::FuzzyDate;
use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::prepared::{FourItems, Newcomer, Prepared, PreparedKind, uses_of};
use counter_domain::protection::PROTECTED_FLAG;
use counter_domain::resident::Qualification;
use counter_guide::known::Records as KnownAt;
use jiff::civil::Date;

use super::{beside_path, is_move_in, replaced_path, source_of};
use crate::desk::Desk;
use crate::desk::answers::add_known;
use crate::desk::purpose::marks;
use crate::desk::residents::same;
use crate::desk::visit::Visit;
use crate::fields::{MEMBERS_MAX, fields, member_path, split_member};
use crate::records::{Deed, Entry, Records};
use crate::texts::{Code, notice, notice_with};

/// Parts of a person kept although no field shows them.
const KEPT: [&str; 1] = ["resident_code"];

impl<R: Records> Desk<R> {
    /// Takes one into the open reception; over the board into a new one.
    pub(super) fn take_one(
        &mut self,
        kind: PreparedKind,
        number: &str,
        anyway: bool,
    ) -> Result<(), Notice> {
        self.by()?;
        self.load_prepared();
        self.waiting(kind, number)
            .ok_or_else(|| notice(Code::PreparedGone))?;
        self.refuse_used(&[(kind, number.to_owned())], anyway)?;
        if self.visit.is_none() {
            self.start_reception()?;
        }
        self.take_all(&[(kind, number.to_owned())])
    }

    /// Takes everything that is proposed.
    pub(super) fn take_proposed(&mut self, anyway: bool) -> Result<(), Notice> {
        let visit = self.editable()?;
        let proposal = self.proposal(visit, &self.uses());
        let proposal = proposal.ok_or_else(|| notice(Code::NotPossibleNow))?;
        if proposal.take.is_empty() {
            return self.store(&[Entry::text("event.flow", proposal.flow, Source::Staff)]);
        }
        let wanted: Vec<(PreparedKind, String)> = proposal
            .take
            .into_iter()
            .map(|row| (row.kind, row.number))
            .collect();
        self.refuse_used(&wanted, anyway)?;
        self.take_all(&wanted)
    }

    /// Two counters do not take the same one without knowing.
    fn refuse_used(&self, wanted: &[(PreparedKind, String)], anyway: bool) -> Result<(), Notice> {
        if anyway {
            return Ok(());
        }
        let uses = self.uses();
        for (kind, number) in wanted {
            let others = uses.of(*kind, number);
            if !others.is_empty() {
                let values = [("numbers", others.join("、"))];
                let values = values.each_ref().map(|(name, text)| (*name, text.as_str()));
                return Err(notice_with(Code::PreparedUsed, Language::Japanese, &values));
            }
        }
        Ok(())
    }

    /// In one step, which can be undone in one step.
    fn take_all(&mut self, wanted: &[(PreparedKind, String)]) -> Result<(), Notice> {
        let by = self.by()?;
        let visit = self.editable()?;
        if !is_move_in(visit) {
            return Err(notice(Code::PreparedNotMoveIn));
        }
        let case = visit.case();
        let mut taking = Taking::into(visit, self.today());
        for (kind, number) in wanted {
            let version = self
                .reservations
                .pools
                .get(kind)
                .map_or(0, |pool| pool.version);
            let entry = self.waiting(*kind, number);
            let entry = entry.ok_or_else(|| notice(Code::PreparedGone))?;
            taking.take(&entry.prepared, version, entry.protected)?;
        }
        let Taking { entries, .. } = taking;
        self.store(&entries)?;
        self.records.audit(&by, Deed::TookPrepared, Some(case));
        self.reservations.list = None;
        self.tell(Code::PreparedTaken);
        Ok(())
    }

    /// Takes one out again: its number, and its values nobody entered otherwise.
    pub(super) fn release(&mut self, kind: PreparedKind, number: &str) -> Result<(), Notice> {
        let visit = self.editable()?;
        let path = kind.taken_path(number);
        if visit.text(&path).is_empty() {
            return Err(notice(Code::NotPossibleNow));
        }
        let uses = uses_of(visit.draft());
        let is_last = uses.iter().filter(|used| used.kind == kind).count() == 1;
        let mut entries = vec![Entry::text(path, "", Source::Staff)];
        if is_last {
            entries.extend(without(visit, kind));
            let left = uses.iter().any(|used| used.kind != kind);
            let flow = match (kind, left) {
                (PreparedKind::MoveOut, true) => "oss",
                (PreparedKind::Reservation | PreparedKind::MoveOut, _) => "card",
            };
            entries.push(Entry::text("event.flow", flow, Source::Derived));
        }
        self.store(&entries)?;
        self.tell(Code::PreparedReleased);
        Ok(())
    }

    /// A person chose between the field's value and another's; the rest is settled.
    pub(super) fn choose_beside(
        &mut self,
        path: &str,
        kind: Option<PreparedKind>,
    ) -> Result<(), Notice> {
        let visit = self.editable()?;
        let mut entries: Vec<Entry> = Vec::new();
        if let Some(kind) = kind {
            let value = visit.text(&beside_path(kind, path)).to_owned();
            if value.is_empty() {
                return Err(notice(Code::NotPossibleNow));
            }
            entries.push(Entry::text(path, value, source_of(kind)));
            let given_up = visit.draft().field(&path.into()).map(|field| field.shown);
            if let Some(given_up) = given_up
                && let Some(text) = given_up.value.as_text()
            {
                entries.push(Entry::text(replaced_path(path), text, given_up.source));
            }
        }
        for kind in PreparedKind::ALL {
            let beside = beside_path(kind, path);
            if !visit.text(&beside).is_empty() {
                entries.push(Entry::text(beside, "", Source::Staff));
            }
        }
        if entries.is_empty() {
            return Err(notice(Code::NotPossibleNow));
        }
        self.store(&entries)
    }

    /// A chip is read over values of prepared data: what differs stays beside.
    pub(in crate::desk) fn keep_prepared_beside(&self, entries: &mut Vec<Entry>) {
        let Some(visit) = self.visit.as_ref() else {
            return;
        };
        let beside: Vec<Entry> = entries
            .iter()
            .filter_map(|entry| {
                let path = entry.path.as_str();
                let now = visit.draft().field(&entry.path)?.shown;
                let kind = PreparedKind::ALL
                    .into_iter()
                    .find(|kind| source_of(*kind) == now.source)?;
                let (old, new) = (now.value.as_text()?, entry.value.as_text()?);
                (!same(path, old, new))
                    .then(|| Entry::text(beside_path(kind, path), old, now.source))
            })
            .collect();
        entries.extend(beside);
    }
}

/// Empties what only this kind of data said, and brings forward what another said beside it.
fn without(visit: &Visit, kind: PreparedKind) -> Vec<Entry> {
    let source = source_of(kind);
    let other = PreparedKind::ALL.into_iter().find(|other| *other != kind);
    let mut entries = Vec::new();
    let prefix = beside_path(kind, "");
    for (path, field) in visit.draft().fields() {
        if field.shown.value == FieldValue::Cleared {
            continue;
        }
        let text = path.as_str();
        if text.starts_with(&prefix) {
            entries.push(Entry::text(text, "", Source::Staff));
            continue;
        }
        let is_own = field.shown.source == source
            && !text.starts_with("beside.")
            && !text.starts_with("taken.");
        if !is_own {
            continue;
        }
        // The first person stays; somebody only this data brought along goes.
        if text == member_path(1, "moving") || text == "event.flow" {
            continue;
        }
        let given_up = visit.draft().field(&FieldPath(replaced_path(text)));
        let given_up = given_up.map(|field| field.shown);
        if let Some(given_up) = given_up
            && let Some(before) = given_up.value.as_text()
        {
            entries.push(Entry::text(text, before, given_up.source));
            entries.push(Entry::text(replaced_path(text), "", Source::Staff));
            continue;
        }
        let beside = other.map(|other| (other, visit.text(&beside_path(other, text))));
        match beside.filter(|(_, value)| !value.is_empty()) {
            Some((other, value)) => {
                entries.push(Entry::text(text, value, source_of(other)));
                entries.push(Entry::text(beside_path(other, text), "", Source::Staff));
            }
            None => entries.push(Entry {
                path: path.clone(),
                value: FieldValue::Cleared,
                source: Source::Staff,
            }),
        }
    }
    entries
}

/// People and places on their way into a case.
struct Taking<'a> {
    visit: &'a Visit,
    today: Date,
    members: Vec<u8>,
    named: Vec<u8>,
    entries: Vec<Entry>,
}

impl<'a> Taking<'a> {
    fn into(visit: &'a Visit, today: Date) -> Self {
        let members = visit.members();
        let is_named = |number: &u8| !visit.text(&member_path(*number, "name")).is_empty();
        Self {
            named: members.iter().copied().filter(is_named).collect(),
            members,
            visit,
            today,
            entries: Vec::new(),
        }
    }

    fn take(&mut self, one: &Prepared, version: u64, protected: bool) -> Result<(), Notice> {
        let source = source_of(one.kind);
        let used = [version.to_string(), one.revision.to_string()].join("/");
        self.entries
            .push(Entry::text(one.kind.taken_path(&one.number), used, source));
        let flow = match one.kind {
            PreparedKind::Reservation => Some("oss"),
            PreparedKind::MoveOut if self.is_reserved() => None,
            PreparedKind::MoveOut => Some("card"),
        };
        if let Some(flow) = flow {
            self.entries
                .push(Entry::text("event.flow", flow, Source::Derived));
        }
        for person in &one.people {
            let number = self.place_for(person, one)?;
            self.person(number, person, one.kind);
            self.answers(number, person, one.kind);
            if protected {
                self.entries.push(Entry {
                    path: FieldPath(member_path(number, PROTECTED_FLAG)),
                    value: FieldValue::Flag(true),
                    source,
                });
            }
        }
        self.places(one);
        Ok(())
    }

    /// A reservation is in the case already, or on its way.
    fn is_reserved(&self) -> bool {
        let is_reservation = |path: &str| path.starts_with("taken.reservation.");
        uses_of(self.visit.draft())
            .iter()
            .any(|used| used.kind == PreparedKind::Reservation)
            || self
                .entries
                .iter()
                .any(|entry| is_reservation(entry.path.as_str()))
    }

    /// What a field will hold: as planned, or as it is.
    fn planned(&self, path: &str) -> (&str, Option<Source>) {
        let planned = self
            .entries
            .iter()
            .rev()
            .find(|entry| entry.path.as_str() == path);
        match planned {
            Some(entry) => (
                entry.value.as_text().unwrap_or_default(),
                Some(entry.source),
            ),
            None => (self.visit.text(path), None),
        }
    }

    /// The member somebody becomes: themself, one without a name, or a new one.
    fn place_for(&mut self, person: &Newcomer, one: &Prepared) -> Result<u8, Notice> {
        let own = self.members.iter().copied().find(|number| {
            let of = |name: &str| self.planned(&member_path(*number, name)).0.to_owned();
            let (name, birth_date, sex) = (of("name"), of("birth_date"), of("sex"));
            let known = FourItems {
                name: &name,
                address: if *number == 1 {
                    self.planned("address.old").0
                } else {
                    ""
                },
                birth_date: &birth_date,
                sex: &sex,
            };
            let alone = Prepared {
                people: vec![person.clone()],
                ..one.clone()
            };
            alone.find(&known).is_some()
        });
        if let Some(number) = own {
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
        let source = source_of(one.kind);
        let marks = marks(self.visit.plan(), number, true).into_iter();
        self.entries
            .extend(marks.map(|entry| Entry { source, ..entry }));
        Ok(number)
    }

    fn person(&mut self, number: u8, person: &Newcomer, kind: PreparedKind) {
        let nationality = match (kind, person.nationality.is_empty()) {
            (_, false) => "外国",
            // A reservation of the portal does not tell.
            (PreparedKind::Reservation, true) => "",
            (PreparedKind::MoveOut, true) => "日本",
        };
        let relation = match kind {
            PreparedKind::Reservation => "relation",
            PreparedKind::MoveOut => "relation_before",
        };
        for (name, value) in [
            ("name", person.name.as_str()),
            ("kana", &person.kana),
            ("birth_date", &person.birth_date),
            ("sex", &person.sex),
            (relation, &person.relation),
            ("nationality", nationality),
            ("country", &person.nationality),
            ("alias", &person.alias),
            ("former_name", &person.former_surname),
            ("residence_class", &person.stay_class),
            ("residence_status", &person.stay_status),
            ("residence_period", &person.stay_period),
            ("residence_expires", &person.stay_until),
            ("residence_card_number", &person.stay_card),
            ("resident_code", &person.resident_code),
        ] {
            self.value(&member_path(number, name), value, kind);
        }
    }

    /// What the old city knows of somebody, as answers; a reservation does not tell.
    fn answers(&mut self, number: u8, person: &Newcomer, kind: PreparedKind) {
        if kind == PreparedKind::Reservation {
            return;
        }
        let born = person.birth_date.parse::<FuzzyDate>().ok();
        let age = born.and_then(|born| known_age_on(&born, self.today));
        let of = |code, detail| Qualification {
            code,
            detail,
            since: "",
        };
        let written = person.qualifications.iter();
        let mut held: Vec<Qualification<'_>> =
            written.map(|text| Qualification::read(text)).collect();
        let in_words = [
            ("ltc", &person.care_level),
            ("pension", &person.pension_kind),
        ];
        let in_words = in_words.into_iter().filter(|(_, words)| !words.is_empty());
        held.extend(in_words.map(|(code, words)| of(code, words.as_str())));
        if person.card == "valid" {
            held.push(of("mncard", ""));
        }
        let held = held.into_iter();
        let known = self.visit.known.facts_of(held, age, KnownAt::Elsewhere);
        add_known(
            self.visit,
            &mut self.entries,
            number,
            known,
            source_of(kind),
        );
    }

    fn places(&mut self, one: &Prepared) {
        let moved = one
            .moving_on
            .parse::<Date>()
            .is_ok_and(|day| day <= self.today);
        if moved {
            self.value("event.date", &one.moving_on, one.kind);
        }
        self.value("head.old", &one.head_old, one.kind);
        self.value("head.new", &one.head_new, one.kind);
        if let Some(first) = one.people.first() {
            self.value("domicile.place", &first.domicile, one.kind);
            self.value("domicile.register_head", &first.register_head, one.kind);
        }
        let Some(place) = &one.place else { return };
        self.value("address.old", &place.old, one.kind);
        self.value("address.new", &place.new, one.kind);
        self.value("address.new.building", &place.building, one.kind);
        self.value("notifier.phone", &place.phone, one.kind);
    }

    /// A value: into an empty field, or beside what differs.
    fn value(&mut self, path: &str, value: &str, kind: PreparedKind) {
        let kept = split_member(path).is_some_and(|(_, name)| KEPT.contains(&name));
        let is_field = fields().find(path).is_some();
        if value.is_empty() || !(is_field || kept) {
            return;
        }
        let now = self.planned(path).0.to_owned();
        let beside = beside_path(kind, path);
        if now.is_empty() {
            self.entries.push(Entry::text(path, value, source_of(kind)));
        } else if !same(path, &now, value) && is_field && self.visit.text(&beside) != value {
            self.entries
                .push(Entry::text(beside, value, source_of(kind)));
        }
    }
}
