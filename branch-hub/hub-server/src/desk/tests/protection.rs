//! Cases with a person under protection: every output of the desk, and the release by two people.

use axum::http::StatusCode;
use counter_domain::draft::{FieldValue, Source};
use counter_domain::ids::{BranchCode, CaseId, StaffId};
use counter_store::{FieldEntry, NewCase};
use replica::AuditAction;

use super::stage::{Browser, Stage};
use super::{deed, opened};
use crate::archive_export;

const PLACE: &str = "北町三丁目";

/// A case with the flag, handed in twice so that there are differences to show.
pub(super) fn protected(stage: &mut Stage) -> CaseId {
    let new = NewCase {
        by: StaffId::from("u0312"),
        branch: BranchCode::from("07"),
        day: "2026-11-21".to_owned(),
    };
    let case = stage
        .counter
        .start_case(&new, &|n| format!("07-2-261121-{n:04}"))
        .unwrap()
        .case;
    let flag = FieldEntry {
        path: "member.1.protected".into(),
        value: FieldValue::Flag(true),
        source: Source::ResidentCopy,
        confidence: None,
    };
    stage.counter.set_fields(case, &new.by, &[flag]).unwrap();
    stage.sign_and_submit(case, "u0312", "カクウ　タロウ");
    case
}

/// Everything the desk gives out about a case, by name.
async fn outputs(browser: &mut Browser, case: CaseId) -> Vec<(&'static str, StatusCode, Vec<u8>)> {
    let mut all = Vec::new();
    for (name, path) in [
        ("the queue", "/queue".to_owned()),
        ("its rows", "/queue/rows".to_owned()),
        ("the case", format!("/case/{case}")),
        ("the picture", format!("/case/{case}/page.png")),
        (
            "the enlarged picture",
            format!("/case/{case}/page.png?zoom=2"),
        ),
        ("the PDF", format!("/case/{case}/form.pdf")),
        ("hand-over", "/hand-over".to_owned()),
    ] {
        let answer = browser.get(&path).await;
        all.push((name, answer.status, answer.body));
    }
    all
}

fn says(body: &[u8], text: &str) -> bool {
    body.windows(text.len()).any(|part| part == text.as_bytes())
}

#[tokio::test]
async fn no_output_of_the_desk_has_a_protected_address() {
    let mut stage = Stage::set();
    let open = stage.submitted_by("u0312");
    let case = protected(&mut stage);
    let mut browser = stage.signed_in("u0101").await;
    let page = browser.get(&format!("/case/{open}")).await;
    assert!(says(&page.body, PLACE), "the test looks for what is there");
    for (name, status, body) in outputs(&mut browser, case).await {
        assert!(!says(&body, PLACE), "{name}");
        let is_paper = name.contains("picture") || name.contains("PDF");
        assert_eq!(is_paper, status == StatusCode::NOT_FOUND, "{name}");
    }
    let page = browser.get(&format!("/case/{case}")).await;
    assert!(page.text().contains("支援措置のため表示しません"));
    assert!(browser.get("/queue").await.text().contains("支援措置対象"));
}

#[tokio::test]
async fn difference_of_a_protected_case_shows_no_address() {
    let mut stage = Stage::set();
    let case = protected(&mut stage);
    let mut browser = stage.signed_in("u0101").await;
    opened(&mut browser, case).await;
    let remark = [("text:member.1.kana", "カナを確かめてください。")];
    assert_eq!(
        deed(&mut browser, case, "return", &remark).await,
        "returned"
    );
    stage.send();
    stage.sign_and_submit(case, "u0312", "カクウ　タロオ");
    let page = browser.get(&format!("/case/{case}")).await;
    assert!(page.text().contains("タロオ"));
    assert!(!says(&page.body, PLACE));
}

#[tokio::test]
async fn accepted_protected_case_is_in_no_file() {
    let mut stage = Stage::set();
    let case = protected(&mut stage);
    let mut browser = stage.signed_in("u0101").await;
    opened(&mut browser, case).await;
    assert_eq!(deed(&mut browser, case, "accept", &[]).await, "accepted");
    browser.get("/hand-over").await;
    browser.post("/hand-over", &[]).await;
    let written =
        std::fs::read_dir(stage.folder.path().join("handover")).map_or(0, Iterator::count);
    assert_eq!(written, 0);
    let page = browser.get(&format!("/case/{case}")).await;
    assert!(page.text().contains("手で引き継いでください"));
}

#[tokio::test]
async fn two_people_release_it_to_one_for_a_quarter_of_an_hour() {
    let mut stage = Stage::set();
    let case = protected(&mut stage);
    let (asked, approved) = (
        format!("/case/{case}/addresses"),
        format!("/case/{case}/addresses/approve"),
    );
    let mut asker = stage.signed_in("u0102").await;
    asker.get(&format!("/case/{case}")).await;
    let answer = asker.post(&asked, &[("reason", "  ")]).await;
    assert!(answer.location().ends_with("no-reason"));
    let reason = [("reason", "証明書の発行のため")];
    let answer = asker.post(&asked, &reason).await;
    assert!(answer.location().ends_with("release-asked"));
    let page = asker.get(&format!("/case/{case}")).await;
    assert!(!says(&page.body, PLACE) && !page.text().contains("承認する</button>"));
    // Whoever asked cannot approve, whatever the browser sends.
    let answer = asker.post(&approved, &[("request", "1")]).await;
    assert!(answer.location().ends_with("release-same-person"));

    let mut decider = stage.signed_in("u0101").await;
    let page = decider.get(&format!("/case/{case}")).await;
    assert!(page.text().contains("証明書の発行のため"));
    let answer = decider.post(&approved, &[("request", "1")]).await;
    assert!(answer.location().ends_with("release-approved"));
    assert!(says(&asker.get(&format!("/case/{case}")).await.body, PLACE));
    assert!(!says(
        &decider.get(&format!("/case/{case}")).await.body,
        PLACE
    ));
    let pdf = asker.get(&format!("/case/{case}/form.pdf")).await;
    assert_eq!(pdf.status, StatusCode::OK);

    // Looking now and then keeps the session; the release ends all the same.
    stage.minutes_pass(10);
    assert!(says(&asker.get(&format!("/case/{case}")).await.body, PLACE));
    stage.minutes_pass(5);
    assert_eq!(
        asker.get(&format!("/case/{case}")).await.status,
        StatusCode::OK
    );
    assert!(!says(
        &asker.get(&format!("/case/{case}")).await.body,
        PLACE
    ));
    let pdf = asker.get(&format!("/case/{case}/form.pdf")).await;
    assert_eq!(pdf.status, StatusCode::NOT_FOUND);
    let entries = stage.hub.lock().unwrap();
    let entries =
        sync_engine::Store::stream_entries(&*entries, sync_protocol::SiteId([2; 16]), 0, 1 << 20)
            .unwrap();
    let did = |action: AuditAction| {
        entries.iter().any(|entry| {
            serde_json::from_slice::<replica::AuditEntry>(&entry.body)
                .is_ok_and(|entry| entry.action == action && entry.case == Some(case))
        })
    };
    for action in [
        AuditAction::ReleaseAsked,
        AuditAction::ReleaseApproved,
        AuditAction::ReleaseUsed,
    ] {
        assert!(did(action), "{action:?}");
    }
}

#[test]
fn an_export_leaves_protected_filings_out_and_counts_them() {
    let mut stage = Stage::set();
    stage.submitted_by("u0312");
    protected(&mut stage);
    let folder = stage.folder.path().join("export");
    let done = archive_export::write(&stage.hub.lock().unwrap(), &folder, (None, None)).unwrap();
    assert_eq!((done.written, done.protected), (1, 1));
    let manifest = std::fs::read_to_string(folder.join("manifest.csv")).unwrap();
    assert!(manifest.contains("07-2-261121-0001") && !manifest.contains("07-2-261121-0002"));
}

#[tokio::test]
async fn release_of_one_case_says_nothing_about_another() {
    let mut stage = Stage::set();
    let case = protected(&mut stage);
    let other = protected(&mut stage);
    {
        let mut hub = stage.hub.lock().unwrap();
        let (asker, decider) = (StaffId::from("u0102"), StaffId::from("u0101"));
        hub.ask_release(case, &asker, "証明書の発行のため").unwrap();
        assert!(hub.approve_release(other, &decider, 1).is_err());
        hub.approve_release(case, &decider, 1).unwrap();
        assert!(hub.ask_release(case, &StaffId::from("u0312"), "x").is_err());
    }
    let mut browser = stage.signed_in("u0102").await;
    assert!(says(
        &browser.get(&format!("/case/{case}")).await.body,
        PLACE
    ));
    assert!(!says(
        &browser.get(&format!("/case/{other}")).await.body,
        PLACE
    ));
}
