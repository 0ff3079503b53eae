//! Which card it is, told by its applications; the ATR is only a hint.

use card_reader::{Card, StatusWord};

use crate::{ReadCardError, apdu};

/// Text application (券面事項入力補助AP) of the My Number card.
pub(crate) const TEXT_APPLICATION: &[u8] =
    &[0xd3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08];
const DRIVERS_LICENCE: &[u8] = &[0xa0, 0, 0, 0x02, 0x31, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const RESIDENCE: &[u8] = &[
    0xd3, 0x92, 0xf0, 0, 0x4f, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];
/// Application of a passport (ICAO 9303 part 10).
pub(crate) const PASSPORT: &[u8] = &[0xa0, 0, 0, 0x02, 0x47, 0x10, 0x01];

/// Kind of card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CardKind {
    /// My Number card (個人番号カード).
    MyNumber,
    /// Driver's licence (運転免許証).
    DriversLicence,
    /// Residence card or special permanent resident certificate (在留カード・特別永住者証明書).
    Residence,
    /// Passport (旅券).
    Passport,
    /// Any other chip card.
    Unsupported,
}

impl CardKind {
    /// Stable name for `--json` output.
    pub fn name(self) -> &'static str {
        match self {
            Self::MyNumber => "my-number",
            Self::DriversLicence => "drivers-licence",
            Self::Residence => "residence-card",
            Self::Passport => "passport",
            Self::Unsupported => "unsupported",
        }
    }
}

/// Finds out the kind of a freshly powered card. No secret is involved.
///
/// Never by SELECT MF: a My Number card refuses it after power-up and later accepts it without
/// effect. The very first command after power-up was seen to answer `6F00` on one card, so that one
/// SELECT is sent again.
///
/// # Errors
/// Only when reader or card fail; a card nobody knows is [`CardKind::Unsupported`].
pub fn detect(card: &mut dyn Card) -> Result<CardKind, ReadCardError> {
    let mut first = apdu::select_application(card, TEXT_APPLICATION)?;
    if first == StatusWord::INTERNAL {
        first = apdu::select_application(card, TEXT_APPLICATION)?;
    }
    if first.is_ok() {
        return Ok(CardKind::MyNumber);
    }
    if apdu::select_application(card, DRIVERS_LICENCE)?.is_ok() {
        return Ok(CardKind::DriversLicence);
    }
    if is_residence(card)? {
        return Ok(CardKind::Residence);
    }
    // A chip that lets nobody in without PACE has the application, and says that it is locked.
    match apdu::select_application(card, PASSPORT)? {
        StatusWord::OK | StatusWord::NOT_UNLOCKED => Ok(CardKind::Passport),
        _ => Ok(CardKind::Unsupported),
    }
}

/// Short file 0A while the main file is current: `C1` and the type of the residence card family.
fn is_residence(card: &mut dyn Card) -> Result<bool, ReadCardError> {
    match apdu::read_short_file(card, 0x0a) {
        Ok(kind) if kind.first() == Some(&0xc1) => return Ok(true),
        Ok(_) | Err(ReadCardError::Refused { .. } | ReadCardError::Locked) => {}
        Err(error) => return Err(error),
    }
    Ok(apdu::select_application(card, RESIDENCE)?.is_ok())
}
