//! Changes of replicated tables, as cr-sqlite tells them (`crsql_changes`).

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::SiteId;

/// Highest version held of each site, without a gap.
pub type VersionVector = BTreeMap<SiteId, u64>;

/// One changed cell, or a whole row when `column` is `-1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Replicated table.
    pub table: String,
    /// Primary key, packed as cr-sqlite packs it.
    #[serde(with = "crate::bytes")]
    pub key: Vec<u8>,
    /// Column name, or `-1` for the row itself.
    pub column: String,
    /// The new value.
    pub value: CellValue,
    /// How often this cell was edited.
    pub column_version: u64,
    /// The site's transaction, counted without gaps from 1.
    pub version: u64,
    /// Causal length of the row: odd while it lives.
    pub causal_length: u64,
    /// Order inside the transaction.
    pub sequence: u64,
    /// Hybrid clock of the transaction, in decimal.
    pub at: String,
}

/// A cell's value. Debug hides it: cells hold personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CellValue {
    /// SQL NULL.
    Null,
    /// INTEGER.
    Integer(i64),
    /// TEXT.
    Text(String),
    /// BLOB.
    Blob(#[serde(with = "crate::bytes")] Vec<u8>),
}

impl fmt::Debug for CellValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Integer(_) => "Integer(…)",
            Self::Text(_) => "Text(…)",
            Self::Blob(_) => "Blob(…)",
        })
    }
}

/// Whole transactions of one site, in order. Never splits a transaction.
///
/// The receiver applies it in one transaction of its own and then holds every version of `site`
/// up to `through`, also those whose rows were overwritten since or are not meant for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeBatch {
    /// Whose transactions these are.
    pub site: SiteId,
    /// The version before the first one; the receiver must hold it already.
    pub after: u64,
    /// The last version this batch stands for.
    pub through: u64,
    /// The changes, by version and sequence.
    pub changes: Vec<Change>,
}

/// Versions of a site with nothing in them for the other end: a batch without changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// Whose transactions these are.
    pub site: SiteId,
    /// The version before the first one.
    pub after: u64,
    /// The last one.
    pub through: u64,
}

impl From<Passed> for ChangeBatch {
    fn from(passed: Passed) -> Self {
        Self {
            site: passed.site,
            after: passed.after,
            through: passed.through,
            changes: Vec::new(),
        }
    }
}

impl ChangeBatch {
    /// What it is told as when nothing is in it.
    pub fn passed(&self) -> Option<Passed> {
        self.changes.is_empty().then_some(Passed {
            site: self.site,
            after: self.after,
            through: self.through,
        })
    }

    /// About how many bytes it has; what byte budgets count. Never 0.
    pub fn weight(&self) -> usize {
        64 + self.changes.iter().map(Change::weight).sum::<usize>()
    }
}

impl Change {
    pub(crate) fn weight(&self) -> usize {
        let value = match &self.value {
            CellValue::Null => 0,
            CellValue::Integer(_) => 8,
            CellValue::Text(text) => text.len(),
            CellValue::Blob(bytes) => bytes.len(),
        };
        self.table.len() + self.key.len() + self.column.len() + self.at.len() + value + 16
    }
}
