//! Prepared data of a case, and cases that belong together.

use counter_domain::case::{CaseStep, fold};
use counter_domain::character_choice::ChoiceMade;
use counter_domain::ids::{CaseId, StaffId};
use counter_domain::prepared::UsedAt;
use counter_domain::protection::Digest;
use replica::{AuditAction, StoreError, Write};

use crate::EditError;
use crate::store::CounterStore;

impl CounterStore {
    /// Which reservations and certificate data the cases here use.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn prepared_uses(&self) -> Result<Vec<UsedAt>, StoreError> {
        replica::prepared_uses(self.replica.reader())
    }

    /// Characters chosen in the cases here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn character_choices(&self) -> Result<Vec<ChoiceMade>, StoreError> {
        replica::character_choices(self.replica.reader())
    }

    /// Whether anybody recognised by `digests` is under protection.
    ///
    /// # Errors
    /// When the database cannot be read; whoever asks must then leave the address out.
    pub fn is_any_protected(&self, digests: &[Digest]) -> Result<bool, StoreError> {
        replica::is_any_protected(self.replica.reader(), digests)
    }

    /// Notes in both cases that they belong together, wherever they stand.
    ///
    /// # Errors
    /// When one is not here, both are one, or the disk fails.
    pub fn link_cases(
        &mut self,
        one: CaseId,
        other: CaseId,
        by: &StaffId,
    ) -> Result<(), EditError> {
        if one == other {
            return Err(EditError::UnknownCase);
        }
        self.write(|write| {
            for (case, linked) in [(one, other), (other, one)] {
                receipt_number(write, case)?;
                let step = CaseStep::Linked {
                    case: linked,
                    receipt_number: receipt_number(write, linked)?,
                };
                write.add_event(case, by, step)?;
                write.audit(by, AuditAction::StepTaken, Some(case))?;
            }
            Ok(())
        })
    }

    /// Notes in both cases that they do not belong together after all.
    ///
    /// # Errors
    /// When one is not here, or the disk fails.
    pub fn unlink_cases(
        &mut self,
        one: CaseId,
        other: CaseId,
        by: &StaffId,
    ) -> Result<(), EditError> {
        self.write(|write| {
            for (case, linked) in [(one, other), (other, one)] {
                receipt_number(write, case)?;
                write.add_event(case, by, CaseStep::Unlinked { case: linked })?;
                write.audit(by, AuditAction::StepTaken, Some(case))?;
            }
            Ok(())
        })
    }
}

fn receipt_number(write: &Write<'_>, case: CaseId) -> Result<String, EditError> {
    let events = replica::case_events(write.connection(), case)?;
    fold(&events).receipt_number.ok_or(EditError::UnknownCase)
}
