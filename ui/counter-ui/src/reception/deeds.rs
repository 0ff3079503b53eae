//! What staff do in a reception, told to the daemon.

use std::cell::RefCell;
use std::rc::Rc;

use counter_api::{CardNumber, Digits, SignView, StaffAction, Step};
use slint::{ComponentHandle, Model as _};

use crate::reception::Stand;
use crate::reception::fields::FieldRows;
use crate::staff_line::StaffLine;
use crate::ui::{KeyApi, Pad, ReceptionApi, StaffWindow, StepKind};

pub(super) fn connect_fields(
    api: &ReceptionApi<'_>,
    line: &Rc<StaffLine>,
    fields: &Rc<RefCell<FieldRows>>,
) {
    let typing = Rc::clone(line);
    api.on_edited(move |path, text| typing.type_into(&path, &text));
    connect_ticks(api, line, fields);
    let (leaving, fields) = (Rc::clone(line), Rc::clone(fields));
    api.on_commit(move |path, text| {
        let shown = fields.borrow().shown(&path);
        // A field that is gone has nothing left to say.
        if let Some(shown) = shown {
            leaving.commit(&path, &text, &shown);
        }
    });
    let choosing = Rc::clone(line);
    api.on_choose(move |path, counter| {
        if let Ok(counter) = counter.parse() {
            choosing.deed(StaffAction::ChooseValue {
                path: path.into(),
                counter,
            });
        }
    });
}

/// Boxes of which several may be ticked: their value has the ticks parted by commas.
fn connect_ticks(api: &ReceptionApi<'_>, line: &Rc<StaffLine>, fields: &Rc<RefCell<FieldRows>>) {
    api.on_has_tick(|value, tick| value.split(',').any(|one| one == tick.as_str()));
    let (line, fields) = (Rc::clone(line), Rc::clone(fields));
    api.on_toggle(move |path, tick| {
        let shown = fields.borrow().shown(&path);
        if let Some(shown) = shown {
            // Two quick presses: the second counts upon the first, not upon what is shown still.
            let before = line.on_its_way(&path).unwrap_or_else(|| shown.clone());
            line.commit(&path, &toggled(&before, &tick), &before);
        }
    });
}

/// The ticks of `value` with `tick` set where it was not, and the other way round.
fn toggled(value: &str, tick: &str) -> String {
    let mut ticks: Vec<&str> = value.split(',').filter(|one| !one.is_empty()).collect();
    match ticks.iter().position(|one| *one == tick) {
        Some(place) => drop(ticks.remove(place)),
        None => ticks.push(tick),
    }
    ticks.join(",")
}

pub(super) fn connect_deeds(api: &ReceptionApi<'_>, line: &Rc<StaffLine>) {
    connect_answers(api, line);
    connect_request(api, line);
    let deed = Rc::clone(line);
    api.on_go_to(move |step| {
        deed.deed(StaffAction::GoTo {
            step: step_of(step),
        });
    });
    let deed = Rc::clone(line);
    api.on_read_with_number(move |birth, expiry, code| {
        deed.deed(StaffAction::ReadWithNumberB {
            birth: Digits::new(&birth),
            expiry_year: Digits::new(&expiry),
            code: Digits::new(&code),
        });
    });
    let deed = Rc::clone(line);
    api.on_read_residence(move |number| {
        deed.deed(StaffAction::ReadResidenceCard {
            number: CardNumber::new(&number),
        });
    });
    let deed = Rc::clone(line);
    api.on_read_passport(move |number, birth, expires| {
        deed.deed(StaffAction::ReadPassport {
            number: CardNumber::new(&number),
            birth: Digits::new(&birth),
            expires: Digits::new(&expires),
        });
    });
    let deed = Rc::clone(line);
    api.on_remove_member(move |number| {
        if let Some(number) = member_number(number) {
            deed.deed(StaffAction::RemoveMember { number });
        }
    });
    let deed = Rc::clone(line);
    api.on_choose_purpose(move |key| {
        if let Some((event, flow)) = key.split_once('/') {
            deed.deed(StaffAction::ChoosePurpose {
                event: event.to_owned(),
                flow: flow.to_owned(),
            });
        }
    });
    let deed = Rc::clone(line);
    api.on_mark_member(move |number, set| {
        if let Some(number) = member_number(number) {
            deed.deed(StaffAction::MarkMember { number, set });
        }
    });
    let deed = Rc::clone(line);
    api.on_record_identity(move |kind| {
        deed.deed(StaffAction::RecordIdentity { kind: kind.into() });
    });
    let plain = |action: StaffAction| {
        let deed = Rc::clone(line);
        move || deed.deed(action.clone())
    };
    api.on_ask_pin(plain(StaffAction::AskPin));
    api.on_ask_both_pins(plain(StaffAction::AskBothPins));
    api.on_stop_waiting(plain(StaffAction::StopWaiting));
    api.on_add_member(plain(StaffAction::AddMember));
    api.on_undo(plain(StaffAction::Undo));
    api.on_show_to_resident(plain(StaffAction::ShowToResident));
    api.on_stop_showing(plain(StaffAction::StopShowing));
    api.on_submit(plain(StaffAction::Submit));
    api.on_print_receipt(plain(StaffAction::PrintReceipt));
    api.on_leave(plain(StaffAction::LeaveCase));
}

fn connect_request(api: &ReceptionApi<'_>, line: &Rc<StaffLine>) {
    let deed = Rc::clone(line);
    api.on_change_copies(move |certificate, by| {
        deed.deed(StaffAction::ChangeCopies {
            certificate: certificate.into(),
            by,
        });
    });
    let deed = Rc::clone(line);
    api.on_set_option(move |certificate, option, set| {
        deed.deed(StaffAction::SetOption {
            certificate: certificate.into(),
            option: option.into(),
            set,
        });
    });
    let deed = Rc::clone(line);
    api.on_set_paper(move |paper, set| {
        deed.deed(StaffAction::SetPaper {
            paper: paper.into(),
            set,
        });
    });
    let deed = Rc::clone(line);
    api.on_set_stop(move |stop, set| {
        deed.deed(StaffAction::SetStop {
            stop: stop.into(),
            set,
        });
    });
    let deed = Rc::clone(line);
    api.on_find_procedures(move |text| {
        deed.deed(StaffAction::FindProcedures { text: text.into() });
    });
    let deed = Rc::clone(line);
    api.on_pick_procedure(move |procedure, member, set| {
        deed.deed(StaffAction::PickProcedure {
            procedure: procedure.into(),
            member: member_number(member),
            set,
        });
    });
    api.on_is_among(|all, one| all.iter().any(|other| other == one));
}

fn connect_answers(api: &ReceptionApi<'_>, line: &Rc<StaffLine>) {
    let deed = Rc::clone(line);
    api.on_answer(move |fact, member, value| {
        let (fact, value) = (fact.into(), value.into());
        deed.deed(StaffAction::Answer {
            fact,
            member: member_number(member),
            value,
        });
    });
    let deed = Rc::clone(line);
    api.on_answer_all(move |question, value| {
        let members = question.asked.iter();
        deed.deed(StaffAction::AnswerMembers {
            fact: question.fact.into(),
            members: members
                .filter_map(|one| member_number(one.number))
                .collect(),
            value: value.into(),
        });
    });
    let deed = Rc::clone(line);
    api.on_ask_again(move |fact, member| {
        deed.deed(StaffAction::AskAgain {
            fact: fact.into(),
            member: member_number(member),
        });
    });
    let deed = Rc::clone(line);
    api.on_choose_answer(move |fact, member, take| {
        deed.deed(StaffAction::ChooseAnswer {
            fact: fact.into(),
            member: member_number(member),
            take,
        });
    });
}

/// The bar at the bottom, and Enter and Esc, which do the same.
pub(super) fn connect_bar(window: &StaffWindow, line: &Rc<StaffLine>, stand: &Rc<RefCell<Stand>>) {
    let api = window.global::<ReceptionApi<'_>>();
    let (deed, here) = (Rc::clone(line), Rc::clone(stand));
    let weak = window.as_weak();
    api.on_go_on(move || {
        hide_pad(&weak);
        let action = main_action(&here.borrow());
        if let Some(action) = action {
            deed.deed(action);
        }
    });
    let (deed, here) = (Rc::clone(line), Rc::clone(stand));
    let weak = window.as_weak();
    api.on_go_back(move || {
        hide_pad(&weak);
        let step = before(&here.borrow());
        if let Some(step) = step {
            deed.deed(StaffAction::GoTo { step });
        }
    });
}

fn hide_pad(window: &slint::Weak<StaffWindow>) {
    if let Some(window) = window.upgrade() {
        window.global::<KeyApi<'_>>().set_pad(Pad::None);
    }
}

fn main_action(stand: &Stand) -> Option<StaffAction> {
    let step = stand.step?;
    match (step, stand.sign.as_ref()) {
        (Step::Finish, _) => Some(StaffAction::LeaveCase),
        (Step::Sign, Some(SignView::Reading | SignView::Signing | SignView::Held)) => {
            Some(StaffAction::StopShowing)
        }
        _ if !stand.can_go_on => None,
        (Step::Sign, Some(SignView::Signed { .. })) => Some(StaffAction::Submit),
        (Step::Sign, _) => Some(StaffAction::ShowToResident),
        _ => after(stand).map(|step| StaffAction::GoTo { step }),
    }
}

fn place(stand: &Stand) -> Option<usize> {
    let step = stand.step?;
    stand.steps.iter().position(|one| *one == step)
}

fn after(stand: &Stand) -> Option<Step> {
    stand.steps.get(place(stand)? + 1).copied()
}

fn before(stand: &Stand) -> Option<Step> {
    let place = place(stand).filter(|_| stand.step != Some(Step::Finish))?;
    stand.steps.get(place.checked_sub(1)?).copied()
}

fn member_number(number: i32) -> Option<u8> {
    u8::try_from(number).ok().filter(|number| *number > 0)
}

fn step_of(step: StepKind) -> Step {
    match step {
        StepKind::Documents => Step::Documents,
        StepKind::Household => Step::Household,
        StepKind::Request => Step::Request,
        StepKind::Questions => Step::Questions,
        StepKind::Procedures => Step::Procedures,
        StepKind::Identity => Step::Identity,
        StepKind::Sign => Step::Sign,
        StepKind::Finish => Step::Finish,
    }
}
