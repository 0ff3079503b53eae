//! Papers a resident brought: what the counter read, and the pages' pictures.

use counter_domain::ids::{BlobHash, CaseId};
use counter_domain::reading::{READING, Reading};
use counter_domain::snapshot::Snapshot;
use hub_store::{AuditAction, HubStore};

use super::super::session::Viewer;
use super::{CaseFile, DataFailed, DeskData, Look, Protection, audit, failed, guarded, visible};

/// What was read from the paper that a submission names; its name is no field people look at.
pub(super) fn reading_of(
    store: &HubStore,
    named: &[BlobHash],
    snapshot: Option<&mut Snapshot>,
) -> Result<Option<Reading>, DataFailed> {
    let field = snapshot.and_then(|snapshot| snapshot.fields.remove(&READING.into()));
    let hash = field
        .as_ref()
        .and_then(|field| field.value.as_text()?.parse::<BlobHash>().ok());
    // A case shows nothing but its own blobs.
    let Some(hash) = hash.filter(|hash| named.contains(hash)) else {
        return Ok(None);
    };
    let bytes = store.blob(hash).map_err(|error| failed(&error))?;
    Ok(bytes.and_then(|bytes| Reading::from_bytes(&bytes)))
}

impl DeskData {
    /// The picture of a page of the paper, from 0; the look is written to the audit stream first.
    pub(crate) async fn paper_page(
        &self,
        viewer: &Viewer,
        case: CaseId,
        page: usize,
    ) -> Result<Option<Vec<u8>>, DataFailed> {
        let viewer = viewer.clone();
        self.run(move |store| {
            let Some(record) = visible(store, &viewer, case)? else {
                return Ok(None);
            };
            let named: Vec<BlobHash> = record.blobs.iter().map(|blob| blob.hash).collect();
            let file = guarded(store, &viewer, record, Look::Counts)?;
            let hash = picture(&file, page).filter(|hash| named.contains(hash));
            let Some(hash) = hash else {
                return Ok(None);
            };
            audit(
                store,
                &viewer.staff,
                AuditAction::DocumentViewed,
                Some(case),
            )?;
            store.blob(hash).map_err(|error| failed(&error))
        })
        .await?
    }
}

fn picture(file: &CaseFile, page: usize) -> Option<BlobHash> {
    if matches!(file.protection, Protection::Hidden(_)) {
        return None;
    }
    file.reading.as_ref()?.pages.get(page)?.picture
}
