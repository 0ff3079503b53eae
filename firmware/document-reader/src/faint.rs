//! Level strokes that a scan leaves too pale to be ink: the 一 of a thin typeface is a grey line with a dark
//! end, and a name lost it where a blank stands before it.

use crate::lines::{self, Strip};
use crate::page::Direction;
use crate::pixels::{real, whole};
use crate::plane::Plane;
use crate::rules::Rules;

/// Darker than this is a pale stroke, on paper that was made white.
const PALE: u8 = 220;
/// Columns beside ink that are pale because it is near.
const BLURRED: usize = 2;
/// White between a strip and a stroke, in heights of the strip.
const GAP: f32 = 0.35;
/// Columns without a pale pixel that a stroke may have, one after the other.
const HOLE: usize = 2;
/// Length of a stroke, in heights of the strip. A pattern of the paper is longer.
const LENGTH: std::ops::RangeInclusive<f32> = 0.35..=1.3;
/// Most of a column that is dark, as a share of the height: 二 has two strokes, 一 ends in a wedge.
const THICK: f32 = 0.4;

/// Takes a pale level stroke beside a strip into it, up to a rule or another strip.
pub(crate) fn widen(strips: &mut [Strip], rules: &Rules, plane: &Plane) {
    for place in 0..strips.len() {
        let strip = strips[place];
        if strip.direction != Direction::Horizontal {
            continue;
        }
        let (least, most) = lines::room(strips, place, rules, real(plane.width()));
        let (left, right) = (strip.bounds.x, strip.bounds.right());
        let to_right = whole(right)..whole(most);
        let to_left = whole(least)..whole(left);
        // What reaches another strip is a part of that one's first or last character.
        let apart = strip.bounds.height * GAP;
        let right = stroke(plane, &strip, to_right)
            .map(|last| real(last + 1))
            .filter(|end| end + apart < most)
            .unwrap_or(right);
        let left = stroke(plane, &strip, to_left.rev())
            .map(real)
            .filter(|end| end - apart > least)
            .unwrap_or(left);
        let bounds = &mut strips[place].bounds;
        (bounds.x, bounds.width) = (left, right - left);
    }
}

/// Whether a level stroke runs from one place of a strip to another.
pub(crate) fn is_stroke(plane: &Plane, strip: &Strip, from: f32, to: f32) -> bool {
    let columns = whole(from.max(0.0))..whole(to.max(0.0)).min(plane.width());
    let all = columns.len();
    let level = columns.filter(|x| Column::at(plane, strip, *x) == Column::Level);
    all > 0 && level.count() * 5 >= all * 4
}

/// The far end of a level stroke among these columns, which lead away from a strip.
fn stroke(plane: &Plane, strip: &Strip, columns: impl Iterator<Item = usize>) -> Option<usize> {
    let gap = whole(strip.bounds.height * GAP);
    let mut white = 0;
    let mut ends: Option<(usize, usize)> = None;
    for x in columns.skip(BLURRED) {
        match (Column::at(plane, strip, x), ends) {
            (Column::Level, _) => {
                white = 0;
                ends = Some((ends.map_or(x, |(first, _)| first), x));
            }
            (Column::White, None) if white < gap => white += 1,
            (Column::White, Some(_)) if white < HOLE => white += 1,
            (Column::White | Column::Dark, _) => break,
        }
    }
    let (first, last) = ends?;
    let length = real(first.abs_diff(last) + 1) / strip.bounds.height.max(1.0);
    LENGTH.contains(&length).then_some(last)
}

/// What a column of a strip holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    White,
    /// Little enough for a level stroke.
    Level,
    Dark,
}

impl Column {
    fn at(plane: &Plane, strip: &Strip, x: usize) -> Self {
        let sink = (real(x) - strip.bounds.centre().0) * strip.slope;
        let top = whole((strip.bounds.y + sink).max(0.0));
        let bottom = whole((strip.bounds.bottom() + sink).max(0.0)).min(plane.height());
        let pale = (top..bottom).filter(|y| plane.at(x, *y) < PALE).count();
        if pale == 0 {
            Self::White
        } else if real(pale) <= THICK * strip.bounds.height {
            Self::Level
        } else {
            Self::Dark
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Rect;

    /// Where a strip from 100 to 140 ends on paper with a pale stroke in these columns.
    fn ends(pale: std::ops::Range<usize>) -> (f32, f32) {
        let mut plane = Plane::filled(300, 60, 255);
        for row in [28, 29] {
            plane.row_mut(row)[pale.clone()].fill(200);
        }
        let bounds = Rect {
            x: 100.0,
            y: 10.0,
            width: 40.0,
            height: 40.0,
        };
        let mut strips = [Strip {
            bounds,
            slope: 0.0,
            direction: Direction::Horizontal,
            line: 0,
        }];
        widen(&mut strips, &Rules::default(), &plane);
        (strips[0].bounds.x, strips[0].bounds.right())
    }

    #[test]
    fn a_pale_stroke_beside_a_strip_is_taken_in() {
        assert_eq!(ends(0..0), (100.0, 140.0));
        assert_eq!(ends(150..186), (100.0, 186.0));
        assert_eq!(ends(60..96), (60.0, 140.0));
    }

    #[test]
    fn dots_far_lines_and_patterns_are_not() {
        assert_eq!(ends(150..154), (100.0, 140.0), "a dot");
        assert_eq!(ends(170..206), (100.0, 140.0), "too far");
        assert_eq!(ends(145..260), (100.0, 140.0), "a line");
    }
}
