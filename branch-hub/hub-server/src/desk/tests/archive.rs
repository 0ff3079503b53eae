//! Filings searched at the desk: by what people remember, guarded like every other look.

use std::process::Command;

use axum::http::StatusCode;

use super::stage::{Browser, Stage};
use crate::archive_export;

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

#[test]
fn an_export_is_what_its_manifest_says_and_names_filings_that_lack_a_page() {
    let mut stage = Stage::set();
    stage.submitted_by("u0312");
    stage.submitted_without_pages("u0312");
    let folder = stage.folder.path().join("export");
    let done = archive_export::write(&stage.hub.lock().unwrap(), &folder, (None, None)).unwrap();
    assert_eq!(done.written, 2);
    assert_eq!(done.flawed, ["07-2-261121-0002"]);
    let manifest = std::fs::read_to_string(folder.join("manifest.csv")).unwrap();
    let mut files = Vec::new();
    for line in manifest.lines().skip(1) {
        let [path, sha256, bytes, _, _] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let said = Command::new("sha256sum").arg(folder.join(path)).output();
        let said = String::from_utf8(said.unwrap().stdout).unwrap();
        assert_eq!(said.split(' ').next(), Some(sha256), "{path}");
        let length = std::fs::metadata(folder.join(path)).unwrap().len();
        assert_eq!(length.to_string(), bytes, "{path}");
        files.push(path.rsplit('/').next().unwrap());
    }
    let of = |start: &str| files.iter().filter(|file| file.starts_with(start)).count();
    assert_eq!(
        (of("filing"), of("form"), of("signature")),
        (2, 1, 1),
        "{files:?}"
    );
}
