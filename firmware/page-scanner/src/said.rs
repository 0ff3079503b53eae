//! What scanimage says while it works, and what it means for a person.

use thiserror::Error;

/// How far a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The side being read, from 1.
    pub sheet: u16,
    /// How much of it, in percent.
    pub percent: u8,
}

/// Why nothing, or not everything, was scanned. Sheets read before it are thrown away: half a
/// certificate is worse than none.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScanError {
    /// `scanimage` is not installed.
    #[error("scanimage is not installed")]
    NotInstalled,
    /// No scanner answers by that name, or at all.
    #[error("no scanner")]
    NoScanner,
    /// Another program has it.
    #[error("scanner busy")]
    Busy,
    /// The feeder is empty.
    #[error("document feeder empty")]
    Empty,
    /// Paper is stuck.
    #[error("document feeder jammed")]
    Jammed,
    /// A cover is open.
    #[error("scanner cover open")]
    CoverOpen,
    /// The system lets this program not reach it.
    #[error("access to the scanner denied")]
    Denied,
    /// A person stopped it, here or at the scanner.
    #[error("scan stopped")]
    Stopped,
    /// It said nothing for too long.
    #[error("scanner silent")]
    Silent,
    /// It does not take the settings.
    #[error("scanner refuses its settings")]
    Refused,
    /// Cable out, or the driver answers nonsense.
    #[error("scanner does not work")]
    Broken,
}

/// What one line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// A new side begins.
    Sheet(u16),
    /// How far the side is.
    Percent(u8),
    /// What went wrong.
    Wrong(ScanError),
}

/// The texts of `sane_strstatus` and of scanimage itself, in the C locale.
const WRONG: [(&str, ScanError); 14] = [
    ("no SANE devices found", ScanError::NoScanner),
    ("No scanners were identified", ScanError::NoScanner),
    ("Device busy", ScanError::Busy),
    ("Document feeder out of documents", ScanError::Empty),
    ("Document feeder jammed", ScanError::Jammed),
    ("Scanner cover is open", ScanError::CoverOpen),
    ("Access to resource has been denied", ScanError::Denied),
    ("Operation was canceled", ScanError::Stopped),
    ("setting of option", ScanError::Refused),
    ("unrecognized option", ScanError::Refused),
    ("Error during device I/O", ScanError::Broken),
    ("Out of memory", ScanError::Broken),
    ("Operation not supported", ScanError::Refused),
    ("Data is invalid", ScanError::Broken),
];

/// Understands a line; `None` for what does not matter.
pub(crate) fn understood(line: &str) -> Option<Said> {
    let line = line.trim();
    if let Some(number) = line.strip_prefix("Scanning page ") {
        return number.parse().ok().map(Said::Sheet);
    }
    if let Some(percent) = line.strip_prefix("Progress: ") {
        let whole = percent.split(['.', '%']).next()?;
        return whole
            .parse()
            .ok()
            .map(|percent: u8| Said::Percent(percent.min(100)));
    }
    let known = WRONG.iter().find(|(text, _)| line.contains(text));
    if let Some((_, error)) = known {
        return Some(Said::Wrong(*error));
    }
    // A device that is not there is "Invalid argument" to SANE.
    let not_opened = line.contains("open of device") && line.contains("failed");
    not_opened.then_some(Said::Wrong(ScanError::NoScanner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_scanimage_are_understood() {
        let said = |line| understood(line);
        assert_eq!(said("Scanning page 3"), Some(Said::Sheet(3)));
        assert_eq!(said("Progress: 62.8%"), Some(Said::Percent(62)));
        assert_eq!(said("Progress: (unknown)"), None);
        assert_eq!(
            said("scanimage: sane_read: Document feeder jammed"),
            Some(Said::Wrong(ScanError::Jammed))
        );
        assert_eq!(
            said("scanimage: open of device nosuch:0 failed: Invalid argument"),
            Some(Said::Wrong(ScanError::NoScanner))
        );
        assert_eq!(
            said("scanimage: open of device epson2:1 failed: Device busy"),
            Some(Said::Wrong(ScanError::Busy))
        );
        assert_eq!(said("Scanned page 3. (scanner status = 5)"), None);
    }
}
