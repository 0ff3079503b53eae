//! Bad lines of a file of residents: which may be left out, and which must not.

use std::io::Write;

use anyhow::{Result, bail};

use crate::line_file::{Line, LineFile, PROBLEMS_MAX, Problem};
use crate::residents::columns::Column;

/// Lines named in one sentence.
const LINES_NAMED: usize = 5;

/// What a bad line says about protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineProtection {
    /// Plainly none.
    None,
    /// It asks for it, or cannot be read: the line must be corrected.
    Perhaps,
}

/// The bad lines found so far.
#[derive(Debug, Default)]
pub(super) struct BadLines {
    problems: Vec<Problem>,
    /// The first lines that must not be left out.
    perhaps_protected: Vec<u64>,
}

impl BadLines {
    /// Notes one.
    ///
    /// # Errors
    /// When there are so many that the file is another.
    pub(super) fn add(
        &mut self,
        source: &LineFile<Column>,
        line: Line<'_>,
        problem: Problem,
    ) -> Result<()> {
        if protection_of(source, line) == LineProtection::Perhaps {
            self.note_perhaps_protected(problem.line);
        }
        self.problems.push(problem);
        if self.problems.len() >= PROBLEMS_MAX {
            bail!(
                "直す行が{PROBLEMS_MAX}行を超えました。文字コードか列が違うようです。公開していません"
            );
        }
        Ok(())
    }

    fn note_perhaps_protected(&mut self, line: u64) {
        if self.perhaps_protected.len() <= LINES_NAMED && !self.perhaps_protected.contains(&line) {
            self.perhaps_protected.push(line);
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.problems.len()
    }

    /// Tells about them, writes them to be corrected, and refuses unless they are accepted.
    ///
    /// # Errors
    /// When they are not accepted, or somebody's protection would be lost with one.
    pub(super) fn report(
        &self,
        source: &LineFile<Column>,
        accept: bool,
        say: &mut dyn Write,
    ) -> Result<()> {
        if self.problems.is_empty() {
            return Ok(());
        }
        source.report(&self.problems, say)?;
        if !self.perhaps_protected.is_empty() {
            let lines = named(&self.perhaps_protected);
            bail!(
                "{lines}は支援措置があるか、読めないので、飛ばせません。直してから公開してください。公開していません"
            );
        }
        if accept {
            return Ok(());
        }
        bail!(
            "直す行があるので公開していません。直すか、読めた人だけを公開するときは --accept-errors を付けてください"
        )
    }
}

/// Lines by their numbers, the first few.
fn named(lines: &[u64]) -> String {
    let first = lines.iter().take(LINES_NAMED);
    let first: Vec<String> = first.map(|line| format!("{line}行目")).collect();
    let more = if lines.len() > LINES_NAMED {
        "ほか"
    } else {
        ""
    };
    [&first.join("、"), more].concat()
}

fn protection_of(source: &LineFile<Column>, line: Line<'_>) -> LineProtection {
    // Whoever is not taken out of the copy stays as protected as they are.
    if source.glimpse(line, Column::Change).as_deref() == Some("3") {
        return LineProtection::None;
    }
    match source.glimpse(line, Column::Protection).as_deref() {
        Some("" | "0") => LineProtection::None,
        Some(_) | None => LineProtection::Perhaps,
    }
}
