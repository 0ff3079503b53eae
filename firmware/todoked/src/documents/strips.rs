//! Pictures made of a page: the page itself without individual numbers, and strips of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use document_reader::Picture;
use document_reader::field::{Field, FieldName};
use document_reader::page::{Line, Page, Rect};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, GrayImage, ImageEncoder as _, RgbImage, imageops};

use super::pixel;

/// Quality of a kept page: small print stays readable, an A4 page at 300 dpi is about a megabyte.
const QUALITY: u8 = 60;
/// Longest side of a kept page: 200 dpi of A4. More is not needed to compare, and 13 offices share
/// thin lines.
const KEPT_SIDE_MAX: u32 = 2_400;
/// A strip is shown no wider than this, in pixels, and no higher: the screens draw it as it is, for
/// they cannot make small print smaller without losing strokes.
const STRIP_MAX: (u32, u32) = (540, 72);
/// Paper around a field, as a share of its height.
const MARGIN: f32 = 0.35;
/// Digits of an individual number.
const NUMBER_DIGITS: usize = 12;
/// What stands before a label at most: its number in a list.
const LABEL_PREFIX_MAX: usize = 4;
/// Words that stand after a label at most: 「（12桁）」.
const LABEL_WORDS_MAX: usize = 4;
/// What stands beside an individual number.
const NUMBER_LABELS: [&str; 2] = ["個人番号", "マイナンバー"];

/// A page as scanned, and as read.
pub(super) struct Given {
    pub(super) picture: Picture,
    pub(super) page: Page,
}

/// Where individual numbers stand on the straightened page: what the finder says is one, every other
/// run of twelve digits, and, where the page speaks of one, whatever looks like one misread.
pub(super) fn numbers(page: &Page, fields: &[&Field]) -> Vec<Rect> {
    let (own, others): (Vec<&Field>, Vec<&Field>) = fields
        .iter()
        .partition(|field| field.name == FieldName::IndividualNumber);
    let is_other = |run: &Rect| {
        let covers = |field: &&Field| run.shared(&field.bounds).area() * 2.0 > run.area();
        others.iter().any(covers)
    };
    let named = labels(page).next().is_some();
    let runs = page.lines.iter().flat_map(runs_of_digits);
    let runs = runs.filter(|run| {
        run.digits == NUMBER_DIGITS || (named && run.may_be_misread() && !is_other(&run.bounds))
    });
    let runs: Vec<Rect> = runs.map(|run| run.bounds).collect();
    own.iter().map(|field| field.bounds).chain(runs).collect()
}

/// The same on the page as scanned, with some paper around.
pub(super) fn masks(page: &Page, numbers: &[Rect]) -> Vec<Rect> {
    let given = numbers.iter().map(|bounds| page.to_given.rect(bounds));
    given.map(|bounds| wider(&bounds)).collect()
}

/// Whether the page names an individual number and none was found beside the name or below it: it
/// may stand there unread.
pub(super) fn is_uncovered(page: &Page, numbers: &[Rect]) -> bool {
    labels(page).any(|label| !numbers.iter().any(|number| is_near(&label, number)))
}

fn is_near(label: &Rect, number: &Rect) -> bool {
    let row = Rect {
        y: label.y - label.height / 2.0,
        height: label.height * 2.0,
        ..*label
    };
    let (_, middle) = number.centre();
    let beside = middle >= row.y && middle <= row.bottom() && number.right() > label.x;
    let below = number.y >= label.y && number.x < label.right() && number.right() > label.x;
    beside || below
}

/// Where the page says that a number follows. The card is named after the number, and sentences
/// speak of it; neither is a label.
fn labels(page: &Page) -> impl Iterator<Item = Rect> + '_ {
    page.lines.iter().filter_map(|line| {
        let text: Vec<char> = line.characters.iter().map(|one| one.value).collect();
        let found = NUMBER_LABELS.iter().find_map(|label| {
            let label: Vec<char> = label.chars().collect();
            let mut places = text.windows(label.len());
            let at = places.position(|window| window == label.as_slice())?;
            Some((at, at + label.len()))
        });
        let (start, end) = found?;
        let rest = text.get(end..)?;
        let is_card = rest.starts_with(&['カ', 'ー', 'ド']);
        let words = rest
            .iter()
            .filter(|one| one.is_alphabetic() && !is_like_digit(**one));
        if is_card || start > LABEL_PREFIX_MAX || words.count() > LABEL_WORDS_MAX {
            return None;
        }
        let own = line.characters.get(start..end)?;
        own.iter()
            .map(|one| one.bounds)
            .reduce(|one, other| one.around(&other))
    })
}

/// Digits with nothing but gaps between them.
struct Run {
    bounds: Rect,
    digits: usize,
    /// With what digits are misread as.
    like: usize,
}

impl Run {
    fn may_be_misread(&self) -> bool {
        self.digits >= 8 && (10..=14).contains(&self.like)
    }
}

fn is_like_digit(one: char) -> bool {
    one.is_ascii_digit() || "OoQDlI|SBZGqgU〇○□".contains(one)
}

fn runs_of_digits(line: &Line) -> Vec<Run> {
    let is_gap = |one: char| "-‐－ー・ \u{3000}".contains(one);
    let pieces = line
        .characters
        .split(|one| !is_like_digit(one.value) && !is_gap(one.value));
    let runs = pieces.filter_map(|piece| {
        let like = || piece.iter().filter(|one| is_like_digit(one.value));
        let bounds = like()
            .map(|one| one.bounds)
            .reduce(|one, other| one.around(&other))?;
        Some(Run {
            bounds,
            digits: like().filter(|one| one.value.is_ascii_digit()).count(),
            like: like().count(),
        })
    });
    runs.collect()
}

fn wider(bounds: &Rect) -> Rect {
    let margin = bounds.height * MARGIN;
    Rect {
        x: bounds.x - margin,
        y: bounds.y - margin,
        width: bounds.width + 2.0 * margin,
        height: bounds.height + 2.0 * margin,
    }
}

impl Given {
    /// The page without what is masked; `None` when it cannot be encoded.
    pub(super) fn jpeg(&self, masks: &[Rect]) -> Option<Vec<u8>> {
        let (width, height) = self.size()?;
        let mut bytes = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
        let share = KEPT_SIDE_MAX.min(width.max(height));
        let to = |side: u32| (side * share).div_euclid(width.max(height)).max(1);
        let done = if let Some(colour) = &self.picture.colour {
            let mut picture = RgbImage::from_raw(width, height, colour.0.clone())?;
            for (x, y) in masks.iter().flat_map(|mask| inside(mask, (width, height))) {
                picture.put_pixel(x, y, image::Rgb([0, 0, 0]));
            }
            let small = imageops::thumbnail(&picture, to(width), to(height));
            let (width, height) = small.dimensions();
            encoder.write_image(small.as_raw(), width, height, ExtendedColorType::Rgb8)
        } else {
            let mut picture = self.gray()?;
            for (x, y) in masks.iter().flat_map(|mask| inside(mask, (width, height))) {
                picture.put_pixel(x, y, image::Luma([0]));
            }
            let small = imageops::thumbnail(&picture, to(width), to(height));
            let (width, height) = small.dimensions();
            encoder.write_image(small.as_raw(), width, height, ExtendedColorType::L8)
        };
        done.ok().map(|()| bytes)
    }

    /// The strip of paper around a place, as PNG in base64.
    pub(super) fn strip(&self, place: &Rect, masks: &[Rect]) -> Option<String> {
        let size = self.size()?;
        let around = wider(place);
        let (x, y) = (pixel(around.x), pixel(around.y));
        let width = pixel(around.width).min(size.0.checked_sub(x)?).max(1);
        let height = pixel(around.height).min(size.1.checked_sub(y)?).max(1);
        let gray = self.picture.gray.data();
        let columns = usize::try_from(size.0).ok()?;
        let mut strip = GrayImage::from_fn(width, height, |column, row| {
            let at = usize::try_from(y + row)
                .ok()
                .zip(usize::try_from(x + column).ok())
                .map_or(0, |(row, column)| row * columns + column);
            image::Luma([gray.get(at).copied().unwrap_or(255)])
        });
        for (column, row) in masks.iter().flat_map(|mask| inside(mask, size)) {
            let here = column.checked_sub(x).zip(row.checked_sub(y));
            if let Some((column, row)) = here.filter(|(c, r)| *c < width && *r < height) {
                strip.put_pixel(column, row, image::Luma([0]));
            }
        }
        let strip = shrunk(strip);
        let mut bytes = Vec::new();
        let encoder =
            PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive);
        let (width, height) = strip.dimensions();
        let done = encoder.write_image(strip.as_raw(), width, height, ExtendedColorType::L8);
        done.ok().map(|()| STANDARD.encode(bytes))
    }

    fn size(&self) -> Option<(u32, u32)> {
        let gray = &self.picture.gray;
        u32::try_from(gray.width())
            .ok()
            .zip(u32::try_from(gray.height()).ok())
    }

    fn gray(&self) -> Option<GrayImage> {
        let (width, height) = self.size()?;
        GrayImage::from_raw(width, height, self.picture.gray.data().to_vec())
    }
}

/// Small enough for a screen; text of three lines may be as high as three strips.
fn shrunk(strip: GrayImage) -> GrayImage {
    let (width, height) = strip.dimensions();
    let too_wide = width.div_ceil(STRIP_MAX.0);
    let too_high = height.div_ceil(STRIP_MAX.1 * 3);
    let times = too_wide
        .max(too_high)
        .max(if height > STRIP_MAX.1 { 2 } else { 1 });
    if times <= 1 {
        return strip;
    }
    imageops::thumbnail(&strip, (width / times).max(1), (height / times).max(1))
}

/// The pixels of a rectangle that lie on the page.
fn inside(mask: &Rect, (width, height): (u32, u32)) -> impl Iterator<Item = (u32, u32)> + use<> {
    let columns = pixel(mask.x)..pixel(mask.right()).saturating_add(1).min(width);
    let rows = pixel(mask.y)..pixel(mask.bottom()).saturating_add(1).min(height);
    rows.flat_map(move |row| columns.clone().map(move |column| (column, row)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use document_reader::page::sketch;
    use document_reader::plane::Plane;

    fn given(text: &str) -> Given {
        let page = sketch::parse(text).unwrap();
        let (width, height) = (400, 120);
        Given {
            picture: Picture {
                gray: Plane::filled(width, height, 200),
                colour: None,
            },
            page,
        }
    }

    /// How many places are covered, and whether the page may not be kept.
    #[track_caller]
    fn check(text: &str, covered: usize, uncovered: bool) {
        let page = given(text).page;
        let numbers = numbers(&page, &[]);
        assert_eq!(numbers.len(), covered, "{text}");
        assert_eq!(is_uncovered(&page, &numbers), uncovered, "{text}");
    }

    #[test]
    fn a_number_nobody_looked_for_is_painted_over_too() {
        let given = given("page 400 120\nline 40 30 240 20 個人番号1234　5678　9012");
        let masks = masks(&given.page, &numbers(&given.page, &[]));
        assert_eq!(masks.len(), 1);
        let jpeg = given.jpeg(&masks).unwrap();
        let picture = image::load_from_memory(&jpeg).unwrap().to_luma8();
        let middle = masks[0].centre();
        let dark = picture.get_pixel(pixel(middle.0), pixel(middle.1)).0[0];
        let paper = picture.get_pixel(10, 100).0[0];
        assert!(dark < 40 && paper > 180, "{dark} {paper}");
    }

    #[test]
    fn eleven_digits_are_a_resident_record_code_and_stay() {
        check("page 400 120\nline 40 30 240 20 12345678901", 0, false);
        check("page 400 120\nline 40 30 240 20 第0123456789号", 0, false);
    }

    #[test]
    fn a_misread_number_is_painted_over_where_the_page_names_one() {
        let named = "line 40 10 80 20 個人番号";
        check(
            &format!("page 400 120\n{named}\nline 140 10 200 20 1234S678901"),
            1,
            false,
        );
        check(
            &format!("page 400 120\n{named}\nline 140 10 200 20 12345678901"),
            1,
            false,
        );
        check(
            &format!("page 400 120\n{named}\nline 30 50 200 20 123456789012"),
            1,
            false,
        );
    }

    #[test]
    fn a_page_whose_number_was_not_found_is_not_kept() {
        check("page 400 120\nline 40 30 80 20 個人番号", 0, true);
        // Two persons, and only one of the numbers was read.
        let one = "line 40 10 80 20 個人番号\nline 140 10 200 20 123456789012";
        check(
            &format!("page 400 120\n{one}\nline 40 80 80 20 個人番号"),
            1,
            true,
        );
        check(
            &format!("page 400 120\n{one}\nline 240 80 80 20 (5)個人番号（12桁）"),
            1,
            true,
        );
    }

    #[test]
    fn sentences_and_the_card_are_no_labels() {
        check("page 400 120\nline 40 30 80 20 氏名", 0, false);
        check(
            "page 400 120\nline 40 30 200 20 個人番号カード　有",
            0,
            false,
        );
        check(
            "page 400 120\nline 10 30 380 20 個人番号は転入先の市区町村でも使います",
            0,
            false,
        );
    }

    #[test]
    fn a_strip_is_a_small_picture_of_its_place() {
        let given = given("page 400 120\nline 40 30 240 20 氏名");
        let place = Rect {
            x: 40.0,
            y: 30.0,
            width: 240.0,
            height: 20.0,
        };
        let png = STANDARD.decode(given.strip(&place, &[]).unwrap()).unwrap();
        let strip = image::load_from_memory(&png).unwrap().to_luma8();
        assert_eq!(strip.dimensions(), (254, 34));
        let beyond = Rect { x: 900.0, ..place };
        assert!(given.strip(&beyond, &[]).is_none());
    }
}
