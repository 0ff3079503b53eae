//! What `todoke guide` reads and prints.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use counter_guide::{CaseFile, Catalogue, Guide, answer};
use serde_json::{Value, json};

fn guide() -> Guide {
    Guide::new(Catalogue::bundled().unwrap())
}

fn listed(case: &Value) -> Value {
    let guide = guide();
    let case = CaseFile::read(&case.to_string(), &guide).unwrap();
    serde_json::to_value(answer::list(&guide, &case)).unwrap()
}

fn refused(text: &str) -> String {
    CaseFile::read(text, &guide()).unwrap_err().to_string()
}

fn couple() -> Value {
    json!({
        "facts": {"ev.type": "move_in", "ev.transfer_mode": "card", "hh.welfare": false},
        "members": [
            {"name": "夫", "age": 41, "moving": true, "japanese": true, "joins_nhi": true, "pregnant": false},
            {"name": "妻", "age": 39, "moving": true, "japanese": true},
        ],
        "event_date": "2026-11-20",
        "today": "2026-11-21",
    })
}

#[test]
fn list_names_members_and_says_why() {
    let answer = listed(&couple());
    let rows = answer["listed"].as_array().unwrap();
    let nhi = rows.iter().find(|row| row["procedure"] == "P053").unwrap();
    assert_eq!(
        *nhi,
        json!({
            "procedure": "P053",
            "member": "夫",
            "member_number": 1,
            "name": "国民健康保険 資格取得届",
            "reason": "国民健康保険 資格取得届：夫は 転入、国民健康保険に加入、年齢 41歳",
            "deadline": "令和8年12月4日まで（14日以内）",
            "due": "2026-12-04",
            "sensitive": false,
        })
    );
    let waiting = answer["to_confirm"].as_array().unwrap();
    let wife = waiting
        .iter()
        .find(|row| row["procedure"] == "P053")
        .unwrap();
    assert_eq!(wife["member"], "妻");
    assert_eq!(
        wife["reason"],
        "国民健康保険 資格取得届：妻の国民健康保険に加入が分かれば決まります"
    );
    let ask = answer["ask"].as_array().unwrap();
    assert!(
        ask.iter()
            .any(|row| row["fact"] == "joins_nhi" && row["member"] == "妻")
    );
    assert!(
        !ask.iter()
            .any(|row| row["fact"] == "joins_nhi" && row["member"] == "夫")
    );
    assert!(answer["hidden"].as_u64().unwrap() > 100);
    assert_eq!(answer["contradictions"], json!([]));
}

#[test]
fn next_is_one_question_with_a_row_for_each_member() {
    let guide = guide();
    let mut case = couple();
    case["members"][0]
        .as_object_mut()
        .unwrap()
        .remove("joins_nhi");
    let case = CaseFile::read(&case.to_string(), &guide).unwrap();
    let next = serde_json::to_value(answer::next(&guide, &case)).unwrap();
    assert_eq!(next["question"]["fact"], "holds_certificate");
    assert_eq!(next["question"]["sensitive"], true);
    assert_eq!(
        next["question"]["members"],
        json!([{"number": 1, "name": "夫"}, {"number": 2, "name": "妻"}])
    );
    assert_eq!(
        next["question"]["answers"][1],
        json!({"value": "false", "ja": "いいえ", "en": "no"})
    );
    assert!(next["open"].as_u64().unwrap() > 5);
}

#[test]
fn nothing_left_to_ask_is_no_question() {
    let guide = guide();
    let case = r#"{"facts": {"ev.type": "koseki_transfer"}, "members": [{"age": 30}]}"#;
    let case = CaseFile::read(case, &guide).unwrap();
    let next = serde_json::to_value(answer::next(&guide, &case)).unwrap();
    assert_eq!(next, json!({"question": null, "open": 0}));
}

#[test]
fn unknown_facts_are_named_with_place_and_advice() {
    let said = refused(
        "{\"facts\": {\n  \"hh.dog\": 1,\n  \"age\": 3},\n \"members\": [\n  {\"name\": \"夫\", \"insurence\": \"nhi\", \"pension\": \"4\", \"hh.dogs\": 1}]}",
    );
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        [
            "line 3, column 3: age is about one person; write it under members",
            "line 2, column 3: the catalogue has no fact hh.dog; did you mean hh.dogs? (todoke guide facts lists them all)",
            "line 5, column 53: hh.dogs is about the whole case; write it under facts",
            "line 5, column 17: the catalogue has no fact insurence; did you mean insurance? (todoke guide facts lists them all)",
            "line 5, column 37: pension should be one of 1, 2, 3, none, or null when nobody knows",
        ]
    );
    assert_eq!(
        refused("{\n \"facts\": }"),
        "line 2, column 11: this is not JSON"
    );
    assert_eq!(
        refused(r#"{"fact": {}}"#),
        "there is no key fact; the keys are facts, members, requested, event_date, today, event, household"
    );
    assert_eq!(
        refused(r#"{"members": [{"number": 1}, {"number": 1}]}"#),
        "two members have the number 1"
    );
    assert_eq!(
        refused(r#"{"event_date": "20.11.2026"}"#),
        "event_date should be a day such as 2026-11-20"
    );
    assert!(
        refused(r#"{"requested": ["P999"]}"#).starts_with("the catalogue has no procedure P999")
    );
}

#[test]
fn facts_that_cannot_be_together_are_pointed_out() {
    let answer = listed(&json!({
        "facts": {"ev.type": "move_in"},
        "members": [{"name": "子", "age": 10, "moving": true, "wants_seal": true}],
    }));
    assert_eq!(
        answer["contradictions"],
        json!([{"fact": "wants_seal", "member": "子", "because": ["age"]}])
    );
}

#[test]
fn procedure_is_picked_for_one_member() {
    let answer = listed(&json!({
        "facts": {"ev.type": "request"},
        "members": [{"age": 40, "japanese": true}, {"age": 38, "japanese": true}],
        "requested": ["P026/2"],
    }));
    let rows = answer["listed"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (&rows[0]["procedure"], &rows[0]["member"]),
        (&json!("P026"), &json!(2))
    );
}

#[test]
fn earlier_form_with_event_and_household_is_read_too() {
    let answer = listed(&json!({
        "event": {"type": "move_in"},
        "household": {"dogs": 1},
        "members": [{"number": 3, "age": 30, "moving": true}],
    }));
    let rows = answer["listed"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["procedure"] == "P143"));
    assert!(rows.iter().any(|row| row["member"] == 3));
}
