//! Overwriting: nothing of the case stays in the file or its log but the note that it was here.

use counter_domain::case::{CaseEvent, HEAD_OFFICE};
use counter_domain::ids::{CaseId, StaffId};
use rusqlite::{Connection, named_params};
use sync_protocol::ChangeBatch;

use crate::copies::{self, Copy, CopyState, note_copy};
use crate::database::Replica;
use crate::error::StoreError;
use crate::stream::AuditAction;
use crate::{holes, scope};

/// Noted in `next` of an overwritten case while the log may still hold pages of it.
const LOG_NOT_EMPTIED: &[u8] = &[1];

impl Replica {
    /// Orders kept here that are not followed yet, with their turns.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn purges_to_follow(&self) -> Result<Vec<(CaseId, u64)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT o.case_id, max(o.turn) FROM purge_order o WHERE o.state = 0
                 AND NOT EXISTS (SELECT 1 FROM case_copy c
                                 WHERE c.case_id = o.case_id AND c.turn >= o.turn)
             GROUP BY o.case_id",
        )?;
        let orders = statement.query_map([], |row| Ok((row.get(0).map(CaseId)?, row.get(1)?)))?;
        Ok(orders.collect::<Result<_, _>>()?)
    }

    /// Overwrites everything of a case; `forget` does the same for the lists of the room above, in
    /// the same transaction. The log is emptied afterwards, see [`Self::empty_log`].
    ///
    /// # Errors
    /// When the disk fails; nothing was changed then.
    pub fn overwrite_case(
        &mut self,
        case: CaseId,
        turn: u64,
        forget: impl FnOnce(&Connection) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.write_local(|write| {
            let was_here = has_content(write.connection(), case)?;
            forget(write.connection())?;
            overwrite(write.connection(), case, turn)?;
            // Written either way: by its log the other appliance of a cloned disk is told.
            let done = if was_here {
                AuditAction::CopyOverwritten
            } else {
                AuditAction::NothingToOverwrite
            };
            write.audit(&StaffId::from("-"), done, Some(case))
        })
    }

    /// Deletes a case for good, at head office: every branch that has or had it is ordered to
    /// overwrite its copy, and everything of it is overwritten here. What a counter, a neighbour or
    /// a file still sends of it is not taken. `sign` and `forget` as in [`Write::order_purge`] and
    /// [`Self::overwrite_case`]; the log is emptied afterwards.
    ///
    /// # Errors
    /// When an order is not signed or the disk fails; nothing was changed then.
    pub fn delete_case(
        &mut self,
        case: CaseId,
        (by, reason): (&StaffId, &str),
        mut sign: impl FnMut(&[u8]) -> Option<Vec<u8>>,
        forget: impl FnOnce(&Connection) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.write(|write| {
            let mut turn = scope::next_turn(write.connection())?;
            for branch in copies::branches_of(write.connection(), case)? {
                if branch.as_str() != HEAD_OFFICE {
                    turn = write.put_purge(case, &branch, (by, reason), &mut sign)?;
                }
            }
            forget(write.connection())?;
            overwrite(write.connection(), case, turn)?;
            write.audit(by, AuditAction::CaseDeleted, Some(case))
        })
    }

    /// Writes the log into the file and cuts it off, as long as an overwritten case may be in it.
    /// Somebody who reads at the same moment may prevent it; the next contact tries again.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn empty_log(&mut self) -> Result<(), StoreError> {
        if !self.log_holds_overwritten()? {
            return Ok(());
        }
        self.connection.flush_prepared_statement_cache();
        let busy: i64 =
            self.connection
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if busy != 0 {
            tracing::info!("log not emptied yet: somebody is reading");
            return Ok(());
        }
        self.write_local(|write| {
            let done = "UPDATE case_copy SET next = x'' WHERE state = 2 AND next <> x''";
            write.connection().execute(done, [])?;
            Ok(())
        })
    }

    /// Whether the log may still hold pages of a case that was overwritten.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn log_holds_overwritten(&self) -> Result<bool, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT 1 FROM case_copy WHERE state = 2 AND next <> x''")?;
        Ok(statement.exists([])?)
    }

    /// Whether the case was overwritten here on head office's order and has not come back.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_overwritten(&self, case: CaseId) -> Result<bool, StoreError> {
        copies::is_overwritten(&self.connection, case)
    }
}

/// Whether anything of a case is here beside the steps that say who has it.
pub(super) fn has_content(connection: &Connection, case: CaseId) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM draft WHERE case_id = :case
         UNION ALL SELECT 1 FROM snapshot WHERE case_id = :case
         UNION ALL SELECT 1 FROM blob_ref WHERE case_id = :case LIMIT 1",
    )?;
    if statement.exists(named_params! { ":case": case.0 })? {
        return Ok(true);
    }
    let mut steps =
        connection.prepare_cached("SELECT doc FROM case_event WHERE case_id = :case")?;
    let mut rows = steps.query([case.0])?;
    while let Some(row) = rows.next()? {
        let step = serde_json::from_slice::<CaseEvent>(row.get_ref(0)?.as_blob().unwrap_or(b""));
        if !step.is_ok_and(|step| step.what.is_move()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Everything of a case; a note says that it was here, so that it is not taken again.
fn overwrite(connection: &Connection, case: CaseId, turn: u64) -> Result<(), StoreError> {
    holes::note(connection, case)?;
    forget_blobs(connection, case)?;
    forget_records(connection, case)?;
    forget_aside(connection, case)?;
    let note = Copy {
        turn,
        state: CopyState::Overwritten,
        next: LOG_NOT_EMPTIED.to_vec(),
    };
    note_copy(connection, case, &note)
}

/// Bytes of blobs that no other case names.
fn forget_blobs(connection: &Connection, case: CaseId) -> Result<(), StoreError> {
    const ONLY_HERE: &str = "SELECT hash FROM blob_ref r WHERE r.case_id = :case AND NOT EXISTS (
             SELECT 1 FROM blob_ref o WHERE o.hash = r.hash AND o.case_id <> r.case_id)";
    let hashes: Vec<[u8; 32]> = connection
        .prepare_cached(ONLY_HERE)?
        .query_map([case.0], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for hash in hashes {
        connection.execute("DELETE FROM blob_piece WHERE hash = :hash", [hash])?;
        connection.execute("DELETE FROM blob WHERE hash = :hash", [hash])?;
    }
    Ok(())
}

/// What belongs to a replicated table: its rows, their clocks, their keys. cr-sqlite is made to look
/// away, so that it does not note a deletion.
const FORGET: &str = "
    SELECT crsql_internal_sync_bit(1);
    DELETE FROM draft WHERE case_id = ?1;
    DELETE FROM snapshot WHERE case_id = ?1;
    DELETE FROM blob_ref WHERE case_id = ?1;
    DELETE FROM case_event WHERE case_id = ?1;
    SELECT crsql_internal_sync_bit(0);
    DELETE FROM draft__crsql_clock WHERE key IN
        (SELECT __crsql_key FROM draft__crsql_pks WHERE case_id = ?1);
    DELETE FROM snapshot__crsql_clock WHERE key IN
        (SELECT __crsql_key FROM snapshot__crsql_pks WHERE case_id = ?1);
    DELETE FROM blob_ref__crsql_clock WHERE key IN
        (SELECT __crsql_key FROM blob_ref__crsql_pks WHERE case_id = ?1);
    DELETE FROM case_event__crsql_clock WHERE key IN
        (SELECT __crsql_key FROM case_event__crsql_pks WHERE case_id = ?1);
    DELETE FROM draft__crsql_pks WHERE case_id = ?1;
    DELETE FROM snapshot__crsql_pks WHERE case_id = ?1;
    DELETE FROM blob_ref__crsql_pks WHERE case_id = ?1;
    DELETE FROM case_event__crsql_pks WHERE case_id = ?1;
    DELETE FROM case_scope WHERE case_id = ?1;
    DELETE FROM case_branch WHERE case_id = ?1;
    DELETE FROM case_turn WHERE case_id = ?1";

fn forget_records(connection: &Connection, case: CaseId) -> Result<(), StoreError> {
    for step in FORGET.split(';') {
        let mut statement = connection.prepare(step)?;
        if statement.parameter_count() > 0 {
            statement.execute([case.0])?;
        } else {
            statement.query_row([], |_| Ok(()))?;
        }
    }
    Ok(())
}

/// What of the case was parked or kept aside.
fn forget_aside(connection: &Connection, case: CaseId) -> Result<(), StoreError> {
    for (site, change) in crate::parked::parked(connection)? {
        if scope::case_of(&change.key) == Some(case) {
            connection.execute(
                "DELETE FROM parked_change
                 WHERE site = :site AND version = :version AND sequence = :sequence",
                named_params! {
                    ":site": site.0, ":version": change.version, ":sequence": change.sequence,
                },
            )?;
        }
    }
    let mut statement = connection.prepare("SELECT site, batch FROM quarantine")?;
    let aside: Vec<([u8; 16], Vec<u8>)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (site, batch) in aside {
        let mut batch: ChangeBatch = postcard::from_bytes(&batch)?;
        let before = batch.changes.len();
        batch
            .changes
            .retain(|change| scope::case_of(&change.key) != Some(case));
        if batch.changes.len() < before {
            connection.execute(
                "UPDATE quarantine SET batch = :batch WHERE site = :site",
                named_params! { ":batch": postcard::to_stdvec(&batch)?, ":site": site },
            )?;
        }
    }
    Ok(())
}
