//! What is refused and what is warned of in a form's data, and which version prints it.

use counter_forms::{Assets, FormData};
use serde_json::json;

use crate::{META, PLAIN, folder, open, poppler, render, trial};

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

/// What is said of the keys of a document that the trial form does not know.
#[track_caller]
fn unknown(document: &str) -> String {
    let data = FormData::from_json(document.as_bytes()).expect("JSON");
    let keys = trial(PLAIN).unknown_keys("T001", &data, "2026-11-21");
    let texts = keys.expect("the form is there").into_iter();
    let texts: Vec<String> = texts.map(|key| key.operator_text()).collect();
    texts.join("\n")
}

#[test]
fn misspelt_keys_are_told_with_the_ones_that_were_meant() {
    assert_eq!(
        unknown(
            r#"{
                "city": "六会市",
                "recipt_number": "07-2-261121-0184-6",
                "detail": { "copys": 2, "kind": "full" },
                "lines": [{ "name": "架空" }, { "nmae": "架空" }],
                "day": "2026-11-14",
                "検討": { "name": "架空" }
            }"#
        ),
        "項目「day」はこの様式にないため、印字されません。「detail.day」の間違いではありませんか。\n\
         項目「detail.copys」はこの様式にないため、印字されません。「detail.copies」の間違いではありませんか。\n\
         項目「lines.2.nmae」はこの様式にないため、印字されません。「lines.2.name」の間違いではありませんか。\n\
         項目「recipt_number」はこの様式にないため、印字されません。「receipt_number」の間違いではありませんか。\n\
         項目「検討」はこの様式にないため、印字されません。"
    );
}

#[test]
fn what_stands_in_the_place_of_a_list_is_of_the_wrong_type() {
    let data = r#"{ "city": "六会市", "lines": { "name": "架空" } }"#;
    assert_eq!(unknown(data), "");
    assert_eq!(
        refusal(serde_json::from_str(data).expect("JSON")),
        "「請求する証明書」には2件までの一覧を入れてください。"
    );
}

#[test]
fn keys_of_the_form_of_all_forms_and_of_its_samples_are_known() {
    assert_eq!(
        unknown(
            r#"{
                "city": "六会市",
                "detail": { "copies": 2 },
                "notifier": { "name": "架空　太郎" },
                "lines": [{ "name": "架空" }]
            }"#
        ),
        ""
    );
    let dir = folder(&[("T001-trial", META, PLAIN)]);
    let samples = dir.path().join("T001-trial/samples");
    std::fs::create_dir(&samples).expect("a folder");
    let sample = r#"{ "walk": [{ "place": "市民課" }] }"#;
    std::fs::write(samples.join("longest.json"), sample).expect("written");
    let data = json!({ "walk": [{ "place": "市民課", "plaice": "" }], "walks": [] });
    let keys = open(&dir).unknown_keys("T001", &FormData::new(data), "2026-11-21");
    let keys: Vec<String> = keys
        .expect("the form is there")
        .into_iter()
        .map(|key| key.path)
        .collect();
    assert_eq!(keys, ["walk.1.plaice", "walks"]);
}
