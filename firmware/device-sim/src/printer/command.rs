//! ESC/POS commands, as far as receipts use them.
//!
//! Source: Epson's ESC/POS command reference (public web edition), one command per arm.

/// One command and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command<'a> {
    /// ESC @.
    Initialise,
    /// LF.
    LineFeed,
    /// ESC d n: feed so many lines.
    FeedLines(u8),
    /// ESC J n: feed so many dots.
    FeedDots(u8),
    /// ESC a n: 0 left, 1 centre, 2 right.
    Align(u8),
    /// `ESC E n`.
    Bold(u8),
    /// `GS ! n`: width in the high, height in the low half, each less one.
    Size(u8),
    /// `FS C n`: 1 is `Shift_JIS`.
    KanjiCode(u8),
    /// `FS &` and `FS .`
    KanjiMode(u8),
    /// GS v 0: a picture.
    Raster { row_bytes: usize, data: &'a [u8] },
    /// GS ( k, functions 67 (size), 80 (data) and 81 (print) of QR codes.
    QrSize(u8),
    /// Content.
    QrData(&'a [u8]),
    /// Print.
    QrPrint,
    /// GS V.
    Cut,
    /// DLE EOT n.
    RealTimeStatus(u8),
    /// GS r n.
    Status(u8),
    /// GS I n: what it says about itself.
    Identity(u8),
    /// One character, one or two bytes.
    Text(&'a [u8]),
    /// Understood, without a mark on the paper.
    Quiet,
    /// Not understood; one byte is skipped.
    Unknown,
}

/// The first command of `bytes` and its length; `None` while it is not complete.
#[expect(
    clippy::match_same_arms,
    reason = "the arms stand in the order in which bytes become complete"
)]
pub(crate) fn next(bytes: &[u8]) -> Option<(Command<'_>, usize)> {
    use Command as C;
    Some(match *bytes {
        [] | [0x10 | 0x1b..=0x1d] => return None,
        [0x0a, ..] => (C::LineFeed, 1),
        [0x00 | 0x0d, ..] => (C::Quiet, 1),
        [0x1b, 0x40, ..] => (C::Initialise, 2),
        [0x1b, 0x32, ..] => (C::Quiet, 2),
        [0x1c, 0x26, ..] => (C::KanjiMode(1), 2),
        [0x1c, 0x2e, ..] => (C::KanjiMode(0), 2),
        [0x10, 0x04] | [0x1b..=0x1d, _] => return None,
        [0x10, 0x04, n, ..] => (C::RealTimeStatus(n), 3),
        [0x1b, 0x64, n, ..] => (C::FeedLines(n), 3),
        [0x1b, 0x4a, n, ..] => (C::FeedDots(n), 3),
        [0x1b, 0x61, n, ..] => (C::Align(n), 3),
        [0x1b, 0x45, n, ..] => (C::Bold(n), 3),
        [0x1b, 0x2d | 0x33 | 0x47 | 0x4d | 0x52 | 0x74 | 0x7b, _, ..] => (C::Quiet, 3),
        [0x1c, 0x43, n, ..] => (C::KanjiCode(n), 3),
        [0x1d, 0x21, n, ..] => (C::Size(n), 3),
        [0x1d, 0x42 | 0x62, _, ..] => (C::Quiet, 3),
        [0x1d, 0x49, n, ..] => (C::Identity(n), 3),
        [0x1d, 0x72, n, ..] => (C::Status(n), 3),
        [0x1d, 0x56, 0 | 1 | 48 | 49, ..] => (C::Cut, 3),
        [0x1d, 0x56, 65 | 66, ..] => (C::Cut, (bytes.len() >= 4).then_some(4)?),
        [0x1d, 0x76, 0x30, ..] => return raster(bytes),
        [0x1d, 0x28, 0x6b, ..] => return qr(bytes),
        [0x81..=0x9f | 0xe0..=0xfc] => return None,
        [0x81..=0x9f | 0xe0..=0xfc, _, ..] => (C::Text(bytes.get(..2)?), 2),
        [0x20..=0x7e | 0xa1..=0xdf, ..] => (C::Text(bytes.get(..1)?), 1),
        _ => (C::Unknown, 1),
    })
}

fn raster(bytes: &[u8]) -> Option<(Command<'_>, usize)> {
    let [
        _,
        _,
        _,
        _,
        wide_low,
        wide_high,
        high_low,
        high_high,
        rest @ ..,
    ] = bytes
    else {
        return None;
    };
    let row_bytes = usize::from(u16::from_le_bytes([*wide_low, *wide_high]));
    let rows = usize::from(u16::from_le_bytes([*high_low, *high_high]));
    let data = rest.get(..row_bytes * rows)?;
    Some((Command::Raster { row_bytes, data }, 8 + data.len()))
}

fn qr(bytes: &[u8]) -> Option<(Command<'_>, usize)> {
    let [_, _, _, low, high, rest @ ..] = bytes else {
        return None;
    };
    let length = usize::from(u16::from_le_bytes([*low, *high]));
    let command = match rest.get(..length)? {
        [49, 67, size] => Command::QrSize(*size),
        [49, 80, 48, data @ ..] => Command::QrData(data),
        [49, 81, 48] => Command::QrPrint,
        [49, 65, ..] | [49, 69, _] => Command::Quiet,
        _ => Command::Unknown,
    };
    Some((command, 5 + length))
}
