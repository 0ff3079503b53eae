//! A day at the counter, shortened to its plugging and unplugging: cards laid down and lifted at
//! random, lifted in the middle of a reading, on either slot, the reader's plug and the service gone
//! and back. Behind the real pcscd, from a seed.
//!
//! At every moment what lies there must be told, and a reading must give the person whose card it
//! is; at the end nothing may be left open, and no try may be lost. `TODOKE_DAY_STEPS=2000` plays a
//! whole day.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use card_reader::{CardWatch, Lying, PcscService, WatchCanceller};
use device_sim::card::{CardPerson, CardSort, Fault, InsertedCard, SecretName, insert};
use device_sim::pcscd::{PcscdProcess, Readers};
use identity_cards::{CardKind, Insist, Judging, TrustStore, session};

use crate::bench::{Chip, await_lying, behind_pcscd, chip};
use crate::cases::{pin, random};

/// Steps of a usual run; each waits for pcscd's own look at its readers, 0.4 s.
const STEPS: u64 = 24;
/// A step that takes longer hangs.
const STUCK: Duration = Duration::from_mins(1);

/// Ends the watch, and with it the test, when a step hangs.
struct Watchdog {
    steps: mpsc::Sender<()>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Watchdog {
    fn new(canceller: WatchCanceller) -> Self {
        let (steps, stepped) = mpsc::channel();
        let thread = thread::spawn(move || {
            loop {
                match stepped.recv_timeout(STUCK) {
                    Ok(()) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) => return canceller.cancel(),
                }
            }
        });
        Self {
            steps,
            thread: Some(thread),
        }
    }

    fn stepped(&self) {
        self.steps.send(()).expect("the watchdog barked");
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        let (nobody, _) = mpsc::channel();
        self.steps = nobody;
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the watchdog ends");
        }
    }
}

/// What the system counts of this process: open files and threads.
fn open_things() -> (usize, usize) {
    let entries = |folder: &str| fs::read_dir(folder).expect("proc").count();
    (entries("/proc/self/fd"), entries("/proc/self/task"))
}

fn tries(chip: &Chip) -> Vec<(SecretName, u8)> {
    chip.lock().unwrap().all_tries()
}

struct Day<'a> {
    folder: &'a Path,
    chance: u64,
    pcscd: Option<PcscdProcess>,
    watch: CardWatch,
    cards: Vec<(&'static str, Chip)>,
    lying: Option<(usize, InsertedCard)>,
}

impl Day<'_> {
    fn below(&mut self, limit: usize) -> usize {
        // Knuth's linear congruential generator; its high bits are good enough for a day.
        self.chance = self
            .chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.chance >> 33).unwrap() % limit
    }

    fn step(&mut self) {
        match self.below(10) {
            0 => self.restart(Readers::Virtual),
            1 => {
                self.restart(Readers::None);
                self.restart(Readers::Virtual);
            }
            2 | 3 => self.lift(),
            4 | 5 => self.pull_in_the_middle(),
            _ => {
                let which = self.below(self.cards.len());
                self.lay(which);
                self.read_whole();
            }
        }
    }

    fn lift(&mut self) {
        if let Some((_, inserted)) = self.lying.take() {
            drop(inserted);
            await_lying(&mut self.watch, |l| matches!(l, Lying::Empty { .. }));
        }
    }

    fn lay(&mut self, which: usize) {
        self.lift();
        let slot = u16::try_from(self.below(2)).unwrap();
        let port = self.pcscd.as_ref().expect("a service").port() + slot;
        let inserted = insert(Arc::clone(&self.cards[which].1), port).unwrap();
        await_lying(&mut self.watch, |l| matches!(l, Lying::Card { .. }));
        self.lying = Some((which, inserted));
    }

    fn restart(&mut self, readers: Readers) {
        self.lying = None;
        self.pcscd = None;
        await_lying(&mut self.watch, |l| *l == Lying::NoService);
        self.pcscd = Some(PcscdProcess::start(self.folder, readers).unwrap());
        await_lying(&mut self.watch, |l| match readers {
            Readers::Virtual => matches!(l, Lying::Empty { .. }),
            Readers::None => *l == Lying::NoReader,
        });
    }

    fn read(&mut self) -> Result<Option<String>, identity_cards::ReadCardError> {
        let mut card = PcscService::establish().unwrap().connect_any()?;
        let keys = session::Keys {
            pin: Some(pin(if self.cards[self.which()].0 == "架空　太郎" {
                "1234"
            } else {
                "1111"
            })),
            ..session::Keys::default()
        };
        let (kind, _) = session::look(&mut card)?;
        match kind {
            CardKind::MyNumber | CardKind::DriversLicence => {}
            CardKind::Residence | CardKind::Passport | CardKind::Unsupported => return Ok(None),
        }
        let trusted = TrustStore::default();
        let judging = Judging {
            trusted: &trusted,
            now: 0,
        };
        let read = session::read_document(&mut card, &keys, Insist::No, &random(), judging)?;
        Ok(read.name.map(|name| name.as_str().to_owned()))
    }

    fn which(&self) -> usize {
        self.lying.as_ref().expect("a card").0
    }

    fn read_whole(&mut self) {
        let which = self.which();
        let expected = self.cards[which].0;
        match self.read().expect("nothing disturbs this reading") {
            Some(name) => assert!(name.starts_with(expected), "another person's card"),
            None => assert_eq!(expected, "", "this card names its holder"),
        }
    }

    fn pull_in_the_middle(&mut self) {
        let commands = u32::try_from(self.below(24)).unwrap();
        let which = self.below(2);
        self.lay(which);
        let chip = Arc::clone(&self.cards[which].1);
        chip.lock().unwrap().arrange(Fault::PullAfter(commands));
        match self.read() {
            Err(error) => assert!(error.is_card_loss(), "{error}"),
            // Lifted after the last command, or not at all.
            Ok(name) => assert!(name.is_some()),
        }
        // What is left of the count must not lift it in another reading.
        chip.lock().unwrap().arrange(Fault::PullAfter(u32::MAX));
        self.lift();
    }
}

#[test]
fn a_day_of_plugging_leaves_nothing_open_and_costs_no_try() {
    let test = "day::a_day_of_plugging_leaves_nothing_open_and_costs_no_try";
    behind_pcscd(test, Readers::Virtual, |pcscd, folder| {
        let steps = std::env::var("TODOKE_DAY_STEPS");
        let steps = steps.map_or(STEPS, |steps| steps.parse().unwrap());
        let mut watch = CardWatch::new();
        await_lying(&mut watch, |l| matches!(l, Lying::Empty { .. }));
        let watchdog = Watchdog::new(watch.canceller());
        let mut day = Day {
            folder,
            chance: 20_261_121,
            pcscd: Some(pcscd),
            watch,
            cards: vec![
                ("架空　太郎", chip(&CardPerson::taro())),
                ("架空　花", chip(&CardPerson::hanako())),
                ("", chip(&CardPerson::rei(CardSort::ResidenceSecond))),
                ("", chip(&CardPerson::traveller())),
            ],
            lying: None,
        };
        let full: Vec<_> = day.cards.iter().map(|(_, chip)| tries(chip)).collect();
        // Each once, so that what is made only once is there before it is counted.
        day.lay(0);
        day.read_whole();
        day.restart(Readers::Virtual);
        let before = open_things();
        for _ in 0..steps {
            day.step();
            watchdog.stepped();
        }
        day.lift();
        day.restart(Readers::Virtual);
        assert_eq!(open_things(), before, "open files and threads");
        day.lay(1);
        day.read_whole();
        let left: Vec<_> = day.cards.iter().map(|(_, chip)| tries(chip)).collect();
        assert_eq!(left, full, "a try was lost");
    });
}
