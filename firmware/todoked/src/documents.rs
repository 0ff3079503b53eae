//! The scanner of this counter: sheets in memory, read by `document-reader`, with the strip of paper
//! each field stands on.
//!
//! Runs beside the desk, on a thread of its own. Nothing of a page is written anywhere or logged. The
//! individual number is found only to be painted over; its digits are dropped at once.

mod preview;
mod stack;
mod strips;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use counter_addresses::Addresses;
use counter_codes::StackedPaper;
use counter_domain::reading::ReadField;
use document_reader::field::{DocumentKind, Field, FieldName};
use document_reader::fields::{Finder, Places};
use document_reader::page::{Page, Rect};
use document_reader::{Document, OpenPictureError, Picture, Reader, models};
use jiff::civil::Date;
use page_scanner::{Order, ScanError, Scanner, Sheet, Stop, Tray, TrayError};
use zeroize::Zeroize as _;

pub(crate) use preview::preview;

use crate::settings::ScannerSettings;
use stack::{Paper, Part, separated};
use strips::{Given, is_uncovered, masks, numbers};

/// Where the pages come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaperFrom {
    /// The scanner.
    Scanner,
    /// The folder a camera or a network scanner writes to.
    Tray,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaperProgress {
    /// The scanner is at work.
    Scanning {
        /// The side, from 1.
        sheet: u16,
        /// How much of it, in percent.
        percent: u8,
    },
    /// A page is being read.
    Reading {
        /// The page, from 1.
        page: u16,
        /// Of so many.
        of: u16,
    },
}

/// What was read. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct PaperFacts {
    /// Its pages.
    pub pages: Vec<PaperPage>,
    /// Its fields, `path` still empty: which field of the case they are is the desk's matter.
    pub fields: Vec<PaperField>,
}

/// A page, with every individual number painted over.
#[derive(Clone, PartialEq, Eq)]
pub struct PaperPage {
    /// JPEG; `None` where a number is on the page and could not be found to be painted over.
    pub jpeg: Option<Vec<u8>>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Which paper of a stack it is, where it is not the certificate.
    pub document: String,
}

/// A field with whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperField {
    /// From 0 in the order of the paper; `None` for the household as a whole.
    pub member: Option<u8>,
    /// What it tells.
    pub name: FieldName,
    /// The value as on the paper, and where it stands.
    pub read: ReadField,
}

impl fmt::Debug for PaperPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaperPage({} x {})", self.width, self.height)
    }
}

impl fmt::Debug for PaperFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaperFacts")
            .field("pages", &self.pages.len())
            .field("fields", &self.fields.len())
            .finish()
    }
}

/// Why a paper was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaperTrouble {
    /// What the scanner says.
    Scan(ScanError),
    /// No scanner, or no folder, is set for this counter.
    Unset,
    /// Nothing lies in the folder.
    TrayEmpty,
    /// The folder is not there, or a file in it stays unfinished or is too large.
    TrayBroken,
    /// A file is no picture of a page.
    Unreadable,
    /// The text models are not installed.
    NoModels,
    /// The text models do not work.
    BrokenModels,
    /// The pages were read, and there is no certificate on them.
    NothingFound,
    /// A person stopped it.
    Stopped,
}

/// The scanner and whoever reads. Cheap to clone; one paper is read at a time.
#[derive(Clone)]
pub struct PaperDesk {
    scanner: Option<Scanner>,
    order: Order,
    tray: Option<Tray>,
    dictionary: PathBuf,
    /// The dictionary in force at this counter, where one is kept.
    places: Option<Arc<crate::places::Places>>,
    stop: Arc<Mutex<Stop>>,
    /// Held while the scanner is at work, or asked: nothing else may use it then.
    in_use: Arc<Mutex<()>>,
    tools: Arc<Mutex<Option<Tools>>>,
}

/// What takes long to load, kept for the next paper.
struct Tools {
    reader: Reader,
    finder: Finder,
    /// The dictionary the finder knows.
    country: Option<Arc<Addresses>>,
}

impl fmt::Debug for PaperDesk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaperDesk")
            .field("scanner", &self.scanner)
            .field("tray", &self.tray)
            .finish_non_exhaustive()
    }
}

impl PaperDesk {
    /// As set for this counter.
    pub fn new(settings: Option<&ScannerSettings>) -> Self {
        let scanner = settings.filter(|one| one.has_scanner());
        Self {
            scanner: scanner.map(|one| Scanner::new(one.name(), one.options.clone())),
            order: settings.map(ScannerSettings::order).unwrap_or_default(),
            tray: settings.and_then(|one| one.folder.as_deref().map(Tray::new)),
            dictionary: crate::paper::address_dictionary(),
            places: None,
            stop: Arc::default(),
            in_use: Arc::default(),
            tools: Arc::default(),
        }
    }

    /// Reads addresses by the dictionary in force at this counter.
    #[must_use]
    pub fn knowing(mut self, places: Arc<crate::places::Places>) -> Self {
        self.places = Some(places);
        self
    }

    /// Whether there is a scanner.
    pub fn has_scanner(&self) -> bool {
        self.scanner.is_some()
    }

    /// Whether there is a folder.
    pub fn has_tray(&self) -> bool {
        self.tray.is_some()
    }

    /// The scanner's name as set; empty for the first one found.
    pub(crate) fn scanner_name(&self) -> &str {
        self.scanner
            .as_ref()
            .and_then(Scanner::device)
            .unwrap_or_default()
    }

    /// Uses the scanner for something else than a paper; `None` while it is at work, or where none
    /// is set.
    pub(crate) fn with_scanner<T>(&self, work: impl FnOnce(&Scanner) -> T) -> Option<T> {
        let scanner = self.scanner.as_ref()?;
        let _held = match self.in_use.try_lock() {
            Ok(held) => held,
            Err(TryLockError::Poisoned(held)) => held.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(work(scanner))
    }

    /// Begins anew: whatever is stopped from now on is the next reading.
    pub fn begin(&self) {
        *self.stop.lock().unwrap_or_else(PoisonError::into_inner) = Stop::default();
    }

    /// Stops what is going on.
    pub fn stop(&self) {
        self.stop_wish().stop();
    }

    fn stop_wish(&self) -> Stop {
        self.stop
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Scans and reads a move-out certificate; `today` is what no birth lies after. Blocks for some
    /// seconds and takes up to half a gigabyte.
    ///
    /// # Errors
    /// Why nothing came of it.
    pub fn read(
        &self,
        from: PaperFrom,
        today: Date,
        tell: &mut dyn FnMut(PaperProgress),
    ) -> Result<PaperFacts, PaperTrouble> {
        let stop = self.stop_wish();
        // Without models nobody waits for a scanner in vain.
        let mut tools = self.tools.lock().unwrap_or_else(PoisonError::into_inner);
        let country = self.places.as_ref().and_then(|places| places.country());
        let of_country = |one: &Tools| match (&one.country, &country) {
            (Some(known), Some(in_force)) => Arc::ptr_eq(known, in_force),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        let tools = match tools.take().filter(of_country) {
            Some(loaded) => tools.insert(loaded),
            None => tools.insert(self.load(country.clone(), today)?),
        };
        let parts = separated(self.pictures(from, &stop, tell)?);
        let of = u16::try_from(parts.len()).unwrap_or(u16::MAX);
        let papers: Vec<Paper> = parts.iter().map(|part| part.of).collect();
        let mut given: Vec<Given> = Vec::new();
        for (number, Part { picture, .. }) in parts.into_iter().enumerate() {
            if stop.is_wanted() {
                return Err(PaperTrouble::Stopped);
            }
            let page = u16::try_from(number + 1).unwrap_or(u16::MAX);
            tell(PaperProgress::Reading { page, of });
            let page = tools.reader.read(&picture, number).map_err(|error| {
                tracing::error!(%error, "page not read");
                PaperTrouble::BrokenModels
            })?;
            given.push(Given { picture, page });
        }
        if stop.is_wanted() {
            return Err(PaperTrouble::Stopped);
        }
        found(&tools.finder, &given, &papers)
    }

    fn load(&self, country: Option<Arc<Addresses>>, today: Date) -> Result<Tools, PaperTrouble> {
        let folder = models::folder().ok_or(PaperTrouble::NoModels)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let reader = Reader::open(&folder, cores).map_err(|error| {
            tracing::error!(%error, "text models");
            if matches!(error, document_reader::LoadModelsError::Missing) {
                PaperTrouble::NoModels
            } else {
                PaperTrouble::BrokenModels
            }
        })?;
        let mut finder = Finder::standard().map_err(|error| {
            tracing::error!(%error, "labels of certificates");
            PaperTrouble::BrokenModels
        })?;
        // Without the dictionary addresses are read as they stand, with less confidence.
        match &country {
            Some(addresses) => finder = finder.with_places(Places::new(addresses)),
            None => match Addresses::open(&self.dictionary) {
                Ok(addresses) => finder = finder.with_places(Places::new(&addresses)),
                Err(error) => tracing::warn!(%error, "address dictionary"),
            },
        }
        // Without the tables nothing speaks for a name from its kana.
        match counter_characters::Characters::open(&crate::paper::character_tables()) {
            Ok(characters) => finder = finder.with_characters(characters),
            Err(error) => tracing::warn!(%error, "character tables"),
        }
        Ok(Tools {
            reader,
            finder: finder.with_today(today),
            country,
        })
    }

    fn pictures(
        &self,
        from: PaperFrom,
        stop: &Stop,
        tell: &mut dyn FnMut(PaperProgress),
    ) -> Result<Vec<Picture>, PaperTrouble> {
        match from {
            PaperFrom::Scanner => {
                let scanner = self.scanner.as_ref().ok_or(PaperTrouble::Unset)?;
                let mut told = |one: page_scanner::Progress| {
                    tell(PaperProgress::Scanning {
                        sheet: one.sheet,
                        percent: one.percent,
                    });
                };
                let in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
                let sheets = scanner.scan(&self.order, stop, &mut told);
                drop(in_use);
                let sheets = sheets.map_err(scan_trouble)?;
                sheets
                    .into_iter()
                    .map(|sheet| picture(sheet).ok_or(PaperTrouble::Unreadable))
                    .collect()
            }
            PaperFrom::Tray => {
                let tray = self.tray.as_ref().ok_or(PaperTrouble::Unset)?;
                let files = tray.take(stop).map_err(|error| tray_trouble(&error))?;
                let mut pictures = Vec::new();
                for file in files {
                    pictures.extend(pages_of(file).map_err(|error| {
                        tracing::info!(%error, "file of the tray");
                        PaperTrouble::Unreadable
                    })?);
                }
                Ok(pictures)
            }
        }
    }
}

fn picture(sheet: Sheet) -> Option<Picture> {
    let Sheet {
        width,
        height,
        channels,
        pixels,
    } = sheet;
    if channels == 3 {
        return Picture::from_rgb(width, height, pixels).ok();
    }
    Some(Picture {
        gray: document_reader::plane::Plane::from_data(width, height, pixels)?,
        colour: None,
    })
}

fn pages_of(file: Vec<u8>) -> Result<Vec<Picture>, OpenPictureError> {
    let document = Document::open(file)?;
    (0..document.pages())
        .map(|number| document.page(number))
        .collect()
}

fn scan_trouble(error: ScanError) -> PaperTrouble {
    tracing::info!(%error, "not scanned");
    if error == ScanError::Stopped {
        PaperTrouble::Stopped
    } else {
        PaperTrouble::Scan(error)
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else is wrong with the folder, people do the same"
)]
fn tray_trouble(error: &TrayError) -> PaperTrouble {
    tracing::info!(%error, "tray not read");
    match error {
        TrayError::Empty => PaperTrouble::TrayEmpty,
        TrayError::Stopped => PaperTrouble::Stopped,
        _ => PaperTrouble::TrayBroken,
    }
}

/// Fields with their strips of paper, and the pages without individual numbers.
fn found(finder: &Finder, given: &[Given], papers: &[Paper]) -> Result<PaperFacts, PaperTrouble> {
    let pages: Vec<Page> = given.iter().map(|one| one.page.clone()).collect();
    let mut fields = of_certificates(finder, &pages, papers);
    let hidden: Vec<Vec<Rect>> = pages
        .iter()
        .enumerate()
        .map(|(place, page)| {
            let own: Vec<&Field> = fields.iter().filter(|field| field.page == place).collect();
            numbers(page, &own)
        })
        .collect();
    fields.retain_mut(|field| {
        let is_number = field.name == FieldName::IndividualNumber;
        if is_number {
            forget(field);
        }
        !is_number
    });
    let is_certificate = |paper: &Paper| paper.kind == StackedPaper::MoveOutCertificate;
    let only_others = !papers.is_empty() && !papers.iter().any(is_certificate);
    if !only_others && !fields.iter().any(|field| field.name == FieldName::Name) {
        return Err(PaperTrouble::NothingFound);
    }
    let masked: Vec<Vec<Rect>> = pages
        .iter()
        .zip(&hidden)
        .map(|(page, hidden)| masks(page, hidden))
        .collect();
    let kept = given.iter().zip(papers).zip(hidden.iter().zip(&masked));
    let pages = kept.map(|((one, paper), (hidden, masks))| PaperPage {
        document: if is_certificate(paper) {
            String::new()
        } else {
            paper.kind.name().to_owned()
        },
        jpeg: if is_uncovered(&one.page, hidden) {
            None
        } else {
            one.jpeg(masks)
        },
        width: side(one.picture.gray.width()),
        height: side(one.picture.gray.height()),
    });
    let pages = pages.collect();
    let fields = fields.iter().filter_map(|field| {
        let (one, masks) = (given.get(field.page)?, masked.get(field.page)?);
        Some(PaperField {
            member: u8::try_from(field.member).ok(),
            name: field.name,
            read: read(field, one, masks),
        })
    });
    Ok(PaperFacts {
        pages,
        fields: fields.collect(),
    })
}

/// The fields of each certificate of a stack; the persons of the second come after those of the
/// first.
fn of_certificates(finder: &Finder, pages: &[Page], papers: &[Paper]) -> Vec<Field> {
    let mut all: Vec<Field> = Vec::new();
    let mut first = 0;
    for pages_of_one in papers.chunk_by(|one, next| one == next) {
        let from = first;
        first += pages_of_one.len();
        let kind = pages_of_one.first().map(|paper| paper.kind);
        let Some(pages) = pages.get(from..first) else {
            break;
        };
        if kind != Some(StackedPaper::MoveOutCertificate) {
            continue;
        }
        let people = all.iter().map(|field| field.member + 1).max().unwrap_or(0);
        let found = finder.find(DocumentKind::MoveOutCertificate, pages);
        all.extend(found.into_iter().map(|mut field| {
            field.page += from;
            if field.member >= 0 {
                field.member += people.max(0);
            }
            field
        }));
    }
    all
}

fn forget(field: &mut Field) {
    field.value.zeroize();
    field.as_read.zeroize();
    for other in &mut field.alternatives {
        other.zeroize();
    }
}

fn read(field: &Field, given: &Given, masks: &[Rect]) -> ReadField {
    let place = given.page.to_given.rect(&field.bounds);
    ReadField {
        path: String::new(),
        label: field.name.label().to_owned(),
        value: field.value.clone(),
        as_read: field.as_read.clone(),
        others: field.alternatives.clone(),
        confidence: percent(field),
        page: field.page,
        place: [place.x, place.y, place.width, place.height].map(pixel),
        snippet: given.strip(&place, masks).unwrap_or_default(),
    }
}

/// How sure a value is, in percent. What failed a check is never sure.
fn percent(field: &Field) -> u8 {
    use counter_domain::reading::SURE_PERCENT;
    let hundred = u8::try_from(pixel(field.confidence.clamp(0.0, 0.99) * 100.0)).unwrap_or(0);
    if field.failed.is_empty() {
        hundred
    } else {
        hundred.min(SURE_PERCENT - 1)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places on a page are below 16,000; what is no number becomes 0"
)]
fn pixel(place: f32) -> u32 {
    place.max(0.0).floor() as u32
}

fn side(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use document_reader::page::sketch;
    use document_reader::plane::Plane;

    use super::*;

    const PAGE: &str = "page 1000 700\n\
        line 400 40 200 40 転出証明書\n\
        cell 50 100 200 60\nline 60 110 100 40 氏名\n\
        cell 250 100 300 60\nline 260 110 200 40 架空　太郎\n\
        cell 550 100 150 60\nline 560 110 130 40 生年月日\n\
        cell 700 100 250 60\nline 710 110 230 40 昭和60年7月14日\n\
        cell 50 160 200 60\nline 60 170 130 40 個人番号\n\
        cell 250 160 300 60\nline 260 170 260 40 123456789018";

    fn given() -> Given {
        Given {
            picture: Picture {
                gray: Plane::filled(1_000, 700, 200),
                colour: None,
            },
            page: sketch::parse(PAGE).unwrap(),
        }
    }

    fn of(facts: &PaperFacts, name: FieldName) -> Vec<&str> {
        let fields = facts.fields.iter().filter(|field| field.name == name);
        fields.map(|field| field.read.value.as_str()).collect()
    }

    #[test]
    fn no_digit_of_a_number_leaves_the_page() {
        let facts = found(&Finder::standard().unwrap(), &[given()], &[Paper::FIRST]).unwrap();
        assert_eq!(of(&facts, FieldName::Name), ["架空　太郎"]);
        assert_eq!(of(&facts, FieldName::BirthDate), ["1985-07-14"]);
        assert!(of(&facts, FieldName::IndividualNumber).is_empty());
        let told = |read: &ReadField| [read.value.clone(), read.as_read.clone()].concat();
        let all: String = facts.fields.iter().map(|field| told(&field.read)).collect();
        assert!(
            !all.contains("123456789018") && !all.contains("6789"),
            "a number"
        );
        let jpeg = facts.pages[0].jpeg.as_ref().unwrap();
        let page = image::load_from_memory(jpeg).unwrap().to_luma8();
        assert!(page.get_pixel(390, 190).0[0] < 40, "the number shows");
        assert!(page.get_pixel(390, 130).0[0] > 150, "the name does not");
    }

    #[test]
    fn a_page_scanned_twice_is_one_household() {
        let finder = Finder::standard().unwrap();
        let once = found(&finder, &[given()], &[Paper::FIRST]).unwrap();
        let twice = found(&finder, &[given(), given()], &[Paper::FIRST; 2]).unwrap();
        assert_eq!(of(&twice, FieldName::Name), ["架空　太郎"]);
        assert_eq!(twice.fields.len(), once.fields.len());
        assert!(twice.pages.iter().all(|page| page.jpeg.is_some()));
    }

    #[test]
    fn a_page_without_a_name_is_no_certificate() {
        let mut blank = given();
        blank.page = sketch::parse("page 1000 700\nline 60 110 300 40 お知らせ").unwrap();
        let told = found(&Finder::standard().unwrap(), &[blank], &[Paper::FIRST]);
        assert_eq!(told, Err(PaperTrouble::NothingFound));
    }

    #[test]
    fn papers_behind_separator_sheets_are_kept_and_not_read_for_fields() {
        let of = |kind, number| Paper { kind, number };
        let papers = [
            Paper::FIRST,
            of(StackedPaper::ProxyLetter, 1),
            of(StackedPaper::MoveOutCertificate, 2),
        ];
        let stack = [given(), given(), given()];
        let facts = found(&Finder::standard().unwrap(), &stack, &papers).unwrap();
        let kinds: Vec<&str> = facts
            .pages
            .iter()
            .map(|page| page.document.as_str())
            .collect();
        assert_eq!(kinds, ["", "proxy-letter", ""]);
        // Two certificates are two households; the letter names nobody.
        assert_eq!(of_members(&facts), [(0, 0), (1, 2)]);
        // What is masked on a certificate is masked on every paper.
        let jpeg = facts.pages[1].jpeg.as_ref().unwrap();
        let page = image::load_from_memory(jpeg).unwrap().to_luma8();
        assert!(page.get_pixel(390, 190).0[0] < 40, "the number shows");

        let alone = [of(StackedPaper::Identity, 1)];
        let facts = found(&Finder::standard().unwrap(), &[given()], &alone).unwrap();
        assert!(facts.fields.is_empty());
        assert_eq!(facts.pages.len(), 1);
    }

    /// Member and page of each name.
    fn of_members(facts: &PaperFacts) -> Vec<(u8, usize)> {
        let names = facts.fields.iter();
        let names = names.filter(|field| field.name == FieldName::Name);
        names
            .filter_map(|field| Some((field.member?, field.read.page)))
            .collect()
    }

    /// The real separator sheets, drawn as a scanner would give them.
    #[test]
    fn a_stack_is_taken_apart_at_the_printed_separator_sheets() {
        let forms = counter_forms::Forms::new(&counter_forms::FontPaths::default()).unwrap();
        let sheets = crate::prints::separators(&forms, "六会市", "2026-11-21").unwrap();
        let sheets = Document::open(sheets).unwrap();
        assert_eq!(sheets.pages(), StackedPaper::ALL.len());
        let page = || given().picture;
        let mut stack = vec![page()];
        for number in 0..sheets.pages() {
            stack.push(sheets.page(number).unwrap());
            stack.push(page());
        }
        stack.push(page());
        let parts = separated(stack);
        let found: Vec<(&str, usize)> = parts
            .iter()
            .map(|part| (part.of.kind.name(), part.of.number))
            .collect();
        let expected = [
            ("move-out-certificate", 0),
            ("move-out-certificate", 1),
            ("proxy-letter", 2),
            ("identity", 3),
            ("other", 4),
            ("other", 4),
        ];
        assert_eq!(found, expected);
    }
}
