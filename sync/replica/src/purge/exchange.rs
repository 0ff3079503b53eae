//! What head office and the counters of a branch tell each other of orders to overwrite.

use counter_domain::ids::CaseId;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rusqlite::{Connection, Row, named_params};
use sync_engine::{CaseTurn, Peer, PeerRole, PurgeClosed, PurgeDone, PurgeOrder, PurgeStage};
use sync_protocol::limits::CASES_MAX;
use sync_protocol::{SiteId, VersionVector};

use super::overwrite::has_content;
use super::{CLOSED, OPEN};
use crate::copies::{CopyState, copy};
use crate::database::Replica;
use crate::error::StoreError;

/// Courier files are read for sixty days; clocks may be a day apart, here and where one was made.
const FILES_KEPT_MS: u64 = 62 * 24 * 60 * 60 * 1000;

impl Replica {
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
