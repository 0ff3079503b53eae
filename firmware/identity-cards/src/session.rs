//! One powered card from detection to the end, in one call each.
//!
//! The card is powered down when the caller drops it; a session never keeps it.

use card_reader::Card;

use counter_domain::number::MyNumber;

pub use crate::detect::detect;
use crate::jpki::JpkiApplication;
use crate::licence::{DrivingLicence, LicencePins};
use crate::mynumber_licence::MyNumberLicence;
use crate::visual_application::VisualApplication;
use crate::{
    Auth, Authority, BasicFour, CardKind, CertificateSeen, DocumentReading, FaceReading, Insist,
    Judging, NumberB, Passport, PassportKey, Pin, ReadCardError, ResidenceCard, ResidenceNumber,
    SecretKind, SessionRandom, TextApplication, TriesLeft, face,
};

/// Tries left of both secrets of a My Number card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries {
    /// For the PIN.
    pub pin: TriesLeft,
    /// For the number printed on the card.
    pub number_b: TriesLeft,
}

/// Asks both counters. Costs nothing, sends no secret.
///
/// # Errors
/// [`ReadCardError::NotThisCard`] when it is not a My Number card; otherwise as the card fails.
pub fn tries(card: &mut dyn Card) -> Result<Tries, ReadCardError> {
    let mut application = TextApplication::select(card)?;
    Ok(Tries {
        pin: application.tries_left(SecretKind::Pin)?,
        number_b: application.tries_left(SecretKind::NumberB)?,
    })
}

/// Every counter of a card with its secret's kind; costs nothing, sends no secret. Empty for a card
/// that counts nothing (residence card) or is not known.
///
/// # Errors
/// As the card fails.
pub fn all_tries(
    card: &mut dyn Card,
) -> Result<(CardKind, Vec<(SecretKind, TriesLeft)>), ReadCardError> {
    let kind = detect(card)?;
    let counted = match kind {
        CardKind::MyNumber => my_number_tries(card)?,
        CardKind::DriversLicence => {
            let tries = DrivingLicence::select(card)?.tries_left()?;
            vec![
                (SecretKind::LicencePin1, tries.first),
                (SecretKind::LicencePin2, tries.second),
            ]
        }
        CardKind::Residence | CardKind::Passport | CardKind::Unsupported => Vec::new(),
    };
    Ok((kind, counted))
}

/// An application that is missing leaves its counters out.
fn my_number_tries(card: &mut dyn Card) -> Result<Vec<(SecretKind, TriesLeft)>, ReadCardError> {
    let mut counted = Vec::new();
    let mut text = TextApplication::select(card)?;
    for kind in [SecretKind::Pin, SecretKind::NumberA, SecretKind::NumberB] {
        counted.push((kind, text.tries_left(kind)?));
    }
    if let Some(mut visual) = present_or_none(VisualApplication::select(card))? {
        for kind in [SecretKind::VisualNumberB, SecretKind::VisualNumberA] {
            counted.push((kind, visual.tries_left(kind)?));
        }
    }
    if let Some(mut jpki) = present_or_none(JpkiApplication::select(card))? {
        counted.push((SecretKind::AuthPin, jpki.auth_tries_left()?));
        counted.push((SecretKind::SignPassword, jpki.sign_tries_left()?));
    }
    if let Some(mut licence) = present_or_none(MyNumberLicence::select(card))? {
        counted.push((SecretKind::MyNumberLicencePin, licence.tries_left()?));
    }
    Ok(counted)
}

fn present_or_none<T>(selected: Result<T, ReadCardError>) -> Result<Option<T>, ReadCardError> {
    match selected {
        Ok(application) => Ok(Some(application)),
        Err(ReadCardError::NotThisCard) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Kind of the card and, on a My Number card, the tries left: what a screen shows when a card is
/// put down.
///
/// # Errors
/// As the card fails.
pub fn look(card: &mut dyn Card) -> Result<(CardKind, Option<Tries>), ReadCardError> {
    let kind = detect(card)?;
    let counted = match kind {
        CardKind::MyNumber => Some(tries(card)?),
        CardKind::DriversLicence
        | CardKind::Residence
        | CardKind::Passport
        | CardKind::Unsupported => None,
    };
    Ok((kind, counted))
}

/// Reads the basic four items.
///
/// # Errors
/// As [`TextApplication::read_basic_four`].
pub fn read(card: &mut dyn Card, auth: &Auth, insist: Insist) -> Result<BasicFour, ReadCardError> {
    TextApplication::select(card)?.read_basic_four(auth, insist)
}

/// What people entered or read off a card, as far as they did.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// PIN of the text application, or PIN 1 of a licence.
    pub pin: Option<Pin>,
    /// PIN 2 of a licence.
    pub second_pin: Option<Pin>,
    /// Number B of a My Number card.
    pub number_b: Option<NumberB>,
    /// Number of a residence card.
    pub card_number: Option<ResidenceNumber>,
    /// What opens a passport.
    pub passport: Option<PassportKey>,
}

/// Reads name, address, birth date and sex of whatever card it is, as far as the chip has them.
///
/// # Errors
/// [`ReadCardError::KeyMissing`] when the card needs what was not entered: nothing was sent.
/// [`ReadCardError::NotThisCard`] when it is no card of a person. Otherwise as the card's own reading.
pub fn read_document(
    card: &mut dyn Card,
    keys: &Keys,
    insist: Insist,
    random: &SessionRandom,
    judging: Judging<'_>,
) -> Result<DocumentReading, ReadCardError> {
    read_parts(card, keys, insist, random, judging).map(|(reading, _)| reading)
}

/// A card with what stands on its face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenCard {
    /// The four items.
    pub reading: DocumentReading,
    /// The face, as far as what was entered opens it.
    pub face: Option<FaceReading>,
    /// The certificate of a My Number card; `None` when it has none or could not be read.
    pub certificate: Option<CertificateSeen>,
}

/// As [`read_document`], and then what stands on the face. The four items are whole before the
/// face is asked for, so a card lifted after them keeps them and only its face is missing.
///
/// # Errors
/// As [`read_document`].
pub fn read_with_face(
    card: &mut dyn Card,
    keys: &Keys,
    insist: Insist,
    random: &SessionRandom,
    (judging, authorities): (Judging<'_>, &[Authority]),
) -> Result<SeenCard, ReadCardError> {
    let (reading, mut face) = read_parts(card, keys, insist, random, judging)?;
    let mut certificate = None;
    if reading.kind == CardKind::MyNumber {
        if let Some(number) = keys.number_b.as_ref().filter(|_| keys.pin.is_none()) {
            face = face::of_my_number(card, number, insist, authorities).ok();
        }
        certificate = face::certificate(card, judging).ok().flatten();
    }
    Ok(SeenCard {
        reading,
        face,
        certificate,
    })
}

/// The four items, and the face where the same reading gives it.
fn read_parts(
    card: &mut dyn Card,
    keys: &Keys,
    insist: Insist,
    random: &SessionRandom,
    judging: Judging<'_>,
) -> Result<(DocumentReading, Option<FaceReading>), ReadCardError> {
    match detect(card)? {
        CardKind::MyNumber => {
            let auth = match (&keys.pin, &keys.number_b) {
                (Some(pin), _) => Auth::Pin(pin.clone()),
                (None, Some(number)) => Auth::NumberB(number.clone()),
                (None, None) => return Err(ReadCardError::KeyMissing),
            };
            let four = read(card, &auth, insist)?;
            Ok((DocumentReading::from(&four), None))
        }
        CardKind::DriversLicence => {
            let pins = LicencePins {
                first: keys.pin.clone(),
                second: keys.second_pin.clone(),
            };
            let licence = DrivingLicence::select(card)?.read(&pins, insist)?;
            let face = FaceReading::from(&licence);
            Ok((DocumentReading::from(&licence), Some(face)))
        }
        CardKind::Residence => {
            let number = keys.card_number.as_ref();
            let number = number.ok_or(ReadCardError::KeyMissing)?;
            let residence = ResidenceCard::open(card)?.read(number, random, judging)?;
            let face = FaceReading::from(&residence);
            Ok((DocumentReading::from(&residence), Some(face)))
        }
        CardKind::Passport => {
            // A chip that cannot be read is told before anybody types anything for it.
            let mut passport = Passport::select(card)?;
            let key = keys.passport.as_ref().ok_or(ReadCardError::KeyMissing)?;
            let zone = passport.read(key, random, judging.now)?;
            Ok((DocumentReading::from(&zone), Some(FaceReading::from(&zone))))
        }
        CardKind::Unsupported => Err(ReadCardError::NotThisCard),
    }
}

/// Reads the basic four items and the individual number; only where the law asks for the number.
///
/// # Errors
/// As [`TextApplication::read_with_individual_number`].
pub fn read_individual_number(
    card: &mut dyn Card,
    pin: &Pin,
    insist: Insist,
) -> Result<(BasicFour, MyNumber), ReadCardError> {
    TextApplication::select(card)?.read_with_individual_number(pin, insist)
}

#[cfg(test)]
pub(crate) mod tests;
