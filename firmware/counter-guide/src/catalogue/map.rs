//! Maps of places: a picture kept beside the YAML files, or an address on the web for a QR code.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How the name of a picture ends.
const ENDING: &str = ".png";
/// Largest picture, and the most pixels of a side: a sheet has several and is sent to printers.
const BYTES_MAX: usize = 400 << 10;
const SIDE_MAX: u32 = 3_000;
/// Longest address whose code can still be scanned at the size it is printed in.
const ADDRESS_MAX: usize = 150;

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A];
/// Length, kind and checksum of a part of a PNG, without its content.
const FRAME: usize = 12;

/// A map as a PNG picture, in base64 as it travels with the catalogue's texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapPicture {
    /// The PNG.
    pub png_base64: Arc<str>,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl MapPicture {
    /// Takes the text of a picture's file.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let bytes = STANDARD.decode(text).unwrap_or_default();
        if bytes.len() > BYTES_MAX {
            return Err("is larger than 400 kB; save it with fewer pixels or colours");
        }
        let (width, height) =
            size(&bytes).ok_or("is not a whole PNG picture; save it again as PNG")?;
        if width > SIDE_MAX || height > SIDE_MAX {
            return Err("has more than 3,000 pixels on a side; make it smaller");
        }
        Ok(Self {
            png_base64: text.into(),
            width,
            height,
        })
    }
}

/// Whether a file of a catalogue is a picture.
pub fn is_picture(name: &str) -> bool {
    name.ends_with(ENDING)
}

/// A file of a catalogue's folder as the text it travels as: a picture in base64.
///
/// # Errors
/// The first line, from 1, that is not in UTF-8.
pub fn text_of(name: &str, bytes: Vec<u8>) -> Result<String, usize> {
    if is_picture(name) {
        return Ok(STANDARD.encode(bytes));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error
            .as_bytes()
            .iter()
            .take(error.utf8_error().valid_up_to());
        good.filter(|byte| **byte == b'\n').count() + 1
    })
}

/// The file again, of the text it travels as.
pub fn file_of(name: &str, text: &str) -> Vec<u8> {
    let picture = is_picture(name).then(|| STANDARD.decode(text).ok());
    picture
        .flatten()
        .unwrap_or_else(|| text.as_bytes().to_vec())
}

/// Width and height of a PNG that has all its parts.
fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut rest = bytes.strip_prefix(&SIGNATURE)?;
    let mut size = None;
    let mut has_pixels = false;
    loop {
        let length = usize::try_from(number(rest.get(..4)?)?).ok()?;
        let kind = rest.get(4..8)?;
        let content = rest.get(8..8_usize.checked_add(length)?)?;
        match kind {
            b"IHDR" => size = Some((number(content.get(..4)?)?, number(content.get(4..8)?)?)),
            b"IDAT" => has_pixels = true,
            b"IEND" => break,
            _ => {}
        }
        rest = rest.get(length.checked_add(FRAME)?..)?;
    }
    let is_drawn = |(width, height): &(u32, u32)| *width > 0 && *height > 0;
    size.filter(is_drawn).filter(|_| has_pixels)
}

fn number(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

/// What is wrong with the address of a map, and what to do.
pub(super) fn wrong_address(address: &str) -> Option<&'static str> {
    let Some(rest) = address.strip_prefix("https://") else {
        return Some("the address of a map begins with https://");
    };
    let is_plain = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c);
    if !address.chars().all(is_plain) {
        return Some(
            "the address of a map has a blank or a letter that no address has; copy it from the browser's address line",
        );
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if !is_host(host) {
        return Some("the address of a map names no site, such as https://www.city.example/map");
    }
    (address.len() > ADDRESS_MAX).then_some(
        "the address of a map is longer than 150 letters, too long for a code that can be scanned; give a shorter one",
    )
}

/// A name with at least one dot, and perhaps a port.
fn is_host(written: &str) -> bool {
    let (name, port) = written.split_once(':').unwrap_or((written, "443"));
    let is_label = |label: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !label.is_empty() && label.chars().all(plain) && !label.starts_with('-')
    };
    name.contains('.') && name.split('.').all(is_label) && port.parse::<u16>().is_ok()
}
