//! The driver's licence (運転免許証) with its own chip.
//!
//! PIN 1 opens everything but the photo, the registered domicile and the signature over the data,
//! which need PIN 2 as well. Who made the signature is on the card and the key is not, so it is told
//! to be there and proves nothing.
//! A holder who chose no PIN has four asterisks in its place. Source: 運転免許証及び運転免許証作成
//! システム等仕様書 (version 010), as read by several public readers.

mod record;

use std::fmt;

use card_reader::{Card, StatusWord};
use zeroize::Zeroizing;

pub use record::{Gaiji, LicenceReading};

use crate::secret::{Pin, SecretKind};
use crate::tlv::{self, TagStyle};
use crate::{Insist, ReadCardError, TriesLeft, apdu, presentation};

/// DF1: what is printed. DF2: the photo.
const RECORDS: &[u8] = &[0xa0, 0, 0, 0x02, 0x31, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const PHOTO: &[u8] = &[0xa0, 0, 0, 0x02, 0x31, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// The two PINs, as far as the holder entered them.
#[derive(Debug, Clone, Default)]
pub struct LicencePins {
    /// PIN 1 (暗証番号1).
    pub first: Option<Pin>,
    /// PIN 2 (暗証番号2); without it there is no photo and no registered domicile.
    pub second: Option<Pin>,
}

/// Tries left of both PINs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LicenceTries {
    /// PIN 1.
    pub first: TriesLeft,
    /// PIN 2.
    pub second: TriesLeft,
}

/// A powered driver's licence.
pub struct DrivingLicence<'card> {
    card: &'card mut dyn Card,
}

impl fmt::Debug for DrivingLicence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DrivingLicence")
    }
}

impl<'card> DrivingLicence<'card> {
    /// Makes sure that it is one, and goes back to the main file, where the PINs are.
    ///
    /// # Errors
    /// [`ReadCardError::NotThisCard`] when it is something else.
    pub fn select(card: &'card mut dyn Card) -> Result<Self, ReadCardError> {
        apdu::enter_application(card, RECORDS)?;
        apdu::select_main_file(card)?;
        Ok(Self { card })
    }

    /// Asks both counters. Costs nothing.
    ///
    /// # Errors
    /// As the card fails.
    pub fn tries_left(&mut self) -> Result<LicenceTries, ReadCardError> {
        Ok(LicenceTries {
            first: presentation::tries_left(self.card, SecretKind::LicencePin1)?,
            second: presentation::tries_left(self.card, SecretKind::LicencePin2)?,
        })
    }

    /// Whether the holder chose PINs at all.
    ///
    /// # Errors
    /// As the card fails.
    pub fn has_pins(&mut self) -> Result<bool, ReadCardError> {
        apdu::select_file(self.card, 0x000a)?;
        let file = apdu::read_object(self.card, TagStyle::Licence)?;
        Ok(tlv::only(TagStyle::Licence, 0x05, &file)? != [0x00])
    }

    /// Reads the licence with whatever the PINs open. Each PIN is sent at most once; a second PIN
    /// that is blocked only leaves its files out.
    ///
    /// # Errors
    /// [`ReadCardError::KeyMissing`] when the holder has PINs and the first is not given; otherwise as
    /// [`crate::TextApplication::read_basic_four`].
    pub fn read(
        &mut self,
        pins: &LicencePins,
        insist: Insist,
    ) -> Result<LicenceReading, ReadCardError> {
        let unset = Pin::unset();
        let (first, second) = if self.has_pins()? {
            let first = pins.first.as_ref().ok_or(ReadCardError::KeyMissing)?;
            (first, pins.second.as_ref())
        } else {
            (&unset, Some(&unset))
        };
        apdu::select_file(self.card, 0x2f01)?;
        let common = apdu::read_list(self.card, TagStyle::Licence)?;
        presentation::present(self.card, SecretKind::LicencePin1, first.digits(), insist)?;
        let has_second = match second {
            None => false,
            Some(pin) => self.present_second(pin, insist)?,
        };
        let files = self.read_files(has_second)?;
        let photo = if has_second { self.read_photo()? } else { None };
        LicenceReading::parse(&common, &files, photo.as_deref().map(Vec::as_slice))
    }

    fn present_second(&mut self, pin: &Pin, insist: Insist) -> Result<bool, ReadCardError> {
        let kind = SecretKind::LicencePin2;
        match presentation::present(self.card, kind, pin.digits(), insist) {
            Ok(()) => Ok(true),
            Err(ReadCardError::Blocked { kind: blocked }) if blocked == kind => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn read_files(&mut self, has_second: bool) -> Result<record::Files, ReadCardError> {
        apdu::enter_application(self.card, RECORDS)?;
        let mut read = |file| -> Result<_, ReadCardError> {
            apdu::select_file(self.card, file)?;
            apdu::read_list(self.card, TagStyle::Licence)
        };
        Ok(record::Files {
            entries: read(0x0001)?,
            gaiji: read(0x0003)?,
            changes: read(0x0004)?,
            changed_gaiji: read(0x0005)?,
            domicile: if has_second {
                Some((read(0x0002)?, or_none(read(0x0006))?))
            } else {
                None
            },
            signature: if has_second {
                unless_refused(read(0x0007))?
            } else {
                None
            },
        })
    }

    fn read_photo(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, ReadCardError> {
        apdu::enter_application(self.card, PHOTO)?;
        apdu::select_file(self.card, 0x0001)?;
        apdu::read_object(self.card, TagStyle::Licence).map(Some)
    }
}

/// `None` for a file that the card does not give, whatever its reason, or that is no list of objects.
fn unless_refused(
    read: Result<Zeroizing<Vec<u8>>, ReadCardError>,
) -> Result<Option<Zeroizing<Vec<u8>>>, ReadCardError> {
    match read {
        Err(ReadCardError::Locked | ReadCardError::Refused { .. } | ReadCardError::Malformed) => {
            Ok(None)
        }
        read => read.map(Some),
    }
}

/// `None` for a file that the card does not have.
fn or_none(
    read: Result<Zeroizing<Vec<u8>>, ReadCardError>,
) -> Result<Option<Zeroizing<Vec<u8>>>, ReadCardError> {
    match read {
        Err(ReadCardError::Refused {
            sw: StatusWord::NOT_FOUND,
        }) => Ok(None),
        read => read.map(Some),
    }
}
