//! What reviewers do: each action is a step of the case's history and an entry of the audit log.

use counter_domain::case::{CaseState, CaseStep, NotAcceptable, Remark, fold};
use counter_domain::ids::{BranchCode, CaseId, EventId, SnapshotHash, StaffId};
use counter_domain::snapshot::Snapshot;
use replica::staff::{self, Role};
use replica::{AuditAction, StoreError, Write};
use rusqlite::Connection;
use thiserror::Error;

use crate::store::HubStore;

/// Why a review action was refused; nothing was changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReviewError {
    /// Not here.
    #[error("case is not here")]
    UnknownCase,
    /// The step is not allowed where the case stands.
    #[error("step not allowed in state {0:?}")]
    NotAllowed(CaseState),
    /// The rule of four eyes, or the case is not under review.
    #[error(transparent)]
    NotAcceptable(#[from] NotAcceptable),
    /// Not this person's to do.
    #[error("role missing")]
    RoleMissing,
    /// Somebody in it is under protection, and nobody said that this is known.
    #[error("somebody in the case is under protection")]
    Protected,
    /// A return needs at least one remark.
    #[error("return without remark")]
    NoRemark,
    /// The database refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An accepted case for the hand-over file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOverRow {
    /// The case.
    pub case: CaseId,
    /// Receipt number (受付番号).
    pub receipt_number: String,
    /// The branch that owns it.
    pub branch: BranchCode,
    /// What was accepted.
    pub snapshot_hash: SnapshotHash,
    /// Its content.
    pub snapshot: Snapshot,
    /// Who accepted it.
    pub accepted_by: StaffId,
    /// When, by the hub's clock; the legal date is the snapshot's `filed_on`.
    pub accepted_unix_ms: u64,
    /// Somebody in it is under protection: it is handed over by hand, never in a file.
    pub protected: bool,
}

/// Who acts at head office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A member of staff, with the rights of the staff dataset.
    Staff(StaffId),
    /// The hub's own command line, run by whoever may read the database key; no member of staff.
    System,
}

impl Actor {
    /// What the history and the audit log call the system. No member of staff may have this id.
    pub const SYSTEM_ID: &str = "system";

    /// Who the history and the audit log name.
    pub fn id(&self) -> StaffId {
        match self {
            Self::Staff(id) => id.clone(),
            Self::System => StaffId::from(Self::SYSTEM_ID),
        }
    }
}

pub(crate) const REVIEW: [Role; 2] = [Role::Reviewer, Role::Approver];
pub(crate) const DECIDE: [Role; 1] = [Role::Approver];

impl HubStore {
    /// Opens a case for review and claims it.
    ///
    /// # Errors
    /// See [`ReviewError`].
    pub fn open_review(&mut self, case: CaseId, by: &StaffId) -> Result<EventId, ReviewError> {
        self.act(
            case,
            by,
            &REVIEW,
            CaseStep::ReviewOpened,
            AuditAction::ReviewOpened,
        )
    }

    /// Returns a case to its counter with remarks.
    ///
    /// # Errors
    /// See [`ReviewError`].
    pub fn give_back(
        &mut self,
        case: CaseId,
        by: &StaffId,
        remarks: Vec<Remark>,
    ) -> Result<EventId, ReviewError> {
        if remarks.is_empty() {
            return Err(ReviewError::NoRemark);
        }
        self.act(
            case,
            by,
            &REVIEW,
            CaseStep::Returned { remarks },
            AuditAction::Returned,
        )
    }

    /// Accepts the snapshot in force (受理). Not by whoever took the case in.
    ///
    /// # Errors
    /// See [`ReviewError`].
    pub fn accept(&mut self, case: CaseId, by: &StaffId) -> Result<EventId, ReviewError> {
        let events = replica::case_events(self.replica.reader(), case)?;
        if events.is_empty() {
            return Err(ReviewError::UnknownCase);
        }
        let summary = fold(&events);
        summary.may_accept(by)?;
        let snapshot = summary
            .in_force()
            .ok_or(ReviewError::NotAllowed(summary.state))?;
        self.act(
            case,
            by,
            &DECIDE,
            CaseStep::Accepted { snapshot },
            AuditAction::Accepted,
        )
    }

    /// Refuses a case (不受理) with a written reason.
    ///
    /// # Errors
    /// See [`ReviewError`].
    pub fn refuse(
        &mut self,
        case: CaseId,
        by: &StaffId,
        reason: String,
    ) -> Result<EventId, ReviewError> {
        self.act(
            case,
            by,
            &DECIDE,
            CaseStep::Refused { reason },
            AuditAction::Refused,
        )
    }

    /// Takes another step of head office.
    ///
    /// # Errors
    /// See [`ReviewError`].
    pub fn record(
        &mut self,
        case: CaseId,
        by: &StaffId,
        step: CaseStep,
    ) -> Result<EventId, ReviewError> {
        self.act(case, by, &REVIEW, step, AuditAction::StepTaken)
    }

    /// Accepted cases that no hand-over file has yet, longest waiting first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn hand_over_pending(&self) -> Result<Vec<HandOverRow>, StoreError> {
        let connection = self.replica.reader();
        let mut statement = connection.prepare_cached(
            "SELECT case_id FROM desk_row WHERE state = 'accepted'
             ORDER BY waiting_unix_ms, case_id",
        )?;
        let cases: Vec<CaseId> = statement
            .query_map([], |row| row.get(0).map(CaseId))?
            .collect::<Result<_, _>>()?;
        let mut rows = Vec::new();
        for case in cases {
            rows.extend(hand_over_row(connection, case)?);
        }
        Ok(rows)
    }

    /// Notes that `cases` are in the hand-over file `file`, all or none.
    ///
    /// # Errors
    /// See [`ReviewError`].
    pub fn handed_over(
        &mut self,
        cases: &[CaseId],
        by: &Actor,
        file: &str,
    ) -> Result<(), ReviewError> {
        let id = by.id();
        self.write(|write| {
            match by {
                Actor::Staff(id) => check_role(write.connection(), id, &REVIEW)?,
                Actor::System => {}
            }
            for case in cases {
                let step = CaseStep::HandedOver {
                    file: file.to_owned(),
                };
                take_step(write, *case, &id, step)?;
                write.audit(&id, AuditAction::HandedOver, Some(*case))?;
            }
            Ok(())
        })
    }

    fn act(
        &mut self,
        case: CaseId,
        by: &StaffId,
        roles: &[Role],
        step: CaseStep,
        action: AuditAction,
    ) -> Result<EventId, ReviewError> {
        self.write(|write| {
            check_role(write.connection(), by, roles)?;
            let event = take_step(write, case, by, step)?;
            write.audit(by, action, Some(case))?;
            Ok(event)
        })
    }
}

pub(crate) fn check_role(
    connection: &Connection,
    by: &StaffId,
    roles: &[Role],
) -> Result<(), ReviewError> {
    let staff = staff::staff(connection)?.unwrap_or_default();
    let is_person = by.as_str() != Actor::SYSTEM_ID;
    let allowed = is_person
        && staff
            .iter()
            .any(|member| member.id == *by && member.has_any(roles));
    if allowed {
        Ok(())
    } else {
        Err(ReviewError::RoleMissing)
    }
}

/// Adds a step, unless the fold would overrule it.
pub(crate) fn take_step(
    write: &mut Write<'_>,
    case: CaseId,
    by: &StaffId,
    step: CaseStep,
) -> Result<EventId, ReviewError> {
    let before = replica::case_events(write.connection(), case)?;
    if before.is_empty() {
        return Err(ReviewError::UnknownCase);
    }
    let event = write.add_event(case, by, step)?;
    let after = fold(&replica::case_events(write.connection(), case)?);
    if after.overruled.contains(&event) {
        return Err(ReviewError::NotAllowed(fold(&before).state));
    }
    Ok(event)
}

pub(crate) fn hand_over_row(
    connection: &Connection,
    case: CaseId,
) -> Result<Option<HandOverRow>, StoreError> {
    let events = replica::case_events(connection, case)?;
    let summary = fold(&events);
    let Some(snapshot_hash) = summary.accepted else {
        return Ok(None);
    };
    let Some(snapshot) = replica::snapshot(connection, case, snapshot_hash)? else {
        return Ok(None);
    };
    let accepted = events.iter().rev().find(|event| {
        event.what
            == CaseStep::Accepted {
                snapshot: snapshot_hash,
            }
            && !summary.overruled.contains(&event.id)
    });
    let protected = replica::is_case_protected(connection, case)?;
    Ok(accepted.map(|event| HandOverRow {
        case,
        protected,
        receipt_number: summary.receipt_number.clone().unwrap_or_default(),
        branch: summary.branch.clone().unwrap_or(BranchCode(String::new())),
        snapshot_hash,
        snapshot,
        accepted_by: event.by.clone(),
        accepted_unix_ms: event.at.unix_ms(),
    }))
}
