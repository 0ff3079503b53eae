//! The queue: lists computed from the records, in the transaction that changes them.

use std::collections::BTreeSet;

use counter_domain::case::{CLAIM_MINUTES, CaseState, fold};
use counter_domain::draft::Draft;
use counter_domain::hlc::Hlc;
use counter_domain::ids::{BranchCode, CaseId, StaffId};
use replica::StoreError;
use rusqlite::{Connection, Row, named_params};

use crate::store::HubStore;

/// One case at the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueRow {
    /// The case.
    pub case: CaseId,
    /// Receipt number (受付番号).
    pub receipt_number: String,
    /// The branch that owns it.
    pub branch: BranchCode,
    /// Where it stands.
    pub state: CaseState,
    /// Value of the field `event.type`.
    pub event_type: Option<String>,
    /// Value of the field `event.flow`.
    pub event_flow: Option<String>,
    /// Names of the persons, in the order of the members.
    pub persons: Vec<String>,
    /// Since when the resident waits: the first submission.
    pub waiting_since_unix_ms: u64,
    /// The reviewer who has it open now.
    pub claimed_by: Option<StaffId>,
    /// Two offices or counters disagree; a person must look.
    pub to_check: bool,
    /// Handed in again after a return.
    pub resubmitted: bool,
    /// Somebody in it is under protection: no list, page or file shows where they live.
    pub protected: bool,
}

const WAITING: &str = "SELECT case_id, receipt_number, branch, state, event_type, event_flow,
        persons, waiting_unix_ms, claimed_by, claim_unix_ms, to_check, resubmitted
     FROM desk_row WHERE waits = 1 ORDER BY waiting_unix_ms, case_id LIMIT :limit";

const NEWEST: &str = "SELECT case_id, receipt_number, branch, state, event_type, event_flow,
        persons, waiting_unix_ms, claimed_by, claim_unix_ms, to_check, resubmitted
     FROM desk_row ORDER BY changed DESC LIMIT :limit";

/// Longest queue shown.
const QUEUE_MAX: i64 = 1000;

impl HubStore {
    /// What waits for head office, longest waiting first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn queue(&self) -> Result<Vec<QueueRow>, StoreError> {
        self.rows(WAITING, QUEUE_MAX)
    }

    /// Every case, newest change first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn cases(&self, limit: usize) -> Result<Vec<QueueRow>, StoreError> {
        self.rows(NEWEST, i64::try_from(limit).unwrap_or(i64::MAX))
    }

    fn rows(&self, question: &str, limit: i64) -> Result<Vec<QueueRow>, StoreError> {
        let now = self.replica.unix_ms();
        let mut statement = self.replica.reader().prepare_cached(question)?;
        let mut rows = statement.query([limit])?;
        let mut queue = Vec::new();
        while let Some(row) = rows.next()? {
            queue.push(queue_row(self.replica.reader(), row, now)?);
        }
        Ok(queue)
    }
}

fn queue_row(
    connection: &Connection,
    row: &Row<'_>,
    now_unix_ms: u64,
) -> Result<QueueRow, StoreError> {
    let case = CaseId(row.get(0)?);
    let persons: String = row.get(6)?;
    let claim_unix_ms: u64 = row.get(9)?;
    let claimed_by: Option<String> = row.get(8)?;
    let lapsed = now_unix_ms >= claim_unix_ms + CLAIM_MINUTES * 60_000;
    Ok(QueueRow {
        case,
        protected: replica::is_case_protected(connection, case)?,
        receipt_number: row.get(1)?,
        branch: BranchCode(row.get(2)?),
        state: serde_json::from_value(serde_json::Value::String(row.get(3)?))?,
        event_type: row.get(4)?,
        event_flow: row.get(5)?,
        persons: serde_json::from_str(&persons)?,
        waiting_since_unix_ms: row.get(7)?,
        claimed_by: claimed_by.filter(|_| !lapsed).map(StaffId),
        to_check: row.get(10)?,
        resubmitted: row.get(11)?,
    })
}

/// Computes the rows of `cases` from their records.
pub(crate) fn project(connection: &Connection, cases: &BTreeSet<CaseId>) -> Result<(), StoreError> {
    let mut filings = 0;
    for case in cases {
        filings += project_case(connection, *case)?;
    }
    case_archive::merge(connection, filings)
}

/// Returns how many filings went into the archive's index.
fn project_case(connection: &Connection, case: CaseId) -> Result<i32, StoreError> {
    let events = replica::case_events(connection, case)?;
    let Some(newest) = events.last().map(|event| event.at) else {
        return Ok(0);
    };
    let draft = replica::draft(connection, case)?;
    replica::project_protection(connection, case, &draft)?;
    let summary = fold(&events);
    // The beginning has not come yet, or was lost with a disk that said it kept it. Once something was
    // handed in it is shown in any case.
    if summary.receipt_number.is_none() && summary.submitted.is_empty() {
        connection.execute("DELETE FROM desk_row WHERE case_id = :case", [case.0])?;
        return Ok(0);
    }
    replica::project_prepared_uses(connection, case, &draft, &summary)?;
    replica::project_character_choices(connection, case, &draft, &summary)?;
    let branch = replica::branch_of(connection, case)?.or_else(|| summary.branch.clone());
    let filed = case_archive::keep(connection, case, &summary, branch.as_ref())?;
    let claim = summary
        .claim
        .as_ref()
        .filter(|_| summary.state == CaseState::UnderReview);
    let mut statement = connection.prepare_cached(
        "INSERT INTO desk_row (case_id, receipt_number, branch, state, event_type, event_flow,
             persons, waiting_unix_ms, changed, claimed_by, claim_unix_ms, to_check, resubmitted,
             waits)
         VALUES (:case, :number, :branch, :state, :type, :flow, :persons, :waiting, :changed,
             :claimed_by, :claim, :to_check, :resubmitted, :waits)
         ON CONFLICT (case_id) DO UPDATE SET receipt_number = excluded.receipt_number,
             branch = excluded.branch, state = excluded.state, event_type = excluded.event_type,
             event_flow = excluded.event_flow, persons = excluded.persons,
             waiting_unix_ms = excluded.waiting_unix_ms, changed = excluded.changed,
             claimed_by = excluded.claimed_by, claim_unix_ms = excluded.claim_unix_ms,
             to_check = excluded.to_check, resubmitted = excluded.resubmitted,
             waits = excluded.waits",
    )?;
    statement.execute(named_params! {
        ":case": case.0,
        ":number": summary.receipt_number.as_deref().unwrap_or_default(),
        ":branch": branch.map(|branch| branch.0).unwrap_or_default(),
        ":state": serde_json::to_value(summary.state)?.as_str(),
        ":type": draft.text("event.type"),
        ":flow": draft.text("event.flow"),
        ":persons": serde_json::to_string(&persons(&draft))?,
        ":waiting": summary.submitted_at.map_or(0, Hlc::unix_ms),
        ":changed": newest.0,
        ":claimed_by": claim.map(|claim| claim.by.as_str()),
        ":claim": claim.map_or(0, |claim| claim.since.unix_ms()),
        ":to_check": draft.is_disputed()
            || !summary.overruled.is_empty()
            || !summary.contested.is_empty(),
        ":resubmitted": summary.submitted.len() > 1,
        ":waits": waits_for_us(summary.state),
    })?;
    Ok(filed)
}

fn waits_for_us(state: CaseState) -> bool {
    match state {
        CaseState::Submitted
        | CaseState::UnderReview
        | CaseState::Resubmitted
        | CaseState::CoreRejected
        | CaseState::CancelRequested => true,
        CaseState::Draft
        | CaseState::Signed
        | CaseState::Returned
        | CaseState::Accepted
        | CaseState::HandedOver
        | CaseState::Completed
        | CaseState::Withdrawn
        | CaseState::Refused
        | CaseState::Cancelled
        | CaseState::OnHold => false,
    }
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
