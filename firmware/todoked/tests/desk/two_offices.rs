//! Another counter, and head office.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use counter_api::{ResidentScreen, SignView, StaffAction, StaffScreen, Step};
use counter_domain::case::{CaseState, CaseStep, Remark, RemarkCategory};
use counter_domain::ids::StaffId;
use sync_engine::PeerRole;

use crate::rig::{Rig, carry};

/// A case handed in, and head office's own database holding it.
fn handed_in() -> (Rig, Rig) {
    let mut counter = Rig::new();
    counter.filled_reception();
    counter.signed();
    counter.staff(StaffAction::Submit);
    let mut office = Rig::numbered(9);
    carry(&counter, PeerRole::Counter, &mut office, PeerRole::Hub);
    (counter, office)
}

fn return_it(counter: &mut Rig, office: &mut Rig) {
    let case = counter.reception().case;
    let reviewer = StaffId::from("u0901");
    let remark = Remark {
        path: "address.new.building".into(),
        category: RemarkCategory::Missing,
        text: "部屋番号を書いてください。".to_owned(),
    };
    counter.clock.forward(60_000);
    office.clock.forward(60_000);
    let mut store = office.store.lock().unwrap();
    store
        .record(case, &reviewer, CaseStep::ReviewOpened)
        .unwrap();
    store
        .record(
            case,
            &reviewer,
            CaseStep::Returned {
                remarks: vec![remark],
            },
        )
        .unwrap();
    drop(store);
    carry(office, PeerRole::Hub, counter, PeerRole::Counter);
}

#[test]
fn returned_case_opens_at_the_remark_and_goes_out_again() {
    let (mut counter, mut office) = handed_in();
    return_it(&mut counter, &mut office);
    let header = counter.desk.staff_view().header;
    assert_eq!(header.returned, 1);
    assert_eq!(
        counter.desk.staff_view().notice.expect("told").code,
        "CASE-RETURNED"
    );
    counter.staff(StaffAction::LeaveCase);
    let StaffScreen::Board { returned, .. } = counter.desk.staff_view().screen else {
        panic!()
    };
    assert_eq!(returned[0].state, "差し戻し");
    counter.staff(StaffAction::OpenCase {
        case: returned[0].case,
    });
    let view = counter.reception();
    assert_eq!(view.step, Step::Household);
    assert_eq!(view.remarks[0].text, "部屋番号を書いてください。");
    assert!(!view.remarks[0].settled);
    counter.set("address.new.building", "架空ハイツ２０３号室");
    let view = counter.reception();
    assert!(view.remarks[0].settled);
    assert_eq!(view.sign, SignView::Void);
    counter.staff(StaffAction::ShowToResident);
    let ResidentScreen::Check { sections, .. } = counter.page() else {
        panic!()
    };
    let changed: Vec<_> = sections
        .iter()
        .flat_map(|s| &s.rows)
        .filter(|r| r.changed)
        .map(|r| &r.label)
        .collect();
    assert_eq!(changed, ["建物名・部屋番号"]);
    counter.signed();
    counter.staff(StaffAction::Submit);
    let case = counter.reception().case;
    let record = counter.store.lock().unwrap().case(case).unwrap().unwrap();
    assert_eq!(record.summary.state, CaseState::Resubmitted);
    assert_eq!(record.summary.submitted.len(), 2);
}

#[test]
fn changed_field_of_a_returned_case_shows_what_was_signed() {
    let (mut counter, mut office) = handed_in();
    return_it(&mut counter, &mut office);
    counter.set("head.new", "架空　花子");
    let view = counter.reception();
    let head = view
        .move_fields
        .iter()
        .find(|field| field.path == "head.new")
        .unwrap();
    assert_eq!(head.old_value.as_deref(), Some("架空　太郎"));
}

#[test]
fn two_counters_keep_both_values_until_a_person_chooses() {
    let mut first = Rig::new();
    first.filled_reception();
    let case = first.reception().case;
    let mut second = Rig::numbered(2);
    carry(&first, PeerRole::Counter, &mut second, PeerRole::Counter);
    second.sign_in();
    second.staff(StaffAction::OpenCase { case });
    second.clock.forward(5_000);
    second.set("head.new", "架空　花子");
    carry(&second, PeerRole::Counter, &mut first, PeerRole::Counter);
    let view = first.reception();
    let head = view
        .move_fields
        .iter()
        .find(|field| field.path == "head.new")
        .unwrap();
    assert_eq!(head.value, "架空　花子");
    assert_eq!(head.others[0].value, "架空　太郎");
    assert_eq!(
        first.refused(StaffAction::ShowToResident).code,
        "SIGN-NOT-READY"
    );
    let counter = head.others[0].counter;
    first.clock.forward(10_000);
    first.staff(StaffAction::ChooseValue {
        path: "head.new".to_owned(),
        counter,
    });
    let view = first.reception();
    let head = view
        .move_fields
        .iter()
        .find(|field| field.path == "head.new")
        .unwrap();
    assert_eq!((head.value.as_str(), head.others.len()), ("架空　太郎", 0));
}

/// Head office gives the open case to branch 08, over and back.
fn move_it(counter: &mut Rig, office: &mut Rig, to: &str) {
    let case = counter.reception().case;
    counter.clock.forward(60_000);
    office.clock.forward(60_000);
    let mut store = office.store.lock().unwrap();
    let summary = store.case(case).unwrap().unwrap().summary;
    let from = summary.branch.clone().unwrap();
    let handing = summary.hand_to(&from, &to.into(), "住まいに近いため");
    store
        .record(
            case,
            &StaffId::from("u0901"),
            CaseStep::Transferred(handing),
        )
        .unwrap();
    drop(store);
    carry(office, PeerRole::Hub, counter, PeerRole::Counter);
}

#[test]
fn case_of_another_branch_is_only_read_until_it_comes_back() {
    let (mut counter, mut office) = handed_in();
    return_it(&mut counter, &mut office);
    move_it(&mut counter, &mut office, "08");
    let view = counter.desk.staff_view();
    assert_eq!(view.notice.expect("told").code, "CASE-LEFT");
    assert_eq!(view.header.returned, 0, "nothing for this branch to do");
    let moved = counter.reception().moved.expect("told on the case");
    assert_eq!(moved.code, "CASE-ELSEWHERE");
    assert!(moved.what.contains("支所08") && moved.what.contains("住まいに近いため"));
    let case = counter.reception().case;
    counter.staff(StaffAction::LeaveCase);
    let StaffScreen::Board {
        returned,
        handed_in,
        ..
    } = counter.desk.staff_view().screen
    else {
        panic!()
    };
    assert!(returned.is_empty());
    assert_eq!(handed_in[0].moved, "支所08へ回した（見るだけ）");
    counter.staff(StaffAction::OpenCase { case });
    move_it(&mut counter, &mut office, "07");
    let moved = counter.reception().moved.expect("told on the case");
    assert_eq!(moved.code, "CASE-HANDED-HERE");
    assert_eq!(counter.desk.staff_view().header.returned, 1);
    counter.set("address.new.building", "架空ハイツ２０３号室");
}
