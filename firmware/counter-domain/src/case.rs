//! A case (異動の案件): an append-only history of events, folded to a state.
//!
//! The state is never stored as truth. [`fold`] gives every replica the same answer whatever the
//! order of arrival, because events are ordered by their hybrid clock first. Rules: `domain.md`
//! D.15, in `docs/requirements.md` rows K20 and F1.

mod moves;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::draft::FieldPath;
use crate::hlc::Hlc;
use crate::ids::{BlobHash, BranchCode, CaseId, DeviceId, EventId, SnapshotHash, StaffId};

pub use moves::{CaseMove, HEAD_OFFICE, Handing, MOVE_REASON_CHARS_MAX, MoveKind, Settling};

/// One entry of a case's history, as stored in the `doc` column of `case_event`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseEvent {
    /// Its id, also the row's key.
    pub id: EventId,
    /// When, by the clock of the device that wrote it.
    pub at: Hlc,
    /// The device that wrote it.
    pub device: DeviceId,
    /// Who acted.
    pub by: StaffId,
    /// What happened.
    pub what: CaseStep,
}

/// What can happen to a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CaseStep {
    /// The reception was opened at a counter.
    Started {
        /// The branch that owns the case.
        branch: BranchCode,
        /// Receipt number (受付番号), as printed.
        receipt_number: String,
    },
    /// The resident read and signed a snapshot.
    Signed {
        /// What was signed.
        snapshot: SnapshotHash,
        /// The strokes of the pen.
        strokes: BlobHash,
        /// The form as PDF.
        form: BlobHash,
    },
    /// The counter handed the signed case to head office, the first time or again.
    Submitted {
        /// The signed snapshot.
        snapshot: SnapshotHash,
    },
    /// A reviewer opened it; the claim lapses by itself after 15 minutes.
    ReviewOpened,
    /// Head office sent it back.
    Returned {
        /// What must change, each on its field. Never empty.
        remarks: Vec<Remark>,
    },
    /// Head office accepted it (受理). The legal date stays the date filed at the branch.
    Accepted {
        /// The snapshot accepted.
        snapshot: SnapshotHash,
    },
    /// Head office refused it (不受理).
    Refused {
        /// The written reason.
        reason: String,
    },
    /// It was written into a hand-over file for the resident record system.
    HandedOver {
        /// Name of the file, without personal data.
        file: String,
    },
    /// The resident record system has it.
    Completed,
    /// The resident record system refused it.
    CoreRejected {
        /// Its message.
        reason: String,
    },
    /// The counter took it back before acceptance.
    Withdrawn {
        /// Why.
        reason: String,
    },
    /// The resident asked to stop after submission.
    CancelRequested,
    /// Head office cancelled it.
    Cancelled,
    /// Waiting for somebody else.
    Held {
        /// For what.
        reason: String,
    },
    /// No longer waiting.
    Released,
    /// It belongs to another case of the same visit: a family whose members file apart. Said in
    /// both cases.
    Linked {
        /// The other case.
        case: CaseId,
        /// Its receipt number, as printed.
        receipt_number: String,
    },
    /// It does not belong to that case after all.
    Unlinked {
        /// The other case.
        case: CaseId,
    },
    /// Handed to another branch (引継ぎ).
    Transferred(Handing),
    /// Taken back by the branch that handed it on.
    TakenBack(Handing),
    /// Two offices moved it at once; a person decided.
    HolderSettled(Settling),
}

/// A reviewer's remark, fixed to one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// The field it is about.
    pub path: FieldPath,
    /// Its kind.
    pub category: RemarkCategory,
    /// The reviewer's words.
    pub text: String,
}

/// Kinds of remark (`domain.md` D.15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemarkCategory {
    /// Not filled in (記載漏れ).
    Missing,
    /// Differs from another record (不一致).
    Mismatch,
    /// A document is lacking (書類不足).
    Document,
    /// Identity check (本人確認).
    Identity,
    /// Ask the resident again (要聞き取り).
    AskAgain,
    /// Anything else (その他).
    Other,
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// Being entered.
    Draft,
    /// Signed, not yet submitted.
    Signed,
    /// Submitted for the first time, not opened yet.
    Submitted,
    /// A reviewer has opened it.
    UnderReview,
    /// Back at the counter with remarks.
    Returned,
    /// Submitted again after a return.
    Resubmitted,
    /// Accepted (受理).
    Accepted,
    /// In a hand-over file.
    HandedOver,
    /// Confirmed by the resident record system.
    Completed,
    /// The resident record system refused it.
    CoreRejected,
    /// Taken back by the counter.
    Withdrawn,
    /// Refused (不受理).
    Refused,
    /// The resident asked to stop; head office decides.
    CancelRequested,
    /// Cancelled.
    Cancelled,
    /// Waiting for somebody else.
    OnHold,
}

/// A case as its history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseSummary {
    /// Where it stands.
    pub state: CaseState,
    /// The branch that has it now.
    pub branch: Option<BranchCode>,
    /// The branch that opened it; its receipt number names that one for ever.
    pub started_in: Option<BranchCode>,
    /// The moves that count, oldest first.
    pub moves: Vec<CaseMove>,
    /// Moves made without knowing of the newest; a person settles them.
    pub contested: Vec<CaseMove>,
    /// Receipt number (受付番号).
    pub receipt_number: Option<String>,
    /// The snapshots submitted, oldest first; the last is the one in force.
    pub submitted: Vec<SnapshotHash>,
    /// The newest signature. Whether the draft still says the same is for its reader to compare.
    pub signed: Option<SnapshotHash>,
    /// Remarks of the newest return, while the case is back at the counter.
    pub remarks: Vec<Remark>,
    /// When it was first submitted; the resident waits since then.
    pub submitted_at: Option<Hlc>,
    /// Who handed it in, for the rule of four eyes.
    pub submitted_by: Option<StaffId>,
    /// Everybody who opened, signed off or handed in; none of them may accept it.
    pub taken_in_by: BTreeSet<StaffId>,
    /// The reviewer who opened it last.
    pub claim: Option<Claim>,
    /// The snapshot head office accepted.
    pub accepted: Option<SnapshotHash>,
    /// Where it stood before it was put on hold; `None` when it is not on hold.
    pub held_from: Option<CaseState>,
    /// The words of the newest refusal, core rejection, withdrawal or hold.
    pub reason: Option<String>,
    /// Steps that came at the same time as another office's and lost; people are told.
    pub overruled: Vec<EventId>,
    /// Cases of the same visit with their receipt numbers.
    pub links: BTreeMap<CaseId, String>,
    withdrawal: Option<EventId>,
}

/// A reviewer has the case open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who.
    pub by: StaffId,
    /// Since when.
    pub since: Hlc,
}

/// A claim lapses by itself after this time.
pub const CLAIM_MINUTES: u64 = 15;

/// Why somebody may not accept a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotAcceptable {
    /// It is not open for review.
    #[error("the case is not under review")]
    NotUnderReview,
    /// The rule of four eyes.
    #[error("the case was taken in by the same member of staff")]
    SamePerson,
}

impl Default for CaseSummary {
    fn default() -> Self {
        Self {
            state: CaseState::Draft,
            branch: None,
            started_in: None,
            moves: Vec::new(),
            contested: Vec::new(),
            receipt_number: None,
            submitted: Vec::new(),
            signed: None,
            remarks: Vec::new(),
            submitted_at: None,
            submitted_by: None,
            taken_in_by: BTreeSet::new(),
            claim: None,
            accepted: None,
            held_from: None,
            reason: None,
            overruled: Vec::new(),
            links: BTreeMap::new(),
            withdrawal: None,
        }
    }
}

impl CaseSummary {
    /// Whether `staff` may accept the case now: it is under review and somebody else took it in.
    ///
    /// # Errors
    /// Says which condition fails.
    pub fn may_accept(&self, staff: &StaffId) -> Result<(), NotAcceptable> {
        if self.state != CaseState::UnderReview {
            return Err(NotAcceptable::NotUnderReview);
        }
        if self.taken_in_by.contains(staff) {
            return Err(NotAcceptable::SamePerson);
        }
        Ok(())
    }

    /// Who has the case open at `now_unix_ms`; `None` when nobody has or the claim lapsed.
    pub fn claimed_by(&self, now_unix_ms: u64) -> Option<&StaffId> {
        self.claim
            .as_ref()
            .filter(|_| self.state == CaseState::UnderReview)
            .filter(|claim| now_unix_ms < claim.since.unix_ms() + CLAIM_MINUTES * 60_000)
            .map(|claim| &claim.by)
    }

    /// The snapshot in force at head office.
    pub fn in_force(&self) -> Option<SnapshotHash> {
        self.submitted.last().copied()
    }

    /// Whether the counter may still change fields.
    pub fn is_editable(&self) -> bool {
        matches!(
            self.state,
            CaseState::Draft | CaseState::Signed | CaseState::Returned
        )
    }
}

/// Folds a history to a case. The order of `events` and repetitions change nothing.
///
/// A step that is not allowed where the case stands is left out and named in
/// [`CaseSummary::overruled`].
pub fn fold(events: &[CaseEvent]) -> CaseSummary {
    let mut ordered: Vec<&CaseEvent> = events.iter().collect();
    ordered.sort_by_key(|event| (event.at, event.id));
    let mut seen = BTreeSet::new();
    let mut case = CaseSummary::default();
    for event in ordered {
        if seen.insert(event.id) && !case.step(event, &seen) {
            case.overruled.push(event.id);
        }
    }
    case
}

impl CaseSummary {
    /// Takes one step behind those that are `here`; `false` when people must be told that it did not
    /// do what it says.
    fn step(&mut self, event: &CaseEvent, here: &BTreeSet<EventId>) -> bool {
        match &event.what {
            CaseStep::Started {
                branch,
                receipt_number,
            } => self.start(branch, receipt_number, &event.by),
            CaseStep::Signed { snapshot, .. } => self.sign(*snapshot, &event.by),
            CaseStep::Submitted { snapshot } => self.submit(*snapshot, event),
            CaseStep::ReviewOpened => self.open_review(event),
            CaseStep::Returned { remarks } => self.give_back(remarks),
            CaseStep::Accepted { snapshot } => self.accept(*snapshot, &event.by),
            CaseStep::Refused { reason } => {
                self.go(&[CaseState::UnderReview], CaseState::Refused) && self.note(reason)
            }
            CaseStep::HandedOver { .. } => self.go(&[CaseState::Accepted], CaseState::HandedOver),
            CaseStep::Completed => self.go(&[CaseState::HandedOver], CaseState::Completed),
            CaseStep::CoreRejected { reason } => {
                let from = [CaseState::Accepted, CaseState::HandedOver];
                self.go(&from, CaseState::CoreRejected) && self.note(reason)
            }
            CaseStep::Withdrawn { reason } => self.withdraw(reason, event.id),
            CaseStep::CancelRequested => self.request_cancel(),
            CaseStep::Cancelled => self.cancel(),
            CaseStep::Held { reason } => self.hold(reason),
            CaseStep::Released => self.release(),
            CaseStep::Linked {
                case,
                receipt_number,
            } => {
                self.links.insert(*case, receipt_number.clone());
                true
            }
            CaseStep::Unlinked { case } => {
                self.links.remove(case);
                true
            }
            CaseStep::Transferred(handing) => {
                self.take_move(event, (MoveKind::Transferred, handing), here);
                true
            }
            CaseStep::TakenBack(handing) => {
                self.take_move(event, (MoveKind::TakenBack, handing), here);
                true
            }
            CaseStep::HolderSettled(settling) => {
                self.settle(event, settling);
                true
            }
        }
    }

    fn go(&mut self, from: &[CaseState], to: CaseState) -> bool {
        let allowed = from.contains(&self.state);
        if allowed {
            self.state = to;
        }
        allowed
    }

    fn note(&mut self, reason: &str) -> bool {
        self.reason = Some(reason.to_owned());
        true
    }

    /// A start says who owns the case; it never moves a case that somebody already worked on.
    fn start(&mut self, branch: &BranchCode, receipt_number: &str, by: &StaffId) -> bool {
        if self.branch.is_some() {
            return false;
        }
        self.branch = Some(branch.clone());
        self.started_in = Some(branch.clone());
        self.receipt_number = Some(receipt_number.to_owned());
        self.taken_in_by.insert(by.clone());
        true
    }

    /// A signature on a returned case makes the new snapshot; the case stays returned until it is
    /// submitted again.
    fn sign(&mut self, snapshot: SnapshotHash, by: &StaffId) -> bool {
        let allowed = self.is_editable();
        if allowed {
            self.signed = Some(snapshot);
            self.taken_in_by.insert(by.clone());
        }
        if self.state == CaseState::Draft {
            self.state = CaseState::Signed;
        }
        allowed
    }

    fn submit(&mut self, snapshot: SnapshotHash, event: &CaseEvent) -> bool {
        if self.signed != Some(snapshot) {
            return false;
        }
        let again = self.go(&[CaseState::Returned], CaseState::Resubmitted);
        if !again && !self.go(&[CaseState::Signed], CaseState::Submitted) {
            return false;
        }
        if self.in_force() != Some(snapshot) {
            self.submitted.push(snapshot);
        }
        self.remarks.clear();
        self.submitted_at.get_or_insert(event.at);
        self.submitted_by = Some(event.by.clone());
        self.taken_in_by.insert(event.by.clone());
        true
    }

    /// Opening again renews the claim. A case withdrawn or asked to be stopped meanwhile stays so,
    /// but the reviewer, who may not know yet, can still accept it.
    fn open_review(&mut self, event: &CaseEvent) -> bool {
        let opened = [
            CaseState::Submitted,
            CaseState::Resubmitted,
            CaseState::CoreRejected,
        ];
        let stays = [
            CaseState::UnderReview,
            CaseState::CancelRequested,
            CaseState::Withdrawn,
        ];
        if self.state == CaseState::CoreRejected {
            self.accepted = None;
        }
        let while_held = self.held_from.is_some_and(|from| opened.contains(&from));
        if while_held {
            self.held_from = Some(CaseState::UnderReview);
        }
        let allowed = while_held
            || self.go(&opened, CaseState::UnderReview)
            || (stays.contains(&self.state) && self.in_force().is_some());
        if allowed {
            self.claim = Some(Claim {
                by: event.by.clone(),
                since: event.at,
            });
        }
        allowed
    }

    fn give_back(&mut self, remarks: &[Remark]) -> bool {
        let allowed =
            !remarks.is_empty() && self.go(&[CaseState::UnderReview], CaseState::Returned);
        if allowed {
            self.remarks = remarks.to_vec();
        }
        allowed
    }

    /// Acceptance wins over a withdrawal or a wish to stop that came at the same time: the case
    /// is accepted and head office decides about the wish.
    fn accept(&mut self, snapshot: SnapshotHash, by: &StaffId) -> bool {
        if self.in_force() != Some(snapshot)
            || self.taken_in_by.contains(by)
            || self.claim.is_none()
            || self.accepted.is_some()
        {
            return false;
        }
        let wish = self.go(&[CaseState::Withdrawn], CaseState::CancelRequested)
            || self.state == CaseState::CancelRequested;
        if !wish && !self.go(&[CaseState::UnderReview], CaseState::Accepted) {
            return false;
        }
        self.overruled.extend(self.withdrawal.take());
        self.accepted = Some(snapshot);
        true
    }

    fn withdraw(&mut self, reason: &str, id: EventId) -> bool {
        let decided = [CaseState::Accepted, CaseState::HandedOver];
        if self.go(&decided, CaseState::CancelRequested) {
            self.note(reason);
            return false;
        }
        let from = [
            CaseState::Draft,
            CaseState::Signed,
            CaseState::Submitted,
            CaseState::UnderReview,
            CaseState::Returned,
            CaseState::Resubmitted,
            CaseState::OnHold,
        ];
        let allowed = self.go(&from, CaseState::Withdrawn);
        if allowed {
            self.held_from = None;
            self.remarks.clear();
            self.withdrawal = Some(id);
            self.note(reason);
        }
        allowed
    }

    fn request_cancel(&mut self) -> bool {
        let held = self.held_from.is_some_and(|from| {
            !matches!(from, CaseState::Draft | CaseState::Signed) && self.in_force().is_some()
        });
        if held {
            self.held_from = None;
            self.state = CaseState::CancelRequested;
            return true;
        }
        let from = [
            CaseState::Submitted,
            CaseState::UnderReview,
            CaseState::Returned,
            CaseState::Resubmitted,
            CaseState::Accepted,
            CaseState::HandedOver,
        ];
        self.go(&from, CaseState::CancelRequested)
    }

    fn cancel(&mut self) -> bool {
        let from = [
            CaseState::CancelRequested,
            CaseState::Accepted,
            CaseState::HandedOver,
        ];
        self.go(&from, CaseState::Cancelled)
    }

    fn hold(&mut self, reason: &str) -> bool {
        let finished = matches!(
            self.state,
            CaseState::OnHold
                | CaseState::Completed
                | CaseState::Withdrawn
                | CaseState::Refused
                | CaseState::Cancelled
        );
        if finished {
            return false;
        }
        self.held_from = Some(self.state);
        self.state = CaseState::OnHold;
        self.note(reason)
    }

    fn release(&mut self) -> bool {
        let Some(former) = self.held_from.take() else {
            return false;
        };
        self.state = former;
        true
    }
}
