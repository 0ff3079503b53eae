//! Changing a form as an administrator's browser does it: take a copy, change it, send it, look at
//! it, publish it.

use axum::http::StatusCode;
use counter_forms::{FontPaths, Forms, PublishedForms};
use serde_json::json;

use super::hidden;
use super::protection::protected;
use super::stage::{Answer, Browser, Stage};
use crate::zip_file;

/// The folder that the page hands out, as a browser would send it again.
async fn copy_of(browser: &mut Browser, form: &str) -> Vec<(String, String)> {
    let answer = browser.get(&format!("/forms/folder.zip?form={form}")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let files = zip_file::read(&answer.body, 1 << 20).unwrap();
    let texts = files.into_iter();
    texts
        .map(|(name, text)| (name, String::from_utf8(text).unwrap()))
        .collect()
}

async fn send(browser: &mut Browser, files: &[(String, String)]) -> Answer {
    let files: serde_json::Map<_, _> = files
        .iter()
        .map(|(name, text)| (name.clone(), json!(text)))
        .collect();
    let files = serde_json::Value::Object(files).to_string();
    browser.get("/forms").await;
    browser.post("/forms/receive", &[("files", &files)]).await
}

fn changed(files: &[(String, String)], file: &str, from: &str, to: &str) -> Vec<(String, String)> {
    let mut files = files.to_vec();
    let (_, text) = files
        .iter_mut()
        .find(|(name, _)| name.ends_with(file))
        .unwrap();
    assert!(text.contains(from), "{from} is not in {file}");
    *text = text.replacen(from, to, 1);
    files
}

#[tokio::test]
async fn only_administrators_change_forms() {
    let stage = Stage::set();
    for staff in ["u0101", "u0900"] {
        let mut browser = stage.signed_in(staff).await;
        let pages = [
            "/forms",
            "/forms/try?draft=x",
            "/forms/try.png?draft=x",
            "/forms/one?form=F044",
            "/forms/one.png?form=F044",
            "/forms/folder.zip?form=F044",
        ];
        for path in pages {
            let status = browser.get(path).await.status;
            assert_eq!(status, StatusCode::FORBIDDEN, "{staff} {path}");
        }
        for path in ["/forms/receive", "/forms/publish", "/forms/let-go"] {
            let status = browser.post(path, &[("draft", "x")]).await.status;
            assert_eq!(status, StatusCode::FORBIDDEN, "{staff} {path}");
        }
    }
}

#[tokio::test]
async fn form_is_copied_changed_looked_at_and_published_for_a_later_day() {
    let stage = Stage::set();
    let mut browser = stage.signed_in("u0901").await;
    let page = browser.get("/forms").await;
    assert!(page.text().contains("F044") && page.text().contains("まだありません"));
    let copy = copy_of(&mut browser, "F044").await;
    let copy = changed(&copy, "meta.toml", "title = \"", "title = \"新・");
    let copy = changed(&copy, "form.typ", "生年月日・性別", "性別・生年月日");
    let sent = send(&mut browser, &copy).await;
    assert_eq!(sent.location(), "/forms/try?draft=F044-nhi-enrolment");
    let page = browser.get(&sent.location()).await;
    let text = page.text();
    for shown in [
        "定義も、4つの見本も、紙になりました",
        "第 1 版",
        "第 2 版",
        "違いあり",
        "公開する",
    ] {
        assert!(text.contains(shown), "{shown}");
    }
    let picture = browser
        .get("/forms/try.png?draft=F044-nhi-enrolment&sample=longest&page=0")
        .await;
    assert!(picture.body.starts_with(b"\x89PNG"));
    let publish = |from: &'static str, mark: String| {
        vec![
            ("draft", "F044-nhi-enrolment".to_owned()),
            ("fingerprint", mark),
            ("from", from.to_owned()),
        ]
    };
    let mark = hidden(text, "fingerprint");
    let answer = post(&mut browser, &publish("2026-11-21", mark.clone())).await;
    assert!(
        answer
            .text()
            .contains("使い始めの日は、あした以降にしてください")
    );
    let answer = post(&mut browser, &publish("2026-12-01", "0".repeat(64))).await;
    assert!(answer.text().contains("見ている間に様式が変わったため"));
    let answer = post(&mut browser, &publish("2026-12-01", mark)).await;
    assert_eq!(answer.location(), "/forms?notice=published");
    let page = browser.get("/forms").await;
    assert!(
        page.text()
            .contains("第 2 版　令和8年12月1日（2026年）から"),
        "{}",
        page.text()
    );
    assert!(
        page.text().contains("<td>運用　みほん</td>"),
        "who published it"
    );
    let dataset = stage.hub.lock().unwrap().dataset(counter_forms::FORMS);
    let published = PublishedForms::read(&dataset.unwrap().unwrap().bytes).unwrap();
    let forms = Forms::new(&FontPaths::default()).unwrap();
    let (forms, left_out) = forms.with_published(&published).unwrap();
    assert_eq!(left_out, []);
    let title = |day: &str| forms.in_force("F044", day).unwrap().title.clone();
    assert!(!title("2026-11-30").starts_with("新・") && title("2026-12-01").starts_with("新・"));
}

async fn post(browser: &mut Browser, fields: &[(&str, String)]) -> Answer {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    browser.post("/forms/publish", &fields).await
}

#[tokio::test]
async fn what_is_wrong_with_a_form_is_said_and_it_cannot_be_published() {
    let stage = Stage::set();
    let mut browser = stage.signed_in("u0901").await;
    let copy = copy_of(&mut browser, "F044").await;
    let torn = changed(&copy, "form.typ", "#", "#nowhere\n#");
    let sent = send(&mut browser, &torn).await;
    let page = browser.get(&sent.location()).await;
    let text = page.text();
    assert!(
        text.contains("form.typ") && !text.contains("/forms/publish"),
        "{text}"
    );
    // The same fault of all four samples is one thing to put right.
    assert!(
        text.contains(">1 件<") && text.contains("<td>どの見本でも</td>"),
        "{text}"
    );
    let sometimes = concat!(
        "#let f = field.with(d, meta)\n",
        "#if d.at(\"detail\", default: (:)).at(\"reason\", default: \"\") == \"lost_employee\" { nowhere }",
    );
    let torn = changed(&copy, "form.typ", "#let f = field.with(d, meta)", sometimes);
    let sent = send(&mut browser, &torn).await;
    let page = browser.get(&sent.location()).await;
    let text = page.text();
    assert!(
        text.contains(">1 件<") && text.contains("<td>いちばん長い、外国人住民</td>"),
        "{text}"
    );
    let same = changed(&copy, "meta.toml", "version = 2", "version = 1");
    let sent = send(&mut browser, &same).await;
    let page = browser.get(&sent.location()).await;
    let text = page.text();
    assert!(
        text.contains("meta.toml の version を 2 にしてください"),
        "{text}"
    );
    assert!(text.contains("変わりなし") && !text.contains("/forms/publish"));
    let gone = [("draft", "F044-nhi-enrolment")];
    let gone = browser.post("/forms/let-go", &gone).await;
    assert_eq!(gone.location(), "/forms?notice=gone");
    let nothing = send(&mut browser, &[]).await;
    assert!(nothing.text().contains("meta.toml がありません"));
}

#[tokio::test]
async fn last_months_filings_are_laid_out_and_nobody_is_named() {
    let mut stage = Stage::set();
    stage.submitted_by("u0312");
    stage.submitted_by("u0312");
    protected(&mut stage);
    let mut browser = stage.signed_in("u0901").await;
    let copy = copy_of(&mut browser, "F001").await;
    let sent = send(&mut browser, &copy).await;
    let page = browser.get(&format!("{}&cases=1", sent.location())).await;
    let text = page.text();
    assert!(text.contains("この様式を使う届出 2 件、2 枚"), "{text}");
    assert!(text.contains("支援措置の対象の方がいる 1 件"), "{text}");
    assert!(
        !text.contains("架空") && !text.contains("北町"),
        "no name, no address"
    );
    // A box in which no name fits stops on the real filings too.
    let tight = changed(
        &copy,
        "form.typ",
        "#",
        "#panic(\"overflow:members.1.name\")\n#",
    );
    let sent = send(&mut browser, &tight).await;
    let page = browser.get(&format!("{}&cases=1", sent.location())).await;
    let text = page.text();
    assert!(
        text.contains("2 枚で止まりました") && text.contains("07-2-261121-0001"),
        "{text}"
    );
    assert!(!text.contains("架空"), "no name");
}
