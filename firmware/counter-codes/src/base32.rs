//! Base32 (RFC 4648, section 6) without padding: letters and digits that every QR code packs tightly
//! and every keyboard layout types alike.

use zeroize::Zeroizing;

const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Bytes as letters.
pub(crate) fn write(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for five in bytes.chunks(5) {
        let mut padded = [0; 8];
        for (to, from) in padded.iter_mut().skip(3).zip(five) {
            *to = *from;
        }
        let number = u64::from_be_bytes(padded);
        let letters = (five.len() * 8).div_ceil(5);
        for at in 0..letters {
            let index = usize::try_from(number >> (35 - 5 * at) & 31).unwrap_or_default();
            text.extend(LETTERS.get(index).map(|letter| char::from(*letter)));
        }
    }
    text
}

/// Letters as bytes; `None` for another letter, an impossible length, or bits that mean nothing and
/// are set: there is one way to write each value.
pub(crate) fn read(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() * 5 / 8));
    let (mut held, mut bits) = (0_u16, 0_u32);
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => return None,
        };
        held = held << 5 | u16::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            let [_, whole] = (held >> bits).to_be_bytes();
            bytes.push(whole);
            held &= (1 << bits) - 1;
        }
    }
    (bits < 5 && held == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn vectors_of_the_standard() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(write(bytes.as_bytes()), text);
            assert_eq!(read(text).unwrap().as_slice(), bytes.as_bytes());
        }
    }

    #[test]
    fn there_is_one_way_to_write_a_value() {
        for wrong in ["MZ", "M", "MZXW6Y", "MY=", "mY", "M1"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let read_back = read(&write(&bytes)).unwrap();
            prop_assert_eq!(read_back.as_slice(), bytes.as_slice());
        }
    }
}
