//! Somebody comes for a procedure alone: it is found, picked, asked about, signed on its own form.
#![expect(clippy::expect_used, reason = "a test stops at what it did not expect")]

use counter_api::{
    Language, PickedView, PicksView, ResidentAction, ResidentScreen, StaffAction, Step, Stroke,
    StrokePoint,
};
use counter_domain::draft::{FieldPath, FieldValue};
use counter_domain::ids::CaseId;
use todoked::devices::{FormJob, Signature};
use todoked::fields::member_path;
use todoked::paper::{FormMaker, font_paths};

use crate::rig::Rig;

/// A mother at the counter with her son of eight.
fn came() -> Rig {
    came_to(Rig::new())
}

fn came_to(mut rig: Rig) -> Rig {
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    rig.staff(StaffAction::ChoosePurpose {
        event: "request".to_owned(),
        flow: "procedure".to_owned(),
    });
    rig.staff(StaffAction::AddMember);
    for (number, name, born, sex) in [
        (1, "架空　花子", "1988-04-01", "female"),
        (2, "架空　葵", "2018-08-03", "male"),
    ] {
        for (field, value) in [("name", name), ("birth_date", born), ("sex", sex)] {
            rig.set(&member_path(number, field), value);
        }
        rig.set(&member_path(number, "nationality"), "日本");
    }
    rig.set("address.new", "六会市架空町一丁目９番６号");
    rig.set("head.new", "架空　花子");
    rig
}

fn picks(rig: &Rig) -> PicksView {
    rig.reception().picks.expect("procedures to choose from")
}

fn find(rig: &mut Rig, text: &str) -> Vec<String> {
    rig.staff(StaffAction::FindProcedures {
        text: text.to_owned(),
    });
    picks(rig).found.into_iter().map(|row| row.id).collect()
}

fn pick(rig: &mut Rig, procedure: &str, member: Option<u8>, set: bool) {
    rig.staff(StaffAction::PickProcedure {
        procedure: procedure.to_owned(),
        member,
        set,
    });
}

fn chosen(rig: &Rig, id: &str) -> PickedView {
    let all = picks(rig).chosen;
    all.into_iter().find(|one| one.id == id).expect("chosen")
}

fn answer(rig: &mut Rig, fact: &str, value: &str) {
    let question = rig.reception().question.expect("a question");
    assert_eq!(question.fact, fact);
    rig.staff(StaffAction::Answer {
        fact: fact.to_owned(),
        member: question.member,
        value: value.to_owned(),
    });
}

#[test]
fn procedures_are_found_by_kana_and_by_section() {
    let mut rig = came();
    assert!(picks(&rig).found.is_empty() && !picks(&rig).hint.is_empty());
    let found = find(&mut rig, "いんかん");
    assert!(found.contains(&"P032".to_owned()) && !found.contains(&"P097".to_owned()));
    let sections = picks(&rig).sections;
    let children = sections.iter().find(|one| one.label.contains("子育て"));
    let children = children.expect("its section").value.clone();
    assert!(find(&mut rig, &children).contains(&"P097".to_owned()));
    assert!(find(&mut rig, "ありえない言葉").is_empty());
    assert!(picks(&rig).hint.contains("見つかりません"));
}

#[test]
fn only_what_was_picked_is_asked_about_and_signed() {
    let mut rig = came();
    assert!(rig.reception().question.is_none(), "nothing is picked yet");
    assert_eq!(
        rig.refused(StaffAction::ShowToResident).code,
        "SIGN-NOT-READY"
    );
    pick(&mut rig, "P097", None, true);
    assert_eq!(
        chosen(&rig, "P097").whose,
        ["1"],
        "whoever stands at the counter"
    );
    answer(&mut rig, "child_allowance_payee", "true");
    answer(&mut rig, "civil_servant", "false");
    let view = rig.reception();
    assert!(view.question.is_none(), "nothing else matters");
    let listed: Vec<&str> = view.procedures.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(listed, ["P097"]);
    rig.staff(StaffAction::RecordIdentity {
        kind: "licence".to_owned(),
    });
    rig.staff(StaffAction::ShowToResident);
    let ResidentScreen::Check {
        title, sections, ..
    } = rig.page()
    else {
        panic!("the resident reads it");
    };
    assert_eq!(title, "個別手続の申請");
    let told = sections.iter().flat_map(|section| &section.rows);
    assert!(told.clone().any(|row| row.label == "児童手当 認定請求"));
    rig.staff(StaffAction::StopShowing);
    rig.signed();
    let signed = rig.last_snapshot();
    assert_eq!(signed.form, "procedure-request/1");
    let said = |path: &str| {
        signed
            .fields
            .get(&FieldPath::from(path))
            .map(|one| &one.value)
    };
    assert_eq!(
        said("procedure.P097"),
        Some(&FieldValue::Text("1".to_owned()))
    );
    assert_eq!(
        said("answer.m1.civil_servant"),
        Some(&FieldValue::Flag(false))
    );
    rig.staff(StaffAction::Submit);
    assert_eq!(rig.reception().step, Step::Finish);
}

#[test]
fn a_procedure_that_is_not_theirs_says_why_and_stops_the_signature() {
    let mut rig = came();
    pick(&mut rig, "P032", None, true);
    pick(&mut rig, "P032", Some(2), true);
    let both = chosen(&rig, "P032");
    assert_eq!(both.whose, ["1", "2"]);
    assert!(
        both.note.contains("架空　葵さんには当てはまりません"),
        "{}",
        both.note
    );
    assert!(!both.refused, "the mother gets it");
    rig.staff(StaffAction::GoTo {
        step: Step::Request,
    });
    let blocked = rig.reception().blocked_by.expect("it does not go on");
    assert!(blocked.contains("8歳"), "{blocked}");
    pick(&mut rig, "P032", Some(2), false);
    assert_eq!(rig.reception().blocked_by, None);
    pick(&mut rig, "P032", None, false);
    assert!(picks(&rig).chosen.is_empty());
    let never = StaffAction::PickProcedure {
        procedure: "P001".to_owned(),
        member: None,
        set: true,
    };
    assert_eq!(rig.refused(never).code, "NOT-POSSIBLE-NOW");
}

/// The text of what was signed, as the counter prints it, without its spaces.
fn made(rig: &mut Rig) -> String {
    rig.staff(StaffAction::RecordIdentity {
        kind: "licence".to_owned(),
    });
    rig.signed();
    let points = [(0, 0), (5_000, 100), (9_000, 300)];
    let points = points.map(|(x, t)| StrokePoint { x, y: 100, t });
    let job = FormJob {
        case: CaseId([7; 16]),
        snapshot: rig.last_snapshot(),
        signature: Signature {
            version: 1,
            pad_width: 100_000,
            pad_height: 40_000,
            strokes: vec![Stroke {
                points: points.to_vec(),
            }],
        },
        city: "六会市".to_owned(),
        place: "北部市民センター".to_owned(),
    };
    let forms = FormMaker::open(&font_paths(None)).expect("the fonts are installed");
    let pdf = forms.make(&job).expect("made");
    let folder = tempfile::tempdir().expect("a scratch folder");
    let file = folder.path().join("form.pdf");
    std::fs::write(&file, pdf).expect("written");
    let out = std::process::Command::new("pdftotext")
        .arg("-raw")
        .arg(&file)
        .arg("-")
        .output()
        .expect("pdftotext (poppler-utils) is installed");
    let text = String::from_utf8(out.stdout).expect("UTF-8");
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn each_section_gets_its_own_form_and_what_has_none_a_request() {
    let mut rig = came();
    pick(&mut rig, "P032", None, true);
    pick(&mut rig, "P069", None, true);
    pick(&mut rig, "P117", Some(2), true);
    answer(&mut rig, "afterschool", "true");
    let text = made(&mut rig);
    for said in [
        "個別手続申請書",
        "放課後児童クラブ",
        "印鑑登録（廃止）申請書",
        "口座振替",
        "架空葵",
    ] {
        assert!(text.contains(said), "{said}");
    }
}

#[test]
fn an_allowance_and_a_seal_are_signed_together() {
    let forms = FormMaker::open(&font_paths(None)).expect("the fonts are installed");
    let mut rig = came_to(Rig::with_gate(forms));
    pick(&mut rig, "P032", None, true);
    pick(&mut rig, "P097", None, true);
    answer(&mut rig, "child_allowance_payee", "true");
    answer(&mut rig, "civil_servant", "false");
    let text = made(&mut rig);
    assert_eq!(rig.last_snapshot().form, "procedure-request/1");
    for said in ["児童手当", "印鑑登録（廃止）申請書", "架空葵"] {
        assert!(text.contains(said), "{said}");
    }
}

#[test]
fn a_pulled_plug_keeps_what_was_picked() {
    let mut rig = came();
    pick(&mut rig, "P021", Some(1), true);
    rig.resident(ResidentAction::SetLanguage {
        language: Language::English,
    });
    let mut rig = rig.killed_and_started();
    rig.sign_in();
    assert_eq!(chosen(&rig, "P021").whose, ["1"]);
}
