//! What a row of the hand-over file says.

use std::collections::BTreeSet;

use counter_domain::draft::{FieldPath, FieldValue};
use counter_domain::ids::{BranchCode, CaseId};
use counter_domain::snapshot::Snapshot;

/// Columns in order; documented in `docs/reference/hand-over-file.md`, only ever appended to.
pub(crate) const COLUMNS: [&str; 24] = [
    "idempotency_key",
    "case_id",
    "version",
    "receipt_number",
    "branch",
    "event_type",
    "event_flow",
    "event_date",
    "filed_on",
    "accepted_on",
    "member_number",
    "name",
    "kana",
    "birth_date",
    "sex",
    "relation",
    "relation_before",
    "nationality",
    "resident_code",
    "new_address",
    "new_building",
    "old_address",
    "new_head",
    "notifier_phone",
];

/// An accepted case, ready to be handed over.
#[derive(Debug, Clone)]
pub(crate) struct HandOverCase {
    /// The case.
    pub case: CaseId,
    /// How many times it was submitted; with the case it is the key that makes reading twice safe.
    pub version: usize,
    /// Its branch.
    pub branch: BranchCode,
    /// Day of the acceptance at head office, ISO 8601.
    pub accepted_on: String,
    /// What was accepted.
    pub snapshot: Snapshot,
}

/// One row, cells in the order of [`COLUMNS`]. Debug is not derived: cells are personal data.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Idempotency key.
    pub key: String,
    /// Receipt number.
    pub receipt_number: String,
    /// The person's number in the case; in a request, the certificate's.
    pub member: u8,
    /// The cells.
    pub cells: Vec<String>,
}

/// The rows of a case: one per person, in order. Members under protection measures (支援措置) are
/// left out with everybody else of their case: their address is on every row.
pub(crate) fn rows(case: &HandOverCase) -> Vec<Row> {
    if is_protected(&case.snapshot) {
        return Vec::new();
    }
    members(&case.snapshot)
        .into_iter()
        .map(|member| row(case, member))
        .collect()
}

/// Whether anybody in the snapshot carries the flag of protection measures.
pub(crate) fn is_protected(snapshot: &Snapshot) -> bool {
    snapshot.fields.iter().any(|(path, field)| {
        path.as_str().rsplit('.').next() == Some("protected")
            && field.value == FieldValue::Flag(true)
    })
}

/// Numbers of the members whose records change; those who only stay are named in the filing too.
pub(crate) fn members(snapshot: &Snapshot) -> BTreeSet<u8> {
    let stays = |number: &u8| {
        let moving = FieldPath(format!("member.{number}.moving"));
        let moving = snapshot.fields.get(&moving);
        moving.is_some_and(|field| field.value == FieldValue::Flag(false))
    };
    let number = |path: &FieldPath| {
        path.as_str()
            .strip_prefix("member.")?
            .split('.')
            .next()?
            .parse()
            .ok()
    };
    let named = snapshot.fields.keys().filter_map(number);
    named.filter(|number| !stays(number)).collect()
}

fn row(case: &HandOverCase, member: u8) -> Row {
    let key = format!("{}-{}", case.case, case.version);
    let of = |path: &str| text(&case.snapshot, path);
    let own = |field: &str| text(&case.snapshot, &format!("member.{member}.{field}"));
    let cells = vec![
        key.clone(),
        case.case.to_string(),
        case.version.to_string(),
        case.snapshot.receipt_number.clone(),
        case.branch.to_string(),
        of("event.type"),
        of("event.flow"),
        of("event.date"),
        case.snapshot.filed_on.clone(),
        case.accepted_on.clone(),
        member.to_string(),
        own("name"),
        own("kana"),
        own("birth_date"),
        own("sex"),
        own("relation"),
        own("relation_before"),
        own("nationality"),
        own("resident_code"),
        of("address.new"),
        of("address.new.building"),
        of("address.old"),
        of("head.new"),
        of("notifier.phone"),
    ];
    Row {
        key,
        receipt_number: case.snapshot.receipt_number.clone(),
        member,
        cells,
    }
}

/// A value of a snapshot as a cell says it; empty when there is none.
pub(crate) fn text(snapshot: &Snapshot, path: &str) -> String {
    match snapshot
        .fields
        .get(&FieldPath::from(path))
        .map(|field| &field.value)
    {
        Some(FieldValue::Text(text)) => text.clone(),
        Some(FieldValue::Flag(flag)) => flag.to_string(),
        Some(FieldValue::Count(count)) => count.to_string(),
        Some(FieldValue::Unknown | FieldValue::Cleared) | None => String::new(),
    }
}
