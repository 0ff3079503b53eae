//! The character tables at the counter.
//!
//! They are loaded on a thread of their own, so that the screens come up without them; until then,
//! and when the file is missing, nothing is offered and every character can be typed.

use std::path::Path;
use std::sync::OnceLock;

use counter_characters::Characters;

/// See the module.
#[derive(Debug, Default)]
pub struct NameCharacters(OnceLock<Characters>);

impl NameCharacters {
    /// Loads the tables, once.
    pub fn load(&self, path: &Path) {
        self.load_with(path, &[]);
    }

    /// The same with the characters that the city's own font adds.
    pub fn load_with(&self, path: &Path, added: &[char]) {
        if self.0.get().is_some() {
            return;
        }
        match Characters::open(path) {
            Ok(tables) => {
                self.0.set(tables.with_added(added.iter().copied())).ok();
            }
            Err(error) => tracing::error!(%error, "no characters are offered"),
        }
    }

    /// The tables, once they are loaded.
    pub fn tables(&self) -> Option<&Characters> {
        self.0.get()
    }
}
