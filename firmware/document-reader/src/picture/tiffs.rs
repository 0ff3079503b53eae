//! TIFF: several pages, fax coding, and fax machines' oblong pixels.

use std::io::Cursor;

use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

use super::fax::{self, Coding, Strip};
use super::{OpenPictureError, PAGES_MAX, Picture, UNPACKED_MAX, sides};
use crate::pixels::{real, whole};
use crate::plane::Plane;

type Tiff<'a> = Decoder<Cursor<&'a [u8]>>;

/// How many pages; never more than one above the limit.
pub(super) fn count(bytes: &[u8]) -> Result<usize, OpenPictureError> {
    let mut decoder = open(bytes)?;
    let mut pages = 1;
    while decoder.more_images() && pages <= PAGES_MAX {
        decoder.next_image().map_err(in_words)?;
        pages += 1;
    }
    Ok(pages)
}

/// One page, from 0.
pub(super) fn page(bytes: &[u8], number: usize) -> Result<Picture, OpenPictureError> {
    let mut decoder = open(bytes)?;
    for _ in 0..number {
        decoder.next_image().map_err(in_words)?;
    }
    let (width, height) = decoder.dimensions().map_err(in_words)?;
    let (width, height) = sides(width, height)?;
    let compression: u16 = tag(&mut decoder, Tag::Compression)?.unwrap_or(1);
    let picture = match compression {
        2..=4 => faxed(&mut decoder, bytes, (width, height), compression)?,
        _ => plain(&mut decoder, width, height)?,
    };
    squared(picture, &mut decoder)
}

fn open(bytes: &[u8]) -> Result<Tiff<'_>, OpenPictureError> {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = UNPACKED_MAX;
    limits.intermediate_buffer_size = UNPACKED_MAX;
    Ok(Decoder::new(Cursor::new(bytes))
        .map_err(in_words)?
        .with_limits(limits))
}

fn tag<T: TryFrom<u64>>(decoder: &mut Tiff<'_>, tag: Tag) -> Result<Option<T>, OpenPictureError> {
    decoder.find_tag_unsigned(tag).map_err(in_words)
}

fn plain(decoder: &mut Tiff<'_>, width: usize, height: usize) -> Result<Picture, OpenPictureError> {
    let kind = decoder.colortype().map_err(in_words)?;
    let white_is_zero = tag::<u16>(decoder, Tag::PhotometricInterpretation)? == Some(0);
    let image = decoder.read_image().map_err(in_words)?;
    let data = if let DecodingResult::U8(data) = image {
        data
    } else if let DecodingResult::U16(data) = image {
        data.iter().map(|one| upper(*one)).collect()
    } else {
        return Err(OpenPictureError::Unsupported);
    };
    let pixels = width * height;
    if matches!(kind, ColorType::Gray(8 | 16)) {
        return gray(width, height, data);
    }
    if matches!(kind, ColorType::RGB(8 | 16)) {
        return Picture::from_rgb(width, height, data);
    }
    if matches!(kind, ColorType::RGBA(8 | 16)) && data.len() == pixels * 4 {
        let opaque = data
            .chunks_exact(4)
            .flat_map(|one| one.iter().take(3).copied())
            .collect();
        return Picture::from_rgb(width, height, opaque);
    }
    if !matches!(kind, ColorType::Gray(1)) {
        return Err(OpenPictureError::Unsupported);
    }
    let mut data = unpacked(&data, width, height)?;
    // The decoder turns "white is zero" round only for whole bytes.
    if white_is_zero {
        for one in &mut data {
            *one = 255 - *one;
        }
    }
    gray(width, height, data)
}

fn gray(width: usize, height: usize, data: Vec<u8>) -> Result<Picture, OpenPictureError> {
    Ok(Picture {
        gray: Plane::from_data(width, height, data).ok_or(OpenPictureError::Damaged)?,
        colour: None,
    })
}

fn upper(value: u16) -> u8 {
    let [high, _] = value.to_be_bytes();
    high
}

fn unpacked(data: &[u8], width: usize, height: usize) -> Result<Vec<u8>, OpenPictureError> {
    let stride = width.div_ceil(8);
    if data.len() < stride * height {
        return Err(OpenPictureError::Damaged);
    }
    let mut out = Vec::with_capacity(width * height);
    for row in data.chunks_exact(stride).take(height) {
        let bits = row.iter().flat_map(|byte| {
            (0..8).map(move |bit| if byte & (0x80 >> bit) == 0 { 0 } else { 255 })
        });
        out.extend(bits.take(width));
    }
    Ok(out)
}

fn faxed(
    decoder: &mut Tiff<'_>,
    bytes: &[u8],
    (width, height): (usize, usize),
    compression: u16,
) -> Result<Picture, OpenPictureError> {
    let two_ways = tag::<u32>(decoder, Tag::Unknown(292))?.unwrap_or(0) & 1 == 1;
    let coding = match (compression, two_ways) {
        (2, _) => Coding::Plain,
        (3, false) => Coding::Group3,
        (3, true) => Coding::Group3Both,
        _ => Coding::Group4,
    };
    let lowest_first = tag::<u16>(decoder, Tag::FillOrder)? == Some(2);
    let black_is_zero = tag::<u16>(decoder, Tag::PhotometricInterpretation)? == Some(1);
    let per_strip = tag::<u32>(decoder, Tag::RowsPerStrip)?
        .and_then(|rows| usize::try_from(rows).ok())
        .map_or(height, |rows| rows.clamp(1, height));
    let mut list = |tag: Tag| -> Result<Vec<u64>, OpenPictureError> {
        Ok(decoder
            .find_tag_unsigned_vec(tag)
            .map_err(in_words)?
            .unwrap_or_default())
    };
    let starts = list(Tag::StripOffsets)?;
    let lengths = list(Tag::StripByteCounts)?;
    let mut data = Vec::with_capacity(width * height);
    for (start, length) in starts.iter().zip(&lengths) {
        let rows = per_strip.min(height - data.len() / width);
        if rows == 0 {
            break;
        }
        let strip = Strip {
            width,
            rows,
            coding,
            lowest_first,
        };
        data.extend(fax::decode(part(bytes, *start, *length)?, strip)?);
    }
    if data.is_empty() {
        return Err(OpenPictureError::Damaged);
    }
    data.resize(width * height, 255);
    if black_is_zero {
        for one in &mut data {
            *one = 255 - *one;
        }
    }
    gray(width, height, data)
}

fn part(bytes: &[u8], start: u64, length: u64) -> Result<&[u8], OpenPictureError> {
    let start = usize::try_from(start).map_err(|_| OpenPictureError::Damaged)?;
    let rest = bytes.get(start..).ok_or(OpenPictureError::Damaged)?;
    let length = usize::try_from(length).map_err(|_| OpenPictureError::Damaged)?;
    // A fax server that was cut off leaves a short last strip; what is there is read.
    Ok(rest.get(..length).unwrap_or(rest))
}

/// Fax machines scan finer across than down (204 by 98 dots per inch); text readers want square pixels.
fn squared(picture: Picture, decoder: &mut Tiff<'_>) -> Result<Picture, OpenPictureError> {
    let mut resolution = |tag: Tag| match decoder.find_tag(tag) {
        Ok(Some(tiff::decoder::ifd::Value::Rational(above, below))) if below > 0 && above > 0 => {
            Some(f64::from(above) / f64::from(below))
        }
        _ => None,
    };
    let across = resolution(Tag::XResolution);
    let down = resolution(Tag::YResolution);
    let ratio = match (across, down) {
        (Some(across), Some(down)) => crate::pixels::narrow(across / down),
        _ => 1.0,
    };
    if !(1.2..=4.0).contains(&ratio) || picture.colour.is_some() {
        return Ok(picture);
    }
    let height = whole(real(picture.gray.height()) * ratio);
    let (width, height) = sides(
        crate::pixels::side(picture.gray.width()),
        crate::pixels::side(height),
    )?;
    Ok(Picture {
        gray: picture.gray.resized(width, height),
        colour: None,
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "map_err hands the error over"
)]
fn in_words(error: tiff::TiffError) -> OpenPictureError {
    if matches!(error, tiff::TiffError::UnsupportedError(_)) {
        OpenPictureError::Unsupported
    } else if matches!(
        error,
        tiff::TiffError::LimitsExceeded | tiff::TiffError::IntSizeError
    ) {
        OpenPictureError::TooLarge
    } else {
        OpenPictureError::Damaged
    }
}
