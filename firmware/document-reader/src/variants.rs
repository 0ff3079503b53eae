//! Forms of a character that the recogniser takes for another: 髙 always came out as 高, 﨑 as 崎.
//!
//! Where they differ in one place, that place is looked at. The other form stays among the
//! alternatives, because whose name it is decides the person, not the picture.

use crate::page::Character;
use crate::pixels::{real, whole};
use crate::plane::Plane;

/// Darker than this share of the darkest ink is a stroke.
const STROKE: f32 = 0.5;

/// Characters that 無 becomes when ink fills it or its thin strokes break, where one character stands
/// alone.
pub(crate) const LIKE_NONE: &str = "熊黑黒馬焦魚燕蕪舞景票兼蒲浦淵渊湘撫";

/// Tells the forms of one character apart, where it has several.
pub(crate) fn told_apart(plane: &Plane, character: &mut Character) {
    match character.value {
        '高' if is_ladder(plane, character) => {
            character.value = '髙';
            let other = 1.0 - character.probability * 0.9;
            character.alternatives.insert(0, ('高', other));
            character.probability *= 0.9;
        }
        '崎' if has_parted_ticks(plane, character) => {
            character.value = '﨑';
            let other = 1.0 - character.probability * 0.9;
            character.alternatives.insert(0, ('崎', other));
            character.probability *= 0.9;
        }
        '崎' => character.alternatives.push(('﨑', 0.05)),
        _ => {}
    }
}

/// How dark each pixel of a character is, 0 to 1, in its own box.
struct Ink<'a> {
    plane: &'a Plane,
    left: usize,
    top: usize,
    width: usize,
    height: usize,
    darkest: f32,
}

impl<'a> Ink<'a> {
    /// The box is trimmed to its ink, because a line's box is higher than most characters.
    fn of(plane: &'a Plane, character: &Character) -> Option<Self> {
        let bounds = character.bounds;
        let (left, right) = (whole(bounds.x), whole(bounds.right()).min(plane.width()));
        let (top, bottom) = (whole(bounds.y), whole(bounds.bottom()).min(plane.height()));
        let dark = |x: usize, y: usize| 255.0 - f32::from(plane.at(x, y));
        let darkest = (top..bottom)
            .flat_map(|y| (left..right).map(move |x| (x, y)))
            .map(|(x, y)| dark(x, y))
            .fold(0.0, f32::max);
        let inked = |y: usize| (left..right).any(|x| dark(x, y) > darkest * STROKE);
        let first = (top..bottom).find(|y| inked(*y))?;
        let last = (top..bottom).rev().find(|y| inked(*y))?;
        let (width, height) = (right.checked_sub(left)?, last + 1 - first);
        (width >= 16 && height >= 23 && darkest > 60.0).then_some(Self {
            plane,
            left,
            top: first,
            width,
            height,
            darkest,
        })
    }

    /// The same without white columns at its sides.
    fn trimmed(self) -> Option<Self> {
        let inked = |x: &usize| (0..self.height).any(|y| self.at(*x, y) > STROKE);
        let first = (0..self.width).find(inked)?;
        let last = (0..self.width).rev().find(inked)?;
        Some(Self {
            left: self.left + first,
            width: last + 1 - first,
            ..self
        })
    }

    /// Mean darkness of a row between two parts of the width.
    fn mean(&self, y: usize, from: f32, to: f32) -> f32 {
        let columns = whole(real(self.width) * from)..whole(real(self.width) * to);
        let count = real(columns.len().max(1));
        columns.map(|x| self.at(x, y)).sum::<f32>() / count
    }

    fn at(&self, x: usize, y: usize) -> f32 {
        (255.0 - f32::from(self.plane.at(self.left + x, self.top + y))) / self.darkest
    }

    /// Darkest pixel of a row between two parts of the width.
    fn most(&self, y: usize, from: f32, to: f32) -> f32 {
        (whole(real(self.width) * from)..whole(real(self.width) * to))
            .map(|x| self.at(x, y))
            .fold(0.0, f32::max)
    }

    /// Share of a row that is stroke, between two parts of the width.
    fn filled(&self, y: usize, from: f32, to: f32) -> f32 {
        let columns = whole(real(self.width) * from)..whole(real(self.width) * to);
        let count = columns.len().max(1);
        let dark = columns.filter(|x| self.at(*x, y) > STROKE).count();
        real(dark) / real(count)
    }
}

/// Top right in 崎 stands 大, whose legs part from the middle downwards; in 﨑 stands 立, whose ticks lean towards
/// each other. So between the two level strokes the ink moves outwards in one and not in the other.
/// Where fax ink has filled the middle, nothing is said: 崎 is the commoner one.
fn has_parted_ticks(plane: &Plane, character: &Character) -> bool {
    /// Movement of the ink, in widths of the character: 崎 had 0.029 and more, 﨑 0.005 and less
    /// in eight fonts at 24 to 50 pixels.
    const STAYS: f32 = 0.012;
    /// Darkness of the middle at which it counts as filled.
    const FILLED: f32 = 0.72;
    let Some(ink) = Ink::of(plane, character).and_then(Ink::trimmed) else {
        return false;
    };
    let (width, height) = (real(ink.width), real(ink.height));
    let rows = |from: f32, to: f32| whole(height * from)..whole(height * to);
    let darkest = |rows: std::ops::Range<usize>| {
        rows.max_by(|one, other| {
            ink.mean(*one, 0.46, 0.97)
                .total_cmp(&ink.mean(*other, 0.46, 0.97))
        })
    };
    let (Some(upper), Some(lower)) = (darkest(rows(0.04, 0.27)), darkest(rows(0.33, 0.58))) else {
        return false;
    };
    // The dot of 立 or the head of 大 stands in the middle of the right part.
    let above = upper.saturating_sub(1).max(2);
    let head = |x: usize| (0..above).map(|y| ink.at(x, y)).sum::<f32>();
    let columns = whole(width * 0.58)..whole(width * 0.86);
    let Some(middle) = columns.max_by(|one, other| head(*one).total_cmp(&head(*other))) else {
        return false;
    };
    let between = real(lower.saturating_sub(upper));
    let first = upper + 2.max(whole(between * 0.25));
    let half = upper + whole(between * 0.55);
    let last = lower.saturating_sub(1.max(whole(between * 0.18)));
    if first >= half || half >= last {
        return false;
    }
    let reach = whole(width * 0.27);
    let spread = |y: usize| {
        let from = middle.saturating_sub(reach).max(whole(width * 0.46));
        let to = (middle + reach).min(whole(width * 0.97));
        let all: f32 = (from..to).map(|x| ink.at(x, y)).sum();
        let off: f32 = (from..to)
            .map(|x| ink.at(x, y) * (real(x) - real(middle)).abs())
            .sum();
        off / (all + 1e-6) / width
    };
    let mean = |of: &dyn Fn(usize) -> f32, rows: std::ops::Range<usize>| {
        let count = real(rows.len().max(1));
        rows.map(of).sum::<f32>() / count
    };
    let band = 1.max(whole(width * 0.045));
    let centre = |y: usize| {
        let columns = middle.saturating_sub(band)..(middle + band + 1).min(ink.width);
        let count = real(columns.len().max(1));
        columns.map(|x| ink.at(x, y)).sum::<f32>() / count
    };
    let moves = mean(&spread, half..last) - mean(&spread, first..half);
    moves < STAYS && mean(&centre, first..half) < FILLED
}

/// 髙 has two posts from its roof down to its frame; in 高 the mouth (口) hangs free between white rows.
fn is_ladder(plane: &Plane, character: &Character) -> bool {
    let Some(ink) = Ink::of(plane, character) else {
        return false;
    };
    let rows = |from: f32, to: f32| whole(real(ink.height) * from)..whole(real(ink.height) * to);
    // The widest stroke in the upper third is the roof.
    let Some(roof) = rows(0.08, 0.36).max_by(|one, other| {
        ink.filled(*one, 0.0, 1.0)
            .total_cmp(&ink.filled(*other, 0.0, 1.0))
    }) else {
        return false;
    };
    let below = roof + 1..whole(real(ink.height) * 0.48);
    let least = below
        .map(|y| ink.most(y, 0.12, 0.45).min(ink.most(y, 0.55, 0.88)))
        .fold(1.0, f32::min);
    least > 0.55
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Rect;

    /// From, to.
    type Stroke = ((f32, f32), (f32, f32));

    /// Strokes on a square of 40 pixels, three wide.
    fn drawn(strokes: &[Stroke]) -> Plane {
        let mut plane = Plane::filled(60, 60, 255);
        for ((x0, y0), (x1, y1)) in strokes {
            for step in 0_u8..=80 {
                let part = f32::from(step) / 80.0;
                let (x, y) = (x0 + (x1 - x0) * part + 10.0, y0 + (y1 - y0) * part + 10.0);
                for row in whole(y - 1.0)..whole(y + 2.0) {
                    plane.row_mut(row)[whole(x - 1.0)..whole(x + 2.0)].fill(20);
                }
            }
        }
        plane
    }

    /// 山 at the left, the lower part of 奇 at the right, and what stands above it.
    fn saki(upper: &[Stroke]) -> char {
        let mut strokes = vec![
            ((2.0, 10.0), (2.0, 30.0)),
            ((8.0, 2.0), (8.0, 30.0)),
            ((14.0, 10.0), (14.0, 30.0)),
            ((2.0, 30.0), (14.0, 30.0)),
            ((18.0, 5.0), (38.0, 5.0)),
            ((18.0, 18.0), (38.0, 18.0)),
            ((21.0, 23.0), (29.0, 23.0)),
            ((21.0, 30.0), (29.0, 30.0)),
            ((21.0, 23.0), (21.0, 30.0)),
            ((29.0, 23.0), (29.0, 30.0)),
            ((35.0, 18.0), (35.0, 38.0)),
        ];
        strokes.extend(upper);
        let mut character = Character {
            value: '崎',
            probability: 0.99,
            bounds: Rect {
                x: 10.0,
                y: 10.0,
                width: 41.0,
                height: 40.0,
            },
            alternatives: Vec::new(),
        };
        told_apart(&drawn(&strokes), &mut character);
        character.value
    }

    #[test]
    fn legs_that_part_are_not_ticks_that_meet() {
        let great = [
            ((28.0, 0.0), (28.0, 8.0)),
            ((28.0, 8.0), (20.0, 15.0)),
            ((28.0, 8.0), (36.0, 15.0)),
        ];
        assert_eq!(saki(&great), '崎');
        let stand = [
            ((28.0, 0.0), (28.0, 5.0)),
            ((22.0, 8.0), (24.0, 16.0)),
            ((34.0, 8.0), (32.0, 16.0)),
        ];
        assert_eq!(saki(&stand), '﨑');
    }
}
