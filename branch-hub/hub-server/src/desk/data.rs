//! The desk's way to the store: off the async threads, one call at a time, rights checked.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use counter_domain::case::{CaseEvent, CaseState, CaseStep, CaseSummary, Remark};
use counter_domain::ids::{BlobHash, BranchCode, CaseId, SnapshotHash, StaffId};
use counter_domain::snapshot::Snapshot;
use hub_store::{Actor, CaseRecord, HubStore, QueueRow, SignInError};
use replica::staff::StaffMember;
use replica::{AuditAction, AuditEntry};
use serde::Deserialize;
use sync_engine::Store as _;
use sync_transport::Wake;
use thiserror::Error;

use super::case_view::signed_blobs;
use super::session::Viewer;
use crate::clock::Clock;
use crate::export;

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
    /// The signed PDF is here whole.
    pub has_form: bool,
}

/// Names behind codes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    staff: BTreeMap<StaffId, String>,
    branches: BTreeMap<String, String>,
}

impl Names {
    /// Name of a member of staff, or the id.
    pub(crate) fn staff(&self, id: &StaffId) -> String {
        self.staff
            .get(id)
            .map_or_else(|| id.to_string(), Clone::clone)
    }

    /// Name of a branch, or its code.
    pub(crate) fn branch(&self, code: &BranchCode) -> String {
        self.branches
            .get(code.as_str())
            .map_or_else(|| code.to_string(), Clone::clone)
    }
}

/// The `settings` dataset, as far as the desk needs it.
#[derive(Debug, Default, Deserialize)]
struct Settings {
    #[serde(default)]
    city: String,
    #[serde(default)]
    branches: Vec<BranchSetting>,
}

#[derive(Debug, Deserialize)]
struct BranchSetting {
    code: String,
    name: String,
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
            Ok(Some((case_file(store, record)?, names(store))))
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
            Ok(Some((case_file(store, record)?, names(store))))
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
            let Some(hash) = form_of(store, record)? else {
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

    /// The newest entries of every device's audit log, newest first.
    pub(crate) async fn log(&self) -> Result<Vec<LogEntry>, DataFailed> {
        self.run(|store| log_entries(store).map_err(|error| failed(&*error)))
            .await?
    }

    /// Counts for the operations page.
    pub(crate) async fn operations(&self) -> Result<Operations, DataFailed> {
        self.run(|store| {
            Ok(Operations {
                waiting: store.queue().map_err(|error| failed(&error))?.len(),
                devices: store.devices().map_err(|error| failed(&error))?.len(),
                quarantined: store.quarantine().map_err(|error| failed(&error))?.len(),
            })
        })
        .await?
    }

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

/// Counts without personal data.
pub(crate) struct Operations {
    pub waiting: usize,
    pub devices: usize,
    pub quarantined: usize,
}

/// One entry of an audit log, as stored.
pub(crate) struct LogEntry {
    pub device: String,
    pub sequence: u64,
    pub entry: AuditEntry,
}

/// Entries of each device the log page reaches back.
const LOG_PER_DEVICE: u64 = 200;

fn log_entries(store: &HubStore) -> Result<Vec<LogEntry>, Box<dyn std::error::Error>> {
    let mut found = Vec::new();
    for (device, head) in store.stream_heads()? {
        let after = head.saturating_sub(LOG_PER_DEVICE);
        for one in store.stream_entries(device, after, 1 << 20)? {
            let entry = serde_json::from_slice(&one.body)?;
            found.push(LogEntry {
                device: device.to_string(),
                sequence: one.sequence,
                entry,
            });
        }
    }
    found.sort_by_key(|one| std::cmp::Reverse((one.entry.at, one.sequence)));
    found.truncate(500);
    Ok(found)
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

fn form_of(store: &HubStore, record: CaseRecord) -> Result<Option<BlobHash>, DataFailed> {
    let file = case_file(store, record)?;
    let current = file.current.as_ref().map(|(hash, _)| *hash);
    Ok(current
        .and_then(|hash| signed_blobs(&file, hash))
        .map(|(_, form)| form))
}

fn case_file(store: &HubStore, record: CaseRecord) -> Result<CaseFile, DataFailed> {
    let mut snapshots: BTreeMap<SnapshotHash, Snapshot> = record.snapshots.into_iter().collect();
    let mut submitted = record.summary.submitted.iter().rev();
    let current = submitted
        .next()
        .and_then(|hash| snapshots.remove(hash).map(|one| (*hash, one)));
    let previous = submitted.next().and_then(|hash| snapshots.remove(hash));
    let mut file = CaseFile {
        case: record.case,
        summary: record.summary,
        events: record.events,
        current,
        previous,
        strokes: None,
        has_form: false,
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

fn settings(store: &HubStore) -> Settings {
    let dataset = store.dataset("settings").ok().flatten();
    dataset
        .and_then(|dataset| serde_json::from_slice(&dataset.bytes).ok())
        .unwrap_or_default()
}

fn names(store: &HubStore) -> Names {
    let staff = store.staff().unwrap_or_default();
    let branches = settings(store).branches;
    Names {
        staff: staff.into_iter().map(|one| (one.id, one.name)).collect(),
        branches: branches
            .into_iter()
            .map(|one| (one.code, one.name))
            .collect(),
    }
}
