//! Codes that a scanner typed into the staff's screen.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// The text of a scanned code. It may hold a name and an address: Debug hides it, dropped memory is
/// zeroed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScannedCode(String);

impl ScannedCode {
    /// Takes what was scanned.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text, for the one place that reads it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for ScannedCode {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for ScannedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScannedCode(hidden)")
    }
}
