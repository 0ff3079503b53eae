//! Forms as a city gets them, most of them the notification of a change of residence.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod case;
mod follow_ups;
mod pages;
mod refusals;
mod templates;

use std::process::Command;
use std::sync::LazyLock;

use counter_forms::{
    Assets, FontPaths, FormData, Forms, Point, RenderError, RenderedForm, SampleKind, Stroke,
    signature_svg,
};

const FILED_ON: &str = "2026-11-21";

static FORMS: LazyLock<Forms> =
    LazyLock::new(|| Forms::new(&FontPaths::default()).expect("the fonts are installed"));

fn sample(kind: SampleKind) -> FormData {
    FORMS
        .sample("resident-move", kind)
        .expect("every form brings its samples")
}

fn strokes() -> Vec<Stroke> {
    let stroke = |points: &[(i32, i32)]| Stroke {
        points: (0..)
            .zip(points)
            .map(|(n, &(x, y))| Point { x, y, t: n * 16 })
            .collect(),
    };
    vec![
        stroke(&[(2_000, 5_000), (9_000, 4_200), (16_000, 4_000)]),
        stroke(&[(9_000, 1_500), (8_600, 6_000), (4_000, 12_000)]),
        stroke(&[(9_200, 6_000), (13_000, 9_500), (17_000, 12_000)]),
        stroke(&[(18_500, 12_500)]),
    ]
}

fn assets() -> Assets {
    Assets::for_receipt("07-2-261121-0184-6").signed(signature_svg(&strokes()))
}

#[track_caller]
fn render(data: &FormData) -> RenderedForm {
    FORMS
        .render("resident-move", data, &assets(), FILED_ON)
        .expect("the form is made")
}

#[track_caller]
fn refused(data: &FormData) -> RenderError {
    FORMS
        .render("resident-move", data, &assets(), FILED_ON)
        .expect_err("the form is refused")
}

/// A sample with one value replaced, at a JSON pointer.
fn changed(kind: SampleKind, pointer: &str, value: &str) -> FormData {
    let mut json = sample(kind).as_json().clone();
    *json.pointer_mut(pointer).expect("the sample has the value") = value.into();
    FormData::new(json)
}

/// What anybody's viewer finds in the document.
#[track_caller]
fn text_of(pdf: &[u8]) -> String {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let file = dir.path().join("form.pdf");
    std::fs::write(&file, pdf).expect("the PDF is written");
    let out = Command::new("pdftotext")
        .args(["-layout", "-enc", "UTF-8"])
        .arg(&file)
        .arg("-")
        .output()
        .expect("pdftotext (poppler-utils) is installed");
    assert!(out.status.success(), "pdftotext refused the document");
    String::from_utf8(out.stdout).expect("UTF-8")
}
