//! Whether chip and content are genuine, as far as can be told without a network.
//!
//! The files of a My Number card are signed by their issuer, whose key comes in a card-verifiable
//! certificate on the card (file 0004), which is signed by an authority whose key is **not** on the
//! card: the city installs it as [`Authority`]. Without it nothing is proved and
//! [`Genuineness::AuthorityUnknown`] says so. All signatures are RSA-2048, PKCS #1 v1.5, SHA-256.

use num_bigint::BigUint;
use ring::digest;

use crate::ReadCardError;
use crate::tlv::{self, TagStyle};

/// Bytes of an RSA-2048 block.
const BLOCK: usize = 256;
/// `DigestInfo` of SHA-256 up to the digest, without the two outer length bytes (RFC 8017, 9.2).
const SHA256_ALGORITHM: [u8; 15] = [
    0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
];

/// What the check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Genuineness {
    /// Every signature leads to an authority the city installed.
    Genuine,
    /// The signatures fit each other, but the authority above them is not installed: not proved.
    AuthorityUnknown,
    /// The card is signed, but the key that could prove it is neither on it nor known here: nothing
    /// was compared.
    KeyUnknown,
    /// A signature or digest does not fit: forged, or changed.
    Forged,
    /// The card carries nothing to check, as the cards of small children.
    NotSigned,
    /// Not checked: this kind of card is not known well enough.
    NotChecked,
}

impl Genuineness {
    /// Stable name for `--json` output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Genuine => "genuine",
            Self::AuthorityUnknown => "authority-unknown",
            Self::KeyUnknown => "key-unknown",
            Self::Forged => "forged",
            Self::NotSigned => "not-signed",
            Self::NotChecked => "not-checked",
        }
    }
}

/// An authority above the card-verifiable certificates, installed by the city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// Its identifier, 16 bytes, as the certificates below it name it.
    pub id: [u8; 16],
    /// Its key.
    pub key: RsaKey,
}

impl Authority {
    /// Reads the file a city installs: the identifier, then `90 03 010001 91 820100 ..`.
    ///
    /// # Errors
    /// [`ReadCardError::Malformed`] when it is anything else.
    pub fn parse(file: &[u8]) -> Result<Self, ReadCardError> {
        let (id, key) = file
            .split_first_chunk::<16>()
            .ok_or(ReadCardError::Malformed)?;
        Ok(Self {
            id: *id,
            key: RsaKey::parse(key)?,
        })
    }
}

/// Public RSA key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RsaKey {
    exponent: BigUint,
    modulus: BigUint,
}

impl RsaKey {
    /// From both numbers, big endian.
    pub fn new(exponent: &[u8], modulus: &[u8]) -> Self {
        Self {
            exponent: BigUint::from_bytes_be(exponent),
            modulus: BigUint::from_bytes_be(modulus),
        }
    }

    /// Reads `90 03 010001 91 820100 ..`.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, ReadCardError> {
        let objects = tlv::objects(TagStyle::OneByte, bytes)?;
        let (exponent, modulus) = (tlv::value(&objects, 0x90)?, tlv::value(&objects, 0x91)?);
        // A longer exponent would make the check take seconds.
        if exponent.len() > 4 || modulus.len() != BLOCK {
            return Err(ReadCardError::Malformed);
        }
        Ok(Self::new(exponent, modulus))
    }

    /// Whether `signature` covers exactly this payload, padding and all.
    fn covers(&self, payload: &[u8], signature: &[u8]) -> bool {
        let signature = BigUint::from_bytes_be(signature);
        if signature >= self.modulus || self.modulus.bits() != 2048 {
            return false;
        }
        let Some(filler) = BLOCK.checked_sub(payload.len() + 3).filter(|n| *n >= 8) else {
            return false;
        };
        let mut expected = vec![0x00, 0x01];
        expected.extend(std::iter::repeat_n(0xff, filler));
        expected.push(0x00);
        expected.extend_from_slice(payload);
        signature.modpow(&self.exponent, &self.modulus) == BigUint::from_bytes_be(&expected)
    }

    /// Whether `signature` covers the SHA-256 of `message`.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.covers(&digest_info(&sha256(message)), signature)
    }
}

/// SHA-256.
pub(crate) fn sha256(message: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, message).as_ref().to_vec()
}

/// `DigestInfo` around digests, normally one of 32 bytes; the card face has three in a row.
pub(crate) fn digest_info(digests: &[u8]) -> Vec<u8> {
    // 96 bytes at most, so every length fits one byte below 80.
    let short = |length: usize| u8::try_from(length).unwrap_or(u8::MAX);
    let mut bytes = vec![0x30, short(SHA256_ALGORITHM.len() + 2 + digests.len())];
    bytes.extend(SHA256_ALGORITHM);
    bytes.extend([0x04, short(digests.len())]);
    bytes.extend_from_slice(digests);
    bytes
}

/// A card-verifiable certificate: `7F21 { 5F4E body, 5F37 signature }`.
struct IssuerCertificate<'a> {
    authority: &'a [u8],
    key: RsaKey,
    body: &'a [u8],
    signature: &'a [u8],
}

impl<'a> IssuerCertificate<'a> {
    /// Body: identifier of the authority and of the issuer, 16 bytes each, and the issuer's key.
    fn parse(file: &'a [u8]) -> Result<Self, ReadCardError> {
        let outer = tlv::only(TagStyle::TwoBytes, 0x7f21, file)?;
        let objects = tlv::objects(TagStyle::TwoBytes, outer)?;
        let body = tlv::value(&objects, 0x5f4e)?;
        let (authority, rest) = body.split_at_checked(16).ok_or(ReadCardError::Malformed)?;
        let key = rest.get(16..).ok_or(ReadCardError::Malformed)?;
        Ok(Self {
            authority,
            key: RsaKey::parse(key)?,
            body,
            signature: tlv::value(&objects, 0x5f37)?,
        })
    }

    /// How far the issuer itself can be believed.
    fn standing(&self, authorities: &[Authority]) -> Genuineness {
        match authorities.iter().find(|one| one.id == self.authority) {
            None => Genuineness::AuthorityUnknown,
            Some(one) if one.key.signed(self.body, self.signature) => Genuineness::Genuine,
            Some(_) => Genuineness::Forged,
        }
    }
}

/// What the text application gives to judge it by.
pub(crate) struct TextEvidence<'a> {
    pub(crate) certificate: &'a [u8],
    pub(crate) integrity: &'a [u8],
    pub(crate) basic_four: &'a [u8],
    pub(crate) chip_key: &'a [u8],
    pub(crate) challenge: &'a [u8],
    pub(crate) signed: &'a [u8],
}

impl TextEvidence<'_> {
    /// Issuer over digests, digest over the basic four, issuer over the chip's key, chip's key over
    /// our challenge. The digest of the individual number is left alone: it is not read for this.
    pub(crate) fn check(&self, authorities: &[Authority]) -> Result<Genuineness, ReadCardError> {
        let issuer = IssuerCertificate::parse(self.certificate)?;
        let outer = tlv::only(TagStyle::TwoBytes, 0xff30, self.integrity)?;
        let digests = tlv::objects(TagStyle::TwoBytes, outer)?;
        let fits_digests = issuer.key.signed(
            &tlv::wholes(&digests, &[0xdf31, 0xdf32])?,
            tlv::value(&digests, 0xdf33)?,
        );
        let four = tlv::only(TagStyle::TwoBytes, 0xff20, self.basic_four)?;
        let offsets = tlv::first(TagStyle::TwoBytes, four)?;
        let hashed = four.get(offsets.whole.len()..).unwrap_or_default();
        let fits_content = sha256(hashed) == tlv::value(&digests, 0xdf32)?;
        let outer = tlv::only(TagStyle::TwoBytes, 0xff50, self.chip_key)?;
        let chip = tlv::objects(TagStyle::TwoBytes, outer)?;
        let fits_chip_key = issuer
            .key
            .signed(&tlv::wholes(&chip, &[0xdf51])?, tlv::value(&chip, 0xdf52)?);
        let is_live =
            RsaKey::parse(tlv::value(&chip, 0xdf51)?)?.signed(self.challenge, self.signed);
        if fits_digests && fits_content && fits_chip_key && is_live {
            Ok(issuer.standing(authorities))
        } else {
            Ok(Genuineness::Forged)
        }
    }
}

/// Checks the signature over the card face: three digests in one `DigestInfo`, not hashed again.
pub(crate) fn check_face(
    certificate: &[u8],
    face: &[tlv::Object<'_>],
    authorities: &[Authority],
) -> Result<Genuineness, ReadCardError> {
    let issuer = IssuerCertificate::parse(certificate)?;
    let parts: [&[u16]; 2] = [&[0xdf22, 0xdf23, 0xdf24], &[0xdf25, 0xdf26]];
    let mut digests = Vec::with_capacity(96);
    for tags in parts {
        digests.extend(sha256(&tlv::wholes(face, tags)?));
    }
    // Cards of small children have no photo.
    digests.extend(sha256(&tlv::wholes(face, &[0xdf27]).unwrap_or_default()));
    let fits = issuer
        .key
        .covers(&digest_info(&digests), tlv::value(face, 0xdf28)?);
    Ok(if fits {
        issuer.standing(authorities)
    } else {
        Genuineness::Forged
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn digest_info_of_abc_is_the_published_one() {
        let info = digest_info(&sha256(b"abc"));
        assert_eq!(info.len(), 0x33);
        assert!(info.starts_with(&[0x30, 0x31]));
        assert_eq!(
            info.get(17..23),
            Some(&[0x04, 0x20, 0xba, 0x78, 0x16, 0xbf][..])
        );
    }

    proptest! {
        #[test]
        fn random_keys_and_certificates_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..700)) {
            prop_assert!(IssuerCertificate::parse(&bytes).is_err());
            let wrapped = [&[0x7f, 0x21, 0x82][..], &u16::try_from(bytes.len()).unwrap().to_be_bytes(), &bytes].concat();
            if let Ok(certificate) = IssuerCertificate::parse(&wrapped) {
                prop_assert_eq!(certificate.standing(&[]), Genuineness::AuthorityUnknown);
            }
            if let Ok(key) = RsaKey::parse(&bytes) {
                prop_assert!(!key.signed(b"", &bytes));
            }
        }
    }
}
