//! Where the programs are.

use std::path::{Path, PathBuf};

/// The folder the driver itself was built into.
#[derive(Debug, Clone)]
pub struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Programs beside `one_of_them`, or one folder above (tests are built into `deps`).
    pub fn beside(one_of_them: &Path) -> Self {
        let folder = one_of_them.parent().unwrap_or(Path::new("."));
        let folder = if folder.ends_with("deps") {
            folder.parent().unwrap_or(folder)
        } else {
            folder
        };
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The program with this name.
    pub fn named(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}
