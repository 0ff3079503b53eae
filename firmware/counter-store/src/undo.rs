//! What fields held before, step by step; local to this counter.

use std::collections::BTreeSet;

use counter_domain::draft::{DraftField, FieldPath};
use counter_domain::ids::{CaseId, DeviceId};
use replica::StoreError;
use rusqlite::{Connection, named_params};

/// Steps kept of a case.
const STEPS_MAX: i64 = 200;

/// How a change is noted: case, this counter, the fields about to change.
pub(crate) type Remember =
    fn(&Connection, CaseId, DeviceId, &[&FieldPath]) -> Result<(), StoreError>;

/// Notes what this counter's fields hold now, unless the last step is to the same fields.
pub(crate) fn remember_unless_last(
    connection: &Connection,
    case: CaseId,
    device: DeviceId,
    paths: &[&FieldPath],
) -> Result<(), StoreError> {
    let place = named_params! { ":case": case.0, ":step": last_step(connection, case)? };
    let mut statement = connection
        .prepare_cached("SELECT path FROM undo WHERE case_id = :case AND step = :step")?;
    let last: BTreeSet<String> = statement
        .query_map(place, |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let same = last.len() == paths.len() && paths.iter().all(|path| last.contains(path.as_str()));
    if same {
        return Ok(());
    }
    remember(connection, case, device, paths)
}

/// Notes what this counter's fields hold now.
pub(crate) fn remember(
    connection: &Connection,
    case: CaseId,
    device: DeviceId,
    paths: &[&FieldPath],
) -> Result<(), StoreError> {
    let step = last_step(connection, case)? + 1;
    let mut statement = connection.prepare_cached(
        "INSERT INTO undo (case_id, step, path, doc) VALUES (:case, :step, :path, :doc)
         ON CONFLICT (case_id, step, path) DO NOTHING",
    )?;
    for path in paths {
        let before = shown_here(connection, case, path, device)?;
        let doc = before.map(|field| serde_json::to_vec(&field)).transpose()?;
        statement.execute(named_params! {
            ":case": case.0, ":step": step, ":path": path.as_str(), ":doc": doc,
        })?;
    }
    let mut statement =
        connection.prepare_cached("DELETE FROM undo WHERE case_id = :case AND step <= :old")?;
    statement.execute(named_params! { ":case": case.0, ":old": step - STEPS_MAX })?;
    Ok(())
}

/// What a person saw in the field: the own value, or another counter's when it was newer.
fn shown_here(
    connection: &Connection,
    case: CaseId,
    path: &FieldPath,
    device: DeviceId,
) -> Result<Option<DraftField>, StoreError> {
    match replica::field_of(connection, case, path, device)? {
        Some(own) => Ok(Some(own)),
        None => Ok(replica::draft(connection, case)?
            .field(path)
            .map(|field| field.shown)),
    }
}

/// Takes the last step off and returns what its fields held.
pub(crate) fn take(
    connection: &Connection,
    case: CaseId,
) -> Result<Vec<(FieldPath, Option<DraftField>)>, StoreError> {
    let place = named_params! { ":case": case.0, ":step": last_step(connection, case)? };
    let mut statement = connection.prepare_cached(
        "SELECT path, doc FROM undo WHERE case_id = :case AND step = :step ORDER BY path",
    )?;
    let mut rows = statement.query(place)?;
    let mut before = Vec::new();
    while let Some(row) = rows.next()? {
        let doc: Option<Vec<u8>> = row.get(1)?;
        let field = doc.map(|doc| serde_json::from_slice(&doc)).transpose()?;
        before.push((FieldPath(row.get(0)?), field));
    }
    drop(rows);
    let mut statement =
        connection.prepare_cached("DELETE FROM undo WHERE case_id = :case AND step = :step")?;
    statement.execute(place)?;
    Ok(before)
}

/// Whether there is a step to take off.
pub(crate) fn any(connection: &Connection, case: CaseId) -> Result<bool, StoreError> {
    Ok(last_step(connection, case)? > 0)
}

/// Forgets all steps: what was signed is not undone.
pub(crate) fn forget(connection: &Connection, case: CaseId) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM undo WHERE case_id = :case")?;
    statement.execute([case.0])?;
    Ok(())
}

fn last_step(connection: &Connection, case: CaseId) -> Result<i64, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT coalesce(max(step), 0) FROM undo WHERE case_id = :case")?;
    Ok(statement.query_row([case.0], |row| row.get(0))?)
}
