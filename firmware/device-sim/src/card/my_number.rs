//! What is written on a virtual My Number card.

use super::CardPerson;
use super::authority::{
    SimKey, auth_certificate, authority_certificate, digest_info, issuer_certificate, sha256,
    sign_certificate,
};
use super::chip::{Access, Contents, SecretName};
use super::objects::{object, with_offsets};
use super::pictures::{HEAD_GREY, text_picture};

const COMMON: &[u8] = &[0xd3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x01, 0x00];
const TEXT: &[u8] = &[0xd3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08];
const VISUAL: &[u8] = &[0xd3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x02];
const JPKI: &[u8] = &[0xd3, 0x92, 0xf0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];
const LICENCE: &[u8] = &[0xa0, 0, 0, 0x02, 0x31, 0x06, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Any secret of the text application.
const ANY: Access = Access::AnyOf(&[SecretName::Pin, SecretName::NumberA, SecretName::NumberB]);

/// Writes the chip of a person.
pub(super) fn contents(person: &CardPerson) -> Contents {
    let mut chip = Contents::default();
    common(&mut chip, person);
    text(&mut chip, person);
    visual(&mut chip, person);
    jpki(&mut chip, person);
    licence(&mut chip, person);
    chip
}

/// Last day of validity: the birthday in the year that number B names.
fn expiry(person: &CardPerson) -> String {
    let year = person.number_b.get(6..10).unwrap_or("2033");
    format!("{year}{}", person.birth.get(4..).unwrap_or("0101"))
}

fn common(chip: &mut Contents, person: &CardPerson) {
    chip.application(COMMON);
    let serial = format!("{}13101{}", person.serial, expiry(person));
    chip.file(0x0001, object(&[0x01], serial.as_bytes()), Access::Free);
}

fn text(chip: &mut Contents, person: &CardPerson) {
    let number = person.individual_number_file();
    let four = person.basic_four_file();
    chip.application(TEXT);
    chip.secret(SecretName::Pin, 0x0011, &person.pin, 3);
    chip.secret(SecretName::FactoryBlocked, 0x0012, "", 0);
    chip.secret(SecretName::NumberA, 0x0014, &person.individual_number, 10);
    chip.secret(SecretName::NumberB, 0x0015, &person.number_b, 10);
    let digests = [
        object(&[0xdf, 0x31], &sha256(&number)),
        object(&[0xdf, 0x32], &sha256(hashed_part(&four))),
    ]
    .concat();
    let signature = object(&[0xdf, 0x33], &SimKey::Issuer.sign(&digests));
    let chip_key = object(&[0xdf, 0x51], &SimKey::Chip.public());
    let chip_signature = object(&[0xdf, 0x52], &SimKey::Issuer.sign(&chip_key));
    chip.file(
        0x0001,
        number,
        Access::AnyOf(&[SecretName::Pin, SecretName::NumberA]),
    );
    chip.file(
        0x0002,
        four,
        Access::AnyOf(&[SecretName::Pin, SecretName::NumberB]),
    );
    chip.file(
        0x0003,
        object(&[0xff, 0x30], &[digests, signature].concat()),
        ANY,
    );
    chip.file(0x0004, issuer_certificate(), Access::Free);
    chip.file(
        0x0005,
        object(&[0xff, 0x40], &object(&[0xdf, 0x41], &[0; 4])),
        Access::Free,
    );
    chip.file(
        0x0007,
        object(&[0xff, 0x50], &[chip_key, chip_signature].concat()),
        ANY,
    );
}

/// What the digest of the basic four items covers: everything after the table of offsets.
fn hashed_part(file: &[u8]) -> &[u8] {
    let header = if file.get(2) == Some(&0x82) { 5 } else { 3 };
    file.get(header + 11..).unwrap_or_default()
}

fn visual(chip: &mut Contents, person: &CardPerson) {
    chip.application(VISUAL);
    let printed_birth = person.number_b.get(..6).unwrap_or_default();
    chip.secret(SecretName::BirthDate, 0x0011, printed_birth, 10);
    chip.secret(SecretName::VisualNumberB, 0x0012, &person.number_b, 10);
    chip.secret(
        SecretName::VisualNumberA,
        0x0013,
        &person.individual_number,
        10,
    );
    let key = object(&[0xdf, 0x24], &SimKey::Chip.public());
    let birth = object(&[0xdf, 0x22], person.birth.as_bytes());
    let sex = object(&[0xdf, 0x23], person.sex.as_bytes());
    let name = object(&[0xdf, 0x25], &text_picture(&person.name));
    let address = object(&[0xdf, 0x26], &text_picture(&person.address));
    let photo = object(&[0xdf, 0x27], HEAD_GREY);
    let digests = [
        sha256(&[&birth[..], &sex, &key].concat()),
        sha256(&[&name[..], &address].concat()),
        sha256(&photo),
    ]
    .concat();
    let signature = SimKey::Issuer.sign_payload(&digest_info(&digests));
    let parts = [
        birth,
        sex,
        key,
        name,
        address,
        photo,
        object(&[0xdf, 0x28], &signature),
        object(&[0xdf, 0x29], expiry(person).as_bytes()),
        object(
            &[0xdf, 0x2a],
            &text_picture(person.number_b.get(10..).unwrap_or_default()),
        ),
    ];
    chip.file(
        0x0002,
        with_offsets([0xff, 0x20], [0xdf, 0x21], &parts),
        Access::AnyOf(&[SecretName::VisualNumberA, SecretName::VisualNumberB]),
    );
    chip.file(0x0004, issuer_certificate(), Access::Free);
}

fn jpki(chip: &mut Contents, person: &CardPerson) {
    chip.application(JPKI);
    chip.secret(SecretName::AuthPin, 0x0018, &person.auth_pin, 3);
    chip.secret(SecretName::SignPassword, 0x001b, &person.sign_password, 5);
    let mut token = b"JPKIAPICCTOKEN2".to_vec();
    token.resize(32, b' ');
    token.resize(160, 0x00);
    let sign = Access::AnyOf(&[SecretName::SignPassword]);
    // Children under 15 have no signing certificate: its file is filled with FF.
    let certificate = if person.sign_password.is_empty() {
        vec![0xff, 0x00]
    } else {
        sign_certificate(person)
    };
    chip.file(0x0001, certificate, sign);
    chip.file(0x0002, authority_certificate(), Access::Free);
    chip.file(0x0006, token, Access::Free);
    chip.file(0x000a, auth_certificate(), Access::Free);
    chip.file(0x000b, authority_certificate(), Access::Free);
    chip.file(0x0017, Vec::new(), Access::Never);
    chip.file(0x001a, Vec::new(), Access::Never);
}

/// マイナ免許証: only on the cards of people who loaded it.
fn licence(chip: &mut Contents, person: &CardPerson) {
    let Some(licence) = &person.mynumber_licence else {
        return;
    };
    chip.application(LICENCE);
    let pin = licence.pin.as_deref();
    chip.secret(SecretName::LicencePin, 0x0006, pin.unwrap_or("****"), 10);
    chip.file(
        0x001a,
        object(&[0xc1], &[u8::from(pin.is_some())]),
        Access::Free,
    );
    let record = [
        object(&[0xc2], b"5070324"),
        object(&[0xc4], b"1"),
        object(&[0xc5], licence.expires.as_bytes()),
        object(&[0xe7], licence.number.as_bytes()),
    ]
    .concat();
    chip.file(0x001b, record, Access::AnyOf(&[SecretName::LicencePin]));
}
