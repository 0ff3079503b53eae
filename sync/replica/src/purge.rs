//! Overwriting a branch's copy of a case.
//!
//! Head office signs an order; it travels like everything else, also by neighbours and files. A
//! counter follows it once head office has everything it wrote of the case, and says so only when
//! neither the file nor its log hold anything of the case: rows, their names in cr-sqlite's tables,
//! blobs, what is kept aside, and the lists of the rooms above (`secure_delete` is on, so what is
//! deleted is overwritten). Nothing is deleted as cr-sqlite understands it, because the case lives on
//! elsewhere: the rows are forgotten, and the order is kept in their stead so that neighbours and
//! files written earlier cannot bring them back. When every counter of the branch has followed it,
//! and a counter holds every version in which they may have written of the case, the order is
//! forgotten too; that the case was here is noted until no file from before the order is read any
//! more.

mod exchange;
mod overwrite;

use std::collections::BTreeSet;

use counter_domain::ids::{BranchCode, CaseId, DeviceId, StaffId};
use rusqlite::{Connection, named_params};
use sync_engine::PurgeOrder;

use crate::database::{Replica, Write};
use crate::error::StoreError;
use crate::scope;

/// Somebody has still to follow the order.
const OPEN: i64 = 0;
/// Every counter followed the order.
const CLOSED: i64 = 1;
/// The case came back to the branch before that.
const VOID: i64 = 2;
/// The case came back to the branch after that.
const CAME_BACK: i64 = 3;

/// An order as head office shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurgeRow {
    /// The branch that must not have the case.
    pub branch: BranchCode,
    /// The order's turn.
    pub turn: u64,
    /// Who ordered it.
    pub by: StaffId,
    /// Why.
    pub reason: String,
    /// When.
    pub issued_unix_ms: u64,
    /// Every counter followed it.
    pub closed: bool,
    /// The case came back to the branch since: what the branch has now, it may have.
    pub void: bool,
    /// The counters that followed it.
    pub done: Vec<PurgedBy>,
}

/// A counter that followed an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurgedBy {
    /// Which.
    pub device: DeviceId,
    /// When it said so.
    pub unix_ms: u64,
}

impl Write<'_> {
    /// Orders the counters of `branch` to overwrite a case it does not have any more; `sign` makes
    /// an ECDSA P-256 SHA-256 signature (ASN.1). Returns the order's turn.
    ///
    /// # Errors
    /// When the branch has the case, the order is not signed, or the disk fails.
    pub fn order_purge(
        &mut self,
        case: CaseId,
        branch: &BranchCode,
        by: &StaffId,
        reason: &str,
        sign: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<u64, StoreError> {
        if scope::branch(&self.transaction, case)?.as_ref() == Some(branch) {
            return Err(StoreError::Bounds {
                what: "order against the branch that has the case",
            });
        }
        self.put_purge(case, branch, (by, reason), sign)
    }

    fn put_purge(
        &mut self,
        case: CaseId,
        branch: &BranchCode,
        (by, reason): (&StaffId, &str),
        sign: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<u64, StoreError> {
        let turn = scope::next_turn(&self.transaction)?;
        let signature = sign(&PurgeOrder::signed_bytes(case.0, turn, branch.as_str())).ok_or(
            StoreError::Bounds {
                what: "order that nobody signed",
            },
        )?;
        let mut statement = self.transaction.prepare_cached(
            "INSERT INTO purge_order
                 (case_id, turn, branch, signature, issued_by, reason, issued_unix_ms, state)
             VALUES (:case, :turn, :branch, :signature, :by, :reason, :now, 0)",
        )?;
        statement.execute(named_params! {
            ":case": case.0, ":turn": turn, ":branch": branch.as_str(), ":signature": signature,
            ":by": by.as_str(), ":reason": reason, ":now": self.at.unix_ms(),
        })?;
        Ok(turn)
    }

    /// Closes the orders of a branch that all of `counters` have followed: from then on the branch
    /// is nothing to the case. Returns the cases.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn close_purges(
        &mut self,
        branch: &BranchCode,
        counters: &[DeviceId],
    ) -> Result<BTreeSet<CaseId>, StoreError> {
        let connection = &self.transaction;
        let mut closed = BTreeSet::new();
        for (case, turn) in open_orders(connection, branch)? {
            let done: BTreeSet<DeviceId> = done_by(connection, case, turn)?
                .into_iter()
                .map(|done| done.device)
                .collect();
            if !counters.iter().all(|counter| done.contains(counter)) {
                continue;
            }
            set_state(connection, case, turn, CLOSED)?;
            scope::dismiss(connection, case, branch)?;
            closed.insert(case);
        }
        Ok(closed)
    }
}

/// Whether the branch was ever ordered to overwrite the case.
pub(crate) fn was_ordered(
    connection: &Connection,
    case: CaseId,
    branch: &str,
) -> Result<bool, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT 1 FROM purge_order WHERE case_id = :case AND branch = :branch")?;
    Ok(statement.exists(named_params! { ":case": case.0, ":branch": branch })?)
}

/// Whether an order about the case is kept here that is not followed, at the branch it is for.
pub(crate) fn is_ordered_here(connection: &Connection, case: CaseId) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM purge_order o WHERE o.case_id = :case AND o.state = 0 AND NOT EXISTS (
             SELECT 1 FROM case_copy c WHERE c.case_id = o.case_id AND c.turn >= o.turn)",
    )?;
    Ok(statement.exists(named_params! { ":case": case.0 })?)
}

fn open_orders(
    connection: &Connection,
    branch: &BranchCode,
) -> Result<Vec<(CaseId, u64)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT case_id, turn FROM purge_order WHERE branch = :branch AND state = 0",
    )?;
    let orders = statement.query_map([branch.as_str()], |row| {
        Ok((row.get(0).map(CaseId)?, row.get(1)?))
    })?;
    Ok(orders.collect::<Result<_, _>>()?)
}

/// The branch has the case again: orders against it say nothing about what it has from now on.
pub(crate) fn void_orders(
    connection: &Connection,
    case: CaseId,
    holder: &BranchCode,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE purge_order SET state = CASE state WHEN :closed THEN :came_back ELSE :void END
         WHERE case_id = :case AND branch = :branch AND state IN (0, 1) AND issued_by <> ''",
    )?;
    statement.execute(named_params! {
        ":case": case.0, ":branch": holder.as_str(), ":closed": CLOSED, ":void": VOID,
        ":came_back": CAME_BACK,
    })?;
    Ok(())
}

fn set_state(
    connection: &Connection,
    case: CaseId,
    turn: u64,
    state: i64,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE purge_order SET state = :state WHERE case_id = :case AND turn = :turn",
    )?;
    statement.execute(named_params! { ":state": state, ":case": case.0, ":turn": turn })?;
    Ok(())
}

fn done_by(connection: &Connection, case: CaseId, turn: u64) -> Result<Vec<PurgedBy>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT device, done_unix_ms FROM purge_done
         WHERE case_id = :case AND turn = :turn ORDER BY done_unix_ms",
    )?;
    let done = statement.query_map(named_params! { ":case": case.0, ":turn": turn }, |row| {
        Ok(PurgedBy {
            device: row.get(0).map(DeviceId)?,
            unix_ms: row.get(1)?,
        })
    })?;
    Ok(done.collect::<Result<_, _>>()?)
}

impl Replica {
    /// Every order ever given about a case, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn purges_of(&self, case: CaseId) -> Result<Vec<PurgeRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT branch, turn, issued_by, reason, issued_unix_ms, state FROM purge_order
             WHERE case_id = :case ORDER BY turn DESC",
        )?;
        let rows = statement.query_map([case.0], |row| {
            let state: i64 = row.get(5)?;
            Ok(PurgeRow {
                branch: row.get(0).map(BranchCode)?,
                turn: row.get(1)?,
                by: row.get(2).map(StaffId)?,
                reason: row.get(3)?,
                issued_unix_ms: row.get(4)?,
                closed: state == CLOSED || state == CAME_BACK,
                void: state == VOID || state == CAME_BACK,
                done: Vec::new(),
            })
        })?;
        let mut orders: Vec<PurgeRow> = rows.collect::<Result<_, _>>()?;
        for order in &mut orders {
            order.done = done_by(&self.connection, case, order.turn)?;
        }
        Ok(orders)
    }
}
