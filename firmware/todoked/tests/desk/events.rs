//! Every event of the law at the desk: chosen, changed midway, refused, signed on its form.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use counter_api::{
    DifferenceKind, DifferenceView, FieldView, ReceptionView, ResidentScreen, StaffAction, Step,
    Stroke, StrokePoint,
};
use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::ids::CaseId;
use counter_domain::snapshot::{Snapshot, SnapshotField};
use todoked::certificates::certificates as known;
use todoked::devices::{Effect, FormJob, Happened, Signature};
use todoked::events::{Plan, events};
use todoked::fields::{FieldDef, Kind, fields, member_path};
use todoked::paper::{FormMaker, font_paths};

use crate::rig::{Rig, taro};

fn started(event: &str, flow: &str) -> Rig {
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
fn person(rig: &mut Rig, number: u8, name: &str, born: &str, relation: (&str, &str)) {
    if number > 1 {
        rig.staff(StaffAction::AddMember);
    }
    for (field, value) in [
        ("name", name),
        ("birth_date", born),
        ("sex", "male"),
        relation,
    ] {
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

fn certificates(asker: &str) -> Rig {
    let mut rig = started("request", "certificate");
    rig.set("member.1.name", "架空　太郎");
    rig.set("member.1.birth_date", "1980-01-01");
    rig.set("address.new", "六会市架空町一丁目９番６号");
    rig.set("request.asker", asker);
    rig
}

fn copies(certificate: &str, by: i32) -> StaffAction {
    StaffAction::ChangeCopies {
        certificate: certificate.to_owned(),
        by,
    }
}

#[test]
fn certificates_are_counted_and_added_up() {
    let mut rig = certificates("self");
    rig.staff(copies("C01", 1));
    rig.staff(copies("C01", 1));
    rig.staff(copies("C03", 2));
    rig.staff(copies("C03", -1));
    rig.staff(StaffAction::SetOption {
        certificate: "C01".to_owned(),
        option: "honseki".to_owned(),
        set: true,
    });
    let request = rig.reception().request.expect("certificates");
    assert_eq!(request.total, "3通　合計 900円");
    rig.staff(StaffAction::RecordIdentity {
        kind: "licence".to_owned(),
    });
    rig.staff(StaffAction::ShowToResident);
    let ResidentScreen::Check {
        title, sections, ..
    } = rig.page()
    else {
        panic!("no check page");
    };
    assert_eq!(title, "住民票の写し等交付請求書");
    let rows = sections.iter().flat_map(|section| &section.rows);
    let values: Vec<&str> = rows.map(|row| row.value.as_str()).collect();
    assert!(
        values.contains(&"2通　600円（本籍・筆頭者の記載）"),
        "{values:?}"
    );
    rig.staff(StaffAction::StopShowing);
    rig.signed();
    assert_eq!(rig.last_snapshot().form, "resident-record/1");
    rig.staff(StaffAction::Submit);
    let fee = rig.effects.iter().find_map(|effect| {
        let Effect::PrintReceipt(job) = effect else {
            return None;
        };
        Some(job.fee.clone())
    });
    assert_eq!(fee.as_deref(), Some("3通　合計 900円"));
}

#[test]
fn who_may_not_have_a_certificate_is_told_before_the_resident_reads() {
    let mut rig = certificates("third_party");
    rig.set("notifier.name", "架空　三郎");
    rig.staff(copies("C16", 1));
    rig.staff(StaffAction::RecordIdentity {
        kind: "licence".to_owned(),
    });
    let told = rig.refused(StaffAction::ShowToResident);
    assert!(told.what.contains("登録した本人") || told.advice.contains("登録した本人"));
    rig.set("request.asker", "self");
    let told = rig.refused(StaffAction::ShowToResident);
    assert!(
        told.advice.contains("印鑑登録証（本人は") || told.what.contains("印鑑登録証（本人は"),
        "{told:?}"
    );
    rig.staff(StaffAction::SetPaper {
        paper: "seal_card_own".to_owned(),
        set: true,
    });
    rig.staff(StaffAction::ShowToResident);
}

#[test]
fn certificates_of_several_forms_are_one_request_with_one_sum_and_one_signature() {
    let mut rig = certificates("self");
    for id in ["C01", "C16", "C19", "C44", "C44"] {
        rig.staff(copies(id, 1));
    }
    let asks = |rig: &Rig, path: &str| {
        let request = rig.reception().request.expect("certificates");
        request.fields.into_iter().find(|field| field.path == path)
    };
    assert!(
        asks(&rig, "request.property").is_none(),
        "nobody asked for one"
    );
    assert!(asks(&rig, "domicile.place").is_some_and(|field| field.required));
    rig.set("domicile.place", "六会市架空町一丁目９番");
    rig.set("domicile.register_head", "架空　太郎");
    rig.set("request.purpose", "旅券の申請");
    rig.staff(StaffAction::SetPaper {
        paper: "seal_card_own".to_owned(),
        set: true,
    });
    rig.staff(StaffAction::RecordIdentity {
        kind: "two_points".to_owned(),
    });
    let told = rig.refused(StaffAction::ShowToResident);
    assert!(
        told.what.contains("年度") || told.advice.contains("年度"),
        "{told:?}"
    );
    rig.set("request.year", "令和8年度");
    let request = rig.reception().request.expect("certificates");
    assert_eq!(request.total, "5通　合計 1,650円");
    rig.staff(StaffAction::ShowToResident);
    let ResidentScreen::Check { title, .. } = rig.page() else {
        panic!("no check page");
    };
    assert_eq!(title, "住民票の写し等交付請求書　ほか3枚");
    rig.staff(StaffAction::StopShowing);
    rig.signed();
    let signed = rig.last_snapshot();
    let lines = counter_forms::filing::lines_of(&signed);
    let told: Vec<String> = lines
        .iter()
        .map(|line| {
            format!(
                "{}/{} {} {} {}",
                line.form, line.kind, line.copies, line.fee_yen, line.detail
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "resident-record/all 1 300 ",
            "seal-certificate/seal 1 300 ",
            "family-register/full 1 450 ",
            "tax-certificate/income 2 300 令和8年度",
        ]
    );
    let job = FormJob {
        case: CaseId([7; 16]),
        snapshot: signed,
        signature: drawn_signature(),
        city: "六会市".to_owned(),
        place: "北部市民センター".to_owned(),
    };
    let pdf = FORMS.make(&job).expect("four forms in one document");
    assert!(pdf.starts_with(b"%PDF"));
}

#[test]
fn a_certificate_for_those_with_a_photograph_waits_for_one() {
    let mut rig = certificates("self");
    rig.staff(copies("C08", 1));
    rig.staff(StaffAction::RecordIdentity {
        kind: "two_points".to_owned(),
    });
    let told = rig.refused(StaffAction::ShowToResident);
    assert!(
        told.what.contains("顔写真付き") || told.advice.contains("顔写真付き"),
        "{told:?}"
    );
    rig.staff(StaffAction::RecordIdentity {
        kind: "licence".to_owned(),
    });
    rig.staff(StaffAction::ShowToResident);
}

#[test]
fn what_stops_a_certificate_and_why_nothing_is_charged_are_told() {
    let mut rig = certificates("self");
    rig.staff(copies("C01", 2));
    rig.set("request.exemption", "pension");
    let request = rig.reception().request.expect("certificates");
    assert_eq!(request.total, "2通　合計 0円");
    assert_eq!(request.papers, "年金の請求に使うため無料です。");
    rig.staff(StaffAction::SetStop {
        stop: "change_in_review".to_owned(),
        set: true,
    });
    rig.staff(StaffAction::RecordIdentity {
        kind: "licence".to_owned(),
    });
    let told = rig.refused(StaffAction::ShowToResident);
    assert!(
        told.what.contains("異動の届出を審査") || told.advice.contains("異動の届出を審査"),
        "{told:?}"
    );
    rig.staff(StaffAction::SetStop {
        stop: "change_in_review".to_owned(),
        set: false,
    });
    rig.staff(StaffAction::ShowToResident);
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
fn forms_and_papers(rig: &Rig) -> Vec<String> {
    let differences = rig.reception().differences.into_iter();
    let told = differences.filter(|one| one.what != DifferenceKind::Procedure);
    let sign = |one: &DifferenceView| if one.added { "+" } else { "-" };
    told.map(|one| [sign(&one), &one.name].concat()).collect()
}

#[test]
fn certificates_say_which_form_and_paper_they_bring_and_which_nobody_needs_any_more() {
    let mut rig = certificates("self");
    rig.staff(copies("C01", 1));
    assert_eq!(
        forms_and_papers(&rig),
        ["+請求書　住民票の写し等交付請求書"]
    );
    rig.staff(copies("C16", 1));
    let seal = [
        "請求書　印鑑登録証明書等交付申請書",
        "見せてもらうもの　印鑑登録証（本人はマイナンバーカードでも可）",
    ];
    let came = seal.map(|name| format!("+{name}"));
    assert_eq!(forms_and_papers(&rig), came);
    rig.staff(copies("C16", 1));
    assert_eq!(forms_and_papers(&rig), [""; 0], "the same form holds both");
    rig.staff(copies("C16", -2));
    let went = seal.map(|name| format!("-{name}"));
    assert_eq!(forms_and_papers(&rig), went);
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
    rig.set("proof.relation", "marriage");
    rig.set("proof.translator", "架空　花子");
    rig.signed();
    let signed = rig.last_snapshot();
    let detail = form_data(&signed, "relation-change");
    assert_eq!(
        [
            &detail["head_class"],
            &detail["reason"],
            &detail["papers"][0]
        ],
        ["foreign", "marriage", "marriage"]
    );
}

/// The details a snapshot puts on its form, which must be this one.
#[track_caller]
fn form_data(snapshot: &Snapshot, form: &str) -> serde_json::Value {
    let city = counter_forms::resident_move::City {
        name: "六会市".to_owned(),
        branch: String::new(),
    };
    let said = todoked::certificates::said(snapshot);
    let filled = counter_forms::filing::filings(snapshot, &city, &said).expect("filled");
    assert_eq!(filled.len(), 1);
    let filing = filled.first().expect("a form");
    assert_eq!(filing.form, form);
    let mut all = filing.data.as_json().clone();
    let items = all["items"].take();
    let mut detail = all["detail"].take();
    if !items.is_null() {
        detail["items"] = items;
    }
    detail
}

#[test]
fn a_move_out_that_does_not_take_place_is_cancelled_on_its_form() {
    let mut rig = started("cancel", "move_out");
    assert_eq!(rig.reception().event, "異動取消（転出取消）");
    person(
        &mut rig,
        1,
        "架空　太郎",
        "1980-01-01",
        ("relation", "世帯主"),
    );
    for (path, value) in [
        ("event.date", "R8.12.1"),
        ("event.reason", "転勤が取りやめになったため"),
        ("cancelled.filed_on", "R8.11.2"),
        ("cancelled.flow", "paper"),
        ("cancelled.certificate", "returned"),
        ("cancelled.here", "yes"),
        ("cancelled.again", "yes"),
        ("address.new", "六会市架空町一丁目９番６号"),
        ("address.planned", "東京都千代田区架空町二丁目４番１号"),
    ] {
        rig.set(path, value);
    }
    rig.staff(StaffAction::RecordIdentity {
        kind: "licence".to_owned(),
    });
    rig.signed();
    let detail = form_data(&rig.last_snapshot(), "move-out-cancel");
    assert_eq!(detail["destination"], "東京都千代田区架空町二丁目４番１号");
    assert_eq!(detail["certificate"], "returned");
    assert_eq!(detail["consents"], serde_json::json!(["here", "again"]));
}

#[test]
fn a_correction_says_what_is_wrong_and_what_is_right_for_each_person() {
    let mut rig = started("correction", "");
    person(
        &mut rig,
        1,
        "架空　太郎",
        "1980-01-01",
        ("relation", "世帯主"),
    );
    rig.staff(StaffAction::MarkMember {
        number: 1,
        set: true,
    });
    for (path, value) in [
        ("event.date", "R8.10.1"),
        ("event.correction", "correct"),
        ("event.reason", "転入届のときの誤り"),
        ("proof.correction", "koseki"),
        ("address.new", "六会市架空町一丁目９番６号"),
        ("member.1.wrong_item", "生年月日"),
        ("member.1.wrong_now", "昭和55年1月1日"),
        ("member.1.wrong_right", "昭和55年1月11日"),
    ] {
        rig.set(path, value);
    }
    rig.staff(StaffAction::RecordIdentity {
        kind: "licence".to_owned(),
    });
    rig.signed();
    let detail = form_data(&rig.last_snapshot(), "record-correction");
    assert_eq!(detail["papers"], serde_json::json!(["koseki"]));
    assert_eq!(
        detail["items"],
        serde_json::json!([{
            "name": "架空　太郎", "item": "生年月日", "now": "昭和55年1月1日",
            "right": "昭和55年1月11日",
        }])
    );
}

static FORMS: LazyLock<FormMaker> =
    LazyLock::new(|| FormMaker::open(&font_paths(None)).expect("the fonts are installed"));

/// A plausible value for every field.
fn sample(def: &FieldDef) -> String {
    match def.kind {
        Kind::Date => "2026-11-14".to_owned(),
        Kind::Phone => "090-0000-0000".to_owned(),
        Kind::Kana => "カクウ　タロウ".to_owned(),
        Kind::Choice if def.choices == "members" => "1".to_owned(),
        Kind::Choice => fields()
            .choices(&def.choices)
            .first()
            .map(|choice| choice.value.clone())
            .unwrap_or_default(),
        Kind::Text => "見本".to_owned(),
        Kind::Exact => "架空　太郎".to_owned(),
    }
}

/// The form a certificate is asked for on.
fn form_of(id: &str) -> Option<&'static str> {
    let certificate = known().certificate(id)?;
    Some(certificate.form.as_ref()?.form.as_str())
}

/// The certificates that are asked for on a form.
fn certificates_on(form: &str) -> impl Iterator<Item = &'static str> {
    let all = known().offered().map(|certificate| certificate.id.as_str());
    all.filter(move |id| form_of(id) == Some(form))
}

fn filled(plan: &Plan, form: &str) -> Snapshot {
    let mut values: BTreeMap<String, FieldValue> = BTreeMap::new();
    let text = |text: &str| FieldValue::Text(text.to_owned());
    values.insert("event.type".to_owned(), text(&plan.code));
    values.insert("event.flow".to_owned(), text(&plan.flow));
    values.insert("notifier.member".to_owned(), text("1"));
    for def in plan.of_the_move() {
        values.insert(def.path.clone(), FieldValue::Text(sample(def)));
    }
    for number in [1, 2] {
        values.insert(member_path(number, "moving"), FieldValue::Flag(number == 1));
        for def in plan.of_a_member() {
            values.insert(def.path_for(Some(number)), FieldValue::Text(sample(def)));
        }
    }
    for id in certificates_on(form) {
        values.insert(format!("certificate.{id}.copies"), FieldValue::Count(2));
    }
    let field = |(path, value)| {
        let source = Source::Staff;
        (FieldPath(path), SnapshotField { value, source })
    };
    Snapshot {
        version: 1,
        case_id: CaseId([7; 16]),
        receipt_number: "07-2-261121-0184-6".to_owned(),
        form: format!("{form}/1"),
        forms: Vec::new(),
        filed_on: "2026-11-21".to_owned(),
        language: "ja".to_owned(),
        fields: values.into_iter().map(field).collect(),
        procedures: Vec::new(),
    }
}

fn drawn_signature() -> Signature {
    let points = [(0, 0), (5_000, 100), (9_000, 300)];
    let points = points.map(|(x, t)| StrokePoint { x, y: 100, t });
    Signature {
        version: 1,
        pad_width: 100_000,
        pad_height: 40_000,
        strokes: vec![Stroke {
            points: points.to_vec(),
        }],
    }
}

#[track_caller]
fn check_form(plan: &Plan, form: &str) {
    let job = FormJob {
        case: CaseId([7; 16]),
        snapshot: filled(plan, form),
        signature: drawn_signature(),
        city: "六会市".to_owned(),
        place: "北部市民センター".to_owned(),
    };
    let made = FORMS.make(&job);
    assert!(made.is_ok(), "{} on {form}: {made:?}", plan.code);
}

#[test]
fn every_event_fills_its_form() {
    let groups = events().groups.iter().flat_map(|group| &group.plans);
    for place in groups {
        let plan = events().offered(*place).expect("a plan");
        check_form(plan, &plan.form);
        if let Some(form) = &plan.form_japanese {
            check_form(plan, form);
        }
    }
    let request = events().plan("request", "certificate").expect("a plan");
    let offered = known().list().iter();
    let forms: BTreeSet<&str> = offered
        .filter_map(|certificate| form_of(&certificate.id))
        .collect();
    assert!(forms.len() > 8);
    for form in forms {
        check_form(request, form);
    }
}
