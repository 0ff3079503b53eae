//! The Japanese calendar and fitting into boxes.

use counter_domain::date::FuzzyDate;
use counter_forms::RenderError;
use jiff::civil::Date;
use proptest::prelude::*;
use serde_json::json;

use crate::{poppler, render, trial};

const DATES: &str = r#"
#import "/lib.typ": *
#let d = json("/data.json")
#set document(title: "暦")
#set page(width: 200mm, height: auto)
#set text(font: label-font, size: 8pt, cjk-latin-spacing: none)
#for day in d.days [#wareki(day)#linebreak()]"#;

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn wareki_of_the_library_is_the_wareki_of_the_domain(
        days in prop::collection::vec((1873_i16..2100, 1_i8..=12, 1_i8..=31), 300),
    ) {
        let days: Vec<Date> = days
            .into_iter()
            .filter_map(|(year, month, day)| Date::new(year, month, day).ok())
            .collect();
        let texts: Vec<String> = days.iter().map(ToString::to_string).collect();
        let pdf = render(&trial(DATES), json!({ "city": "六会市", "days": texts })).expect("made");
        let printed = poppler(&["pdftotext", "-raw"], &pdf);
        let printed: Vec<&str> = printed.lines().filter(|line| !line.trim().is_empty()).collect();
        let expected: Vec<String> =
            days.iter().map(|day| FuzzyDate::known(*day).wareki()).collect();
        prop_assert_eq!(printed, expected);
    }
}

#[test]
fn eras_change_on_their_first_day() {
    let days = [
        "1912-07-29",
        "1912-07-30",
        "1926-12-24",
        "1926-12-25",
        "1989-01-07",
        "1989-01-08",
        "2019-04-30",
        "2019-05-01",
        "1985-00-00",
        "1985-03-00",
        "昭和5年3月日不詳",
    ];
    let pdf = render(&trial(DATES), json!({ "city": "六会市", "days": days })).expect("made");
    let printed = poppler(&["pdftotext", "-raw"], &pdf);
    let lines: Vec<&str> = printed
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    assert_eq!(
        lines,
        [
            "明治45年7月29日",
            "大正元年7月30日",
            "大正15年12月24日",
            "昭和元年12月25日",
            "昭和64年1月7日",
            "平成元年1月8日",
            "平成31年4月30日",
            "令和元年5月1日",
            "1985年（月日不詳）",
            "1985年3月（日不詳）",
            "昭和5年3月日不詳",
        ]
    );
}

const BOX: &str = r#"
#import "/lib.typ": *
#let d = json("/data.json")
#set document(title: "枠")
#set page(width: 220mm, height: 120mm, margin: 10mm)
#fit(d.text, d.width * 1mm, d.height * 1mm, field: "box", exact: d.exact)"#;

/// Right and lower edge of all words, in millimetres from the corner of the box.
fn extent(pdf: &[u8]) -> (f64, f64) {
    let edge = |line: &str, name: &str| -> f64 {
        let (_, rest) = line.split_once(&format!("{name}=\"")).expect("an edge");
        let (number, _) = rest.split_once('"').expect("a number");
        number.parse::<f64>().expect("a number") * 25.4 / 72.0 - 10.0
    };
    let text = poppler(&["pdftotext", "-bbox"], pdf);
    let words = text.lines().filter(|line| line.contains("<word"));
    words.fold((0.0, 0.0), |(x, y), line| {
        (edge(line, "xMax").max(x), edge(line, "yMax").max(y))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn fitted_text_is_whole_and_inside_or_refused(
        text in "[架空一ァ-ヴA-Z0-9　 ]{1,60}",
        (width, height) in (8_u32..180, 3_u32..40),
        exact in any::<bool>(),
    ) {
        let data = json!({
            "city": "六会市", "text": text, "width": width, "height": height, "exact": exact,
        });
        match render(&trial(BOX), data) {
            Ok(pdf) => {
                let squeeze = |text: &str| -> String {
                    text.chars().filter(|c| !c.is_whitespace()).collect()
                };
                let printed = poppler(&["pdftotext", "-raw"], &pdf);
                prop_assert_eq!(squeeze(&printed), squeeze(&text));
                let (right, lower) = extent(&pdf);
                // Words end with their last glyph's advance; a hundredth is rounding.
                prop_assert!(right <= f64::from(width) + 0.02, "{} of {}", right, width);
                prop_assert!(lower <= f64::from(height) + 0.02, "{} of {}", lower, height);
            }
            Err(RenderError::Overflow { path, .. }) => prop_assert_eq!(path, "box"),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}

#[test]
fn smallest_size_is_the_floor() {
    let filling = |count: usize| {
        let text = "架".repeat(count);
        let data =
            json!({ "city": "六会市", "text": text, "width": 22, "height": 4, "exact": true });
        render(&trial(BOX), data).map(drop)
    };
    // Ten squares of 6 pt are 21.2 mm wide and 2.1 mm high: one line of 4 mm holds them.
    assert!(filling(10).is_ok());
    assert!(matches!(filling(11), Err(RenderError::Overflow { .. })));
}
