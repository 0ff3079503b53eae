//! A fixed set of seeds in every test run, and each seed that ever failed, by name.
#![expect(clippy::panic, reason = "a test stops at the first surprise")]

use sync_sim::{Cases, Plan};

#[track_caller]
fn check(seed: u64, steps: usize) {
    check_with(seed, steps, Cases::Stay);
}

#[track_caller]
fn check_with(seed: u64, steps: usize, cases: Cases) {
    let plan = Plan { seed, steps, cases };
    if let Err(error) = plan.play(&plan.actions()) {
        panic!("make sim SEED={seed} STEPS={steps} ({cases:?}): {error:#}");
    }
}

#[test]
fn first_seeds_come_together() {
    (1..=10).for_each(|seed| check(seed, 300));
}

#[test]
fn first_seeds_with_moving_cases_come_together() {
    (1..=6).for_each(|seed| check_with(seed, 300, Cases::Move));
}

#[test]
fn same_seed_is_the_same_history() {
    let plan = Plan {
        seed: 9,
        steps: 200,
        cases: Cases::Move,
    };
    assert_eq!(plan.actions(), plan.actions());
}

/// cr-sqlite went on "merging" after a merge failed on the full disk, and tracked nothing written
/// afterwards.
#[test]
fn records_after_a_merge_on_a_full_disk_reach_head_office() {
    check(11, 200);
    check(25, 200);
}

/// The simulator's own fault: what SQLite remembered of a file outlived the cut.
#[test]
fn torn_transactions_leave_a_sound_database() {
    check(52, 200);
    check(1002, 300);
}
