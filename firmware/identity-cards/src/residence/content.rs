//! What stands in a residence card's files.

use std::fmt;

use zeroize::Zeroizing;

use super::{Generation, Judging, ResidenceKind};
use crate::basic_four::iso_date;
use crate::card_text::{CardText, Charset};
use crate::certificate::{Certificate, Standing};
use crate::genuine::Genuineness;
use crate::picture::Picture;
use crate::tlv::{self, Object, TagStyle};
use crate::{ReadCardError, Sex, Warning};

/// A residence card. Hidden in Debug; text and pictures are wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct ResidenceReading {
    /// Which document.
    pub kind: ResidenceKind,
    /// Generation of the chip.
    pub generation: Generation,
    /// The whole front, of the first generation.
    pub front: Option<Picture>,
    /// The name as printed, of the second generation.
    pub name: Option<Picture>,
    /// The address as printed, of the second generation.
    pub address: Option<Picture>,
    /// The photo; children under 16 have none.
    pub photo: Option<Picture>,
    /// Address written on the back after the issue (住居地); blank when the first still holds.
    pub noted_address: Option<CardText>,
    /// Municipality of that address, six digits.
    pub noted_municipality: Option<String>,
    /// Day it was noted, `YYYY-MM-DD`.
    pub noted_on: Option<String>,
    /// Birth date `YYYY-MM-DD`, of the second generation.
    pub birth: Option<String>,
    /// Sex, of the second generation.
    pub sex: Option<Sex>,
    /// Last day of the card `YYYY-MM-DD`, of the second generation.
    pub expires: Option<String>,
    /// Last day of the stay `YYYY-MM-DD`, of the second generation.
    pub stay_expires: Option<String>,
    /// Nationality or region, three letters, of the second generation.
    pub nationality: Option<String>,
    /// Code of the status of residence (在留資格), of the second generation.
    pub status_code: Option<String>,
    /// Permissions noted on the back (資格外活動許可), as they stand there.
    pub permissions: Vec<CardText>,
    /// Verdict on the signature.
    pub genuineness: Genuineness,
    /// What a person must look at.
    pub warnings: Vec<Warning>,
}

impl fmt::Debug for ResidenceReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResidenceReading(hidden)")
    }
}

impl ResidenceReading {
    fn empty(kind: ResidenceKind, generation: Generation) -> Self {
        Self {
            kind,
            generation,
            front: None,
            name: None,
            address: None,
            photo: None,
            noted_address: None,
            noted_municipality: None,
            noted_on: None,
            birth: None,
            sex: None,
            expires: None,
            stay_expires: None,
            nationality: None,
            status_code: None,
            permissions: Vec::new(),
            genuineness: Genuineness::NotChecked,
            warnings: Vec::new(),
        }
    }
}

/// Files of the first generation, decrypted.
pub(super) struct FirstFiles<'a> {
    pub(super) front: &'a [u8],
    pub(super) photo: &'a [u8],
    pub(super) back: &'a [Zeroizing<Vec<u8>>],
    pub(super) signature: &'a [u8],
}

impl FirstFiles<'_> {
    pub(super) fn parse(
        &self,
        kind: ResidenceKind,
        judging: Judging<'_>,
    ) -> Result<ResidenceReading, ReadCardError> {
        let front = tlv::only(TagStyle::Residence, 0xd0, self.front)?;
        let photo = tlv::only(TagStyle::Residence, 0xd1, self.photo)?;
        let mut reading = ResidenceReading::empty(kind, Generation::First);
        reading.front = Some(Picture::recognise(front).ok_or(ReadCardError::Malformed)?);
        reading.photo = Picture::recognise(photo);
        reading.genuineness = self.verdict(&[front, photo].concat(), judging)?;
        reading.warnings = vec![Warning::NameIsPicture];
        for file in self.back {
            read_back(&mut reading, &tlv::objects(TagStyle::Residence, file)?)?;
        }
        match &reading.noted_address {
            Some(address) if !address.is_blank() => {
                if !address.marks().is_empty() {
                    reading.warnings.push(Warning::MissingCharacters);
                }
            }
            Some(_) | None => {
                reading.noted_address = None;
                reading.warnings.push(Warning::AddressIsPicture);
            }
        }
        Ok(reading)
    }

    /// RSA with SHA-256 over both pictures, by a certificate on the card.
    fn verdict(&self, signed: &[u8], judging: Judging<'_>) -> Result<Genuineness, ReadCardError> {
        let objects = tlv::objects(TagStyle::Residence, self.signature)?;
        let (Some(signature), Some(certificate)) =
            (tlv::find(&objects, 0xda), tlv::find(&objects, 0xdb))
        else {
            return Ok(Genuineness::NotSigned);
        };
        if signature.is_empty() || certificate.is_empty() {
            return Ok(Genuineness::NotSigned);
        }
        let certificate = Certificate::parse(certificate)?;
        if !certificate.signed(signed, signature)? {
            return Ok(Genuineness::Forged);
        }
        Ok(match certificate.standing(judging.trusted, judging.now)? {
            Standing::Trusted => Genuineness::Genuine,
            Standing::Forged => Genuineness::Forged,
            Standing::IssuerUnknown | Standing::Expired | Standing::NotYetValid => {
                Genuineness::AuthorityUnknown
            }
        })
    }
}

/// `D2` day, `D3` municipality, `D4` address; `D5`, `D6` permissions, `D7` application under way.
fn read_back(reading: &mut ResidenceReading, objects: &[Object<'_>]) -> Result<(), ReadCardError> {
    for object in objects {
        match object.tag {
            0xd2 => reading.noted_on = date(object.value)?,
            0xd3 => reading.noted_municipality = code(object.value),
            0xd4 => {
                let (text, charset) = CardText::from_residence(object.value);
                if charset == Charset::Other && !text.is_blank() {
                    reading.warnings.push(Warning::CharsetUncertain);
                }
                reading.noted_address = Some(text);
            }
            0xd5 | 0xd6 => {
                let (text, _) = CardText::from_residence(object.value);
                if !text.is_blank() {
                    reading.permissions.push(text);
                }
            }
            0xd7 if object.value == b"1" => reading.warnings.push(Warning::ApplicationUnderWay),
            _ => {}
        }
    }
    Ok(())
}

/// Files of the second generation, decrypted.
pub(super) struct SecondFiles<'a> {
    pub(super) items: &'a [u8],
    pub(super) pictures: &'a [u8],
    pub(super) address: &'a [u8],
    pub(super) signature: &'a [u8],
}

impl SecondFiles<'_> {
    pub(super) fn parse(
        &self,
        kind: ResidenceKind,
        judging: Judging<'_>,
    ) -> Result<ResidenceReading, ReadCardError> {
        let style = TagStyle::Residence;
        let items = tlv::objects(style, self.items)?;
        let pictures = tlv::objects(style, self.pictures)?;
        let address = tlv::objects(style, self.address)?;
        let picture = |objects: &[Object<'_>], tag| {
            tlv::value(objects, tag)
                .and_then(|bytes| Picture::recognise(bytes).ok_or(ReadCardError::Malformed))
        };
        let day = |tag| tlv::find(&items, tag).map_or(Ok(None), date);
        let mut reading = ResidenceReading::empty(kind, Generation::Second);
        reading.name = Some(picture(&pictures, 0xd0)?);
        reading.photo = tlv::find(&pictures, 0xd1).and_then(Picture::recognise);
        reading.address = Some(picture(&address, 0xdfd1)?);
        reading.birth = day(0xc6)?;
        reading.expires = day(0xc5)?;
        reading.stay_expires = day(0xcd)?;
        reading.sex = tlv::find(&items, 0xc7).and_then(sex);
        reading.nationality = tlv::find(&items, 0xc8).and_then(code);
        reading.status_code = tlv::find(&items, 0xc9).and_then(code);
        reading.genuineness = self.verdict(judging)?;
        reading.warnings = vec![Warning::NameIsPicture, Warning::AddressIsPicture];
        Ok(reading)
    }

    /// What the signature covers is not published well enough to check it; a certificate that does
    /// not lead to an installed authority is told all the same.
    fn verdict(&self, judging: Judging<'_>) -> Result<Genuineness, ReadCardError> {
        let objects = tlv::objects(TagStyle::Residence, self.signature)?;
        let certificate = tlv::find(&objects, 0xdd).filter(|bytes| !bytes.is_empty());
        let Some(certificate) = certificate else {
            return Ok(Genuineness::NotSigned);
        };
        let certificate = Certificate::parse(certificate)?;
        Ok(match certificate.standing(judging.trusted, judging.now)? {
            Standing::Forged => Genuineness::Forged,
            Standing::Trusted => Genuineness::NotChecked,
            Standing::IssuerUnknown | Standing::Expired | Standing::NotYetValid => {
                Genuineness::AuthorityUnknown
            }
        })
    }
}

/// Eight digits, or nothing but padding.
fn date(bytes: &[u8]) -> Result<Option<String>, ReadCardError> {
    if bytes.iter().all(|byte| matches!(byte, 0x00 | b' ' | b'0')) {
        return Ok(None);
    }
    iso_date(bytes).map(Some)
}

/// Letters and digits; `None` when empty or anything else.
fn code(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?.trim_matches(['\0', ' ']);
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .then(|| text.to_owned())
}

fn sex(bytes: &[u8]) -> Option<Sex> {
    match bytes {
        b"1" => Some(Sex::Male),
        b"2" => Some(Sex::Female),
        b"3" => Some(Sex::NotApplicable),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::certificate::TrustStore;

    proptest! {
        #[test]
        fn random_files_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let trusted = TrustStore::default();
            let judging = Judging { trusted: &trusted, now: 0 };
            let kind = ResidenceKind::ResidenceCard;
            let back = [Zeroizing::new(bytes.clone())];
            let first = FirstFiles { front: &bytes, photo: &bytes, back: &back, signature: &bytes };
            prop_assert!(first.parse(kind, judging).is_err());
            let second = SecondFiles { items: &bytes, pictures: &bytes, address: &bytes, signature: &bytes };
            prop_assert!(second.parse(kind, judging).is_err());
            let mut reading = ResidenceReading::empty(kind, Generation::First);
            if let Ok(objects) = tlv::objects(TagStyle::Residence, &bytes)
                && read_back(&mut reading, &objects).is_ok()
            {
                prop_assert!(reading.permissions.len() <= bytes.len());
            }
        }
    }
}
