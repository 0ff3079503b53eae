//! Cards and disks that do not do their part.

use std::sync::atomic::Ordering;

use counter_api::{
    CardPin, CardView, Digits, LineState, ResidentAction, ResidentScreen, SaveState, SignView,
    StaffAction,
};
use todoked::devices::{CardLies, CardTrouble, Effect, Happened};
use todoked::texts::Code;

use crate::rig::Rig;

fn asked(tries: u8) -> Rig {
    let mut rig = Rig::new();
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    rig.lay_card(tries);
    rig.staff(StaffAction::AskPin);
    rig
}

fn reads(rig: &Rig) -> usize {
    rig.effects
        .iter()
        .filter(|effect| matches!(effect, Effect::ReadCard(_)))
        .count()
}

fn wrong_pin(rig: &mut Rig, left: u8) {
    rig.resident(ResidentAction::Pin {
        digits: Digits::new("0000"),
    });
    rig.happened(Happened::CardRead(Err(CardTrouble::WrongPin { left })));
}

#[test]
fn wrong_pin_shows_the_tries_and_is_not_sent_again() {
    let mut rig = asked(3);
    wrong_pin(&mut rig, 2);
    assert_eq!(reads(&rig), 1);
    assert_eq!(
        rig.page(),
        ResidentScreen::Pin {
            tries_left: Some(2),
            reading: false,
            which: CardPin::MyNumber,
        }
    );
    let told = rig.desk.resident_view().notice.expect("told");
    assert_eq!(
        told.what,
        "暗証番号が違います。あと2回まちがえるとロックされます。"
    );
    wrong_pin(&mut rig, 1);
    assert_eq!(reads(&rig), 2);
    assert_eq!(
        rig.desk.resident_view().notice.expect("warned").code,
        "CARD-PIN-LAST-TRY"
    );
    assert_eq!(
        rig.desk.staff_view().notice.expect("warned").code,
        "CARD-PIN-LAST-TRY-STAFF"
    );
}

#[test]
fn blocked_pin_offers_the_number_on_the_card() {
    let mut rig = asked(1);
    wrong_pin(&mut rig, 0);
    assert_eq!(rig.page(), ResidentScreen::Wait);
    assert_eq!(
        rig.desk.staff_view().notice.expect("told").code,
        "CARD-PIN-LOCKED"
    );
    assert_eq!(
        rig.desk.resident_view().notice.expect("told").code,
        "CARD-PIN-LOCKED-RESIDENT"
    );
    assert_eq!(rig.refused(StaffAction::AskPin).code, "CARD-PIN-LOCKED");
    let number = |birth: &str| StaffAction::ReadWithNumberB {
        birth: Digits::new(birth),
        expiry_year: Digits::new("2033"),
        code: Digits::new("4711"),
    };
    assert_eq!(rig.refused(number("60071")).code, "CARD-NUMBER-B-DIGITS");
    assert_eq!(reads(&rig), 1);
    rig.staff(number("600714"));
    assert_eq!(reads(&rig), 2);
}

#[test]
fn three_digits_never_reach_the_card() {
    let mut rig = asked(3);
    let short = ResidentAction::Pin {
        digits: Digits::new("123"),
    };
    assert_eq!(
        rig.desk.resident(short).unwrap_err().code,
        "CARD-PIN-FOUR-DIGITS"
    );
    assert_eq!(reads(&rig), 0);
}

#[test]
fn pulled_card_leaves_nothing_half_read() {
    let mut rig = asked(3);
    rig.resident(ResidentAction::Pin {
        digits: Digits::new("1234"),
    });
    rig.happened(Happened::CardLies(CardLies::Nothing));
    rig.happened(Happened::CardRead(Err(CardTrouble::Pulled)));
    assert_eq!(rig.value("member.1.name"), "");
    assert_eq!(rig.reception().card, CardView::Empty);
    assert_eq!(
        rig.desk.staff_view().notice.expect("told").code,
        "CARD-PULLED"
    );
    // The next card may be another person's: it is not read by itself.
    rig.lay_card(3);
    assert_eq!(rig.page(), ResidentScreen::Wait);
    assert_eq!(reads(&rig), 1);
}

#[test]
fn card_taken_away_before_the_pin_takes_the_page_away() {
    let mut rig = asked(3);
    rig.happened(Happened::CardLies(CardLies::Nothing));
    assert_eq!(rig.page(), ResidentScreen::Wait);
    let late = ResidentAction::Pin {
        digits: Digits::new("1234"),
    };
    assert_eq!(
        rig.desk.resident(late).unwrap_err().code,
        "NOT-POSSIBLE-NOW"
    );
    assert_eq!(reads(&rig), 0);
}

#[test]
fn unknown_card_and_missing_reader_leave_typing_possible() {
    let mut rig = Rig::new();
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    assert_eq!(rig.refused(StaffAction::AskPin).code, "CARD-NO-READER");
    rig.happened(Happened::CardLies(CardLies::Unknown));
    assert_eq!(rig.reception().card, CardView::Unknown);
    assert_eq!(rig.refused(StaffAction::AskPin).code, "CARD-UNKNOWN");
    rig.set("member.1.name", "架空　太郎");
    assert_eq!(rig.value("member.1.name"), "架空　太郎");
}

#[test]
fn full_disk_keeps_what_was_typed_on_the_screen() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.full.store(true, Ordering::Relaxed);
    let typed = StaffAction::SetField {
        path: "head.new".to_owned(),
        value: "架空　花子".to_owned(),
    };
    assert_eq!(rig.refused(typed).code, "SAVE-DISK-FULL");
    assert_eq!(rig.value("head.new"), "架空　花子");
    assert!(matches!(rig.reception().save, SaveState::Failed { .. }));
    assert_eq!(
        rig.refused(StaffAction::ShowToResident).code,
        "SIGN-NOT-READY"
    );
    rig.full.store(false, Ordering::Relaxed);
    rig.set("notifier.phone", "090-0000-0000");
    assert!(matches!(rig.reception().save, SaveState::Saved { .. }));
    let mut rig = rig.killed_and_started();
    rig.sign_in();
    assert_eq!(rig.value("head.new"), "架空　花子");
}

#[test]
fn what_a_full_disk_did_not_take_is_saved_when_there_is_room_again() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.full.store(true, Ordering::Relaxed);
    let typed = StaffAction::SetField {
        path: "head.new".to_owned(),
        value: "架空　花子".to_owned(),
    };
    assert_eq!(rig.refused(typed).code, "SAVE-DISK-FULL");
    assert_eq!(
        rig.desk
            .staff_view()
            .notice
            .expect("it stays on the screen")
            .code,
        "SAVE-DISK-FULL"
    );
    rig.happened(Happened::Tick);
    assert!(matches!(rig.reception().save, SaveState::Failed { .. }));
    rig.full.store(false, Ordering::Relaxed);
    rig.happened(Happened::Tick);
    assert!(matches!(rig.reception().save, SaveState::Saved { .. }));
    assert_eq!(rig.desk.staff_view().notice, None);
    let mut rig = rig.killed_and_started();
    rig.sign_in();
    assert_eq!(rig.value("head.new"), "架空　花子");
}

#[test]
fn trouble_with_the_line_is_told_until_it_is_over() {
    let mut rig = Rig::new();
    let line = |line, trouble| Happened::Line { line, trouble };
    rig.happened(line(LineState::Refused, Some(Code::LineClockWrong)));
    rig.sign_in();
    assert_eq!(
        rig.desk
            .staff_view()
            .notice
            .expect("signing in changes nothing")
            .code,
        "LINE-CLOCK-WRONG"
    );
    rig.happened(line(LineState::Connected, None));
    assert_eq!(rig.desk.staff_view().notice, None);
}

#[test]
fn a_signature_a_full_disk_refused_is_stored_without_signing_again() {
    let mut rig = signing();
    rig.full.store(true, Ordering::Relaxed);
    rig.signs();
    assert_eq!(rig.reception().sign, SignView::Held);
    assert_eq!(
        rig.desk.staff_view().notice.expect("told").code,
        "SAVE-DISK-FULL"
    );
    assert!(matches!(
        rig.page(),
        ResidentScreen::Sign { saving: true, .. }
    ));
    // What was signed is nowhere but here.
    assert_eq!(rig.refused(StaffAction::LeaveCase).code, "SIGN-HELD");
    rig.happened(Happened::Tick);
    assert_eq!(rig.reception().sign, SignView::Held);
    rig.full.store(false, Ordering::Relaxed);
    rig.happened(Happened::Tick);
    rig.make_form();
}

/// The resident has read the page and holds the pen.
fn signing() -> Rig {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.staff(StaffAction::ShowToResident);
    rig.content_right();
    rig
}

/// The form of a signature is made while the disk has no room for it.
fn held_with_its_form() -> Rig {
    let mut rig = signing();
    rig.signs();
    let case = rig.reception().case;
    rig.full.store(true, Ordering::Relaxed);
    rig.happened(Happened::FormMade {
        case,
        form: Ok(b"%PDF-1.7 form".to_vec()),
    });
    assert_eq!(rig.reception().sign, SignView::Held);
    rig.happened(Happened::Tick);
    assert_eq!(rig.reception().sign, SignView::Held);
    rig
}

#[test]
fn a_form_a_full_disk_refused_is_stored_when_there_is_room() {
    let mut rig = held_with_its_form();
    rig.full.store(false, Ordering::Relaxed);
    rig.happened(Happened::Tick);
    assert!(matches!(rig.reception().sign, SignView::Signed { .. }));
    assert_eq!(
        rig.desk.staff_view().notice.expect("told").code,
        "SIGN-DONE"
    );
    assert_eq!(rig.page(), ResidentScreen::Wait);
    rig.staff(StaffAction::Submit);
}

#[test]
fn a_held_signature_survives_a_pulled_plug() {
    let rig = held_with_its_form();
    rig.full.store(false, Ordering::Relaxed);
    let mut rig = rig.killed_and_started();
    rig.sign_in();
    rig.make_form();
}

#[test]
fn a_held_signature_may_be_given_up_and_does_not_come_back() {
    let mut rig = held_with_its_form();
    assert_eq!(
        rig.refused(StaffAction::StopShowing).code,
        "SAVE-DISK-FULL",
        "it would come back"
    );
    rig.full.store(false, Ordering::Relaxed);
    rig.staff(StaffAction::StopShowing);
    assert_eq!(rig.reception().sign, SignView::NotShown);
    let mut rig = rig.killed_and_started();
    rig.sign_in();
    assert_eq!(rig.reception().sign, SignView::NotShown);
}

#[test]
fn form_that_cannot_be_made_uses_no_signature() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.staff(StaffAction::ShowToResident);
    rig.content_right();
    rig.signs();
    let case = rig.reception().case;
    rig.happened(Happened::FormMade {
        case,
        form: Err("文字が枠に入りません。".to_owned()),
    });
    assert_eq!(
        rig.desk.staff_view().notice.expect("told").code,
        "SIGN-FORM-FAILED"
    );
    assert_eq!(rig.page(), ResidentScreen::Wait);
    assert_eq!(rig.refused(StaffAction::Submit).code, "SUBMIT-NOT-SIGNED");
}

#[test]
fn what_a_full_disk_refused_is_stored_when_there_is_room_again() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.full.store(true, Ordering::Relaxed);
    let typed = StaffAction::TypeField {
        path: "head.new".to_owned(),
        value: "架空　花子".to_owned(),
    };
    assert_eq!(rig.refused(typed).code, "SAVE-DISK-FULL");
    rig.happened(Happened::Tick);
    assert!(matches!(rig.reception().save, SaveState::Failed { .. }));
    rig.full.store(false, Ordering::Relaxed);
    rig.happened(Happened::Tick);
    assert!(matches!(rig.reception().save, SaveState::Saved { .. }));
    let mut rig = rig.killed_and_started();
    rig.sign_in();
    assert_eq!(rig.value("head.new"), "架空　花子");
}
