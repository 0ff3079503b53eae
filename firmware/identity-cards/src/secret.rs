//! What opens a card: PINs, passwords, and the numbers printed on it.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::Reference;

/// Which secret is meant. Each has its own counter of tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretKind {
    /// Four-digit PIN of the text application (券面事項入力補助用暗証番号).
    Pin,
    /// Comparison number B (照合番号B): birth date, expiry year and security code as printed.
    NumberB,
    /// Comparison number A (照合番号A): the individual number itself.
    NumberA,
    /// Number B again, in the visual application.
    VisualNumberB,
    /// Number A again, in the visual application.
    VisualNumberA,
    /// Four-digit PIN of the authentication certificate (利用者証明用電子証明書の暗証番号).
    AuthPin,
    /// Password of the signing certificate (署名用電子証明書の暗証番号).
    SignPassword,
    /// First PIN of the driver's licence (暗証番号1).
    LicencePin1,
    /// Second PIN of the driver's licence (暗証番号2).
    LicencePin2,
    /// PIN of the licence application on a My Number card (マイナ免許証の暗証番号).
    MyNumberLicencePin,
}

impl SecretKind {
    /// Where VERIFY finds it, within the application it belongs to.
    pub(crate) fn reference(self) -> Reference {
        match self {
            Self::Pin => Reference::File(0x0011),
            Self::NumberA => Reference::File(0x0014),
            Self::NumberB => Reference::File(0x0015),
            Self::VisualNumberB => Reference::File(0x0012),
            Self::VisualNumberA => Reference::File(0x0013),
            Self::AuthPin => Reference::File(0x0018),
            Self::SignPassword => Reference::File(0x001b),
            Self::LicencePin1 => Reference::Named(0x81),
            Self::LicencePin2 => Reference::Named(0x82),
            Self::MyNumberLicencePin => Reference::Named(0x86),
        }
    }

    /// Stable name for `--json` output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::NumberA => "number_a",
            Self::NumberB => "number_b",
            Self::VisualNumberB => "visual_number_b",
            Self::VisualNumberA => "visual_number_a",
            Self::AuthPin => "auth_pin",
            Self::SignPassword => "sign_password",
            Self::LicencePin1 => "pin1",
            Self::LicencePin2 => "pin2",
            Self::MyNumberLicencePin => "licence_pin",
        }
    }
}

impl fmt::Display for SecretKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pin => "PIN",
            Self::NumberA => "number A",
            Self::NumberB => "number B",
            Self::VisualNumberB => "number B of the card face",
            Self::VisualNumberA => "number A of the card face",
            Self::AuthPin => "authentication PIN",
            Self::SignPassword => "signing password",
            Self::LicencePin1 => "PIN 1",
            Self::LicencePin2 => "PIN 2",
            Self::MyNumberLicencePin => "licence PIN",
        })
    }
}

/// Typed characters that cannot be a secret of this kind. Holds none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{kind}: expected {expected} characters of its alphabet, got {given}")]
pub struct SecretFormatError {
    kind: SecretKind,
    expected: &'static str,
    given: usize,
}

/// Four-digit PIN (暗証番号). Wiped when dropped, hidden in Debug.
#[derive(Clone)]
pub struct Pin(Zeroizing<Vec<u8>>);

/// Fourteen digits printed on the card's front (照合番号B). Wiped when dropped, hidden in Debug.
#[derive(Clone)]
pub struct NumberB(Zeroizing<Vec<u8>>);

/// Twelve digits printed on the card's back (照合番号A). Wiped when dropped, hidden in Debug.
#[derive(Clone)]
pub struct NumberA(Zeroizing<Vec<u8>>);

/// Password of the signing certificate, 6 to 16 of `A-Z0-9`. Wiped when dropped, hidden in Debug.
#[derive(Clone)]
pub struct SignPassword(Zeroizing<Vec<u8>>);

fn digits(
    kind: SecretKind,
    expected: (usize, &'static str),
    text: &str,
) -> Result<Zeroizing<Vec<u8>>, SecretFormatError> {
    let bytes = text.as_bytes();
    if bytes.len() == expected.0 && bytes.iter().all(u8::is_ascii_digit) {
        Ok(Zeroizing::new(bytes.to_vec()))
    } else {
        Err(SecretFormatError {
            kind,
            expected: expected.1,
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
        digits(SecretKind::Pin, (4, "4"), text).map(Self)
    }

    /// What stands in the place of a PIN on a licence whose holder chose none.
    pub(crate) fn unset() -> Self {
        Self(Zeroizing::new(b"****".to_vec()))
    }

    pub(crate) fn digits(&self) -> &[u8] {
        &self.0
    }
}

impl NumberB {
    /// Takes all fourteen digits.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn parse(text: &str) -> Result<Self, SecretFormatError> {
        digits(SecretKind::NumberB, (14, "14"), text).map(Self)
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
        for (part, expected) in [(birth, (6, "6")), (expiry_year, (4, "4")), (code, (4, "4"))] {
            digits(SecretKind::NumberB, expected, part)?;
        }
        let whole = Zeroizing::new([birth, expiry_year, code].concat());
        Self::parse(&whole)
    }

    pub(crate) fn digits(&self) -> &[u8] {
        &self.0
    }
}

impl NumberA {
    /// Takes twelve digits; the check digit is for the card to judge.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn parse(text: &str) -> Result<Self, SecretFormatError> {
        digits(SecretKind::NumberA, (12, "12"), text).map(Self)
    }

    pub(crate) fn digits(&self) -> &[u8] {
        &self.0
    }
}

impl SignPassword {
    /// Takes 6 to 16 Latin letters and digits; small letters are made capital, because the card
    /// compares bytes.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn parse(text: &str) -> Result<Self, SecretFormatError> {
        let bytes = text.as_bytes();
        if (6..=16).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_alphanumeric) {
            Ok(Self(Zeroizing::new(bytes.to_ascii_uppercase())))
        } else {
            Err(SecretFormatError {
                kind: SecretKind::SignPassword,
                expected: "6 to 16",
                given: text.chars().count(),
            })
        }
    }

    pub(crate) fn letters(&self) -> &[u8] {
        &self.0
    }
}

/// One `Debug` for all secrets: the name of the type and nothing else.
macro_rules! hidden {
    ($($secret:ident),*) => {$(
        impl fmt::Debug for $secret {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($secret), "(hidden)"))
            }
        }
    )*};
}

hidden!(Pin, NumberA, NumberB, SignPassword);

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
            "PIN: expected 4 characters of its alphabet, got 5"
        );
    }

    #[test]
    fn a_signing_password_is_capitalised() {
        assert_eq!(
            SignPassword::parse("kakuu99").unwrap().letters(),
            b"KAKUU99"
        );
        for text in ["abc12", "abc 123", "かくう999", "12345678901234567"] {
            assert!(SignPassword::parse(text).is_err(), "{text}");
        }
    }
}
