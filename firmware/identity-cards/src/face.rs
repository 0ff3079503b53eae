//! What stands on the face of a card, as its chip has it, for a person to compare with the card in
//! the hand and with whoever brought it.
//!
//! Everything here is extra: a card whose face cannot be read was read all the same, so nothing
//! here is an error. Pictures stay encoded; nobody but a screen needs their pixels.

use std::fmt;

use card_reader::Card;

use crate::jpki::JpkiApplication;
use crate::{
    Authority, CardFace, FaceAuth, Genuineness, Insist, Judging, LicenceReading, NumberB,
    PassportZone, Picture, ReadCardError, ResidenceReading, Sex, Standing, VisualApplication,
};

/// The face of a card. Hidden in Debug; pictures are wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct FaceReading {
    /// The photo; cards of small children have none.
    pub photo: Option<Picture>,
    /// The name as printed.
    pub name: Option<Picture>,
    /// The address as printed.
    pub address: Option<Picture>,
    /// The whole front, where the chip has it in one piece.
    pub front: Option<Picture>,
    /// The name in Latin letters, of a passport.
    pub roman_name: Option<String>,
    /// Birth date `YYYY-MM-DD` as the part of the chip says that stands for the face.
    pub birth: Option<String>,
    /// Sex as that part says.
    pub sex: Option<Sex>,
    /// Last day of validity, `YYYY-MM-DD`.
    pub expires: Option<String>,
    /// Verdict on the signature over the face.
    pub genuineness: Genuineness,
}

impl fmt::Debug for FaceReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaceReading({:?}, hidden)", self.genuineness)
    }
}

/// The certificate of a My Number card that everybody may read (利用者証明用電子証明書).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificateSeen {
    /// Whether an installed authority issued it and it holds today. Revocation is not known.
    pub standing: Standing,
    /// End of its validity, in seconds since 1970.
    pub ends: i64,
}

impl From<(CardFace, Genuineness)> for FaceReading {
    fn from((face, genuineness): (CardFace, Genuineness)) -> Self {
        Self {
            photo: face.photo.clone(),
            name: Some(face.name.clone()),
            address: Some(face.address.clone()),
            front: None,
            roman_name: None,
            birth: Some(face.birth.clone()),
            sex: Some(face.sex),
            expires: Some(face.expires.clone()),
            genuineness,
        }
    }
}

impl From<&ResidenceReading> for FaceReading {
    fn from(card: &ResidenceReading) -> Self {
        Self {
            photo: card.photo.clone(),
            name: card.name.clone(),
            address: card.address.clone(),
            front: card.front.clone(),
            roman_name: None,
            birth: card.birth.clone(),
            sex: card.sex,
            expires: card.expires.clone(),
            genuineness: card.genuineness,
        }
    }
}

impl From<&LicenceReading> for FaceReading {
    fn from(licence: &LicenceReading) -> Self {
        Self {
            photo: licence.photo.clone(),
            name: None,
            address: None,
            front: None,
            roman_name: None,
            birth: licence.birth.map(|day| day.to_string()),
            sex: None,
            expires: licence.expires.map(|day| day.to_string()),
            genuineness: licence.genuineness,
        }
    }
}

impl From<&PassportZone> for FaceReading {
    fn from(zone: &PassportZone) -> Self {
        Self {
            photo: None,
            name: None,
            address: None,
            front: None,
            roman_name: Some(zone.roman_name()),
            birth: Some(zone.birth.to_string()),
            sex: Some(zone.sex),
            expires: Some(zone.expires.to_string()),
            genuineness: Genuineness::NotChecked,
        }
    }
}

/// The face of a My Number card. The number was right a moment ago in the text application, so this
/// costs no try; a counter that stands at one is left alone unless the person insists.
pub(crate) fn of_my_number(
    card: &mut dyn Card,
    number: &NumberB,
    insist: Insist,
    authorities: &[Authority],
) -> Result<FaceReading, ReadCardError> {
    let auth = FaceAuth::NumberB(number.clone());
    let mut visual = VisualApplication::select(card)?;
    visual
        .read_face(&auth, insist, authorities)
        .map(FaceReading::from)
}

/// The certificate that needs no PIN; `None` when the holder has none.
pub(crate) fn certificate(
    card: &mut dyn Card,
    judging: Judging<'_>,
) -> Result<Option<CertificateSeen>, ReadCardError> {
    let Some(certificate) = JpkiApplication::select(card)?.read_auth_certificate()? else {
        return Ok(None);
    };
    Ok(Some(CertificateSeen {
        standing: certificate.standing(judging.trusted, judging.now)?,
        ends: certificate.validity()?.1,
    }))
}
