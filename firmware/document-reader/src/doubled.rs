//! Digits that stand twice and were read once.
//!
//! A reader that answers "the same again" and "still the same" alike makes one 2 of 22, and is sure of it. The
//! ink is not: between the characters beside the digit two equal shapes stand apart.

use std::ops::Range;

use crate::ink::Mask;
use crate::lines::Strip;
use crate::page::{Character, Direction, Rect};
use crate::pixels::{real, whole};

/// Of a digit that was added to what was read: somebody looks at it.
const DOUBTED: f32 = 0.5;
/// Least height of a digit, and least white between two, as shares of the height of the strip.
const TALL: f32 = 0.5;
const APART: f32 = 0.06;
/// Least likeness of two shapes of one digit.
const ALIKE: f32 = 0.8;
/// How far a fax moves ink.
const NEAR: usize = 2;

/// Adds the digits that the ink shows and the reader did not answer.
pub(crate) fn settle(strips: &[Strip], read: &mut [Vec<Character>], mask: &Mask) {
    for (strip, own) in strips.iter().zip(read) {
        if strip.direction != Direction::Horizontal {
            continue;
        }
        let mut place = 0;
        while place < own.len() {
            if let Some((first, second)) = two_for_one(strip, own, place, mask) {
                let one = &mut own[place];
                one.probability = one.probability.min(DOUBTED);
                one.bounds = first;
                let again = Character {
                    bounds: second,
                    ..one.clone()
                };
                place += 1;
                own.insert(place, again);
            }
            place += 1;
        }
    }
}

/// The two places where the ink shows the digit that was read once.
fn two_for_one(
    strip: &Strip,
    read: &[Character],
    place: usize,
    mask: &Mask,
) -> Option<(Rect, Rect)> {
    let one = read.get(place)?;
    if !crate::fields::plain(one.value).is_ascii_digit() {
        return None;
    }
    let before = place.checked_sub(1).and_then(|place| read.get(place));
    let left = before.map_or(strip.bounds.x, |before| before.bounds.right());
    let after = read.get(place + 1);
    let right = after.map_or(strip.bounds.right(), |after| after.bounds.x);
    let rows = whole(strip.bounds.y.max(0.0))..whole(strip.bounds.bottom()).min(mask.height);
    let columns = whole(left.max(0.0))..whole(right.max(0.0)).min(mask.width);
    let shapes = shapes(mask, columns, rows);
    let height = strip.bounds.height;
    let tall: Vec<&Shape> = shapes
        .iter()
        .filter(|shape| real(shape.rows.len()) > TALL * height)
        .collect();
    let [first, second] = tall.as_slice() else {
        return None;
    };
    let white = second.columns.start.saturating_sub(first.columns.end);
    let is_apart = real(white) > APART * height;
    let is_narrow = |shape: &Shape| real(shape.columns.len()) < height;
    (is_apart && is_narrow(first) && is_narrow(second) && are_alike(mask, first, second))
        .then(|| (first.bounds(), second.bounds()))
}

/// Ink between white columns.
#[derive(Debug, Clone)]
struct Shape {
    columns: Range<usize>,
    rows: Range<usize>,
}

impl Shape {
    fn bounds(&self) -> Rect {
        Rect {
            x: real(self.columns.start),
            y: real(self.rows.start),
            width: real(self.columns.len()),
            height: real(self.rows.len()),
        }
    }
}

/// The shapes that lie wholly within these columns.
fn shapes(mask: &Mask, columns: Range<usize>, rows: Range<usize>) -> Vec<Shape> {
    let has_ink = |x: usize| rows.clone().any(|y| mask.at(x, y));
    let mut shapes: Vec<Shape> = Vec::new();
    let mut start = None;
    for x in columns.clone() {
        match (has_ink(x), start) {
            (true, None) => start = Some(x),
            (false, Some(from)) => {
                shapes.extend(shape(mask, from..x, &rows));
                start = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    // What reaches the edge belongs to the neighbour.
    shapes.retain(|shape| shape.columns.start > columns.start);
    shapes
}

fn shape(mask: &Mask, columns: Range<usize>, rows: &Range<usize>) -> Option<Shape> {
    let has_ink = |y: &usize| columns.clone().any(|x| mask.at(x, *y));
    let top = rows.clone().find(has_ink)?;
    let bottom = rows.clone().rev().find(has_ink)?;
    Some(Shape {
        columns,
        rows: top..bottom + 1,
    })
}

/// Whether nearly all ink of each shape lies near ink of the other, moved onto it.
fn are_alike(mask: &Mask, one: &Shape, other: &Shape) -> bool {
    covered(mask, one, other) >= ALIKE && covered(mask, other, one) >= ALIKE
}

/// Share of the ink of `one` that has ink of `other` near.
fn covered(mask: &Mask, one: &Shape, other: &Shape) -> f32 {
    let has_near = |x: usize, y: usize| {
        let (x, y) = (
            other.columns.start + x - one.columns.start,
            other.rows.start + y - one.rows.start,
        );
        let columns = x.saturating_sub(NEAR)..(x + NEAR + 1).min(mask.width);
        let mut rows = y.saturating_sub(1)..(y + 2).min(mask.height);
        rows.any(|y| columns.clone().any(|x| mask.at(x, y)))
    };
    let (mut ink, mut near) = (0, 0);
    for y in one.rows.clone() {
        for x in one.columns.clone().filter(|x| mask.at(*x, y)) {
            ink += 1;
            near += usize::from(has_near(x, y));
        }
    }
    real(near) / real(ink.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::Plane;

    /// Draws `#`, two pixels wide and high, and reads `text` evenly over the places given.
    fn read_once(drawing: &str, read: &[(char, f32, f32)]) -> String {
        let mut plane = Plane::filled(200, 40, 255);
        for (row, line) in drawing.split_whitespace().enumerate() {
            for (column, dot) in line.chars().enumerate().filter(|(_, dot)| *dot == '#') {
                assert_eq!(dot, '#');
                for y in 0..2 {
                    let x = 10 + column * 2;
                    plane.row_mut(8 + row * 2 + y)[x..x + 2].fill(0);
                }
            }
        }
        let mut all = vec![
            read.iter()
                .map(|(value, from, to)| Character {
                    value: *value,
                    probability: 0.98,
                    bounds: Rect {
                        x: *from,
                        y: 6.0,
                        width: to - from,
                        height: 24.0,
                    },
                    alternatives: Vec::new(),
                })
                .collect(),
        ];
        let strip = Strip {
            bounds: Rect {
                x: 4.0,
                y: 6.0,
                width: 120.0,
                height: 24.0,
            },
            slope: 0.0,
            direction: Direction::Horizontal,
            line: 0,
        };
        settle(&[strip], &mut all, &Mask::of(&plane, 128));
        all.concat().iter().map(|one| one.value).collect()
    }

    const TWICE: &str = "\
        ###........#####...#####..#### #.#.......#.....#.#.....#.#..# ###.............#.......#.#### #.#...........##......##..#..# \
        ###..........##......##...#### #.#........##......##.....#..# #.#.......######..######..#..#";

    #[test]
    fn two_equal_shapes_are_two_digits() {
        let at = [('目', 10.0, 17.0), ('2', 36.0, 44.0), ('番', 62.0, 70.0)];
        assert_eq!(read_once(TWICE, &at), "目22番");
    }

    #[test]
    fn a_digit_that_was_read_twice_stays() {
        let at = [
            ('目', 10.0, 17.0),
            ('2', 28.0, 42.0),
            ('2', 46.0, 58.0),
            ('番', 62.0, 70.0),
        ];
        assert_eq!(read_once(TWICE, &at), "目22番");
    }

    #[test]
    fn other_shapes_beside_a_digit_are_none() {
        let drawing = "\
            ###........#####...#...#..#### #.#.......#.....#.#...#...#..# ###.............#.#####...#### #.#...........##....#.....#..# \
            ###..........##...#####...#### #.#........##........#....#..# #.#.......######....#.....#..#";
        let at = [('目', 10.0, 17.0), ('2', 36.0, 44.0), ('番', 62.0, 70.0)];
        assert_eq!(read_once(drawing, &at), "目2番");
    }
}
