//! The card reader of this counter: what lies on it, and reading it once.

use card_reader::{CardError, CardWatch, Lying, PcscService};
use identity_cards::{Auth, CardKind, Insist, NumberB, Pin, ReadCardError, SecretKind, session};

use crate::devices::{CardFacts, CardKey, CardLies, CardTrouble};

/// Opens the card on the named reader, or on whichever has one.
///
/// # Errors
/// As the reader reports.
pub fn connect(reader: Option<&str>) -> Result<card_reader::PcscCard, CardError> {
    let service = PcscService::establish()?;
    match reader {
        Some(name) => service.connect(name),
        None => service.connect_any(),
    }
}

/// Watches the reader until the watch is cancelled, and tells every change.
pub fn watch(mut watch: CardWatch, reader: Option<&str>, mut tell: impl FnMut(CardLies)) {
    let mut told = None;
    while let Some(lying) = watch.next() {
        let lies = match lying {
            Lying::NoService | Lying::NoReader => CardLies::NoReader,
            Lying::Empty { .. } => CardLies::Nothing,
            Lying::Mute { .. } => CardLies::Unknown,
            Lying::Card { .. } => match look(reader) {
                Some(lies) => lies,
                // Our own reading, or another program, has the card; it is reported again after.
                None => continue,
            },
        };
        if told != Some(lies) {
            told = Some(lies);
            tell(lies);
        }
    }
}

/// What kind of card it is and how many tries are left; sends no secret.
fn look(reader: Option<&str>) -> Option<CardLies> {
    let mut card = match connect(reader) {
        Ok(card) => card,
        Err(CardError::Shared) => return None,
        Err(CardError::NoReader | CardError::NoService) => return Some(CardLies::NoReader),
        Err(error) if error.is_card_loss() => return Some(CardLies::Nothing),
        Err(_) => return Some(CardLies::Unknown),
    };
    let lies = match session::look(&mut card) {
        Ok((CardKind::MyNumber, Some(tries))) => CardLies::MyNumber {
            pin_tries_left: tries.pin.count().unwrap_or(u8::MAX),
            number_b_tries_left: tries.number_b.count().unwrap_or(u8::MAX),
        },
        Ok(_) => CardLies::Unknown,
        Err(error) if error.is_card_loss() => CardLies::Nothing,
        Err(error) => {
            tracing::info!(%error, "card not recognised");
            CardLies::Unknown
        }
    };
    drop(card);
    Some(lies)
}

/// Reads the four basic items once. The secret is sent at most once, and not to a locked card.
///
/// # Errors
/// Why not; everything read before is thrown away.
pub fn read(reader: Option<&str>, key: &CardKey) -> Result<CardFacts, CardTrouble> {
    let auth = match key {
        CardKey::Pin(digits) => Auth::Pin(Pin::parse(digits.expose()).map_err(unreadable)?),
        CardKey::NumberB(digits) => {
            Auth::NumberB(NumberB::parse(digits.expose()).map_err(unreadable)?)
        }
    };
    let mut card = connect(reader).map_err(card_trouble)?;
    // The person was warned of the last try and entered the secret all the same.
    let four = session::read(&mut card, &auth, Insist::Yes).map_err(trouble)?;
    Ok(CardFacts {
        name: four.name.clone(),
        address: four.address.clone(),
        birth_date: four.birth.clone(),
        sex: match four.sex {
            identity_cards::Sex::Male => "male".to_owned(),
            identity_cards::Sex::Female => "female".to_owned(),
            identity_cards::Sex::Unknown | identity_cards::Sex::NotApplicable => String::new(),
        },
    })
}

fn unreadable(_: identity_cards::SecretFormatError) -> CardTrouble {
    CardTrouble::Unreadable
}

fn card_trouble(error: CardError) -> CardTrouble {
    match error {
        CardError::NoService | CardError::NoReader => CardTrouble::NoReader,
        CardError::NoCard => CardTrouble::NoCard,
        CardError::Removed | CardError::Reset | CardError::ShortAnswer { .. } => {
            CardTrouble::Pulled
        }
        CardError::Shared => CardTrouble::Busy,
        _ => CardTrouble::Unreadable,
    }
}

/// Tells people what became of a reading.
pub fn trouble(error: ReadCardError) -> CardTrouble {
    tracing::info!(%error, "card not read");
    match error {
        ReadCardError::Card(error) => card_trouble(error),
        ReadCardError::NotThisCard => CardTrouble::Unknown,
        ReadCardError::Wrong {
            kind: SecretKind::Pin,
            tries_left,
        } => CardTrouble::WrongPin { left: tries_left },
        ReadCardError::Wrong {
            kind: SecretKind::NumberB,
            tries_left,
        } => CardTrouble::WrongNumberB { left: tries_left },
        ReadCardError::Blocked {
            kind: SecretKind::Pin,
        } => CardTrouble::PinLocked,
        ReadCardError::Blocked {
            kind: SecretKind::NumberB,
        } => CardTrouble::NumberBLocked,
        _ => CardTrouble::Unreadable,
    }
}
