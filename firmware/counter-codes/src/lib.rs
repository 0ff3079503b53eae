//! Bar and QR codes at the counter: what is printed on a receipt, on a notice of the city, or shown
//! by a resident's telephone.
//!
//! [`read`] takes the text of a code, however it came here (a scanner that types, a picture), and
//! says what it is: a receipt number, whose check digit must fit, or a signed code of the city or
//! its portal, whose signature must lead to a key the city installed. Everything else is refused
//! with a reason a person can be told. [`codes_in`] finds codes in a picture.
//!
//! Knows no case, no file and no clock: today is passed in. Never logs what it reads.
//! The format is documented in `docs/reference/codes.md`.

#![warn(clippy::indexing_slicing, clippy::as_conversions)]

mod base32;
mod content;
mod keys;
mod picture;
mod separator;
mod signed;

use counter_domain::receipt::ReceiptNumber;
use jiff::civil::Date;
use thiserror::Error;
use zeroize::Zeroizing;

pub use content::{CodeContent, CodeUse, FIELDS_MAX};
pub use keys::{CodeKey, CodeKeys, KeyFileError, SigningKey};
pub use picture::codes_in;
pub use separator::StackedPaper;
pub use signed::IssueError;

/// What begins a signed code.
pub const MARK: &str = "TDK1";
/// The longest text taken; the largest QR code holds 4,296 letters and digits.
pub const TEXT_BYTES_MAX: usize = 4_296;

/// What a code is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// A receipt number of some counter of the city.
    Receipt(ReceiptNumber),
    /// A code the city or its portal signed.
    Signed(Box<CodeContent>),
}

/// Why a code is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReadCodeError {
    /// Nothing in it says that it is for us.
    #[error("not a code of the city")]
    Foreign,
    /// It looks like a receipt number, but its check digit or date does not fit.
    #[error("receipt number is misread or misprinted")]
    WrongReceiptNumber,
    /// It begins like one of ours, but is cut off or changed.
    #[error("code is damaged")]
    Damaged,
    /// It is made for a newer version.
    #[error("code is made for a newer version")]
    Newer,
    /// No installed key has the name it gives.
    #[error("code names a key that is not installed")]
    UnknownKey,
    /// The signature does not fit: forged, or changed.
    #[error("signature of the code does not fit")]
    Forged,
    /// The key that signed it may not sign this kind of code, or not for this city.
    #[error("key may not sign such a code")]
    NotAllowed,
    /// Its last day is past.
    #[error("code has expired")]
    Expired,
    /// It is that of a separator sheet, which is for the scanner of pages.
    #[error("code of a separator sheet")]
    Separator,
    /// Its first day is yet to come.
    #[error("code is not valid yet")]
    NotYet,
}

/// Says what a code is.
///
/// # Errors
/// See [`ReadCodeError`].
pub fn read(text: &str, keys: &CodeKeys, today: Date) -> Result<Code, ReadCodeError> {
    let text = text.trim();
    if text.len() > TEXT_BYTES_MAX {
        return Err(ReadCodeError::Foreign);
    }
    // A scanner may type with the shift lock on; the alphabet of our codes has one case.
    let text = Zeroizing::new(text.to_ascii_uppercase());
    if let Some(rest) = text
        .strip_prefix(MARK)
        .and_then(|rest| rest.strip_prefix('-'))
    {
        let content = signed::open(&text, rest, keys, today)?;
        return Ok(Code::Signed(Box::new(content)));
    }
    if StackedPaper::announced_by(&text).is_some() {
        return Err(ReadCodeError::Separator);
    }
    if text.starts_with("TDK") && text.contains('-') {
        return Err(ReadCodeError::Newer);
    }
    match text.parse() {
        Ok(number) => Ok(Code::Receipt(number)),
        Err(_) if looks_like_a_receipt(&text) => Err(ReadCodeError::WrongReceiptNumber),
        Err(_) => Err(ReadCodeError::Foreign),
    }
}

/// `SS-T-YYMMDD-NNNN-C`, by its lengths alone.
fn looks_like_a_receipt(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    text.is_ascii() && lengths.eq([2, 1, 6, 4, 1])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn today() -> Date {
        Date::constant(2026, 11, 21)
    }

    #[track_caller]
    fn check(text: &str) -> Result<String, ReadCodeError> {
        read(text, &CodeKeys::default(), today()).map(|code| match code {
            Code::Receipt(number) => number.to_string(),
            Code::Signed(content) => content.number.clone(),
        })
    }

    fn number() -> String {
        let branch = counter_domain::ids::BranchCode::from("07");
        ReceiptNumber::issue(&branch, '2', today(), 184)
            .unwrap()
            .to_string()
    }

    #[test]
    fn a_receipt_number_is_read_as_printed() {
        let number = number();
        assert_eq!(check(&number), Ok(number.clone()));
        assert_eq!(check(&format!(" {number}\r\n")), Ok(number));
    }

    #[test]
    fn a_misread_receipt_number_is_told_from_a_foreign_code() {
        let wrong = format!("{}0", number().strip_suffix(|_| true).unwrap());
        let wrong = if wrong == number() {
            wrong.replace("0184", "0185")
        } else {
            wrong
        };
        assert_eq!(check(&wrong), Err(ReadCodeError::WrongReceiptNumber));
        for foreign in [
            "",
            "https://example.jp/?a=1",
            "4901234567894",
            "あいう",
            "TDKURL",
        ] {
            assert_eq!(check(foreign), Err(ReadCodeError::Foreign), "{foreign}");
        }
        assert_eq!(check("TDK2-AAAA-BBBB"), Err(ReadCodeError::Newer));
        assert_eq!(check("TDKS1-O"), Err(ReadCodeError::Separator));
        assert_eq!(check("TDK1-AAAA"), Err(ReadCodeError::Damaged));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,200}", tail in "[A-Z2-7-]{0,200}") {
            drop(check(&text));
            drop(check(&format!("TDK1-{tail}")));
        }
    }
}
