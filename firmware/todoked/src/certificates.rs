//! Requests for certificates (諸証明): what is asked for in a case, on which forms, what it costs.
//!
//! In a draft a line of a request is `certificate.<id>.copies`, a count, and
//! `certificate.<id>.options`, ids parted by commas. What is signed says more: the form, the fee
//! of one copy and what the line certifies as the edition of the catalogue had them that day, so
//! that the paper never depends on a later edition.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use counter_domain::draft::{Draft, FieldPath, FieldValue, Source};
use counter_domain::snapshot::{Snapshot, SnapshotField};
use counter_forms::filing::{CertificateLine, Said, lines_of};
use counter_guide::certificates::{Asker, Certificate, Certificates, Identity, RequestLine};
use serde::Deserialize as _;
use serde::de::value::{Error as AskerError, StrDeserializer};

use crate::events::events;
use crate::texts::sentence;

/// The most copies of one certificate.
pub const COPIES_MAX: u16 = 50;

/// What stands in `certificate.…` paths.
pub const ROOT: &str = "certificate.";

static CERTIFICATES: LazyLock<Certificates> =
    LazyLock::new(|| Certificates::bundled().unwrap_or_default());

/// The certificates that come with the program.
pub fn certificates() -> &'static Certificates {
    &CERTIFICATES
}

/// The path of the copies asked for.
pub fn copies_path(id: &str) -> String {
    [ROOT, id, ".copies"].concat()
}

/// The path of what is added.
pub fn options_path(id: &str) -> String {
    [ROOT, id, ".options"].concat()
}

/// The lines of a draft, by id.
pub fn of_draft(draft: &Draft) -> Vec<RequestLine> {
    let fields = draft.fields();
    lines(fields.map(|(path, field)| (path.as_str(), field.shown.value)))
}

fn lines<'p>(fields: impl Iterator<Item = (&'p str, FieldValue)>) -> Vec<RequestLine> {
    let mut copies: BTreeMap<String, u16> = BTreeMap::new();
    let mut options: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, value) in fields {
        let Some((id, what)) = path
            .strip_prefix(ROOT)
            .and_then(|rest| rest.split_once('.'))
        else {
            continue;
        };
        match (what, value) {
            ("copies", FieldValue::Count(count)) => {
                let count = u16::try_from(count).unwrap_or_default();
                copies.insert(id.to_owned(), count.min(COPIES_MAX));
            }
            ("options", FieldValue::Text(text)) => {
                options.insert(id.to_owned(), ids(&text));
            }
            _ => {}
        }
    }
    let asked = copies.into_iter().filter(|(_, copies)| *copies > 0);
    asked
        .map(|(certificate, copies)| RequestLine {
            options: options.remove(&certificate).unwrap_or_default(),
            certificate,
            copies,
        })
        .collect()
}

/// Ids parted by commas.
pub fn ids(text: &str) -> Vec<String> {
    let ids = text.split(',').filter(|one| !one.is_empty());
    ids.map(str::to_owned).collect()
}

/// What the lines of a request say when they are signed, beside copies and options.
pub fn signed_fields(lines: &[CertificateLine]) -> Vec<(FieldPath, SnapshotField)> {
    let mut fields = Vec::new();
    for line in lines {
        let mut say = |what: &str, value: FieldValue| {
            let path = [ROOT, &line.certificate, ".", what].concat();
            let source = Source::Derived;
            fields.push((FieldPath(path), SnapshotField { value, source }));
        };
        let form = [line.form.as_str(), &line.kind].join("/");
        say("form", FieldValue::Text(form));
        say("fee", FieldValue::Count(i64::from(line.fee_yen)));
        if !line.detail.is_empty() {
            say("detail", FieldValue::Text(line.detail.clone()));
        }
    }
    fields
}

/// The lines of a snapshot as it was signed; for one signed before that was part of it, as the
/// program's own catalogue has them.
pub fn of_snapshot(snapshot: &Snapshot) -> Vec<CertificateLine> {
    let signed = lines_of(snapshot);
    if !signed.is_empty() {
        return signed;
    }
    let fields = snapshot.fields.iter();
    let asked = lines(fields.map(|(path, field)| (path.as_str(), field.value.clone())));
    let line = |line: RequestLine| {
        let certificate = certificates().certificate(&line.certificate)?;
        let on = certificate.form.clone()?;
        Some(CertificateLine {
            certificate: line.certificate,
            form: on.form,
            kind: on.kind,
            copies: line.copies,
            fee_yen: certificate.fee_yen,
            options: line.options,
            detail: String::new(),
        })
    };
    asked.into_iter().filter_map(line).collect()
}

/// What the form needs to know beside the snapshot.
pub fn said(snapshot: &Snapshot) -> Said {
    let event = snapshot.fields.get(&"event.type".into());
    let event = event.and_then(|field| field.value.as_text());
    let name = event.and_then(|event| events().name(event));
    Said {
        event: name.map(|name| name.ja.clone()).unwrap_or_default(),
        lines: of_snapshot(snapshot),
    }
}

/// What may be added to a certificate, by id; what is asked in fields of its own is not among it.
pub fn additions(certificate: &Certificate) -> impl Iterator<Item = &String> {
    const IN_FIELDS: [&str; 8] = [
        "copies",
        "submit_to",
        "members",
        "year",
        "property",
        "period",
        "person",
        "kind",
    ];
    let options = certificate.options.iter();
    options.filter(|option| !IN_FIELDS.contains(&option.as_str()))
}

/// Who asks, by its name in the data.
pub fn asker(code: &str) -> Option<Asker> {
    Asker::deserialize(StrDeserializer::<AskerError>::new(code)).ok()
}

/// How the document staff looked at proves who somebody is. Questions alone (口頭での質問) prove
/// too little for a certificate.
pub fn identity(kind: &str) -> Identity {
    match kind {
        "mncard" | "licence" | "passport" | "residence_card" | "other" => Identity::PhotoDocument,
        "two_points" => Identity::TwoDocuments,
        _ => Identity::None,
    }
}

/// A line in words: copies, yen, additions, what it certifies.
pub fn in_words(line: &CertificateLine, certificates: &Certificates) -> String {
    let yen = line.fee_yen.saturating_mul(u32::from(line.copies));
    let said = sentence(
        "request",
        "copies_and_fee",
        &[("copies", &line.copies.to_string()), ("yen", &grouped(yen))],
    );
    let options = line.options.iter();
    let options = options.filter_map(|option| certificates.option(option));
    let detail = Some(line.detail.as_str()).filter(|detail| !detail.is_empty());
    let options: Vec<&str> = detail
        .into_iter()
        .chain(options.map(|words| words.ja.as_str()))
        .collect();
    if options.is_empty() {
        return said;
    }
    let options = options.join("、");
    sentence("request", "with", &[("line", &said), ("options", &options)])
}

/// What all of it costs, in words; empty when nothing is asked for.
pub fn total_in_words(lines: &[CertificateLine]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let of_line = |line: &CertificateLine| line.fee_yen.saturating_mul(u32::from(line.copies));
    let yen = lines.iter().map(of_line).fold(0, u32::saturating_add);
    let copies: u32 = lines.iter().map(|line| u32::from(line.copies)).sum();
    sentence(
        "request",
        "total",
        &[("copies", &copies.to_string()), ("yen", &grouped(yen))],
    )
}

/// `12,300`.
pub fn grouped(yen: u32) -> String {
    let digits = yen.to_string();
    let mut written = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yen_are_written_in_groups_of_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_300), "1,300");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    #[test]
    fn who_asks_is_read_and_unknown_askers_are_not() {
        assert_eq!(asker("spouse_or_lineal"), Some(Asker::SpouseOrLineal));
        assert_eq!(asker("self"), Some(Asker::Person));
        assert_eq!(asker("neighbour"), None);
    }

    #[test]
    fn a_request_says_what_it_costs_and_what_is_on_it() {
        let line = |id: &str, copies, options: &[&str], detail: &str| CertificateLine {
            certificate: id.to_owned(),
            copies,
            fee_yen: 300,
            options: options.iter().map(|one| (*one).to_owned()).collect(),
            detail: detail.to_owned(),
            ..CertificateLine::default()
        };
        let lines = [
            line("C01", 2, &["honseki"], ""),
            line("C44", 1, &[], "令和8年度"),
        ];
        assert_eq!(total_in_words(&lines), "3通　合計 900円");
        let known = certificates();
        assert_eq!(
            in_words(&lines[0], known),
            "2通　600円（本籍・筆頭者の記載）"
        );
        assert_eq!(in_words(&lines[1], known), "1通　300円（令和8年度）");
    }

    #[test]
    fn what_is_signed_is_read_again_without_a_catalogue() {
        let line = CertificateLine {
            certificate: "C44".to_owned(),
            form: "tax-certificate".to_owned(),
            kind: "income".to_owned(),
            copies: 2,
            fee_yen: 250,
            options: Vec::new(),
            detail: "令和8年度".to_owned(),
        };
        let mut fields: BTreeMap<_, _> = signed_fields(std::slice::from_ref(&line))
            .into_iter()
            .collect();
        let copies = SnapshotField {
            value: FieldValue::Count(2),
            source: Source::Staff,
        };
        fields.insert(FieldPath(copies_path("C44")), copies);
        let snapshot = Snapshot {
            version: 1,
            case_id: counter_domain::ids::CaseId([7; 16]),
            receipt_number: "07-2-261121-0184-6".to_owned(),
            form: "tax-certificate/1".to_owned(),
            forms: Vec::new(),
            filed_on: "2026-11-21".to_owned(),
            language: "ja".to_owned(),
            fields,
            procedures: Vec::new(),
        };
        assert_eq!(of_snapshot(&snapshot), [line]);
    }
}
