//! What stands on the pages and in the file: text, fonts, conformance, the same bytes twice.

use std::process::Command;

use counter_forms::SampleKind;

use crate::{changed, render, sample, text_of};

#[test]
fn name_and_receipt_number_are_found_in_the_text() {
    let text = text_of(&render(&sample(SampleKind::Typical)).pdf);
    for expected in [
        "住民異動届",
        "07-2-261121-0184-6",
        "六会市長",
        "架空ハイツ２０３号室",
        "架空\u{3000}𠮷葛\u{E0102}",
        "カクウ",
        "昭和60年7月14日",
        "令和元年5月1日",
        "24727059608",
    ] {
        let squeezed = |t: &str| t.replace([' ', '\u{3000}'], "");
        assert!(
            squeezed(&text).contains(&squeezed(expected)),
            "no {expected} in the text"
        );
    }
}

#[test]
fn ticks_can_be_read_as_text() {
    let text = text_of(&render(&sample(SampleKind::Typical)).pdf);
    let squeezed = text.replace(' ', "");
    assert!(squeezed.contains("✓転入"));
    assert!(squeezed.contains("?印鑑"));
    assert!(!squeezed.contains("✓転居"));
}

#[test]
fn selector_at_the_end_of_a_cell_survives() {
    let data = changed(SampleKind::Smallest, "/members/0/name", "架空葛\u{E0102}");
    let text = text_of(&render(&data).pdf);
    assert!(
        text.contains("葛\u{E0102}"),
        "the selector was dropped at the end of the cell"
    );
}

#[test]
fn selector_at_the_end_of_a_wrapped_line_survives() {
    let long = "葛\u{E0102}".repeat(40);
    let text = text_of(&render(&changed(SampleKind::Smallest, "/members/0/name", &long)).pdf);
    assert_eq!(text.matches("葛\u{E0102}").count(), 40);
}

#[test]
fn same_input_gives_the_same_bytes() {
    let first = render(&sample(SampleKind::Typical));
    let other = render(&sample(SampleKind::Foreigner));
    assert_eq!(first, render(&sample(SampleKind::Typical)));
    assert_ne!(first, other);
}

#[test]
fn document_declares_pdf_a_2u_and_is_tagged() {
    let pdf = render(&sample(SampleKind::Typical)).pdf;
    let has = |needle: &str| {
        pdf.windows(needle.len())
            .any(|found| found == needle.as_bytes())
    };
    assert!(has("<pdfaid:part>2</pdfaid:part>"));
    assert!(has("<pdfaid:conformance>U</pdfaid:conformance>"));
    assert!(has("/Marked true"));
    assert!(
        has("2026-11-21"),
        "the document is dated by the filing date"
    );
}

#[test]
fn names_are_set_in_the_mj_font_alone() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let file = dir.path().join("form.pdf");
    std::fs::write(&file, render(&sample(SampleKind::Typical)).pdf).expect("written");
    let out = Command::new("pdffonts")
        .arg(&file)
        .output()
        .expect("poppler-utils is installed");
    let fonts = String::from_utf8(out.stdout).expect("UTF-8");
    let families: Vec<&str> = fonts
        .lines()
        .skip(2)
        .filter_map(|line| line.split(['+', ' ']).nth(1))
        .collect();
    assert_eq!(
        families
            .iter()
            .filter(|name| name.starts_with("IPAmj"))
            .count(),
        1
    );
    assert!(
        families
            .iter()
            .all(|name| name.starts_with("IPAmj") || name.starts_with("BIZUD"))
    );
}

#[test]
fn every_sample_is_printed_in_full() {
    for kind in SampleKind::ALL {
        let made = render(&sample(kind));
        assert_eq!(
            made.pages,
            if kind == SampleKind::Longest { 2 } else { 1 },
            "{kind:?}"
        );
    }
    let text = text_of(&render(&sample(SampleKind::Longest)).pdf);
    assert!(text.contains("続紙"));
    assert_eq!(text.matches("PEREIRA CAVALCANTI DE ALBUQUERQUE").count(), 8);
}
