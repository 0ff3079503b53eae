//! Secure messaging with a passport: every command and every answer is sealed and counted.
//!
//! Source: ICAO 9303 part 11 sections 4.3 and 9.8, 3DES.

use card_reader::{Card, Response, StatusWord};
use zeroize::Zeroizing;

use super::PassportKey;
use crate::cipher::{Key, Suite, derive, strip_padding};
use crate::mutual::{self, Keys};
use crate::tlv::{self, TagStyle};
use crate::{ReadCardError, SessionRandom, apdu};

/// Bytes asked for at a time: with seal and code they fill a short answer.
const PIECE: u8 = 0xdf;
/// The same for a reader that dislikes long answers.
const SMALL_PIECE: u8 = 0x60;
/// The machine-readable zone has 93 bytes.
const FILE_BYTES_MAX: usize = 512;

/// An authenticated session.
pub(super) struct Channel {
    keys: Keys,
    /// Counts commands and answers, and goes into the code of each.
    counter: u64,
}

impl Channel {
    /// Authenticates both sides.
    pub(super) fn open(
        card: &mut dyn Card,
        key: &PassportKey,
        random: &SessionRandom,
        nonce: [u8; 8],
    ) -> Result<Self, ReadCardError> {
        let keys = session_keys(&derive(&[key.bytes()]));
        let seed = mutual::authenticate(card, (Suite::TripleDes, 0x28), &keys, random, nonce)?;
        Ok(Self {
            keys: session_keys(&seed),
            counter: first_count(nonce, random.nonce),
        })
    }

    /// A file of the current application, up to the end of its one object.
    pub(super) fn read_file(
        &mut self,
        card: &mut dyn Card,
        file: u16,
    ) -> Result<Zeroizing<Vec<u8>>, ReadCardError> {
        apdu::accepted(&self.select(card, file)?)?;
        let mut data = Zeroizing::new(Vec::with_capacity(FILE_BYTES_MAX));
        let mut expected = PIECE;
        loop {
            let response = self.read(card, data.len(), expected)?;
            match (response.sw.sw1(), response.sw) {
                (0x6c, sw) if expected == PIECE && sw.sw2() != 0 => {
                    expected = sw.sw2();
                    continue;
                }
                (_, StatusWord::WRONG_LENGTH) if expected == PIECE => {
                    expected = SMALL_PIECE;
                    continue;
                }
                _ => apdu::accepted(&response)?,
            }
            data.extend_from_slice(&response.data);
            let total = tlv::total_length(TagStyle::OneByte, &data)?;
            let is_endless = response.data.is_empty() || data.len() > FILE_BYTES_MAX;
            if is_endless || total.is_some_and(|total| total > FILE_BYTES_MAX) {
                return Err(ReadCardError::Malformed);
            }
            if let Some(total) = total.filter(|total| data.len() >= *total) {
                data.truncate(total);
                return Ok(data);
            }
            if response.sw == StatusWord::END_OF_FILE {
                return Err(ReadCardError::Malformed);
            }
        }
    }

    fn select(&mut self, card: &mut dyn Card, file: u16) -> Result<Response, ReadCardError> {
        let mut padded = file.to_be_bytes().to_vec();
        padded.extend([0x80, 0x00, 0x00, 0x00, 0x00, 0x00]);
        let sealed = Suite::TripleDes
            .encrypt(&self.keys.encryption, &padded)
            .ok_or(ReadCardError::Malformed)?;
        let mut object = vec![0x87, 0x09, 0x01];
        object.extend_from_slice(&sealed);
        self.exchange(card, [0x0c, 0xa4, 0x02, 0x0c], &object)
    }

    fn read(
        &mut self,
        card: &mut dyn Card,
        offset: usize,
        expected: u8,
    ) -> Result<Response, ReadCardError> {
        let offset = u16::try_from(offset).map_err(|_| ReadCardError::Malformed)?;
        let [high, low] = offset.to_be_bytes();
        self.exchange(card, [0x0c, 0xb0, high, low], &[0x97, 0x01, expected])
    }

    /// Sends one sealed command. A chip that answers in clear has given the session up.
    fn exchange(
        &mut self,
        card: &mut dyn Card,
        header: [u8; 4],
        object: &[u8],
    ) -> Result<Response, ReadCardError> {
        self.counter = self.counter.wrapping_add(1);
        let code = self.code(&[&header, &[0x80, 0x00, 0x00, 0x00], object]);
        let length = u8::try_from(object.len() + 10).map_err(|_| ReadCardError::Malformed)?;
        let mut command = header.to_vec();
        command.push(length);
        command.extend_from_slice(object);
        command.extend([0x8e, 0x08]);
        command.extend(code);
        command.push(0x00);
        let response = card.transmit(&command)?;
        if response.data.is_empty() {
            return Err(ReadCardError::Refused { sw: response.sw });
        }
        self.opened(&response.data)
    }

    /// Checks the code of an answer, then takes it out of its seal.
    fn opened(&mut self, answer: &[u8]) -> Result<Response, ReadCardError> {
        self.counter = self.counter.wrapping_add(1);
        let objects = tlv::objects(TagStyle::OneByte, answer)?;
        let covered = objects.iter().filter(|object| object.tag != 0x8e);
        let covered: Vec<u8> = covered.flat_map(|object| object.whole).copied().collect();
        if tlv::value(&objects, 0x8e)? != self.code(&[&covered]) {
            return Err(ReadCardError::NotProven);
        }
        let [high, low] = tlv::value(&objects, 0x99)? else {
            return Err(ReadCardError::Malformed);
        };
        let data = match tlv::find(&objects, 0x87) {
            None => Zeroizing::default(),
            Some([0x01, sealed @ ..]) => self.unsealed(sealed).ok_or(ReadCardError::Malformed)?,
            Some(_) => return Err(ReadCardError::Malformed),
        };
        Ok(Response {
            data,
            sw: StatusWord(u16::from_be_bytes([*high, *low])),
        })
    }

    fn unsealed(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let padded = Suite::TripleDes.decrypt(&self.keys.encryption, sealed)?;
        Some(Zeroizing::new(strip_padding(&padded)?.to_vec()))
    }

    fn code(&self, parts: &[&[u8]]) -> [u8; 8] {
        let mut whole = Zeroizing::new(self.counter.to_be_bytes().to_vec());
        for part in parts {
            whole.extend_from_slice(part);
        }
        Suite::TripleDes.mac(&self.keys.code, &whole)
    }
}

/// Both keys from a seed (ICAO 9303 part 11 section 9.7.1); their parity bits do not matter.
fn session_keys(seed: &Key) -> Keys {
    Keys {
        encryption: derive(&[seed.as_slice(), &[0, 0, 0, 1]]),
        code: derive(&[seed.as_slice(), &[0, 0, 0, 2]]),
    }
}

/// The later halves of both nonces.
fn first_count(chip: [u8; 8], ours: [u8; 8]) -> u64 {
    let half = |nonce: [u8; 8]| u64::from_be_bytes(nonce) & 0xffff_ffff;
    half(chip) << 32 | half(ours)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use card_reader::CardError;

    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    /// Plays commands and answers in order.
    struct Played(VecDeque<(Vec<u8>, Vec<u8>)>);

    impl Card for Played {
        fn atr(&self) -> &[u8] {
            &[]
        }

        #[expect(
            clippy::panic_in_result_fn,
            reason = "a transcript that is not followed ends the test"
        )]
        fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, CardError> {
            let (expected, answer) = self.0.pop_front().expect("no more commands are expected");
            assert_eq!(command, expected, "command differs from the example");
            Ok(Zeroizing::new(answer))
        }
    }

    /// ICAO 9303 part 11, appendix D.3 and D.4: the first 4 bytes of EF.COM, then the rest.
    const EXAMPLE: [(&str, &str); 4] = [
        (
            "0082000028 72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2 5F1448EEA8AD90A7 28",
            "46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F 2F2D235D074D7449 9000",
        ),
        (
            "0CA4020C15 8709016375432908C044F6 8E08BF8B92D635FF24F8 00",
            "99029000 8E08FA855A5D4C50A8ED 9000",
        ),
        (
            "0CB000000D 970104 8E08ED6705417E96BA55 00",
            "8709019FF0EC34F9922651 99029000 8E08AD55CC17140B2DED 9000",
        ),
        (
            "0CB000040D 970112 8E082EA28A70F3C7B535 00",
            "871901FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A 99029000 8E08C8B2787EAEA07D74 9000",
        ),
    ];

    fn example() -> (Played, Channel) {
        let steps = EXAMPLE.map(|(command, answer)| (hex(command), hex(answer)));
        let mut card = Played(steps.into());
        let key = PassportKey::parse("L898902C", "690806", "940623").unwrap();
        let random = "781723860C06C226 0B795240CB7049B01C19B33E32804F0B";
        let random = SessionRandom::new(hex(random).try_into().unwrap());
        let nonce = hex("4608F91988702212").try_into().unwrap();
        let channel = Channel::open(&mut card, &key, &random, nonce).unwrap();
        (card, channel)
    }

    #[test]
    fn the_worked_example_of_the_specification_is_followed() {
        let (mut card, mut channel) = example();
        assert!(channel.select(&mut card, 0x011e).unwrap().sw.is_ok());
        let head = channel.read(&mut card, 0, 4).unwrap();
        assert_eq!(*head.data, hex("60145F01"));
        let rest = channel.read(&mut card, 4, 0x12).unwrap();
        assert_eq!(*rest.data, hex("04303130365F36063034303030305C026175"));
        assert_eq!(rest.sw, StatusWord::OK);
        assert!(card.0.is_empty());
    }

    #[test]
    fn a_changed_answer_is_not_believed() {
        let (mut card, mut channel) = example();
        channel.select(&mut card, 0x011e).unwrap();
        let (_, answer) = card.0.front_mut().unwrap();
        *answer.get_mut(4).unwrap() ^= 1;
        let changed = channel.read(&mut card, 0, 4).map(drop);
        assert_eq!(changed, Err(ReadCardError::NotProven));
    }

    #[test]
    fn an_answer_in_clear_ends_the_session() {
        let (mut card, mut channel) = example();
        card.0.front_mut().unwrap().1 = vec![0x69, 0x88];
        let refused = channel.select(&mut card, 0x011e).map(drop);
        let sw = StatusWord(0x6988);
        assert_eq!(refused, Err(ReadCardError::Refused { sw }));
    }
}
