//! One powered card from detection to the end, in one call each.
//!
//! The card is powered down when the caller drops it; a session never keeps it.

use card_reader::Card;

pub use crate::detect::detect;
use crate::{
    Auth, BasicFour, CardKind, IndividualNumber, Insist, Pin, ReadCardError, SecretKind,
    TextApplication, TriesLeft,
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
) -> Result<(BasicFour, IndividualNumber), ReadCardError> {
    TextApplication::select(card)?.read_with_individual_number(pin, insist)
}

#[cfg(test)]
pub(crate) mod tests;
