//! Which branch has a case, decided at head office; and which branches still have a copy of it.

use counter_domain::case::{CaseStep, CaseSummary, HEAD_OFFICE, fold};
use counter_domain::ids::{BranchCode, CaseId, DeviceId, EventId, StaffId};
use replica::{AuditAction, PurgeRow, StoreError, Write};
use sync_engine::{Peer, PurgeDone};

use crate::enrolment::EnrolledDevice;
use crate::review::{DECIDE, REVIEW, ReviewError, check_role};
use crate::store::HubStore;

/// To whom a case goes, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The branch, or head office.
    pub to: BranchCode,
    /// Why; stands in the history of every branch that had it.
    pub reason: String,
    /// Whether whoever moves it knows that somebody in it is under protection.
    pub protection: ProtectionKnown,
}

/// Whether a person said that they know of somebody under protection (支援措置) in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtectionKnown {
    /// Nobody said so: a protected case stays where it is.
    Unsaid,
    /// Said so; only somebody who decides may.
    Said,
}

/// A branch that has or had a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchCopy {
    /// The branch.
    pub branch: BranchCode,
    /// It has the case now.
    pub holds: bool,
    /// The newest order to overwrite its copy that is not void.
    pub order: Option<PurgeRow>,
    /// Its counters that are enrolled and not revoked, and revoked ones whose copy nobody can
    /// overwrite any more.
    pub counters: Vec<CounterCopy>,
}

/// A counter of such a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterCopy {
    /// Which.
    pub device: DeviceId,
    /// Its place.
    pub name: String,
    /// What it has of the case.
    pub state: CopyState,
}

/// What a counter has of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyState {
    /// A copy.
    Kept,
    /// Ordered to overwrite it, not heard of since.
    Ordered,
    /// Overwritten and said so.
    Overwritten {
        /// When it said so.
        unix_ms: u64,
    },
    /// Shut out: it may have a copy, and takes no orders.
    ShutOut,
}

impl HubStore {
    /// Hands a case from the branch that has it to another one, or takes it to head office. A case
    /// with somebody under protection is moved by who decides, and knowingly.
    ///
    /// # Errors
    /// When nothing is left to do with the case, it is there already, or see [`ReviewError`].
    pub fn transfer(
        &mut self,
        case: CaseId,
        by: &StaffId,
        to: &Move,
    ) -> Result<EventId, ReviewError> {
        self.write(|write| {
            check_mover(write, case, by, to.protection)?;
            let event = hand_on(write, case, by, to)?;
            write.audit(by, AuditAction::CaseMoved, Some(case))?;
            Ok(event)
        })
    }

    /// Takes a case back to the branch that handed it on last.
    ///
    /// # Errors
    /// When nobody handed it on, it was moved otherwise since, nothing is left to do with it, or see
    /// [`ReviewError`].
    pub fn take_back(
        &mut self,
        case: CaseId,
        by: &StaffId,
        (reason, protection): (&str, ProtectionKnown),
    ) -> Result<EventId, ReviewError> {
        self.write(|write| {
            check_mover(write, case, by, protection)?;
            let summary = summary(write, case)?;
            let (Some(back), Some(now)) = (taken_back_to(&summary), summary.branch.as_ref()) else {
                return Err(ReviewError::NotAllowed(summary.state));
            };
            let step = CaseStep::TakenBack(summary.hand_to(now, &back, reason));
            let event = write.add_event(case, by, step)?;
            write.audit(by, AuditAction::CaseMoved, Some(case))?;
            Ok(event)
        })
    }

    /// Decides which branch has a case that two offices moved at once.
    ///
    /// # Errors
    /// When nothing is contested, the branch is none of those, or see [`ReviewError`].
    pub fn settle_holder(
        &mut self,
        case: CaseId,
        by: &StaffId,
        branch: &BranchCode,
    ) -> Result<EventId, ReviewError> {
        self.write(|write| {
            check_role(write.connection(), by, &REVIEW)?;
            let summary = summary(write, case)?;
            if !candidates(&summary).contains(branch) {
                return Err(ReviewError::NotAllowed(summary.state));
            }
            let step = CaseStep::HolderSettled(summary.settle_on(branch));
            let event = write.add_event(case, by, step)?;
            write.audit(by, AuditAction::CaseMoved, Some(case))?;
            Ok(event)
        })
    }

    /// Orders every counter of `branch` to overwrite what it has of a case. A branch that has the
    /// case loses it to head office first.
    ///
    /// # Errors
    /// When the branch never had it, an order stands already, or see [`ReviewError`].
    pub fn revoke_copy(
        &mut self,
        case: CaseId,
        by: &StaffId,
        (branch, reason): (&BranchCode, &str),
        sign: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<(), ReviewError> {
        let standing = self.standing_order(case, branch)?.is_some();
        self.write(|write| {
            check_role(write.connection(), by, &DECIDE)?;
            let summary = summary(write, case)?;
            let had = replica::branches_of(write.connection(), case)?;
            // Until its beginning is here, nobody knows whose it is.
            let known = summary.branch.is_some();
            if !known || standing || branch.as_str() == HEAD_OFFICE || !had.contains(branch) {
                return Err(ReviewError::NotAllowed(summary.state));
            }
            if summary.is_with(branch) {
                let step = summary.hand_to(branch, &BranchCode::from(HEAD_OFFICE), reason);
                write.add_event(case, by, CaseStep::Transferred(step))?;
            }
            write.order_purge(case, branch, by, reason, sign)?;
            write.audit(by, AuditAction::CopyRevoked, Some(case))?;
            Ok(())
        })?;
        // A branch without counters has nothing to overwrite.
        Ok(self.close_purges(branch)?)
    }

    /// The branches that have or had a case, with what their counters have of it. A branch whose
    /// counters all overwrote it stays listed with its order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn copies(&self, case: CaseId) -> Result<Vec<BranchCopy>, StoreError> {
        let holder = replica::branch_of(self.replica.reader(), case)?;
        let orders = self.replica.purges_of(case)?;
        let mut branches = replica::branches_of(self.replica.reader(), case)?;
        branches.extend(orders.iter().map(|order| order.branch.clone()));
        branches.sort();
        branches.dedup();
        branches.retain(|branch| branch.as_str() != HEAD_OFFICE);
        let devices = self.devices()?;
        let copy = |branch: BranchCode| {
            let order = orders
                .iter()
                .find(|order| order.branch == branch && !order.void)
                .filter(|_| holder.as_ref() != Some(&branch))
                .cloned();
            let counters = devices.iter().filter(|device| device.branch == branch);
            let counters = counters.filter(|device| may_have(device, order.as_ref()));
            let counters = counters.map(|device| CounterCopy {
                device: device.device,
                name: device.name.clone(),
                state: match (device.revoked, state_of(device.device, order.as_ref())) {
                    (true, CopyState::Kept | CopyState::Ordered) => CopyState::ShutOut,
                    (_, state) => state,
                },
            });
            BranchCopy {
                counters: counters.collect(),
                holds: holder.as_ref() == Some(&branch),
                branch,
                order,
            }
        };
        Ok(branches.into_iter().map(copy).collect())
    }

    fn standing_order(
        &self,
        case: CaseId,
        branch: &BranchCode,
    ) -> Result<Option<PurgeRow>, StoreError> {
        let orders = self.replica.purges_of(case)?.into_iter();
        let mut open = orders.filter(|order| !order.void && !order.closed);
        Ok(open.find(|order| order.branch == *branch))
    }

    /// Notes which orders a counter followed, and closes those that every counter of its branch has.
    pub(crate) fn note_purged(
        &mut self,
        peer: &Peer,
        done: &[PurgeDone],
    ) -> Result<(), StoreError> {
        self.replica.note_purged(peer, done)?;
        self.close_purges(&BranchCode(peer.branch.clone()))
    }

    /// Closes the orders that every counter of the branch followed that is not shut out.
    pub(crate) fn close_purges(&mut self, branch: &BranchCode) -> Result<(), StoreError> {
        let devices = self.devices()?.into_iter();
        let counters: Vec<DeviceId> = devices
            .filter(|device| device.branch == *branch && !device.revoked)
            .map(|device| device.device)
            .collect();
        self.replica
            .write(|write| write.close_purges(branch, &counters).map(drop))
    }
}

/// Reviewers move cases; one with somebody under protection who decides, and knowingly.
fn check_mover(
    write: &Write<'_>,
    case: CaseId,
    by: &StaffId,
    known: ProtectionKnown,
) -> Result<(), ReviewError> {
    check_role(write.connection(), by, &REVIEW)?;
    if !replica::is_case_protected(write.connection(), case)? {
        return Ok(());
    }
    check_role(write.connection(), by, &DECIDE)?;
    match known {
        ProtectionKnown::Said => Ok(()),
        ProtectionKnown::Unsaid => Err(ReviewError::Protected),
    }
}

/// The branch a case can be taken back to: the one that handed it on last, when nobody moved it
/// since.
pub fn taken_back_to(summary: &CaseSummary) -> Option<BranchCode> {
    let last = summary.last_move()?;
    let from = last.from.clone()?;
    summary.may_take_back(&from).then_some(from)
}

/// The branches a contested case may be given to.
pub fn candidates(summary: &CaseSummary) -> Vec<BranchCode> {
    if summary.contested.is_empty() {
        return Vec::new();
    }
    let mut branches: Vec<BranchCode> = summary.branch.iter().cloned().collect();
    for one in &summary.contested {
        branches.extend(one.from.iter().cloned());
        branches.push(one.to.clone());
    }
    branches.sort();
    branches.dedup();
    branches
}

fn summary(write: &Write<'_>, case: CaseId) -> Result<CaseSummary, ReviewError> {
    let events = replica::case_events(write.connection(), case)?;
    if events.is_empty() {
        return Err(ReviewError::UnknownCase);
    }
    Ok(fold(&events))
}

fn hand_on(
    write: &mut Write<'_>,
    case: CaseId,
    by: &StaffId,
    Move { to, reason, .. }: &Move,
) -> Result<EventId, ReviewError> {
    let summary = summary(write, case)?;
    let from = summary.branch.clone().filter(|from| from != to);
    let Some(from) = from.filter(|_| summary.is_movable()) else {
        return Err(ReviewError::NotAllowed(summary.state));
    };
    let step = CaseStep::Transferred(summary.hand_to(&from, to, reason));
    Ok(write.add_event(case, by, step)?)
}

/// A counter that came when every other one had overwritten the case never had it.
fn may_have(device: &EnrolledDevice, order: Option<&PurgeRow>) -> bool {
    let Some(order) = order.filter(|order| order.closed) else {
        return true;
    };
    let last_done = order.done.iter().map(|done| done.unix_ms).max();
    let closed_unix_ms = last_done.unwrap_or(0).max(order.issued_unix_ms);
    let followed = order.done.iter().any(|done| done.device == device.device);
    followed || device.enrolled_unix_ms <= closed_unix_ms
}

fn state_of(device: DeviceId, order: Option<&PurgeRow>) -> CopyState {
    let Some(order) = order else {
        return CopyState::Kept;
    };
    let done = order.done.iter().find(|done| done.device == device);
    done.map_or(CopyState::Ordered, |done| CopyState::Overwritten {
        unix_ms: done.unix_ms,
    })
}
