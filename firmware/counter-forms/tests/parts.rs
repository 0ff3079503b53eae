//! The parts of `lib.typ` as properties: the Japanese calendar, fitting into boxes, bar codes; and
//! the rules around forms: versions, refusals in the clerk's words.
#![expect(clippy::expect_used, reason = "a test stops at what it did not expect")]

use std::path::Path;
use std::process::Command;

use counter_domain::date::FuzzyDate;
use counter_forms::{Assets, FontPaths, FormData, Forms, RenderError};
use jiff::civil::Date;
use proptest::prelude::*;
use serde_json::json;

const META: &str = r#"
number = "T001"
version = 1
title = "試し"
title_en = "Trial"
paper = "a4"
valid_from = "2026-04-01"
section = "試験"
required = ["city"]
optional = ["detail.copies", "detail.kind", "detail.day", "lines", "lines.*.name"]

[fields]
"detail.copies" = { label = "通数", kind = "count" }
"detail.kind" = { label = "証明書の種類", kind = "choice", values = ["full", "part"] }
"detail.day" = { label = "異動日", kind = "date" }
"lines" = { label = "請求する証明書", kind = "list", length = 2 }
"lines.*.name" = { label = "証明書の名前（{}行目）", kind = "exact" }
"#;

/// A folder with the library and the given forms: folder, `meta.toml`, `form.typ`.
fn folder(forms: &[(&str, &str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("forms");
    let copy = |name: &str| {
        std::fs::copy(here.join(name), dir.path().join(name)).expect("copied");
    };
    std::fs::create_dir(dir.path().join("parts")).expect("a folder");
    for entry in std::fs::read_dir(here.join("parts")).expect("the parts") {
        let name = entry.expect("readable").file_name();
        copy(&format!("parts/{}", name.to_string_lossy()));
    }
    copy("lib.typ");
    copy("fields.toml");
    for (name, meta, template) in forms {
        let form = dir.path().join(name);
        std::fs::create_dir(&form).expect("a folder");
        std::fs::write(form.join("meta.toml"), meta).expect("written");
        std::fs::write(form.join("form.typ"), template).expect("written");
    }
    dir
}

fn open(dir: &tempfile::TempDir) -> Forms {
    Forms::with_templates(&FontPaths::default(), dir.path()).expect("opened")
}

fn trial(template: &str) -> Forms {
    open(&folder(&[("T001-trial", META, template)]))
}

fn render(forms: &Forms, data: serde_json::Value) -> Result<Vec<u8>, RenderError> {
    let data = FormData::new(data);
    forms
        .render("trial", &data, &Assets::default(), "2026-11-21")
        .map(|form| form.pdf)
}

/// The output of a program of poppler-utils on a PDF.
fn poppler(arguments: &[&str], pdf: &[u8]) -> String {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let file = dir.path().join("form.pdf");
    std::fs::write(&file, pdf).expect("written");
    let (program, arguments) = arguments.split_first().expect("a program");
    let out = Command::new(program)
        .args(arguments)
        .arg(&file)
        .arg("-")
        .output()
        .expect("poppler-utils is installed");
    String::from_utf8(out.stdout).expect("UTF-8")
}

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

const PLAIN: &str = "#set document(title: \"試し\")\n第１版の紙";

#[track_caller]
fn refusal(data: serde_json::Value) -> String {
    let error = render(&trial(PLAIN), data).expect_err("refused");
    error.staff_text()
}

#[test]
fn refusals_name_the_field_in_the_clerks_words() {
    assert_eq!(
        refusal(json!({})),
        "「市の名前」が入っていません。入力してからもう一度進んでください。"
    );
    assert_eq!(
        refusal(json!({ "city": "六会市", "detail": { "copies": "二通" } })),
        "「通数」には0以上の整数を入れてください。"
    );
    assert_eq!(
        refusal(json!({ "city": "六会市", "detail": { "kind": "whole" } })),
        "「証明書の種類」には決められた値（full・part）を入れてください。"
    );
    assert_eq!(
        refusal(json!({ "city": "六会市", "detail": { "day": "2026-02-30" } })),
        "「異動日」には暦にある年月日（2026-11-21 の形。不明な月日は 00）を入れてください。"
    );
    assert_eq!(
        refusal(json!({ "city": "六会市", "lines": [{}, {}, {}] })),
        "「請求する証明書」には2件までの一覧を入れてください。"
    );
    let lines = json!([{ "name": "架空" }, { "name": "架空\u{E000}" }]);
    assert!(
        refusal(json!({ "city": "六会市", "lines": lines }))
            .starts_with("「証明書の名前（2行目）」の字（U+E000）は")
    );
}

#[test]
fn version_in_force_on_the_filing_date_is_printed() {
    let first = META.replace("section", "valid_to = \"2026-12-31\"\nsection");
    let second = META
        .replace("version = 1", "version = 2")
        .replace("2026-04-01", "2027-01-01");
    let template = PLAIN.replace('１', "２");
    let forms = open(&folder(&[
        ("T001-trial.v1", &first, PLAIN),
        ("T001-trial", &second, &template),
    ]));
    let printed = |day: &str| {
        let data = FormData::new(json!({ "city": "六会市" }));
        let made = forms.render("T001", &data, &Assets::default(), day);
        poppler(&["pdftotext", "-raw"], &made.expect("made").pdf)
    };
    assert!(printed("2026-12-31").contains("第１版"));
    assert!(printed("2027-01-01").contains("第２版"));
    assert!(
        printed("2020-01-01").contains("第１版"),
        "late filings use the oldest"
    );
    assert_eq!(forms.meta("trial").map(|meta| meta.version), Some(2));
}

#[test]
fn form_out_of_use_is_refused() {
    let meta = META.replace("section", "valid_to = \"2026-12-31\"\nsection");
    let forms = open(&folder(&[("T001-trial", &meta, PLAIN)]));
    let data = FormData::new(json!({ "city": "六会市" }));
    let error = forms
        .render("trial", &data, &Assets::default(), "2027-01-01")
        .expect_err("out of use");
    assert!(error.staff_text().contains("届出日には使われていません"));
}

#[test]
fn check_says_what_an_editor_has_to_put_right() {
    let meta = META
        .replace("optional = [", "optional = [\"detail.unknown\", ")
        .replace("2026-04-01", "soon");
    let forms = open(&folder(&[(
        "T001-trial",
        &meta,
        "#set document(title: \"x\")\n\n#nothing",
    )]));
    let findings: Vec<String> = forms
        .check_all()
        .into_iter()
        .map(|found| found.text)
        .collect();
    let said = |part: &str| findings.iter().any(|text| text.contains(part));
    assert!(said("detail.unknown"), "{findings:?}");
    assert!(said("valid_from"));
    assert!(said("samples/longest.json"));
    let data = FormData::new(json!({ "city": "六会市" }));
    let fault = forms
        .case_fault("trial", &data)
        .expect("the template is broken");
    assert!(
        fault.contains("T001-trial/form.typ line 3 column 2"),
        "{fault}"
    );
}

#[test]
fn box_that_lacks_a_language_or_plain_words_is_refused() {
    let asking = META.replace("[fields]", "asks = [\"detail.kind\"]\n\n[fields]");
    let findings = |meta: &str| -> Vec<String> {
        let forms = open(&folder(&[("T001-trial", meta, PLAIN)]));
        let found = forms.check_definitions().into_iter();
        found.map(|found| found.text).collect()
    };
    let with = |more: &str| {
        asking.replace(
            r#""detail.kind" = { label = "証明書の種類","#,
            &format!(r#""detail.kind" = {{ label = "証明書の種類", {more}"#),
        )
    };
    let languages =
        r#"label_en = "Kind", words = ["全部", "一部"], words_en = ["Whole", "In part"],"#;
    let easy = r#"label_easy = "ほしい 紙", words_easy = ["ぜんぶ", "一部だけ"],"#;
    let whole = [languages, easy].concat();
    assert_eq!(findings(&with(&whole)), Vec::<String>::new());
    let refused = |easy: &str, why: &str| {
        let found = findings(&with(&[languages, easy].concat()));
        let said = |text: &String| text.contains("detail.kind") && text.contains(why);
        assert!(found.iter().any(said), "{easy} {found:?}");
    };
    refused("", "やさしい日本語がありません");
    refused(
        r#"label_easy = "証明書の種類", words_easy = ["ぜんぶ", "一部だけ"],"#,
        "やさしい日本語がありません",
    );
    refused(
        r#"label_easy = "ほしい 紙", words_easy = ["ぜんぶ"],"#,
        "やさしい日本語がありません",
    );
    refused(
        r#"label_easy = "被保険者証の 紙", words_easy = ["ぜんぶ", "一部だけ"],"#,
        "「被保険者証」",
    );
    for lacking in [
        r#"words = ["全部", "一部"], words_en = ["Whole", "In part"],"#,
        r#"label_en = "Kind", words = ["全部", "一部"],"#,
        r#"label_en = "Kind", words = ["全部", "一部"], words_en = ["Whole", " "],"#,
    ] {
        let found = findings(&with(lacking));
        let said = |text: &String| text.contains("detail.kind") && text.contains("英語");
        assert!(found.iter().any(said), "{lacking} {found:?}");
    }
    let found = findings(&with(
        r#"label_en = "Kind", words_en = ["Whole", "In part"],"#,
    ));
    assert!(
        found
            .iter()
            .any(|text| text.contains("words（紙面の言葉）")),
        "{found:?}"
    );
}

#[test]
fn none_that_may_be_ticked_beside_others_is_refused() {
    let box_of = |more: &str| {
        let asking = META.replace("[fields]", "asks = [\"detail.kind\"]\n\n[fields]");
        let line = asking
            .lines()
            .find(|line| line.starts_with("\"detail.kind\""))
            .expect("a box");
        let new = format!(
            r#""detail.kind" = {{ label = "返すもの", label_en = "Returned", label_easy = "かえす もの", kind = "choices", values = ["card", "none"], words = ["カード", "なし"], words_en = ["Card", "None"], words_easy = ["カード", "ない"]{more} }}"#
        );
        let forms = open(&folder(&[(
            "T001-trial",
            &asking.replace(line, &new),
            PLAIN,
        )]));
        let found = forms.check_definitions().into_iter();
        found.map(|found| found.text).collect::<Vec<String>>()
    };
    assert_eq!(box_of(r#", alone = ["none"]"#), Vec::<String>::new());
    let said = |found: &[String], part: &str| found.iter().any(|text| text.contains(part));
    assert!(said(&box_of(""), r#"alone = ["none"] を書いてください"#));
    assert!(said(
        &box_of(r#", alone = ["none", "unheard"]"#),
        "values にある値"
    ));
}

#[test]
fn unknown_key_in_a_definition_is_named_with_its_line() {
    let meta = format!("{META}\n[office]\nx = 1\n");
    let dir = folder(&[("T001-trial", &meta, PLAIN)]);
    let error = Forms::with_templates(&FontPaths::default(), dir.path()).expect_err("refused");
    assert!(
        error.operator_text().contains("office"),
        "{}",
        error.operator_text()
    );
}
