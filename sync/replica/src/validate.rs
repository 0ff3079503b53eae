//! Everything that is asked of a foreign change before cr-sqlite sees it.
//!
//! cr-sqlite checks nothing: malformed keys end the process, negative versions and foreign site ids
//! are stored, one huge column version wins for ever.

use counter_domain::case::{CaseEvent, CaseStep};
use counter_domain::hlc::Hlc;
use counter_domain::ids::{BranchCode, CaseId};
use serde::Deserialize;
use sync_engine::PeerRole;
use sync_protocol::{CellValue, Change, SiteId};
use thiserror::Error;

use crate::pack::{Key, KeyValue, unpack};
use crate::records::BlobRef;
use crate::tables::{Content, Editable, KeyColumn, PATH_BYTES_MAX, Table, table};

/// Edits of one cell; a person makes some hundred.
const COLUMN_VERSION_MAX: u64 = 1 << 20;
/// Changes of one transaction.
const SEQUENCE_MAX: u64 = 100_000;
/// Bytes of a value this program does not know.
const PARKED_BYTES_MAX: usize = 1 << 20;
/// A clock this far ahead would drag every other clock with it.
const AHEAD_MS_MAX: u64 = 3 * 24 * 60 * 60 * 1000;

/// Why a change is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Refusal {
    #[error("site is not the peer's")]
    ForeignSite,
    #[error("versions do not follow one another")]
    Versions,
    #[error("sequence inside a transaction does not grow")]
    Sequence,
    #[error("table or column name malformed")]
    Name,
    #[error("primary key malformed")]
    Key,
    #[error("rows of this table are never deleted")]
    Deletion,
    #[error("cell of this table is never rewritten")]
    Rewritten,
    #[error("column version out of bounds")]
    ColumnVersion,
    #[error("value has another type than its column")]
    Type,
    #[error("value too long")]
    Length,
    #[error("document malformed")]
    Document,
    #[error("row belongs to another writer")]
    Writer,
    #[error("row is here with other content")]
    Taken,
    #[error("content does not have the hash it is named by")]
    Hash,
    #[error("clock too far ahead")]
    Clock,
    #[error("case belongs to another branch")]
    Branch,
    #[error("step is not this office's to take")]
    Step,
    #[error("database refused the change")]
    Database,
}

/// A change that passed, with what the store must know of it.
#[derive(Debug)]
pub(crate) struct Checked<'c> {
    pub(crate) change: &'c Change,
    pub(crate) case: CaseId,
    pub(crate) at: Hlc,
    pub(crate) meaning: Meaning,
}

/// What a checked change is.
#[derive(Debug)]
pub(crate) enum Meaning {
    Started(BranchCode),
    Blob([u8; 32], BlobRef),
    /// Says which branch has the case, in the name of a branch or of head office.
    Moved(Option<BranchCode>),
    Other,
    /// Of a newer schema.
    Parked,
}

/// Who delivers whose change, and the time here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) site: SiteId,
    pub(crate) role: PeerRole,
    pub(crate) now_unix_ms: u64,
}

/// Checks one change by itself.
pub(crate) fn check(change: &Change, origin: Origin) -> Result<Checked<'_>, Refusal> {
    let key = unpack(&change.key).ok_or(Refusal::Key)?;
    let Some(KeyValue::Blob(first)) = key.first() else {
        return Err(Refusal::Key);
    };
    let case = CaseId::from_slice(first).ok_or(Refusal::Key)?;
    if change.sequence > SEQUENCE_MAX {
        return Err(Refusal::Sequence);
    }
    let stamp = Hlc(change.at.parse().map_err(|_| Refusal::Clock)?);
    let known =
        table(&change.table).filter(|table| change.column == table.column || change.column == "-1");
    let Some(table) = known else {
        check_unknown(change)?;
        let at = in_time(stamp, origin)?;
        return Ok(Checked {
            change,
            case,
            at,
            meaning: Meaning::Parked,
        });
    };
    check_key(table, &key)?;
    check_versions(table, change)?;
    let CellValue::Blob(doc) = &change.value else {
        return Err(Refusal::Type);
    };
    if doc.len() > table.bytes_max {
        return Err(Refusal::Length);
    }
    let (doc_at, meaning) = check_document(table.content, &key, doc, origin)?;
    Ok(Checked {
        change,
        case,
        at: in_time(stamp.max(doc_at), origin)?,
        meaning,
    })
}

fn in_time(at: Hlc, origin: Origin) -> Result<Hlc, Refusal> {
    let limit = origin.now_unix_ms.saturating_add(AHEAD_MS_MAX);
    if at.unix_ms() > limit {
        Err(Refusal::Clock)
    } else {
        Ok(at)
    }
}

/// A newer schema's change is kept as it is; only its shape and size are looked at.
fn check_unknown(change: &Change) -> Result<(), Refusal> {
    let named = |name: &str| {
        (1..=64).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            && !name.contains("crsql")
    };
    if !named(&change.table) || !(named(&change.column) || change.column == "-1") {
        return Err(Refusal::Name);
    }
    if !(1..=COLUMN_VERSION_MAX).contains(&change.column_version)
        || !(1..=COLUMN_VERSION_MAX).contains(&change.causal_length)
    {
        return Err(Refusal::ColumnVersion);
    }
    let length = match &change.value {
        CellValue::Null | CellValue::Integer(_) => 8,
        CellValue::Text(text) => text.len(),
        CellValue::Blob(bytes) => bytes.len(),
    };
    if length > PARKED_BYTES_MAX {
        Err(Refusal::Length)
    } else {
        Ok(())
    }
}

fn check_key(table: &Table, key: &Key<'_>) -> Result<(), Refusal> {
    let fits = |(column, value): (&KeyColumn, &KeyValue<'_>)| match (column, value) {
        (KeyColumn::Blob(length), KeyValue::Blob(bytes)) => bytes.len() == *length,
        (KeyColumn::Path, KeyValue::Text(text)) => text.len() <= PATH_BYTES_MAX,
        (KeyColumn::Blob(_), KeyValue::Text(_)) | (KeyColumn::Path, KeyValue::Blob(_)) => false,
    };
    let values = key.values();
    if table.key.len() == values.len() && table.key.iter().zip(values).all(fits) {
        Ok(())
    } else {
        Err(Refusal::Key)
    }
}

fn check_versions(table: &Table, change: &Change) -> Result<(), Refusal> {
    if change.column == "-1" || change.causal_length != 1 {
        return Err(Refusal::Deletion);
    }
    match (table.editable, change.column_version) {
        (Editable::Never, 1) | (Editable::ByItsWriter, 1..=COLUMN_VERSION_MAX) => Ok(()),
        (Editable::Never, _) => Err(Refusal::Rewritten),
        (Editable::ByItsWriter, _) => Err(Refusal::ColumnVersion),
    }
}

/// The document's own clock reading and what it means to the store.
fn check_document(
    content: Content,
    key: &Key<'_>,
    doc: &[u8],
    origin: Origin,
) -> Result<(Hlc, Meaning), Refusal> {
    let name = match key.last() {
        Some(KeyValue::Blob(bytes)) => bytes,
        Some(KeyValue::Text(_)) | None => return Err(Refusal::Key),
    };
    match content {
        Content::Snapshot if blake3::hash(doc).as_bytes() != name => Err(Refusal::Hash),
        Content::Snapshot => Ok((Hlc::default(), Meaning::Other)),
        Content::DraftField if name != origin.site.0 => Err(Refusal::Writer),
        // An array would read as a struct too.
        Content::DraftField if doc.first() != Some(&b'{') => Err(Refusal::Document),
        Content::DraftField => match serde_json::from_slice::<Stamped>(doc) {
            Ok(field) => Ok((field.at.unwrap_or_default(), Meaning::Other)),
            Err(_) => json_object(doc),
        },
        Content::Event => match serde_json::from_slice::<CaseEvent>(doc) {
            Ok(event) => check_event(event, name, origin),
            Err(_) => json_object(doc),
        },
        Content::BlobRef => {
            let what: BlobRef = serde_json::from_slice(doc).map_err(|_| Refusal::Document)?;
            let hash = name.try_into().map_err(|_| Refusal::Key)?;
            if what.length == 0 || what.length > crate::BLOB_BYTES_MAX {
                return Err(Refusal::Length);
            }
            Ok((Hlc::default(), Meaning::Blob(hash, what)))
        }
    }
}

/// The one part of a field the store looks at. Reading it walks the whole document, so it is JSON,
/// and keeps nothing of it; the value is read when the case is shown.
#[derive(Deserialize)]
struct Stamped {
    at: Option<Hlc>,
}

/// A document of a newer program: kept, and read after the update.
fn json_object(doc: &[u8]) -> Result<(Hlc, Meaning), Refusal> {
    serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(doc)
        .map(|_| (Hlc::default(), Meaning::Other))
        .map_err(|_| Refusal::Document)
}

fn check_event(event: CaseEvent, name: &[u8], origin: Origin) -> Result<(Hlc, Meaning), Refusal> {
    if event.id.as_bytes() != name {
        return Err(Refusal::Key);
    }
    if event.device.0 != origin.site.0 {
        return Err(Refusal::Writer);
    }
    if origin.role == PeerRole::Counter && !counter_may(&event.what) {
        return Err(Refusal::Step);
    }
    let meaning = match event.what {
        CaseStep::Started { branch, .. } => Meaning::Started(branch),
        CaseStep::Transferred(handing) => Meaning::Moved(Some(handing.from)),
        CaseStep::TakenBack(handing) => Meaning::Moved(Some(handing.to)),
        CaseStep::HolderSettled(_) => Meaning::Moved(None),
        CaseStep::Signed { .. }
        | CaseStep::Submitted { .. }
        | CaseStep::ReviewOpened
        | CaseStep::Returned { .. }
        | CaseStep::Accepted { .. }
        | CaseStep::Refused { .. }
        | CaseStep::HandedOver { .. }
        | CaseStep::Completed
        | CaseStep::CoreRejected { .. }
        | CaseStep::Withdrawn { .. }
        | CaseStep::CancelRequested
        | CaseStep::Cancelled
        | CaseStep::Held { .. }
        | CaseStep::Released
        | CaseStep::Linked { .. }
        | CaseStep::Unlinked { .. } => Meaning::Other,
    };
    Ok((event.at, meaning))
}

/// Steps a counter may take; the others are head office's (`domain.md` D.15).
fn counter_may(step: &CaseStep) -> bool {
    match step {
        CaseStep::Started { .. }
        | CaseStep::Signed { .. }
        | CaseStep::Submitted { .. }
        | CaseStep::Withdrawn { .. }
        | CaseStep::CancelRequested
        | CaseStep::Held { .. }
        | CaseStep::Released
        | CaseStep::Linked { .. }
        | CaseStep::Unlinked { .. }
        | CaseStep::Transferred(_)
        | CaseStep::TakenBack(_) => true,
        CaseStep::HolderSettled(_)
        | CaseStep::ReviewOpened
        | CaseStep::Returned { .. }
        | CaseStep::Accepted { .. }
        | CaseStep::Refused { .. }
        | CaseStep::HandedOver { .. }
        | CaseStep::Completed
        | CaseStep::CoreRejected { .. }
        | CaseStep::Cancelled => false,
    }
}
