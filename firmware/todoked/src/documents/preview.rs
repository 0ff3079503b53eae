//! A kept page as a screen shows it: smaller, and in few shades, so that it travels in every view.

use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _, ImageFormat, ImageReader, Limits, imageops};

/// Longest side in pixels: 150 dots per inch of A4, at which small print can be read.
const SIDE_MAX: u32 = 1_754;
/// No page is kept larger; what claims to be is not decoded.
const GIVEN_SIDE_MAX: u32 = 8_000;
/// Bytes that decoding may take.
const MEMORY_MAX: u64 = 256 << 20;
/// Paper: from this shade on it is white.
const WHITE: u8 = 226;

/// From the JPEG of a page to gray PNG in base64; `None` for anything else.
pub(crate) fn preview(jpeg: &[u8]) -> Option<String> {
    let mut reader = ImageReader::with_format(Cursor::new(jpeg), ImageFormat::Jpeg);
    let mut limits = Limits::default();
    limits.max_image_width = Some(GIVEN_SIDE_MAX);
    limits.max_image_height = Some(GIVEN_SIDE_MAX);
    limits.max_alloc = Some(MEMORY_MAX);
    reader.limits(limits);
    let page = reader.decode().ok()?.into_luma8();
    let (width, height) = page.dimensions();
    let longest = width.max(height).max(1);
    let share = SIDE_MAX.min(longest);
    let to = |side: u32| (side * share).div_euclid(longest).max(1);
    let mut small = imageops::thumbnail(&page, to(width), to(height));
    for shade in small.iter_mut() {
        *shade = if *shade >= WHITE { 255 } else { *shade & 0xf0 };
    }
    let mut bytes = Vec::new();
    let encoder =
        PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::NoFilter);
    let (width, height) = small.dimensions();
    let done = encoder.write_image(small.as_raw(), width, height, ExtendedColorType::L8);
    done.ok().map(|()| STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use image::GrayImage;
    use image::codecs::jpeg::JpegEncoder;

    use super::*;

    #[test]
    fn a_page_becomes_small_enough_for_a_view_and_stays_readable() {
        let page = GrayImage::from_fn(1_697, 2_400, |x, y| {
            let ink = x % 40 < 20 && y % 60 < 30;
            image::Luma([if ink { 20 } else { 240 }])
        });
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, 60)
            .write_image(page.as_raw(), 1_697, 2_400, ExtendedColorType::L8)
            .unwrap();
        let text = preview(&jpeg).unwrap();
        assert!(
            text.len() < counter_api::LINE_BYTES_MAX / 4,
            "{}",
            text.len()
        );
        let png = STANDARD.decode(text).unwrap();
        let small = image::load_from_memory(&png).unwrap().to_luma8();
        assert_eq!(small.dimensions(), (1_240, 1_754));
        assert_eq!(small.get_pixel(24, 35).0[0], 255);
        assert!(small.get_pixel(7, 11).0[0] < 64);
    }

    #[test]
    fn what_is_no_page_is_none() {
        assert!(preview(b"").is_none());
        assert!(preview(b"\xff\xd8\xff\xe0 no picture").is_none());
    }
}
