//! Byte strings on the wire: one copy instead of one call per byte.
//!
//! The bytes are the same as serde's own for `Vec<u8>`: length, then content.

use std::fmt;

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::ser::Serializer;

pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    deserializer.deserialize_byte_buf(ByteString)
}

struct ByteString;

impl<'de> Visitor<'de> for ByteString {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a byte string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }

    /// Formats without byte strings (JSON) write a row of numbers.
    fn visit_seq<A: SeqAccess<'de>>(self, mut row: A) -> Result<Vec<u8>, A::Error> {
        let mut bytes = Vec::with_capacity(row.size_hint().unwrap_or(0).min(4096));
        while let Some(byte) = row.next_element()? {
            bytes.push(byte);
        }
        Ok(bytes)
    }
}
