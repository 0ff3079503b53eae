//! The fields of one line, and reading what they mean.

use std::ops::Range;

use counter_characters::GaijiTable;
use counter_domain::date::FuzzyDate;
use counter_domain::name::Kana;
use counter_domain::number::ResidentCode;
use counter_domain::relation::Relation;
use counter_domain::resident::QUALIFICATIONS;
use unicode_normalization::UnicodeNormalization;

use super::layout::Form;
use super::{Column, Encoding, Layout, Line, Problem, Wrong};

/// Longest field, in characters.
const FIELD_CHARS_MAX: usize = 500;
/// Private codes told of one field.
const CODES_TOLD_MAX: usize = 5;
/// Longest number of a person, household, reservation or certificate.
const NUMBER_CHARS_MAX: usize = 15;

/// A line taken apart.
#[derive(Debug)]
pub(crate) struct Fields<'a, C> {
    /// Line of the file, from 1.
    pub(crate) line: u64,
    layout: &'a Layout<C>,
    texts: Vec<String>,
}

impl<'a, C: Column> Fields<'a, C> {
    /// Takes a line apart; what it means is not looked at.
    pub(crate) fn of(
        layout: &'a Layout<C>,
        encoding: Encoding,
        line: Line<'_>,
    ) -> Result<Self, Problem> {
        let problem = |column, what| Problem {
            line: line.number,
            column,
            what,
        };
        if line.cut {
            return Err(problem(None, Wrong::TooLong));
        }
        let parts = parts(layout, encoding, line.bytes)
            .map_err(|(part, what)| problem(part.and_then(|part| layout.at(part)), what))?;
        let texts = layout.made(line.number, &parts)?;
        Ok(Self {
            line: line.number,
            layout,
            texts,
        })
    }

    /// A problem of one column.
    pub(crate) fn problem(&self, column: C, what: Wrong) -> Problem {
        let place = self.layout.place(column);
        Problem {
            line: self.line,
            column: place.map(|place| (place, column.heading())),
            what,
        }
    }

    /// The text of a column; empty when the file does not have it.
    pub(crate) fn text(&self, column: C) -> &str {
        let place = self.layout.column(column);
        place
            .and_then(|place| self.texts.get(place))
            .map_or("", String::as_str)
    }

    /// The same, to keep.
    pub(crate) fn owned(&self, column: C) -> String {
        self.text(column).to_owned()
    }

    /// A text that must be there.
    pub(crate) fn needed(&self, column: C) -> Result<String, Problem> {
        let text = self.text(column);
        if text.trim().is_empty() {
            Err(self.problem(column, Wrong::Needed))
        } else {
            Ok(text.to_owned())
        }
    }

    /// One of a few codes, whatever its width.
    pub(crate) fn code<T>(
        &self,
        column: C,
        codes: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Problem> {
        let text: String = self.text(column).trim().nfkc().collect();
        read(&text).ok_or_else(|| self.problem(column, Wrong::Code(codes)))
    }

    /// Yes or no; empty is no.
    pub(crate) fn flag(&self, column: C) -> Result<bool, Problem> {
        self.code(column, "0 1", |code| match code {
            "" | "0" => Some(false),
            "1" => Some(true),
            _ => None,
        })
    }

    /// The number of a person, a household or a paper.
    pub(crate) fn number(&self, column: C) -> Result<String, Problem> {
        let text = self.needed(column)?;
        let fits = text.chars().count() <= NUMBER_CHARS_MAX
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if fits {
            Ok(text)
        } else {
            Err(self.problem(column, Wrong::Number("半角の英数字15字まで")))
        }
    }

    /// A reading. Half-width kana, as many systems write it, becomes full-width: a reading has no
    /// glyphs. Foreigners may have Latin letters there.
    pub(crate) fn kana(&self, column: C, is_foreign: bool) -> Result<String, Problem> {
        let text: String = self.text(column).nfkc().collect();
        let text = text.trim().replace([' ', '\u{3000}'], "\u{3000}");
        if text.is_empty() || is_foreign || Kana::parse(&text).is_ok() {
            Ok(text)
        } else {
            Err(self.problem(column, Wrong::Kana))
        }
    }

    /// `male`, `female` or empty.
    pub(crate) fn sex(&self, column: C) -> Result<String, Problem> {
        self.code(column, "1 2 0 空", |code| match code {
            "" | "0" | "9" => Some(String::new()),
            "1" | "男" => Some("male".to_owned()),
            "2" | "女" => Some("female".to_owned()),
            _ => None,
        })
    }

    /// A relation to the head, in the words of the register.
    pub(crate) fn relation(&self, column: C) -> Result<String, Problem> {
        let text = self.text(column).trim();
        if text.is_empty() {
            return Ok(String::new());
        }
        text.parse::<Relation>()
            .map(|relation| relation.to_string())
            .map_err(|_| self.problem(column, Wrong::Relation))
    }

    /// Eleven digits, or empty.
    pub(crate) fn resident_code(&self, column: C) -> Result<String, Problem> {
        let text = self.text(column).trim();
        if text.is_empty() {
            return Ok(String::new());
        }
        ResidentCode::parse(text)
            .map(|code| code.reveal().to_owned())
            .map_err(|_| self.problem(column, Wrong::Number("数字11桁")))
    }

    /// Codes of qualifications, parted by `;`, without what else is known of them.
    pub(crate) fn qualifications(&self, column: C) -> Result<Vec<String>, Problem> {
        self.codes(column, &QUALIFICATIONS)
    }

    /// Codes of a list, parted by `;`.
    pub(crate) fn codes(&self, column: C, known: &[&str]) -> Result<Vec<String>, Problem> {
        self.text(column)
            .split(';')
            .map(str::trim)
            .filter(|code| !code.is_empty())
            .map(|code| {
                known
                    .contains(&code)
                    .then(|| code.to_owned())
                    .ok_or_else(|| self.problem(column, Wrong::Qualification))
            })
            .collect()
    }

    /// A date in its stored form, or empty.
    pub(crate) fn date(&self, column: C) -> Result<String, Problem> {
        self.date_of(column, self.text(column))
    }

    /// The same of a text in a column.
    pub(crate) fn date_of(&self, column: C, text: &str) -> Result<String, Problem> {
        if text.trim().is_empty() {
            return Ok(String::new());
        }
        text.parse::<FuzzyDate>()
            .map(|date| date.to_string())
            .map_err(|error| self.problem(column, Wrong::Date(error.advice_ja())))
    }

    /// A date that must be there.
    pub(crate) fn needed_date(&self, column: C) -> Result<String, Problem> {
        self.needed(column)?;
        self.date(column)
    }
}

type Parts = Result<Vec<String>, (Option<usize>, Wrong)>;

/// The parts of a line; a problem with the part it stands at.
pub(super) fn parts<C: Column>(layout: &Layout<C>, encoding: Encoding, bytes: &[u8]) -> Parts {
    let gaiji = layout.gaiji.as_deref();
    match &layout.form {
        Form::Separated { separator, width } => {
            let parts = split(bytes, *separator, encoding, gaiji)?;
            match parts.len() {
                has if has == *width => Ok(parts),
                has => Err((None, Wrong::Width { has, needs: *width })),
            }
        }
        Form::Fixed {
            record_bytes,
            slots,
        } => cut(bytes, *record_bytes, slots, (encoding, gaiji)),
    }
}

/// The text of one column of a line that may be wrong elsewhere; `None` when it cannot be told.
pub(super) fn glimpse<C: Column>(
    layout: &Layout<C>,
    encoding: Encoding,
    bytes: &[u8],
    column: C,
) -> Option<String> {
    let parts: Vec<Vec<u8>> = match &layout.form {
        Form::Separated { separator, width } => {
            let record = record(bytes, *separator).filter(|record| record.len() == *width)?;
            record.iter().map(<[u8]>::to_vec).collect()
        }
        Form::Fixed {
            record_bytes,
            slots,
        } if bytes.len() == *record_bytes => slots
            .iter()
            .map(|slot| bytes.get(slot.clone()).unwrap_or_default().to_vec())
            .collect(),
        Form::Fixed { .. } => return None,
    };
    // Only the column's own parts need to be readable.
    let parts: Vec<String> = parts
        .iter()
        .map(|part| {
            let text = encoding.decode(part);
            text.unwrap_or_else(|| char::REPLACEMENT_CHARACTER.to_string())
        })
        .collect();
    Some(layout.one(column, &parts)?.trim().to_owned())
}

/// The parts of a separated line.
pub(super) fn split(
    bytes: &[u8],
    separator: u8,
    encoding: Encoding,
    gaiji: Option<&GaijiTable>,
) -> Parts {
    let even_quotes = bytes.iter().fold(true, |even, byte| even ^ (*byte == b'"'));
    if !even_quotes {
        return Err((None, Wrong::OpenQuote));
    }
    record(bytes, separator)
        .ok_or((None, Wrong::OpenQuote))?
        .iter()
        .enumerate()
        .map(|(part, field)| readable(field, encoding, gaiji).map_err(|wrong| (Some(part), wrong)))
        .collect()
}

/// The parts of a fixed-width record, without the blanks that fill them.
fn cut(
    bytes: &[u8],
    record_bytes: usize,
    slots: &[Range<usize>],
    (encoding, gaiji): (Encoding, Option<&GaijiTable>),
) -> Parts {
    if bytes.len() != record_bytes {
        let (has, needs) = (bytes.len(), record_bytes);
        return Err((None, Wrong::Bytes { has, needs }));
    }
    slots
        .iter()
        .enumerate()
        .map(|(part, slot)| {
            let bytes = bytes.get(slot.clone()).unwrap_or_default();
            let text = readable(bytes, encoding, gaiji).map_err(|wrong| (Some(part), wrong))?;
            Ok(text.trim_end_matches([' ', '\u{3000}']).to_owned())
        })
        .collect()
}

/// A part as text, its private characters read by the table of the system that wrote it.
fn readable(bytes: &[u8], encoding: Encoding, gaiji: Option<&GaijiTable>) -> Result<String, Wrong> {
    let written = encoding.decode(bytes).ok_or(Wrong::Encoding)?;
    let nobody_s = GaijiTable::default();
    let read = gaiji.unwrap_or(&nobody_s).read(&written);
    if !read.unknown.is_empty() {
        let mut codes = read.unknown;
        codes.dedup();
        codes.truncate(CODES_TOLD_MAX);
        return Err(Wrong::PrivateUse(codes));
    }
    let text = read.text;
    match wrong_characters(&text) {
        None => Ok(text),
        Some(wrong) => Err(wrong),
    }
}

fn record(bytes: &[u8], separator: u8) -> Option<csv::ByteRecord> {
    let mut record = csv::ByteRecord::new();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .buffer_capacity(bytes.len().max(64))
        .from_reader(bytes);
    reader.read_byte_record(&mut record).ok()?;
    Some(record)
}

fn wrong_characters(text: &str) -> Option<Wrong> {
    if text.chars().any(char::is_control) {
        Some(Wrong::Control)
    } else {
        (text.chars().count() > FIELD_CHARS_MAX).then_some(Wrong::TooLong)
    }
}
