//! The chip: files, PIN counters, and the quirks of the real one.

use super::CardPerson;

const TEXT_APPLICATION: &[u8] = &[0xd3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08];
/// Contact My Number card.
const ATR: &[u8] = &[0x3b, 0xe0, 0x00, 0xff, 0x81, 0x31, 0xfe, 0x45, 0x14];
/// Some transit card behind a contactless reader.
const OTHER_ATR: &[u8] = &[0x3b, 0x81, 0x80, 0x01, 0x80, 0x80];
/// Files are this much longer than their object.
const FILLER: usize = 16;

/// What goes wrong, once, from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The card is lifted instead of answering the command after so many more.
    PullAfter(u32),
    /// The first command after the next power-up is answered `6F00`.
    FirstCommandFails,
    /// Answers carry at most so many bytes.
    ShortAnswers(usize),
}

/// What the chip does with a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Answers with data and status bytes.
    Bytes(Vec<u8>),
    /// Was lifted meanwhile.
    Pulled,
}

#[derive(Debug, Clone)]
struct SecretFile {
    id: u16,
    digits: Vec<u8>,
    tries: u8,
    tries_max: u8,
    opened: bool,
}

/// A virtual card. Tries survive loss of power; an opened application does not.
#[derive(Debug, Clone)]
pub struct VirtualCard {
    /// `None`: a card Todoke does not know.
    person: Option<CardPerson>,
    secrets: Vec<SecretFile>,
    in_text_application: bool,
    file: Option<u16>,
    fresh: bool,
    commands: u32,
    verifies: u32,
    pull_after: Option<u32>,
    first_fails: bool,
    answer_bytes_max: usize,
}

impl VirtualCard {
    /// A My Number card with all tries left.
    pub fn my_number(person: CardPerson) -> Self {
        let secret = |id, digits: &str, tries_max| SecretFile {
            id,
            digits: digits.as_bytes().to_vec(),
            tries: tries_max,
            tries_max,
            opened: false,
        };
        let secrets = vec![
            secret(0x0011, &person.pin, 3),
            secret(0x0015, &person.number_b, 10),
        ];
        Self {
            secrets,
            person: Some(person),
            ..Self::unknown()
        }
    }

    /// A card of another kind: every application is absent.
    pub fn unknown() -> Self {
        Self {
            person: None,
            secrets: Vec::new(),
            in_text_application: false,
            file: None,
            fresh: false,
            commands: 0,
            verifies: 0,
            pull_after: None,
            first_fails: false,
            answer_bytes_max: 256,
        }
    }

    /// Arranges a fault.
    pub fn arrange(&mut self, fault: Fault) {
        match fault {
            Fault::PullAfter(commands) => self.pull_after = Some(commands),
            Fault::FirstCommandFails => self.first_fails = true,
            Fault::ShortAnswers(bytes) => self.answer_bytes_max = bytes.max(1),
        }
    }

    /// Sets the tries left of the PIN; 0 blocks it.
    pub fn set_pin_tries(&mut self, tries: u8) {
        if let Some(secret) = self.secrets.first_mut() {
            secret.tries = tries.min(secret.tries_max);
        }
    }

    /// Tries left of the PIN and of number B; `None` on an unknown card.
    pub fn tries(&self) -> Option<(u8, u8)> {
        match self.secrets.as_slice() {
            [pin, number_b] => Some((pin.tries, number_b.tries)),
            _ => None,
        }
    }

    /// Whether a secret is presented and power has not been lost since.
    pub fn is_opened(&self) -> bool {
        self.secrets.iter().any(|secret| secret.opened)
    }

    /// Commands answered so far, and how many of them presented a secret.
    pub fn counted(&self) -> (u32, u32) {
        (self.commands, self.verifies)
    }

    /// Answer to reset.
    pub fn atr(&self) -> &'static [u8] {
        if self.person.is_some() {
            ATR
        } else {
            OTHER_ATR
        }
    }

    /// Power comes.
    pub fn power_on(&mut self) {
        self.power_off();
    }

    /// Power goes: whatever was presented is forgotten.
    pub fn power_off(&mut self) {
        self.reset();
        for secret in &mut self.secrets {
            secret.opened = false;
        }
    }

    /// A warm reset: back to no application, but a presented secret stays, as on the real card.
    pub fn reset(&mut self) {
        self.in_text_application = false;
        self.file = None;
        self.fresh = true;
    }

    /// Handles one command.
    pub fn answer(&mut self, command: &[u8]) -> Answer {
        if let Some(left) = self.pull_after {
            if left == 0 {
                self.pull_after = None;
                self.power_off();
                return Answer::Pulled;
            }
            self.pull_after = Some(left - 1);
        }
        self.commands += 1;
        if std::mem::take(&mut self.fresh) && std::mem::take(&mut self.first_fails) {
            return status(0x6f00);
        }
        match command {
            [0x00, 0xa4, 0x04, 0x0c, length, aid @ ..] if usize::from(*length) == aid.len() => {
                self.select_application(aid)
            }
            // SELECT MF: refused after power-up, accepted without effect inside an application.
            [0x00, 0xa4, 0x00, 0x00, ..] if self.in_text_application => status(0x9000),
            [0x00, 0xa4, 0x00, 0x00, ..] => status(0x6a86),
            [0x00, 0xa4, 0x02, 0x0c, 0x02, high, low] => {
                self.select_file(u16::from_be_bytes([*high, *low]))
            }
            [0x00, 0x20, 0x00, 0x80, secret @ ..] => self.verify(secret),
            [0x00, 0xb0, high @ 0x00..=0x7f, low, expected] => {
                self.read(usize::from(u16::from_be_bytes([*high, *low])), *expected)
            }
            [0x00, 0xb0, ..] => status(0x6a82),
            [0x00, 0xa4 | 0x20, ..] => status(0x6a86),
            [0x00, _, ..] => status(0x6d00),
            _ => status(0x6e00),
        }
    }

    fn select_application(&mut self, aid: &[u8]) -> Answer {
        if self.person.is_none() || aid != TEXT_APPLICATION {
            return status(0x6a82);
        }
        self.in_text_application = true;
        self.file = None;
        status(0x9000)
    }

    fn select_file(&mut self, file: u16) -> Answer {
        let known = matches!(file, 0x0001 | 0x0002 | 0x0011 | 0x0015);
        if !self.in_text_application || !known {
            return status(0x6a82);
        }
        self.file = Some(file);
        status(0x9000)
    }

    fn verify(&mut self, command: &[u8]) -> Answer {
        let Some(secret) = self
            .secrets
            .iter_mut()
            .find(|secret| Some(secret.id) == self.file)
        else {
            return status(0x6a86);
        };
        let counter = |tries: u8| 0x63c0 | u16::from(tries);
        let presented = match command {
            [] => return status(counter(secret.tries)),
            [length, digits @ ..] if usize::from(*length) == digits.len() => digits,
            _ => return status(0x6700),
        };
        self.verifies += 1;
        if secret.tries == 0 {
            return status(0x6984);
        }
        if presented == secret.digits {
            secret.tries = secret.tries_max;
            secret.opened = true;
            return status(0x9000);
        }
        secret.tries -= 1;
        secret.opened = false;
        status(counter(secret.tries))
    }

    fn read(&self, offset: usize, expected: u8) -> Answer {
        let Some(person) = &self.person else {
            return status(0x6986);
        };
        let opened_by = |id| self.secrets.iter().any(|s| s.id == id && s.opened);
        let (mut content, is_open) = match self.file {
            Some(0x0001) => (person.individual_number_file(), opened_by(0x0011)),
            Some(0x0002) => (
                person.basic_four_file(),
                opened_by(0x0011) || opened_by(0x0015),
            ),
            Some(_) | None => return status(0x6986),
        };
        if !is_open {
            return status(0x6982);
        }
        content.extend([0xff; FILLER]);
        let Some(rest) = content.get(offset..).filter(|rest| !rest.is_empty()) else {
            return status(0x6b00);
        };
        let wanted = if expected == 0 {
            256
        } else {
            usize::from(expected)
        };
        let length = wanted.min(self.answer_bytes_max).min(rest.len());
        let mut answer = rest.get(..length).unwrap_or(rest).to_vec();
        answer.extend([0x90, 0x00]);
        Answer::Bytes(answer)
    }
}

fn status(sw: u16) -> Answer {
    Answer::Bytes(sw.to_be_bytes().to_vec())
}
