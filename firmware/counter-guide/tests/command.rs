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
    assert_eq!(
        next,
        json!({"question": null, "open": 0, "same_person": []})
    );
}

#[test]
fn members_are_told_apart_and_counted() {
    let said = refused(
        "{\"facts\": {\"hh.size\": 2},\n \"members\": [\n  {\"name\": \"子\", \"age\": 3},\n  {\"name\": \"父\"},\n  {\"name\": \"子\", \"age\": 3}]}",
    );
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        [
            "line 1, column 12: facts.hh.size: hh.size is 2, but 3 members are written here; it counts everybody of the household, so correct it or leave it out",
            "line 5, column 12: members[2].name: members[0] has this name too, and results name members; write one of them otherwise, for example with a number behind it",
        ]
    );
    let taken = |text: &str| CaseFile::read(text, &guide()).is_ok();
    // Whoever is not written down is counted all the same, and nobody needs a name.
    assert!(taken(
        r#"{"household": {"size": 3}, "members": [{"name": "子"}, {"name": ""}, {"name": ""}]}"#
    ));
    assert!(taken(
        r#"{"facts": {"hh.size": null}, "members": [{}, {}]}"#
    ));
    let said = refused(r#"{"household": {"size": 1}, "members": [{}, {}]}"#);
    assert!(
        said.starts_with("line 1, column 16: household.size: hh.size is 1"),
        "{said}"
    );
}

#[test]
fn unknown_facts_are_named_with_place_and_advice() {
    let said = refused(
        "{\"facts\": {\n  \"hh.dog\": 1,\n  \"age\": 3},\n \"members\": [\n  {\"name\": \"夫\", \"insurence\": \"nhi\", \"pension\": \"4\", \"hh.dogs\": 1}]}",
    );
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        [
            "line 2, column 3: facts.hh.dog: the catalogue has no fact hh.dog; did you mean hh.dogs? (todoke guide facts lists them all)",
            "line 3, column 3: facts.age: age is about one person; write it under members",
            "line 5, column 17: members[0].insurence: the catalogue has no fact insurence; did you mean insurance? (todoke guide facts lists them all)",
            "line 5, column 37: members[0].pension: pension should be one of 1, 2, 3, none, or null when nobody knows",
            "line 5, column 53: members[0].hh.dogs: hh.dogs is about the whole case; write it under facts",
        ]
    );
    assert_eq!(
        refused("{\n \"facts\": }"),
        "line 2, column 11: this is not JSON"
    );
    assert_eq!(
        refused("{\n \"facts\": {"),
        "line 2, column 11: the file ends in the middle; close every bracket and quotation mark"
    );
    assert_eq!(
        refused(r#"{"fact": {}}"#),
        "line 1, column 2: fact: there is no key fact; the keys are facts, members, requested, event_date, today, event, household"
    );
    assert_eq!(
        refused(r#"{"members": [{"number": 1}, {"number": 1}]}"#),
        "two members have the number 1"
    );
    assert_eq!(
        refused(r#"{"event_date": "20.11.2026"}"#),
        "line 1, column 2: event_date: event_date should be a day such as 2026-11-20"
    );
    assert_eq!(
        refused(r#"{"members": {}}"#),
        "line 1, column 2: members: members should be a list"
    );
    assert_eq!(
        refused(
            r#"{"members": [{"birth": "2026-11-22"}], "event_date": "2026-11-01", "today": "2026-11-21"}"#
        ),
        "line 1, column 15: members[0].birth: nobody is born after both event_date and today; correct one of them"
    );
    assert!(
        refused(r#"{"requested": ["P999"]}"#)
            .starts_with("line 1, column 16: requested[0]: the catalogue has no procedure P999")
    );
    assert_eq!(
        refused(r#"{"members": [{"age": 30}], "requested": ["P026/2"]}"#),
        "line 1, column 42: requested[0]: there is no member 2; write the number of one that is listed, or P026 for everybody"
    );
    assert_eq!(
        refused(r#"{"members": [{"age": -1, "name": 7}]}"#)
            .lines()
            .collect::<Vec<_>>(),
        [
            "line 1, column 15: members[0].age: age should be a number from 0 to 150, or null when nobody knows",
            "line 1, column 26: members[0].name: a name is a text",
        ]
    );
    assert_eq!(
        refused(r#"{"members": [{"birth": "1985-04-01"}]}"#),
        "line 1, column 15: members[0].birth: an age needs a day; give event_date or today beside the members, or write age instead"
    );
    let many = vec!["{}"; 300].join(",");
    assert_eq!(
        refused(&format!(r#"{{"members": [{many}]}}"#)),
        "a case has up to 99 members"
    );
}

#[test]
fn facts_that_cannot_be_together_are_refused_with_both_paths() {
    let text = "{\"facts\": {\"ev.type\": \"move_in\"},\n \"members\": [{\"age\": 40},\n  {\"age\": 10, \"wants_seal\": true}]}";
    let refused = CaseFile::read_consistent(text, &guide()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "line 3, column 15: members[1].wants_seal: this cannot be true together with members[1].age; correct one of them, or leave out what nobody knows"
    );
    let ok = r#"{"facts": {"ev.type": "move_in"}, "members": [{"age": 40, "wants_seal": true}]}"#;
    assert!(CaseFile::read_consistent(ok, &guide()).is_ok());
}

#[test]
fn brief_answer_has_exactly_the_promised_keys() {
    let guide = guide();
    let case = CaseFile::read(&couple().to_string(), &guide).unwrap();
    let brief = serde_json::to_value(answer::list(&guide, &case).brief()).unwrap();
    let keys =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    let mut top = keys(&brief);
    top.sort();
    assert_eq!(top, ["ask", "hidden", "listed"]);
    for row in brief["listed"].as_array().unwrap() {
        let mut own = keys(row);
        own.sort();
        assert_eq!(own, ["member", "procedure", "reason"]);
    }
    for row in brief["ask"].as_array().unwrap() {
        let mut own = keys(row);
        own.sort();
        assert_eq!(own, ["fact", "member", "settles"]);
    }
}

#[test]
fn birth_and_sex_give_what_follows_from_them() {
    let with_birth = listed(&json!({
        "facts": {"ev.type": "move_in"},
        "members": [{"birth": "2012-03-01", "sex": "male", "moving": true}],
        "event_date": "2026-11-20",
    }));
    let with_age = listed(&json!({
        "facts": {"ev.type": "move_in"},
        "members": [{"age": 14, "age_fy18": true, "compulsory_school": true, "pregnant": false, "moving": true}],
        "event_date": "2026-11-20",
    }));
    assert_eq!(with_birth, with_age);
}

#[test]
fn changed_answer_tells_what_comes_what_goes_and_which_form() {
    let guide = guide();
    let before = CaseFile::read(&couple().to_string(), &guide).unwrap();
    let mut after = before.clone();
    after.set("joins_nhi/1=false", &guide).unwrap();
    let told = serde_json::to_value(answer::changes(&guide, &before, &after)).unwrap();
    let ids = |rows: &Value| -> Vec<String> {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["procedure"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids(&told["added"]), Vec::<String>::new());
    assert_eq!(ids(&told["removed"]), ["P053", "P069"]);
    let forms = told["forms_removed"].as_array().unwrap();
    assert!(forms.contains(&json!("F044")), "{forms:?}");
    let said = |one: &str| before.clone().set(one, &guide).unwrap_err().to_string();
    assert_eq!(
        said("joins_nhi=true"),
        "joins_nhi is about one person; write joins_nhi/1=…"
    );
    assert_eq!(said("joins_nhi/7=true"), "there is no such member");
    assert_eq!(
        said("hh.dogs=many"),
        "hh.dogs should be a number from 0 to 150, or null when nobody knows"
    );
}

#[test]
fn questions_come_person_by_person_where_that_is_wanted() {
    let guide = guide();
    let case = CaseFile::read(&couple().to_string(), &guide).unwrap();
    let guidance = guide.evaluate(&case.facts);
    let persons = guidance.questions_by_person();
    let asked: usize = persons.iter().map(|person| person.questions.len()).sum();
    assert_eq!(asked, guidance.ask.len());
    for person in &persons {
        assert!(
            person
                .questions
                .iter()
                .all(|ask| ask.member == person.member)
        );
    }
    let next = serde_json::to_value(answer::next(&guide, &case)).unwrap();
    assert_eq!(next["same_person"][0], next["question"]["fact"]);
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

#[test]
fn family_with_nothing_but_names_and_ages_is_served() {
    let answer = listed(&json!({
        "facts": {"ev.type": "move_in", "hh.size": 4},
        "members": [
            {"name": "夫", "age": 41}, {"name": "妻", "age": 39},
            {"name": "長男", "age": 12}, {"name": "長女", "age": 5},
        ],
    }));
    let has = |list: &str, key: &str, value: &str, member: Value| {
        let rows = answer[list].as_array().unwrap().iter();
        rows.filter(|row| row["member"] == member)
            .any(|row| row[key] == value)
    };
    assert!(
        has("listed", "procedure", "P146", Value::Null),
        "the garbage guide"
    );
    assert!(
        has("listed", "procedure", "P112", json!("長女")),
        "vaccination slips"
    );
    assert!(has("ask", "fact", "joins_nhi", json!("夫")));
    assert!(
        has("ask", "fact", "japanese", json!("長男")),
        "to be looked up: school by nationality"
    );
    let moves = |members: Value| {
        let answer = listed(&json!({"facts": {"ev.type": "move_in"}, "members": members}));
        let rows = answer["listed"].as_array().unwrap().clone();
        rows.iter().filter(|row| row["procedure"] == "P112").count()
    };
    assert_eq!(moves(json!([{"age": 5}, {"age": 3}])), 2);
    assert_eq!(
        moves(json!([{"age": 5, "moving": true}, {"age": 3}])),
        1,
        "who said, said it"
    );
}
