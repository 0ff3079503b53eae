//! The print page: the sheets of the open reception, and what became of every job of this counter.
//!
//! What goes home is printed along when a case is handed in; the rest when somebody asks for it.
//! Pages of a reception are in memory until it is left; jobs keep theirs until sign-out, so that
//! they can be printed again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use counter_api::{
    Choice, DeviceKind, Language, Notice, PaperKindRow, PaperRow, PrintAction, PrintRow,
    PrinterRow, PrintsView, Tone,
};
use counter_domain::case::CaseStep;
use counter_domain::ids::CaseId;
use counter_forms::Answers;
use paper_devices::Sides;

use crate::attached::State;
use crate::clock::hour_and_minute;
use crate::desk::Desk;
use crate::desk::devices::title as device_title;
use crate::desk::visit::Visit;
use crate::devices::Effect;
use crate::prints::{
    Order as PrintOrder, PrintJob, PrinterSeen, QueueSeen, Sheet, SheetKind, SheetsJob,
    SitePrinter, SitePrinters, Stage, Wish,
};
use crate::records::{Deed, Records};
use crate::texts::{Code, notice, notice_with, sentence, word};

/// What the separator sheets are told by.
const SEPARATORS: &str = "separators";
/// Jobs that are shown, the newest of them.
const JOBS_MAX: usize = 30;

/// What is known of printing.
#[derive(Debug, Default)]
pub(super) struct Prints {
    printers: SitePrinters,
    open: bool,
    sheets: Option<Sheets>,
    /// Oldest first.
    jobs: Vec<Job>,
    seen: Vec<PrinterSeen>,
    last: u32,
}

/// The sheets of the open reception.
#[derive(Debug)]
struct Sheets {
    case: CaseId,
    made: Vec<Sheet>,
    making: bool,
    /// What goes home is printed as soon as it is made.
    along: bool,
    note: String,
}

/// A job of this counter.
#[derive(Debug)]
struct Job {
    id: u32,
    /// None for sheets of no reception.
    case: Option<CaseId>,
    number: String,
    sheet: String,
    kind: SheetKind,
    title: String,
    page: u16,
    printer: String,
    at_ms: u64,
    stage: Stage,
    as_asked: bool,
    pdf: Arc<[u8]>,
    wish: Wish,
}

/// Note: the printer this counter uses for a kind of sheet.
fn printer_note(kind: SheetKind) -> String {
    format!("desk.printer.{}", kind.name())
}

/// Note: which sheets of a case were printed, and when.
fn printed_note(case: CaseId) -> String {
    format!("desk.prints.{case}")
}

impl<R: Records> Desk<R> {
    /// Prints on these.
    #[must_use]
    pub fn printing_on(mut self, printers: SitePrinters) -> Self {
        self.prints.printers = printers;
        self
    }

    pub(super) fn print_action(&mut self, deed: PrintAction) -> Result<(), Notice> {
        match deed {
            PrintAction::Open => self.open_prints(),
            PrintAction::Close => {
                self.close_prints();
                Ok(())
            }
            PrintAction::All => self.print_all(),
            PrintAction::Paper { id, page } => self.print_paper(&id, page),
            PrintAction::Separators => self.ask_for_separators(),
            PrintAction::Again { id } => self.print_again(id),
            PrintAction::Cancel { id } => self.cancel_print(id),
            PrintAction::Choose { kind, printer } => self.choose_printer(&kind, &printer),
        }
    }

    fn open_prints(&mut self) -> Result<(), Notice> {
        if self.prints.printers.all().is_empty() {
            return Err(notice(Code::PrintUnset));
        }
        let handed_in = self.visit.as_ref().filter(|visit| visit.is_handed_in());
        let case = handed_in.map(Visit::case);
        let known = self.prints.sheets.as_ref().map(|sheets| sheets.case);
        if case.is_some() && known != case {
            self.make_sheets(false)?;
        }
        self.prints.open = true;
        self.effects
            .push(Effect::PrintPages(PrintOrder::Watch(true)));
        Ok(())
    }

    pub(super) fn close_prints(&mut self) {
        if self.prints.open {
            self.prints.open = false;
            self.effects
                .push(Effect::PrintPages(PrintOrder::Watch(false)));
        }
    }

    /// The reception is left: its pages go. Jobs that are under way go on.
    pub(super) fn forget_sheets(&mut self) {
        self.prints.sheets = None;
        self.close_prints();
    }

    /// Nobody is signed in: what was printed cannot be printed again.
    pub(super) fn forget_prints(&mut self) {
        self.prints.jobs.retain(|job| !job.stage.is_over());
    }

    /// The case was handed in: what goes home is printed, where there is a printer.
    pub(super) fn print_along(&mut self) -> Result<(), Notice> {
        if self.prints.printers.all().is_empty() {
            return Ok(());
        }
        self.make_sheets(true)
    }

    fn make_sheets(&mut self, along: bool) -> Result<(), Notice> {
        let language = self.language;
        let visit = self.visit()?;
        let case = visit.case();
        let is_open_to_us = !visit.record.protected && visit.elsewhere.is_none();
        let form = newest_form(visit).and_then(|form| self.records.blob(form));
        let note = if visit.record.protected {
            word("prints", "protected")
        } else if form.is_none() {
            word("prints", "form_elsewhere")
        } else {
            String::new()
        };
        let signed = visit.submitted.as_ref().or(visit.signed.as_ref());
        let job = SheetsJob {
            case,
            snapshot: signed.map_or_else(|| visit.content(language), Clone::clone),
            answers: Answers::of_draft(visit.draft()),
            form: form.filter(|_| is_open_to_us),
            with_sections: is_open_to_us,
            catalogue: self.interviewer.catalogue(visit.draft()).cloned(),
            city: self.place.city.clone(),
            place: self.place.name.clone(),
        };
        self.prints.sheets = Some(Sheets {
            case,
            made: Vec::new(),
            making: true,
            along,
            note,
        });
        self.effects.push(Effect::MakeSheets(Box::new(job)));
        Ok(())
    }

    /// One sheet is there.
    pub(super) fn sheet_made(&mut self, case: CaseId, sheet: Sheet) {
        let Some(sheets) = self.sheets_of(case) else {
            return;
        };
        let along = sheets.along && sheet.kind == SheetKind::Guidance;
        let id = sheet.id.clone();
        sheets.made.push(sheet);
        if along && let Err(told) = self.print_paper(&id, 0) {
            self.notice = Some(told);
        }
    }

    /// All sheets are there that can be made.
    pub(super) fn sheets_made(&mut self, case: CaseId, whole: bool) {
        let Some(sheets) = self.sheets_of(case) else {
            return;
        };
        sheets.making = false;
        if !whole {
            self.tell(Code::PrintNotMade);
        }
    }

    fn sheets_of(&mut self, case: CaseId) -> Option<&mut Sheets> {
        let sheets = self.prints.sheets.as_mut();
        sheets.filter(|sheets| sheets.case == case)
    }

    fn print_all(&mut self) -> Result<(), Notice> {
        let printed = self.printed();
        let sheets = self.prints.sheets.as_ref();
        let sheets = sheets.ok_or_else(|| notice(Code::NotPossibleNow))?;
        let open: Vec<String> = sheets
            .made
            .iter()
            .map(|sheet| sheet.id.clone())
            .filter(|id| !printed.contains_key(id))
            .collect();
        if open.is_empty() {
            return Err(notice(Code::NotPossibleNow));
        }
        open.iter().try_for_each(|id| self.print_paper(id, 0))
    }

    fn print_paper(&mut self, id: &str, page: u16) -> Result<(), Notice> {
        let sheets = self.prints.sheets.as_ref();
        let found = sheets.and_then(|sheets| sheets.made.iter().find(|sheet| sheet.id == id));
        let sheet = found.ok_or_else(|| notice(Code::NotPossibleNow))?.clone();
        if page > sheet.pages {
            return Err(notice(Code::NotPossibleNow));
        }
        let visit = self.visit()?;
        let (case, number) = (visit.case(), visit.receipt_number());
        self.stays_printable(sheet.kind, Some(case))?;
        let printer = self.printer_for(sheet.kind);
        let printer = printer.ok_or_else(|| notice(Code::PrintUnset))?.clone();
        let title = match page {
            0 => sheet.title,
            page => {
                let page = page.to_string();
                let values = [("title", sheet.title.as_str()), ("page", page.as_str())];
                sentence("prints", "page", &values)
            }
        };
        self.send(
            &printer,
            Job {
                id: 0,
                case: Some(case),
                number,
                sheet: sheet.id,
                kind: sheet.kind,
                title,
                page,
                printer: printer.id.clone(),
                at_ms: self.now(),
                stage: Stage::Waiting,
                as_asked: true,
                pdf: sheet.pdf,
                wish: sheet.wish,
            },
        );
        Ok(())
    }

    /// Pages are older than the moment they are asked for: somebody may have come under protection
    /// since, and then what says where people live is not printed here any more.
    fn stays_printable(&self, kind: SheetKind, case: Option<CaseId>) -> Result<(), Notice> {
        let Some(case) = case.filter(|_| kind != SheetKind::Guidance) else {
            return Ok(());
        };
        let record = self.records.case(case);
        let record = record.map_err(|error| crate::desk::store_failed(&error))?;
        if record.protected {
            return Err(notice(Code::PrintProtected));
        }
        Ok(())
    }

    fn ask_for_separators(&mut self) -> Result<(), Notice> {
        if self.prints.printers.all().is_empty() {
            return Err(notice(Code::PrintUnset));
        }
        self.effects.push(Effect::MakeSeparators {
            city: self.place.city.clone(),
            today: self.today(),
        });
        Ok(())
    }

    /// The separator sheets are there, or could not be made.
    pub(super) fn separators_made(&mut self, made: Option<Vec<u8>>) {
        let printer = self.printer_for(SheetKind::Section).cloned();
        let (Some(pdf), Some(printer)) = (made, printer) else {
            self.tell(Code::PrintNotMade);
            return;
        };
        let job = Job {
            id: 0,
            case: None,
            number: String::new(),
            sheet: SEPARATORS.to_owned(),
            kind: SheetKind::Section,
            title: word("prints", SEPARATORS),
            page: 0,
            printer: printer.id.clone(),
            at_ms: self.now(),
            stage: Stage::Waiting,
            as_asked: true,
            pdf: pdf.into(),
            wish: Wish {
                sides: Sides::One,
                ..Wish::default()
            },
        };
        self.send(&printer, job);
    }

    /// A job goes to its printer; who printed a form is in the audit log.
    fn send(&mut self, printer: &SitePrinter, job: Job) {
        self.prints.last += 1;
        let job = Job {
            id: self.prints.last,
            ..job
        };
        if job.kind != SheetKind::Guidance
            && let (Some(case), Ok(by)) = (job.case, self.by())
        {
            self.records.audit(&by, Deed::PrintedForm, Some(case));
        }
        let print = PrintJob {
            id: job.id,
            printer: printer.id.clone(),
            label: if job.number.is_empty() {
                // A job without a name is refused by some printers.
                "todoke".to_owned()
            } else {
                job.number.clone()
            },
            pdf: Arc::clone(&job.pdf),
            how: job.wish.at(printer, job.page),
        };
        self.effects
            .push(Effect::PrintPages(PrintOrder::Print(Box::new(print))));
        self.prints.jobs.push(job);
        let spare = self.prints.jobs.len().saturating_sub(JOBS_MAX);
        let mut oldest = 0;
        self.prints.jobs.retain(|job| {
            let drop = oldest < spare && job.stage.is_over();
            oldest += usize::from(drop);
            !drop
        });
    }

    fn print_again(&mut self, id: u32) -> Result<(), Notice> {
        let found = self.prints.jobs.iter().find(|job| job.id == id);
        let old = found.filter(|job| job.stage.is_over());
        let old = old.ok_or_else(|| notice(Code::NotPossibleNow))?;
        self.stays_printable(old.kind, old.case)?;
        let mut job = Job {
            number: old.number.clone(),
            sheet: old.sheet.clone(),
            title: old.title.clone(),
            printer: String::new(),
            at_ms: self.now(),
            stage: Stage::Waiting,
            as_asked: true,
            pdf: Arc::clone(&old.pdf),
            wish: old.wish.clone(),
            ..*old
        };
        // On the printer that is chosen now: the old one may be what is broken.
        let printer = self.printer_for(job.kind);
        let printer = printer.ok_or_else(|| notice(Code::PrintUnset))?.clone();
        job.printer.clone_from(&printer.id);
        self.send(&printer, job);
        Ok(())
    }

    fn cancel_print(&mut self, id: u32) -> Result<(), Notice> {
        let mut jobs = self.prints.jobs.iter();
        if !jobs.any(|job| job.id == id && !job.stage.is_over()) {
            return Err(notice(Code::NotPossibleNow));
        }
        self.effects
            .push(Effect::PrintPages(PrintOrder::Cancel(id)));
        Ok(())
    }

    fn choose_printer(&mut self, kind: &str, printer: &str) -> Result<(), Notice> {
        let kind = SheetKind::ALL.into_iter().find(|one| one.name() == kind);
        let known = self.prints.printers.find(printer);
        let (Some(kind), Some(_)) = (kind, known) else {
            return Err(notice(Code::NotPossibleNow));
        };
        self.records
            .set_note(&printer_note(kind), Some(printer.as_bytes()))
            .map_err(|error| crate::desk::store_failed(&error))
    }

    /// The printer chosen for a kind, while the site has it; else the counter's own.
    fn printer_for(&self, kind: SheetKind) -> Option<&SitePrinter> {
        let chosen = self.records.note(&printer_note(kind));
        let chosen = chosen.and_then(|bytes| String::from_utf8(bytes).ok());
        let chosen = chosen.and_then(|id| self.prints.printers.find(&id));
        chosen.or_else(|| self.prints.printers.all().first())
    }

    /// How the printers and the jobs stand now.
    pub(super) fn pages_seen(&mut self, seen: QueueSeen) {
        self.prints.seen = seen.printers;
        for one in seen.jobs {
            let mut jobs = self.prints.jobs.iter_mut();
            let Some(job) = jobs.find(|job| job.id == one.id) else {
                continue;
            };
            let was = std::mem::replace(&mut job.stage, one.stage);
            job.as_asked = one.as_asked;
            if was != one.stage {
                self.stage_changed(one.id);
            }
        }
        if !self.prints.jobs.iter().any(|job| is_stuck(job.stage)) {
            self.settle(&[Code::PrintStuck]);
        }
        if self.door.at_work().is_none() {
            self.forget_prints();
        }
    }

    fn stage_changed(&mut self, id: u32) {
        let Some(job) = self.prints.jobs.iter().find(|job| job.id == id) else {
            return;
        };
        let (stage, case, sheet, page) = (job.stage, job.case, job.sheet.clone(), job.page);
        let told = self.told_of(job);
        match stage {
            Stage::Stuck(state) | Stage::Failed(state) => {
                self.device_worked(DeviceKind::PagePrinter, Err(state));
                self.notice = told;
            }
            Stage::Unsure => self.notice = told,
            Stage::Done => {
                self.device_worked(DeviceKind::PagePrinter, Ok(()));
                if let Some(case) = case.filter(|_| page == 0) {
                    self.note_printed(case, sheet);
                }
            }
            Stage::Waiting | Stage::Printing | Stage::Held | Stage::Cancelled => {}
        }
    }

    /// What staff are told about a job that does not come out.
    fn told_of(&self, job: &Job) -> Option<Notice> {
        match job.stage {
            Stage::Stuck(state) | Stage::Failed(state) => {
                let why = self.trouble_in_words(&job.printer, state);
                let values = [
                    ("title", job.title.as_str()),
                    ("why", why.what.as_str()),
                    ("advice", why.advice.as_str()),
                ];
                Some(notice_with(Code::PrintStuck, Language::Japanese, &values))
            }
            Stage::Unsure => {
                let values = [("title", job.title.as_str())];
                Some(notice_with(Code::PrintUnsure, Language::Japanese, &values))
            }
            Stage::Waiting | Stage::Printing | Stage::Held | Stage::Done | Stage::Cancelled => None,
        }
    }

    fn trouble_in_words(&self, printer: &str, state: State) -> Notice {
        let name = match self.prints.printers.all() {
            [_] => device_title(DeviceKind::PagePrinter),
            _ => self.printer_name(printer),
        };
        let values = [("device", name.as_str())];
        notice_with(state.refusal(), Language::Japanese, &values)
    }

    fn printer_name(&self, id: &str) -> String {
        let found = self.prints.printers.find(id);
        found.map(|one| one.name.clone()).unwrap_or_default()
    }

    fn note_printed(&mut self, case: CaseId, sheet: String) {
        let mut all = self.printed_of(case);
        all.insert(sheet, self.now());
        let stored = serde_json::to_vec(&all).map(|bytes| {
            let note = printed_note(case);
            self.records.set_note(&note, Some(&bytes))
        });
        if !matches!(stored, Ok(Ok(()))) {
            tracing::warn!("printed sheet not noted");
        }
    }

    fn printed_of(&self, case: CaseId) -> BTreeMap<String, u64> {
        let bytes = self.records.note(&printed_note(case));
        bytes
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Sheets of the open reception that are on paper, or on their way.
    fn printed(&self) -> BTreeMap<String, u64> {
        let Some(sheets) = self.prints.sheets.as_ref() else {
            return BTreeMap::new();
        };
        let mut all = self.printed_of(sheets.case);
        let under_way = self.prints.jobs.iter();
        let under_way = under_way
            .filter(|job| job.case == Some(sheets.case) && job.page == 0 && !job.stage.is_over());
        all.extend(under_way.map(|job| (job.sheet.clone(), job.at_ms)));
        all
    }

    /// What came of the sheets of a reception, for its last page.
    pub(super) fn prints_in_words(&self, visit: &Visit) -> String {
        if self.prints.printers.all().is_empty() {
            return String::new();
        }
        let case = visit.case();
        let jobs = self.prints.jobs.iter().filter(|job| job.case == Some(case));
        if let Some(job) = self.stuck(case) {
            let state = stage_in_words(job.stage);
            let values = [("title", job.title.as_str()), ("state", state.as_str())];
            return sentence("prints", "stuck", &values);
        }
        let open = jobs.filter(|job| !job.stage.is_over()).count();
        let done = self.printed_of(case).len();
        let making = self.prints.sheets.as_ref();
        let making = making.is_some_and(|sheets| sheets.case == case && sheets.making);
        match (open, done) {
            (0, 0) if making => word("prints", "making"),
            (0, 0) => word("prints", "none_yet"),
            (0, done) => sentence("prints", "done", &[("count", &done.to_string())]),
            (open, _) => sentence("prints", "going", &[("count", &open.to_string())]),
        }
    }

    /// Whether a sheet of a reception waits for somebody.
    pub(super) fn prints_are_stuck(&self, visit: &Visit) -> bool {
        self.stuck(visit.case()).is_some()
    }

    /// A job of a reception that does not come out; what was printed again since does not count.
    fn stuck(&self, case: CaseId) -> Option<&Job> {
        let mut newer = BTreeSet::new();
        let jobs = self.prints.jobs.iter().rev();
        let mut newest = jobs
            .filter(|job| job.case == Some(case))
            .filter(|job| newer.insert((job.sheet.as_str(), job.page)));
        newest.find(|job| is_stuck(job.stage))
    }

    /// The page, while it is open and somebody is at the screen.
    pub(super) fn prints_view(&self) -> Option<PrintsView> {
        self.door.at_screen().filter(|_| self.prints.open)?;
        let printed = self.printed();
        let sheets = self.prints.sheets.as_ref();
        let made = sheets.map_or(&[][..], |sheets| &sheets.made);
        let visit = self.visit.as_ref();
        Some(PrintsView {
            receipt_number: visit.map(Visit::receipt_number).unwrap_or_default(),
            papers: made
                .iter()
                .map(|sheet| paper_row(sheet, &printed))
                .collect(),
            making: sheets.is_some_and(|sheets| sheets.making),
            some_left: made.iter().any(|sheet| !printed.contains_key(&sheet.id)),
            note: sheets.map(|sheets| sheets.note.clone()).unwrap_or_default(),
            kinds: self.kind_rows(),
            printers: self.printer_rows(),
            jobs: self
                .prints
                .jobs
                .iter()
                .rev()
                .map(|job| self.job_row(job))
                .collect(),
        })
    }

    fn kind_rows(&self) -> Vec<PaperKindRow> {
        let all = self.prints.printers.all();
        if all.len() < 2 {
            return Vec::new();
        }
        let choices = || {
            all.iter().map(|one| Choice {
                value: one.id.clone(),
                label: one.name.clone(),
            })
        };
        SheetKind::ALL
            .map(|kind| PaperKindRow {
                kind: kind.name().to_owned(),
                title: word("prints", &format!("kind_{}", kind.name())),
                printer: self
                    .printer_for(kind)
                    .map(|one| one.id.clone())
                    .unwrap_or_default(),
                choices: choices().collect(),
            })
            .into()
    }

    fn printer_rows(&self) -> Vec<PrinterRow> {
        let all = self.prints.printers.all().iter();
        all.map(|one| {
            let seen = self.prints.seen.iter().find(|seen| seen.id == one.id);
            let state = seen.map(|seen| seen.state);
            let trouble = state.filter(|state| state.code().is_some());
            let trouble = trouble.map(|state| self.trouble_in_words(&one.id, state));
            let queued = seen.map_or(0, |seen| seen.queued);
            PrinterRow {
                name: one.name.clone(),
                state: state.map_or_else(String::new, |state| word("device_state", state.name())),
                tone: match (&trouble, state) {
                    (Some(told), _) => told.tone,
                    (None, Some(_)) => Tone::Done,
                    (None, None) => Tone::Info,
                },
                waiting: if queued == 0 {
                    String::new()
                } else {
                    sentence("prints", "waiting", &[("count", &queued.to_string())])
                },
                advice: trouble.map(|told| told.advice).unwrap_or_default(),
            }
        })
        .collect()
    }

    fn job_row(&self, job: &Job) -> PrintRow {
        let (at, printer) = (hour_and_minute(job.at_ms), self.printer_name(&job.printer));
        let values = [
            ("number", job.number.as_str()),
            ("printer", printer.as_str()),
            ("at", at.as_str()),
        ];
        let advice = match job.stage {
            Stage::Stuck(state) | Stage::Failed(state) => {
                self.trouble_in_words(&job.printer, state).advice
            }
            Stage::Unsure => word("prints", "own_reprint"),
            Stage::Done if !job.as_asked => word("prints", "not_as_asked"),
            Stage::Waiting | Stage::Printing | Stage::Held | Stage::Done | Stage::Cancelled => {
                String::new()
            }
        };
        PrintRow {
            id: job.id,
            title: job.title.clone(),
            detail: sentence("prints", "job", &values).trim().to_owned(),
            state: stage_in_words(job.stage),
            tone: match job.stage {
                Stage::Done => Tone::Done,
                Stage::Waiting | Stage::Printing | Stage::Cancelled => Tone::Info,
                Stage::Held | Stage::Unsure => Tone::Caution,
                Stage::Stuck(_) | Stage::Failed(_) => Tone::Wrong,
            },
            advice,
            can_cancel: !job.stage.is_over(),
            can_repeat: job.stage.is_over(),
        }
    }
}

/// The form of the newest signature.
fn newest_form(visit: &Visit) -> Option<counter_domain::ids::BlobHash> {
    visit.record.events.iter().rev().find_map(|event| {
        if let CaseStep::Signed { form, .. } = event.what {
            Some(form)
        } else {
            None
        }
    })
}

fn paper_row(sheet: &Sheet, printed: &BTreeMap<String, u64>) -> PaperRow {
    let at = printed.get(&sheet.id).map(|at| hour_and_minute(*at));
    PaperRow {
        id: sheet.id.clone(),
        title: sheet.title.clone(),
        detail: sheet.detail.clone(),
        pages: sheet.pages,
        printed: at.map_or_else(String::new, |at| {
            sentence("prints", "printed", &[("at", &at)])
        }),
    }
}

const fn is_stuck(stage: Stage) -> bool {
    matches!(stage, Stage::Stuck(_) | Stage::Failed(_) | Stage::Unsure)
}

fn stage_in_words(stage: Stage) -> String {
    let (name, state) = match stage {
        Stage::Waiting => ("waiting", None),
        Stage::Printing => ("printing", None),
        Stage::Stuck(state) => ("stuck", Some(state)),
        Stage::Held => ("held", None),
        Stage::Done => ("done", None),
        Stage::Cancelled => ("cancelled", None),
        Stage::Unsure => ("unsure", None),
        Stage::Failed(state) => ("failed", Some(state)),
    };
    let state = state.map(|state| word("device_state", state.name()));
    sentence(
        "print_stage",
        name,
        &[("state", state.as_deref().unwrap_or_default())],
    )
}
