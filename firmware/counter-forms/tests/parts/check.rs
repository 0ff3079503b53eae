//! What `todoke form check` tells whoever edits a form.

use counter_forms::{FontPaths, FormData, Forms};
use serde_json::json;

use crate::{META, PLAIN, folder, open};

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

/// Folders of the trial form with all its samples, one for each template.
fn with_samples(templates: &[&str]) -> tempfile::TempDir {
    let names: Vec<String> = (1..=templates.len())
        .map(|number| format!("T00{number}-trial-{number}"))
        .collect();
    let metas: Vec<String> = (1..=templates.len())
        .map(|number| META.replace("T001", &format!("T00{number}")))
        .collect();
    let forms = names.iter().zip(&metas).zip(templates);
    let forms: Vec<(&str, &str, &str)> = forms
        .map(|((name, meta), template)| (name.as_str(), meta.as_str(), *template))
        .collect();
    let dir = folder(&forms);
    for name in &names {
        let samples = dir.path().join(name).join("samples");
        std::fs::create_dir(&samples).expect("a folder");
        for kind in ["typical", "longest", "smallest", "foreigner"] {
            let file = samples.join(format!("{kind}.json"));
            std::fs::write(file, r#"{ "city": "六会市" }"#).expect("written");
        }
    }
    dir
}

/// Folder, place and words of every finding.
fn told(forms: &Forms) -> Vec<String> {
    let found = forms.check_all().into_iter();
    found
        .map(|one| format!("{} ({}): {}", one.folder, one.place(), one.text))
        .collect()
}

#[test]
fn font_that_is_not_installed_is_told_with_its_place() {
    let template = format!("{PLAIN}\n\n#text(font: \"Kakuu Gothic\")[架空]");
    assert_eq!(
        told(&open(&with_samples(&[&template]))),
        [
            "T001-trial-1 (typical, longest, smallest, foreigner): 書体 kakuu gothic は入っていません\
          （T001-trial-1/form.typ line 4 column 13）。\
          氏名と住所は exact-font、ほかは label-font を指定してください。"
        ]
    );
    let installed = format!("{PLAIN}\n#text(font: (\"BIZ UDGothic\", \"IPAmjMincho\"))[架空]");
    assert_eq!(
        told(&open(&with_samples(&[&installed]))),
        Vec::<String>::new()
    );
}

#[test]
fn fault_of_a_template_is_told_once_for_all_samples() {
    let broken = format!("{PLAIN}\n#unknown-part");
    assert_eq!(
        told(&open(&with_samples(&[&broken, PLAIN, &broken]))),
        [
            "T001-trial-1 (typical, longest, smallest, foreigner): テンプレートの誤り T001-trial-1/form.typ line 3 column 2: \
             unknown variable: unknown-part",
            "T003-trial-3 (typical, longest, smallest, foreigner): テンプレートの誤り T003-trial-3/form.typ line 3 column 2: \
             unknown variable: unknown-part",
        ]
    );
}

#[test]
fn fault_is_told_with_the_samples_it_shows_with() {
    let dir = with_samples(&[PLAIN]);
    for kind in ["longest", "foreigner"] {
        let file = dir.path().join(format!("T001-trial-1/samples/{kind}.json"));
        std::fs::write(
            file,
            r#"{ "city": "六会市", "detail": { "kind": "whole" } }"#,
        )
        .expect("written");
    }
    assert_eq!(
        told(&open(&dir)),
        ["T001-trial-1 (longest, foreigner): \
          「証明書の種類」には決められた値（full・part）を入れてください。"]
    );
}

#[test]
fn fault_in_a_part_is_told_once_with_the_form_that_led_to_it() {
    let using = "#import \"/lib.typ\": *\n#set document(title: \"試し\")\n\n#broken(1)";
    let dir = with_samples(&[using, using]);
    let part = dir.path().join("parts/text.typ");
    let before = std::fs::read_to_string(&part).expect("the part");
    let lines = before.lines().count();
    let after = format!("{}\n#let broken(x) = x + none.y\n", before.trim_end());
    std::fs::write(&part, after).expect("written");
    let found = told(&open(&dir));
    let [only] = found.as_slice() else {
        unreachable!("{found:?}")
    };
    let place = format!("parts/text.typ line {}", lines + 1);
    assert!(
        only.starts_with("T001-trial-1 (typical, longest, smallest, foreigner): "),
        "{only}"
    );
    assert!(only.contains(&place), "{only}");
    assert!(
        only.contains("T001-trial-1/form.typ line 4 column 2"),
        "{only}"
    );
}

#[test]
fn field_that_a_template_names_and_nobody_knows_is_told() {
    let template = format!(
        "#import \"/lib.typ\": *\n#let d = json(\"/data.json\")\n{PLAIN}\n\
         #get(d, \"detail.copys\") #get(d, \"lines.1.name\") #get(d, \"notifier.name\")"
    );
    let forms = open(&folder(&[("T001-trial", META, &template)]));
    let found = forms.check_definitions().into_iter();
    let found: Vec<String> = found.map(|one| one.text).collect();
    assert_eq!(
        found,
        [
            "項目 detail.copys は fields.toml にも meta.toml にも見本にもないため、いつも空欄になります\
          （T001-trial/form.typ line 5 column 9）。detail.copies の間違いではありませんか。"
        ]
    );
}

#[track_caller]
fn not_opened(dir: &std::path::Path) -> String {
    let error = Forms::with_templates(&FontPaths::default(), dir).expect_err("refused");
    error.operator_text()
}

#[test]
fn folder_without_what_a_form_needs_is_refused() {
    let empty = tempfile::tempdir().expect("a folder");
    assert!(not_opened(empty.path()).contains("様式がありません"));
    let dir = folder(&[("T001-trial", META, PLAIN)]);
    let template = dir.path().join("T001-trial/form.typ");
    std::fs::write(&template, b"\xFF\xFE").expect("written");
    let said = not_opened(dir.path());
    assert!(
        said.contains("form.typ は UTF-8 の文字ファイルではありません"),
        "{said}"
    );
    std::fs::remove_file(&template).expect("removed");
    let said = not_opened(dir.path());
    assert!(
        said.contains("T001-trial に使える form.typ がありません"),
        "{said}"
    );
}

#[test]
fn form_alone_is_checked_in_the_same_way() {
    let forms = Forms::new(&FontPaths::default()).expect("the fonts are installed");
    let mut edited = forms.folder("F044").expect("a form");
    let template = edited.files.get_mut("form.typ").expect("its template");
    template.push_str("\n#text(font: \"Kakuu Gothic\")[架空]\n");
    let found = told(&forms.alone(&edited).expect("opened"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("F044-nhi-enrolment/form.typ line "),
        "{found:?}"
    );
}
