//! Other cards than the My Number card, and what was typed against what the chip says.

use counter_api::{CardNumber, CardView, Digits, FieldView, ResidentAction, StaffAction};
use counter_domain::draft::Source;
use todoked::devices::{CardFacts, CardLies, CardTrouble, Effect, Happened, OtherCard};

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
