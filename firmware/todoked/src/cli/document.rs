//! `todoke document`: pictures of certificates and cards become fields.
//!
//! What goes wrong is one line on the error output that begins with a stable code, for example
//! `DOCUMENT-DAMAGED`. Nothing that was read is logged, and no file is written.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, Subcommand};
use document_reader::field::{DocumentKind, Field, FieldName};
use document_reader::fields::{Finder, Places};
use document_reader::page::{Page, sketch};
use document_reader::{Document, LoadModelsError, OpenPictureError, Reader, models, picture};
use serde_json::{Value, json};

use crate::cli::{print_json, print_line};
use crate::clock::{Clock as _, SystemClock};

/// Below this the clerk should look at the picture.
const SURE: f32 = 0.95;
/// Digits of an individual number.
const NUMBER_DIGITS: usize = 12;

#[derive(Debug, Subcommand)]
pub(super) enum DocumentCommand {
    /// Reads the fields of a document from the pictures of its pages (PNG, JPEG, TIFF, PDF).
    Read(Read),
    /// Prints what was read on each page, line by line, for those who look after the counter.
    Lines(Lines),
}

#[derive(Debug, Args)]
pub(super) struct Read {
    /// Pictures of the pages, in order.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// What the document is: move-out-certificate, residence-card, licence, my-number-card or passport.
    #[arg(long, value_parser = kind)]
    kind: DocumentKind,
    /// Shows the individual number too; only where the law asks for it.
    #[arg(long)]
    with_number: bool,
    /// One JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Lines {
    /// Picture of a page, or a file of several.
    file: PathBuf,
    /// Shows numbers of twelve digits too.
    #[arg(long)]
    with_number: bool,
    /// Everything as one JSON document: places, probabilities, other readings; hides nothing.
    #[arg(long, requires = "with_number")]
    json: bool,
}

fn kind(name: &str) -> Result<DocumentKind, String> {
    DocumentKind::named(name).ok_or_else(|| {
        let known: Vec<&str> = DocumentKind::NAMES.iter().map(|(_, name)| *name).collect();
        format!("known are {}", known.join(", "))
    })
}

impl DocumentCommand {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::Read(read) => read.run(),
            Self::Lines(lines) => lines.run(),
        }
    }
}

/// A page of the pictures given.
struct Given {
    page: Page,
    width: usize,
    height: usize,
}

impl Read {
    fn run(self) -> Result<()> {
        let given = read_pages(&self.files)?;
        let pages: Vec<Page> = given.iter().map(|one| one.page.clone()).collect();
        let mut finder = Finder::standard()?;
        // Without the dictionary addresses are read as they stand, with less confidence.
        if let Ok(addresses) =
            counter_addresses::Addresses::open(&crate::paper::address_dictionary())
        {
            finder = finder.with_places(Places::new(&addresses));
        }
        if let Ok(characters) =
            counter_characters::Characters::open(&crate::paper::character_tables())
        {
            finder = finder.with_characters(characters);
        }
        finder = finder.with_today(crate::clock::civil_date(SystemClock.unix_ms()));
        let fields = finder.find(self.kind, &pages);
        if self.json {
            return print_json(&self.document(&fields, &given));
        }
        for field in &fields {
            print_line(&self.line(field))?;
        }
        Ok(())
    }

    fn shows(&self, field: &Field) -> bool {
        self.with_number || field.name != FieldName::IndividualNumber
    }

    fn document(&self, fields: &[Field], given: &[Given]) -> Value {
        let fields: Vec<Value> = fields
            .iter()
            .map(|field| {
                let shows = self.shows(field);
                json!({
                    "member": field.member,
                    "name": field.name.label(),
                    "value": if shows { field.value.clone() } else { masked(&field.value) },
                    "as_read": if shows { field.as_read.clone() } else { masked(&field.as_read) },
                    "confidence": (f64::from(field.confidence) * 1000.0).round() / 1000.0,
                    "box": box_of(field, given),
                    "page": field.page,
                    "checks": field.checks,
                    "failed": field.failed,
                    "alternatives": if shows { field.alternatives.clone() } else { Vec::new() },
                })
            })
            .collect();
        let pages: Vec<Value> = given
            .iter()
            .map(|one| json!({ "width": one.width, "height": one.height }))
            .collect();
        json!({ "fields": fields, "pages": pages })
    }

    fn line(&self, field: &Field) -> String {
        let whose = match field.member {
            -1 => "世帯".to_owned(),
            member => format!("{}人目", member + 1),
        };
        let value = if self.shows(field) {
            field.value.clone()
        } else {
            masked(&field.value)
        };
        let doubt = if field.confidence < SURE {
            "　← 確かめてください"
        } else {
            ""
        };
        format!("{whose}　{}　{value}{doubt}", field.name.label())
    }
}

impl Lines {
    fn run(self) -> Result<()> {
        let given = read_pages(std::slice::from_ref(&self.file))?;
        if self.json {
            let pages: Vec<&Page> = given.iter().map(|one| &one.page).collect();
            return print_json(&pages);
        }
        for one in &given {
            for line in sketch::write(&one.page).lines() {
                if self.with_number {
                    print_line(line)?;
                } else {
                    print_line(&without_numbers(line))?;
                }
            }
        }
        Ok(())
    }
}

fn read_pages(files: &[PathBuf]) -> Result<Vec<Given>> {
    let folder = models::folder().ok_or_else(|| in_words(&LoadModelsError::Missing))?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let reader = Reader::open(&folder, cores).map_err(|error| in_words(&error))?;
    let mut pages = Vec::new();
    for file in files {
        let document = open(file)?;
        for number in 0..document.pages() {
            let picture = document
                .page(number)
                .map_err(|error| refused(error, file))?;
            let page = reader
                .read(&picture, pages.len())
                .map_err(|error| anyhow!("{} {error}", error.code()))?;
            pages.push(Given {
                page,
                width: picture.gray.width(),
                height: picture.gray.height(),
            });
        }
    }
    Ok(pages)
}

fn open(file: &Path) -> Result<Document> {
    let about = || format!("DOCUMENT-FILE-UNREADABLE {}", file.display());
    let length = std::fs::metadata(file).with_context(about)?.len();
    if length > u64::try_from(picture::BYTES_MAX).unwrap_or(u64::MAX) {
        return Err(refused(OpenPictureError::TooLarge, file));
    }
    let bytes = std::fs::read(file).with_context(about)?;
    Document::open(bytes).map_err(|error| refused(error, file))
}

fn refused(error: OpenPictureError, file: &Path) -> anyhow::Error {
    anyhow!("{} {}: {error}", error.code(), file.display())
}

fn in_words(error: &LoadModelsError) -> anyhow::Error {
    anyhow!("{} {error}", error.code())
}

/// Left, top, width and height in whole pixels of the picture as given.
fn box_of(field: &Field, given: &[Given]) -> Value {
    let Some(one) = given.get(field.page) else {
        return Value::Null;
    };
    let bounds = one.page.to_given.rect(&field.bounds);
    json!([bounds.x, bounds.y, bounds.width, bounds.height].map(pixels))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "sides of pictures are below 16,000 pixels"
)]
fn pixels(side: f32) -> i64 {
    side.max(0.0).round() as i64
}

fn masked(value: &str) -> String {
    "*".repeat(value.chars().count())
}

/// A line without numbers of twelve digits, with or without gaps between their groups.
fn without_numbers(line: &str) -> String {
    let is_gap = |one: char| one == '\u{3000}' || one == '-';
    let mut out: Vec<char> = line.chars().collect();
    let mut start = 0;
    while start < out.len() {
        let run = out[start..]
            .iter()
            .take_while(|one| one.is_ascii_digit() || is_gap(**one))
            .count();
        let digits = out[start..start + run]
            .iter()
            .filter(|one| one.is_ascii_digit())
            .count();
        if digits == NUMBER_DIGITS {
            for one in &mut out[start..start + run] {
                if one.is_ascii_digit() {
                    *one = '*';
                }
            }
        }
        start += run + 1;
    }
    out.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_shows_no_individual_number() {
        assert_eq!(
            without_numbers("line 1657 1124 289 36 1234　5678　9012"),
            "line 1657 1124 289 36 ****　****　****"
        );
        assert_eq!(
            without_numbers("line 1 2 3 4 12345678901"),
            "line 1 2 3 4 12345678901"
        );
    }

    #[test]
    fn an_unknown_kind_is_told_the_known_ones() {
        assert!(
            kind("invoice")
                .unwrap_err()
                .contains("move-out-certificate")
        );
        assert_eq!(kind("licence"), Ok(DocumentKind::Licence));
    }
}
