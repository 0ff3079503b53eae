//! The rule workbench as an administrator's browser meets it.

use std::fs;

use axum::http::StatusCode;

use super::hidden;
use super::protection::protected;
use super::stage::{Browser, Stage};

/// Makes a copy named `dogs` in which only the second dog counts.
async fn edited(stage: &Stage, browser: &mut Browser) {
    browser.get("/catalogue").await;
    let made = browser.post("/catalogue/copy", &[("name", "dogs")]).await;
    assert_eq!(made.location(), "/catalogue?notice=prepared");
    let file = stage
        .folder
        .path()
        .join("catalogue-drafts/dogs/procedures/eisei.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("hh.dogs >= 1", "hh.dogs >= 2", 1)).unwrap();
}

#[tokio::test]
async fn only_administrators_open_the_workbench() {
    let stage = Stage::set();
    for staff in ["u0101", "u0900"] {
        let mut browser = stage.signed_in(staff).await;
        for path in ["/catalogue", "/catalogue/try?draft=x"] {
            assert_eq!(
                browser.get(path).await.status,
                StatusCode::FORBIDDEN,
                "{staff}"
            );
        }
        for path in ["/catalogue/copy", "/catalogue/publish"] {
            let answer = browser.post(path, &[("name", "x")]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{staff}");
        }
    }
    let mut browser = stage.signed_in("u0901").await;
    let page = browser.get("/catalogue").await;
    assert!(page.text().contains("プログラムに付属の版") && page.text().contains("いま有効"));
}

#[tokio::test]
async fn copy_is_tried_out_published_and_taken_back() {
    let mut stage = Stage::set();
    stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0901").await;
    edited(&stage, &mut browser).await;
    let page = browser.get("/catalogue/try?draft=dogs").await;
    let text = page.text();
    assert!(
        text.contains("この 31 日の届出　1 件のうち 0 件で変わります"),
        "{text}"
    );
    assert!(
        text.contains("－ 案内しない P143"),
        "a golden household loses the dog"
    );
    assert!(!text.contains("架空"), "no name of a real case");
    // A claim of a golden household says otherwise, so the copy is not right yet.
    assert!(!text.contains("この写しを公開する"));
    let golden = stage.folder.path().join("catalogue-drafts/dogs/golden");
    for entry in fs::read_dir(&golden).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("dogs=1", "dogs=2")).unwrap();
    }
    let page = browser.get("/catalogue/try?draft=dogs").await;
    let fingerprint = hidden(page.text(), "fingerprint");
    let publish = [
        ("draft", "dogs"),
        ("fingerprint", fingerprint.as_str()),
        ("from", "2026-12-01"),
        ("note", "二頭目から"),
    ];
    let done = browser.post("/catalogue/publish", &publish).await;
    assert_eq!(done.location(), "/catalogue?notice=published");
    let page = browser.get("/catalogue").await;
    assert!(page.text().contains("第 1 版") && page.text().contains("これから"));
    assert!(page.text().contains("二頭目から"));
    let same = browser.post("/catalogue/publish", &publish).await;
    assert!(
        same.text()
            .contains("同じ内容の「第 1 版」がすでに有効です")
    );
    let back = [("again", "0"), ("from", "2026-12-02"), ("note", "戻す")];
    let done = browser.post("/catalogue/publish", &back).await;
    assert_eq!(done.location(), "/catalogue?notice=published");
}

#[tokio::test]
async fn protected_persons_are_only_counted_and_old_cases_not_at_all() {
    let mut stage = Stage::set();
    stage.submitted_by("u0312");
    stage.minutes_pass(40 * 24 * 60);
    stage.submitted_by("u0312");
    protected(&mut stage);
    let mut browser = stage.signed_in("u0901").await;
    edited(&stage, &mut browser).await;
    let page = browser.get("/catalogue/try?draft=dogs").await;
    let text = page.text();
    assert!(text.contains("この 31 日の届出　1 件のうち"), "{text}");
    assert!(
        text.contains("支援措置の対象の方がいる 1 件は中を見ていません"),
        "{text}"
    );
}

#[tokio::test]
async fn copy_that_changed_meanwhile_is_not_published() {
    let stage = Stage::set();
    let mut browser = stage.signed_in("u0901").await;
    edited(&stage, &mut browser).await;
    let publish = [
        ("draft", "dogs"),
        ("fingerprint", "0000"),
        ("from", "2026-12-01"),
        ("note", ""),
    ];
    let refused = browser.post("/catalogue/publish", &publish).await;
    assert!(refused.text().contains("見ている間に写しが変わったため"));
    let past = [("again", "0"), ("from", "2026-11-20"), ("note", "")];
    let refused = browser.post("/catalogue/publish", &past).await;
    assert!(refused.text().contains("過ぎた日からにはできないため"));
    let none = [("again", "0"), ("from", ""), ("note", "")];
    let refused = browser.post("/catalogue/publish", &none).await;
    assert!(refused.text().contains("有効になる日がないため"));
    let nowhere = browser.get("/catalogue/try?draft=../../etc").await;
    assert!(nowhere.text().contains("その名前の写しを読めません"));
}

#[tokio::test]
async fn form_of_another_session_is_refused() {
    let stage = Stage::set();
    let mut browser = stage.signed_in("u0901").await;
    browser.get("/catalogue").await;
    browser.csrf = "00".to_owned();
    for path in ["/catalogue/copy", "/catalogue/publish"] {
        let answer = browser.post(path, &[("name", "x")]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    assert!(!stage.folder.path().join("catalogue-drafts").exists());
}
