//! Pieces of streams, datasets and blobs.
//!
//! Their `Debug` tells lengths only: contents hold personal data.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::SiteId;

/// One link of a device's append-only stream (audit log): hash-chained, by (device, sequence).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamEntry {
    /// The device that wrote it.
    pub device: SiteId,
    /// Counted from 1 without gaps.
    pub sequence: u64,
    /// BLAKE3 of the entry before it; zeros for the first.
    pub previous: [u8; 32],
    /// The entry, JSON.
    #[serde(with = "crate::bytes")]
    pub body: Vec<u8>,
}

impl StreamEntry {
    /// What the next entry calls previous: BLAKE3 over sequence (big-endian), previous link and body.
    pub fn link(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.sequence.to_be_bytes());
        hasher.update(&self.previous);
        hasher.update(&self.body);
        *hasher.finalize().as_bytes()
    }
}

impl fmt::Debug for StreamEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "StreamEntry({}:{}, {} bytes)",
            self.device,
            self.sequence,
            self.body.len()
        )
    }
}

/// A published dataset: what it is, how long, and the hub's signature over that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetManifest {
    /// `catalogue`, `staff`, `resident-copy`, …
    pub name: String,
    /// Counts up with each publication.
    pub version: u64,
    /// Length in bytes.
    pub length: u64,
    /// BLAKE3 of the whole content.
    pub hash: [u8; 32],
    /// ECDSA P-256 with SHA-256 by the hub's publishing key over the fields above, postcard-encoded
    /// in this order (FIPS 186-5; on the CRYPTREC list).
    pub signature: Vec<u8>,
}

/// A piece of a dataset.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetPart {
    /// Which dataset.
    pub name: String,
    /// Which version of it.
    pub version: u64,
    /// Where this piece begins.
    pub offset: u64,
    /// The bytes.
    #[serde(with = "crate::bytes")]
    pub bytes: Vec<u8>,
}

impl fmt::Debug for DatasetPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            version,
            offset,
            bytes,
        } = self;
        write!(
            f,
            "DatasetPart({name} {version} at {offset}, {} bytes)",
            bytes.len()
        )
    }
}

/// A blob that records name and that is not complete here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedBlob {
    /// BLAKE3 of the whole.
    pub hash: [u8; 32],
    /// Bytes already here; resume from this offset.
    pub have: u64,
}

/// A piece of a blob.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobPart {
    /// BLAKE3 of the whole.
    pub hash: [u8; 32],
    /// Where this piece begins.
    pub offset: u64,
    /// Length of the whole.
    pub length: u64,
    /// The bytes.
    #[serde(with = "crate::bytes")]
    pub bytes: Vec<u8>,
}

impl fmt::Debug for BlobPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "BlobPart({} of {} bytes at {})",
            self.bytes.len(),
            self.length,
            self.offset
        )
    }
}
