//! Reservations and certificate data on the staff's screen: the list, the proposal, and cases of
//! one visit.

use std::rc::Rc;

use counter_api::{
    FlowView, LinkedCase, PreparedAction, PreparedRow, PreparedView, ReceptionView, StaffAction,
    TakenPrepared,
};
use counter_domain::prepared::PreparedKind;
use slint::ComponentHandle;

use crate::rows::{Rows, list};
use crate::staff_line::StaffLine;
use crate::ui::{LinkData, PreparedApi, PreparedData, StaffWindow, TakenData};

/// Draws what is prepared and tells what staff did with it.
pub(crate) struct PreparedController {
    window: slint::Weak<StaffWindow>,
    rows: Rows<PreparedRow, PreparedData>,
    proposed: Rows<PreparedRow, PreparedData>,
    taken: Rows<TakenPrepared, TakenData>,
    links: Rows<LinkedCase, LinkData>,
}

impl PreparedController {
    /// Connects the window.
    pub(crate) fn new(window: &StaffWindow, line: &Rc<StaffLine>) -> Self {
        let controller = Self {
            window: window.as_weak(),
            rows: Rows::default(),
            proposed: Rows::default(),
            taken: Rows::default(),
            links: Rows::default(),
        };
        let api = window.global::<PreparedApi<'_>>();
        api.set_rows(controller.rows.model());
        api.set_proposed(controller.proposed.model());
        api.set_taken(controller.taken.model());
        api.set_links(controller.links.model());
        connect(&api, line);
        controller
    }

    /// Draws the list; nothing of it stays behind when it is closed.
    pub(crate) fn show_list(&mut self, view: Option<&PreparedView>) {
        let Some(window) = self.window.upgrade() else {
            return;
        };
        let api = window.global::<PreparedApi<'_>>();
        self.rows.show(view.map_or(&[], |view| &view.rows), draw);
        if let Some(view) = view {
            api.set_day_words(view.day_words.as_str().into());
            api.set_searched(!view.query.is_empty());
            api.set_message(view.message.as_str().into());
            api.set_as_of(view.as_of.as_str().into());
            api.set_receipt_number(view.receipt_number.as_str().into());
        }
        api.set_shown(view.is_some());
    }

    /// Draws what belongs to a reception.
    pub(crate) fn show_reception(&mut self, view: Option<&ReceptionView>) {
        let Some(window) = self.window.upgrade() else {
            return;
        };
        let api = window.global::<PreparedApi<'_>>();
        let flow = view.and_then(|view| view.flow.as_ref());
        let proposal = flow.and_then(|flow: &FlowView| flow.proposal.as_ref());
        let take = proposal.map_or(&[][..], |proposal| &proposal.take);
        self.proposed.show(take, draw);
        self.taken
            .show(flow.map_or(&[], |flow| &flow.taken), draw_taken);
        self.links
            .show(view.map_or(&[], |view| &view.links), draw_link);
        let text = |text: Option<&String>| text.cloned().unwrap_or_default().into();
        api.set_proposal_title(text(proposal.map(|proposal| &proposal.title)));
        api.set_proposal_why(text(proposal.map(|proposal| &proposal.why)));
        api.set_proposed_used(take.iter().any(|row| !row.used_by.is_empty()));
        api.set_proposal_differs(proposal.is_some_and(|proposal| proposal.differs));
        api.set_has_flow(flow.is_some());
    }
}

fn connect(api: &PreparedApi<'_>, line: &Rc<StaffLine>) {
    let plain = |deed: PreparedAction| {
        let line = Rc::clone(line);
        move || line.deed(StaffAction::Prepared { deed: deed.clone() })
    };
    api.on_open(plain(PreparedAction::Open));
    api.on_today(plain(PreparedAction::Open));
    api.on_close(plain(PreparedAction::Close));
    api.on_day_before(plain(PreparedAction::DayBefore));
    api.on_day_after(plain(PreparedAction::DayAfter));
    let tell = {
        let line = Rc::clone(line);
        move |deed: PreparedAction| line.deed(StaffAction::Prepared { deed })
    };
    let find = tell.clone();
    api.on_find(move |text| find(PreparedAction::Find { text: text.into() }));
    let take = tell.clone();
    api.on_take(move |kind, number, anyway| {
        if let Some(kind) = PreparedKind::of_code(&kind) {
            let number = number.into();
            take(PreparedAction::Take {
                kind,
                number,
                anyway,
            });
        }
    });
    let take = tell.clone();
    api.on_take_proposed(move |anyway| take(PreparedAction::TakeProposed { anyway }));
    let release = tell.clone();
    api.on_release(move |kind, number| {
        if let Some(kind) = PreparedKind::of_code(&kind) {
            let number = number.into();
            release(PreparedAction::Release { kind, number });
        }
    });
    let choose = tell.clone();
    api.on_choose_beside(move |path, kind| {
        let kind = PreparedKind::of_code(&kind);
        let path = path.into();
        choose(PreparedAction::ChooseBeside { path, kind });
    });
    let link = tell.clone();
    api.on_link(move |number| {
        let receipt_number = number.into();
        link(PreparedAction::Link { receipt_number });
    });
    api.on_unlink(move |case| {
        if let Ok(case) = case.parse() {
            tell(PreparedAction::Unlink { case });
        }
    });
    let open = Rc::clone(line);
    api.on_open_case(move |case| {
        if let Ok(case) = case.parse() {
            open.deed(StaffAction::OpenCase { case });
        }
    });
}

fn draw(row: &PreparedRow) -> PreparedData {
    PreparedData {
        kind: row.kind.code().into(),
        number: row.number.as_str().into(),
        title: row.title.as_str().into(),
        day: row.day.as_str().into(),
        people: list(row.people.iter().map(|person| person.as_str().into())),
        places: row.places.as_str().into(),
        wishes: row.wishes.as_str().into(),
        caution: row.caution.as_str().into(),
        used_by: row.used_by.join("、").into(),
        in_case: row.in_case,
        protected: row.protected,
    }
}

fn draw_taken(one: &TakenPrepared) -> TakenData {
    TakenData {
        kind: one.kind.code().into(),
        number: one.number.as_str().into(),
        title: one.title.as_str().into(),
        caution: one.caution.as_str().into(),
    }
}

fn draw_link(one: &LinkedCase) -> LinkData {
    LinkData {
        case: one.case.to_string().into(),
        number: one.receipt_number.as_str().into(),
        about: one.about.as_str().into(),
    }
}
