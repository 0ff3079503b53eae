//! Files of lines that other systems write, in UTF-8 or CP932.
//!
//! CSV, or any layout a file describes ([`LayoutFile`]). What is the same for every import: the encoding is found out, lines are bounded and read one by
//! one, bad lines are told with line, column and what to do, and are written beside the file, as
//! they were, to be corrected and imported again. What a line means is its importer's
//! ([`crate::residents`], [`crate::reservations`]).

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::ValueEnum;
use counter_characters::GaijiTable;

use crate::folder::private_file;

mod fields;
mod headings;
mod layout;
mod problem;

pub(crate) use fields::Fields;
pub(crate) use headings::{Column, Heading, Presence};
pub(crate) use layout::{Layout, LayoutFile, Place};

pub(crate) use problem::{Problem, Wrong};

/// Longest line; 25 fields of 500 characters of four bytes.
const LINE_BYTES_MAX: u64 = 64 << 10;
/// Most bad lines a file may have before it is taken for another kind of file.
pub(crate) const PROBLEMS_MAX: usize = 10_000;
/// Problems shown on the terminal; all are in the report.
const PROBLEMS_SHOWN: usize = 20;
/// Lines between two words about how far it is.
const LINES_PER_WORD: u64 = 50_000;

/// How the operator says a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EncodingChoice {
    /// UTF-8 when most lines are, `Shift_JIS` otherwise
    Auto,
    Utf8,
    ShiftJis,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    /// As Windows writes it (code page 932).
    ShiftJis,
}

impl Encoding {
    /// The text of one field; `None` when it has bytes that are no character.
    pub(crate) fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
            Self::ShiftJis => encoding_rs::SHIFT_JIS
                .decode_without_bom_handling_and_without_replacement(bytes)
                .map(std::borrow::Cow::into_owned),
        }
    }
}

/// A line as it stands in the file, without its break.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// From 1, the headings included.
    pub(crate) number: u64,
    pub(crate) bytes: &'a [u8],
    /// Longer than any line may be; the rest was skipped.
    pub(crate) cut: bool,
}

/// A file with its headings understood; read as often as needed.
#[derive(Debug)]
pub(crate) struct LineFile<C> {
    path: PathBuf,
    bytes: u64,
    /// The first line is headings.
    headings: bool,
    pub(crate) layout: Layout<C>,
    pub(crate) encoding: Encoding,
}

impl<C: Column> LineFile<C> {
    /// Finds the encoding out and reads the headings.
    ///
    /// # Errors
    /// When the file cannot be read, or its headings are of another layout.
    pub(crate) fn open(path: &Path, choice: EncodingChoice) -> Result<Self> {
        Self::open_as(path, choice, &LayoutFile::of_headings::<C>())
    }

    /// The same of a file of another layout.
    ///
    /// # Errors
    /// When the file cannot be read, or is not of the layout.
    pub(crate) fn open_as(path: &Path, choice: EncodingChoice, file: &LayoutFile) -> Result<Self> {
        let bytes = std::fs::metadata(path)
            .with_context(|| format!("cannot read {}", path.display()))?
            .len();
        let encoding = match choice {
            EncodingChoice::Utf8 => Encoding::Utf8,
            EncodingChoice::Auto if is_utf8(path)? => Encoding::Utf8,
            EncodingChoice::ShiftJis | EncodingChoice::Auto => Encoding::ShiftJis,
        };
        let headings = if file.has_headings() {
            let mut first = Vec::new();
            next_line(&mut opened(path)?, &mut first)?;
            let headings = fields::split(without_bom(&first), file.separator(), encoding, None)
                .map_err(|(_, wrong)| anyhow::anyhow!("1行目：{wrong}"))?;
            Some(headings)
        } else {
            None
        };
        Ok(Self {
            path: path.to_owned(),
            bytes,
            headings: headings.is_some(),
            layout: file.bind(headings.as_deref())?,
            encoding,
        })
    }

    /// The same file, its private characters read by this table of the system that wrote it.
    #[must_use]
    pub(crate) fn with_gaiji(mut self, table: Option<&Arc<GaijiTable>>) -> Self {
        self.layout.gaiji = table.map(Arc::clone);
        self
    }

    /// Gives every line behind the headings to `each`; empty ones say nothing, and those of the
    /// past are passed over.
    ///
    /// # Errors
    /// When the file cannot be read, or `each` gives up.
    pub(crate) fn lines(
        &self,
        say: &mut dyn Write,
        each: &mut dyn FnMut(Line<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut file = opened(&self.path)?;
        let mut bytes = Vec::new();
        let mut done = 0;
        let mut number = 0;
        while let Some(length) = next_line(&mut file, &mut bytes)? {
            number += 1;
            done += length.read;
            if number % LINES_PER_WORD == 0 {
                writeln!(say, "{number} 行 {}%", done * 100 / self.bytes.max(1))?;
            }
            let line = Line {
                number,
                bytes: if number == 1 {
                    without_bom(&bytes)
                } else {
                    &bytes
                },
                cut: length.cut,
            };
            if (number > 1 || !self.headings) && !line.bytes.is_empty() && self.is_present(line) {
                each(line)?;
            }
        }
        Ok(())
    }

    /// Whether a line is none of the past; a bad one is told, not passed over.
    fn is_present(&self, line: Line<'_>) -> bool {
        !self.layout.has_past()
            || fields::parts(&self.layout, self.encoding, line.bytes)
                .map_or(true, |parts| self.layout.takes(&parts))
    }

    /// The text of one column of a line that may be wrong elsewhere; `None` when it cannot be told.
    pub(crate) fn glimpse(&self, line: Line<'_>, column: C) -> Option<String> {
        if line.cut {
            return None;
        }
        fields::glimpse(&self.layout, self.encoding, line.bytes, column)
    }

    /// The fields of a line, or what is wrong with it before anything is understood.
    pub(crate) fn fields(&self, line: Line<'_>) -> Result<Fields<'_, C>, Problem> {
        Fields::of(&self.layout, self.encoding, line)
    }

    /// Tells about bad lines and writes them beside the file, with the reasons in another file.
    ///
    /// # Errors
    /// When either cannot be written.
    pub(crate) fn report(&self, problems: &[Problem], say: &mut dyn Write) -> Result<()> {
        for problem in problems.iter().take(PROBLEMS_SHOWN) {
            writeln!(say, "{problem}")?;
        }
        if problems.len() > PROBLEMS_SHOWN {
            writeln!(say, "ほか {} 行", problems.len() - PROBLEMS_SHOWN)?;
        }
        let (lines, reasons) = self.write_bad(problems)?;
        writeln!(
            say,
            "直す行：{}　理由：{}",
            lines.display(),
            reasons.display()
        )?;
        Ok(())
    }

    /// Writes the bad lines as they were, under the same headings, and the reasons.
    fn write_bad(&self, problems: &[Problem]) -> Result<(PathBuf, PathBuf)> {
        let lines = with_ending(&self.path, ".bad.csv");
        let reasons = with_ending(&self.path, ".bad.txt");
        let mut out = fresh(&lines)?;
        let wanted: BTreeSet<u64> = problems.iter().map(|problem| problem.line).collect();
        let mut file = opened(&self.path)?;
        let mut bytes = Vec::new();
        let mut number = 0;
        while next_line(&mut file, &mut bytes)?.is_some() {
            number += 1;
            if (number == 1 && self.headings) || wanted.contains(&number) {
                out.write_all(&bytes)?;
                out.write_all(b"\r\n")?;
            }
        }
        out.sync_all()?;
        let mut out = fresh(&reasons)?;
        for problem in problems {
            writeln!(out, "{problem}")?;
        }
        out.sync_all()?;
        Ok((lines, reasons))
    }
}

/// A new private file; the one of an earlier try goes.
fn fresh(path: &Path) -> Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot replace {}", path.display()));
        }
        Ok(()) | Err(_) => {}
    }
    private_file(path).with_context(|| format!("cannot write {}", path.display()))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn opened(path: &Path) -> Result<BufReader<File>> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(BufReader::with_capacity(1 << 20, file))
}

/// A line that was read.
struct Length {
    read: u64,
    cut: bool,
}

/// The next line without its break; `None` at the end. What is too long is skipped to its end.
fn next_line(file: &mut impl BufRead, bytes: &mut Vec<u8>) -> Result<Option<Length>> {
    bytes.clear();
    let mut read = file
        .by_ref()
        .take(LINE_BYTES_MAX)
        .read_until(b'\n', bytes)? as u64;
    if read == 0 {
        return Ok(None);
    }
    let mut cut = false;
    let mut rest = Vec::new();
    while bytes.last() != Some(&b'\n') && read >= LINE_BYTES_MAX && rest.last() != Some(&b'\n') {
        cut = true;
        rest.clear();
        let more = file
            .by_ref()
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut rest)?;
        if more == 0 {
            break;
        }
        read += more as u64;
    }
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    Ok(Some(Length { read, cut }))
}

fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Whether most lines beyond ASCII are UTF-8. Japanese in `Shift_JIS` hardly ever is by chance, and
/// one spoilt byte must not make every other line unreadable.
fn is_utf8(path: &Path) -> Result<bool> {
    let mut file = opened(path)?;
    let mut bytes = Vec::new();
    let (mut utf8, mut others) = (0_u64, 0_u64);
    while let Some(length) = next_line(&mut file, &mut bytes)? {
        match std::str::from_utf8(&bytes) {
            _ if length.cut || bytes.is_ascii() => {}
            Ok(_) => utf8 += 1,
            Err(_) => others += 1,
        }
    }
    Ok(utf8 >= others)
}
