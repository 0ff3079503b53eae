//! What goes over the wire in each reading, as text with every secret and every content masked.
//!
//! A VERIFY shows its place and the length of what was presented; an answer shows how many bytes it
//! had. Whoever changes the order of commands sees it here.

use std::fmt::Write as _;

use card_reader::{Card, CardError};
use device_sim::card::InProcessCard;
use zeroize::Zeroizing;

use crate::bench::chip;
use crate::cases::CASES;

struct Recorder {
    card: InProcessCard,
    text: String,
}

impl Card for Recorder {
    fn atr(&self) -> &[u8] {
        self.card.atr()
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, CardError> {
        let answer = self.card.exchange(command)?;
        let (data, status) = answer.split_at(answer.len() - 2);
        let status = hex(status);
        writeln!(self.text, "> {}", masked(command)).unwrap();
        match data.len() {
            0 => writeln!(self.text, "< {status}").unwrap(),
            length => writeln!(self.text, "< ({length}) {status}").unwrap(),
        }
        Ok(answer)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02X}").unwrap();
        text
    })
}

/// Only what selects and reads is shown; what a command carries otherwise is a secret.
fn masked(command: &[u8]) -> String {
    match command {
        [_, 0xa4 | 0xb0 | 0xb2 | 0x84 | 0xc0, ..] => hex(command),
        short if short.len() <= 5 => hex(short),
        [class, ins, p1, p2, length, ..] => {
            format!("{} ({length})", hex(&[*class, *ins, *p1, *p2]))
        }
        _ => unreachable!("no command is shorter"),
    }
}

#[test]
fn readings_keep_their_order_of_commands() {
    for case in &CASES {
        let chip = chip(&(case.person)());
        let mut recorder = Recorder {
            card: InProcessCard::connect(&chip),
            text: String::new(),
        };
        (case.read)(&mut recorder).unwrap();
        insta::assert_snapshot!(case.name, recorder.text);
    }
}

#[test]
fn no_transcript_holds_a_secret() {
    for case in &CASES {
        let chip = chip(&(case.person)());
        let mut recorder = Recorder {
            card: InProcessCard::connect(&chip),
            text: String::new(),
        };
        (case.read)(&mut recorder).unwrap();
        for secret in [
            "1234",
            "1111",
            "2222",
            "60071420334711",
            "KAKUU99",
            "ZZ12345678YY",
        ] {
            assert!(
                !recorder.text.contains(&hex(secret.as_bytes())),
                "{}",
                case.name
            );
        }
    }
}
