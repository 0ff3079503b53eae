//! Counters and a hub with real encrypted files, joined by handing batches over in process.

mod conversation;
mod files;
mod hostile;
mod kill;
mod residents;
mod setting;
mod visit;
