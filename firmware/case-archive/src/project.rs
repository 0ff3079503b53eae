//! Keeps the projection: one row and one set of tokens a filing.

use std::collections::BTreeSet;

use counter_domain::case::{CaseSummary, fold};
use counter_domain::ids::{BranchCode, CaseId};
use counter_domain::snapshot::Snapshot;
use replica::{OpenError, Replica, StoreError};
use rusqlite::{Connection, OptionalExtension, named_params};

use crate::keys::Keys;
use crate::tokens::{self, Facts};

const STEPS: [&str; 1] = [include_str!("../migrations/0001-create-archive.sql")];

/// Grows when keys or tokens are made differently.
const LAYOUT: i64 = 2;

/// How the index is kept. It never merges by itself, because how long that takes grows with the
/// archive: [`merge`] takes a few pages for each filing instead. What is collected in memory
/// within one transaction stays small for the same reason. SQLite, FTS5, "Special INSERT Directives".
const SETTINGS: [(&str, i64); 4] = [
    ("automerge", 0),
    ("crisismerge", 1_000),
    ("usermerge", 4),
    ("hashsize", 64 << 10),
];

/// Pages merged for each filing; a filing's words take about two, at all sizes together.
const MERGED_PAGES: i32 = 8;

/// Makes the tables where they are missing, and the projection anew when an older program made it.
/// A restored database that may not be written yet keeps what it has.
///
/// # Errors
/// See [`OpenError`].
pub fn open(replica: &mut Replica) -> Result<(), OpenError> {
    replica.migrate_room("case-archive", &STEPS)?;
    if layout(replica.reader())? == Some(LAYOUT) {
        return Ok(());
    }
    match replica.write(|write| make_anew(write.connection())) {
        Ok(()) | Err(StoreError::Restored { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn layout(connection: &Connection) -> Result<Option<i64>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT layout FROM archive_state WHERE only_row = 1")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}

fn make_anew(connection: &Connection) -> Result<(), StoreError> {
    for (name, value) in SETTINGS {
        connection.execute(
            "INSERT INTO filing_token (filing_token, rank) VALUES (:name, :value)",
            named_params! { ":name": name, ":value": value },
        )?;
    }
    connection.execute(
        "INSERT INTO filing_token (filing_token) VALUES ('delete-all')",
        [],
    )?;
    connection.execute("DELETE FROM filing", [])?;
    let mut statement = connection.prepare("SELECT DISTINCT case_id FROM case_event")?;
    let cases: BTreeSet<CaseId> = statement
        .query_map([], |row| row.get(0).map(CaseId))?
        .collect::<Result<_, _>>()?;
    for case in cases {
        let summary = fold(&replica::case_events(connection, case)?);
        let branch = replica::branch_of(connection, case)?;
        project(connection, case, &summary, branch.as_ref())?;
    }
    connection.execute(
        "INSERT INTO archive_state (only_row, layout) VALUES (1, :layout)
         ON CONFLICT (only_row) DO UPDATE SET layout = excluded.layout",
        [LAYOUT],
    )?;
    Ok(())
}

/// Keeps a filing findable; called in the transaction that changes its case. Does nothing before
/// the first submission, and next to nothing while what is kept stays the same.
///
/// # Errors
/// When the disk fails.
pub fn project(
    connection: &Connection,
    case: CaseId,
    summary: &CaseSummary,
    branch: Option<&BranchCode>,
) -> Result<(), StoreError> {
    let kept = keep(connection, case, summary, branch)?;
    merge(connection, kept)
}

/// As [`project`], for a transaction with many cases: returns how many filings went into the index, 0
/// or 1, and [`merge`] is to be called at the end with their sum. What goes in before a merge is
/// written together, which costs a fraction.
///
/// # Errors
/// When the disk fails.
pub fn keep(
    connection: &Connection,
    case: CaseId,
    summary: &CaseSummary,
    branch: Option<&BranchCode>,
) -> Result<i32, StoreError> {
    let Some(hash) = summary.in_force() else {
        return Ok(0);
    };
    let state = state_text(summary)?;
    let known = known(connection, case)?;
    if let Some((id, snapshot)) = &known
        && *snapshot == hash.0
    {
        connection
            .prepare_cached("UPDATE filing SET state = :state WHERE id = :id AND state <> :state")?
            .execute(named_params! { ":state": state, ":id": id })?;
        return Ok(0);
    }
    let Some(snapshot) = replica::snapshot(connection, case, hash)? else {
        return Ok(0); // its row is still on the way, and touches the case when it comes
    };
    let branch = branch.or(summary.branch.as_ref());
    let row = Row {
        case,
        snapshot: &snapshot,
        hash: hash.0,
        branch: branch.map(BranchCode::as_str).unwrap_or_default(),
        staff: summary
            .submitted_by
            .as_ref()
            .map_or("", |staff| staff.as_str()),
        state: &state,
    };
    row.put(connection, known.map(|(id, _)| id))?;
    Ok(1)
}

/// Merges what so many filings owe to the index.
///
/// # Errors
/// When the disk fails.
pub fn merge(connection: &Connection, kept: i32) -> Result<(), StoreError> {
    if kept > 0 {
        connection
            .prepare_cached(
                "INSERT INTO filing_token (filing_token, rank) VALUES ('merge', :pages)",
            )?
            .execute([MERGED_PAGES.saturating_mul(kept)])?;
    }
    Ok(())
}

/// Forgets a filing; the case is overwritten here. The index only notes that: [`tidy`] afterwards.
///
/// # Errors
/// When the disk fails.
pub fn forget(connection: &Connection, case: CaseId) -> Result<(), StoreError> {
    let Some((id, _)) = known(connection, case)? else {
        return Ok(());
    };
    connection
        .prepare_cached("DELETE FROM filing_token WHERE rowid = :id")?
        .execute([id])?;
    connection
        .prepare_cached("DELETE FROM filing WHERE id = :id")?
        .execute([id])?;
    Ok(())
}

/// Merges the index towards one piece, which has what is left and no word of what was forgotten:
/// about `pages` of it in one call. Whether more is to be done.
///
/// # Errors
/// When the disk fails.
pub fn tidy(connection: &Connection, pages: i32) -> Result<bool, StoreError> {
    let changes = || connection.query_row("SELECT total_changes()", [], |row| row.get::<_, i64>(0));
    let before = changes()?;
    // A negative number of pages takes every piece together (SQLite, FTS5, "The 'merge' Command").
    connection
        .prepare_cached("INSERT INTO filing_token (filing_token, rank) VALUES ('merge', :pages)")?
        .execute([-pages])?;
    // The command itself counts as one change.
    Ok(changes()? - before >= 2)
}

fn known(connection: &Connection, case: CaseId) -> Result<Option<(i64, [u8; 32])>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT id, snapshot FROM filing WHERE case_id = :case")?;
    let found = statement.query_row([case.0], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?)
}

fn state_text(summary: &CaseSummary) -> Result<String, StoreError> {
    let value = serde_json::to_value(summary.state)?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

struct Row<'a> {
    case: CaseId,
    snapshot: &'a Snapshot,
    hash: [u8; 32],
    branch: &'a str,
    staff: &'a str,
    state: &'a str,
}

impl Row<'_> {
    fn put(&self, connection: &Connection, old: Option<i64>) -> Result<(), StoreError> {
        if let Some(id) = old {
            connection
                .prepare_cached("DELETE FROM filing_token WHERE rowid = :id")?
                .execute([id])?;
        }
        let keys = Keys::of(self.snapshot);
        let facts = Facts {
            receipt_number: &self.snapshot.receipt_number,
            branch: self.branch,
            kind: text(self.snapshot, "event.type"),
            staff: self.staff,
            filed_on: &self.snapshot.filed_on,
        };
        let mut statement = connection.prepare_cached(
            "INSERT INTO filing (case_id, receipt_number, branch, kind, staff, filed_on, state,
                 persons, keys, snapshot)
             VALUES (:case, :number, :branch, :kind, :staff, :day, :state, :persons, :keys, :hash)
             ON CONFLICT (case_id) DO UPDATE SET receipt_number = excluded.receipt_number,
                 branch = excluded.branch, kind = excluded.kind, staff = excluded.staff,
                 filed_on = excluded.filed_on, state = excluded.state,
                 persons = excluded.persons, keys = excluded.keys, snapshot = excluded.snapshot
             RETURNING id",
        )?;
        let row = named_params! {
            ":case": self.case.0,
            ":number": facts.receipt_number,
            ":branch": facts.branch,
            ":kind": facts.kind,
            ":staff": facts.staff,
            ":day": facts.filed_on,
            ":state": self.state,
            ":persons": serde_json::to_string(&persons(self.snapshot))?,
            ":keys": serde_json::to_string(&keys)?,
            ":hash": self.hash,
        };
        let id: i64 = statement.query_row(row, |row| row.get(0))?;
        connection
            .prepare_cached("INSERT INTO filing_token (rowid, tokens) VALUES (:id, :tokens)")?
            .execute(named_params! {
                ":id": id,
                ":tokens": tokens::of_filing(tokens::shelf(id), &keys, &facts),
            })?;
        Ok(())
    }
}

fn text<'s>(snapshot: &'s Snapshot, path: &str) -> &'s str {
    snapshot
        .fields
        .get(&path.into())
        .and_then(|field| field.value.as_text())
        .unwrap_or_default()
}

/// Names of the members as written, by their number in the case.
fn persons(snapshot: &Snapshot) -> Vec<&str> {
    let mut members: Vec<(u32, &str)> = snapshot
        .fields
        .iter()
        .filter_map(|(path, field)| {
            let number = path
                .as_str()
                .strip_prefix("member.")?
                .strip_suffix(".name")?;
            Some((number.parse().ok()?, field.value.as_text()?))
        })
        .filter(|(_, name)| !name.is_empty())
        .collect();
    members.sort_by_key(|(number, _)| *number);
    members.into_iter().map(|(_, name)| name).collect()
}
