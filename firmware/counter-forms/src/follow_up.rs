//! Follow-up forms: what a move makes the other sections ask for, filled in as far as the case
//! knows. What only the resident can say stays blank for a pen.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use counter_domain::date::FuzzyDate;
use counter_domain::snapshot::Snapshot;
use serde_json::{Value, json};

use crate::data::FormData;
use crate::definition::FormMeta;
use crate::filing::form_of;
use crate::prefill::{Answers, Known};
use crate::procedure_request::REQUEST_FORM;
use crate::render::Forms;
use crate::resident_move::{self, City, FromSnapshotError, MemberData, ResidentMoveData};
use crate::rules::Rules;

/// One form to print beside the notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    /// The form's id.
    pub form: String,
    /// The form's number.
    pub number: String,
    /// The member it is for, where it is for one.
    pub member: Option<u8>,
    /// Whose answers fill it in: the member it is for, or the first of its people.
    pub asked: Option<u8>,
    /// What is known of its data.
    pub data: FormData,
}

/// Children are looked for up to this age in years at the end of the filing year.
const CHILD_AGE_MAX: i16 = 18;
/// The role of somebody who files for themselves (本人).
const ITSELF: &str = "self";

impl Forms {
    /// The forms of the procedures listed for sure, in the order of their numbers: one for all of
    /// its people where a form takes several, else one for each. `answers` fill in what the forms
    /// say they take from the interview.
    ///
    /// # Errors
    /// When the snapshot does not fill the notification itself.
    pub fn follow_ups(
        &self,
        snapshot: &Snapshot,
        city: &City,
        answers: &Answers,
    ) -> Result<Vec<FollowUp>, FromSnapshotError> {
        // A request for certificates lists nothing, and is no change of anybody's record.
        if snapshot.procedures.is_empty() {
            return Ok(Vec::new());
        }
        let case = resident_move::from_snapshot(snapshot, city)?;
        let mut found = Vec::new();
        for meta in self.list() {
            let of_form = snapshot.procedures.iter();
            let of_form =
                of_form.filter(|listed| !listed.to_confirm && meta.procedures.contains(&listed.id));
            let procedures: Vec<_> = of_form
                .map(|listed| (listed.id.clone(), listed.member))
                .collect();
            let listed: BTreeSet<Option<u8>> = procedures.iter().map(|(_, of)| *of).collect();
            let is_newest = self.meta(&meta.id) == Some(meta);
            let is_signed = meta.id == form_of(snapshot);
            let is_printed = is_printed_along(meta) || form_of(snapshot) == REQUEST_FORM;
            if is_newest && !is_signed && is_printed && !listed.is_empty() {
                let rules = Rules {
                    meta,
                    shared: &self.templates.fields,
                };
                let maker = Maker {
                    meta,
                    rules,
                    case: &case,
                    answers,
                    procedures: &procedures,
                };
                found.extend(maker.of_people(&listed));
            }
        }
        Ok(found)
    }
}

/// Not the notification itself, and not what its section prints only when asked (支援措置).
fn is_printed_along(meta: &FormMeta) -> bool {
    let by_hand = meta
        .print
        .get("by_hand_only")
        .and_then(toml::Value::as_bool);
    meta.id != resident_move::FORM_ID && by_hand != Some(true)
}

/// Makes the follow-ups of one form.
struct Maker<'m> {
    meta: &'m FormMeta,
    rules: Rules<'m>,
    case: &'m ResidentMoveData,
    answers: &'m Answers,
    /// Its procedures that are listed, with their members.
    procedures: &'m [(String, Option<u8>)],
}

impl Maker<'_> {
    /// For the members the form's procedures are listed for; `None` among them is the household.
    fn of_people(&self, listed: &BTreeSet<Option<u8>>) -> Vec<FollowUp> {
        let whole = listed.contains(&None);
        let members = self.case.members.iter();
        let people: Vec<&MemberData> = members
            .filter(|member| whole || listed.contains(&Some(member.number)))
            .collect();
        if self.meta.people.is_some() {
            let one = self.one(None, &people, &json!({ "members": people }));
            return one.into_iter().collect();
        }
        if let Some(which) = Children::of(self.meta) {
            return self.with_children(&people, which);
        }
        let most = if whole { 1 } else { usize::MAX };
        let people = people.into_iter().take(most);
        people
            .filter_map(|member| self.one(Some(member.number), &[member], &self.about(member)))
            .collect()
    }

    /// The patch about the person a form is for. A form about somebody who died leaves blank who
    /// claims.
    fn about(&self, member: &MemberData) -> Value {
        let person = subject(self.case, member);
        if self
            .meta
            .required
            .iter()
            .any(|path| path == "deceased.name")
        {
            let died_on = json!({ "deceased": { "died_on": self.case.event.date } });
            let deceased = FormData::new(json!({ "deceased": person })).patched(&died_on);
            return deceased.as_json().clone();
        }
        json!({ "subject": person, "owner": person })
    }

    /// A form for a parent with its children: one for all, or one for each parent of a newborn.
    fn with_children(&self, people: &[&MemberData], which: Children) -> Vec<FollowUp> {
        let is_child = |member: &&MemberData| age_is_a_childs(member, &self.case.filed_on);
        let listed: Vec<_> = people.iter().copied().filter(is_child).collect();
        let of_case = || self.case.members.iter().filter(is_child).collect();
        let children: Vec<&MemberData> = match which {
            Children::NotOfTheCase => Vec::new(),
            Children::Newborn => {
                let of_case = self.case.members.iter();
                let is_new = |member: &&MemberData| is_under_one(member, &self.case.filed_on);
                of_case.filter(is_new).collect()
            }
            Children::All if listed.is_empty() => of_case(),
            Children::All => listed,
        };
        let adults = people.iter().copied().filter(|member| !is_child(member));
        let mut parents: Vec<&MemberData> = adults.collect();
        if which != Children::Newborn {
            parents.truncate(1);
        }
        if parents.is_empty() {
            parents.extend(self.case.members.first());
        }
        let several = parents.len() > 1;
        let parents = parents.into_iter();
        parents
            .filter_map(|parent| {
                let person = subject(self.case, parent);
                let patch = json!({ "children": children, "subject": person });
                let number = Some(parent.number);
                self.one(number.filter(|_| several), &[parent], &patch)
            })
            .collect()
    }

    /// As whom the notifier files a form about these people: as the person itself where it is about
    /// nobody else. What was told for the notification holds for the form too, but "self" only where
    /// the notifier is one of its people. Nothing where the form asks for another kind of relation
    /// (an heir's).
    fn role(&self, people: &[&MemberData]) -> Option<&str> {
        let notifier = &self.case.notifier;
        let files = |member: &&MemberData| Some(member.number) == notifier.member;
        let role = if !people.is_empty() && people.iter().all(files) {
            ITSELF
        } else if notifier.role_derived || (notifier.role == ITSELF && !people.iter().any(files)) {
            return None;
        } else {
            notifier.role.as_str()
        };
        let rule = self.meta.fields.get("notifier.role");
        let is_known = rule.is_none_or(|rule| rule.values.iter().any(|value| value == role));
        is_known.then_some(role)
    }

    /// One form about `people` with what the case knows, `patch` laid over it, then what was
    /// answered about the first of them.
    fn one(&self, member: Option<u8>, people: &[&MemberData], patch: &Value) -> Option<FollowUp> {
        let asked = people.first().map(|member| member.number);
        let base = serde_json::to_value(self.case).ok()?;
        let known = json!({ "notifier": notifier(self.case), "detail": {} });
        let data = FormData::new(base).patched(&known).patched(patch);
        let role = json!({ "notifier": { "role": self.role(people) } });
        let data = data.patched(&role);
        let mut data = data.as_json().clone();
        let known = Known {
            case: self.case,
            answers: self.answers,
            listed: self.procedures,
        };
        known.fill(self.meta, asked, &mut data);
        self.answers.boxes.fill(&self.rules, asked, &mut data);
        Some(FollowUp {
            form: self.meta.id.clone(),
            number: self.meta.number.clone(),
            member,
            asked,
            data: FormData::new(data),
        })
    }
}

/// Which children of the case a form lists; its `print.children` says so.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Children {
    All,
    Newborn,
    /// Children the case does not know, or not which of them: a pen writes them.
    NotOfTheCase,
}

impl Children {
    fn of(meta: &FormMeta) -> Option<Self> {
        match meta.print.get("children").and_then(toml::Value::as_str) {
            Some("newborn") => Some(Self::Newborn),
            Some("none") => Some(Self::NotOfTheCase),
            Some(_) => Some(Self::All),
            None => {
                let listed = meta.required.iter().any(|path| path == "children");
                listed.then_some(Self::All)
            }
        }
    }
}

/// Younger than nineteen at the end of the filing year; a birth date nobody knows counts as no
/// child.
fn age_is_a_childs(member: &MemberData, filed_on: &str) -> bool {
    match (day_of(filed_on), day_of(&member.birth_date)) {
        (Some((now, ..)), Some((born, ..))) => now - born <= CHILD_AGE_MAX,
        _ => false,
    }
}

/// Before the first birthday on the day of filing.
fn is_under_one(member: &MemberData, filed_on: &str) -> bool {
    match (day_of(filed_on), day_of(&member.birth_date)) {
        (Some(now), Some((year, month, day))) => now < (year + 1, month, day),
        _ => false,
    }
}

/// Year, month and day; the first possible ones of a date that is not fully known.
fn day_of(text: &str) -> Option<(i16, i8, i8)> {
    let day = FuzzyDate::from_str(text).ok()?.interval()?.0;
    Some((day.year(), day.month(), day.day()))
}

fn subject(case: &ResidentMoveData, member: &MemberData) -> Value {
    let files = case.notifier.member == Some(member.number) && !case.notifier.phone.is_empty();
    let phone = files.then_some(&case.notifier.phone);
    json!({
        "phone": phone,
        "name": member.name, "kana": member.kana, "former_name": member.former_name,
        "birth_date": member.birth_date, "sex": member.sex, "relation": member.relation,
        "foreigner": member.foreigner, "address": new_address(case),
    })
}

/// Reading, address and birth date of the notifier, who is mostly one of the members.
fn notifier(case: &ResidentMoveData) -> Value {
    let same = |member: &&MemberData| case.notifier.member == Some(member.number);
    match case.members.iter().find(same) {
        Some(member) => json!({
            "kana": member.kana, "birth_date": member.birth_date, "address": new_address(case),
        }),
        None => json!({}),
    }
}

fn new_address(case: &ResidentMoveData) -> String {
    let parts = [case.new.address.as_str(), case.new.building.as_str()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("　")
}
