//! The staff's touchscreen: header, sign-in and board. A reception is in [`crate::reception`].

use std::rc::Rc;

use counter_api::{
    BoardRow, DeviceState, Header, LineState, Notice, Password, SaveState, SignInView, StaffAction,
    StaffScreen, StaffView,
};
use slint::ComponentHandle;

use crate::archive::ArchiveController;
use crate::characters::CharactersController;
use crate::devices::DevicesController;
use crate::keys;
use crate::notice::shown;
use crate::paper::PaperController;
use crate::places::PlacesController;
use crate::prepared::PreparedController;
use crate::prints::PrintsController;
use crate::reception::ReceptionController;
use crate::residents::ResidentsController;
use crate::rows::Rows;
use crate::staff_line::StaffLine;
use crate::ui::{
    BoardData, DeviceKind, HeaderData, KeyApi, LineKind, Pad, SignInData, StaffApi, StaffPage,
    StaffWindow,
};

/// Draws views of the staff and tells what they did.
pub(crate) struct StaffController {
    window: slint::Weak<StaffWindow>,
    returned: Rows<BoardRow, BoardData>,
    open: Rows<BoardRow, BoardData>,
    handed_in: Rows<BoardRow, BoardData>,
    reception: ReceptionController,
    residents: ResidentsController,
    places: PlacesController,
    paper: PaperController,
    characters: CharactersController,
    archive: ArchiveController,
    prepared: PreparedController,
    devices: DevicesController,
    prints: PrintsController,
    line: Rc<StaffLine>,
    page: StaffPage,
    /// Why the last deed was refused; stays until it is closed or another deed is done.
    refusal: Option<Notice>,
    told: Option<Notice>,
    /// The code of what the reception tells by itself.
    told_in_place: Option<String>,
}

impl StaffController {
    /// Connects the window.
    pub(crate) fn new(window: &StaffWindow, line: Rc<StaffLine>) -> Self {
        let api = window.global::<StaffApi<'_>>();
        let (returned, open, handed_in) = (Rows::default(), Rows::default(), Rows::default());
        api.set_returned(returned.model());
        api.set_open(open.model());
        api.set_handed_in(handed_in.model());
        connect(&api, &line);
        keys::connect(window);
        let reception = ReceptionController::new(window, &line);
        let residents = ResidentsController::new(window, &line);
        let places = PlacesController::new(window, &line);
        let paper = PaperController::new(window, &line);
        let characters = CharactersController::new(window, &line);
        let archive = ArchiveController::new(window, &line);
        let prepared = PreparedController::new(window, &line);
        let devices = DevicesController::new(window, &line);
        let prints = PrintsController::new(window, &line);
        let window = window.as_weak();
        Self {
            window,
            returned,
            open,
            handed_in,
            reception,
            residents,
            places,
            paper,
            characters,
            archive,
            prepared,
            devices,
            prints,
            line,
            page: StaffPage::None,
            refusal: None,
            told: None,
            told_in_place: None,
        }
    }

    /// Draws a view.
    pub(crate) fn show(&mut self, view: &StaffView) {
        let Some(window) = self.window.upgrade() else {
            return;
        };
        let api = window.global::<StaffApi<'_>>();
        api.set_header(draw_header(&view.header));
        let page = match &view.screen {
            StaffScreen::SignIn(sign_in) => {
                api.set_door(draw_sign_in(sign_in));
                StaffPage::SignIn
            }
            StaffScreen::Board {
                returned,
                open,
                handed_in,
            } => {
                self.returned.show(returned, draw_board);
                self.open.show(open, draw_board);
                self.handed_in.show(handed_in, draw_board);
                StaffPage::Board
            }
            StaffScreen::Reception(reception) => {
                self.reception.show(reception);
                self.residents.show(Some(reception));
                self.places.show(Some(reception));
                self.paper.show(Some(reception));
                self.characters.show(Some(reception));
                self.prepared.show_reception(Some(reception));
                StaffPage::Reception
            }
        };
        if page != StaffPage::Board {
            for rows in [&mut self.returned, &mut self.open, &mut self.handed_in] {
                rows.show(&[], draw_board);
            }
        }
        if page != StaffPage::Reception {
            self.reception.close();
            self.residents.show(None);
            self.places.show(None);
            self.paper.show(None);
            self.characters.show(None);
            self.prepared.show_reception(None);
        }
        self.prepared.show_list(view.prepared.as_ref());
        self.archive.show(view.archive.as_ref());
        self.devices.show(view.devices.as_ref());
        self.prints.show(view.prints.as_ref());
        if page != self.page {
            window.global::<KeyApi<'_>>().set_pad(Pad::None);
            self.page = page;
            self.refusal = None;
        }
        if self.told != view.notice {
            self.told.clone_from(&view.notice);
            self.refusal = None;
        }
        self.told_in_place = unsaved_code(&view.screen).cloned();
        self.show_notice(&api);
        api.set_page(page);
        self.line.tell();
    }

    fn show_notice(&self, api: &StaffApi<'_>) {
        let notice = self.refusal.as_ref().or(self.told.as_ref());
        // What could not be saved is told where it was typed.
        let notice = notice.filter(|notice| self.told_in_place.as_ref() != Some(&notice.code));
        api.set_notice(shown(notice));
    }

    /// The daemon did the last deed, or said why not.
    pub(crate) fn answered(&mut self, refused: Option<Notice>) {
        self.refusal = refused;
        self.line.tell();
        if let Some(window) = self.window.upgrade() {
            self.show_notice(&window.global::<StaffApi<'_>>());
        }
    }

    /// Input that had no case to go to after the daemon came back.
    pub(crate) fn tell_dropped(&self, count: usize) {
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        if let Some(window) = self.window.upgrade()
            && count > 0
        {
            window.global::<StaffApi<'_>>().set_dropped(count);
        }
    }

    /// Sends what was typed and is not sent yet.
    pub(crate) fn flush(&self) {
        self.line.flush();
        self.line.tell();
    }
}

/// Why the reception on the screen is not saved, when it is not.
fn unsaved_code(screen: &StaffScreen) -> Option<&String> {
    match screen {
        StaffScreen::Reception(reception) => match &reception.save {
            SaveState::Failed { notice } => Some(&notice.code),
            SaveState::Saved { .. } => None,
        },
        StaffScreen::SignIn(_) | StaffScreen::Board { .. } => None,
    }
}

fn connect(api: &StaffApi<'_>, line: &Rc<StaffLine>) {
    let tell = Rc::clone(line);
    api.on_sign_in(move |staff, secret| {
        tell.send(StaffAction::SignIn {
            staff: staff.into(),
            secret: Password::new(&secret),
        });
    });
    let tell = Rc::clone(line);
    api.on_allow_offline(move |supervisor, secret| {
        tell.send(StaffAction::AllowOffline {
            supervisor: supervisor.into(),
            secret: Password::new(&secret),
        });
    });
    let tell = Rc::clone(line);
    api.on_open_case(move |case| {
        if let Ok(case) = case.parse() {
            tell.deed(StaffAction::OpenCase { case });
        }
    });
    let plain = |action: StaffAction| {
        let tell = Rc::clone(line);
        move || tell.deed(action.clone())
    };
    api.on_sign_out(plain(StaffAction::SignOut));
    api.on_lock(plain(StaffAction::LockScreen));
    api.on_start(plain(StaffAction::StartReception));
    api.on_dismiss_notice(plain(StaffAction::DismissNotice));
}

fn draw_sign_in(view: &SignInView) -> SignInData {
    let locked = view.locked.as_ref();
    let text = |text: Option<&str>| text.unwrap_or_default().into();
    SignInData {
        locked: locked.is_some(),
        locked_id: text(locked.map(|staff| staff.id.as_str())),
        locked_name: text(locked.map(|staff| staff.name.as_str())),
        wait_seconds: i32::try_from(view.wait_seconds).unwrap_or(i32::MAX),
        needs_supervisor: view.needs_supervisor,
        awaits_staff: view.awaits_staff,
    }
}

fn draw_header(header: &Header) -> HeaderData {
    HeaderData {
        place: header.place.as_str().into(),
        staff: header.staff.as_deref().unwrap_or_default().into(),
        line: match header.line {
            LineState::Connected => LineKind::Connected,
            LineState::Connecting => LineKind::Connecting,
            LineState::Down => LineKind::Down,
            LineState::Refused => LineKind::Refused,
            LineState::Unset => LineKind::Unset,
        },
        neighbours: i32::from(header.neighbours),
        waiting: i32::try_from(header.waiting_to_send).unwrap_or(i32::MAX),
        safe_until: header.safe_until.as_deref().unwrap_or_default().into(),
        returned: i32::try_from(header.returned).unwrap_or(i32::MAX),
        clock: header.clock.as_str().into(),
        today: header.today.as_str().into(),
        card_reader: device(header.devices.card_reader),
        receipt_printer: device(header.devices.receipt_printer),
        resident_display: device(header.devices.resident_display),
    }
}

fn device(state: DeviceState) -> DeviceKind {
    match state {
        DeviceState::Ready => DeviceKind::Ready,
        DeviceState::Busy => DeviceKind::Busy,
        DeviceState::Missing => DeviceKind::Missing,
    }
}

fn draw_board(row: &BoardRow) -> BoardData {
    BoardData {
        case: row.case.to_string().into(),
        number: row.receipt_number.as_str().into(),
        event: row.event.as_str().into(),
        persons: row.persons.as_str().into(),
        state: row.state.as_str().into(),
        since: row.since.as_str().into(),
        at_head_office: row.at_head_office,
        to_check: row.to_check,
        moved: row.moved.as_str().into(),
    }
}
