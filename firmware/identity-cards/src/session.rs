//! One powered card from detection to the end, in one call each.
//!
//! The card is powered down when the caller drops it; a session never keeps it.

use card_reader::Card;

use counter_domain::number::MyNumber;

pub use crate::detect::detect;
use crate::jpki::JpkiApplication;
use crate::licence::DrivingLicence;
use crate::mynumber_licence::MyNumberLicence;
use crate::visual_application::VisualApplication;
use crate::{
    Auth, BasicFour, CardKind, Insist, Pin, ReadCardError, SecretKind, TextApplication, TriesLeft,
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
