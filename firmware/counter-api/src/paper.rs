//! A paper on the scanner, and what was read from it.

use serde::{Deserialize, Serialize};

use crate::Choice;

/// Reading a certificate; absent where the event has none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaperView {
    /// How far it is.
    pub state: PaperState,
    /// A scanner is set for this counter.
    pub has_scanner: bool,
    /// A folder is set that a camera or a network scanner writes to.
    pub has_tray: bool,
    /// What was found, in words; empty before.
    pub summary: String,
    /// Further things the paper says that are no field here, in words.
    pub also: Vec<String>,
    /// How many fields must still be compared with the paper.
    pub to_look_at: u32,
    /// A page of it, over the reception while it is open.
    #[serde(default)]
    pub sheet: Option<SheetView>,
}

/// A page of the paper, with what was read where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SheetView {
    /// From 1.
    pub page: u16,
    /// Of so many.
    pub of: u16,
    /// The page with individual numbers painted over: gray PNG in base64; empty where it is not kept.
    pub picture: String,
    /// What was read on it, in the order of the paper.
    pub fields: Vec<SheetField>,
    /// Path of the field it was opened for; may be empty.
    pub opened_for: String,
}

/// A field on a page of the paper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SheetField {
    /// Path of the field of the case; empty where the case has none.
    pub path: String,
    /// What it is called, with the person before it.
    pub label: String,
    /// What the field of the case says now, as shown.
    pub value: String,
    /// What was read, as shown.
    pub read: String,
    /// What was read, as stored.
    #[serde(default)]
    pub stored: String,
    /// Left, top, width and height, in ten thousandths of the page's width and height.
    pub place: [u16; 4],
    /// What a person must do about it.
    pub need: ReadNeed,
}

/// How far reading a paper is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PaperState {
    /// Nothing was read.
    Idle,
    /// The scanner is at work.
    Scanning {
        /// The side, from 1; 0 before the first.
        sheet: u16,
        /// How much of it, in percent.
        percent: u8,
    },
    /// The text is being read.
    Reading {
        /// The page, from 1.
        page: u16,
        /// Of so many.
        of: u16,
    },
    /// Read; the fields are filled.
    Read,
}

/// What the paper says about a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadView {
    /// The strip of paper: PNG in base64; empty where it cannot be shown.
    pub snippet: String,
    /// What was read, as shown.
    pub value: String,
    /// What a person must do about it.
    pub need: ReadNeed,
    /// What it may be instead: the value as stored, and as shown.
    pub others: Vec<Choice>,
}

/// What a person must do about a field that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadNeed {
    /// Nothing: it was read surely, or somebody looked.
    Nothing,
    /// Compare it with the paper.
    Look,
    /// The field says something else, from another source: choose.
    Choose,
    /// The field was emptied, or typed over: the paper's value may be taken again.
    Offered,
}

/// What staff do with papers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaperAction {
    /// Reads the move-out certificate on the scanner.
    Scan,
    /// Reads the pages that lie in the folder.
    Fetch,
    /// Stops the scanner, or reading.
    Stop,
    /// Takes back everything that was read; what people entered stays.
    Discard,
    /// The value in the field is what the paper says, or is right although the paper differs.
    Confirm {
        /// Path of the field.
        path: String,
    },
    /// Opens a page of the paper over the reception.
    OpenSheet {
        /// From 1; 0 for the page the field stands on.
        page: u16,
        /// Path of the field that is looked for; may be empty.
        path: String,
    },
    /// Closes it.
    CloseSheet,
    /// The field gets this value: what was read, or one of the others.
    Take {
        /// Path of the field.
        path: String,
        /// The value as stored.
        value: String,
    },
}
