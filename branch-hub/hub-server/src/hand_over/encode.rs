//! Rows to bytes: RFC 4180, two encodings, and what `Shift_JIS` cannot say.

use counter_characters::{Target, Written, written};
use counter_domain::character_choice::{CharacterChoices, ChoiceSubject};
use encoding_rs::SHIFT_JIS;
use thiserror::Error;

use super::row::Row;
use super::{certificates, row};

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
}

impl Sheet {
    /// Headings of the file.
    const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Persons => &row::COLUMNS,
            Self::Certificates => &certificates::COLUMNS,
        }
    }

    /// Headings of both lists of characters.
    const fn list(self) -> [&'static str; 5] {
        let number = match self {
            Self::Persons => "member_number",
            Self::Certificates => "line_number",
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

/// Encodes the rows. In the `Shift_JIS` file alone, a character that it lacks becomes the one that
/// the city confirmed for it in `choices`.
///
/// # Errors
/// When the CSV writer refuses, which it does only when memory ends.
pub(crate) fn write_files(
    sheet: Sheet,
    rows: &[Row],
    choices: &CharacterChoices,
) -> Result<HandOverFiles, HandOverError> {
    let mut utf8 = writer();
    let mut shift_jis = writer();
    let (mut missing, mut replaced) = (List::new(sheet)?, List::new(sheet)?);
    utf8.write_record(sheet.columns())?;
    shift_jis.write_record(sheet.columns())?;
    for row in rows {
        utf8.write_record(row.cells.iter().map(|cell| formula_safe(cell)))?;
        let said: Vec<Said> = row.cells.iter().map(|cell| said(cell, choices)).collect();
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
    let (cp932, _, _) = SHIFT_JIS.encode(&text);
    Ok(HandOverFiles {
        utf8: with_mark(into_text(utf8)?),
        shift_jis: cp932.into_owned(),
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

/// A cell as `Shift_JIS` says it.
struct Said {
    text: String,
    /// Code points it lacks.
    lost: Vec<String>,
    /// `U+20BB7>U+5409`: what was filed, and what the city confirmed instead.
    replaced: Vec<String>,
}

fn said(cell: &str, choices: &CharacterChoices) -> Said {
    let mut said = Said {
        text: String::new(),
        lost: Vec::new(),
        replaced: Vec::new(),
    };
    for one in written(cell) {
        let text = one.text();
        if text.chars().all(fits) {
            said.text.push_str(&text);
            continue;
        }
        let subject = ChoiceSubject::in_system(Target::Cp932.key(), text.as_str());
        let chosen = choices.confirmed(&subject);
        if let Some(chosen) = chosen.filter(|chosen| chosen.chosen.chars().all(fits)) {
            said.text.push_str(&chosen.chosen);
            let instead: Vec<String> = written(&chosen.chosen).map(Written::code_points).collect();
            let filed = one.code_points().replace(' ', "_");
            said.replaced.push(format!("{filed}>{}", instead.join("_")));
        } else {
            said.text.push_str(&text);
            let lost = text.chars().filter(|one| !fits(*one));
            let lost = lost.map(|one| format!("U+{:04X}", u32::from(one)));
            said.lost.extend(lost);
        }
    }
    said
}

/// Whether CP932 says exactly this character: encoding and decoding gives it back. The way back
/// matters: the encoder maps for example U+00A5 to 0x5C, which reads as a backslash.
fn fits(one: char) -> bool {
    let mut buffer = [0_u8; 4];
    let text: &str = one.encode_utf8(&mut buffer);
    let (bytes, _, lost) = SHIFT_JIS.encode(text);
    if lost {
        return false;
    }
    let (back, _) = SHIFT_JIS.decode_without_bom_handling(&bytes);
    back == text
}

/// A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV
/// injection"). The column list tells readers to take exactly one leading apostrophe off.
fn formula_safe(cell: &str) -> String {
    let risky = ['=', '+', '-', '@', '\t', '\r', '\'', '＝', '＋', '－', '＠'];
    if cell.starts_with(risky) {
        format!("'{cell}")
    } else {
        cell.to_owned()
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
