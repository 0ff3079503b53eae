//! Writing and reading the records of a case.

use counter_domain::case::{CaseEvent, CaseStep};
use counter_domain::draft::{Draft, DraftField, FieldPath};
use counter_domain::ids::{BlobHash, BranchCode, CaseId, DeviceId, EventId, SnapshotHash, StaffId};
use counter_domain::snapshot::Snapshot;
use rusqlite::{Connection, OptionalExtension, named_params};
use serde::{Deserialize, Serialize};

use crate::database::Write;
use crate::error::StoreError;
use crate::tables::PATH_BYTES_MAX;
use crate::{blob, scope};

/// What a blob is, as stored in the `doc` column of `blob_ref`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRef {
    /// What it is.
    pub kind: BlobKind,
    /// Media type, for example `application/pdf`.
    pub media_type: String,
    /// Bytes.
    pub length: u64,
}

/// Kinds of blob, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlobKind {
    /// Strokes of a signature.
    Signature,
    /// A form as PDF.
    Form,
    /// A picture of a document.
    Scan,
    /// Of a newer program.
    #[serde(other)]
    Other,
}

impl BlobKind {
    pub(crate) fn urgency(self) -> i64 {
        match self {
            Self::Signature => 0,
            Self::Form => 1,
            Self::Scan => 2,
            Self::Other => 3,
        }
    }
}

/// A blob of a case, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobView {
    /// Its name.
    pub hash: BlobHash,
    /// What it is.
    pub what: BlobRef,
    /// All of it is here.
    pub complete: bool,
}

impl Write<'_> {
    /// A new case id.
    pub fn new_case(&mut self) -> CaseId {
        let random = self.random();
        CaseId::new(self.at.unix_ms(), random)
    }

    /// Appends a step to a case's history.
    ///
    /// # Errors
    /// When the event is longer than 256 KiB or the disk fails.
    pub fn add_event(
        &mut self,
        case: CaseId,
        by: &StaffId,
        what: CaseStep,
    ) -> Result<EventId, StoreError> {
        if let CaseStep::Started { branch, .. } = &what {
            scope::claim(&self.transaction, case, branch)?;
        }
        let moves = what.is_move();
        let random = self.random();
        let event = CaseEvent {
            id: EventId::new(self.at.unix_ms(), random),
            at: self.at,
            device: DeviceId(self.site.0),
            by: by.clone(),
            what,
        };
        let doc = serde_json::to_vec(&event)?;
        self.count("case_event", "case event", &doc)?;
        let mut statement = self.transaction.prepare_cached(
            "INSERT INTO case_event (case_id, event_id, doc) VALUES (:case, :event, :doc)",
        )?;
        statement.execute(named_params! { ":case": case.0, ":event": event.id.0, ":doc": doc })?;
        drop(statement);
        if moves {
            scope::settle(&self.transaction, case)?;
        }
        self.touched.insert(case);
        Ok(event.id)
    }

    /// Sets this device's value of a field.
    ///
    /// # Errors
    /// When the path is longer than 120 bytes, the field than 64 KiB, or the disk fails.
    pub fn set_field(
        &mut self,
        case: CaseId,
        path: &FieldPath,
        field: &DraftField,
    ) -> Result<(), StoreError> {
        if path.0.is_empty() || path.0.len() > PATH_BYTES_MAX {
            return Err(StoreError::Bounds { what: "field path" });
        }
        let doc = serde_json::to_vec(field)?;
        self.count("draft", "field value", &doc)?;
        let mut statement = self.transaction.prepare_cached(
            "INSERT INTO draft (case_id, path, counter, doc) VALUES (:case, :path, :counter, :doc)
             ON CONFLICT (case_id, path, counter) DO UPDATE SET doc = excluded.doc",
        )?;
        statement.execute(named_params! {
            ":case": case.0, ":path": path.as_str(), ":counter": self.site.0, ":doc": doc,
        })?;
        drop(statement);
        self.touched.insert(case);
        Ok(())
    }

    /// Freezes a snapshot under its hash.
    ///
    /// # Errors
    /// When the snapshot is longer than 1 MiB or the disk fails.
    pub fn put_snapshot(
        &mut self,
        case: CaseId,
        snapshot: &Snapshot,
    ) -> Result<SnapshotHash, StoreError> {
        let bytes = snapshot.to_bytes()?;
        let hash = Snapshot::hash_of(&bytes);
        self.count("snapshot", "snapshot", &bytes)?;
        let mut statement = self.transaction.prepare_cached(
            "INSERT INTO snapshot (case_id, hash, doc) VALUES (:case, :hash, :doc)
             ON CONFLICT (case_id, hash) DO NOTHING",
        )?;
        statement.execute(named_params! { ":case": case.0, ":hash": hash.0, ":doc": bytes })?;
        drop(statement);
        self.touched.insert(case);
        Ok(hash)
    }

    /// Stores a blob and names it in the case.
    ///
    /// # Errors
    /// When the blob is empty or larger than [`crate::BLOB_BYTES_MAX`], or the disk fails.
    pub fn put_blob(
        &mut self,
        case: CaseId,
        kind: BlobKind,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<BlobHash, StoreError> {
        let hash = blob::hold(&self.transaction, kind, bytes)?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let what = BlobRef {
            kind,
            media_type: media_type.to_owned(),
            length,
        };
        let doc = serde_json::to_vec(&what)?;
        self.count("blob_ref", "media type", &doc)?;
        let mut statement = self.transaction.prepare_cached(
            "INSERT INTO blob_ref (case_id, hash, doc) VALUES (:case, :hash, :doc)
             ON CONFLICT (case_id, hash) DO NOTHING",
        )?;
        statement.execute(named_params! { ":case": case.0, ":hash": hash.0, ":doc": doc })?;
        drop(statement);
        self.touched.insert(case);
        self.blobs.insert((case, hash));
        Ok(hash)
    }
}

/// The history of a case. Steps of a newer program are left out until the update.
///
/// # Errors
/// When the database cannot be read.
pub fn case_events(connection: &Connection, case: CaseId) -> Result<Vec<CaseEvent>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT doc FROM case_event WHERE case_id = :case ORDER BY event_id")?;
    let mut rows = statement.query([case.0])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.extend(serde_json::from_slice::<CaseEvent>(
            row.get_ref(0)?.as_blob().unwrap_or(b""),
        ));
    }
    events.sort_by_key(|event| (event.at, event.id));
    Ok(events)
}

/// Every counter's fields of a case.
///
/// # Errors
/// When the database cannot be read.
pub fn draft(connection: &Connection, case: CaseId) -> Result<Draft, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT path, counter, doc FROM draft WHERE case_id = :case")?;
    let mut rows = statement.query([case.0])?;
    let mut draft = Draft::default();
    while let Some(row) = rows.next()? {
        let counter: [u8; 16] = row.get(1)?;
        if let Ok(field) = serde_json::from_slice(row.get_ref(2)?.as_blob().unwrap_or(b"")) {
            draft.insert(FieldPath(row.get(0)?), DeviceId(counter), field);
        }
    }
    Ok(draft)
}

/// One counter's own value of a field.
///
/// # Errors
/// When the database cannot be read.
pub fn field_of(
    connection: &Connection,
    case: CaseId,
    path: &FieldPath,
    counter: DeviceId,
) -> Result<Option<DraftField>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT doc FROM draft WHERE case_id = :case AND path = :path AND counter = :counter",
    )?;
    let parameters =
        named_params! { ":case": case.0, ":path": path.as_str(), ":counter": counter.0 };
    let doc: Option<Vec<u8>> = statement
        .query_row(parameters, |row| row.get(0))
        .optional()?;
    Ok(doc.and_then(|doc| serde_json::from_slice(&doc).ok()))
}

/// A snapshot of a case.
///
/// # Errors
/// When the database cannot be read.
pub fn snapshot(
    connection: &Connection,
    case: CaseId,
    hash: SnapshotHash,
) -> Result<Option<Snapshot>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT doc FROM snapshot WHERE case_id = :case AND hash = :hash")?;
    let parameters = named_params! { ":case": case.0, ":hash": hash.0 };
    let doc: Option<Vec<u8>> = statement
        .query_row(parameters, |row| row.get(0))
        .optional()?;
    Ok(doc.and_then(|doc| Snapshot::from_bytes(&doc).ok()))
}

/// The blobs a case names.
///
/// # Errors
/// When the database cannot be read.
pub fn blobs_of(connection: &Connection, case: CaseId) -> Result<Vec<BlobView>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT r.hash, r.doc, coalesce(b.held, 0) FROM blob_ref r
         LEFT JOIN blob b ON b.hash = r.hash WHERE r.case_id = :case ORDER BY r.hash",
    )?;
    let mut rows = statement.query([case.0])?;
    let mut blobs = Vec::new();
    while let Some(row) = rows.next()? {
        let hash: [u8; 32] = row.get(0)?;
        if let Ok(what) = serde_json::from_slice(row.get_ref(1)?.as_blob().unwrap_or(b"")) {
            blobs.push(BlobView {
                hash: BlobHash(hash),
                what,
                complete: row.get(2)?,
            });
        }
    }
    Ok(blobs)
}

/// The branch a case belongs to, as far as this database knows.
///
/// # Errors
/// When the database cannot be read.
pub fn branch_of(connection: &Connection, case: CaseId) -> Result<Option<BranchCode>, StoreError> {
    scope::branch(connection, case)
}
