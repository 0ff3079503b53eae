//! The device page on the staff's screen.

use std::rc::Rc;

use counter_api::{DeviceAction, DeviceKind, DeviceRow, DevicesView, StaffAction};
use slint::ComponentHandle;

use crate::notice::{shown, tone};
use crate::rows::Rows;
use crate::staff_line::StaffLine;
use crate::ui::{DeviceData, DeviceSort, DevicesApi, StaffWindow};

/// Draws the page and tells what staff did on it.
pub(crate) struct DevicesController {
    window: slint::Weak<StaffWindow>,
    rows: Rows<DeviceRow, DeviceData>,
}

impl DevicesController {
    /// Connects the window.
    pub(crate) fn new(window: &StaffWindow, line: &Rc<StaffLine>) -> Self {
        let controller = Self {
            window: window.as_weak(),
            rows: Rows::default(),
        };
        let api = window.global::<DevicesApi<'_>>();
        api.set_rows(controller.rows.model());
        let plain = |deed: DeviceAction| {
            let line = Rc::clone(line);
            move || line.deed(StaffAction::Devices { deed: deed.clone() })
        };
        api.on_open(plain(DeviceAction::Open));
        api.on_close(plain(DeviceAction::Close));
        api.on_look(plain(DeviceAction::Look));
        let tell = Rc::clone(line);
        api.on_test(move |id| {
            let deed = DeviceAction::Test { id: id.into() };
            tell.deed(StaffAction::Devices { deed });
        });
        controller
    }

    /// Draws the page, while it is open.
    pub(crate) fn show(&mut self, view: Option<&DevicesView>) {
        let Some(window) = self.window.upgrade() else {
            return;
        };
        let api = window.global::<DevicesApi<'_>>();
        self.rows.show(view.map_or(&[], |view| &view.rows), draw);
        if let Some(view) = view {
            api.set_receipt_number(view.receipt_number.as_str().into());
        }
        api.set_shown(view.is_some());
    }
}

fn draw(row: &DeviceRow) -> DeviceData {
    DeviceData {
        id: row.id.as_str().into(),
        sort: match row.kind {
            DeviceKind::CardReader => DeviceSort::CardReader,
            DeviceKind::ReceiptPrinter => DeviceSort::ReceiptPrinter,
            DeviceKind::PagePrinter => DeviceSort::PagePrinter,
            DeviceKind::Scanner => DeviceSort::Scanner,
            DeviceKind::ResidentDisplay => DeviceSort::ResidentDisplay,
            DeviceKind::Disk => DeviceSort::Disk,
            DeviceKind::Line => DeviceSort::Line,
        },
        title: row.title.as_str().into(),
        model: row.model.as_str().into(),
        state: row.state.as_str().into(),
        tone: tone(row.tone),
        trouble: shown(row.trouble.as_ref()),
        last_success: row.last_success.as_str().into(),
        last_trouble: row.last_trouble.as_str().into(),
        test: row.test.as_str().into(),
        testing: row.testing,
        tested: shown(row.tested.as_ref()),
    }
}
