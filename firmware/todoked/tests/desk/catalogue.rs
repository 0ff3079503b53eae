//! A city publishes its catalogue: new receptions work by it, those begun go on as they began.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;

use counter_api::StaffAction;
use counter_guide::catalogue::BUNDLED;

use crate::rig::Rig;

const OWN_NAME: &str = "転入届（特例転入：カードで転出）";

/// The catalogue with another name for the move-in by card.
fn catalogue(name: &str) -> Vec<u8> {
    let files: BTreeMap<&str, String> = BUNDLED
        .iter()
        .map(|(file, text)| (*file, text.replace(OWN_NAME, name)))
        .collect();
    serde_json::to_vec(&files).unwrap()
}

fn names(rig: &Rig) -> Vec<String> {
    let procedures = rig.reception().procedures.into_iter();
    procedures.map(|procedure| procedure.name).collect()
}

#[track_caller]
fn check(rig: &Rig, name: &str, in_force: Option<u64>) {
    assert!(names(rig).contains(&name.to_owned()), "{:?}", names(rig));
    assert_eq!(*rig.desk.watch_catalogue().borrow(), in_force);
}

/// Leaves the reception and begins the next.
fn next(rig: &mut Rig) {
    rig.staff(StaffAction::LeaveCase);
    rig.staff(StaffAction::StartReception);
}

#[test]
fn reception_keeps_the_catalogue_it_was_started_with() {
    let mut rig = Rig::new();
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    let oldest = rig.reception().case;
    check(&rig, OWN_NAME, None);
    rig.arrives("catalogue", 1, catalogue("市の転入届 第１版"));
    check(&rig, OWN_NAME, Some(1));
    next(&mut rig);
    let first = rig.reception().case;
    check(&rig, "市の転入届 第１版", Some(1));
    rig.arrives("catalogue", 2, catalogue("市の転入届 第２版"));
    check(&rig, "市の転入届 第１版", Some(2));
    next(&mut rig);
    check(&rig, "市の転入届 第２版", Some(2));

    let mut rig = rig.killed_and_started();
    rig.sign_in();
    for (case, name) in [(first, "市の転入届 第１版"), (oldest, OWN_NAME)] {
        rig.staff(StaffAction::LeaveCase);
        rig.staff(StaffAction::OpenCase { case });
        check(&rig, name, Some(2));
    }
}

#[test]
fn catalogue_that_cannot_be_read_leaves_the_one_in_force() {
    let mut rig = Rig::new();
    rig.arrives("catalogue", 1, catalogue("市の転入届"));
    let broken = String::from_utf8(catalogue("市の転入届")).unwrap();
    let broken = broken.replace("ev.transfer_mode == 'card'", "ev.nothing == 'card'");
    rig.arrives("catalogue", 2, broken.into_bytes());
    rig.arrives("catalogue", 3, b"[]".to_vec());
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    check(&rig, "市の転入届", Some(1));
    let mut rig = rig.killed_and_started();
    rig.clock.forward(60_000);
    rig.sign_in();
    next(&mut rig);
    check(&rig, "市の転入届", Some(1));
}
