//! The desk's way to the store: off the async threads, one call at a time, rights checked.

mod characters;
mod deeds;
mod deletion;
mod hand_over;
mod log;
mod moves;
mod names;
mod operations;
mod papers;
mod protection;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use case_archive::{ArchiveQuery, Filing};
use counter_domain::case::{CaseEvent, CaseSummary};
use counter_domain::ids::{BlobHash, BranchCode, CaseId, SnapshotHash, StaffId};
use counter_domain::reading::Reading;
use counter_domain::snapshot::Snapshot;
use hub_store::{Actor, BranchCopy, CaseRecord, HubStore, QueueRow, SignInError};
use replica::AuditAction;
use replica::staff::StaffMember;
use sync_transport::Wake;
use thiserror::Error;

use super::case_view::signed_blobs;
use super::session::Viewer;
use crate::clock::Clock;
use crate::export;
use names::{names, settings};
use protection::Look;

pub(crate) use deeds::{Deed, DeedRefused};
pub(crate) use deletion::ListDeed;
pub(crate) use hand_over::{AnswersTaken, CameBack};
pub(crate) use log::{LogEntry, LogQuery};
pub(crate) use moves::{MoveDeed, MoveRefused};
pub(crate) use names::Names;
pub(crate) use operations::Operations;
pub(crate) use protection::{Protection, Release};

/// Rows a list shows at most.
pub(crate) const ROWS_MAX: usize = 200;
/// Cases looked through for the lists of finished work.
const CASES_MAX: usize = 2_000;

/// The store did not answer; it was logged.
#[derive(Debug, Error)]
#[error("the store did not answer")]
pub(crate) struct DataFailed;

/// Why nobody was signed in.
#[derive(Debug, Error)]
pub(crate) enum SignInRefused {
    /// Unknown id or wrong password; never said which.
    #[error("unknown id or wrong password")]
    Wrong,
    /// No staff dataset was published.
    #[error("no staff is registered")]
    NoStaff,
    /// The store did not answer.
    #[error("the store did not answer")]
    Failed,
}

/// A case with what its page needs.
pub(crate) struct CaseFile {
    pub case: CaseId,
    pub summary: CaseSummary,
    pub events: Vec<CaseEvent>,
    /// The submission in force.
    pub current: Option<(SnapshotHash, Snapshot)>,
    /// The submission before it.
    pub previous: Option<Snapshot>,
    /// Strokes of the signature, once they are here.
    pub strokes: Option<Vec<u8>>,
    /// The signed PDF is here whole, and the viewer may see it.
    pub has_form: bool,
    /// What was read from a paper, where the submission in force names it.
    pub reading: Option<Reading>,
    /// The database says that somebody in it is under protection.
    pub is_protected: bool,
    /// What the viewer may see.
    pub protection: Protection,
    /// Branches that have or had it.
    pub copies: Vec<BranchCopy>,
}

/// The store behind a mutex. Calls run on blocking threads.
#[derive(Clone)]
pub(crate) struct DeskData {
    store: Arc<Mutex<HubStore>>,
    clock: Clock,
    wake: Wake,
}

impl DeskData {
    /// Takes the store the replication end uses too, and what wakes the counters.
    pub(crate) fn new(store: Arc<Mutex<HubStore>>, clock: Clock, wake: Wake) -> Self {
        Self { store, clock, wake }
    }

    /// Runs `work` with the store on a blocking thread.
    pub(crate) async fn run<T, W>(&self, work: W) -> Result<T, DataFailed>
    where
        T: Send + 'static,
        W: FnOnce(&mut HubStore) -> T + Send + 'static,
    {
        let store = Arc::clone(&self.store);
        let done = tokio::task::spawn_blocking(move || {
            work(&mut store.lock().unwrap_or_else(PoisonError::into_inner))
        });
        done.await.map_err(|error| {
            tracing::error!(event = "store_task_ended", %error, "a store call did not end");
            DataFailed
        })
    }

    /// Name of the city; empty while no settings are published.
    pub(crate) async fn city(&self) -> String {
        self.run(|store| settings(store).city)
            .await
            .unwrap_or_default()
    }

    /// Checks id and password.
    pub(crate) async fn sign_in(
        &self,
        staff: &str,
        password: String,
    ) -> Result<StaffMember, SignInRefused> {
        let (staff, password) = (staff.to_owned(), zeroize::Zeroizing::new(password));
        match self
            .run(move |store| store.sign_in(&staff, &password))
            .await
        {
            Ok(Ok(member)) => Ok(member),
            Ok(Err(SignInError::NoStaffYet)) => Err(SignInRefused::NoStaff),
            Ok(Err(SignInError::Wrong | SignInError::OtherBranch)) => Err(SignInRefused::Wrong),
            Ok(Err(error)) => {
                failed(&error);
                Err(SignInRefused::Failed)
            }
            Err(DataFailed) => Err(SignInRefused::Failed),
        }
    }

    /// The person as the list of staff has them now; `None` for somebody who was taken off it.
    pub(crate) async fn still_on_list(
        &self,
        id: StaffId,
    ) -> Result<Option<StaffMember>, DataFailed> {
        let staff = self.run(|store| store.staff()).await?;
        let staff = staff.map_err(|error| failed(&error))?;
        Ok(staff
            .into_iter()
            .find(|one| one.id == id && !one.roles.is_empty()))
    }

    /// Cases waiting for head office, and names.
    pub(crate) async fn waiting(
        &self,
        viewer: &Viewer,
    ) -> Result<(Vec<QueueRow>, Names), DataFailed> {
        let viewer = viewer.clone();
        self.run(move |store| {
            let rows = store.queue().map_err(|error| failed(&error))?;
            Ok((only_own(rows, &viewer), names(store)))
        })
        .await?
    }

    /// Cases in every state, newest change first.
    pub(crate) async fn cases(&self, viewer: &Viewer) -> Result<Vec<QueueRow>, DataFailed> {
        let viewer = viewer.clone();
        self.run(move |store| {
            let rows = store.cases(CASES_MAX).map_err(|error| failed(&error))?;
            Ok(only_own(rows, &viewer))
        })
        .await?
    }

    /// The versions of forms the city published, with the version of the dataset.
    pub(crate) async fn published_forms(&self) -> Option<(u64, Vec<u8>)> {
        let found = self.run(|store| store.dataset(counter_forms::FORMS)).await;
        let dataset = found.ok()?.map_err(|error| failed(&error)).ok()??;
        Some((dataset.version, dataset.bytes))
    }

    /// Names behind codes.
    pub(crate) async fn names(&self) -> Names {
        self.run(|store| names(store)).await.unwrap_or_default()
    }

    /// Filings of the branches the viewer may see, where the next page begins, and names; the
    /// search is written to the audit stream first.
    pub(crate) async fn find_filings(
        &self,
        viewer: &Viewer,
        query: ArchiveQuery,
    ) -> Result<(Vec<Filing>, Option<i64>, Names), DataFailed> {
        let viewer = viewer.clone();
        self.run(move |store| {
            audit(store, &viewer.staff, AuditAction::ArchiveSearched, None)?;
            let found = store.find_filings(&query).map_err(|error| failed(&error))?;
            let filings = found.filings.into_iter();
            let filings = filings.filter(|one| may_see(&viewer, &one.branch));
            Ok((filings.collect(), found.next, names(store)))
        })
        .await?
    }

    /// A case for its page; the look is written to the audit stream first.
    pub(crate) async fn look_at(
        &self,
        viewer: &Viewer,
        case: CaseId,
    ) -> Result<Option<(CaseFile, Names)>, DataFailed> {
        let viewer = viewer.clone();
        self.run(move |store| {
            let Some(record) = visible(store, &viewer, case)? else {
                return Ok(None);
            };
            audit(store, &viewer.staff, AuditAction::CaseViewed, Some(case))?;
            let file = guarded(store, &viewer, record, Look::Counts)?;
            Ok(Some((file, names(store))))
        })
        .await?
    }

    /// A case for a part of its page; the page itself was the look that counts.
    pub(crate) async fn read(
        &self,
        viewer: &Viewer,
        case: CaseId,
    ) -> Result<Option<(CaseFile, Names)>, DataFailed> {
        let viewer = viewer.clone();
        self.run(move |store| {
            let Some(record) = visible(store, &viewer, case)? else {
                return Ok(None);
            };
            let file = guarded(store, &viewer, record, Look::Part)?;
            Ok(Some((file, names(store))))
        })
        .await?
    }

    /// The signed PDF of a case; the look is written to the audit stream first.
    pub(crate) async fn signed_form(
        &self,
        viewer: &Viewer,
        case: CaseId,
    ) -> Result<Option<(BlobHash, Vec<u8>)>, DataFailed> {
        let viewer = viewer.clone();
        self.run(move |store| {
            let Some(record) = visible(store, &viewer, case)? else {
                return Ok(None);
            };
            let Some(hash) = form_of(store, &viewer, record)? else {
                return Ok(None);
            };
            audit(
                store,
                &viewer.staff,
                AuditAction::DocumentViewed,
                Some(case),
            )?;
            let bytes = store.blob(hash).map_err(|error| failed(&error))?;
            Ok(bytes.map(|bytes| (hash, bytes)))
        })
        .await?
    }

    /// Writes accepted cases, all or one, into hand-over files; `None` when there is nothing to
    /// write. The files are whole on disk before the cases say so.
    pub(crate) async fn hand_over(
        &self,
        viewer: &Viewer,
        only: Option<CaseId>,
        folder: &Path,
    ) -> Result<Option<String>, DataFailed> {
        let (viewer, folder) = (viewer.clone(), folder.to_owned());
        let now = self.clock.unix_ms();
        let wake = self.wake.clone();
        self.run(move |store| {
            let by = Actor::Staff(viewer.staff.clone());
            let written = export::write(store, &by, &folder, now, |row| {
                may_see(&viewer, &row.branch) && only.is_none_or(|case| case == row.case)
            });
            let written = written.map_err(|error| failed(&*error))?;
            if written.is_some() {
                wake.everyone();
            }
            Ok(written)
        })
        .await?
    }
}

/// Logs a store error and forgets it.
fn failed(error: &dyn std::error::Error) -> DataFailed {
    tracing::error!(event = "store_failed", error = %error, "the store refused a call");
    DataFailed
}

/// Writes who looked or acted to the audit stream.
pub(crate) fn audit(
    store: &mut HubStore,
    by: &StaffId,
    action: AuditAction,
    case: Option<CaseId>,
) -> Result<(), DataFailed> {
    store
        .audit(by, action, case)
        .map_err(|error| failed(&error))
}

/// Branches of the viewer; none named, or head office, means all.
fn may_see(viewer: &Viewer, branch: &BranchCode) -> bool {
    viewer.branches.is_empty()
        || viewer
            .branches
            .iter()
            .any(|one| one == branch || one.as_str() == "00")
}

fn only_own(rows: Vec<QueueRow>, viewer: &Viewer) -> Vec<QueueRow> {
    rows.into_iter()
        .filter(|row| may_see(viewer, &row.branch))
        .collect()
}

fn visible(
    store: &HubStore,
    viewer: &Viewer,
    case: CaseId,
) -> Result<Option<CaseRecord>, DataFailed> {
    let record = store.case(case).map_err(|error| failed(&error))?;
    Ok(record.filter(|one| {
        viewer.may_see_cases()
            && one
                .branch
                .as_ref()
                .is_some_and(|branch| may_see(viewer, branch))
    }))
}

fn form_of(
    store: &mut HubStore,
    viewer: &Viewer,
    record: CaseRecord,
) -> Result<Option<BlobHash>, DataFailed> {
    let file = guarded(store, viewer, record, Look::Counts)?;
    if matches!(file.protection, Protection::Hidden(_)) {
        return Ok(None);
    }
    let current = file.current.as_ref().map(|(hash, _)| *hash);
    Ok(current
        .and_then(|hash| signed_blobs(&file, hash))
        .map(|(_, form)| form))
}

/// A case without what `viewer` may not see.
fn guarded(
    store: &mut HubStore,
    viewer: &Viewer,
    record: CaseRecord,
    look: Look,
) -> Result<CaseFile, DataFailed> {
    let mut file = case_file(store, record)?;
    protection::guard(store, viewer, &mut file, look)?;
    Ok(file)
}

fn case_file(store: &HubStore, record: CaseRecord) -> Result<CaseFile, DataFailed> {
    let mut snapshots: BTreeMap<SnapshotHash, Snapshot> = record.snapshots.into_iter().collect();
    let mut submitted = record.summary.submitted.iter().rev();
    let mut current = submitted
        .next()
        .and_then(|hash| snapshots.remove(hash).map(|one| (*hash, one)));
    let mut previous = submitted.next().and_then(|hash| snapshots.remove(hash));
    let named: Vec<BlobHash> = record.blobs.iter().map(|blob| blob.hash).collect();
    papers::reading_of(store, &[], previous.as_mut())?;
    let reading = papers::reading_of(store, &named, current.as_mut().map(|(_, one)| one))?;
    let mut file = CaseFile {
        case: record.case,
        summary: record.summary,
        events: record.events,
        current,
        previous,
        strokes: None,
        has_form: false,
        reading,
        is_protected: record.protected,
        protection: Protection::None,
        copies: store.copies(record.case).map_err(|error| failed(&error))?,
    };
    let hash = file.current.as_ref().map(|(hash, _)| *hash);
    if let Some((strokes, form)) = hash.and_then(|hash| signed_blobs(&file, hash)) {
        file.strokes = store.blob(strokes).map_err(|error| failed(&error))?;
        file.has_form = record
            .blobs
            .iter()
            .any(|blob| blob.hash == form && blob.complete);
    }
    Ok(file)
}
