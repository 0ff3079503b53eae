//! A counter's own key and what enrolment made of it.

use std::fmt;
use std::io;
use std::path::Path;

use rcgen::{
    CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData as _,
};
use serde::{Deserialize, Serialize};
use sync_engine::PeerRole;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::authority::write_secret;
use crate::certificate::{Device, NotOurs, device_of, sha256, term_of};
use crate::courier::CourierKey;
use crate::tls::{TlsSetupError, certificate_from_pem};

/// A device's key, made on the device; it never leaves it.
pub struct DeviceKey(KeyPair);

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceKey")
    }
}

impl DeviceKey {
    /// Makes a key, ECDSA P-256.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn create() -> Result<Self, rcgen::Error> {
        Ok(Self(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?))
    }

    /// Reads a key back, PKCS#8 PEM.
    ///
    /// # Errors
    /// When the text is no key.
    pub fn from_pem(pem: &str) -> Result<Self, rcgen::Error> {
        Ok(Self(KeyPair::from_pem(pem)?))
    }

    /// Its text, PKCS#8 PEM; secret.
    pub fn to_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.serialize_pem())
    }

    /// SHA-256 of its public key.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        sha256(&self.0.subject_public_key_info())
    }

    /// The request for a certificate, PEM.
    pub(crate) fn request_pem(&self) -> Result<String, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.serialize_request(&self.0)?.pem()
    }
}

/// Why an identity could not be read or kept.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The file.
    #[error("identity file")]
    File(#[from] io::Error),
    /// Its content.
    #[error("identity file is damaged")]
    Damaged,
    /// A certificate that does not name a counter.
    #[error(transparent)]
    NotOurs(#[from] NotOurs),
}

impl From<TlsSetupError> for IdentityError {
    fn from(_: TlsSetupError) -> Self {
        Self::Damaged
    }
}

/// An enrolled device: its key, its certificate, whom it trusts. Debug shows the device only.
#[derive(Clone, Serialize, Deserialize)]
pub struct DeviceIdentity {
    pub(crate) key_pem: Zeroizing<String>,
    pub(crate) certificate_pem: String,
    pub(crate) authority_pem: String,
    /// Hexadecimal.
    pub(crate) publishing_point: String,
    /// Opens courier files; identities of earlier versions have none until they are renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) courier_key: Option<Zeroizing<String>>,
}

impl fmt::Debug for DeviceIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.device() {
            Ok(device) => write!(f, "DeviceIdentity({})", device.peer.site),
            Err(_) => f.write_str("DeviceIdentity(damaged)"),
        }
    }
}

impl DeviceIdentity {
    /// Who this is.
    ///
    /// # Errors
    /// When its certificate does not name a counter.
    pub fn device(&self) -> Result<Device, IdentityError> {
        let device = device_of(&certificate_from_pem(&self.certificate_pem)?)?;
        match device.peer.role {
            PeerRole::Counter => Ok(device),
            PeerRole::Hub => Err(NotOurs.into()),
        }
    }

    /// Until when its certificate holds, milliseconds since 1970; `None` when it is damaged.
    pub fn valid_until_unix_ms(&self) -> Option<u64> {
        let der = certificate_from_pem(&self.certificate_pem).ok()?;
        let seconds = u64::try_from(term_of(&der).ok()?.until_s).ok()?;
        seconds.checked_mul(1000)
    }

    /// The point (65 bytes) of the key the hub signs datasets with.
    ///
    /// # Errors
    /// When the text is damaged.
    pub fn publishing_point(&self) -> Result<Vec<u8>, IdentityError> {
        from_hex(&self.publishing_point).ok_or(IdentityError::Damaged)
    }

    /// The key that opens courier files for this device; `None` before the identity of an earlier
    /// version is renewed.
    pub fn courier_key(&self) -> Option<CourierKey> {
        self.courier_key.as_ref()?.parse().ok()
    }

    /// Keeps it in a file only its owner reads. The appliance may as well keep
    /// [`Self::to_json`] in its encrypted database.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), IdentityError> {
        Ok(write_secret(path, &self.to_json()?)?)
    }

    /// Reads it back; `None` when there is no such file.
    ///
    /// # Errors
    /// When the file cannot be read or is damaged.
    pub fn load(path: &Path) -> Result<Option<Self>, IdentityError> {
        match std::fs::read_to_string(path).map(Zeroizing::new) {
            Ok(text) => Self::from_json(&text).map(Some),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// Its text; secret.
    ///
    /// # Errors
    /// Never in practice.
    pub fn to_json(&self) -> Result<Zeroizing<String>, IdentityError> {
        serde_json::to_string(self)
            .map(Zeroizing::new)
            .map_err(|_| IdentityError::Damaged)
    }

    /// Reads its text.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn from_json(text: &str) -> Result<Self, IdentityError> {
        let identity: Self = serde_json::from_str(text).map_err(|_| IdentityError::Damaged)?;
        identity.device()?;
        Ok(identity)
    }
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text
        .chars()
        .map(|c| c.to_digit(16))
        .collect::<Option<_>>()?;
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    pairs
        .iter()
        .map(|[high, low]| u8::try_from(high * 16 + low).ok())
        .collect()
}
