//! Counters and a hub with real encrypted files, joined by handing batches over in process.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod conversation;
mod deleting;
mod files;
mod handing;
mod health;
mod hostile;
mod kill;
mod mending;
mod neighbours;
mod overwriting;
mod residents;
mod setting;
mod succession;
mod visit;
