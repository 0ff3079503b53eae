//! The sheet of private characters that a city gets from whoever runs a system.
//!
//! Comma- or tab-separated, UTF-8 or `Shift_JIS`, with headings: the code, the character (its MJ
//! number, another number of it, or itself), and the way if not both. Lines that begin with `#`,
//! other columns and empty lines are passed over; a line without a character is a code that nobody
//! identified yet.

use std::collections::BTreeMap;
use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::{GaijiRow, GaijiTable, Meaning, Way};
use crate::glyph::Glyph;
use crate::identity::Identity;
use crate::private_code::{MjPlus, PrivateCode};
use crate::tables::Characters;
use crate::written::{Written, written};

/// More rows than any private area of two bytes has cells are another kind of file.
const ROWS_MAX: usize = 10_000;
/// Faults after which the rest is not worth reading.
const PROBLEMS_MAX: usize = 200;

const CODE: [&str; 4] = ["code", "外字コード", "コード", "外字"];
const CHARACTER: [&str; 5] = ["character", "mj", "MJ文字図形名", "文字", "MJ番号"];
const WAY: [&str; 2] = ["way", "向き"];

/// What is wrong with a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1, the headings included.
    pub line: usize,
    /// Column, from 1; 0 for the line as a whole.
    pub column: usize,
    /// What is wrong.
    pub fault: Fault,
}

/// A fault of one cell or line. Nothing of it is about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Neither UTF-8 nor `Shift_JIS`.
    Encoding,
    /// No column for the code or the character.
    NoHeadings,
    /// More rows than there are private codes.
    TooMany,
    /// A quotation mark is not closed.
    OpenQuote,
    /// Not a private code.
    NotACode,
    /// The code stands in an earlier line too.
    CodeTwice {
        /// That line.
        first: usize,
    },
    /// Not a character of the MJ table or MJ+, or a number of several.
    NotACharacter,
    /// A glyph that Unicode cannot express, so that no name can hold it.
    WithoutText,
    /// Two codes would be written for one character; one of them must be for reading only.
    MeantTwice {
        /// The other line.
        first: usize,
    },
    /// Neither both, read nor write.
    NotAWay,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {} column {}: {}",
            self.line, self.column, self.fault
        )
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding => f.write_str("neither UTF-8 nor Shift_JIS"),
            Self::NoHeadings => f.write_str("no heading for the code or the character"),
            Self::TooMany => f.write_str("more rows than there are private codes"),
            Self::OpenQuote => f.write_str("a quotation mark is not closed"),
            Self::NotACode => f.write_str("not a private code"),
            Self::CodeTwice { first } => write!(f, "the code stands in line {first} too"),
            Self::NotACharacter => f.write_str("not one character of the MJ table or MJ+"),
            Self::WithoutText => f.write_str("a glyph that Unicode cannot express"),
            Self::MeantTwice { first } => write!(f, "line {first} is written for it already"),
            Self::NotAWay => f.write_str("neither both, read nor write"),
        }
    }
}

/// Reads a sheet as the table of `system`.
///
/// # Errors
/// Everything that is wrong with it, by line; nothing is taken from a sheet with a fault.
pub fn read_sheet(
    system: &str,
    bytes: &[u8],
    tables: &Characters,
) -> Result<GaijiTable, Vec<Problem>> {
    let text = decoded(bytes).ok_or_else(|| vec![problem(1, 0, Fault::Encoding)])?;
    let mut sheet = Sheet::default();
    let mut columns = None;
    for (line, content) in (1..).zip(text.lines()) {
        if content.trim().is_empty() || content.starts_with('#') {
            continue;
        }
        match (cells(content), &columns) {
            (None, _) => sheet.problems.push(problem(line, 0, Fault::OpenQuote)),
            (Some(cells), None) => {
                let found = Columns::of(&cells);
                columns = Some(found.ok_or_else(|| vec![problem(line, 0, Fault::NoHeadings)])?);
            }
            (Some(cells), Some(columns)) => {
                if let Err(problem) = sheet.take(line, &cells, columns, tables) {
                    sheet.problems.push(problem);
                }
            }
        }
        if sheet.rows.len() > ROWS_MAX {
            sheet.problems.push(problem(line, 0, Fault::TooMany));
        }
        if sheet.rows.len() > ROWS_MAX || sheet.problems.len() >= PROBLEMS_MAX {
            break;
        }
    }
    if columns.is_none() {
        sheet.problems.push(problem(1, 0, Fault::NoHeadings));
    }
    sheet.table(system)
}

fn problem(line: usize, column: usize, fault: Fault) -> Problem {
    Problem {
        line,
        column,
        fault,
    }
}

fn decoded(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(text.to_owned());
    }
    encoding_rs::SHIFT_JIS
        .decode_without_bom_handling_and_without_replacement(bytes)
        .map(std::borrow::Cow::into_owned)
}

/// The cells of a line; `None` when a quotation mark is not closed.
fn cells(line: &str) -> Option<Vec<String>> {
    let separator = if line.contains('\t') { '\t' } else { ',' };
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        let cell = cells.last_mut()?;
        match c {
            '"' if quoted && rest.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            c if c == separator && !quoted => cells.push(String::new()),
            c => cell.push(c),
        }
    }
    (!quoted).then_some(cells)
}

/// Where the columns are, from 0.
struct Columns {
    code: usize,
    character: usize,
    way: Option<usize>,
}

impl Columns {
    fn of(headings: &[String]) -> Option<Self> {
        let place = |names: &[&str]| {
            headings.iter().position(|heading| {
                let heading = heading.trim();
                names.iter().any(|name| name.eq_ignore_ascii_case(heading))
            })
        };
        Some(Self {
            code: place(&CODE)?,
            character: place(&CHARACTER)?,
            way: place(&WAY),
        })
    }
}

/// What was read so far.
#[derive(Default)]
struct Sheet {
    /// Rows with their lines, by code.
    rows: BTreeMap<PrivateCode, (usize, Option<GaijiRow>)>,
    problems: Vec<Problem>,
}

impl Sheet {
    fn take(
        &mut self,
        line: usize,
        cells: &[String],
        columns: &Columns,
        tables: &Characters,
    ) -> Result<(), Problem> {
        let cell = |place: usize| cells.get(place).map_or("", |cell| cell.trim());
        let wrong = |place: usize, fault| problem(line, place + 1, fault);
        let code: PrivateCode = cell(columns.code)
            .parse()
            .map_err(|_not_one| wrong(columns.code, Fault::NotACode))?;
        if let Some((first, _)) = self.rows.get(&code) {
            let fault = Fault::CodeTwice { first: *first };
            return Err(wrong(columns.code, fault));
        }
        let way = columns
            .way
            .map_or(Some(Way::Both), |place| way(cell(place)));
        let way = way.ok_or_else(|| wrong(columns.way.unwrap_or_default(), Fault::NotAWay))?;
        let said = cell(columns.character);
        let row = if said.is_empty() {
            None
        } else {
            let (is, text) =
                meaning(said, tables).map_err(|fault| wrong(columns.character, fault))?;
            self.is_written_once(&text, way)
                .map_err(|fault| wrong(columns.character, fault))?;
            Some(GaijiRow {
                code,
                is,
                text,
                way,
            })
        };
        let _none = self.rows.insert(code, (line, row));
        Ok(())
    }

    fn is_written_once(&self, text: &str, way: Way) -> Result<(), Fault> {
        if way == Way::Read {
            return Ok(());
        }
        let writes = |row: &&(usize, Option<GaijiRow>)| {
            let row = row.1.as_ref();
            row.is_some_and(|row| row.text == text && row.way != Way::Read)
        };
        match self.rows.values().find(writes) {
            Some((first, _)) => Err(Fault::MeantTwice { first: *first }),
            None => Ok(()),
        }
    }

    fn table(self, system: &str) -> Result<GaijiTable, Vec<Problem>> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let mut table = GaijiTable {
            system: system.to_owned(),
            ..GaijiTable::default()
        };
        for (code, (_line, row)) in self.rows {
            match row {
                Some(row) => table.rows.push(row),
                None => table.open.push(code),
            }
        }
        Ok(table)
    }
}

fn way(text: &str) -> Option<Way> {
    match text {
        "" | "both" | "両方" => Some(Way::Both),
        "read" | "読むだけ" => Some(Way::Read),
        "write" | "書くだけ" => Some(Way::Write),
        _ => None,
    }
}

/// The character that a cell names: `MJ026190`, `MJ+10A3C5`, `J+9089`, six digits of the family
/// registers, `U+9089 U+E0110`, or the character itself.
fn meaning(said: &str, tables: &Characters) -> Result<(Meaning, String), Fault> {
    let folded: String = said.nfkc().collect();
    if let Ok(added) = folded.parse::<MjPlus>() {
        return Ok((Meaning::Added(added), added.char().to_string()));
    }
    let glyph = match one_character(said).or_else(|| sequence(&folded)) {
        Some(character) => match tables.identify(character) {
            Identity::Glyph(glyph) => Some(glyph),
            Identity::Plain
            | Identity::OtherCollection(_)
            | Identity::UnknownSequence
            | Identity::MjPlus(_)
            | Identity::PrivateUse
            | Identity::OutsideTable
            | Identity::NotACharacter => None,
        },
        None => only(&tables.by_number(&folded)),
    };
    let glyph = glyph.ok_or(Fault::NotACharacter)?;
    let text = glyph.text().ok_or(Fault::WithoutText)?;
    Ok((Meaning::Glyph(glyph.number), text))
}

fn only<'t>(glyphs: &[&'t Glyph]) -> Option<&'t Glyph> {
    match glyphs {
        [only] => Some(only),
        _ => None,
    }
}

fn one_character(text: &str) -> Option<Written> {
    let mut all = written(text);
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

/// `U+9089 U+E0110`, or `U+9089` alone, which means the bare character.
fn sequence(text: &str) -> Option<Written> {
    let points: Option<String> = text
        .split_whitespace()
        .map(|point| {
            let digits = point
                .strip_prefix("U+")
                .or_else(|| point.strip_prefix("u+"))?;
            char::from_u32(u32::from_str_radix(digits, 16).ok()?)
        })
        .collect();
    one_character(&points?)
}
