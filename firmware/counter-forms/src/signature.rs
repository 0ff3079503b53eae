//! Drawings on a form: the strokes of a signature and the QR code of a receipt number.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use qrcode::{EcLevel, QrCode};
use serde::{Deserialize, Serialize};

/// Where the pen was, in hundredths of a pixel of the signing pad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
    /// Milliseconds since the first stroke began. Kept with the signature, not drawn.
    pub t: u32,
}

/// One stroke, pen down to pen up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stroke {
    /// Its points, in time order.
    pub points: Vec<Point>,
}

/// Room around the ink, and width of the line, in hundredths of a pixel.
const MARGIN: i64 = 600;
const LINE: i64 = 350;
/// A tiny signature is not blown up beyond this frame (250 × 80 pixels).
const FRAME: (i64, i64) = (25_000, 8_000);

const BLANK: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>"#;

/// A drawing of nothing, for a place nobody has signed.
pub(crate) fn blank_svg() -> String {
    BLANK.to_owned()
}

/// Draws strokes as lines: sharp at any size, no transparency, whole numbers only, so that equal
/// strokes give equal bytes. The frame is cut to the ink.
pub fn signature_svg(strokes: &[Stroke]) -> String {
    let points = || strokes.iter().flat_map(|stroke| &stroke.points);
    let xs = || points().map(|point| i64::from(point.x));
    let ys = || points().map(|point| i64::from(point.y));
    let (Some(left), Some(right), Some(top), Some(bottom)) =
        (xs().min(), xs().max(), ys().min(), ys().max())
    else {
        return blank_svg();
    };
    let width = (right - left + 2 * MARGIN).max(FRAME.0);
    let height = (bottom - top + 2 * MARGIN).max(FRAME.1);
    let x = (left + right - width) / 2;
    let y = (top + bottom - height) / 2;
    let path: String = strokes.iter().map(stroke_path).collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{x} {y} {width} {height}\">\
         <path d=\"{path}\" fill=\"none\" stroke=\"#1a1a1a\" stroke-width=\"{LINE}\" \
         stroke-linecap=\"round\" stroke-linejoin=\"round\"/></svg>"
    )
}

/// The line of one stroke: curves through the middles between points, which rounds off the
/// corners of a slow pad without moving the line off the points.
fn stroke_path(stroke: &Stroke) -> String {
    let mut path = String::new();
    let [first, rest @ ..] = stroke.points.as_slice() else {
        return path;
    };
    // Writing to a String cannot fail.
    let _never = write!(path, "M{} {}", first.x, first.y);
    let [middle @ .., last] = rest else {
        // A dot: a line of no length, drawn by its round ends.
        let _never = write!(path, "h1");
        return path;
    };
    let following = middle.iter().skip(1).chain(std::iter::once(last));
    for (point, next) in middle.iter().zip(following) {
        let x = i64::midpoint(i64::from(point.x), i64::from(next.x));
        let y = i64::midpoint(i64::from(point.y), i64::from(next.y));
        let _never = write!(path, "Q{} {} {x} {y}", point.x, point.y);
    }
    let _never = write!(path, "L{} {}", last.x, last.y);
    path
}

/// Draws `text` as a QR code, model 2, error correction M. `None` when it does not fit one.
///
/// Modules that touch are one outline: a square each would be four fifths of a page's bytes in the
/// document.
pub fn qr_svg(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let side = code.width();
    let colors = code.to_colors();
    let is_dark = |x: usize, y: usize| {
        x < side && y < side && colors.get(y * side + x) == Some(&qrcode::Color::Dark)
    };
    let mut path = String::new();
    for outline in outlines(side, is_dark) {
        for (index, (x, y)) in outline.iter().enumerate() {
            // Writing to a String cannot fail.
            let _never = write!(path, "{}{x} {y}", if index == 0 { 'M' } else { 'L' });
        }
        path.push('z');
    }
    // Four modules of quiet ground on every side (ISO/IEC 18004, 6.3.8).
    let frame = side + 8;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-4 -4 {frame} {frame}\" \
         shape-rendering=\"crispEdges\"><path d=\"{path}\" fill=\"#000000\"/></svg>"
    ))
}

/// A corner of modules, from the upper left one.
type Corner = (usize, usize);

/// Outlines of what is dark, the dark on the right hand of who walks them; holes run the other way.
/// Modules that touch with a corner only are apart.
fn outlines(side: usize, is_dark: impl Fn(usize, usize) -> bool) -> Vec<Vec<Corner>> {
    let mut edges: BTreeMap<Corner, Vec<Corner>> = BTreeMap::new();
    let mut edge = |from: Corner, to: Corner| edges.entry(from).or_default().push(to);
    for (x, y) in (0..side).flat_map(|y| (0..side).map(move |x| (x, y))) {
        if !is_dark(x, y) {
            continue;
        }
        let (left, top, right, bottom) = (x, y, x + 1, y + 1);
        if y == 0 || !is_dark(x, y - 1) {
            edge((left, top), (right, top));
        }
        if !is_dark(right, y) {
            edge((right, top), (right, bottom));
        }
        if !is_dark(x, bottom) {
            edge((right, bottom), (left, bottom));
        }
        if x == 0 || !is_dark(x - 1, y) {
            edge((left, bottom), (left, top));
        }
    }
    let mut found = Vec::new();
    while let Some(start) = edges.keys().next().copied() {
        found.push(walked(&mut edges, start));
    }
    found
}

/// The outline through `start`, whose edges are taken out: its corners, without those on a straight
/// line.
fn walked(edges: &mut BTreeMap<Corner, Vec<Corner>>, start: Corner) -> Vec<Corner> {
    let mut outline = vec![start];
    let mut last_direction = None;
    let mut at = start;
    while let Some(next) = taken(edges, at, last_direction) {
        let direction = direction(at, next);
        if last_direction == Some(direction) {
            outline.pop();
        }
        outline.push(next);
        (at, last_direction) = (next, Some(direction));
        if at == start {
            break;
        }
    }
    // It ends where it began.
    outline.pop();
    outline
}

/// Takes an edge away from `at`; where two begin, the one to the right.
fn taken(
    edges: &mut BTreeMap<Corner, Vec<Corner>>,
    at: Corner,
    last: Option<Direction>,
) -> Option<Corner> {
    let ends = edges.get_mut(&at)?;
    let right = last.map(|(x, y)| (y.reverse(), x));
    let place = ends
        .iter()
        .position(|end| Some(direction(at, *end)) == right);
    let end = ends.swap_remove(place.unwrap_or(0));
    if ends.is_empty() {
        edges.remove(&at);
    }
    Some(end)
}

/// Where an edge leads, across and down.
type Direction = (Ordering, Ordering);

fn direction(from: Corner, to: Corner) -> Direction {
    (to.0.cmp(&from.0), to.1.cmp(&from.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is dark by the outlines: a point inside more that run one way than the other.
    fn filled(side: usize, outlines: &[Vec<Corner>]) -> Vec<String> {
        let inside = |x: usize, y: usize| {
            let mut turns = 0;
            for outline in outlines {
                let ends = outline.iter().cycle().skip(1);
                for (from, to) in outline.iter().zip(ends) {
                    // Lines that stand, left of the middle of the module.
                    let row = from.1.min(to.1)..from.1.max(to.1);
                    if from.0 == to.0 && from.0 <= x && row.contains(&y) {
                        turns += if to.1 < from.1 { 1 } else { -1 };
                    }
                }
            }
            turns != 0
        };
        let row = |y: usize| {
            (0..side)
                .map(|x| if inside(x, y) { '#' } else { '.' })
                .collect()
        };
        (0..side).map(row).collect()
    }

    #[track_caller]
    fn check(picture: &[&str], count: usize) {
        let is_dark = |x: usize, y: usize| {
            picture.get(y).and_then(|row| row.as_bytes().get(x)) == Some(&b'#')
        };
        let found = outlines(picture.len(), is_dark);
        assert_eq!(filled(picture.len(), &found), picture);
        assert_eq!(found.len(), count, "{found:?}");
    }

    #[test]
    fn outlines_draw_what_was_dark() {
        check(&["#"], 1);
        check(&["##", "##"], 1);
        check(&["###", "#.#", "###"], 2);
        check(&["#.", ".#"], 2);
        check(&[".#", "#."], 2);
        check(&["##.", "#.#", ".##"], 2);
        check(&["#####", "#...#", "#.#.#", "#...#", "#####"], 3);
    }

    #[test]
    fn every_module_of_a_code_is_drawn() {
        let code = QrCode::with_error_correction_level("07-2-261121-0184-6", EcLevel::M).unwrap();
        let side = code.width();
        let colors = code.to_colors();
        let rows: Vec<String> = colors
            .chunks(side)
            .map(|row| row.iter().map(|color| color.select('#', '.')).collect())
            .collect();
        let dark = |x: usize, y: usize| colors.get(y * side + x) == Some(&qrcode::Color::Dark);
        let found = outlines(side, |x, y| x < side && y < side && dark(x, y));
        assert_eq!(filled(side, &found), rows);
        let corners: usize = found.iter().map(Vec::len).sum();
        let modules = colors.iter().filter(|color| **color == qrcode::Color::Dark);
        assert!(corners < modules.count() * 3 / 2, "{corners} corners");
    }
}
