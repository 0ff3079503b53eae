//! The fold of a case's history (`domain.md` D.15).

use counter_domain::case::{
    CaseEvent, CaseState, CaseStep, CaseSummary, Handing, NotAcceptable, Remark, RemarkCategory,
    Settling, fold,
};
use counter_domain::hlc::Hlc;
use counter_domain::ids::{BlobHash, DeviceId, EventId, SnapshotHash, StaffId};
use proptest::prelude::*;

const COUNTER: &str = "u0312";
const REVIEWER: &str = "u0001";

fn event(number: u8, at: u64, by: &str, what: CaseStep) -> CaseEvent {
    let mut id = [0; 16];
    id[15] = number;
    CaseEvent {
        id: EventId(id),
        at: Hlc(at),
        device: DeviceId([1; 16]),
        by: by.into(),
        what,
    }
}

fn signed(snapshot: u8) -> CaseStep {
    CaseStep::Signed {
        snapshot: SnapshotHash([snapshot; 32]),
        strokes: BlobHash([0; 32]),
        form: BlobHash([0; 32]),
    }
}

fn submitted(snapshot: u8) -> CaseStep {
    CaseStep::Submitted {
        snapshot: SnapshotHash([snapshot; 32]),
    }
}

fn accepted(snapshot: u8) -> CaseStep {
    CaseStep::Accepted {
        snapshot: SnapshotHash([snapshot; 32]),
    }
}

fn started() -> CaseStep {
    CaseStep::Started {
        branch: "07".into(),
        receipt_number: "07-2-081121-0001-0".to_owned(),
    }
}

fn returned() -> CaseStep {
    let remark = Remark {
        path: "member.1.kana".into(),
        category: RemarkCategory::Mismatch,
        text: "読みをもう一度お確かめください".to_owned(),
    };
    CaseStep::Returned {
        remarks: vec![remark],
    }
}

/// Folds steps taken one after another, each by the one who takes such steps.
fn story(steps: &[(&str, CaseStep)]) -> CaseSummary {
    let events: Vec<_> = (1..)
        .zip(steps)
        .map(|(number, (by, what))| event(number, u64::from(number) << 16, by, what.clone()))
        .collect();
    fold(&events)
}

fn handed_in() -> Vec<(&'static str, CaseStep)> {
    vec![
        (COUNTER, started()),
        (COUNTER, signed(1)),
        (COUNTER, submitted(1)),
    ]
}

#[test]
fn whole_visit_with_one_return_ends_handed_over() {
    let mut steps = handed_in();
    assert_eq!(story(&steps).state, CaseState::Submitted);
    steps.push((REVIEWER, CaseStep::ReviewOpened));
    assert_eq!(story(&steps).state, CaseState::UnderReview);
    steps.push((REVIEWER, returned()));
    assert_eq!(story(&steps).state, CaseState::Returned);
    assert_eq!(story(&steps).remarks.len(), 1);
    steps.push((COUNTER, signed(2)));
    assert_eq!(story(&steps).state, CaseState::Returned);
    steps.push((COUNTER, submitted(2)));
    assert_eq!(story(&steps).state, CaseState::Resubmitted);
    assert_eq!(story(&steps).remarks, Vec::new());
    steps.push((REVIEWER, CaseStep::ReviewOpened));
    steps.push((REVIEWER, accepted(2)));
    steps.push((
        REVIEWER,
        CaseStep::HandedOver {
            file: "handover-0001.csv".to_owned(),
        },
    ));
    let case = story(&steps);
    assert_eq!(case.state, CaseState::HandedOver);
    assert_eq!(
        case.submitted,
        [SnapshotHash([1; 32]), SnapshotHash([2; 32])]
    );
    assert_eq!(case.submitted_at, Some(Hlc(3 << 16)));
    assert_eq!(case.accepted, Some(SnapshotHash([2; 32])));
    assert_eq!(case.overruled, Vec::new());
}

#[test]
fn unsigned_content_is_never_submitted() {
    let case = story(&[
        (COUNTER, started()),
        (COUNTER, signed(1)),
        (COUNTER, submitted(9)),
    ]);
    assert_eq!(case.state, CaseState::Signed);
    assert_eq!(case.overruled.len(), 1);
}

#[test]
fn return_without_remarks_is_ignored() {
    let mut steps = handed_in();
    steps.push((REVIEWER, CaseStep::ReviewOpened));
    steps.push((
        REVIEWER,
        CaseStep::Returned {
            remarks: Vec::new(),
        },
    ));
    assert_eq!(story(&steps).state, CaseState::UnderReview);
}

#[test]
fn whoever_took_it_in_cannot_accept_it() {
    let mut steps = handed_in();
    assert_eq!(
        story(&steps).may_accept(&StaffId::from(REVIEWER)),
        Err(NotAcceptable::NotUnderReview)
    );
    steps.push((REVIEWER, CaseStep::ReviewOpened));
    let case = story(&steps);
    assert_eq!(
        case.may_accept(&StaffId::from(COUNTER)),
        Err(NotAcceptable::SamePerson)
    );
    assert_eq!(case.may_accept(&StaffId::from(REVIEWER)), Ok(()));
    steps.push((COUNTER, accepted(1)));
    assert_eq!(story(&steps).state, CaseState::UnderReview);
}

#[test]
fn acceptance_wins_over_a_withdrawal_whichever_clock_is_ahead() {
    for (withdrawn_at, accepted_at) in [(35, 50), (50, 60), (60, 50)] {
        let events = [
            event(1, 10, COUNTER, started()),
            event(2, 20, COUNTER, signed(1)),
            event(3, 30, COUNTER, submitted(1)),
            event(4, 40, REVIEWER, CaseStep::ReviewOpened),
            event(5, accepted_at, REVIEWER, accepted(1)),
            event(
                6,
                withdrawn_at,
                COUNTER,
                CaseStep::Withdrawn {
                    reason: String::new(),
                },
            ),
        ];
        let case = fold(&events);
        assert_eq!(case.state, CaseState::CancelRequested);
        assert_eq!(case.accepted, Some(SnapshotHash([1; 32])));
        assert_eq!(case.overruled, [events[5].id]);
    }
}

#[test]
fn hold_gives_back_the_former_state() {
    let mut steps = handed_in();
    steps.push((
        COUNTER,
        CaseStep::Held {
            reason: "電話確認".to_owned(),
        },
    ));
    assert_eq!(story(&steps).state, CaseState::OnHold);
    steps.push((REVIEWER, CaseStep::ReviewOpened));
    assert_eq!(story(&steps).state, CaseState::OnHold);
    steps.push((COUNTER, CaseStep::Released));
    assert_eq!(story(&steps).state, CaseState::UnderReview);
}

#[test]
fn claim_lapses_after_fifteen_minutes() {
    let mut steps = handed_in();
    steps.push((REVIEWER, CaseStep::ReviewOpened));
    let case = story(&steps);
    let since = Hlc(4 << 16).unix_ms();
    assert_eq!(
        case.claimed_by(since + 14 * 60_000),
        Some(&StaffId::from(REVIEWER))
    );
    assert_eq!(case.claimed_by(since + 15 * 60_000), None);
}

fn any_step() -> impl Strategy<Value = CaseStep> {
    prop_oneof![
        Just(started()),
        (1_u8..3).prop_map(signed),
        (1_u8..3).prop_map(submitted),
        Just(CaseStep::ReviewOpened),
        Just(returned()),
        (1_u8..3).prop_map(accepted),
        Just(CaseStep::Refused {
            reason: String::new()
        }),
        Just(CaseStep::HandedOver {
            file: String::new()
        }),
        Just(CaseStep::Completed),
        Just(CaseStep::CoreRejected {
            reason: String::new()
        }),
        Just(CaseStep::Withdrawn {
            reason: String::new()
        }),
        Just(CaseStep::CancelRequested),
        Just(CaseStep::Cancelled),
        Just(CaseStep::Held {
            reason: String::new()
        }),
        Just(CaseStep::Released),
    ]
}

/// A history of one case: each event its own id, clocks that may be equal, sorted or not.
fn history() -> impl Strategy<Value = Vec<CaseEvent>> {
    let staff = prop_oneof![Just(COUNTER), Just(REVIEWER), Just("u0002")];
    proptest::collection::vec((1_u64..30, staff, any_step()), 0..24).prop_map(|steps| {
        (1..)
            .zip(steps)
            .map(|(number, (at, by, what))| event(number, at, by, what))
            .collect()
    })
}

proptest! {
    #[test]
    fn order_of_arrival_and_repetition_change_nothing(
        (events, shuffled) in history().prop_flat_map(|events| {
            let twice: Vec<_> = events.iter().chain(&events).cloned().collect();
            (Just(events), Just(twice).prop_shuffle())
        })
    ) {
        prop_assert_eq!(fold(&events), fold(&shuffled));
    }

    #[test]
    fn only_what_was_signed_and_reviewed_by_another_is_ever_accepted(events in history()) {
        let case = fold(&events);
        if let Some(accepted) = case.accepted {
            prop_assert!(case.submitted.contains(&accepted));
            let by_another = events.iter().any(|event| {
                matches!(event.what, CaseStep::Accepted { .. })
                    && !case.overruled.contains(&event.id)
            });
            prop_assert!(by_another);
        }
    }
}

fn moved(from: &str, to: &str, after: Option<u8>) -> CaseStep {
    CaseStep::Transferred(Handing {
        from: from.into(),
        to: to.into(),
        reason: "架空".to_owned(),
        after: after.map(numbered),
    })
}

fn numbered(number: u8) -> EventId {
    event(number, 0, COUNTER, CaseStep::Completed).id
}

/// A branch that never saw the first move was told of the next ones: it knows who has the case.
#[test]
fn move_upon_one_that_is_not_here_counts() {
    let known = story(&[
        (COUNTER, started()),
        (REVIEWER, moved("00", "02", Some(9))),
        (REVIEWER, moved("02", "11", Some(2))),
    ]);
    assert_eq!(known.branch, Some("11".into()));
    assert!(known.contested.is_empty());
}

/// Without its beginning nobody says whose it is.
#[test]
fn moves_of_a_case_that_is_not_here_name_nobody() {
    let known = story(&[(REVIEWER, moved("00", "02", Some(9)))]);
    assert_eq!(known.branch, None);
}

/// A move upon one that a person decided against is contested anew: that one is here.
#[test]
fn move_upon_one_that_was_decided_against_is_contested() {
    let known = story(&[
        (COUNTER, started()),
        (REVIEWER, moved("07", "02", None)),
        (COUNTER, moved("07", "11", None)),
        (
            REVIEWER,
            CaseStep::HolderSettled(Settling {
                branch: "02".into(),
                settles: vec![numbered(3)],
            }),
        ),
        (COUNTER, moved("11", "07", Some(3))),
    ]);
    assert_eq!(known.branch, Some("02".into()));
    assert_eq!(known.contested.len(), 1);
}
