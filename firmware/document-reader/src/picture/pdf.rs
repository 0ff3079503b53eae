//! PDF as scanners write it, drawn at 300 dots per inch.
//!
//! Compressed parts are unpacked once with a limit before the renderer, which has none, may see them.

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::object::dict::keys::{FILTER, HEIGHT, WIDTH};
use hayro::hayro_syntax::object::{Array, Name, Object, Stream};
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{RenderCache, RenderSettings, render};

use super::{OpenPictureError, PIXELS_MAX, Picture, SIDE_MAX, UNPACKED_MAX, sides};
use crate::pixels::{real, side, whole};

/// Dots a point (1/72 inch) at 300 dots per inch.
const SCALE: f32 = 300.0 / 72.0;
/// Compressed bytes of the two codings that are only known by name: they can grow 2,700 and 64 fold.
const LZW_MAX: usize = 96 << 10;
const RUN_LENGTH_MAX: usize = 4 << 20;
/// All parts of a file together.
const ALL_UNPACKED_MAX: usize = 2 << 30;

/// How many pages.
pub(super) fn count(bytes: &[u8]) -> Result<usize, OpenPictureError> {
    unpacks_bounded(bytes)?;
    let pdf = open(bytes)?;
    for object in pdf.objects() {
        if let Object::Stream(stream) = object {
            check_stream(&stream)?;
        }
    }
    Ok(pdf.pages().len())
}

/// One page, from 0. Only called after [`count`] went through.
pub(super) fn page(bytes: &[u8], number: usize) -> Result<Picture, OpenPictureError> {
    let pdf = open(bytes)?;
    let page = pdf
        .pages()
        .get(number)
        .ok_or(OpenPictureError::NoSuchPage)?;
    let scale = scale_of(page)?;
    let settings = RenderSettings {
        x_scale: scale,
        y_scale: scale,
        bg_color: WHITE,
        ..RenderSettings::default()
    };
    let drawn = render(
        page,
        &RenderCache::new(),
        &InterpreterSettings::default(),
        &settings,
    );
    let (width, height) = sides(u32::from(drawn.width()), u32::from(drawn.height()))?;
    // The page was painted white first, so nothing is transparent.
    let data = drawn
        .data_as_u8_slice()
        .chunks_exact(4)
        .flat_map(|pixel| pixel.iter().take(3).copied())
        .collect();
    Picture::from_rgb(width, height, data)
}

fn open(bytes: &[u8]) -> Result<Pdf, OpenPictureError> {
    Pdf::new(bytes.to_vec()).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => OpenPictureError::Locked,
        LoadPdfError::Decryption(_) => OpenPictureError::Unsupported,
        LoadPdfError::Invalid => OpenPictureError::Damaged,
    })
}

/// 300 dots per inch, less for pages larger than A3.
fn scale_of(page: &Page<'_>) -> Result<f32, OpenPictureError> {
    let (width, height) = page.render_dimensions();
    if !(width.is_finite() && height.is_finite()) || width < 4.0 || height < 4.0 {
        return Err(OpenPictureError::Damaged);
    }
    let most = (real(PIXELS_MAX / 4) / (width * height)).sqrt();
    let longest = real(SIDE_MAX) / width.max(height);
    let scale = SCALE.min(most).min(longest);
    sides(side(whole(width * scale)), side(whole(height * scale)))?;
    Ok(scale)
}

/// Unpacks whatever looks like a deflated part, one at a time, and keeps nothing of it.
fn unpacks_bounded(bytes: &[u8]) -> Result<(), OpenPictureError> {
    let mut all = 0_usize;
    for start in stream_starts(bytes) {
        let Some(part) = bytes.get(start..) else {
            continue;
        };
        if !is_deflated(part) {
            continue;
        }
        match miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(part, UNPACKED_MAX) {
            Ok(data) if is_deflated(&data) => return Err(OpenPictureError::TooLarge),
            Ok(data) => all += data.len(),
            Err(error) if error.output.len() >= UNPACKED_MAX => {
                return Err(OpenPictureError::TooLarge);
            }
            Err(error) => all += error.output.len(),
        }
        if all > ALL_UNPACKED_MAX {
            return Err(OpenPictureError::TooLarge);
        }
    }
    Ok(())
}

/// Places just after each `stream` keyword and its line end.
fn stream_starts(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    const WORD: &[u8] = b"stream";
    (0..bytes.len().saturating_sub(WORD.len() + 2)).filter_map(move |at| {
        let rest = bytes.get(at..)?.strip_prefix(WORD)?;
        let skipped = match rest {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => return None,
        };
        Some(at + WORD.len() + skipped)
    })
}

/// A zlib header (RFC 1950): method 8 and a check of the first two bytes.
fn is_deflated(bytes: &[u8]) -> bool {
    match bytes {
        [first, second, ..] => {
            first & 0x0f == 8 && u16::from_be_bytes([*first, *second]).is_multiple_of(31)
        }
        _ => false,
    }
}

fn check_stream(stream: &Stream<'_>) -> Result<(), OpenPictureError> {
    let dict = stream.dict();
    let mut names: Vec<Vec<u8>> = Vec::new();
    if let Some(name) = dict.get::<Name<'_>>(FILTER) {
        names.push(name.as_ref().to_vec());
    } else if let Some(array) = dict.get::<Array<'_>>(FILTER) {
        names.extend(array.iter::<Name<'_>>().map(|name| name.as_ref().to_vec()));
    }
    let is = |name: &[u8], long: &[u8], short: &[u8]| name == long || name == short;
    let length = stream.raw_data().len();
    let lzw = names
        .iter()
        .filter(|one| is(one, b"LZWDecode", b"LZW"))
        .count();
    let runs = names
        .iter()
        .filter(|one| is(one, b"RunLengthDecode", b"RL"))
        .count();
    let flate = names
        .iter()
        .filter(|one| is(one, b"FlateDecode", b"Fl"))
        .count();
    if lzw + runs + flate > 1
        || (lzw > 0 && length > LZW_MAX)
        || (runs > 0 && length > RUN_LENGTH_MAX)
    {
        return Err(OpenPictureError::TooLarge);
    }
    match (dict.get::<u32>(WIDTH), dict.get::<u32>(HEIGHT)) {
        (Some(width), Some(height)) if u64::from(width) * u64::from(height) > 70_000_000 => {
            Err(OpenPictureError::TooLarge)
        }
        _ => Ok(()),
    }
}
