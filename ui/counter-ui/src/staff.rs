//! The staff's touchscreen: header, sign-in and board. A reception is in [`crate::reception`].

use std::rc::Rc;

use counter_api::{
    BoardRow, DeviceState, Digits, Header, LineState, StaffAction, StaffScreen, StaffView,
};
use slint::ComponentHandle;

use crate::keys;
use crate::notice::shown;
use crate::reception::ReceptionController;
use crate::rows::Rows;
use crate::ui::{
    BoardData, DeviceKind, HeaderData, KeyApi, LineKind, Pad, StaffApi, StaffPage, StaffWindow,
};

/// Takes what staff did.
pub(crate) type SendStaff = Rc<dyn Fn(StaffAction)>;

/// Draws views of the staff and tells what they did.
pub(crate) struct StaffController {
    window: slint::Weak<StaffWindow>,
    returned: Rows<BoardRow, BoardData>,
    open: Rows<BoardRow, BoardData>,
    handed_in: Rows<BoardRow, BoardData>,
    reception: ReceptionController,
    page: StaffPage,
}

impl StaffController {
    /// Connects the window.
    pub(crate) fn new(window: &StaffWindow, send: &SendStaff) -> Self {
        let api = window.global::<StaffApi<'_>>();
        let (returned, open, handed_in) = (Rows::default(), Rows::default(), Rows::default());
        api.set_returned(returned.model());
        api.set_open(open.model());
        api.set_handed_in(handed_in.model());
        connect(&api, send);
        keys::connect(window);
        let reception = ReceptionController::new(window, send);
        let window = window.as_weak();
        Self {
            window,
            returned,
            open,
            handed_in,
            reception,
            page: StaffPage::None,
        }
    }

    /// Draws a view.
    pub(crate) fn show(&mut self, view: &StaffView) {
        let Some(window) = self.window.upgrade() else {
            return;
        };
        let api = window.global::<StaffApi<'_>>();
        api.set_header(draw_header(&view.header));
        api.set_notice(shown(view.notice.as_ref()));
        let page = match &view.screen {
            StaffScreen::SignIn => StaffPage::SignIn,
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
        }
        if page != self.page {
            window.global::<KeyApi<'_>>().set_pad(Pad::None);
            self.page = page;
        }
        api.set_page(page);
    }

    /// Sends what was typed and may not have arrived, after the daemon came back.
    pub(crate) fn send_again(&self) {
        self.reception.send_again();
    }
}

fn connect(api: &StaffApi<'_>, send: &SendStaff) {
    let tell = Rc::clone(send);
    api.on_sign_in(move |staff, secret| {
        tell(StaffAction::SignIn {
            staff: staff.into(),
            secret: Digits::new(&secret),
        });
    });
    let tell = Rc::clone(send);
    api.on_sign_out(move || tell(StaffAction::SignOut));
    let tell = Rc::clone(send);
    api.on_start(move || tell(StaffAction::StartReception));
    let tell = Rc::clone(send);
    api.on_open_case(move |case| {
        if let Ok(case) = case.parse() {
            tell(StaffAction::OpenCase { case });
        }
    });
    let tell = Rc::clone(send);
    api.on_dismiss_notice(move || tell(StaffAction::DismissNotice));
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
        waiting: i32::try_from(header.waiting_to_send).unwrap_or(i32::MAX),
        safe_until: header.safe_until.as_deref().unwrap_or_default().into(),
        returned: i32::try_from(header.returned).unwrap_or(i32::MAX),
        clock: header.clock.as_str().into(),
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
    }
}
