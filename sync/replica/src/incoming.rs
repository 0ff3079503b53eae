//! How changes enter the database.
//!
//! A batch is sifted first, without the database: what each change is, and how far the batch is
//! good. What passed goes in with a few prepared statements and one transaction; nothing is looked up
//! change by change, because a batch has thousands of changes of a few dozen cases. Rows that are new
//! here are written as they are; cr-sqlite merges the others. Only when the database refuses something
//! is the batch undone and handed to cr-sqlite version by version.

use std::collections::{BTreeMap, BTreeSet};

use counter_domain::hlc::Hlc;
use counter_domain::ids::{BranchCode, CaseId};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{
    CachedStatement, Connection, OptionalExtension, ToSql, Transaction, TransactionBehavior,
    named_params, params,
};
use sync_engine::{Applied, Peer, PeerRole};
use sync_protocol::{CellValue, Change, ChangeBatch, Passed, SiteId, VersionVector};

use crate::database::{self, Replica};
use crate::error::StoreError;
use crate::new_rows::NewRows;
use crate::pack::{self, KeyValue};
use crate::records::BlobRef;
use crate::tables::{self, Content};
use crate::validate::{Checked, Meaning, Origin, Refusal, check};
use crate::{blob, copies, parked, purge, quarantine, scope, site_branch};

/// Transactions of one site; ten a second for three thousand years.
const VERSION_MAX: u64 = 1 << 40;

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
        let have = held(&self.connection, batch.site)?;
        if let Some(applied) = self.without_looking(peer, batch, have) {
            return Ok(applied);
        }
        let origin = Origin {
            site: batch.site,
            role: peer.role,
            now_unix_ms: self.around.unix_ms(),
        };
        let mut sifted = Sifted::of(batch, have, origin);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let taken = take(&transaction, peer, origin, &mut sifted)?;
        site_branch::note(&transaction, peer, have)?;
        hold(&transaction, batch.site, sifted.through)?;
        taken.move_clock(&transaction, origin.now_unix_ms)?;
        match sifted.refusal {
            Some(refusal) => quarantine::set_aside(&transaction, peer, batch, refusal, origin)?,
            None => quarantine::forget(&transaction, batch.site)?,
        }
        project(&transaction, &taken.touched)?;
        transaction.commit()?;
        match sifted.refusal {
            Some(refusal) => {
                let version = sifted.through + 1;
                tracing::warn!(site = %batch.site, version, %refusal, "batch kept aside");
                Ok(refused(refusal))
            }
            None => Ok(Applied::Done {
                changed: taken.changed,
            }),
        }
    }

    /// Notes versions in which nothing is for this database, all in one transaction; what became of
    /// each.
    ///
    /// # Errors
    /// When the database cannot be written; nothing was noted then.
    pub fn pass(&mut self, peer: &Peer, passed: &[Passed]) -> Result<Vec<Applied>, StoreError> {
        let mut applied = Vec::with_capacity(passed.len());
        let mut news = Vec::new();
        for one in passed {
            let have = held(&self.connection, one.site)?;
            let known = self.without_looking(peer, &(*one).into(), have);
            if known.is_none() {
                news.push((one, have));
            }
            applied.push(known.unwrap_or(Applied::Done { changed: 0 }));
        }
        if news.is_empty() {
            return Ok(applied);
        }
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (one, have) in news {
            site_branch::note(&transaction, peer, have)?;
            hold(&transaction, one.site, one.through)?;
            quarantine::forget(&transaction, one.site)?;
        }
        transaction.commit()?;
        Ok(applied)
    }

    /// The answer to a batch that is not looked into.
    fn without_looking(&self, peer: &Peer, batch: &ChangeBatch, have: u64) -> Option<Applied> {
        if batch.site == self.site {
            Some(Applied::Known)
        } else if peer.role == PeerRole::Counter && batch.site != peer.site {
            Some(refused(Refusal::ForeignSite))
        } else if batch.through > VERSION_MAX || batch.after > batch.through {
            Some(refused(Refusal::Versions))
        } else if batch.through <= have {
            Some(Applied::Known)
        } else if batch.after > have {
            Some(Applied::Gap { have })
        } else {
            None
        }
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

fn hold(connection: &Connection, site: SiteId, through: u64) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO peer_vector (site, through) VALUES (:site, :through)
         ON CONFLICT (site) DO UPDATE SET through = excluded.through",
    )?;
    statement.execute(named_params! { ":site": site.0, ":through": through })?;
    Ok(())
}

/// How far a batch is good, as far as can be told without the database.
struct Sifted<'b> {
    /// Versions that passed, in order.
    versions: Vec<(u64, Vec<Checked<'b>>)>,
    /// The version held once they are applied.
    through: u64,
    /// Why not further.
    refusal: Option<Refusal>,
}

impl<'b> Sifted<'b> {
    /// Sifts what is new behind `have`.
    fn of(batch: &'b ChangeBatch, have: u64, origin: Origin) -> Self {
        let mut sifted = Self {
            versions: Vec::new(),
            through: have,
            refusal: None,
        };
        for changes in batch
            .changes
            .chunk_by(|one, next| one.version == next.version)
        {
            let Some(version) = changes.first().map(|change| change.version) else {
                continue;
            };
            if version <= have {
                continue;
            }
            if version <= sifted.through || version > batch.through {
                sifted.refusal = Some(Refusal::Versions);
                return sifted;
            }
            match check_version(changes, origin) {
                Ok(checked) => sifted.versions.push((version, checked)),
                Err(refusal) => {
                    sifted.stop_before(version, refusal);
                    return sifted;
                }
            }
            sifted.through = version;
        }
        sifted.through = batch.through;
        sifted
    }

    /// Versions between two that carry changes are empty, so they count as held.
    fn stop_before(&mut self, version: u64, refusal: Refusal) {
        self.through = version.saturating_sub(1);
        self.refusal = Some(refusal);
    }
}

fn check_version(changes: &[Change], origin: Origin) -> Result<Vec<Checked<'_>>, Refusal> {
    if !changes.is_sorted_by(|one, next| one.sequence < next.sequence) {
        return Err(Refusal::Sequence);
    }
    changes.iter().map(|change| check(change, origin)).collect()
}

/// Applies what passed. When the database refuses one version, those before it are applied, and
/// `sifted` tells how far that is.
fn take(
    transaction: &Transaction<'_>,
    peer: &Peer,
    origin: Origin,
    sifted: &mut Sifted<'_>,
) -> Result<Taken, StoreError> {
    let mut intake = Intake::new(transaction, peer, origin)?;
    intake.new_rows = Some(NewRows::of(transaction, origin.site)?);
    let mut stopped = None;
    for (version, checked) in &sifted.versions {
        if intake.take_version(checked)?.is_some() {
            stopped = Some(*version);
            break;
        }
    }
    if stopped.is_none() {
        intake.settle_moved()?;
        if let Some(rows) = &intake.new_rows {
            rows.note_version()?;
        }
        return Ok(intake.taken);
    }
    drop(intake);
    // Half a version may be in by now.
    transaction.execute_batch("ROLLBACK; BEGIN IMMEDIATE")?;
    let mut intake = Intake::new(transaction, peer, origin)?;
    let mut refused = None;
    for (version, checked) in &sifted.versions {
        transaction.execute_batch("SAVEPOINT version")?;
        if let Some(refusal) = intake.take_version(checked)? {
            transaction.execute_batch("ROLLBACK TO version; RELEASE version")?;
            refused = Some((*version, refusal));
            break;
        }
        transaction.execute_batch("RELEASE version")?;
    }
    intake.settle_moved()?;
    let taken = intake.taken;
    if let Some((version, refusal)) = refused {
        sifted.stop_before(version, refusal);
    }
    Ok(taken)
}

/// What a batch came to.
#[derive(Default)]
struct Taken {
    touched: BTreeSet<CaseId>,
    changed: usize,
    newest: Hlc,
}

impl Taken {
    fn move_clock(&self, connection: &Connection, now_unix_ms: u64) -> Result<(), StoreError> {
        move_clock(connection, self.newest, now_unix_ms)
    }
}

/// The clock never falls behind what was received.
pub(crate) fn move_clock(
    connection: &Connection,
    newest: Hlc,
    now_unix_ms: u64,
) -> Result<(), StoreError> {
    let clock = database::clock(connection)?;
    if newest > clock {
        database::set_clock(connection, clock.receive(newest, now_unix_ms))?;
    }
    Ok(())
}

/// A batch being applied.
struct Intake<'a> {
    connection: &'a Connection,
    peer: &'a Peer,
    origin: Origin,
    insert: CachedStatement<'a>,
    /// `None` where cr-sqlite is to take every row.
    new_rows: Option<NewRows<'a>>,
    written: Written<'a>,
    /// Branches of cases, as far as they were looked up.
    owners: BTreeMap<CaseId, BranchCode>,
    /// Whether cases were overwritten here, as far as it was looked up.
    overwritten: BTreeMap<CaseId, bool>,
    /// Cases whose branch is to be read anew.
    moved: BTreeSet<CaseId>,
    taken: Taken,
}

impl<'a> Intake<'a> {
    fn new(connection: &'a Connection, peer: &'a Peer, origin: Origin) -> Result<Self, StoreError> {
        Ok(Self {
            connection,
            peer,
            origin,
            insert: connection.prepare_cached(INSERT)?,
            new_rows: None,
            written: Written::of(connection)?,
            owners: BTreeMap::new(),
            overwritten: BTreeMap::new(),
            moved: BTreeSet::new(),
            taken: Taken::default(),
        })
    }

    /// Applies one version, or says why not; half of it may be in then.
    fn take_version(&mut self, checked: &[Checked<'_>]) -> Result<Option<Refusal>, StoreError> {
        for change in checked {
            if let Some(refusal) = self.take_change(change)? {
                return Ok(Some(refusal));
            }
        }
        // Counted last: a version that is undone leaves no trace.
        for change in checked {
            self.taken.touched.insert(change.case);
            self.taken.newest = self.taken.newest.max(change.at);
        }
        self.taken.changed += checked.len();
        Ok(None)
    }

    fn take_change(&mut self, checked: &Checked<'_>) -> Result<Option<Refusal>, StoreError> {
        // It counts as held; should the case come back to this branch, it comes whole.
        if self.is_overwritten(checked.case)? {
            return Ok(None);
        }
        if let Some(refusal) = self.check_branch(checked)? {
            return Ok(Some(refusal));
        }
        match &checked.meaning {
            Meaning::Parked => {
                parked::park(self.connection, self.origin.site, checked.change)?;
                return Ok(None);
            }
            Meaning::Blob(hash, what) => blob::want(self.connection, *hash, what)?,
            Meaning::Moved(_) => drop(self.moved.insert(checked.case)),
            Meaning::Started(_) if scope::has_turn(self.connection, checked.case)? => {
                self.moved.insert(checked.case);
            }
            Meaning::Started(_) | Meaning::Other => {}
        }
        if let Some(rows) = &mut self.new_rows {
            match rows.add(checked.change) {
                Ok(true) => return Ok(None),
                Ok(false) => {}
                Err(error) => return self.refused(error),
            }
        }
        if self.written.differs(checked)? {
            return Ok(Some(Refusal::Taken));
        }
        match insert(&mut self.insert, self.origin.site, checked.change) {
            Ok(()) => Ok(None),
            Err(error) => self.refused(error),
        }
    }

    fn refused(&self, error: rusqlite::Error) -> Result<Option<Refusal>, StoreError> {
        // Some errors take the whole transaction with them; then nothing can go on.
        if is_own_fault(&error) || self.connection.is_autocommit() {
            Err(error.into())
        } else {
            Ok(Some(Refusal::Database))
        }
    }

    /// A counter writes only to cases its own branch has or had; a case is the branch's that
    /// started it, until it is handed on. It moves a case in its own branch's name only.
    fn check_branch(&mut self, checked: &Checked<'_>) -> Result<Option<Refusal>, StoreError> {
        let named = match &checked.meaning {
            Meaning::Started(branch) | Meaning::Moved(Some(branch)) => Some(branch),
            Meaning::Blob(..) | Meaning::Moved(None) | Meaning::Other | Meaning::Parked => None,
        };
        match self.peer.role {
            PeerRole::Hub => {
                if let Meaning::Started(branch) = &checked.meaning {
                    scope::claim(self.connection, checked.case, branch)?;
                }
                Ok(None)
            }
            PeerRole::Counter => {
                let own = self.peer.branch.as_str();
                let foreign = |branch: &BranchCode| branch.as_str() != own;
                if named.is_some_and(foreign) {
                    return Ok(Some(Refusal::Branch));
                }
                // Who gave a case away may have worked on it before it heard of that.
                // Also before it was ordered to overwrite its copy, on a disk that was put back.
                let admitted = !foreign(self.owner(checked.case)?)
                    || scope::is_admitted(self.connection, checked.case, own)?
                    || purge::was_ordered(self.connection, checked.case, own)?;
                Ok((!admitted).then_some(Refusal::Branch))
            }
        }
    }

    fn is_overwritten(&mut self, case: CaseId) -> Result<bool, StoreError> {
        if let Some(known) = self.overwritten.get(&case) {
            return Ok(*known);
        }
        let overwritten = copies::is_overwritten(self.connection, case)?;
        self.overwritten.insert(case, overwritten);
        Ok(overwritten)
    }

    /// Reads anew which branches have the cases that were moved.
    fn settle_moved(&self) -> Result<(), StoreError> {
        self.moved
            .iter()
            .try_for_each(|case| scope::settle(self.connection, *case))
    }

    /// The branch of a case; a case nobody claimed yet becomes the peer's.
    fn owner(&mut self, case: CaseId) -> Result<&BranchCode, StoreError> {
        use std::collections::btree_map::Entry;
        match self.owners.entry(case) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(unknown) => {
                let owner = if let Some(owner) = scope::branch(self.connection, case)? {
                    owner
                } else {
                    let own = BranchCode(self.peer.branch.clone());
                    scope::claim(self.connection, case, &own)?;
                    own
                };
                Ok(unknown.insert(owner))
            }
        }
    }
}

/// What is written once and for all. cr-sqlite settles two writers of one cell by the larger value,
/// so a counter that knows an event's id could put an event of its own in the place of somebody
/// else's. Snapshots need no look: their name is the hash of their content.
struct Written<'a> {
    event: CachedStatement<'a>,
    blob_ref: CachedStatement<'a>,
}

impl<'a> Written<'a> {
    fn of(connection: &'a Connection) -> Result<Self, StoreError> {
        let prepared = |sql| connection.prepare_cached(sql);
        Ok(Self {
            event: prepared(
                "SELECT doc FROM case_event WHERE case_id = :case AND event_id = :name",
            )?,
            blob_ref: prepared("SELECT doc FROM blob_ref WHERE case_id = :case AND hash = :name")?,
        })
    }

    /// Whether the row is here and says something else: any other event, or another length of the
    /// same blob. What kind of document a blob is, two counters may see differently; and the
    /// successor of a lost counter tells that one's events again as the device that writes them.
    fn differs(&mut self, checked: &Checked<'_>) -> Result<bool, StoreError> {
        let change = checked.change;
        let statement = match tables::table(&change.table).map(|table| table.content) {
            Some(Content::Event) => &mut self.event,
            Some(Content::BlobRef) => &mut self.blob_ref,
            Some(Content::DraftField | Content::Snapshot) | None => return Ok(false),
        };
        let key = pack::unpack(&change.key);
        let Some(KeyValue::Blob(name)) = key.and_then(|key| key.last()) else {
            return Ok(false);
        };
        let row = named_params! { ":case": checked.case.0, ":name": name };
        let mut rows = statement.query(row)?;
        let Some(row) = rows.next()? else {
            return Ok(false);
        };
        let here = row.get_ref(0)?.as_blob().unwrap_or(b"");
        Ok(match &checked.meaning {
            Meaning::Blob(_, what) => serde_json::from_slice::<BlobRef>(here)
                .is_ok_and(|known| known.length != what.length),
            Meaning::Started(_) | Meaning::Moved(_) | Meaning::Other | Meaning::Parked => {
                let CellValue::Blob(told) = &change.value else {
                    return Ok(true);
                };
                here != told.as_slice() && without_device(here) != without_device(told)
            }
        })
    }
}

/// An event without the device that wrote it; `None` when it is no JSON object.
fn without_device(doc: &[u8]) -> Option<serde_json::Map<String, serde_json::Value>> {
    let mut event: serde_json::Map<_, _> = serde_json::from_slice(doc).ok()?;
    event.remove("device");
    Some(event)
}

/// Disk and memory, not the change.
pub(crate) fn is_own_fault(error: &rusqlite::Error) -> bool {
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

const INSERT: &str = "INSERT INTO crsql_changes
         (\"table\", pk, cid, val, col_version, db_version, site_id, cl, seq, ts)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

/// Hands one checked change to cr-sqlite.
fn insert(
    statement: &mut CachedStatement<'_>,
    site: SiteId,
    change: &Change,
) -> Result<(), rusqlite::Error> {
    statement.execute(params![
        change.table,
        change.key,
        change.column,
        Cell(&change.value),
        change.column_version,
        change.version,
        site.0,
        change.causal_length,
        change.sequence,
        change.at,
    ])?;
    Ok(())
}

/// Hands one change that was parked to cr-sqlite.
pub(crate) fn insert_once(
    connection: &Connection,
    site: SiteId,
    change: &Change,
) -> Result<(), rusqlite::Error> {
    insert(&mut connection.prepare_cached(INSERT)?, site, change)
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

#[cfg(test)]
mod tests {
    use sync_protocol::SiteId;

    use super::*;
    use crate::test_replica::open;

    const HUB: SiteId = SiteId([9; 16]);

    fn peer(site: SiteId, role: PeerRole) -> Peer {
        Peer {
            site,
            branch: "07".to_owned(),
            role,
        }
    }

    fn passed(site: u8, after: u64, through: u64) -> Passed {
        Passed {
            site: SiteId([site; 16]),
            after,
            through,
        }
    }

    #[test]
    fn passed_versions_are_held_where_they_follow() {
        let folder = tempfile::tempdir().unwrap();
        let mut here = open(folder.path(), 1);
        let told = [
            passed(2, 0, 5),
            passed(3, 4, 5),
            passed(1, 0, 5),
            passed(4, 5, 4),
        ];
        let applied = here.pass(&peer(HUB, PeerRole::Hub), &told).unwrap();
        let [
            Applied::Done { changed: 0 },
            Applied::Gap { have: 0 },
            Applied::Known,
            Applied::Quarantined { .. },
        ] = applied.as_slice()
        else {
            panic!("{applied:?}");
        };
        let again = here.pass(&peer(HUB, PeerRole::Hub), &told[..1]).unwrap();
        assert_eq!(again, [Applied::Known]);
        drop(here);
        let held = open(folder.path(), 1).vector().unwrap();
        let there = VersionVector::from([(SiteId([1; 16]), 0), (SiteId([2; 16]), 5)]);
        assert_eq!(held, there);
    }

    #[test]
    fn counter_passes_versions_of_its_own_only() {
        let folder = tempfile::tempdir().unwrap();
        let mut here = open(folder.path(), 1);
        let counter = peer(SiteId([2; 16]), PeerRole::Counter);
        let applied = here
            .pass(&counter, &[passed(3, 0, 5), passed(2, 0, 5)])
            .unwrap();
        assert_eq!(
            applied,
            [refused(Refusal::ForeignSite), Applied::Done { changed: 0 }]
        );
        assert_eq!(held(&here.connection, SiteId([3; 16])).unwrap(), 0);
    }
}
