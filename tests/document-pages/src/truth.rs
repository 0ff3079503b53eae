//! What stands on a page, as the browser that drew it says: the file beside each picture.

use document_reader::page::{Character, Direction, Line, Mapping, Page, Rect};
use serde::{Deserialize, Serialize};

/// One document: its pages and what is to be read on them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Truth {
    /// As `--kind` of `todoke document read` names it.
    pub kind: String,
    /// Name of the layout.
    pub layout: String,
    /// `design` or `report`: the half of the layouts it belongs to.
    pub half: String,
    /// What was done to the picture.
    pub condition: String,
    /// Seed it was made from.
    pub seed: u64,
    /// In order.
    pub pages: Vec<TruthPage>,
    /// To be read.
    pub fields: Vec<TruthField>,
}

/// One picture.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TruthPage {
    /// Name of the picture, beside this file.
    pub file: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Every printed line.
    pub lines: Vec<TruthLine>,
    /// Ruled cells.
    pub cells: Vec<[f32; 4]>,
}

/// One printed line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TruthLine {
    /// Without blanks.
    pub text: String,
    /// One box a character: x, y, width, height in pixels of the picture.
    pub boxes: Vec<[f32; 4]>,
}

/// One field.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TruthField {
    /// -1 for the household.
    pub member: i32,
    /// Its Japanese name.
    pub name: String,
    /// As it is to be given: dates ISO 8601.
    pub value: String,
    /// As it is printed.
    pub printed: String,
    /// On which page.
    pub page: usize,
    /// Where, in pixels of the picture.
    #[serde(rename = "box")]
    pub bounds: [f32; 4],
}

pub(crate) fn rect([x, y, width, height]: [f32; 4]) -> Rect {
    Rect {
        x,
        y,
        width,
        height,
    }
}

impl Truth {
    /// Without what ran off the paper: it stands on no picture.
    pub(crate) fn on_paper(mut self) -> Self {
        let pages = &self.pages;
        self.fields.retain(|field| {
            let [x, y, width, height] = field.bounds;
            pages.get(field.page).is_some_and(|page| {
                let (across, down) = (f64::from(page.width), f64::from(page.height));
                x >= 0.0
                    && y >= 0.0
                    && f64::from(x + width) <= across
                    && f64::from(y + height) <= down
            })
        });
        self
    }

    /// The pages as a reader without any error would give them, with a share of characters misread
    /// by chance: as something else, held half as likely as it is.
    pub fn read_pages(&self, errors: f32, random: &mut fastrand::Rng) -> Vec<Page> {
        let mut number = 0;
        self.pages
            .iter()
            .map(|page| {
                let lines = page
                    .lines
                    .iter()
                    .filter_map(|line| read_line(line, errors, random))
                    .collect();
                number += 1;
                Page {
                    width: page.width,
                    height: page.height,
                    lines,
                    cells: page.cells.iter().map(|cell| rect(*cell)).collect(),
                    to_given: Mapping::IDENTITY,
                    number: number - 1,
                }
            })
            .collect()
    }
}

/// Characters that replace others in pages with chance errors.
const WRONG: [char; 12] = [
    '目', '口', '一', '日', '田', '土', '十', '川', '木', '人', '8', '1',
];

fn read_line(line: &TruthLine, errors: f32, random: &mut fastrand::Rng) -> Option<Line> {
    let characters: Vec<Character> = line
        .text
        .chars()
        .zip(&line.boxes)
        .map(|(value, bounds)| {
            let misread = random.f32() < errors;
            let held = random.f32() < 0.6;
            let wrong = WRONG[random.usize(0..WRONG.len())];
            Character {
                value: if misread { wrong } else { value },
                probability: if misread {
                    0.3 + 0.5 * random.f32()
                } else {
                    0.93 + 0.07 * random.f32()
                },
                bounds: rect(*bounds),
                alternatives: if misread && held {
                    vec![(value, 0.2)]
                } else {
                    Vec::new()
                },
            }
        })
        .collect();
    let bounds = characters
        .iter()
        .map(|one| one.bounds)
        .reduce(|one, other| one.around(&other))?;
    Some(Line {
        bounds,
        characters,
        direction: Direction::Horizontal,
    })
}
