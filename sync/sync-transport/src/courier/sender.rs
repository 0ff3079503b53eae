//! Who made a courier file: signing with the device's key, and checking that.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{KeyPair, SigningKey as _};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::ring::default_provider;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use sync_engine::PeerRole;
use sync_protocol::SiteId;
use thiserror::Error;

use super::SIGNED;
use crate::authority::{Authority, AuthorityError};
use crate::certificate::{Device, HUB_NAME, device_of};
use crate::identity::{DeviceIdentity, IdentityError};
use crate::tls::{TlsSetupError, certificate_from_pem};

/// Why a file cannot be signed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignError {
    /// The identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The authority.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The key.
    #[error("device key does not sign")]
    Key(#[from] rcgen::Error),
    /// The certificate.
    #[error(transparent)]
    Certificate(#[from] TlsSetupError),
}

/// Signs courier files as one device. Debug shows nothing of the key.
pub struct CourierSigner {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl fmt::Debug for CourierSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CourierSigner")
    }
}

impl CourierSigner {
    /// Signs as an enrolled counter.
    ///
    /// # Errors
    /// When the identity is damaged.
    pub fn of_counter(identity: &DeviceIdentity) -> Result<Self, SignError> {
        Ok(Self {
            certificate: certificate_from_pem(&identity.certificate_pem)?,
            key: KeyPair::from_pem(&identity.key_pem)?,
        })
    }

    /// Signs as head office, with a fresh key that the authority vouches for.
    ///
    /// # Errors
    /// When the certificate cannot be made.
    pub fn of_hub(
        authority: &Authority,
        site: SiteId,
        now_unix_ms: u64,
    ) -> Result<Self, SignError> {
        let identity = authority.issue_server(site, &[], now_unix_ms)?;
        let certificate = identity.chain.first().ok_or(TlsSetupError::Pem)?.clone();
        let key = KeyPair::try_from(&identity.key)?;
        Ok(Self { certificate, key })
    }

    pub(super) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    pub(super) fn sign(&self, digest: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.key.sign(&[SIGNED, digest].concat())
    }
}

/// Checks who made a file against the one authority there is.
pub struct SenderCheck {
    authority: CertificateDer<'static>,
}

impl fmt::Debug for SenderCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SenderCheck")
    }
}

impl SenderCheck {
    /// Believes the authority a counter pinned at its enrolment.
    ///
    /// # Errors
    /// When the identity is damaged.
    pub fn of_counter(identity: &DeviceIdentity) -> Result<Self, SignError> {
        let authority = certificate_from_pem(&identity.authority_pem)?;
        Ok(Self { authority })
    }

    /// Believes the hub's own authority.
    pub fn of_hub(authority: &Authority) -> Self {
        Self {
            authority: authority.certificate().clone(),
        }
    }

    /// The device a certificate names, if the authority vouches for it now.
    pub(super) fn device(&self, leaf: &[u8], now_unix_ms: u64) -> Option<Device> {
        let device = device_of(leaf).ok()?;
        let leaf = CertificateDer::from(leaf.to_vec());
        let now = UnixTime::since_unix_epoch(Duration::from_millis(now_unix_ms));
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.clone()).ok()?;
        let (roots, provider) = (Arc::new(roots), Arc::new(default_provider()));
        let vouched = match device.peer.role {
            PeerRole::Counter => WebPkiClientVerifier::builder_with_provider(roots, provider)
                .build()
                .ok()?
                .verify_client_cert(&leaf, &[], now)
                .is_ok(),
            PeerRole::Hub => WebPkiServerVerifier::builder_with_provider(roots, provider)
                .build()
                .ok()?
                .verify_server_cert(&leaf, &[], &ServerName::try_from(HUB_NAME).ok()?, &[], now)
                .is_ok(),
        };
        vouched.then_some(device)
    }
}

/// Whether `signature` is the certificate's over this content.
pub(super) fn is_signed(leaf: &[u8], digest: &[u8], signature: &[u8]) -> bool {
    let Ok((_, certificate)) = x509_parser::parse_x509_certificate(leaf) else {
        return false;
    };
    let point = certificate.public_key().subject_public_key.as_ref();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point)
        .verify(&[SIGNED, digest].concat(), signature)
        .is_ok()
}
