//! The rule language, the checks of a catalogue, and facts that come from elsewhere.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use counter_domain::draft::{Draft, DraftField, FieldValue, Source};
use counter_domain::hlc::Hlc;
use counter_domain::ids::DeviceId;
use counter_guide::{Catalogue, FactValue, Facts, Guide, Session, facts_from_draft};
use jiff::civil::date;

const HEAD: &str = "facts:
  ev.type: { level: event, type: enum, label_ja: 手続き, source: staff, values: { move_in: { ja: 転入, en: in }, death: { ja: 死亡, en: death } } }
  hh.dogs: { level: household, type: int, label_ja: 犬, source: question, question_ja: 犬 }
  age: { level: member, type: int, label_ja: 年齢, source: birth date }
  moving: { level: member, type: bool, label_ja: 異動, source: list, question_ja: 異動 }
  student: { level: member, type: bool, label_ja: 学生, source: question, question_ja: 学生 }
macros:
  IN: ev.type == 'move_in'
sections:
  s: { ja: 課, en: section }
documents:
  d: { ja: 書類, en: paper }
field_sets:
  f: [欄]
";

/// A catalogue with one procedure whose `when` is on line 7 of `p.yaml`.
fn with_rule(scope: &str, rule: &str) -> Result<Guide, String> {
    let procedure = format!(
        "procedures:\n  - id: P1\n    name_ja: 手続き\n    name_en: procedure\n    kind: form\n    \
         scope: {scope}\n    when: {rule}\n    section: s\n    deadline: {{ kind: none }}\n    \
         documents: [d]\n    asks: []\n    fields: [f]\n"
    );
    Catalogue::from_files(&[("head.yaml", HEAD), ("p.yaml", &procedure)])
        .map(Guide::new)
        .map_err(|error| error.to_string())
}

/// What the rule says about two members: `yes`, `no`, or the facts it waits for.
fn said(rule: &str, set: &[(&str, Option<u8>, FactValue)]) -> String {
    let guide = with_rule("household", rule).unwrap();
    let mut facts = Facts::default();
    facts.member(1);
    facts.member(2);
    for (fact, member, value) in set {
        facts.set(fact, *member, value.clone());
    }
    let guidance = guide.evaluate(&facts);
    match (guidance.listed.as_slice(), guidance.to_confirm.as_slice()) {
        ([], []) => "no".to_owned(),
        ([_], []) => "yes".to_owned(),
        ([], [row]) => {
            let name = |place: &counter_guide::FactRef| match place.member {
                Some(number) => format!("{} {number}", place.fact),
                None => place.fact.clone(),
            };
            row.missing.iter().map(name).collect::<Vec<_>>().join(", ")
        }
        (listed, unsettled) => panic!("{} and {} rows", listed.len(), unsettled.len()),
    }
}

#[test]
fn unknown_and_false_is_false_unknown_or_true_is_true() {
    let in_ = || ("ev.type", None, FactValue::from("move_in"));
    assert_eq!(said("IN and hh.dogs >= 1", &[]), "ev.type, hh.dogs");
    assert_eq!(said("ev.type == 'death' and hh.dogs >= 1", &[in_()]), "no");
    assert_eq!(said("IN or hh.dogs >= 1", &[in_()]), "yes");
    assert_eq!(said("not (IN and hh.dogs >= 1)", &[in_()]), "hh.dogs");
    assert_eq!(said("not IN and hh.dogs >= 1", &[in_()]), "no");
    assert_eq!(
        said("IN and ev.type in ['death','move_in']", &[in_()]),
        "yes"
    );
}

#[test]
fn any_and_count_run_over_members_with_unknown_ones() {
    let student = |member, value: bool| ("student", Some(member), FactValue::from(value));
    assert_eq!(said("any(student)", &[student(1, true)]), "yes");
    assert_eq!(said("any(student)", &[student(1, false)]), "student 2");
    assert_eq!(
        said("any(not student)", &[student(1, true), student(2, true)]),
        "no"
    );
    assert_eq!(
        said("count(student) >= 1", &[student(1, true)]),
        "student 2"
    );
    assert_eq!(
        said("count(student) == 2", &[student(1, true), student(2, true)]),
        "yes"
    );
}

#[test]
fn fact_asked_and_not_known_is_not_asked_again() {
    let guide = with_rule("household", "IN and hh.dogs >= 1").unwrap();
    let mut facts = Facts::default();
    facts.set("ev.type", None, "move_in");
    assert_eq!(guide.evaluate(&facts).ask.len(), 1);
    facts.set("hh.dogs", None, FactValue::Unknown);
    let guidance = guide.evaluate(&facts);
    assert_eq!(guidance.ask.len(), 0);
    assert_eq!(guidance.to_confirm.len(), 1);
}

#[test]
fn mistakes_in_a_catalogue_are_named_with_their_place() {
    let mistake = |scope, rule| with_rule(scope, rule).unwrap_err();
    assert_eq!(
        mistake("member", "moving and studnet"),
        "p.yaml:7:22: there is no fact called studnet"
    );
    assert_eq!(
        mistake("once", "INN"),
        "p.yaml:7:11: there is no short name (macro) called INN"
    );
    assert_eq!(
        mistake("once", "ev.type == 'birth'"),
        "p.yaml:7:22: ev.type is never birth"
    );
    assert_eq!(
        mistake("once", "moving"),
        "p.yaml:7:11: moving is about a member; write any(..) around it"
    );
    assert_eq!(mistake("once", "(IN"), "p.yaml:7:14: expected )");
    assert_eq!(
        mistake("once", "IN and hh.dogs"),
        "p.yaml:7:25: a number must be compared"
    );
}

#[test]
fn unknown_section_or_document_is_named_with_its_place() {
    let text = "procedures:
  - { id: P1, name_ja: a, name_en: a, kind: form, scope: once, when: IN, deadline: { kind: none }, section: s, documents: [d, x], asks: [], fields: [] }
";
    let files = [("head.yaml", HEAD), ("p.yaml", text)];
    let error = Catalogue::from_files(&files).unwrap_err();
    assert_eq!(
        error.to_string(),
        "p.yaml:2:127: there is no document called x"
    );
    let text = text.replace("section: s", "section: t");
    let error = Catalogue::from_files(&[("head.yaml", HEAD), ("p.yaml", &text)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "p.yaml:2:109: there is no section called t"
    );
}

#[test]
fn deep_nesting_is_refused() {
    let rule = format!("{}IN{}", "(".repeat(500), ")".repeat(500));
    assert!(
        with_rule("once", &rule)
            .unwrap_err()
            .ends_with("the rule is nested too deeply")
    );
}

fn row(value: FieldValue) -> DraftField {
    DraftField {
        value,
        source: Source::Staff,
        confidence: None,
        by: "u0312".into(),
        at: Hlc(1),
        settles: None,
    }
}

#[test]
fn draft_gives_ages_heads_addresses_and_answers() {
    let mut draft = Draft::default();
    let texts = [
        ("event.type", "move_in"),
        ("event.flow", "イ"),
        ("event.date", "2026-11-20"),
        ("address.new", "神奈川県藤沢市片瀬3丁目9番6号"),
        ("address.old", "横浜市西区みなとみらい1丁目1番"),
        ("member.1.name", "架空　太郎"),
        ("member.1.birth_date", "2008-04-01"),
        ("member.1.relation", "世帯主"),
        ("member.1.nationality", "日本"),
        ("member.1.sex", "男"),
        ("member.2.birth_date", "2008-04-02"),
        ("member.2.relation", "子"),
        ("answer.m1.mn_card", "valid"),
    ];
    for (path, text) in texts {
        draft.insert(
            path.into(),
            DeviceId([1; 16]),
            row(FieldValue::Text(text.to_owned())),
        );
    }
    for (path, value) in [
        ("answer.hh.dogs", FieldValue::Count(1)),
        ("answer.hh.welfare", FieldValue::Unknown),
    ] {
        draft.insert(path.into(), DeviceId([1; 16]), row(value));
    }
    let facts = facts_from_draft(&draft, date(2026, 11, 21));
    let expected = r#"{"event":{"ev.days_since":1,"ev.same_prefecture":true,"ev.transfer_mode":"card","ev.type":"move_in"},"household":{"hh.dogs":1,"hh.welfare":null},"members":[{"number":1,"age":18,"age_fy18":false,"compulsory_school":false,"is_head":true,"japanese":true,"mn_card":"valid","moving":true,"pregnant":false},{"number":2,"age":18,"age_fy18":true,"compulsory_school":false,"is_head":false,"moving":true}],"requested":[],"event_date":"2026-11-20","today":"2026-11-21"}"#;
    assert_eq!(serde_json::to_string(&facts).unwrap(), expected);
    assert_eq!(Facts::from_json(expected).unwrap(), facts);
    Guide::new(Catalogue::bundled().unwrap())
        .check(&facts)
        .unwrap();
}

#[test]
fn session_says_the_same_as_a_fresh_look_and_rereads_little() {
    let guide = Guide::new(Catalogue::bundled().unwrap());
    let mut facts = Facts::default();
    for number in 1..=8_u8 {
        facts.set("age", Some(number), i64::from(number) * 11);
        facts.set("moving", Some(number), true);
        facts.set("japanese", Some(number), number % 2 == 0);
    }
    facts.set("ev.type", None, "move_in");
    let mut session = Session::new(&guide, &facts);
    let rules = session.rules_reread();
    let mut asked = 0;
    while let Some(ask) = session.guidance().ask.first().cloned() {
        let value = match guide.catalogue().fact(&ask.fact).unwrap().values.first() {
            Some((value, _)) => FactValue::from(value.as_str()),
            None if asked % 3 == 0 => FactValue::Unknown,
            None => FactValue::from(asked % 2 == 0),
        };
        session.answer(&ask.fact, ask.member, value);
        assert!(
            session.rules_reread() < rules / 3,
            "{} read {}",
            ask.fact,
            session.rules_reread()
        );
        assert_eq!(session.guidance(), guide.evaluate(session.facts()));
        asked += 1;
        assert!(asked < 400, "questions never end");
    }
    assert!(asked > 20);
}

#[test]
fn every_question_has_words_in_both_languages() {
    let catalogue = Catalogue::bundled().unwrap();
    assert_eq!(catalogue.procedures().len(), 181);
    for fact in catalogue.facts() {
        assert!(!fact.label_ja.is_empty(), "{}", fact.name);
        if let Some(question) = &fact.question {
            assert!(
                !question.easy_ja.is_empty() && !question.en.is_empty(),
                "{}",
                fact.name
            );
        }
    }
}
