//! What stands in a licence's files.

use std::fmt;

use jiff::civil::Date;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::card_text::{CardText, Missing};
use crate::era_date::{decimal_date, era_date};
use crate::picture::Picture;
use crate::tlv::{self, Object, TagStyle};
use crate::{Genuineness, ReadCardError, Warning};

/// The domicile, and what was noted of it since the issue.
type Domicile = (Zeroizing<Vec<u8>>, Option<Zeroizing<Vec<u8>>>);

/// The files of DF1, as read.
pub(crate) struct Files {
    pub(crate) entries: Zeroizing<Vec<u8>>,
    pub(crate) gaiji: Zeroizing<Vec<u8>>,
    pub(crate) changes: Zeroizing<Vec<u8>>,
    pub(crate) changed_gaiji: Zeroizing<Vec<u8>>,
    /// With PIN 2.
    pub(crate) domicile: Option<Domicile>,
    /// With PIN 2, where the card gives it.
    pub(crate) signature: Option<Zeroizing<Vec<u8>>>,
}

/// A character outside the standard (外字), as the bitmap on the card: 32 rows of four bytes, the
/// leftmost dot in the highest bit. Hidden in Debug: rare characters are parts of names.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Gaiji {
    /// 1 to 7, as [`Missing::Gaiji`] names it.
    pub number: u8,
    /// The dots; empty when the card has none for this number.
    pub bitmap: Vec<u8>,
}

impl fmt::Debug for Gaiji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gaiji({}, hidden)", self.number)
    }
}

/// A licence. Hidden in Debug; text and pictures are wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct LicenceReading {
    /// Name (氏名).
    pub name: CardText,
    /// Reading of the name in kana (統一氏名), half-width as it may be.
    pub kana: CardText,
    /// Alias (通称名); blank for nearly everybody.
    pub alias: CardText,
    /// Birth date.
    pub birth: Option<Date>,
    /// Address (住所) as of the issue; changes written on the back are in [`Self::changes`].
    pub address: CardText,
    /// Number of the licence, twelve digits.
    pub number: String,
    /// Issue date of the card.
    pub issued: Option<Date>,
    /// Last day of validity.
    pub expires: Option<Date>,
    /// Registered domicile (本籍), with PIN 2 only.
    pub domicile: Option<CardText>,
    /// Photo, with PIN 2 only.
    pub photo: Option<Picture>,
    /// Bitmaps for the characters marked in the texts.
    pub gaiji: Vec<Gaiji>,
    /// Texts noted on the back since the issue, in the card's order. What each of them means is for
    /// a person to read: the tags are not published.
    pub changes: Vec<CardText>,
    /// What is known of the signature over the data: with PIN 2 that there is one, never more.
    pub genuineness: Genuineness,
    /// What a person must look at.
    pub warnings: Vec<Warning>,
}

impl fmt::Debug for LicenceReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LicenceReading(hidden)")
    }
}

impl LicenceReading {
    pub(crate) fn parse(
        common: &[u8],
        files: &Files,
        photo: Option<&[u8]>,
    ) -> Result<Self, ReadCardError> {
        let entries = tlv::objects(TagStyle::Licence, &files.entries)?;
        let text = |tag| CardText::from_jis(tlv::value(&entries, tag)?);
        let (name, address) = (text(0x12)?, text(0x17)?);
        let (mut has_changes, mut noted) = changes(&files.changes)?;
        let domicile = match &files.domicile {
            None => None,
            Some((file, since)) => {
                if let Some(since) = since {
                    let (is_noted, texts) = changes(since)?;
                    has_changes |= is_noted;
                    noted.extend(texts);
                }
                let objects = tlv::objects(TagStyle::Licence, file)?;
                Some(CardText::from_jis(tlv::value(&objects, 0x41)?)?)
            }
        };
        let mut warnings = Vec::new();
        if has_changes {
            warnings.push(Warning::ChangesOnBack);
        }
        let texts: Vec<&CardText> = [&name, &address].into_iter().chain(&domicile).collect();
        if texts.iter().any(|text| !text.marks().is_empty()) {
            warnings.push(Warning::MissingCharacters);
        }
        Ok(Self {
            kana: text(0x15)?,
            alias: text(0x14)?,
            birth: era_date(tlv::value(&entries, 0x16)?),
            number: ascii(tlv::value(&entries, 0x21)?)?,
            issued: common_date(common, 3..7)?,
            expires: common_date(common, 7..11)?,
            photo: photo.map(photo_of).transpose()?.flatten(),
            gaiji: gaiji(files, &texts)?,
            domicile,
            changes: noted,
            genuineness: files
                .signature
                .as_deref()
                .map_or(Genuineness::NotChecked, |file| signed(file)),
            name,
            address,
            warnings,
        })
    }
}

/// Whether EF07 holds a signature (`B1`). Its key belongs to the public safety commission that
/// issued the licence; neither it nor what exactly it signed is known here.
fn signed(file: &[u8]) -> Genuineness {
    let Ok(objects) = tlv::objects(TagStyle::Licence, file) else {
        return Genuineness::NotChecked;
    };
    match tlv::find(&objects, 0xb1) {
        Some(signature) if signature.iter().any(|byte| *byte != 0) => Genuineness::KeyUnknown,
        Some(_) | None => Genuineness::NotSigned,
    }
}

/// Digits in ASCII, as licence numbers are written.
fn ascii(bytes: &[u8]) -> Result<String, ReadCardError> {
    if bytes.iter().all(u8::is_ascii_digit) {
        Ok(bytes.iter().map(|byte| char::from(*byte)).collect())
    } else {
        Err(ReadCardError::Malformed)
    }
}

/// MF/EF01: three characters of version, then two dates in decimal bytes.
fn common_date(file: &[u8], range: std::ops::Range<usize>) -> Result<Option<Date>, ReadCardError> {
    let objects = tlv::objects(TagStyle::Licence, file)?;
    let entry = tlv::value(&objects, 0x45)?;
    Ok(decimal_date(
        entry.get(range).ok_or(ReadCardError::Malformed)?,
    ))
}

fn photo_of(file: &[u8]) -> Result<Option<Picture>, ReadCardError> {
    let value = tlv::only(TagStyle::Licence, 0x5f40, file)?;
    Ok(Picture::recognise(value))
}

/// Whether something was noted since the issue, and every text among it that can be read.
fn changes(file: &[u8]) -> Result<(bool, Vec<CardText>), ReadCardError> {
    let objects = tlv::objects(TagStyle::Licence, file)?;
    let Some(noted) = tlv::find(&objects, 0x50) else {
        return Ok((!objects.is_empty(), Vec::new()));
    };
    let texts = objects
        .iter()
        .filter(|object| object.tag != 0x50 && object.value.len() >= 4)
        .filter_map(|object| CardText::from_jis(object.value).ok())
        .filter(|text| !text.is_blank() && !is_undefined(text));
    Ok((noted != [0x00], texts.collect()))
}

/// Whether the bytes were no text at all.
fn is_undefined(text: &CardText) -> bool {
    text.marks()
        .iter()
        .any(|mark| mark.what == Missing::Undefined)
}

/// The bitmaps that the texts call for: 1 and 2 in EF03 (`48`, `49`), 3 to 7 in EF05 in order.
fn gaiji(files: &Files, texts: &[&CardText]) -> Result<Vec<Gaiji>, ReadCardError> {
    let first = tlv::objects(TagStyle::Licence, &files.gaiji)?;
    let later = tlv::objects(TagStyle::Licence, &files.changed_gaiji)?;
    let bitmaps: Vec<&Object<'_>> = first
        .iter()
        .chain(later.iter().filter(|object| object.tag != 0x50))
        .filter(|object| object.tag != 0x50)
        .collect();
    let mut numbers: Vec<u8> = texts
        .iter()
        .flat_map(|text| text.marks())
        .filter_map(|mark| match mark.what {
            Missing::Gaiji(number) => Some(number),
            Missing::Absent | Missing::Undefined => None,
        })
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    let bitmap = |number: u8| {
        let object = bitmaps.get(usize::from(number.checked_sub(1)?))?;
        Some(object.value.to_vec())
    };
    Ok(numbers
        .into_iter()
        .map(|number| Gaiji {
            number,
            bitmap: bitmap(number).unwrap_or_default(),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn files(bytes: &[u8]) -> Files {
        let file = || Zeroizing::new(bytes.to_vec());
        Files {
            entries: file(),
            gaiji: file(),
            changes: file(),
            changed_gaiji: file(),
            domicile: Some((file(), Some(file()))),
            signature: Some(file()),
        }
    }

    #[test]
    fn texts_on_the_back_are_shown_and_not_interpreted() {
        let nothing = [0x50, 1, 0x00, 0xff, 0xff];
        assert_eq!(changes(&nothing).unwrap(), (false, vec![]));
        let mut noted = vec![0x50, 1, 0x01, 0x51, 7];
        noted.extend(b"5060401");
        noted.extend([
            0x52, 8, 0x32, 0x4d, 0x36, 0x75, 0x3b, 0x54, 0x21, 0x21, 0xff,
        ]);
        let (is_noted, texts) = changes(&noted).unwrap();
        assert!(is_noted);
        let texts: Vec<&str> = texts.iter().map(CardText::as_str).collect();
        assert_eq!(texts, ["架空市　"]);
    }

    #[test]
    fn a_signature_without_a_key_proves_nothing() {
        let file = |signature: &[u8]| [&[0xb1, 4], signature, &[0xb2, 1, 7, 0xff]].concat();
        assert_eq!(signed(&file(&[9, 8, 7, 6])), Genuineness::KeyUnknown);
        assert_eq!(signed(&file(&[0; 4])), Genuineness::NotSigned);
        assert_eq!(signed(&[0xff; 20]), Genuineness::NotSigned);
        assert_eq!(signed(&[0xb1, 0x82, 0xff]), Genuineness::NotChecked);
    }

    #[test]
    fn dates_of_the_main_file_are_decimal() {
        let file = [
            0x45, 0x0b, 0x30, 0x31, 0x30, 0x20, 0x24, 0x05, 0x20, 0x20, 0x29, 0x12, 0x03, 0x46,
            0x02, 0x01, 0x01,
        ];
        let read = |range| {
            common_date(&file, range)
                .unwrap()
                .map(|day| day.to_string())
        };
        assert_eq!(read(3..7).as_deref(), Some("2024-05-20"));
        assert_eq!(read(7..11).as_deref(), Some("2029-12-03"));
    }

    proptest! {
        #[test]
        fn random_files_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(LicenceReading::parse(&bytes, &files(&bytes), Some(&bytes)).is_err());
        }

        #[test]
        fn damaged_entries_never_panic(at in 0_usize..40, byte in any::<u8>()) {
            let mut entries = vec![0x11, 1, 9, 0x12, 4, 0x32, 0x4d, 0x36, 0x75, 0x14, 0, 0x15, 2, 0x25, 0x2b, 0x16, 7];
            entries.extend(b"4041103");
            entries.extend([0x17, 2, 0x32, 0x4d, 0x21, 12]);
            entries.extend(b"123456789012");
            if let Some(place) = entries.get_mut(at) {
                *place = byte;
            }
            let mut whole = files(&[0x50, 1, 0]);
            whole.entries = Zeroizing::new(entries);
            whole.domicile = None;
            let common = [0x45, 0x0b, 0x30, 0x31, 0x30, 0x20, 0x24, 0x05, 0x20, 0x20, 0x29, 0x12, 0x03];
            if let Ok(reading) = LicenceReading::parse(&common, &whole, None) {
                prop_assert!(reading.name.as_str().chars().count() < 60);
            }
        }
    }
}
