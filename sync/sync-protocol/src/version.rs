//! Versions of the messages.
//!
//! How they may grow: a new version appends variants to [`crate::Message`], [`crate::About`] or
//! [`crate::Reason`]; it never reorders, removes or changes one. A message whose fields must change
//! becomes a new variant beside the old one; only how a message is laid out in bytes may change with the
//! version that both ends speak ([`crate::encode_for`]). Head office is updated first and speaks every version
//! from [`MIN`] to [`CURRENT`]; both ends then use the lower of their two `CURRENT`s. A frame names the version
//! its message came with ([`crate::Message::since`]), so that an older end reads all it is sent.

/// The oldest version spoken.
pub const MIN: u8 = 1;

/// The newest version spoken.
pub const CURRENT: u8 = TERSE;

/// From here on a counter asks which of its blobs head office has, and is told.
pub const BLOBS_CONFIRMED: u8 = 2;

/// From here on cases go from branch to branch: whole copies, and orders to overwrite one.
pub const CASES_MOVED: u8 = 3;

/// From here on changes and log entries are laid out so that they pack better. No message is new; a
/// frame of this version holds that layout and nothing else does.
pub const PACKED: u8 = 4;

/// From here on a hello that follows another one names only what is new, and versions with nothing
/// for the other end are told together.
pub const TERSE: u8 = 5;

/// The version two ends use together, or `None` when they have none in common.
pub fn agree(their_min: u8, their_current: u8) -> Option<u8> {
    let version = CURRENT.min(their_current);
    (version >= MIN.max(their_min)).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lower_of_both_newest_is_used() {
        assert_eq!(agree(MIN, CURRENT + 3), Some(CURRENT));
        assert_eq!(agree(1, 1), Some(1));
    }

    #[test]
    fn nothing_in_common_is_no_version() {
        assert_eq!(agree(CURRENT + 1, CURRENT + 3), None);
        assert_eq!(agree(0, 0), None);
    }
}
