//! Folders that people edit: copies of the catalogue, forms. Each draft lies in a folder of its own,
//! under a name that leads nowhere else.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use counter_guide::catalogue::file_of;

/// Letters of a name.
const NAME_MAX: usize = 80;

/// The folder of drafts of one kind.
pub(crate) struct DraftFolders(PathBuf);

impl DraftFolders {
    /// The drafts in `folder`, which need not be there yet.
    pub(crate) fn at(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Their names, ascending.
    pub(crate) fn names(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.0) else {
            return Vec::new();
        };
        let folders = entries.flatten().filter(|entry| entry.path().is_dir());
        let names = folders.filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| is_name(name)).collect();
        names.sort();
        names
    }

    /// Where the draft of this name lies, or would lie; `None` for what is no name.
    pub(crate) fn place(&self, name: &str) -> Option<PathBuf> {
        is_name(name).then(|| self.0.join(name))
    }

    /// Writes a draft of these files, paths and texts, in place of the one of this name; returns its
    /// folder.
    ///
    /// # Errors
    /// When its name is none, or nothing can be written; the one before stays then.
    pub(crate) fn put<'t>(
        &self,
        name: &str,
        files: impl IntoIterator<Item = (String, &'t str)>,
    ) -> Result<PathBuf> {
        let Some(place) = self.place(name) else {
            bail!("a name is up to {NAME_MAX} letters, digits, hyphens and underscores");
        };
        let beside = self.0.join(format!(".{name}.unfinished"));
        remove(&beside)?;
        for (file, text) in files {
            write(&beside.join(&file), &file_of(&file, text))?;
        }
        remove(&place)?;
        fs::rename(&beside, &place).with_context(|| cannot_write(&place))?;
        Ok(place)
    }

    /// Lets go of one, where there is one.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        self.place(name).map_or(Ok(()), |place| remove(&place))
    }
}

fn is_name(name: &str) -> bool {
    let plain = |one: u8| one.is_ascii_alphanumeric() || matches!(one, b'-' | b'_');
    !name.is_empty() && name.len() <= NAME_MAX && name.bytes().all(plain)
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        let removed = fs::remove_dir_all(folder);
        removed.with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| cannot_write(folder))?;
    }
    fs::write(path, content).with_context(|| cannot_write(path))
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draft_takes_the_place_of_the_one_before_it() {
        let dir = tempfile::tempdir().unwrap();
        let drafts = DraftFolders::at(dir.path().join("drafts"));
        assert!(drafts.names().is_empty());
        let first = [("a/old.typ".to_owned(), "1"), ("meta.toml".to_owned(), "2")];
        let place = drafts.put("F001-move", first).unwrap();
        drafts
            .put("F001-move", [("meta.toml".to_owned(), "3")])
            .unwrap();
        assert_eq!(fs::read_to_string(place.join("meta.toml")).unwrap(), "3");
        assert!(!place.join("a").exists());
        drafts.put("copy_2", []).unwrap_err();
        assert_eq!(drafts.names(), ["F001-move"]);
        drafts.remove("F001-move").unwrap();
        drafts.remove("F001-move").unwrap();
        assert!(drafts.names().is_empty());
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let drafts = DraftFolders::at(dir.path().join("drafts"));
        fs::create_dir(dir.path().join("kept")).unwrap();
        for name in [
            "",
            "..",
            "../kept",
            "a/b",
            ".hidden",
            "様式",
            &"a".repeat(81),
        ] {
            assert_eq!(drafts.place(name), None, "{name}");
            drafts
                .put(name, [("meta.toml".to_owned(), "")])
                .unwrap_err();
            drafts.remove(name).unwrap();
        }
        assert!(dir.path().join("kept").exists());
    }
}
