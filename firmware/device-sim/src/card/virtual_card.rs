//! The chip: commands, PIN counters, and the quirks of the real ones.

use std::time::Duration;

use super::authority::SimKey;
use super::chip::{Access, Application, Contents, File, Secret, SecretName};
use super::fault::Arranged;
use super::passport::{PassportChip, Protected};
use super::person::CardSort;
use super::secure::SecureChip;
use super::{CardPerson, Fault, licence, my_number, passport, residence};

/// Contact My Number card.
const MY_NUMBER_ATR: &[u8] = &[0x3b, 0xe0, 0x00, 0xff, 0x81, 0x31, 0xfe, 0x45, 0x14];
/// A card of Type B behind a contactless reader; each has its own.
const TYPE_B_ATR: &[u8] = &[
    0x3b, 0x88, 0x80, 0x01, 0x00, 0x00, 0x00, 0x00, 0x33, 0x81, 0x81, 0x00, 0x3a,
];
/// Some transit card behind a contactless reader.
const OTHER_ATR: &[u8] = &[0x3b, 0x81, 0x80, 0x01, 0x80, 0x80];
/// Files of the My Number card are this much longer than their object.
const FILLER: usize = 16;
/// Text application of the My Number card, whose key signs without a file being selected.
const TEXT_APPLICATION: usize = 1;

/// What the chip does with a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Answers with data and status bytes; nothing at all when a fault says so.
    Bytes(Vec<u8>),
    /// Was lifted meanwhile.
    Pulled,
}

/// Data and status.
struct Reply {
    data: Vec<u8>,
    sw: u16,
}

impl From<u16> for Reply {
    fn from(sw: u16) -> Self {
        Self {
            data: Vec::new(),
            sw,
        }
    }
}

/// What the chip does on SELECT MF, and which family its files belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    MyNumber,
    Licence,
    Residence,
    Passport,
    Unknown,
}

/// A virtual card. Tries survive loss of power; an opened application does not.
#[derive(Debug, Clone)]
pub struct VirtualCard {
    family: Family,
    contents: Contents,
    channel: Option<SecureChip>,
    passport: Option<PassportChip>,
    application: Option<usize>,
    file: Option<u16>,
    pending: Vec<u8>,
    fresh: bool,
    commands: u32,
    verifies: u32,
    faults: Arranged,
}

impl VirtualCard {
    /// The card of a person, of the kind the person file names, with all tries left.
    pub fn of(person: &CardPerson) -> Self {
        match person.kind {
            CardSort::MyNumber => Self::with(Family::MyNumber, my_number::contents(person)),
            CardSort::DriversLicence => {
                let licence_data = person.licence.clone().unwrap_or_default();
                let contents = licence::contents(person, &licence_data);
                Self::with(Family::Licence, contents)
            }
            CardSort::ResidenceFirst
            | CardSort::SpecialPermanentFirst
            | CardSort::ResidenceSecond
            | CardSort::SpecialPermanentSecond => {
                let residence_data = person.residence.clone().unwrap_or_default();
                let (contents, channel) = residence::contents(person, &residence_data);
                let mut card = Self::with(Family::Residence, contents);
                card.channel = Some(channel);
                card
            }
            CardSort::Passport => {
                let passport_data = person.passport.clone().unwrap_or_default();
                let (contents, chip) = passport::contents(person, &passport_data);
                let mut card = Self::with(Family::Passport, contents);
                card.passport = Some(chip);
                card
            }
            CardSort::Unknown => Self::unknown(),
        }
    }

    /// A My Number card with all tries left.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers hand the person over; a card keeps it"
    )]
    pub fn my_number(person: CardPerson) -> Self {
        Self::with(Family::MyNumber, my_number::contents(&person))
    }

    /// A card of another kind: every application is absent.
    pub fn unknown() -> Self {
        Self::with(Family::Unknown, Contents::default())
    }

    fn with(family: Family, contents: Contents) -> Self {
        Self {
            family,
            contents,
            channel: None,
            passport: None,
            application: None,
            file: None,
            pending: Vec::new(),
            fresh: false,
            commands: 0,
            verifies: 0,
            faults: Arranged::default(),
        }
    }

    /// Arranges a fault.
    pub fn arrange(&mut self, fault: Fault) {
        match fault {
            Fault::PullAfter(commands) => self.faults.pull_after = Some(commands),
            Fault::PullAtByte(bytes) => self.faults.pull_at_byte = Some(bytes),
            Fault::LoseAnswer(commands) => self.faults.lose_answer = Some(commands),
            Fault::FirstCommandFails => self.faults.first_fails = true,
            Fault::EmptyAfter(commands) => self.faults.empty_after = Some(commands),
            Fault::ShortAnswers(bytes) => self.faults.short = Some(bytes.max(1)),
            Fault::Pieces(bytes) => self.faults.pieces = Some(bytes.max(1)),
            Fault::WrongLength | Fault::EndOfFile | Fault::Refuse256 => {
                self.faults.reads.push(fault);
            }
            Fault::Slow(pause) => self.faults.slow = pause,
            Fault::Tries(name, tries) => self.set_tries(name, tries),
        }
    }

    /// Sets the tries left of a secret; 0 blocks it.
    pub fn set_tries(&mut self, name: SecretName, tries: u8) {
        for secret in &mut self.contents.secrets {
            if secret.name == name {
                secret.tries = tries.min(secret.tries_max);
            }
        }
    }

    /// Sets the tries left of the text application's PIN; 0 blocks it.
    pub fn set_pin_tries(&mut self, tries: u8) {
        self.set_tries(SecretName::Pin, tries);
    }

    /// Tries left of a secret; `None` when the card has none of that name.
    pub fn tries_left(&self, name: SecretName) -> Option<u8> {
        let mut secrets = self.contents.secrets.iter();
        Some(secrets.find(|secret| secret.name == name)?.tries)
    }

    /// Tries left of every secret.
    pub fn all_tries(&self) -> Vec<(SecretName, u8)> {
        let secrets = self.contents.secrets.iter();
        secrets.map(|secret| (secret.name, secret.tries)).collect()
    }

    /// Tries left of the PIN and of number B; `None` when it is no My Number card.
    pub fn tries(&self) -> Option<(u8, u8)> {
        Some((
            self.tries_left(SecretName::Pin)?,
            self.tries_left(SecretName::NumberB)?,
        ))
    }

    /// Whether a secret or number is presented and power has not been lost since.
    pub fn is_opened(&self) -> bool {
        self.contents.secrets.iter().any(|secret| secret.opened)
            || self.channel.as_ref().is_some_and(SecureChip::is_opened)
            || self.passport.as_ref().is_some_and(PassportChip::is_opened)
    }

    /// Commands answered so far, and how many of them presented a secret.
    pub fn counted(&self) -> (u32, u32) {
        (self.commands, self.verifies)
    }

    /// How long each answer takes.
    pub fn pause(&self) -> Duration {
        self.faults.slow
    }

    /// Answer to reset.
    pub fn atr(&self) -> &'static [u8] {
        match self.family {
            Family::MyNumber => MY_NUMBER_ATR,
            Family::Licence | Family::Residence | Family::Passport => TYPE_B_ATR,
            Family::Unknown => OTHER_ATR,
        }
    }

    /// Power comes.
    pub fn power_on(&mut self) {
        self.power_off();
    }

    /// Power goes: whatever was presented is forgotten.
    pub fn power_off(&mut self) {
        self.reset();
        for secret in &mut self.contents.secrets {
            secret.opened = false;
        }
    }

    /// A warm reset: back to no application, but a presented secret stays, as on the real card.
    pub fn reset(&mut self) {
        self.application = match self.family {
            Family::Licence | Family::Residence | Family::Passport => Some(0),
            Family::MyNumber | Family::Unknown => None,
        };
        if let Some(channel) = &mut self.channel {
            channel.forget();
        }
        if let Some(passport) = &mut self.passport {
            passport.forget();
        }
        self.file = None;
        self.pending.clear();
        self.fresh = true;
    }

    /// Handles one command.
    pub fn answer(&mut self, command: &[u8]) -> Answer {
        if Arranged::is_due(&mut self.faults.pull_after) {
            return self.pulled();
        }
        self.commands += 1;
        if Arranged::is_due(&mut self.faults.empty_after) {
            return Answer::Bytes(Vec::new());
        }
        if std::mem::take(&mut self.fresh) && std::mem::take(&mut self.faults.first_fails) {
            return Answer::Bytes(vec![0x6f, 0x00]);
        }
        let reply = self.process(command);
        let reply = self.in_pieces(reply);
        if Arranged::is_due(&mut self.faults.lose_answer) {
            return self.pulled();
        }
        if self.faults.is_pulled_within(reply.data.len()) {
            return self.pulled();
        }
        let mut answer = reply.data;
        answer.extend(reply.sw.to_be_bytes());
        Answer::Bytes(answer)
    }

    fn pulled(&mut self) -> Answer {
        self.power_off();
        Answer::Pulled
    }

    /// Keeps all but the first piece for GET RESPONSE, when pieces are arranged.
    fn in_pieces(&mut self, reply: Reply) -> Reply {
        let Some(size) = self.faults.pieces.filter(|size| reply.data.len() > *size) else {
            return reply;
        };
        let (now, later) = reply.data.split_at(size);
        self.pending = later.to_vec();
        Reply {
            data: now.to_vec(),
            sw: 0x6100 | u16::from(u8::try_from(later.len()).unwrap_or(0)),
        }
    }

    fn process(&mut self, command: &[u8]) -> Reply {
        let pending = std::mem::take(&mut self.pending);
        match command {
            [_, 0xc0, 0x00, 0x00, _] => Reply {
                sw: if pending.is_empty() { 0x6985 } else { 0x9000 },
                data: pending,
            },
            _ if self.passport.is_some() => self.passport(command),
            [0x00, 0xa4, 0x04, 0x0c, length, aid @ ..] if usize::from(*length) == aid.len() => {
                self.select_application(aid)
            }
            [0x00, 0xa4, 0x00, 0x00, ..] => self.select_main_file(),
            [0x00, 0xa4, 0x02, 0x0c, 0x02, high, low] => {
                self.select_file(u16::from_be_bytes([*high, *low]))
            }
            [0x00, 0x20, 0x00, reference @ 0x80..=0xff, secret @ ..] => {
                self.verify(*reference, secret)
            }
            [0x00, 0xb0, high, low, expected] => self.read(*high, *low, *expected),
            [0x00, 0xb2, 0x01, 0x0c, ..] => self.read_record(),
            [0x80, 0x2a, 0x00, key, length, data @ ..] => self.sign(*key, *length, data),
            _ if self.channel.is_some() => self.secure(command),
            [0x00, 0xa4 | 0x20, ..] => 0x6a86.into(),
            [0x00, ..] => 0x6d00.into(),
            _ => 0x6e00.into(),
        }
    }

    /// Commands of the residence card's channel.
    fn secure(&mut self, command: &[u8]) -> Reply {
        let Some(channel) = &mut self.channel else {
            return 0x6d00.into();
        };
        match command {
            [0x00, 0x84, 0x00, 0x00, 0x08] => Reply {
                data: SecureChip::challenge().to_vec(),
                sw: 0x9000,
            },
            [0x00, 0x82, 0x00, 0x00, 0x28, sealed @ .., 0x00] => {
                match channel.authenticate(sealed) {
                    Some(data) => Reply { data, sw: 0x9000 },
                    None => 0x6300.into(),
                }
            }
            [0x08, 0x20, 0x00, 0x86, 0x13, 0x86, 0x11, 0x01, sealed @ ..] => {
                self.verifies += 1;
                match channel.present(sealed) {
                    Some(true) => 0x9000.into(),
                    Some(false) => 0x6300.into(),
                    None => 0x6985.into(),
                }
            }
            [
                0x08,
                0xb0,
                short @ 0x80..=0xff,
                0,
                0,
                0,
                4,
                0x96,
                2,
                0,
                0,
                0,
                0,
            ] => {
                let (short, opened) = (short & 0x1f, channel.is_opened());
                let file = self.file_by_short(short).map(|file| file.content.clone());
                let sealed = file.and_then(|content| self.channel.as_ref()?.seal(&content));
                match sealed {
                    Some(_) if !opened => 0x6982.into(),
                    Some(data) => Reply { data, sw: 0x9000 },
                    None => 0x6a82.into(),
                }
            }
            [0x08, ..] => 0x6882.into(),
            _ => 0x6d00.into(),
        }
    }

    /// Commands of a passport, of which few are answered in clear.
    fn passport(&mut self, command: &[u8]) -> Reply {
        let Some(chip) = &mut self.passport else {
            return 0x6d00.into();
        };
        match command {
            [0x00, 0xa4, 0x00, 0x0c, 0x02, 0x3f, 0x00] => {
                self.application = Some(0);
                self.file = None;
                0x9000.into()
            }
            [0x00, 0xa4, 0x02, 0x0c, 0x02, high, low] => {
                self.select_file(u16::from_be_bytes([*high, *low]))
            }
            [0x00, 0xa4, 0x04, 0x0c, _, aid @ ..] => match self.select_application(aid) {
                Reply { sw: 0x9000, .. } if self.passport_needs_pace() => 0x6982.into(),
                reply => reply,
            },
            [0x00, 0x84, 0x00, 0x00, 0x08] => Reply {
                data: PassportChip::challenge().to_vec(),
                sw: 0x9000,
            },
            [0x00, 0x82, 0x00, 0x00, 0x28, sealed @ .., 0x28] => {
                self.verifies += 1;
                match chip.authenticate(sealed) {
                    Some(data) => Reply { data, sw: 0x9000 },
                    None => 0x6300.into(),
                }
            }
            [0x0c, ..] => {
                if let Some(protected) = chip.open(command) {
                    return self.protected(&protected);
                }
                chip.forget();
                0x6988.into()
            }
            [0x00, 0xb0, ..] => 0x6982.into(),
            [0x00, ..] => 0x6d00.into(),
            _ => 0x6e00.into(),
        }
    }

    fn passport_needs_pace(&self) -> bool {
        self.passport.as_ref().is_some_and(PassportChip::needs_pace)
    }

    /// What was asked for inside the seal, and the answer in one.
    fn protected(&mut self, asked: &Protected) -> Reply {
        let reply = match *asked {
            Protected::Select(file) => self.select_file(file),
            Protected::Read { offset, expected } => {
                let place = self.application.zip(self.file);
                let files = place.and_then(|(at, _)| self.contents.applications.get(at));
                let file = files.and_then(|one| one.files.iter().find(|f| Some(f.id) == self.file));
                match file.map(|file| file.content.clone()) {
                    Some(content) => {
                        self.hand_out(content.get(offset..).unwrap_or_default(), expected)
                    }
                    None => 0x6986.into(),
                }
            }
        };
        let sealed = self
            .passport
            .as_mut()
            .map(|chip| chip.seal(&reply.data, reply.sw));
        Reply {
            data: sealed.unwrap_or_default(),
            sw: 0x9000,
        }
    }

    /// A My Number card refuses it after power-up, and accepts it without effect inside an
    /// application.
    fn select_main_file(&mut self) -> Reply {
        match (self.family, self.application) {
            (Family::Licence | Family::Residence, _) => {
                self.application = Some(0);
                self.file = None;
                0x9000.into()
            }
            (Family::MyNumber, Some(_)) => 0x9000.into(),
            (Family::MyNumber, None) | (Family::Passport | Family::Unknown, _) => 0x6a86.into(),
        }
    }

    /// A failed SELECT leaves everything as it was.
    fn select_application(&mut self, aid: &[u8]) -> Reply {
        let mut applications = self.contents.applications.iter();
        match applications.position(|one| !one.aid.is_empty() && one.aid == aid) {
            Some(place) => {
                self.application = Some(place);
                self.file = None;
                0x9000.into()
            }
            None => 0x6a82.into(),
        }
    }

    fn select_file(&mut self, id: u16) -> Reply {
        let is_file = self
            .current()
            .is_some_and(|application| application.files.iter().any(|file| file.id == id));
        if !is_file && self.secret_place(id).is_none() {
            return 0x6a82.into();
        }
        self.file = Some(id);
        0x9000.into()
    }

    fn current(&self) -> Option<&Application> {
        self.contents.applications.get(self.application?)
    }

    fn secret_place(&self, id: u16) -> Option<usize> {
        let application = self.application?;
        self.contents
            .secrets
            .iter()
            .position(|secret| secret.application == application && secret.id == id)
    }

    fn verify(&mut self, reference: u8, command: &[u8]) -> Reply {
        let id = match reference & 0x1f {
            0 => self.file,
            short => Some(u16::from(short)),
        };
        let place = id.and_then(|id| self.secret_place(id));
        let Some(secret) = place.and_then(|place| self.contents.secrets.get_mut(place)) else {
            return 0x6a82.into();
        };
        let presented = match command {
            [] => return counter(secret.tries),
            [length, digits @ ..] if usize::from(*length) == digits.len() => digits,
            _ => return 0x6700.into(),
        };
        self.verifies += 1;
        present(secret, presented)
    }

    fn file_by_short(&self, short: u8) -> Option<&File> {
        let files = &self.current()?.files;
        files.iter().find(|file| file.id & 0x1f == u16::from(short))
    }

    fn is_open(&self, access: Access) -> bool {
        let is_presented = |name: &SecretName| {
            let mut secrets = self.contents.secrets.iter();
            secrets.any(|secret| secret.name == *name && secret.opened)
        };
        match access {
            Access::Free => true,
            Access::AnyOf(names) => names.iter().any(is_presented),
            Access::AllOf(names) => names.iter().all(is_presented),
            Access::Opened => self.channel.as_ref().is_some_and(SecureChip::is_opened),
            Access::Sealed | Access::Never => false,
        }
    }

    fn read(&mut self, high: u8, low: u8, expected: u8) -> Reply {
        let offset = if high & 0x80 == 0 {
            usize::from(u16::from_be_bytes([high, low]))
        } else {
            let Some(id) = self.file_by_short(high & 0x1f).map(|file| file.id) else {
                return 0x6a82.into();
            };
            self.file = Some(id);
            usize::from(low)
        };
        let selected = self.file;
        let file = self
            .current()
            .and_then(|application| application.files.iter().find(|f| Some(f.id) == selected));
        let Some(file) = file else {
            return 0x6986.into();
        };
        if !self.is_open(file.access) {
            return 0x6982.into();
        }
        let mut content = file.content.clone();
        if self.family == Family::MyNumber {
            content.extend([0xff; FILLER]);
        }
        self.hand_out(content.get(offset..).unwrap_or_default(), expected)
    }

    /// As much of the rest of a file as is asked for, in the way the faults want it.
    fn hand_out(&self, rest: &[u8], expected: u8) -> Reply {
        if rest.is_empty() {
            return 0x6b00.into();
        }
        let wanted = match expected {
            0 if self.faults.reads.contains(&Fault::Refuse256) => return 0x6700.into(),
            0 => 256,
            length => usize::from(length),
        };
        if self.faults.reads.contains(&Fault::WrongLength)
            && wanted > rest.len()
            && let Ok(length) = u8::try_from(rest.len())
        {
            return (0x6c00 | u16::from(length)).into();
        }
        let length = wanted.min(self.faults.short.unwrap_or(256)).min(rest.len());
        let is_end = self.faults.reads.contains(&Fault::EndOfFile) && length == rest.len();
        Reply {
            data: rest.get(..length).unwrap_or(rest).to_vec(),
            sw: if is_end { 0x6282 } else { 0x9000 },
        }
    }

    fn read_record(&self) -> Reply {
        let files = self.current().map(|application| &application.files);
        let file = files.and_then(|files| files.iter().find(|file| Some(file.id) == self.file));
        match file {
            Some(file) if self.is_open(file.access) => Reply {
                data: file.content.clone(),
                sw: 0x9000,
            },
            Some(_) => 0x6982.into(),
            None => 0x6a83.into(),
        }
    }

    /// Signs whatever is given, as the real chip does: up to 245 bytes.
    fn sign(&self, key: u8, length: u8, data: &[u8]) -> Reply {
        let Some((payload, [0x00])) = data.split_at_checked(usize::from(length)) else {
            return 0x6700.into();
        };
        let allowed = match (key, self.file) {
            (0x00, _) => self.application == Some(TEXT_APPLICATION),
            (0x80, Some(0x0017)) => self.is_open(Access::AnyOf(&[SecretName::AuthPin])),
            (0x80, Some(0x001a)) => self.is_open(Access::AnyOf(&[SecretName::SignPassword])),
            _ => return 0x6a86.into(),
        };
        if !allowed || self.family != Family::MyNumber {
            return 0x6982.into();
        }
        Reply {
            data: SimKey::Chip.sign_payload(payload),
            sw: 0x9000,
        }
    }
}

fn counter(tries: u8) -> Reply {
    (0x63c0 | u16::from(tries)).into()
}

/// A right secret refills its counter; a wrong one costs a try; a blocked one says 6984.
fn present(secret: &mut Secret, presented: &[u8]) -> Reply {
    if secret.tries == 0 {
        return 0x6984.into();
    }
    if presented == secret.value {
        secret.tries = secret.tries_max;
        secret.opened = true;
        return 0x9000.into();
    }
    secret.tries -= 1;
    secret.opened = false;
    counter(secret.tries)
}
