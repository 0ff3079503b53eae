//! Why a change to a case was refused.

use counter_domain::case::CaseState;
use replica::StoreError;
use thiserror::Error;

/// Why a case was not changed. What was typed stays with whoever typed it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EditError {
    /// Not here.
    #[error("case is not here")]
    UnknownCase,
    /// Handed in: content is frozen until head office returns it.
    #[error("case is frozen in state {0:?}")]
    Frozen(CaseState),
    /// The step is not allowed where the case stands.
    #[error("step not allowed in state {0:?}")]
    NotAllowed(CaseState),
    /// Nothing to take back.
    #[error("nothing to undo")]
    NothingToUndo,
    /// The chosen counter has no value of that field.
    #[error("that counter has no such value")]
    NoSuchValue,
    /// The snapshot is of another case.
    #[error("snapshot belongs to another case")]
    ForeignSnapshot,
    /// The disk or the database; nothing was changed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl EditError {
    /// Whether the disk is full, which the screen says in so many words.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Store(StoreError::DiskFull))
    }
}
