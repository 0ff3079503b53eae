//! Why a card was not read.

use card_reader::{CardError, StatusWord};
use thiserror::Error;

use crate::SecretKind;

/// Why reading stopped. Nothing that was read before is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReadCardError {
    /// The reader or the card failed; after [`CardError::Removed`] ask the counter of tries before
    /// a secret is sent again, the last one may have been counted.
    #[error(transparent)]
    Card(#[from] CardError),
    /// The card has no such application: it is another kind of card.
    #[error("card does not have the application")]
    NotThisCard,
    /// The secret is wrong and cost a try.
    #[error("{kind} refused, {tries_left} tries left")]
    Wrong {
        /// Which secret.
        kind: SecretKind,
        /// Tries left after this one, 1 or more.
        tries_left: u8,
    },
    /// The secret is blocked; only the municipality's own terminal releases it.
    #[error("{kind} is blocked")]
    Blocked {
        /// Which secret.
        kind: SecretKind,
    },
    /// One try is left and the caller did not insist: nothing was sent.
    #[error("{kind} has one try left, not sent")]
    LastTry {
        /// Which secret.
        kind: SecretKind,
    },
    /// A file was not unlocked although the secret was accepted: start again.
    #[error("file is locked")]
    Locked,
    /// The card refused a command.
    #[error("card answers {sw}")]
    Refused {
        /// Its status.
        sw: StatusWord,
    },
    /// The file is not what the specification says.
    #[error("card content is malformed")]
    Malformed,
}

impl ReadCardError {
    /// Whether the card left or lost its state mid-way, so that putting it back is the remedy.
    pub fn is_card_loss(self) -> bool {
        matches!(self, Self::Card(error) if error.is_card_loss())
    }
}
