//! Which branch has a case, and what other branches still have of it.

use std::sync::Arc;

use counter_domain::ids::{BranchCode, CaseId};
use hub_store::{HubStore, Move, ProtectionKnown, ReviewError};
use thiserror::Error;

use super::super::session::Viewer;
use super::{DataFailed, DeskData, failed, visible};
use crate::catalogue::Workbench;

/// What a reviewer decides about who has a case.
#[derive(Debug, Clone)]
pub(crate) enum MoveDeed {
    /// It goes to another branch, or to head office.
    HandOn(Move),
    /// It goes back to the branch that handed it on.
    TakeBack {
        /// Why.
        reason: String,
        /// Whether protection is known.
        protection: ProtectionKnown,
    },
    /// This branch has it, after two offices moved it at once.
    Settle(BranchCode),
    /// Every counter of the branch overwrites its copy.
    Revoke {
        /// The branch.
        branch: BranchCode,
        /// Why.
        reason: String,
    },
}

/// Why a case was not moved; nothing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum MoveRefused {
    /// No such case for this person.
    #[error("no such case")]
    Missing,
    /// Not where the case stands, or not with these roles.
    #[error("not allowed in this state or with these roles")]
    NotAllowed,
    /// Somebody in it is under protection and nobody said that this is known.
    #[error("protection not confirmed")]
    Protected,
    /// The store did not answer.
    #[error("the store did not answer")]
    Failed,
}

impl From<DataFailed> for MoveRefused {
    fn from(_: DataFailed) -> Self {
        Self::Failed
    }
}

impl DeskData {
    /// Does it, and wakes every branch: the giving and the taking one must hear of it.
    pub(crate) async fn move_case(
        &self,
        viewer: &Viewer,
        case: CaseId,
        deed: MoveDeed,
        bench: &Arc<Workbench>,
    ) -> Result<(), MoveRefused> {
        let (viewer, bench, wake) = (viewer.clone(), Arc::clone(bench), self.wake.clone());
        self.run(move |store| {
            if visible(store, &viewer, case)?.is_none() {
                return Err(MoveRefused::Missing);
            }
            act(store, &viewer, case, deed, &bench).map_err(|error| refused(case, &error))?;
            wake.everyone();
            Ok(())
        })
        .await?
    }
}

fn act(
    store: &mut HubStore,
    viewer: &Viewer,
    case: CaseId,
    deed: MoveDeed,
    bench: &Workbench,
) -> Result<(), ReviewError> {
    let by = &viewer.staff;
    match deed {
        MoveDeed::HandOn(to) => store.transfer(case, by, &to).map(drop),
        MoveDeed::TakeBack { reason, protection } => {
            store.take_back(case, by, (&reason, protection)).map(drop)
        }
        MoveDeed::Settle(branch) => store.settle_holder(case, by, &branch).map(drop),
        MoveDeed::Revoke { branch, reason } => {
            let sign = |bytes: &[u8]| {
                let signed = bench.signer()(bytes);
                signed
                    .inspect_err(|error| tracing::error!(%error, "an order was not signed"))
                    .ok()
            };
            store.revoke_copy(case, by, (&branch, &reason), sign)
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other refusal is told alike, also one of a newer version"
)]
fn refused(case: CaseId, error: &ReviewError) -> MoveRefused {
    tracing::warn!(event = "move_refused", %case, %error, "the store refused to move a case");
    match error {
        ReviewError::Protected => MoveRefused::Protected,
        ReviewError::Store(error) => {
            failed(error);
            MoveRefused::Failed
        }
        ReviewError::UnknownCase => MoveRefused::Missing,
        _ => MoveRefused::NotAllowed,
    }
}
