//! What a form asks beyond the interview: asked once, kept, printed.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test stops at what it did not expect"
)]

use counter_api::{
    BoxGroup, CheckRow, FieldKind, FieldView, Language, ResidentAction, ResidentScreen, SignView,
    StaffAction, Step,
};
use counter_domain::draft::FieldValue;
use counter_forms::resident_move::City;
use counter_forms::{Answers, FontPaths, Forms};
use todoked::fields::member_path;
use todoked::paper::{FormMaker, font_paths};
use todoked::records::Records as _;

use crate::rig::Rig;

/// A couple with a child moves in; she will be the payee of the child allowance.
fn family() -> Rig {
    let forms = FormMaker::open(&font_paths(None)).unwrap();
    let mut rig = Rig::with_gate(forms);
    rig.filled_reception();
    rig.staff(StaffAction::AddMember);
    for (number, name, kana, born, sex, relation) in [
        (
            2,
            "架空　花子",
            "カクウ　ハナコ",
            "1988-04-01",
            "female",
            "妻",
        ),
        (3, "架空　葵", "カクウ　アオイ", "2018-08-03", "male", "子"),
    ] {
        for (field, value) in [
            ("name", name),
            ("kana", kana),
            ("birth_date", born),
            ("sex", sex),
            ("relation", relation),
            ("nationality", "日本"),
        ] {
            rig.set(&member_path(number, field), value);
        }
    }
    for (fact, member, value) in [
        ("child_allowance_payee", 2, "true"),
        ("child_allowance_payee", 1, "false"),
        ("civil_servant", 2, "false"),
    ] {
        rig.staff(StaffAction::Answer {
            fact: fact.to_owned(),
            member: Some(member),
            value: value.to_owned(),
        });
    }
    rig.staff(StaffAction::GoTo {
        step: Step::Procedures,
    });
    rig
}

fn boxes(rig: &Rig) -> Vec<BoxGroup> {
    rig.reception().boxes
}

fn field(rig: &Rig, path: &str) -> Option<FieldView> {
    let all = boxes(rig).into_iter().flat_map(|group| group.fields);
    all.into_iter().find(|field| field.path == path)
}

fn labels(rig: &Rig, member: u8) -> Vec<String> {
    let groups = boxes(rig).into_iter();
    let fields = groups.filter(|group| group.member == member);
    fields
        .flat_map(|group| group.fields)
        .map(|one| one.label)
        .collect()
}

/// The data of a form as it would be printed now.
fn data_of(rig: &mut Rig, number: &str) -> serde_json::Value {
    let forms = Forms::new(&FontPaths::default()).unwrap();
    let case = rig.reception().case;
    rig.staff(StaffAction::RecordIdentity {
        kind: "licence".to_owned(),
    });
    rig.signed();
    let snapshot = rig.last_snapshot();
    let draft = rig.desk.records().case(case).unwrap().draft;
    let city = City {
        name: "六会市".to_owned(),
        branch: "北部".to_owned(),
    };
    let made = forms
        .follow_ups(&snapshot, &city, &Answers::of_draft(&draft))
        .unwrap();
    let form = made.into_iter().find(|one| one.number == number);
    form.unwrap_or_else(|| panic!("no {number}"))
        .data
        .as_json()
        .clone()
}

#[test]
fn a_familys_forms_ask_person_by_person_and_what_is_known_is_not_asked() {
    let rig = family();
    let hers = labels(&rig, 2);
    for asked in [
        "金融機関",
        "口座番号",
        "請求者の勤務先",
        "公金受取口座の利用",
    ] {
        assert!(hers.contains(&asked.to_owned()), "{asked} {hers:?}");
    }
    // The husband is the head of the household: his name stands on the form by itself.
    assert!(!hers.contains(&"配偶者の氏名".to_owned()), "{hers:?}");
    let childs = labels(&rig, 3);
    assert!(
        childs.iter().any(|label| label.contains("監護")),
        "{childs:?}"
    );
}

#[test]
fn an_account_is_entered_once_and_stands_on_the_form() {
    let mut rig = family();
    rig.set("box.m2.bank.name", "架空銀行");
    rig.set("box.m2.bank.number", "０１２-３４５６");
    rig.set("box.m2.bank.kind", "ordinary");
    rig.set("box.m2.F083.detail.employer", "見本商店");
    rig.set("box.m3.F083.children.*.care", "yes");
    assert_eq!(field(&rig, "box.m2.bank.number").unwrap().value, "0123456");
    let data = data_of(&mut rig, "F083");
    let at = |path: &str| data.pointer(path).cloned().unwrap_or_default();
    assert_eq!(at("/bank/name"), "架空銀行");
    assert_eq!(at("/bank/number"), "0123456");
    assert_eq!(at("/detail/employer"), "見本商店");
    assert_eq!(at("/detail/spouse"), "架空　太郎");
    assert_eq!(at("/children/0/care"), "yes");
}

/// Whose box of the school's notice is on the screen.
fn papers_path(rig: &Rig) -> String {
    let all = boxes(rig).into_iter().flat_map(|group| group.fields);
    let mut paths = all.map(|field| field.path);
    let found = paths.find(|path| path.ends_with(".F102.detail.papers"));
    found.expect("the school's notice asks for the papers shown")
}

#[test]
fn several_ticks_are_kept_in_the_forms_order_and_stand_on_the_form() {
    let mut rig = family();
    let path = papers_path(&rig);
    assert_eq!(field(&rig, &path).unwrap().kind, FieldKind::Choices);
    rig.set(&path, "residence_card,enrolment,residence_card");
    assert_eq!(
        field(&rig, &path).unwrap().value,
        "enrolment,residence_card"
    );
    assert_eq!(rig.reception().blocked_by, None);
    let words = counter_forms::box_in_words(&path, "enrolment,residence_card");
    let words = words.expect("head office reads it in words").1;
    assert_eq!(words, "在学証明書、在留カード");
    let data = data_of(&mut rig, "F102");
    assert_eq!(
        data.pointer("/detail/papers"),
        Some(&serde_json::json!(["enrolment", "residence_card"]))
    );
}

#[test]
fn a_tick_can_be_taken_back_and_an_unheard_one_is_told() {
    let mut rig = family();
    let path = papers_path(&rig);
    rig.set(&path, "enrolment,unheard");
    assert!(field(&rig, &path).unwrap().error.is_some());
    rig.set(&path, "enrolment");
    assert_eq!(field(&rig, &path).unwrap().error, None);
    rig.set(&path, "");
    let data = data_of(&mut rig, "F102");
    assert_eq!(data.pointer("/detail/papers"), None);
}

#[test]
fn boxes_are_in_plain_japanese_and_in_english_while_the_resident_reads_it() {
    let mut rig = family();
    let path = papers_path(&rig);
    assert_eq!(
        field(&rig, &path).unwrap().translated,
        "見せた もの: 前の 学校の 証明書 / 教科書（きょうかしょ）の 紙 / 在留カード"
    );
    let promises = field(&rig, "box.m2.F083.detail.consents")
        .unwrap()
        .translated;
    let lines: Vec<&str> = promises.lines().collect();
    assert_eq!(lines.first(), Some(&"児童手当（じどうてあて）の やくそく"));
    assert_eq!(lines.len(), 4, "{promises}");
    assert!(
        lines[3].starts_with("・ほかの 市に ひっこす とき"),
        "{promises}"
    );
    rig.resident(ResidentAction::SetLanguage {
        language: Language::English,
    });
    assert_eq!(
        field(&rig, &path).unwrap().translated,
        "Documents shown or attached: Certificate of enrolment / Certificate of textbooks received / Residence card"
    );
    assert_eq!(
        field(&rig, "box.m2.bank.public_account")
            .unwrap()
            .translated,
        "Use the account registered with the government: Yes / No"
    );
    let care = field(&rig, "box.m3.F083.children.*.care").unwrap();
    assert!(care.translated.starts_with("Child 1: do you have custody"));
}

/// Of the family, she brings up the child alone and claims the child rearing allowance.
fn single_parent() -> Rig {
    let mut rig = family();
    for (fact, value) in [("single_parent", "true"), ("rearing_allowance", "false")] {
        rig.staff(StaffAction::Answer {
            fact: fact.to_owned(),
            member: Some(2),
            value: value.to_owned(),
        });
    }
    rig
}

#[test]
fn none_beside_another_tick_is_refused_with_the_way_out() {
    let mut rig = single_parent();
    let all = boxes(&rig).into_iter().flat_map(|group| group.fields);
    let paths: Vec<String> = all.map(|field| field.path).collect();
    let path = paths
        .iter()
        .find(|path| path.ends_with(".F090.detail.child_pension"));
    let path = path.unwrap_or_else(|| panic!("{paths:?}")).clone();
    rig.set(&path, "none,survivor");
    let field_now = field(&rig, &path).unwrap();
    assert_eq!(
        field_now.error.as_deref(),
        Some(
            "「受けていない」は、ほかと一緒に選べません。「受けていない」か、ほかのどちらかを外してください。"
        )
    );
    assert!(rig.reception().blocked_by.is_some());
    rig.set(&path, "none");
    assert_eq!(field(&rig, &path).unwrap().error, None);
}

#[test]
fn promises_are_ticked_by_nobody_but_staff_and_stand_on_the_form() {
    let mut rig = family();
    let path = "box.m2.F083.detail.consents";
    assert_eq!(field(&rig, path).unwrap().value, "");
    rig.set(path, "change,income");
    let data = data_of(&mut rig, "F083");
    assert_eq!(
        data.pointer("/detail/consents"),
        Some(&serde_json::json!(["income", "change"]))
    );
}

/// The declarations on the resident's page, which is shown for it.
fn declarations_read(rig: &mut Rig) -> Vec<CheckRow> {
    rig.staff(StaffAction::RecordIdentity {
        kind: "licence".to_owned(),
    });
    rig.staff(StaffAction::ShowToResident);
    let ResidentScreen::Check { sections, .. } = rig.page() else {
        panic!("no check page");
    };
    let mut sections = sections.into_iter();
    let found = sections.find(|section| section.title.starts_with("確認事項"));
    found.expect("declarations").rows
}

#[test]
fn declarations_of_the_sections_forms_are_read_and_signed_with_a_move() {
    let mut rig = family();
    let path = "box.m2.F083.detail.consents";
    rig.set(path, "change");
    let rows = declarations_read(&mut rig);
    let own = |label: &str| rows.iter().find(|row| row.label == label);
    let allowance = own("児童手当の確認事項").expect("its form is printed");
    let lines: Vec<&str> = allowance.value.lines().collect();
    assert!(lines[0].starts_with("［確認］"), "{lines:?}");
    assert_eq!(
        lines
            .iter()
            .filter(|one| one.starts_with("［まだ］"))
            .count(),
        2
    );
    // Nobody was asked yet; it is read all the same, with plain Japanese below.
    let mut unasked = rows.iter().filter(|row| !row.value.contains("［確認］"));
    let unasked = unasked.next().expect("another form is printed");
    let lines: Vec<&str> = unasked.value.lines().collect();
    assert!(lines[0].starts_with("［まだ］"), "{lines:?}");
    assert!(lines[1].ends_with('。'), "{lines:?}");
    rig.resident(ResidentAction::SetLanguage {
        language: Language::English,
    });
    let english = declarations_read(&mut rig);
    let mut lines = english.iter().flat_map(|row| row.value.lines());
    assert!(lines.any(|line| line.starts_with("Confirmed: I ")));
    assert!(lines.any(|line| line.starts_with("Not yet: I ")));
    rig.staff(StaffAction::StopShowing);
    rig.signed();
    let signed = rig.last_snapshot();
    assert!(signed.fields.contains_key(&path.into()));
    rig.set(path, "change,income");
    assert_eq!(rig.reception().sign, SignView::Void);
}

#[test]
fn a_declaration_for_a_form_nobody_needs_any_more_is_not_signed() {
    let mut rig = family();
    let path = "box.m2.F083.detail.consents";
    rig.set(path, "change");
    rig.staff(StaffAction::Answer {
        fact: "child_allowance_payee".to_owned(),
        member: Some(2),
        value: "false".to_owned(),
    });
    let rows = declarations_read(&mut rig);
    assert!(rows.iter().all(|row| row.label != "児童手当の確認事項"));
    rig.staff(StaffAction::StopShowing);
    rig.signed();
    assert!(!rig.last_snapshot().fields.contains_key(&path.into()));
}

#[test]
fn a_registered_account_makes_the_others_needless() {
    let mut rig = family();
    rig.set("box.m2.bank.public_account", "true");
    assert!(field(&rig, "box.m2.bank.number").is_none());
    let data = data_of(&mut rig, "F083");
    assert_eq!(data.pointer("/bank/public_account"), Some(&true.into()));
}

#[test]
fn a_number_too_short_is_told_kept_and_left_off_the_form() {
    let mut rig = family();
    rig.set("box.m2.bank.number", "123");
    let short = field(&rig, "box.m2.bank.number").unwrap();
    assert_eq!(
        short.error.as_deref(),
        Some("7けたの数字で入力してください。")
    );
    assert!(rig.reception().blocked_by.unwrap().contains("口座番号"));
    rig.set("box.m2.bank.number", "1234567");
    assert_eq!(rig.reception().blocked_by, None);
    assert_eq!(
        rig.refused(StaffAction::SetField {
            path: "box.m2.bank.unheard".to_owned(),
            value: "1".to_owned(),
        })
        .code,
        "FIELD-UNKNOWN"
    );
}

#[test]
fn a_pulled_plug_keeps_what_was_entered() {
    let mut rig = family();
    rig.set("box.m2.bank.name", "架空銀行");
    let case = rig.reception().case;
    let rig = rig.killed_and_started();
    let draft = rig.desk.records().case(case).unwrap().draft;
    let kept = draft.field(&"box.m2.bank.name".into()).unwrap().shown.value;
    assert_eq!(kept, FieldValue::Text("架空銀行".to_owned()));
}
