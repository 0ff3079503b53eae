//! The desk of one counter: who is signed in, which case is open, what each display shows.
//!
//! A state machine: it takes what people do and what devices report, stores, and yields views.
//! It opens no socket, reads no file and never waits. Everything that must survive a pulled plug
//! is in [`Records`]; what is here may be lost at any moment.

mod answers;
mod archive;
mod board;
mod boxes;
mod card;
pub(crate) mod catalogue;
mod characters;
mod checks;
mod codes;
mod devices;
mod differences;
mod door;
mod face;
mod interview;
mod moves;
mod paper;
mod picks;
mod places;
mod prints;
mod purpose;
mod request;
mod reservations;
mod resident_view;
mod residents;
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
use counter_codes::CodeKeys;
use counter_domain::ids::{BranchCode, CaseId, StaffId};

use crate::characters::NameCharacters;
use crate::clock::{Clock, civil_date};
use crate::devices::{CardLies, Effect, Happened};
use crate::places::Places;
use crate::records::{Records, RecordsError};
use crate::recovery::RecoveryStage;
use crate::texts::{Code, notice, notice_with};

pub use checks::{GlyphGate, NoGate};
pub(crate) use codes::refusal as code_refusal;
pub use paper::PaperWays;
pub use residents::CopyProgress;

use archive::Archive;
use board::Board;
use characters::{Chooser, CityCharacters};
use devices::Attachment;
use door::Door;
use interview::Interviewer;
use moves::BranchNames;
use places::Offered;
use prints::Prints;
use reservations::Reservations;
use residents::Search;
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

/// Note: the case that is open here.
const NOTE_OPEN_CASE: &str = "desk.open-case";
/// Note: who has it open.
const NOTE_OPEN_BY: &str = "desk.open-by";

/// What can be wrong with the line, apart from being down.
const LINE_TROUBLE: [Code; 4] = [
    Code::LineRefused,
    Code::LineClockWrong,
    Code::LineVersion,
    Code::RecordsOlderCopy,
];

fn is_about_the_line(notice: &Notice) -> bool {
    let recovery = [Code::RecoveryGoing, Code::RecoveryDone];
    let mut codes = LINE_TROUBLE.iter().chain(&recovery);
    codes.any(|code| code.as_str() == notice.code)
}

/// The desk.
pub struct Desk<R> {
    place: Place,
    records: R,
    clock: Arc<dyn Clock>,
    glyphs: Arc<dyn GlyphGate>,
    interviewer: Interviewer,
    door: Door,
    visit: Option<Visit>,
    residents: Search,
    places: Arc<Places>,
    paper_ways: PaperWays,
    offered: Offered,
    characters: Arc<NameCharacters>,
    city_characters: CityCharacters,
    chooser: Chooser,
    archive: Option<Archive>,
    reservations: Reservations,
    copy_progress: CopyProgress,
    board: Board,
    branch_names: BranchNames,
    known_returned: BTreeSet<CaseId>,
    known_arrivals: BTreeSet<CaseId>,
    card: CardLies,
    devices: Devices,
    attachment: Attachment,
    prints: Prints,
    code_keys: CodeKeys,
    line: LineState,
    neighbours: u16,
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
        let door = Door::open(&records);
        let mut desk = Self {
            place,
            records,
            clock,
            glyphs,
            interviewer: Interviewer::default(),
            door,
            visit: None,
            residents: Search::default(),
            places: Arc::default(),
            paper_ways: PaperWays::default(),
            offered: Offered::default(),
            characters: Arc::default(),
            city_characters: CityCharacters::default(),
            chooser: Chooser::default(),
            archive: None,
            reservations: Reservations::default(),
            copy_progress: CopyProgress::default(),
            board: Board::default(),
            branch_names: BranchNames::default(),
            known_returned: BTreeSet::new(),
            known_arrivals: BTreeSet::new(),
            card: CardLies::NoReader,
            devices: Devices {
                card_reader: DeviceState::Missing,
                receipt_printer: DeviceState::Missing,
                resident_display: DeviceState::Missing,
            },
            attachment: Attachment::default(),
            prints: Prints::default(),
            code_keys: CodeKeys::default(),
            line: LineState::Unset,
            neighbours: 0,
            notice: None,
            resident_notice: None,
            resident_left: false,
            language: Language::Japanese,
            effects: Vec::new(),
        };
        let today = desk.today();
        desk.interviewer.load(&mut desk.records, today);
        desk.load_settings();
        desk.load_choices();
        desk.load_prepared();
        desk.load_board();
        desk.known_returned = desk.board.returned_cases();
        desk.known_arrivals = desk.board.came_here();
        desk
    }

    /// Locks the screen after this time without a touch, until head office's settings say
    /// otherwise.
    #[must_use]
    pub fn locking_after(mut self, minutes: u16) -> Self {
        self.door.lock_after(minutes);
        self.load_settings();
        self
    }

    /// Takes what staff did. `Ok` means that everything it changed is on disk.
    ///
    /// # Errors
    /// The notice for staff; nothing was lost.
    pub fn staff(&mut self, action: StaffAction) -> Result<(), Notice> {
        self.door.touched(self.now());
        self.staff_action(action)
    }

    /// Takes what the resident did.
    ///
    /// # Errors
    /// The notice for the resident; nothing was lost.
    pub fn resident(&mut self, action: ResidentAction) -> Result<(), Notice> {
        self.door.touched(self.now());
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
            Happened::PaperGoesOn { case, progress } => self.paper_goes_on(case, progress),
            Happened::PaperRead { case, read } => self.paper_read(case, read),
            Happened::FormMade { case, form } => self.form_made(case, form),
            Happened::ReceiptPrinted { case, printed } => self.receipt_printed(case, printed),
            Happened::Line { line, trouble } => self.line_is(line, trouble),
            Happened::Neighbours(count) => self.neighbours = count,
            Happened::Recovery(stage) => self.recovery_is(stage),
            Happened::Arrived(news) => {
                news.taken();
                self.arrived();
            }
            Happened::ResidentDisplay(state) => self.devices.resident_display = state,
            Happened::DevicesSeen { kind, seen } => self.devices_seen(kind, seen),
            Happened::DeviceTested { id, tried } => self.device_tested(id, tried),
            Happened::SheetMade { case, sheet } => self.sheet_made(case, *sheet),
            Happened::SheetsMade { case, whole } => self.sheets_made(case, whole),
            Happened::SeparatorsMade(made) => self.separators_made(made),
            Happened::PagesSeen(seen) => self.pages_seen(seen),
            Happened::ResidentCopy(progress) => self.copy_progress = progress,
            Happened::Tick => {
                self.mind_the_door();
                self.save_again();
                self.sign_again();
            }
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
            // A notice may name what is being done; a locked screen shows nothing of it.
            notice: self
                .notice
                .clone()
                .filter(|_| self.door.at_screen().is_some() || self.door.at_work().is_none()),
            prepared: self.prepared_view(),
            archive: self.archive_view(),
            devices: self.devices_view(),
            prints: self.prints_view(),
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
            CardLies::Other {
                second_tries_left, ..
            } if code == Code::CardSecondPinWrong => second_tries_left.to_string(),
            CardLies::MyNumber { pin_tries_left, .. } | CardLies::Other { pin_tries_left, .. } => {
                pin_tries_left.to_string()
            }
            CardLies::NoReader | CardLies::Nothing | CardLies::Unknown => String::new(),
        };
        notice_with(code, self.language, &[("left", &left)])
    }

    /// Takes a notice away whose reason is gone.
    fn settle(&mut self, codes: &[Code]) {
        self.notice
            .take_if(|told| codes.iter().any(|code| code.as_str() == told.code));
    }

    /// Offers places of these under address fields.
    #[must_use]
    pub fn offering(mut self, places: Arc<Places>) -> Self {
        self.places = places;
        self
    }

    /// Offers characters of these tables under names.
    #[must_use]
    pub fn choosing_from(mut self, characters: Arc<NameCharacters>) -> Self {
        self.characters = characters;
        self
    }

    /// What head office published about the city and its counters.
    fn load_settings(&mut self) {
        let Some((_, bytes)) = self.records.dataset("settings") else {
            return;
        };
        let Ok(settings) = serde_json::from_slice::<serde_json::Value>(&bytes) else {
            tracing::error!("published settings not readable");
            return;
        };
        self.load_code_keys(&settings);
        self.branch_names = BranchNames::of(&settings);
        let city = settings.get("city");
        let city = city.and_then(|city| city.as_str().or_else(|| city.get("name")?.as_str()));
        if let Some(city) = city {
            city.clone_into(&mut self.place.city);
        }
        let systems = settings.get("name_systems");
        if let Some(systems) = systems.and_then(serde_json::Value::as_array) {
            self.city_characters.hand_names_to(systems);
        }
        let minutes = settings.get("idle_lock_minutes");
        let minutes = minutes.and_then(serde_json::Value::as_u64);
        if let Some(minutes) = minutes.and_then(|minutes| u16::try_from(minutes).ok()) {
            self.door.lock_after(minutes);
        }
    }

    fn load_board(&mut self) {
        self.board = Board::load(&self.records, &self.place.branch, &self.branch_names);
    }

    fn line_is(&mut self, line: LineState, trouble: Option<Code>) {
        let was = std::mem::replace(&mut self.line, line);
        // What was wrong with the line is over when it is no longer refused.
        self.settle(&LINE_TROUBLE);
        if let Some(code) = trouble {
            self.tell(code);
        }
        if [was, line].contains(&LineState::Connected) {
            self.note_contact();
        }
    }

    /// A counter that goes on for another gets its cases back; staff are told at the beginning and
    /// at the end.
    fn recovery_is(&mut self, stage: RecoveryStage) {
        self.settle(&[Code::RecoveryGoing, Code::RecoveryDone]);
        self.notice = Some(match stage {
            RecoveryStage::Arriving => notice(Code::RecoveryGoing),
            RecoveryStage::Done { .. } => notice(Code::RecoveryDone),
        });
        self.load_board();
    }

    /// Something arrived: cases, datasets. Tells staff about a case that came back.
    fn arrived(&mut self) {
        let today = self.today();
        self.interviewer.load(&mut self.records, today);
        self.load_settings();
        self.staff_arrived();
        self.load_choices();
        self.load_prepared();
        self.load_board();
        let returned = self.board.returned_cases();
        let fresh: Vec<CaseId> = returned.difference(&self.known_returned).copied().collect();
        self.known_returned = returned;
        self.tell_arrivals();
        if let Some(case) = fresh.first() {
            let number = self.board.receipt_number(*case);
            self.notice = Some(notice_with(
                Code::CaseReturned,
                Language::Japanese,
                &[("number", &number)],
            ));
        }
        let open = self.visit.as_ref().map(Visit::case);
        if let Some(case) = open {
            self.reload_or_put_away(case);
            if fresh.contains(&case) {
                self.go_to_the_remark();
            }
        }
    }

    /// Who acts in the open case.
    fn by(&self) -> Result<StaffId, Notice> {
        self.door
            .at_work()
            .map(|staff| staff.id.clone())
            .ok_or_else(|| notice(Code::SignInFirst))
    }

    fn today(&self) -> jiff::civil::Date {
        civil_date(self.now())
    }
}

/// Why something was not stored, as staff must know it.
fn store_failed(error: &RecordsError) -> Notice {
    tracing::warn!(%error, "not stored");
    if matches!(error, RecordsError::Elsewhere) {
        let other = crate::texts::word("moved", "other");
        let values = [("branch", other.as_str()), ("why", "")];
        return notice_with(Code::CaseElsewhere, Language::Japanese, &values);
    }
    notice(match error {
        RecordsError::DiskFull => Code::SaveDiskFull,
        RecordsError::NotAllowed | RecordsError::Elsewhere => Code::CaseFrozen,
        RecordsError::NoCase => Code::CaseNotFound,
        RecordsError::NothingToUndo => Code::UndoNothing,
        RecordsError::OlderCopy => Code::RecordsOlderCopy,
        RecordsError::Broken(_) => Code::SaveFailed,
    })
}
