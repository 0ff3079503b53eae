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

use std::collections::BTreeSet;

use counter_domain::case::{CaseEvent, HEAD_OFFICE};
use counter_domain::ids::{BranchCode, CaseId, DeviceId, StaffId};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rusqlite::{Connection, Row, named_params};
use sync_engine::{CaseTurn, Peer, PeerRole, PurgeClosed, PurgeDone, PurgeOrder, PurgeStage};
use sync_protocol::limits::CASES_MAX;
use sync_protocol::{ChangeBatch, SiteId, VersionVector};

use crate::copies::{self, Copy, CopyState, copy, note_copy};
use crate::database::{Replica, Write};
use crate::error::StoreError;
use crate::stream::AuditAction;
use crate::{holes, scope};

/// Noted in `next` of an overwritten case while the log may still hold pages of it.
const LOG_NOT_EMPTIED: &[u8] = &[1];

/// Courier files are read for sixty days; clocks may be a day apart, here and where one was made.
const FILES_KEPT_MS: u64 = 62 * 24 * 60 * 60 * 1000;

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

/// Whether anything of a case is here beside the steps that say who has it.
fn has_content(connection: &Connection, case: CaseId) -> Result<bool, StoreError> {
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

    /// Orders for the peer's branch that the peer is not known to have followed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn purge_orders(&self, peer: &Peer) -> Result<Vec<PurgeOrder>, StoreError> {
        if peer.role == PeerRole::Hub {
            return Ok(Vec::new());
        }
        self.not_followed(peer, OPEN)
    }

    /// Closed orders for the peer's branch that the peer never followed, because it came since: for
    /// a device that goes on for another and may have an old database with the case in it. Not those
    /// of a case that came back to the branch.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn purge_orders_before(&self, peer: &Peer) -> Result<Vec<PurgeOrder>, StoreError> {
        self.not_followed(peer, CLOSED)
    }

    fn not_followed(&self, peer: &Peer, state: i64) -> Result<Vec<PurgeOrder>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT case_id, turn, branch, signature FROM purge_order o
             WHERE branch = :branch AND state = :state AND NOT EXISTS (
                 SELECT 1 FROM purge_done d
                 WHERE d.case_id = o.case_id AND d.turn = o.turn AND d.device = :device)
             ORDER BY turn LIMIT :count",
        )?;
        let ask = named_params! {
            ":branch": peer.branch, ":state": state, ":device": peer.site.0, ":count": count_max(),
        };
        let orders = statement.query_map(ask, order_of)?;
        Ok(orders.collect::<Result<_, _>>()?)
    }

    /// Keeps orders that head office signed, and that nothing newer made void. A neighbour hands on
    /// orders of the own branch only, and it may not know yet that everybody followed one and forgot
    /// it: with nothing of the case here there is nothing to follow.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn keep_purge_orders(
        &mut self,
        peer: &Peer,
        orders: &[PurgeOrder],
    ) -> Result<(), StoreError> {
        for order in orders {
            let case = CaseId(order.case);
            let newest = copy(&self.connection, case)?.map_or(0, |copy| copy.turn);
            let ours = peer.role == PeerRole::Hub || order.branch == peer.branch;
            let bounded = order.turn <= 1 << 62 && order.branch.len() <= 8;
            if newest >= order.turn || !ours || !bounded || self.has_order(order)? {
                continue;
            }
            if peer.role == PeerRole::Counter && !has_content(&self.connection, case)? {
                continue;
            }
            if !self.is_ordered(order) {
                tracing::warn!(%case, "order to overwrite a case is not signed by head office");
                continue;
            }
            self.write_local(|write| put_order(write.connection(), order))?;
        }
        Ok(())
    }

    fn has_order(&self, order: &PurgeOrder) -> Result<bool, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT 1 FROM purge_order WHERE case_id = :case AND turn = :turn")?;
        Ok(statement.exists(named_params! { ":case": order.case, ":turn": order.turn })?)
    }

    fn is_ordered(&self, order: &PurgeOrder) -> bool {
        let Some(key) = &self.publishing_key else {
            return false;
        };
        let signed = PurgeOrder::signed_bytes(order.case, order.turn, &order.branch);
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key)
            .verify(&signed, &order.signature)
            .is_ok()
    }

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

    /// Which of the orders told are followed here, log and all.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn purges_done(&self, told: &[CaseTurn]) -> Result<Vec<PurgeDone>, StoreError> {
        let through = self.own_version()?;
        let mut done = Vec::new();
        for CaseTurn { case, turn } in told {
            let here = copy(&self.connection, CaseId(*case))?;
            let followed = here.is_some_and(|here| {
                here.is_overwritten() && here.turn >= *turn && here.next.is_empty()
            });
            if followed {
                done.push(PurgeDone {
                    case: *case,
                    turn: *turn,
                    through,
                    stage: PurgeStage::Overwritten,
                });
            }
        }
        Ok(done)
    }

    /// Notes how far a counter is with the orders of its branch.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn note_purged(&mut self, peer: &Peer, done: &[PurgeDone]) -> Result<(), StoreError> {
        let now = self.around.unix_ms();
        self.write_local(|write| {
            let mut statement = write.connection().prepare_cached(
                "INSERT INTO purge_done
                     (case_id, turn, device, through, done_unix_ms, forgotten)
                 SELECT case_id, turn, :device, :through, :now, :forgotten FROM purge_order
                 WHERE case_id = :case AND turn = :turn AND branch = :branch
                 ON CONFLICT (case_id, turn, device) DO UPDATE
                     SET forgotten = max(forgotten, excluded.forgotten)",
            )?;
            for one in done {
                statement.execute(named_params! {
                    ":device": peer.site.0, ":branch": peer.branch, ":now": now,
                    ":case": one.case, ":turn": one.turn.min(1 << 62),
                    ":through": one.through.min(1 << 62),
                    ":forgotten": i64::from(one.stage == PurgeStage::Forgotten),
                })?;
            }
            Ok(())
        })
    }

    /// Closed orders of the peer's branch that the peer still keeps.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn purges_closed(&self, peer: &Peer) -> Result<Vec<PurgeClosed>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT o.case_id, o.turn FROM purge_order o
             JOIN purge_done d ON d.case_id = o.case_id AND d.turn = o.turn AND d.device = :device
             WHERE o.branch = :branch AND o.state IN (1, 3) AND d.forgotten = 0
             ORDER BY o.turn LIMIT :count",
        )?;
        let ask = named_params! {
            ":device": peer.site.0, ":branch": peer.branch, ":count": count_max(),
        };
        let orders: Vec<([u8; 16], u64)> = statement
            .query_map(ask, |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let closed = |(case, turn)| {
            Ok(PurgeClosed {
                case,
                turn,
                through: self.written_until(case, turn)?,
            })
        };
        orders.into_iter().map(closed).collect()
    }

    fn written_until(&self, case: [u8; 16], turn: u64) -> Result<VersionVector, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT device, through FROM purge_done WHERE case_id = :case AND turn = :turn",
        )?;
        let ask = named_params! { ":case": case, ":turn": turn };
        let rows = statement.query_map(ask, |row| Ok((row.get(0).map(SiteId)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Forgets closed orders, where everything the branch's counters may have written of the case is
    /// held already: it will not be taken again. What a file from before the order says of the case
    /// is not taken either, as long as such a file is read.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn forget_purged(&mut self, closed: &[PurgeClosed]) -> Result<(), StoreError> {
        let held = self.vector()?;
        let oldest = self.around.unix_ms().saturating_sub(FILES_KEPT_MS) << 16;
        for one in closed {
            let all_held = one.through.iter().all(|(site, through)| {
                *site == self.site || held.get(site).copied().unwrap_or(0) >= *through
            });
            if !all_held || !self.keeps(one)? {
                continue;
            }
            let ask = named_params! { ":case": one.case, ":turn": one.turn };
            self.write_local(|write| {
                let connection = write.connection();
                connection.execute(
                    "DELETE FROM purge_order WHERE case_id = :case AND turn <= :turn",
                    ask,
                )?;
                connection.execute(
                    "UPDATE case_copy SET state = 3, next = x''
                     WHERE case_id = :case AND turn <= :turn AND state = 2",
                    ask,
                )?;
                connection.execute(
                    "DELETE FROM case_copy WHERE state = 3 AND turn < :oldest",
                    named_params! { ":oldest": oldest },
                )?;
                Ok::<(), StoreError>(())
            })?;
        }
        Ok(())
    }

    /// Closed orders that are forgotten here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn purges_forgotten(&self, closed: &[PurgeClosed]) -> Result<Vec<PurgeDone>, StoreError> {
        let mut forgotten = Vec::new();
        for one in closed {
            if !self.keeps(one)? {
                forgotten.push(PurgeDone {
                    case: one.case,
                    turn: one.turn,
                    through: self.own_version()?,
                    stage: PurgeStage::Forgotten,
                });
            }
        }
        Ok(forgotten)
    }

    /// Whether the order, or the note that it was followed, is still here.
    fn keeps(&self, one: &PurgeClosed) -> Result<bool, StoreError> {
        let noted = copy(&self.connection, CaseId(one.case))?
            .is_some_and(|copy| copy.state == CopyState::Overwritten && copy.turn <= one.turn);
        let order = PurgeOrder {
            case: one.case,
            turn: one.turn,
            branch: String::new(),
            signature: Vec::new(),
        };
        Ok(noted || self.has_order(&order)?)
    }

    /// Whether the case was overwritten here on head office's order and has not come back.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_overwritten(&self, case: CaseId) -> Result<bool, StoreError> {
        copies::is_overwritten(&self.connection, case)
    }
}

fn count_max() -> i64 {
    i64::try_from(CASES_MAX).unwrap_or(i64::MAX)
}

fn order_of(row: &Row<'_>) -> Result<PurgeOrder, rusqlite::Error> {
    Ok(PurgeOrder {
        case: row.get(0)?,
        turn: row.get(1)?,
        branch: row.get(2)?,
        signature: row.get(3)?,
    })
}

fn put_order(connection: &Connection, order: &PurgeOrder) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO purge_order
             (case_id, turn, branch, signature, issued_by, reason, issued_unix_ms, state)
         VALUES (:case, :turn, :branch, :signature, '', '', 0, 0)
         ON CONFLICT (case_id, turn) DO NOTHING",
    )?;
    statement.execute(named_params! {
        ":case": order.case, ":turn": order.turn, ":branch": order.branch,
        ":signature": order.signature,
    })?;
    Ok(())
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
