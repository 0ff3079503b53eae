//! Requests for certificates (諸証明): what a row of their hand-over file says. They change nobody's
//! record, so whoever reads the other file never meets them.

use std::sync::LazyLock;

use counter_forms::filing::{CertificateLine, lines_of};
use counter_guide::certificates::Certificates;

use super::row::{HandOverCase, Row, is_protected, members, text};

/// Columns in order; documented in `docs/reference/hand-over-file.md`, only ever appended to.
pub(crate) const COLUMNS: [&str; 23] = [
    "idempotency_key",
    "case_id",
    "version",
    "receipt_number",
    "branch",
    "filed_on",
    "accepted_on",
    "line_number",
    "certificate",
    "certificate_name",
    "form",
    "copies",
    "fee_yen",
    "options",
    "detail",
    "subjects",
    "subject_birth_date",
    "subject_address",
    "asker",
    "asker_name",
    "purpose",
    "submit_to",
    "property",
];

static CERTIFICATES: LazyLock<Certificates> =
    LazyLock::new(|| Certificates::bundled().unwrap_or_default());

/// Whether a case asks for certificates and changes no record.
pub(crate) fn is_request(case: &HandOverCase) -> bool {
    text(&case.snapshot, "event.type") == "request"
}

/// The rows of a request: one per certificate, in the order of their ids. None at all where somebody
/// is under protection measures (支援措置).
pub(crate) fn request_rows(case: &HandOverCase) -> Vec<Row> {
    if is_protected(&case.snapshot) {
        return Vec::new();
    }
    let lines = lines_of(&case.snapshot);
    (1_u8..)
        .zip(&lines)
        .map(|(number, line)| row(case, number, line))
        .collect()
}

fn row(case: &HandOverCase, number: u8, line: &CertificateLine) -> Row {
    let key = format!("{}-{}", case.case, case.version);
    let of = |path: &str| text(&case.snapshot, path);
    let members = members(&case.snapshot);
    let own = |member: &u8, field: &str| of(&format!("member.{member}.{field}"));
    let names: Vec<String> = members.iter().map(|member| own(member, "name")).collect();
    let first = members.first();
    let known = CERTIFICATES.certificate(&line.certificate);
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
        line.certificate.clone(),
        known.map(|one| one.name.ja.clone()).unwrap_or_default(),
        [line.form.as_str(), &line.kind].join("/"),
        line.copies.to_string(),
        line.fee_yen.to_string(),
        line.options.join(";"),
        line.detail.clone(),
        names.join("、"),
        first.map(|one| own(one, "birth_date")).unwrap_or_default(),
        place.join("　").trim_end().to_owned(),
        of("request.asker"),
        of("notifier.name"),
        of("request.purpose"),
        of("request.submit_to"),
        of("request.property"),
    ];
    Row {
        key,
        receipt_number: case.snapshot.receipt_number.clone(),
        member: number,
        cells,
    }
}
