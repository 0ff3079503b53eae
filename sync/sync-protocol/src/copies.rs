//! Whole cases for a branch they were handed to, and orders to overwrite a branch's copy.
//!
//! Since version 3. A *turn* is the hub's clock reading of what made it so; of two turns of one case
//! the greater one counts.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Change, SiteId, VersionVector};

/// A case that came to the other end's branch, and since which turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseTurn {
    /// The case.
    pub case: [u8; 16],
    /// The turn.
    pub turn: u64,
}

/// A case wanted whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseWant {
    /// The case.
    pub case: [u8; 16],
    /// The turn it was offered with.
    pub turn: u64,
    /// Where to go on, as the last part said; empty at the beginning.
    pub after: Vec<u8>,
}

/// Some rows of a case, each with the site that wrote it; what was written before the case came to
/// the branch and was never sent to it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CasePart {
    /// The case.
    pub case: [u8; 16],
    /// The turn.
    pub turn: u64,
    /// The rows.
    pub rows: Vec<(SiteId, Change)>,
    /// Where to go on; empty when this is the last part.
    pub next: Vec<u8>,
}

impl CasePart {
    /// About how many bytes it has; what byte budgets count. Never 0.
    pub fn weight(&self) -> usize {
        64 + self
            .rows
            .iter()
            .map(|(_, change)| change.weight() + 16)
            .sum::<usize>()
    }
}

impl fmt::Debug for CasePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CasePart({} rows)", self.rows.len())
    }
}

/// A branch must not have a case any more: every counter of it overwrites what it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurgeOrder {
    /// The case.
    pub case: [u8; 16],
    /// The turn; an order is void for whoever has a greater one.
    pub turn: u64,
    /// The branch, two digits.
    pub branch: String,
    /// ECDSA P-256 with SHA-256 by the hub's publishing key over [`PurgeOrder::signed_bytes`].
    pub signature: Vec<u8>,
}

impl PurgeOrder {
    /// What head office signs: a word that no other signed bytes begin with, case, turn, branch.
    pub fn signed_bytes(case: [u8; 16], turn: u64, branch: &str) -> Vec<u8> {
        let mut bytes = b"todoke purge order 1\n".to_vec();
        bytes.extend(case);
        bytes.extend(turn.to_be_bytes());
        bytes.extend(branch.as_bytes());
        bytes
    }
}

/// How far a counter is with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PurgeStage {
    /// Everything of the case is overwritten on its disk.
    Overwritten,
    /// The order itself is forgotten: nothing that is still on its way can bring the case back.
    Forgotten,
}

/// A counter followed an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurgeDone {
    /// The case.
    pub case: [u8; 16],
    /// The order's turn.
    pub turn: u64,
    /// The counter's own version then: it wrote nothing of the case after it.
    pub through: u64,
    /// How far it is.
    pub stage: PurgeStage,
}

/// Every counter of the branch followed an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurgeClosed {
    /// The case.
    pub case: [u8; 16],
    /// The order's turn.
    pub turn: u64,
    /// The last versions in which counters of the branch may have written of it: who holds all of
    /// them needs the order no more.
    pub through: VersionVector,
}
