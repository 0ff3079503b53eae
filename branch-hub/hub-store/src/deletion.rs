//! Deleting filings whose time is over (保存期間を過ぎた届出の廃棄, F26).
//!
//! ```text
//! Prepared ── two people approve the same list ──► Approved ── case by case ──► Emptied ──► Certified ──► Closed
//!     └── dropped                                  head office's own copy      index and log   signed       every
//!                                                  and an order to each branch  rewritten    certificate   counter too
//! ```
//! A list is frozen when somebody makes it, so that two people approve the same thing. Each step is
//! one transaction that notes itself: a run that was interrupted goes on where it stood. A filing that
//! was touched after the list was made stays. Nothing deleted comes back from a counter, a neighbour
//! or a file (see `replica`'s orders to overwrite); a backup made before has it until it is deleted too.

mod carrying_out;
mod certificate;
mod due;
mod retention;

use counter_domain::case::CaseState;
use counter_domain::ids::{BranchCode, CaseId, StaffId};
use replica::staff::Role;
use replica::{AuditAction, OpenError, Replica, StoreError};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use thiserror::Error;

use crate::review::{ReviewError, check_role};
use crate::store::HubStore;

pub use carrying_out::Deleting;
pub use certificate::{CERTIFICATE_WORD, Certificate};
pub use due::{DueFiling, DueFilings};
pub use retention::{RETENTION_YEARS, RETENTION_YEARS_MAX, RETENTION_YEARS_MIN, Retention};

/// People who must approve a list.
pub const APPROVALS: usize = 2;
const REASON_CHARS_MAX: usize = 200;
const DECIDE: [Role; 1] = [Role::Approver];

/// Why something about a deletion was refused; nothing was changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeletionError {
    /// Not this person's to do.
    #[error("role missing")]
    RoleMissing,
    /// No filing's time is over.
    #[error("nothing is due")]
    NothingDue,
    /// One list at a time.
    #[error("another list is open")]
    RunOpen,
    /// There is no such list, or it is past that.
    #[error("no such list")]
    NoRun,
    /// The list is not the one that was looked at.
    #[error("the list has changed")]
    ListChanged,
    /// The same person approved it already.
    #[error("approved by the same member of staff")]
    SamePerson,
    /// Years out of bounds.
    #[error("filings are kept from {RETENTION_YEARS_MIN} to {RETENTION_YEARS_MAX} years")]
    Years,
    /// A reason of 1 to 200 characters is missing.
    #[error("no reason")]
    NoReason,
    /// The key that signs for head office refuses.
    #[error("cannot sign")]
    NotSigned,
    /// Something of a deleted filing is still here: no certificate.
    #[error("{rows} rows of deleted filings are left")]
    Left {
        /// How many.
        rows: u64,
    },
    /// The database refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for DeletionError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// How far a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletionStage {
    /// Made; waits for approvals.
    Prepared,
    /// Approved by two people; being carried out.
    Approved,
    /// Every filing is overwritten here; index and log are being rewritten.
    Overwritten,
    /// Head office is done and has its certificate; counters may still have copies.
    Certified,
    /// Every counter overwrote its copy.
    Closed,
    /// Given up before it was approved.
    Dropped,
}

impl DeletionStage {
    const ALL: [(Self, i64); 6] = [
        (Self::Prepared, 0),
        (Self::Approved, 1),
        (Self::Overwritten, 2),
        (Self::Certified, 3),
        (Self::Closed, 4),
        (Self::Dropped, 9),
    ];

    fn code(self) -> i64 {
        let found = Self::ALL.iter().find(|(stage, _)| *stage == self);
        found.map_or(9, |(_, code)| *code)
    }

    fn of_code(code: i64) -> Self {
        let found = Self::ALL.iter().find(|(_, known)| *known == code);
        found.map_or(Self::Dropped, |(stage, _)| *stage)
    }

    /// Whether something is left to do with it.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Prepared | Self::Approved | Self::Overwritten)
    }
}

/// A list of filings to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletionRun {
    /// Its number.
    pub id: i64,
    /// How far it is.
    pub stage: DeletionStage,
    /// Who made it.
    pub prepared_by: StaffId,
    /// When.
    pub prepared_unix_ms: u64,
    /// The day it was made for, ISO 8601.
    pub as_of: String,
    /// Years filings were kept then.
    pub retention: Retention,
    /// BLAKE3 of the list: what is approved.
    pub list_hash: [u8; 32],
    /// Who approved, and when.
    pub approvals: Vec<(StaffId, u64)>,
    /// Filings on it.
    pub filings: u64,
    /// Those overwritten at head office.
    pub deleted: u64,
    /// Those that stay after all.
    pub kept: u64,
    /// Orders to counters' branches that not every counter has followed.
    pub copies_waiting: u64,
}

/// A filing on a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletionItem {
    /// The case.
    pub case: CaseId,
    /// Receipt number (受付番号).
    pub receipt_number: String,
    /// The office that took it in.
    pub branch: BranchCode,
    /// Value of the field `event.type`.
    pub kind: String,
    /// Filing date (届出日), ISO 8601.
    pub filed_on: String,
    /// Where it stood.
    pub state: CaseState,
    /// When it was overwritten here.
    pub deleted_unix_ms: Option<u64>,
    /// Why it stays after all, and who said so.
    pub kept: Option<(String, StaffId)>,
}

/// Makes the tables where they are missing.
pub(crate) fn open(replica: &mut Replica) -> Result<(), OpenError> {
    replica.migrate_room(
        "deletion",
        &[include_str!(
            "../migrations/deletion/0001-create-deletion.sql"
        )],
    )
}

impl HubStore {
    /// How long filings are kept.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn retention(&self) -> Result<Retention, StoreError> {
        let mut statement = self
            .replica
            .reader()
            .prepare_cached("SELECT kind, years FROM retention")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut retention = Retention::default();
        for row in rows {
            let (kind, years): (String, u16) = row?;
            if kind.is_empty() {
                retention.others = years;
            } else {
                retention.kinds.insert(kind, years);
            }
        }
        Ok(retention)
    }

    /// Sets how long filings of a kind are kept; of every other kind where none is named.
    ///
    /// # Errors
    /// [`DeletionError::Years`]; when the disk fails.
    pub fn set_retention(
        &mut self,
        by: &StaffId,
        kind: Option<&str>,
        years: u16,
    ) -> Result<(), DeletionError> {
        if !(RETENTION_YEARS_MIN..=RETENTION_YEARS_MAX).contains(&years) {
            return Err(DeletionError::Years);
        }
        self.replica.write(|write| {
            let mut statement = write.connection().prepare_cached(
                "INSERT INTO retention (kind, years, set_by, set_unix_ms)
                 VALUES (:kind, :years, :by, :now)
                 ON CONFLICT (kind) DO UPDATE SET years = excluded.years,
                     set_by = excluded.set_by, set_unix_ms = excluded.set_unix_ms",
            )?;
            statement.execute(named_params! {
                ":kind": kind.unwrap_or_default(), ":years": years, ":by": by.as_str(),
                ":now": write.at().unix_ms(),
            })?;
            drop(statement);
            write.audit(by, AuditAction::RetentionChanged, None)?;
            Ok(())
        })
    }

    /// Freezes the filings whose time is over into a list, for two people to approve.
    ///
    /// # Errors
    /// When nothing is due, another list is open, or see [`DeletionError`].
    pub fn prepare_deletion(&mut self, by: &StaffId, today: &str) -> Result<i64, DeletionError> {
        let due = self.deletion_due(today)?;
        let retention = self.retention()?;
        self.replica.write(|write| {
            let connection = write.connection();
            check_decides(connection, by)?;
            if open_run(connection)?.is_some() {
                return Err(DeletionError::RunOpen);
            }
            if due.filings.is_empty() {
                return Err(DeletionError::NothingDue);
            }
            connection
                .prepare_cached(
                    "INSERT INTO deletion_run
                         (stage, prepared_by, prepared_unix_ms, as_of, retention, list_hash)
                     VALUES (0, :by, :now, :as_of, :retention, zeroblob(32))",
                )?
                .execute(named_params! {
                    ":by": by.as_str(), ":now": write.at().unix_ms(), ":as_of": today,
                    ":retention": serde_json::to_string(&retention).map_err(StoreError::from)?,
                })?;
            let run = connection.last_insert_rowid();
            put_items(connection, run, &due.filings)?;
            hash_list(connection, run)?;
            write.audit(by, AuditAction::DeletionPrepared, None)?;
            Ok(run)
        })
    }

    /// Takes a filing off a list that nobody carried out yet. Approvals given before are void,
    /// because the list is another one.
    ///
    /// # Errors
    /// See [`DeletionError`].
    pub fn keep_from_deletion(
        &mut self,
        run: i64,
        by: &StaffId,
        (receipt_number, reason): (&str, &str),
    ) -> Result<(), DeletionError> {
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
            return Err(DeletionError::NoReason);
        }
        self.replica.write(|write| {
            let connection = write.connection();
            check_decides(connection, by)?;
            prepared(connection, run)?;
            let kept = connection
                .prepare_cached(
                    "UPDATE deletion_item SET kept_because = :reason, kept_by = :by
                     WHERE run = :run AND receipt_number = :number AND kept_because IS NULL",
                )?
                .execute(named_params! {
                    ":reason": reason, ":by": by.as_str(), ":run": run,
                    ":number": receipt_number.trim(),
                })?;
            if kept == 0 {
                return Err(DeletionError::NoRun);
            }
            connection.execute("DELETE FROM deletion_approval WHERE run = :run", [run])?;
            hash_list(connection, run)?;
            Ok(())
        })
    }

    /// Approves a list, as one of two people; `list_hash` is that of the list they looked at. With
    /// the second approval it is carried out.
    ///
    /// # Errors
    /// See [`DeletionError`].
    pub fn approve_deletion(
        &mut self,
        run: i64,
        by: &StaffId,
        list_hash: [u8; 32],
    ) -> Result<DeletionStage, DeletionError> {
        self.replica.write(|write| {
            let connection = write.connection();
            check_decides(connection, by)?;
            if prepared(connection, run)? != list_hash {
                return Err(DeletionError::ListChanged);
            }
            let is_new = connection
                .prepare_cached(
                    "INSERT INTO deletion_approval (run, staff, unix_ms) VALUES (:run, :by, :now)
                     ON CONFLICT (run, staff) DO NOTHING",
                )?
                .execute(named_params! {
                    ":run": run, ":by": by.as_str(), ":now": write.at().unix_ms(),
                })?;
            if is_new == 0 {
                return Err(DeletionError::SamePerson);
            }
            let stage = if approvals(connection, run)?.len() >= APPROVALS {
                DeletionStage::Approved
            } else {
                DeletionStage::Prepared
            };
            set_stage(connection, run, stage)?;
            write.audit(by, AuditAction::DeletionApproved, None)?;
            Ok(stage)
        })
    }

    /// Gives a list up that is not approved by two people.
    ///
    /// # Errors
    /// See [`DeletionError`].
    pub fn drop_deletion(&mut self, run: i64, by: &StaffId) -> Result<(), DeletionError> {
        self.replica.write(|write| {
            let connection = write.connection();
            check_decides(connection, by)?;
            prepared(connection, run)?;
            set_stage(connection, run, DeletionStage::Dropped)?;
            write.audit(by, AuditAction::DeletionDropped, None)?;
            Ok(())
        })
    }

    /// Every list, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn deletions(&self) -> Result<Vec<DeletionRun>, StoreError> {
        let mut statement = self.replica.reader().prepare_cached(
            "SELECT id, stage, prepared_by, prepared_unix_ms, as_of, retention, list_hash,
                 (SELECT count(*) FROM deletion_item i WHERE i.run = r.id),
                 (SELECT count(*) FROM deletion_item i
                  WHERE i.run = r.id AND i.deleted_unix_ms IS NOT NULL),
                 (SELECT count(*) FROM deletion_item i
                  WHERE i.run = r.id AND i.kept_because IS NOT NULL),
                 (SELECT count(*) FROM deletion_item i JOIN purge_order o ON o.case_id = i.case_id
                  WHERE i.run = r.id AND i.deleted_unix_ms IS NOT NULL AND o.state = 0)
             FROM deletion_run r ORDER BY id DESC",
        )?;
        let rows: Vec<(DeletionRun, String)> =
            statement.query_map([], run_of)?.collect::<Result<_, _>>()?;
        rows.into_iter()
            .map(|(mut run, retention)| {
                run.retention = serde_json::from_str(&retention)?;
                run.approvals = approvals(self.replica.reader(), run.id)?;
                Ok(run)
            })
            .collect()
    }

    /// Filings of a list, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn deletion_items(&self, run: i64, limit: usize) -> Result<Vec<DeletionItem>, StoreError> {
        items(self.replica.reader(), run, limit)
    }
}

const ITEMS: &str = "SELECT case_id, receipt_number, branch, kind, filed_on, state,
         deleted_unix_ms, kept_because, kept_by
     FROM deletion_item WHERE run = :run ORDER BY filed_on, receipt_number LIMIT :limit";

const UNDONE: &str = "SELECT case_id, receipt_number, branch, kind, filed_on, state,
         deleted_unix_ms, kept_because, kept_by
     FROM deletion_item WHERE run = :run AND deleted_unix_ms IS NULL AND kept_because IS NULL
     ORDER BY filed_on, receipt_number LIMIT :limit";

fn items(connection: &Connection, run: i64, limit: usize) -> Result<Vec<DeletionItem>, StoreError> {
    items_of(connection, ITEMS, run, limit)
}

fn items_of(
    connection: &Connection,
    question: &str,
    run: i64,
    limit: usize,
) -> Result<Vec<DeletionItem>, StoreError> {
    let mut statement = connection.prepare_cached(question)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(named_params! { ":run": run, ":limit": limit })?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        let because: Option<String> = row.get(7)?;
        let by: Option<String> = row.get(8)?;
        items.push(DeletionItem {
            case: CaseId(row.get(0)?),
            receipt_number: row.get(1)?,
            branch: BranchCode(row.get(2)?),
            kind: row.get(3)?,
            filed_on: row.get(4)?,
            state: serde_json::from_value(serde_json::Value::String(row.get(5)?))?,
            deleted_unix_ms: row.get(6)?,
            kept: because.zip(by.map(StaffId)),
        });
    }
    Ok(items)
}

fn run_of(row: &Row<'_>) -> Result<(DeletionRun, String), rusqlite::Error> {
    let run = DeletionRun {
        id: row.get(0)?,
        stage: DeletionStage::of_code(row.get(1)?),
        prepared_by: StaffId(row.get(2)?),
        prepared_unix_ms: row.get(3)?,
        as_of: row.get(4)?,
        retention: Retention::default(),
        list_hash: row.get(6)?,
        approvals: Vec::new(),
        filings: row.get(7)?,
        deleted: row.get(8)?,
        kept: row.get(9)?,
        copies_waiting: row.get(10)?,
    };
    Ok((run, row.get(5)?))
}

fn put_items(
    connection: &Connection,
    run: i64,
    filings: &[DueFiling],
) -> Result<(), DeletionError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO deletion_item (run, case_id, receipt_number, branch, kind, filed_on, state)
         VALUES (:run, :case, :number, :branch, :kind, :day, :state)",
    )?;
    for filing in filings {
        let state = serde_json::to_value(filing.state).map_err(StoreError::from)?;
        statement.execute(named_params! {
            ":run": run, ":case": filing.case.0, ":number": filing.receipt_number,
            ":branch": filing.branch.as_str(), ":kind": filing.kind, ":day": filing.filed_on,
            ":state": state.as_str(),
        })?;
    }
    Ok(())
}

fn check_decides(connection: &Connection, by: &StaffId) -> Result<(), DeletionError> {
    match check_role(connection, by, &DECIDE) {
        Ok(()) => Ok(()),
        Err(ReviewError::Store(error)) => Err(error.into()),
        Err(_) => Err(DeletionError::RoleMissing),
    }
}

/// Notes the hash of what is to be deleted by this list.
fn hash_list(connection: &Connection, run: i64) -> Result<(), DeletionError> {
    let mut hasher = blake3::Hasher::new();
    for item in items(connection, run, usize::MAX)? {
        if item.kept.is_none() {
            let line = [
                item.case.to_string(),
                item.receipt_number,
                item.kind,
                item.filed_on,
            ];
            hasher.update(line.join("\t").as_bytes());
            hasher.update(b"\n");
        }
    }
    let hash = *hasher.finalize().as_bytes();
    connection
        .prepare_cached("UPDATE deletion_run SET list_hash = :hash WHERE id = :run")?
        .execute(named_params! { ":hash": hash, ":run": run })?;
    Ok(())
}

/// The hash of a list that waits for approvals.
fn prepared(connection: &Connection, run: i64) -> Result<[u8; 32], DeletionError> {
    let mut statement = connection
        .prepare_cached("SELECT list_hash FROM deletion_run WHERE id = :run AND stage = 0")?;
    let hash = statement.query_row([run], |row| row.get(0)).optional()?;
    hash.ok_or(DeletionError::NoRun)
}

/// The list that is not carried out to the end at head office.
fn open_run(connection: &Connection) -> Result<Option<(i64, DeletionStage)>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT id, stage FROM deletion_run WHERE stage < 3")?;
    let found = statement.query_row([], |row| {
        Ok((row.get(0)?, DeletionStage::of_code(row.get(1)?)))
    });
    Ok(found.optional()?)
}

fn set_stage(connection: &Connection, run: i64, stage: DeletionStage) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE deletion_run SET stage = :stage WHERE id = :run")?
        .execute(named_params! { ":stage": stage.code(), ":run": run })?;
    Ok(())
}

fn approvals(connection: &Connection, run: i64) -> Result<Vec<(StaffId, u64)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT staff, unix_ms FROM deletion_approval WHERE run = :run ORDER BY unix_ms, staff",
    )?;
    let rows = statement.query_map([run], |row| Ok((StaffId(row.get(0)?), row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
