//! How changes enter the database.

use std::collections::BTreeSet;

use counter_domain::ids::{BranchCode, CaseId};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{
    Connection, OptionalExtension, ToSql, Transaction, TransactionBehavior, named_params,
};
use sync_engine::{Applied, Peer, PeerRole};
use sync_protocol::{CellValue, Change, ChangeBatch, SiteId, VersionVector};

use crate::database::{self, Replica};
use crate::error::StoreError;
use crate::validate::{Checked, Meaning, Origin, Refusal, check};
use crate::{blob, scope};

/// Transactions of one site; ten a second for three thousand years.
const VERSION_MAX: u64 = 1 << 40;

/// A batch kept aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineRow {
    /// Whose transactions they are.
    pub site: SiteId,
    /// Who delivered them.
    pub peer: SiteId,
    /// Why, in English, without personal data.
    pub reason: String,
    /// The version before the batch.
    pub after: u64,
    /// Its last version.
    pub through: u64,
    /// When it came.
    pub received_unix_ms: u64,
}

impl Replica {
    /// What is held of each site, the own one included.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn vector(&self) -> Result<VersionVector, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT site, through FROM peer_vector")?;
        let rows = statement.query_map([], |row| Ok((SiteId(row.get(0)?), row.get(1)?)))?;
        let mut vector: VersionVector = rows.collect::<Result<_, _>>()?;
        vector.insert(self.site, self.own_version()?);
        Ok(vector)
    }

    /// Checks and applies a batch in one transaction; `project` keeps the lists in the same one
    /// and is told which cases changed.
    ///
    /// Transactions before the first refused one are applied; the vector stops there.
    ///
    /// # Errors
    /// When the database cannot be written; nothing was applied then.
    pub fn apply(
        &mut self,
        peer: &Peer,
        batch: &ChangeBatch,
        project: impl FnOnce(&Connection, &BTreeSet<CaseId>) -> Result<(), StoreError>,
    ) -> Result<Applied, StoreError> {
        if batch.site == self.site {
            return Ok(Applied::Known);
        }
        if peer.role == PeerRole::Counter && batch.site != peer.site {
            return Ok(refused(Refusal::ForeignSite));
        }
        if batch.through > VERSION_MAX || batch.after > batch.through {
            return Ok(refused(Refusal::Versions));
        }
        let have = held(&self.connection, batch.site)?;
        if batch.through <= have {
            return Ok(Applied::Known);
        }
        if batch.after > have {
            return Ok(Applied::Gap { have });
        }
        let now_unix_ms = self.around.unix_ms();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let origin = Origin {
            site: batch.site,
            role: peer.role,
            now_unix_ms,
        };
        let mut intake = Intake {
            transaction,
            peer,
            origin,
            touched: BTreeSet::new(),
            changed: 0,
        };
        let (through, refusal) = intake.take(batch, have)?;
        intake.finish(batch, through, refusal)?;
        project(&intake.transaction, &intake.touched)?;
        let Intake {
            transaction,
            changed,
            ..
        } = intake;
        transaction.commit()?;
        match refusal {
            Some(refusal) => {
                tracing::warn!(site = %batch.site, version = through + 1, %refusal, "batch kept aside");
                Ok(refused(refusal))
            }
            None => Ok(Applied::Done { changed }),
        }
    }

    /// Batches kept aside, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn quarantine(&self) -> Result<Vec<QuarantineRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT site, peer, reason, after, through, received_unix_ms FROM quarantine
             ORDER BY received_unix_ms DESC",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(QuarantineRow {
                site: SiteId(row.get(0)?),
                peer: SiteId(row.get(1)?),
                reason: row.get(2)?,
                after: row.get(3)?,
                through: row.get(4)?,
                received_unix_ms: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn refused(refusal: Refusal) -> Applied {
    Applied::Quarantined {
        reason: refusal.to_string(),
    }
}

/// The version held of another site.
pub(crate) fn held(connection: &Connection, site: SiteId) -> Result<u64, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT through FROM peer_vector WHERE site = :site")?;
    Ok(statement
        .query_row([site.0], |row| row.get(0))
        .optional()?
        .unwrap_or(0))
}

/// A batch being applied.
struct Intake<'a> {
    transaction: Transaction<'a>,
    peer: &'a Peer,
    origin: Origin,
    touched: BTreeSet<CaseId>,
    changed: usize,
}

impl Intake<'_> {
    /// Applies version by version behind `have`; returns how far it came and why not further.
    fn take(
        &mut self,
        batch: &ChangeBatch,
        have: u64,
    ) -> Result<(u64, Option<Refusal>), StoreError> {
        let mut through = have;
        let versions = batch
            .changes
            .chunk_by(|one, next| one.version == next.version);
        for changes in versions {
            let Some(version) = changes.first().map(|change| change.version) else {
                continue;
            };
            if version <= have {
                continue;
            }
            if version <= through && through > have || version > batch.through {
                return Ok((through, Some(Refusal::Versions)));
            }
            if let Some(refusal) = self.take_version(changes)? {
                // Versions between two that carry changes are empty, so they count as held.
                return Ok((through.max(version.saturating_sub(1)), Some(refusal)));
            }
            through = version;
        }
        Ok((batch.through, None))
    }

    fn take_version(&mut self, changes: &[Change]) -> Result<Option<Refusal>, StoreError> {
        if !changes.is_sorted_by(|one, next| one.sequence < next.sequence) {
            return Ok(Some(Refusal::Sequence));
        }
        let mut checked = Vec::with_capacity(changes.len());
        for change in changes {
            match check(change, self.origin) {
                Ok(change) => checked.push(change),
                Err(refusal) => return Ok(Some(refusal)),
            }
        }
        self.transaction.execute_batch("SAVEPOINT version")?;
        for change in &checked {
            if let Some(refusal) = self.take_change(change)? {
                self.transaction
                    .execute_batch("ROLLBACK TO version; RELEASE version")?;
                return Ok(Some(refusal));
            }
        }
        self.transaction.execute_batch("RELEASE version")?;
        self.touched
            .extend(checked.iter().map(|change| change.case));
        self.changed += checked.len();
        Ok(None)
    }

    fn take_change(&mut self, checked: &Checked<'_>) -> Result<Option<Refusal>, StoreError> {
        if let Some(refusal) = self.check_branch(checked)? {
            return Ok(Some(refusal));
        }
        receive_clock(&self.transaction, checked, self.origin.now_unix_ms)?;
        if matches!(checked.meaning, Meaning::Parked) {
            park(&self.transaction, self.origin.site, checked.change)?;
            return Ok(None);
        }
        match insert(&self.transaction, self.origin.site, checked.change) {
            Ok(()) => {}
            // Some errors take the whole transaction with them; then nothing can go on.
            Err(error) if is_own_fault(&error) || self.transaction.is_autocommit() => {
                return Err(error.into());
            }
            Err(_) => return Ok(Some(Refusal::Database)),
        }
        if let Meaning::Blob(hash, what) = &checked.meaning {
            blob::want(&self.transaction, *hash, what)?;
        }
        Ok(None)
    }

    /// A counter writes only to its own branch's cases; a case is the branch's that started it.
    fn check_branch(&self, checked: &Checked<'_>) -> Result<Option<Refusal>, StoreError> {
        let owner = scope::branch(&self.transaction, checked.case)?;
        let named = match &checked.meaning {
            Meaning::Started(branch) => Some(branch.clone()),
            Meaning::Blob(..) | Meaning::Other | Meaning::Parked => None,
        };
        match self.peer.role {
            PeerRole::Hub => {
                if let Some(branch) = named {
                    scope::claim(&self.transaction, checked.case, &branch)?;
                }
                Ok(None)
            }
            PeerRole::Counter => {
                let own = BranchCode(self.peer.branch.clone());
                let foreign = |branch: &BranchCode| *branch != own;
                if owner.as_ref().is_some_and(foreign) || named.as_ref().is_some_and(foreign) {
                    return Ok(Some(Refusal::Branch));
                }
                scope::claim(&self.transaction, checked.case, &own)?;
                Ok(None)
            }
        }
    }

    fn finish(
        &self,
        batch: &ChangeBatch,
        through: u64,
        refusal: Option<Refusal>,
    ) -> Result<(), StoreError> {
        let mut statement = self.transaction.prepare_cached(
            "INSERT INTO peer_vector (site, through) VALUES (:site, :through)
             ON CONFLICT (site) DO UPDATE SET through = excluded.through",
        )?;
        statement.execute(named_params! { ":site": batch.site.0, ":through": through })?;
        match refusal {
            Some(refusal) => self.set_aside(batch, refusal),
            None => self.forget_aside(batch.site),
        }
    }

    fn set_aside(&self, batch: &ChangeBatch, refusal: Refusal) -> Result<(), StoreError> {
        let mut statement = self.transaction.prepare_cached(
            "INSERT INTO quarantine (peer, site, after, through, reason, received_unix_ms, batch)
             VALUES (:peer, :site, :after, :through, :reason, :received, :batch)
             ON CONFLICT (site) DO UPDATE SET peer = excluded.peer, after = excluded.after,
                 through = excluded.through, reason = excluded.reason,
                 received_unix_ms = excluded.received_unix_ms, batch = excluded.batch",
        )?;
        statement.execute(named_params! {
            ":peer": self.peer.site.0, ":site": batch.site.0, ":after": batch.after,
            ":through": batch.through, ":reason": refusal.to_string(),
            ":received": self.origin.now_unix_ms, ":batch": postcard::to_stdvec(batch)?,
        })?;
        Ok(())
    }

    fn forget_aside(&self, site: SiteId) -> Result<(), StoreError> {
        let mut statement = self
            .transaction
            .prepare_cached("DELETE FROM quarantine WHERE site = :site")?;
        statement.execute([site.0])?;
        Ok(())
    }
}

/// The clock never falls behind what was received.
fn receive_clock(
    connection: &Connection,
    checked: &Checked<'_>,
    now_unix_ms: u64,
) -> Result<(), StoreError> {
    let clock = database::clock(connection)?;
    if checked.at > clock {
        database::set_clock(connection, clock.receive(checked.at, now_unix_ms))?;
    }
    Ok(())
}

/// Disk and memory, not the change.
fn is_own_fault(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode as Code;
    matches!(
        error.sqlite_error_code(),
        Some(
            Code::DiskFull
                | Code::SystemIoFailure
                | Code::OutOfMemory
                | Code::DatabaseBusy
                | Code::DatabaseLocked
                | Code::DatabaseCorrupt
                | Code::NotADatabase
                | Code::ReadOnly
                | Code::CannotOpen
                | Code::FileLockingProtocolFailed
        )
    )
}

/// A cell on its way into SQL.
struct Cell<'a>(&'a CellValue);

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            CellValue::Null => ToSqlOutput::Owned(Value::Null),
            CellValue::Integer(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            CellValue::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            CellValue::Blob(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

/// Hands one checked change to cr-sqlite.
fn insert(connection: &Connection, site: SiteId, change: &Change) -> Result<(), rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO crsql_changes
             (\"table\", pk, cid, val, col_version, db_version, site_id, cl, seq, ts)
         VALUES (:table, :pk, :cid, :val, :col_version, :db_version, :site, :cl, :seq, :ts)",
    )?;
    statement.execute(named_params! {
        ":table": change.table, ":pk": change.key, ":cid": change.column,
        ":val": Cell(&change.value), ":col_version": change.column_version,
        ":db_version": change.version, ":site": site.0, ":cl": change.causal_length,
        ":seq": change.sequence, ":ts": change.at,
    })?;
    Ok(())
}

fn park(connection: &Connection, site: SiteId, change: &Change) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO parked_change (site, version, sequence, table_name, column_name, change)
         VALUES (:site, :version, :sequence, :table, :column, :change)
         ON CONFLICT (site, version, sequence) DO NOTHING",
    )?;
    statement.execute(named_params! {
        ":site": site.0, ":version": change.version, ":sequence": change.sequence,
        ":table": change.table, ":column": change.column,
        ":change": postcard::to_stdvec(change)?,
    })?;
    Ok(())
}

impl Replica {
    /// Applies parked changes whose tables this program knows by now; returns their cases, for the
    /// lists. Called once after opening.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn apply_parked(&mut self) -> Result<BTreeSet<CaseId>, StoreError> {
        let now_unix_ms = self.around.unix_ms();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut touched = BTreeSet::new();
        for (site, change) in parked(&transaction)? {
            let origin = Origin {
                site,
                role: PeerRole::Hub,
                now_unix_ms,
            };
            let Ok(checked) = check(&change, origin) else {
                continue;
            };
            if matches!(checked.meaning, Meaning::Parked) {
                continue;
            }
            insert(&transaction, site, &change)?;
            if let Meaning::Blob(hash, what) = &checked.meaning {
                blob::want(&transaction, *hash, what)?;
            }
            touched.insert(checked.case);
            transaction.execute(
                "DELETE FROM parked_change
                 WHERE site = :site AND version = :version AND sequence = :sequence",
                named_params! {
                    ":site": site.0, ":version": change.version, ":sequence": change.sequence,
                },
            )?;
        }
        transaction.commit()?;
        Ok(touched)
    }
}

fn parked(connection: &Connection) -> Result<Vec<(SiteId, Change)>, StoreError> {
    let mut statement = connection
        .prepare("SELECT site, change FROM parked_change ORDER BY site, version, sequence")?;
    let mut rows = statement.query([])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        let change = postcard::from_bytes(row.get_ref(1)?.as_blob().unwrap_or(b""))?;
        changes.push((SiteId(row.get(0)?), change));
    }
    Ok(changes)
}

/// Ids of every case with records here.
///
/// # Errors
/// When the database cannot be read.
pub fn all_cases(connection: &Connection) -> Result<BTreeSet<CaseId>, StoreError> {
    let mut statement =
        connection.prepare("SELECT case_id FROM case_event UNION SELECT case_id FROM draft")?;
    let cases = statement.query_map([], |row| row.get(0).map(CaseId))?;
    Ok(cases.collect::<Result<_, _>>()?)
}
