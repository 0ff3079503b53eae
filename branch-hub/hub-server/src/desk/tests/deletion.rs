//! Filings whose time is over, as two people at head office delete them.

use axum::http::StatusCode;
use counter_domain::ids::CaseId;
use hub_store::Deleting;

use super::stage::{Browser, PASSWORD, Stage};
use replica::staff::{Role, StaffMember, hash_secret};

/// Six years, with their leap days.
const YEARS_MINUTES: u64 = 6 * 366 * 24 * 60;

/// An accepted filing of six years ago, and two people who decide.
fn old() -> (Stage, CaseId) {
    let mut stage = Stage::set();
    let case = stage.submitted_by("u0312");
    {
        let mut hub = stage.hub.lock().unwrap();
        let mut staff = hub.staff().unwrap();
        staff.push(StaffMember {
            id: "u0103".into(),
            name: "決裁　ふたり".to_owned(),
            roles: vec![Role::Approver],
            branches: Vec::new(),
            secret_hash: hash_secret(PASSWORD, [7; 16]).unwrap(),
        });
        hub.publish("staff", &serde_json::to_vec(&staff).unwrap(), |_| vec![1])
            .unwrap();
        let by = "u0101".into();
        hub.open_review(case, &by).unwrap();
        hub.accept(case, &by).unwrap();
    }
    stage.minutes_pass(YEARS_MINUTES);
    (stage, case)
}

/// Presses a button of the list's page, with the list as the page shows it.
async fn press(browser: &mut Browser, deed: &str, fields: &[(&str, &str)]) -> String {
    let page = browser.get("/deletion/1").await;
    let text = page.text();
    let list = text.split_once(r#"name="list" value=""#);
    let list = list.and_then(|(_, rest)| rest.split('"').next());
    let mut all = vec![("list", list.unwrap_or_default())];
    all.extend(fields);
    let answer = browser.post(&format!("/deletion/1/{deed}"), &all).await;
    answer.location()
}

fn carry_out(stage: &Stage) {
    let mut hub = stage.hub.lock().unwrap();
    let sign = |_: &[u8]| Some(vec![1]);
    while hub.go_on_deleting("六会市", &sign, 5).unwrap() != Deleting::Nothing {}
}

#[tokio::test]
async fn two_people_delete_what_is_due_and_get_a_certificate() {
    let (stage, case) = old();
    let mut first = stage.signed_in("u0101").await;
    let page = first.get("/deletion").await;
    assert!(
        page.text()
            .contains("<span class=\"end chip chip-info\">1 件</span>")
    );
    assert!(!page.text().contains("架空"), "it names nobody");
    let made = first.post("/deletion", &[]).await;
    assert_eq!(made.location(), "/deletion/1?notice=prepared");
    let list = first.get("/deletion/1?notice=prepared").await;
    assert!(list.text().contains("07-2-261121-0001") && list.text().contains("あと 2 人"));
    assert_eq!(
        press(&mut first, "approve", &[]).await,
        "/deletion/1?notice=approved"
    );
    carry_out(&stage);
    assert!(
        stage.hub.lock().unwrap().case(case).unwrap().is_some(),
        "one is not enough"
    );
    let waiting = first.get("/deletion/1").await;
    assert!(!waiting.text().contains("廃棄を承認する</button>"));
    assert!(waiting.text().contains("ほかの決裁の担当者"));
    let mut second = stage.signed_in("u0103").await;
    assert_eq!(
        press(&mut second, "approve", &[]).await,
        "/deletion/1?notice=approved"
    );
    carry_out(&stage);
    assert!(stage.hub.lock().unwrap().case(case).unwrap().is_none());
    let page = second.get("/deletion/1/certificate").await;
    for expected in [
        "廃棄証明書",
        "07-2-261121-0001",
        "審査　みほん",
        "決裁　ふたり",
        "1 件",
    ] {
        assert!(page.text().contains(expected), "{expected}");
    }
    let file = second.get("/deletion/1/certificate.json").await;
    assert!(
        file.text()
            .contains(r#""certificate": "deletion of filings""#)
    );
    let gone = second.get(&format!("/case/{case}")).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nobody_approves_twice_or_without_the_role_or_what_was_not_looked_at() {
    let (stage, case) = old();
    let mut first = stage.signed_in("u0101").await;
    first.get("/deletion").await;
    first.post("/deletion", &[]).await;
    press(&mut first, "approve", &[]).await;
    let hash = {
        let hub = stage.hub.lock().unwrap();
        let hash = hub.deletions().unwrap()[0].list_hash;
        hash.iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    assert_eq!(
        press(&mut first, "approve", &[("list", &hash)]).await,
        "/deletion/1?notice=same-person"
    );
    for (staff, sees) in [("u0102", false), ("u0900", true), ("u0901", false)] {
        let mut browser = stage.signed_in(staff).await;
        let page = browser.get("/deletion").await;
        assert_eq!(page.status == StatusCode::OK, sees, "{staff}");
        browser.get("/deletion/1").await;
        let answer = browser
            .post("/deletion/1/approve", &[("list", &hash)])
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{staff}");
    }
    let mut second = stage.signed_in("u0103").await;
    let unseen = "00".repeat(32);
    second.get("/deletion/1").await;
    let answer = second
        .post("/deletion/1/approve", &[("list", &unseen)])
        .await;
    assert_eq!(answer.location(), "/deletion/1?notice=list-changed");
    carry_out(&stage);
    assert!(stage.hub.lock().unwrap().case(case).unwrap().is_some());
}

#[tokio::test]
async fn filing_is_taken_off_the_list_and_the_list_given_up() {
    let (stage, _) = old();
    let mut first = stage.signed_in("u0101").await;
    first.get("/deletion").await;
    first.post("/deletion", &[]).await;
    press(&mut first, "approve", &[]).await;
    let keep = [("number", "07-2-261121-0001"), ("reason", "照会の途中")];
    assert_eq!(
        press(&mut first, "keep", &keep).await,
        "/deletion/1?notice=kept"
    );
    let page = first.get("/deletion/1").await;
    assert!(page.text().contains("残す：照会の途中") && page.text().contains("あと 2 人"));
    assert_eq!(
        press(&mut first, "keep", &[("number", "x")]).await,
        "/deletion/1?notice=no-reason"
    );
    assert_eq!(
        press(&mut first, "drop", &[]).await,
        "/deletion/1?notice=dropped"
    );
    let again = first.post("/deletion", &[]).await;
    assert_eq!(again.location(), "/deletion/2?notice=prepared");
}
