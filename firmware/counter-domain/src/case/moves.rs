//! Which branch has a case (引継ぎ): handed on, taken back, and two offices doing it at once.
//!
//! Each move names the move it was made upon. One that was made without knowing the newest does not
//! move the case: it is *contested*, everybody sees 要確認, and a person at head office settles it.
//! One that was made upon a move that is not here counts: whoever made it knew more than is known
//! here, because the other record is still on its way or was not for this office to see.
//! So every replica names the same one branch that may work on a case, whatever arrived when.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{CaseEvent, CaseState, CaseStep, CaseSummary};
use crate::hlc::Hlc;
use crate::ids::{BranchCode, EventId, StaffId};

/// Head office as the holder of a case that no branch is to have.
pub const HEAD_OFFICE: &str = "00";

/// Longest reason of a move, characters.
pub const MOVE_REASON_CHARS_MAX: usize = 200;

/// A case goes from one branch to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handing {
    /// The branch that had it.
    pub from: BranchCode,
    /// The branch that has it from now on.
    pub to: BranchCode,
    /// Why, in the words of whoever did it.
    pub reason: String,
    /// The newest move known where this one was made; `None` for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<EventId>,
}

/// A person decides who has the case after two offices moved it at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settling {
    /// The branch that has it from now on.
    pub branch: BranchCode,
    /// The contested moves this decides; one that arrives later is contested anew.
    pub settles: Vec<EventId>,
}

/// What kind of move it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveKind {
    /// Handed on.
    Transferred,
    /// Taken back.
    TakenBack,
    /// Decided by a person.
    Settled,
}

/// A move as the history tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseMove {
    /// Its event.
    pub event: EventId,
    /// When.
    pub at: Hlc,
    /// Who.
    pub by: StaffId,
    /// What kind.
    pub kind: MoveKind,
    /// The branch that had it; `None` when the start of the case is not here.
    pub from: Option<BranchCode>,
    /// The branch it went to.
    pub to: BranchCode,
    /// Why; empty for a decision.
    pub reason: String,
}

impl CaseStep {
    /// Whether it only says which branch has the case: all that a branch is told of a case it gave
    /// away.
    pub fn is_move(&self) -> bool {
        match self {
            Self::Transferred(_) | Self::TakenBack(_) | Self::HolderSettled(_) => true,
            Self::Started { .. }
            | Self::Signed { .. }
            | Self::Submitted { .. }
            | Self::ReviewOpened
            | Self::Returned { .. }
            | Self::Accepted { .. }
            | Self::Refused { .. }
            | Self::HandedOver { .. }
            | Self::Completed
            | Self::CoreRejected { .. }
            | Self::Withdrawn { .. }
            | Self::CancelRequested
            | Self::Cancelled
            | Self::Held { .. }
            | Self::Released
            | Self::Linked { .. }
            | Self::Unlinked { .. } => false,
        }
    }
}

impl CaseSummary {
    /// Whether `branch` has the case and may work on it. A case nobody started here is nobody's.
    pub fn is_with(&self, branch: &BranchCode) -> bool {
        self.branch.as_ref() == Some(branch)
    }

    /// The newest move that counts.
    pub fn last_move(&self) -> Option<&CaseMove> {
        self.moves.last()
    }

    /// Whether it came to `branch` from another one.
    pub fn handed_to(&self, branch: &BranchCode) -> Option<&CaseMove> {
        self.last_move()
            .filter(|last| last.to == *branch && last.from.as_ref() != Some(branch))
    }

    /// Whether a branch may still hand it on or take it back: something is left to do with it.
    pub fn is_movable(&self) -> bool {
        match self.state {
            CaseState::Draft
            | CaseState::Signed
            | CaseState::Submitted
            | CaseState::UnderReview
            | CaseState::Returned
            | CaseState::Resubmitted
            | CaseState::Accepted
            | CaseState::HandedOver
            | CaseState::CoreRejected
            | CaseState::CancelRequested
            | CaseState::OnHold => true,
            CaseState::Completed
            | CaseState::Withdrawn
            | CaseState::Refused
            | CaseState::Cancelled => false,
        }
    }

    /// Whether `branch` may take it back: it gave it away, and nobody moved it since.
    pub fn may_take_back(&self, branch: &BranchCode) -> bool {
        self.is_movable()
            && self.last_move().is_some_and(|last| {
                last.kind == MoveKind::Transferred && last.from.as_ref() == Some(branch)
            })
    }

    /// A move made here, upon what is known here.
    pub fn hand_to(&self, from: &BranchCode, to: &BranchCode, reason: &str) -> Handing {
        Handing {
            from: from.clone(),
            to: to.clone(),
            reason: reason.chars().take(MOVE_REASON_CHARS_MAX).collect(),
            after: self.last_move().map(|last| last.event),
        }
    }

    /// A decision about everything contested now.
    pub fn settle_on(&self, branch: &BranchCode) -> Settling {
        Settling {
            branch: branch.clone(),
            settles: self.contested.iter().map(|one| one.event).collect(),
        }
    }

    /// Takes a move; one that was made upon something older of what is `here` is contested.
    pub(super) fn take_move(
        &mut self,
        event: &CaseEvent,
        (kind, handing): (MoveKind, &Handing),
        here: &BTreeSet<EventId>,
    ) {
        let moved = CaseMove {
            event: event.id,
            at: event.at,
            by: event.by.clone(),
            kind,
            from: Some(handing.from.clone()),
            to: handing.to.clone(),
            reason: handing.reason.clone(),
        };
        let upon_newest = self.last_move().map(|last| last.event) == handing.after;
        let held = self.branch.as_ref();
        let follows = upon_newest && held.is_none_or(|branch| *branch == handing.from);
        let is_ahead = handing.after.is_some_and(|after| !here.contains(&after));
        if follows || (is_ahead && self.started_in.is_some()) {
            self.branch = Some(handing.to.clone());
            self.moves.push(moved);
        } else {
            self.contested.push(moved);
        }
    }

    pub(super) fn settle(&mut self, event: &CaseEvent, settling: &Settling) {
        self.contested
            .retain(|one| !settling.settles.contains(&one.event));
        self.moves.push(CaseMove {
            event: event.id,
            at: event.at,
            by: event.by.clone(),
            kind: MoveKind::Settled,
            from: self.branch.replace(settling.branch.clone()),
            to: settling.branch.clone(),
            reason: String::new(),
        });
    }
}
