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
use crate::render::Forms;
use crate::resident_move::{self, City, FromSnapshotError, MemberData, ResidentMoveData};

/// One form to print beside the notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    /// The form's id.
    pub form: String,
    /// The form's number.
    pub number: String,
    /// The member it is for, where it is for one.
    pub member: Option<u8>,
    /// What is known of its data.
    pub data: FormData,
}

/// Children are looked for up to this age in years at the end of the filing year.
const CHILD_AGE_MAX: i16 = 18;

impl Forms {
    /// The forms of the procedures listed for sure, in the order of their numbers: one for all of
    /// its people where a form takes several, else one for each.
    ///
    /// # Errors
    /// When the snapshot does not fill the notification itself.
    pub fn follow_ups(
        &self,
        snapshot: &Snapshot,
        city: &City,
    ) -> Result<Vec<FollowUp>, FromSnapshotError> {
        // A request for certificates lists nothing, and is no change of anybody's record.
        if snapshot.procedures.is_empty() {
            return Ok(Vec::new());
        }
        let case = resident_move::from_snapshot(snapshot, city)?;
        let mut found = Vec::new();
        for meta in self.list() {
            let listed: BTreeSet<Option<u8>> = snapshot
                .procedures
                .iter()
                .filter(|listed| !listed.to_confirm && meta.procedures.contains(&listed.id))
                .map(|listed| listed.member)
                .collect();
            let is_newest = self.meta(&meta.id) == Some(meta);
            let is_signed = meta.id == form_of(snapshot);
            if is_newest && !is_signed && is_printed_along(meta) && !listed.is_empty() {
                found.extend(of_form(meta, &case, &listed));
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

fn of_form(
    meta: &FormMeta,
    case: &ResidentMoveData,
    listed: &BTreeSet<Option<u8>>,
) -> Vec<FollowUp> {
    let follow_up = |member: Option<u8>, patch: &Value| {
        let base = serde_json::to_value(case).ok()?;
        let known = json!({ "notifier": notifier(case), "detail": {} });
        Some(FollowUp {
            form: meta.id.clone(),
            number: meta.number.clone(),
            member,
            data: FormData::new(base).patched(&known).patched(patch),
        })
    };
    let people = || -> Vec<&MemberData> {
        let whole = listed.contains(&None);
        let members = case.members.iter();
        members
            .filter(|member| whole || listed.contains(&Some(member.number)))
            .collect()
    };
    if meta.people.is_some() {
        let patch = json!({ "members": people() });
        return follow_up(None, &patch).into_iter().collect();
    }
    if meta.required.iter().any(|path| path == "children") {
        let patch = children(case, &people());
        return follow_up(None, &patch).into_iter().collect();
    }
    people()
        .into_iter()
        .take(if listed.contains(&None) {
            1
        } else {
            usize::MAX
        })
        .filter_map(|member| {
            let patch = json!({ "subject": subject(case, member), "owner": subject(case, member) });
            follow_up(Some(member.number), &patch)
        })
        .collect()
}

/// The children of a form: those it is listed for, or all when it is listed for a parent.
fn children(case: &ResidentMoveData, people: &[&MemberData]) -> Value {
    let is_child = |member: &&MemberData| age_is_a_childs(member, &case.filed_on);
    let listed: Vec<_> = people.iter().copied().filter(is_child).collect();
    let children = if listed.is_empty() {
        case.members.iter().filter(is_child).collect()
    } else {
        listed
    };
    let parent = people.iter().find(|member| !is_child(member));
    let parent = parent.copied().or_else(|| case.members.first());
    json!({
        "children": children,
        "subject": parent.map(|member| subject(case, member)),
    })
}

/// Younger than nineteen at the end of the filing year; a birth date nobody knows counts as no
/// child.
fn age_is_a_childs(member: &MemberData, filed_on: &str) -> bool {
    let year = |text: &str| Some(FuzzyDate::from_str(text).ok()?.interval()?.0.year());
    match (year(filed_on), year(&member.birth_date)) {
        (Some(now), Some(born)) => now - born <= CHILD_AGE_MAX,
        _ => false,
    }
}

fn subject(case: &ResidentMoveData, member: &MemberData) -> Value {
    json!({
        "name": member.name, "kana": member.kana, "former_name": member.former_name,
        "birth_date": member.birth_date, "sex": member.sex, "relation": member.relation,
        "foreigner": member.foreigner, "address": new_address(case),
    })
}

/// Reading, address and birth date of the notifier, who is mostly one of the members.
fn notifier(case: &ResidentMoveData) -> Value {
    let same = |member: &&MemberData| member.name == case.notifier.name;
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
