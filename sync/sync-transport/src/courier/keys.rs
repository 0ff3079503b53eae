//! Keys courier files are encrypted to: age's X25519, apart from the keys that sign.

use std::fmt;
use std::str::FromStr;

use age::secrecy::ExposeSecret as _;
use age::x25519::{Identity, Recipient};
use thiserror::Error;
use zeroize::Zeroizing;

/// Text that is no key of age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("text is not an age key")]
pub struct CourierKeyError;

/// A secret key that opens courier files. Debug hides it.
#[derive(Clone)]
pub struct CourierKey(Identity);

impl fmt::Debug for CourierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CourierKey")
    }
}

impl CourierKey {
    /// Makes a key.
    pub fn create() -> Self {
        Self(Identity::generate())
    }

    /// Its text, `AGE-SECRET-KEY-1…`; secret.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.to_string().expose_secret().to_owned())
    }

    /// Whom others encrypt to.
    pub fn recipient(&self) -> CourierRecipient {
        CourierRecipient(self.0.to_public())
    }

    pub(super) fn as_age(&self) -> &dyn age::Identity {
        &self.0
    }
}

impl FromStr for CourierKey {
    type Err = CourierKeyError;

    fn from_str(text: &str) -> Result<Self, CourierKeyError> {
        let identity = Identity::from_str(text.trim()).map_err(|_| CourierKeyError)?;
        Ok(Self(identity))
    }
}

/// A public key a courier file is encrypted to, `age1…`.
#[derive(Clone, PartialEq, Eq)]
pub struct CourierRecipient(Recipient);

impl CourierRecipient {
    pub(super) fn as_age(&self) -> &dyn age::Recipient {
        &self.0
    }
}

impl fmt::Display for CourierRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for CourierRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CourierRecipient({self})")
    }
}

impl FromStr for CourierRecipient {
    type Err = CourierKeyError;

    fn from_str(text: &str) -> Result<Self, CourierKeyError> {
        let recipient = Recipient::from_str(text.trim()).map_err(|_| CourierKeyError)?;
        Ok(Self(recipient))
    }
}
