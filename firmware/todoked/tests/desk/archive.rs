//! Filings of former days, found at the counter that took them in.

use counter_api::{ArchiveAction, ArchiveQuestion, ArchiveView, StaffAction, StaffScreen};

use crate::rig::Rig;

/// A counter that handed one move-in in and is back at the board.
fn counter() -> Rig {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.signed();
    rig.staff(StaffAction::Submit);
    rig.staff(StaffAction::LeaveCase);
    rig
}

fn deed(rig: &mut Rig, deed: ArchiveAction) -> Option<ArchiveView> {
    rig.staff(StaffAction::Archive { deed });
    rig.desk.staff_view().archive
}

/// Receipt numbers with the names, and the sentence below them.
fn found(rig: &mut Rig, words: &str, from: &str, kind: &str) -> (Vec<String>, String) {
    let question = ArchiveQuestion {
        words: words.to_owned(),
        from: from.to_owned(),
        to: String::new(),
        kind: kind.to_owned(),
    };
    let view = deed(rig, ArchiveAction::Find { question }).unwrap();
    let rows = view.rows.iter().map(|row| row.persons.clone());
    (rows.collect(), view.message)
}

#[test]
fn filing_is_found_by_name_reading_day_and_kind() {
    let mut rig = counter();
    let view = deed(&mut rig, ArchiveAction::Open).unwrap();
    assert!(view.rows.is_empty() && view.kinds.len() > 20);
    let both = vec!["架空　太郎、架空　花子".to_owned()];
    for (words, from, kind) in [
        ("架空", "", ""),
        ("カクウ", "", ""),
        ("架空", "R8.11.21", "move_in"),
        ("", "2026-11-21", ""),
    ] {
        assert_eq!(
            found(&mut rig, words, from, kind).0,
            both,
            "{words} {from} {kind}"
        );
    }
    for (words, from, kind, told) in [
        ("佐藤", "", "", "当てはまる届出がありません"),
        ("架空", "", "move_out", "当てはまる届出がありません"),
        ("架空", "R8.11.22", "", "当てはまる届出がありません"),
        ("架空", "いつか", "", "日付は"),
    ] {
        let (rows, message) = found(&mut rig, words, from, kind);
        assert!(
            rows.is_empty() && message.contains(told),
            "{words}: {message}"
        );
    }
}

#[test]
fn filing_is_opened_and_the_search_is_there_again() {
    let mut rig = counter();
    deed(&mut rig, ArchiveAction::Open);
    found(&mut rig, "架空", "", "");
    let case = rig.desk.staff_view().archive.unwrap().rows[0].case;
    rig.staff(StaffAction::OpenCase { case });
    assert_eq!(rig.reception().case, case);
    assert!(rig.desk.staff_view().archive.is_none());
    rig.staff(StaffAction::LeaveCase);
    assert_eq!(rig.desk.staff_view().archive.unwrap().rows.len(), 1);
    assert!(deed(&mut rig, ArchiveAction::Close).is_none());
}

#[test]
fn nobody_sees_the_search_of_somebody_else() {
    let mut rig = counter();
    deed(&mut rig, ArchiveAction::Open);
    found(&mut rig, "架空", "", "");
    rig.staff(StaffAction::LockScreen);
    let view = rig.desk.staff_view();
    assert!(matches!(view.screen, StaffScreen::SignIn(_)) && view.archive.is_none());
    rig.sign_in();
    rig.staff(StaffAction::SignOut);
    rig.sign_in();
    assert!(rig.desk.staff_view().archive.is_none());
}

#[test]
fn unknown_search_is_not_gone_on_with() {
    let mut rig = counter();
    deed(&mut rig, ArchiveAction::Open);
    rig.refused(StaffAction::Archive {
        deed: ArchiveAction::More,
    });
}
