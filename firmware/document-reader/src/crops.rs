//! Strips drawn as the recogniser wants them: one row of characters, 48 pixels high.
//!
//! It reads across only, and it was trained on characters as wide as high. Characters that stand above each
//! other are laid side by side; half-width kana, which it otherwise takes two at a time for kanji (ﾀｶ for 幼), are cut apart at their pitch and
//! stretched.

use crate::ink::{Blob, Mask};
use crate::lines::Strip;
use crate::page::{Direction, Rect};
use crate::pixels::{real, shade, whole};
use crate::plane::Plane;
use crate::signs;

/// Height the recogniser was trained on.
pub(crate) const HEIGHT: usize = 48;
/// Pixels of the picture to one frame of the answer.
pub(crate) const FRAME: usize = 8;
/// Widest picture; longer strips are squeezed.
const WIDTH_MAX: usize = 2_400;
/// White left above, below and beside the ink, in heights of the ink.
const MARGIN: f32 = 0.14;

/// A strip drawn for the recogniser.
pub(crate) struct Crop {
    /// Of the strip in the list given.
    pub(crate) strip: usize,
    pub(crate) plane: Plane,
    /// From columns of the crop back to the page.
    pub(crate) places: Places,
    /// Voicing marks that stand in cells of their own and are not drawn, with their cells on the page.
    pub(crate) marks: Vec<(Rect, Mark)>,
}

/// A voicing mark as half-width kana write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// ﾞ
    Voiced,
    /// ﾟ
    Round,
}

impl Mark {
    /// The same as a mark that combines with the letter before it.
    pub(crate) fn combining(self) -> char {
        match self {
            Self::Voiced => '\u{3099}',
            Self::Round => '\u{309a}',
        }
    }
}

/// From columns of a crop to places on the page.
pub(crate) enum Places {
    /// `page = start + column / scale`
    Along { start: f32, scale: f32 },
    /// Characters that stood above each other, side by side: where each begins in the crop, and its
    /// box on the page.
    Stacked(Vec<(f32, Rect)>),
}

/// A strip as it stands.
pub(crate) fn as_it_stands(plane: &Plane, mask: &Mask, strip: &Strip, place: usize) -> Crop {
    match strip.direction {
        Direction::Horizontal => across(plane, strip, place),
        Direction::Vertical => stacked(plane, mask, strip, place),
    }
}

/// A level strip with its strokes thicker: each pixel half-way to the darkest one beside it.
pub(crate) fn thickened(plane: &Plane, strip: &Strip, place: usize) -> Crop {
    let margin = strip.bounds.height;
    let (left, top) = (
        whole((strip.bounds.x - margin).max(0.0)),
        whole((strip.bounds.y - margin).max(0.0)),
    );
    let (right, bottom) = (
        whole(strip.bounds.right() + margin).min(plane.width()),
        whole(strip.bounds.bottom() + margin).min(plane.height()),
    );
    let mut part = Plane::filled(right.saturating_sub(left), bottom.saturating_sub(top), 255);
    for y in 0..part.height() {
        for x in 0..part.width() {
            let (across, down) = (left + x, top + y);
            let beside = [
                (across.wrapping_sub(1), down),
                (across + 1, down),
                (across, down.wrapping_sub(1)),
                (across, down + 1),
            ];
            let own = plane.at(across, down);
            let darkest = beside
                .iter()
                .map(|(x, y)| plane.at(*x, *y))
                .fold(own, u8::min);
            part.row_mut(y)[x] = own.midpoint(darkest);
        }
    }
    let moved = Strip {
        bounds: Rect {
            x: strip.bounds.x - real(left),
            y: strip.bounds.y - real(top),
            ..strip.bounds
        },
        ..*strip
    };
    let mut crop = across(&part, &moved, place);
    if let Places::Along { start, .. } = &mut crop.places {
        *start += real(left);
    }
    crop
}

fn across(plane: &Plane, strip: &Strip, place: usize) -> Crop {
    let ink = strip.bounds;
    let margin = ink.height * MARGIN;
    let bounds = Rect {
        x: ink.x - margin,
        y: ink.y - margin,
        width: ink.width + 2.0 * margin,
        height: ink.height + 2.0 * margin,
    };
    let scale = (real(HEIGHT) / bounds.height).min(real(WIDTH_MAX) / bounds.width);
    let width = whole((bounds.width * scale).ceil()).max(FRAME);
    let mut out = Plane::filled(width, HEIGHT, 255);
    draw(plane, &bounds, strip.slope, &mut out, (0, width));
    Crop {
        strip: place,
        plane: out,
        places: Places::Along {
            start: bounds.x,
            scale: real(width) / bounds.width,
        },
        marks: Vec::new(),
    }
}

/// Draws a part of the page into the columns of a crop, as high as the crop.
fn draw(plane: &Plane, bounds: &Rect, slope: f32, out: &mut Plane, columns: (usize, usize)) {
    let (across, down) = (
        bounds.width / real(columns.1),
        bounds.height / real(out.height()),
    );
    // Where the page is larger than the crop, each pixel is a mean of several looks.
    let looks = whole(down.max(across).ceil()).clamp(1, 4);
    let (middle, _) = bounds.centre();
    for y in 0..out.height() {
        for x in 0..columns.1 {
            let mut sum = 0.0;
            for look in 0..looks * looks {
                let part = |step: usize| (real(step) + 0.5) / real(looks);
                let from_x = bounds.x + (real(x) + part(look % looks)) * across;
                let from_y = bounds.y + (real(y) + part(look / looks)) * down;
                sum += plane.between(from_x, from_y + (from_x - middle) * slope);
            }
            let start = columns.0;
            if let Some(value) = out.row_mut(y).get_mut(start + x) {
                *value = shade(sum / real(looks * looks) + 0.5);
            }
        }
    }
}

/// Characters that stand above each other are laid side by side: the recogniser reads across only.
fn stacked(plane: &Plane, mask: &Mask, strip: &Strip, place: usize) -> Crop {
    let boxes = above_each_other(mask, &strip.bounds);
    if boxes.len() < 2 {
        return across(plane, strip, place);
    }
    let room = HEIGHT - 8;
    let step = HEIGHT;
    let mut out = Plane::filled(step * boxes.len(), HEIGHT, 255);
    let mut places = Vec::new();
    for (number, bounds) in boxes.iter().enumerate() {
        let side = bounds.width.max(bounds.height) * (real(HEIGHT) / real(room));
        let (x, y) = bounds.centre();
        let square = Rect {
            x: x - side / 2.0,
            y: y - side / 2.0,
            width: side,
            height: side,
        };
        // Neighbours above and below must not show.
        let mut cell = Plane::filled(HEIGHT, HEIGHT, 255);
        draw(plane, &square, 0.0, &mut cell, (0, HEIGHT));
        let scale = real(HEIGHT) / side;
        let top = whole(((bounds.y - square.y) * scale - 2.0).max(0.0));
        let bottom = whole((bounds.bottom() - square.y) * scale + 2.0).min(HEIGHT);
        for y in top..bottom {
            let start = number * step;
            out.row_mut(y)[start..start + HEIGHT].copy_from_slice(cell.row(y));
        }
        places.push((real(number * step), *bounds));
    }
    Crop {
        strip: place,
        plane: out,
        places: Places::Stacked(places),
        marks: Vec::new(),
    }
}

/// The boxes of characters that stand above each other: parted at white rows, but never flatter than
/// half as high as wide (the strokes of 二 or 言 are one character).
fn above_each_other(mask: &Mask, bounds: &Rect) -> Vec<Rect> {
    let (left, right) = (whole(bounds.x), whole(bounds.right()));
    let (top, bottom) = (whole(bounds.y), whole(bounds.bottom()));
    let inked = |y: usize| (left..right).any(|x| mask.at(x, y));
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for y in (top..bottom).filter(|y| inked(*y)) {
        match runs.last_mut() {
            Some((_, end)) if *end == y => *end = y + 1,
            _ => runs.push((y, y + 1)),
        }
    }
    let side = bounds.width;
    let mut out: Vec<(usize, usize)> = Vec::new();
    for (start, end) in runs {
        match out.last_mut() {
            Some((first, last)) if real(end - *first) <= side * 1.15 => *last = end,
            _ => out.push((start, end)),
        }
    }
    out.iter()
        .map(|(start, end)| Rect {
            x: bounds.x,
            y: real(*start),
            width: bounds.width,
            height: real(end - start),
        })
        .collect()
}

/// A strip of half-width characters, cut apart at their pitch, each stretched to a square; `None` when it
/// has no such pitch. Blanks and voicing marks have a cell of their own and are not drawn.
pub(crate) fn apart(plane: &Plane, mask: &Mask, strip: &Strip, place: usize) -> Option<Crop> {
    let mut marks = Vec::new();
    let mut letters = Vec::new();
    for cell in at_a_pitch(mask, &strip.bounds)? {
        match voicing(mask, &cell) {
            Cell::Blank => {}
            Cell::Letter => letters.push(cell),
            // No word begins with a mark.
            Cell::Mark(_) if letters.is_empty() => letters.push(cell),
            Cell::Mark(mark) => marks.push((cell, mark)),
        }
    }
    let mut out = Plane::filled(HEIGHT * letters.len().max(1), HEIGHT, 255);
    let mut places = Vec::new();
    let margin = strip.bounds.height * MARGIN;
    for (number, bounds) in letters.iter().enumerate() {
        let part = Rect {
            y: bounds.y - margin,
            height: bounds.height + 2.0 * margin,
            ..*bounds
        };
        let start = number * HEIGHT;
        draw(plane, &part, 0.0, &mut out, (start + 4, HEIGHT - 8));
        places.push((real(start), *bounds));
    }
    (!letters.is_empty()).then_some(Crop {
        strip: place,
        plane: out,
        places: Places::Stacked(places),
        marks,
    })
}

/// What a cell of half-width kana holds.
enum Cell {
    Blank,
    Letter,
    Mark(Mark),
}

/// A voicing mark is small and hangs high; no letter does.
fn voicing(mask: &Mask, cell: &Rect) -> Cell {
    let edge = cell.width * 0.07;
    let (left, right) = (whole(cell.x + edge), whole(cell.right() - edge));
    let (top, bottom) = (whole(cell.y), whole(cell.bottom()));
    let ink: Vec<(usize, usize)> = (top..bottom)
        .flat_map(|y| (left..right).map(move |x| (x, y)))
        .filter(|(x, y)| mask.at(*x, *y))
        .collect();
    if ink.len() < 3 {
        return Cell::Blank;
    }
    let rows = ink.iter().map(|(_, y)| *y);
    let (first, last) = (
        rows.clone().min().unwrap_or(top),
        rows.max().unwrap_or(bottom),
    );
    let from_top = |y: usize| (real(y) - cell.y) / cell.height;
    let is_mark =
        from_top(last) < 0.52 && from_top(first) < 0.3 && real(last - first) < 0.45 * cell.height;
    if !is_mark {
        return Cell::Letter;
    }
    let columns = ink.iter().map(|(x, _)| *x);
    let (left, right) = (
        columns.clone().min().unwrap_or(left),
        columns.max().unwrap_or(right),
    );
    let blob = Blob {
        left,
        top: first,
        width: right + 1 - left,
        height: last + 1 - first,
    };
    Cell::Mark(if signs::holds_white(mask, &blob) {
        Mark::Round
    } else {
        Mark::Voiced
    })
}

/// Boxes of equal width whose borders run through as little ink as possible.
fn at_a_pitch(mask: &Mask, bounds: &Rect) -> Option<Vec<Rect>> {
    let (left, right) = (whole(bounds.x), whole(bounds.right()));
    let (top, bottom) = (whole(bounds.y), whole(bounds.bottom()));
    let ink: Vec<f32> = (left..right)
        .map(|x| real((top..bottom).filter(|y| mask.at(x, *y)).count()))
        .collect();
    let size = bounds.height;
    let mut best: Option<(f32, f32, f32)> = None;
    for step in 0..=24 {
        let pitch = size * (0.44 + real(step) * 0.015);
        let count = (bounds.width / pitch).ceil().max(1.0);
        // The characters fill their cells but for a little white at both ends.
        let room = count * pitch - bounds.width;
        for shift in 0..=8 {
            let start = -room * real(shift) / 8.0;
            let borders = (1..whole(count)).map(|number| start + pitch * real(number));
            let crossed: f32 = borders
                .map(|border| {
                    let near = whole((border - 1.0).max(0.0))..whole((border + 2.0).max(0.0));
                    near.filter_map(|x| ink.get(x)).sum::<f32>()
                })
                .sum();
            let cost = (crossed + 1.0) / (count - 1.0).max(1.0) + room / pitch;
            if best.is_none_or(|(least, ..)| cost < least) {
                best = Some((cost, pitch, start));
            }
        }
    }
    let (_, pitch, start) = best?;
    let count = whole((bounds.width / pitch).ceil().max(1.0));
    (count <= 60).then(|| {
        (0..count)
            .map(|number| Rect {
                x: bounds.x + start + pitch * real(number),
                width: pitch,
                ..*bounds
            })
            .collect()
    })
}
