//! The My Number card's text application (券面事項入力補助AP).

use card_reader::{Card, StatusWord};

use crate::detect::TEXT_APPLICATION;
use crate::secret::{Auth, Pin, SecretKind};
use crate::{BasicFour, IndividualNumber, ReadCardError, apdu};

/// File of the PIN.
const PIN_FILE: u16 = 0x0011;
/// File of comparison number B.
const NUMBER_B_FILE: u16 = 0x0015;
/// File of the individual number.
const INDIVIDUAL_NUMBER_FILE: u16 = 0x0001;
/// File of the basic four items.
const BASIC_FOUR_FILE: u16 = 0x0002;

/// Tries left for a secret, as the card says. The maximum is not readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TriesLeft {
    /// So many, 1 or more.
    Left(u8),
    /// None: blocked until the municipality releases it.
    Blocked,
    /// The card does not count.
    NotCounted,
}

impl TriesLeft {
    fn from_status(sw: StatusWord) -> Option<Self> {
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

/// The selected text application of one powered card.
pub struct TextApplication<'card> {
    card: &'card mut dyn Card,
}

impl std::fmt::Debug for TextApplication<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TextApplication")
    }
}

impl<'card> TextApplication<'card> {
    /// Selects the application.
    ///
    /// # Errors
    /// [`ReadCardError::NotThisCard`] when the card does not have it.
    pub fn select(card: &'card mut dyn Card) -> Result<Self, ReadCardError> {
        let mut sw = apdu::select_application(card, TEXT_APPLICATION)?;
        if sw == StatusWord::INTERNAL {
            sw = apdu::select_application(card, TEXT_APPLICATION)?;
        }
        if sw.is_ok() {
            Ok(Self { card })
        } else if sw == StatusWord::NOT_FOUND || sw == StatusWord::INTERNAL {
            Err(ReadCardError::NotThisCard)
        } else {
            Err(ReadCardError::Refused { sw })
        }
    }

    /// Asks how many tries are left. Costs nothing.
    ///
    /// # Errors
    /// When reader or card fail.
    pub fn tries_left(&mut self, kind: SecretKind) -> Result<TriesLeft, ReadCardError> {
        let file = match kind {
            SecretKind::Pin => PIN_FILE,
            SecretKind::NumberB => NUMBER_B_FILE,
        };
        apdu::select_file(self.card, file)?;
        let sw = apdu::query_tries(self.card)?;
        TriesLeft::from_status(sw).ok_or(ReadCardError::Refused { sw })
    }

    /// Opens the application with a secret and reads the basic four items.
    ///
    /// The counter is asked first; the secret is sent at most once.
    ///
    /// # Errors
    /// [`ReadCardError::LastTry`] and [`ReadCardError::Blocked`] before anything is sent,
    /// [`ReadCardError::Wrong`] and [`ReadCardError::Blocked`] after it.
    pub fn read_basic_four(
        &mut self,
        auth: &Auth,
        insist: Insist,
    ) -> Result<BasicFour, ReadCardError> {
        self.present(auth, insist)?;
        self.read_opened_basic_four()
    }

    /// Opens the application with the PIN and reads the basic four items and the individual number,
    /// with one presentation of the PIN. Only for a procedure whose law asks for the number.
    ///
    /// # Errors
    /// As [`TextApplication::read_basic_four`].
    pub fn read_with_individual_number(
        &mut self,
        pin: &Pin,
        insist: Insist,
    ) -> Result<(BasicFour, IndividualNumber), ReadCardError> {
        self.present(&Auth::Pin(pin.clone()), insist)?;
        let four = self.read_opened_basic_four()?;
        apdu::select_file(self.card, INDIVIDUAL_NUMBER_FILE)?;
        let file = apdu::read_object(self.card)?;
        Ok((four, IndividualNumber::parse(&file)?))
    }

    fn read_opened_basic_four(&mut self) -> Result<BasicFour, ReadCardError> {
        apdu::select_file(self.card, BASIC_FOUR_FILE)?;
        let file = apdu::read_object(self.card)?;
        BasicFour::parse(&file)
    }

    fn present(&mut self, auth: &Auth, insist: Insist) -> Result<(), ReadCardError> {
        let kind = auth.kind();
        match self.tries_left(kind)? {
            TriesLeft::Blocked => return Err(ReadCardError::Blocked { kind }),
            TriesLeft::Left(1) if insist == Insist::No => {
                return Err(ReadCardError::LastTry { kind });
            }
            TriesLeft::Left(_) | TriesLeft::NotCounted => {}
        }
        let sw = apdu::verify(self.card, auth.digits())?;
        if sw.is_ok() {
            return Ok(());
        }
        Err(match TriesLeft::from_status(sw) {
            Some(TriesLeft::Left(tries_left)) => ReadCardError::Wrong { kind, tries_left },
            Some(TriesLeft::Blocked) => ReadCardError::Blocked { kind },
            Some(TriesLeft::NotCounted) | None => ReadCardError::Refused { sw },
        })
    }
}
