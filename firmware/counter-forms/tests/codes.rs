//! Bar codes and QR codes of every form, read back from the printed page by a decoder that knows
//! nothing of how they were drawn.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::process::Command;
use std::sync::LazyLock;

use counter_codes::codes_in;
use counter_forms::{Assets, FontPaths, FormData, FormMeta, Forms, SampleKind};

static FORMS: LazyLock<Forms> =
    LazyLock::new(|| Forms::new(&FontPaths::default()).expect("the fonts are installed"));

/// What a counter's scanner gives.
const DOTS_PER_INCH: u32 = 200;

/// Forms without a code: a list of receptions has no number of its own.
const WITHOUT: [&str; 1] = ["reception-list"];

/// Its codes say what kind of paper follows; read back with the scanner's stack.
const SAYS_A_KIND: &str = "separator";

/// A part of the first page in dots from the upper left corner, `None` for all of it.
type Part = Option<(u32, u32, u32, u32)>;

/// Pixels across, pixels down, greys.
fn page(pdf: &[u8], part: Part) -> (u32, u32, Vec<u8>) {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let (file, picture) = (dir.path().join("form.pdf"), dir.path().join("page"));
    std::fs::write(&file, pdf).expect("the PDF is written");
    let mut poppler = Command::new("pdftoppm");
    let dots = DOTS_PER_INCH.to_string();
    poppler.args(["-gray", "-singlefile", "-f", "1", "-l", "1", "-r", &dots]);
    if let Some((x, y, width, height)) = part {
        for (option, value) in [("-x", x), ("-y", y), ("-W", width), ("-H", height)] {
            poppler.args([option, &value.to_string()]);
        }
    }
    let done = poppler.arg(&file).arg(&picture).status();
    assert!(
        done.expect("pdftoppm (poppler-utils) is installed")
            .success()
    );
    grey(&std::fs::read(picture.with_extension("pgm")).expect("a picture"))
}

/// A portable grey map: `P5`, width, height, 255, then a byte a pixel.
fn grey(file: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut fields = file.splitn(4, u8::is_ascii_whitespace);
    let mut number = || {
        let field = fields.next().expect("a field");
        std::str::from_utf8(field).expect("ASCII").to_owned()
    };
    assert_eq!(number(), "P5");
    let (width, height) = (number(), number());
    let rest = fields.next().expect("greys");
    let greys = rest.strip_prefix(b"255\n").expect("one byte a pixel");
    let read = |text: String| text.parse().expect("a number");
    (read(width), read(height), greys.to_vec())
}

fn codes(pdf: &[u8], part: Part) -> Vec<String> {
    let (width, height, greys) = page(pdf, part);
    codes_in(&greys, width, height)
}

/// The upper right corner, where most forms have their code: 45 by 60 millimetres.
fn corner(meta: &FormMeta) -> Part {
    let millimetres = match meta.paper.as_str() {
        "a4" => 210,
        "jis-b5" => 182,
        "a5" => 148,
        _ => return None,
    };
    let dots = |millimetres: u32| millimetres * DOTS_PER_INCH * 10 / 254;
    Some((dots(millimetres - 45), 0, dots(45), dots(60)))
}

fn read(meta: &FormMeta, data: &FormData) -> Vec<String> {
    let assets = Assets::for_receipt(data.text("receipt_number"));
    let made = FORMS.render(&meta.id, data, &assets, data.text("filed_on"));
    let pdf = made
        .unwrap_or_else(|error| panic!("{}: {error}", meta.id))
        .pdf;
    let found = corner(meta).map_or_else(Vec::new, |part| codes(&pdf, Some(part)));
    if found.is_empty() {
        return codes(&pdf, None);
    }
    found
}

#[test]
fn every_form_says_its_receipt_number_to_a_scanner() {
    let mut silent = Vec::new();
    for meta in FORMS.list() {
        if meta.id == SAYS_A_KIND {
            continue;
        }
        let data = FORMS
            .sample(&meta.id, SampleKind::Typical)
            .expect("a sample");
        let number = data.text("receipt_number");
        let found = read(meta, &data);
        if found.is_empty() {
            silent.push(meta.id.as_str());
            continue;
        }
        let says = |code: &String| code == number || code.ends_with(&format!("-{number}"));
        assert!(found.iter().any(says), "{}: {found:?}", meta.id);
    }
    assert_eq!(silent, WITHOUT, "these say nothing");
}
