//! A reception on the staff's screen.
//!
//! What is typed is held here until the daemon said it is on disk: an edit is sent before anything
//! else is, and again after the daemon was away.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use counter_api::{
    Answered, CardView, Choice, Digits, FieldKind, FieldView, FinishView, MemberView,
    ProcedureState, ProcedureView, QuestionView, ReceptionView, RemarkView, SaveState, SignView,
    StaffAction, Step, StepState, TrailItem,
};
use counter_domain::draft::Source;
use counter_domain::ids::CaseId;
use slint::{ComponentHandle, Model as _};

use crate::choice_rows;
use crate::notice::shown;
use crate::rows::{Rows, list};
use crate::staff::SendStaff;
use crate::ui::{
    AnsweredData, CardKind, ChoiceData, FieldData, FieldType, FinishData, KeyApi, MemberData,
    OtherData, Pad, ProcedureData, QuestionData, ReceptionApi, RemarkData, SideData, SignKind,
    SourceKind, StaffWindow, StepKind, StepMark, TrailData,
};

/// Fields typed into and not yet known to be on disk.
type Typed = Rc<RefCell<BTreeMap<String, String>>>;

const STEPS: [Step; 7] = [
    Step::Documents,
    Step::Household,
    Step::Questions,
    Step::Procedures,
    Step::Identity,
    Step::Sign,
    Step::Finish,
];

/// What the keyboard's Enter and Esc need to know.
#[derive(Default)]
struct Stand {
    case: Option<CaseId>,
    step: Option<Step>,
    sign: Option<SignView>,
    can_go_on: bool,
}

/// Draws a reception and tells what staff did in it.
pub(crate) struct ReceptionController {
    window: slint::Weak<StaffWindow>,
    send: SendStaff,
    trail: Rows<TrailItem, TrailData>,
    move_fields: Rows<FieldView, FieldData>,
    members: Rows<(u8, String), MemberData>,
    member_fields: Rc<RefCell<BTreeMap<u8, Rows<FieldView, FieldData>>>>,
    answered: Rows<Answered, AnsweredData>,
    procedures: Rows<ProcedureView, ProcedureData>,
    remarks: Rows<(RemarkView, bool), RemarkData>,
    remark_fields: Rc<RefCell<Rows<FieldView, FieldData>>>,
    question: Option<QuestionView>,
    identity: Vec<Choice>,
    typed: Typed,
    stand: Rc<RefCell<Stand>>,
}

impl ReceptionController {
    pub(crate) fn new(window: &StaffWindow, send: &SendStaff) -> Self {
        let controller = Self {
            window: window.as_weak(),
            send: Rc::clone(send),
            trail: Rows::default(),
            move_fields: Rows::default(),
            members: Rows::default(),
            member_fields: Rc::default(),
            answered: Rows::default(),
            procedures: Rows::default(),
            remarks: Rows::default(),
            remark_fields: Rc::default(),
            question: None,
            identity: Vec::new(),
            typed: Rc::default(),
            stand: Rc::default(),
        };
        let api = window.global::<ReceptionApi<'_>>();
        api.set_trail(controller.trail.model());
        api.set_move_fields(controller.move_fields.model());
        api.set_members(controller.members.model());
        api.set_answered(controller.answered.model());
        api.set_procedures(controller.procedures.model());
        api.set_remarks(controller.remarks.model());
        api.set_remark_fields(controller.remark_fields.borrow().model());
        api.on_choice_rows(choice_rows::rows);
        controller.connect_fields(&api);
        controller.connect_deeds(&api);
        controller.connect_bar(window);
        controller
    }

    /// Every deed goes out after what was typed.
    fn deed(&self) -> SendStaff {
        let (typed, send) = (Rc::clone(&self.typed), Rc::clone(&self.send));
        Rc::new(move |action| {
            flush(&typed, &send);
            send(action);
        })
    }

    fn connect_fields(&self, api: &ReceptionApi<'_>) {
        let typed = Rc::clone(&self.typed);
        api.on_edited(move |path, text| {
            typed.borrow_mut().insert(path.into(), text.into());
        });
        let (typed, send) = (Rc::clone(&self.typed), Rc::clone(&self.send));
        let (window, fields) = (self.window.clone(), Rc::clone(&self.member_fields));
        api.on_commit(move |path, text| {
            let was_typed = typed.borrow_mut().remove(path.as_str()).is_some();
            let shown = window
                .upgrade()
                .and_then(|window| shown_value(&window, &fields.borrow(), &path));
            // A field that is gone has nothing left to say.
            if shown.is_some_and(|shown| was_typed || shown != text.as_str()) {
                typed.borrow_mut().insert(path.into(), text.into());
                flush(&typed, &send);
            }
        });
        let deed = self.deed();
        api.on_choose(move |path, counter| {
            if let Ok(counter) = counter.parse() {
                deed(StaffAction::ChooseValue {
                    path: path.into(),
                    counter,
                });
            }
        });
    }

    fn connect_deeds(&self, api: &ReceptionApi<'_>) {
        let deed = self.deed();
        api.on_answer(move |fact, member, value| {
            let (fact, value) = (fact.into(), value.into());
            deed(StaffAction::Answer {
                fact,
                member: member_number(member),
                value,
            });
        });
        let deed = self.deed();
        api.on_ask_again(move |fact, member| {
            deed(StaffAction::AskAgain {
                fact: fact.into(),
                member: member_number(member),
            });
        });
        let deed = self.deed();
        api.on_go_to(move |step| {
            deed(StaffAction::GoTo {
                step: step_of(step),
            })
        });
        let deed = self.deed();
        api.on_read_with_number(move |birth, expiry, code| {
            deed(StaffAction::ReadWithNumberB {
                birth: Digits::new(&birth),
                expiry_year: Digits::new(&expiry),
                code: Digits::new(&code),
            });
        });
        let deed = self.deed();
        api.on_remove_member(move |number| {
            if let Some(number) = member_number(number) {
                deed(StaffAction::RemoveMember { number });
            }
        });
        let deed = self.deed();
        api.on_record_identity(move |kind| deed(StaffAction::RecordIdentity { kind: kind.into() }));
        let plain = |action: StaffAction| {
            let deed = self.deed();
            move || deed(action.clone())
        };
        api.on_ask_pin(plain(StaffAction::AskPin));
        api.on_stop_waiting(plain(StaffAction::StopWaiting));
        api.on_add_member(plain(StaffAction::AddMember));
        api.on_undo(plain(StaffAction::Undo));
        api.on_show_to_resident(plain(StaffAction::ShowToResident));
        api.on_stop_showing(plain(StaffAction::StopShowing));
        api.on_submit(plain(StaffAction::Submit));
        api.on_print_receipt(plain(StaffAction::PrintReceipt));
        api.on_leave(plain(StaffAction::LeaveCase));
    }

    fn connect_bar(&self, window: &StaffWindow) {
        let api = window.global::<ReceptionApi<'_>>();
        let (deed, stand) = (self.deed(), Rc::clone(&self.stand));
        let weak = window.as_weak();
        api.on_go_on(move || {
            hide_pad(&weak);
            let action = main_action(&stand.borrow());
            if let Some(action) = action {
                deed(action);
            }
        });
        let (deed, stand) = (self.deed(), Rc::clone(&self.stand));
        let weak = window.as_weak();
        api.on_go_back(move || {
            hide_pad(&weak);
            let step = stand.borrow().step;
            if let Some(step) = step.filter(|step| *step != Step::Finish).and_then(before) {
                deed(StaffAction::GoTo { step });
            }
        });
    }

    /// Draws a reception.
    pub(crate) fn show(&mut self, view: &ReceptionView) {
        let Some(window) = self.window.upgrade() else {
            return;
        };
        let api = window.global::<ReceptionApi<'_>>();
        // What was typed into one case never reaches another.
        if self.stand.borrow().case != Some(view.case) {
            self.close();
        }
        *self.stand.borrow_mut() = Stand {
            case: Some(view.case),
            step: Some(view.step),
            sign: Some(view.sign.clone()),
            can_go_on: view.can_go_on,
        };
        api.set_number(view.receipt_number.as_str().into());
        api.set_event(view.event.as_str().into());
        self.trail.show(&view.trail, draw_trail);
        self.show_fields(view);
        api.set_before(side(view, Side::Before));
        api.set_after(side(view, Side::After));
        if self.question != view.question {
            api.set_question(draw_question(view.question.as_ref()));
            self.question.clone_from(&view.question);
        }
        self.answered.show(&view.answered, draw_answered);
        self.procedures.show(&view.procedures, draw_procedure);
        let unsure = view
            .procedures
            .iter()
            .filter(|p| p.state == ProcedureState::ToConfirm);
        api.set_to_confirm_count(i32::try_from(unsure.count()).unwrap_or(i32::MAX));
        if self.identity != view.identity.choices {
            api.set_identity_choices(list(view.identity.choices.iter().map(draw_choice)));
            self.identity.clone_from(&view.identity.choices);
        }
        let recorded = view.identity.recorded.as_deref().unwrap_or_default();
        api.set_identity_recorded(recorded.into());
        show_card(&api, &view.card);
        show_sign(&api, &view.sign);
        show_save(&api, &view.save);
        api.set_finish(draw_finish(view.finish.as_ref()));
        api.set_can_go_on(view.can_go_on);
        api.set_blocked_by(view.blocked_by.as_deref().unwrap_or_default().into());
        api.set_can_undo(view.can_undo);
        api.set_step(draw_step(view.step));
    }

    /// A field with a remark stands at the top, with the remark, and not among the others.
    fn show_fields(&mut self, view: &ReceptionView) {
        let members = view.members.iter().flat_map(|member| &member.fields);
        let (remarked, moves): (Vec<_>, Vec<_>) = view
            .move_fields
            .iter()
            .chain(members)
            .filter(|field| field.remark.is_some() || !field.path.starts_with("member."))
            .cloned()
            .partition(|field| field.remark.is_some());
        let remarks: Vec<_> = view
            .remarks
            .iter()
            .map(|remark| {
                let has_field = remarked.iter().any(|field| field.path == remark.path);
                (remark.clone(), has_field)
            })
            .collect();
        self.remarks.show(&remarks, draw_remark);
        self.remark_fields.borrow_mut().show(&remarked, draw_field);
        self.move_fields.show(&moves, draw_field);
        self.show_members(&view.members);
    }

    fn show_members(&mut self, members: &[MemberView]) {
        let mut fields = self.member_fields.borrow_mut();
        fields.retain(|number, _| members.iter().any(|member| member.number == *number));
        for member in members {
            let others: Vec<_> = member
                .fields
                .iter()
                .filter(|field| field.remark.is_none())
                .cloned()
                .collect();
            fields
                .entry(member.number)
                .or_default()
                .show(&others, draw_field);
        }
        let keys: Vec<_> = members
            .iter()
            .map(|member| (member.number, name_of(member)))
            .collect();
        self.members.show(&keys, |(number, name)| MemberData {
            number: i32::from(*number),
            name: name.as_str().into(),
            fields: fields.get(number).map(Rows::model).unwrap_or_default(),
        });
    }

    /// Leaves nothing of the case behind.
    pub(crate) fn close(&mut self) {
        if self.stand.borrow().step.is_none() {
            return;
        }
        *self.stand.borrow_mut() = Stand::default();
        self.typed.borrow_mut().clear();
        self.move_fields.show(&[], draw_field);
        self.show_members(&[]);
        self.answered.show(&[], draw_answered);
        self.procedures.show(&[], draw_procedure);
        self.remarks.show(&[], draw_remark);
        self.remark_fields.borrow_mut().show(&[], draw_field);
        self.trail.show(&[], draw_trail);
        if let Some(window) = self.window.upgrade() {
            let api = window.global::<ReceptionApi<'_>>();
            api.set_before(SideData::default());
            api.set_after(SideData::default());
            api.set_question(QuestionData::default());
            self.question = None;
        }
    }

    /// Sends what was typed while the daemon was away.
    pub(crate) fn send_again(&self) {
        flush(&self.typed, &self.send);
    }
}

fn flush(typed: &Typed, send: &SendStaff) {
    let fields = std::mem::take(&mut *typed.borrow_mut());
    for (path, value) in fields {
        send(StaffAction::SetField { path, value });
    }
}

fn hide_pad(window: &slint::Weak<StaffWindow>) {
    if let Some(window) = window.upgrade() {
        window.global::<KeyApi<'_>>().set_pad(Pad::None);
    }
}

fn shown_value(
    window: &StaffWindow,
    members: &BTreeMap<u8, Rows<FieldView, FieldData>>,
    path: &str,
) -> Option<String> {
    let moves = window.global::<ReceptionApi<'_>>().get_move_fields();
    let remarked = window.global::<ReceptionApi<'_>>().get_remark_fields();
    let fields = members.values().map(Rows::model).chain([moves, remarked]);
    fields
        .flat_map(|model| model.iter().collect::<Vec<_>>())
        .find(|field| field.path == path)
        .map(|field| field.value.into())
}

fn main_action(stand: &Stand) -> Option<StaffAction> {
    let step = stand.step?;
    match (step, stand.sign.as_ref()) {
        (Step::Finish, _) => Some(StaffAction::LeaveCase),
        (Step::Sign, Some(SignView::Reading | SignView::Signing)) => Some(StaffAction::StopShowing),
        _ if !stand.can_go_on => None,
        (Step::Sign, Some(SignView::Signed { .. })) => Some(StaffAction::Submit),
        (Step::Sign, _) => Some(StaffAction::ShowToResident),
        (step, _) => after(step).map(|step| StaffAction::GoTo { step }),
    }
}

fn after(step: Step) -> Option<Step> {
    STEPS.into_iter().find(|other| *other > step)
}

fn before(step: Step) -> Option<Step> {
    STEPS.into_iter().rev().find(|other| *other < step)
}

fn member_number(number: i32) -> Option<u8> {
    u8::try_from(number).ok().filter(|number| *number > 0)
}

fn step_of(step: StepKind) -> Step {
    match step {
        StepKind::Documents => Step::Documents,
        StepKind::Household => Step::Household,
        StepKind::Questions => Step::Questions,
        StepKind::Procedures => Step::Procedures,
        StepKind::Identity => Step::Identity,
        StepKind::Sign => Step::Sign,
        StepKind::Finish => Step::Finish,
    }
}

fn draw_step(step: Step) -> StepKind {
    match step {
        Step::Documents => StepKind::Documents,
        Step::Household => StepKind::Household,
        Step::Questions => StepKind::Questions,
        Step::Procedures => StepKind::Procedures,
        Step::Identity => StepKind::Identity,
        Step::Sign => StepKind::Sign,
        Step::Finish => StepKind::Finish,
    }
}

fn draw_trail(item: &TrailItem) -> TrailData {
    TrailData {
        step: draw_step(item.step),
        mark: match item.state {
            StepState::Done => StepMark::Done,
            StepState::Current => StepMark::Current,
            StepState::Open => StepMark::Open,
            StepState::Attention => StepMark::Attention,
        },
        count: item
            .count
            .and_then(|count| i32::try_from(count).ok())
            .unwrap_or_default(),
    }
}

fn draw_choice(choice: &Choice) -> ChoiceData {
    ChoiceData {
        value: choice.value.as_str().into(),
        label: choice.label.as_str().into(),
    }
}

fn draw_field(field: &FieldView) -> FieldData {
    let text = |text: &Option<String>| text.as_deref().unwrap_or_default().into();
    FieldData {
        path: field.path.as_str().into(),
        label: field.label.as_str().into(),
        kind: match field.kind {
            FieldKind::Text => FieldType::Text,
            FieldKind::ExactGlyphs => FieldType::Exact,
            FieldKind::Kana => FieldType::Kana,
            FieldKind::Date => FieldType::Date,
            FieldKind::Choice => FieldType::Choice,
            FieldKind::Phone => FieldType::Phone,
        },
        value: field.value.as_str().into(),
        hint: field.hint.as_str().into(),
        choices: list(field.choices.iter().map(draw_choice)),
        source: field.source.map_or(SourceKind::None, draw_source),
        confidence: field.confidence.map_or(100, i32::from),
        required: field.required,
        error: text(&field.error),
        remark: text(&field.remark),
        old_value: text(&field.old_value),
        others: list(field.others.iter().map(|other| OtherData {
            counter: other.counter.to_string().into(),
            value: other.value.as_str().into(),
            at: other.at.as_str().into(),
        })),
    }
}

fn draw_source(source: Source) -> SourceKind {
    match source {
        Source::Chip => SourceKind::Chip,
        Source::Ocr => SourceKind::Ocr,
        Source::Certificate => SourceKind::Certificate,
        Source::ResidentCopy => SourceKind::ResidentCopy,
        Source::Resident => SourceKind::Resident,
        Source::Staff => SourceKind::Staff,
        Source::Derived => SourceKind::Derived,
    }
}

fn draw_question(question: Option<&QuestionView>) -> QuestionData {
    question.map_or_else(QuestionData::default, |question| QuestionData {
        shown: true,
        fact: question.fact.as_str().into(),
        member: question.member.map_or(0, i32::from),
        member_name: question.member_name.as_str().into(),
        text: question.text.as_str().into(),
        easy: question.text_easy.as_str().into(),
        english: question.text_english.as_str().into(),
        choices: list(question.choices.iter().map(draw_choice)),
        can_be_unknown: question
            .choices
            .iter()
            .all(|choice| choice.value != "unknown"),
        settles: list(question.settles.iter().map(|name| name.as_str().into())),
        sensitive: question.sensitive,
    })
}

fn draw_answered(answered: &Answered) -> AnsweredData {
    AnsweredData {
        fact: answered.fact.as_str().into(),
        member: answered.member.map_or(0, i32::from),
        text: answered.text.as_str().into(),
        answer: answered.answer.as_str().into(),
    }
}

fn draw_procedure(procedure: &ProcedureView) -> ProcedureData {
    ProcedureData {
        id: procedure.id.as_str().into(),
        name: procedure.name.as_str().into(),
        member: procedure.member.as_str().into(),
        to_confirm: procedure.state == ProcedureState::ToConfirm,
        reason: procedure.reason.as_str().into(),
        deadline: procedure.deadline.as_str().into(),
        section: procedure.section.as_str().into(),
        documents: list(procedure.documents.iter().map(|name| name.as_str().into())),
    }
}

fn draw_remark((remark, has_field): &(RemarkView, bool)) -> RemarkData {
    RemarkData {
        has_field: *has_field,
        path: remark.path.as_str().into(),
        label: remark.label.as_str().into(),
        category: remark.category.as_str().into(),
        text: remark.text.as_str().into(),
        settled: remark.settled,
    }
}

fn draw_finish(finish: Option<&FinishView>) -> FinishData {
    finish.map_or_else(FinishData::default, |finish| FinishData {
        shown: true,
        at_head_office: finish.at_head_office,
        sending: finish.sending.as_str().into(),
        receipt_printed: finish.receipt_printed,
        problem: shown(finish.receipt_problem.as_ref()),
        state: finish.state.as_str().into(),
    })
}

fn show_card(api: &ReceptionApi<'_>, card: &CardView) {
    let (kind, pin, number_b) = match card {
        CardView::NoReader => (CardKind::NoReader, 0, 0),
        CardView::Empty => (CardKind::Empty, 0, 0),
        CardView::Unknown => (CardKind::Unknown, 0, 0),
        CardView::Present {
            pin_tries_left,
            number_b_tries_left,
        } => (CardKind::Present, *pin_tries_left, *number_b_tries_left),
        CardView::Reading => (CardKind::Reading, 0, 0),
        CardView::Read => (CardKind::Read, 0, 0),
    };
    api.set_card(kind);
    api.set_pin_tries(pin.into());
    api.set_number_b_tries(number_b.into());
}

fn show_sign(api: &ReceptionApi<'_>, sign: &SignView) {
    let (kind, at, fingerprint) = match sign {
        SignView::NotShown => (SignKind::NotShown, "", ""),
        SignView::Reading => (SignKind::Reading, "", ""),
        SignView::Objected => (SignKind::Objected, "", ""),
        SignView::Signing => (SignKind::Signing, "", ""),
        SignView::Signed { at, fingerprint } => {
            (SignKind::Signed, at.as_str(), fingerprint.as_str())
        }
        SignView::Void => (SignKind::Void, "", ""),
    };
    api.set_sign(kind);
    api.set_signed_at(at.into());
    api.set_fingerprint(fingerprint.into());
}

fn show_save(api: &ReceptionApi<'_>, save: &SaveState) {
    match save {
        SaveState::Saved { at } => {
            api.set_save_failed(false);
            api.set_saved_at(at.as_str().into());
        }
        SaveState::Failed { notice } => {
            api.set_save_failed(true);
            api.set_save_notice(notice.into());
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Before,
    After,
}

fn name_of(member: &MemberView) -> String {
    shown_in(&member.fields, &format!("member.{}.name", member.number))
}

/// The value at `path` as people read it: the label of a choice, not its code.
fn shown_in(fields: &[FieldView], path: &str) -> String {
    fields
        .iter()
        .find(|field| field.path == path)
        .map(as_read)
        .unwrap_or_default()
}

fn as_read(field: &FieldView) -> String {
    field
        .choices
        .iter()
        .find(|choice| choice.value == field.value)
        .map_or_else(|| field.value.clone(), |choice| choice.label.clone())
}

fn side(view: &ReceptionView, side: Side) -> SideData {
    let (address, head, relation) = match side {
        Side::Before => ("address.old", "head.old", "relation_before"),
        Side::After => ("address.new", "head.new", "relation"),
    };
    let building = match side {
        Side::Before => String::new(),
        Side::After => shown_in(&view.move_fields, "address.new.building"),
    };
    let people = view.members.iter().filter_map(|member| {
        let name = name_of(member);
        let path = format!("member.{}.{relation}", member.number);
        let relation = shown_in(&member.fields, &path);
        (!name.is_empty()).then(|| [name, relation].join("　").trim_end().into())
    });
    let address = [shown_in(&view.move_fields, address), building].join("　");
    SideData {
        address: address.trim().into(),
        head: shown_in(&view.move_fields, head).into(),
        people: list(people),
    }
}
