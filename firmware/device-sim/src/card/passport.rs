//! What is written on a virtual passport, and the chip's side of its secure messaging.
//!
//! Written apart from the reader's side, so that both are tried against each other; the reader's is
//! tried against the worked example of ICAO 9303 part 11 besides. The chip's "random" bytes are
//! always the same: a simulator whose answers can be compared.

use aes::cipher::KeyInit;
use aes::cipher::generic_array::GenericArray;
use des::TdesEde2;

use super::chip::{Access, Contents};
use super::objects::object;
use super::secure::{chain_decrypt, chain_encrypt, derive, retail_mac};
use super::{CardPerson, PassportPerson};

const APPLICATION: &[u8] = &[0xa0, 0, 0, 0x02, 0x47, 0x10, 0x01];
const NONCE: [u8; 8] = [0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8];
const KEY_HALF: [u8; 16] = [
    0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f,
];
/// A line of the printed zone.
const LINE: usize = 44;

/// Writes the chip of a person, and the channel that opens it.
pub(super) fn contents(person: &CardPerson, passport: &PassportPerson) -> (Contents, PassportChip) {
    let mut chip = Contents::default();
    chip.application(&[]);
    if passport.needs_pace {
        // EF.CardAccess: PACE with ECDH and AES-128 over brainpoolP256r1.
        let access = [
            0x31, 0x14, 0x30, 0x12, 0x06, 0x0a, 0x04, 0x00, 0x7f, 0x00, 0x07, 0x02, 0x02, 0x04,
            0x02, 0x02, 0x02, 0x01, 0x02, 0x02, 0x01, 0x0d,
        ];
        chip.file(0x011c, access.to_vec(), Access::Free);
    }
    chip.application(APPLICATION);
    let (zone, key) = zone(person, passport);
    let text = object(&[0x5f, 0x1f], zone.as_bytes());
    chip.file(0x0101, object(&[0x61], &text), Access::Sealed);
    let channel = PassportChip {
        key,
        needs_pace: passport.needs_pace,
        session: None,
    };
    (chip, channel)
}

/// Both lines, and what of them opens the chip.
fn zone(person: &CardPerson, passport: &PassportPerson) -> (String, String) {
    let (family, given) = person.name.split_once(' ').unwrap_or((&person.name, ""));
    let names = format!("{family}<<{}", given.replace(' ', "<"));
    let upper = filled(&format!("P<{}{names}", passport.nationality), LINE);
    let sex = match person.sex.as_str() {
        "1" => 'M',
        "2" => 'F',
        _ => '<',
    };
    let number = checked(&filled(&passport.number, 9));
    let birth = checked(person.birth.get(2..).unwrap_or("000101"));
    let expires = checked(passport.expires.get(2..).unwrap_or("000101"));
    let personal = "<".repeat(15);
    let whole = checked(&format!("{number}{birth}{expires}{personal}"));
    let digit = whole.get(whole.len() - 1..).unwrap_or("0");
    let lower = format!(
        "{number}{}{birth}{sex}{expires}{personal}{digit}",
        passport.nationality
    );
    (
        format!("{upper}{lower}"),
        format!("{number}{birth}{expires}"),
    )
}

/// Cut or filled with `<` to so many letters.
fn filled(text: &str, length: usize) -> String {
    let all = text.chars().chain(std::iter::repeat('<'));
    all.take(length).collect()
}

/// With its check digit: values of the letters times 7, 3, 1 in turn, modulo ten.
fn checked(text: &str) -> String {
    let value = |letter: char| letter.to_digit(36).unwrap_or(0);
    let weighed = text.chars().zip([7, 3, 1].into_iter().cycle());
    let sum: u32 = weighed.map(|(letter, weight)| value(letter) * weight).sum();
    format!("{text}{}", sum % 10)
}

/// What a sealed command asks for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Protected {
    /// A file by its identifier.
    Select(u16),
    /// Bytes of the selected file.
    Read { offset: usize, expected: u8 },
}

/// Keys and count of a session.
#[derive(Debug, Clone)]
struct Session {
    encryption: Vec<u8>,
    code: Vec<u8>,
    count: u64,
}

/// State of the chip's channel.
#[derive(Debug, Clone)]
pub(super) struct PassportChip {
    key: String,
    needs_pace: bool,
    session: Option<Session>,
}

impl PassportChip {
    /// GET CHALLENGE.
    pub(super) fn challenge() -> [u8; 8] {
        NONCE
    }

    pub(super) fn needs_pace(&self) -> bool {
        self.needs_pace
    }

    /// Whether somebody who knows the printed zone is in.
    pub(super) fn is_opened(&self) -> bool {
        self.session.is_some()
    }

    /// Power, reset or a wrong seal: everything is forgotten.
    pub(super) fn forget(&mut self) {
        self.session = None;
    }

    /// EXTERNAL AUTHENTICATE; `None` when the reader has another key.
    pub(super) fn authenticate(&mut self, command: &[u8]) -> Option<Vec<u8>> {
        let (encryption, code) = keys(&derive(self.key.as_bytes()));
        let (sealed, told) = command.split_at_checked(32)?;
        if retail_mac(&code, sealed) != told {
            return None;
        }
        let opened = chain_decrypt(&cipher(&encryption), sealed);
        let (reader_nonce, rest) = opened.split_first_chunk::<8>()?;
        let (nonce, reader_half) = rest.split_at_checked(8)?;
        if nonce != NONCE {
            return None;
        }
        let halves = reader_half.iter().zip(KEY_HALF);
        let seed: Vec<u8> = halves.map(|(a, b)| a ^ b).collect();
        let (session_encryption, session_code) = keys(&seed);
        let later = |nonce: [u8; 8]| u64::from_be_bytes(nonce) & 0xffff_ffff;
        self.session = Some(Session {
            encryption: session_encryption,
            code: session_code,
            count: later(NONCE) << 32 | later(*reader_nonce),
        });
        let mine = [&NONCE[..], reader_nonce, &KEY_HALF].concat();
        let mut answer = chain_encrypt(&cipher(&encryption), &mine);
        answer.extend(retail_mac(&code, &answer));
        Some(answer)
    }

    /// Takes a command out of its seal; `None` when seal or session are not right.
    pub(super) fn open(&mut self, command: &[u8]) -> Option<Protected> {
        let session = self.session.as_mut()?;
        let (header, rest) = command.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first()?;
        let (body, _) = rest.split_at_checked(usize::from(*length))?;
        let (objects, told) = body.split_last_chunk::<10>()?;
        session.count += 1;
        let covered = [&header[..], &[0x80, 0, 0, 0], objects].concat();
        let code = session.mac(&covered);
        if told.split_at(2) != (&[0x8e, 0x08][..], &code[..]) {
            return None;
        }
        match (header, objects) {
            ([_, 0xa4, 0x02, 0x0c], [0x87, 0x09, 0x01, sealed @ ..]) => {
                let opened = chain_decrypt(&cipher(&session.encryption), sealed);
                let [high, low, 0x80, ..] = opened.as_slice() else {
                    return None;
                };
                Some(Protected::Select(u16::from_be_bytes([*high, *low])))
            }
            ([_, 0xb0, high, low], [0x97, 0x01, expected]) => Some(Protected::Read {
                offset: usize::from(u16::from_be_bytes([*high, *low])),
                expected: *expected,
            }),
            _ => None,
        }
    }

    /// An answer in its seal; nothing without a session.
    pub(super) fn seal(&mut self, data: &[u8], sw: u16) -> Vec<u8> {
        let Some(session) = &mut self.session else {
            return Vec::new();
        };
        session.count += 1;
        let mut objects = Vec::new();
        if !data.is_empty() {
            let mut padded = data.to_vec();
            padded.push(0x80);
            padded.resize(padded.len().next_multiple_of(8), 0x00);
            let mut value = vec![0x01];
            value.extend(chain_encrypt(&cipher(&session.encryption), &padded));
            objects.extend(object(&[0x87], &value));
        }
        objects.extend(object(&[0x99], &sw.to_be_bytes()));
        let code = session.mac(&objects);
        objects.extend(object(&[0x8e], &code));
        objects
    }
}

impl Session {
    fn mac(&self, covered: &[u8]) -> Vec<u8> {
        let counted = [&self.count.to_be_bytes()[..], covered].concat();
        retail_mac(&self.code, &counted)
    }
}

/// Keys for seals and codes of a seed.
fn keys(seed: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let key = |number: u8| derive(&[seed, &[0, 0, 0, number]].concat());
    (key(1), key(2))
}

fn cipher(key: &[u8]) -> TdesEde2 {
    TdesEde2::new(GenericArray::from_slice(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_zone_has_its_check_digits() {
        let person = CardPerson::traveller();
        let passport = person.passport.clone().unwrap();
        let (lines, key) = zone(&person, &passport);
        let (upper, lower) = lines.split_at(LINE);
        assert_eq!(upper, "P<JPNKAKUU<<HANAKO<<<<<<<<<<<<<<<<<<<<<<<<<<");
        assert_eq!(lower.get(..28), Some("TK12345671JPN9211030F3106305"));
        assert_eq!(lower.len(), LINE);
        assert!(key.starts_with("TK1234567") && key.len() == 24);
    }
}
