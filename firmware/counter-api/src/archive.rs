//! Filings of this counter found again (届出の検索), also of former years and without a line.

use std::fmt;

use counter_domain::ids::CaseId;
use serde::{Deserialize, Serialize};

use crate::fields::Choice;

/// The search, while it is open over the board.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ArchiveView {
    /// What was asked last.
    pub asked: ArchiveQuestion,
    /// The kinds of filings that can be asked for; the first is every kind.
    pub kinds: Vec<Choice>,
    /// What was found, newest first.
    pub rows: Vec<ArchiveRow>,
    /// How many were found, or what to do when none was.
    pub message: String,
    /// There are older ones.
    pub more: bool,
}

/// What is asked for. Everything given must hold. `Debug` hides it: it can be a name.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveQuestion {
    /// Names, readings, birth dates, receipt numbers, addresses, with blanks between.
    pub words: String,
    /// Filed on this day or later, as typed.
    pub from: String,
    /// Filed on this day or earlier, as typed.
    pub to: String,
    /// Event, for example `move_in`; empty for every kind.
    pub kind: String,
}

impl fmt::Debug for ArchiveQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ArchiveQuestion(…)")
    }
}

/// One filing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveRow {
    /// The case.
    pub case: CaseId,
    /// Receipt number (受付番号).
    pub receipt_number: String,
    /// Filing date (届出日), in words.
    pub filed_on: String,
    /// Event in words.
    pub event: String,
    /// Names as written; a stand-in where somebody is under protection.
    pub persons: String,
    /// Who handed it in.
    pub staff: String,
    /// Where it stands, in words.
    pub state: String,
    /// Somebody in it is under protection (支援措置).
    pub protected: bool,
}

impl fmt::Debug for ArchiveRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArchiveRow({})", self.receipt_number)
    }
}

/// What staff do in the search.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ArchiveAction {
    /// Opens it.
    Open,
    /// Searches.
    Find {
        /// For what.
        question: ArchiveQuestion,
    },
    /// Shows older ones.
    More,
    /// Closes it.
    Close,
}
