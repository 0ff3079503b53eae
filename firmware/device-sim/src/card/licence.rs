//! What is written on a virtual driver's licence.

use super::chip::{Access, Contents, SecretName};
use super::jis::jis;
use super::objects::object;
use super::pictures::HEAD_GREY;
use super::{CardPerson, LicencePerson};

const RECORDS: &[u8] = &[0xa0, 0, 0, 0x02, 0x31, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const PHOTO: &[u8] = &[0xa0, 0, 0, 0x02, 0x31, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const FIRST: Access = Access::AllOf(&[SecretName::Pin1]);
const BOTH: Access = Access::AllOf(&[SecretName::Pin1, SecretName::Pin2]);

/// Writes the chip of a person.
pub(super) fn contents(person: &CardPerson, licence: &LicencePerson) -> Contents {
    let mut chip = Contents::default();
    main_file(&mut chip, licence);
    records(&mut chip, person, licence);
    chip.application(PHOTO);
    // A few bytes stand before the codestream, as was seen on a card.
    let mut photo = object(&[0x5f, 0x40], HEAD_GREY);
    photo.resize(2005.max(photo.len()), 0xff);
    chip.file(0x0001, photo, BOTH);
    chip
}

fn main_file(chip: &mut Contents, licence: &LicencePerson) {
    chip.application(&[]);
    let is_set = licence.pin1.is_some();
    let pin = |pin: &Option<String>| pin.clone().unwrap_or_else(|| "****".to_owned());
    chip.secret(SecretName::Pin1, 0x0001, &pin(&licence.pin1), 3);
    chip.secret(SecretName::Pin2, 0x0002, &pin(&licence.pin2), 3);
    let dates = [decimal(&licence.issued), decimal(&licence.expires)].concat();
    let common = [
        object(&[0x45], &[b"010", &dates[..]].concat()),
        object(&[0x46], &[1, 1]),
    ]
    .concat();
    chip.file(0x2f01, common, Access::Free);
    chip.file(0x000a, object(&[0x05], &[u8::from(is_set)]), Access::Free);
}

fn records(chip: &mut Contents, person: &CardPerson, licence: &LicencePerson) {
    chip.application(RECORDS);
    let text = |tag, text: &str| object(&[tag], &jis(text));
    let entries = [
        object(&[0x11], &[9]),
        text(0x12, &person.name),
        text(0x13, &licence.kana),
        object(&[0x14], &[]),
        text(0x15, &licence.kana),
        object(&[0x16], era(&person.birth).as_bytes()),
        text(0x17, &person.address),
        object(&[0x18], era(&licence.issued).as_bytes()),
        object(&[0x19], b"00001"),
        text(0x1a, "優良"),
        object(&[0x1b], era(&licence.expires).as_bytes()),
        text(0x1c, "眼鏡等"),
        object(&[0x1d], &[]),
        object(&[0x1e], &[]),
        object(&[0x1f], &[]),
        text(0x20, "架空県公安委員会"),
        object(&[0x21], licence.number.as_bytes()),
        object(&[0x22], b"0000000"),
        object(&[0x26], b"4290401"),
    ]
    .concat();
    chip.file(0x0001, padded(entries, 880), FIRST);
    chip.file(0x0002, padded(text(0x41, &licence.domicile), 82), BOTH);
    let bitmaps = [object(&[0x48], &bitmap(1)), object(&[0x49], &bitmap(2))].concat();
    chip.file(0x0003, bitmaps, FIRST);
    let changes = match &licence.new_address {
        None => object(&[0x50], &[0]),
        // The tags inside are not published; any will do for a reader that shows the text.
        Some(address) => [
            object(&[0x50], &[1]),
            object(&[0x54], b"5060401"),
            text(0x55, address),
        ]
        .concat(),
    };
    chip.file(0x0004, padded(changes, 640), FIRST);
    chip.file(0x0005, padded(object(&[0x50], &[0]), 663), FIRST);
    chip.file(0x0006, padded(object(&[0x50], &[0]), 256), BOTH);
    chip.file(0x0007, padded(signature(), 578), BOTH);
}

/// Signature, serial number, issuer, subject and name of the key. Nobody can check it: the key is not
/// on the card.
fn signature() -> Vec<u8> {
    [
        object(&[0xb1], &[0xa5; 256]),
        object(&[0xb2], b"00000001"),
        object(&[0xb3], "架空県公安委員会".as_bytes()),
        object(&[0xb4], "架空県公安委員会".as_bytes()),
        object(&[0xb5], &[7; 20]),
    ]
    .concat()
}

fn padded(mut file: Vec<u8>, size: usize) -> Vec<u8> {
    file.resize(size.max(file.len()), 0xff);
    file
}

/// 32 by 32 dots: a frame, and as many bars as the number says.
fn bitmap(number: u8) -> Vec<u8> {
    (0..32_u8)
        .flat_map(|row| match row {
            0 | 31 => [0xff; 4],
            _ if row % 8 < number => [0x80, 0xff, 0xff, 0x01],
            _ => [0x80, 0x00, 0x00, 0x01],
        })
        .collect()
}

/// `20240520` as four decimal bytes.
fn decimal(date: &str) -> Vec<u8> {
    let (pairs, _) = date.as_bytes().as_chunks::<2>();
    pairs
        .iter()
        .map(|[high, low]| (high & 0x0f) << 4 | (low & 0x0f))
        .collect()
}

/// Digit of the era a day `YYYYMMDD` lies in, and the year before its first.
pub(super) fn era_of(date: &str) -> (char, u16) {
    const LAST_DAYS: [(&str, char, u16); 4] = [
        ("19120729", '1', 1867),
        ("19261224", '2', 1911),
        ("19890107", '3', 1925),
        ("20190430", '4', 1988),
    ];
    LAST_DAYS
        .into_iter()
        .find(|(last, ..)| date <= *last)
        .map_or(('5', 2018), |(_, digit, before)| (digit, before))
}

/// `19921103` as `4041103`: era, year of the era, month, day.
fn era(date: &str) -> String {
    let (letter, before) = era_of(date);
    let year: u16 = date
        .get(..4)
        .and_then(|year| year.parse().ok())
        .unwrap_or(before + 1);
    format!(
        "{letter}{:02}{}",
        year.saturating_sub(before),
        date.get(4..).unwrap_or("0101")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_on_a_licence() {
        assert_eq!(era("19921103"), "4041103");
        assert_eq!(era("19890107"), "3640107");
        assert_eq!(era("20190501"), "5010501");
        assert_eq!(decimal("20240520"), [0x20, 0x24, 0x05, 0x20]);
        assert_eq!(bitmap(2).len(), 128);
    }
}
