//! What a reader says about itself, with or without a card on it.

use std::ffi::CString;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pcsc::{Attribute, Disposition, Protocols, ShareMode};

use crate::{CardError, PcscService};

/// A reader that is asked about itself is held for a moment, and a card cannot be opened
/// exclusively meanwhile. Both take turns here; another program is not kept out by it.
static TURN: Mutex<()> = Mutex::new(());

/// Waits until no reader of this process is being asked.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Maker and firmware of a reader, as its driver tells them; foreign words, plain ASCII.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReaderIdentity {
    /// Maker.
    pub maker: Option<String>,
    /// Version of the firmware, `2.01`.
    pub firmware: Option<String>,
}

impl PcscService {
    /// Asks a reader about itself. Powers no card, sends nothing to one.
    ///
    /// # Errors
    /// [`CardError::Shared`] while a card on it is being read; ask again later.
    /// [`CardError::NoReader`] when it was unplugged.
    pub fn describe(&self, reader: &str) -> Result<ReaderIdentity, CardError> {
        let name = CString::new(reader).map_err(|_| CardError::NoReader)?;
        let _turn = turn();
        let held = self
            .context()
            .connect(&name, ShareMode::Direct, Protocols::UNDEFINED)?;
        let told = |attribute| held.get_attribute_owned(attribute).ok();
        let identity = ReaderIdentity {
            maker: told(Attribute::VendorName).and_then(|text| plain(&text)),
            firmware: told(Attribute::VendorIfdVersion).and_then(|bytes| version(&bytes)),
        };
        if let Err((_held, error)) = held.disconnect(Disposition::LeaveCard) {
            tracing::debug!(%error, "reader left while it was asked");
        }
        Ok(identity)
    }
}

/// `0xMMmmbbbb`, in the machine's order (PC/SC part 3, `SCARD_ATTR_VENDOR_IFD_VERSION`). All zero is
/// a driver that does not know.
fn version(bytes: &[u8]) -> Option<String> {
    let number = u32::from_ne_bytes(*bytes.first_chunk::<4>()?);
    let [major, minor, ..] = number.to_be_bytes();
    (number != 0).then(|| format!("{major}.{minor:02}"))
}

fn plain(text: &[u8]) -> Option<String> {
    let letters = text
        .iter()
        .take_while(|byte| **byte != 0)
        .filter(|byte| byte.is_ascii_graphic() || **byte == b' ');
    let plain: String = letters.map(|byte| char::from(*byte)).collect();
    let plain = plain.trim();
    (!plain.is_empty()).then(|| plain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_major_and_minor() {
        assert_eq!(
            version(&0x0201_0033_u32.to_ne_bytes()).as_deref(),
            Some("2.01")
        );
        assert_eq!(version(&[0; 4]), None);
        assert_eq!(version(&[1, 2]), None);
    }

    #[test]
    fn makers_names_end_at_their_zero() {
        assert_eq!(plain(b"Kakuu Card\0junk").as_deref(), Some("Kakuu Card"));
        assert_eq!(plain(b"\0"), None);
    }
}
