//! Pictures on the virtual cards. They show nobody.

use std::sync::OnceLock;

use paper_devices::{FontRaster, LineRaster};

/// A head of two ellipses, grey, as on My Number cards and licences.
pub(super) const HEAD_GREY: &[u8] = include_bytes!("../../pictures/head-grey.jp2");
/// The same in colour, as on residence cards.
pub(super) const HEAD_COLOUR: &[u8] = include_bytes!("../../pictures/head-colour.jp2");
/// Front of a first-generation residence card, CCITT group 4.
pub(super) const RESIDENCE_FRONT: &[u8] = include_bytes!("../../pictures/residence-front.tif");
/// Name on a second-generation residence card.
pub(super) const RESIDENCE_NAME: &[u8] = include_bytes!("../../pictures/residence-name.tif");
/// Address on a second-generation residence card.
pub(super) const RESIDENCE_ADDRESS: &[u8] = include_bytes!("../../pictures/residence-address.tif");

/// Dots of a character on the face of a My Number card.
const HEIGHT: usize = 12;
/// Font of the Debian package `fonts-morisawa-bizud-gothic`.
const FONT: &str = "/usr/share/fonts/truetype/bizud-gothic/BIZUDGothic-Regular.ttf";

/// A line of text as the card face holds it: PNG, one bit, twelve dots high. Blank where the font
/// is not installed or lacks a character.
pub(super) fn text_picture(text: &str) -> Vec<u8> {
    static RASTER: OnceLock<Option<FontRaster>> = OnceLock::new();
    let raster = RASTER.get_or_init(|| FontRaster::open(&[FONT.as_ref()]).ok());
    let drawn = raster
        .as_ref()
        .and_then(|raster| raster.draw(text, HEIGHT).ok());
    let (width, rows) = match drawn {
        Some(bitmap) if bitmap.width() > 0 => (bitmap.width(), bitmap.bits().to_vec()),
        Some(_) | None => (HEIGHT, vec![0; HEIGHT.div_ceil(8) * HEIGHT]),
    };
    // In a PNG of one bit, 1 is white.
    let white: Vec<u8> = rows.iter().map(|byte| !byte).collect();
    encode(width, &white).unwrap_or_default()
}

fn encode(width: usize, rows: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let height = u32::try_from(HEIGHT).ok()?;
    let mut encoder = png::Encoder::new(&mut bytes, u32::try_from(width).ok()?, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    // The same bytes whichever version compresses: transcripts count them.
    encoder.set_compression(png::Compression::NoCompression);
    encoder.write_header().ok()?.write_image_data(rows).ok()?;
    Some(bytes)
}
