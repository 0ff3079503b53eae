//! The print page on the staff's screen (印刷): what a reception can have on paper, the printers of
//! the site, and what became of every job of this counter.

use serde::{Deserialize, Serialize};

use crate::{Choice, Tone};

/// The page, while it is open: over the board, or over a reception.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrintsView {
    /// The reception it was opened from; empty over the board.
    pub receipt_number: String,
    /// What the reception can have on paper.
    pub papers: Vec<PaperRow>,
    /// More of them are being made.
    pub making: bool,
    /// Some of them were not printed yet.
    pub some_left: bool,
    /// Why some of them are not offered, in words; empty when all are.
    pub note: String,
    /// Which printer each kind of paper comes out of; empty where there is one printer.
    pub kinds: Vec<PaperKindRow>,
    /// The printers of the site.
    pub printers: Vec<PrinterRow>,
    /// What this counter printed, newest first.
    pub jobs: Vec<PrintRow>,
}

/// A paper of the reception.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaperRow {
    /// What it is told by.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Whose it is and which section's, in words; may be empty.
    pub detail: String,
    /// Pages; 0 where they were not counted.
    pub pages: u16,
    /// When it was last printed, in words; empty when it was not.
    pub printed: String,
}

/// A kind of paper with the printer it comes out of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaperKindRow {
    /// What it is told by.
    pub kind: String,
    /// What people call it.
    pub title: String,
    /// The printer chosen for it.
    pub printer: String,
    /// The printers of the site.
    pub choices: Vec<Choice>,
}

/// A printer of the site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrinterRow {
    /// What people call it.
    pub name: String,
    /// How it is, in a word or two.
    pub state: String,
    /// How loud that is.
    pub tone: Tone,
    /// How many jobs wait at it, of all who use it, in words; empty when none does.
    pub waiting: String,
    /// What to do about it; empty when nothing.
    pub advice: String,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrintRow {
    /// What it is told by.
    pub id: u32,
    /// What is printed.
    pub title: String,
    /// Of which reception, on which printer, and when.
    pub detail: String,
    /// Where it stands, in a word or two.
    pub state: String,
    /// How loud that is.
    pub tone: Tone,
    /// Why, and what to do; empty when there is nothing to say.
    pub advice: String,
    /// It can be taken back.
    pub can_cancel: bool,
    /// It can be printed again.
    pub can_repeat: bool,
}

/// What staff do on the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrintAction {
    /// Opens it.
    Open,
    /// Closes it.
    Close,
    /// Prints everything of the reception that was not printed yet.
    All,
    /// Prints a paper of the reception.
    Paper {
        /// [`PaperRow::id`].
        id: String,
        /// This page only, from 1; 0 for all of it.
        page: u16,
    },
    /// Prints the sheets that separate papers in a stack on the scanner.
    Separators,
    /// Prints a job again.
    Again {
        /// [`PrintRow::id`].
        id: u32,
    },
    /// Takes a job back.
    Cancel {
        /// [`PrintRow::id`].
        id: u32,
    },
    /// Chooses the printer for a kind of paper; this counter remembers it.
    Choose {
        /// [`PaperKindRow::kind`].
        kind: String,
        /// One of its choices.
        printer: String,
    },
}
