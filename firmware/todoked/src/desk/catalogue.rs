//! Which procedure catalogue a reception works by.
//!
//! Head office publishes editions of the catalogue as one dataset, each with the day from which it
//! holds ([`counter_guide::edition`]). For a new reception the one in force today counts, the one
//! that comes with the program where none was published. A reception keeps the edition it was
//! started with, so that no question appears and no procedure goes while somebody sits at the
//! counter; the editions still needed for that are on the shelf head office sends and, should they
//! fall off it, in notes of this counter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use counter_domain::draft::Draft;
use counter_guide::certificates::Certificates;
use counter_guide::edition::number_of_mark;
use counter_guide::{Catalogue, Edition, Guide, Shelf};
use counter_store::CounterStore;
use jiff::civil::Date;
use tokio::sync::watch;

use crate::records::Records;

/// The field that says with which edition a reception was started: number and fingerprint.
pub(super) const STARTED_WITH: &str = "guide.catalogue";
/// The dataset.
const DATASET: &str = "catalogue";
/// The edition that comes with the program; published ones count from 1.
const BUNDLED: u64 = 0;
/// Editions kept for receptions that were started with them.
const KEPT_MAX: usize = 8;
/// Note: the editions kept, oldest first.
const NOTE_KEPT: &str = "guide.catalogues";

fn note(number: u64) -> String {
    format!("guide.catalogue.{number}")
}

/// An edition that was read.
#[derive(Debug)]
struct Ready {
    guide: Guide,
    certificates: Arc<Certificates>,
    mark: String,
}

/// The editions read so far.
#[derive(Debug)]
pub(super) struct Catalogues {
    ready: BTreeMap<u64, Ready>,
    /// Editions this program cannot read, so that it is tried and told once.
    unreadable: BTreeSet<u64>,
    /// What head office sent last.
    shelf: Shelf,
    /// The newest dataset looked at, readable or not.
    seen: Option<u64>,
    in_force: u64,
    told: watch::Sender<Option<u64>>,
}

impl Default for Catalogues {
    fn default() -> Self {
        Self {
            ready: BTreeMap::new(),
            unreadable: BTreeSet::new(),
            shelf: Shelf::default(),
            seen: None,
            in_force: BUNDLED,
            told: watch::Sender::new(None),
        }
    }
}

/// Reads an edition; `None` when it cannot be read, and the log says where.
fn readied(edition: &Edition) -> Option<Ready> {
    let catalogue = edition
        .catalogue()
        .inspect_err(|error| tracing::error!(%error, "published catalogue not used"));
    let certificates = edition
        .certificates()
        .inspect_err(|error| tracing::error!(%error, "published certificates not used"));
    Some(Ready {
        guide: Guide::new(catalogue.ok()?),
        certificates: Arc::new(certificates.ok()?),
        mark: edition.mark(),
    })
}

impl Catalogues {
    /// Takes what head office published when it is new, and the edition whose day has come. What
    /// this program cannot read changes nothing: the newest readable edition stays in force.
    pub(super) fn load(&mut self, records: &mut impl Records, today: Date) {
        let newest = records.dataset(DATASET);
        let version = newest.as_ref().map(|(version, _)| *version);
        if self.seen != version {
            self.seen = version;
            let read = newest.and_then(|(version, bytes)| {
                Shelf::read(&bytes, version)
                    .inspect_err(|error| tracing::error!(%error, "published catalogue not used"))
                    .ok()
            });
            self.shelf = read.unwrap_or_default();
            self.unreadable.clear();
        }
        self.turn(records, today);
    }

    /// Puts the edition of today in force.
    pub(super) fn turn(&mut self, records: &mut impl Records, today: Date) {
        let come = self.shelf.come(today).into_iter();
        let come: Vec<u64> = come.map(|edition| edition.number).collect();
        match come.into_iter().find(|number| self.read(records, *number)) {
            Some(number) => {
                if !kept(records).contains(&number)
                    && let Some(edition) = self.shelf.edition(number)
                {
                    keep(records, edition);
                }
                self.in_force = number;
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
        let in_force = Some(self.in_force).filter(|number| *number != BUNDLED);
        let turned = self.told.send_if_modified(|told| {
            let changed = *told != in_force;
            *told = in_force;
            changed
        });
        if turned {
            tracing::info!(edition = self.in_force, "catalogue in force");
        }
    }

    /// Reads one edition into memory; whether it is there now.
    fn read(&mut self, records: &impl Records, number: u64) -> bool {
        if self.ready.contains_key(&number) {
            return true;
        }
        if self.unreadable.contains(&number) {
            return false;
        }
        let on_shelf = self.shelf.edition(number).cloned();
        let edition = if number == BUNDLED {
            Some(Edition::bundled())
        } else {
            on_shelf.or_else(|| noted(&records.note(&note(number))?, number))
        };
        if let Some(ready) = edition.as_ref().and_then(readied) {
            self.ready.insert(number, ready);
            return true;
        }
        self.unreadable.insert(number);
        false
    }

    /// Makes the edition of this reception ready for [`Self::of`]. One that is not here any more
    /// is replaced by the one in force.
    pub(super) fn prepare(&mut self, records: &impl Records, draft: &Draft) {
        if let Some(number) = started_with(draft) {
            let here = self.read(records, number);
            tracing::debug!(number, here, "catalogue of this reception");
        }
    }

    /// The catalogue of this reception: the one it was started with, or the one in force.
    pub(super) fn of(&self, draft: &Draft) -> Option<&Guide> {
        self.ready_for(draft).map(|ready| &ready.guide)
    }

    /// The certificates of the same edition; none before any edition was read.
    pub(super) fn certificates(&self, draft: &Draft) -> Arc<Certificates> {
        let ready = self.ready_for(draft);
        ready
            .map(|ready| Arc::clone(&ready.certificates))
            .unwrap_or_default()
    }

    fn ready_for(&self, draft: &Draft) -> Option<&Ready> {
        started_with(draft)
            .and_then(|number| self.ready.get(&number))
            .or_else(|| self.ready.get(&self.in_force))
    }

    /// What a new reception notes in [`STARTED_WITH`].
    pub(super) fn in_force(&self) -> String {
        let ready = self.ready.get(&self.in_force);
        ready.map_or_else(|| self.in_force.to_string(), |ready| ready.mark.clone())
    }

    /// The published edition in force; `None` while it is the program's own.
    pub(super) fn watch(&self) -> watch::Receiver<Option<u64>> {
        self.told.subscribe()
    }
}

fn started_with(draft: &Draft) -> Option<u64> {
    number_of_mark(draft.text(STARTED_WITH)?)
}

/// An edition out of its note.
fn noted(bytes: &[u8], number: u64) -> Option<Edition> {
    let shelf = Shelf::read(bytes, number).ok()?;
    shelf.edition(number).cloned()
}

fn kept(records: &impl Records) -> Vec<u64> {
    let bytes = records.note(NOTE_KEPT).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// Keeps an edition for the receptions that start with it. Without room on the disk they go on
/// with the newest one later.
fn keep(records: &mut impl Records, edition: &Edition) {
    let number = edition.number;
    let Ok(bytes) = serde_json::to_vec(&edition.files) else {
        return;
    };
    let mut numbers = kept(records);
    numbers.retain(|one| *one != number);
    numbers.push(number);
    let surplus = numbers.len().saturating_sub(KEPT_MAX);
    let dropped: Vec<u64> = numbers.drain(..surplus).collect();
    let list = serde_json::to_vec(&numbers).unwrap_or_default();
    let mut stored = records
        .set_note(&note(number), Some(&bytes))
        .and_then(|()| records.set_note(NOTE_KEPT, Some(&list)));
    for old in dropped {
        stored = stored.and_then(|()| records.set_note(&note(old), None));
    }
    if let Err(error) = stored {
        tracing::warn!(%error, number, "catalogue not kept for later");
    }
}

/// The catalogue a case was started with, for commands that open the database themselves.
pub(crate) fn of_case(store: &CounterStore, draft: &Draft) -> Option<Catalogue> {
    let kept = started_with(draft).filter(|number| *number != BUNDLED);
    kept.and_then(|number| noted(&store.note(&note(number)).ok().flatten()?, number))
        .and_then(|edition| readied(&edition))
        .map(|ready| ready.guide.catalogue().clone())
        .or_else(|| Catalogue::bundled().ok())
}
