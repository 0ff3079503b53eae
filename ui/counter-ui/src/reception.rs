//! A reception on the staff's screen.
//!
//! What is typed is held by [`StaffLine`] until the daemon said it is on disk: an edit is sent
//! before any other deed, and again after the daemon was away.

mod deeds;
mod draw;
mod face;
mod fields;
mod sides;

use std::cell::RefCell;
use std::rc::Rc;

use counter_api::{
    Answered, Choice, DifferenceView, FaceView, PicksView, ProcedureState, ProcedureView,
    PurposeView, QuestionView, ReceptionView, RefusalView, RequestView, SignView, Step, TrailItem,
};
use counter_domain::ids::CaseId;
use slint::ComponentHandle;

use crate::choice_rows;
use crate::notice::shown;
use crate::rows::{Rows, list};
use crate::staff_line::StaffLine;
use crate::ui::{
    AnsweredData, DifferenceData, FaceData, NoticeData, ProcedureData, QuestionData, ReceptionApi,
    RefusalData, SideData, StaffWindow, TrailData,
};

use fields::FieldRows;
use sides::{Side, side};

/// What the keyboard's Enter and Esc need to know.
#[derive(Default)]
struct Stand {
    case: Option<CaseId>,
    step: Option<Step>,
    steps: Vec<Step>,
    sign: Option<SignView>,
    can_go_on: bool,
}

/// Draws a reception and tells what staff did in it.
pub(crate) struct ReceptionController {
    window: slint::Weak<StaffWindow>,
    line: Rc<StaffLine>,
    trail: Rows<TrailItem, TrailData>,
    fields: Rc<RefCell<FieldRows>>,
    answered: Rows<Answered, AnsweredData>,
    procedures: Rows<ProcedureView, ProcedureData>,
    question: Option<QuestionView>,
    purpose: Option<PurposeView>,
    request: Option<RequestView>,
    picks: Option<PicksView>,
    refusals: Rows<RefusalView, RefusalData>,
    differences: Rows<DifferenceView, DifferenceData>,
    identity: Vec<Choice>,
    face: Option<FaceView>,
    stand: Rc<RefCell<Stand>>,
    /// The case last shown; a lock in between does not change it.
    last: Option<CaseId>,
    /// Where it was scrolled to when it was covered.
    scrolled: f32,
}

impl ReceptionController {
    pub(crate) fn new(window: &StaffWindow, line: &Rc<StaffLine>) -> Self {
        let api = window.global::<ReceptionApi<'_>>();
        let controller = Self {
            window: window.as_weak(),
            line: Rc::clone(line),
            trail: Rows::default(),
            fields: Rc::new(RefCell::new(FieldRows::new(&api))),
            answered: Rows::default(),
            procedures: Rows::default(),
            question: None,
            purpose: None,
            request: None,
            picks: None,
            refusals: Rows::default(),
            differences: Rows::default(),
            identity: Vec::new(),
            face: None,
            stand: Rc::default(),
            last: None,
            scrolled: 0.0,
        };
        api.set_trail(controller.trail.model());
        api.set_answered(controller.answered.model());
        api.set_procedures(controller.procedures.model());
        api.set_refusals(controller.refusals.model());
        api.set_differences(controller.differences.model());
        api.on_choice_rows(choice_rows::rows);
        deeds::connect_fields(&api, line, &controller.fields);
        deeds::connect_deeds(&api, line);
        deeds::connect_bar(window, line, &controller.stand);
        controller
    }

    /// Draws a reception.
    pub(crate) fn show(&mut self, view: &ReceptionView) {
        let Some(window) = self.window.upgrade() else {
            return;
        };
        let api = window.global::<ReceptionApi<'_>>();
        if self.stand.borrow().case != Some(view.case) {
            self.close();
            // After a lock everything stands where it stood.
            let again = self.last.replace(view.case) == Some(view.case);
            api.set_scrolled(if again { self.scrolled } else { 0.0 });
        }
        *self.stand.borrow_mut() = Stand {
            case: Some(view.case),
            step: Some(view.step),
            steps: view.trail.iter().map(|item| item.step).collect(),
            sign: Some(view.sign.clone()),
            can_go_on: view.can_go_on,
        };
        api.set_number(view.receipt_number.as_str().into());
        api.set_event(view.event.as_str().into());
        self.trail.show(&view.trail, draw::trail);
        self.fields.borrow_mut().show(view);
        self.line.shows(fields::values(view), fields::labels(view));
        api.set_before(side(view, Side::Before));
        api.set_after(side(view, Side::After));
        api.set_staying(side(view, Side::Staying));
        self.show_event(&api, view);
        self.show_interview(&api, view);
        if self.identity != view.identity.choices {
            api.set_identity_choices(list(view.identity.choices.iter().map(draw::choice)));
            self.identity.clone_from(&view.identity.choices);
        }
        let recorded = view.identity.recorded.as_deref().unwrap_or_default();
        api.set_identity_recorded(recorded.into());
        api.set_identity_chosen(view.identity.chosen.as_str().into());
        draw::card(&api, &view.card);
        api.set_card_filled(view.card_filled.as_str().into());
        if self.face != view.face {
            api.set_face(face::face(view.face.as_ref()));
            self.face.clone_from(&view.face);
        }
        draw::sign(&api, &view.sign);
        draw::save(&api, &view.save);
        api.set_finish(draw::finish(view.finish.as_ref()));
        api.set_can_go_on(view.can_go_on);
        api.set_moved(shown(view.moved.as_ref()));
        api.set_blocked_by(view.blocked_by.as_deref().unwrap_or_default().into());
        api.set_can_undo(view.can_undo);
        api.set_step(draw::step(view.step));
        self.line.tell();
    }

    /// What belongs to the event: its purpose, what the law says of it, its certificates.
    fn show_event(&mut self, api: &ReceptionApi<'_>, view: &ReceptionView) {
        if self.purpose != view.purpose {
            draw::purposes(api, view.purpose.as_ref());
            self.purpose.clone_from(&view.purpose);
        }
        if self.request != view.request {
            draw::request(api, view.request.as_ref());
            self.request.clone_from(&view.request);
        }
        if self.picks != view.picks {
            draw::picks(api, view.picks.as_ref());
            self.picks.clone_from(&view.picks);
        }
        self.refusals.show(&view.refusals, draw::refusal);
        self.differences.show(&view.differences, draw::difference);
        api.set_marked(view.members.iter().any(|member| member.mark.is_some()));
        api.set_late(view.late.as_deref().unwrap_or_default().into());
    }

    fn show_interview(&mut self, api: &ReceptionApi<'_>, view: &ReceptionView) {
        if self.question != view.question {
            api.set_question(draw::question(view.question.as_ref()));
            self.question.clone_from(&view.question);
        }
        self.answered.show(&view.answered, draw::answered);
        self.procedures.show(&view.procedures, draw::procedure);
        let unsure = view
            .procedures
            .iter()
            .filter(|procedure| procedure.state == ProcedureState::ToConfirm);
        api.set_to_confirm_count(i32::try_from(unsure.count()).unwrap_or(i32::MAX));
    }

    /// Leaves nothing of the case on the screen.
    pub(crate) fn close(&mut self) {
        if self.stand.borrow().step.is_none() {
            return;
        }
        *self.stand.borrow_mut() = Stand::default();
        // An empty page scrolls back to its top by itself.
        if let Some(window) = self.window.upgrade() {
            self.scrolled = window.global::<ReceptionApi<'_>>().get_scrolled();
        }
        self.fields.borrow_mut().clear();
        self.answered.show(&[], draw::answered);
        self.procedures.show(&[], draw::procedure);
        self.trail.show(&[], draw::trail);
        self.question = None;
        self.purpose = None;
        self.request = None;
        self.picks = None;
        self.face = None;
        self.refusals.show(&[], draw::refusal);
        self.differences.show(&[], draw::difference);
        if let Some(window) = self.window.upgrade() {
            let api = window.global::<ReceptionApi<'_>>();
            api.set_before(SideData::default());
            api.set_after(SideData::default());
            api.set_staying(SideData::default());
            api.set_late("".into());
            api.set_moved(NoticeData::default());
            draw::purposes(&api, None);
            draw::request(&api, None);
            draw::picks(&api, None);
            api.set_question(QuestionData::default());
            api.set_face(FaceData::default());
        }
    }
}
