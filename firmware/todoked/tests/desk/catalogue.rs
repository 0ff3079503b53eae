//! A city publishes its catalogue: new receptions work by it, those begun go on as they began.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;

use counter_api::StaffAction;
use counter_guide::catalogue::BUNDLED;
use counter_guide::{Edition, Shelf};

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

/// An edition with another name for the move-in by card, from a day on.
fn edition(number: u64, from: &str, name: &str) -> Edition {
    let mut edition = Edition::bundled();
    for text in edition.files.values_mut() {
        *text = text.replace(OWN_NAME, name);
    }
    edition.number = number;
    edition.valid_from = Some(from.parse().unwrap());
    edition
}

fn shelf(editions: &[Edition]) -> Vec<u8> {
    let today = "2026-11-21".parse().unwrap();
    let shelf = editions.iter().fold(Shelf::default(), |shelf, edition| {
        shelf.with(edition.clone(), today)
    });
    shelf.to_bytes().unwrap()
}

const HOUR_MS: u64 = 3_600_000;

#[test]
fn edition_holds_from_its_day_for_new_receptions_only() {
    let mut rig = Rig::new();
    let now = edition(1, "2026-11-20", "今日の転入届");
    let later = edition(2, "2026-11-22", "明日からの転入届");
    rig.arrives("catalogue", 1, shelf(&[now, later]));
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    let running = rig.reception().case;
    check(&rig, "今日の転入届", Some(1));
    // 10:42, and 23:42 of the same day: nothing was sent meanwhile.
    rig.clock.forward(13 * HOUR_MS);
    rig.sign_in();
    next(&mut rig);
    check(&rig, "今日の転入届", Some(1));
    // 00:42 of the day it holds from.
    rig.clock.forward(HOUR_MS);
    rig.sign_in();
    next(&mut rig);
    check(&rig, "明日からの転入届", Some(2));
    rig.staff(StaffAction::LeaveCase);
    rig.staff(StaffAction::OpenCase { case: running });
    check(&rig, "今日の転入届", Some(2));
}

#[test]
fn earlier_texts_published_again_hold_again() {
    let mut rig = Rig::new();
    let good = edition(1, "2026-11-01", "よい転入届");
    let bad = edition(2, "2026-11-21", "まちがいの転入届");
    rig.arrives("catalogue", 1, shelf(&[good.clone(), bad.clone()]));
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    check(&rig, "まちがいの転入届", Some(2));
    let again = Edition {
        number: 3,
        valid_from: bad.valid_from,
        ..good.clone()
    };
    rig.arrives("catalogue", 2, shelf(&[good, bad, again]));
    next(&mut rig);
    check(&rig, "よい転入届", Some(3));
}

#[test]
fn edition_this_program_cannot_read_leaves_the_one_before_it() {
    let mut rig = Rig::new();
    let good = edition(1, "2026-11-01", "よい転入届");
    let mut torn = edition(2, "2026-11-21", "読めない転入届");
    torn.files
        .insert("facts.yaml".to_owned(), "facts: [".to_owned());
    rig.arrives("catalogue", 1, shelf(&[good, torn]));
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    check(&rig, "よい転入届", Some(1));
}

#[test]
fn reception_notes_the_edition_by_number_and_fingerprint() {
    let mut rig = Rig::new();
    let first = edition(4, "2026-11-01", "市の転入届");
    let mark = first.mark();
    rig.arrives("catalogue", 1, shelf(&[first]));
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    let case = rig.reception().case;
    let record = rig.store.lock().unwrap().case(case).unwrap().unwrap();
    assert_eq!(record.draft.text("guide.catalogue"), Some(mark.as_str()));
}
