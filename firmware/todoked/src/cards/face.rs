//! Pictures of a chip as the screens show them: gray, small enough for every view, PNG in base64.
//!
//! What a chip says of its pictures is not believed: size and memory are bounded before a decoder
//! allocates, and a decoder that panics has found a damaged picture.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use document_reader::Document;
use hayro_jpeg2000::{ColorSpace, DecodeSettings, Image};
use identity_cards::{FaceReading, Genuineness, Picture, PictureFormat, Sex};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::imageops::{self, FilterType as Sampling};
use image::{ExtendedColorType, GrayImage, ImageEncoder as _, ImageFormat, ImageReader, Limits};
use zeroize::{Zeroize as _, Zeroizing};

use crate::devices::FaceFacts;

/// No picture on a chip has a longer side; My Number cards have 472 pixels, residence cards about
/// 800.
const GIVEN_SIDE_MAX: u32 = 2_400;
/// Bytes that decoding may take.
const MEMORY_MAX: u64 = 64 << 20;
/// A photo is shown no larger.
const PHOTO: Fit = Fit {
    width: 192,
    height: 240,
    times: 1,
};
/// A line of print: twelve dots are too small to compare, so it is drawn larger.
const LINE: Fit = Fit {
    width: 432,
    height: 72,
    times: 2,
};
/// The whole front of a card.
const FRONT: Fit = Fit {
    width: 560,
    height: 360,
    times: 1,
};
/// Shades of a photo on the screen; fewer bytes travel in every view.
const SHADES: u8 = 0xf8;

/// The box a picture is shown in, and how many times larger than it is it may be drawn.
#[derive(Clone, Copy)]
struct Fit {
    width: u32,
    height: u32,
    times: u32,
}

/// What the desk keeps of a face, in memory only.
pub(crate) fn facts(face: &FaceReading) -> FaceFacts {
    let drawn = |picture: &Option<Picture>, fit| {
        let drawn = picture.as_ref().and_then(|picture| drawn(picture, fit));
        drawn.unwrap_or_default()
    };
    FaceFacts {
        photo: drawn(&face.photo, PHOTO),
        name: drawn(&face.name, LINE),
        address: drawn(&face.address, LINE),
        front: drawn(&face.front, FRONT),
        roman_name: face.roman_name.clone().unwrap_or_default(),
        birth_date: face.birth.clone().unwrap_or_default(),
        sex: face.sex.map_or("", sex).to_owned(),
        expires: face.expires.clone().unwrap_or_default(),
        genuineness: face.genuineness,
        // A photo that is there and cannot be shown is worth a look at the card itself.
        is_whole: [&face.photo, &face.name, &face.address, &face.front]
            .iter()
            .all(|picture| picture.as_ref().is_none_or(is_readable)),
    }
}

/// As the cards' own facts say it.
pub(super) fn sex(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "male",
        Sex::Female => "female",
        Sex::Unknown | Sex::NotApplicable => "",
    }
}

/// Whether no signature speaks against the card.
pub(crate) fn is_forged(verdict: Genuineness) -> bool {
    match verdict {
        Genuineness::Forged => true,
        Genuineness::Genuine
        | Genuineness::AuthorityUnknown
        | Genuineness::KeyUnknown
        | Genuineness::NotSigned
        | Genuineness::NotChecked => false,
    }
}

fn is_readable(picture: &Picture) -> bool {
    pixels(picture).is_some()
}

fn drawn(picture: &Picture, fit: Fit) -> Option<Zeroizing<String>> {
    let mut given = pixels(picture)?;
    let mut shown = fitted(&given, fit);
    given.as_flat_samples_mut().samples.zeroize();
    for shade in shown.iter_mut() {
        *shade = if *shade >= SHADES {
            255
        } else {
            *shade & SHADES
        };
    }
    let mut bytes = Zeroizing::new(Vec::new());
    let encoder =
        PngEncoder::new_with_quality(&mut *bytes, CompressionType::Default, FilterType::Adaptive);
    let (width, height) = shown.dimensions();
    let done = encoder.write_image(shown.as_raw(), width, height, ExtendedColorType::L8);
    shown.as_flat_samples_mut().samples.zeroize();
    done.ok().map(|()| Zeroizing::new(STANDARD.encode(&*bytes)))
}

/// The largest that fits the box and the times.
fn fitted(picture: &GrayImage, fit: Fit) -> GrayImage {
    let (width, height) = picture.dimensions();
    let (wide, high) = (width * fit.times, height * fit.times);
    // By the side that is too long for its share of the box.
    let (of, from) =
        if u64::from(wide) * u64::from(fit.height) >= u64::from(high) * u64::from(fit.width) {
            (fit.width.min(wide), wide)
        } else {
            (fit.height.min(high), high)
        };
    let to = |side: u32| (side * of).div_ceil(from.max(1)).max(1);
    let (wide, high) = (to(wide), to(high));
    if wide > width {
        // Strokes of one dot stay even.
        imageops::resize(picture, wide, high, Sampling::Triangle)
    } else {
        imageops::thumbnail(picture, wide, high)
    }
}

/// The pixels of a picture, whatever it is encoded in; `None` when it is damaged or too large.
fn pixels(picture: &Picture) -> Option<GrayImage> {
    let bytes = picture.bytes();
    let decode = || match picture.format() {
        PictureFormat::Png => png(bytes),
        PictureFormat::Tiff => tiff(bytes),
        PictureFormat::Jpeg2000 | PictureFormat::Jpeg2000Codestream => jpeg2000(bytes),
    };
    catch_unwind(AssertUnwindSafe(decode)).ok().flatten()
}

fn png(bytes: &[u8]) -> Option<GrayImage> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Png);
    let mut limits = Limits::default();
    limits.max_image_width = Some(GIVEN_SIDE_MAX);
    limits.max_image_height = Some(GIVEN_SIDE_MAX);
    limits.max_alloc = Some(MEMORY_MAX);
    reader.limits(limits);
    Some(reader.decode().ok()?.into_luma8())
}

fn tiff(bytes: &[u8]) -> Option<GrayImage> {
    let page = Document::open(bytes.to_vec()).ok()?.page(0).ok()?;
    let side = |side: usize| u32::try_from(side).ok().filter(|s| *s <= GIVEN_SIDE_MAX);
    let (width, height) = (side(page.gray.width())?, side(page.gray.height())?);
    GrayImage::from_raw(width, height, page.gray.data().to_vec())
}

fn jpeg2000(bytes: &[u8]) -> Option<GrayImage> {
    let image = Image::new(bytes, &DecodeSettings::default()).ok()?;
    let (width, height) = (image.width(), image.height());
    if width.max(height) > GIVEN_SIDE_MAX || width.min(height) == 0 {
        return None;
    }
    let channels = match image.color_space() {
        ColorSpace::Gray => 1,
        ColorSpace::RGB => 3,
        // Four inks, or a profile of its own: no card has them.
        ColorSpace::CMYK | ColorSpace::Unknown { .. } | ColorSpace::Icc { .. } => return None,
    };
    let beside = usize::from(image.has_alpha());
    let data = Zeroizing::new(image.decode().ok()?);
    let shades = data.chunks_exact(channels + beside).map(|pixel| {
        let sum: u32 = pixel.iter().take(channels).map(|one| u32::from(*one)).sum();
        let of = u32::try_from(channels).unwrap_or(1);
        u8::try_from(sum / of).unwrap_or(u8::MAX)
    });
    GrayImage::from_raw(width, height, shades.collect())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use device_sim::card::{CardPerson, CardSort, InProcessCard, VirtualCard};
    use identity_cards::session::{self, Keys, SeenCard};
    use identity_cards::{Insist, Judging, NumberB, ResidenceNumber, SessionRandom, TrustStore};

    use super::*;

    fn seen(card: VirtualCard, keys: &Keys) -> SeenCard {
        let chip = Arc::new(Mutex::new(card));
        let trusted = TrustStore::default();
        let judging = Judging {
            trusted: &trusted,
            now: 1_795_225_320,
        };
        session::read_with_face(
            &mut InProcessCard::connect(&chip),
            keys,
            Insist::No,
            &SessionRandom::new([7; 24]),
            (judging, &[]),
        )
        .unwrap()
    }

    /// Width and height of what a screen is given, and how many pixels are dark.
    #[track_caller]
    fn size(shown: &str) -> (u32, u32, usize) {
        let png = STANDARD.decode(shown).unwrap();
        let picture = image::load_from_memory(&png).unwrap().to_luma8();
        let dark = picture.pixels().filter(|pixel| pixel.0[0] < 128).count();
        (picture.width(), picture.height(), dark)
    }

    #[test]
    fn number_b_shows_photo_name_and_address() {
        let keys = Keys {
            number_b: Some(NumberB::from_parts("600714", "2033", "4711").unwrap()),
            ..Keys::default()
        };
        let seen = seen(VirtualCard::my_number(CardPerson::taro()), &keys);
        let face = facts(&seen.face.expect("the face"));
        let (width, height, dark) = size(&face.photo);
        assert_eq!((width, height), (192, 240));
        assert!(dark > 500, "{dark}");
        assert!(face.photo.len() < 60_000, "{}", face.photo.len());
        let (width, height, dark) = size(&face.name);
        assert!(width <= 432 && height == 24, "{width} {height}");
        assert!(dark > 50, "{dark}");
        assert!(size(&face.address).0 <= 432);
        assert_eq!(face.birth_date, "1985-07-14");
        assert_eq!(face.expires, "2033-07-14");
        assert!(face.is_whole);
        assert_eq!(face.genuineness, Genuineness::AuthorityUnknown);
    }

    #[test]
    fn residence_cards_show_what_their_chips_have_as_pictures() {
        let keys = Keys {
            card_number: Some(ResidenceNumber::parse("ZZ12345678YY").unwrap()),
            ..Keys::default()
        };
        let rei = |kind| VirtualCard::of(&CardPerson::rei(kind));
        let first = seen(rei(CardSort::ResidenceFirst), &keys);
        let face = facts(&first.face.expect("the face"));
        assert_eq!(size(&face.front).0, 560);
        assert!(size(&face.photo).1 <= 240);
        assert!(face.name.is_empty());
        let second = seen(rei(CardSort::ResidenceSecond), &keys);
        let face = facts(&second.face.expect("the face"));
        assert!(size(&face.name).0 <= 432);
        assert!(face.front.is_empty());
    }
}
