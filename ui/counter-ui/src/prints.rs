//! The print page on the staff's screen.

use std::rc::Rc;

use counter_api::{
    PaperKindRow, PaperRow, PrintAction, PrintRow, PrinterRow, PrintsView, StaffAction,
};
use slint::ComponentHandle;

use crate::notice::tone;
use crate::rows::{Rows, list};
use crate::staff_line::StaffLine;
use crate::ui::{ChoiceData, JobData, KindData, PrinterData, PrintsApi, SheetData, StaffWindow};

/// Most pages of a paper that have a button each.
const PAGES_MAX: u16 = 6;

/// Draws the page and tells what staff did on it.
pub(crate) struct PrintsController {
    window: slint::Weak<StaffWindow>,
    papers: Rows<PaperRow, SheetData>,
    kinds: Rows<PaperKindRow, KindData>,
    printers: Rows<PrinterRow, PrinterData>,
    jobs: Rows<PrintRow, JobData>,
}

impl PrintsController {
    /// Connects the window.
    pub(crate) fn new(window: &StaffWindow, line: &Rc<StaffLine>) -> Self {
        let controller = Self {
            window: window.as_weak(),
            papers: Rows::default(),
            kinds: Rows::default(),
            printers: Rows::default(),
            jobs: Rows::default(),
        };
        let api = window.global::<PrintsApi<'_>>();
        api.set_papers(controller.papers.model());
        api.set_kinds(controller.kinds.model());
        api.set_printers(controller.printers.model());
        api.set_jobs(controller.jobs.model());
        connect(&api, line);
        controller
    }

    /// Draws the page, while it is open.
    pub(crate) fn show(&mut self, view: Option<&PrintsView>) {
        let Some(window) = self.window.upgrade() else {
            return;
        };
        let api = window.global::<PrintsApi<'_>>();
        self.papers
            .show(view.map_or(&[], |view| &view.papers), paper);
        self.kinds.show(view.map_or(&[], |view| &view.kinds), kind);
        self.printers
            .show(view.map_or(&[], |view| &view.printers), printer);
        self.jobs.show(view.map_or(&[], |view| &view.jobs), job);
        if let Some(view) = view {
            api.set_receipt_number(view.receipt_number.as_str().into());
            api.set_note(view.note.as_str().into());
            api.set_making(view.making);
            api.set_some_left(view.some_left);
        }
        api.set_shown(view.is_some());
    }
}

fn connect(api: &PrintsApi<'_>, line: &Rc<StaffLine>) {
    let told = |deed: PrintAction| {
        let line = Rc::clone(line);
        move || line.deed(StaffAction::Prints { deed: deed.clone() })
    };
    api.on_open(told(PrintAction::Open));
    api.on_close(told(PrintAction::Close));
    api.on_all(told(PrintAction::All));
    api.on_separators(told(PrintAction::Separators));
    let tell = Rc::clone(line);
    api.on_paper(move |id, page| {
        let page = u16::try_from(page).unwrap_or_default();
        let deed = PrintAction::Paper {
            id: id.into(),
            page,
        };
        tell.deed(StaffAction::Prints { deed });
    });
    let tell = Rc::clone(line);
    api.on_again(move |id| {
        if let Ok(id) = u32::try_from(id) {
            let deed = PrintAction::Again { id };
            tell.deed(StaffAction::Prints { deed });
        }
    });
    let tell = Rc::clone(line);
    api.on_cancel(move |id| {
        if let Ok(id) = u32::try_from(id) {
            let deed = PrintAction::Cancel { id };
            tell.deed(StaffAction::Prints { deed });
        }
    });
    let tell = Rc::clone(line);
    api.on_choose(move |kind, printer| {
        let deed = PrintAction::Choose {
            kind: kind.into(),
            printer: printer.into(),
        };
        tell.deed(StaffAction::Prints { deed });
    });
}

/// A paper of one page needs no button for its page.
fn paper(row: &PaperRow) -> SheetData {
    let last = if row.pages > 1 {
        row.pages.min(PAGES_MAX)
    } else {
        0
    };
    SheetData {
        id: row.id.as_str().into(),
        title: row.title.as_str().into(),
        detail: row.detail.as_str().into(),
        printed: row.printed.as_str().into(),
        pages: list((1..=last).map(i32::from)),
    }
}

fn kind(row: &PaperKindRow) -> KindData {
    KindData {
        kind: row.kind.as_str().into(),
        title: row.title.as_str().into(),
        printer: row.printer.as_str().into(),
        choices: list(row.choices.iter().map(|one| ChoiceData {
            value: one.value.as_str().into(),
            label: one.label.as_str().into(),
        })),
    }
}

fn printer(row: &PrinterRow) -> PrinterData {
    PrinterData {
        name: row.name.as_str().into(),
        state: row.state.as_str().into(),
        tone: tone(row.tone),
        waiting: row.waiting.as_str().into(),
        advice: row.advice.as_str().into(),
    }
}

fn job(row: &PrintRow) -> JobData {
    JobData {
        id: i32::try_from(row.id).unwrap_or_default(),
        title: row.title.as_str().into(),
        detail: row.detail.as_str().into(),
        state: row.state.as_str().into(),
        tone: tone(row.tone),
        advice: row.advice.as_str().into(),
        can_cancel: row.can_cancel,
        can_repeat: row.can_repeat,
    }
}
