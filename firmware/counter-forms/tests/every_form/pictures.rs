//! Every page of every form and sample beside the picture agreed on, in `tests/ref`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use counter_forms::{FormData, FormMeta, Picture, SampleKind};
use serde_json::{Value, json};

use crate::cells::{CELL, Cells, Place};
use crate::{FORMS, assets, pdf, sample};

/// Pixels of a cell's side in the pictures of a difference.
const SHOWN: usize = 2 * CELL;
/// Places told of one page.
const PLACES: usize = 6;

/// A page of a sample.
struct Page {
    kind: SampleKind,
    number: usize,
    cells: Cells,
}

fn drawn(meta: &FormMeta, data: &FormData, scale: f32) -> Vec<Picture> {
    let drawn = FORMS.pictures(&meta.id, data, &assets(data), data.text("filed_on"), scale);
    drawn.expect("the pages are drawn")
}

fn pages(meta: &FormMeta) -> Vec<Page> {
    let of = |kind| {
        let pages = drawn(meta, &sample(meta, kind), 1.0).into_iter();
        let pages = (1..).zip(pages).map(move |(number, page)| Page {
            kind,
            number,
            cells: Cells::of(&page),
        });
        pages.collect::<Vec<_>>()
    };
    SampleKind::ALL.into_iter().flat_map(of).collect()
}

fn agreed_file(meta: &FormMeta) -> PathBuf {
    let name = format!("tests/ref/{}-{}.png", meta.number, meta.id);
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// `UPDATE=1` writes the pictures anew; look at them then.
#[test]
fn every_form_looks_as_agreed() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut differing = Vec::new();
    for meta in FORMS.list() {
        let now = pages(meta);
        let file = agreed_file(meta);
        if update {
            let cells: Vec<Cells> = now.iter().map(|page| page.cells.clone()).collect();
            std::fs::write(&file, Cells::side_by_side(&cells).to_png()).expect("written");
        }
        let agreed = std::fs::read(&file)
            .unwrap_or_else(|_| panic!("no picture of {} was agreed on; UPDATE=1", meta.id));
        differing.extend(compared(meta, &Cells::from_png(&agreed), &now));
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// What differs from the picture agreed on, a line for each page.
fn compared(meta: &FormMeta, agreed: &Cells, now: &[Page]) -> Vec<String> {
    let width: usize = now.iter().map(|page| page.cells.width).sum();
    let height = now.iter().map(|page| page.cells.height).max();
    if (agreed.width, Some(agreed.height)) != (width, height) {
        let form = format!("{} {}", meta.number, meta.id);
        let (was, is) = (agreed.width, now.len());
        return vec![format!(
            "{form}: {is} pages, {width} cells across; agreed on were {was}: another paper, or other sheets"
        )];
    }
    let mut left = 0;
    let mut lines = Vec::new();
    for page in now {
        let before = agreed.part(left, (page.cells.width, page.cells.height));
        left += page.cells.width;
        let places = before.differences(&page.cells);
        if !places.is_empty() {
            let shown = show(meta, page, &before, &places);
            lines.push(told(meta, page, &places, &shown));
        }
    }
    lines
}

fn told(meta: &FormMeta, page: &Page, places: &[Place], shown: &Path) -> String {
    let first: Vec<String> = places.iter().take(PLACES).map(Place::to_string).collect();
    let (kind, number) = (page.kind.name(), page.number);
    format!(
        "{} {}, {kind}, page {number}: differs in {} places: {}; see {}",
        meta.number,
        meta.id,
        places.len(),
        first.join("; "),
        shown.display()
    )
}

/// Writes the page agreed on beside the page of now, with red frames around what differs.
fn show(meta: &FormMeta, page: &Page, agreed: &Cells, places: &[Place]) -> PathBuf {
    let shown = drawn(meta, &sample(meta, page.kind), 2.0).swap_remove(page.number - 1);
    let mut now = shown;
    for place in places {
        frame(&mut now, place);
    }
    let (kind, number) = (page.kind.name(), page.number);
    let name = format!("{}-{kind}-{number}-difference.png", meta.number);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let beside = agreed.enlarged(SHOWN).beside(&now);
    std::fs::write(&file, beside.to_png().expect("a PNG")).expect("written");
    file
}

/// Draws a frame two cells around a place.
fn frame(picture: &mut Picture, place: &Place) {
    let pixel = |cells: usize| cells * SHOWN;
    let (width, height) = (picture.width as usize, picture.height as usize);
    let (left, top) = (
        pixel(place.left.saturating_sub(2)),
        pixel(place.top.saturating_sub(2)),
    );
    let right = pixel(place.right + 2).min(width - 1);
    let bottom = pixel(place.bottom + 2).min(height - 1);
    let across = (left..=right).flat_map(|x| [(x, top), (x, bottom)]);
    let down = (top..=bottom).flat_map(|y| [(left, y), (right, y)]);
    for (x, y) in across.chain(down) {
        let at = (y * width + x) * 3;
        picture.rgb[at..at + 3].copy_from_slice(&[0xD0, 0x10, 0x10]);
    }
}

#[test]
fn pictures_of_forms_that_are_gone_are_gone() {
    let known: BTreeSet<PathBuf> = FORMS.list().into_iter().map(agreed_file).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ref");
    for entry in std::fs::read_dir(folder).expect("tests/ref") {
        let path = entry.expect("readable").path();
        assert!(
            known.contains(&path),
            "{} belongs to no form",
            path.display()
        );
    }
}

#[test]
fn pictures_agreed_on_stay_small() {
    let files = FORMS.list().into_iter().map(agreed_file);
    let bytes: u64 = files
        .map(|file| std::fs::metadata(file).expect("a picture").len())
        .sum();
    assert!(bytes <= 5_000_000, "{bytes} bytes");
}

// --- what is noticed -----------------------------------------------------------------------------

/// The first page of a form with `change` in its typical sample.
fn changed(form: &str, change: &Value) -> (FormData, Cells) {
    let meta = FORMS.meta(form).expect("a form");
    let data = sample(meta, SampleKind::Typical).patched(change);
    let page = Cells::of(&drawn(meta, &data, 1.0)[0]);
    (data, page)
}

#[test]
fn one_tick_elsewhere_is_noticed() {
    let [all, part] = ["all", "part"]
        .map(|whole| changed("move-out", &json!({ "detail": { "whole": whole } })).1);
    assert!(!all.differences(&part).is_empty());
}

/// Places of a word on the first page as poppler finds them, in cells.
fn words(pdf: &[u8], has: &str) -> Vec<Place> {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let file = dir.path().join("form.pdf");
    std::fs::write(&file, pdf).expect("written");
    let out = Command::new("pdftotext")
        .args(["-bbox", "-l", "1"])
        .arg(&file)
        .arg("-")
        .output()
        .expect("pdftotext (poppler-utils) is installed");
    let text = String::from_utf8(out.stdout).expect("UTF-8");
    // Whole points are enough.
    let number = |line: &str, name: &str| -> usize {
        let rest = line.split_once(&format!("{name}=\"")).expect("a place").1;
        let points = rest.split('.').next().expect("a number");
        points.parse::<usize>().expect("a number") / CELL
    };
    let lines = text
        .lines()
        .filter(|line| line.contains("<word") && line.contains(has));
    lines
        .map(|line| Place {
            top: number(line, "yMin"),
            left: number(line, "xMin"),
            bottom: number(line, "yMax") + 1,
            right: number(line, "xMax") + 1,
        })
        .collect()
}

fn touch(a: &Place, b: &Place) -> bool {
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

#[test]
fn another_letter_that_looks_alike_is_noticed_where_it_stands() {
    let meta = FORMS.meta("F044").expect("a form");
    for (field, start, letters) in [
        ("name", "架空　郎", "太大未末士土已己鷗鴎"),
        ("kana", "カクウ　ロ", "ハバパシツソン"),
        ("address", "架空市本町", "一二日曰千干"),
        ("phone", "090-0000-000", "176893"),
    ] {
        let letters: Vec<char> = letters.chars().collect();
        for pair in letters.windows(2) {
            let with = |letter: char| {
                let text = format!("{start}{letter}");
                changed("F044", &json!({ "notifier": { field: text } }))
            };
            let ((data, one), (_, other)) = (with(pair[0]), with(pair[1]));
            let places = one.differences(&other);
            assert!(!places.is_empty(), "{field}: {pair:?} look the same");
            let before = start.chars().next_back().expect("a start");
            let standing = words(&pdf(meta, &data), &format!("{before}{}", pair[0]));
            for place in &places {
                let known = standing.iter().any(|word| touch(word, place));
                assert!(known, "{field}: {pair:?} at {place}, of {standing:?}");
            }
        }
    }
}
