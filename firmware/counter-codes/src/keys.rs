//! Who may sign codes: keys the city publishes to its counters, and the secret halves that stay with
//! whoever prints notices or runs the portal. Ed25519 (RFC 8032).

use std::fmt;

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::base32;
use crate::content::{CodeUse, is_city};

/// Bytes of a public key.
const KEY_BYTES: usize = 32;
/// Letters of a key's name.
const NAME_LETTERS: std::ops::RangeInclusive<usize> = 2..=8;

/// A key that may sign codes, as published in the settings of the city.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeKey {
    /// Its name, two to eight of `A-Z 0-9`, as the codes give it.
    pub id: String,
    /// Municipality it signs for, six digits.
    pub city: String,
    /// What it may sign.
    pub uses: Vec<CodeUse>,
    /// The public half, 32 bytes in Base32.
    pub key: String,
}

impl CodeKey {
    fn is_well_formed(&self) -> bool {
        let bytes = base32::read(&self.key);
        is_name(&self.id)
            && is_city(&self.city)
            && !self.uses.is_empty()
            && bytes.is_some_and(|bytes| bytes.len() == KEY_BYTES)
    }

    /// Whether this key signed it.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let Some(key) = base32::read(&self.key) else {
            return false;
        };
        UnparsedPublicKey::new(&ED25519, key.as_slice())
            .verify(message, signature)
            .is_ok()
    }
}

pub(crate) fn is_name(id: &str) -> bool {
    NAME_LETTERS.contains(&id.len())
        && id
            .bytes()
            .all(|letter| matches!(letter, b'A'..=b'Z' | b'0'..=b'9'))
}

/// The keys installed at a counter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodeKeys(Vec<CodeKey>);

impl CodeKeys {
    /// Takes the keys that are what they should be, each name once; the second value counts the
    /// others.
    pub fn new(keys: Vec<CodeKey>) -> (Self, usize) {
        let given = keys.len();
        let mut taken: Vec<CodeKey> = Vec::with_capacity(given);
        for key in keys {
            if key.is_well_formed() && !taken.iter().any(|other| other.id == key.id) {
                taken.push(key);
            }
        }
        let refused = given - taken.len();
        (Self(taken), refused)
    }

    /// The key of this name.
    pub(crate) fn find(&self, id: &str) -> Option<&CodeKey> {
        self.0.iter().find(|key| key.id == id)
    }
}

/// Why a secret key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyFileError {
    /// Not an Ed25519 key in PKCS #8.
    #[error("not an Ed25519 key in PKCS #8")]
    NotAKey,
    /// The system has no random bytes.
    #[error("no random bytes")]
    NoRandom,
}

/// The secret half, for whoever issues codes.
pub struct SigningKey(Ed25519KeyPair);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(hidden)")
    }
}

impl SigningKey {
    /// Makes a new key, as PKCS #8.
    ///
    /// # Errors
    /// [`KeyFileError::NoRandom`].
    pub fn generate() -> Result<zeroize::Zeroizing<Vec<u8>>, KeyFileError> {
        let random = ring::rand::SystemRandom::new();
        let made = Ed25519KeyPair::generate_pkcs8(&random).map_err(|_| KeyFileError::NoRandom)?;
        Ok(zeroize::Zeroizing::new(made.as_ref().to_vec()))
    }

    /// Takes a key from PKCS #8.
    ///
    /// # Errors
    /// [`KeyFileError::NotAKey`].
    pub fn parse(pkcs8: &[u8]) -> Result<Self, KeyFileError> {
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8)
            .map(Self)
            .map_err(|_| KeyFileError::NotAKey)
    }

    /// The public half in Base32, as counters have it.
    pub fn public(&self) -> String {
        base32::write(self.0.public_key().as_ref())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}
