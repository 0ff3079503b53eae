//! Filings of former days, found at the counter that took them in.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use counter_api::{ArchiveAction, ArchiveQuestion, ArchiveView, StaffAction, StaffScreen};
use counter_domain::protection::{
    PROTECTION, PROTECTION_FORMAT, ProtectedPerson, ProtectionList, likeness,
};
use sync_engine::Store as _;

use crate::rig::Rig;

/// A counter that handed one move-in in and is back at the board.
fn counter() -> Rig {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.set("member.1.kana", "カクウ　タロウ");
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

#[test]
fn protected_filing_is_masked_and_never_found_by_where_somebody_lives() {
    let mut rig = counter();
    deed(&mut rig, ArchiveAction::Open);
    assert_eq!(found(&mut rig, "架空町一丁目", "", "").0.len(), 1);
    let list = ProtectionList {
        format: PROTECTION_FORMAT,
        as_of: "2026-11-21".to_owned(),
        persons: vec![ProtectedPerson {
            digests: likeness(&["架空　花子"], "1992-11-03", ""),
            until: String::new(),
        }],
    };
    rig.arrives(PROTECTION, 1, serde_json::to_vec(&list).unwrap());
    assert!(found(&mut rig, "架空町一丁目", "", "").0.is_empty());
    let (rows, _) = found(&mut rig, "カクウ", "", "");
    assert_eq!(rows.len(), 1, "found by name");
    assert!(!rows[0].contains("架空"), "and not named on the list");
    let row = &rig.desk.staff_view().archive.unwrap().rows[0];
    assert!(row.protected);
}

#[test]
fn search_and_look_are_written_down() {
    let mut rig = counter();
    deed(&mut rig, ArchiveAction::Open);
    found(&mut rig, "架空", "", "");
    let case = rig.desk.staff_view().archive.unwrap().rows[0].case;
    rig.staff(StaffAction::OpenCase { case });
    let store = rig.store.lock().unwrap();
    let entries = store.stream_entries(store.site(), 0, usize::MAX).unwrap();
    let noted: Vec<String> = entries
        .iter()
        .rev()
        .take(2)
        .map(|entry| String::from_utf8_lossy(&entry.body).into_owned())
        .collect();
    assert!(noted[0].contains("case_viewed") && noted[0].contains(&case.to_string()));
    assert!(noted[1].contains("archive_searched") && !noted[1].contains("架空"));
}
