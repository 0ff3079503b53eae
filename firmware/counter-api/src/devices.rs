//! The device page on the staff's screen (機器の状態): everything attached to this counter, how each
//! thing stands, and a try of it.

use serde::{Deserialize, Serialize};

use crate::{Notice, Tone};

/// The page, while it is open: over the board, or over a reception.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DevicesView {
    /// What is attached, in the order in which a person looks for it.
    pub rows: Vec<DeviceRow>,
    /// The reception it was opened from; empty over the board.
    pub receipt_number: String,
}

/// What kind of thing it is; chooses the picture beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    /// Card reader.
    CardReader,
    /// Receipt printer.
    ReceiptPrinter,
    /// Page printer.
    PagePrinter,
    /// Scanner.
    Scanner,
    /// The resident's display.
    ResidentDisplay,
    /// The disk the database is on.
    Disk,
    /// The line to head office.
    Line,
}

/// One thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceRow {
    /// What it is told by; the same for as long as it is attached.
    pub id: String,
    /// What kind of thing it is.
    pub kind: DeviceKind,
    /// What people call it.
    pub title: String,
    /// What its maker calls it, and its firmware, as it says itself; may be empty.
    pub model: String,
    /// How it is, in a word or two.
    pub state: String,
    /// How loud that is.
    pub tone: Tone,
    /// What is wrong and what to do about it; nothing when all is well.
    pub trouble: Option<Notice>,
    /// When it last did its work, or answered, in words; empty when it did not since the start.
    pub last_success: String,
    /// What was last wrong with it, in words, once it is over; empty when nothing was.
    pub last_trouble: String,
    /// What a try of it is called; empty when it cannot be tried.
    pub test: String,
    /// It is being tried.
    pub testing: bool,
    /// What the last try showed.
    pub tested: Option<Notice>,
}

/// What staff do on the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceAction {
    /// Opens it.
    Open,
    /// Closes it.
    Close,
    /// Looks at everything now.
    Look,
    /// Tries one: prints a test page, recognises the card that lies there.
    Test {
        /// [`DeviceRow::id`].
        id: String,
    },
}
