//! Every form × every sample: laid out, text found again, the same bytes twice, the picture agreed
//! on. A new form is in here as soon as its folder is.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod cells;
mod pictures;

use std::collections::BTreeSet;
use std::process::Command;
use std::str::FromStr as _;
use std::sync::LazyLock;

use counter_domain::date::FuzzyDate;
use counter_forms::{
    Assets, FieldKind, FontPaths, FormData, FormMeta, Forms, Point, RenderedForm, SampleKind,
    Stroke, signature_svg,
};
use serde_json::Value;

static FORMS: LazyLock<Forms> =
    LazyLock::new(|| Forms::new(&FontPaths::default()).expect("the fonts are installed"));

fn assets(data: &FormData) -> Assets {
    let points = [(2_000, 5_000), (9_000, 4_200), (16_000, 12_000)];
    let stroke = Stroke {
        points: points.map(|(x, y)| Point { x, y, t: 0 }).to_vec(),
    };
    Assets::for_receipt(data.text("receipt_number")).signed(signature_svg(&[stroke]))
}

#[track_caller]
fn sample(meta: &FormMeta, kind: SampleKind) -> FormData {
    let data = FORMS.sample(&meta.id, kind);
    data.unwrap_or_else(|| panic!("{} has no sample {}", meta.id, kind.name()))
}

#[track_caller]
fn made(meta: &FormMeta, data: &FormData) -> RenderedForm {
    let made = FORMS.render(&meta.id, data, &assets(data), data.text("filed_on"));
    made.unwrap_or_else(|error| panic!("{}: {error}: {}", meta.id, error.staff_text()))
}

#[track_caller]
fn pdf(meta: &FormMeta, data: &FormData) -> Vec<u8> {
    made(meta, data).pdf
}

/// Every form with every sample, in parallel by half.
fn for_each(check: impl Fn(&FormMeta, SampleKind) + Sync) {
    let forms = FORMS.list();
    let (first, second) = forms.split_at(forms.len() / 2);
    let run = |half: &[&FormMeta]| {
        for meta in half {
            for kind in SampleKind::ALL {
                check(meta, kind);
            }
        }
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| run(second));
        run(first);
        if let Err(panicked) = other.join() {
            std::panic::resume_unwind(panicked);
        }
    });
}

#[test]
fn every_form_passes_its_own_check() {
    let findings = FORMS.check_all();
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn every_form_is_one_the_catalogue_knows_by_one_number() {
    let mut numbers = BTreeSet::new();
    for meta in FORMS.list() {
        for number in std::iter::once(&meta.number).chain(&meta.covers) {
            assert!(
                numbers.insert(number.clone()),
                "{number} stands on two forms"
            );
        }
    }
}

/// A form is small enough for the line and for two years in the archive, with all its sheets and the
/// longest names too.
const PDF_BYTES_MAX: usize = 120 * 1024;

fn assert_pdf_a_2u(meta: &FormMeta, kind: SampleKind, made: &RenderedForm) {
    let pdf = made.pdf.as_slice();
    let has = |needle: &[u8]| pdf.windows(needle.len()).any(|found| found == needle);
    assert!(has(b"<pdfaid:part>2</pdfaid:part>"), "{}", meta.id);
    assert!(
        has(b"<pdfaid:conformance>U</pdfaid:conformance>"),
        "{}",
        meta.id
    );
    assert!(has(b"/Marked true"), "{} is not tagged", meta.id);
    let compact = has(b"/ObjStm") && has(b"/Type/XRef");
    assert!(compact, "{} has plain dictionaries", meta.id);
    assert!(
        pdf.len() <= PDF_BYTES_MAX,
        "{} {}: {} bytes",
        meta.id,
        kind.name(),
        pdf.len()
    );
}

#[test]
fn same_data_gives_the_same_bytes() {
    for meta in FORMS.list() {
        let data = sample(meta, SampleKind::Typical);
        assert_eq!(pdf(meta, &data), pdf(meta, &data), "{}", meta.id);
    }
}

/// What anybody's viewer finds in the document, without white space and the dashes of boxes.
fn text_of(pdf: &[u8]) -> String {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let file = dir.path().join("form.pdf");
    std::fs::write(&file, pdf).expect("the PDF is written");
    let out = Command::new("pdftotext")
        .args(["-raw", "-enc", "UTF-8"])
        .arg(&file)
        .arg("-")
        .output()
        .expect("pdftotext (poppler-utils) is installed");
    assert!(out.status.success(), "pdftotext refused the document");
    assert!(out.stderr.is_empty(), "pdftotext complained");
    squeezed(&String::from_utf8(out.stdout).expect("UTF-8"))
}

fn squeezed(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && *c != '−' && *c != '\u{c}')
        .collect()
}

/// The values at a dotted pattern, `*` for every entry.
fn values<'v>(value: &'v Value, pattern: &str) -> Vec<&'v Value> {
    pattern.split('.').fold(vec![value], |found, step| {
        found
            .into_iter()
            .flat_map(|value| match step {
                "*" => value.as_array().into_iter().flatten().collect::<Vec<_>>(),
                name => value.get(name).into_iter().collect(),
            })
            .collect()
    })
}

/// How a value must be found in the text; `None` for what is drawn, not written.
fn expected(kind: FieldKind, value: &Value) -> Option<String> {
    let text = match (kind, value) {
        (FieldKind::Date, Value::String(text)) => {
            let exact = FuzzyDate::from_str(text).ok().and_then(|date| date.exact());
            match exact {
                Some(day) if text.starts_with(char::is_numeric) => FuzzyDate::known(day).wareki(),
                _ if text.contains("-00") => text.split('-').next().unwrap_or_default().to_owned(),
                _ => text.clone(),
            }
        }
        (
            FieldKind::Text | FieldKind::Exact | FieldKind::Kana | FieldKind::Digits,
            Value::String(text),
        ) => text.clone(),
        (FieldKind::Count, Value::Number(number)) => grouped(&number.to_string()),
        _ => return None,
    };
    Some(squeezed(&text)).filter(|text| !text.is_empty())
}

/// `12345` as `12,345`.
fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// What the sheet is in or what is drawn, not words that stand on it.
const NOT_PRINTED: [&str; 4] = ["language", "event.kind", "walk.*.map_qr", "maps.*.picture"];

#[test]
fn every_form_is_pdf_a_2u_with_every_field_in_its_text() {
    let fields: toml::Table =
        toml::from_str(include_str!("../../forms/fields.toml")).expect("fields.toml is read");
    let shared_kind = |path: &str| -> Option<FieldKind> {
        fields.get(path)?.get("kind")?.clone().try_into().ok()
    };
    for_each(|meta, kind| {
        let data = sample(meta, kind);
        let bilingual = data.text("language") == "en";
        let made = made(meta, &data);
        assert_pdf_a_2u(meta, kind, &made);
        let text = text_of(&made.pdf);
        for path in meta.required.iter().chain(&meta.optional) {
            let own = meta.fields.get(path).map(|rule| rule.kind);
            let kind_of = own
                .or_else(|| shared_kind(path))
                .expect("every field has a kind");
            if NOT_PRINTED.contains(&path.as_str()) || (path.ends_with("_other") && !bilingual) {
                continue;
            }
            for value in values(data.as_json(), path) {
                if let Some(expected) = expected(kind_of, value) {
                    assert!(
                        text.contains(&expected),
                        "{} {}: {path} is not in the text",
                        meta.id,
                        kind.name()
                    );
                }
            }
        }
    });
}
