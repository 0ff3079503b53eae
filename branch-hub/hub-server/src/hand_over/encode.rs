//! Rows to bytes: RFC 4180, two encodings, and what `Shift_JIS` cannot say.

use encoding_rs::SHIFT_JIS;
use thiserror::Error;

use super::row::{COLUMNS, Row};

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
}

/// Encodes the rows.
///
/// # Errors
/// When the CSV writer refuses, which it does only when memory ends.
pub(crate) fn write_files(rows: &[Row]) -> Result<HandOverFiles, HandOverError> {
    let mut utf8 = writer();
    let mut shift_jis = writer();
    let mut missing = writer();
    utf8.write_record(COLUMNS)?;
    shift_jis.write_record(COLUMNS)?;
    missing.write_record([
        "idempotency_key",
        "receipt_number",
        "member_number",
        "column",
        "characters",
    ])?;
    let mut any_missing = false;
    for row in rows {
        let safe: Vec<String> = row.cells.iter().map(|cell| formula_safe(cell)).collect();
        utf8.write_record(&safe)?;
        let lost = unrepresentable(&row.cells);
        if lost.is_empty() {
            shift_jis.write_record(&safe)?;
        }
        for (column, characters) in lost {
            any_missing = true;
            missing.write_record([
                &row.key,
                &row.receipt_number,
                &row.member.to_string(),
                column,
                &characters,
            ])?;
        }
    }
    let text = into_text(shift_jis)?;
    let (cp932, _, _) = SHIFT_JIS.encode(&text);
    Ok(HandOverFiles {
        utf8: with_mark(into_text(utf8)?),
        shift_jis: cp932.into_owned(),
        unrepresentable: if any_missing {
            Some(with_mark(into_text(missing)?))
        } else {
            None
        },
    })
}

/// Columns of a row with the characters `Shift_JIS` lacks, as code points.
fn unrepresentable(cells: &[String]) -> Vec<(&'static str, String)> {
    COLUMNS
        .iter()
        .zip(cells)
        .filter_map(|(column, cell)| {
            let lost: Vec<String> = cell
                .chars()
                .filter(|one| !fits(*one))
                .map(|one| format!("U+{:04X}", u32::from(one)))
                .collect();
            (!lost.is_empty()).then(|| (*column, lost.join(" ")))
        })
        .collect()
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
