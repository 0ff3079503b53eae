//! Receipt numbers (受付番号): unique without coordination, short, readable aloud.
//!
//! `SS-T-YYMMDD-NNNN-C`: branch, appliance (a digit or a letter), date, sequence, check digit.
//! The check digit is Damm's, over the digits before it; a letter counts as two digits
//! (A = 10 … Z = 35). It finds every single wrong digit and every swap of neighbours.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ids::BranchCode;
use crate::width::to_half;

/// After a unit was replaced its sequence goes on this far above the last number head office knows.
pub const REPLACEMENT_GAP: u16 = 100;

/// Receipt number (受付番号).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceiptNumber {
    branch: [u8; 2],
    appliance: char,
    date: Date,
    sequence: u16,
}

/// Why a text or its parts are not a receipt number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ReceiptNumberError {
    /// Not of the form `SS-T-YYMMDD-NNNN-C`.
    #[error("not a receipt number")]
    Form,
    /// A branch is two digits.
    #[error("a branch code is two digits")]
    Branch,
    /// An appliance is one digit or letter.
    #[error("an appliance is one digit or letter")]
    Appliance,
    /// Only years 2000 to 2099, and only 9999 receptions a day.
    #[error("date or sequence is out of range")]
    Range,
    /// The check digit does not fit.
    #[error("the check digit does not fit")]
    CheckDigit,
}

impl ReceiptNumber {
    /// Issues the number of the `sequence`-th reception of a day.
    ///
    /// # Errors
    /// When a part does not fit its place.
    pub fn issue(
        branch: &BranchCode,
        appliance: char,
        date: Date,
        sequence: u16,
    ) -> Result<Self, ReceiptNumberError> {
        let branch: [u8; 2] = branch
            .as_str()
            .as_bytes()
            .try_into()
            .map_err(|_| ReceiptNumberError::Branch)?;
        if !branch.iter().all(u8::is_ascii_digit) {
            return Err(ReceiptNumberError::Branch);
        }
        let appliance = appliance.to_ascii_uppercase();
        if !appliance.is_ascii_alphanumeric() {
            return Err(ReceiptNumberError::Appliance);
        }
        if !(2000..2100).contains(&date.year()) || !(1..=9999).contains(&sequence) {
            return Err(ReceiptNumberError::Range);
        }
        Ok(Self {
            branch,
            appliance,
            date,
            sequence,
        })
    }

    /// Number of the reception within its day and appliance.
    pub fn sequence(&self) -> u16 {
        self.sequence
    }

    /// The day it was issued.
    pub fn date(&self) -> Date {
        self.date
    }

    /// The branch that issued it.
    pub fn branch(&self) -> BranchCode {
        BranchCode(self.branch.iter().copied().map(char::from).collect())
    }

    fn body(&self) -> String {
        let [tens, ones] = self.branch.map(char::from);
        let (year, month, day) = (self.date.year() % 100, self.date.month(), self.date.day());
        format!(
            "{tens}{ones}-{}-{year:02}{month:02}{day:02}-{:04}",
            self.appliance, self.sequence
        )
    }
}

impl fmt::Display for ReceiptNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = self.body();
        write!(f, "{body}-{}", damm(&body))
    }
}

/// Reads it printed or typed: full-width, lower case, with any dashes or none.
impl FromStr for ReceiptNumber {
    type Err = ReceiptNumberError;

    fn from_str(text: &str) -> Result<Self, ReceiptNumberError> {
        let compact: String = to_half(text)
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        let part =
            |range: std::ops::Range<usize>| compact.get(range).ok_or(ReceiptNumberError::Form);
        let number = |range| {
            part(range)?
                .parse::<i16>()
                .map_err(|_| ReceiptNumberError::Form)
        };
        let day_part = |range| {
            number(range)
                .and_then(|value| i8::try_from(value).map_err(|_| ReceiptNumberError::Form))
        };
        if compact.len() != 14 {
            return Err(ReceiptNumberError::Form);
        }
        let appliance = part(2..3)?.chars().next().ok_or(ReceiptNumberError::Form)?;
        let date = Date::new(2000 + number(3..5)?, day_part(5..7)?, day_part(7..9)?)
            .map_err(|_| ReceiptNumberError::Form)?;
        let sequence = part(9..13)?.parse().map_err(|_| ReceiptNumberError::Form)?;
        let issued = Self::issue(&BranchCode::from(part(0..2)?), appliance, date, sequence)?;
        if part(13..14)? == damm(&issued.body()).to_string() {
            Ok(issued)
        } else {
            Err(ReceiptNumberError::CheckDigit)
        }
    }
}

/// H. M. Damm, "Total anti-symmetrische Quasigruppen" (2004), table of order 10.
fn damm(text: &str) -> u8 {
    const TABLE: [[u8; 10]; 10] = [
        [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
        [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
        [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
        [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
        [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
        [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
        [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
        [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
        [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
        [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
    ];
    let next = |interim: u8, digit: u32| {
        let row = TABLE.get(usize::from(interim));
        row.and_then(|row| row.get(usize::try_from(digit).ok()?))
            .copied()
            .unwrap_or(0)
    };
    text.chars()
        .filter_map(|c| c.to_digit(36))
        .fold(0, |interim, value| {
            if value < 10 {
                next(interim, value)
            } else {
                next(next(interim, value / 10), value % 10)
            }
        })
}

impl Serialize for ReceiptNumber {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ReceiptNumber {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
