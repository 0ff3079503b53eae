//! A copy of the catalogue that somebody edits, as a folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use counter_guide::{Edition, Packed, golden};

use super::Workbench;
use crate::dataset;

/// Folder of golden households in a copy.
const GOLDEN: &str = "golden";
/// Golden households at most, and bytes of one.
const GOLDEN_MAX: usize = 2_000;
const GOLDEN_BYTES_MAX: u64 = 256 << 10;

/// A prepared copy as read from its folder.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    files: BTreeMap<String, String>,
    golden: Vec<(String, String)>,
}

impl Draft {
    /// Reads a folder with YAML files, and `golden/*.txt` where it has them.
    ///
    /// # Errors
    /// When something cannot be read, or it holds no YAML file.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let files = dataset::catalogue_files(folder)?;
        let golden = folder.join(GOLDEN);
        let golden = if golden.is_dir() {
            households(&golden)?
        } else {
            Vec::new()
        };
        Ok(Self { files, golden })
    }

    /// Its texts with their names.
    pub(crate) fn texts(&self) -> Vec<(&str, &str)> {
        let files = self.files.iter();
        files
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect()
    }

    /// Its golden households; the program's own where it has none.
    pub(crate) fn golden(&self) -> Vec<(&str, &str)> {
        if self.golden.is_empty() {
            return golden::BUNDLED.to_vec();
        }
        let own = self.golden.iter();
        own.map(|(name, text)| (name.as_str(), text.as_str()))
            .collect()
    }

    /// As an edition without number and day.
    pub(crate) fn edition(&self) -> Edition {
        Edition {
            number: 0,
            valid_from: None,
            published_on: None,
            note: String::new(),
            files: self.files.clone(),
            packed: Packed::default(),
        }
    }

    /// Names its texts, so that what is published is what was looked at.
    pub(crate) fn fingerprint(&self) -> String {
        self.edition().fingerprint()
    }
}

fn households(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| cannot_read(folder))? {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != "txt") {
            continue;
        }
        if found.len() >= GOLDEN_MAX || fs::metadata(&path)?.len() > GOLDEN_BYTES_MAX {
            bail!(
                "{} holds more than {GOLDEN_MAX} households, or one larger than {GOLDEN_BYTES_MAX} bytes",
                folder.display()
            );
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(&path).with_context(|| cannot_read(&path))?;
        found.push((name.into_owned(), text));
    }
    found.sort();
    Ok(found)
}

fn cannot_read(path: &Path) -> String {
    format!("cannot read {}", path.display())
}

impl Workbench {
    /// Names of the prepared copies.
    pub(crate) fn drafts(&self) -> Vec<String> {
        self.drafts.names()
    }

    /// Where the prepared copy of this name lies; `None` for what is no name.
    pub(crate) fn draft_folder(&self, name: &str) -> Option<PathBuf> {
        self.drafts.place(name)
    }

    /// Writes an edition with the golden households into a new prepared copy; returns its folder.
    ///
    /// # Errors
    /// When the name is none, or taken, or nothing can be written.
    pub(crate) fn prepare(&self, name: &str, edition: &Edition) -> Result<PathBuf> {
        if let Some(folder) = self.draft_folder(name)
            && folder.exists()
        {
            bail!("{} is there already; nothing was changed", folder.display());
        }
        let texts = edition.texts().into_iter();
        let own = texts.map(|(file, text)| (file.to_owned(), text));
        let households = golden::BUNDLED.iter();
        let households = households.map(|(file, text)| (format!("{GOLDEN}/{file}"), *text));
        self.drafts.put(name, own.chain(households))
    }
}
