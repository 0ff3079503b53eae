//! A paper on the scanner, from the desk's side: asking for it, what it fills, what a person looks
//! at, and back.
//!
//! What was read is kept as one blob of the case and named in the case; the fields carry how sure
//! they are. A pulled plug therefore loses nothing but a scan that was not through.

mod doubles;
mod filling;
mod sheet;

use std::collections::BTreeMap;

use counter_api::{
    Choice, DeviceKind, Language, Notice, PaperAction, PaperState, PaperView, ReadNeed, ReadView,
};
use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::ids::{BlobHash, CaseId};
use counter_domain::reading::{
    LOOKED_AT_PERCENT, READING, READING_TYPE, READING_VERSION, ReadField, ReadPage, Reading,
    beside_path, must_be_looked_at,
};
use counter_store::{FieldEntry, Scan};
use document_reader::field::FieldName;
use page_scanner::ScanError;

use crate::attached::scan_trouble;
use crate::desk::checks::shown;
use crate::desk::reservations::is_move_in;
use crate::desk::residents::same;
use crate::desk::visit::Visit;
use crate::desk::{Desk, store_failed};
use crate::devices::Effect;
use crate::documents::{PaperFacts, PaperFrom, PaperProgress, PaperTrouble};
use crate::fields::FieldDef;
use crate::records::{Entry, Records};
use crate::texts::{Code, notice, notice_with, sentence, word};

use sheet::OpenSheet;

/// Which ways to a paper this counter has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PaperWays {
    /// A scanner is set.
    pub scanner: bool,
    /// A folder is set.
    pub tray: bool,
}

/// The paper of the open case.
#[derive(Debug)]
pub(super) struct Paper {
    state: PaperState,
    /// Where the pages of the reading under way come from.
    from: PaperFrom,
    reading: Option<(BlobHash, Reading)>,
    sheet: Option<OpenSheet>,
}

impl Default for Paper {
    fn default() -> Self {
        Self {
            state: PaperState::Idle,
            from: PaperFrom::Scanner,
            reading: None,
            sheet: None,
        }
    }
}

impl Paper {
    fn is_under_way(&self) -> bool {
        match self.state {
            PaperState::Scanning { .. } | PaperState::Reading { .. } => true,
            PaperState::Idle | PaperState::Read => false,
        }
    }
}

impl<R: Records> Desk<R> {
    /// Says which ways to a paper there are.
    #[must_use]
    pub fn reading_papers(mut self, ways: PaperWays) -> Self {
        self.paper_ways = ways;
        self
    }

    pub(super) fn paper_action(&mut self, deed: PaperAction) -> Result<(), Notice> {
        match deed {
            PaperAction::Scan => self.ask_for_paper(PaperFrom::Scanner),
            PaperAction::Fetch => self.ask_for_paper(PaperFrom::Tray),
            PaperAction::Stop => self.stop_paper(),
            PaperAction::Discard => self.discard_reading(),
            PaperAction::Confirm { path } => self.confirm_read(&path),
            PaperAction::Take { path, value } => self.take_read(&path, &value),
            PaperAction::OpenSheet { page, path } => self.open_sheet(page, path),
            PaperAction::CloseSheet => self.close_sheet(),
        }
    }

    fn ask_for_paper(&mut self, from: PaperFrom) -> Result<(), Notice> {
        let visit = self.editable()?;
        if !is_move_in(visit) {
            return Err(notice(Code::PaperNotMoveIn));
        }
        if visit.paper.is_under_way() {
            return Err(notice(Code::NotPossibleNow));
        }
        let case = visit.case();
        self.notice = None;
        let paper = &mut self.visit_mut()?.paper;
        paper.from = from;
        paper.sheet = None;
        paper.state = PaperState::Scanning {
            sheet: 0,
            percent: 0,
        };
        self.effects.push(Effect::ReadPaper {
            case,
            from,
            today: self.today(),
        });
        Ok(())
    }

    fn stop_paper(&mut self) -> Result<(), Notice> {
        let visit = self.visit()?;
        if !visit.paper.is_under_way() {
            return Err(notice(Code::NotPossibleNow));
        }
        self.effects.push(Effect::StopPaper);
        Ok(())
    }

    /// A scan for a case that is left goes nowhere.
    pub(super) fn leave_paper(&mut self) {
        if self
            .visit
            .as_ref()
            .is_some_and(|visit| visit.paper.is_under_way())
        {
            self.effects.push(Effect::StopPaper);
        }
    }

    /// The scanner or the reader got on.
    pub(super) fn paper_goes_on(&mut self, case: CaseId, progress: PaperProgress) {
        let visit = self.visit.as_mut().filter(|visit| visit.case() == case);
        let Some(visit) = visit.filter(|visit| visit.paper.is_under_way()) else {
            return;
        };
        visit.paper.state = match progress {
            PaperProgress::Scanning { sheet, percent } => PaperState::Scanning { sheet, percent },
            PaperProgress::Reading { page, of } => PaperState::Reading { page, of },
        };
    }

    /// The paper was read, or not. A case that was left in between gets nothing of it: the paper can
    /// be read again.
    pub(super) fn paper_read(&mut self, case: CaseId, read: Result<PaperFacts, PaperTrouble>) {
        self.note_scanner(&read);
        let Some(visit) = self.visit.as_mut().filter(|visit| visit.case() == case) else {
            return;
        };
        visit.paper.state = if visit.paper.reading.is_some() {
            PaperState::Read
        } else {
            PaperState::Idle
        };
        let done = match read {
            Ok(mut facts) => {
                let twice = doubles::merge(&mut facts.fields);
                self.fill_from_paper(&facts, twice)
            }
            Err(trouble) => Err(notice(trouble_code(trouble))),
        };
        if let Err(told) = done {
            self.notice = Some(told);
        }
    }

    /// What the scanner did is shown on the device page.
    fn note_scanner(&mut self, read: &Result<PaperFacts, PaperTrouble>) {
        let from = self.visit.as_ref().map(|visit| visit.paper.from);
        let worked = match read {
            Err(PaperTrouble::Scan(error)) => Err(scan_trouble(*error)),
            // The sheets came through, whatever stands on them.
            Ok(_) | Err(PaperTrouble::NothingFound) if from == Some(PaperFrom::Scanner) => Ok(()),
            Ok(_) | Err(_) => return,
        };
        self.device_worked(DeviceKind::Scanner, worked);
    }

    fn fill_from_paper(&mut self, facts: &PaperFacts, twice: usize) -> Result<(), Notice> {
        let today = self.today();
        let visit = self.editable()?;
        // Papers without anything to read lie beside what was read before.
        let (entries, fields, before) = if facts.fields.is_empty() {
            let before = visit.paper.reading.as_ref().map(|(_, reading)| reading);
            let before = before.cloned();
            let fields = before.as_ref().map(|one| one.fields.clone());
            let pages = before.map(|one| one.pages).unwrap_or_default();
            (Vec::new(), fields.unwrap_or_default(), pages)
        } else {
            let filled = filling::fill(visit, facts, today)?;
            (filled.entries, filled.fields, Vec::new())
        };
        let pictures: Vec<Scan<'_>> = facts
            .pages
            .iter()
            .filter_map(|page| page.jpeg.as_deref())
            .map(|bytes| Scan {
                media_type: "image/jpeg",
                bytes,
            })
            .collect();
        let mut hashes = pictures.iter().map(Scan::hash);
        let pages = facts.pages.iter().map(|page| ReadPage {
            picture: page.jpeg.as_ref().and_then(|_| hashes.next()),
            width: page.width,
            height: page.height,
            document: page.document.clone(),
        });
        let reading = Reading {
            version: READING_VERSION,
            document: "move-out-certificate".to_owned(),
            pages: before.into_iter().chain(pages).collect(),
            fields,
        };
        let bytes = reading.to_bytes().map_err(|error| {
            tracing::error!(%error, "reading not encoded");
            notice(Code::SaveFailed)
        })?;
        let kept = Scan {
            media_type: READING_TYPE,
            bytes: &bytes,
        };
        let mut entries = entries;
        entries.push(read_entry(
            READING,
            &kept.hash().to_string(),
            LOOKED_AT_PERCENT,
        ));
        let all: Vec<Scan<'_>> = pictures.into_iter().chain([kept]).collect();
        self.store_read(&all, &entries)?;
        self.tell_what_paper_said(facts, twice);
        Ok(())
    }

    /// `twice` is how many persons stood on a second copy of their certificate.
    fn tell_what_paper_said(&mut self, facts: &PaperFacts, twice: usize) {
        let Some(visit) = self.visit.as_ref() else {
            return;
        };
        let people = facts
            .fields
            .iter()
            .filter(|field| field.name == FieldName::Name);
        let people = people.count().to_string();
        let open = Self::to_look_at(visit);
        let count = open.to_string();
        let kept = stack_in_words(facts.pages.iter().map(|page| page.document.as_str()));
        let kept = kept.join("、");
        let twice_in_words = twice.to_string();
        let values = [
            ("twice", twice_in_words.as_str()),
            ("people", people.as_str()),
            ("count", count.as_str()),
            ("kept", kept.as_str()),
        ];
        let code = if facts.fields.is_empty() && facts.pages.iter().all(|page| page.jpeg.is_some())
        {
            Code::PaperKept
        } else if facts.pages.iter().any(|page| page.jpeg.is_none()) {
            Code::PaperNotMasked
        } else if twice > 0 {
            Code::PaperTwice
        } else if open > 0 {
            Code::PaperReadToLook
        } else {
            Code::PaperRead
        };
        self.notice = Some(notice_with(code, Language::Japanese, &values));
    }

    /// Stores values with how sure they are, and pictures with them.
    fn store_read(&mut self, scans: &[Scan<'_>], entries: &[FieldEntry]) -> Result<(), Notice> {
        let by = self.by()?;
        let case = self.editable()?.case();
        self.visit_mut()?.typing = None;
        self.visit_mut()?.differences.clear();
        let stored = self.records.keep_scans(case, &by, scans, entries);
        stored.map_err(|error| store_failed(&error))?;
        let now = self.now();
        self.visit_mut()?.saved_at_ms = now;
        self.reload_visit();
        Ok(())
    }

    /// Reads what was read, when the case names another reading than before.
    pub(super) fn load_reading(&mut self) {
        let Some(visit) = self.visit.as_ref() else {
            return;
        };
        let named = visit.text(READING).parse::<BlobHash>().ok();
        if named == visit.paper.reading.as_ref().map(|(hash, _)| *hash) {
            return;
        }
        let reading = named.and_then(|hash| {
            let bytes = self.records.blob(hash)?;
            Some((hash, Reading::from_bytes(&bytes)?))
        });
        // It was taken back, and that was undone.
        let is_back = |told: &Notice| told.code == Code::PaperDiscarded.as_str();
        if reading.is_some() && self.notice.as_ref().is_some_and(is_back) {
            self.notice = None;
        }
        let Some(visit) = self.visit.as_mut() else {
            return;
        };
        if !visit.paper.is_under_way() {
            visit.paper.state = if reading.is_some() {
                PaperState::Read
            } else {
                PaperState::Idle
            };
        }
        visit.paper.reading = reading;
        visit.paper.sheet = None;
    }

    fn discard_reading(&mut self) -> Result<(), Notice> {
        let visit = self.editable()?;
        let entries = filling::without_reading(visit);
        if entries.is_empty() {
            return Err(notice(Code::NotPossibleNow));
        }
        self.store(&entries)?;
        self.tell(Code::PaperDiscarded);
        Ok(())
    }

    /// A person compared the field with the paper: it is right as it stands.
    fn confirm_read(&mut self, path: &str) -> Result<(), Notice> {
        let visit = self.editable()?;
        let field = visit.draft().field(&path.into());
        let now = field.ok_or_else(|| notice(Code::FieldUnknown))?.shown;
        let mut entries = Vec::new();
        if must_be_looked_at(now.source, now.confidence) {
            entries.push(FieldEntry {
                path: path.into(),
                value: now.value,
                source: now.source,
                confidence: Some(LOOKED_AT_PERCENT),
            });
        }
        entries.extend(settled(visit, path));
        if entries.is_empty() {
            return Err(notice(Code::NotPossibleNow));
        }
        self.store_read(&[], &entries)
    }

    /// A person chose what the paper says, or what it may say instead.
    fn take_read(&mut self, path: &str, value: &str) -> Result<(), Notice> {
        let visit = self.editable()?;
        let reading = visit.paper.reading.as_ref().map(|(_, reading)| reading);
        let read = reading
            .and_then(|reading| reading.field(path))
            .filter(|read| read.value == value || read.others.iter().any(|other| other == value))
            .ok_or_else(|| notice(Code::FieldUnknown))?;
        let mut entries = vec![read_entry(&read.path, value, LOOKED_AT_PERCENT)];
        entries.extend(settled(visit, path));
        self.store_read(&[], &entries)
    }

    /// A chip is read over values of a paper: what differs stays beside.
    pub(in crate::desk) fn keep_paper_beside(&self, entries: &mut Vec<Entry>) {
        let Some(visit) = self.visit.as_ref() else {
            return;
        };
        let beside: Vec<Entry> = entries
            .iter()
            .filter_map(|entry| {
                let now = visit.draft().field(&entry.path)?.shown;
                let path = entry.path.as_str();
                let (old, new) = (now.value.as_text()?, entry.value.as_text()?);
                let differs = now.source == Source::Ocr && !agrees(path, old, new);
                differs.then(|| Entry::text(beside_path(path).0, old, Source::Ocr))
            })
            .collect();
        entries.extend(beside);
    }

    /// How many fields a person must still compare with the paper or choose in.
    fn to_look_at(visit: &Visit) -> usize {
        let asked = crate::desk::checks::all_fields(visit);
        let open = asked
            .iter()
            .filter(|asked| need(visit, &asked.path).is_some());
        open.count()
    }

    pub(super) fn paper_view(&self, visit: &Visit) -> Option<PaperView> {
        let ways = self.paper_ways;
        let has_way = ways.scanner || ways.tray || visit.paper.reading.is_some();
        if !is_move_in(visit) || !visit.is_editable() || !has_way {
            return None;
        }
        let reading = visit.paper.reading.as_ref().map(|(_, reading)| reading);
        let summary = reading.map_or_else(String::new, |reading| {
            let names = reading.fields.iter().filter(|field| is_name(&field.path));
            let (people, all) = (
                names.count().to_string(),
                filling::count(reading).to_string(),
            );
            let pages = reading.pages.len().to_string();
            sentence(
                "paper",
                "summary",
                &[("people", &people), ("fields", &all), ("pages", &pages)],
            )
        });
        Some(PaperView {
            state: visit.paper.state,
            has_scanner: ways.scanner,
            has_tray: ways.tray,
            summary,
            also: reading.map(also).unwrap_or_default(),
            to_look_at: u32::try_from(Self::to_look_at(visit)).unwrap_or(u32::MAX),
            sheet: sheet::view(visit),
        })
    }
}

/// What the paper says besides, and which other papers lay in the stack.
fn also(reading: &Reading) -> Vec<String> {
    let pages = reading.pages.iter().map(|page| page.document.as_str());
    let mut all = filling::also(reading);
    all.extend(stack_in_words(pages));
    all
}

/// How many pages of each other paper there are, in words.
fn stack_in_words<'p>(pages: impl Iterator<Item = &'p str>) -> Vec<String> {
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for page in pages.filter(|page| !page.is_empty()) {
        *counted.entry(page).or_default() += 1;
    }
    let told = counted.into_iter().map(|(kind, count)| {
        let (kind, count) = (word("stacked_paper", kind), count.to_string());
        let values = [("kind", kind.as_str()), ("count", count.as_str())];
        sentence("paper_stack", "kept", &values)
    });
    told.collect()
}

/// What keeps a field from being signed because of the paper, as a word of `blocked`.
pub(super) fn problem(visit: &Visit, path: &str) -> Option<&'static str> {
    match need(visit, path)? {
        ReadNeed::Look => Some("look"),
        ReadNeed::Choose => Some("paper"),
        ReadNeed::Nothing | ReadNeed::Offered => None,
    }
}

/// What must still be done about a field.
fn need(visit: &Visit, path: &str) -> Option<ReadNeed> {
    if !visit.text(beside_path(path).as_str()).is_empty() {
        return Some(ReadNeed::Choose);
    }
    let now = visit.draft().field(&path.into())?.shown;
    let open = must_be_looked_at(now.source, now.confidence) && now.value != FieldValue::Cleared;
    open.then_some(ReadNeed::Look)
}

/// The same, or whether the paper offers anything. Where something stands that nobody could read, it offers
/// its picture until somebody has filled the field.
fn need_of(visit: &Visit, read: &ReadField) -> ReadNeed {
    let now = visit.text(&read.path);
    let says_otherwise = !read.value.is_empty() && !agrees(&read.path, now, &read.value);
    let otherwise = if now.is_empty() || says_otherwise {
        ReadNeed::Offered
    } else {
        ReadNeed::Nothing
    };
    need(visit, &read.path).unwrap_or(otherwise)
}

/// What the paper says about a field, while fields are shown.
pub(super) fn read_view(visit: &Visit, def: &FieldDef, path: &str) -> Option<ReadView> {
    use counter_api::Step;
    if !matches!(visit.step, Step::Documents | Step::Household) {
        return None;
    }
    let (_, reading) = visit.paper.reading.as_ref()?;
    let read = reading.field(path)?;
    let now = visit.text(path);
    let need = need_of(visit, read);
    let others = read.others.iter().filter(|other| *other != now);
    let own = (need != ReadNeed::Nothing && read.value != now).then_some(&read.value);
    let others = own.into_iter().chain(others).map(|value| Choice {
        value: value.clone(),
        label: shown(def, value),
    });
    Some(ReadView {
        snippet: read.snippet.clone(),
        value: if read.value.is_empty() {
            filling::in_words("")
        } else {
            shown(def, &read.value)
        },
        need,
        others: if need == ReadNeed::Nothing {
            Vec::new()
        } else {
            others.collect()
        },
    })
}

/// Whether two sources say the same: of names the reader knows the glyph no better than its fold.
fn agrees(path: &str, one: &str, other: &str) -> bool {
    use counter_domain::resident::name_key;
    let of_a_person = is_name(path) || path.starts_with("head.") || path.ends_with("register_head");
    same(path, one, other) || (of_a_person && name_key(one) == name_key(other))
}

/// Whether it is the field of a person's name.
fn is_name(path: &str) -> bool {
    path.rsplit('.').next() == Some("name")
}

/// The other source's differing value is settled.
fn settled(visit: &Visit, path: &str) -> Option<FieldEntry> {
    let beside = beside_path(path);
    let is_open = !visit.text(beside.as_str()).is_empty();
    is_open.then_some(FieldEntry {
        path: beside,
        value: FieldValue::Cleared,
        source: Source::Staff,
        confidence: None,
    })
}

fn read_entry(path: &str, value: &str, percent: u8) -> FieldEntry {
    FieldEntry {
        path: FieldPath::from(path),
        value: FieldValue::Text(value.to_owned()),
        source: Source::Ocr,
        confidence: Some(percent),
    }
}

/// Why a paper was not read, for staff.
const fn trouble_code(trouble: PaperTrouble) -> Code {
    match trouble {
        PaperTrouble::Scan(error) => scan_code(error),
        PaperTrouble::Unset => Code::PaperUnset,
        PaperTrouble::TrayEmpty => Code::PaperTrayEmpty,
        PaperTrouble::TrayBroken => Code::PaperTrayBroken,
        PaperTrouble::Unreadable => Code::PaperUnreadable,
        PaperTrouble::NoModels => Code::PaperNoModels,
        PaperTrouble::BrokenModels => Code::PaperBrokenModels,
        PaperTrouble::NothingFound => Code::PaperNothingFound,
        PaperTrouble::Stopped => Code::PaperStopped,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else a scanner says, people do the same"
)]
const fn scan_code(error: ScanError) -> Code {
    match error {
        ScanError::NotInstalled => Code::PaperScannerNotInstalled,
        ScanError::NoScanner | ScanError::Denied => Code::PaperNoScanner,
        ScanError::Busy => Code::PaperScannerBusy,
        ScanError::Empty => Code::PaperEmpty,
        ScanError::Jammed => Code::PaperJammed,
        ScanError::CoverOpen => Code::PaperCoverOpen,
        ScanError::Stopped => Code::PaperStopped,
        ScanError::Refused => Code::PaperScannerRefused,
        _ => Code::PaperScannerBroken,
    }
}
