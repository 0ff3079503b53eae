//! What scanners, copiers and fax machines do to a page.

use fastrand::Rng;
use image::{DynamicImage, GrayImage, Rgb, RgbImage};

use crate::truth::{TruthField, TruthLine};

/// A way in which a picture is spoiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// As drawn, 300 dpi.
    Clean,
    /// A scan at 300 dpi: turned, blurred, noisy, JPEG.
    Scan300,
    /// A scan at 200 dpi, worse JPEG.
    Scan200,
    /// A colour scan of paper with stamps, a copy-protection pattern and folds.
    Stamped,
    /// A fax: 200 dpi, black and white, lines shifted; strokes two to three pixels wide in the middle.
    Fax,
    /// A fax of a machine set too dark: strokes four to five pixels wide, which fill characters.
    DarkFax,
    /// A camera over the counter: perspective and uneven light.
    Camera,
}

impl Condition {
    /// Every condition with its name.
    pub(crate) const ALL: [(Self, &'static str); 7] = [
        (Self::Scan300, "scan300"),
        (Self::Fax, "fax200"),
        (Self::DarkFax, "darkfax200"),
        (Self::Stamped, "stamp300"),
        (Self::Scan200, "scan200"),
        (Self::Clean, "clean300"),
        (Self::Camera, "camera"),
    ];

    fn is_fax(self) -> bool {
        matches!(self, Self::Fax | Self::DarkFax)
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(own, _)| *own == self)
            .map_or("", |(_, name)| name)
    }
}

/// A projective map, row by row.
type Map = [f32; 9];

/// Spoils a picture and moves what stands on it along.
pub(crate) fn spoil(
    picture: &DynamicImage,
    condition: Condition,
    random: &mut Rng,
    lines: &mut [TruthLine],
    fields: &mut [TruthField],
    cells: &mut [[f32; 4]],
) -> DynamicImage {
    let full = picture.to_rgb8();
    if condition == Condition::Clean {
        return DynamicImage::ImageRgb8(full);
    }
    let scale = match condition {
        Condition::Fax | Condition::DarkFax | Condition::Scan200 => 2.0 / 3.0,
        Condition::Clean | Condition::Scan300 | Condition::Stamped | Condition::Camera => 1.0,
    };
    let full = if scale < 1.0 {
        smaller(&full, scale)
    } else {
        full
    };
    let (forth, back) = maps(condition, random, size(&full));
    let all = lines.iter_mut().flat_map(|line| &mut line.boxes);
    for bounds in all
        .chain(fields.iter_mut().map(|field| &mut field.bounds))
        .chain(cells)
    {
        *bounds = moved(&forth, bounds.map(|edge| edge * scale));
    }
    let paper = if condition == Condition::Stamped {
        [236.0, 240.0, 232.0]
    } else {
        [244.0, 243.0, 240.0]
    };
    let mut warped = warped(&full, &back);
    if condition == Condition::Stamped || condition == Condition::Camera {
        light(&mut warped, random);
    }
    let blurred = match condition {
        // Fax machines sharpen.
        Condition::Fax => warped,
        Condition::DarkFax => image::imageops::fast_blur(&warped, 0.6),
        Condition::Clean
        | Condition::Scan300
        | Condition::Scan200
        | Condition::Stamped
        | Condition::Camera => image::imageops::fast_blur(&warped, 0.7 + 0.5 * random.f32()),
    };
    let strength = match condition {
        Condition::Scan200 | Condition::Camera => 7.0,
        Condition::Clean
        | Condition::Scan300
        | Condition::Stamped
        | Condition::Fax
        | Condition::DarkFax => 5.0,
    };
    let noisy = noisy(&blurred, random, strength, paper);
    if condition.is_fax() {
        let gray = image::imageops::grayscale(&noisy);
        let limit = if condition == Condition::DarkFax {
            188 + random.u8(0..18)
        } else {
            between_ink_and_paper(&gray) - 8 + random.u8(0..16)
        };
        return DynamicImage::ImageLuma8(faxed(&gray, limit, random));
    }
    DynamicImage::ImageRgb8(noisy)
}

/// As a machine sets itself by the page: half-way between the paper and the mean of what is printed,
/// so that a stroke is about as wide as it was.
fn between_ink_and_paper(gray: &GrayImage) -> u8 {
    let mut counts = [0_u64; 256];
    for pixel in gray.pixels() {
        counts[usize::from(pixel.0[0])] += 1;
    }
    let paper = (0..=255_u8).max_by_key(|level| counts[usize::from(*level)]);
    let paper = paper.unwrap_or(u8::MAX);
    let printed = 0..paper.saturating_sub(48);
    let (sum, all) = printed.fold((0, 0), |(sum, all), level| {
        let count = counts[usize::from(level)];
        (sum + count * u64::from(level), all + count)
    });
    let ink = u8::try_from(sum / all.max(1)).unwrap_or(u8::MAX);
    paper.midpoint(ink)
}

/// Quality of the JPEG; nothing for a picture kept without loss.
pub(crate) fn jpeg_quality(condition: Condition) -> Option<u8> {
    match condition {
        Condition::Clean | Condition::Fax | Condition::DarkFax => None,
        Condition::Scan300 | Condition::Stamped => Some(80),
        Condition::Scan200 => Some(60),
        Condition::Camera => Some(85),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "pixels of a page, a few thousand"
)]
fn size(picture: &RgbImage) -> (f32, f32) {
    (picture.width() as f32, picture.height() as f32)
}

fn smaller(picture: &RgbImage, scale: f32) -> RgbImage {
    let (width, height) = size(picture);
    image::imageops::resize(
        picture,
        pixel(width * scale),
        pixel(height * scale),
        image::imageops::FilterType::Triangle,
    )
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixels of a page, clamped by the caller"
)]
fn pixel(value: f32) -> u32 {
    value.round().max(0.0) as u32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
fn byte(value: f32) -> u8 {
    value.clamp(0.0, 255.0) as u8
}

/// The map from the drawn page to the spoiled one, and back.
fn maps(condition: Condition, random: &mut Rng, (width, height): (f32, f32)) -> (Map, Map) {
    let degrees = match condition {
        Condition::Clean => 0.0,
        Condition::Scan300 | Condition::Stamped | Condition::Fax | Condition::DarkFax => 2.0,
        Condition::Scan200 => 1.5,
        Condition::Camera => 4.0,
    };
    let turn = (random.f32() * 2.0 - 1.0) * f32::to_radians(degrees);
    let tilt = if condition == Condition::Camera {
        0.06
    } else {
        0.004
    };
    let (tilt_x, tilt_y) = (
        (random.f32() * 2.0 - 1.0) * tilt / width,
        (random.f32() * 2.0 - 1.0) * tilt / height,
    );
    let scale = if condition == Condition::Camera {
        0.86
    } else {
        0.99
    };
    let (sin, cos) = turn.sin_cos();
    let (x, y) = (width / 2.0, height / 2.0);
    // Around the middle: turned, scaled, tilted.
    let centred: Map = [1.0, 0.0, -x, 0.0, 1.0, -y, 0.0, 0.0, 1.0];
    let turned: Map = [
        scale * cos,
        -scale * sin,
        0.0,
        scale * sin,
        scale * cos,
        0.0,
        tilt_x,
        tilt_y,
        1.0,
    ];
    let shifted: Map = [1.0, 0.0, x, 0.0, 1.0, y, 0.0, 0.0, 1.0];
    let forth = product(&shifted, &product(&turned, &centred));
    (forth, inverse(&forth))
}

fn product(one: &Map, other: &Map) -> Map {
    std::array::from_fn(|place| {
        let (row, column) = (place / 3, place % 3);
        (0..3)
            .map(|step| one[row * 3 + step] * other[step * 3 + column])
            .sum()
    })
}

#[expect(
    clippy::many_single_char_names,
    reason = "the cells of a matrix, as in every book"
)]
fn inverse([a, b, c, d, e, f, g, h, i]: &Map) -> Map {
    let determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
    [
        e * i - f * h,
        c * h - b * i,
        b * f - c * e,
        f * g - d * i,
        a * i - c * g,
        c * d - a * f,
        d * h - e * g,
        b * g - a * h,
        a * e - b * d,
    ]
    .map(|cell| cell / determinant)
}

#[expect(
    clippy::many_single_char_names,
    reason = "the cells of a matrix, as in every book"
)]
fn at(map: &Map, x: f32, y: f32) -> (f32, f32) {
    let [a, b, c, d, e, f, g, h, i] = map;
    let scale = g * x + h * y + i;
    ((a * x + b * y + c) / scale, (d * x + e * y + f) / scale)
}

/// The upright box around a moved box.
fn moved(map: &Map, [x, y, width, height]: [f32; 4]) -> [f32; 4] {
    let corners = [
        (x, y),
        (x + width, y),
        (x, y + height),
        (x + width, y + height),
    ]
    .map(|(x, y)| at(map, x, y));
    let low = |pick: fn(&(f32, f32)) -> f32| corners.iter().map(pick).fold(f32::MAX, f32::min);
    let high = |pick: fn(&(f32, f32)) -> f32| corners.iter().map(pick).fold(f32::MIN, f32::max);
    let (left, top) = (low(|corner| corner.0), low(|corner| corner.1));
    [
        left,
        top,
        high(|corner| corner.0) - left,
        high(|corner| corner.1) - top,
    ]
}

/// The picture seen through `back`, with grey where no paper is.
fn warped(picture: &RgbImage, back: &Map) -> RgbImage {
    let (width, height) = size(picture);
    let mut out = RgbImage::new(picture.width(), picture.height());
    for (column, row, place) in out.enumerate_pixels_mut() {
        #[expect(
            clippy::cast_precision_loss,
            reason = "pixels of a page, a few thousand"
        )]
        let (x, y) = at(back, column as f32, row as f32);
        *place = if x < 0.0 || y < 0.0 || x >= width - 1.0 || y >= height - 1.0 {
            Rgb([228, 228, 228])
        } else {
            between(picture, x, y)
        };
    }
    out
}

fn between(picture: &RgbImage, x: f32, y: f32) -> Rgb<u8> {
    let (left, top) = (x.floor(), y.floor());
    let (u, v) = (x - left, y - top);
    let (column, row) = (pixel(left), pixel(top));
    let mut mixed = [0.0; 3];
    for (dx, dy, weight) in [
        (0, 0, (1.0 - u) * (1.0 - v)),
        (1, 0, u * (1.0 - v)),
        (0, 1, (1.0 - u) * v),
        (1, 1, u * v),
    ] {
        let Rgb(colour) = picture.get_pixel(column + dx, row + dy);
        for (sum, part) in mixed.iter_mut().zip(colour) {
            *sum += weight * f32::from(*part);
        }
    }
    Rgb(mixed.map(byte))
}

/// Two folds and a slope of light.
fn light(picture: &mut RgbImage, random: &mut Rng) {
    let (width, height) = size(picture);
    let folds = [
        height * (0.3 + 0.1 * random.f32()),
        height * (0.62 + 0.1 * random.f32()),
    ];
    let slope = 0.12 * (random.f32() * 2.0 - 1.0);
    for (column, row, Rgb(colour)) in picture.enumerate_pixels_mut() {
        #[expect(
            clippy::cast_precision_loss,
            reason = "pixels of a page, a few thousand"
        )]
        let (x, y) = (column as f32, row as f32);
        let near = folds
            .iter()
            .map(|fold| (y - fold).abs())
            .fold(f32::MAX, f32::min);
        let shade = 1.0 - 0.16 * (-near / 6.0).exp() + slope * (x / width - 0.5);
        for part in colour {
            *part = byte(f32::from(*part) * shade.min(1.0));
        }
    }
}

/// Noise of a sensor on paper that is not quite white.
fn noisy(picture: &RgbImage, random: &mut Rng, strength: f32, paper: [f32; 3]) -> RgbImage {
    let mut out = picture.clone();
    for Rgb(colour) in out.pixels_mut() {
        // Three dice fall nearly like a bell.
        let noise = (random.f32() + random.f32() + random.f32() - 1.5) * strength * 1.6;
        for (part, white) in colour.iter_mut().zip(paper) {
            *part = byte(f32::from(*part) * white / 255.0 + 12.0 + noise);
        }
    }
    out
}

/// Black and white with specks, each line shifted a little. What is darker than `limit` is black.
fn faxed(gray: &GrayImage, limit: u8, random: &mut Rng) -> GrayImage {
    let mut out = GrayImage::new(gray.width(), gray.height());
    let mut shift = 0_i64;
    for row in 0..gray.height() {
        if random.f32() < 0.08 {
            shift = random.i64(-1..=1);
        }
        for column in 0..gray.width() {
            let from = (i64::from(column) + shift).clamp(0, i64::from(gray.width()) - 1);
            let from = u32::try_from(from).unwrap_or(0);
            let speck = random.f32() < 0.000_6;
            let is_dark = (gray.get_pixel(from, row).0[0] < limit) != speck;
            out.put_pixel(column, row, image::Luma([if is_dark { 0 } else { 255 }]));
        }
    }
    out
}
