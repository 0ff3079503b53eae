//! The rule workbench: a copy of the catalogue is edited at head office, checked, tried out on the
//! golden households and on last month's cases, and published with the day from which it holds.
//!
//! Prepared copies lie in `DATA/catalogue-drafts/NAME`, as the folder of YAML files with a folder
//! `golden` beside them. Of real cases nothing leaves this module but counts; cases of protected
//! persons are not even evaluated.

mod cases;
mod draft;
mod publishing;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use anyhow::{Context, Result};
use counter_guide::check::{Finding, check};
use counter_guide::compare::{Comparison, compare};
use counter_guide::{Edition, Guide, Shelf};
use hub_store::HubStore;
use jiff::civil::Date;

use crate::clock::in_japan;
use crate::draft_folders::DraftFolders;
use crate::folder::Folder;

pub(crate) use cases::{CASE_DAYS, CASES_AT_ONCE, RealCases, is_protected, is_since};
pub(crate) use draft::Draft;
pub(crate) use publishing::{NewEdition, PublishRefused};

/// The dataset.
pub(crate) const DATASET: &str = "catalogue";

/// Signs what is published; the error says why the key refuses.
pub(crate) type Sign = Box<dyn Fn(&[u8]) -> Result<Vec<u8>> + Send + Sync>;

/// Where prepared copies lie, and what publishing needs beside the store.
pub(crate) struct Workbench {
    folder: PathBuf,
    drafts: DraftFolders,
    lock: PathBuf,
    sign: Sign,
}

impl Workbench {
    /// The workbench of a data folder.
    pub(crate) fn of(folder: &Folder, sign: Sign) -> Self {
        Self::at(folder.path(), sign)
    }

    /// The data folder.
    pub(crate) fn data_folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// Signs with the hub's publishing key.
    pub(crate) fn signer(&self) -> &(dyn Fn(&[u8]) -> Result<Vec<u8>> + Send + Sync) {
        self.sign.as_ref()
    }

    /// The workbench below `path`.
    pub(crate) fn at(path: &std::path::Path, sign: Sign) -> Self {
        Self {
            folder: path.to_owned(),
            drafts: DraftFolders::at(path.join("catalogue-drafts")),
            lock: path.join("catalogue.lock"),
            sign,
        }
    }
}

/// The editions published so far.
///
/// # Errors
/// When the dataset cannot be read.
pub(crate) fn shelf(store: &HubStore) -> Result<Shelf> {
    match store.dataset(DATASET)? {
        None => Ok(Shelf::default()),
        Some(dataset) => Shelf::read(&dataset.bytes, dataset.version)
            .context("the published catalogue cannot be read"),
    }
}

/// The edition that holds on a day; the program's own while none was published.
pub(crate) fn in_force(shelf: &Shelf, on: Date) -> Edition {
    shelf.in_force(on).cloned().unwrap_or_else(Edition::bundled)
}

/// The day in Japan.
///
/// # Errors
/// When the clock is beyond every calendar.
pub(crate) fn day_in_japan(unix_ms: u64) -> Result<Date> {
    in_japan(unix_ms, "%Y-%m-%d")
        .parse()
        .context("the clock shows no day")
}

/// What trying a prepared copy out came to.
#[derive(Debug)]
pub(crate) struct Trial {
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// What it changes; `None` when it cannot be read at all.
    pub comparison: Option<Comparison>,
    /// The edition it was compared with.
    pub against: u64,
}

/// Checks a prepared copy and compares it with the edition in force.
///
/// # Errors
/// When the edition in force cannot be read.
pub(crate) fn try_out(in_force: &Edition, draft: &Draft, cases: &RealCases) -> Result<Trial> {
    let golden = draft.golden();
    let findings = check(&draft.texts(), &golden);
    let before = in_force
        .catalogue()
        .context("the edition in force cannot be read")?;
    let after = draft.edition().catalogue().ok();
    let comparison = after.map(|after| {
        let (before, after) = (Guide::new(before), Guide::new(after));
        compare(&before, &after, &golden, &cases.facts, cases.left_out)
    });
    Ok(Trial {
        findings,
        comparison,
        against: in_force.number,
    })
}
