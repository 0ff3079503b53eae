//! Cases with a person under protection (支援措置): where they live is absent from everything the
//! pages are given, unless a second person released it to this viewer for a quarter of an hour.

use counter_domain::draft::{FieldPath, FieldValue};
use counter_domain::ids::CaseId;
use counter_domain::protection::{PROTECTED_FLAG, tells_where};
use counter_domain::snapshot::Snapshot;
use hub_store::{HubStore, ReleaseError, ReleaseRequest};
use replica::AuditAction;

use super::super::session::Viewer;
use super::{CaseFile, DataFailed, DeskData, audit, failed, visible};

/// What stands in the place of an address.
pub(crate) const LEFT_OUT: &str = "支援措置のため表示しません";

/// What a viewer may see of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Protection {
    /// Nobody in it is under protection.
    None,
    /// Where the people live is left out; these requests wait.
    Hidden(Vec<ReleaseRequest>),
    /// Released to this viewer until then.
    Shown { until_unix_ms: u64 },
}

/// Whether a look counts: a part of a page that was looked at already does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Counts,
    Part,
}

/// What asking or approving came to, as the page tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Release {
    Asked,
    Approved,
    NoReason,
    SamePerson,
    NotAllowed,
    Missing,
}

/// Takes out what `viewer` may not see. A database that cannot answer shows nothing.
pub(super) fn guard(
    store: &mut HubStore,
    viewer: &Viewer,
    file: &mut CaseFile,
    look: Look,
) -> Result<(), DataFailed> {
    let snapshots = || {
        file.current
            .iter()
            .map(|(_, one)| one)
            .chain(&file.previous)
    };
    let flagged = snapshots().any(crate::hand_over::is_protected);
    if !flagged && !file.is_protected {
        return Ok(());
    }
    let case = file.case;
    let released = store.released_until(case, &viewer.staff);
    if let Some(until_unix_ms) = released.map_err(|error| failed(&error))? {
        if look == Look::Counts {
            audit(store, &viewer.staff, AuditAction::ReleaseUsed, Some(case))?;
        }
        file.protection = Protection::Shown { until_unix_ms };
        for snapshot in file.snapshots_mut() {
            without_flags(snapshot);
        }
        return Ok(());
    }
    let requests = store
        .release_requests(case)
        .map_err(|error| failed(&error))?;
    file.protection = Protection::Hidden(requests);
    file.has_form = false;
    file.reading = None;
    for snapshot in file.snapshots_mut() {
        without_flags(snapshot);
        leave_out(snapshot);
    }
    Ok(())
}

/// The flag is no field of the form; the page says it in its own words.
fn without_flags(snapshot: &mut Snapshot) {
    let is_flag = |path: &FieldPath| path.as_str().ends_with(&format!(".{PROTECTED_FLAG}"));
    snapshot.fields.retain(|path, _| !is_flag(path));
}

fn leave_out(snapshot: &mut Snapshot) {
    for (path, field) in &mut snapshot.fields {
        if tells_where(path) {
            field.value = FieldValue::Text(LEFT_OUT.to_owned());
        }
    }
}

impl CaseFile {
    fn snapshots_mut(&mut self) -> impl Iterator<Item = &mut Snapshot> {
        let current = self.current.iter_mut().map(|(_, snapshot)| snapshot);
        current.chain(&mut self.previous)
    }
}

impl DeskData {
    /// Asks to see where the people of a case live.
    pub(crate) async fn ask_release(
        &self,
        viewer: &Viewer,
        case: CaseId,
        reason: String,
    ) -> Result<Release, DataFailed> {
        let viewer = viewer.clone();
        self.run(move |store| {
            if visible(store, &viewer, case)?.is_none() {
                return Ok(Release::Missing);
            }
            outcome(
                store.ask_release(case, &viewer.staff, &reason),
                Release::Asked,
            )
        })
        .await?
    }

    /// Approves a request of somebody else.
    pub(crate) async fn approve_release(
        &self,
        viewer: &Viewer,
        case: CaseId,
        id: i64,
    ) -> Result<Release, DataFailed> {
        let viewer = viewer.clone();
        self.run(move |store| {
            if visible(store, &viewer, case)?.is_none() {
                return Ok(Release::Missing);
            }
            outcome(
                store.approve_release(case, &viewer.staff, id),
                Release::Approved,
            )
        })
        .await?
    }
}

fn outcome(done: Result<(), ReleaseError>, as_done: Release) -> Result<Release, DataFailed> {
    match done {
        Ok(()) => Ok(as_done),
        Err(ReleaseError::NoReason) => Ok(Release::NoReason),
        Err(ReleaseError::SamePerson) => Ok(Release::SamePerson),
        Err(ReleaseError::Store(error)) => Err(failed(&error)),
        Err(_) => Ok(Release::NotAllowed),
    }
}
