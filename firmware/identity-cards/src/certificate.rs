//! Certificates on a card: what they say, whether they hold today, and who stands above them.
//!
//! The path is checked against certificates the city installed ([`TrustStore`]). The authority's
//! certificate on the card itself proves nothing and is not used. Revocation needs the network of
//! the public key service (失効情報), which a counter does not have: it stays unknown, and the caller
//! must say so. Source: RFC 5280; JPKI certificate profile for the other names of a person.

use std::fmt;

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;
use zeroize::Zeroizing;

use crate::tlv::{self, TagStyle};
use crate::{BasicFour, ReadCardError, Sex};

/// Object identifiers of the signature algorithms that occur: RSA with SHA-256, ECDSA with SHA-256
/// and SHA-384.
const RSA_SHA256: &str = "1.2.840.113549.1.1.11";
const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
const ECDSA_SHA384: &str = "1.2.840.10045.4.3.3";
/// Other names of a person in a signing certificate; the last number says which.
const PERSON: &str = "1.2.392.200149.8.5.5.";

/// How a certificate stands, on the day it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Valid today and issued by an installed authority; whether it was revoked is not known.
    Trusted,
    /// No installed authority has the issuer's name.
    IssuerUnknown,
    /// An installed authority has the name, but did not sign it.
    Forged,
    /// Its last day is past.
    Expired,
    /// Its first day is yet to come.
    NotYetValid,
}

impl Standing {
    /// Stable name for `--json` output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::IssuerUnknown => "issuer-unknown",
            Self::Forged => "forged",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
        }
    }
}

/// A certificate read from a card. Hidden in Debug: a signing certificate holds name and address.
#[derive(Clone)]
pub struct Certificate {
    der: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} bytes)", self.der.len())
    }
}

impl Certificate {
    /// Takes DER.
    ///
    /// # Errors
    /// [`ReadCardError::Malformed`] when it is no certificate, or something follows it.
    pub fn parse(der: &[u8]) -> Result<Self, ReadCardError> {
        let certificate = Self {
            der: Zeroizing::new(der.to_vec()),
        };
        certificate.parsed()?;
        Ok(certificate)
    }

    /// The certificate as it is on the card.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    fn parsed(&self) -> Result<X509Certificate<'_>, ReadCardError> {
        let (rest, certificate) =
            X509Certificate::from_der(&self.der).map_err(|_| ReadCardError::Malformed)?;
        if rest.is_empty() {
            Ok(certificate)
        } else {
            Err(ReadCardError::Malformed)
        }
    }

    /// Name of the issuer, as one line.
    ///
    /// # Errors
    /// Never for a certificate that [`Certificate::parse`] took.
    pub fn issuer(&self) -> Result<String, ReadCardError> {
        Ok(self.parsed()?.issuer().to_string())
    }

    /// Serial number, big endian.
    ///
    /// # Errors
    /// Never for a certificate that [`Certificate::parse`] took.
    pub fn serial(&self) -> Result<Vec<u8>, ReadCardError> {
        Ok(self.parsed()?.raw_serial().to_vec())
    }

    /// First and last second of validity, in seconds since 1970 (UTC).
    ///
    /// # Errors
    /// Never for a certificate that [`Certificate::parse`] took.
    pub fn validity(&self) -> Result<(i64, i64), ReadCardError> {
        let parsed = self.parsed()?;
        let validity = parsed.validity();
        Ok((
            validity.not_before.timestamp(),
            validity.not_after.timestamp(),
        ))
    }

    /// The person a signing certificate names; `None` in an authentication certificate.
    ///
    /// # Errors
    /// [`ReadCardError::Malformed`] when a part is there and cannot be read.
    pub fn person(&self) -> Result<Option<CertifiedPerson>, ReadCardError> {
        let parsed = self.parsed()?;
        let names = parsed
            .subject_alternative_name()
            .map_err(|_| ReadCardError::Malformed)?;
        let Some(names) = names else {
            return Ok(None);
        };
        let mut parts: [Option<Zeroizing<String>>; 7] = Default::default();
        for name in &names.value.general_names {
            if let GeneralName::OtherName(oid, value) = name
                && let Some(number) = oid.to_id_string().strip_prefix(PERSON)
                && let Some(slot) = number.parse().ok().and_then(|n: usize| parts.get_mut(n))
            {
                *slot = Some(utf8_string(value)?);
            }
        }
        CertifiedPerson::from_parts(parts)
    }

    /// Whether this certificate's key made `signature` over `message`.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> Result<bool, ReadCardError> {
        let parsed = self.parsed()?;
        Ok(verifies(
            &signature::RSA_PKCS1_2048_8192_SHA256,
            &parsed,
            message,
            signature,
        ))
    }

    /// How it stands at `now`, in seconds since 1970.
    ///
    /// # Errors
    /// Never for a certificate that [`Certificate::parse`] took.
    pub fn standing(&self, trusted: &TrustStore, now: i64) -> Result<Standing, ReadCardError> {
        let (first, last) = self.validity()?;
        if now < first {
            return Ok(Standing::NotYetValid);
        }
        if now > last {
            return Ok(Standing::Expired);
        }
        let parsed = self.parsed()?;
        let mut standing = Standing::IssuerUnknown;
        // Several generations of one authority share a name; the signature decides.
        for authority in &trusted.authorities {
            let authority = authority.parsed()?;
            if authority.subject() != parsed.issuer() || !authority.is_ca() {
                continue;
            }
            if is_issued_by(&parsed, &authority) {
                return Ok(Standing::Trusted);
            }
            standing = Standing::Forged;
        }
        Ok(standing)
    }
}

fn is_issued_by(certificate: &X509Certificate<'_>, authority: &X509Certificate<'_>) -> bool {
    let algorithm: &'static dyn VerificationAlgorithm = match certificate
        .signature_algorithm
        .algorithm
        .to_id_string()
        .as_str()
    {
        RSA_SHA256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        ECDSA_SHA256 => &signature::ECDSA_P256_SHA256_ASN1,
        ECDSA_SHA384 => &signature::ECDSA_P384_SHA384_ASN1,
        _ => return false,
    };
    verifies(
        algorithm,
        authority,
        certificate.tbs_certificate.as_ref(),
        &certificate.signature_value.data,
    )
}

fn verifies(
    algorithm: &'static dyn VerificationAlgorithm,
    signer: &X509Certificate<'_>,
    message: &[u8],
    signature: &[u8],
) -> bool {
    UnparsedPublicKey::new(algorithm, &signer.public_key().subject_public_key.data)
        .verify(message, signature)
        .is_ok()
}

/// `[0] EXPLICIT UTF8String`.
fn utf8_string(value: &[u8]) -> Result<Zeroizing<String>, ReadCardError> {
    let inner = tlv::only(TagStyle::OneByte, 0xa0, value)?;
    let text = tlv::only(TagStyle::OneByte, 0x0c, inner)?;
    std::str::from_utf8(text)
        .map(|text| Zeroizing::new(text.to_owned()))
        .map_err(|_| ReadCardError::Malformed)
}

/// The person named by a signing certificate. Hidden in Debug.
#[derive(Clone, PartialEq, Eq)]
pub struct CertifiedPerson {
    /// The basic four items.
    pub four: BasicFour,
    /// Positions (characters from 0) in the name that are substitutes for other characters.
    pub name_substitutes: Vec<usize>,
    /// The same for the address.
    pub address_substitutes: Vec<usize>,
}

impl fmt::Debug for CertifiedPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CertifiedPerson(hidden)")
    }
}

impl CertifiedPerson {
    /// 1 name, 2 its substitutes, 3 sex, 4 birth, 5 address, 6 its substitutes.
    fn from_parts(parts: [Option<Zeroizing<String>>; 7]) -> Result<Option<Self>, ReadCardError> {
        let [_, name, name_flags, sex, birth, address, address_flags] = parts;
        let Some(name) = name else {
            return Ok(None);
        };
        let address = address.ok_or(ReadCardError::Malformed)?;
        let sex = sex.ok_or(ReadCardError::Malformed)?;
        let birth = birth.ok_or(ReadCardError::Malformed)?;
        // One digit for the era, then the Western date.
        let birth = birth.as_bytes().get(1..).ok_or(ReadCardError::Malformed)?;
        Ok(Some(Self {
            four: BasicFour {
                name: name.to_string(),
                address: address.to_string(),
                birth: crate::basic_four::iso_date(birth)?,
                sex: Sex::from_code(sex.as_bytes())?,
            },
            name_substitutes: substitutes(name_flags.as_ref().map_or("", |flags| flags)),
            address_substitutes: substitutes(address_flags.as_ref().map_or("", |flags| flags)),
        }))
    }
}

/// One digit per character: 0 as it is, anything else a substitute.
fn substitutes(flags: &str) -> Vec<usize> {
    flags
        .bytes()
        .enumerate()
        .filter(|(_, flag)| *flag != b'0')
        .map(|(position, _)| position)
        .collect()
}

/// Certificates of authorities that the city installed.
#[derive(Debug, Clone, Default)]
pub struct TrustStore {
    authorities: Vec<Certificate>,
}

impl TrustStore {
    /// Trusts these authorities.
    pub fn new(authorities: Vec<Certificate>) -> Self {
        Self { authorities }
    }

    /// Whether nothing is installed, so that no certificate can be trusted.
    pub fn is_empty(&self) -> bool {
        self.authorities.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn substitutes_are_told_by_position() {
        assert_eq!(substitutes("00100"), [2]);
        assert_eq!(substitutes(""), Vec::<usize>::new());
    }

    proptest! {
        #[test]
        fn random_certificates_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..900)) {
            prop_assert!(Certificate::parse(&bytes).is_err());
            let wrapped = [&[0x30, 0x82][..], &u16::try_from(bytes.len()).unwrap().to_be_bytes(), &bytes].concat();
            prop_assert!(Certificate::parse(&wrapped).is_err());
            if let Ok(text) = utf8_string(&bytes) {
                prop_assert!(text.len() < bytes.len());
            }
        }
    }
}
