//! Numbers with check digits (`domain.md` D.7).
//!
//! Individual Numbers and resident record codes cannot be printed or serialised: whoever must
//! write one calls `reveal`, which is easy to find in a review.

use thiserror::Error;

use crate::redacted::Redacted;
use crate::width::to_half;

/// Why digits are not the number they were taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NumberError {
    /// Wrong count of digits, or something else than digits.
    #[error("expected {expected} digits")]
    Form {
        /// How many digits belong there.
        expected: usize,
    },
    /// The check digit does not fit.
    #[error("the check digit does not fit")]
    CheckDigit,
}

/// Individual Number (個人番号), twelve digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MyNumber(Redacted<String>);

impl MyNumber {
    /// Reads twelve digits, full-width or grouped, and checks them.
    ///
    /// # Errors
    /// When there are not twelve digits or the check digit is wrong.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let digits = digits_of(text, 12)?;
        if !weighted_check_fits(digits.reveal()) {
            return Err(NumberError::CheckDigit);
        }
        Ok(Self(digits))
    }

    /// The twelve digits.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

/// Resident record code (住民票コード), eleven digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResidentCode {
    digits: Redacted<String>,
    /// The formula is derived from samples, so a misfit is a warning, not an error.
    pub check_fits: bool,
}

impl ResidentCode {
    /// Reads eleven digits, full-width or grouped.
    ///
    /// # Errors
    /// When there are not eleven digits.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let digits = digits_of(text, 11)?;
        let check_fits = weighted_check_fits(digits.reveal());
        Ok(Self { digits, check_fits })
    }

    /// The eleven digits.
    pub fn reveal(&self) -> &str {
        self.digits.reveal()
    }
}

/// Code of a local government (全国地方公共団体コード), six digits with its check digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LgCode(String);

impl LgCode {
    /// Reads six digits and checks them.
    ///
    /// # Errors
    /// When there are not six digits or the check digit is wrong.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let digits = digits_of(text, 6)?;
        let mut values = digits.reveal().bytes().map(|byte| u32::from(byte - b'0'));
        let sum: u32 = [6, 5, 4, 3, 2]
            .into_iter()
            .zip(&mut values)
            .map(|(w, d)| w * d)
            .sum();
        if values.next() != Some((11 - sum % 11) % 10) {
            return Err(NumberError::CheckDigit);
        }
        Ok(Self(digits.reveal().clone()))
    }

    /// All six digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The two digits of the prefecture.
    pub fn prefecture(&self) -> &str {
        self.0.get(..2).unwrap_or_default()
    }
}

fn digits_of(text: &str, expected: usize) -> Result<Redacted<String>, NumberError> {
    let digits: String = to_half(text)
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .collect();
    let fits = digits.len() == expected && digits.bytes().all(|byte| byte.is_ascii_digit());
    let digits = Redacted::new(digits);
    if fits {
        Ok(digits)
    } else {
        Err(NumberError::Form { expected })
    }
}

/// 総務省令85号5条: weights 2 to 7 from the right, repeated; the remainder of eleven, taken from
/// eleven, with 0 for the remainders 0 and 1.
fn weighted_check_fits(digits: &str) -> bool {
    let mut from_right = digits.bytes().rev().map(|byte| u32::from(byte - b'0'));
    let Some(check) = from_right.next() else {
        return false;
    };
    let sum: u32 = (2..=7)
        .cycle()
        .zip(from_right)
        .map(|(weight, digit)| weight * digit)
        .sum();
    let expected = match sum % 11 {
        0 | 1 => 0,
        remainder => 11 - remainder,
    };
    check == expected
}
