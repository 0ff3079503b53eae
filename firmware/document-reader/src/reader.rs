//! One page from picture to text: straighten, find rules and lines, read, put in order.

use std::path::Path;

use crate::detect;
use crate::doubled;
use crate::faint;
use crate::ink::Mask;
use crate::lines::{self, Strip};
use crate::models::{LoadModelsError, Models};
use crate::page::{Character, Direction, Line, Page, Rect};
use crate::picture::Picture;
use crate::pixels::side;
use crate::recognise;
use crate::rules::{self, Rules};
use crate::signs::{self, Placed};
use crate::straighten::{self, Straight};

/// Darker is ink, on paper that was made white.
const INK: u8 = 195;
/// The same for rules, which may be hairlines: they come out of a scanner pale.
const RULE_INK: u8 = 210;
/// Mean probability below which a page may lie upside down.
const DOUBTFUL: f32 = 0.9;
/// How many strips tell which side is up.
const SAMPLE: usize = 8;

/// Why a page cannot be read, though its picture is whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadPageError {
    /// The model does not run; nothing a person at the counter can change.
    #[error("text model does not run")]
    Model(#[source] rten::RunError),
}

impl ReadPageError {
    /// Stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Model(_) => "DOCUMENT-MODEL-FAILED",
        }
    }
}

/// Reads pages; loaded once, used for many.
pub struct Reader {
    models: Models,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Reader").finish_non_exhaustive()
    }
}

/// What was seen on a page before it was read.
struct Seen {
    straight: Straight,
    mask: Mask,
    rules: Rules,
    strips: Vec<Strip>,
    signs: Vec<Placed>,
}

impl Reader {
    /// Loads the models of a folder; `cores` is how many may be used at once.
    ///
    /// # Errors
    /// The models are missing, unreadable or damaged.
    pub fn open(folder: &Path, cores: usize) -> Result<Self, LoadModelsError> {
        Models::open(folder, cores).map(|models| Self { models })
    }

    /// Reads a page. Takes some seconds of processor time and at most half a gigabyte.
    ///
    /// # Errors
    /// The model does not run on this machine.
    pub fn read(&self, picture: &Picture, number: usize) -> Result<Page, ReadPageError> {
        let mut seen = self.look(straighten::straightened(picture))?;
        if lies_sideways(&seen.strips) {
            seen = self.look(straighten::turned(seen.straight, 1))?;
        }
        let mut read = self.recognise(&seen)?;
        if mean(&read) < DOUBTFUL && self.is_upside_down(&seen, &read)? {
            seen = self.look(straighten::turned(seen.straight, 2))?;
            read = self.recognise(&seen)?;
        }
        let near = lines::usual_height(&seen.strips);
        doubled::settle(&seen.strips, &mut read, &seen.mask);
        signs::settle_colons(&mut read, near);
        let signs = signs::settle(&seen.signs, &seen.strips, &mut read, near);
        let mut lines = joined(&seen.strips, read);
        lines.extend(signs);
        Ok(Page {
            width: side(seen.straight.plane.width()),
            height: side(seen.straight.plane.height()),
            lines: ordered(lines),
            cells: seen.rules.cells,
            to_given: seen.straight.mapping,
            number,
        })
    }

    fn look(&self, mut straight: Straight) -> Result<Seen, ReadPageError> {
        let mask = Mask::of(&straight.plane, RULE_INK);
        let rules = rules::find(&mask);
        rules::erase(&mut straight.plane, &mask, &rules);
        let (mask, blobs) = Mask::of(&straight.plane, INK).without_specks(specks(&straight));
        let signs = signs::find(&mask, &blobs);
        let found = detect::boxes(&self.models, &straight.plane).map_err(ReadPageError::Model)?;
        let mut strips = lines::strips(&found, &rules, &mask);
        faint::widen(&mut strips, &rules, &straight.plane);
        Ok(Seen {
            straight,
            mask,
            rules,
            strips,
            signs,
        })
    }

    fn recognise(&self, seen: &Seen) -> Result<Vec<Vec<Character>>, ReadPageError> {
        recognise::read(&self.models, &seen.straight.plane, &seen.mask, &seen.strips)
            .map_err(ReadPageError::Model)
    }

    /// Reads a few strips the other way round.
    fn is_upside_down(&self, seen: &Seen, read: &[Vec<Character>]) -> Result<bool, ReadPageError> {
        let mut longest: Vec<usize> = (0..seen.strips.len()).collect();
        longest.sort_by_key(|place| std::cmp::Reverse(read[*place].len()));
        longest.truncate(SAMPLE);
        let plane = &seen.straight.plane;
        let (width, height) = (
            crate::pixels::real(plane.width()),
            crate::pixels::real(plane.height()),
        );
        let strips: Vec<Strip> = longest
            .iter()
            .filter_map(|place| seen.strips.get(*place))
            .map(|strip| Strip {
                bounds: Rect {
                    x: width - strip.bounds.right(),
                    y: height - strip.bounds.bottom(),
                    ..strip.bounds
                },
                ..*strip
            })
            .collect();
        let turned = straighten::turned(
            Straight {
                plane: plane.clone(),
                mapping: seen.straight.mapping,
            },
            2,
        );
        let mask = Mask::of(&turned.plane, INK);
        let other = recognise::read(&self.models, &turned.plane, &mask, &strips)
            .map_err(ReadPageError::Model)?;
        let as_is: Vec<Vec<Character>> = longest.iter().map(|place| read[*place].clone()).collect();
        // Upside down, fewer characters are seen, and those with less certainty.
        Ok(evidence(&other) > evidence(&as_is) * 1.1)
    }
}

/// Fax lines and cheap scanners leave single dots; a stroke of the smallest print has more pixels.
fn specks(straight: &Straight) -> usize {
    if straight.plane.width().max(straight.plane.height()) > 2_800 {
        8
    } else {
        4
    }
}

/// Whether most lines run from top to bottom: then the sheet lies on its side (or is written
/// downwards throughout, which no form here is).
fn lies_sideways(strips: &[Strip]) -> bool {
    let long = |wanted: Direction| {
        strips
            .iter()
            .filter(|strip| strip.direction == wanted)
            .map(|strip| strip.bounds.width.max(strip.bounds.height))
            .filter(|length| *length > 60.0)
            .sum::<f32>()
    };
    long(Direction::Vertical) > long(Direction::Horizontal) * 1.5
}

/// All probabilities together.
fn evidence(read: &[Vec<Character>]) -> f32 {
    read.iter().flatten().map(|one| one.probability).sum()
}

/// Mean probability over all characters; 1 where there are none.
fn mean(read: &[Vec<Character>]) -> f32 {
    let (mut sum, mut count) = (0.0, 0);
    for character in read.iter().flatten() {
        sum += character.probability;
        count += 1;
    }
    if count == 0 {
        1.0
    } else {
        sum / crate::pixels::real(count)
    }
}

/// Strips of one line become one line.
fn joined(strips: &[Strip], read: Vec<Vec<Character>>) -> Vec<Line> {
    let mut pieces: Vec<(usize, Direction, Vec<Character>)> = strips
        .iter()
        .zip(read)
        .filter(|(_, characters)| !characters.is_empty())
        .map(|(strip, characters)| (strip.line, strip.direction, characters))
        .collect();
    let start = |characters: &[Character]| characters.first().map_or(0.0, |one| one.bounds.x);
    pieces.sort_by(|one, other| {
        one.0
            .cmp(&other.0)
            .then(start(&one.2).total_cmp(&start(&other.2)))
    });
    let mut out: Vec<(usize, Line)> = Vec::new();
    for (number, direction, characters) in pieces {
        match out.last_mut() {
            Some((last, line))
                if *last == number
                    && line.direction == direction
                    && direction == Direction::Horizontal =>
            {
                line.characters.extend(characters);
            }
            _ => out.push((
                number,
                Line {
                    bounds: Rect::default(),
                    characters,
                    direction,
                },
            )),
        }
    }
    out.into_iter()
        .filter_map(|(_, mut line)| {
            let around = line.characters.iter().map(|one| one.bounds);
            line.bounds = around.reduce(|one, other| one.around(&other))?;
            Some(line)
        })
        .collect()
}

/// Top to bottom, then left to right: lines whose middles lie within half a height are one row.
fn ordered(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort_by(|one, other| one.bounds.centre().1.total_cmp(&other.bounds.centre().1));
    let mut row = 0;
    let mut rows: Vec<usize> = Vec::with_capacity(lines.len());
    let mut last: Option<Rect> = None;
    for line in &lines {
        if let Some(last) = last {
            let apart = line.bounds.centre().1 - last.centre().1;
            row += usize::from(apart > line.bounds.height.min(last.height) * 0.5);
        }
        last = Some(line.bounds);
        rows.push(row);
    }
    let mut numbered: Vec<(usize, Line)> = rows.into_iter().zip(lines).collect();
    numbered.sort_by(|one, other| {
        one.0
            .cmp(&other.0)
            .then(one.1.bounds.x.total_cmp(&other.1.bounds.x))
    });
    numbered.into_iter().map(|(_, line)| line).collect()
}
