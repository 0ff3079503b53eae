//! The real models on a small page drawn here: rules, two lines of text, a quarter turn.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test says what it misses and ends at a surprise"
)]

use document_reader::page::Page;
use document_reader::{Document, Reader, models};

/// Strokes of the digits 1, 4 and 7 on a grid 5 wide and 7 high.
const DIGITS: [(char, [&str; 7]); 3] = [
    (
        '1',
        [
            "..#..", ".##..", "..#..", "..#..", "..#..", "..#..", ".###.",
        ],
    ),
    (
        '4',
        [
            "...#.", "..##.", ".#.#.", "#..#.", "#####", "...#.", "...#.",
        ],
    ),
    (
        '7',
        [
            "#####", "....#", "...#.", "...#.", "..#..", "..#..", "..#..",
        ],
    ),
];

/// A page with a ruled box and a number in it.
fn page(text: &str) -> image::GrayImage {
    let mut picture = image::GrayImage::from_pixel(900, 640, image::Luma([250]));
    for x in 100..800 {
        for y in (200..204).chain(360..364) {
            picture.put_pixel(x, y, image::Luma([10]));
        }
    }
    for y in 200..364 {
        for x in (100..104).chain(796..800) {
            picture.put_pixel(x, y, image::Luma([10]));
        }
    }
    for (place, digit) in (0..).zip(text.chars()) {
        let rows = DIGITS.iter().find(|one| one.0 == digit).unwrap().1;
        for (row, line) in (0..).zip(rows) {
            for (column, dot) in (0..).zip(line.chars()) {
                if dot == '#' {
                    for step in 0..64_u32 {
                        let x = 180 + place * 60 + column * 8 + step % 8;
                        picture.put_pixel(x, 250 + row * 8 + step / 8, image::Luma([20]));
                    }
                }
            }
        }
    }
    picture
}

fn read(picture: &image::GrayImage) -> Option<Page> {
    let Some(folder) = models::folder() else {
        eprintln!("skipped: the text models are not here, run `make models`");
        return None;
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    let picture = Document::open(bytes.into_inner()).unwrap().page(0).unwrap();
    let reader = Reader::open(&folder, 2).unwrap();
    Some(reader.read(&picture, 0).unwrap())
}

fn text(page: &Page) -> String {
    page.lines
        .iter()
        .map(document_reader::page::Line::text)
        .collect()
}

#[test]
fn a_number_in_a_ruled_box_is_read_with_its_place() {
    let Some(page) = read(&page("147714417")) else {
        return;
    };
    assert_eq!(text(&page), "147714417");
    assert_eq!(page.cells.len(), 1);
    let bounds = page.lines[0].bounds;
    assert!(
        (bounds.x - 180.0).abs() < 20.0 && (bounds.y - 250.0).abs() < 8.0,
        "{bounds:?}"
    );
    assert!(page.cells[0].contains(bounds.centre()));
    for one in &page.lines[0].characters {
        assert!(one.probability > 0.3);
    }
}

#[test]
fn a_page_that_lies_on_its_head_is_read_and_its_boxes_lead_back() {
    let upright = page("147714417");
    let turned = image::imageops::rotate180(&upright);
    let Some(page) = read(&turned) else {
        return;
    };
    assert_eq!(text(&page), "147714417");
    let given = page.to_given.rect(&page.lines[0].bounds);
    let right_end = 900.0 - 180.0;
    assert!((given.right() - right_end).abs() < 20.0, "{given:?}");
}

#[test]
fn an_empty_page_holds_nothing() {
    let empty = image::GrayImage::from_pixel(800, 600, image::Luma([240]));
    let Some(page) = read(&empty) else {
        return;
    };
    assert!(page.lines.is_empty() && page.cells.is_empty());
}
