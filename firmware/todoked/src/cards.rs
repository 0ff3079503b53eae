//! The card reader of this counter: what lies on it, and reading it once.

mod authorities;
mod face;

use std::sync::mpsc;
use std::time::Duration;

use card_reader::{CardError, CardWatch, Lying, PcscService};
use counter_api::Digits;
use identity_cards::session::{self, Keys, SeenCard};
use identity_cards::{
    BasicFour, CardKind, Judging, LastingReading, NumberB, Pin, ReadCardError, SecretFormatError,
    SecretKind, SessionRandom, Warning,
};

use crate::clock::{Clock as _, SystemClock};
use crate::devices::{CardFacts, CardKey, CardLies, CardOrder, CardTrouble, OtherCard};

pub use authorities::CardAuthorities;
pub(crate) use face::is_forged;

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
        Ok((CardKind::DriversLicence, _)) => licence(&mut card),
        Ok((CardKind::Residence, _)) => uncounted(OtherCard::Residence),
        Ok((CardKind::Passport, _)) => uncounted(OtherCard::Passport),
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

/// A card without PINs: what is printed on it opens it.
fn uncounted(card: OtherCard) -> CardLies {
    CardLies::Other {
        card,
        pin_tries_left: 0,
        second_tries_left: 0,
    }
}

/// A driver's licence, and the tries that are left of its PINs.
fn licence(card: &mut card_reader::PcscCard) -> CardLies {
    let tries = session::all_tries(card).map(|(_, tries)| tries);
    let tries = tries.unwrap_or_default();
    let left = |wanted: SecretKind| {
        let found = tries.iter().find(|(kind, _)| *kind == wanted);
        found.and_then(|(_, left)| left.count()).unwrap_or(0)
    };
    CardLies::Other {
        card: OtherCard::DriversLicence,
        pin_tries_left: left(SecretKind::LicencePin1),
        second_tries_left: left(SecretKind::LicencePin2),
    }
}

/// Fresh random bytes for a residence card or passport.
///
/// # Errors
/// When the system has none.
pub fn session_random() -> Result<SessionRandom, getrandom::Error> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes)?;
    Ok(SessionRandom::new(bytes))
}

/// Reads the four basic items once, of whatever card lies there, and what stands on its face. The
/// secret is sent at most once to each part of the card, and not to a locked one.
///
/// # Errors
/// Why not; everything read before is thrown away.
pub fn read(
    reader: Option<&str>,
    order: &CardOrder,
    authorities: &CardAuthorities,
) -> Result<CardFacts, CardTrouble> {
    let keys = keys(&order.key).map_err(unreadable)?;
    let random = session_random().map_err(|_| CardTrouble::Unreadable)?;
    let mut card = connect(reader).map_err(card_trouble)?;
    let judging = Judging {
        trusted: &authorities.certificates,
        now: now(),
    };
    let trusted = (judging, authorities.chips.as_slice());
    let seen = session::read_with_face(&mut card, &keys, order.insist, &random, trusted);
    // Pictures are drawn when the card has no power any more.
    drop(card);
    Ok(facts(&seen.map_err(trouble)?))
}

fn keys(key: &CardKey) -> Result<Keys, SecretFormatError> {
    let pin = |digits: &Digits| Pin::parse(digits.expose()).map(Some);
    let mut keys = Keys::default();
    match key {
        CardKey::Pin(digits) => keys.pin = pin(digits)?,
        CardKey::BothPins { first, second } => {
            (keys.pin, keys.second_pin) = (pin(first)?, pin(second)?);
        }
        CardKey::NumberB(digits) => keys.number_b = Some(NumberB::parse(digits.expose())?),
        CardKey::CardNumber(number) => keys.card_number = Some(number.clone()),
        CardKey::Passport(key) => keys.passport = Some(key.clone()),
    }
    Ok(keys)
}

/// Seconds since 1970.
fn now() -> i64 {
    i64::try_from(SystemClock.unix_ms() / 1000).unwrap_or(i64::MAX)
}

/// What the desk takes over; an item that the chip does not hold as text stays empty.
fn facts(seen: &SeenCard) -> CardFacts {
    let reading = &seen.reading;
    let text = |text: &Option<identity_cards::CardText>| {
        text.as_ref()
            .map_or(String::new(), |text| text.as_str().to_owned())
    };
    CardFacts {
        card: match reading.kind {
            CardKind::DriversLicence => Some(OtherCard::DriversLicence),
            CardKind::Residence => Some(OtherCard::Residence),
            CardKind::Passport => Some(OtherCard::Passport),
            CardKind::MyNumber | CardKind::Unsupported => None,
        },
        name: text(&reading.name),
        address: text(&reading.address),
        birth_date: reading.birth.clone().unwrap_or_default(),
        sex: reading.sex.map_or("", face::sex).to_owned(),
        domicile: text(&reading.domicile),
        face: seen.face.as_ref().map(face::facts),
        certificate: seen.certificate,
        // What is to be said of a signature stands beside the face.
        to_check: reading.warnings.iter().any(|warning| {
            !matches!(
                warning,
                Warning::AuthorityUnknown | Warning::SignatureUnchecked
            )
        }),
    }
}

/// Reads a My Number card, and goes on with the same card when it was lifted and comes back within
/// so many seconds.
///
/// # Errors
/// As [`LastingReading::run`]; the loss itself when nothing comes back in time.
pub fn read_lasting(
    reader: Option<&str>,
    mut reading: LastingReading,
    wait_seconds: u8,
) -> Result<BasicFour, ReadCardError> {
    loop {
        let result = match connect(reader) {
            Ok(mut card) => reading.run(&mut card),
            Err(error) => Err(error.into()),
        };
        match result {
            Err(error) if error.is_card_loss() && reading.can_continue() => {
                if !await_card(reader, wait_seconds) {
                    return Err(error);
                }
            }
            result => return result,
        }
    }
}

/// Whether a card lies there in time.
fn await_card(reader: Option<&str>, seconds: u8) -> bool {
    let mut watch = reader.map_or_else(CardWatch::new, CardWatch::only);
    let canceller = watch.canceller();
    let (done, is_done) = mpsc::channel::<()>();
    let timer = std::thread::spawn(move || {
        if is_done
            .recv_timeout(Duration::from_secs(seconds.into()))
            .is_err()
        {
            canceller.cancel();
        }
    });
    let mut found = false;
    while let Some(lying) = watch.next() {
        if let Lying::Card { .. } = lying {
            found = true;
            break;
        }
    }
    // The timer ends at once: nobody else listens.
    done.send(()).ok();
    timer.join().ok();
    found
}

fn unreadable(_: SecretFormatError) -> CardTrouble {
    CardTrouble::Unreadable
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else a card answers, people do the same"
)]
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
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else a card answers, people do the same"
)]
pub fn trouble(error: ReadCardError) -> CardTrouble {
    tracing::info!(%error, "card not read");
    match error {
        ReadCardError::Card(error) => card_trouble(error),
        ReadCardError::NotThisCard | ReadCardError::UnsupportedGeneration => CardTrouble::Unknown,
        ReadCardError::WrongCardNumber => CardTrouble::WrongCardNumber,
        ReadCardError::WrongPassport => CardTrouble::WrongPassport,
        ReadCardError::NeedsPace => CardTrouble::NeedsPace,
        ReadCardError::LastTry {
            kind: SecretKind::NumberB,
        } => CardTrouble::LastTryNumberB,
        ReadCardError::LastTry { .. } => CardTrouble::LastTry,
        ReadCardError::Wrong {
            kind: SecretKind::LicencePin2,
            tries_left,
        } => CardTrouble::WrongSecondPin { left: tries_left },
        ReadCardError::Wrong {
            kind: SecretKind::NumberB,
            tries_left,
        } => CardTrouble::WrongNumberB { left: tries_left },
        ReadCardError::Wrong { tries_left, .. } => CardTrouble::WrongPin { left: tries_left },
        ReadCardError::Blocked {
            kind: SecretKind::NumberB,
        } => CardTrouble::NumberBLocked,
        ReadCardError::Blocked { .. } => CardTrouble::PinLocked,
        _ => CardTrouble::Unreadable,
    }
}
