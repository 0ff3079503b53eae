//! What stands on a strip: strips become pictures 48 pixels high, go through the recogniser in batches
//! of similar width, and come back as characters with places.

use std::collections::HashMap;
use std::sync::Mutex;

use rten::{RunOptions, ValueOrView};
use rten_tensor::NdTensor;

use crate::crops::{self, Crop, FRAME, HEIGHT, Mark, Places};
use crate::decode::{self, Glyph};
use crate::faint;
use crate::ink::Mask;
use crate::kana_sizes;
use crate::lines::Strip;
use crate::models::Models;
use crate::page::{Character, Direction, Rect};
use crate::pixels::{real, whole};
use crate::plane::Plane;
use crate::variants;

/// Certainty below which a strip may be half-width kana.
const NARROW_DOUBT: f32 = 0.9;
/// Certainty below which a lone character may have lost strokes.
const THIN_DOUBT: f32 = 0.6;
/// A lone character that is seldom printed alone is 無 from here on, if it is that with thicker strokes.
const NONE_LEAST: f32 = 0.4;
/// Heights that the half-width kana of a name are wide at most.
const NARROW_LONGEST: f32 = 12.0;
/// Pixels of one batch, all strips together.
const BATCH: usize = 2_400;

/// Reads all strips; the answer has one list of characters for each strip, which may be empty.
pub(crate) fn read(
    models: &Models,
    plane: &Plane,
    mask: &Mask,
    strips: &[Strip],
) -> Result<Vec<Vec<Character>>, rten::RunError> {
    let crops = strips
        .iter()
        .enumerate()
        .map(|(place, strip)| crops::as_it_stands(plane, mask, strip, place))
        .collect();
    let mut out = answers(models, &models.classes, (plane, mask), strips, crops)?;
    read_narrow(models, plane, mask, strips, &mut out)?;
    read_thick(models, plane, mask, strips, &mut out)?;
    for character in out.iter_mut().flatten() {
        variants::told_apart(plane, character);
    }
    for read in &mut out {
        kana_sizes::settle(mask, read);
    }
    Ok(out)
}

/// Reads what may be half-width kana once more, letter by letter.
fn read_narrow(
    models: &Models,
    plane: &Plane,
    mask: &Mask,
    strips: &[Strip],
    out: &mut [Vec<Character>],
) -> Result<(), rten::RunError> {
    let crops: Vec<Crop> = strips
        .iter()
        .zip(out.iter())
        .enumerate()
        .filter(|(_, (strip, read))| may_be_narrow(strip, read) || is_narrow_kana(strip, read))
        .filter_map(|(place, (strip, _))| crops::apart(plane, mask, strip, place))
        .collect();
    let cells: HashMap<usize, (usize, Marks)> = crops
        .iter()
        .map(|crop| {
            (
                crop.strip,
                (crop.plane.width() / HEIGHT, crop.marks.clone()),
            )
        })
        .collect();
    let narrow = answers(models, &models.kana, (plane, mask), strips, crops)?;
    for (place, narrow) in narrow.into_iter().enumerate() {
        let Some((cells, marks)) = cells.get(&place) else {
            continue;
        };
        // Where a third of the cells says nothing, they were no half-width kana.
        if narrow.len() * 3 < cells * 2 {
            continue;
        }
        let narrow = marked(voiced(narrow), marks);
        // Kana at half the pitch are what they look like; anything else must be read with more certainty.
        let ahead = if is_narrow_kana(&strips[place], &out[place]) {
            0.08
        } else {
            0.0
        };
        if certainty(&narrow) + ahead > certainty(&out[place]) {
            out[place] = narrow;
        }
    }
    Ok(())
}

/// Reads characters that stand alone once more with thicker strokes where they were read with little certainty or
/// as what 無 falls into: a fax loses hairlines, and no other letter tells.
fn read_thick(
    models: &Models,
    plane: &Plane,
    mask: &Mask,
    strips: &[Strip],
    out: &mut [Vec<Character>],
) -> Result<(), rten::RunError> {
    let crops: Vec<Crop> = strips
        .iter()
        .zip(out.iter())
        .enumerate()
        .filter(|(_, (strip, read))| may_be_thin(strip, read))
        .map(|(place, (strip, _))| crops::thickened(plane, strip, place))
        .collect();
    let thick = answers(models, &models.classes, (plane, mask), strips, crops)?;
    for (thick, own) in thick.into_iter().zip(out) {
        let [one] = thick.as_slice() else {
            continue;
        };
        let is_none = one.value == '無' && one.probability > NONE_LEAST;
        if is_none || one.probability > certainty(own) {
            *own = thick;
        }
    }
    Ok(())
}

/// Whether a strip is one character that may have lost strokes.
fn may_be_thin(strip: &Strip, read: &[Character]) -> bool {
    let [one] = read else {
        return false;
    };
    strip.direction == Direction::Horizontal
        && strip.bounds.width < 1.3 * strip.bounds.height
        && (one.probability < THIN_DOUBT || variants::LIKE_NONE.contains(one.value))
}

/// Marks of voicing with their cells.
type Marks = Vec<(Rect, Mark)>;

/// Whether nearly all of a strip was read as kana that stand closer than full-width ones do.
fn is_narrow_kana(strip: &Strip, read: &[Character]) -> bool {
    let kana = read
        .iter()
        .filter(|one| matches!(one.value, '\u{30a1}'..='\u{30fc}' | '\u{ff66}'..='\u{ff9f}'))
        .count();
    strip.direction == Direction::Horizontal
        && read.len() >= 2
        && kana * 5 >= read.len() * 4
        && strip.bounds.width < 0.85 * strip.bounds.height * real(read.len())
}

/// Letters with the marks that stand in the cells after them.
fn marked(mut read: Vec<Character>, marks: &[(Rect, Mark)]) -> Vec<Character> {
    for (cell, mark) in marks {
        let before = read.iter_mut().rev().find(|one| {
            let white = cell.x - one.bounds.right();
            one.bounds.x < cell.x && white < 0.6 * cell.width
        });
        let Some(letter) = before else { continue };
        let voiced = unicode_normalization::char::compose(letter.value, mark.combining())
            .or_else(|| unicode_normalization::char::compose(letter.value, '\u{3099}'));
        if let Some(voiced) = voiced {
            letter.alternatives.insert(0, (letter.value, 0.02));
            letter.value = voiced;
            letter.bounds = letter.bounds.around(cell);
        }
    }
    read
}

/// Whether a strip may hold half-width kana: small, and nothing that was read with certainty.
fn may_be_narrow(strip: &Strip, read: &[Character]) -> bool {
    strip.direction == Direction::Horizontal
        && strip.bounds.width > strip.bounds.height * 0.4
        && strip.bounds.width < strip.bounds.height * NARROW_LONGEST
        && certainty(read) < NARROW_DOUBT
}

/// Geometric mean of the probabilities; 0 for nothing.
fn certainty(read: &[Character]) -> f32 {
    if read.is_empty() {
        return 0.0;
    }
    let sum: f32 = read.iter().map(|one| one.probability.max(1e-4).ln()).sum();
    (sum / real(read.len())).exp()
}

/// Half-width kana write the voicing marks as characters of their own.
fn voiced(read: Vec<Character>) -> Vec<Character> {
    let mut out: Vec<Character> = Vec::new();
    for character in read {
        let mark = match character.value {
            '゛' | '"' | '”' | '〃' | '“' | 'ﾞ' => Some('\u{3099}'),
            '゜' | '°' | '゚' | 'ﾟ' => Some('\u{309a}'),
            _ => None,
        };
        let joined = mark.zip(out.last_mut()).and_then(|(mark, last)| {
            let value = unicode_normalization::char::compose(last.value, mark)?;
            Some((last, value))
        });
        match joined {
            Some((last, value)) => {
                last.value = value;
                last.probability = last.probability.min(character.probability);
                last.bounds = last.bounds.around(&character.bounds);
                last.alternatives.clear();
            }
            None => out.push(character),
        }
    }
    out
}

/// Runs crops through the model; only `classes` may be answered.
fn answers(
    models: &Models,
    classes: &[Option<char>],
    seen: (&Plane, &Mask),
    strips: &[Strip],
    mut crops: Vec<Crop>,
) -> Result<Vec<Vec<Character>>, rten::RunError> {
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
                    let answer = glyphs(models, classes, batch, options.clone());
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
            out[crop.strip] = placed(&glyphs, crop, strip, seen);
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

/// What one batch of crops says.
fn glyphs(
    models: &Models,
    allowed: &[Option<char>],
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
        .map(|strip| decode::glyphs(strip, allowed))
        .collect())
}

/// Characters with their places on the page.
fn placed(glyphs: &[Glyph], crop: &Crop, strip: &Strip, seen: (&Plane, &Mask)) -> Vec<Character> {
    let column = |glyph: &Glyph| glyph.middle * real(FRAME);
    match &crop.places {
        Places::Along { start, scale } => {
            let middles: Vec<f32> = glyphs
                .iter()
                .map(|glyph| start + column(glyph) / scale)
                .collect();
            along(glyphs, &middles, strip, seen)
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

fn along(
    glyphs: &[Glyph],
    middles: &[f32],
    strip: &Strip,
    (plane, mask): (&Plane, &Mask),
) -> Vec<Character> {
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
        let (from, to) = (middle - size * 0.22, middle + size * 0.22);
        let is_there = || inks(mask, strip, from, to) || faint::is_stroke(plane, strip, from, to);
        if is_stroke(glyph.value) && !is_there() {
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
