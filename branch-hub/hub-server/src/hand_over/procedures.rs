//! Requests for procedures alone (個別の手続き): what a row of their hand-over file says. They change
//! nobody's record; the row is for the section that decides.

use counter_domain::snapshot::SnapshotProcedure;
use counter_forms::filing::form_of;
use counter_forms::procedure_request::REQUEST_FORM;

use super::row::{HandOverCase, Row, is_protected, members, text};

/// Columns in order; documented in `docs/reference/hand-over-file.md`, only ever appended to.
pub(crate) const COLUMNS: [&str; 19] = [
    "idempotency_key",
    "case_id",
    "version",
    "receipt_number",
    "branch",
    "filed_on",
    "accepted_on",
    "line_number",
    "procedure",
    "procedure_name",
    "to_confirm",
    "member_number",
    "name",
    "kana",
    "birth_date",
    "sex",
    "address",
    "notifier_name",
    "notifier_phone",
];

/// Whether a case asks for procedures alone.
pub(crate) fn is_procedure_request(case: &HandOverCase) -> bool {
    form_of(&case.snapshot) == REQUEST_FORM
}

/// The rows of a request: one per procedure and person, in the order shown. None at all where
/// somebody is under protection measures (支援措置).
pub(crate) fn procedure_rows(case: &HandOverCase) -> Vec<Row> {
    if is_protected(&case.snapshot) {
        return Vec::new();
    }
    let listed = case.snapshot.procedures.iter();
    (1..=u8::MAX)
        .zip(listed)
        .map(|(number, procedure)| row(case, number, procedure))
        .collect()
}

fn row(case: &HandOverCase, number: u8, procedure: &SnapshotProcedure) -> Row {
    let key = format!("{}-{}", case.case, case.version);
    let of = |path: &str| text(&case.snapshot, path);
    // A procedure of the household is told under its first person.
    let member = procedure
        .member
        .or_else(|| members(&case.snapshot).first().copied());
    let own = |field: &str| {
        let path = member.map(|number| format!("member.{number}.{field}"));
        path.map(|path| of(&path)).unwrap_or_default()
    };
    let place = [of("address.new"), of("address.new.building")];
    let place: Vec<&str> = place.iter().map(String::as_str).collect();
    let cells = vec![
        key.clone(),
        case.case.to_string(),
        case.version.to_string(),
        case.snapshot.receipt_number.clone(),
        case.branch.to_string(),
        case.snapshot.filed_on.clone(),
        case.accepted_on.clone(),
        number.to_string(),
        procedure.id.clone(),
        procedure.name.clone(),
        u8::from(procedure.to_confirm).to_string(),
        member.map(|number| number.to_string()).unwrap_or_default(),
        own("name"),
        own("kana"),
        own("birth_date"),
        own("sex"),
        place.join("　").trim_end().to_owned(),
        of("notifier.name"),
        of("notifier.phone"),
    ];
    Row {
        key,
        receipt_number: case.snapshot.receipt_number.clone(),
        member: number,
        cells,
    }
}
