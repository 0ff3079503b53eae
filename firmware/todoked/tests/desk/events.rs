//! Every event of the law at the desk: chosen, changed midway, refused.
#![expect(clippy::panic, reason = "a test stops at what it did not expect")]

use counter_api::{
    DifferenceKind, DifferenceView, FieldView, ReceptionView, ResidentScreen, StaffAction, Step,
};
use counter_domain::draft::{FieldPath, FieldValue, Source};
use todoked::devices::Happened;
use todoked::fields::member_path;

use crate::event_forms::{FORMS, form_data};
use crate::rig::{Rig, taro};

pub(crate) fn started(event: &str, flow: &str) -> Rig {
    begun(Rig::new(), event, flow)
}

fn begun(mut rig: Rig, event: &str, flow: &str) -> Rig {
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    choose(&mut rig, event, flow);
    rig
}

#[track_caller]
fn choose(rig: &mut Rig, event: &str, flow: &str) {
    rig.staff(StaffAction::ChoosePurpose {
        event: event.to_owned(),
        flow: flow.to_owned(),
    });
}

fn labels(view: &ReceptionView) -> Vec<&str> {
    view.move_fields
        .iter()
        .map(|field| field.label.as_str())
        .collect()
}

#[track_caller]
fn field<'v>(view: &'v ReceptionView, path: &str) -> &'v FieldView {
    let of_members = view.members.iter().flat_map(|member| &member.fields);
    let mut all = view.move_fields.iter().chain(of_members);
    all.find(|field| field.path == path)
        .unwrap_or_else(|| panic!("{path}"))
}

/// A person with a name, a birth date, a sex and a relation to the head.
pub(crate) fn person(rig: &mut Rig, number: u8, name: &str, born: &str, relation: (&str, &str)) {
    if number > 1 {
        rig.staff(StaffAction::AddMember);
    }
    let sex = if relation.1 == "妻" {
        "female"
    } else {
        "male"
    };
    for (field, value) in [("name", name), ("birth_date", born), ("sex", sex), relation] {
        rig.set(&member_path(number, field), value);
    }
}

#[test]
fn a_purpose_brings_its_own_steps_and_fields() {
    let mut rig = Rig::new();
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    let purpose = rig.reception().purpose.expect("a choice of purposes");
    assert!(purpose.fresh);
    let first = purpose.groups.first().expect("a group");
    assert!(
        first.chosen && first.label == "転入",
        "move-in stays the first"
    );
    choose(&mut rig, "move_out", "card");
    let view = rig.reception();
    assert_eq!(view.event, "転出（カード）");
    assert!(labels(&view).contains(&"転出予定日"));
    assert!(view.residents.is_some(), "it starts from the resident copy");
    choose(&mut rig, "request", "certificate");
    let steps: Vec<Step> = rig.reception().trail.iter().map(|item| item.step).collect();
    assert!(steps.contains(&Step::Request) && !steps.contains(&Step::Questions));
    let nowhere = StaffAction::GoTo {
        step: Step::Questions,
    };
    assert_eq!(rig.refused(nowhere).code, "NOT-POSSIBLE-NOW");
}

#[test]
fn an_event_changed_midway_keeps_what_was_entered() {
    let mut rig = Rig::new();
    rig.filled_reception();
    choose(&mut rig, "move_within", "");
    let view = rig.reception();
    assert_eq!(view.event, "転居");
    assert_eq!(
        field(&view, "address.new").value,
        "六会市架空町一丁目９番６号"
    );
    assert_eq!(field(&view, "member.2.name").value, "架空　花子");
    let told = rig.desk.staff_view().notice.expect("a notice");
    assert_eq!(told.code, "PURPOSE-CHANGED");
    choose(&mut rig, "move_in", "card");
    assert_eq!(field(&rig.reception(), "member.2.relation").value, "妻");
}

#[test]
fn a_move_inside_the_city_is_refused_as_a_move_in_with_the_way_out() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.set("address.old", "六会市架空町五丁目１番１号");
    let view = rig.reception();
    let refusal = view.refusals.first().expect("a refusal");
    assert!(refusal.way_out.contains("転居"));
    let instead = refusal.instead.as_ref().expect("another purpose");
    let told = rig.refused(StaffAction::ShowToResident);
    assert_eq!(told.code, "SIGN-NOT-READY");
    assert!(
        matches!(rig.page(), ResidentScreen::Wait),
        "nobody reads it"
    );
    let (event, flow) = (instead.event.clone(), instead.flow.clone());
    choose(&mut rig, &event, &flow);
    assert!(rig.reception().refusals.is_empty());
}

#[test]
fn a_late_filing_says_what_follows_and_asks_why() {
    let mut rig = Rig::new();
    rig.filled_reception();
    choose(&mut rig, "move_in", "paper");
    assert_eq!(rig.reception().late, None);
    rig.set("event.date", "R8.10.1");
    let view = rig.reception();
    let said = view.late.as_deref().expect("late");
    assert!(
        said.contains("令和8年10月15日") && said.contains("51日"),
        "{said}"
    );
    assert!(field(&view, "event.late_reason").required);
    assert_eq!(
        rig.refused(StaffAction::ShowToResident).code,
        "SIGN-NOT-READY"
    );
    rig.set("event.late_reason", "入院していたため");
    rig.staff(StaffAction::ShowToResident);
}

#[test]
fn of_a_family_a_part_moves_out_and_those_who_stay_need_a_head() {
    let mut rig = started("move_out", "card");
    let before = ("relation_before", "世帯主");
    person(&mut rig, 1, "架空　太郎", "1980-01-01", before);
    person(
        &mut rig,
        2,
        "架空　花子",
        "1982-01-01",
        ("relation_before", "妻"),
    );
    person(
        &mut rig,
        3,
        "架空　葵",
        "2012-01-01",
        ("relation_before", "子"),
    );
    rig.set("event.date", "R8.12.1");
    rig.set("address.old", "六会市架空町一丁目９番６号");
    rig.set("address.new", "東京都千代田区架空町二丁目４番１号");
    for number in [2, 3] {
        rig.staff(StaffAction::MarkMember { number, set: false });
    }
    let view = rig.reception();
    assert!(field(&view, "head.staying").required);
    assert!(view.refusals.is_empty(), "{:?}", view.refusals);
    rig.set("head.staying", "架空　花子");
    rig.staff(StaffAction::RecordIdentity {
        kind: "licence".to_owned(),
    });
    rig.signed();
    let form = rig.last_snapshot();
    assert_eq!(form.form, "move-out/1");
    let says = |path: &str| form.fields.contains_key(&FieldPath::from(path));
    assert!(says("member.2.name") && !says("member.2.birth_date"));
    assert_eq!(
        form.fields[&FieldPath::from("member.2.moving")].value,
        FieldValue::Flag(false)
    );
}

#[test]
fn the_card_fills_the_member_it_belongs_to() {
    let mut rig = started("move_out", "card");
    let spouse = ("relation_before", "妻");
    person(&mut rig, 1, "架空　花子", "1982-01-01", spouse);
    person(
        &mut rig,
        2,
        "架空　太郎",
        "1985-07-14",
        ("relation_before", "世帯主"),
    );
    rig.happened(Happened::CardRead(Ok(taro())));
    let view = rig.reception();
    assert_eq!(field(&view, "member.1.name").value, "架空　花子");
    assert_eq!(field(&view, "member.2.name").source, Some(Source::Chip));
    assert_eq!(field(&view, "address.old").value, taro().address);
    assert_eq!(field(&view, "notifier.member").value, "2");
}

#[test]
fn only_children_may_not_stay_behind() {
    let mut rig = started("move_out", "card");
    person(
        &mut rig,
        1,
        "架空　太郎",
        "1980-01-01",
        ("relation_before", "世帯主"),
    );
    person(
        &mut rig,
        2,
        "架空　葵",
        "2018-01-01",
        ("relation_before", "子"),
    );
    rig.set("event.date", "R8.12.1");
    rig.staff(StaffAction::MarkMember {
        number: 2,
        set: false,
    });
    let refusals = rig.reception().refusals;
    let reasons: Vec<&str> = refusals.iter().map(|one| one.reason.as_str()).collect();
    assert!(
        reasons.iter().any(|reason| reason.contains("15歳未満")),
        "{reasons:?}"
    );
}

#[test]
fn a_newborn_without_a_name_is_taken_and_listed() {
    let mut rig = begun(Rig::with_gate(FORMS.clone()), "birth", "");
    person(
        &mut rig,
        1,
        "架空　太郎",
        "1990-01-01",
        ("relation", "世帯主"),
    );
    rig.staff(StaffAction::MarkMember {
        number: 1,
        set: false,
    });
    person(&mut rig, 2, "名未定", "R8.11.14", ("relation", "子"));
    rig.set("event.date", "R8.11.14");
    rig.set("address.new", "六会市架空町一丁目９番６号");
    rig.set("head.new", "架空　太郎");
    rig.set("notifier.member", "1");
    let view = rig.reception();
    assert!(view.refusals.is_empty(), "{:?}", view.refusals);
    assert!(field(&view, "member.2.name").hint.contains("名未定"));
    assert!(
        view.procedures
            .iter()
            .any(|one| one.id == "P097" || one.name.contains("児童手当")),
        "the child allowance"
    );
    rig.staff(StaffAction::RecordIdentity {
        kind: "licence".to_owned(),
    });
    rig.signed();
    let signed = rig.last_snapshot();
    assert_eq!(signed.form, "resident-move/1");
    let forms = signed.forms.iter();
    let forms: Vec<_> = forms
        .map(|form| (form.number.as_str(), form.name.as_str(), form.version))
        .collect();
    assert_eq!(
        forms,
        [("F001", "resident-move", 1)],
        "as the counter has it"
    );
}

#[test]
fn nobody_is_taken_for_the_dead_until_staff_say_who() {
    let mut rig = started("death", "");
    person(
        &mut rig,
        1,
        "架空　太郎",
        "1940-01-01",
        ("relation_before", "世帯主"),
    );
    rig.staff(StaffAction::MarkMember {
        number: 1,
        set: false,
    });
    rig.set("event.date", "R8.11.18");
    rig.set("address.new", "六会市架空町一丁目９番６号");
    rig.set("head.old", "架空　太郎");
    rig.staff(StaffAction::GoTo {
        step: Step::Household,
    });
    let blocked = rig.reception().blocked_by.expect("blocked");
    assert!(blocked.contains("亡くなった方"), "{blocked}");
    rig.staff(StaffAction::MarkMember {
        number: 1,
        set: true,
    });
    assert_eq!(rig.reception().blocked_by, None);
}

#[test]
fn foreign_residents_are_asked_for_their_status() {
    let mut rig = started("move_in_abroad", "");
    let view = rig.reception();
    assert_eq!(field(&view, "address.old").value, "国外");
    let asks = |view: &ReceptionView| {
        let mut all = view.members.iter().flat_map(|member| &member.fields);
        all.any(|field| field.path == "member.1.residence_class" && field.required)
    };
    assert!(!asks(&view));
    rig.set("member.1.nationality", "外国");
    assert!(asks(&rig.reception()));
    rig.set("member.1.residence_class", "none");
    rig.set("member.1.name", "SAMPLE MARIA");
    let refusals = rig.reception().refusals;
    assert!(
        refusals
            .iter()
            .any(|one| one.path == "member.1.residence_class")
    );
}

#[test]
fn a_status_of_residence_is_known_by_the_catalogue() {
    let mut rig = started("move_in_abroad", "");
    rig.set("member.1.nationality", "外国");
    rig.set("member.1.name", "SAMPLE MARIA");
    rig.set("member.1.residence_class", "mid_long");
    rig.set("member.1.residence_status", "永住者");
    rig.set("member.1.residence_expires", "2033-05-01");
    let view = rig.reception();
    let hint = &field(&view, "member.1.residence_status").hint;
    assert_eq!(
        hint,
        "Permanent Resident（在留期間なし。満了日は入れません）"
    );
    let about = |view: &ReceptionView| -> Vec<String> {
        let refused = view.refusals.iter();
        let stays = refused.filter(|one| one.path.starts_with("member.1.residence_"));
        stays.map(|one| one.reason.clone()).collect()
    };
    let said = about(&view);
    assert!(
        matches!(said.as_slice(), [one] if one.contains("在留期間がありません")),
        "{said:?}"
    );
    rig.set("member.1.residence_expires", "");
    assert_eq!(about(&rig.reception()), Vec::<String>::new());
    rig.set("member.1.residence_status", "まだない資格");
    let view = rig.reception();
    assert_eq!(about(&view), Vec::<String>::new());
    let hint = &field(&view, "member.1.residence_status").hint;
    assert!(hint.contains("一覧にありません"), "{hint}");
}

#[test]
fn an_answer_says_which_procedures_came_and_went() {
    let mut rig = Rig::new();
    rig.filled_reception();
    let mut seen = false;
    for _ in 0..30 {
        let Some(question) = rig.reception().question else {
            break;
        };
        let value = question
            .choices
            .first()
            .map_or("1".to_owned(), |choice| choice.value.clone());
        let before = rig.reception().procedures;
        rig.staff(StaffAction::Answer {
            fact: question.fact,
            member: question.member,
            value,
        });
        let view = rig.reception();
        let came = view
            .procedures
            .iter()
            .filter(|one| !before.contains(one))
            .count();
        if came > 0 && view.differences.iter().any(|one| one.added) {
            seen = true;
            break;
        }
    }
    assert!(seen, "thirty answers add a procedure");
    // News from head office does not wipe it away.
    let shown = rig.reception().differences;
    rig.happened(Happened::Arrived(todoked::devices::Arrival::default()));
    assert_eq!(rig.reception().differences, shown);
    rig.staff(StaffAction::GoTo {
        step: Step::Procedures,
    });
    assert!(rig.reception().differences.is_empty());
}

/// What came (`+`) and what went (`-`), without procedures.
pub(crate) fn forms_and_papers(rig: &Rig) -> Vec<String> {
    let differences = rig.reception().differences.into_iter();
    let told = differences.filter(|one| one.what != DifferenceKind::Procedure);
    let sign = |one: &DifferenceView| if one.added { "+" } else { "-" };
    told.map(|one| [sign(&one), &one.name].concat()).collect()
}

#[test]
fn an_answer_taken_back_says_which_form_nobody_needs_any_more() {
    let mut rig = Rig::new();
    rig.filled_reception();
    for _ in 0..40 {
        let Some(question) = rig.reception().question else {
            break;
        };
        for choice in question.choices.iter().rev() {
            rig.staff(StaffAction::Answer {
                fact: question.fact.clone(),
                member: question.member,
                value: choice.value.clone(),
            });
            let told = forms_and_papers(&rig);
            if told.iter().any(|one| one.starts_with("-様式 F")) {
                let gone = rig.reception().differences;
                let procedure = |one: &DifferenceView| one.what == DifferenceKind::Procedure;
                assert!(gone.iter().any(|one| procedure(one) && !one.added));
                return;
            }
        }
        if question.choices.is_empty() {
            rig.staff(StaffAction::Answer {
                fact: question.fact,
                member: question.member,
                value: "0".to_owned(),
            });
        }
    }
    panic!("no answer took a form away");
}

#[test]
fn the_relation_of_a_foreign_resident_has_a_form_of_its_own() {
    let mut rig = started("relation_change", "");
    person(&mut rig, 1, "架空　花子", "1985-01-01", ("relation", "妻"));
    rig.set("event.date", "R8.11.14");
    rig.set("address.new", "六会市架空町一丁目９番６号");
    rig.set("head.new", "SAMPLE JOSE");
    rig.staff(StaffAction::MarkMember {
        number: 1,
        set: true,
    });
    rig.staff(StaffAction::RecordIdentity {
        kind: "residence_card".to_owned(),
    });
    rig.staff(StaffAction::ShowToResident);
    let title = |rig: &Rig| {
        let ResidentScreen::Check { title, .. } = rig.page() else {
            panic!("the resident reads nothing");
        };
        title
    };
    assert_eq!(title(&rig), "住民異動届");
    rig.staff(StaffAction::StopShowing);
    rig.set("member.1.name", "SAMPLE MARIA");
    rig.set("member.1.nationality", "外国");
    rig.set("member.1.country", "フィリピン");
    rig.set("member.1.residence_class", "mid_long");
    let told = rig.refused(StaffAction::ShowToResident);
    assert!(
        told.what.contains("続柄が変わった理由") || told.advice.contains("続柄が変わった理由"),
        "{told:?}"
    );
    rig.set("event.relation_reason", "marriage");
    rig.set("head.nationality", "外国");
    rig.set("proof.relation", "acceptance,marriage");
    rig.set("proof.translator", "架空　花子");
    rig.signed();
    let signed = rig.last_snapshot();
    let detail = form_data(&signed, "relation-change");
    assert_eq!(
        [
            &detail["head_class"],
            &detail["reason"],
            &detail["papers"][0],
            &detail["papers"][1]
        ],
        ["foreign", "marriage", "marriage", "acceptance"]
    );
}
