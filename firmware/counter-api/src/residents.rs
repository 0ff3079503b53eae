//! The search in the resident copy (住民記録の副本) on the staff's screen.

use serde::{Deserialize, Serialize};

/// How the resident copy stands at this counter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResidentCopyState {
    /// The day it was made, ISO 8601; `None` before the first one is installed.
    #[serde(default)]
    pub as_of: Option<String>,
    /// Version installed.
    #[serde(default)]
    pub version: u64,
    /// People in it.
    #[serde(default)]
    pub persons: u64,
    /// How far a newer one is, in percent; the old one works meanwhile.
    #[serde(default)]
    pub installing: Option<u8>,
}

/// The search, while it is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResidentsView {
    /// How the copy stands.
    pub copy: ResidentCopyState,
    /// What was searched for.
    pub query: String,
    /// Who was found, or the household that is open.
    pub people: Vec<ResidentRow>,
    /// A household is open: its people are the rows.
    pub household: bool,
    /// Who left the household that is open.
    #[serde(default)]
    pub left: Vec<ResidentRow>,
    /// One sentence about what was found, or why nothing was.
    pub message: String,
}

/// Somebody found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResidentRow {
    /// Number in the resident record system, to name the person in an action.
    pub person: String,
    /// Name.
    pub name: String,
    /// Reading.
    pub kana: String,
    /// Birth date with age, in words.
    pub birth: String,
    /// Sex and relation, in words.
    pub about: String,
    /// Address with building; empty when `protected`.
    pub address: String,
    /// Whether they live here, in words; empty when they do.
    pub state: String,
    /// What they are registered for, in words.
    pub qualifications: String,
    /// What is known of each of them, a line each; only in an open household.
    #[serde(default)]
    pub known: Vec<String>,
    /// Since when they live there and what was before, a line each, newest first; only in an open
    /// household.
    #[serde(default)]
    pub history: Vec<String>,
    /// Somebody of the household is under protection: the address stays with head office.
    pub protected: bool,
    /// Already in the case.
    pub in_case: bool,
}

/// Which of two values is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopyChoice {
    /// The one of the resident copy.
    Copy,
    /// The one that stands in the field.
    Entered,
}
