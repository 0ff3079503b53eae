//! Mutual authentication: card and reader prove to each other that they know the same keys, and
//! agree on the keys of a session.
//!
//! The way of ICAO 9303 part 11 section 4.3 (basic access control), which the residence card took
//! over with one key for both purposes.

use card_reader::Card;
use zeroize::Zeroizing;

use crate::cipher::{Key, Suite};
use crate::{ReadCardError, SessionRandom};

/// What encrypts, and what makes codes.
pub(crate) struct Keys {
    pub(crate) encryption: Key,
    pub(crate) code: Key,
}

/// Authenticates both sides with the chip's challenge and gives the seed of the session's keys.
/// `expected` is the length the command asks for: a chip takes one of two ways to write it.
///
/// # Errors
/// [`ReadCardError::Refused`] when the chip does not know our keys, [`ReadCardError::NotProven`]
/// when it does not prove that it does.
pub(crate) fn authenticate(
    card: &mut dyn Card,
    (suite, expected): (Suite, u8),
    keys: &Keys,
    random: &SessionRandom,
    chip_nonce: [u8; 8],
) -> Result<Key, ReadCardError> {
    let mine = Zeroizing::new([&random.nonce[..], &chip_nonce, random.key.as_slice()].concat());
    let sealed = suite
        .encrypt(&keys.encryption, &mine)
        .ok_or(ReadCardError::Malformed)?;
    let mut command = vec![0x00, 0x82, 0x00, 0x00, 0x28];
    command.extend_from_slice(&sealed);
    command.extend(suite.mac(&keys.code, &sealed));
    command.push(expected);
    let response = card.transmit(&command)?;
    if !response.sw.is_ok() {
        return Err(ReadCardError::Refused { sw: response.sw });
    }
    let chip_half = chip_half(suite, keys, &response.data, (&chip_nonce, &random.nonce))?;
    let mut seed = random.key.clone();
    seed.iter_mut()
        .zip(chip_half.iter())
        .for_each(|(to, from)| *to ^= from);
    Ok(seed)
}

/// The chip's half of the seed, after its code and both nonces proved it.
fn chip_half(
    suite: Suite,
    keys: &Keys,
    answer: &[u8],
    (chip_nonce, our_nonce): (&[u8; 8], &[u8; 8]),
) -> Result<Key, ReadCardError> {
    let (sealed, code) = answer
        .split_last_chunk::<8>()
        .ok_or(ReadCardError::Malformed)?;
    if sealed.len() != 32 || suite.mac(&keys.code, sealed) != *code {
        return Err(ReadCardError::NotProven);
    }
    let opened = suite
        .decrypt(&keys.encryption, sealed)
        .ok_or(ReadCardError::Malformed)?;
    let (nonces, key) = opened.split_at(16);
    if nonces != [&chip_nonce[..], our_nonce].concat() {
        return Err(ReadCardError::NotProven);
    }
    let mut half = Zeroizing::new([0; 16]);
    half.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    Ok(half)
}
