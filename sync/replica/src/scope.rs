//! Which branch a case belongs to: the one named by its start, until then the first writer's.

use counter_domain::ids::{BranchCode, CaseId};
use rusqlite::{Connection, OptionalExtension, named_params};
use sync_engine::{Peer, PeerRole};

use crate::error::StoreError;
use crate::pack::{KeyValue, unpack};

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
    statement.execute(named_params! { ":case": case.0, ":branch": branch.as_str() })?;
    Ok(())
}

/// Whether `peer` may see the records of the case.
pub(crate) fn visible(
    connection: &Connection,
    peer: &Peer,
    case: CaseId,
) -> Result<bool, StoreError> {
    Ok(match peer.role {
        PeerRole::Hub => true,
        PeerRole::Counter => {
            branch(connection, case)?.is_some_and(|owner| owner.as_str() == peer.branch)
        }
    })
}

/// The case a packed key begins with.
pub(crate) fn case_of(packed_key: &[u8]) -> Option<CaseId> {
    match unpack(packed_key)?.first()? {
        KeyValue::Blob(bytes) => CaseId::from_slice(bytes),
        KeyValue::Text(_) => None,
    }
}
