//! Which branch has a case, and what of it the counters of a branch may see.
//!
//! A case is the branch's that its history names: the one that started it, or the one it was handed
//! to since. Until the start is here it is the first writer's.
//! - The branch that has it sees all of it.
//! - A branch that had it keeps what it has, to be read, until it is told to overwrite it. From then
//!   on it is sent the steps that say who has the case, and nothing else.
//! - Any other branch sees nothing.

use counter_domain::case::{CaseEvent, CaseSummary, fold};
use counter_domain::ids::{BranchCode, CaseId};
use rusqlite::{Connection, OptionalExtension, named_params};
use sync_engine::{Peer, PeerRole};
use sync_protocol::{CellValue, Change};

use crate::error::StoreError;
use crate::pack::{KeyValue, unpack};
use crate::records::case_events;
use crate::{database, purge};

/// What somebody may see of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Nothing.
    Nothing,
    /// Only which branch has it.
    Moves,
    /// All of it.
    Whole,
}

impl Sight {
    /// Whether a change of the case may be sent.
    pub(crate) fn shows(self, change: &Change) -> bool {
        match self {
            Self::Nothing => false,
            Self::Whole => true,
            Self::Moves => is_move(change),
        }
    }
}

/// Whether it is a step that says which branch has the case.
fn is_move(change: &Change) -> bool {
    let CellValue::Blob(doc) = &change.value else {
        return false;
    };
    change.table == "case_event"
        && serde_json::from_slice::<CaseEvent>(doc).is_ok_and(|event| event.what.is_move())
}

pub(crate) fn branch(
    connection: &Connection,
    case: CaseId,
) -> Result<Option<BranchCode>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT branch FROM case_scope WHERE case_id = :case")?;
    Ok(statement
        .query_row([case.0], |row| row.get(0).map(BranchCode))
        .optional()?)
}

/// Gives the case to `branch`, unless it has one already.
pub(crate) fn claim(
    connection: &Connection,
    case: CaseId,
    branch: &BranchCode,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO case_scope (case_id, branch) VALUES (:case, :branch)
         ON CONFLICT (case_id) DO NOTHING",
    )?;
    let row = named_params! { ":case": case.0, ":branch": branch.as_str() };
    if statement.execute(row)? > 0 {
        admit(connection, case, branch)?;
    }
    Ok(())
}

/// From now on `branch` may write to the case and is told who has it.
fn admit(connection: &Connection, case: CaseId, branch: &BranchCode) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO case_branch (case_id, branch) VALUES (:case, :branch)
         ON CONFLICT (case_id, branch) DO NOTHING",
    )?;
    statement.execute(named_params! { ":case": case.0, ":branch": branch.as_str() })?;
    Ok(())
}

/// Forgets that `branch` had the case: its copies are overwritten.
pub(crate) fn dismiss(
    connection: &Connection,
    case: CaseId,
    branch: &BranchCode,
) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("DELETE FROM case_branch WHERE case_id = :case AND branch = :branch")?;
    statement.execute(named_params! { ":case": case.0, ":branch": branch.as_str() })?;
    Ok(())
}

/// Whether `branch` has or had the case, as far as is known here.
pub(crate) fn is_admitted(
    connection: &Connection,
    case: CaseId,
    branch: &str,
) -> Result<bool, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT 1 FROM case_branch WHERE case_id = :case AND branch = :branch")?;
    Ok(statement.exists(named_params! { ":case": case.0, ":branch": branch })?)
}

/// What `peer` may see of the case.
pub(crate) fn sight(
    connection: &Connection,
    peer: &Peer,
    case: CaseId,
) -> Result<Sight, StoreError> {
    if peer.role == PeerRole::Hub {
        return Ok(Sight::Whole);
    }
    if branch(connection, case)?.is_some_and(|owner| owner.as_str() == peer.branch) {
        return Ok(Sight::Whole);
    }
    Ok(if is_admitted(connection, case, &peer.branch)? {
        Sight::Moves
    } else {
        Sight::Nothing
    })
}

/// Whether `peer` may see all records of the case.
pub(crate) fn visible(
    connection: &Connection,
    peer: &Peer,
    case: CaseId,
) -> Result<bool, StoreError> {
    Ok(sight(connection, peer, case)? == Sight::Whole)
}

/// Reads anew from the history who has the case; called in the transaction that added a move.
pub(crate) fn settle(connection: &Connection, case: CaseId) -> Result<(), StoreError> {
    let summary = fold(&case_events(connection, case)?);
    let Some(holder) = summary.branch.as_ref().filter(|_| has_moved(&summary)) else {
        return Ok(());
    };
    connection
        .prepare_cached(
            "INSERT INTO case_scope (case_id, branch) VALUES (:case, :branch)
             ON CONFLICT (case_id) DO UPDATE SET branch = excluded.branch",
        )?
        .execute(named_params! { ":case": case.0, ":branch": holder.as_str() })?;
    for (branch, named_at) in named(&summary) {
        if !overwritten_since(connection, case, branch, named_at)? {
            admit(connection, case, branch)?;
        }
    }
    admit(connection, case, holder)?;
    note_turn(connection, case, holder)
}

/// Cases that were moved and that the branch has or had.
pub(crate) fn moved_cases(
    connection: &Connection,
    branch: &str,
) -> Result<Vec<CaseId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT t.case_id FROM case_turn t
         WHERE t.branch = :branch
             OR EXISTS (SELECT 1 FROM case_branch b
                        WHERE b.case_id = t.case_id AND b.branch = :branch)
             OR EXISTS (SELECT 1 FROM case_scope o
                        WHERE o.case_id = t.case_id AND o.branch = :branch)",
    )?;
    let cases = statement.query_map([branch], |row| row.get(0).map(CaseId))?;
    Ok(cases.collect::<Result<_, _>>()?)
}

/// Whether moves of the case were seen here.
pub(crate) fn has_turn(connection: &Connection, case: CaseId) -> Result<bool, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT 1 FROM case_turn WHERE case_id = :case")?;
    Ok(statement.exists([case.0])?)
}

fn has_moved(summary: &CaseSummary) -> bool {
    !summary.moves.is_empty() || !summary.contested.is_empty()
}

/// Branches the history names, each with the clock reading of its newest mention.
fn named(summary: &CaseSummary) -> impl Iterator<Item = (&BranchCode, u64)> {
    let moves = summary.moves.iter().chain(&summary.contested);
    moves.flat_map(|one| {
        let from = one.from.iter().map(|from| (from, one.at.0));
        from.chain(std::iter::once((&one.to, one.at.0)))
    })
}

/// Whether every counter of the branch overwrote the case after the branch was named.
fn overwritten_since(
    connection: &Connection,
    case: CaseId,
    branch: &BranchCode,
    named_at: u64,
) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM purge_order WHERE case_id = :case AND branch = :branch AND state = 1
             AND turn > :named_at",
    )?;
    let row = named_params! { ":case": case.0, ":branch": branch.as_str(), ":named_at": named_at };
    Ok(statement.exists(row)?)
}

/// A new turn when another branch has the case now; orders against that branch are void where they
/// were given. A counter may hear of an order before the moves that led to it, so there an order is
/// void only once the case comes with a later turn.
fn note_turn(connection: &Connection, case: CaseId, holder: &BranchCode) -> Result<(), StoreError> {
    let turn = next_turn(connection)?;
    let row = named_params! { ":case": case.0, ":branch": holder.as_str(), ":turn": turn };
    let changed = connection
        .prepare_cached(
            "INSERT INTO case_turn (case_id, branch, turn) VALUES (:case, :branch, :turn)
             ON CONFLICT (case_id) DO UPDATE SET branch = excluded.branch, turn = excluded.turn
             WHERE branch <> excluded.branch",
        )?
        .execute(row)?;
    if changed > 0 {
        purge::void_orders(connection, case, holder)?;
    }
    Ok(())
}

/// A turn greater than every one before it, moves and orders alike.
pub(crate) fn next_turn(connection: &Connection) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT max(coalesce((SELECT max(turn) FROM case_turn), 0),
                    coalesce((SELECT max(turn) FROM purge_order), 0))",
    )?;
    let newest: u64 = statement.query_row([], |row| row.get(0))?;
    Ok(database::clock(connection)?.0.max(newest + 1))
}

/// The case a packed key begins with.
pub(crate) fn case_of(packed_key: &[u8]) -> Option<CaseId> {
    match unpack(packed_key)?.first()? {
        KeyValue::Blob(bytes) => CaseId::from_slice(bytes),
        KeyValue::Text(_) => None,
    }
}
