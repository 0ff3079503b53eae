//! The way into a residence card: mutual authentication, the number, encrypted reads.

use std::fmt;

use card_reader::{Card, StatusWord};
use zeroize::Zeroizing;

use crate::cipher::{Key, Suite, derive, strip_padding};
use crate::mutual::{self, Keys};
use crate::tlv::{self, TagStyle};
use crate::{ReadCardError, apdu};

/// Number printed on a residence card (在留カード番号・特別永住者証明書番号): two letters, eight digits,
/// two letters. Wiped when dropped, hidden in Debug.
#[derive(Clone)]
pub struct ResidenceNumber(Zeroizing<[u8; 12]>);

/// Not the form of a residence card's number. Holds nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected two letters, eight digits and two letters")]
pub struct ResidenceNumberError;

impl ResidenceNumber {
    /// Takes the number as typed; small letters and spaces do not matter.
    ///
    /// # Errors
    /// When it has another form; nothing is sent to the card then.
    pub fn parse(text: &str) -> Result<Self, ResidenceNumberError> {
        let bytes: Zeroizing<Vec<u8>> = Zeroizing::new(
            text.bytes()
                .filter(|byte| *byte != b' ' && *byte != b'-')
                .map(|byte| byte.to_ascii_uppercase())
                .collect(),
        );
        let whole: [u8; 12] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| ResidenceNumberError)?;
        let fits = whole.iter().enumerate().all(|(at, byte)| match at {
            2..=9 => byte.is_ascii_digit(),
            _ => byte.is_ascii_uppercase(),
        });
        if fits {
            Ok(Self(Zeroizing::new(whole)))
        } else {
            Err(ResidenceNumberError)
        }
    }

    fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl fmt::Debug for ResidenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResidenceNumber(hidden)")
    }
}

/// Fresh random bytes for one session with a residence card or a passport.
#[derive(Clone)]
pub struct SessionRandom {
    pub(crate) nonce: [u8; 8],
    pub(crate) key: Key,
}

impl SessionRandom {
    /// From 24 bytes of a good source.
    pub fn new(bytes: [u8; 24]) -> Self {
        let (mut nonce, mut key) = ([0; 8], Zeroizing::new([0; 16]));
        let (first, second) = bytes.split_at(8);
        nonce.copy_from_slice(first);
        key.copy_from_slice(second);
        Self { nonce, key }
    }
}

impl fmt::Debug for SessionRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionRandom(hidden)")
    }
}

/// An authenticated session.
pub(super) struct Channel {
    suite: Suite,
    key: Key,
}

impl Channel {
    /// Authenticates both sides and presents the number.
    pub(super) fn open(
        card: &mut dyn Card,
        suite: Suite,
        number: &ResidenceNumber,
        random: &SessionRandom,
    ) -> Result<Self, ReadCardError> {
        let master = derive(&[number.bytes()]);
        let keys = Keys {
            encryption: master.clone(),
            code: master,
        };
        let nonce = apdu::challenge(card)?;
        let seed = match mutual::authenticate(card, (suite, 0x00), &keys, random, nonce) {
            Ok(seed) => seed,
            // Another number than the chip's: it cannot read our code.
            Err(ReadCardError::Refused {
                sw: StatusWord(0x6300 | 0x6982 | 0x6988),
            }) => return Err(ReadCardError::WrongCardNumber),
            Err(error) => return Err(error),
        };
        let key = derive(&[seed.as_slice(), &[0, 0, 0, 1]]);
        let channel = Self { suite, key };
        channel.present(card, number)?;
        Ok(channel)
    }

    /// A wrong number costs nothing and locks nothing.
    fn present(&self, card: &mut dyn Card, number: &ResidenceNumber) -> Result<(), ReadCardError> {
        let padded = Zeroizing::new([number.bytes(), &[0x80, 0x00, 0x00, 0x00]].concat());
        let sealed = self
            .suite
            .encrypt(&self.key, &padded)
            .ok_or(ReadCardError::Malformed)?;
        let mut command = vec![0x08, 0x20, 0x00, 0x86, 0x13, 0x86, 0x11, 0x01];
        command.extend_from_slice(&sealed);
        match card.transmit(&command)?.sw {
            StatusWord::OK => Ok(()),
            StatusWord(0x6300) => Err(ReadCardError::WrongCardNumber),
            StatusWord(0x6882 | 0x6988 | 0x69fc) => Err(ReadCardError::UnsupportedGeneration),
            sw => Err(ReadCardError::Refused { sw }),
        }
    }

    /// A whole file of the current application by its short identifier, decrypted.
    pub(super) fn read(
        &self,
        card: &mut dyn Card,
        short: u8,
    ) -> Result<Zeroizing<Vec<u8>>, ReadCardError> {
        let command = [
            0x08,
            0xb0,
            0x80 | short,
            0x00,
            0x00,
            0x00,
            0x04,
            0x96,
            0x02,
            0x00,
            0x00,
            0x00,
            0x00,
        ];
        let response = card.transmit(&command)?;
        apdu::accepted(&response)?;
        let sealed = tlv::only(TagStyle::OneByte, 0x86, &response.data)?;
        let [0x01, sealed @ ..] = sealed else {
            return Err(ReadCardError::Malformed);
        };
        let padded = self
            .suite
            .decrypt(&self.key, sealed)
            .ok_or(ReadCardError::Malformed)?;
        let content = strip_padding(&padded).ok_or(ReadCardError::Malformed)?;
        Ok(Zeroizing::new(content.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_as_people_type_them() {
        for text in [
            "ZZ12345678YY",
            "zz12345678yy",
            "ZZ 12345678 YY",
            "ZZ-12345678-YY",
        ] {
            assert_eq!(
                ResidenceNumber::parse(text).unwrap().bytes(),
                b"ZZ12345678YY"
            );
        }
        for text in [
            "",
            "ZZ1234567YY",
            "Z12345678YYY",
            "ＺＺ12345678YY",
            "ZZ12345678Y1",
        ] {
            assert!(ResidenceNumber::parse(text).is_err(), "{text}");
        }
    }
}
