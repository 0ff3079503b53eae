//! Drawings on a form: the strokes of a signature and the QR code of a receipt number.

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
pub fn qr_svg(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let side = code.width();
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(side).enumerate() {
        for (x, module) in row.iter().enumerate() {
            if *module == qrcode::Color::Dark {
                let _never = write!(path, "M{x} {y}h1v1h-1z");
            }
        }
    }
    // Four modules of quiet ground on every side (ISO/IEC 18004, 6.3.8).
    let frame = side + 8;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-4 -4 {frame} {frame}\" \
         shape-rendering=\"crispEdges\"><path d=\"{path}\" fill=\"#000000\"/></svg>"
    ))
}
