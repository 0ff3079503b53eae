//! A fixed set of seeds in every test run, and each seed that ever failed, by name.
#![expect(clippy::panic, reason = "a test stops at the first surprise")]

use sync_sim::{Action, Cases, Faults, Place, Plan};

#[track_caller]
fn check(seed: u64, steps: usize) {
    check_plan((seed, steps), Cases::Stay, Faults::Usual);
}

#[track_caller]
fn check_with(seed: u64, steps: usize, cases: Cases) {
    check_plan((seed, steps), cases, Faults::Usual);
}

#[track_caller]
fn check_plan((seed, steps): (u64, usize), cases: Cases, faults: Faults) {
    let plan = Plan {
        seed,
        steps,
        cases,
        faults,
    };
    if let Err(error) = plan.play(&plan.actions()) {
        panic!("{plan}: {error:#}");
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
        faults: Faults::Rough,
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

/// The simulator's own fault: a case another counter had only was forgotten with a disk.
#[test]
fn case_of_another_counter_outlives_a_disk() {
    check(18, 400);
}

/// Head office did not confirm signatures of a case that was handed on; an order that came before
/// its moves was taken for void; an order for a branch without counters stayed open.
#[test]
fn orders_are_followed_everywhere() {
    check_with(2, 400, Cases::Move);
    check_with(3, 400, Cases::Move);
}

/// Neighbours counted as held what was left out while the case was elsewhere.
#[test]
fn fields_of_a_case_that_comes_back_are_the_same_everywhere() {
    check_with(1, 400, Cases::Move);
}

/// A branch that was only told who has a case took itself for the one.
#[test]
fn everybody_names_the_same_holder() {
    check_with(34, 400, Cases::Move);
}

/// Two neighbours that forgot an order at different times gave it to each other for ever.
#[test]
fn orders_end_at_neighbours_too() {
    check_with(1021, 500, Cases::Move);
}

/// Head office had records of a copy's history and not the log of them yet, so they were written
/// again, of a case the branch must not have any more.
#[test]
fn old_copy_brings_nothing_back_that_head_office_had() {
    check_with(1027, 500, Cases::Move);
}

/// The simulator's own fault: what nobody has was asked for first in every round, and nothing else.
#[test]
fn documents_come_although_others_are_lost() {
    check(2002, 500);
    check_with(1030, 500, Cases::Move);
}

/// A case that went on while it was half here was shown with half of its moves.
#[test]
fn half_a_case_names_no_holder() {
    check_with(1044, 500, Cases::Move);
}

/// The simulator's own fault: what was said to the device before was heard by the one after it.
#[test]
fn successor_hears_nothing_that_was_said_before_it() {
    check_with(2316, 500, Cases::Move);
}

#[test]
fn first_rough_seeds_come_together() {
    (5..=9).for_each(|seed| check_plan((seed, 300), Cases::Stay, Faults::Rough));
    check_plan((16, 200), Cases::Stay, Faults::Rough);
    (1..=3).for_each(|seed| check_plan((seed, 300), Cases::Move, Faults::Rough));
}

/// Documents of a case that was handed on were on the old disk only.
#[test]
fn documents_on_an_old_disk_reach_head_office() {
    check_with(40, 400, Cases::Move);
}

/// What a neighbour told of an overwritten case counted as held, and was missing when it came back.
#[test]
fn work_of_a_neighbour_on_an_overwritten_case_is_not_missing() {
    check_with(45, 400, Cases::Move);
}

/// Plays what was left of a seed's history when it was shortened.
#[track_caller]
fn check_history(seed: u64, (cases, faults): (Cases, Faults), history: &[Action]) {
    let plan = Plan {
        seed,
        steps: history.len(),
        cases,
        faults,
    };
    if let Err(error) = plan.play(history) {
        panic!("{plan}: {error:#}");
    }
}

/// A neighbour told its versions without what it had overwritten of them, and the move among them
/// never came.
#[test]
fn what_a_neighbour_overwrote_is_not_missing() {
    let history = [
        Action::Speak(0, 9_572_305_241_801_688_280),
        Action::Clock(Place::Counter(1), -380_394),
        Action::Wait(16_082),
        Action::Speak(6, 17_588_192_044_545_390_202),
        Action::Work(Place::Counter(0), 907_173_680_549_185_088),
        Action::Wait(18_525),
        Action::Speak(0, 9_382_640_093_344_499_064),
        Action::Wait(1_051),
        Action::Move(Place::Hub, 15_880_475_089_972_338_138),
        Action::Speak(0, 14_180_459_882_672_139_997),
        Action::Move(Place::Counter(1), 7_360_283_009_648_720_395),
        Action::Wait(9_062),
        Action::Wait(18_994),
        Action::Move(Place::Hub, 13_362_391_971_336_040_811),
    ];
    check_history(2188, (Cases::Move, Faults::Usual), &history);
}

/// The simulator's own fault: a case that a disk had lost came back with a copy from before.
#[test]
fn copy_from_before_brings_a_lost_case_back() {
    let history = [
        Action::Work(Place::Counter(2), 12_800_439_552_399_743_701),
        Action::SetAside(2),
        Action::Work(Place::Counter(2), 16_340_207_805_789_860_261),
        Action::Work(Place::Counter(2), 13_222_814_131_039_231_904),
        Action::Work(Place::Counter(2), 5_284_654_751_853_371_209),
        Action::Tear(Place::Counter(2), 2_333_302_574_717_694_760),
        Action::LyingDisk(2, 12_501_474_639_182_672_500),
        Action::PutBack(2),
        Action::Work(Place::Counter(2), 2_018_440_350_382_207_451),
    ];
    check_history(40_003, (Cases::Move, Faults::Rough), &history);
}

/// The simulator's own fault: a disk forgot the key of head office, which a daemon tells it at every
/// start.
#[test]
fn disk_that_lied_about_a_new_appliance_knows_head_office() {
    let history = [
        Action::Replace(2),
        Action::LyingDisk(2, 1_129_936_846_787_302_753),
    ];
    check_history(40_033, (Cases::Stay, Faults::Rough), &history);
}

/// A branch that was told of a case while it had it, and never saw the move before, named another
/// branch.
#[test]
fn branch_that_missed_a_move_names_the_same_holder() {
    check_with(201_275, 500, Cases::Move);
}

/// A cloned disk took in a case, or an order to overwrite one, and head office never told the other
/// appliance.
#[test]
fn what_a_clone_was_told_is_told_to_the_other_one_too() {
    for seed in [50_045, 100_979, 200_564] {
        check_plan((seed, 500), Cases::Move, Faults::Rough);
    }
}

/// The simulator's own fault: a counter and head office lost at once what both had.
#[test]
fn standby_copies_again_after_a_counter_was_lost() {
    for seed in [200_528, 201_104] {
        check_plan((seed, 500), Cases::Stay, Faults::Rough);
    }
}

/// The simulator's own fault: a case that a disk had lost was nobody's when a database that had been
/// set aside brought it back.
#[test]
fn case_that_comes_back_belongs_to_its_branch() {
    check_plan((502_119, 500), Cases::Move, Faults::Rough);
}

/// A disk that said it had kept the beginning of a case lost it; head office listed what came of the
/// case without it, as a row without a number that no counter shows.
#[test]
fn case_without_its_beginning_is_on_no_list() {
    check_plan((602_330, 500), Cases::Move, Faults::Rough);
}

/// The simulator's own fault: a copy from before was put back, and a case whose rows it had been ordered
/// to overwrite came back with them.
#[test]
fn rows_of_an_overwritten_case_come_back_with_it() {
    check_with(620_386, 500, Cases::Move);
}
