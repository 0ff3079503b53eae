//! The invented authority above the virtual cards: keys that are no secret, certificates, signatures.
//!
//! Its certificate stands for the roots a city installs; a test installs this one.

use std::sync::OnceLock;

use num_bigint::BigUint;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    OtherNameValue, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, SanType, SerialNumber, date_time_ymd,
};
use ring::digest;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair};

use super::CardPerson;
use super::licence::era_of;
use super::objects::object;

const AUTHORITY: &[u8] = include_bytes!("../../keys/authority.pk8");
const ISSUER: &[u8] = include_bytes!("../../keys/issuer.pk8");
const CHIP: &[u8] = include_bytes!("../../keys/chip.pk8");
const IMMIGRATION: &[u8] = include_bytes!("../../keys/immigration.pk8");

/// Identifier of the authority above the card-verifiable certificates.
pub const AUTHORITY_ID: [u8; 16] = *b"TODOKE-SIM-CA/01";
const ISSUER_ID: [u8; 16] = *b"TODOKE-SIM-IS/01";

/// Which of the invented keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SimKey {
    Authority,
    Issuer,
    Chip,
}

/// Modulus and private exponent.
#[derive(Debug, Clone)]
struct Numbers {
    modulus: BigUint,
    private: BigUint,
}

impl SimKey {
    fn numbers(self) -> &'static Numbers {
        static AUTHORITY_NUMBERS: OnceLock<Numbers> = OnceLock::new();
        static ISSUER_NUMBERS: OnceLock<Numbers> = OnceLock::new();
        static CHIP_NUMBERS: OnceLock<Numbers> = OnceLock::new();
        let (cell, bytes) = match self {
            Self::Authority => (&AUTHORITY_NUMBERS, AUTHORITY),
            Self::Issuer => (&ISSUER_NUMBERS, ISSUER),
            Self::Chip => (&CHIP_NUMBERS, CHIP),
        };
        cell.get_or_init(|| numbers(bytes))
    }

    /// `90 03 010001 91 820100 ..`, as cards write a public key.
    pub(super) fn public(self) -> Vec<u8> {
        let modulus = self.numbers().modulus.to_bytes_be();
        [object(&[0x90], &[1, 0, 1]), object(&[0x91], &modulus)].concat()
    }

    /// PKCS #1 v1.5 padding around whatever is given, and the private operation.
    pub(super) fn sign_payload(self, payload: &[u8]) -> Vec<u8> {
        let numbers = self.numbers();
        let mut block = vec![0x00, 0x01];
        block.extend(std::iter::repeat_n(
            0xff,
            253_usize.saturating_sub(payload.len()),
        ));
        block.push(0x00);
        block.extend_from_slice(payload);
        let signed = BigUint::from_bytes_be(&block).modpow(&numbers.private, &numbers.modulus);
        let bytes = signed.to_bytes_be();
        let mut whole = vec![0; 256_usize.saturating_sub(bytes.len())];
        whole.extend(bytes);
        whole
    }

    /// Signs the SHA-256 of a message.
    pub(super) fn sign(self, message: &[u8]) -> Vec<u8> {
        self.sign_payload(&digest_info(&sha256(message)))
    }
}

/// Walks PKCS #8 down to the RSA key: `{ version, algorithm, OCTET STRING { { 0, n, e, d, .. } } }`.
#[expect(clippy::expect_used, reason = "the keys are part of this crate")]
fn numbers(pkcs8: &[u8]) -> Numbers {
    let (outer, _) = der(pkcs8).expect("a sequence");
    let (_, rest) = der(outer).expect("a version");
    let (_, rest) = der(rest).expect("an algorithm");
    let (wrapped, _) = der(rest).expect("an octet string");
    let (key, _) = der(wrapped).expect("a sequence");
    let (_, rest) = der(key).expect("a version");
    let (modulus, rest) = der(rest).expect("a modulus");
    let (_, rest) = der(rest).expect("an exponent");
    let (private, _) = der(rest).expect("a private exponent");
    Numbers {
        modulus: BigUint::from_bytes_be(modulus),
        private: BigUint::from_bytes_be(private),
    }
}

/// Value of the first DER object, and what follows it.
fn der(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match bytes {
        [_, 0x82, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        [_, 0x81, length, rest @ ..] | [_, length @ 0..=0x7f, rest @ ..] => {
            (usize::from(*length), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

pub(super) fn sha256(message: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, message).as_ref().to_vec()
}

/// `DigestInfo` of SHA-256 around one or several digests.
pub(super) fn digest_info(digests: &[u8]) -> Vec<u8> {
    let algorithm = [
        0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    ];
    object(
        &[0x30],
        &[&algorithm[..], &object(&[0x04], digests)].concat(),
    )
}

/// `7F21 { 5F4E body, 5F37 signature }`: the issuer of the card's files, vouched for by the authority.
pub(super) fn issuer_certificate() -> Vec<u8> {
    let body = [&AUTHORITY_ID[..], &ISSUER_ID, &SimKey::Issuer.public()].concat();
    let signature = SimKey::Authority.sign(&body);
    object(
        &[0x7f, 0x21],
        &[
            object(&[0x5f, 0x4e], &body),
            object(&[0x5f, 0x37], &signature),
        ]
        .concat(),
    )
}

/// Modulus of the authority's key (its exponent is 65537), for a reader that is to trust it.
pub fn authority_modulus() -> Vec<u8> {
    SimKey::Authority.numbers().modulus.to_bytes_be()
}

/// The authority's own certificate, DER, for a reader that is to trust it.
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "the parameters are constants of this crate"
)]
pub fn authority_certificate() -> Vec<u8> {
    authority_parameters()
        .self_signed(&rsa(AUTHORITY))
        .expect("a certificate of constants")
        .der()
        .to_vec()
}

/// Authentication certificate of every virtual chip; names nobody.
pub(super) fn auth_certificate() -> Vec<u8> {
    issue(&named("KAKUU-AUTH-0001", 2), &rsa(CHIP))
}

/// Signing certificate with the four items of a person.
pub(super) fn sign_certificate(person: &CardPerson) -> Vec<u8> {
    const PERSON: [u64; 6] = [1, 2, 392, 200_149, 8, 5];
    let flags = |text: &str| "0".repeat(text.chars().count());
    let (era, _) = era_of(&person.birth);
    let values = [
        person.name.clone(),
        flags(&person.name),
        person.sex.clone(),
        format!("{era}{}", person.birth),
        person.address.clone(),
        flags(&person.address),
    ];
    let mut parameters = named("KAKUU-SIGN-0001", 3);
    parameters.subject_alt_names = (1_u64..)
        .zip(values)
        .map(|(number, value)| {
            let oid = PERSON.into_iter().chain([5, number]).collect();
            SanType::OtherName((oid, OtherNameValue::Utf8String(value)))
        })
        .collect();
    issue(&parameters, &rsa(CHIP))
}

/// Certificate of the office that signs first-generation residence cards; its key is the issuer's.
pub(super) fn immigration_certificate() -> Vec<u8> {
    issue(&named("KAKUU-IMMIGRATION-1", 4), &rsa(ISSUER))
}

/// The same for the second generation, P-384.
pub(super) fn immigration_certificate_p384() -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "the key is part of this crate")]
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&IMMIGRATION.into(), &PKCS_ECDSA_P384_SHA384)
        .expect("a P-384 key");
    issue(&named("KAKUU-IMMIGRATION-2", 5), &key)
}

/// ECDSA with SHA-384 by that key.
pub(super) fn immigration_signature(message: &[u8]) -> Vec<u8> {
    let random = SystemRandom::new();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, IMMIGRATION, &random)
        .ok()
        .and_then(|key| Some(key.sign(&random, message).ok()?.as_ref().to_vec()))
        .unwrap_or_default()
}

#[expect(clippy::expect_used, reason = "the keys are part of this crate")]
fn rsa(pkcs8: &[u8]) -> KeyPair {
    KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.into(), &PKCS_RSA_SHA256).expect("an RSA key")
}

fn authority_parameters() -> CertificateParams {
    let mut parameters = named("KAKUU-ROOT", 1);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters
}

fn named(name: &str, serial: u64) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CountryName, "JP");
    subject.push(DnType::OrganizationName, "TODOKE-SIM");
    subject.push(DnType::CommonName, name);
    parameters.distinguished_name = subject;
    parameters.serial_number = Some(SerialNumber::from(serial));
    parameters.not_before = date_time_ymd(2025, 1, 1);
    parameters.not_after = date_time_ymd(2034, 12, 31);
    parameters
}

#[expect(clippy::expect_used, reason = "the parameters are made in this file")]
fn issue(parameters: &CertificateParams, key: &KeyPair) -> Vec<u8> {
    let above = authority_parameters();
    let authority = rsa(AUTHORITY);
    let issuer = Issuer::from_params(&above, &authority);
    parameters
        .signed_by(key, &issuer)
        .expect("a certificate of our own making")
        .der()
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_info_of_one_digest_is_the_standard_one() {
        let info = digest_info(&sha256(b"abc"));
        assert_eq!((info.len(), &info[..2]), (51, &[0x30, 0x31][..]));
        assert_eq!(info[17..19], [0x04, 0x20]);
        assert_eq!(digest_info(&[0xaa; 96])[..2], [0x30, 0x71]);
    }

    #[test]
    fn a_card_verifiable_certificate_has_the_real_lengths() {
        let certificate = issuer_certificate();
        assert_eq!(certificate[..5], [0x7f, 0x21, 0x82, 0x02, 0x33]);
        assert_eq!(certificate[5..10], [0x5f, 0x4e, 0x82, 0x01, 0x29]);
    }
}
