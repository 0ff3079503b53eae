//! The text staff type or paste to enrol a counter: the one-time code, and whom to trust.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

use sync_protocol::SiteId;

use crate::certificate::sha256;
use crate::identity::{from_hex, to_hex};

/// Crockford's base 32: no I, L, O, U to mistake.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const FINGERPRINT_CHARS: usize = 26;

/// First 128 bits of the SHA-256 of the authority's certificate. Second preimages are what an
/// attacker would need, and 128 bits are beyond reach; more would be typed in vain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    pub(crate) fn of(certificate: &[u8]) -> Self {
        let mut first = [0; 16];
        first
            .iter_mut()
            .zip(sha256(certificate))
            .for_each(|(to, from)| *to = from);
        Self(first)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = u128::from_be_bytes(self.0);
        for place in 0..FINGERPRINT_CHARS {
            if place > 0 && place % 5 == 0 {
                f.write_str("-")?;
            }
            let shift = 5 * (FINGERPRINT_CHARS - 1 - place);
            let digit = (number >> shift) & 31;
            let letter = usize::try_from(digit)
                .ok()
                .and_then(|digit| ALPHABET.get(digit));
            fmt::Write::write_char(f, letter.copied().map_or('?', char::from))?;
        }
        Ok(())
    }
}

impl FromStr for Fingerprint {
    type Err = ParseEnrolmentCodeError;

    fn from_str(text: &str) -> Result<Self, ParseEnrolmentCodeError> {
        let mut number: u128 = 0;
        let mut places = 0;
        for letter in text
            .chars()
            .filter(|c| !matches!(c, '-' | ' ' | '\u{3000}'))
        {
            let digit = digit_of(letter).ok_or(ParseEnrolmentCodeError)?;
            if places == 0 && digit > 7 {
                return Err(ParseEnrolmentCodeError);
            }
            number = number.wrapping_shl(5) | u128::from(digit);
            places += 1;
        }
        if places != FINGERPRINT_CHARS {
            return Err(ParseEnrolmentCodeError);
        }
        Ok(Self(number.to_be_bytes()))
    }
}

fn digit_of(letter: char) -> Option<u8> {
    let letter = match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let place = ALPHABET.iter().position(|a| char::from(*a) == letter)?;
    u8::try_from(place).ok()
}

/// Not the text an enrolment code has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("text is not an enrolment code")]
pub struct ParseEnrolmentCodeError;

/// What the hub gives staff to enrol one counter: `<one-time code>.<fingerprint>`.
///
/// The fingerprint makes the enrolment itself safe against a false hub. Debug hides the code.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentCode {
    code: Zeroizing<String>,
    authority: Fingerprint,
}

impl EnrolmentCode {
    /// Joins the hub's one-time code with its authority's fingerprint.
    pub fn new(code: &str, authority: Fingerprint) -> Self {
        Self {
            code: Zeroizing::new(code.trim().to_owned()),
            authority,
        }
    }

    /// The one-time code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Whom to trust.
    pub fn authority(&self) -> Fingerprint {
        self.authority
    }
}

impl fmt::Display for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", *self.code, self.authority)
    }
}

impl fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrolmentCode")
    }
}

impl FromStr for EnrolmentCode {
    type Err = ParseEnrolmentCodeError;

    fn from_str(text: &str) -> Result<Self, ParseEnrolmentCodeError> {
        let (code, authority) = text.trim().split_once('.').ok_or(ParseEnrolmentCodeError)?;
        if code.is_empty() || code.len() > 64 {
            return Err(ParseEnrolmentCodeError);
        }
        Ok(Self::new(code, authority.parse()?))
    }
}

/// What a counter asks at `POST /enrol`, JSON.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct EnrolRequest {
    pub(crate) code: String,
    pub(crate) site: String,
    pub(crate) request_pem: String,
    /// Whom courier files for it are encrypted to, `age1…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) courier_key: Option<String>,
    /// The device it goes on for, with the database of which it comes; 32 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) replaces: Option<String>,
    /// The last entry of that one's log which it knows to be at head office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) log_after: Option<u64>,
}

/// What an enrolled counter asks at `POST /renew`, JSON.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct RenewRequest {
    pub(crate) request_pem: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) courier_key: Option<String>,
}

/// What the hub answers, JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EnrolReply {
    pub(crate) certificate_pem: String,
    pub(crate) authority_pem: String,
    /// The publishing key's point, hexadecimal.
    pub(crate) publishing_point: String,
    /// The device it goes on for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) predecessor: Option<PredecessorText>,
}

/// The device an appliance goes on for, as head office knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predecessor {
    /// Its site.
    pub site: SiteId,
    /// Its transactions at head office; no more will come.
    pub held: u64,
    /// Devices that stood at this place before.
    pub generation: u32,
    /// Links of its log behind the entry that was asked about, in order.
    pub log: Vec<[u8; 32]>,
}

/// Most links of a log told at enrolment: a day without a line at a busy counter.
pub(crate) const LINKS_MAX: u32 = 8192;

/// The same, JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PredecessorText {
    site: String,
    held: u64,
    generation: u32,
    /// Hexadecimal.
    #[serde(default)]
    log: Vec<String>,
}

impl From<Predecessor> for PredecessorText {
    fn from(predecessor: Predecessor) -> Self {
        Self {
            site: predecessor.site.to_string(),
            held: predecessor.held,
            generation: predecessor.generation,
            log: predecessor.log.iter().map(|link| to_hex(link)).collect(),
        }
    }
}

impl PredecessorText {
    /// `None` when it is damaged.
    pub(crate) fn read(&self) -> Option<Predecessor> {
        let log = self.log.iter();
        let log = log.map(|link| from_hex(link).and_then(|bytes| bytes.try_into().ok()));
        Some(Predecessor {
            site: self.site.parse().ok()?,
            held: self.held,
            generation: self.generation,
            log: log.collect::<Option<_>>()?,
        })
    }
}

/// Why a code is not redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Error)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EnrolRefusal {
    /// No such code.
    #[error("enrolment code is not known")]
    Unknown,
    /// Issued too long ago.
    #[error("enrolment code has expired")]
    Expired,
    /// Another device used it.
    #[error("enrolment code was used")]
    Used,
    /// The device is enrolled with another key.
    #[error("device is enrolled already")]
    DeviceKnown,
    /// The code is for an appliance at another place, or for a new one.
    #[error("enrolment code is not for going on for this device")]
    OtherDevice,
    /// The request is not what a counter sends.
    #[error("enrolment request is malformed")]
    Malformed,
    /// The hub's own trouble; try later.
    #[error("hub cannot enrol now")]
    Unavailable,
}

/// The hub's refusal, JSON.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct EnrolProblem {
    pub(crate) refused: EnrolRefusal,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_code_reads_back() {
        let code = EnrolmentCode::new("K7QX-2M4P-90AB", Fingerprint([0xF3; 16]));
        assert_eq!(code.to_string().parse(), Ok(code.clone()));
        assert_eq!(
            code.to_string()
                .to_lowercase()
                .replace("k7qx-2m4p-90ab", code.code())
                .parse(),
            Ok(code)
        );
    }

    #[test]
    fn missing_or_wrong_letters_are_refused() {
        let whole = EnrolmentCode::new("CODE", Fingerprint([1; 16])).to_string();
        let (short, _) = whole.split_at(whole.len() - 1);
        for text in [
            "",
            "CODE",
            short,
            "CODE.",
            &whole.replace('.', ".U"),
            &whole.replace("CODE", ""),
        ] {
            assert_eq!(
                text.parse::<EnrolmentCode>(),
                Err(ParseEnrolmentCodeError),
                "{text}"
            );
        }
    }

    #[test]
    fn debug_hides_the_code() {
        let code = EnrolmentCode::new("SECRET", Fingerprint([1; 16]));
        assert_eq!(format!("{code:?}"), "EnrolmentCode");
    }
}
