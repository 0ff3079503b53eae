//! Reservations and move-out certificate data on the staff's screen (予約・転出証明書情報), which
//! flow a move-in takes, and cases of one visit.

use counter_domain::draft::Source;
use counter_domain::ids::CaseId;
use counter_domain::prepared::PreparedKind;
use serde::{Deserialize, Serialize};

/// The list, while it is open: over the board, or over a reception that takes from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreparedView {
    /// The day shown, ISO 8601; empty while words are searched for.
    pub day: String,
    /// The same in words, with how it lies to today.
    pub day_words: String,
    /// What was searched for.
    pub query: String,
    /// What was found, soonest first.
    pub rows: Vec<PreparedRow>,
    /// One sentence about what was found, or why nothing was.
    pub message: String,
    /// How old the data are, in words.
    pub as_of: String,
    /// What is taken goes into this reception; empty over the board.
    pub receipt_number: String,
}

/// One reservation, or the certificate data of one move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreparedRow {
    /// Which kind.
    pub kind: PreparedKind,
    /// Its number.
    pub number: String,
    /// The kind in words.
    pub title: String,
    /// The day of the visit or of the move, in words.
    pub day: String,
    /// Everybody, each in one line: name, reading, birth date.
    pub people: Vec<String>,
    /// Where they come from and go to, in words; empty when `protected`.
    pub places: String,
    /// What they wish for, and remarks, in words.
    pub wishes: String,
    /// What staff must know before taking it: only announced, too late for a move by card.
    pub caution: String,
    /// Receipt numbers of the cases that use it.
    pub used_by: Vec<String>,
    /// Used by the open reception.
    pub in_case: bool,
    /// Somebody is under protection: the address stays with head office.
    pub protected: bool,
}

/// Which flow a move-in takes, and what was prepared for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowView {
    /// What is proposed for whoever is in the case, while it is not used.
    #[serde(default)]
    pub proposal: Option<FlowProposal>,
    /// What the case uses.
    pub taken: Vec<TakenPrepared>,
}

/// A proposal for a person to follow or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowProposal {
    /// The flow it leads to.
    pub flow: String,
    /// What was found, or that nothing was.
    pub title: String,
    /// Why it is thought to be theirs, what is said differently, what to do.
    pub why: String,
    /// It says something differently: a person must look whether it is theirs.
    #[serde(default)]
    pub differs: bool,
    /// What would be taken; nothing when the paper is to be used.
    pub take: Vec<PreparedRow>,
}

/// Something prepared that the case uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TakenPrepared {
    /// Which kind.
    pub kind: PreparedKind,
    /// Its number.
    pub number: String,
    /// Kind, number and version in words.
    pub title: String,
    /// What happened to it since: withdrawn, changed, used by another case too; empty when nothing.
    pub caution: String,
}

/// What another source says about a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BesideValue {
    /// Which kind of data says it.
    pub kind: PreparedKind,
    /// Its source.
    pub source: Source,
    /// What it says, as shown.
    pub value: String,
}

/// A case of the same visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinkedCase {
    /// Which.
    pub case: CaseId,
    /// Its receipt number.
    pub receipt_number: String,
    /// Event, persons and state in words.
    pub about: String,
}

/// What staff do with reservations, certificate data and cases of one visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreparedAction {
    /// Opens the list, at today.
    Open,
    /// Closes it.
    Close,
    /// Shows what is prepared for a day.
    ShowDay {
        /// ISO 8601.
        day: String,
    },
    /// Shows the day before the one shown.
    DayBefore,
    /// Shows the day after the one shown.
    DayAfter,
    /// Searches.
    Find {
        /// As typed; nothing goes back to the day.
        text: String,
    },
    /// Takes one into the open reception, or into a new one.
    Take {
        /// Which kind.
        kind: PreparedKind,
        /// Its number.
        number: String,
        /// Although another case uses it.
        anyway: bool,
    },
    /// Takes what is proposed.
    TakeProposed {
        /// Although another case uses it.
        anyway: bool,
    },
    /// Takes one out of the reception again; what people entered stays.
    Release {
        /// Which kind.
        kind: PreparedKind,
        /// Its number.
        number: String,
    },
    /// Chooses between a value and what prepared data says.
    ChooseBeside {
        /// Path.
        path: String,
        /// Whose value is right; `None` for the one in the field.
        kind: Option<PreparedKind>,
    },
    /// Notes that another case belongs to the same visit.
    Link {
        /// Its receipt number, as typed.
        receipt_number: String,
    },
    /// Notes that it does not.
    Unlink {
        /// Which.
        case: CaseId,
    },
}
