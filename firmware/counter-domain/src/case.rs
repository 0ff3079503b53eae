//! A case (異動の案件): an append-only history of events, folded to a state.
//!
//! The state is never stored as truth. [`fold`] gives every replica the same answer whatever the
//! order of arrival, because events are ordered by their hybrid clock first. Rules: `domain.md`
//! D.15, in `docs/requirements.md` rows K20 and F1.

use serde::{Deserialize, Serialize};

use crate::draft::FieldPath;
use crate::hlc::Hlc;
use crate::ids::{BlobHash, BranchCode, DeviceId, EventId, SnapshotHash, StaffId};

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
    /// The branch that owns it.
    pub branch: Option<BranchCode>,
    /// Receipt number (受付番号).
    pub receipt_number: Option<String>,
    /// The snapshots submitted, oldest first; the last is the one in force.
    pub submitted: Vec<SnapshotHash>,
    /// The newest signature, unless a later change made it void.
    pub signed: Option<SnapshotHash>,
    /// Remarks of the newest return, while the case is back at the counter.
    pub remarks: Vec<Remark>,
    /// When it was first submitted; the resident waits since then.
    pub submitted_at: Option<Hlc>,
    /// Who handed it in, for the rule of four eyes.
    pub submitted_by: Option<StaffId>,
    /// Steps that came at the same time as another office's and lost; people are told.
    pub overruled: Vec<EventId>,
}
