//! An edition goes onto the shelf every counter gets.

use std::collections::BTreeMap;
use std::fs::OpenOptions;

use anyhow::Context;
use counter_domain::ids::StaffId;
use counter_guide::catalogue::CatalogueError;
use counter_guide::{Edition, Packed, Shelf};
use hub_store::{AuditAction, HubStore};
use jiff::civil::Date;
use thiserror::Error;

use super::{DATASET, Workbench, in_force, shelf};

/// Letters of a note.
const NOTE_MAX: usize = 400;
/// Editions whose day is still to come, at most.
const TO_COME_MAX: usize = 8;

/// What is to be published.
#[derive(Debug, Clone)]
pub(crate) struct NewEdition {
    /// Texts by file name.
    pub files: BTreeMap<String, String>,
    /// The first day it holds.
    pub valid_from: Date,
    /// What changed, for the people who look at the list.
    pub note: String,
}

/// Why nothing was published.
#[derive(Debug, Error)]
pub(crate) enum PublishRefused {
    /// The day is over.
    #[error("{0} is over; an edition holds from today or a later day")]
    PastDay(Date),
    /// The counters could not read it.
    #[error("{0}")]
    Catalogue(#[from] CatalogueError),
    /// It lists nothing.
    #[error("it lists no procedure")]
    Empty,
    /// The same texts hold on that day already.
    #[error("the texts of edition {0} hold on that day already")]
    Same(u64),
    /// Too many wait for their day.
    #[error("{TO_COME_MAX} editions wait for their day already")]
    TooMany,
    /// The note is too long.
    #[error("a note is up to {NOTE_MAX} letters")]
    Note,
    /// The disk, the database or the key.
    #[error("{0:#}")]
    Failed(#[from] anyhow::Error),
}

impl Workbench {
    /// Publishes an edition; returns its number. Editions that wait for a later day keep it.
    ///
    /// # Errors
    /// See [`PublishRefused`]; nothing is published then.
    pub(crate) fn publish(
        &self,
        store: &mut HubStore,
        by: &StaffId,
        new: NewEdition,
        today: Date,
    ) -> Result<u64, PublishRefused> {
        if new.valid_from < today {
            return Err(PublishRefused::PastDay(new.valid_from));
        }
        if new.note.chars().count() > NOTE_MAX {
            return Err(PublishRefused::Note);
        }
        // Held until the end: the desk and the command line are processes of their own, and the
        // edition one of them puts on the shelf must not fall off when the other publishes.
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.lock)
            .context("cannot open the lock of the catalogue")?;
        lock.lock()
            .context("cannot take the lock of the catalogue")?;
        let shelf = shelf(store)?;
        let edition = Edition {
            number: shelf.next_number(),
            valid_from: Some(new.valid_from),
            published_on: Some(today),
            note: new.note,
            files: new.files,
            packed: Packed::default(),
        };
        readable(&edition)?;
        let then = in_force(&shelf, edition.valid_from.unwrap_or(today));
        // The program's own texts may be published: they become the city's, and stay when a newer
        // program brings others.
        if then.number != 0 && then.files == edition.files {
            return Err(PublishRefused::Same(then.number));
        }
        if edition.valid_from > Some(today) && shelf.to_come(today).len() >= TO_COME_MAX {
            return Err(PublishRefused::TooMany);
        }
        let number = edition.number;
        self.put(store, &shelf.with(edition, today))?;
        store
            .audit(by, AuditAction::Published, None)
            .context("the audit log cannot be written")?;
        Ok(number)
    }

    fn put(&self, store: &mut HubStore, shelf: &Shelf) -> anyhow::Result<()> {
        let bytes = shelf.to_bytes()?;
        let mut refused = None;
        store.publish(DATASET, &bytes, |message| {
            (self.sign)(message).unwrap_or_else(|error| {
                refused = Some(error);
                Vec::new()
            })
        })?;
        refused.map_or(Ok(()), |error| {
            Err(error).context("the catalogue cannot be signed")
        })
    }
}

/// Reads the edition as a counter will.
fn readable(edition: &Edition) -> Result<(), PublishRefused> {
    let catalogue = edition.catalogue()?;
    edition.certificates()?;
    if catalogue.procedures().is_empty() {
        return Err(PublishRefused::Empty);
    }
    Ok(())
}
