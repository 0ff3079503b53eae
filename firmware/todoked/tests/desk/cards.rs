//! Other cards than the My Number card, and what was typed against what the chip says.

use counter_api::{
    CardNumber, CardPin, CardView, Digits, FaceFinding, FaceVerdict, FaceView, FieldView,
    ResidentAction, ResidentScreen, StaffAction, Step,
};
use counter_domain::draft::Source;
use identity_cards::{Genuineness, Insist};
use todoked::devices::{
    CardFacts, CardKey, CardLies, CardOrder, CardTrouble, Effect, FaceFacts, Happened, OtherCard,
};
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
        domicile: String::new(),
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
            second_tries_left: 3,
        },
    );
    assert_eq!(
        rig.reception().card,
        CardView::Licence {
            pin_tries_left: 3,
            second_tries_left: 3
        }
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
            second_tries_left: 3,
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
        CardView::Licence {
            pin_tries_left: 1,
            second_tries_left: 3
        }
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
            second_tries_left: 0,
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
            roman_name: String::new(),
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

fn licence_lies(rig: &mut Rig, pin_tries_left: u8, second_tries_left: u8) {
    let lies = CardLies::Other {
        card: OtherCard::DriversLicence,
        pin_tries_left,
        second_tries_left,
    };
    reception(rig, lies);
}

fn enter(rig: &mut Rig, digits: &str) {
    rig.resident(ResidentAction::Pin {
        digits: Digits::new(digits),
    });
}

/// What the resident is asked for, and how many tries are left of it.
fn asked(rig: &Rig) -> Option<(CardPin, Option<u8>)> {
    if let ResidentScreen::Pin {
        which, tries_left, ..
    } = rig.page()
    {
        Some((which, tries_left))
    } else {
        None
    }
}

/// Everything that was ordered of the reader.
fn orders(rig: &Rig) -> Vec<&CardOrder> {
    let mut orders = Vec::new();
    for effect in &rig.effects {
        if let Effect::ReadCard(order) = effect {
            orders.push(order);
        }
    }
    orders
}

#[test]
fn both_pins_of_a_licence_go_to_the_card_together() {
    let mut rig = Rig::new();
    licence_lies(&mut rig, 3, 2);
    rig.staff(StaffAction::AskBothPins);
    assert_eq!(asked(&rig), Some((CardPin::Licence, Some(3))));
    enter(&mut rig, "1111");
    assert_eq!(asked(&rig), Some((CardPin::LicenceSecond, Some(2))));
    assert!(orders(&rig).is_empty(), "nothing is sent before both");
    enter(&mut rig, "2222");
    let [order] = orders(&rig)[..] else {
        panic!("one reading");
    };
    assert!(
        matches!(&order.key, CardKey::BothPins { first, second } if first.expose() == "1111" && second.expose() == "2222")
    );
    assert_eq!(order.insist, Insist::No);
    let facts = CardFacts {
        face: Some(FaceFacts {
            name: Zeroizing::default(),
            address: Zeroizing::default(),
            sex: String::new(),
            genuineness: Genuineness::KeyUnknown,
            ..with_face("1992-11-03").face.expect("a face")
        }),
        domicile: "神奈川県架空市本町一番".to_owned(),
        ..hanako()
    };
    rig.happened(Happened::CardRead(Ok(facts)));
    let shown = face(&rig).expect("the face");
    assert_eq!(shown.photo, "picture-of-head");
    // A signature nobody can check proves nothing.
    let unchecked = |one: &&FaceFinding| one.text.contains("確かめていません");
    let told = shown.findings.iter().find(unchecked).expect("told");
    assert_eq!(told.verdict, FaceVerdict::Look);
    assert!(
        !shown
            .findings
            .iter()
            .any(|one| one.text.contains("署名を確かめました"))
    );
    assert_eq!(rig.value("domicile.place"), "神奈川県架空市本町一番");
    assert_eq!(source_of(&rig, "domicile.place"), Some(Source::LicenceChip));
    assert_eq!(
        rig.reception().card_filled,
        "氏名・住所・生年月日・本籍が入りました。性別は入っていません。手で入力してください。"
    );
}

#[test]
fn without_the_second_pin_the_licence_is_read_without_its_photo() {
    let mut rig = Rig::new();
    licence_lies(&mut rig, 3, 3);
    rig.staff(StaffAction::AskBothPins);
    enter(&mut rig, "1111");
    rig.resident(ResidentAction::SkipPin);
    let [order] = orders(&rig)[..] else {
        panic!("one reading");
    };
    assert!(matches!(&order.key, CardKey::Pin(digits) if digits.expose() == "1111"));
}

#[test]
fn a_wrong_second_pin_is_counted_by_itself_and_both_are_asked_again() {
    let mut rig = Rig::new();
    licence_lies(&mut rig, 3, 3);
    rig.staff(StaffAction::AskBothPins);
    enter(&mut rig, "1111");
    enter(&mut rig, "9999");
    let wrong = CardTrouble::WrongSecondPin { left: 1 };
    rig.happened(Happened::CardRead(Err(wrong)));
    let told = rig.desk.resident_view().notice.expect("told");
    assert_eq!(
        told.what,
        "暗証番号2が違います。あと1回まちがえるとロックされます。"
    );
    assert_eq!(asked(&rig), Some((CardPin::Licence, Some(3))));
    enter(&mut rig, "1111");
    assert_eq!(asked(&rig), Some((CardPin::LicenceSecond, Some(1))));
    enter(&mut rig, "2222");
    assert_eq!(orders(&rig).len(), 2);
    assert_eq!(orders(&rig)[1].insist, Insist::Yes, "the page said so");
}

#[test]
fn a_locked_second_pin_is_not_asked_for() {
    let mut rig = Rig::new();
    licence_lies(&mut rig, 3, 0);
    let refused = rig.refused(StaffAction::AskBothPins);
    assert_eq!(refused.code, "CARD-SECOND-PIN-LOCKED");
    rig.staff(StaffAction::AskPin);
    enter(&mut rig, "1111");
    rig.happened(Happened::CardRead(Err(CardTrouble::PinLocked)));
    assert_eq!(code(&rig).as_deref(), Some("CARD-LICENCE-PIN-LOCKED"));
}

#[test]
fn a_first_pin_is_forgotten_when_the_licence_is_lifted() {
    let mut rig = Rig::new();
    licence_lies(&mut rig, 3, 3);
    rig.staff(StaffAction::AskBothPins);
    enter(&mut rig, "1111");
    rig.happened(Happened::CardLies(CardLies::Nothing));
    assert_eq!(rig.page(), ResidentScreen::Wait);
    rig.happened(Happened::CardLies(CardLies::Other {
        card: OtherCard::DriversLicence,
        pin_tries_left: 3,
        second_tries_left: 3,
    }));
    rig.staff(StaffAction::AskPin);
    enter(&mut rig, "3333");
    let [order] = orders(&rig)[..] else {
        panic!("one reading");
    };
    assert!(matches!(&order.key, CardKey::Pin(digits) if digits.expose() == "3333"));
}

#[test]
fn the_last_try_is_spent_only_where_it_was_shown_to_be_the_last() {
    let mut rig = Rig::new();
    my_number_lies(&mut rig);
    rig.staff(StaffAction::AskPin);
    enter(&mut rig, "1234");
    assert_eq!(orders(&rig)[0].insist, Insist::No);
    // Another card lies there meanwhile, with one try left: it was sent nothing.
    rig.happened(Happened::CardRead(Err(CardTrouble::LastTry)));
    assert_eq!(code(&rig).as_deref(), Some("CARD-PIN-LAST-TRY-STAFF"));
    assert_eq!(rig.page(), ResidentScreen::Wait);
    rig.staff(StaffAction::AskPin);
    assert_eq!(asked(&rig), Some((CardPin::MyNumber, Some(1))));
    enter(&mut rig, "1234");
    assert_eq!(orders(&rig)[1].insist, Insist::Yes);
}

#[test]
fn the_last_try_of_the_printed_number_is_asked_for_twice() {
    let mut rig = Rig::new();
    reception(
        &mut rig,
        CardLies::MyNumber {
            pin_tries_left: 0,
            number_b_tries_left: 1,
        },
    );
    let number = || StaffAction::ReadWithNumberB {
        birth: Digits::new("600714"),
        expiry_year: Digits::new("2033"),
        code: Digits::new("4711"),
    };
    assert_eq!(rig.refused(number()).code, "CARD-NUMBER-B-LAST-TRY");
    assert!(orders(&rig).is_empty());
    rig.staff(number());
    assert_eq!(orders(&rig)[0].insist, Insist::Yes);
}

fn passport_lies(rig: &mut Rig) {
    let lies = CardLies::Other {
        card: OtherCard::Passport,
        pin_tries_left: 0,
        second_tries_left: 0,
    };
    reception(rig, lies);
}

fn book(number: &str, birth: &str) -> StaffAction {
    StaffAction::ReadPassport {
        number: CardNumber::new(number),
        birth: Digits::new(birth),
        expires: Digits::new("310630"),
    }
}

#[test]
fn a_passport_is_opened_with_what_is_printed_in_it() {
    let mut rig = Rig::new();
    passport_lies(&mut rig);
    assert_eq!(rig.reception().card, CardView::Passport);
    let refused = rig.refused(book("TK1234567", "19921103"));
    assert_eq!(refused.code, "CARD-PASSPORT-FORM");
    rig.staff(book("ｔｋ１２３４５６７", "921103"));
    assert!(matches!(&orders(&rig)[0].key, CardKey::Passport(_)));
    let facts = CardFacts {
        card: Some(OtherCard::Passport),
        name: String::new(),
        address: String::new(),
        birth_date: "1992-11-03".to_owned(),
        sex: "female".to_owned(),
        domicile: String::new(),
        to_check: true,
        face: Some(FaceFacts {
            photo: Zeroizing::default(),
            name: Zeroizing::default(),
            address: Zeroizing::default(),
            roman_name: "KAKUU HANAKO".to_owned(),
            sex: "female".to_owned(),
            genuineness: Genuineness::NotChecked,
            ..with_face("1992-11-03").face.expect("a face")
        }),
        certificate: None,
    };
    rig.happened(Happened::CardRead(Ok(facts)));
    assert_eq!(code(&rig).as_deref(), Some("CARD-READ-TO-CHECK"));
    assert_eq!(rig.value("member.1.birth_date"), "平成4年11月3日");
    assert_eq!(
        source_of(&rig, "member.1.birth_date"),
        Some(Source::PassportChip)
    );
    assert_eq!(
        rig.value("member.1.name"),
        "",
        "the register writes it otherwise"
    );
    assert_eq!(
        rig.reception().card_filled,
        "生年月日・性別が入りました。氏名・住所は入っていません。手で入力してください。\
         旅券のチップに住所はなく、日本の旅券の氏名はローマ字だけです。"
    );
    let findings = face(&rig).expect("the face").findings;
    assert!(
        findings.iter().any(|one| one.text.contains("KAKUU HANAKO")),
        "{findings:?}"
    );
}

#[test]
fn a_passport_that_does_not_open_says_why_and_what_to_do() {
    let mut rig = Rig::new();
    passport_lies(&mut rig);
    rig.staff(book("TK1234567", "921103"));
    rig.happened(Happened::CardRead(Err(CardTrouble::WrongPassport)));
    assert_eq!(code(&rig).as_deref(), Some("CARD-PASSPORT-WRONG"));
    rig.staff(book("TK1234567", "921103"));
    rig.happened(Happened::CardRead(Err(CardTrouble::NeedsPace)));
    let notice = rig.desk.staff_view().notice.expect("told");
    assert_eq!(notice.code, "CARD-NEEDS-PACE");
    assert!(notice.advice.contains("手で入力"), "{}", notice.advice);
}

#[test]
fn a_card_opened_by_its_print_was_not_confirmed_by_a_pin() {
    let recorded = |rig: &mut Rig| {
        rig.staff(StaffAction::RecordIdentity {
            kind: "mncard".to_owned(),
        });
        rig.reception().identity.recorded
    };
    let mut rig = Rig::new();
    my_number_lies(&mut rig);
    read_by_number(&mut rig, with_face("1985-07-14"));
    let by_print = "マイナンバーカード（チップと券面で確認）";
    assert_eq!(recorded(&mut rig).as_deref(), Some(by_print));
    read_by_pin(&mut rig);
    let by_pin = "マイナンバーカード（チップと暗証番号で確認）";
    assert_eq!(recorded(&mut rig).as_deref(), Some(by_pin));
}
