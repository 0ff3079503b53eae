//! PC/SC mechanism: readers, cards and exchanges of bytes.
//!
//! Knows no card: which application, file or PIN is meant is `identity-cards`' business. Knows what
//! every card has in common (ISO 7816-4 status words, answers fetched in pieces) and what every
//! reader can do wrong (pulled, unplugged, held by another program, service stopped).
//!
//! - [`Card`] is a powered card; [`PcscCard`] is one behind pcscd, `device-sim` has another.
//! - [`PcscService`] lists readers and opens cards.
//! - [`CardWatch`] tells a thread what lies on the reader, until it is cancelled.

#![warn(clippy::indexing_slicing, clippy::as_conversions)]

mod card;
mod describe;
mod error;
mod pcsc_card;
mod watch;

pub use card::{Card, Response, StatusWord};
pub use describe::ReaderIdentity;
pub use error::CardError;
pub use pcsc_card::{PcscCard, PcscService};
pub use watch::{CardWatch, Lying, WatchCanceller};
