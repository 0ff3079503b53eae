//! Receipt numbers of this counter.

use counter_domain::ids::BranchCode;
use counter_domain::receipt::ReceiptNumber;
use jiff::civil::Date;

/// The number of the `sequence`-th reception of a day, as printed.
pub fn written(branch: &BranchCode, counter: char, day: Date, sequence: u32) -> String {
    // Above 9,999 a day the number is longer than usual, and still unique.
    let sequence_in_form = u16::try_from(sequence).unwrap_or(u16::MAX);
    match ReceiptNumber::issue(branch, counter, day, sequence_in_form) {
        Ok(number) => number.to_string(),
        Err(error) => {
            tracing::error!(%error, "receipt number not in its usual form");
            format!("{branch}-{counter}-{day}-{sequence}")
        }
    }
}
