//! A draft read as a move, and what stands in the way of signing.

use counter_domain::draft::{Draft, DraftField, FieldValue, Source};
use counter_domain::hlc::Hlc;
use counter_domain::household::{MoveDraft, ProblemKind, Sex};
use counter_domain::ids::DeviceId;
use jiff::civil::date;

fn field(text: &str, at: u64) -> DraftField {
    DraftField {
        value: FieldValue::Text(text.to_owned()),
        source: Source::Staff,
        confidence: None,
        by: "u0312".into(),
        at: Hlc(at),
        settles: None,
    }
}

const COMPLETE: [(&str, &str); 14] = [
    ("event.type", "move_in"),
    ("event.flow", "card"),
    ("event.date", "令和8年11月20日"),
    ("address.new", "神奈川県藤沢市片瀬3丁目9番6号"),
    ("address.old", "横浜市西区みなとみらい1丁目"),
    ("member.1.name", "架空　太郎"),
    ("member.1.kana", "カクウ　タロウ"),
    ("member.1.birth_date", "1986-05-02"),
    ("member.1.sex", "男"),
    ("member.1.relation", "世帯主"),
    ("member.2.name", "架空　花子"),
    ("member.2.birth_date", "S63.4.1"),
    ("member.2.sex", "2"),
    ("member.2.relation", "妻"),
];

/// The complete move with some fields changed; empty text takes a field away.
fn changed(changes: &[(&str, &str)]) -> MoveDraft {
    let mut draft = Draft::default();
    for (path, text) in COMPLETE.iter().chain(changes) {
        let at = if changes.contains(&(*path, *text)) {
            2
        } else {
            1
        };
        draft.insert((*path).into(), DeviceId([1; 16]), field(text, at));
    }
    MoveDraft::from_draft(&draft, date(2026, 11, 21))
}

fn problems(changes: &[(&str, &str)]) -> Vec<(String, ProblemKind)> {
    let found = changed(changes).problems;
    found
        .into_iter()
        .map(|problem| (problem.path.0, problem.kind))
        .collect()
}

#[test]
fn complete_move_can_be_signed() {
    let read = changed(&[]);
    assert_eq!(read.problems, Vec::new());
    assert!(read.can_be_signed());
    assert_eq!(read.members.len(), 2);
    assert_eq!(read.members[1].sex, Some(Sex::Female));
    assert_eq!(read.event_date.unwrap().exact(), Some(date(2026, 11, 20)));
}

#[test]
fn each_problem_is_on_its_field() {
    for (path, text, kind) in [
        ("member.1.name", "", ProblemKind::Missing),
        ("address.new", "", ProblemKind::Missing),
        ("event.date", "2026-11-22", ProblemKind::FutureDate),
        ("member.2.birth_date", "2027-01-01", ProblemKind::FutureDate),
        ("member.1.kana", "かくう", ProblemKind::Kana),
        ("member.2.relation", "友人", ProblemKind::Relation),
        ("member.2.relation", "世帯主", ProblemKind::SeveralHeads),
        ("member.1.sex", "X", ProblemKind::Sex),
    ] {
        assert_eq!(
            problems(&[(path, text)]),
            [(path.to_owned(), kind)],
            "{path} {text}"
        );
        assert!(!changed(&[(path, text)]).can_be_signed());
    }
    let found = problems(&[("member.1.relation", "子")]);
    assert_eq!(found, [("head.new".to_owned(), ProblemKind::NoHead)]);
    assert_eq!(
        problems(&[("member.1.relation", "子"), ("head.new", "架空　次郎")]),
        []
    );
}

#[test]
fn late_report_is_flagged_and_can_still_be_signed() {
    assert_eq!(problems(&[("event.date", "2026-11-07")]), []);
    let late = changed(&[("event.date", "2026-11-06")]);
    assert_eq!(late.problems[0].kind, ProblemKind::Late { days: 15 });
    assert!(late.can_be_signed());
}

#[test]
fn two_counters_that_disagree_stop_the_signature() {
    let mut draft = Draft::default();
    for (path, text) in COMPLETE {
        draft.insert(path.into(), DeviceId([1; 16]), field(text, 1));
    }
    draft.insert(
        "member.1.name".into(),
        DeviceId([2; 16]),
        field("架空　太朗", 2),
    );
    let read = MoveDraft::from_draft(&draft, date(2026, 11, 21));
    assert_eq!(read.problems[0].kind, ProblemKind::Disputed);
    assert_eq!(read.problems[0].path.as_str(), "member.1.name");
}

#[test]
fn dispute_ends_when_somebody_chose() {
    let mut draft = Draft::default();
    let say = |draft: &mut Draft, counter: u8, field| {
        draft.insert("member.1.name".into(), DeviceId([counter; 16]), field);
    };
    say(&mut draft, 1, field("架空　太郎", 1));
    draft.insert("phone".into(), DeviceId([2; 16]), field("000", 1));
    assert!(!draft.is_disputed());
    say(&mut draft, 2, field("架空　太朗", 2));
    assert!(draft.is_disputed());
    let mut chosen = field("架空　太郎", 3);
    chosen.settles = Some(chosen.at);
    say(&mut draft, 1, chosen);
    assert!(!draft.is_disputed());
    let under: Vec<_> = draft.paths_under("member.").collect();
    assert_eq!(under, [&"member.1.name".into()]);
}

#[test]
fn two_households_come_together_and_one_parts() {
    let two = [
        ("event.type", "hh_merge"),
        ("member.1.relation_before", "世帯主"),
        ("member.2.relation_before", "妻"),
        ("member.3.name", "架空　次郎"),
        ("member.3.relation_before", "世帯主"),
        ("member.4.name", "架空　梅"),
        ("member.4.relation_before", "母"),
    ];
    let numbers = |households: Vec<Vec<&counter_domain::household::MemberDraft>>| -> Vec<Vec<u8>> {
        let numbers = households.into_iter();
        numbers
            .map(|members| members.iter().map(|one| one.number).collect())
            .collect()
    };
    let read = changed(&two);
    assert_eq!(numbers(read.households_before()), [vec![1, 2], vec![3, 4]]);
    assert_eq!(numbers(read.households_after()), [vec![1, 2, 3, 4]]);
    // Nobody's relation is known: one household.
    assert_eq!(numbers(changed(&[]).households_before()), [vec![1, 2]]);
    let mut draft = Draft::default();
    for (path, text) in COMPLETE {
        draft.insert(path.into(), DeviceId([1; 16]), field(text, 1));
    }
    draft.insert("event.type".into(), DeviceId([1; 16]), field("hh_split", 2));
    let stays = DraftField {
        value: FieldValue::Flag(false),
        ..field("", 2)
    };
    draft.insert("member.1.moving".into(), DeviceId([1; 16]), stays);
    let read = MoveDraft::from_draft(&draft, date(2026, 11, 21));
    assert_eq!(numbers(read.households_after()), [vec![2], vec![1]]);
}
