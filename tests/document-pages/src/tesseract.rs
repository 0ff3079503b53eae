//! Tesseract on the same pages, as something to compare with. Run as a program, if it is installed.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use document_reader::page::{Character, Direction, Line, Page, Rect};

use crate::score::AS_IT_LIES;
use crate::truth::{Truth, rect};

/// Whether the program and its Japanese data are there.
pub fn is_installed() -> bool {
    Command::new("tesseract")
        .arg("--list-langs")
        .output()
        .is_ok_and(|said| {
            String::from_utf8_lossy(&said.stdout)
                .lines()
                .any(|line| line == "jpn")
        })
}

/// The pages as Tesseract reads them. It finds no tables, so it is given the true cells.
pub(crate) fn pages(truth: &Truth, folder: &Path) -> Result<Vec<Page>> {
    truth
        .pages
        .iter()
        .enumerate()
        .map(|(number, page)| {
            let said = Command::new("tesseract")
                .arg(folder.join(&page.file))
                .args(["stdout", "-l", "jpn", "--psm", "11", "tsv"])
                .env("OMP_THREAD_LIMIT", "1")
                .output()
                .context("tesseract cannot be started")?;
            if !said.status.success() {
                bail!("tesseract gave up on {}", page.file);
            }
            Ok(Page {
                width: page.width,
                height: page.height,
                lines: lines(&String::from_utf8_lossy(&said.stdout)),
                cells: page.cells.iter().map(|cell| rect(*cell)).collect(),
                to_given: AS_IT_LIES,
                number,
            })
        })
        .collect()
}

/// Words of its table (level 5): place, certainty in per cent, text.
fn lines(table: &str) -> Vec<Line> {
    let mut lines: Vec<(Vec<&str>, Line)> = Vec::new();
    for row in table.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let (Some("5"), Some(text)) = (columns.first().copied(), columns.get(11)) else {
            continue;
        };
        let number = |place: usize| {
            columns
                .get(place)
                .and_then(|cell| cell.parse::<f32>().ok())
                .unwrap_or(0.0)
        };
        let bounds = Rect {
            x: number(6),
            y: number(7),
            width: number(8),
            height: number(9),
        };
        let word = spread(text, bounds, number(10) / 100.0);
        let line = columns.get(1..5).map(<[&str]>::to_vec).unwrap_or_default();
        match lines.last_mut() {
            Some((last, own)) if *last == line => {
                own.bounds = own.bounds.around(&bounds);
                own.characters.extend(word);
            }
            Some(_) | None if !word.is_empty() => {
                lines.push((
                    line,
                    Line {
                        bounds,
                        characters: word,
                        direction: Direction::Horizontal,
                    },
                ));
            }
            Some(_) | None => {}
        }
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

/// A word with its characters evenly spread.
fn spread(text: &str, bounds: Rect, probability: f32) -> Vec<Character> {
    let letters: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let share = bounds.width / u16::try_from(letters.len().max(1)).map_or(1.0, f32::from);
    let mut x = bounds.x;
    letters
        .into_iter()
        .map(|value| {
            let own = Rect {
                x,
                width: share,
                ..bounds
            };
            x += share;
            Character {
                value,
                probability,
                bounds: own,
                alternatives: Vec::new(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_line_come_together() {
        let table = "level\tpage\n5\t1\t1\t1\t1\t1\t10\t20\t40\t20\t90\t氏名\n5\t1\t1\t1\t1\t2\t60\t20\t20\t20\t80\t架\n5\t1\t1\t1\t2\t1\t10\t60\t20\t20\t80\t男\n";
        let read: Vec<String> = lines(table).iter().map(Line::text).collect();
        assert_eq!(read, ["氏名架", "男"]);
    }
}
