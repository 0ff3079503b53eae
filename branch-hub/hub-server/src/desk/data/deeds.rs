//! What a reviewer does to a case, and when it is not done.

use counter_domain::case::{CaseState, CaseStep, CaseSummary, Remark};
use counter_domain::ids::{CaseId, SnapshotHash};
use thiserror::Error;

use super::super::session::Viewer;
use super::{DataFailed, DeskData, visible};

/// What a reviewer does to a case.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    /// Takes it for review.
    Open,
    /// Sends it back.
    GiveBack(Vec<Remark>),
    /// Accepts it.
    Accept,
    /// Refuses it.
    Refuse(String),
    /// Puts it aside.
    Hold(String),
    /// Takes it up again.
    Release,
}

/// Why a deed was not done; nothing changed.
#[derive(Debug, Error)]
pub(crate) enum DeedRefused {
    /// No such case for this person.
    #[error("no such case")]
    Missing,
    /// The page showed an older submission.
    #[error("the case was submitted anew meanwhile")]
    Stale,
    /// Who took it in may not accept it.
    #[error("taken in by the same member of staff")]
    FourEyes,
    /// Somebody else has it open.
    #[error("claimed by another reviewer")]
    Claimed,
    /// Not in this state, or not with these roles.
    #[error("not allowed in this state or with these roles")]
    NotAllowed,
    /// The store did not answer.
    #[error("the store did not answer")]
    Failed,
}

impl From<DataFailed> for DeedRefused {
    fn from(_: DataFailed) -> Self {
        Self::Failed
    }
}

impl DeskData {
    /// Does what a reviewer decided. `seen` is the submission the page showed.
    pub(crate) async fn act(
        &self,
        viewer: &Viewer,
        case: CaseId,
        seen: Option<SnapshotHash>,
        deed: Deed,
    ) -> Result<(), DeedRefused> {
        let viewer = viewer.clone();
        let now = self.clock.unix_ms();
        let wake = self.wake.clone();
        self.run(move |store| {
            let record = visible(store, &viewer, case)?.ok_or(DeedRefused::Missing)?;
            check(&record.summary, &viewer, seen, &deed, now)?;
            let by = &viewer.staff;
            let done = match deed {
                Deed::Open => store.open_review(case, by),
                Deed::GiveBack(remarks) => store.give_back(case, by, remarks),
                Deed::Accept => store.accept(case, by),
                Deed::Refuse(reason) => store.refuse(case, by, reason),
                Deed::Hold(reason) => store.record(case, by, CaseStep::Held { reason }),
                Deed::Release => store.record(case, by, CaseStep::Released),
            };
            done.map_err(|error| {
                tracing::warn!(event = "review_refused", %case, %error, "the store refused a review step");
                DeedRefused::NotAllowed
            })?;
            if let Some(branch) = &record.branch {
                wake.branch(branch.as_str());
            }
            Ok(())
        })
        .await?
    }
}

/// Rights and state; the store checks again in its transaction.
fn check(
    summary: &CaseSummary,
    viewer: &Viewer,
    seen: Option<SnapshotHash>,
    deed: &Deed,
    now: u64,
) -> Result<(), DeedRefused> {
    if !viewer.may_review() {
        return Err(DeedRefused::NotAllowed);
    }
    let claimed = summary.claimed_by(now);
    let by_other = claimed.is_some_and(|by| *by != viewer.staff);
    if matches!(deed, Deed::Open) {
        return if by_other {
            Err(DeedRefused::Claimed)
        } else {
            Ok(())
        };
    }
    if seen != summary.in_force() {
        return Err(DeedRefused::Stale);
    }
    let reviewing = summary.state == CaseState::UnderReview;
    match deed {
        Deed::Open => Ok(()),
        Deed::Release => {
            if summary.state == CaseState::OnHold {
                Ok(())
            } else {
                Err(DeedRefused::NotAllowed)
            }
        }
        Deed::GiveBack(_) | Deed::Hold(_) => match (reviewing, by_other) {
            (true, false) => Ok(()),
            (true, true) => Err(DeedRefused::Claimed),
            (false, _) => Err(DeedRefused::NotAllowed),
        },
        Deed::Accept | Deed::Refuse(_) => {
            if !viewer.may_approve() || !reviewing {
                return Err(DeedRefused::NotAllowed);
            }
            summary
                .may_accept(&viewer.staff)
                .map_err(|_| DeedRefused::FourEyes)
        }
    }
}
