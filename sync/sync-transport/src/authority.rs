//! The hub's own authority: it signs the hub's and the counters' certificates, and what the hub
//! publishes.
//!
//! ECDSA P-256 with SHA-256 (FIPS 186-5; on the CRYPTREC list). Certificates of devices hold for
//! five years; a counter renews its own long before (`renew.rs`), with the same key.
//! A lost device is refused at once by [`crate::Authoriser::admit`], not by its certificate.

mod files;

use std::fmt;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PublicKeyData, SanType, SigningKey,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sync_protocol::SiteId;
use thiserror::Error;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::certificate::{COUNTER_NAME, HEAD_OFFICE, HUB_NAME, device_uri, is_branch, sha256};
use crate::enrolment::Fingerprint;

pub use files::AuthorityFileError;
pub(crate) use files::write_secret;

const DAY_S: i64 = 24 * 60 * 60;

/// Certificates begin two days early, so that a counter whose clock is slow by hours is told so by
/// the conversation, with figures, and not shut out by TLS.
const EARLY_S: i64 = 2 * DAY_S;
const AUTHORITY_S: i64 = 30 * 365 * DAY_S;
const LEAF_S: i64 = 5 * 365 * DAY_S;

/// Why a key or certificate could not be made or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// Making or signing.
    #[error("certificate or key not made")]
    Make(#[from] rcgen::Error),
    /// PEM text that is none of ours.
    #[error("PEM text is not an authority's")]
    Pem,
    /// The time is outside what certificates can say.
    #[error("time {0} ms is outside what a certificate can say")]
    Time(u64),
    /// Not two digits, or head office's.
    #[error("no branch of a counter")]
    Branch,
    /// A request that is not signed by its own P-256 key.
    #[error("certificate request is not signed by a P-256 key")]
    Request,
}

/// The authority's three texts, for safe keeping. They vanish from memory when dropped.
#[derive(Clone)]
pub struct AuthorityPem {
    /// Its certificate; public.
    pub certificate: String,
    /// Its key, PKCS#8; secret.
    pub key: Zeroizing<String>,
    /// The key that signs datasets, PKCS#8; secret.
    pub publishing_key: Zeroizing<String>,
}

impl fmt::Debug for AuthorityPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorityPem")
    }
}

/// The hub's own authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate_pem: String,
    certificate: CertificateDer<'static>,
    publishing: KeyPair,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({})", self.fingerprint())
    }
}

/// A certificate chain with its key, as TLS wants it.
pub struct TlsIdentity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsIdentity")
    }
}

impl Authority {
    /// Makes a new authority.
    ///
    /// # Errors
    /// When the key cannot be made.
    pub fn create(now_unix_ms: u64) -> Result<Self, AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = named("Todoke authority", now_unix_ms, AUTHORITY_S)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key)?.pem();
        let publishing = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        Self::from_parts(certificate, key, publishing)
    }

    /// Reads an authority back.
    ///
    /// # Errors
    /// [`AuthorityError::Pem`] when a text is not one of an authority.
    pub fn from_pem(pem: &AuthorityPem) -> Result<Self, AuthorityError> {
        let key = KeyPair::from_pem(&pem.key).map_err(|_| AuthorityError::Pem)?;
        let publishing = KeyPair::from_pem(&pem.publishing_key).map_err(|_| AuthorityError::Pem)?;
        Self::from_parts(pem.certificate.clone(), key, publishing)
    }

    fn from_parts(
        certificate_pem: String,
        key: KeyPair,
        publishing: KeyPair,
    ) -> Result<Self, AuthorityError> {
        let certificate = CertificateDer::from_pem_slice(certificate_pem.as_bytes())
            .map_err(|_| AuthorityError::Pem)?;
        let issuer =
            Issuer::from_ca_cert_der(&certificate, key).map_err(|_| AuthorityError::Pem)?;
        Ok(Self {
            issuer,
            certificate_pem,
            certificate,
            publishing,
        })
    }

    /// Its texts, for safe keeping.
    pub fn to_pem(&self) -> AuthorityPem {
        AuthorityPem {
            certificate: self.certificate_pem.clone(),
            key: Zeroizing::new(self.issuer.key().serialize_pem()),
            publishing_key: Zeroizing::new(self.publishing.serialize_pem()),
        }
    }

    /// Its certificate, PEM; public.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    pub(crate) fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// What a counter pins at enrolment.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate)
    }

    /// The public point of the key that signs datasets: 65 bytes, uncompressed.
    pub fn publishing_point(&self) -> &[u8] {
        self.publishing.public_key_raw()
    }

    /// Signs what the hub publishes: ECDSA P-256 with SHA-256, ASN.1.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn sign_published(&self, bytes: &[u8]) -> Result<Vec<u8>, AuthorityError> {
        Ok(self.publishing.sign(bytes)?)
    }

    /// Makes a fresh key and certificate for the hub itself, for every start. `names` are host
    /// names and addresses it listens on, for whoever checks them; counters do not.
    ///
    /// # Errors
    /// When a name is not one a certificate can hold.
    pub fn issue_server(
        &self,
        site: SiteId,
        names: &[String],
        now_unix_ms: u64,
    ) -> Result<TlsIdentity, AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut all = vec![HUB_NAME.to_owned()];
        all.extend(names.iter().cloned());
        let mut params = named("Todoke hub", now_unix_ms, LEAF_S)?;
        params.subject_alt_names = CertificateParams::new(all)?.subject_alt_names;
        params.subject_alt_names.push(uri(HEAD_OFFICE, site)?);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let leaf = params.signed_by(&key, &self.issuer)?;
        Ok(TlsIdentity {
            chain: vec![leaf.der().clone(), self.certificate.clone()],
            key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        })
    }

    /// Signs a device's certificate, PEM. Of the request only the key is used.
    ///
    /// # Errors
    /// When the request is not signed by its own P-256 key, or the branch is not a counter's.
    pub fn sign_device(
        &self,
        request: &DeviceRequest,
        branch: &str,
        site: SiteId,
        now_unix_ms: u64,
    ) -> Result<String, AuthorityError> {
        if !is_branch(branch) || branch == HEAD_OFFICE {
            return Err(AuthorityError::Branch);
        }
        let mut params = named("Todoke counter", now_unix_ms, LEAF_S)?;
        let for_neighbours = SanType::DnsName(COUNTER_NAME.try_into()?);
        params.subject_alt_names = vec![uri(branch, site)?, for_neighbours];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ClientAuth,
            ExtendedKeyUsagePurpose::ServerAuth,
        ];
        Ok(params.signed_by(&request.0.public_key, &self.issuer)?.pem())
    }
}

/// A device's certificate request whose signature was checked.
#[derive(Debug)]
pub struct DeviceRequest(CertificateSigningRequestParams);

impl DeviceRequest {
    /// Reads a request, PEM.
    ///
    /// # Errors
    /// [`AuthorityError::Request`] when it is not signed by its own P-256 key.
    pub fn from_pem(pem: &str) -> Result<Self, AuthorityError> {
        let request =
            CertificateSigningRequestParams::from_pem(pem).map_err(|_| AuthorityError::Request)?;
        if *request.public_key.algorithm() != PKCS_ECDSA_P256_SHA256 {
            return Err(AuthorityError::Request);
        }
        Ok(Self(request))
    }

    /// SHA-256 of its public key.
    pub fn key(&self) -> [u8; 32] {
        sha256(&self.0.public_key.subject_public_key_info())
    }
}

fn uri(branch: &str, site: SiteId) -> Result<SanType, rcgen::Error> {
    Ok(SanType::URI(device_uri(branch, site).as_str().try_into()?))
}

fn named(name: &str, now_unix_ms: u64, seconds: i64) -> Result<CertificateParams, AuthorityError> {
    let now = i64::try_from(now_unix_ms / 1000).unwrap_or(i64::MAX);
    let at = |unix_s: i64| {
        OffsetDateTime::from_unix_timestamp(unix_s).map_err(|_| AuthorityError::Time(now_unix_ms))
    };
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = at(now.saturating_sub(EARLY_S))?;
    params.not_after = at(now.saturating_add(seconds))?;
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}
