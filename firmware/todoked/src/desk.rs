//! The desk of one counter: who is signed in, which case is open, what each display shows.
//!
//! A state machine: it takes what people do and what devices report, stores, and yields views.
//! It opens no socket, reads no file and never waits. Everything that must survive a pulled plug
//! is in [`Records`]; what is here may be lost at any moment.

mod board;
mod card;
mod catalogue;
mod checks;
mod interview;
mod resident_view;
mod signing;
mod staff;
mod staff_view;
mod visit;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use counter_api::{
    DeviceState, Devices, Language, LineState, Notice, ResidentAction, ResidentView, StaffAction,
    StaffView,
};
use counter_domain::ids::{BranchCode, CaseId, StaffId};

use crate::clock::{Clock, civil_date};
use crate::devices::{CardLies, Effect, Happened};
use crate::records::{Deed, Records, RecordsError, SignedIn};
use crate::texts::{Code, notice, notice_with};

pub use checks::{GlyphGate, NoGate};
pub use interview::{AskAnswer, GuideAnswer, GuideCaseError, ListedAnswer, guide_case};

use board::Board;
use interview::Interviewer;
use visit::Visit;

/// What the desk knows of itself.
#[derive(Debug, Clone)]
pub struct Place {
    /// The branch.
    pub branch: BranchCode,
    /// Number or letter of the counter in its branch.
    pub counter: char,
    /// Branch and counter in words.
    pub name: String,
    /// City, until the settings dataset says it.
    pub city: String,
}

/// The screen locks itself after this time without a touch.
const IDLE_LOCK_MS: u64 = 10 * 60_000;
/// Wrong sign-ins in a row before a pause, and the pause.
const WRONG_SIGN_INS_MAX: u8 = 5;
const SIGN_IN_PAUSE_MS: u64 = 60_000;
/// Longest time without head office in which staff may sign in (`design.md` section 4).
const OFFLINE_MAX_MS: u64 = 7 * 24 * 3_600_000;
/// Note: the case that is open here.
const NOTE_OPEN_CASE: &str = "desk.open-case";
/// Note: when head office was last heard.
const NOTE_CONTACT: &str = "desk.contact";

/// The desk.
pub struct Desk<R> {
    place: Place,
    records: R,
    clock: Arc<dyn Clock>,
    glyphs: Arc<dyn GlyphGate>,
    interviewer: Interviewer,
    staff: Option<SignedIn>,
    last_touch_ms: u64,
    wrong_sign_ins: u8,
    sign_in_again_ms: u64,
    visit: Option<Visit>,
    board: Board,
    known_returned: BTreeSet<CaseId>,
    card: CardLies,
    devices: Devices,
    line: LineState,
    notice: Option<Notice>,
    resident_notice: Option<Code>,
    resident_left: bool,
    language: Language,
    effects: Vec<Effect>,
}

impl<R> fmt::Debug for Desk<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl<R: Records> Desk<R> {
    /// Opens the desk on its database. Nobody is signed in.
    pub fn new(
        place: Place,
        records: R,
        clock: Arc<dyn Clock>,
        glyphs: Arc<dyn GlyphGate>,
    ) -> Self {
        let mut desk = Self {
            place,
            records,
            clock,
            glyphs,
            interviewer: Interviewer::default(),
            staff: None,
            last_touch_ms: 0,
            wrong_sign_ins: 0,
            sign_in_again_ms: 0,
            visit: None,
            board: Board::default(),
            known_returned: BTreeSet::new(),
            card: CardLies::NoReader,
            devices: Devices {
                card_reader: DeviceState::Missing,
                receipt_printer: DeviceState::Missing,
                resident_display: DeviceState::Missing,
            },
            line: LineState::Unset,
            notice: None,
            resident_notice: None,
            resident_left: false,
            language: Language::Japanese,
            effects: Vec::new(),
        };
        desk.interviewer.load(&mut desk.records);
        desk.load_city();
        desk.load_board();
        desk.known_returned = desk.board.returned_cases();
        desk
    }

    /// Takes what staff did. `Ok` means that everything it changed is on disk.
    ///
    /// # Errors
    /// The notice for staff; nothing was lost.
    pub fn staff(&mut self, action: StaffAction) -> Result<(), Notice> {
        self.last_touch_ms = self.now();
        self.staff_action(action)
    }

    /// Takes what the resident did.
    ///
    /// # Errors
    /// The notice for the resident; nothing was lost.
    pub fn resident(&mut self, action: ResidentAction) -> Result<(), Notice> {
        self.last_touch_ms = self.now();
        self.resident_notice = None;
        let done = self.resident_action(action);
        if let Err(code) = done {
            self.resident_notice = Some(code);
            return Err(self.for_resident(code));
        }
        Ok(())
    }

    /// Takes what happened outside.
    pub fn happened(&mut self, what: Happened) {
        match what {
            Happened::CardLies(lies) => self.card_lies(lies),
            Happened::CardRead(read) => self.card_read(read),
            Happened::FormMade { case, form } => self.form_made(case, form),
            Happened::ReceiptPrinted { case, printed } => self.receipt_printed(case, printed),
            Happened::Line { line, trouble } => self.line_is(line, trouble),
            Happened::Arrived(news) => {
                news.taken();
                self.arrived();
            }
            Happened::ResidentDisplay(state) => self.devices.resident_display = state,
            Happened::ReceiptPrinter(state) => self.devices.receipt_printer = state,
            Happened::Tick => self.lock_when_idle(),
        }
    }

    /// Work for the devices since the last call.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// What staff see.
    pub fn staff_view(&self) -> StaffView {
        StaffView {
            header: self.header(),
            screen: self.staff_screen(),
            notice: self.notice.clone(),
        }
    }

    /// What the resident sees.
    pub fn resident_view(&self) -> ResidentView {
        self.draw_resident()
    }

    /// The version of the published procedure catalogue in force; `None` while it is the program's.
    pub fn watch_catalogue(&self) -> tokio::sync::watch::Receiver<Option<u64>> {
        self.interviewer.watch_catalogue()
    }

    /// The database, for tests that look behind the screens.
    pub fn records(&self) -> &R {
        &self.records
    }

    fn now(&self) -> u64 {
        self.clock.unix_ms()
    }

    fn tell(&mut self, code: Code) {
        self.notice = Some(notice(code));
    }

    fn for_resident(&self, code: Code) -> Notice {
        let left = match self.card {
            CardLies::MyNumber { pin_tries_left, .. } => pin_tries_left.to_string(),
            CardLies::NoReader | CardLies::Nothing | CardLies::Unknown => String::new(),
        };
        notice_with(code, self.language, &[("left", &left)])
    }

    fn load_city(&mut self) {
        let settings = self.records.dataset("settings").map(|(_, bytes)| bytes);
        let settings = settings.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let city = settings.as_ref().and_then(|settings: &serde_json::Value| {
            settings.get("city").and_then(|city| {
                city.as_str()
                    .or_else(|| city.get("name").and_then(serde_json::Value::as_str))
            })
        });
        if let Some(city) = city {
            city.clone_into(&mut self.place.city);
        }
    }

    fn load_board(&mut self) {
        self.board = Board::load(&self.records);
    }

    /// Head office was heard: staff may sign in for seven more days.
    fn line_is(&mut self, line: LineState, trouble: Option<Code>) {
        self.line = line;
        if let Some(code) = trouble {
            self.tell(code);
        }
        if line == LineState::Connected {
            self.note_contact();
        }
    }

    fn note_contact(&mut self) {
        let now = self.now().to_be_bytes();
        if let Err(error) = self.records.set_note(NOTE_CONTACT, Some(&now)) {
            tracing::warn!(%error, "time of contact not stored");
        }
    }

    fn too_long_offline(&self) -> bool {
        let heard = self.records.note(NOTE_CONTACT);
        let heard = heard.and_then(|bytes| Some(u64::from_be_bytes(bytes.try_into().ok()?)));
        heard.is_some_and(|heard| self.now().saturating_sub(heard) > OFFLINE_MAX_MS)
    }

    /// Something arrived: cases, datasets. Tells staff about a case that came back.
    fn arrived(&mut self) {
        self.interviewer.load(&mut self.records);
        self.load_city();
        self.load_board();
        let returned = self.board.returned_cases();
        let fresh: Vec<CaseId> = returned.difference(&self.known_returned).copied().collect();
        self.known_returned = returned;
        if let Some(case) = fresh.first() {
            let number = self.board.receipt_number(*case);
            self.notice = Some(notice_with(
                Code::CaseReturned,
                Language::Japanese,
                &[("number", &number)],
            ));
        }
        let open = self.visit.as_ref().map(|visit| visit.case());
        if let Some(case) = open {
            self.reload_visit();
            if fresh.contains(&case) {
                self.go_to_the_remark();
            }
        }
    }

    fn lock_when_idle(&mut self) {
        let idle = self.now().saturating_sub(self.last_touch_ms) > IDLE_LOCK_MS;
        if idle && let Some(staff) = self.staff.take() {
            self.records.audit(&staff.id, Deed::SignedOut, None);
            self.notice = None;
        }
    }

    fn store_failed(&self, error: &RecordsError) -> Notice {
        tracing::warn!(%error, "not stored");
        notice(match error {
            RecordsError::DiskFull => Code::SaveDiskFull,
            RecordsError::NotAllowed => Code::CaseFrozen,
            RecordsError::NoCase => Code::CaseNotFound,
            RecordsError::NothingToUndo => Code::UndoNothing,
            RecordsError::Broken(_) => Code::SaveFailed,
        })
    }

    /// Who acts in the open case.
    fn by(&self) -> Result<StaffId, Notice> {
        self.staff
            .as_ref()
            .map(|staff| staff.id.clone())
            .ok_or_else(|| notice(Code::SignInFirst))
    }

    fn today(&self) -> jiff::civil::Date {
        civil_date(self.now())
    }
}
