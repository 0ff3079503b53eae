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
    /// The secret is blocked; only the office that issued the card releases it.
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
    /// The card needs a PIN or number that was not given: nothing was sent.
    #[error("card needs a PIN or number that was not given")]
    KeyMissing,
    /// The number printed on the residence card is not this card's. Costs nothing, locks nothing.
    #[error("card number does not match")]
    WrongCardNumber,
    /// Number, birth date and validity are not this passport's. Costs nothing, locks nothing.
    #[error("printed zone does not open the passport")]
    WrongPassport,
    /// The chip of the passport lets nobody in without PACE, which is not known here.
    #[error("passport needs PACE")]
    NeedsPace,
    /// The chip did not prove that it knows the common key: a copy, or a broken one.
    #[error("chip does not prove itself")]
    NotProven,
    /// The card is of a generation whose secure messaging is not known here.
    #[error("card generation is not supported")]
    UnsupportedGeneration,
    /// The card put back is not the one that was lifted, or cannot be proved to be.
    #[error("card is not proved to be the same")]
    NotTheSame,
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

    /// Stable code for people and programs, for example `CARD-PIN-WRONG`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Card(error) => card_code(error),
            Self::NotThisCard | Self::UnsupportedGeneration => "CARD-UNKNOWN",
            Self::Wrong { kind, .. } => match kind.group() {
                SecretGroup::Entered => "CARD-PIN-WRONG",
                SecretGroup::NumberA => "CARD-NUMBER-A-WRONG",
                SecretGroup::NumberB => "CARD-NUMBER-B-WRONG",
            },
            Self::Blocked { kind } => match kind.group() {
                SecretGroup::Entered => "CARD-PIN-LOCKED",
                SecretGroup::NumberA => "CARD-NUMBER-A-LOCKED",
                SecretGroup::NumberB => "CARD-NUMBER-B-LOCKED",
            },
            Self::LastTry { .. } => "CARD-PIN-LAST-TRY",
            Self::KeyMissing => "CARD-KEY-MISSING",
            Self::WrongCardNumber => "CARD-NUMBER-WRONG",
            Self::WrongPassport => "CARD-PASSPORT-WRONG",
            Self::NeedsPace => "CARD-NEEDS-PACE",
            Self::NotProven => "CARD-NOT-GENUINE",
            Self::NotTheSame => "CARD-NOT-THE-SAME",
            Self::Locked | Self::Refused { .. } | Self::Malformed => "CARD-UNREADABLE",
        }
    }

    /// Tries left for the secret that was refused or not sent; `None` when no secret is to blame.
    pub fn tries_left(self) -> Option<u8> {
        match self {
            Self::Wrong { tries_left, .. } => Some(tries_left),
            Self::Blocked { .. } => Some(0),
            Self::LastTry { .. } => Some(1),
            Self::Card(_)
            | Self::NotThisCard
            | Self::KeyMissing
            | Self::WrongCardNumber
            | Self::WrongPassport
            | Self::NeedsPace
            | Self::NotProven
            | Self::UnsupportedGeneration
            | Self::NotTheSame
            | Self::Locked
            | Self::Refused { .. }
            | Self::Malformed => None,
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the foreign list may grow; whatever it says, the card was not read"
)]
fn card_code(error: CardError) -> &'static str {
    match error {
        CardError::NoService | CardError::NoReader => "CARD-NO-READER",
        CardError::NoCard => "CARD-EMPTY",
        CardError::Removed | CardError::Reset | CardError::ShortAnswer { .. } => "CARD-PULLED",
        CardError::Shared => "CARD-BUSY",
        _ => "CARD-UNREADABLE",
    }
}

/// Secrets as people tell them apart.
enum SecretGroup {
    /// A person remembers it.
    Entered,
    /// The individual number.
    NumberA,
    /// Printed on the front.
    NumberB,
}

impl SecretKind {
    fn group(self) -> SecretGroup {
        match self {
            Self::NumberA | Self::VisualNumberA => SecretGroup::NumberA,
            Self::NumberB | Self::VisualNumberB => SecretGroup::NumberB,
            Self::Pin
            | Self::AuthPin
            | Self::SignPassword
            | Self::LicencePin1
            | Self::LicencePin2
            | Self::MyNumberLicencePin => SecretGroup::Entered,
        }
    }
}
