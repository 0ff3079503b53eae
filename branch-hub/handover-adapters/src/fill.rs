//! Records to bytes.

use thiserror::Error;

use crate::adapter::{Adapter, Align, ColumnFile, FormFile};
use crate::check::{is_plain, is_quoted};
use crate::gate::{Encoding, Names, said};
use crate::record::Record;

/// Why a file could not be made.
#[derive(Debug, Error)]
pub enum FillError {
    /// A list could not be written, which happens only when memory ends.
    #[error("cannot write a list of rows")]
    List(#[from] csv::Error),
}

/// A file, and what is not in it as it was filed.
#[derive(Default)]
pub struct Filled {
    /// The file.
    pub bytes: Vec<u8>,
    /// Rows in it.
    pub rows: usize,
    /// Rows that are not in it, with column and reason, UTF-8 CSV; `None` when all are.
    pub unfit: Option<Vec<u8>>,
    /// Where it has a character that the city confirmed instead of the one filed, UTF-8 CSV.
    pub replaced: Option<Vec<u8>>,
}

impl std::fmt::Debug for Filled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Filled({} rows)", self.rows)
    }
}

/// A cell, or why it does not fit.
struct Cell {
    text: String,
    unfit: Option<String>,
    replaced: Vec<String>,
}

impl Adapter {
    /// Whether it wants a record.
    pub fn wants(&self, record: &Record) -> bool {
        let is_in = |list: &[toml::Spanned<String>], name: &str| {
            list.is_empty() || list.iter().any(|one| one.get_ref() == name)
        };
        is_in(&self.file.events, &record.event) && is_in(&self.file.procedures, &record.procedure)
    }

    /// Lays records out: those it wants, in their order. What does not fit is left out and listed.
    ///
    /// # Errors
    /// See [`FillError`].
    pub fn fill<'n>(
        &self,
        records: &[Record],
        names: impl Into<Names<'n>>,
    ) -> Result<Filled, FillError> {
        let names = names.into();
        let encoding = self.file.encoding;
        let mut out = Vec::new();
        if encoding == Encoding::Utf8Bom {
            out.extend([0xEF, 0xBB, 0xBF]);
        }
        if let FormFile::Separated { headings: true, .. } = self.file.form.get_ref() {
            let columns = self.file.column.iter();
            let headings = columns.map(|column| column.get_ref().heading.clone());
            out.extend(self.line(&headings.collect::<Vec<_>>()));
        }
        let mut rows = 0;
        let mut unfit = List::new([
            "idempotency_key",
            "receipt_number",
            "number",
            "column",
            "reason",
        ])?;
        let mut replaced = List::new([
            "idempotency_key",
            "receipt_number",
            "number",
            "column",
            "characters",
        ])?;
        for record in records.iter().filter(|record| self.wants(record)) {
            let columns = self.file.column.iter().map(toml::Spanned::get_ref);
            let cells: Vec<(String, Cell)> = columns
                .map(|column| (column.name(), self.cell(column, record, names)))
                .collect();
            let fits = cells.iter().all(|(_, cell)| cell.unfit.is_none());
            for (name, cell) in &cells {
                if let Some(reason) = &cell.unfit {
                    unfit.put(record, name, reason)?;
                }
                if fits && !cell.replaced.is_empty() {
                    replaced.put(record, name, &cell.replaced.join(" "))?;
                }
            }
            if fits {
                let texts: Vec<String> = cells.into_iter().map(|(_, cell)| cell.text).collect();
                out.extend(self.line(&texts));
                rows += 1;
            }
        }
        Ok(Filled {
            bytes: out,
            rows,
            unfit: unfit.into_bytes()?,
            replaced: replaced.into_bytes()?,
        })
    }

    fn cell(&self, column: &ColumnFile, record: &Record, names: Names<'_>) -> Cell {
        let made = match made(column, record) {
            Ok(made) => made,
            Err(reason) => {
                return Cell {
                    text: String::new(),
                    unfit: Some(reason),
                    replaced: Vec::new(),
                };
            }
        };
        let said = said(&made, self.file.encoding, names);
        let unfit = if said.lost.is_empty() {
            self.misfit(column, &said.text)
        } else {
            let lost = said.lost.join(" ");
            Some(format!(
                "このファイルの文字コードにない字があります：{lost}"
            ))
        };
        Cell {
            text: said.text,
            unfit,
            replaced: said.replaced,
        }
    }

    /// Why a text cannot stand in a column.
    fn misfit(&self, column: &ColumnFile, text: &str) -> Option<String> {
        let bytes = self.file.encoding.bytes(text).len();
        if let Some(most) = column.bytes.filter(|most| bytes > *most) {
            return Some(format!("{bytes}バイトあり、{most}バイトの欄に入りません"));
        }
        let plain = match self.file.form.get_ref() {
            FormFile::Separated {
                separator, quotes, ..
            } => is_plain(text, *separator) || is_quoted(text, *separator, *quotes),
            FormFile::Fixed { .. } => !text.chars().any(char::is_control),
        };
        (!plain).then(|| "改行や区切りの文字があり、この形のファイルに書けません".to_owned())
    }

    /// A line with its break; the cells fit.
    fn line(&self, cells: &[String]) -> Vec<u8> {
        let encoding = self.file.encoding;
        let mut line = match self.file.form.get_ref() {
            FormFile::Separated {
                separator,
                quotes,
                for_spreadsheets,
                ..
            } => {
                let cells = cells.iter().map(|cell| {
                    let cell = if *for_spreadsheets {
                        formula_safe(cell)
                    } else {
                        cell.clone()
                    };
                    if is_quoted(&cell, *separator, *quotes) {
                        format!("\"{}\"", cell.replace('"', "\"\""))
                    } else {
                        cell
                    }
                });
                let cells: Vec<String> = cells.collect();
                encoding.bytes(&cells.join(&separator.to_string()))
            }
            FormFile::Fixed { record_bytes } => self.record(cells, *record_bytes),
        };
        line.extend(self.file.line_break.text().as_bytes());
        line
    }

    fn record(&self, cells: &[String], record_bytes: usize) -> Vec<u8> {
        let mut record = vec![b' '; record_bytes];
        for (spanned, cell) in self.file.column.iter().zip(cells) {
            let column = spanned.get_ref();
            let (Some(at), Some(width)) = (column.at, column.bytes) else {
                continue;
            };
            let text = self.file.encoding.bytes(cell);
            let fill = u8::try_from(column.fill).unwrap_or(b' ');
            let mut slot = vec![fill; width.saturating_sub(text.len())];
            match column.align {
                Align::Left => {
                    slot.splice(0..0, text);
                }
                Align::Right => slot.extend(text),
            }
            let place = at.saturating_sub(1)..at.saturating_sub(1).saturating_add(width);
            if let Some(there) = record
                .get_mut(place)
                .filter(|there| there.len() == slot.len())
            {
                there.copy_from_slice(&slot);
            }
        }
        record
    }
}

/// The text of a column before the gate.
fn made(column: &ColumnFile, record: &Record) -> Result<String, String> {
    if column.from.is_empty() {
        return Ok(column.value.clone());
    }
    let parts = column.from.iter().map(|part| record.text(part.get_ref()));
    let parts: Vec<&str> = parts.filter(|text| !text.trim().is_empty()).collect();
    let text = parts.join(&column.join);
    if text.is_empty() {
        return if column.required && column.empty.is_empty() {
            Err("空です。届出にない項目です".to_owned())
        } else {
            Ok(column.empty.clone())
        };
    }
    if !column.codes.is_empty() {
        let code = column.codes.get(&text).cloned();
        return code
            .ok_or_else(|| "codes の表にない値です。アダプターの表に加えてください".to_owned());
    }
    let text = match column.date {
        None => text,
        Some(form) => form
            .of(&text)
            .ok_or_else(|| "この形で書けない日付です（日まで分かる日付が要ります）".to_owned())?,
    };
    Ok(column.letters.of(&text))
}

/// A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV
/// injection"). The column list tells readers to take exactly one leading apostrophe off.
pub fn formula_safe(cell: &str) -> String {
    let risky = ['=', '+', '-', '@', '\t', '\r', '\'', '＝', '＋', '－', '＠'];
    if cell.starts_with(risky) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

/// A list of rows that need somebody's eyes.
struct List {
    writer: csv::Writer<Vec<u8>>,
    is_empty: bool,
}

impl List {
    fn new(headings: [&str; 5]) -> Result<Self, FillError> {
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(Vec::new());
        writer.write_record(headings)?;
        Ok(Self {
            writer,
            is_empty: true,
        })
    }

    fn put(&mut self, record: &Record, column: &str, what: &str) -> Result<(), FillError> {
        self.is_empty = false;
        let number = record.number.to_string();
        let (key, receipt) = (record.key.as_str(), record.receipt_number.as_str());
        self.writer
            .write_record([key, receipt, &number, column, what])?;
        Ok(())
    }

    fn into_bytes(self) -> Result<Option<Vec<u8>>, FillError> {
        if self.is_empty {
            return Ok(None);
        }
        let written = self.writer.into_inner();
        let written = written.map_err(|error| csv::Error::from(error.into_error()))?;
        let mut bytes = vec![0xEF, 0xBB, 0xBF];
        bytes.extend(written);
        Ok(Some(bytes))
    }
}
