//! A case goes to another branch and back, and a branch's copy is overwritten, as a reviewer's
//! browser meets it.

use axum::http::StatusCode;
use counter_domain::ids::{BranchCode, DeviceId};
use replica::{AuditAction, AuditEntry};
use sync_engine::Store;

use super::protection::protected;
use super::stage::{Browser, Stage};
use super::summary;

const REASON: (&str, &str) = ("reason", "引越し先に近いため");

/// The stage's own counter, known at head office.
fn enrol(stage: &Stage) {
    let mut hub = stage.hub.lock().unwrap();
    let branch = BranchCode::from("07");
    let code = hub
        .issue_enrolment_code(&branch, "北部 2番窓口", 1000)
        .unwrap();
    hub.redeem_enrolment_code(&code, DeviceId([1; 16]), [1; 32])
        .unwrap();
}

async fn post(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> String {
    let answer = browser.post(path, fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
    answer.location()
}

#[tokio::test]
async fn case_goes_to_another_branch_and_back() {
    let mut stage = Stage::set();
    enrol(&stage);
    let case = stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0102").await;
    let path = format!("/case/{case}");
    let page = browser.get(&path).await;
    assert!(page.text().contains("ほかの支所へ回す"));
    assert!(
        !page.text().contains("に戻す</button>"),
        "nobody handed it on"
    );
    let none = post(
        &mut browser,
        &format!("{path}/move"),
        &[("to", "00"), ("reason", " ")],
    )
    .await;
    assert!(none.ends_with("no-reason"));
    let to = [("to", "00"), REASON];
    let moved = post(&mut browser, &format!("{path}/move"), &to).await;
    assert!(moved.ends_with("notice=moved"));
    assert_eq!(summary(&stage, case).branch, Some(BranchCode::from("00")));
    let page = browser.get(&moved).await;
    for text in [
        "北部市民センター から 本庁 へ回した（理由：引越し先に近いため）",
        "控えがある（見るだけ）",
        "北部市民センターに戻す",
    ] {
        assert!(page.text().contains(text), "{text}");
    }
    assert!(
        !page.text().contains("控えを消去させる"),
        "only who decides orders that"
    );
    let back = post(&mut browser, &format!("{path}/take-back"), &[REASON]).await;
    assert!(back.ends_with("taken-back"));
    assert_eq!(summary(&stage, case).branch, Some(BranchCode::from("07")));
    let hub = stage.hub.lock().unwrap();
    let log = hub.stream_entries(hub.site(), 0, usize::MAX).unwrap();
    let moves = log.iter().filter(|entry| {
        let entry: AuditEntry = serde_json::from_slice(&entry.body).unwrap();
        entry.action == AuditAction::CaseMoved && entry.case == Some(case)
    });
    assert_eq!(moves.count(), 2);
}

#[tokio::test]
async fn copy_is_revoked_by_who_decides_and_the_page_says_how_far_it_is() {
    let mut stage = Stage::set();
    enrol(&stage);
    let case = stage.submitted_by("u0312");
    let path = format!("/case/{case}");
    let mut reviewer = stage.signed_in("u0102").await;
    reviewer.get(&path).await;
    let order = [("branch", "07"), REASON];
    let refused = reviewer.post(&format!("{path}/revoke"), &order).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let mut approver = stage.signed_in("u0101").await;
    approver.get(&path).await;
    let revoked = post(&mut approver, &format!("{path}/revoke"), &order).await;
    assert!(revoked.ends_with("notice=revoked"));
    let page = approver.get(&revoked).await;
    for text in [
        "消去を指示・確認待ち",
        "まだ確認できない",
        "審査　みほんさんが消去を指示（理由：引越し先に近いため）",
        r#"hx-trigger="every 3s""#,
    ] {
        assert!(page.text().contains(text), "{text}");
    }
    stage.follow_orders();
    let part = approver.get(&format!("{path}/copies")).await;
    assert!(part.text().contains("に消去を確認"));
    assert!(!part.text().contains("hx-trigger"), "nothing is waited for");
}

#[tokio::test]
async fn protected_case_is_moved_knowingly_by_who_decides() {
    let mut stage = Stage::set();
    let case = protected(&mut stage);
    let path = format!("/case/{case}");
    let mut reviewer = stage.signed_in("u0102").await;
    let page = reviewer.get(&path).await;
    assert!(!page.text().contains("ほかの支所へ回す"));
    let mut approver = stage.signed_in("u0101").await;
    assert!(
        approver
            .get(&path)
            .await
            .text()
            .contains(r#"name="protection""#)
    );
    let to = [("to", "00"), REASON];
    let unsaid = post(&mut approver, &format!("{path}/move"), &to).await;
    assert!(unsaid.ends_with("protection-unsaid"));
    assert_eq!(summary(&stage, case).branch, Some(BranchCode::from("07")));
    let said = [("to", "00"), REASON, ("protection", "known")];
    let moved = post(&mut approver, &format!("{path}/move"), &said).await;
    assert!(moved.ends_with("notice=moved"));
}
