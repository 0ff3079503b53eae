//! What a check of every filing says, also where the disk is damaged.

use std::fmt;

use counter_domain::ids::CaseId;
use replica::StoreError;
use serde::Serialize;

use crate::check::Flaw;

/// What cannot be read, in the words of a flaw.
const UNREADABLE: &str = "cannot be read: the disk is damaged there";

/// A filing with what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flawed {
    /// Its case.
    pub case: CaseId,
    /// Its receipt number; the case where that cannot be read.
    pub receipt_number: String,
    /// What is wrong, in words.
    pub flaws: Vec<String>,
}

impl Flawed {
    /// `flaws` are `None` where the filing cannot be read.
    pub fn new(case: CaseId, receipt_number: Option<String>, flaws: Option<&[Flaw]>) -> Self {
        Self {
            case,
            receipt_number: receipt_number.unwrap_or_else(|| case.to_string()),
            flaws: flaws.map_or_else(
                || vec![UNREADABLE.to_owned()],
                |flaws| flaws.iter().map(ToString::to_string).collect(),
            ),
        }
    }
}

impl fmt::Display for Flawed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\t{}", self.receipt_number, self.flaws.join("; "))
    }
}

/// `None` where the disk is damaged: the other filings are still worth a look. A connection that met
/// a damaged place reads nothing any more; open the database anew.
///
/// # Errors
/// Every other failure.
pub fn unless_damaged<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::Damaged) => Ok(None),
        Err(error) => Err(error),
    }
}
