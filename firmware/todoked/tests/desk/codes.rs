//! Scanned codes: receipt numbers, notices and applications of the city, and everything else.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops at what it did not expect"
)]

use counter_api::{ScannedCode, StaffAction, StaffScreen};
use counter_codes::{CodeContent, CodeUse, SigningKey};
use counter_domain::draft::Source;
use jiff::civil::Date;

use crate::rig::Rig;

fn scan(code: &str) -> StaffAction {
    StaffAction::ReadCode {
        code: ScannedCode::new(code),
    }
}

fn content(kind: CodeUse) -> CodeContent {
    CodeContent {
        kind,
        city: "142051".to_owned(),
        number: "P-2026-000123".to_owned(),
        from: Date::constant(2026, 11, 1),
        until: Date::constant(2026, 12, 31),
        event: "move_in".to_owned(),
        flow: "paper".to_owned(),
        fields: Vec::new(),
    }
}

fn application() -> CodeContent {
    let fields = [
        ("event.date", "2026-11-14"),
        ("member.1.name", "架空　太郎"),
        ("member.2.name", "架空　花子"),
    ];
    let mut content = content(CodeUse::Application);
    content.fields = fields
        .map(|(path, value)| (path.to_owned(), value.to_owned()))
        .to_vec();
    content
}

/// A counter that has a key of the city, and the key.
fn counter() -> (Rig, SigningKey) {
    let key = SigningKey::parse(&SigningKey::generate().unwrap()).unwrap();
    let settings = serde_json::json!({
        "city": "六会市",
        "code_keys": [{
            "id": "R8A", "city": "142051", "uses": ["notice", "application"], "key": key.public(),
        }],
    });
    let mut rig = Rig::new();
    rig.arrives("settings", 2, settings.to_string().into_bytes());
    rig.sign_in();
    (rig, key)
}

fn code(rig: &Rig) -> String {
    rig.desk.staff_view().notice.expect("a notice").code
}

#[test]
fn a_receipt_number_opens_its_case_from_anywhere() {
    let (mut rig, _) = counter();
    rig.staff(StaffAction::StartReception);
    let first = rig.reception();
    rig.staff(StaffAction::LeaveCase);
    rig.staff(scan(&first.receipt_number));
    assert_eq!(rig.reception().case, first.case);
    rig.staff(StaffAction::LeaveCase);
    rig.staff(StaffAction::StartReception);
    assert_ne!(rig.reception().case, first.case);
    rig.staff(scan(&first.receipt_number));
    assert_eq!(rig.reception().case, first.case);
}

#[test]
fn what_is_not_ours_is_refused_in_words_and_changes_nothing() {
    let (mut rig, _) = counter();
    for (text, expected) in [
        ("https://example.jp/coupon?id=1", "CODE-FOREIGN"),
        ("07-2-261121-0184-0", "CODE-RECEIPT-WRONG"),
        ("TDK1-R8A-AAAA", "CODE-DAMAGED"),
        ("TDK9-R8A-AAAA-AAAA", "CODE-NEWER"),
    ] {
        assert_eq!(rig.refused(scan(text)).code, expected, "{text}");
    }
    let elsewhere = counter_domain::receipt::ReceiptNumber::issue(
        &counter_domain::ids::BranchCode::from("09"),
        '1',
        Date::constant(2026, 11, 20),
        7,
    );
    let elsewhere = elsewhere.unwrap().to_string();
    assert_eq!(rig.refused(scan(&elsewhere)).code, "CODE-CASE-ELSEWHERE");
    let screen = rig.desk.staff_view().screen;
    assert!(matches!(screen, StaffScreen::Board { .. }));
}

#[test]
fn an_application_fills_a_new_reception() {
    let (mut rig, key) = counter();
    rig.staff(scan(&application().issue("R8A", &key).unwrap()));
    assert_eq!(code(&rig), "CODE-APPLICATION-READ");
    assert_eq!(rig.value("event.date"), "令和8年11月14日");
    assert_eq!(rig.value("member.1.name"), "架空　太郎");
    assert_eq!(rig.value("member.2.name"), "架空　花子");
    let view = rig.reception();
    let name = view.members.iter().flat_map(|member| &member.fields);
    let mut name = name.filter(|field| field.path == "member.1.name");
    assert_eq!(name.next().unwrap().source, Some(Source::Resident));
}

#[test]
fn what_was_entered_before_an_application_stays_and_is_told() {
    let (mut rig, key) = counter();
    rig.staff(StaffAction::StartReception);
    rig.set("member.1.name", "架空　次郎");
    rig.staff(scan(&application().issue("R8A", &key).unwrap()));
    assert_eq!(code(&rig), "CODE-APPLICATION-DIFFERS");
    assert_eq!(rig.value("member.1.name"), "架空　次郎");
    let told = rig.desk.staff_view().notice.unwrap();
    assert!(told.what.contains("「架空　次郎」"), "{}", told.what);
    assert_eq!(rig.value("member.2.name"), "架空　花子");
}

#[test]
fn a_notice_begins_a_reception_of_its_event() {
    let (mut rig, key) = counter();
    rig.staff(scan(&content(CodeUse::Notice).issue("R8A", &key).unwrap()));
    assert_eq!(code(&rig), "CODE-NOTICE-READ");
    assert!(rig.reception().event.starts_with("転入"));
}

#[test]
fn forged_and_unknown_codes_start_nothing() {
    let (mut rig, key) = counter();
    let stranger = SigningKey::parse(&SigningKey::generate().unwrap()).unwrap();
    let forged = application().issue("R8A", &stranger).unwrap();
    assert_eq!(rig.refused(scan(&forged)).code, "CODE-FORGED");
    let unknown = application().issue("ZZ", &key).unwrap();
    assert_eq!(rig.refused(scan(&unknown)).code, "CODE-UNKNOWN-KEY");
    let mut strange = application();
    strange.event = "moon_landing".to_owned();
    let strange = strange.issue("R8A", &key).unwrap();
    assert_eq!(rig.refused(scan(&strange)).code, "CODE-EVENT-UNKNOWN");
    let mut unknown_path = application();
    unknown_path
        .fields
        .push(("member.1.my_number".to_owned(), "123456789018".to_owned()));
    let unknown_path = unknown_path.issue("R8A", &key).unwrap();
    assert_eq!(rig.refused(scan(&unknown_path)).code, "CODE-DAMAGED");
}
