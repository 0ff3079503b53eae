//! The My Number card's visual application (券面事項確認AP): the front of the card as pictures.
//!
//! Name and address are pictures here, drawn with the true shape of every character; the text
//! application may hold substitutes for rare kanji. Showing both lets a person see the difference.

use std::fmt;

use card_reader::Card;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::basic_four::iso_date;
use crate::genuine::{self, Authority, Genuineness};
use crate::picture::Picture;
use crate::secret::{NumberA, NumberB, SecretKind};
use crate::tlv::{self, TagStyle};
use crate::{Insist, ReadCardError, Sex, TriesLeft, apdu, presentation};

/// Visual application.
const APPLICATION: &[u8] = &[0xd3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x02];
const FRONT_FILE: u16 = 0x0002;
const CERTIFICATE_FILE: u16 = 0x0004;

/// The front of the card. Wiped when dropped, hidden in Debug.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct CardFace {
    /// Birth date, `YYYY-MM-DD`.
    pub birth: String,
    /// Sex.
    pub sex: Sex,
    /// Last day of validity, `YYYY-MM-DD`. Not covered by the signature.
    pub expires: String,
    /// The name as printed.
    pub name: Picture,
    /// The address as printed.
    pub address: Picture,
    /// The photo; cards of small children have none.
    pub photo: Option<Picture>,
}

impl fmt::Debug for CardFace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardFace(hidden)")
    }
}

/// What opens the front of the card; both are printed on it.
#[derive(Debug, Clone)]
pub enum FaceAuth {
    /// 照合番号B.
    NumberB(NumberB),
    /// 照合番号A.
    NumberA(NumberA),
}

impl FaceAuth {
    fn kind(&self) -> SecretKind {
        match self {
            Self::NumberB(_) => SecretKind::VisualNumberB,
            Self::NumberA(_) => SecretKind::VisualNumberA,
        }
    }

    fn digits(&self) -> &[u8] {
        match self {
            Self::NumberB(number) => number.digits(),
            Self::NumberA(number) => number.digits(),
        }
    }
}

/// The selected visual application of one powered card.
pub struct VisualApplication<'card> {
    card: &'card mut dyn Card,
}

impl fmt::Debug for VisualApplication<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VisualApplication")
    }
}

impl<'card> VisualApplication<'card> {
    /// Selects the application.
    ///
    /// # Errors
    /// [`ReadCardError::NotThisCard`] when the card does not have it.
    pub fn select(card: &'card mut dyn Card) -> Result<Self, ReadCardError> {
        apdu::enter_application(card, APPLICATION)?;
        Ok(Self { card })
    }

    /// Asks how many tries are left. Costs nothing.
    ///
    /// # Errors
    /// When reader or card fail.
    pub fn tries_left(&mut self, kind: SecretKind) -> Result<TriesLeft, ReadCardError> {
        presentation::tries_left(self.card, kind)
    }

    /// Opens the application with a printed number and reads the front, with the verdict on its
    /// signature.
    ///
    /// # Errors
    /// As [`crate::TextApplication::read_basic_four`].
    pub fn read_face(
        &mut self,
        auth: &FaceAuth,
        insist: Insist,
        authorities: &[Authority],
    ) -> Result<(CardFace, Genuineness), ReadCardError> {
        presentation::present(self.card, auth.kind(), auth.digits(), insist)?;
        apdu::select_file(self.card, FRONT_FILE)?;
        let file = apdu::read_object(self.card, TagStyle::TwoBytes)?;
        let objects = tlv::objects(
            TagStyle::TwoBytes,
            tlv::only(TagStyle::TwoBytes, 0xff20, &file)?,
        )?;
        let face = CardFace::parse(&objects)?;
        apdu::select_file(self.card, CERTIFICATE_FILE)?;
        let certificate = apdu::read_object(self.card, TagStyle::TwoBytes)?;
        let genuineness = genuine::check_face(&certificate, &objects, authorities)?;
        Ok((face, genuineness))
    }
}

impl CardFace {
    fn parse(objects: &[tlv::Object<'_>]) -> Result<Self, ReadCardError> {
        let picture =
            |tag| Picture::recognise(tlv::value(objects, tag)?).ok_or(ReadCardError::Malformed);
        Ok(Self {
            birth: iso_date(tlv::value(objects, 0xdf22)?)?,
            sex: Sex::from_code(tlv::value(objects, 0xdf23)?)?,
            expires: iso_date(tlv::value(objects, 0xdf29)?)?,
            name: picture(0xdf25)?,
            address: picture(0xdf26)?,
            photo: tlv::find(objects, 0xdf27).and_then(Picture::recognise),
        })
    }
}
