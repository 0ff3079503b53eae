//! Residence card and special permanent resident certificate (在留カード・特別永住者証明書), of both
//! generations.
//!
//! No PIN and no counter of tries: the number printed on the card opens it. What a chip of the first
//! generation holds as **text** is only what was written on the back after the issue; name, birth
//! date, nationality and the first address are pictures. The second generation (since 2026) adds
//! birth date, sex and codes as text; name and address stay pictures. Cards that are one with a My
//! Number card (特定在留カード) are read as My Number cards.
//! Source: 在留カード等仕様書 (version 1.5) and its second-generation counterpart (version 1.1).

mod channel;
mod content;

use std::fmt;

use card_reader::Card;

use channel::Channel;
pub use channel::{ResidenceNumber, ResidenceNumberError, SessionRandom};
pub use content::ResidenceReading;

use crate::certificate::TrustStore;
use crate::cipher::Suite;
use crate::tlv::{self, TagStyle};
use crate::{ReadCardError, apdu};

/// Which document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResidenceKind {
    /// Residence card (在留カード).
    ResidenceCard,
    /// Special permanent resident certificate (特別永住者証明書).
    SpecialPermanentResident,
}

/// Generation of the chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Generation {
    /// 3DES; the face is one picture.
    First,
    /// AES; name and address are pictures of their own.
    Second,
}

impl Generation {
    fn suite(self) -> Suite {
        match self {
            Self::First => Suite::TripleDes,
            Self::Second => Suite::Aes,
        }
    }
}

/// Application `n` of the chip, 1 to 3.
fn application(number: u8) -> [u8; 16] {
    [
        0xd3,
        0x92,
        0xf0,
        0,
        0x4f,
        number + 1,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
    ]
}

/// A powered residence card.
pub struct ResidenceCard<'card> {
    card: &'card mut dyn Card,
    kind: ResidenceKind,
    generation: Generation,
}

impl fmt::Debug for ResidenceCard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResidenceCard({:?}, {:?})", self.kind, self.generation)
    }
}

/// What authorities and clock say about the signature.
#[derive(Debug, Clone, Copy)]
pub struct Judging<'a> {
    /// Authorities the city installed.
    pub trusted: &'a TrustStore,
    /// Now, in seconds since 1970.
    pub now: i64,
}

impl<'card> ResidenceCard<'card> {
    /// Reads from the free files which document of which generation it is.
    ///
    /// # Errors
    /// [`ReadCardError::NotThisCard`] when it is something else,
    /// [`ReadCardError::UnsupportedGeneration`] when it is newer than what is known here.
    pub fn open(card: &'card mut dyn Card) -> Result<Self, ReadCardError> {
        // The free files belong to the main file; a card that is already there may refuse.
        card.transmit(&[0x00, 0xa4, 0x00, 0x00])?;
        let mut kind = None;
        // 0A by the specification, 02 by one reader of old cards.
        for short in [0x0a, 0x02] {
            match apdu::read_short_file(card, short) {
                Ok(file) => {
                    let code = tlv::only(TagStyle::Residence, 0xc1, &file);
                    kind = code.ok().map(kind_of);
                }
                Err(ReadCardError::Refused { .. } | ReadCardError::Locked) => {}
                Err(error) => return Err(error),
            }
            if kind.is_some() {
                break;
            }
        }
        let (kind, generation) = kind.ok_or(ReadCardError::NotThisCard)??;
        Ok(Self {
            card,
            kind,
            generation,
        })
    }

    /// Which document it is.
    pub fn kind(&self) -> ResidenceKind {
        self.kind
    }

    /// Generation of the chip.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Opens the card with its number and reads everything.
    ///
    /// # Errors
    /// [`ReadCardError::WrongCardNumber`] locks nothing; [`ReadCardError::NotProven`] when the chip
    /// does not know the common key.
    pub fn read(
        &mut self,
        number: &ResidenceNumber,
        random: &SessionRandom,
        judging: Judging<'_>,
    ) -> Result<ResidenceReading, ReadCardError> {
        let channel = Channel::open(self.card, self.generation.suite(), number, random)?;
        match self.generation {
            Generation::First => self.read_first(&channel, judging),
            Generation::Second => self.read_second(&channel, judging),
        }
    }

    fn read_first(
        &mut self,
        channel: &Channel,
        judging: Judging<'_>,
    ) -> Result<ResidenceReading, ReadCardError> {
        apdu::enter_application(self.card, &application(1))?;
        let front = channel.read(self.card, 5)?;
        let photo = channel.read(self.card, 6)?;
        apdu::enter_application(self.card, &application(2))?;
        let mut back = vec![self.read_plain(1)?];
        if self.kind == ResidenceKind::ResidenceCard {
            for short in [2, 3, 4] {
                back.push(self.read_plain(short)?);
            }
        }
        apdu::enter_application(self.card, &application(3))?;
        let signature = self.read_plain(2)?;
        content::FirstFiles {
            front: &front,
            photo: &photo,
            back: &back,
            signature: &signature,
        }
        .parse(self.kind, judging)
    }

    fn read_second(
        &mut self,
        channel: &Channel,
        judging: Judging<'_>,
    ) -> Result<ResidenceReading, ReadCardError> {
        apdu::enter_application(self.card, &application(1))?;
        let items = channel.read(self.card, 3)?;
        let pictures = channel.read(self.card, 4)?;
        let address = channel.read(self.card, 6)?;
        apdu::enter_application(self.card, &application(3))?;
        let signature = self.read_plain(2)?;
        content::SecondFiles {
            items: &items,
            pictures: &pictures,
            address: &address,
            signature: &signature,
        }
        .parse(self.kind, judging)
    }

    fn read_plain(&mut self, short: u8) -> Result<zeroize::Zeroizing<Vec<u8>>, ReadCardError> {
        apdu::read_short_list(self.card, short, TagStyle::Residence)
    }
}

fn kind_of(code: &[u8]) -> Result<(ResidenceKind, Generation), ReadCardError> {
    use ResidenceKind::{ResidenceCard as Card, SpecialPermanentResident as Special};
    match code {
        b"1" => Ok((Card, Generation::First)),
        b"2" => Ok((Special, Generation::First)),
        b"05" => Ok((Card, Generation::Second)),
        b"06" => Ok((Special, Generation::Second)),
        _ => Err(ReadCardError::UnsupportedGeneration),
    }
}
