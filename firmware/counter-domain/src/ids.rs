//! Identifiers. Every id is its own type, so that a branch can never be passed for a counter.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A text that is not the id it was taken for.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{kind}: expected {expected}, got {length} characters")]
pub struct ParseIdError {
    kind: &'static str,
    expected: &'static str,
    length: usize,
}

macro_rules! byte_id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl $name {
            /// The bytes, as stored and sent.
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// Takes the id from stored bytes; `None` when the length is wrong.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let wrong = || ParseIdError {
                    kind: stringify!($name),
                    expected: $expected,
                    length: text.chars().count(),
                };
                if text.len() != $bytes * 2 || !text.is_ascii() {
                    return Err(wrong());
                }
                let mut bytes = [0_u8; $bytes];
                for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
                    let digits = std::str::from_utf8(pair).map_err(|_| wrong())?;
                    *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
                }
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

byte_id! {
    /// A case: 16 bytes, the first six a Unix time in milliseconds (as UUID version 7).
    CaseId, 16, "32 hex digits"
}
byte_id! {
    /// One entry of a case's history, made as [`CaseId`].
    EventId, 16, "32 hex digits"
}
byte_id! {
    /// A device, at a counter or at head office, as its certificate names it.
    DeviceId, 16, "32 hex digits"
}
byte_id! {
    /// BLAKE3 of a blob: a signature's strokes, a PDF, a scan.
    BlobHash, 32, "64 hex digits"
}
byte_id! {
    /// BLAKE3 of a snapshot's canonical bytes.
    SnapshotHash, 32, "64 hex digits"
}

impl CaseId {
    /// Makes an id from the time and ten random bytes.
    pub fn new(unix_ms: u64, random: [u8; 10]) -> Self {
        Self(time_ordered(unix_ms, random))
    }
}

impl EventId {
    /// Makes an id from the time and ten random bytes.
    pub fn new(unix_ms: u64, random: [u8; 10]) -> Self {
        Self(time_ordered(unix_ms, random))
    }
}

/// RFC 9562 section 5.7 (UUID version 7): 48 bits of time, then version, variant and randomness.
fn time_ordered(unix_ms: u64, random: [u8; 10]) -> [u8; 16] {
    let mut id = [0_u8; 16];
    for (to, from) in id.iter_mut().zip(unix_ms.to_be_bytes().into_iter().skip(2)) {
        *to = from;
    }
    for (to, from) in id.iter_mut().skip(6).zip(random) {
        *to = from;
    }
    id[6] = (id[6] & 0x0f) | 0x70;
    id[8] = (id[8] & 0x3f) | 0x80;
    id
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

text_id! {
    /// Branch office (支所・市民センター): two digits, `00` is head office.
    BranchCode
}
text_id! {
    /// A member of staff, by the id in the staff dataset, for example `u0312`.
    StaffId
}
