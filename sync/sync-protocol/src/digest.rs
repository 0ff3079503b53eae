//! Short names of what both ends know.

use serde::{Deserialize, Serialize};

use crate::{DatasetManifest, VersionVector};

/// Tells whether two ends mean the same vector or list: the first eight bytes of BLAKE3 over what it
/// would be on the wire. Nobody gains by finding two with the same one but to be told too little.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest(pub [u8; 8]);

impl Digest {
    /// Of a vector.
    pub fn of_vector(vector: &VersionVector) -> Self {
        Self::of(vector)
    }

    /// Of offers of datasets, in their order.
    pub fn of_offers(offers: &[DatasetManifest]) -> Self {
        Self::of(offers)
    }

    fn of<T: Serialize + ?Sized>(value: &T) -> Self {
        // Bytes, numbers and lists of them always serialise.
        let bytes = postcard::to_allocvec(value).unwrap_or_default();
        let hash = blake3::hash(&bytes);
        Self(hash.as_bytes().first_chunk().copied().unwrap_or_default())
    }
}
