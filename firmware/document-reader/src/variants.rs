//! Forms of a character that the recogniser takes for another: 髙 always came out as 高, 﨑 as 崎.
//!
//! Where they differ in one place, that place is looked at. The other form stays among the
//! alternatives, because whose name it is decides the person, not the picture.

use crate::page::Character;
use crate::pixels::{real, whole};
use crate::plane::Plane;

/// Darker than this share of the darkest ink is a stroke.
const STROKE: f32 = 0.5;

/// Tells the forms of one character apart, where it has several.
pub(crate) fn told_apart(plane: &Plane, character: &mut Character) {
    match character.value {
        '高' if is_ladder(plane, character) => {
            character.value = '髙';
            let other = 1.0 - character.probability * 0.9;
            character.alternatives.insert(0, ('高', other));
            character.probability *= 0.9;
        }
        // 﨑 has one level stroke more, which no measure tried here told apart on fax pages: a person does.
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
        (width >= 16 && height >= 24 && darkest > 60.0).then_some(Self {
            plane,
            left,
            top: first,
            width,
            height,
            darkest,
        })
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
