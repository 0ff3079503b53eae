//! Files of pages, opened with care: PNG, JPEG, TIFF (with fax coding and several pages) and PDF.
//!
//! The bytes are foreign. Every size is checked before memory is taken, what a decoder gets wrong ends
//! in an [`OpenPictureError`], and pages are opened one at a time, so that a file of many pages needs no more memory than
//! one. Nothing is written anywhere.

mod fax;
mod pdf;
mod raster;
mod tiffs;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::plane::Plane;

/// Most pixels of one page: A3 at 600 dpi.
pub const PIXELS_MAX: usize = 70_000_000;
/// Longest side in pixels.
pub const SIDE_MAX: usize = 16_000;
/// Shortest side in pixels; smaller holds no text.
pub const SIDE_MIN: usize = 16;
/// Largest file.
pub const BYTES_MAX: usize = 100 << 20;
/// Most pages of one file.
pub const PAGES_MAX: usize = 100;
/// Most bytes that one compressed part of a file may become.
const UNPACKED_MAX: usize = 256 << 20;

/// Why a file gives no page.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
#[non_exhaustive]
pub enum OpenPictureError {
    /// None of the four formats.
    #[error("neither PNG, JPEG, TIFF nor PDF")]
    UnknownFormat,
    /// The decoder does not get through.
    #[error("damaged or unfinished file")]
    Damaged,
    /// A variant of the format that is not read.
    #[error("variant of the format that is not read")]
    Unsupported,
    /// More bytes, pixels or pages than a page of paper can need.
    #[error("too large: more than {BYTES_MAX} bytes, {PIXELS_MAX} pixels or {PAGES_MAX} pages")]
    TooLarge,
    /// Fewer than [`SIDE_MIN`] pixels on a side.
    #[error("too small to hold text")]
    TooSmall,
    /// A PDF that wants a password.
    #[error("locked with a password")]
    Locked,
    /// No such page.
    #[error("no such page")]
    NoSuchPage,
}

impl OpenPictureError {
    /// Stable code for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownFormat => "DOCUMENT-FORMAT-UNKNOWN",
            Self::Damaged => "DOCUMENT-DAMAGED",
            Self::Unsupported => "DOCUMENT-UNSUPPORTED",
            Self::TooLarge => "DOCUMENT-TOO-LARGE",
            Self::TooSmall => "DOCUMENT-TOO-SMALL",
            Self::Locked => "DOCUMENT-LOCKED",
            Self::NoSuchPage => "DOCUMENT-NO-PAGE",
        }
    }
}

/// A page as a scanner or camera gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Shades.
    pub gray: Plane,
    /// Red, green and blue of each pixel, where the picture has colour.
    pub colour: Option<Colour>,
}

/// Colours of a picture, three bytes a pixel, of the same size as its shades.
#[derive(Clone, PartialEq, Eq)]
pub struct Colour(pub Vec<u8>);

impl std::fmt::Debug for Colour {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Colour({} bytes)", self.0.len())
    }
}

impl Picture {
    /// From red, green and blue; kept as gray alone where no pixel shows a colour.
    ///
    /// # Errors
    /// `Damaged` when there are not exactly three bytes a pixel.
    pub fn from_rgb(width: usize, height: usize, data: Vec<u8>) -> Result<Self, OpenPictureError> {
        if data.len() != width * height * 3 {
            return Err(OpenPictureError::Damaged);
        }
        let coloured = data.chunks_exact(3).filter(|one| spread(one) > 40).count();
        let gray = data.chunks_exact(3).map(luma).collect();
        Ok(Self {
            gray: Plane::from_data(width, height, gray).ok_or(OpenPictureError::Damaged)?,
            // A few pixels are a camera's or JPEG's noise, not a stamp.
            colour: (coloured * 20_000 > width * height).then_some(Colour(data)),
        })
    }
}

/// How far the channels of a pixel lie apart.
pub(crate) fn spread(pixel: &[u8]) -> u8 {
    let high = pixel.iter().copied().max().unwrap_or(0);
    let low = pixel.iter().copied().min().unwrap_or(0);
    high - low
}

fn luma(pixel: &[u8]) -> u8 {
    let weighted: u32 = pixel
        .iter()
        .zip([77_u32, 150, 29])
        .map(|(value, weight)| u32::from(*value) * weight)
        .sum();
    u8::try_from(weighted >> 8).unwrap_or(255)
}

/// A file whose pages are opened one at a time.
pub struct Document {
    format: Format,
    bytes: Vec<u8>,
    pages: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Png,
    Jpeg,
    Tiff,
    Pdf,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Document")
            .field("format", &self.format)
            .field("pages", &self.pages)
            .finish_non_exhaustive()
    }
}

impl Document {
    /// Looks at the bytes of a file: which format, how many pages.
    ///
    /// # Errors
    /// Every variant of [`OpenPictureError`] but `NoSuchPage`.
    pub fn open(bytes: Vec<u8>) -> Result<Self, OpenPictureError> {
        if bytes.len() > BYTES_MAX {
            return Err(OpenPictureError::TooLarge);
        }
        let format = format_of(&bytes).ok_or(OpenPictureError::UnknownFormat)?;
        let pages = guarded(|| match format {
            Format::Png | Format::Jpeg => Ok(1),
            Format::Tiff => tiffs::count(&bytes),
            Format::Pdf => pdf::count(&bytes),
        })?;
        match pages {
            0 => Err(OpenPictureError::Damaged),
            1..=PAGES_MAX => Ok(Self {
                format,
                bytes,
                pages,
            }),
            _ => Err(OpenPictureError::TooLarge),
        }
    }

    /// How many pages the file has; never 0.
    pub fn pages(&self) -> usize {
        self.pages
    }

    /// One page, from 0. A PDF page is drawn at 300 dots per inch.
    ///
    /// # Errors
    /// What the decoder finds, or `NoSuchPage`.
    pub fn page(&self, number: usize) -> Result<Picture, OpenPictureError> {
        if number >= self.pages {
            return Err(OpenPictureError::NoSuchPage);
        }
        guarded(|| match self.format {
            Format::Png => raster::png(&self.bytes),
            Format::Jpeg => raster::jpeg(&self.bytes),
            Format::Tiff => tiffs::page(&self.bytes, number),
            Format::Pdf => pdf::page(&self.bytes, number),
        })
    }
}

fn format_of(bytes: &[u8]) -> Option<Format> {
    let head = bytes.get(..1024).unwrap_or(bytes);
    if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(Format::Png)
    } else if head.starts_with(&[0xff, 0xd8, 0xff]) {
        Some(Format::Jpeg)
    } else if [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]
        .iter()
        .any(|magic| head.starts_with(*magic))
    {
        Some(Format::Tiff)
    } else {
        // Some scanners put a few bytes before the header; readers accept it within the first kilobyte.
        head.windows(5)
            .any(|window| window == b"%PDF-")
            .then_some(Format::Pdf)
    }
}

/// A decoder that panics on foreign bytes has found a damaged file, not a reason to end the counter.
fn guarded<T>(decode: impl FnOnce() -> Result<T, OpenPictureError>) -> Result<T, OpenPictureError> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or(Err(OpenPictureError::Damaged))
}

/// Both sides as counts, within all limits.
fn sides(width: u32, height: u32) -> Result<(usize, usize), OpenPictureError> {
    let width = usize::try_from(width).map_err(|_| OpenPictureError::TooLarge)?;
    let height = usize::try_from(height).map_err(|_| OpenPictureError::TooLarge)?;
    if width.min(height) < SIDE_MIN {
        Err(OpenPictureError::TooSmall)
    } else if width.max(height) > SIDE_MAX || width * height > PIXELS_MAX {
        Err(OpenPictureError::TooLarge)
    } else {
        Ok((width, height))
    }
}
