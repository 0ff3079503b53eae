//! The desk as a browser meets it, over real databases: a counter submits, reviewers act.

mod archive;
mod catalogue;
mod characters;
mod deletion;
mod forms;
mod hand_over;
mod moves;
mod operations;
mod protection;
mod stage;

use axum::body::Body;
use axum::http::{StatusCode, header};
use counter_domain::case::{CaseState, CaseSummary, RemarkCategory};
use counter_domain::ids::{BranchCode, CaseId, DeviceId};
use http_body_util::BodyExt;
use replica::staff::Role;
use tower::ServiceExt;

use stage::{Answer, Browser, PASSWORD, Stage};

fn summary(stage: &Stage, case: CaseId) -> CaseSummary {
    stage
        .hub
        .lock()
        .unwrap()
        .case(case)
        .unwrap()
        .unwrap()
        .summary
}

fn submission(page: &Answer) -> String {
    hidden(page.text(), "submission")
}

/// The value of a page's hidden field.
fn hidden(page: &str, name: &str) -> String {
    let (_, rest) = page
        .split_once(&format!(r#"name="{name}" value=""#))
        .unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// Opens the case for review and returns its page.
async fn opened(browser: &mut Browser, case: CaseId) -> Answer {
    let answer = browser.post(&format!("/case/{case}/open"), &[]).await;
    assert_eq!(answer.location(), format!("/case/{case}"));
    browser.get(&answer.location()).await
}

/// Does a deed with the submission the page shows; returns the code of its notice.
async fn deed(browser: &mut Browser, case: CaseId, deed: &str, fields: &[(&str, &str)]) -> String {
    let page = browser.get(&format!("/case/{case}")).await;
    let seen = submission(&page);
    let mut all = vec![("submission", seen.as_str())];
    all.extend(fields);
    let answer = browser.post(&format!("/case/{case}/{deed}"), &all).await;
    answer
        .location()
        .split("notice=")
        .nth(1)
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn wrong_password_is_refused() {
    let stage = Stage::set();
    let mut browser = stage.stranger();
    browser.get("/sign-in").await;
    let answer = browser
        .post(
            "/sign-in",
            &[("staff", "u0101"), ("password", "chigau2026")],
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.text().contains("職員番号かパスワードが違います"));
    assert_eq!(browser.get("/queue").await.location(), "/sign-in?ended=1");
}

#[tokio::test]
async fn sixth_try_must_wait_even_with_the_right_password() {
    let stage = Stage::set();
    let mut browser = stage.stranger();
    for _ in 0..5 {
        browser.get("/sign-in").await;
        browser
            .post(
                "/sign-in",
                &[("staff", "u0101"), ("password", "chigau2026")],
            )
            .await;
    }
    browser.get("/sign-in").await;
    let right = [("staff", "u0101"), ("password", PASSWORD)];
    let answer = browser.post("/sign-in", &right).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    stage.minutes_pass(1);
    browser.get("/sign-in").await;
    assert_eq!(browser.post("/sign-in", &right).await.location(), "/queue");
}

#[tokio::test]
async fn sign_in_form_needs_its_token() {
    let stage = Stage::set();
    let mut browser = stage.stranger();
    let fields = [("csrf", ""), ("staff", "u0101"), ("password", PASSWORD)];
    let answer = browser.post_raw("/sign-in", &fields, &[]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn counter_staff_have_no_desk() {
    let stage = Stage::set();
    let mut browser = stage.stranger();
    browser.get("/sign-in").await;
    let answer = browser
        .post("/sign-in", &[("staff", "u0312"), ("password", PASSWORD)])
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn who_is_taken_off_the_list_is_out_at_the_next_click() {
    let stage = Stage::set();
    let mut browser = stage.signed_in("u0101").await;
    assert_eq!(browser.get("/queue").await.status, StatusCode::OK);
    stage.list_staff(|staff| staff.roles = vec![Role::Auditor]);
    assert_eq!(browser.get("/queue").await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/log").await.status, StatusCode::OK);
    stage.list_staff(|staff| staff.roles.clear());
    assert_eq!(browser.get("/log").await.location(), "/sign-in?ended=1");
}

#[tokio::test]
async fn form_without_token_changes_nothing() {
    let mut stage = Stage::set();
    let case = stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0101").await;
    let seen = submission(&opened(&mut browser, case).await);
    for token in ["", "0"] {
        let fields = [("csrf", token), ("submission", &seen)];
        let answer = browser
            .post_raw(&format!("/case/{case}/accept"), &fields, &[])
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(summary(&stage, case).state, CaseState::UnderReview);
}

#[tokio::test]
async fn form_of_another_origin_is_refused() {
    let mut stage = Stage::set();
    let case = stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0101").await;
    let csrf = browser.csrf.clone();
    let path = format!("/case/{case}/open");
    for (name, value) in [
        ("origin", "https://elsewhere.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let answer = browser
            .post_raw(&path, &[("csrf", &csrf)], &[(name, value)])
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}");
    }
    assert_eq!(summary(&stage, case).state, CaseState::Submitted);
    let own = [
        ("origin", "http://desk.example"),
        ("sec-fetch-site", "same-origin"),
    ];
    let answer = browser.post_raw(&path, &[("csrf", &csrf)], &own).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn queue_shows_what_was_submitted() {
    let mut stage = Stage::set();
    let mut browser = stage.signed_in("u0101").await;
    assert!(
        browser
            .get("/queue")
            .await
            .text()
            .contains("審査を待つ届出はありません")
    );
    stage.submitted_by("u0312");
    stage.minutes_pass(11);
    let page = browser.get("/queue").await;
    for shown in [
        "07-2-261121-0001",
        "北部市民センター",
        "転入（カード）",
        "架空　太郎　ほか 1 人",
        "審査待ち",
    ] {
        assert!(page.text().contains(shown), "{shown}");
    }
    assert!(
        page.text().contains(r#"<span class="wait late">"#),
        "orange from ten minutes on"
    );
}

#[tokio::test]
async fn newest_case_stands_on_top() {
    let mut stage = Stage::set();
    stage.submitted_by("u0312");
    stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0101").await;
    let order = |page: &Answer| {
        page.text().find("-0002</button>").unwrap() < page.text().find("-0001</button>").unwrap()
    };
    assert!(order(&browser.get("/queue").await));
    assert!(!order(&browser.get("/queue?order=longest").await));
}

#[tokio::test]
async fn page_hears_of_a_new_case() {
    let mut stage = Stage::set();
    let browser = stage.signed_in("u0101").await;
    let request = browser
        .request("GET", "/events")
        .body(Body::empty())
        .unwrap();
    let mut events = browser
        .desk
        .clone()
        .oneshot(request)
        .await
        .unwrap()
        .into_body();
    events.frame().await.unwrap().unwrap();
    stage.submitted_by("u0312");
    let frame = events.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(
        std::str::from_utf8(&frame)
            .unwrap()
            .contains("event: changed")
    );
}

#[tokio::test]
async fn case_page_shows_fields_with_their_sources() {
    let mut stage = Stage::set();
    let case = stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0101").await;
    let page = opened(&mut browser, case).await;
    for shown in [
        "自分が審査中",
        "ICチップ",
        "職員入力",
        "カクウ　タロウ",
        "六会市北町三丁目９番６号",
        "窓口　みほん",
    ] {
        assert!(page.text().contains(shown), "{shown}");
    }
    assert!(
        page.text().contains("M100 200L900"),
        "the strokes are drawn"
    );
    let pdf = browser.get(&format!("/case/{case}/form.pdf")).await;
    assert_eq!(pdf.text(), "%PDF-1.7 カクウ　タロウ");
}

#[tokio::test]
async fn return_needs_a_remark() {
    let mut stage = Stage::set();
    let case = stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0101").await;
    opened(&mut browser, case).await;
    let empty = [
        ("text:member.1.kana", "  "),
        ("category:member.1.kana", "mismatch"),
    ];
    assert_eq!(
        deed(&mut browser, case, "return", &empty).await,
        "no-remark"
    );
    assert_eq!(summary(&stage, case).state, CaseState::UnderReview);
    let remark = [
        ("text:member.1.kana", "読みを確かめる"),
        ("category:member.1.kana", "mismatch"),
    ];
    assert_eq!(
        deed(&mut browser, case, "return", &remark).await,
        "returned"
    );
    let summary = summary(&stage, case);
    assert_eq!(summary.state, CaseState::Returned);
    let [remark] = summary.remarks.as_slice() else {
        panic!("one remark")
    };
    assert_eq!(
        (remark.path.as_str(), remark.category),
        ("member.1.kana", RemarkCategory::Mismatch)
    );
}

#[tokio::test]
async fn a_mark_unlike_the_paper_is_a_remark_by_itself() {
    let mut stage = Stage::set();
    let case = stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0101").await;
    opened(&mut browser, case).await;
    let marked = [
        ("paper:member.1.kana", "1"),
        ("category:member.1.kana", "other"),
        ("paper:member.1.name", "1"),
        ("text:member.1.name", "「郎」ではなく「朗」のようです"),
    ];
    assert_eq!(
        deed(&mut browser, case, "return", &marked).await,
        "returned"
    );
    let told: Vec<String> = summary(&stage, case)
        .remarks
        .iter()
        .map(|one| format!("{} {:?} {}", one.path.as_str(), one.category, one.text))
        .collect();
    assert_eq!(
        told,
        [
            "member.1.kana Mismatch 紙と違います。紙の画像と見くらべて直してください。",
            "member.1.name Mismatch 紙と違います。「郎」ではなく「朗」のようです",
        ]
    );
}

#[tokio::test]
async fn resubmitted_case_shows_the_difference() {
    let mut stage = Stage::set();
    let case = stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0101").await;
    opened(&mut browser, case).await;
    deed(
        &mut browser,
        case,
        "return",
        &[("text:member.1.kana", "読みを確かめる")],
    )
    .await;
    stage.send();
    stage.sign_and_submit(case, "u0312", "カクウ　タロー");
    let page = opened(&mut browser, case).await;
    let (changes, folded) = page.text().split_once(r#"<details class="fold">"#).unwrap();
    assert!(changes.contains("前回からの変更　1 件"));
    assert!(
        changes.contains("<del>カクウ　タロウ</del>")
            && changes.contains("<ins>カクウ　タロー</ins>")
    );
    assert!(
        changes.contains("読みを確かめる"),
        "the remark it answers stands beside it"
    );
    assert!(
        !changes.contains("六会市北町"),
        "what did not change is folded away"
    );
    assert!(folded.contains("六会市北町") && folded.contains("変わっていない項目を見る　7 件"));
}

#[tokio::test]
async fn older_submission_is_not_accepted() {
    let mut stage = Stage::set();
    let case = stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0101").await;
    let seen = submission(&opened(&mut browser, case).await);
    deed(
        &mut browser,
        case,
        "return",
        &[("text:member.1.kana", "読みを確かめる")],
    )
    .await;
    stage.send();
    stage.sign_and_submit(case, "u0312", "カクウ　タロー");
    opened(&mut browser, case).await;
    let answer = browser
        .post(&format!("/case/{case}/accept"), &[("submission", &seen)])
        .await;
    assert!(answer.location().ends_with("notice=stale"));
    assert_eq!(summary(&stage, case).state, CaseState::UnderReview);
}

#[tokio::test]
async fn who_took_it_in_cannot_accept() {
    let mut stage = Stage::set();
    let case = stage.submitted_by("u0101");
    let mut browser = stage.signed_in("u0101").await;
    let page = opened(&mut browser, case).await;
    assert!(page.text().contains("自分が受け付けた届出は受理できません"));
    assert_eq!(deed(&mut browser, case, "accept", &[]).await, "four-eyes");
    assert_eq!(summary(&stage, case).state, CaseState::UnderReview);
}

#[tokio::test]
async fn reviewer_without_approval_cannot_accept() {
    let mut stage = Stage::set();
    let case = stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0102").await;
    let page = opened(&mut browser, case).await;
    assert!(!page.text().contains("受理する</button>"));
    assert_eq!(deed(&mut browser, case, "accept", &[]).await, "not-allowed");
}

#[tokio::test]
async fn claim_lapses_after_a_quarter_of_an_hour() {
    let mut stage = Stage::set();
    let case = stage.submitted_by("u0312");
    let mut first = stage.signed_in("u0102").await;
    opened(&mut first, case).await;
    let mut second = stage.signed_in("u0101").await;
    let page = second.get(&format!("/case/{case}")).await;
    assert!(page.text().contains("審査　ふたりさんが審査しています"));
    let seen = summary(&stage, case).in_force().unwrap().to_string();
    let remark = [
        ("submission", seen.as_str()),
        ("text:member.1.kana", "読み"),
    ];
    second.post(&format!("/case/{case}/return"), &remark).await;
    assert_eq!(
        summary(&stage, case).state,
        CaseState::UnderReview,
        "claimed by another"
    );
    stage.minutes_pass(14);
    second.get("/queue").await;
    stage.minutes_pass(1);
    opened(&mut second, case).await;
    assert_eq!(
        deed(&mut second, case, "return", &remark[1..]).await,
        "returned"
    );
}

#[tokio::test]
async fn held_case_waits_with_its_reason() {
    let mut stage = Stage::set();
    let case = stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0101").await;
    opened(&mut browser, case).await;
    assert_eq!(
        deed(&mut browser, case, "hold", &[("reason", " ")]).await,
        "no-reason"
    );
    assert_eq!(
        deed(
            &mut browser,
            case,
            "hold",
            &[("reason", "前住所地に確認中")]
        )
        .await,
        "held"
    );
    assert!(
        browser
            .get(&format!("/case/{case}"))
            .await
            .text()
            .contains("前住所地に確認中")
    );
    assert_eq!(deed(&mut browser, case, "release", &[]).await, "released");
    assert_eq!(summary(&stage, case).state, CaseState::UnderReview);
}

#[tokio::test]
async fn accepted_case_is_handed_over_once() {
    let mut stage = Stage::set();
    let case = stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0101").await;
    opened(&mut browser, case).await;
    assert_eq!(deed(&mut browser, case, "accept", &[]).await, "accepted");
    assert_eq!(deed(&mut browser, case, "hand-over", &[]).await, "written");
    assert_eq!(summary(&stage, case).state, CaseState::HandedOver);
    let again = browser.post("/hand-over", &[]).await;
    assert!(again.location().ends_with("notice=not-written"));
    let page = browser.get("/hand-over").await;
    let name = page
        .text()
        .split("/hand-over/handover-")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let stamp = name.split('.').next().unwrap();
    let file = browser
        .get(&format!("/hand-over/handover-{stamp}.csv"))
        .await;
    let key = format!("{case}-1");
    let rows: Vec<_> = file.text().lines().skip(1).map(str::to_owned).collect();
    assert!(rows.len() == 2 && rows.iter().all(|row| row.starts_with(&key)));
    let sjis = browser
        .get(&format!("/hand-over/handover-{stamp}.sjis.csv"))
        .await;
    assert!(
        encoding_rs::SHIFT_JIS
            .decode(&sjis.body)
            .0
            .contains("架空　太郎")
    );
    assert!(
        !stage
            .folder
            .path()
            .join(format!("handover/handover-{stamp}.unrepresentable.csv"))
            .exists()
    );
}

#[tokio::test]
async fn only_hand_over_files_leave_the_folder() {
    let stage = Stage::set();
    let folder = stage.folder.path().join("handover");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("other.csv"), "x").unwrap();
    let mut browser = stage.signed_in("u0101").await;
    for name in [
        "other.csv",
        "..%2Fhub",
        "handover-..%2F..%2Fhub.csv",
        ".handover-1.csv.part",
    ] {
        let answer = browser.get(&format!("/hand-over/{name}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}");
    }
}

#[tokio::test]
async fn administrator_and_auditor_see_no_personal_data() {
    let mut stage = Stage::set();
    let case = stage.submitted_by("u0312");
    for staff in ["u0900", "u0901"] {
        let mut browser = stage.signed_in(staff).await;
        for path in ["/queue", "/queue/rows", "/hand-over", "/log", "/operations"] {
            let page = browser.get(path).await;
            assert!(!page.text().contains("架空"), "{staff} on {path}");
        }
        for path in ["", "/form.pdf", "/page.png"] {
            let page = browser.get(&format!("/case/{case}{path}")).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{staff} on {path}");
        }
        let open = browser.post(&format!("/case/{case}/open"), &[]).await;
        assert_eq!(open.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn each_look_at_a_case_is_logged() {
    let mut stage = Stage::set();
    let case = stage.submitted_by("u0312");
    let mut reviewer = stage.signed_in("u0102").await;
    reviewer.get(&format!("/case/{case}")).await;
    let log = stage.signed_in("u0900").await.get("/log").await;
    let line = format!(
        "<td>u0102</td><td>届出を見た</td><td class=\"number\"><a href=\"/log?case={case}\""
    );
    assert_eq!(log.text().matches(&line).count(), 1);
    let chains = stage.hub.lock().unwrap().audit_verify().unwrap();
    assert!(chains.iter().all(|chain| chain.broken_at.is_none()));
}

#[tokio::test]
async fn auditor_finds_who_touched_a_case_and_what_somebody_did() {
    let mut stage = Stage::set();
    let case = stage.submitted_by("u0312");
    let other = stage.submitted_by("u0312");
    let number = summary(&stage, case).receipt_number.unwrap();
    let mut reviewer = stage.signed_in("u0102").await;
    reviewer.get(&format!("/case/{case}")).await;
    reviewer.get(&format!("/case/{other}")).await;
    let mut auditor = stage.signed_in("u0900").await;
    let found = auditor.get(&format!("/log?case={number}")).await;
    assert!(found.text().contains(&case.to_string()));
    assert!(!found.text().contains(&other.to_string()));
    assert!(!found.text().contains("サインインした"));
    let found = auditor.get("/log?staff=u0102&from=2026-11-01").await;
    assert_eq!(found.text().matches("<td>u0102</td>").count(), 3);
    assert!(!found.text().contains("<td>u0312</td>"));
    let found = auditor.get("/log?to=2020-01-01").await;
    assert!(found.text().contains("当てはまる記録はありません"));
    let found = auditor.get("/log?case=99-9-999999-0001-1").await;
    assert!(
        found
            .text()
            .contains("この受付番号の届出は、本庁にありません。")
    );
}

#[tokio::test]
async fn idle_session_ends_and_polling_does_not_keep_it() {
    let stage = Stage::set();
    let mut browser = stage.signed_in("u0101").await;
    for _ in 0..3 {
        stage.minutes_pass(4);
        assert_eq!(browser.get("/queue/rows").await.status, StatusCode::OK);
    }
    stage.minutes_pass(3);
    assert_eq!(browser.get("/queue").await.location(), "/sign-in?ended=1");
}

#[tokio::test]
async fn sign_out_ends_the_session() {
    let stage = Stage::set();
    let mut browser = stage.signed_in("u0101").await;
    let other = browser
        .request("GET", "/queue")
        .body(Body::empty())
        .unwrap();
    assert_eq!(browser.post("/sign-out", &[]).await.location(), "/sign-in");
    let answer = browser.desk.clone().oneshot(other).await.unwrap();
    assert_eq!(
        answer.status(),
        StatusCode::SEE_OTHER,
        "the old cookie is worth nothing"
    );
}

#[tokio::test]
async fn pages_run_only_shipped_scripts_and_are_not_kept() {
    let mut stage = Stage::set();
    let case = stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0101").await;
    opened(&mut browser, case).await;
    for path in [
        "/sign-in",
        "/queue",
        "/hand-over",
        "/nowhere",
        &format!("/case/{case}"),
    ] {
        let page = browser.get(path).await;
        let policy = page.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(
            policy.contains("script-src 'self';") && !policy.contains("unsafe"),
            "{path}"
        );
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store", "{path}");
        for inline in [
            "<script>",
            " style=",
            " onclick=",
            "javascript:",
            "http://",
            "https://",
        ] {
            assert!(!page.text().contains(inline), "{inline} on {path}");
        }
    }
}

#[tokio::test]
async fn operations_page_tells_how_each_counter_is() {
    let stage = Stage::set();
    let mut browser = stage.signed_in("u0901").await;
    let shown = async |browser: &mut Browser, texts: &[&str]| {
        let page = browser.get("/operations/rows").await;
        for text in texts {
            assert!(page.text().contains(text), "{text}: {}", page.text());
        }
    };
    shown(
        &mut browser,
        &["登録した装置はまだありません", "この場所にはない"],
    )
    .await;
    let device = DeviceId([1; 16]);
    {
        let mut hub = stage.hub.lock().unwrap();
        let branch = BranchCode::from("07");
        let code = hub.issue_enrolment_code(&branch, "2番窓口", 1000).unwrap();
        hub.redeem_enrolment_code(&code, device, [5; 32]).unwrap();
    }
    shown(
        &mut browser,
        &["北部市民センター", "2番窓口", "まだつながっていません"],
    )
    .await;
    let contact = |program| {
        let mut hub = stage.hub.lock().unwrap();
        hub.note_contact(device, program).unwrap();
    };
    contact(Some("0.1.0"));
    shown(
        &mut browser,
        &["つながっています", "0.1.0", "11月21日 10:00:00"],
    )
    .await;
    stage.minutes_pass(2);
    shown(&mut browser, &["応答がありません", "11月21日 10:00:00"]).await;
    stage.hub.lock().unwrap().revoke(device).unwrap();
    shown(&mut browser, &["止めました"]).await;
}

#[tokio::test]
async fn operations_page_says_why_changes_were_kept_aside() {
    let stage = Stage::set();
    let foreign = stage.keeps_a_foreign_change_aside();
    let page = stage.signed_in("u0901").await.get("/operations").await;
    for text in [
        "ほかの支所の届出への変更",
        "登録し直してください",
        "case belongs to another branch",
        "分けて置いた変更",
    ] {
        assert!(page.text().contains(text), "{text}: {}", page.text());
    }
    assert!(
        !page.text().contains(&foreign.to_string()),
        "no case is named"
    );
}
