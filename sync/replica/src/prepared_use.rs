//! Which cases use which reservation or certificate data, so that two counters do not take the same
//! one without knowing.
//!
//! Both ends keep the same table in a room of their own, computed from the rows `taken.…` of the
//! drafts in the transaction that changes them. A case that came to nothing uses nothing.

use counter_domain::case::{CaseState, CaseSummary};
use counter_domain::draft::Draft;
use counter_domain::ids::CaseId;
use counter_domain::prepared::{PreparedKind, UsedAt, uses_of};
use rusqlite::{Connection, named_params};

use crate::database::Replica;
use crate::error::{OpenError, StoreError};

const STEPS: [&str; 1] = [include_str!(
    "../migrations/prepared/0001-create-prepared-use.sql"
)];

impl Replica {
    /// Makes the table where it is missing.
    ///
    /// # Errors
    /// When the file was written by a newer program or the disk fails.
    pub fn open_prepared_uses(&mut self) -> Result<(), OpenError> {
        self.migrate_room("prepared", &STEPS)
    }
}

/// Keeps what a case uses; called in the transaction that changes it.
///
/// # Errors
/// When the disk fails.
pub fn project_prepared_uses(
    connection: &Connection,
    case: CaseId,
    draft: &Draft,
    summary: &CaseSummary,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM prepared_use WHERE case_id = :case")?
        .execute([case.0])?;
    if came_to_nothing(summary.state) {
        return Ok(());
    }
    for one in uses_of(draft) {
        let mut statement = connection.prepare_cached(
            "INSERT INTO prepared_use (case_id, kind, number, receipt_number)
             VALUES (:case, :kind, :number, :receipt)",
        )?;
        statement.execute(named_params! {
            ":case": case.0, ":kind": one.kind.code(), ":number": one.number,
            ":receipt": summary.receipt_number.as_deref().unwrap_or_default(),
        })?;
    }
    Ok(())
}

/// Forgets what a case uses; the case is overwritten here.
///
/// # Errors
/// When the disk fails.
pub fn forget_prepared_uses(connection: &Connection, case: CaseId) -> Result<(), StoreError> {
    connection.execute("DELETE FROM prepared_use WHERE case_id = :case", [case.0])?;
    Ok(())
}

/// Everything in use here, sorted.
///
/// # Errors
/// When the database cannot be read.
pub fn prepared_uses(connection: &Connection) -> Result<Vec<UsedAt>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT kind, number, receipt_number FROM prepared_use
         ORDER BY kind, number, receipt_number",
    )?;
    let mut rows = statement.query([])?;
    let mut uses = Vec::new();
    while let Some(row) = rows.next()? {
        let kind: String = row.get(0)?;
        if let Some(kind) = PreparedKind::of_code(&kind) {
            uses.push(UsedAt {
                kind,
                number: row.get(1)?,
                receipt_number: row.get(2)?,
            });
        }
    }
    uses.sort();
    Ok(uses)
}

fn came_to_nothing(state: CaseState) -> bool {
    match state {
        CaseState::Withdrawn | CaseState::Refused | CaseState::Cancelled => true,
        CaseState::Draft
        | CaseState::Signed
        | CaseState::Submitted
        | CaseState::UnderReview
        | CaseState::Returned
        | CaseState::Resubmitted
        | CaseState::Accepted
        | CaseState::HandedOver
        | CaseState::Completed
        | CaseState::CoreRejected
        | CaseState::CancelRequested
        | CaseState::OnHold => false,
    }
}
