//! Every form × every sample: laid out, text found again, the same bytes twice, the picture agreed
//! on. A new form is in here as soon as its folder is.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::str::FromStr as _;
use std::sync::LazyLock;

use counter_domain::date::FuzzyDate;
use counter_forms::{
    Assets, FieldKind, FontPaths, FormData, FormMeta, Forms, Picture, Point, RenderedForm,
    SampleKind, Stroke, signature_svg,
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
fn every_definition_is_sound() {
    let findings = FORMS.check_definitions();
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

/// What the sheet is in, not what stands on it.
const NOT_PRINTED: [&str; 2] = ["language", "event.kind"];

#[test]
fn every_form_is_pdf_a_2u_with_every_field_in_its_text() {
    let fields: toml::Table =
        toml::from_str(include_str!("../forms/fields.toml")).expect("fields.toml is read");
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

// --- pictures ------------------------------------------------------------------------------------

/// Pixels of a page at 72 dpi that make one cell of the picture agreed on.
const CELL: usize = 5;
/// Grey levels two cells may lie apart.
const SAME_WITHIN: u8 = 24;
/// Cells that may differ: rounding at the edges of lines on another machine.
const TOLERATED: usize = 4;

/// Every page of every sample, small and grey, side by side.
fn contact_sheet(meta: &FormMeta) -> Picture {
    let mut pages = Vec::new();
    for kind in SampleKind::ALL {
        let data = sample(meta, kind);
        let drawn = FORMS.pictures(&meta.id, &data, &assets(&data), data.text("filed_on"), 1.0);
        pages.extend(drawn.expect("the pages are drawn").iter().map(small));
    }
    let width = pages.iter().map(|page| page.width).sum();
    let height = pages.first().map_or(0, |page| page.height);
    let rgb = (0..height as usize)
        .flat_map(|y| {
            pages.iter().flat_map(move |page| {
                let row = page.width as usize * 3;
                page.rgb[y * row..(y + 1) * row].iter().copied()
            })
        })
        .collect();
    Picture { width, height, rgb }
}

/// A page in cells of one grey, sixteen levels.
fn small(page: &Picture) -> Picture {
    let (width, height) = (page.width as usize / CELL, page.height as usize / CELL);
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let sum: usize = (0..CELL)
                .flat_map(|dy| (0..CELL * 3).map(move |dx| (dy, dx)))
                .map(|(dy, dx)| {
                    let at = ((y * CELL + dy) * page.width as usize + x * CELL) * 3 + dx;
                    usize::from(page.rgb[at])
                })
                .sum();
            let grey = u8::try_from(sum / (CELL * CELL * 3)).expect("a mean of bytes") & 0xF0;
            rgb.extend([grey; 3]);
        }
    }
    Picture {
        width: u32::try_from(width).expect("a page"),
        height: u32::try_from(height).expect("a page"),
        rgb,
    }
}

fn differing_cells(a: &Picture, b: &Picture) -> usize {
    if (a.width, a.height) != (b.width, b.height) {
        return usize::MAX;
    }
    let differ = |(a, b): (&[u8], &[u8])| a[0].abs_diff(b[0]) > SAME_WITHIN;
    let cells = a.rgb.chunks_exact(3).zip(b.rgb.chunks_exact(3));
    cells.filter(|pair| differ(*pair)).count()
}

fn agreed_file(meta: &FormMeta) -> PathBuf {
    let name = format!("tests/ref/{}-{}.png", meta.number, meta.id);
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// `UPDATE=1` writes the pictures anew; look at them then.
#[test]
fn every_form_looks_as_agreed() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut differing = Vec::new();
    for meta in FORMS.list() {
        let now = contact_sheet(meta);
        let file = agreed_file(meta);
        if update {
            std::fs::write(&file, now.to_png().expect("a PNG")).expect("written");
        }
        let agreed = std::fs::read(&file)
            .unwrap_or_else(|_| panic!("no picture of {} was agreed on; UPDATE=1", meta.id));
        let agreed = Picture::from_png(&agreed).expect("a picture");
        let cells = differing_cells(&agreed, &now);
        if cells > TOLERATED {
            let report = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
                .join(format!("{}-difference.png", meta.id));
            let beside = agreed.beside(&now).to_png().expect("a PNG");
            std::fs::write(&report, beside).expect("the difference is written");
            differing.push(format!(
                "{}: {cells} cells, see {}",
                meta.id,
                report.display()
            ));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn one_tick_elsewhere_is_noticed() {
    let meta = FORMS.meta("move-out").expect("a form");
    let data = sample(meta, SampleKind::Typical);
    let moved = data
        .clone()
        .patched(&serde_json::json!({ "detail": { "whole": "part" } }));
    let draw = |data: &FormData| {
        let drawn = FORMS.pictures(&meta.id, data, &assets(data), "2026-11-21", 1.0);
        small(&drawn.expect("drawn")[0])
    };
    let cells = differing_cells(&draw(&data), &draw(&moved));
    assert!(cells > TOLERATED, "only {cells} cells differ");
}

#[test]
fn pictures_of_forms_that_are_gone_are_gone() {
    let known: BTreeSet<PathBuf> = FORMS.list().into_iter().map(agreed_file).collect();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/ref");
    for entry in std::fs::read_dir(folder).expect("tests/ref") {
        let path = entry.expect("readable").path();
        assert!(
            known.contains(&path),
            "{} belongs to no form",
            path.display()
        );
    }
}
