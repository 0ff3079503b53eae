//! Ids of the conversation.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A database taking part in replication (cr-sqlite's site id); equals its device's id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SiteId(pub [u8; 16]);

impl fmt::Display for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SiteId({self})")
    }
}

/// Thirty-two hexadecimal digits were expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("site id is not 32 hexadecimal digits")]
pub struct ParseSiteIdError;

impl FromStr for SiteId {
    type Err = ParseSiteIdError;

    fn from_str(text: &str) -> Result<Self, ParseSiteIdError> {
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ParseSiteIdError);
        }
        u128::from_str_radix(text, 16)
            .map(|number| Self(number.to_be_bytes()))
            .map_err(|_| ParseSiteIdError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_site_reads_back() {
        let site = SiteId([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff]);
        assert_eq!(site.to_string().parse(), Ok(site));
    }

    #[test]
    fn anything_but_hex_digits_is_refused() {
        for text in [
            "",
            "+0000000000000000000000000000001",
            "00",
            "zz000000000000000000000000000000",
        ] {
            assert_eq!(text.parse::<SiteId>(), Err(ParseSiteIdError), "{text}");
        }
    }
}
