//! Signs told by their ink: circles, and boxes to tick.
//!
//! A reader of text takes ○ for a digit and ☐ for 口, or says nothing at all of them. Their shape is plain where letters are
//! not: one closed line around white, or around a tick. So they are looked at as shapes, on the mask
//! of ink without rules, and only where nothing speaks for a letter: alone in their strip, or at the
//! front of one that the reader was unsure of.

use crate::ink::{Blob, Mask};
use crate::lines::Strip;
use crate::page::{Character, Direction, Line, Rect};
use crate::pixels::real;

/// Least side of a sign: half of the smallest print.
const SIDE_MIN: usize = 11;
/// Greatest side of a sign; larger ones are rings of seals and tables.
const SIDE_MAX: usize = 110;
/// Signs are about as wide as high.
const SLENDER: f32 = 0.8;
/// Below, the reader was unsure of a letter at the front of a strip.
const DOUBTED: f32 = 0.9;
/// A fax moves rows of pixels sideways by up to so many.
const JITTER: usize = 2;
/// How sure a shape is.
const SURE: f32 = 0.97;

/// What a shape is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// ○
    Circle,
    /// ☐
    Box,
    /// ☑
    Ticked,
}

impl Sign {
    fn character(self, bounds: Rect) -> Character {
        let (value, other) = match self {
            Self::Circle => ('○', '0'),
            Self::Box => ('☐', '☑'),
            Self::Ticked => ('☑', '☐'),
        };
        Character {
            value,
            probability: SURE,
            bounds,
            alternatives: vec![(other, 1.0 - SURE)],
        }
    }
}

/// A sign and where it stands.
pub(crate) type Placed = (Rect, Sign);

/// The signs among groups of touching ink.
pub(crate) fn find(mask: &Mask, blobs: &[Blob]) -> Vec<Placed> {
    let mut out: Vec<Placed> = Vec::new();
    for blob in blobs {
        let sides = SIDE_MIN..=SIDE_MAX;
        let slender = real(blob.width.min(blob.height)) / real(blob.width.max(blob.height).max(1));
        if !sides.contains(&blob.width) || !sides.contains(&blob.height) || slender < SLENDER * 0.8
        {
            continue;
        }
        let sign = Shape::of(mask, blob).sign();
        out.extend(sign.map(|sign| (blob.bounds(), sign)));
    }
    out
}

/// Puts signs where they belong: in place of what was read of them, or as lines of their own where
/// nothing was. `near` is the usual height of print.
pub(crate) fn settle(
    signs: &[Placed],
    strips: &[Strip],
    read: &mut [Vec<Character>],
    near: f32,
) -> Vec<Line> {
    let mut alone = Vec::new();
    for (bounds, sign) in signs {
        if bounds.height < 0.45 * near || bounds.height > 1.7 * near {
            continue;
        }
        let inside = strips
            .iter()
            .position(|strip| strip.bounds.shared(bounds).area() > 0.5 * bounds.area());
        let Some(place) = inside else {
            alone.push(Line {
                bounds: *bounds,
                characters: vec![sign.character(*bounds)],
                direction: Direction::Horizontal,
            });
            continue;
        };
        if let (Some(strip), Some(own)) = (strips.get(place), read.get_mut(place)) {
            take_place(strip, own, bounds, *sign);
        }
    }
    alone
}

/// A colon that stands alone is no place for two characters, though a reader finds some in its dots.
pub(crate) fn settle_colons(read: &mut [Vec<Character>], near: f32) {
    for own in read.iter_mut() {
        let bounds = own.iter().map(|one| one.bounds);
        let Some(bounds) = bounds.reduce(|one, other| one.around(&other)) else {
            continue;
        };
        let is_small = bounds.width < 0.35 * near && bounds.height < 0.72 * near;
        if is_small && own.len() > 1 {
            *own = vec![Character {
                value: ':',
                probability: DOUBTED,
                bounds,
                alternatives: Vec::new(),
            }];
        }
    }
}

/// A sign in a strip that was read.
fn take_place(strip: &Strip, read: &mut Vec<Character>, bounds: &Rect, sign: Sign) {
    let is_alone =
        strip.bounds.width < 1.35 * bounds.width && strip.bounds.height < 1.6 * bounds.height;
    if is_alone {
        *read = vec![sign.character(*bounds)];
        return;
    }
    if strip.direction == Direction::Vertical {
        return;
    }
    let covered = |one: &Character| {
        let (x, _) = one.bounds.centre();
        x > bounds.x && x < bounds.right()
    };
    // The reader stopped before it. Between letters it is a part of one.
    let ends_before = |last: &Character| last.bounds.right() <= bounds.x + 0.2 * bounds.width;
    if read.last().is_some_and(ends_before) {
        read.push(sign.character(*bounds));
        return;
    }
    if sign == Sign::Circle {
        return;
    }
    let leads = bounds.x < strip.bounds.x + 0.4 * bounds.width;
    let doubted = read
        .iter()
        .filter(|one| covered(one))
        .all(|one| one.probability < DOUBTED || is_box(one.value));
    if leads && doubted {
        read.retain(|one| !covered(one));
        read.insert(0, sign.character(*bounds));
    } else {
        // A box between words, where the reader saw one too.
        for one in read
            .iter_mut()
            .filter(|one| covered(one) && is_box(one.value))
        {
            *one = sign.character(*bounds);
        }
    }
}

/// What the reader calls a box.
fn is_box(value: char) -> bool {
    matches!(value, '□' | '☐' | '☑' | '☒' | '■' | '▢' | '囗')
}

/// Whether ink closes a line around white: ﾟ does, ﾞ does not.
pub(crate) fn holds_white(mask: &Mask, blob: &Blob) -> bool {
    let shape = Shape::of(mask, blob);
    let white = shape.enclosed().iter().filter(|one| **one).count();
    white * 16 >= blob.width * blob.height
}

/// A group of ink with white around it, row by row.
struct Shape {
    width: usize,
    height: usize,
    ink: Vec<bool>,
}

/// First and last row or column of a box, and how far in its sides reach.
#[derive(Debug, Clone, Copy)]
struct Frame {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

impl Shape {
    /// With one pixel of white on each side.
    fn of(mask: &Mask, blob: &Blob) -> Self {
        let (width, height) = (blob.width + 2, blob.height + 2);
        let mut ink = vec![false; width * height];
        for y in 0..blob.height {
            for x in 0..blob.width {
                ink[(y + 1) * width + x + 1] = mask.at(blob.left + x, blob.top + y);
            }
        }
        Self { width, height, ink }
    }

    fn at(&self, x: usize, y: usize) -> bool {
        self.ink[y * self.width + x]
    }

    fn sign(&self) -> Option<Sign> {
        self.boxed()
            .or_else(|| self.is_circle().then_some(Sign::Circle))
    }

    /// White that no way leads to from outside; gaps of one pixel in the line are closed first.
    fn enclosed(&self) -> Vec<bool> {
        let (width, height) = (self.width, self.height);
        let mut outside = vec![false; width * height];
        let wall = |at: usize| {
            let (x, y) = (at % width, at / width);
            self.ink[at]
                || x > 0 && x + 1 < width && self.ink[at - 1] && self.ink[at + 1]
                || y > 0 && y + 1 < height && self.ink[at - width] && self.ink[at + width]
        };
        let mut queue = vec![0];
        outside[0] = true;
        while let Some(at) = queue.pop() {
            let x = at % width;
            let near = [
                (x > 0).then(|| at - 1),
                (x + 1 < width).then_some(at + 1),
                at.checked_sub(width),
                Some(at + width).filter(|below| *below < width * height),
            ];
            for at in near.into_iter().flatten() {
                if !outside[at] && !wall(at) {
                    outside[at] = true;
                    queue.push(at);
                }
            }
        }
        outside
            .iter()
            .zip(&self.ink)
            .map(|(outside, ink)| !outside && !ink)
            .collect()
    }

    /// A closed round line: white inside it fills a disc, the corners are free.
    fn is_circle(&self) -> bool {
        let (across, down) = (self.width - 2, self.height - 2);
        let slender = real(across.min(down)) / real(across.max(down));
        if slender < SLENDER {
            return false;
        }
        let area = real(across * down);
        let hole = self.enclosed().iter().filter(|one| **one).count();
        let ink = self.ink.iter().filter(|one| **one).count();
        let (hole, filled) = (real(hole) / area, real(hole + ink) / area);
        let corner = (across.min(down) / 9).max(1);
        let corners = [(1, 1), (across, 1), (1, down), (across, down)];
        let free = corners.iter().all(|(x, y)| {
            let columns = if *x == 1 {
                1..1 + corner
            } else {
                x + 1 - corner..x + 1
            };
            columns.clone().all(|x| {
                let mut rows = if *y == 1 {
                    1..1 + corner
                } else {
                    y + 1 - corner..y + 1
                };
                rows.all(|y| !self.at(x, y))
            })
        });
        hole > 0.32
            && (0.66..0.87).contains(&filled)
            && free
            && self.is_empty_inside(&self.whole(), 0.04)
    }

    fn whole(&self) -> Frame {
        Frame {
            left: 1,
            top: 1,
            right: self.width - 2,
            bottom: self.height - 2,
        }
    }

    /// Share of ink in the middle of a frame.
    fn inner(&self, frame: &Frame) -> f32 {
        let inset = |from: usize, to: usize| {
            let part = (to - from + 1) * 24 / 100;
            from + part..to + 1 - part
        };
        let columns = inset(frame.left, frame.right);
        let rows = inset(frame.top, frame.bottom);
        let all = columns.len() * rows.len();
        let ink = rows
            .flat_map(|y| columns.clone().map(move |x| (x, y)))
            .filter(|(x, y)| self.at(*x, *y))
            .count();
        real(ink) / real(all.max(1))
    }

    fn is_empty_inside(&self, frame: &Frame, most: f32) -> bool {
        self.inner(frame) <= most
    }

    /// A square frame, empty or with something drawn askew in it.
    fn boxed(&self) -> Option<Sign> {
        let frame = self.frame()?;
        let (across, down) = (frame.right - frame.left + 1, frame.bottom - frame.top + 1);
        let slender = real(across.min(down)) / real(across.max(down));
        // What sticks out of it can only be the end of a tick.
        let covers = real(across * down) / real((self.width - 2) * (self.height - 2));
        if slender < 0.86 || across.min(down) < SIDE_MIN || covers < 0.5 {
            return None;
        }
        if self.is_empty_inside(&frame, 0.03) {
            return (covers > 0.88).then_some(Sign::Box);
        }
        let inner = self.inner(&frame);
        (inner > 0.07 && inner < 0.75 && self.is_askew(&frame)).then_some(Sign::Ticked)
    }

    /// The rows and columns that are sides of a frame: nearly all of them ink.
    fn frame(&self) -> Option<Frame> {
        self.frame_within(0).or_else(|| {
            self.frame_within(JITTER)
                .filter(|_| self.width > 8 * JITTER)
        })
    }

    /// The same where rows lie up to so many columns beside their place.
    fn frame_within(&self, jitter: usize) -> Option<Frame> {
        let least = (self.width.min(self.height) - 2) * 55 / 100;
        let row = |y: usize| longest((1..self.width - 1).map(|x| self.near(x, y))) >= least;
        let beside = |x: usize, y: usize| {
            let columns = x.saturating_sub(jitter).max(1)..=(x + jitter).min(self.width - 2);
            columns.into_iter().any(|x| self.near(x, y))
        };
        let column = |x: usize| longest((1..self.height - 1).map(|y| beside(x, y))) >= least;
        let top = (1..self.height - 1).find(|y| row(*y))?;
        let bottom = (1..self.height - 1).rev().find(|y| row(*y))?;
        let left = (1..self.width - 1).find(|x| column(*x))? + jitter;
        let right = (1..self.width - 1)
            .rev()
            .find(|x| column(*x))?
            .checked_sub(jitter)?;
        (bottom > top + 4 && right > left + 4).then_some(())?;
        let frame = Frame {
            left,
            top,
            right,
            bottom,
        };
        // The outermost row of a blurred line is thin: one row further in counts as well.
        let side = |count: usize, length: usize| count * 100 >= length * 84;
        let across = right + 1 - left;
        let down = bottom + 1 - top;
        let level = |y: usize, inward: usize| {
            (left..=right)
                .filter(|x| self.at(*x, y) || self.at(*x, inward))
                .count()
        };
        let upright = |x: usize, inward: usize| {
            let columns =
                x.min(inward).saturating_sub(jitter)..=(x.max(inward) + jitter).min(self.width - 1);
            (top..=bottom)
                .filter(|y| columns.clone().any(|x| self.at(x, *y)))
                .count()
        };
        (side(level(top, top + 1), across)
            && side(level(bottom, bottom - 1), across)
            && side(upright(left, left + 1), down)
            && side(upright(right, right - 1), down))
        .then_some(frame)
    }

    /// Ink here, or above and below, or left and right of it.
    fn near(&self, x: usize, y: usize) -> bool {
        self.at(x, y)
            || self.at(x - 1, y) && self.at(x + 1, y)
            || self.at(x, y - 1) && self.at(x, y + 1)
    }

    /// Nothing inside runs level or upright as the strokes of 日, 田 or 回 do.
    fn is_askew(&self, frame: &Frame) -> bool {
        let part = ((frame.right - frame.left + 1) * 20 / 100).max(2);
        let (columns, rows) = (
            frame.left + part..frame.right + 1 - part,
            frame.top + part..frame.bottom + 1 - part,
        );
        let most = columns.len().min(rows.len()) * 62 / 100;
        let level = rows
            .clone()
            .map(|y| longest(columns.clone().map(|x| self.at(x, y))))
            .max();
        let upright = columns
            .clone()
            .map(|x| longest(rows.clone().map(|y| self.at(x, y))))
            .max();
        level.is_some_and(|level| level <= most) && upright.is_some_and(|upright| upright <= most)
    }
}

/// The longest run of ink.
fn longest(ink: impl Iterator<Item = bool>) -> usize {
    let (mut most, mut run) = (0, 0);
    for ink in ink {
        run = if ink { run + 1 } else { 0 };
        most = most.max(run);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::Plane;

    /// A drawing of `#` and `.`, each three pixels wide and high.
    #[track_caller]
    fn check(drawing: &str, expected: Option<Sign>) {
        check_scaled(drawing, 3, expected);
    }

    /// The same, each a pixel.
    #[track_caller]
    fn check_dots(drawing: &str, expected: Option<Sign>) {
        check_scaled(drawing, 1, expected);
    }

    #[track_caller]
    fn check_scaled(drawing: &str, size: usize, expected: Option<Sign>) {
        let rows: Vec<&str> = drawing.split_whitespace().collect();
        let mut plane = Plane::filled(120, 120, 255);
        for (row, line) in rows.iter().enumerate() {
            for (column, dot) in line.chars().enumerate() {
                if dot == '#' {
                    for y in 0..size {
                        let x = 10 + column * size;
                        plane.row_mut(10 + row * size + y)[x..x + size].fill(0);
                    }
                }
            }
        }
        let (mask, blobs) = Mask::of(&plane, 128).without_specks(4);
        let largest = blobs.iter().max_by_key(|blob| blob.width * blob.height);
        let found = largest.and_then(|blob| find(&mask, &[*blob]).first().map(|one| one.1));
        assert_eq!(found, expected, "{drawing}");
    }

    #[test]
    fn circles_and_boxes_are_seen() {
        check(
            "....######.... ..##......##.. .#..........#. .#..........#. #............# #............# #............# \
             #............# #............# #............# .#..........#. .#..........#. ..##......##.. ....######....",
            Some(Sign::Circle),
        );
        check(
            "########## #........# #........# #........# #........# #........# #........# #........# #........# ##########",
            Some(Sign::Box),
        );
        check(
            "########## #........# #.......## #......#.# #.....#..# #.#..#...# #..##....# #...#....# #........# ##########",
            Some(Sign::Ticked),
        );
    }

    #[test]
    fn a_box_whose_rows_a_fax_moved_is_one() {
        check(
            "..########## ..#........# ..#........# ..#........# .#........#. .#........#. #........#.. #........#.. #........#.. ##########..",
            None,
        );
        check_dots(
            "..################ ..################ ..##............## ..##............## ..##............## ..##............## \
             .##............##. .##............##. .##............##. ##............##.. ##............##.. ##............##.. \
             ##............##.. .##............##. .##............##. .################ .################",
            Some(Sign::Box),
        );
    }

    #[test]
    fn characters_of_strokes_are_none() {
        // 日, 田 and a filled square.
        check(
            "########## #........# #........# #........# ########## #........# #........# #........# #........# ##########",
            None,
        );
        check(
            "########## #...##...# #...##...# #...##...# ########## ########## #...##...# #...##...# #...##...# ##########",
            None,
        );
        check(
            "########## ########## ########## ########## ########## ########## ########## ########## ########## ##########",
            None,
        );
    }

    #[test]
    fn a_circle_the_reader_stopped_before_is_put_in_its_place() {
        let at = |x: f32| Rect {
            x,
            y: 0.0,
            width: 28.0,
            height: 30.0,
        };
        let strip = Strip {
            bounds: Rect {
                width: 130.0,
                ..at(0.0)
            },
            slope: 0.0,
            direction: Direction::Horizontal,
            line: 0,
        };
        let one = |value: char, x: f32| Character {
            value,
            probability: 0.98,
            bounds: at(x),
            alternatives: Vec::new(),
        };
        let text = |read: &[Vec<Character>]| -> String {
            read.concat().iter().map(|one| one.value).collect()
        };
        let mut read = vec![vec![one('資', 0.0), one('格', 30.0)]];
        settle(&[(at(100.0), Sign::Circle)], &[strip], &mut read, 30.0);
        assert_eq!(text(&read), "資格○");
        let mut read = vec![vec![one('資', 0.0), one('格', 30.0), one('0', 100.0)]];
        settle(&[(at(100.0), Sign::Circle)], &[strip], &mut read, 30.0);
        assert_eq!(text(&read), "資格0");
        let mut read = vec![vec![one('資', 0.0), one('格', 60.0)]];
        settle(&[(at(30.0), Sign::Ticked)], &[strip], &mut read, 30.0);
        assert_eq!(text(&read), "資格", "between letters");
    }

    #[test]
    fn dots_are_no_two_characters() {
        let one = |value: char, y: f32, height: f32| Character {
            value,
            probability: 0.4,
            bounds: Rect {
                x: 465.0,
                y,
                width: 6.0,
                height,
            },
            alternatives: Vec::new(),
        };
        let mut read = vec![
            vec![one('4', 1177.0, 7.0), one('O', 1184.0, 7.0)],
            vec![one('1', 1170.0, 23.0)],
        ];
        settle_colons(&mut read, 27.0);
        let read: Vec<String> = read
            .iter()
            .map(|own| own.iter().map(|one| one.value).collect())
            .collect();
        assert_eq!(read, [":", "1"]);
    }

    proptest::proptest! {
        #[test]
        fn no_pattern_of_ink_is_too_strange(
            width in 1_usize..70,
            dots in proptest::collection::vec(proptest::bool::weighted(0.7), 1..3_000),
        ) {
            let mut plane = Plane::filled(width, dots.len() / width + 1, 255);
            for (pixel, dot) in plane.data_mut().iter_mut().zip(&dots) {
                *pixel = if *dot { 0 } else { 255 };
            }
            let (mask, blobs) = Mask::of(&plane, 128).without_specks(2);
            let found = find(&mask, &blobs);
            proptest::prop_assert!(found.len() <= blobs.len());
        }
    }
}
