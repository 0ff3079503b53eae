//! What was read from the pictures of a document, as it is kept with the case.
//!
//! One document of JSON, a blob of the case beside the pictures themselves, so that whoever looks at
//! a field later (the next clerk, the reviewer) sees the strip of paper it was read from. The case
//! names the reading in force at [`READING`]; a reading that was taken back stays a blob nobody names.
//! **Invariant:** it holds no individual number, and its pictures show none.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::draft::{FieldPath, Source};
use crate::ids::BlobHash;

/// Where a case names the reading in force.
pub const READING: &str = "paper.reading";

/// Media type of a [`Reading`].
pub const READING_TYPE: &str = "application/vnd.todoke.reading+json";

/// Version of the layout.
pub const READING_VERSION: u16 = 1;

/// A field read with less certainty must be looked at, in percent.
pub const SURE_PERCENT: u8 = 95;

/// The certainty of a field somebody compared with the paper, in percent.
pub const LOOKED_AT_PERCENT: u8 = 100;

/// Whether a value still has to be compared with the paper it was read from.
pub fn must_be_looked_at(source: Source, confidence: Option<u8>) -> bool {
    source == Source::Ocr && confidence.is_some_and(|percent| percent < SURE_PERCENT)
}

/// Where the value of another source's field is kept while the paper says otherwise.
pub fn beside_path(path: &str) -> FieldPath {
    FieldPath(["beside.paper", path].join("."))
}

/// What was read from one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// [`READING_VERSION`].
    pub version: u16,
    /// Which document, for example `move-out-certificate`.
    pub document: String,
    /// Its pages, in order.
    pub pages: Vec<ReadPage>,
    /// Its fields.
    pub fields: Vec<ReadField>,
}

/// A page of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadPage {
    /// The picture, a blob of the case; absent where it could not be masked.
    pub picture: Option<BlobHash>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Which paper it is, where a separator sheet said so and it is not the one that was read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub document: String,
}

/// A field of it. `Debug` tells no value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadField {
    /// Where it went in the case; empty where the case has no such field.
    pub path: String,
    /// What it is called on the paper.
    pub label: String,
    /// The value, as the case keeps values of this field.
    pub value: String,
    /// As it was read, before anything was corrected.
    pub as_read: String,
    /// Other values it may be, likeliest first, in the same form as `value`.
    pub others: Vec<String>,
    /// How sure the reading is, in percent.
    pub confidence: u8,
    /// The page, from 0.
    pub page: usize,
    /// Left, top, width and height on the page, in pixels.
    pub place: [u32; 4],
    /// The strip of paper: PNG in base64; empty where it cannot be shown.
    pub snippet: String,
}

impl fmt::Debug for ReadField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadField")
            .field("path", &self.path)
            .field("confidence", &self.confidence)
            .field("page", &self.page)
            .finish_non_exhaustive()
    }
}

impl Reading {
    /// As stored.
    ///
    /// # Errors
    /// Never with strings and numbers.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// From what is stored; `None` for bytes that are none, or of a newer program.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let reading: Self = serde_json::from_slice(bytes).ok()?;
        (reading.version == READING_VERSION).then_some(reading)
    }

    /// What was read for a field of the case.
    pub fn field(&self, path: &str) -> Option<&ReadField> {
        self.fields.iter().find(|field| field.path == path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading() -> Reading {
        Reading {
            version: READING_VERSION,
            document: "move-out-certificate".to_owned(),
            pages: vec![ReadPage {
                picture: Some(BlobHash([7; 32])),
                width: 100,
                height: 50,
                document: String::new(),
            }],
            fields: vec![ReadField {
                path: "member.1.name".to_owned(),
                label: "氏名".to_owned(),
                value: "架空　太郎".to_owned(),
                as_read: "架空太郎".to_owned(),
                others: Vec::new(),
                confidence: 93,
                page: 0,
                place: [1, 2, 3, 4],
                snippet: String::new(),
            }],
        }
    }

    #[test]
    fn a_reading_survives_its_bytes_and_debug_tells_nothing() {
        let reading = reading();
        let again = Reading::from_bytes(&reading.to_bytes().unwrap()).unwrap();
        assert_eq!(again, reading);
        assert!(again.field("member.1.name").is_some());
        assert!(!format!("{reading:?}").contains("架空"));
    }

    #[test]
    fn a_newer_layout_is_left_alone() {
        let newer = Reading {
            version: READING_VERSION + 1,
            ..reading()
        };
        assert_eq!(Reading::from_bytes(&newer.to_bytes().unwrap()), None);
        assert_eq!(Reading::from_bytes(b"{"), None);
    }

    #[test]
    fn only_what_was_read_without_certainty_is_looked_at() {
        assert!(must_be_looked_at(Source::Ocr, Some(94)));
        assert!(!must_be_looked_at(Source::Ocr, Some(95)));
        assert!(!must_be_looked_at(Source::Chip, Some(10)));
        assert!(!must_be_looked_at(Source::Ocr, None));
    }
}
