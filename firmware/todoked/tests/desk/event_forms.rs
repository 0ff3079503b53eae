//! What was entered at the desk stands on the form of its event, every event of the law on its own.
#![expect(clippy::expect_used, reason = "a test stops at what it did not expect")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use counter_api::{StaffAction, Stroke, StrokePoint};
use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::ids::CaseId;
use counter_domain::snapshot::{Snapshot, SnapshotField};
use todoked::certificates::certificates as known;
use todoked::devices::{FormJob, Signature};
use todoked::events::{Plan, events};
use todoked::fields::{FieldDef, Kind, fields, member_path};
use todoked::paper::{FormMaker, font_paths};

use crate::events::{person, started};
use crate::rig::Rig;

pub(crate) static FORMS: LazyLock<FormMaker> =
    LazyLock::new(|| FormMaker::open(&font_paths(None)).expect("the fonts are installed"));

/// The details a snapshot puts on its form, which must be this one.
#[track_caller]
pub(crate) fn form_data(snapshot: &Snapshot, form: &str) -> serde_json::Value {
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

/// An event of a household of one, and what else was entered.
fn of_one(event: &str, flow: &str, relation: &str, entered: &[(&str, &str)]) -> Rig {
    let mut rig = started(event, flow);
    let relation = (relation, "世帯主");
    person(&mut rig, 1, "架空　太郎", "1980-01-01", relation);
    for (path, value) in entered {
        rig.set(path, value);
    }
    rig.staff(StaffAction::RecordIdentity {
        kind: "licence".to_owned(),
    });
    rig
}

/// Signs the reception; the details its form is filled in with.
fn signed_detail(mut rig: Rig, form: &str) -> serde_json::Value {
    rig.signed();
    form_data(&rig.last_snapshot(), form)
}

fn moving_out(flow: &str) -> Rig {
    let entered = [
        ("event.date", "R8.12.1"),
        ("address.new", "東京都千代田区架空町二丁目４番１号"),
        ("address.old", "六会市架空町一丁目９番６号"),
    ];
    of_one("move_out", flow, "relation_before", &entered)
}

#[test]
fn a_move_out_that_does_not_take_place_is_cancelled_on_its_form() {
    let entered = [
        ("event.date", "R8.12.1"),
        ("event.reason", "転勤が取りやめになったため"),
        ("cancelled.filed_on", "R8.11.2"),
        ("cancelled.flow", "paper"),
        ("cancelled.certificate", "returned"),
        ("cancelled.here", "yes"),
        ("cancelled.again", "yes"),
        ("address.new", "六会市架空町一丁目９番６号"),
        ("address.planned", "東京都千代田区架空町二丁目４番１号"),
    ];
    let rig = of_one("cancel", "move_out", "relation", &entered);
    assert_eq!(rig.reception().event, "異動取消（転出取消）");
    let detail = signed_detail(rig, "move-out-cancel");
    assert_eq!(detail["destination"], "東京都千代田区架空町二丁目４番１号");
    assert_eq!(detail["certificate"], "returned");
    assert_eq!(detail["consents"], serde_json::json!(["here", "again"]));
}

#[test]
fn a_merge_is_confirmed_before_its_livelihood_is_ticked() {
    let entered = [
        ("event.date", "R8.11.14"),
        ("address.new", "六会市架空町一丁目９番６号"),
        ("head.old", "架空　太郎"),
        ("head.new", "架空　太郎"),
        ("member.1.relation", "世帯主"),
    ];
    let mut rig = of_one("hh_merge", "", "relation_before", &entered);
    let told = rig.refused(StaffAction::ShowToResident);
    assert!(told.what.contains("生計が一つ") || told.advice.contains("生計が一つ"));
    rig.set("livelihood.same", "yes");
    let detail = signed_detail(rig, "household-change");
    assert_eq!(detail["livelihood"], serde_json::json!(["same"]));
}

#[test]
fn what_is_handed_back_at_a_move_out_stands_on_its_form_in_order() {
    let mut rig = moving_out("paper");
    rig.set("event.returned", "ltc,seal");
    let detail = signed_detail(rig, "move-out");
    assert_eq!(detail["returned"], serde_json::json!(["seal", "ltc"]));
    assert_eq!(detail["certificate"], "counter");
    assert_eq!(detail["mail_to"], serde_json::Value::Null);
}

#[test]
fn a_move_out_certificate_is_mailed_where_the_resident_wishes() {
    let mut rig = moving_out("paper");
    let asked = |rig: &Rig, path: &str| {
        let mut fields = rig.reception().move_fields.into_iter();
        fields.any(|field| field.path == path)
    };
    assert!(!asked(&rig, "address.mail"));
    rig.set("event.certificate", "mail");
    assert!(asked(&rig, "address.mail"));
    rig.set("address.mail", "六会市架空町二丁目３番４号");
    let detail = signed_detail(rig, "move-out");
    assert_eq!(detail["certificate"], "mail");
    assert_eq!(detail["mail_to"], "六会市架空町二丁目３番４号");
    assert!(!asked(&moving_out("card"), "event.certificate"));
}

#[test]
fn a_correction_says_what_is_wrong_and_what_is_right_for_each_person() {
    let mut rig = of_one("correction", "", "relation", &[]);
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
    let detail = signed_detail(rig, "record-correction");
    assert_eq!(detail["papers"], serde_json::json!(["koseki"]));
    assert_eq!(
        detail["items"],
        serde_json::json!([{
            "name": "架空　太郎", "item": "生年月日", "now": "昭和55年1月1日",
            "right": "昭和55年1月11日",
        }])
    );
}

/// A plausible value for every field.
fn sample(def: &FieldDef) -> String {
    match def.kind {
        Kind::Date => "2026-11-14".to_owned(),
        Kind::Phone => "090-0000-0000".to_owned(),
        Kind::Kana => "カクウ　タロウ".to_owned(),
        Kind::Choice if def.choices == "members" => "1".to_owned(),
        Kind::Choice | Kind::Choices => fields()
            .choices(&def.choices)
            .first()
            .map(|choice| choice.value.clone())
            .unwrap_or_default(),
        Kind::Text => "見本".to_owned(),
        Kind::ResidenceCard => "AB12345678CD".to_owned(),
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

pub(crate) fn drawn_signature() -> Signature {
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
