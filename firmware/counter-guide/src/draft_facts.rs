//! Facts that a draft says.

use counter_domain::age::{compulsory_school, known_age_on, within_school_year_of};
use counter_domain::draft::{Draft, FieldPath, FieldValue, Source};
use counter_domain::household::{MemberDraft, MoveDraft, Sex};
use counter_domain::protection::PROTECTED_FLAG;
use counter_domain::residence::ResidenceStatuses;
use jiff::civil::Date;

use crate::facts::{FactValue, Facts, MemberFacts};

/// What stands before the number of a procedure that was picked from the menu, in a draft. Its
/// value is [`FOR_ALL`], or the numbers of the members it is for, parted by commas.
pub const PICKED: &str = "procedure.";

/// A picked procedure of the whole household.
pub const FOR_ALL: &str = "all";

/// The procedures picked in a draft with whom each is for; `None` is the household.
pub fn picked(draft: &Draft) -> Vec<(String, Vec<Option<u8>>)> {
    let fields = draft.fields();
    let all = fields.filter_map(|(path, field)| {
        let id = path.as_str().strip_prefix(PICKED)?.to_owned();
        let FieldValue::Text(text) = &field.shown.value else {
            return None;
        };
        let of_one = |part: &str| match part {
            FOR_ALL => Some(None),
            number => number.parse().ok().map(Some),
        };
        let members: Vec<Option<u8>> = text.split(',').filter_map(of_one).collect();
        (!members.is_empty()).then_some((id, members))
    });
    all.collect()
}

/// Reads the facts of a case from its draft on the day it would be filed: what follows from the
/// fields, then the answers (`answer.<fact>`, `answer.m<n>.<fact>`), which go first.
pub fn facts_from_draft(draft: &Draft, today: Date) -> Facts {
    let entered = MoveDraft::from_draft(draft, today);
    let event_date = entered.event_date.and_then(|date| date.exact());
    let mut facts = Facts {
        event_date,
        today: Some(today),
        ..Facts::default()
    };
    if let Some(event) = &entered.event {
        facts.set("ev.type", None, event.as_str());
    }
    if let Some(flow) = &entered.flow {
        facts.set("ev.transfer_mode", None, transfer_mode(flow));
    }
    let addresses = entered
        .old_address
        .as_ref()
        .zip(entered.new_address.as_ref());
    if let Some(same) = addresses.and_then(|(old, new)| old.same_prefecture(new)) {
        facts.set("ev.same_prefecture", None, same);
    }
    if let Some(event_date) = event_date {
        facts.set(
            "ev.days_since",
            None,
            i64::from((today - event_date).get_days()),
        );
    }
    let on = event_date.unwrap_or(today);
    for member in &entered.members {
        facts
            .members
            .push(member_facts(member, &entered, draft, on));
    }
    take_answers(draft, &mut facts);
    for (id, members) in picked(draft) {
        facts
            .requested
            .extend(members.into_iter().map(|member| match member {
                Some(number) => format!("{id}/{number}"),
                None => id.clone(),
            }));
    }
    facts
}

/// Flows are named in three ways: as facts, by their sign in the law's notes, by screens.
fn transfer_mode(flow: &str) -> &str {
    match flow {
        "ア" | "reservation" => "oss",
        "イ" => "card",
        "ウ" => "paper",
        other => other,
    }
}

fn member_facts(member: &MemberDraft, case: &MoveDraft, draft: &Draft, on: Date) -> MemberFacts {
    let mut known = MemberFacts {
        number: member.number,
        ..MemberFacts::default()
    };
    let mut set = |fact: &str, value: Option<FactValue>| {
        if let Some(value) = value {
            known.facts.insert(fact.to_owned(), value);
        }
    };
    set("moving", Some(member.moving.into()));
    set(
        "pregnant",
        (member.sex == Some(Sex::Male)).then(|| false.into()),
    );
    if let Some(birth) = &member.birth {
        set(
            "age",
            known_age_on(birth, on).map(|age| i64::from(age).into()),
        );
        set(
            "age_fy18",
            within_school_year_of(birth, 18, on).map(FactValue::from),
        );
        set(
            "compulsory_school",
            compulsory_school(birth, on).map(FactValue::from),
        );
    }
    let is_name = |name: &Option<_>| name.is_some() && *name == member.name;
    let is_head = match &member.relation {
        Some(relation) => Some(relation.is_head()),
        None => case.new_head.as_ref().map(|_| is_name(&case.new_head)),
    };
    let was_head = match &member.relation_before {
        Some(relation) => Some(relation.is_head()),
        None => case.old_head.as_ref().map(|_| is_name(&case.old_head)),
    };
    set("is_head", is_head.map(FactValue::from));
    set("was_head", was_head.map(FactValue::from));
    set("japanese", member.japanese().map(FactValue::from));
    let own = |name: &str| FieldPath(format!("member.{}.{name}", member.number));
    let class = draft.text(own("residence_class").as_str());
    set("residence_class", class.map(FactValue::from));
    // What the copy does not have of its own people is not there; of others nobody looked.
    let shown = draft.field(&own("name")).map(|field| field.shown);
    let of_copy = shown.is_some_and(|name| name.source == Source::ResidentCopy);
    let held = |name: &str| {
        let filled = draft
            .text(own(name).as_str())
            .is_some_and(|text| !text.is_empty());
        (filled || of_copy).then(|| FactValue::from(filled))
    };
    // A change of name enters the name before in the same place.
    let is_rename = case
        .event
        .as_ref()
        .is_some_and(|event| event.as_str() == "name_change");
    if !is_rename {
        set("old_surname", held("former_name"));
    }
    set("common_name", held("alias"));
    let flag = draft.field(&own(PROTECTED_FLAG));
    let protected = flag.is_some_and(|field| field.shown.value == FieldValue::Flag(true));
    set(
        "protected",
        (protected || of_copy).then(|| protected.into()),
    );
    known
}

/// The class of a stay follows from the status of residence, where nobody told the class.
pub fn take_stays(draft: &Draft, statuses: &ResidenceStatuses, filed_on: Date, facts: &mut Facts) {
    for member in &mut facts.members {
        let path = format!("member.{}.residence_status", member.number);
        let status = draft
            .text(&path)
            .and_then(|text| statuses.find(text, filed_on));
        if let Some(status) = status.filter(|status| status.record) {
            let class = FactValue::from(status.class.code());
            member
                .facts
                .entry("residence_class".to_owned())
                .or_insert(class);
        }
    }
}

fn take_answers(draft: &Draft, facts: &mut Facts) {
    for (path, field) in draft.fields() {
        let Some(fact) = path.as_str().strip_prefix("answer.") else {
            continue;
        };
        let value = match &field.shown.value {
            FieldValue::Text(text) => FactValue::Choice(text.clone()),
            FieldValue::Flag(flag) => FactValue::Flag(*flag),
            FieldValue::Count(count) => FactValue::Count(*count),
            FieldValue::Unknown => FactValue::Unknown,
            FieldValue::Cleared => continue,
        };
        let of_member = fact.strip_prefix('m').and_then(|rest| rest.split_once('.'));
        let of_member = of_member.and_then(|(number, fact)| Some((number.parse().ok()?, fact)));
        match of_member {
            Some((number, fact)) if facts.members.iter().any(|m| m.number == number) => {
                facts.set(fact, Some(number), value);
            }
            Some(_) => {}
            None => facts.set(fact, None, value),
        }
    }
}
