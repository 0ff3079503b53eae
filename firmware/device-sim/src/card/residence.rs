//! What is written on a virtual residence card, of both generations.

use super::authority::{
    SimKey, immigration_certificate, immigration_certificate_p384, immigration_signature,
};
use super::chip::{Access, Contents};
use super::objects::object;
use super::pictures::{HEAD_COLOUR, RESIDENCE_ADDRESS, RESIDENCE_FRONT, RESIDENCE_NAME};
use super::secure::{SecureChip, Suite};
use super::{CardPerson, CardSort, ResidencePerson};

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

/// Writes the chip of a person, and the channel that opens it.
pub(super) fn contents(person: &CardPerson, residence: &ResidencePerson) -> (Contents, SecureChip) {
    let mut chip = Contents::default();
    chip.application(&[]);
    let (code, suite) = match person.kind {
        CardSort::SpecialPermanentFirst => ("2", Suite::TripleDes),
        CardSort::ResidenceSecond => ("05", Suite::Aes),
        CardSort::SpecialPermanentSecond => ("06", Suite::Aes),
        CardSort::ResidenceFirst
        | CardSort::MyNumber
        | CardSort::DriversLicence
        | CardSort::Passport
        | CardSort::Unknown => ("1", Suite::TripleDes),
    };
    chip.file(0x000a, object(&[0xc1], code.as_bytes()), Access::Free);
    chip.file(0x000b, object(&[0xc0], b"0001"), Access::Free);
    match suite {
        Suite::TripleDes => first(&mut chip, person, residence),
        Suite::Aes => second(&mut chip, person, residence),
    }
    (chip, SecureChip::new(suite, &residence.number))
}

fn first(chip: &mut Contents, person: &CardPerson, residence: &ResidencePerson) {
    chip.application(&application(1));
    chip.file(0x0005, object(&[0xd0], RESIDENCE_FRONT), Access::Sealed);
    chip.file(0x0006, object(&[0xd1], HEAD_COLOUR), Access::Sealed);
    chip.application(&application(2));
    let noted = [
        object(&[0xd2], &filled(residence.noted_on.as_deref(), 8)),
        object(&[0xd3], &filled(residence.noted_municipality.as_deref(), 6)),
        object(&[0xd4], &filled(residence.noted_address.as_deref(), 342)),
    ]
    .concat();
    chip.file(0x0001, noted, Access::Opened);
    if person.kind == CardSort::ResidenceFirst {
        let permission = residence.permission.as_deref();
        chip.file(
            0x0002,
            object(&[0xd5], &filled(permission, 120)),
            Access::Opened,
        );
        chip.file(0x0003, object(&[0xd6], &filled(None, 120)), Access::Opened);
        chip.file(0x0004, object(&[0xd7], b"0"), Access::Opened);
    }
    chip.application(&application(3));
    let signature = SimKey::Issuer.sign(&[RESIDENCE_FRONT, HEAD_COLOUR].concat());
    let signature = [
        object(&[0xda], &signature),
        object(&[0xdb], &immigration_certificate()),
    ]
    .concat();
    chip.file(0x0002, signature, Access::Opened);
}

fn second(chip: &mut Contents, person: &CardPerson, residence: &ResidencePerson) {
    chip.application(&application(1));
    chip.file(
        0x0001,
        object(&[0xc2], residence.number.as_bytes()),
        Access::Sealed,
    );
    let items = [
        object(&[0xc5], b"20310506"),
        object(&[0xc6], person.birth.as_bytes()),
        object(&[0xc7], person.sex.as_bytes()),
        object(&[0xc8], residence.nationality.as_bytes()),
        object(&[0xc9], residence.status.as_bytes()),
        object(&[0xcd], b"20310506"),
    ]
    .concat();
    chip.file(0x0003, items, Access::Sealed);
    let pictures = [
        object(&[0xd0], RESIDENCE_NAME),
        object(&[0xd1], HEAD_COLOUR),
    ]
    .concat();
    chip.file(0x0004, pictures, Access::Sealed);
    chip.file(
        0x0006,
        object(&[0xdf, 0xd1], RESIDENCE_ADDRESS),
        Access::Sealed,
    );
    chip.application(&application(2));
    chip.file(0x0001, object(&[0xd5], &filled(None, 120)), Access::Opened);
    chip.application(&application(3));
    let mut signature = [
        object(&[0xdc], &immigration_signature(RESIDENCE_NAME)),
        object(&[0xdd], &immigration_certificate_p384()),
    ]
    .concat();
    // ECDSA signatures differ in length by a byte or two; the file does not.
    signature.resize(768, 0xff);
    chip.file(0x0002, signature, Access::Opened);
}

/// Text in a field of fixed size, filled with zeros.
fn filled(text: Option<&str>, size: usize) -> Vec<u8> {
    let mut bytes = text.unwrap_or_default().as_bytes().to_vec();
    bytes.resize(size, 0);
    bytes
}
