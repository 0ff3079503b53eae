//! Messages of the replication conversation; their bytes are pinned by tests.
//!
//! Knows no database, no socket and no clock. Messages only grow: variants and fields are appended
//! behind a new version, never reordered (`tests/wire/`).
//!
//! One [`Message`] travels as one frame ([`encode`], [`decode`]); frames follow one another without
//! anything between them. Reading foreign bytes never panics and never allocates more than
//! [`limits`] allow.

#![warn(clippy::indexing_slicing, clippy::as_conversions)]

mod bytes;
mod change;
mod codec;
mod compression;
mod copies;
mod digest;
mod ids;
pub mod limits;
mod message;
mod packed;
mod part;
pub mod version;

pub use change::{CellValue, Change, ChangeBatch, Passed, VersionVector};
pub use codec::{
    DecodeError, EncodeError, HEADER_BYTES, content_bytes, decode, decode_all, encode, encode_all,
    encode_for,
};
pub use copies::{CasePart, CaseTurn, CaseWant, PurgeClosed, PurgeDone, PurgeOrder, PurgeStage};
pub use digest::Digest;
pub use ids::{ParseSiteIdError, SiteId};
pub use message::{
    About, DatasetWant, HISTORY_DIFFERS, Hello, HelloBack, HelloSince, Message, Reason, Remainder,
};
pub use part::{BlobPart, DatasetManifest, DatasetPart, StreamEntry, WantedBlob};
