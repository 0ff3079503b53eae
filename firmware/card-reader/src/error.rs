//! What can go wrong between the appliance and a card.

use thiserror::Error;

/// A reader or card that did not do its part.
///
/// Holds codes only, never bytes that were sent or received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CardError {
    /// pcscd is not running or stopped; every handle is dead, open a new [`crate::PcscService`].
    #[error("card service is not running")]
    NoService,
    /// No reader is plugged in, or the one in use was unplugged.
    #[error("no card reader")]
    NoReader,
    /// The reader is empty.
    #[error("no card on the reader")]
    NoCard,
    /// The card left while it was being used. What was read before is void, and a PIN that was
    /// being presented may have cost a try.
    #[error("card removed during the exchange")]
    Removed,
    /// Another program reset the card: its state is lost.
    #[error("card was reset by another program")]
    Reset,
    /// Another program holds the card.
    #[error("card is held by another program")]
    Shared,
    /// The chip does not answer: damaged, wrong side, or not a chip card.
    #[error("card does not answer")]
    Unresponsive,
    /// An answer shorter than its two status bytes.
    #[error("answer of {length} bytes is no answer")]
    ShortAnswer {
        /// Bytes received, 0 or 1.
        length: usize,
    },
    /// The card announced more pieces than any file has.
    #[error("card never finishes its answer")]
    EndlessAnswer,
    /// Anything else PC/SC reports, by its number (`pcsclite.h`).
    #[error("card service reports {code:#010x}")]
    Service {
        /// The PC/SC code.
        code: u32,
    },
}

impl CardError {
    /// Whether the connection to pcscd itself is gone, so that only a new one helps.
    pub fn is_service_loss(self) -> bool {
        matches!(self, Self::NoService)
    }

    /// Whether the card left or lost its state: detect again, it may be another person's card.
    pub fn is_card_loss(self) -> bool {
        matches!(
            self,
            Self::NoCard | Self::Removed | Self::Reset | Self::ShortAnswer { .. }
        )
    }
}

impl From<pcsc::Error> for CardError {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "seventy codes of a foreign list; the rest keep their number"
    )]
    fn from(error: pcsc::Error) -> Self {
        use pcsc::Error as E;
        match error {
            // A dead pcscd shows as any of these, depending on which call meets it first.
            E::NoService
            | E::ServiceStopped
            | E::Shutdown
            | E::InvalidHandle
            | E::CommError
            | E::InternalError => Self::NoService,
            E::ReaderUnavailable | E::UnknownReader | E::NoReadersAvailable => Self::NoReader,
            E::NoSmartcard => Self::NoCard,
            // vpcd and several USB drivers answer NOT_TRANSACTED first and REMOVED_CARD only later.
            E::RemovedCard | E::NotTransacted | E::CommDataLost => Self::Removed,
            E::ResetCard => Self::Reset,
            E::SharingViolation => Self::Shared,
            E::UnresponsiveCard
            | E::UnsupportedCard
            | E::UnpoweredCard
            | E::CardUnsupported
            | E::ProtoMismatch => Self::Unresponsive,
            #[expect(clippy::as_conversions, reason = "the enum's discriminant is the code")]
            other => Self::Service { code: other as u32 },
        }
    }
}
