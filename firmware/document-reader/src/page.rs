//! A straightened page with everything that was read on it: the seam between reading and finding.
//!
//! Whatever reads (`recognise`, `rules`) fills a [`Page`]; whatever knows certificates (`fields`)
//! takes pages and gives [`Field`](crate::field::Field)s. Coordinates are pixels of the straightened
//! picture, x to the right, y down; [`Mapping`] leads back to the picture as it was given.
//!
//! `Debug` of these types tells sizes and counts, never text: what stands on a page is personal.

use std::fmt;

use serde::{Deserialize, Serialize};

pub mod sketch;

/// An upright rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Never negative.
    pub width: f32,
    /// Never negative.
    pub height: f32,
}

impl Rect {
    /// The smallest rectangle around two corners, whichever they are.
    pub fn between(one: (f32, f32), other: (f32, f32)) -> Self {
        Self {
            x: one.0.min(other.0),
            y: one.1.min(other.1),
            width: (one.0 - other.0).abs(),
            height: (one.1 - other.1).abs(),
        }
    }

    /// Right edge.
    pub fn right(&self) -> f32 {
        self.x + self.width
    }

    /// Lower edge.
    pub fn bottom(&self) -> f32 {
        self.y + self.height
    }

    /// Middle of the rectangle.
    pub fn centre(&self) -> (f32, f32) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// Square pixels.
    pub fn area(&self) -> f32 {
        self.width * self.height
    }

    /// Whether a point lies inside or on the edge.
    pub fn contains(&self, point: (f32, f32)) -> bool {
        point.0 >= self.x
            && point.0 <= self.right()
            && point.1 >= self.y
            && point.1 <= self.bottom()
    }

    /// What two rectangles share; empty (width or height 0) when they lie apart.
    #[must_use]
    pub fn shared(&self, other: &Self) -> Self {
        let x = self.x.max(other.x);
        let y = self.y.max(other.y);
        Self {
            x,
            y,
            width: (self.right().min(other.right()) - x).max(0.0),
            height: (self.bottom().min(other.bottom()) - y).max(0.0),
        }
    }

    /// The smallest rectangle around both.
    #[must_use]
    pub fn around(&self, other: &Self) -> Self {
        let x = self.x.min(other.x);
        let y = self.y.min(other.y);
        Self {
            x,
            y,
            width: self.right().max(other.right()) - x,
            height: self.bottom().max(other.bottom()) - y,
        }
    }
}

/// From the straightened picture to the picture as given: a projective map, row by row.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    /// `given = (m0 x + m1 y + m2, m3 x + m4 y + m5) / (m6 x + m7 y + m8)`.
    pub matrix: [f64; 9],
}

impl Mapping {
    /// Of a picture that was straight already.
    pub const IDENTITY: Self = Self {
        matrix: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
    };

    /// Where a point of the straightened picture lies in the picture as given.
    pub fn point(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let row = |start: usize| {
            let [across, down, moved] = [0, 1, 2].map(|step| self.matrix[start + step]);
            across * x + down * y + moved
        };
        let scale = row(6);
        let scale = if scale.abs() < 1e-9 { 1e-9 } else { scale };
        (row(0) / scale, row(3) / scale)
    }

    /// The upright rectangle of the given picture that covers `bounds`.
    pub fn rect(&self, bounds: &Rect) -> Rect {
        let corners = [
            (bounds.x, bounds.y),
            (bounds.right(), bounds.y),
            (bounds.x, bounds.bottom()),
            (bounds.right(), bounds.bottom()),
        ]
        .map(|(x, y)| self.point((f64::from(x), f64::from(y))));
        let around = |pick: fn(&(f64, f64)) -> f64| {
            corners
                .iter()
                .map(pick)
                .fold((f64::MAX, f64::MIN), |(low, high), value| {
                    (low.min(value), high.max(value))
                })
        };
        let (left, right) = around(|corner| corner.0);
        let (top, bottom) = around(|corner| corner.1);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "pixels of a picture fit an f32 with room to spare"
        )]
        let narrow = |value: f64| value as f32;
        Rect::between((narrow(left), narrow(top)), (narrow(right), narrow(bottom)))
    }

    /// This map after `first`: `self(first(point))`.
    #[must_use]
    pub fn after(&self, first: &Self) -> Self {
        let mut matrix = [0.0; 9];
        for (place, value) in matrix.iter_mut().enumerate() {
            let (row, column) = (place / 3, place % 3);
            *value = (0..3)
                .map(|step| self.matrix[row * 3 + step] * first.matrix[step * 3 + column])
                .sum();
        }
        Self { matrix }
    }
}

/// How the characters of a line follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Left to right.
    #[default]
    Horizontal,
    /// Top to bottom (縦書き).
    Vertical,
}

/// One character of a line.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Character {
    /// What was read, as the model says it: not normalised.
    pub value: char,
    /// 0 to 1, of `value`.
    pub probability: f32,
    /// Where it stands: its column within the line, as high as the line.
    pub bounds: Rect,
    /// Other readings with their probability, likeliest first, without `value`.
    #[serde(default)]
    pub alternatives: Vec<(char, f32)>,
}

impl fmt::Debug for Character {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Character")
            .field("probability", &self.probability)
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}

/// Characters that stand together. A line never crosses a ruled line; two runs of text with a wide
/// white gap between them may be one line or two. A blank between words (姓　名) is no character: the gap is
/// seen in the bounds.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Around all characters.
    pub bounds: Rect,
    /// In reading order; never empty.
    pub characters: Vec<Character>,
    /// How they follow each other.
    #[serde(default)]
    pub direction: Direction,
}

impl Line {
    /// The characters as read.
    pub fn text(&self) -> String {
        self.characters.iter().map(|one| one.value).collect()
    }

    /// Probability of its least certain character; 0 for no characters.
    pub fn least_probability(&self) -> f32 {
        self.characters
            .iter()
            .map(|one| one.probability)
            .reduce(f32::min)
            .unwrap_or(0.0)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Line")
            .field("bounds", &self.bounds)
            .field("characters", &self.characters.len())
            .field("direction", &self.direction)
            .finish()
    }
}

/// A straightened page.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// Pixels of the straightened picture.
    pub width: u32,
    /// Pixels of the straightened picture.
    pub height: u32,
    /// Top to bottom, then left to right.
    pub lines: Vec<Line>,
    /// Cells of ruled tables, top to bottom, then left to right; a cell that spans several rows or
    /// columns is one rectangle. Only what is ruled on all four sides.
    pub cells: Vec<Rect>,
    /// Back to the picture as given.
    pub to_given: Mapping,
    /// Which of the pages given this is, from 0.
    #[serde(default)]
    pub number: usize,
}

impl Page {
    /// Mean probability of its characters, 0 to 1; 1 for an empty page.
    pub fn legibility(&self) -> f32 {
        let characters = || self.lines.iter().flat_map(|line| &line.characters);
        let count = characters().count();
        if count == 0 {
            return 1.0;
        }
        let sum: f32 = characters().map(|one| one.probability).sum();
        sum / crate::pixels::real(count)
    }

    /// The smallest ruled cell that holds the middle of `bounds`.
    pub fn cell_of(&self, bounds: &Rect) -> Option<&Rect> {
        self.cells
            .iter()
            .filter(|cell| cell.contains(bounds.centre()))
            .min_by(|one, other| one.area().total_cmp(&other.area()))
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Page")
            .field("number", &self.number)
            .field("width", &self.width)
            .field("height", &self.height)
            .field("lines", &self.lines.len())
            .field("cells", &self.cells.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_and_its_rectangle() {
        // A quarter turn of a picture 100 wide: straight (x, y) was given (100 - y, x).
        let turned = Mapping {
            matrix: [0.0, -1.0, 100.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0],
        };
        let bounds = Rect {
            x: 10.0,
            y: 20.0,
            width: 30.0,
            height: 5.0,
        };
        assert_eq!(
            turned.rect(&bounds),
            Rect {
                x: 75.0,
                y: 10.0,
                width: 5.0,
                height: 30.0
            }
        );
        let half = turned.after(&turned);
        assert_eq!(half.point((0.0, 0.0)), (100.0, 100.0));
    }

    #[test]
    fn debug_tells_no_text() {
        let page = sketch::parse("page 100 50\nline 0 0 60 20 架空太郎").unwrap();
        assert!(!format!("{page:?} {:?}", page.lines).contains('架'));
    }
}
