//! What opens the text application: the PIN, or the number printed on the card.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

/// Which secret is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretKind {
    /// Four-digit PIN of the text application (券面事項入力補助用暗証番号).
    Pin,
    /// Comparison number B (照合番号B): birth date, expiry year and security code as printed.
    NumberB,
}

impl fmt::Display for SecretKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pin => "PIN",
            Self::NumberB => "number B",
        })
    }
}

/// Typed digits that cannot be a secret of this kind. Holds no digit of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{kind}: expected {expected} digits, got {given} characters")]
pub struct SecretFormatError {
    kind: SecretKind,
    expected: usize,
    given: usize,
}

/// Four-digit PIN (暗証番号). Wiped when dropped, hidden in Debug.
#[derive(Clone)]
pub struct Pin(Zeroizing<Vec<u8>>);

/// Fourteen digits printed on the card's front (照合番号B). Wiped when dropped, hidden in Debug.
#[derive(Clone)]
pub struct NumberB(Zeroizing<Vec<u8>>);

fn digits(
    kind: SecretKind,
    expected: usize,
    text: &str,
) -> Result<Zeroizing<Vec<u8>>, SecretFormatError> {
    let bytes = text.as_bytes();
    if bytes.len() == expected && bytes.iter().all(u8::is_ascii_digit) {
        Ok(Zeroizing::new(bytes.to_vec()))
    } else {
        Err(SecretFormatError {
            kind,
            expected,
            given: text.chars().count(),
        })
    }
}

impl Pin {
    /// Takes four ASCII digits.
    ///
    /// # Errors
    /// When it is anything else; nothing is sent to the card then.
    pub fn parse(text: &str) -> Result<Self, SecretFormatError> {
        digits(SecretKind::Pin, 4, text).map(Self)
    }
}

impl NumberB {
    /// Takes all fourteen digits.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn parse(text: &str) -> Result<Self, SecretFormatError> {
        digits(SecretKind::NumberB, 14, text).map(Self)
    }

    /// Puts the number together from what is printed on the front.
    ///
    /// `birth` is six digits `YYMMDD` **as printed**: the year of the Japanese era for Japanese
    /// nationals (昭和60年7月14日 is `600714`), the last two digits of the Western year on a foreign
    /// resident's card. `expiry_year` is four digits, Western; `code` the four-digit security code.
    ///
    /// # Errors
    /// When a part has the wrong length or holds anything but digits.
    pub fn from_parts(
        birth: &str,
        expiry_year: &str,
        code: &str,
    ) -> Result<Self, SecretFormatError> {
        for (part, expected) in [(birth, 6), (expiry_year, 4), (code, 4)] {
            digits(SecretKind::NumberB, expected, part)?;
        }
        let whole = Zeroizing::new([birth, expiry_year, code].concat());
        Self::parse(&whole)
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(hidden)")
    }
}

impl fmt::Debug for NumberB {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NumberB(hidden)")
    }
}

/// What the reading is opened with.
#[derive(Debug, Clone)]
pub enum Auth {
    /// The resident's PIN; opens the basic four items and the individual number.
    Pin(Pin),
    /// The number printed on the card; opens the basic four items only.
    NumberB(NumberB),
}

impl Auth {
    /// Which secret this is.
    pub fn kind(&self) -> SecretKind {
        match self {
            Self::Pin(_) => SecretKind::Pin,
            Self::NumberB(_) => SecretKind::NumberB,
        }
    }

    pub(crate) fn digits(&self) -> &[u8] {
        match self {
            Self::Pin(Pin(digits)) | Self::NumberB(NumberB(digits)) => digits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_b_is_put_together_from_the_card_face() {
        let number = NumberB::from_parts("600714", "2033", "4711").unwrap();
        assert_eq!(Auth::NumberB(number).digits(), b"60071420334711");
    }

    #[test]
    fn parts_of_wrong_length_are_refused_even_if_the_sum_fits() {
        assert!(NumberB::from_parts("6007142", "033", "4711").is_err());
        assert!(NumberB::from_parts("昭60714", "2033", "4711").is_err());
    }

    #[test]
    fn only_four_digits_are_a_pin() {
        for text in ["123", "12345", "12a4", "１２３４", ""] {
            assert!(Pin::parse(text).is_err(), "{text}");
        }
        assert_eq!(format!("{:?}", Pin::parse("1234").unwrap()), "Pin(hidden)");
        let error = Pin::parse("99999").unwrap_err();
        assert_eq!(
            error.to_string(),
            "PIN: expected 4 digits, got 5 characters"
        );
    }
}
