//! Which procedure catalogue a reception works by.
//!
//! Head office publishes the catalogue as a dataset: one JSON object of file names and texts. The
//! newest readable one is in force for new receptions, the one that comes with the program where
//! none was published. A reception keeps the catalogue it was started with, so that no question
//! appears and no procedure goes while somebody sits at the counter; the versions still needed for
//! that are kept in notes of this counter.

use std::collections::BTreeMap;

use counter_domain::draft::Draft;
use counter_guide::{Catalogue, CatalogueError, Guide};
use counter_store::CounterStore;
use tokio::sync::watch;

use crate::records::Records;

/// The field that says with which version a reception was started.
pub(super) const STARTED_WITH: &str = "guide.catalogue";
/// The dataset.
const DATASET: &str = "catalogue";
/// The version of the catalogue that comes with the program; published ones count from 1.
const BUNDLED: u64 = 0;
/// Published versions kept for receptions that were started with them.
const KEPT_MAX: usize = 8;
/// Note: the versions kept, oldest first.
const NOTE_KEPT: &str = "guide.catalogues";

fn note(version: u64) -> String {
    format!("guide.catalogue.{version}")
}

/// The catalogues read so far.
#[derive(Debug)]
pub(super) struct Catalogues {
    guides: BTreeMap<u64, Guide>,
    /// The newest dataset looked at, readable or not.
    seen: Option<u64>,
    in_force: u64,
    told: watch::Sender<Option<u64>>,
}

impl Default for Catalogues {
    fn default() -> Self {
        Self {
            guides: BTreeMap::new(),
            seen: None,
            in_force: BUNDLED,
            told: watch::Sender::new(None),
        }
    }
}

/// The catalogue that comes with the program.
pub(super) fn bundled() -> Result<Guide, CatalogueError> {
    Catalogue::bundled().map(Guide::new)
}

/// Reads a published catalogue; `None` when it is none, and the log says where.
fn published(bytes: &[u8]) -> Option<Guide> {
    let files: BTreeMap<String, String> = serde_json::from_slice(bytes)
        .inspect_err(|error| tracing::error!(%error, "catalogue is not a set of files"))
        .ok()?;
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    Catalogue::from_files(&files)
        .inspect_err(|error| tracing::error!(%error, "published catalogue not used"))
        .ok()
        .map(Guide::new)
}

impl Catalogues {
    /// Takes the published catalogue when it is new. One that this program cannot read changes
    /// nothing: the newest readable one stays in force.
    pub(super) fn load(&mut self, records: &mut impl Records) {
        let newest = records.dataset(DATASET);
        let version = newest.as_ref().map(|(version, _)| *version);
        if self.guides.contains_key(&self.in_force) && self.seen == version {
            return;
        }
        self.seen = version;
        match newest.and_then(|(version, bytes)| Some((version, published(&bytes)?, bytes))) {
            Some((version, guide, bytes)) => {
                keep(records, version, &bytes);
                self.guides.insert(version, guide);
                self.in_force = version;
            }
            None if self.in_force == BUNDLED => {
                let last = kept(records).into_iter().rev();
                self.in_force = last
                    .into_iter()
                    .find(|one| self.read(records, *one))
                    .unwrap_or(BUNDLED);
                self.read(records, self.in_force);
            }
            None => {}
        }
        let in_force = Some(self.in_force).filter(|version| *version != BUNDLED);
        self.told.send_replace(in_force);
    }

    /// Reads one version into memory; whether it is there now.
    fn read(&mut self, records: &impl Records, version: u64) -> bool {
        if self.guides.contains_key(&version) {
            return true;
        }
        let guide = if version == BUNDLED {
            bundled()
                .inspect_err(|error| tracing::error!(%error, "bundled catalogue"))
                .ok()
        } else {
            records
                .note(&note(version))
                .and_then(|bytes| published(&bytes))
        };
        guide.is_some_and(|guide| self.guides.insert(version, guide).is_none())
    }

    /// Makes the catalogue of this reception ready for [`Self::of`]. One that is not here any more
    /// is replaced by the one in force.
    pub(super) fn prepare(&mut self, records: &impl Records, draft: &Draft) {
        if let Some(version) = started_with(draft) {
            let here = self.read(records, version);
            tracing::debug!(version, here, "catalogue of this reception");
        }
    }

    /// The catalogue of this reception: the one it was started with, or the one in force.
    pub(super) fn of(&self, draft: &Draft) -> Option<&Guide> {
        started_with(draft)
            .and_then(|version| self.guides.get(&version))
            .or_else(|| self.guides.get(&self.in_force))
    }

    /// What a new reception notes in [`STARTED_WITH`].
    pub(super) fn in_force(&self) -> String {
        self.in_force.to_string()
    }

    /// The published version in force; `None` while it is the program's own.
    pub(super) fn watch(&self) -> watch::Receiver<Option<u64>> {
        self.told.subscribe()
    }
}

fn started_with(draft: &Draft) -> Option<u64> {
    draft.text(STARTED_WITH)?.parse().ok()
}

fn kept(records: &impl Records) -> Vec<u64> {
    let bytes = records.note(NOTE_KEPT).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// Keeps a version for the receptions that start with it. Without room on the disk they go on
/// with the newest one later.
fn keep(records: &mut impl Records, version: u64, bytes: &[u8]) {
    let mut versions = kept(records);
    if versions.contains(&version) {
        return;
    }
    versions.push(version);
    let surplus = versions.len().saturating_sub(KEPT_MAX);
    let dropped: Vec<u64> = versions.drain(..surplus).collect();
    let list = serde_json::to_vec(&versions).unwrap_or_default();
    let mut stored = records
        .set_note(&note(version), Some(bytes))
        .and_then(|()| records.set_note(NOTE_KEPT, Some(&list)));
    for old in dropped {
        stored = stored.and_then(|()| records.set_note(&note(old), None));
    }
    if let Err(error) = stored {
        tracing::warn!(%error, version, "catalogue not kept for later");
    }
}

/// The catalogue a case was started with, for commands that open the database themselves.
pub(crate) fn of_case(store: &CounterStore, draft: &Draft) -> Option<Catalogue> {
    let kept = started_with(draft).filter(|version| *version != BUNDLED);
    kept.and_then(|version| store.note(&note(version)).ok().flatten())
        .and_then(|bytes| published(&bytes))
        .map(|guide| guide.catalogue().clone())
        .or_else(|| Catalogue::bundled().ok())
}
