//! Every reading of every card, with answers that somebody spoiled on the way.
//!
//! This is the fuzzing of everything that parses bytes of a chip (status words, TLV of three kinds,
//! ASN.1, secure messaging, pictures, JIS text): the answers of the virtual cards, changed by chance
//! from a seed. A spoiled answer may make a reading fail or give something else; it may not end the
//! program, go round for ever, or cost a try that a clean reading would not cost.
//!
//! `TODOKE_FUZZ_ROUNDS=5000` plays more (`make fuzz`); `TODOKE_FUZZ_SEED` begins elsewhere.

use card_reader::{Card, CardError};
use device_sim::card::InProcessCard;
use zeroize::Zeroizing;

use crate::bench::chip;
use crate::cases::CASES;

/// Rounds of each reading in a usual run.
const ROUNDS: u64 = 12;
/// No reading needs as many commands, even in pieces of a few bytes.
const COMMANDS_MAX: u32 = 20_000;
/// What cards say beside data.
const STATUS: [[u8; 2]; 12] = [
    [0x90, 0x00],
    [0x61, 0x10],
    [0x62, 0x82],
    [0x63, 0xc0],
    [0x63, 0xc9],
    [0x63, 0x00],
    [0x67, 0x00],
    [0x69, 0x82],
    [0x6a, 0x82],
    [0x6b, 0x00],
    [0x6c, 0x02],
    [0x6f, 0x00],
];

/// Chance that is the same everywhere (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `limit`; 0 for a limit of 0.
    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap();
        usize::try_from(self.next() % limit).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}

struct Mangled {
    card: InProcessCard,
    chance: Chance,
    commands: u32,
}

impl Card for Mangled {
    fn atr(&self) -> &[u8] {
        self.card.atr()
    }

    #[expect(
        clippy::panic_in_result_fn,
        reason = "an error would be taken for the card's, and asked again"
    )]
    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, CardError> {
        self.commands += 1;
        assert!(self.commands < COMMANDS_MAX, "goes round for ever");
        let mut answer = self.card.exchange(command)?;
        if self.chance.below(8) == 0 {
            spoil(&mut answer, &mut self.chance);
        }
        Ok(answer)
    }
}

fn spoil(answer: &mut Vec<u8>, chance: &mut Chance) {
    for _ in 0..=chance.below(3) {
        let at = chance.below(answer.len());
        match chance.below(8) {
            0 => answer.truncate(at),
            1 => answer.push(chance.byte()),
            2 => answer.insert(at, chance.byte()),
            3 => {
                let length = answer.len().saturating_sub(2);
                answer.truncate(length);
                answer.extend(STATUS[chance.below(STATUS.len())]);
            }
            // Lengths are what parsers stumble over.
            4 | 5 => {
                let value = [0x00, 0x01, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff][chance.below(8)];
                if let Some(byte) = answer.get_mut(at) {
                    *byte = value;
                }
            }
            6 => {
                if let Some(byte) = answer.get_mut(at) {
                    *byte ^= 1 << chance.below(8);
                }
            }
            _ => {
                let tail = answer.split_off(at);
                answer.extend(tail.iter().rev());
            }
        }
    }
}

fn set(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn a_spoiled_answer_ends_nothing_and_costs_no_try() {
    let rounds = set("TODOKE_FUZZ_ROUNDS").unwrap_or(ROUNDS);
    let first = set("TODOKE_FUZZ_SEED").unwrap_or(1);
    for case in &CASES {
        for seed in first..first + rounds {
            let chip = chip(&(case.person)());
            let mut card = Mangled {
                card: InProcessCard::connect(&chip),
                chance: Chance(seed),
                commands: 0,
            };
            // Whatever it gives: the card itself counts what was presented to it.
            drop((case.read)(&mut card));
            let presented = chip.lock().unwrap().counted().1;
            assert!(
                presented <= case.verifies,
                "{} with seed {seed}: {presented} secrets sent",
                case.name
            );
        }
    }
}
