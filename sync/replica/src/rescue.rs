//! What a database that was set aside holds and head office never had: written again by its
//! successor.
//!
//! A counter that was restored from an older copy, or cloned, goes on under a new site with a new
//! database, and gets back from head office everything its old site had sent. What never arrived
//! there is only in the old file. It is found by content, never by version numbers, because the old
//! site may have used the same numbers twice: a step by its id, a signed content and a blob by their
//! hash, a field by its value. So however often and however far it is tried, each arrives once.
//!
//! What is written again keeps its id, its clock reading and its author; only the writing device is
//! the new one, which is what every other site checks. A signed content is never touched.

use std::collections::BTreeSet;

use counter_domain::hlc::Hlc;
use counter_domain::ids::{BlobHash, BranchCode, CaseId, DeviceId, StaffId};
use rusqlite::{Connection, OptionalExtension, named_params};
use serde::{Deserialize, Serialize};
use sync_protocol::{CellValue, Change, SiteId};

use crate::database::{Replica, Write};
use crate::error::StoreError;
use crate::pack::{Key, KeyValue, unpack};
use crate::records::{BlobKind, BlobRef};
use crate::stream::{AuditAction, AuditEntry, Carried, StreamBody};
use crate::tables::{self, Content};
use crate::{blob, change_log, purge, scope};

/// Versions of the old database looked through at once.
const VERSIONS_AT_ONCE: u64 = 256;

/// Entries of the old log carried over in one transaction.
const ENTRIES_AT_ONCE: usize = 200;

/// One transaction of a database that was set aside.
#[derive(Debug)]
pub struct OldTransaction {
    version: u64,
    changes: Vec<Change>,
}

/// Some transactions of a database that was set aside.
#[derive(Debug)]
pub struct OldTransactions {
    /// Those with changes, in order.
    pub transactions: Vec<OldTransaction>,
    /// Everything up to here was looked at.
    pub through: u64,
}

/// A case begins with a step or a field.
const FIRST_OWN: &str = "
    SELECT min(version) FROM (
        SELECT c.db_version AS version, c.site_id AS writer FROM case_event__crsql_pks p
        JOIN case_event__crsql_clock c ON c.key = p.__crsql_key WHERE p.case_id = :case
        UNION ALL
        SELECT c.db_version, c.site_id FROM draft__crsql_pks p
        JOIN draft__crsql_clock c ON c.key = p.__crsql_key WHERE p.case_id = :case)
    JOIN crsql_site_id s ON s.ordinal = writer WHERE s.site_id = :site";

const LAST_OWN: &str = "
    SELECT max(version) FROM (
        SELECT db_version AS version, ts, site_id AS writer FROM draft__crsql_clock
        UNION ALL SELECT db_version, ts, site_id FROM snapshot__crsql_clock
        UNION ALL SELECT db_version, ts, site_id FROM blob_ref__crsql_clock
        UNION ALL SELECT db_version, ts, site_id FROM case_event__crsql_clock)
    JOIN crsql_site_id s ON s.ordinal = writer
    WHERE s.site_id = :site AND CAST(ts AS INTEGER) <= :at";

impl Replica {
    /// The transactions this database's own site wrote behind `after`, as many as are looked
    /// through at once; `None` at the end. Also of a database that is known to be restored.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn own_transactions(&self, after: u64) -> Result<Option<OldTransactions>, StoreError> {
        let head = self.own_version()?;
        if after >= head {
            return Ok(None);
        }
        let through = head.min(after.saturating_add(VERSIONS_AT_ONCE));
        let changes = change_log::read(&self.connection, self.site, (after, through), None)?;
        let transactions = changes
            .chunk_by(|one, next| one.version == next.version)
            .map(|changes| OldTransaction {
                version: changes.first().map_or(after, |change| change.version),
                changes: changes.to_vec(),
            });
        Ok(Some(OldTransactions {
            transactions: transactions.collect(),
            through,
        }))
    }

    /// What of a transaction of `old` is not here and was lost. Fields that head office had up to
    /// the version `acknowledged` of this very history were changed since; a case that head office
    /// had and that is not this branch's any more was handed on, or is overwritten on order. What
    /// was written since in a case that head office sends nothing of any more is not written again:
    /// the branch must not have it.
    ///
    /// # Errors
    /// When a database cannot be read.
    pub fn lacks(
        &self,
        old: &Self,
        transaction: &OldTransaction,
        (acknowledged, own_branch): (u64, Option<&BranchCode>),
    ) -> Result<OldTransaction, StoreError> {
        let place = Place {
            connection: &self.connection,
            own: self.site,
            old: old.site,
            acknowledged,
        };
        let mut changes = Vec::new();
        for change in &transaction.changes {
            let gone = match scope::case_of(&change.key) {
                Some(case) if purge::is_ordered_here(&self.connection, case)? => true,
                Some(case) => match scope::branch(&self.connection, case)? {
                    Some(holder) => {
                        change.version <= acknowledged
                            && own_branch.is_some_and(|own| *own != holder)
                    }
                    None => old.first_own_version(case)? <= acknowledged,
                },
                None => false,
            };
            if !gone && place.lacks(change)? {
                changes.push(change.clone());
            }
        }
        Ok(OldTransaction {
            version: transaction.version,
            changes,
        })
    }

    /// The last version this site had written when it wrote an entry of its log.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn version_of_log(&self, sequence: u64) -> Result<u64, StoreError> {
        let Some(before) = sequence.checked_sub(1) else {
            return Ok(0);
        };
        let entry = self
            .stream_entries(self.site, before, 1)?
            .into_iter()
            .next();
        let Some(entry) = entry.filter(|entry| entry.sequence == sequence) else {
            return Ok(0);
        };
        let entry: AuditEntry = serde_json::from_slice(&entry.body)?;
        let mut statement = self.connection.prepare_cached(LAST_OWN)?;
        let row = named_params! { ":at": entry.at.0, ":site": self.site.0 };
        let last: Option<u64> = statement.query_row(row, |row| row.get(0))?;
        Ok(last.unwrap_or(0))
    }

    /// The first version in which this site wrote of a case.
    fn first_own_version(&self, case: CaseId) -> Result<u64, StoreError> {
        let mut statement = self.connection.prepare_cached(FIRST_OWN)?;
        let row = named_params! { ":case": case.0, ":site": self.site.0 };
        let first: Option<u64> = statement.query_row(row, |row| row.get(0))?;
        Ok(first.unwrap_or(u64::MAX))
    }

    /// Takes up to `count_max` blobs that are wanted here from a database of the same machine
    /// instead of over the line. Returns how many.
    ///
    /// # Errors
    /// When a database fails.
    pub fn take_blobs(&mut self, old: &Self, count_max: usize) -> Result<u64, StoreError> {
        let mut taken = 0;
        for wanted in self.blobs_wanted(count_max)? {
            if let Some(bytes) = blob(&old.connection, BlobHash(wanted.hash))? {
                self.write_local(|write| {
                    blob::hold(write.connection(), BlobKind::Other, &bytes).map(drop)
                })?;
                taken += 1;
            }
        }
        Ok(taken)
    }

    /// Whether a record here names the blob for the case, and if it is this site's own, in which
    /// version.
    fn names_blob(&self, case: CaseId, hash: BlobHash) -> Result<Option<u64>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT CASE s.site_id WHEN :site THEN c.db_version ELSE 0 END
             FROM blob_ref__crsql_pks p
             JOIN blob_ref__crsql_clock c ON c.key = p.__crsql_key
             JOIN crsql_site_id s ON s.ordinal = c.site_id
             WHERE p.case_id = :case AND p.hash = :hash",
        )?;
        let row = named_params! { ":case": case.0, ":hash": hash.0, ":site": self.site.0 };
        let version = statement.query_row(row, |row| row.get(0));
        Ok(version.optional()?)
    }

    /// Takes over the bytes of a blob that head office may lack: when a record here names it, or
    /// when head office was told of it in the versions up to `told`, although the case is another
    /// branch's now. Returns whether they are to be kept until head office says that it has them.
    ///
    /// # Errors
    /// When a database fails.
    pub fn keep_unsent_blob(
        &mut self,
        old: &Self,
        (case, hash): (CaseId, BlobHash),
        told: u64,
    ) -> Result<bool, StoreError> {
        let named_here = self.names_blob(case, hash)?.is_some();
        let was_told = old.names_blob(case, hash)?.is_some_and(|at| at <= told);
        if !named_here && !was_told {
            return Ok(false);
        }
        let Some(bytes) = blob(&old.connection, hash)? else {
            return Ok(false);
        };
        self.write_local(|write| {
            blob::hold(write.connection(), BlobKind::Other, &bytes).map(drop)
        })?;
        Ok(true)
    }

    /// Takes every installed dataset of a database of the same machine: they are signed by head
    /// office and the same for everybody.
    ///
    /// # Errors
    /// When a database fails.
    pub fn take_datasets(&mut self, old: &Self) -> Result<(), StoreError> {
        self.write_local(|write| {
            copy_datasets(&old.connection, write.connection())?;
            copy_pieces(&old.connection, write.connection())
        })
    }
}

fn copy_datasets(from: &Connection, to: &Connection) -> Result<(), StoreError> {
    let mut manifests =
        from.prepare("SELECT name, version, length, hash, signature FROM dataset")?;
    let mut put = to.prepare(
        "INSERT INTO dataset (name, version, length, hash, signature)
         VALUES (:name, :version, :length, :hash, :signature) ON CONFLICT (name) DO NOTHING",
    )?;
    let mut rows = manifests.query([])?;
    while let Some(row) = rows.next()? {
        put.execute(named_params! {
            ":name": row.get::<_, String>(0)?, ":version": row.get::<_, i64>(1)?,
            ":length": row.get::<_, i64>(2)?, ":hash": row.get::<_, Vec<u8>>(3)?,
            ":signature": row.get::<_, Vec<u8>>(4)?,
        })?;
    }
    Ok(())
}

/// Only pieces of what is installed; what was being received is received again.
fn copy_pieces(from: &Connection, to: &Connection) -> Result<(), StoreError> {
    let mut pieces = from.prepare(
        "SELECT p.name, p.version, p.start, p.bytes FROM dataset_piece p
         JOIN dataset d ON d.name = p.name AND d.version = p.version",
    )?;
    let mut put = to.prepare(
        "INSERT INTO dataset_piece (name, version, start, bytes)
         VALUES (:name, :version, :start, :bytes) ON CONFLICT (name, version, start) DO NOTHING",
    )?;
    let mut rows = pieces.query([])?;
    while let Some(row) = rows.next()? {
        put.execute(named_params! {
            ":name": row.get::<_, String>(0)?, ":version": row.get::<_, i64>(1)?,
            ":start": row.get::<_, i64>(2)?, ":bytes": row.get::<_, Vec<u8>>(3)?,
        })?;
    }
    Ok(())
}

impl OldTransaction {
    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Records in it.
    pub fn records(&self) -> u64 {
        self.changes.len() as u64
    }
}

/// The successor's database, asked whether it has something.
struct Place<'a> {
    connection: &'a Connection,
    own: SiteId,
    old: SiteId,
    acknowledged: u64,
}

impl Place<'_> {
    fn lacks(&self, change: &Change) -> Result<bool, StoreError> {
        let Some((content, key, doc)) = read(change) else {
            return Ok(false);
        };
        let (Some(case), Some(KeyValue::Blob(name))) = (key.first(), key.last()) else {
            return Ok(false);
        };
        let KeyValue::Blob(case) = case else {
            return Ok(false);
        };
        let sql = match content {
            Content::Event => "SELECT 1 FROM case_event WHERE case_id = :case AND event_id = :name",
            Content::Snapshot => "SELECT 1 FROM snapshot WHERE case_id = :case AND hash = :name",
            Content::BlobRef => "SELECT 1 FROM blob_ref WHERE case_id = :case AND hash = :name",
            Content::DraftField => return self.lacks_field(case, &key, doc, change.version),
        };
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(!statement.exists(named_params! { ":case": case, ":name": name })?)
    }

    fn lacks_field(
        &self,
        case: &[u8],
        key: &Key<'_>,
        doc: &[u8],
        version: u64,
    ) -> Result<bool, StoreError> {
        let Some(KeyValue::Text(path)) = key.values().get(1).copied() else {
            return Ok(false);
        };
        let field = |counter: SiteId| -> Result<Option<Vec<u8>>, StoreError> {
            let mut statement = self.connection.prepare_cached(
                "SELECT doc FROM draft
                 WHERE case_id = :case AND path = :path AND counter = :counter",
            )?;
            let row = named_params! { ":case": case, ":path": path, ":counter": counter.0 };
            Ok(statement.query_row(row, |row| row.get(0)).optional()?)
        };
        if let Some(there) = field(self.old)?
            && (there == doc || version <= self.acknowledged)
        {
            return Ok(false);
        }
        // Written again before, or changed here since.
        let again = field(self.own)?;
        Ok(again.is_none_or(|again| stamp(&again) < stamp(doc)))
    }
}

#[derive(Deserialize)]
struct Stamped {
    at: Option<Hlc>,
}

fn stamp(doc: &[u8]) -> Hlc {
    serde_json::from_slice::<Stamped>(doc)
        .ok()
        .and_then(|field| field.at)
        .unwrap_or_default()
}

/// What a change of one of our tables is; `None` for those of a newer program.
fn read(change: &Change) -> Option<(Content, Key<'_>, &[u8])> {
    let table = tables::table(&change.table).filter(|table| table.column == change.column)?;
    match &change.value {
        CellValue::Blob(doc) => Some((table.content, unpack(&change.key)?, doc)),
        CellValue::Null | CellValue::Integer(_) | CellValue::Text(_) => None,
    }
}

impl Write<'_> {
    /// Writes again what [`Replica::lacks`] found, in one transaction as it was then.
    ///
    /// # Errors
    /// When a database fails.
    pub fn write_again(
        &mut self,
        old: &Replica,
        transaction: &OldTransaction,
    ) -> Result<(), StoreError> {
        let mut cases = BTreeSet::new();
        for change in &transaction.changes {
            let (Some((content, key, doc)), Some(case)) =
                (read(change), scope::case_of(&change.key))
            else {
                continue;
            };
            if let Some(branch) = scope::branch(&old.connection, case)? {
                scope::claim(&self.transaction, case, &branch)?;
            }
            match content {
                Content::Event => self.event_again(case, &key, doc)?,
                Content::Snapshot => self.snapshot_again(case, &key, doc)?,
                Content::BlobRef => self.blob_again(old, case, &key, doc)?,
                Content::DraftField => self.field_again(case, &key, doc)?,
            }
            cases.insert(case);
        }
        // A move among them says who has the case.
        for case in cases {
            scope::settle(&self.transaction, case)?;
            self.touched.insert(case);
        }
        Ok(())
    }

    /// The same step, told by this device.
    fn event_again(&mut self, case: CaseId, key: &Key<'_>, doc: &[u8]) -> Result<(), StoreError> {
        let Some(KeyValue::Blob(event)) = key.last() else {
            return Ok(());
        };
        // Not read as a step, so that one of a newer program is kept whole.
        let mut step: serde_json::Value = serde_json::from_slice(doc)?;
        if let Some(step) = step.as_object_mut() {
            let device = serde_json::to_value(DeviceId(self.site.0))?;
            step.insert("device".to_owned(), device);
        }
        let doc = serde_json::to_vec(&step)?;
        self.count("case_event", "case event", &doc)?;
        let mut statement = self.transaction.prepare_cached(
            "INSERT INTO case_event (case_id, event_id, doc) VALUES (:case, :event, :doc)
             ON CONFLICT (case_id, event_id) DO NOTHING",
        )?;
        statement.execute(named_params! { ":case": case.0, ":event": event, ":doc": doc })?;
        Ok(())
    }

    fn snapshot_again(
        &mut self,
        case: CaseId,
        key: &Key<'_>,
        doc: &[u8],
    ) -> Result<(), StoreError> {
        let Some(KeyValue::Blob(hash)) = key.last() else {
            return Ok(());
        };
        self.count("snapshot", "snapshot", doc)?;
        let mut statement = self.transaction.prepare_cached(
            "INSERT INTO snapshot (case_id, hash, doc) VALUES (:case, :hash, :doc)
             ON CONFLICT (case_id, hash) DO NOTHING",
        )?;
        statement.execute(named_params! { ":case": case.0, ":hash": hash, ":doc": doc })?;
        Ok(())
    }

    fn blob_again(
        &mut self,
        old: &Replica,
        case: CaseId,
        key: &Key<'_>,
        doc: &[u8],
    ) -> Result<(), StoreError> {
        let Some(KeyValue::Blob(hash)) = key.last() else {
            return Ok(());
        };
        let Ok(hash) = <[u8; 32]>::try_from(hash) else {
            return Ok(());
        };
        let what: BlobRef = serde_json::from_slice(doc)?;
        match blob(&old.connection, BlobHash(hash))? {
            Some(bytes) => blob::hold(&self.transaction, what.kind, &bytes).map(drop)?,
            None => blob::want(&self.transaction, hash, &what)?,
        }
        self.count("blob_ref", "media type", doc)?;
        let mut statement = self.transaction.prepare_cached(
            "INSERT INTO blob_ref (case_id, hash, doc) VALUES (:case, :hash, :doc)
             ON CONFLICT (case_id, hash) DO NOTHING",
        )?;
        statement.execute(named_params! { ":case": case.0, ":hash": hash, ":doc": doc })?;
        drop(statement);
        self.blobs.insert((case, BlobHash(hash)));
        Ok(())
    }

    fn field_again(&mut self, case: CaseId, key: &Key<'_>, doc: &[u8]) -> Result<(), StoreError> {
        let Some(KeyValue::Text(path)) = key.values().get(1).copied() else {
            return Ok(());
        };
        self.count("draft", "field value", doc)?;
        let mut statement = self.transaction.prepare_cached(
            "INSERT INTO draft (case_id, path, counter, doc) VALUES (:case, :path, :counter, :doc)
             ON CONFLICT (case_id, path, counter) DO UPDATE SET doc = excluded.doc",
        )?;
        statement.execute(named_params! {
            ":case": case.0, ":path": path, ":counter": self.site.0, ":doc": doc,
        })?;
        Ok(())
    }

    /// Begins this device's log with the device it goes on for, and the last entry of that one's
    /// log that head office has.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn audit_succession(
        &mut self,
        by: &StaffId,
        old: DeviceId,
        log_shared: u64,
    ) -> Result<(), StoreError> {
        let carried = Carried {
            device: old,
            sequence: log_shared,
        };
        let mark = self.mark();
        let body = serde_json::to_vec(&AuditEntry {
            at: self.at,
            by: by.clone(),
            action: AuditAction::Recovered,
            case: None,
            carried: Some(carried),
            mark,
        })?;
        self.append_body(StreamBody(body))
    }

    /// Carries entries of an old log behind `after` over into this device's, each with its place in
    /// the old one. Returns the last one carried; `None` when there was none.
    ///
    /// # Errors
    /// When a database fails.
    pub fn carry_log(&mut self, old: &Replica, after: u64) -> Result<Option<u64>, StoreError> {
        let entries = old.stream_entries(old.site, after, 64 << 10)?;
        let mut last = None;
        for entry in entries.into_iter().take(ENTRIES_AT_ONCE) {
            let carried = Carried {
                device: DeviceId(old.site.0),
                sequence: entry.sequence,
            };
            let mut body: serde_json::Value = serde_json::from_slice(&entry.body)?;
            if let Some(body) = body.as_object_mut() {
                body.insert("carried".to_owned(), serde_json::to_value(carried)?);
            }
            self.append_body(StreamBody(serde_json::to_vec(&body)?))?;
            last = Some(entry.sequence);
        }
        Ok(last)
    }
}

/// What a rescue came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rescued {
    /// Records written again: steps, fields, signed contents, names of blobs.
    pub records: u64,
    /// Entries of the log carried over.
    pub log_entries: u64,
}
