//! The key of the database file.

use std::fmt;

use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a database key is 64 hex digits")]
pub struct ParseKeyError;

/// 32 random bytes that SQLCipher takes as they are, without key stretching. Wiped when dropped;
/// Debug hides it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct DatabaseKey([u8; 32]);

impl DatabaseKey {
    /// Takes the bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hex digits.
    ///
    /// # Errors
    /// When the text is anything else; it is not repeated in the error.
    pub fn from_hex(text: &str) -> Result<Self, ParseKeyError> {
        if text.len() != 64 {
            return Err(ParseKeyError);
        }
        let mut key = Self([0; 32]);
        for (byte, pair) in key.0.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = digit(pair.first())? << 4 | digit(pair.last())?;
        }
        Ok(key)
    }

    /// The key as SQLCipher's raw key literal, `x'…'`.
    pub(crate) fn literal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(67));
        text.push_str("x'");
        for byte in self.0 {
            for nibble in [byte >> 4, byte & 0x0f] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        text.push('\'');
        text
    }

    /// Another key for another file, which tells nothing about this one.
    #[must_use]
    pub fn derived(&self, purpose: &str) -> Self {
        Self(blake3::derive_key(purpose, &self.0))
    }

    /// A value that tells this key from another without telling the key.
    pub(crate) fn check_value(&self) -> [u8; 32] {
        blake3::derive_key("todoke 2026-11 database key check", &self.0)
    }
}

fn digit(byte: Option<&u8>) -> Result<u8, ParseKeyError> {
    let value = byte
        .and_then(|b| char::from(*b).to_digit(16))
        .ok_or(ParseKeyError)?;
    u8::try_from(value).map_err(|_| ParseKeyError)
}

impl fmt::Debug for DatabaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_reads_only_64_hex_digits() {
        let text = "00ff".repeat(16);
        let key = DatabaseKey::from_hex(&text).unwrap();
        assert_eq!(*key.literal(), format!("x'{text}'"));
        for wrong in ["", "00", &"0g".repeat(32), &"あ".repeat(22)] {
            assert!(DatabaseKey::from_hex(wrong).is_err());
        }
    }

    #[test]
    fn debug_never_shows_the_key() {
        let key = DatabaseKey::from_bytes([0xab; 32]);
        assert_eq!(format!("{key:?}"), "DatabaseKey(…)");
    }
}
