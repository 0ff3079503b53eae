//! Snapshots: the exact content a resident was shown and signed, named by its hash.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::draft::{FieldPath, FieldValue, Source};
use crate::ids::{CaseId, SnapshotHash};

/// What was shown and signed. Encoded canonically, so that equal content has an equal hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Version of this layout; 1 today.
    pub version: u16,
    /// The case.
    pub case_id: CaseId,
    /// Receipt number (受付番号), as printed.
    pub receipt_number: String,
    /// The first form and its version, for example `resident-move/1`.
    pub form: String,
    /// Every form that is signed, with number and version. Empty in what was signed before snapshots
    /// named them: those pages are of the version in force on the filing date.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<SnapshotForm>,
    /// Filing date (届出日), ISO 8601, confirmed by a person.
    pub filed_on: String,
    /// Language the resident read it in beside Japanese, BCP 47.
    pub language: String,
    /// Every field on the form with where it came from.
    pub fields: BTreeMap<FieldPath, SnapshotField>,
    /// The procedures listed, in order shown.
    pub procedures: Vec<SnapshotProcedure>,
}

/// A form of a snapshot (様式番号と版).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotForm {
    /// Its number, as printed: `F001`.
    pub number: String,
    /// Its name: `resident-move`.
    pub name: String,
    /// Its version.
    pub version: u16,
}

/// One field of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotField {
    /// The value.
    pub value: FieldValue,
    /// Where it came from.
    pub source: Source,
}

/// One procedure of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotProcedure {
    /// Catalogue id, for example `P003`.
    pub id: String,
    /// Name as shown, in Japanese.
    pub name: String,
    /// Member it is for, `None` for the household.
    pub member: Option<u8>,
    /// Why it is listed, in words.
    pub reason: String,
    /// Deadline in words.
    pub deadline: String,
    /// Whether a fact is still unknown.
    pub to_confirm: bool,
}

impl Snapshot {
    /// Canonical bytes: JSON with sorted keys, no white space, fields in the order of this type.
    ///
    /// # Errors
    /// Never for values made by this crate; the error of the encoder otherwise.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Reads canonical bytes.
    ///
    /// # Errors
    /// When the bytes are not a snapshot.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The hash of canonical bytes.
    pub fn hash_of(bytes: &[u8]) -> SnapshotHash {
        SnapshotHash(*blake3::hash(bytes).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a counter wrote it before snapshots named every form.
    const EARLIER: &str = r#"{"version":1,"case_id":"07070707070707070707070707070707","receipt_number":"07-2-0001","form":"resident-move/1","filed_on":"2026-11-20","language":"ja","fields":{},"procedures":[]}"#;

    #[test]
    fn what_was_signed_before_forms_were_named_keeps_its_bytes() {
        let earlier = Snapshot::from_bytes(EARLIER.as_bytes()).unwrap();
        assert_eq!(earlier.forms, []);
        assert_eq!(earlier.to_bytes().unwrap(), EARLIER.as_bytes());
    }

    #[test]
    fn named_forms_are_part_of_what_is_signed() {
        let mut named = Snapshot::from_bytes(EARLIER.as_bytes()).unwrap();
        named.forms.push(SnapshotForm {
            number: "F001".to_owned(),
            name: "resident-move".to_owned(),
            version: 2,
        });
        let bytes = named.to_bytes().unwrap();
        assert_ne!(
            Snapshot::hash_of(&bytes),
            Snapshot::hash_of(EARLIER.as_bytes())
        );
        assert_eq!(Snapshot::from_bytes(&bytes).unwrap(), named);
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains(r#""forms":[{"number":"F001","name":"resident-move","version":2}]"#));
    }
}
