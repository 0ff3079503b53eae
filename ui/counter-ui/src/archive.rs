//! The search for filings of former days, over the board.

use std::cell::RefCell;
use std::rc::Rc;

use counter_api::{ArchiveAction, ArchiveQuestion, ArchiveRow, ArchiveView, StaffAction};
use slint::ComponentHandle;

use crate::rows::{Rows, list};
use crate::staff_line::StaffLine;
use crate::ui::{ArchiveApi, FilingData, StaffWindow};

/// Draws the search and tells what staff asked.
pub(crate) struct ArchiveController {
    window: slint::Weak<StaffWindow>,
    rows: Rows<ArchiveRow, FilingData>,
    /// Values of the kinds, in the order of their labels on the screen.
    kinds: Rc<RefCell<Vec<String>>>,
}

impl ArchiveController {
    /// Connects the window.
    pub(crate) fn new(window: &StaffWindow, line: &Rc<StaffLine>) -> Self {
        let controller = Self {
            window: window.as_weak(),
            rows: Rows::default(),
            kinds: Rc::default(),
        };
        let api = window.global::<ArchiveApi<'_>>();
        api.set_rows(controller.rows.model());
        connect(&api, line, &controller.kinds);
        controller
    }

    /// Draws the search; nothing of it stays behind when it is closed.
    pub(crate) fn show(&mut self, view: Option<&ArchiveView>) {
        let Some(window) = self.window.upgrade() else {
            return;
        };
        let api = window.global::<ArchiveApi<'_>>();
        self.rows.show(view.map_or(&[], |view| &view.rows), draw);
        let nothing = ArchiveView::default();
        let drawn = view.unwrap_or(&nothing);
        let values: Vec<String> = drawn.kinds.iter().map(|kind| kind.value.clone()).collect();
        let kind = values.iter().position(|value| *value == drawn.asked.kind);
        if *self.kinds.borrow() != values {
            let labels = drawn.kinds.iter().map(|kind| kind.label.as_str().into());
            api.set_kind_labels(list(labels));
            self.kinds.replace(values);
        }
        let kind = kind.and_then(|kind| i32::try_from(kind).ok());
        api.set_kind(kind.unwrap_or_default());
        api.set_words(drawn.asked.words.as_str().into());
        api.set_from(drawn.asked.from.as_str().into());
        api.set_to(drawn.asked.to.as_str().into());
        api.set_message(drawn.message.as_str().into());
        api.set_more(drawn.more);
        api.set_shown(view.is_some());
    }
}

fn connect(api: &ArchiveApi<'_>, line: &Rc<StaffLine>, kinds: &Rc<RefCell<Vec<String>>>) {
    let plain = |deed: ArchiveAction| {
        let line = Rc::clone(line);
        move || line.deed(StaffAction::Archive { deed: deed.clone() })
    };
    api.on_open(plain(ArchiveAction::Open));
    api.on_close(plain(ArchiveAction::Close));
    api.on_find_more(plain(ArchiveAction::More));
    let (tell, kinds) = (Rc::clone(line), Rc::clone(kinds));
    api.on_find(move |words, from, to, kind| {
        let kinds = kinds.borrow();
        let kind = usize::try_from(kind)
            .ok()
            .and_then(|place| kinds.get(place));
        let question = ArchiveQuestion {
            words: words.into(),
            from: from.into(),
            to: to.into(),
            kind: kind.cloned().unwrap_or_default(),
        };
        let deed = ArchiveAction::Find { question };
        tell.deed(StaffAction::Archive { deed });
    });
    let open = Rc::clone(line);
    api.on_open_case(move |case| {
        if let Ok(case) = case.parse() {
            open.deed(StaffAction::OpenCase { case });
        }
    });
}

fn draw(row: &ArchiveRow) -> FilingData {
    FilingData {
        case: row.case.to_string().into(),
        number: row.receipt_number.as_str().into(),
        filed_on: row.filed_on.as_str().into(),
        event: row.event.as_str().into(),
        persons: row.persons.as_str().into(),
        staff: row.staff.as_str().into(),
        state: row.state.as_str().into(),
        protected: row.protected,
    }
}
