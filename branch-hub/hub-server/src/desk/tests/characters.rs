//! The characters chosen at the counters, as a browser at head office meets them.

use axum::http::StatusCode;
use counter_domain::character_choice::{ChoiceStanding, ChoiceSubject};
use counter_domain::draft::{FieldValue, Source};
use counter_domain::ids::{BranchCode, StaffId};
use counter_store::{FieldEntry, NewCase};

use super::stage::{Browser, Stage};
use crate::characters;

/// A submitted case in which somebody chose 吉 for 𠮷 in the hand-over file.
fn chosen(stage: &mut Stage) {
    let new = NewCase {
        by: StaffId::from("u0312"),
        branch: BranchCode::from("07"),
        day: "2026-11-21".to_owned(),
    };
    let number = |n| format!("07-2-261121-{n:04}");
    let case = stage.counter.start_case(&new, &number).unwrap().case;
    let entry = FieldEntry {
        path: subject().path(),
        value: FieldValue::Text("吉".to_owned()),
        source: Source::Staff,
        confidence: None,
    };
    stage
        .counter
        .set_fields(case, &StaffId::from("u0312"), &[entry])
        .unwrap();
    stage.send();
    let before = stage.hub.lock().unwrap().character_choices().unwrap();
    assert!(before.is_empty(), "it may still be undone");
    stage.sign_and_submit(case, "u0312", "カクウ　タロウ");
}

fn subject() -> ChoiceSubject {
    ChoiceSubject::in_system("cp932", "𠮷")
}

fn standing(stage: &Stage) -> ChoiceStanding {
    let choices = characters::known(&stage.hub.lock().unwrap()).unwrap();
    choices.choices[0].standing
}

async fn say(browser: &mut Browser, standing: &str) -> String {
    let fields = [
        ("system", "cp932"),
        ("written", "𠮷"),
        ("chosen", "吉"),
        ("standing", standing),
    ];
    browser.get("/characters").await;
    browser.post("/characters", &fields).await.location()
}

#[tokio::test]
async fn choice_is_listed_confirmed_and_withdrawn() {
    let mut stage = Stage::set();
    chosen(&mut stage);
    let mut browser = stage.signed_in("u0101").await;
    let page = browser.get("/characters").await;
    for expected in [
        "MJ032129　U+20BB7",
        "シフトJISの引き継ぎファイル",
        "窓口　みほん",
        "1 件",
        "未確認 1 件",
        r#"<svg class="glyph""#,
    ] {
        assert!(
            page.text().contains(expected),
            "{expected}: {}",
            page.text()
        );
    }
    assert_eq!(
        say(&mut browser, "confirmed").await,
        "/characters?notice=confirmed"
    );
    assert_eq!(standing(&stage), ChoiceStanding::Confirmed);
    let published = characters::published(&stage.hub.lock().unwrap()).unwrap();
    let confirmed = published.confirmed(&subject()).unwrap();
    assert_eq!(confirmed.settled_by, Some(StaffId::from("u0101")));
    let page = browser.get("/characters?notice=confirmed").await;
    assert!(page.text().contains("確認済み") && !page.text().contains("未確認 1 件"));
    say(&mut browser, "withdrawn").await;
    assert_eq!(standing(&stage), ChoiceStanding::Withdrawn);
}

#[tokio::test]
async fn only_who_decides_settles_a_character() {
    let mut stage = Stage::set();
    chosen(&mut stage);
    for (staff, sees) in [("u0102", true), ("u0901", true), ("u0900", false)] {
        let mut browser = stage.signed_in(staff).await;
        let page = browser.get("/characters").await;
        assert_eq!(page.status == StatusCode::OK, sees, "{staff}");
        assert!(!page.text().contains("確認する</button>"));
        let fields = [("standing", "confirmed")];
        let answer = browser.post("/characters", &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{staff}");
    }
    assert_eq!(standing(&stage), ChoiceStanding::Open);
    let mut browser = stage.signed_in("u0101").await;
    let unknown = [
        ("system", "cp932"),
        ("written", "架"),
        ("chosen", "空"),
        ("standing", "confirmed"),
    ];
    browser.get("/characters").await;
    let answer = browser.post("/characters", &unknown).await;
    assert_eq!(answer.location(), "/characters?notice=gone");
}
