//! What changed since a copy: the dataset `resident-copy-changes`.
//!
//! A zstd stream of JSON lines like the copy itself: a [`ChangesHeader`], then one
//! [`ResidentChange`] a line, each person once. It holds everything since the copy it names, so that
//! a counter needs that copy and the newest changes, and none in between.

use serde::{Deserialize, Serialize};

use crate::resident::Resident;

/// Name of the dataset.
pub const RESIDENT_CHANGES: &str = "resident-copy-changes";

/// Layout of the dataset; a counter leaves a newer one alone.
pub const CHANGES_FORMAT: u16 = 1;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesHeader {
    /// [`CHANGES_FORMAT`].
    pub format: u16,
    /// BLAKE3 hash of the copy's dataset, 64 hex digits.
    pub copy: String,
    /// The day of the newest difference, ISO 8601.
    pub as_of: String,
    /// Lines that put somebody.
    pub put: u64,
    /// Lines that remove somebody.
    pub removed: u64,
}

/// One person's change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResidentChange {
    /// New, or as they are now.
    Put(Box<Resident>),
    /// No longer in the record, by number.
    Remove(String),
}
