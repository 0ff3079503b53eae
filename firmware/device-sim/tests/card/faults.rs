//! Each card and each fault.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use card_reader::Card;
use device_sim::card::{Fault, VirtualCard};
use device_sim::pcscd::Readers;
use identity_cards::ReadCardError;

use crate::bench::{
    BehindPcscd, Bench, ChildTest, Chip, InProcess, behind_pcscd, is_pcscd_wanted, own_folder,
};
use crate::cases::{CASES, Case};

/// Ways of answering that are allowed: the reading must not notice.
const QUIRKS: [Fault; 7] = [
    Fault::FirstCommandFails,
    Fault::ShortAnswers(97),
    Fault::Pieces(120),
    Fault::WrongLength,
    Fault::EndOfFile,
    Fault::Refuse256,
    Fault::Slow(Duration::from_millis(2)),
];

/// One card on its bench, and the same card as it came from the office.
struct Trial<'a, B> {
    case: &'a Case,
    new: VirtualCard,
    chip: Chip,
    bench: B,
}

impl<'a, B: Bench> Trial<'a, B> {
    fn new(case: &'a Case, bench: B) -> Self {
        let new = VirtualCard::of(&(case.person)());
        let chip = Arc::new(Mutex::new(new.clone()));
        Self {
            case,
            new,
            chip,
            bench,
        }
    }

    /// Reads a card as it came from the office, with this fault.
    fn read(&mut self, fault: Option<Fault>) -> Result<String, ReadCardError> {
        let mut fresh = self.new.clone();
        if let Some(fault) = fault {
            fresh.arrange(fault);
        }
        *self.chip.lock().unwrap() = fresh;
        let read = self.case.read;
        self.bench
            .with_card(&self.chip, |card: &mut dyn Card| read(card))
    }

    #[track_caller]
    fn assert_no_try_was_wasted(&self, fault: Option<Fault>) {
        let (name, chip) = (self.case.name, self.chip.lock().unwrap());
        let (left, all) = (chip.all_tries(), self.new.all_tries());
        assert_eq!(left, all, "{name}, {fault:?}: a try was lost");
        let presented = chip.counted().1;
        assert!(
            presented <= self.case.verifies,
            "{name}, {fault:?}: presented again"
        );
    }

    /// Gives the number of commands an undisturbed reading takes.
    fn undisturbed(&mut self) -> u32 {
        let (case, result) = (self.case, self.read(None));
        assert_eq!(result.as_deref(), Ok(case.gives), "{}", case.name);
        self.assert_no_try_was_wasted(None);
        let chip = self.chip.lock().unwrap();
        assert_eq!(chip.counted().1, case.verifies, "{}", case.name);
        assert!(!chip.is_opened(), "{} stays open", case.name);
        chip.counted().0
    }

    fn quirks_do_not_matter(&mut self) {
        for fault in QUIRKS {
            let (case, result) = (self.case, self.read(Some(fault)));
            assert_eq!(
                result.as_deref(),
                Ok(case.gives),
                "{}, {fault:?}",
                case.name
            );
            self.assert_no_try_was_wasted(Some(fault));
        }
    }

    #[track_caller]
    fn card_is_lost(&mut self, fault: Fault) {
        let error = self.read(Some(fault)).unwrap_err();
        assert!(
            error.is_card_loss(),
            "{}, {fault:?}: {error}",
            self.case.name
        );
        self.assert_no_try_was_wasted(Some(fault));
    }
}

#[test]
fn every_card_bears_every_fault() {
    for case in &CASES {
        let mut trial = Trial::new(case, InProcess);
        let commands = trial.undisturbed();
        trial.quirks_do_not_matter();
        for n in 0..commands {
            for fault in [
                Fault::PullAfter(n),
                Fault::EmptyAfter(n),
                Fault::LoseAnswer(n),
            ] {
                trial.card_is_lost(fault);
            }
        }
        for byte in [0, 1, 7, 60] {
            // A card that hands out less has no such byte.
            if trial.read(Some(Fault::PullAtByte(byte))).is_err() {
                trial.card_is_lost(Fault::PullAtByte(byte));
            }
        }
    }
}

/// One card behind pcscd. A lifted card costs pcscd a second to notice, so of the pulls only the
/// telling ones are tried here; in process it is all of them.
fn behind_the_real_pcscd(name: &'static str) {
    // The parent starts them all beside each other: they wait for their readers most of the time.
    if own_folder().is_none() {
        return;
    }
    behind_pcscd(name, Readers::Virtual, |pcscd, _| {
        let case = CASES.iter().find(|case| case.name == name).unwrap();
        let mut trial = Trial::new(case, BehindPcscd::new(pcscd));
        let commands = trial.undisturbed();
        trial.quirks_do_not_matter();
        for fault in [
            Fault::PullAfter(commands - 1),
            Fault::PullAtByte(1),
            Fault::LoseAnswer(commands / 2),
            Fault::EmptyAfter(commands / 2),
        ] {
            trial.card_is_lost(fault);
            trial.bench.lift();
        }
        trial.undisturbed();
    });
}

/// One test per case, each run by its parent below.
macro_rules! each_behind_pcscd {
    ($($test:ident: $name:literal;)*) => {$(
        #[test]
        fn $test() {
            behind_the_real_pcscd($name);
        }
    )*};
}

each_behind_pcscd! {
    my_number_by_pin_behind_pcscd: "my_number_by_pin";
    my_number_by_number_b_behind_pcscd: "my_number_by_number_b";
    individual_number_behind_pcscd: "individual_number";
    my_number_genuine_behind_pcscd: "my_number_genuine";
    card_face_behind_pcscd: "card_face";
    certificates_behind_pcscd: "certificates";
    mynumber_licence_behind_pcscd: "mynumber_licence";
    licence_behind_pcscd: "licence";
    licence_without_pins_behind_pcscd: "licence_without_pins";
    residence_first_behind_pcscd: "residence_first";
    special_permanent_first_behind_pcscd: "special_permanent_first";
    residence_second_behind_pcscd: "residence_second";
    special_permanent_second_behind_pcscd: "special_permanent_second";
    passport_behind_pcscd: "passport";
}

#[test]
fn every_card_bears_every_fault_behind_pcscd() {
    if !is_pcscd_wanted() || own_folder().is_some() {
        return;
    }
    // A few at a time: a starved pcscd overlooks a card.
    for cases in CASES.chunks(4) {
        let children: Vec<ChildTest> = cases
            .iter()
            .map(|case| ChildTest::start(&format!("faults::{}_behind_pcscd", case.name)))
            .collect();
        children.into_iter().for_each(ChildTest::finish);
    }
}

#[test]
fn every_case_has_its_test_behind_pcscd() {
    let source = include_str!("faults.rs");
    for case in &CASES {
        let test = format!("{}_behind_pcscd: \"{}\";", case.name, case.name);
        assert!(source.contains(&test), "{}", case.name);
    }
}
