//! Who is let in, for how long, and what a locked screen keeps.
#![expect(clippy::panic, reason = "a test stops at what it did not expect")]

use counter_api::{
    LineState, Password, ResidentScreen, SignInView, SignView, StaffAction, StaffScreen, Step,
};
use todoked::devices::Happened;

use crate::rig::{COLLEAGUE, Rig, SECRET, STAFF, SUPERVISOR, SUPERVISOR_SECRET, members};

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

fn sign_in(staff: &str, secret: &str) -> StaffAction {
    StaffAction::SignIn {
        staff: staff.to_owned(),
        secret: Password::new(secret),
    }
}

fn allow(supervisor: &str, secret: &str) -> StaffAction {
    StaffAction::AllowOffline {
        supervisor: supervisor.to_owned(),
        secret: Password::new(secret),
    }
}

#[track_caller]
fn door(rig: &Rig) -> SignInView {
    match rig.desk.staff_view().screen {
        StaffScreen::SignIn(view) => view,
        StaffScreen::Board { .. } | StaffScreen::Reception(_) => panic!("somebody is in"),
    }
}

fn line(rig: &mut Rig, line: LineState) {
    let trouble = None;
    rig.happened(Happened::Line { line, trouble });
}

fn tick_after(rig: &mut Rig, ms: u64) {
    rig.clock.forward(ms);
    rig.happened(Happened::Tick);
}

#[test]
fn before_the_list_of_staff_the_door_says_that_it_waits() {
    let rig = Rig::before_first_contact(1);
    assert!(door(&rig).awaits_staff);
    let mut rig = rig.with_staff();
    assert_eq!(door(&rig), SignInView::default());
    rig.sign_in();
}

#[test]
fn only_known_staff_are_let_in() {
    let mut rig = Rig::new();
    assert_eq!(door(&rig), SignInView::default());
    assert_eq!(rig.refused(sign_in(STAFF, "chigau")).code, "SIGN-IN-WRONG");
    assert_eq!(
        rig.refused(StaffAction::StartReception).code,
        "SIGN-IN-FIRST"
    );
    rig.sign_in();
    let view = rig.desk.staff_view();
    assert_eq!(view.header.staff.as_deref(), Some("架空　職員"));
    assert_eq!(
        (view.header.today.as_str(), view.header.clock.as_str()),
        ("11月21日（土）", "10:42")
    );
    assert!(matches!(view.screen, StaffScreen::Board { .. }));
}

#[test]
fn password_counts_every_character() {
    let mut rig = Rig::new();
    // As it was when only letters and digits were kept.
    assert_eq!(
        rig.refused(sign_in(STAFF, "Himitsu3")).code,
        "SIGN-IN-WRONG"
    );
    rig.staff(sign_in(SUPERVISOR, SUPERVISOR_SECRET));
}

#[test]
fn wrong_passwords_make_a_growing_pause_that_a_restart_does_not_end() {
    let mut rig = Rig::new();
    for _ in 0..5 {
        assert_eq!(rig.refused(sign_in(STAFF, "x")).code, "SIGN-IN-WRONG");
    }
    assert_eq!(door(&rig).wait_seconds, 60);
    let told = rig.refused(sign_in(STAFF, SECRET));
    assert_eq!(told.code, "SIGN-IN-WAIT");
    assert!(told.advice.contains("1分0秒"), "{}", told.advice);
    rig.clock.forward(30_500);
    let mut rig = rig.killed_and_started();
    assert_eq!(door(&rig).wait_seconds, 30);
    let told = rig.refused(sign_in(STAFF, SECRET));
    assert!(told.advice.contains("あと30秒"), "{}", told.advice);
    rig.clock.forward(MINUTE);
    assert_eq!(rig.refused(sign_in(STAFF, "x")).code, "SIGN-IN-WRONG");
    assert_eq!(door(&rig).wait_seconds, 120);
    rig.clock.forward(2 * MINUTE);
    rig.sign_in();
    rig.staff(StaffAction::SignOut);
    assert_eq!(rig.refused(sign_in(STAFF, "x")).code, "SIGN-IN-WRONG");
    assert_eq!(door(&rig).wait_seconds, 0, "counted from one again");
}

#[test]
fn a_week_without_head_office_needs_a_supervisor_each_day() {
    let mut rig = Rig::new();
    line(&mut rig, LineState::Connected);
    line(&mut rig, LineState::Down);
    rig.clock.forward(7 * DAY);
    rig.sign_in();
    rig.staff(StaffAction::SignOut);
    rig.clock.forward(1);
    assert!(door(&rig).needs_supervisor);
    assert_eq!(
        rig.refused(sign_in(STAFF, SECRET)).code,
        "SIGN-IN-TOO-LONG-OFFLINE"
    );
    assert_eq!(
        rig.refused(allow(STAFF, SECRET)).code,
        "SIGN-IN-NOT-SUPERVISOR"
    );
    assert_eq!(rig.refused(allow(SUPERVISOR, "x")).code, "SIGN-IN-WRONG");
    rig.staff(allow(SUPERVISOR, SUPERVISOR_SECRET));
    let mut rig = rig.killed_and_started();
    assert!(!door(&rig).needs_supervisor, "allowed for a day");
    rig.sign_in();
    rig.staff(StaffAction::SignOut);
    rig.clock.forward(DAY + 1);
    assert!(door(&rig).needs_supervisor);
    line(&mut rig, LineState::Connected);
    assert!(!door(&rig).needs_supervisor);
    assert_eq!(
        rig.refused(allow(SUPERVISOR, SUPERVISOR_SECRET)).code,
        "NOT-POSSIBLE-NOW"
    );
}

#[test]
fn contact_lasts_as_long_as_the_line_does() {
    let mut rig = Rig::new();
    line(&mut rig, LineState::Connected);
    for _ in 0..10 {
        tick_after(&mut rig, DAY);
    }
    let rig = rig.killed_and_started();
    assert!(!door(&rig).needs_supervisor);
}

#[test]
fn a_clock_that_went_back_is_not_trusted_for_long() {
    let mut rig = Rig::new();
    rig.clock.forward(30 * DAY);
    line(&mut rig, LineState::Connected);
    line(&mut rig, LineState::Down);
    rig.clock.back(DAY);
    assert!(!door(&rig).needs_supervisor);
    rig.clock.back(1);
    assert!(door(&rig).needs_supervisor);
    for _ in 0..5 {
        rig.refused(allow(STAFF, "x"));
    }
    rig.clock.back(DAY);
    tick_after(&mut rig, 0);
    rig.clock.forward(MINUTE);
    assert_eq!(door(&rig).wait_seconds, 0, "the pause did not grow");
}

#[test]
fn screen_left_alone_locks_and_comes_back_where_it_was() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.staff(StaffAction::GoTo {
        step: Step::Questions,
    });
    rig.refused(StaffAction::Submit);
    let before = rig.desk.staff_view();
    tick_after(&mut rig, 5 * MINUTE);
    assert!(matches!(
        rig.desk.staff_view().screen,
        StaffScreen::Reception(_)
    ));
    tick_after(&mut rig, 1);
    let locked = door(&rig).locked.map(|who| (who.id, who.name));
    assert_eq!(locked, Some((STAFF.to_owned(), "架空　職員".to_owned())));
    let view = serde_json::to_string(&rig.desk.staff_view()).unwrap_or_default();
    for hidden in ["太郎", "花子", "架空町", "1985"] {
        assert!(!view.contains(hidden), "{hidden} behind the lock");
    }
    assert_eq!(rig.refused(StaffAction::Undo).code, "SIGN-IN-FIRST");
    rig.sign_in();
    let after = rig.desk.staff_view();
    assert_eq!(after.screen, before.screen);
    assert_eq!(after.notice, before.notice);
}

#[test]
fn resident_goes_on_reading_and_signs_behind_a_locked_screen() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.staff(StaffAction::ShowToResident);
    rig.staff(StaffAction::LockScreen);
    assert!(door(&rig).locked.is_some());
    assert!(matches!(rig.page(), ResidentScreen::Check { .. }));
    rig.content_right();
    rig.signs();
    rig.make_form();
    rig.sign_in();
    assert!(matches!(rig.reception().sign, SignView::Signed { .. }));
}

#[test]
fn somebody_else_unlocks_to_the_board() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.staff(StaffAction::LockScreen);
    rig.staff(sign_in(COLLEAGUE, SECRET));
    assert!(matches!(
        rig.desk.staff_view().screen,
        StaffScreen::Board { .. }
    ));
    assert_eq!(rig.page(), ResidentScreen::Idle);
}

#[test]
fn who_is_taken_off_the_list_is_out_at_once_and_the_case_is_anybodys() {
    let mut rig = Rig::new();
    rig.filled_reception();
    let mut staff = members();
    for one in staff.iter_mut().filter(|one| one.id.as_str() == STAFF) {
        one.roles.clear();
        one.secret_hash.clear();
    }
    rig.arrives("staff", 2, serde_json::to_vec(&staff).unwrap());
    assert_eq!(door(&rig).locked, None);
    let told = rig.desk.staff_view().notice.map(|notice| notice.code);
    assert_eq!(told.as_deref(), Some("SIGN-IN-ENDED"));
    assert_eq!(rig.page(), ResidentScreen::Idle);
    assert_eq!(rig.refused(sign_in(STAFF, SECRET)).code, "SIGN-IN-WRONG");
    rig.staff(sign_in(COLLEAGUE, SECRET));
    let StaffScreen::Board { open, .. } = rig.desk.staff_view().screen else {
        panic!("not the board");
    };
    assert_eq!(open.len(), 1);
}

#[test]
fn after_a_pulled_plug_the_case_comes_back_only_to_who_had_it_open() {
    let mut rig = Rig::new();
    rig.filled_reception();
    let mut rig = rig.killed_and_started();
    rig.staff(sign_in(COLLEAGUE, SECRET));
    assert!(matches!(
        rig.desk.staff_view().screen,
        StaffScreen::Board { .. }
    ));
    rig.staff(StaffAction::SignOut);
}
