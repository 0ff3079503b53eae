//! Forms of other sections, filled from a case and what the interview answered.

use counter_domain::draft::{Draft, DraftField, FieldPath, FieldValue, Source};
use counter_domain::hlc::Hlc;
use counter_domain::ids::DeviceId;
use counter_domain::snapshot::{Snapshot, SnapshotField, SnapshotProcedure};
use counter_forms::{Answers, FollowUp, FormMeta};
use serde_json::{Value, json};

use crate::case::{city, snapshot};
use crate::{FILED_ON, FORMS, assets, text_of};

/// Number, member and text of each follow-up form, as printed.
fn follow_ups(listed: &[(&str, Option<u8>)]) -> Vec<(String, Option<u8>, String)> {
    let found = of_case(snapshot(), listed, &Answers::default());
    found
        .into_iter()
        .map(|form| {
            let made = FORMS.render_prefilled(&form.form, &form.data, &assets(), FILED_ON);
            let text = text_of(&made.expect("printed with blanks").pdf);
            (
                form.number,
                form.member,
                text.replace([' ', '\u{3000}'], ""),
            )
        })
        .collect()
}

/// The follow-up forms of a case for which these procedures are listed.
fn of_case(
    mut snapshot: Snapshot,
    listed: &[(&str, Option<u8>)],
    answers: &Answers,
) -> Vec<FollowUp> {
    snapshot.procedures = listed
        .iter()
        .map(|(id, member)| SnapshotProcedure {
            id: (*id).to_owned(),
            name: String::new(),
            member: *member,
            reason: String::new(),
            deadline: String::new(),
            to_confirm: false,
        })
        .collect();
    let found = FORMS.follow_ups(&snapshot, &city(), answers);
    found.expect("complete")
}

#[test]
fn follow_up_forms_are_filled_from_the_case() {
    let forms = follow_ups(&[
        ("P001", None),
        ("P053", Some(1)),
        ("P053", Some(3)),
        ("P032", Some(3)),
        ("P097", Some(1)),
    ]);
    let numbers: Vec<_> = forms.iter().map(|(n, m, _)| (n.as_str(), *m)).collect();
    assert_eq!(numbers, [("F029", Some(3)), ("F044", None), ("F083", None)]);
    assert!(forms[0].2.contains("架空花子"));
    assert!(forms[1].2.contains("架空太郎") && forms[1].2.contains("架空花子"));
    assert!(forms[1].2.contains("架空ハイツ２０３号室"));
}

/// The value at a dotted path of a follow-up form's data, entries counted from one.
fn filled(form: &FollowUp, path: &str) -> Value {
    path.split('.')
        .fold(form.data.as_json().clone(), |value, step| {
            match step.parse::<usize>() {
                Ok(number) => value[number - 1].clone(),
                Err(_) => value[step].clone(),
            }
        })
}

/// Procedure, answers (`fact` or `m<n>.fact`), and what one field must say.
#[track_caller]
fn check_answer(procedure: &str, told: &[(&str, &str)], path: &str, expected: &Value) {
    let mut answers = Answers::default();
    for (fact, value) in told {
        match fact.strip_prefix('m').and_then(|rest| rest.split_once('.')) {
            Some((number, fact)) => answers.set(fact, number.parse().ok(), value),
            None => answers.set(fact, None, value),
        }
    }
    let forms = of_case(snapshot(), &[(procedure, Some(1))], &answers);
    let form = forms.first().expect("the procedure has a form");
    assert_eq!(&filled(form, path), expected, "{} {path}", form.number);
    let made = FORMS.render_prefilled(&form.form, &form.data, &assets(), FILED_ON);
    assert!(made.is_ok(), "{}: {:?}", form.number, made.err());
}

#[test]
fn answers_of_the_interview_fill_the_sections_forms() {
    let yes = |fact| [(fact, "true")];
    let text = |text: &str| json!(text);
    check_answer("P053", &[], "detail.reason", &text("move_in"));
    check_answer(
        "P053",
        &yes("m1.myna_hoken"),
        "members.1.myna",
        &text("yes"),
    );
    check_answer(
        "P053",
        &[("m1.myna_hoken", "false")],
        "members.1.myna",
        &text("no"),
    );
    check_answer("P053", &[], "members.1.myna", &Value::Null);
    check_answer(
        "P097",
        &[("m1.pension", "2")],
        "detail.pension",
        &text("employee"),
    );
    check_answer(
        "P097",
        &[("m1.pension", "1")],
        "detail.pension",
        &text("national"),
    );
    check_answer("P097", &[], "detail.pension", &Value::Null);
    check_answer("P097", &[], "detail.happened_on", &text("2026-11-14"));
    check_answer("P063", &[], "detail.kind", &text("move_in"));
    check_answer("P063", &[], "detail.head", &text("架空　太郎"));
    check_answer(
        "P073",
        &yes("m1.body_cert"),
        "detail.proof",
        &json!(["body"]),
    );
    let both = [("m1.body_cert", "true"), ("m1.mental_cert", "true")];
    check_answer("P073", &both, "detail.proof", &json!(["body", "mental"]));
    check_answer("P106", &[], "detail.kinds", &json!(["in"]));
    check_answer("P066", &yes("m1.pregnant"), "detail.when", &text("before"));
    check_answer(
        "P032",
        &yes("m1.wants_seal"),
        "detail.kind",
        &text("register"),
    );
}

#[test]
fn a_role_the_form_does_not_know_stays_blank() {
    let forms = of_case(snapshot(), &[("P076", Some(1))], &Answers::default());
    assert_eq!(filled(&forms[0], "notifier.role"), Value::Null);
    assert_eq!(filled(&forms[0], "deceased.name"), json!("架空　太郎"));
    assert_eq!(filled(&forms[0], "deceased.died_on"), json!("2026-11-14"));
    let made = FORMS.render_prefilled(&forms[0].form, &forms[0].data, &assets(), FILED_ON);
    assert!(made.is_ok(), "{:?}", made.err());
}

/// A case of two people of whom number 1 files, with these fields beside.
fn filed_by_the_first(beside: &[(&str, &str)]) -> Snapshot {
    let mut snapshot = snapshot();
    snapshot.fields.remove(&FieldPath::from("notifier.role"));
    for (path, value) in beside {
        let field = SnapshotField {
            value: FieldValue::Text((*value).to_owned()),
            source: Source::Staff,
        };
        snapshot.fields.insert(FieldPath::from(*path), field);
    }
    snapshot
}

#[test]
fn only_a_form_about_the_notifier_says_so() {
    let roles = |beside: &[(&str, &str)]| {
        let listed = [("P032", Some(1)), ("P032", Some(3))];
        let forms = of_case(filed_by_the_first(beside), &listed, &Answers::default());
        let role = |number| {
            let mut own = forms.iter().filter(|form| form.member == Some(number));
            filled(own.next().expect("the person's form"), "notifier.role")
        };
        (role(1), role(3))
    };
    let itself = json!("self");
    assert_eq!(roles(&[]), (itself.clone(), Value::Null));
    // Told for the notification, which is about both.
    let told = [("notifier.role", "self")];
    assert_eq!(roles(&told), (itself.clone(), Value::Null));
    let namesake = [("member.3.name", "架空　太郎")];
    assert_eq!(roles(&namesake), (itself, Value::Null));
    let another = [("notifier.name", "架空　太郎"), ("notifier.role", "proxy")];
    assert_eq!(roles(&another), (json!("proxy"), json!("proxy")));
}

#[test]
fn every_form_about_the_notifier_says_so() {
    let takes = |meta: &FormMeta| {
        let is_about_one = meta.required.iter().any(|path| path == "subject.name");
        is_about_one && meta.optional.iter().any(|path| path == "notifier.role")
    };
    let mut seen = 0;
    for meta in FORMS.list().into_iter().filter(|meta| takes(meta)) {
        let Some(procedure) = meta.procedures.first() else {
            continue;
        };
        let listed = [(procedure.as_str(), Some(1))];
        let forms = of_case(filed_by_the_first(&[]), &listed, &Answers::default());
        let Some(form) = forms.iter().find(|form| form.form == meta.id) else {
            continue;
        };
        assert_eq!(
            filled(form, "notifier.role"),
            json!("self"),
            "{}",
            meta.number
        );
        seen += 1;
    }
    assert!(seen > 25, "{seen}");
}

#[test]
fn nobody_agrees_or_signs_by_an_answer() {
    for meta in FORMS.list() {
        for rule in &meta.prefill {
            assert!(
                !["consents", "explained", "consent"]
                    .iter()
                    .any(|word| rule.field.ends_with(word)),
                "{} fills {}",
                meta.number,
                rule.field
            );
        }
    }
}

#[test]
fn answers_of_a_draft_fill_and_unknown_ones_stay_blank() {
    let mut draft = Draft::default();
    for (path, value) in [
        ("answer.m1.pension", FieldValue::Text("2".to_owned())),
        ("answer.m3.myna_hoken", FieldValue::Flag(true)),
        ("answer.m1.myna_hoken", FieldValue::Unknown),
        ("answer.hh.dogs", FieldValue::Count(1)),
        ("member.1.pension", FieldValue::Text("1".to_owned())),
    ] {
        let row = DraftField {
            value,
            source: Source::Staff,
            confidence: None,
            by: "u0312".into(),
            at: Hlc(1),
            settles: None,
        };
        draft.insert(path.into(), DeviceId([1; 16]), row);
    }
    let answers = Answers::of_draft(&draft);
    assert_eq!(format!("{answers:?}"), "Answers(3 facts)");
    let listed = [("P053", Some(1)), ("P053", Some(3)), ("P097", Some(1))];
    let forms = of_case(snapshot(), &listed, &answers);
    assert_eq!(filled(&forms[0], "members.1.myna"), Value::Null);
    assert_eq!(filled(&forms[0], "members.2.myna"), json!("yes"));
    assert_eq!(filled(&forms[1], "detail.pension"), json!("employee"));
}

#[test]
fn every_procedure_with_a_form_can_be_printed_from_a_case() {
    let ids: Vec<String> = FORMS
        .list()
        .iter()
        .flat_map(|meta| meta.procedures.clone())
        .collect();
    let listed: Vec<_> = ids.iter().map(|id| (id.as_str(), Some(1))).collect();
    let printed = follow_ups(&listed).len();
    let forms = FORMS.list();
    let with_procedure = forms.iter().filter(|meta| !meta.procedures.is_empty());
    let alone = ["resident-move", "protection"];
    let along = with_procedure.filter(|meta| !alone.contains(&meta.id.as_str()));
    assert_eq!(printed, along.count());
}
