//! Filings searched at the desk: by what people remember, guarded like every other look.

use axum::http::StatusCode;

use super::stage::{Browser, Stage};

/// The rows the search shows, by receipt number.
async fn found(browser: &mut Browser, fields: &[(&str, &str)]) -> Vec<String> {
    browser.get("/archive").await;
    let answer = browser.post("/archive", fields).await;
    assert_eq!(answer.status, StatusCode::OK);
    let rows = answer.text().split("data-open>").skip(1);
    rows.filter_map(|row| row.split('<').next().map(ToOwned::to_owned))
        .collect()
}

#[tokio::test]
async fn a_filing_is_found_by_name_number_period_and_office() {
    let mut stage = Stage::set();
    stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0102").await;
    let number = vec!["07-2-261121-0001".to_owned()];
    for words in ["架空太郎", "かくう", "072261121", "北町3-9", ""] {
        assert_eq!(
            found(&mut browser, &[("words", words)]).await,
            number,
            "{words}"
        );
    }
    for narrow in [
        ("office", "07"),
        ("kind", "move_in"),
        ("from", "2026-11-01"),
        ("staff", "u0312"),
    ] {
        assert_eq!(found(&mut browser, &[narrow]).await, number, "{narrow:?}");
    }
    for narrow in [
        ("office", "08"),
        ("kind", "birth"),
        ("to", "2026-11-01"),
        ("words", "鈴木"),
    ] {
        assert!(
            found(&mut browser, &[narrow]).await.is_empty(),
            "{narrow:?}"
        );
    }
}

#[tokio::test]
async fn period_that_ends_before_it_begins_is_told_and_not_searched() {
    let mut stage = Stage::set();
    stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0102").await;
    let days = [("from", "2026-11-22"), ("to", "2026-11-21")];
    browser.get("/archive").await;
    let answer = browser.post("/archive", &days).await;
    assert!(answer.text().contains("検索していません"));
    assert!(answer.text().contains(r#"value="2026-11-22""#), "as typed");
    assert!(!answer.text().contains("data-open>"));
    let one_day = [("from", "2026-11-20"), ("to", "2026-11-20")];
    assert_eq!(found(&mut browser, &one_day).await.len(), 1);
}

#[tokio::test]
async fn people_of_a_filing_stand_apart_and_hits_are_counted() {
    let mut stage = Stage::set();
    stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0102").await;
    browser.get("/archive").await;
    let answer = browser.post("/archive", &[("words", "架空")]).await;
    let text = answer.text();
    assert!(text.contains("新しい順に 1 件です。"), "{text}");
    assert!(!text.contains("ほかにもあります"));
    assert!(
        text.contains(r#"<span class="person">架空　太郎"#),
        "{text}"
    );
}

#[tokio::test]
async fn a_search_is_written_down_and_never_stands_in_an_address() {
    let mut stage = Stage::set();
    stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0102").await;
    let page = browser.get("/archive").await;
    assert!(
        page.text()
            .contains(r#"<form method="post" action="/archive""#)
    );
    found(&mut browser, &[("words", "架空")]).await;
    let mut auditor = stage.signed_in("u0900").await;
    let log = auditor.get("/log").await;
    assert_eq!(log.text().matches("届出を検索した").count(), 1);
}

#[tokio::test]
async fn only_those_who_may_see_cases_search_them() {
    let stage = Stage::set();
    let mut auditor = stage.signed_in("u0900").await;
    assert_eq!(auditor.get("/archive").await.status, StatusCode::FORBIDDEN);
    let mut stranger = stage.stranger();
    assert_eq!(stranger.get("/archive").await.status, StatusCode::SEE_OTHER);
}
