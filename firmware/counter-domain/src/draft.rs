//! Drafts: what is being entered, field by field, with where each value came from.
//!
//! One row per field and counter. Two counters that edit one field never overwrite each other:
//! the newer value is shown and the other is kept beside it until a person chooses.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hlc::Hlc;
use crate::ids::{DeviceId, StaffId};

/// Where a field lives in a case, dotted: `member.2.name`, `address.new`, `answer.hh.dogs`.
///
/// Known roots: `event` (`type`, `flow`, `date`), `notifier` (`member`, `role`, `phone`),
/// `member.<n>` (`name`, `kana`, `birth_date`, `sex`, `relation`, `relation_before`,
/// `nationality`, `resident_code`, …), `address` (`new`, `new.building`, `old`), `head` (`new`,
/// `old`), `domicile` (`place`, `register_head`), `identity` (`kind`, `method`),
/// `answer.<fact>` and `answer.m<n>.<fact>`, `taken.<kind>.<number>` (prepared data in use),
/// `character.<system>.<code points>` (a character somebody chose),
/// `copy.<path>` and `beside.<kind>.<path>` (what another source says differently),
/// `paper.reading` (what was read from a paper, see [`crate::reading`]).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldPath(pub String);

impl FieldPath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for FieldPath {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A field's value. Debug hides it: values are personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldValue {
    /// Text exactly as entered or read; never normalised.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A count.
    Count(i64),
    /// The person said they do not know.
    Unknown,
    /// The field was emptied on purpose.
    Cleared,
}

impl FieldValue {
    /// The text, when there is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Flag(_) | Self::Count(_) | Self::Unknown | Self::Cleared => None,
        }
    }
}

impl fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Text(_) => "Text",
            Self::Flag(_) => "Flag",
            Self::Count(_) => "Count",
            Self::Unknown => "Unknown",
            Self::Cleared => "Cleared",
        };
        write!(f, "{kind}(…)")
    }
}

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Read from the chip of a My Number card.
    Chip,
    /// Read from the chip of a driver's licence.
    LicenceChip,
    /// Read from the chip of a residence card or special permanent resident certificate.
    ResidenceChip,
    /// Read from the chip of a passport.
    PassportChip,
    /// Read from a picture of a document.
    Ocr,
    /// From the move-out certificate data of the national network (転出証明書情報).
    Certificate,
    /// From the copy of the resident records (住民記録の副本).
    ResidentCopy,
    /// Said or entered by the resident.
    Resident,
    /// Entered by staff.
    Staff,
    /// Follows from other values.
    Derived,
    /// From a reservation of the national portal (転入予約).
    Reservation,
    /// Copied by hand from a move-out certificate on paper (転出証明書).
    PaperCertificate,
}

/// One counter's value of one field, as stored in the `doc` column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftField {
    /// The value.
    pub value: FieldValue,
    /// Where it came from.
    pub source: Source,
    /// Certainty in percent, for read documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<u8>,
    /// Who entered or confirmed it.
    pub by: StaffId,
    /// When.
    pub at: Hlc,
    /// Set when a person saw a differing value of another counter and chose this one: everything
    /// up to this time is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settles: Option<Hlc>,
}

/// A field as people see it: the newest value, and what another counter says differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedField {
    /// The value shown.
    pub shown: DraftField,
    /// The counter it came from.
    pub counter: DeviceId,
    /// Differing values of other counters nobody has chosen between yet, newest first.
    pub others: Vec<(DeviceId, DraftField)>,
}

/// All fields of one case, with every counter's value of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    rows: BTreeMap<FieldPath, BTreeMap<DeviceId, DraftField>>,
}

impl Draft {
    /// Takes in one row. An older value of the same counter never replaces a newer one.
    pub fn insert(&mut self, path: FieldPath, counter: DeviceId, field: DraftField) {
        let row = self.rows.entry(path).or_default();
        if row
            .get(&counter)
            .is_none_or(|present| present.at <= field.at)
        {
            row.insert(counter, field);
        }
    }

    /// The field as people see it; `None` when nobody entered it.
    pub fn field(&self, path: &FieldPath) -> Option<MergedField> {
        self.rows.get(path).and_then(merge)
    }

    /// The value people see at `path`, unless it is missing, emptied or unknown.
    pub fn text(&self, path: &str) -> Option<&str> {
        let row = self.rows.get(&FieldPath::from(path))?;
        newest(row).and_then(|(_, field)| field.value.as_text())
    }

    /// The fields whose path begins so, in path order.
    pub fn fields_under<'d>(
        &'d self,
        prefix: &'d str,
    ) -> impl Iterator<Item = (&'d FieldPath, MergedField)> {
        self.rows
            .range(FieldPath::from(prefix)..)
            .take_while(move |(path, _)| path.as_str().starts_with(prefix))
            .filter_map(|(path, row)| merge(row).map(|field| (path, field)))
    }

    /// Paths somebody entered something at that begin so, in order. Costs nothing, where the fields
    /// themselves are put together from every counter's values.
    pub fn paths_under<'d>(&'d self, prefix: &'d str) -> impl Iterator<Item = &'d FieldPath> {
        self.rows
            .range(FieldPath::from(prefix)..)
            .map(|(path, _)| path)
            .take_while(move |path| path.as_str().starts_with(prefix))
    }

    /// Whether counters say different things of a field and nobody has chosen between them yet.
    pub fn is_disputed(&self) -> bool {
        let several = self.rows.values().filter(|row| row.len() > 1);
        several
            .filter_map(merge)
            .any(|field| !field.others.is_empty())
    }

    /// Every field in path order.
    pub fn fields(&self) -> impl Iterator<Item = (&FieldPath, MergedField)> {
        self.rows
            .iter()
            .filter_map(|(path, row)| merge(row).map(|field| (path, field)))
    }
}

type Row = BTreeMap<DeviceId, DraftField>;

/// Newest by clock; the device id decides between equal clocks, so every replica agrees.
fn newest(row: &Row) -> Option<(&DeviceId, &DraftField)> {
    row.iter()
        .max_by_key(|(counter, field)| (field.at, **counter))
}

fn merge(row: &Row) -> Option<MergedField> {
    let (counter, shown) = newest(row)?;
    let settled = row.values().filter_map(|field| field.settles).max();
    let mut others: Vec<_> = row
        .iter()
        .filter(|(other, field)| *other != counter && field.value != shown.value)
        .filter(|(_, field)| settled.is_none_or(|until| field.at > until))
        .map(|(other, field)| (*other, field.clone()))
        .collect();
    others.sort_by_key(|(other, field)| std::cmp::Reverse((field.at, *other)));
    Some(MergedField {
        shown: shown.clone(),
        counter: *counter,
        others,
    })
}
