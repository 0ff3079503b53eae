//! The board: lists computed from the records, in the transaction that changes them.

use std::collections::BTreeSet;

use counter_domain::case::{CaseMove, CaseState, fold};
use counter_domain::draft::Draft;
use counter_domain::ids::{BlobHash, BranchCode, CaseId};
use replica::StoreError;
use rusqlite::{Connection, OptionalExtension, Row, named_params};

use crate::store::CounterStore;

/// One case on the board.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four signs of the board, each true or not for itself"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRow {
    /// The case.
    pub case: CaseId,
    /// Receipt number (受付番号).
    pub receipt_number: String,
    /// The branch that has it.
    pub branch: BranchCode,
    /// How it came there, when it did not begin there.
    pub moved: Option<CaseMove>,
    /// Two offices moved it at once; head office settles it.
    pub contested: bool,
    /// Where it stands.
    pub state: CaseState,
    /// Value of the field `event.type`.
    pub event_type: Option<String>,
    /// Value of the field `event.flow`.
    pub event_flow: Option<String>,
    /// Names of the persons, in the order of the members; none when `protected`.
    pub persons: Vec<String>,
    /// When the newest step was taken.
    pub since_unix_ms: u64,
    /// Head office has every record written here, and what was signed: strokes and form.
    pub at_head_office: bool,
    /// Two offices or counters disagree; a person must look.
    pub to_check: bool,
    /// Remarks of head office.
    pub remarks: usize,
    /// Somebody in it is under protection: no list shows names or addresses.
    pub protected: bool,
}

/// What head office does not have yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sending {
    /// Cases with records, signatures or forms that are only here.
    pub waiting: u32,
    /// Everything written up to then is at head office; `None` before the first time.
    pub safe_until_unix_ms: Option<u64>,
}

const COLUMNS: &str = "SELECT c.case_id, c.receipt_number, c.branch, c.state, c.event_type,
        c.event_flow, c.persons, c.since_unix_ms, c.to_check, c.remarks, c.moved, c.contested,
        NOT EXISTS (SELECT 1 FROM unsent u WHERE u.case_id = c.case_id)
            AND NOT EXISTS (SELECT 1 FROM unsent_blob b WHERE b.case_id = c.case_id)
     FROM case_row c ORDER BY c.changed DESC LIMIT :limit";

impl CounterStore {
    /// The cases here, newest change first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn board(&self, limit: usize) -> Result<Vec<CaseRow>, StoreError> {
        let mut statement = self.replica.reader().prepare_cached(COLUMNS)?;
        let mut rows = statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
        let mut board = Vec::new();
        while let Some(row) = rows.next()? {
            board.push(case_row(self.replica.reader(), row)?);
        }
        Ok(board)
    }

    /// What head office does not have yet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn sending(&self) -> Result<Sending, StoreError> {
        let connection = self.replica.reader();
        let waiting = connection
            .prepare_cached(
                "SELECT count(*) FROM (SELECT case_id FROM unsent UNION SELECT case_id FROM unsent_blob)",
            )?
            .query_row([], |row| row.get(0))?;
        let safe_until_unix_ms = connection
            .prepare_cached("SELECT unix_ms FROM safe WHERE only_row = 1")?
            .query_row([], |row| row.get(0))
            .optional()?;
        Ok(Sending {
            waiting,
            safe_until_unix_ms,
        })
    }
}

fn case_row(connection: &Connection, row: &Row<'_>) -> Result<CaseRow, StoreError> {
    let case = CaseId(row.get(0)?);
    let protected = replica::is_case_protected(connection, case)?;
    let persons = if protected {
        Vec::new()
    } else {
        serde_json::from_str(&row.get::<_, String>(6)?)?
    };
    Ok(CaseRow {
        case,
        protected,
        receipt_number: row.get(1)?,
        branch: BranchCode(row.get(2)?),
        state: state_of(row.get(3)?)?,
        event_type: row.get(4)?,
        event_flow: row.get(5)?,
        persons,
        since_unix_ms: row.get(7)?,
        to_check: row.get(8)?,
        remarks: row.get(9)?,
        moved: moved_of(row.get(10)?)?,
        contested: row.get(11)?,
        at_head_office: row.get(12)?,
    })
}

fn moved_of(doc: Option<String>) -> Result<Option<CaseMove>, StoreError> {
    Ok(doc.map(|doc| serde_json::from_str(&doc)).transpose()?)
}

fn state_of(name: String) -> Result<CaseState, StoreError> {
    Ok(serde_json::from_value(serde_json::Value::String(name))?)
}

/// Whether everything of the case written here is at head office, blobs included.
pub(crate) fn at_head_office(connection: &Connection, case: CaseId) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM unsent WHERE case_id = :case
         UNION ALL SELECT 1 FROM unsent_blob WHERE case_id = :case LIMIT 1",
    )?;
    Ok(!statement.exists([case.0])?)
}

/// Head office has every record up to `through`.
pub(crate) fn acknowledged(
    connection: &Connection,
    through: u64,
    now_unix_ms: u64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM unsent WHERE version <= :through")?
        .execute([through])?;
    note_safe(connection, now_unix_ms)
}

/// Own blobs head office has not confirmed, oldest first.
pub(crate) fn blobs_unconfirmed(
    connection: &Connection,
    count_max: usize,
) -> Result<Vec<[u8; 32]>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT hash FROM unsent_blob GROUP BY hash ORDER BY min(unix_ms) LIMIT :count",
    )?;
    let count = i64::try_from(count_max).unwrap_or(i64::MAX);
    let hashes = statement.query_map([count], |row| row.get(0))?;
    Ok(hashes.collect::<Result<_, _>>()?)
}

/// Notes a blob that head office may lack.
pub(crate) fn blob_unconfirmed(
    connection: &Connection,
    (hash, case): ([u8; 32], CaseId),
    unix_ms: u64,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO unsent_blob (hash, case_id, unix_ms) VALUES (:hash, :case, :unix_ms)
         ON CONFLICT (hash, case_id) DO NOTHING",
    )?;
    let row = named_params! { ":hash": hash, ":case": case.0, ":unix_ms": unix_ms };
    statement.execute(row)?;
    Ok(())
}

/// Head office has these blobs.
pub(crate) fn blobs_confirmed(
    connection: &Connection,
    hashes: &[[u8; 32]],
    now_unix_ms: u64,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM unsent_blob WHERE hash = :hash")?;
    for hash in hashes {
        // What a predecessor had not sent of a case that is elsewhere now has no other use here.
        if statement.execute([hash])? > 0 {
            replica::forget_unnamed_blob(connection, BlobHash(*hash))?;
        }
    }
    drop(statement);
    note_safe(connection, now_unix_ms)
}

/// Nobody waits for these blobs of a case any more.
pub(crate) fn blobs_given_up(
    connection: &Connection,
    case: CaseId,
    hashes: &[[u8; 32]],
) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("DELETE FROM unsent_blob WHERE case_id = :case AND hash = :hash")?;
    for hash in hashes {
        statement.execute(named_params! { ":case": case.0, ":hash": hash })?;
    }
    Ok(())
}

/// Everything older than the oldest thing that is only here is at head office; with nothing left,
/// everything until now.
fn note_safe(connection: &Connection, now_unix_ms: u64) -> Result<(), StoreError> {
    let oldest: Option<u64> = connection
        .prepare_cached(
            "SELECT min(unix_ms) FROM
                 (SELECT unix_ms FROM unsent UNION ALL SELECT unix_ms FROM unsent_blob)",
        )?
        .query_row([], |row| row.get(0))?;
    let safe_until = oldest.map_or(now_unix_ms, |oldest| oldest.saturating_sub(1));
    if safe_until == 0 {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT INTO safe (only_row, unix_ms) VALUES (1, :unix_ms)
             ON CONFLICT (only_row) DO UPDATE SET unix_ms = max(unix_ms, excluded.unix_ms)",
        )?
        .execute([safe_until])?;
    Ok(())
}

/// Computes the rows of `cases` from their records.
pub(crate) fn project(connection: &Connection, cases: &BTreeSet<CaseId>) -> Result<(), StoreError> {
    cases
        .iter()
        .try_for_each(|case| project_case(connection, *case))
}

fn project_case(connection: &Connection, case: CaseId) -> Result<(), StoreError> {
    let events = replica::case_events(connection, case)?;
    let Some(newest) = events.last().map(|event| event.at) else {
        return Ok(());
    };
    let draft = replica::draft(connection, case)?;
    replica::project_protection(connection, case, &draft)?;
    let summary = fold(&events);
    // Who was only told who has a case, or not yet of its beginning, has nothing to show.
    if summary.receipt_number.is_none() {
        connection.execute("DELETE FROM case_row WHERE case_id = :case", [case.0])?;
        return Ok(());
    }
    replica::project_prepared_uses(connection, case, &draft, &summary)?;
    replica::project_character_choices(connection, case, &draft, &summary)?;
    let branch = replica::branch_of(connection, case)?.or_else(|| summary.branch.clone());
    case_archive::project(connection, case, &summary, branch.as_ref())?;
    let changed = draft
        .fields()
        .map(|(_, field)| field.shown.at)
        .max()
        .unwrap_or(newest);
    let mut statement = connection.prepare_cached(
        "INSERT INTO case_row (case_id, receipt_number, branch, state, event_type, event_flow,
             persons, since_unix_ms, changed, to_check, remarks, moved, contested)
         VALUES (:case, :number, :branch, :state, :type, :flow, :persons, :since, :changed,
             :to_check, :remarks, :moved, :contested)
         ON CONFLICT (case_id) DO UPDATE SET receipt_number = excluded.receipt_number,
             branch = excluded.branch, state = excluded.state, event_type = excluded.event_type,
             event_flow = excluded.event_flow, persons = excluded.persons,
             since_unix_ms = excluded.since_unix_ms, changed = excluded.changed,
             to_check = excluded.to_check, remarks = excluded.remarks, moved = excluded.moved,
             contested = excluded.contested",
    )?;
    statement.execute(named_params! {
        ":case": case.0,
        ":number": summary.receipt_number.as_deref().unwrap_or_default(),
        ":branch": branch.map(|branch| branch.0).unwrap_or_default(),
        ":state": serde_json::to_value(summary.state)?.as_str(),
        ":type": draft.text("event.type"),
        ":flow": draft.text("event.flow"),
        ":persons": serde_json::to_string(&persons(&draft))?,
        ":since": newest.unix_ms(),
        ":changed": newest.max(changed).0,
        ":to_check": draft.is_disputed()
            || !summary.overruled.is_empty()
            || !summary.contested.is_empty(),
        ":remarks": summary.remarks.len(),
        ":moved": summary.last_move().map(serde_json::to_string).transpose()?,
        ":contested": !summary.contested.is_empty(),
    })?;
    Ok(())
}

/// Names of the members, by their number in the case.
fn persons(draft: &Draft) -> Vec<&str> {
    let mut members: Vec<(u32, &str)> = draft
        .paths_under("member.")
        .filter_map(|path| {
            let number = path
                .as_str()
                .strip_prefix("member.")?
                .strip_suffix(".name")?;
            Some((number.parse().ok()?, draft.text(path.as_str())?))
        })
        .filter(|(_, name)| !name.is_empty())
        .collect();
    members.sort_by_key(|(number, _)| *number);
    members.into_iter().map(|(_, name)| name).collect()
}
