//! Lists of filings whose time is over.

use counter_domain::ids::StaffId;
use hub_store::{
    Certificate, DeletionError, DeletionItem, DeletionRun, DueFilings, HubStore, Retention,
};

use super::names::{Names, names};
use super::{DataFailed, DeskData, failed};

/// Everything the page of deletions shows.
pub(crate) struct Deletions {
    pub(crate) retention: Retention,
    pub(crate) due: DueFilings,
    pub(crate) runs: Vec<DeletionRun>,
    pub(crate) names: Names,
}

/// What somebody does about a list.
#[derive(Debug)]
pub(crate) enum ListDeed {
    /// Makes one.
    Prepare { today: String },
    /// Approves one, as it was looked at.
    Approve { run: i64, list_hash: [u8; 32] },
    /// Takes a filing off it.
    Keep {
        run: i64,
        receipt_number: String,
        reason: String,
    },
    /// Gives it up.
    Drop { run: i64 },
}

impl DeskData {
    /// What is due on a day, and every list.
    pub(crate) async fn deletions(&self, today: String) -> Result<Deletions, DataFailed> {
        self.run(move |store| {
            let told = |store: &HubStore| {
                Ok::<_, DeletionError>(Deletions {
                    retention: store.retention()?,
                    due: store.deletion_due(&today)?,
                    runs: store.deletions()?,
                    names: names(store),
                })
            };
            told(store).map_err(|error| failed(&error))
        })
        .await?
    }

    /// Filings of a list, at most `limit`.
    pub(crate) async fn deletion_items(
        &self,
        run: i64,
        limit: usize,
    ) -> Result<Vec<DeletionItem>, DataFailed> {
        self.run(move |store| {
            store
                .deletion_items(run, limit)
                .map_err(|error| failed(&error))
        })
        .await?
    }

    /// The newest certificate of a list.
    pub(crate) async fn deletion_certificate(
        &self,
        run: i64,
    ) -> Result<Option<Certificate>, DataFailed> {
        self.run(move |store| {
            store
                .deletion_certificate(run)
                .map_err(|error| failed(&error))
        })
        .await?
    }

    /// Does it; the list it was about.
    pub(crate) async fn list_deed(
        &self,
        by: StaffId,
        deed: ListDeed,
    ) -> Result<Result<i64, DeletionError>, DataFailed> {
        self.run(move |store| match deed {
            ListDeed::Prepare { today } => store.prepare_deletion(&by, &today),
            ListDeed::Approve { run, list_hash } => {
                store.approve_deletion(run, &by, list_hash).map(|_| run)
            }
            ListDeed::Keep {
                run,
                receipt_number,
                reason,
            } => store
                .keep_from_deletion(run, &by, (&receipt_number, &reason))
                .map(|()| run),
            ListDeed::Drop { run } => store.drop_deletion(run, &by).map(|()| run),
        })
        .await
    }
}
