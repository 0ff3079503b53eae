//! Presenting a secret: where it goes, how many tries are left, and the rule that protects them.

use card_reader::{Card, StatusWord};

use crate::{ReadCardError, SecretKind, apdu};

/// Tries left for a secret, as the card says. The maximum is not readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TriesLeft {
    /// So many, 1 or more.
    Left(u8),
    /// None: blocked until an office releases it.
    Blocked,
    /// The card does not count.
    NotCounted,
}

impl TriesLeft {
    pub(crate) fn from_status(sw: StatusWord) -> Option<Self> {
        match sw.0 {
            0x6983 | 0x6984 | 0x63c0 => Some(Self::Blocked),
            0x63c1..=0x63cf => Some(Self::Left(sw.sw2() & 0x0f)),
            // 6300 says that the secret is not counted; 9000 that it is already presented.
            0x6300 | 0x9000 => Some(Self::NotCounted),
            _ => None,
        }
    }

    /// The number for a screen: 0 when blocked, `None` when not counted.
    pub fn count(self) -> Option<u8> {
        match self {
            Self::Left(tries) => Some(tries),
            Self::Blocked => Some(0),
            Self::NotCounted => None,
        }
    }
}

/// Whether a secret may be sent when only one try is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Insist {
    /// Refuse; the screen warns and offers another way.
    #[default]
    No,
    /// The person was warned and insists.
    Yes,
}

/// Where a secret lives on its card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reference {
    /// A file that is selected first; VERIFY then means the current file.
    File(u16),
    /// A reference that VERIFY names itself.
    Named(u8),
}

impl Reference {
    /// Selects the file, if it is one, and gives the reference byte.
    pub(crate) fn enter(self, card: &mut dyn Card) -> Result<u8, ReadCardError> {
        if let Self::File(file) = self {
            apdu::select_file(card, file)?;
        }
        Ok(self.current())
    }

    /// The reference byte, with the file already selected.
    pub(crate) fn current(self) -> u8 {
        match self {
            Self::File(_) => 0x80,
            Self::Named(reference) => reference,
        }
    }
}

/// Asks how many tries are left. Costs nothing.
pub(crate) fn tries_left(
    card: &mut dyn Card,
    kind: SecretKind,
) -> Result<TriesLeft, ReadCardError> {
    let sw = apdu::query_tries(card, kind.reference())?;
    TriesLeft::from_status(sw).ok_or(ReadCardError::Refused { sw })
}

/// Asks the counter, and presents the secret only when that is safe; once, and never again by itself.
pub(crate) fn present(
    card: &mut dyn Card,
    kind: SecretKind,
    secret: &[u8],
    insist: Insist,
) -> Result<(), ReadCardError> {
    match tries_left(card, kind)? {
        TriesLeft::Blocked => return Err(ReadCardError::Blocked { kind }),
        TriesLeft::Left(1) if insist == Insist::No => {
            return Err(ReadCardError::LastTry { kind });
        }
        TriesLeft::Left(_) | TriesLeft::NotCounted => {}
    }
    let sw = apdu::verify(card, kind.reference(), secret)?;
    if sw.is_ok() {
        return Ok(());
    }
    Err(match TriesLeft::from_status(sw) {
        Some(TriesLeft::Left(tries_left)) => ReadCardError::Wrong { kind, tries_left },
        Some(TriesLeft::Blocked) => ReadCardError::Blocked { kind },
        Some(TriesLeft::NotCounted) | None => ReadCardError::Refused { sw },
    })
}
