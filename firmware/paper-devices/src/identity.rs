//! What a receipt printer says about itself: GS I (ESC/POS), type B information.
//!
//! The printer answers `5F`, up to 80 characters, `00`. One that does not know the question stays
//! silent, which costs one time-out; so it is asked once, not at every look.

use escpos::driver::Driver;

/// The longest text of an answer (Epson's reference of GS I).
const TEXT_BYTES_MAX: usize = 80;

/// What a device says about itself, as it is: foreign words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// Maker and model.
    pub model: Option<String>,
    /// Version of its firmware.
    pub firmware: Option<String>,
}

impl Identity {
    /// Whether it said nothing at all.
    pub fn is_empty(&self) -> bool {
        self.model.is_none() && self.firmware.is_none()
    }
}

/// Asks for maker (66), model (67) and firmware (65); stops at the first question without an answer.
pub(crate) fn ask<D: Driver>(driver: &D) -> Identity {
    let Some(model) = question(driver, 67) else {
        return Identity::default();
    };
    let maker = question(driver, 66);
    let firmware = question(driver, 65);
    let whole = match maker {
        Some(maker) if !model.starts_with(&maker) => format!("{maker} {model}"),
        Some(_) | None => model,
    };
    Identity {
        model: Some(whole),
        firmware,
    }
}

fn question<D: Driver>(driver: &D, which: u8) -> Option<String> {
    driver.write(&[0x1d, 0x49, which]).ok()?;
    driver.flush().ok()?;
    let mut text = Vec::new();
    let mut byte = [0];
    // A status byte that was still under way may come first.
    for _ in 0..4 {
        if driver.read(&mut byte).ok()? == 0 {
            return None;
        }
        if byte[0] == 0x5f {
            return rest(driver, &mut text);
        }
    }
    None
}

fn rest<D: Driver>(driver: &D, text: &mut Vec<u8>) -> Option<String> {
    let mut byte = [0];
    while text.len() <= TEXT_BYTES_MAX {
        if driver.read(&mut byte).ok()? == 0 {
            return None;
        }
        match byte[0] {
            0 => return said(text),
            other => text.push(other),
        }
    }
    None
}

/// Printable ASCII only: what a screen and a log can take from a stranger.
pub(crate) fn said(text: &[u8]) -> Option<String> {
    let plain: String = text
        .iter()
        .filter(|byte| byte.is_ascii_graphic() || **byte == b' ')
        .map(|byte| char::from(*byte))
        .collect();
    let plain = plain.trim();
    (!plain.is_empty()).then(|| plain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_words_of_a_stranger_are_taken() {
        assert_eq!(said(b"TM-m30III").as_deref(), Some("TM-m30III"));
        assert_eq!(said(b" 1.02\x1b[31m ").as_deref(), Some("1.02[31m"));
        assert_eq!(said(&[0xff, 0x1b, 0x00]), None);
    }
}
