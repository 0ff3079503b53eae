//! Handing a case to another branch, taking it back, and overwriting what this branch must not have
//! any more.

use counter_domain::case::{CaseStep, CaseSummary, fold};
use counter_domain::ids::{BranchCode, CaseId, EventId, StaffId};
use replica::{AuditAction, StoreChange, StoreError};
use rusqlite::{Connection, named_params};

use crate::store::CounterStore;
use crate::{EditError, Succession, board, undo};

/// Pages of the archive's index merged in one transaction.
const INDEX_PAGES: i32 = 1_000;

impl CounterStore {
    /// Tells the branch of this counter: cases that another branch has can be read and not changed.
    /// Before it is told, every case here can be changed.
    pub fn set_branch(&mut self, branch: BranchCode) {
        self.branch = Some(branch);
    }

    /// Hands a case to another branch. From then on this branch only reads what it has of it. A case
    /// with somebody under protection is handed on at head office only.
    ///
    /// # Errors
    /// When the case is not this branch's, nothing is left to do with it, somebody in it is under
    /// protection, or the disk fails.
    pub fn transfer(
        &mut self,
        case: CaseId,
        by: &StaffId,
        to: &BranchCode,
        reason: &str,
    ) -> Result<EventId, EditError> {
        self.move_case(case, by, |summary, own| {
            if !summary.is_with(own) {
                return Err(StoreError::Elsewhere.into());
            }
            if to == own || !summary.is_movable() {
                return Err(EditError::NotAllowed(summary.state));
            }
            Ok(CaseStep::Transferred(summary.hand_to(own, to, reason)))
        })
    }

    /// Takes a case back that this branch handed on and that nobody moved since.
    ///
    /// # Errors
    /// When it did not, nothing is left to do with the case, or the disk fails.
    pub fn take_back(
        &mut self,
        case: CaseId,
        by: &StaffId,
        reason: &str,
    ) -> Result<EventId, EditError> {
        self.move_case(case, by, |summary, own| {
            let Some(now) = summary
                .branch
                .as_ref()
                .filter(|_| summary.may_take_back(own))
            else {
                return Err(EditError::NotAllowed(summary.state));
            };
            Ok(CaseStep::TakenBack(summary.hand_to(now, own, reason)))
        })
    }

    fn move_case(
        &mut self,
        case: CaseId,
        by: &StaffId,
        step: impl FnOnce(&CaseSummary, &BranchCode) -> Result<CaseStep, EditError>,
    ) -> Result<EventId, EditError> {
        let own = self.branch.clone().ok_or(StoreError::Elsewhere)?;
        self.write_wherever(|write| {
            let events = replica::case_events(write.connection(), case)?;
            if events.is_empty() {
                return Err(EditError::UnknownCase);
            }
            let summary = fold(&events);
            if replica::is_case_protected(write.connection(), case)? {
                return Err(EditError::NotAllowed(summary.state));
            }
            let event = write.add_event(case, by, step(&summary, &own)?)?;
            undo::forget(write.connection(), case)?;
            write.audit(by, AuditAction::CaseMoved, Some(case))?;
            Ok(event)
        })
    }

    /// Follows the orders of head office that can be followed: everything written here of the case
    /// is at head office.
    pub(crate) fn follow_purges(&mut self) -> Result<(), StoreError> {
        let orders = self.replica.purges_to_follow()?;
        // A database that was set aside has the case too; it is looked through and removed first.
        let has_old = |one: Succession| one.old.is_some() && one.rescued.is_none();
        if !orders.is_empty() && self.succession()?.is_some_and(has_old) {
            return Ok(());
        }
        for (case, turn) in orders {
            if !board::at_head_office(self.replica.reader(), case)? {
                tracing::info!(%case, "case not overwritten yet: head office lacks records of it");
                continue;
            }
            self.replica
                .overwrite_case(case, turn, |connection| forget(connection, case))?;
            tracing::info!(%case, "case overwritten on order of head office");
            self.listener.tell(&StoreChange::Overwritten { case });
        }
        // Also what an interrupted round left: the log says whether something was overwritten.
        if self.replica.log_holds_overwritten()? {
            while self
                .replica
                .write(|write| case_archive::tidy(write.connection(), INDEX_PAGES))?
            {}
        }
        self.replica.empty_log()
    }
}

/// Lists, undo and notes of a case that is overwritten.
fn forget(connection: &Connection, case: CaseId) -> Result<(), StoreError> {
    replica::forget_protection(connection, case)?;
    replica::forget_prepared_uses(connection, case)?;
    replica::forget_character_choices(connection, case)?;
    case_archive::forget(connection, case)?;
    undo::forget(connection, case)?;
    connection.execute("DELETE FROM case_row WHERE case_id = :case", [case.0])?;
    let noted = format!("%{case}%");
    connection.execute(
        "DELETE FROM note WHERE name LIKE :noted OR value = :case",
        named_params! { ":noted": noted, ":case": case.0 },
    )?;
    Ok(())
}
