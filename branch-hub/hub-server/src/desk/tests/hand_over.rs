//! What comes back of what was handed over: read at the desk, seen at the counter.

use std::fs;

use counter_domain::case::{CaseState, CaseStep};
use counter_domain::ids::{CaseId, StaffId};

use super::stage::{Browser, Stage};
use super::{deed, opened, summary};

/// A case in a hand-over file, and a browser of whoever accepted it.
async fn handed_over() -> (Stage, CaseId, Browser) {
    let mut stage = Stage::set();
    let case = stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0101").await;
    opened(&mut browser, case).await;
    assert_eq!(deed(&mut browser, case, "accept", &[]).await, "accepted");
    stage.minutes_pass(1);
    assert_eq!(deed(&mut browser, case, "hand-over", &[]).await, "written");
    stage.minutes_pass(1);
    (stage, case, browser)
}

/// Sends a file of answers; what the page says then.
async fn answered(stage: &Stage, browser: &mut Browser, file: &str) -> String {
    stage.minutes_pass(1);
    browser.get("/answers").await;
    let answer = browser.post("/answers", &[("file", file)]).await;
    if answer.headers.contains_key("location") {
        browser.get(&answer.location()).await.text().to_owned()
    } else {
        answer.text().to_owned()
    }
}

fn state_at_the_counter(stage: &mut Stage, case: CaseId) -> CaseState {
    stage.send();
    stage.counter.case(case).unwrap().unwrap().summary.state
}

#[tokio::test]
async fn case_that_was_taken_is_completed_at_the_desk_and_at_the_counter() {
    let (mut stage, case, mut browser) = handed_over().await;
    let page = browser.get("/answers").await;
    assert!(
        page.text()
            .contains("渡したが、まだ結果のない届出<span class=\"end chip chip-info\">1 件")
    );
    let file = format!("キー,結果\n{case}-1,取込済\n");
    let said = answered(&stage, &mut browser, &file).await;
    assert!(said.contains("取り込まれた届出 1 件、受け取られなかった届出 0 件"));
    assert_eq!(summary(&stage, case).state, CaseState::Completed);
    assert_eq!(state_at_the_counter(&mut stage, case), CaseState::Completed);
    let again = answered(&stage, &mut browser, &file).await;
    assert!(
        again.contains("取り込まれた届出 0 件、受け取られなかった届出 0 件、前に読んだもの 1 件")
    );
    let events = stage
        .hub
        .lock()
        .unwrap()
        .case(case)
        .unwrap()
        .unwrap()
        .events;
    let completed = events
        .iter()
        .filter(|event| event.what == CaseStep::Completed);
    assert_eq!(completed.count(), 1, "the same file again changes nothing");
}

#[tokio::test]
async fn case_that_was_refused_says_why_and_can_be_handed_over_again() {
    let (mut stage, case, mut browser) = handed_over().await;
    let number = summary(&stage, case).receipt_number.unwrap();
    let file = format!(
        "受付番号,版,人の番号,結果,理由\r\n{number},1,1,取込済,\r\n{number},1,2,不可,続柄が空です\r\n"
    );
    let said = answered(&stage, &mut browser, &file).await;
    assert!(said.contains("受け取られなかった届出 1 件") && said.contains("<td>続柄が空です</td>"));
    assert_eq!(
        state_at_the_counter(&mut stage, case),
        CaseState::CoreRejected
    );
    let told = stage.counter.case(case).unwrap().unwrap().summary.reason;
    assert_eq!(told.as_deref(), Some("続柄が空です"));
    // Accepted and handed over once more, the same version is answered anew.
    stage.minutes_pass(1);
    opened(&mut browser, case).await;
    assert_eq!(deed(&mut browser, case, "accept", &[]).await, "accepted");
    stage.minutes_pass(1);
    assert_eq!(deed(&mut browser, case, "hand-over", &[]).await, "written");
    let file = format!("idempotency_key,result\n{case}-1,taken\n");
    answered(&stage, &mut browser, &file).await;
    assert_eq!(summary(&stage, case).state, CaseState::Completed);
}

#[tokio::test]
async fn what_does_not_fit_is_listed_until_somebody_put_it_right() {
    let (stage, case, mut browser) = handed_over().await;
    let other = CaseId::new(9, [9; 10]);
    let file = format!(
        "キー,人の番号,結果,氏名,新しい住所\n\
         {case}-1,1,取込済,架空　次郎,六会市北町3-9-6\n\
         {case}-1,2,取込済,架空花子,\n\
         {other}-1,1,取込済,,\n"
    );
    let said = answered(&stage, &mut browser, &file).await;
    assert!(said.contains("合わないところが 2 か所あります"), "{said}");
    assert!(said.contains("架空　太郎</td><td class=\"name\">架空　次郎"));
    assert!(said.contains("渡していない番号の回答") && said.contains(&format!("{other}-1")));
    // The answer of another day that says the contrary.
    let said = answered(
        &stage,
        &mut browser,
        &format!("キー,結果,理由\n{case}-1,不可,取消\n"),
    )
    .await;
    assert!(said.contains("いまの状態と合わない回答") && said.contains("完了"));
    assert_eq!(summary(&stage, case).state, CaseState::Completed);
    let open = stage.hub.lock().unwrap().mismatches().unwrap();
    assert_eq!(open.len(), 3);
    let id = open.first().unwrap().id;
    let path = format!("/answers/{id}/settle");
    assert_eq!(
        browser.post(&path, &[]).await.location(),
        "/answers?notice=settled"
    );
    assert_eq!(stage.hub.lock().unwrap().mismatches().unwrap().len(), 2);
}

#[tokio::test]
async fn file_with_a_bad_line_takes_nothing_and_says_where() {
    let (stage, case, mut browser) = handed_over().await;
    let file = format!("キー,結果\n{case}-1,取込済\n{case},たぶん\n");
    let said = answered(&stage, &mut browser, &file).await;
    assert!(
        said.contains("1件も取り込んでいません") && said.contains("3行目 2列（result）"),
        "{said}"
    );
    assert_eq!(summary(&stage, case).state, CaseState::HandedOver);
    let said = answered(&stage, &mut browser, "氏名,住所\na,b\n").await;
    assert!(said.contains("取込結果のファイルとして読めません"));
    let left = fs::read_dir(stage.folder.path().join("handover")).unwrap();
    let names = left.map(|one| one.unwrap().file_name().into_string().unwrap());
    assert!(
        !names.into_iter().any(|name| name.contains("answers")),
        "no copy stays"
    );
}

#[tokio::test]
async fn only_who_reviews_reads_answers() {
    let (stage, case, _) = handed_over().await;
    for staff in ["u0900", "u0901"] {
        let mut browser = stage.signed_in(staff).await;
        assert_eq!(browser.get("/answers").await.status, 403, "{staff}");
        let file = format!("キー,結果\n{case}-1,取込済\n");
        let answer = browser.post("/answers", &[("file", file.as_str())]).await;
        assert_eq!(answer.status, 403, "{staff}");
    }
    let mut hub = stage.hub.lock().unwrap();
    let intake = StaffId::from("u0312");
    assert!(hub.settle_mismatch(1, &intake).is_err());
}

/// Files of the folder whose names end so, in order.
fn written(stage: &Stage, ending: &str) -> Vec<String> {
    let entries = fs::read_dir(stage.folder.path().join("handover")).unwrap();
    let mut names: Vec<String> = entries
        .map(|one| one.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(ending))
        .collect();
    names.sort();
    names
}

const ADAPTER: &str = r#"
title = "住民記録システム"
rows = "persons"
encoding = "cp932"
ending = "dat"
form = { fixed = { record_bytes = 80 } }
[[column]]
from = ["idempotency_key"]
at = 1
bytes = 40
[[column]]
from = ["name"]
letters = "full"
at = 41
bytes = 20
[[column]]
from = ["event_date"]
date = "era_digits"
at = 61
bytes = 7
"#;

#[tokio::test]
async fn adapter_of_the_city_gets_its_file_and_the_same_cases_can_be_written_again() {
    let mut stage = Stage::set();
    let adapters = stage.folder.path().join("adapters");
    fs::create_dir(&adapters).unwrap();
    fs::write(adapters.join("core.toml"), ADAPTER).unwrap();
    fs::write(adapters.join("torn.toml"), "title = \"x\"\nrows = 7\n").unwrap();
    let case = stage.submitted_by("u0312");
    let mut browser = stage.signed_in("u0101").await;
    opened(&mut browser, case).await;
    deed(&mut browser, case, "accept", &[]).await;
    assert_eq!(deed(&mut browser, case, "hand-over", &[]).await, "written");
    let [file] = written(&stage, ".core.dat").try_into().unwrap();
    let read = |name: &str| fs::read(stage.folder.path().join("handover").join(name)).unwrap();
    let text = encoding_rs::SHIFT_JIS.decode(&read(&file)).0.into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let names = ["架空　太郎", "架空　花子"];
    for (line, name) in lines.iter().zip(names) {
        let key = format!("{:<40}", format!("{case}-1"));
        assert_eq!(*line, format!("{key}{name}          5081115             "));
    }
    assert_eq!(lines.len(), 2);
    let page = browser.get("/answers").await;
    assert!(page.text().contains("torn") && page.text().contains("2行目 8桁"));
    let state = summary(&stage, case).state;
    let main = written(&stage, ".csv").into_iter();
    let main = main.filter(|name| name.matches('.').count() == 1);
    let [main] = main.collect::<Vec<_>>().try_into().unwrap();
    stage.minutes_pass(1);
    browser.get("/hand-over").await;
    let again = browser.post("/hand-over/again", &[("file", &main)]).await;
    assert!(again.location().ends_with("notice=written-again"));
    let [first, second] = written(&stage, ".core.dat").try_into().unwrap();
    assert_eq!(read(&first), read(&second), "the same keys and values");
    assert_eq!(summary(&stage, case).state, state);
    let got = browser.get(&format!("/hand-over/{second}")).await;
    assert_eq!(got.body, read(&second));
    let none = browser
        .post("/hand-over/again", &[("file", "handover-0.csv")])
        .await;
    assert!(none.location().ends_with("notice=not-written"));
}
