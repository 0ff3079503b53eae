//! Requests for certificates (諸証明): what is asked for in a case, what it costs, who may have it.
//!
//! In a draft and in a snapshot a line of a request is `certificate.<id>.copies`, a count, and
//! `certificate.<id>.options`, ids parted by commas.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use counter_domain::draft::{Draft, FieldValue};
use counter_domain::snapshot::Snapshot;
use counter_forms::filing::{CertificateLine, Said};
use counter_guide::certificates::{Asker, Certificate, Certificates, Permission, RequestLine};
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

/// The certificates a city hands out.
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

/// The lines of a draft, in the order of the catalogue.
pub fn of_draft(draft: &Draft) -> Vec<RequestLine> {
    let fields = draft.fields();
    lines(fields.map(|(path, field)| (path.as_str(), field.shown.value)))
}

/// The lines of a snapshot, in the order of the catalogue.
pub fn of_snapshot(snapshot: &Snapshot) -> Vec<RequestLine> {
    let fields = snapshot.fields.iter();
    lines(fields.map(|(path, field)| (path.as_str(), field.value.clone())))
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
                let chosen = text.split(',').filter(|one| !one.is_empty());
                options.insert(id.to_owned(), chosen.map(str::to_owned).collect());
            }
            _ => {}
        }
    }
    let asked = certificates().list().iter().filter_map(|certificate| {
        let copies = copies
            .get(&certificate.id)
            .copied()
            .filter(|count| *count > 0)?;
        Some(RequestLine {
            certificate: certificate.id.clone(),
            copies,
            options: options.remove(&certificate.id).unwrap_or_default(),
        })
    });
    asked.collect()
}

/// What the form needs to know beside the snapshot.
pub fn said(snapshot: &Snapshot) -> Said {
    let event = snapshot.fields.get(&"event.type".into());
    let event = event.and_then(|field| field.value.as_text());
    let name = event.and_then(|event| events().name(event));
    let line = |line: RequestLine| {
        let certificate = certificates().certificate(&line.certificate)?;
        Some(CertificateLine {
            kind: events().certificate(&line.certificate)?.1.clone(),
            copies: line.copies,
            fee_yen: certificate.fee_yen,
            options: line.options,
        })
    };
    Said {
        event: name.map(|name| name.ja.clone()).unwrap_or_default(),
        lines: of_snapshot(snapshot).into_iter().filter_map(line).collect(),
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

/// A line in words: name, copies, yen, additions.
pub fn in_words(line: &RequestLine) -> String {
    let Some(certificate) = certificates().certificate(&line.certificate) else {
        return line.certificate.clone();
    };
    let yen = certificate.fee_yen * u32::from(line.copies);
    let said = sentence(
        "request",
        "copies_and_fee",
        &[("copies", &line.copies.to_string()), ("yen", &grouped(yen))],
    );
    let options: Vec<&str> = line
        .options
        .iter()
        .filter_map(|option| certificates().option(option))
        .map(|words| words.ja.as_str())
        .collect();
    if options.is_empty() {
        return said;
    }
    let options = options.join("、");
    sentence("request", "with", &[("line", &said), ("options", &options)])
}

/// What all of it costs, in words; empty when nothing is asked for.
pub fn total_in_words(lines: &[RequestLine]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let yen = certificates().fee(lines).unwrap_or_default();
    let copies: u32 = lines.iter().map(|line| u32::from(line.copies)).sum();
    sentence(
        "request",
        "total",
        &[("copies", &copies.to_string()), ("yen", &grouped(yen))],
    )
}

/// Why whoever asks may not have the certificate, in words.
pub fn refused(id: &str, asker: Option<Asker>) -> Option<String> {
    match certificates().permission(id, asker?)? {
        Permission::With(_) => None,
        Permission::Refused(words) => Some(words.ja.clone()),
    }
}

/// What whoever asks must show for all the lines, each once, in words.
pub fn papers(lines: &[RequestLine], asker: Option<Asker>) -> String {
    let Some(asker) = asker else {
        return String::new();
    };
    let mut names: Vec<&str> = Vec::new();
    for line in lines {
        if let Some(Permission::With(papers)) = certificates().permission(&line.certificate, asker)
        {
            for paper in papers {
                if !names.contains(&paper.ja.as_str()) {
                    names.push(&paper.ja);
                }
            }
        }
    }
    names.join("、")
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
    fn a_request_says_what_it_costs_and_who_may_have_it() {
        let line = |id: &str, copies, options: &[&str]| RequestLine {
            certificate: id.to_owned(),
            copies,
            options: options.iter().map(|one| (*one).to_owned()).collect(),
        };
        let lines = [line("C01", 2, &["honseki"]), line("C03", 1, &[])];
        assert_eq!(total_in_words(&lines), "3通　合計 900円");
        assert_eq!(in_words(&lines[0]), "2通　600円（本籍・筆頭者の記載）");
        assert!(refused("C16", asker("third_party")).is_some());
        assert_eq!(refused("C01", asker("household")), None);
        assert!(papers(&lines, asker("proxy")).contains("委任状"));
    }
}
