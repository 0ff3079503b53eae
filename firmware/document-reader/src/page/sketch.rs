//! A page as short text: what `todoke document lines` prints, and how tests write one.
//!
//! ```text
//! page 1240 1754
//! cell 100 200 300 60
//! line 110 210 120 40 氏名
//! line 420 210 200 40 架空　太郎
//! down 900 210 40 200 住所
//! ```
//!
//! `line` is written across, `down` top to bottom; then x, y, width, height and the text. A blank in
//! the text is a gap, not a character. [`parse`] spreads the characters evenly (half-width ones take
//! half) and says of all that they are certain.

use std::fmt::Write as _;

use crate::page::{Character, Direction, Line, Mapping, Page, Rect};

/// A sketch that says no page: the number of the line that does not fit, from 1.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {0} of the sketch is not understood")]
pub struct SketchError(pub usize);

/// Writes a page; numbers are rounded to whole pixels.
pub fn write(page: &Page) -> String {
    let mut out = format!("page {} {}\n", page.width, page.height);
    for cell in &page.cells {
        // Writing to a string does not fail.
        writeln!(out, "cell {}", rect_text(cell)).ok();
    }
    for line in &page.lines {
        let word = match line.direction {
            Direction::Horizontal => "line",
            Direction::Vertical => "down",
        };
        writeln!(
            out,
            "{word} {} {}",
            rect_text(&line.bounds),
            line_text(line)
        )
        .ok();
    }
    out
}

/// The text of a line with blanks where a gap is wider than about one character.
pub fn line_text(line: &Line) -> String {
    let mut out = String::new();
    let mut end: Option<f32> = None;
    for one in &line.characters {
        let (start, stop, size) = match line.direction {
            Direction::Horizontal => (one.bounds.x, one.bounds.right(), one.bounds.height),
            Direction::Vertical => (one.bounds.y, one.bounds.bottom(), one.bounds.width),
        };
        if end.is_some_and(|end| start - end > size * 0.6) {
            out.push('\u{3000}');
        }
        out.push(one.value);
        end = Some(stop);
    }
    out
}

fn rect_text(rect: &Rect) -> String {
    format!(
        "{:.0} {:.0} {:.0} {:.0}",
        rect.x, rect.y, rect.width, rect.height
    )
}

/// Reads a sketch.
///
/// # Errors
/// The first line that is none of the four forms.
pub fn parse(text: &str) -> Result<Page, SketchError> {
    let mut page = Page {
        width: 0,
        height: 0,
        lines: Vec::new(),
        cells: Vec::new(),
        to_given: Mapping::IDENTITY,
        number: 0,
    };
    for (place, row) in text.lines().enumerate() {
        let row = row.trim();
        if !row.is_empty() {
            parse_row(&mut page, row).ok_or(SketchError(place + 1))?;
        }
    }
    Ok(page)
}

fn parse_row(page: &mut Page, row: &str) -> Option<()> {
    let (word, rest) = row.split_once(' ')?;
    match word {
        "page" => {
            let (width, height) = rest.split_once(' ')?;
            page.width = width.parse().ok()?;
            page.height = height.trim().parse().ok()?;
        }
        "cell" => page.cells.push(parse_rect(rest)?.0),
        "line" | "down" => {
            let (bounds, text) = parse_rect(rest)?;
            let direction = if word == "down" {
                Direction::Vertical
            } else {
                Direction::Horizontal
            };
            page.lines.push(spread(bounds, text, direction)?);
        }
        _ => return None,
    }
    Some(())
}

fn parse_rect(text: &str) -> Option<(Rect, &str)> {
    let mut parts = text.splitn(5, ' ');
    let mut number = || {
        parts
            .next()?
            .parse::<f32>()
            .ok()
            .filter(|one| one.is_finite())
    };
    let (x, y, width, height) = (number()?, number()?, number()?, number()?);
    let rect = Rect {
        x,
        y,
        width,
        height,
    };
    (width >= 0.0 && height >= 0.0).then_some((rect, parts.next().unwrap_or("")))
}

fn spread(bounds: Rect, text: &str, direction: Direction) -> Option<Line> {
    let weight = |one: char| {
        if one.is_ascii() || is_half_kana(one) {
            0.5
        } else {
            1.0
        }
    };
    let total: f32 = text.chars().map(weight).sum();
    let mut done = 0.0;
    let mut characters = Vec::new();
    for value in text.chars() {
        let (start, share) = (done / total, weight(value) / total);
        done += weight(value);
        if value.is_whitespace() {
            continue;
        }
        let place = match direction {
            Direction::Horizontal => Rect {
                x: bounds.x + bounds.width * start,
                width: bounds.width * share,
                ..bounds
            },
            Direction::Vertical => Rect {
                y: bounds.y + bounds.height * start,
                height: bounds.height * share,
                ..bounds
            },
        };
        characters.push(Character {
            value,
            probability: 0.999,
            bounds: place,
            alternatives: Vec::new(),
        });
    }
    (!characters.is_empty()).then_some(Line {
        bounds,
        characters,
        direction,
    })
}

fn is_half_kana(one: char) -> bool {
    ('\u{ff61}'..='\u{ff9f}').contains(&one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sketch_comes_back_as_it_was() {
        let text = "page 1240 1754\ncell 100 200 300 60\nline 110 210 80 40 氏名\nline 420 210 200 40 架空　太郎\ndown 900 210 40 80 住所\n";
        assert_eq!(write(&parse(text).unwrap()), text);
    }

    #[test]
    fn the_row_that_does_not_fit_is_named() {
        assert_eq!(
            parse("page 10 10\n\nline 1 2 three 4 架"),
            Err(SketchError(3))
        );
        assert_eq!(parse("line 1 2 3 4"), Err(SketchError(1)));
    }
}
