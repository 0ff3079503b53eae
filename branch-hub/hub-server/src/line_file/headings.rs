//! The heading line: columns by their English or Japanese name, in any order.

use std::fmt;

/// Whether a file may lack a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Needed,
    Optional,
}

/// A column with its English and Japanese heading.
pub(crate) type Heading<C> = (C, &'static str, &'static str, Presence);

/// The columns of one kind of file.
pub(crate) trait Column: Copy + PartialEq + fmt::Debug + 'static {
    /// Every column, each once.
    const HEADINGS: &'static [Heading<Self>];
    /// Where the layout is described, for whoever must correct a file.
    const DESCRIBED: &'static str;

    /// Its English heading, for messages.
    fn heading(self) -> &'static str {
        Self::HEADINGS
            .iter()
            .find(|(column, ..)| *column == self)
            .map_or("", |(_, english, ..)| english)
    }
}
