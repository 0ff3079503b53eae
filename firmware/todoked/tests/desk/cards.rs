//! Other cards than the My Number card, and what was typed against what the chip says.

use counter_api::{
    CardNumber, CardView, Digits, FaceVerdict, FaceView, FieldView, ResidentAction, StaffAction,
    Step,
};
use counter_domain::draft::Source;
use identity_cards::Genuineness;
use todoked::devices::{CardFacts, CardLies, CardTrouble, Effect, FaceFacts, Happened, OtherCard};
use zeroize::Zeroizing;

use crate::rig::{Rig, taro};

fn hanako() -> CardFacts {
    CardFacts {
        card: Some(OtherCard::DriversLicence),
        to_check: true,
        name: "架空　花〓子".to_owned(),
        address: "神奈川県架空市本町一丁目１番１号".to_owned(),
        birth_date: "1992-11-03".to_owned(),
        sex: String::new(),
        face: None,
        certificate: None,
    }
}

fn reception(rig: &mut Rig, lies: CardLies) {
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    rig.happened(Happened::CardLies(lies));
}

fn code(rig: &Rig) -> Option<String> {
    Some(rig.desk.staff_view().notice?.code)
}

fn field(rig: &Rig, path: &str) -> Option<FieldView> {
    let view = rig.reception();
    let members = view.members.into_iter().flat_map(|member| member.fields);
    let mut fields = view.move_fields.into_iter().chain(members);
    fields.find(|field| field.path == path)
}

fn source_of(rig: &Rig, path: &str) -> Option<Source> {
    field(rig, path)?.source
}

fn error_of(rig: &Rig, path: &str) -> Option<String> {
    field(rig, path)?.error
}

#[test]
fn a_licence_is_proposed_and_its_fields_name_it() {
    let mut rig = Rig::new();
    reception(
        &mut rig,
        CardLies::Other {
            card: OtherCard::DriversLicence,
            pin_tries_left: 3,
        },
    );
    assert_eq!(
        rig.reception().card,
        CardView::Licence { pin_tries_left: 3 }
    );
    rig.staff(StaffAction::AskPin);
    rig.resident(ResidentAction::Pin {
        digits: Digits::new("1111"),
    });
    rig.happened(Happened::CardRead(Ok(hanako())));
    assert_eq!(code(&rig).as_deref(), Some("CARD-READ-TO-CHECK"));
    assert_eq!(rig.value("member.1.birth_date"), "平成4年11月3日");
    assert_eq!(source_of(&rig, "member.1.name"), Some(Source::LicenceChip));
    // The character the card could not write must be filled in before anything is signed.
    assert!(error_of(&rig, "member.1.name").is_some_and(|error| error.contains('〓')));
    rig.set("member.1.name", "架空　花見子");
    assert_eq!(error_of(&rig, "member.1.name"), None);
}

#[test]
fn a_wrong_licence_pin_is_counted_down() {
    let mut rig = Rig::new();
    reception(
        &mut rig,
        CardLies::Other {
            card: OtherCard::DriversLicence,
            pin_tries_left: 3,
        },
    );
    rig.staff(StaffAction::AskPin);
    rig.resident(ResidentAction::Pin {
        digits: Digits::new("9999"),
    });
    rig.happened(Happened::CardRead(Err(CardTrouble::WrongPin { left: 1 })));
    rig.staff(StaffAction::StopWaiting);
    assert_eq!(
        rig.reception().card,
        CardView::Licence { pin_tries_left: 1 }
    );
}

#[test]
fn a_residence_card_is_opened_with_its_number() {
    let mut rig = Rig::new();
    reception(
        &mut rig,
        CardLies::Other {
            card: OtherCard::Residence,
            pin_tries_left: 0,
        },
    );
    assert_eq!(rig.reception().card, CardView::Residence);
    let number = |text| StaffAction::ReadResidenceCard {
        number: CardNumber::new(text),
    };
    let refused = rig.refused(number("ZZ1234"));
    assert_eq!(refused.code, "CARD-NUMBER-FORM");
    rig.staff(number("ｚｚ１２３４５６７８ｙｙ"));
    assert!(
        rig.effects
            .iter()
            .any(|one| matches!(one, Effect::ReadCard(_)))
    );
    rig.happened(Happened::CardRead(Err(CardTrouble::WrongCardNumber)));
    assert_eq!(code(&rig).as_deref(), Some("CARD-NUMBER-WRONG"));
}

#[test]
fn what_was_typed_differently_is_shown_and_can_come_back() {
    let mut rig = Rig::new();
    reception(
        &mut rig,
        CardLies::MyNumber {
            pin_tries_left: 3,
            number_b_tries_left: 10,
        },
    );
    rig.staff(StaffAction::SetField {
        path: "member.1.name".to_owned(),
        value: "架空　太朗".to_owned(),
    });
    rig.staff(StaffAction::AskPin);
    rig.resident(ResidentAction::Pin {
        digits: Digits::new("1234"),
    });
    rig.happened(Happened::CardRead(Ok(taro())));
    let notice = rig.desk.staff_view().notice.expect("a notice");
    assert_eq!(notice.code, "CARD-READ-DIFFERS");
    assert!(
        notice.what.contains("氏名「架空　太朗」"),
        "{}",
        notice.what
    );
    assert_eq!(rig.value("member.1.name"), "架空　太郎");
    rig.staff(StaffAction::Undo);
    assert_eq!(rig.value("member.1.name"), "架空　太朗");
}

/// What a chip gives that was opened with its printed number.
fn with_face(birth_date: &str) -> CardFacts {
    let picture = |name: &str| Zeroizing::new(format!("picture-of-{name}"));
    CardFacts {
        face: Some(FaceFacts {
            photo: picture("head"),
            name: picture("name"),
            address: picture("address"),
            front: Zeroizing::default(),
            birth_date: birth_date.to_owned(),
            sex: "male".to_owned(),
            expires: "2033-07-14".to_owned(),
            genuineness: Genuineness::AuthorityUnknown,
            is_whole: true,
        }),
        ..taro()
    }
}

fn my_number_lies(rig: &mut Rig) {
    let lies = CardLies::MyNumber {
        pin_tries_left: 3,
        number_b_tries_left: 10,
    };
    reception(rig, lies);
}

fn read_by_number(rig: &mut Rig, facts: CardFacts) {
    rig.staff(StaffAction::ReadWithNumberB {
        birth: Digits::new("600714"),
        expiry_year: Digits::new("2033"),
        code: Digits::new("4711"),
    });
    rig.happened(Happened::CardRead(Ok(facts)));
}

fn read_by_pin(rig: &mut Rig) {
    rig.staff(StaffAction::AskPin);
    rig.resident(ResidentAction::Pin {
        digits: Digits::new("1234"),
    });
    rig.happened(Happened::CardRead(Ok(taro())));
}

fn face(rig: &Rig) -> Option<FaceView> {
    rig.reception().face
}

#[test]
fn the_face_of_a_card_is_for_staff_and_for_this_reception_only() {
    let mut rig = Rig::new();
    my_number_lies(&mut rig);
    assert!(face(&rig).is_none());
    read_by_number(&mut rig, with_face("1985-07-14"));
    assert_eq!(code(&rig).as_deref(), Some("CARD-READ"));
    let shown = face(&rig).expect("the face");
    assert_eq!(shown.photo, "picture-of-head");
    assert_eq!(shown.name_text, "架空　太郎");
    assert!(!shown.more_by_number);
    let worst = shown.findings.first().expect("something was checked");
    assert_eq!(worst.verdict, FaceVerdict::Look, "{}", worst.text);
    let resident = serde_json::to_string(&rig.desk.resident_view()).expect("a view");
    assert!(!resident.contains("picture-of"));
    // Where nobody looks at it, it does not travel.
    rig.staff(StaffAction::GoTo {
        step: Step::Household,
    });
    assert!(face(&rig).is_none());
    rig.staff(StaffAction::GoTo {
        step: Step::Documents,
    });
    assert!(face(&rig).is_some());
    let case = rig.reception().case;
    rig.staff(StaffAction::LeaveCase);
    rig.staff(StaffAction::OpenCase { case });
    assert!(face(&rig).is_none());
}

#[test]
fn a_chip_whose_face_says_something_else_is_told() {
    let mut rig = Rig::new();
    my_number_lies(&mut rig);
    read_by_number(&mut rig, with_face("1986-07-14"));
    assert_eq!(code(&rig).as_deref(), Some("CARD-FACE-DIFFERS"));
    let findings = face(&rig).expect("the face").findings;
    assert_eq!(findings[0].verdict, FaceVerdict::Wrong);
    assert!(
        findings[0].text.contains("生年月日"),
        "{}",
        findings[0].text
    );
}

#[test]
fn a_card_read_by_pin_offers_its_face_and_keeps_one_that_was_read() {
    let mut rig = Rig::new();
    my_number_lies(&mut rig);
    read_by_pin(&mut rig);
    let shown = face(&rig).expect("what was checked");
    assert!(shown.photo.is_empty() && shown.more_by_number);
    read_by_number(&mut rig, with_face("1985-07-14"));
    assert_eq!(rig.reception().card, CardView::Read);
    read_by_pin(&mut rig);
    assert_eq!(face(&rig).expect("the face").photo, "picture-of-head");
}
