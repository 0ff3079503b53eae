//! Rows to bytes: RFC 4180, two encodings, and what `Shift_JIS` cannot say.

use handover_adapters::{Encoding, Names, Said, formula_safe, said};
use thiserror::Error;

use super::row::Row;
use super::{certificates, procedures, row};

/// Why a hand-over file could not be made.
#[derive(Debug, Error)]
pub(crate) enum HandOverError {
    /// The writer refused a row.
    #[error("cannot encode the hand-over file")]
    Encode(#[from] csv::Error),
}

/// The three files, as bytes.
pub(crate) struct HandOverFiles {
    /// Every row, UTF-8 with a byte order mark.
    pub utf8: Vec<u8>,
    /// The rows `Shift_JIS` can express.
    pub shift_jis: Vec<u8>,
    /// The other rows' keys, columns and code points, UTF-8; `None` when there are none.
    pub unrepresentable: Option<Vec<u8>>,
    /// Keys, columns and code points where the `Shift_JIS` file has the character that the city
    /// confirmed instead of the one filed, UTF-8; `None` when there are none.
    pub replaced: Option<Vec<u8>>,
}

/// What the rows of a file are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sheet {
    /// A person each.
    Persons,
    /// A certificate each.
    Certificates,
    /// A procedure each.
    Procedures,
}

impl Sheet {
    /// Headings of the file.
    pub(super) const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Persons => &row::COLUMNS,
            Self::Certificates => &certificates::COLUMNS,
            Self::Procedures => &procedures::COLUMNS,
        }
    }

    /// Headings of both lists of characters.
    const fn list(self) -> [&'static str; 5] {
        let number = match self {
            Self::Persons => "member_number",
            Self::Certificates | Self::Procedures => "line_number",
        };
        [
            "idempotency_key",
            "receipt_number",
            number,
            "column",
            "characters",
        ]
    }
}

/// Encodes the rows. In the `Shift_JIS` file alone, a character that it lacks becomes the system's
/// private one for it, else the one that the city confirmed for it in `names`.
///
/// # Errors
/// When the CSV writer refuses, which it does only when memory ends.
pub(crate) fn write_files<'n>(
    sheet: Sheet,
    rows: &[Row],
    names: impl Into<Names<'n>>,
) -> Result<HandOverFiles, HandOverError> {
    let names = names.into();
    let mut utf8 = writer();
    let mut shift_jis = writer();
    let (mut missing, mut replaced) = (List::new(sheet)?, List::new(sheet)?);
    utf8.write_record(sheet.columns())?;
    shift_jis.write_record(sheet.columns())?;
    for row in rows {
        utf8.write_record(row.cells.iter().map(|cell| formula_safe(cell)))?;
        let cells = row.cells.iter();
        let said: Vec<Said> = cells
            .map(|cell| said(cell, Encoding::Cp932, names))
            .collect();
        let lost = said.iter().any(|cell| !cell.lost.is_empty());
        if !lost {
            shift_jis.write_record(said.iter().map(|cell| formula_safe(&cell.text)))?;
        }
        for (column, cell) in sheet.columns().iter().zip(&said) {
            missing.put(row, column, &cell.lost)?;
            if !lost {
                replaced.put(row, column, &cell.replaced)?;
            }
        }
    }
    let text = into_text(shift_jis)?;
    Ok(HandOverFiles {
        utf8: with_mark(into_text(utf8)?),
        shift_jis: Encoding::Cp932.bytes(&text),
        unrepresentable: missing.into_bytes()?,
        replaced: replaced.into_bytes()?,
    })
}

/// A list of rows with characters that need somebody's eyes.
struct List {
    writer: csv::Writer<Vec<u8>>,
    is_empty: bool,
}

impl List {
    fn new(sheet: Sheet) -> Result<Self, HandOverError> {
        let mut writer = writer();
        writer.write_record(sheet.list())?;
        Ok(Self {
            writer,
            is_empty: true,
        })
    }

    fn put(&mut self, row: &Row, column: &str, characters: &[String]) -> Result<(), HandOverError> {
        if characters.is_empty() {
            return Ok(());
        }
        self.is_empty = false;
        let characters = characters.join(" ");
        let member = row.member.to_string();
        let (key, number) = (row.key.as_str(), row.receipt_number.as_str());
        self.writer
            .write_record([key, number, &member, column, &characters])?;
        Ok(())
    }

    fn into_bytes(self) -> Result<Option<Vec<u8>>, HandOverError> {
        if self.is_empty {
            return Ok(None);
        }
        Ok(Some(with_mark(into_text(self.writer)?)))
    }
}

fn writer() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new())
}

fn into_text(writer: csv::Writer<Vec<u8>>) -> Result<String, HandOverError> {
    let bytes = writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))?;
    String::from_utf8(bytes).map_err(|error| {
        csv::Error::from(std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            error.utf8_error(),
        ))
        .into()
    })
}

fn with_mark(text: String) -> Vec<u8> {
    let mut bytes = vec![0xEF, 0xBB, 0xBF];
    bytes.extend(text.into_bytes());
    bytes
}
