//! Messages of the replication conversation; their bytes are pinned by tests.
//!
//! Knows no database, no socket and no clock. Messages only grow: variants and fields are appended
//! behind a new version, never reordered (`tests/wire/`).

mod change;
mod ids;

pub use change::{CellValue, Change, ChangeBatch, VersionVector};
pub use ids::SiteId;
