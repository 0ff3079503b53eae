//! Which filings' time is over.

use counter_domain::case::CaseState;
use counter_domain::hlc::Hlc;
use counter_domain::ids::{BranchCode, CaseId};
use replica::StoreError;
use rusqlite::named_params;

use super::retention::Retention;
use crate::store::HubStore;

/// Filings on one list, at most; the others come on the next one.
const LIST_MAX: usize = 100_000;

/// A filing whose time is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueFiling {
    /// The case.
    pub case: CaseId,
    /// Receipt number (受付番号).
    pub receipt_number: String,
    /// The office that took it in.
    pub branch: BranchCode,
    /// Value of the field `event.type`.
    pub kind: String,
    /// Filing date (届出日), ISO 8601.
    pub filed_on: String,
    /// Where it stands.
    pub state: CaseState,
}

/// What a list made now would hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DueFilings {
    /// The filings, oldest first.
    pub filings: Vec<DueFiling>,
    /// Filings as old that were never finished: a person has to finish them first.
    pub unfinished: Vec<DueFiling>,
    /// There are more than one list takes.
    pub more: bool,
}

impl HubStore {
    /// The filings whose time is over on a day (ISO 8601).
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn deletion_due(&self, today: &str) -> Result<DueFilings, StoreError> {
        let retention = self.retention()?;
        let mut due = DueFilings::default();
        let Some(latest) = retention.closed_before_at_most(today) else {
            return Ok(due);
        };
        let mut statement = self.replica.reader().prepare_cached(
            "SELECT f.case_id, f.receipt_number, f.branch, f.kind, f.filed_on, f.state, d.changed
             FROM filing f JOIN desk_row d ON d.case_id = f.case_id
             WHERE f.filed_on < :latest ORDER BY f.filed_on, f.id",
        )?;
        let mut rows = statement.query(named_params! { ":latest": latest.day() })?;
        while let Some(row) = rows.next()? {
            let filing = DueFiling {
                case: CaseId(row.get(0)?),
                receipt_number: row.get(1)?,
                branch: BranchCode(row.get(2)?),
                kind: row.get(3)?,
                filed_on: row.get(4)?,
                state: serde_json::from_value(serde_json::Value::String(row.get(5)?))?,
            };
            if !is_over(&filing, Hlc(row.get(6)?), &retention, today) {
                continue;
            }
            if due.filings.len() == LIST_MAX {
                due.more = true;
                break;
            }
            if is_finished(filing.state) {
                due.filings.push(filing);
            } else {
                due.unfinished.push(filing);
            }
        }
        Ok(due)
    }
}

/// Filed and last touched so long ago that it need not be kept on `today`.
pub(super) fn is_over(
    filing: &DueFiling,
    changed: Hlc,
    retention: &Retention,
    today: &str,
) -> bool {
    let first = retention.closed_before(&filing.kind, today);
    first.is_some_and(|first| filing.filed_on < first.day() && changed.unix_ms() < first.unix_ms())
}

/// Whether nobody has anything to do with a filing any more.
pub(super) fn is_finished(state: CaseState) -> bool {
    match state {
        CaseState::Accepted
        | CaseState::HandedOver
        | CaseState::Completed
        | CaseState::Withdrawn
        | CaseState::Refused
        | CaseState::Cancelled => true,
        CaseState::Draft
        | CaseState::Signed
        | CaseState::Submitted
        | CaseState::UnderReview
        | CaseState::Returned
        | CaseState::Resubmitted
        | CaseState::CoreRejected
        | CaseState::CancelRequested
        | CaseState::OnHold => false,
    }
}
