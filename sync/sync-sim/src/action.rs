//! What can happen, as a list that can be shortened: each action brings its own entropy, so leaving
//! one out changes nothing about the others.

use crate::chance::Chance;
use crate::history::Plan;

/// Which database: a counter by its place, or head office.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A counter, from 0.
    Counter(usize),
    /// Head office.
    Hub,
}

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Somebody works there; what exactly follows from the number.
    Work(Place, u64),
    /// A round is said on a line; what becomes of it follows from the number.
    Speak(usize, u64),
    /// Time passes, milliseconds.
    Wait(u64),
    /// A line is cut: everything under way is lost.
    Cut(usize),
    /// A line is there again.
    Heal(usize),
    /// The client's end of a line forgets its session.
    Forget(usize),
    /// The plug is pulled between two transactions.
    PowerCut(Place),
    /// The plug is pulled in the middle of a transaction; where follows from the number.
    Tear(Place, u64),
    /// The disk of a counter is full.
    FillDisk(usize),
    /// The disk has room again.
    FreeDisk(usize),
    /// The database of a counter without neighbours is copied aside, as a backup does.
    SetAside(usize),
    /// The copy is put back: what was written since is gone from the counter.
    PutBack(usize),
    /// Head office gives the counter a code, when it was told that its database is an older copy.
    Recover(usize),
    /// A clock jumps to so many milliseconds from the right time.
    Clock(Place, i64),
    /// A line carries no more than so many bytes a second; 0 for as many as there are.
    Slow(usize, u64),
    /// The disk of head office is full.
    FillHub,
    /// It has room again.
    FreeHub,
    /// The plug is pulled at a counter without neighbours whose disk had not written what it said it
    /// had; how much is missing follows from the number.
    LyingDisk(usize, u64),
    /// A counter without neighbours is lost with its disk, and a new appliance stands at its place.
    Replace(usize),
    /// A second appliance begins with a copy of the disk of a counter without neighbours.
    Clone(usize),
    /// Somebody works at that one.
    CloneWorks(u64),
    /// It says a round to head office.
    CloneSpeaks(u64),
    /// The standby copies head office.
    CopyHub,
    /// The standby becomes head office.
    Promote,
    /// Somebody moves a case to another branch, takes it back, settles who has it, or has a
    /// branch's copy overwritten; what exactly follows from the number.
    Move(Place, u64),
}

/// Whether cases stay with the branch they began at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cases {
    /// They stay.
    Stay,
    /// They go from branch to branch, and copies are overwritten.
    Move,
}

/// What goes wrong beside what always may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Faults {
    /// Nothing.
    Usual,
    /// Slow lines, disks that lie, lost and cloned appliances, a second head office.
    Rough,
}

/// A counter that shares its branch with no other, whatever their number.
pub(crate) const ALONE: usize = 2;

/// Longest a clock is wrong here, milliseconds. Beyond a day the conversation is refused, which
/// `sync-engine` tests by itself.
const CLOCK_WRONG_MS: u64 = 10 * 60 * 60 * 1000;

/// A history of `steps` actions for `counters` counters and `lines` lines.
pub(crate) fn history(plan: Plan, counters: usize, lines: usize) -> Vec<Action> {
    let Plan {
        seed, steps, cases, ..
    } = plan;
    let mut chance = Chance::new(seed ^ 0x0000_05ee_d0fa_c710_u64);
    // Some histories have no long pauses.
    let busy = chance.percent(40);
    let mut moves = Chance::new(seed ^ 0x0000_00b7_a2c4_e5d1_u64);
    let mut rough = Chance::new(seed ^ 0x0000_003d_91f6_07ac_u64);
    (0..steps)
        .map(|_| {
            let action = action(&mut chance, counters, lines, busy);
            let entropy = moves.number();
            let action = match cases {
                Cases::Move if moves.percent(6) => {
                    Action::Move(anywhere(&mut moves, counters), entropy)
                }
                Cases::Move | Cases::Stay => action,
            };
            match plan.faults {
                Faults::Rough if rough.percent(8) => rougher(&mut rough, plan, counters, lines),
                Faults::Rough | Faults::Usual => action,
            }
        })
        .collect()
}

/// One of what goes wrong in a rough history only.
fn rougher(chance: &mut Chance, plan: Plan, counters: usize, lines: usize) -> Action {
    let entropy = chance.number();
    let line = chance.index(lines);
    let sort = chance.below(100);
    match sort {
        0..10 => Action::Slow(line, 200 + chance.below(4_000)),
        10..18 => Action::Slow(line, 0),
        18..22 => Action::FillHub,
        22..30 => Action::FreeHub,
        // A copy a moment behind may lack what a counter has overwritten since.
        30..40 if plan.cases == Cases::Stay => Action::CopyHub,
        40..42 if plan.cases == Cases::Stay && plan.is_with_standby() => Action::Promote,
        _ if counters <= ALONE => Action::Wait(1),
        42..50 => Action::LyingDisk(ALONE, entropy),
        50..53 => Action::Replace(ALONE),
        53..60 => Action::Clone(ALONE),
        60..80 => Action::CloneWorks(entropy),
        _ => Action::CloneSpeaks(entropy),
    }
}

fn anywhere(chance: &mut Chance, counters: usize) -> Place {
    match chance.index(counters + 1) {
        counter if counter < counters => Place::Counter(counter),
        _ => Place::Hub,
    }
}

fn action(chance: &mut Chance, counters: usize, lines: usize, busy: bool) -> Action {
    let counter = chance.index(counters);
    let line = chance.index(lines);
    let place = if chance.percent(25) {
        Place::Hub
    } else {
        Place::Counter(counter)
    };
    match chance.below(1000) {
        0..430 => Action::Work(place, chance.number()),
        430..830 => Action::Speak(line, chance.number()),
        830..880 => Action::Wait(chance.below(20_000)),
        880..900 => Action::Cut(line),
        900..930 => Action::Heal(line),
        930..942 => Action::Forget(line),
        942..954 => Action::PowerCut(place),
        954..972 => Action::Tear(place, chance.number()),
        972..978 => Action::FillDisk(counter),
        978..984 => Action::FreeDisk(counter),
        984..990 => Action::Clock(place, clock(chance)),
        // Neighbours keep what a lost disk had; so only a counter without any is put back here.
        990..992 if counters > ALONE => Action::SetAside(ALONE),
        992..994 if counters > ALONE => Action::PutBack(ALONE),
        994 if counters > ALONE => Action::Recover(ALONE),
        990..995 => Action::Wait(1),
        _ if busy => Action::Wait(1),
        _ => Action::Wait(chance.below(3_600_000)),
    }
}

fn clock(chance: &mut Chance) -> i64 {
    let wrong = i64::try_from(chance.below(CLOCK_WRONG_MS)).unwrap_or(0);
    if chance.percent(50) { wrong } else { -wrong }
}
