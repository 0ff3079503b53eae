//! PNG and JPEG. The picture is turned as its camera says (EXIF), as every viewer shows it.

use std::io::Cursor;

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::{ColorType, DynamicImage, ImageDecoder, Limits};

use super::{OpenPictureError, Picture, sides};
use crate::plane::Plane;

/// A PNG.
pub(super) fn png(bytes: &[u8]) -> Result<Picture, OpenPictureError> {
    decoded(PngDecoder::with_limits(Cursor::new(bytes), limits()).map_err(in_words)?)
}

/// A JPEG.
pub(super) fn jpeg(bytes: &[u8]) -> Result<Picture, OpenPictureError> {
    decoded(JpegDecoder::new(Cursor::new(bytes)).map_err(in_words)?)
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(1 << 30);
    limits
}

fn decoded(mut decoder: impl ImageDecoder) -> Result<Picture, OpenPictureError> {
    let (width, height) = decoder.dimensions();
    sides(width, height)?;
    let turn = decoder.orientation().map_err(in_words)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(in_words)?;
    image.apply_orientation(turn);
    from_image(image)
}

fn from_image(image: DynamicImage) -> Result<Picture, OpenPictureError> {
    let (width, height) = sides(image.width(), image.height())?;
    let gray = |image: DynamicImage| {
        Ok(Picture {
            gray: Plane::from_data(width, height, image.into_luma8().into_raw())
                .ok_or(OpenPictureError::Damaged)?,
            colour: None,
        })
    };
    let kind = image.color();
    if kind.has_alpha() {
        // What is transparent is paper.
        let mut image = image.into_rgba8();
        for pixel in image.pixels_mut() {
            let [.., alpha] = pixel.0;
            for channel in pixel.0.iter_mut().take(3) {
                let paper = 255 - alpha;
                *channel = paper.saturating_add(scaled(*channel, alpha));
            }
        }
        let image = DynamicImage::ImageRgba8(image).into_rgb8();
        return Picture::from_rgb(width, height, image.into_raw());
    }
    if matches!(kind, ColorType::L8 | ColorType::L16) {
        gray(image)
    } else {
        Picture::from_rgb(width, height, image.into_rgb8().into_raw())
    }
}

fn scaled(value: u8, by: u8) -> u8 {
    u8::try_from(u16::from(value) * u16::from(by) / 255).unwrap_or(255)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "map_err hands the error over"
)]
fn in_words(error: image::ImageError) -> OpenPictureError {
    match error {
        image::ImageError::Limits(_) => OpenPictureError::TooLarge,
        image::ImageError::Unsupported(_) => OpenPictureError::Unsupported,
        image::ImageError::Decoding(_)
        | image::ImageError::Encoding(_)
        | image::ImageError::Parameter(_)
        | image::ImageError::IoError(_) => OpenPictureError::Damaged,
    }
}
