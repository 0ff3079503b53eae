//! What stands on a strip: strips become pictures 48 pixels high, go through the recogniser in batches
//! of similar width, and come back as characters with places.

use std::sync::Mutex;

use rten::{RunOptions, ValueOrView};
use rten_tensor::NdTensor;

use crate::decode::{self, Glyph};
use crate::ink::Mask;
use crate::lines::Strip;
use crate::models::Models;
use crate::page::{Character, Direction, Rect};
use crate::pixels::{real, shade, whole};
use crate::plane::Plane;

/// Height the recogniser was trained on.
const HEIGHT: usize = 48;
/// Pixels of the picture to one frame of the answer.
const FRAME: usize = 8;
/// Widest picture; longer strips are squeezed.
const WIDTH_MAX: usize = 2_400;
/// White left above, below and beside the ink, in heights of the ink.
const MARGIN: f32 = 0.14;
/// Pixels of one batch, all strips together.
const BATCH: usize = 2_400;

/// A strip drawn for the recogniser.
struct Crop {
    /// Of the strip in the list given.
    strip: usize,
    plane: Plane,
    /// From columns of the crop back to the page.
    places: Places,
}

/// From columns of a crop to places on the page.
enum Places {
    /// `page = start + column / scale`
    Along { start: f32, scale: f32 },
    /// Characters that stood above each other, side by side: where each begins in the crop, and its
    /// box on the page.
    Stacked(Vec<(f32, Rect)>),
}

/// Reads all strips; the answer has one list of characters for each strip, which may be empty.
pub(crate) fn read(
    models: &Models,
    plane: &Plane,
    mask: &Mask,
    strips: &[Strip],
) -> Result<Vec<Vec<Character>>, rten::RunError> {
    let mut crops: Vec<Crop> = strips
        .iter()
        .enumerate()
        .filter_map(|(place, strip)| crop(plane, mask, strip, place))
        .collect();
    crops.sort_by_key(|crop| crop.plane.width());
    let batches = Mutex::new(batches(&crops));
    let answers = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for pool in &models.pools {
            let options = RunOptions::default().with_thread_pool(Some(std::sync::Arc::clone(pool)));
            let (batches, answers) = (&batches, &answers);
            scope.spawn(move || {
                // A lock is only held for a moment and nothing in it can panic.
                let next = || batches.lock().ok().and_then(|mut list| list.pop());
                while let Some(batch) = next() {
                    let answer = glyphs(models, batch, options.clone());
                    if let Ok(mut answers) = answers.lock() {
                        answers.push((batch, answer));
                    }
                }
            });
        }
    });
    let mut out = vec![Vec::new(); strips.len()];
    for (batch, answer) in answers.into_inner().unwrap_or_default() {
        for (crop, glyphs) in batch.iter().zip(answer?) {
            let strip = &strips[crop.strip];
            out[crop.strip] = placed(&glyphs, crop, strip, mask);
        }
    }
    Ok(out)
}

/// Runs of crops of similar width, the widest last.
fn batches(crops: &[Crop]) -> Vec<&[Crop]> {
    let mut out = Vec::new();
    let mut start = 0;
    for end in 1..=crops.len() {
        let widest = crops[end - 1].plane.width();
        let narrowest = crops[start].plane.width();
        let next = crops.get(end).map_or(usize::MAX, |crop| crop.plane.width());
        let full = next.saturating_mul(end + 1 - start) > BATCH;
        // Padding costs as much as text.
        if full || next > widest.max(narrowest + 64) && next * 4 > narrowest * 5 {
            out.push(&crops[start..end]);
            start = end;
        }
    }
    out
}

fn crop(plane: &Plane, mask: &Mask, strip: &Strip, place: usize) -> Option<Crop> {
    match strip.direction {
        Direction::Horizontal => across(plane, strip, place),
        Direction::Vertical => stacked(plane, mask, strip, place),
    }
}

fn across(plane: &Plane, strip: &Strip, place: usize) -> Option<Crop> {
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
    Some(Crop {
        strip: place,
        plane: out,
        places: Places::Along {
            start: bounds.x,
            scale: real(width) / bounds.width,
        },
    })
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
fn stacked(plane: &Plane, mask: &Mask, strip: &Strip, place: usize) -> Option<Crop> {
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
    Some(Crop {
        strip: place,
        plane: out,
        places: Places::Stacked(places),
    })
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

/// What one batch of crops says.
fn glyphs(
    models: &Models,
    crops: &[Crop],
    options: RunOptions,
) -> Result<Vec<Vec<Glyph>>, rten::RunError> {
    let widest = crops.iter().map(|crop| crop.plane.width()).max();
    let width = widest.unwrap_or(FRAME).next_multiple_of(FRAME);
    let mut data = Vec::with_capacity(crops.len() * 3 * HEIGHT * width);
    for crop in crops {
        let start = data.len();
        for y in 0..HEIGHT {
            let row = crop.plane.row(y);
            data.extend(row.iter().map(|value| f32::from(*value) / 127.5 - 1.0));
            data.extend(std::iter::repeat_n(1.0, width - row.len()));
        }
        for _ in 0..2 {
            data.extend_from_within(start..start + HEIGHT * width);
        }
    }
    let input = NdTensor::from_data([crops.len(), 3, HEIGHT, width], data);
    let output = models
        .recogniser
        .run_one(ValueOrView::from(input), Some(options))?;
    let Ok(([count, frames, classes], answer)) = output.into_shape_vec::<f32, 3>() else {
        return Ok(vec![Vec::new(); crops.len()]);
    };
    if classes != models.classes.len() || count != crops.len() {
        return Ok(vec![Vec::new(); crops.len()]);
    }
    Ok(answer
        .chunks_exact(frames * classes)
        .map(|strip| decode::glyphs(strip, &models.classes))
        .collect())
}

/// Characters with their places on the page.
fn placed(glyphs: &[Glyph], crop: &Crop, strip: &Strip, mask: &Mask) -> Vec<Character> {
    let column = |glyph: &Glyph| glyph.middle * real(FRAME);
    match &crop.places {
        Places::Along { start, scale } => {
            let middles: Vec<f32> = glyphs
                .iter()
                .map(|glyph| start + column(glyph) / scale)
                .collect();
            along(glyphs, &middles, strip, mask)
        }
        Places::Stacked(places) => glyphs
            .iter()
            .filter_map(|glyph| {
                let (_, bounds) = places
                    .iter()
                    .rev()
                    .find(|(start, _)| *start <= column(glyph))?;
                Some(character(glyph, *bounds))
            })
            .collect(),
    }
}

fn character(glyph: &Glyph, bounds: Rect) -> Character {
    Character {
        value: glyph.value,
        probability: glyph.probability,
        bounds,
        alternatives: glyph.alternatives.clone(),
    }
}

fn along(glyphs: &[Glyph], middles: &[f32], strip: &Strip, mask: &Mask) -> Vec<Character> {
    let size = strip.bounds.height;
    let mut out = Vec::new();
    for (place, (glyph, middle)) in glyphs.iter().zip(middles).enumerate() {
        let before = place.checked_sub(1).and_then(|before| middles.get(before));
        let after = middles.get(place + 1);
        let left = before.map_or(strip.bounds.x, |before| f32::midpoint(*before, *middle));
        let right = after.map_or(strip.bounds.right(), |after| f32::midpoint(*middle, *after));
        let left = left.max(middle - size * 0.75);
        let right = right.min(middle + size * 0.75).max(left + 1.0);
        let inked = ink_columns(mask, strip, left, right);
        if is_stroke(glyph.value) && !inks(mask, strip, middle - size * 0.22, middle + size * 0.22)
        {
            continue;
        }
        let (left, right) = inked.unwrap_or((left, right));
        let bounds = Rect {
            x: left,
            y: strip.bounds.y + (middle - strip.bounds.centre().0) * strip.slope,
            width: right - left,
            height: size,
        };
        out.push(character(glyph, bounds));
    }
    out
}

/// Characters that the recogniser likes to see in a white gap.
fn is_stroke(value: char) -> bool {
    matches!(
        value,
        'ー' | '一'
            | '-'
            | '－'
            | '―'
            | '—'
            | '‐'
            | '−'
            | '_'
            | '＿'
            | '~'
            | '～'
            | '〜'
            | '.'
            | '．'
            | '。'
            | '、'
            | ','
            | '，'
            | '·'
            | '・'
            | '\''
            | '`'
            | '|'
            | '｜'
            | '丨'
            | '　'
            | ' '
    )
}

fn inks(mask: &Mask, strip: &Strip, left: f32, right: f32) -> bool {
    ink_columns(mask, strip, left, right).is_some()
}

/// First and last column with ink between two places, within the strip's rows.
fn ink_columns(mask: &Mask, strip: &Strip, left: f32, right: f32) -> Option<(f32, f32)> {
    let middle = strip.bounds.centre().0;
    let inked = |x: &usize| {
        let sink = (real(*x) - middle) * strip.slope;
        let top = whole(strip.bounds.y + sink);
        (top..whole(strip.bounds.bottom() + sink)).any(|y| mask.at(*x, y))
    };
    let columns = whole(left.max(0.0))..whole(right.max(0.0));
    let first = columns.clone().find(inked)?;
    let last = columns.rev().find(inked)?;
    Some((real(first), real(last + 1)))
}
