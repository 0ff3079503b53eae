//! Editions: which texts of the catalogue hold from which day.
//!
//! Head office publishes one dataset, a [`Shelf`]: the edition in force, those whose day is still
//! to come and the newest past ones. A counter that was off for a week therefore never lacks the
//! edition of today. Texts that editions share stand there once.
//!
//! Shape of the dataset: `{"format": 2, "texts": {HASH: TEXT}, "editions": [{"number": 4,
//! "valid_from": "2026-12-01", "published_on": "2026-11-21", "note": "…", "files": {NAME: HASH}}],
//! "shapes": HASH, "packed": {HASH: BASE64}}`; the last two are texts as they were parsed, for
//! programs of the same make ([`Packed`]), and may be missing.
//! A plain object of file names and texts is read as one edition that always held.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::catalogue::packed::{SHAPES, pack};
use crate::catalogue::{BUNDLED, Catalogue, CatalogueError, Packed};
use crate::certificates::{self, Certificates};

/// The layout of a shelf.
const FORMAT: u16 = 2;
/// Past editions kept on the shelf, so that a reception begun under one finds its rules at
/// whichever counter it goes on.
const PAST_KEPT: usize = 8;
/// Editions on a shelf at most.
const EDITIONS_MAX: usize = 40;

/// The texts of a catalogue as published once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// Its number, from 1; the one that comes with the program is 0.
    pub number: u64,
    /// The first day it holds; `None` for one that always held.
    pub valid_from: Option<Date>,
    /// The day it was published.
    pub published_on: Option<Date>,
    /// What changed, in the words of who published it.
    pub note: String,
    /// Its texts by file name.
    pub files: BTreeMap<String, String>,
    /// The same as they were parsed where it was published, so that they need not be parsed here.
    pub packed: Packed,
}

/// The editions a counter may need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shelf {
    editions: Vec<Edition>,
}

/// Why bytes are not a shelf.
#[derive(Debug, Error)]
pub enum ShelfError {
    /// Not JSON of either form.
    #[error("not a shelf of editions (line {line}, column {column})")]
    Form {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// A later layout.
    #[error("format {0} of the catalogue is newer than this program")]
    Newer(u16),
    /// An edition names a text that is not there, or a day that is none.
    #[error("edition {0} is not whole")]
    Torn(u64),
}

#[derive(Serialize, Deserialize)]
struct ShelfFile {
    format: u16,
    texts: BTreeMap<String, String>,
    editions: Vec<EditionFile>,
    #[serde(default)]
    shapes: String,
    #[serde(default)]
    packed: BTreeMap<String, String>,
}

impl ShelfFile {
    /// What was packed by a program of the same make; everything else is parsed.
    fn packed(&self) -> Packed {
        let same = self.packed.iter().filter(|_| self.shapes == SHAPES);
        Packed::of(same.filter_map(|(name, bytes)| {
            let name = blake3::Hash::from_hex(name).ok()?;
            Some((*name.as_bytes(), STANDARD.decode(bytes).ok()?))
        }))
    }
}

#[derive(Serialize, Deserialize)]
struct EditionFile {
    number: u64,
    valid_from: String,
    #[serde(default)]
    published_on: String,
    #[serde(default)]
    note: String,
    files: BTreeMap<String, String>,
}

/// Which form the bytes have.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    format: Option<u16>,
}

impl Edition {
    /// The edition that comes with the program.
    pub fn bundled() -> Self {
        let all = BUNDLED.iter().chain([&certificates::BUNDLED]);
        Self {
            number: 0,
            valid_from: None,
            published_on: None,
            note: String::new(),
            files: all
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
                .collect(),
            packed: Packed::default(),
        }
    }

    /// Its texts with their names.
    pub fn texts(&self) -> Vec<(&str, &str)> {
        let files = self.files.iter();
        files
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect()
    }

    /// The catalogue of these texts.
    ///
    /// # Errors
    /// As [`Catalogue::from_files`].
    pub fn catalogue(&self) -> Result<Catalogue, CatalogueError> {
        Catalogue::from_packed(&in_order(self.texts()), &self.packed)
    }

    /// The certificates of these texts; those of the program where the edition has none.
    ///
    /// # Errors
    /// As [`Certificates::from_file`].
    pub fn certificates(&self) -> Result<Certificates, CatalogueError> {
        match self.files.get(certificates::BUNDLED.0) {
            Some(text) => {
                let name = certificates::BUNDLED.0;
                let read = Certificates::from_packed(name, text, &self.packed)?;
                Ok(read.with_forms_of(&Certificates::bundled()?))
            }
            None => Certificates::bundled(),
        }
    }

    /// Names the texts: BLAKE3 over each file's name and text with their lengths, in hexadecimal.
    pub fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (name, text) in &self.files {
            for part in [name, text] {
                let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
                hasher.update(&length.to_be_bytes());
                hasher.update(part.as_bytes());
            }
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Number and fingerprint, `4/9f2c…` with 32 digits: what a reception notes and a signature
    /// covers, so that it can be shown by which rules the procedures were listed.
    pub fn mark(&self) -> String {
        let digits: String = self.fingerprint().chars().take(32).collect();
        format!("{}/{digits}", self.number)
    }
}

/// The number in a [`Edition::mark`], also where it stands alone.
pub fn number_of_mark(mark: &str) -> Option<u64> {
    mark.split('/').next()?.parse().ok()
}

/// Files in the order of the program's own catalogue, the others behind them by name: the order
/// of questions that settle equally much, and of procedures on a list.
pub fn in_order<'a>(mut files: Vec<(&'a str, &'a str)>) -> Vec<(&'a str, &'a str)> {
    let place = |name: &str| BUNDLED.iter().position(|(known, _)| *known == name);
    files.sort_by_key(|(name, _)| (place(name).unwrap_or(usize::MAX), *name));
    files
}

impl Shelf {
    /// Reads a dataset; `version` is the number of an edition in the plain form.
    ///
    /// # Errors
    /// See [`ShelfError`].
    pub fn read(bytes: &[u8], version: u64) -> Result<Self, ShelfError> {
        let form = |error: serde_json::Error| ShelfError::Form {
            line: error.line(),
            column: error.column(),
        };
        let format = serde_json::from_slice::<Head>(bytes).ok();
        match format.and_then(|head| head.format) {
            Some(FORMAT) => Self::of_file(serde_json::from_slice(bytes).map_err(form)?),
            Some(other) => Err(ShelfError::Newer(other)),
            None => {
                let files = serde_json::from_slice(bytes).map_err(form)?;
                let edition = Edition {
                    number: version,
                    valid_from: None,
                    published_on: None,
                    note: String::new(),
                    files,
                    packed: Packed::default(),
                };
                Ok(Self {
                    editions: vec![edition],
                })
            }
        }
    }

    fn of_file(file: ShelfFile) -> Result<Self, ShelfError> {
        let packed = file.packed();
        let mut editions = Vec::with_capacity(file.editions.len().min(EDITIONS_MAX));
        for one in file.editions.into_iter().take(EDITIONS_MAX) {
            let torn = || ShelfError::Torn(one.number);
            let text = |(name, hash): (&String, &String)| {
                let text = file.texts.get(hash).ok_or_else(torn)?;
                Ok((name.clone(), text.clone()))
            };
            let files: Result<BTreeMap<_, _>, ShelfError> = one.files.iter().map(text).collect();
            let day = |text: &str| match text {
                "" => Ok(None),
                day => day.parse().map(Some).map_err(|_| torn()),
            };
            editions.push(Edition {
                number: one.number,
                valid_from: day(&one.valid_from)?,
                published_on: day(&one.published_on)?,
                files: files?,
                note: one.note,
                packed: packed.clone(),
            });
        }
        Ok(Self { editions })
    }

    /// The bytes of the dataset.
    ///
    /// # Errors
    /// Never for values made by this crate; the error of the encoder otherwise.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut texts = BTreeMap::new();
        let mut packed = BTreeMap::new();
        let mut editions = Vec::with_capacity(self.editions.len());
        for edition in &self.editions {
            let mut files = BTreeMap::new();
            for (name, text) in &edition.files {
                let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
                files.insert(name.clone(), hash.clone());
                if texts.insert(hash, text.clone()).is_none()
                    && let Some((found_by, bytes)) = pack(name, text)
                {
                    let found_by = blake3::Hash::from_bytes(found_by).to_hex();
                    packed.insert(found_by.to_string(), STANDARD.encode(bytes));
                }
            }
            let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
            editions.push(EditionFile {
                number: edition.number,
                valid_from: day(edition.valid_from),
                published_on: day(edition.published_on),
                note: edition.note.clone(),
                files,
            });
        }
        serde_json::to_vec(&ShelfFile {
            format: FORMAT,
            texts,
            editions,
            shapes: SHAPES.to_owned(),
            packed,
        })
    }

    /// Every edition, oldest first.
    pub fn editions(&self) -> &[Edition] {
        &self.editions
    }

    /// An edition by its number.
    pub fn edition(&self, number: u64) -> Option<&Edition> {
        self.editions.iter().find(|one| one.number == number)
    }

    /// The edition that holds on a day: the one with the latest first day that has come, and of
    /// several with the same day the one published last.
    pub fn in_force(&self, on: Date) -> Option<&Edition> {
        let come = self.editions.iter().filter(|one| one.has_come(on));
        come.max_by_key(|one| one.order())
    }

    /// Editions whose day has come, the one in force first: a program that cannot read it goes on
    /// with the one before.
    pub fn come(&self, on: Date) -> Vec<&Edition> {
        let mut found: Vec<_> = self
            .editions
            .iter()
            .filter(|one| one.has_come(on))
            .collect();
        found.sort_by_key(|one| std::cmp::Reverse(one.order()));
        found
    }

    /// Editions whose first day is still to come, the next one first.
    pub fn to_come(&self, on: Date) -> Vec<&Edition> {
        let mut found: Vec<_> = self
            .editions
            .iter()
            .filter(|one| !one.has_come(on))
            .collect();
        found.sort_by_key(|one| one.order());
        found
    }

    /// The number of the next edition.
    pub fn next_number(&self) -> u64 {
        let newest = self.editions.iter().map(|one| one.number).max();
        newest.unwrap_or(0).saturating_add(1)
    }

    /// Puts an edition on the shelf; the oldest of those whose time is over are taken off it.
    #[must_use]
    pub fn with(mut self, edition: Edition, today: Date) -> Self {
        self.editions.push(edition);
        self.editions.sort_by_key(|one| one.number);
        let in_force = self.in_force(today).map(|one| one.number);
        let over = |one: &Edition| one.has_come(today) && Some(one.number) != in_force;
        let past = self.editions.iter().filter(|one| over(one)).count();
        let mut surplus = past.saturating_sub(PAST_KEPT);
        self.editions.retain(|one| {
            let drop = surplus > 0 && one.has_come(today) && Some(one.number) != in_force;
            surplus -= usize::from(drop);
            !drop
        });
        self
    }
}

impl Edition {
    fn has_come(&self, on: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= on)
    }

    fn order(&self) -> (Option<Date>, u64) {
        (self.valid_from, self.number)
    }
}
