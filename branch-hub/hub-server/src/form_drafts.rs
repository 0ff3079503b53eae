//! Forms that somebody edits (様式の改版): sent by a browser or laid on head office's machine, tried
//! out, and published with the day from which they are used.
//!
//! Each lies in `DATA/form-drafts/NUMBER-NAME`, the folder a counter's program would have it in. What
//! may be published is decided by `counter-forms`; the desk and the command line take turns by a lock,
//! so that neither drops the version the other one publishes.

mod cases;
mod received;
mod trial;

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use counter_domain::ids::StaffId;
use counter_forms::{
    FORMS, FormFolder, Forms, PublishFormError, PublishedForm, PublishedForms, Publishing,
};
use hub_store::{AuditAction, HubStore};
use thiserror::Error;

use crate::draft_folders::DraftFolders;

pub(crate) use cases::{CaseTrial, RealFilings, SHEETS_MAX, try_cases};
pub(crate) use received::{ReceivedRefused, received};
pub(crate) use trial::{Compared, Trial, compared, try_out};

/// Folders shown at most.
const DRAFTS_MAX: usize = 200;

/// Where forms are edited.
pub(crate) struct FormBench {
    drafts: DraftFolders,
    lock: PathBuf,
}

/// Why nothing was published.
#[derive(Debug, Error)]
pub(crate) enum FormRefused {
    /// It may not be published.
    #[error(transparent)]
    Form(#[from] PublishFormError),
    /// Somebody published meanwhile: what was checked is no longer what there is.
    #[error("other forms were published meanwhile")]
    Meanwhile,
    /// The disk, the database or the key.
    #[error("{0:#}")]
    Failed(#[from] anyhow::Error),
}

/// The versions published so far.
///
/// # Errors
/// When the dataset cannot be read, or a newer program wrote it.
pub(crate) fn published(store: &HubStore) -> Result<PublishedForms> {
    match store.dataset(FORMS)? {
        None => Ok(PublishedForms::default()),
        Some(dataset) => PublishedForms::read(&dataset.bytes)
            .context("the published forms are damaged, or of a newer program"),
    }
}

/// Names the files of a folder, so that what is published is what was looked at.
pub(crate) fn fingerprint(folder: &FormFolder) -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, text) in &folder.files {
        for part in [name, text] {
            hasher.update(&part.len().to_be_bytes());
            hasher.update(part.as_bytes());
        }
    }
    hasher.finalize().to_hex().to_string()
}

impl FormBench {
    /// The bench of the data folder at `path`.
    pub(crate) fn at(path: &Path) -> Self {
        Self {
            drafts: DraftFolders::at(path.join("form-drafts")),
            lock: path.join("forms.lock"),
        }
    }

    /// Names of the forms that are edited.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = self.drafts.names();
        names.truncate(DRAFTS_MAX);
        names
    }

    /// Reads one; `None` for what is no name.
    ///
    /// # Errors
    /// When it is not there, or cannot be read.
    pub(crate) fn read(&self, name: &str) -> Result<Option<FormFolder>> {
        let Some(place) = self.drafts.place(name) else {
            return Ok(None);
        };
        let folder = FormFolder::read(&place);
        folder
            .map(Some)
            .context("the folder of the form cannot be read")
    }

    /// Keeps a form, in place of the one of this name.
    ///
    /// # Errors
    /// When its name is none, or nothing can be written; the one before stays then.
    pub(crate) fn keep(&self, folder: &FormFolder) -> Result<()> {
        let files = folder.files.iter();
        let files = files.map(|(name, text)| (name.clone(), text.as_str()));
        let kept = self.drafts.put(&folder.name, files);
        kept.map(drop).context("the form cannot be kept")
    }

    /// Lets go of one.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub(crate) fn drop_one(&self, name: &str) -> Result<()> {
        self.drafts.remove(name)
    }

    /// Held while somebody publishes.
    ///
    /// # Errors
    /// When the lock cannot be taken.
    pub(crate) fn lock(&self) -> Result<File> {
        let mut how = OpenOptions::new();
        let lock = how
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.lock);
        let lock = lock.context("cannot open the lock of the forms")?;
        lock.lock().context("cannot take the lock of the forms")?;
        Ok(lock)
    }

    /// Puts on the shelf what was checked against `before`; returns the newest version.
    ///
    /// # Errors
    /// See [`FormRefused`]; nothing is published then.
    pub(crate) fn put(
        &self,
        store: &mut HubStore,
        by: &StaffId,
        (before, after): (&PublishedForms, &PublishedForms),
        sign: &(dyn Fn(&[u8]) -> Result<Vec<u8>> + Send + Sync),
    ) -> Result<(), FormRefused> {
        let _held = self.lock()?;
        if published(store)? != *before {
            return Err(FormRefused::Meanwhile);
        }
        let bytes = after.to_bytes().context("the forms cannot be written")?;
        let mut refused = None;
        let done = store.publish(FORMS, &bytes, |message| {
            sign(message).unwrap_or_else(|error| {
                refused = Some(error);
                Vec::new()
            })
        });
        done.context("the forms cannot be published")?;
        if let Some(error) = refused {
            return Err(FormRefused::Failed(
                error.context("the forms cannot be signed"),
            ));
        }
        let noted = store.audit(by, AuditAction::Published, None);
        noted.context("the audit log cannot be written")?;
        Ok(())
    }
}

/// Lays out what is to be published, as every counter will have it.
///
/// # Errors
/// What `counter-forms` refuses.
pub(crate) fn checked(
    forms: &Forms,
    before: &PublishedForms,
    folder: &FormFolder,
    how: &Publishing,
) -> Result<PublishedForms, FormRefused> {
    Ok(forms.publish_folder(before, folder, how)?)
}

/// The folder's name without the version behind it.
pub(crate) fn plain(form: &PublishedForm) -> &str {
    let name = form.folder.split_once(".v");
    name.map_or(form.folder.as_str(), |(plain, _)| plain)
}
