//! Digits that must not be printed: PINs, 照合番号.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// ASCII digits typed by a person. Debug and Display hide them; dropped memory is zeroed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digits(String);

impl Digits {
    /// Takes typed text; only ASCII letters and digits are kept.
    pub fn new(text: &str) -> Self {
        Self(text.chars().filter(char::is_ascii_alphanumeric).collect())
    }

    /// The digits, for the one place that sends them to a card or a hash.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for Digits {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digits(hidden)")
    }
}
