//! What staff see.

use counter_api::{
    CardView, Choice, FieldView, FinishView, Header, IdentityView, LineState, MemberView,
    OtherValue, ReceptionView, RefusalView, RemarkView, SaveState, SignView, StaffScreen, Step,
    StepState, TrailItem,
};
use counter_domain::case::{CaseState, Remark, RemarkCategory};
use counter_domain::draft::FieldValue;
use counter_domain::protection::tells_where;
use counter_domain::snapshot::Snapshot;
use jiff::civil::Date;

use crate::clock::{hour_and_minute, month_and_day};
use crate::desk::Desk;
use crate::desk::answers;
use crate::desk::checks::{
    Asked, asked_at_identity, asked_of_a_member, asked_of_the_move, date_hint, head_problem, shown,
    wrong,
};
use crate::desk::paper;
use crate::desk::purpose::{self, late_in_words};
use crate::desk::reservations::beside;
use crate::desk::residents::copy_value;
use crate::desk::visit::{Pin, Receipt, Showing, Visit};
use crate::devices::{CardLies, OtherCard};
use crate::events::events;
use crate::fields::{EXEMPTIONS, FieldDef, Kind, MEMBERS, fields, split_member};
use crate::records::Records;
use crate::texts::{sentence, word};

/// Letters of a snapshot's hash that people compare.
const FINGERPRINT_LETTERS: usize = 8;

impl<R: Records> Desk<R> {
    pub(super) fn header(&self) -> Header {
        let sending = self.records.sending();
        Header {
            place: self.place.name.clone(),
            staff: self.door.at_screen().map(|staff| staff.name.clone()),
            line: self.line,
            neighbours: self.neighbours,
            waiting_to_send: sending.waiting,
            safe_until: sending.safe_until_unix_ms.map(hour_and_minute),
            returned: u32::try_from(self.board.returned_cases().len()).unwrap_or(u32::MAX),
            clock: hour_and_minute(self.now()),
            today: month_and_day(self.now()),
            devices: self.devices,
            resident_copy: self.copy_state(),
        }
    }

    pub(super) fn staff_screen(&self) -> StaffScreen {
        match (self.door.at_screen(), &self.visit) {
            (None, _) => StaffScreen::SignIn(self.sign_in_view()),
            (Some(_), None) => self.board.draw(),
            (Some(_), Some(visit)) => StaffScreen::Reception(Box::new(self.reception(visit))),
        }
    }

    fn reception(&self, visit: &Visit) -> ReceptionView {
        let (kind, flow) = visit.event();
        let field = |asked: &Asked<'_>| self.field(visit, asked);
        // Those it concerns first; those who stay ask for little.
        let stays = |number: &u8| visit.plan().mark.is_some() && !visit.is_marked(*number);
        let (staying, concerned): (Vec<u8>, Vec<u8>) = visit.members().into_iter().partition(stays);
        let members = concerned.into_iter().chain(staying);
        let members = members.map(|number| MemberView {
            number,
            fields: asked_of_a_member(visit, number).iter().map(field).collect(),
            mark: purpose::mark(visit, number),
        });
        let blocked_by = self.blocked_by(visit);
        ReceptionView {
            case: visit.case(),
            receipt_number: visit.receipt_number(),
            event: event_in_words(kind, flow),
            step: visit.step,
            trail: self.trail(visit),
            card: self.card_view(visit),
            card_filled: visit.card_filled.clone(),
            move_fields: asked_of_the_move(visit).iter().map(field).collect(),
            members: members.collect(),
            question: self.question(visit),
            answered: self.answered(visit),
            procedures: visit.interview.procedures.clone(),
            identity: identity(visit, asked_at_identity(visit).iter().map(field)),
            sign: sign(visit),
            remarks: visit
                .record
                .summary
                .remarks
                .iter()
                .map(|r| remark(visit, r))
                .collect(),
            finish: self.finish(visit),
            save: match &visit.failed {
                Some(notice) => SaveState::Failed {
                    notice: notice.clone(),
                },
                None => SaveState::Saved {
                    at: hour_and_minute(visit.saved_at_ms),
                },
            },
            can_go_on: blocked_by.is_none(),
            blocked_by,
            can_undo: visit.can_undo,
            protection: self.protection_in_words(visit),
            residents: self.residents_view(visit),
            places: self.places_view(visit),
            characters: self.characters_view(visit),
            flow: self.flow_view(visit),
            links: self.linked(visit),
            purpose: purpose::view(visit),
            sides: visit.plan().sides,
            refusals: refusals(visit),
            late: visit
                .late
                .as_ref()
                .filter(|_| visit.is_editable())
                .map(late_in_words),
            differences: visit.differences.clone(),
            request: self.request_view(visit),
            boxes: self.boxes_view(visit),
            picks: self.picks_view(visit),
            paper: self.paper_view(visit),
            moved: self.moved_view(visit),
            face: self.face_view(visit),
        }
    }

    pub(super) fn field(&self, visit: &Visit, asked: &Asked<'_>) -> FieldView {
        let (def, path) = (asked.def, asked.path.clone());
        if tells_where(&path.as_str().into()) && !self.may_see_where(visit) {
            return left_out(def, path);
        }
        let merged = visit.draft().field(&path.as_str().into());
        let stored = visit.text(&path);
        let value = visit.unsaved.get(&path).map_or(stored, String::as_str);
        let others = merged.iter().flat_map(|field| &field.others);
        let remarks = visit.record.summary.remarks.iter();
        let mut error = wrong(def, value, self.today(), self.glyphs.as_ref())
            .or_else(|| head_problem(visit, &path, self.today()));
        if error.is_none()
            && let Some(failed) = visit.failed.as_ref()
            && visit.unsaved.contains_key(&path)
        {
            error = Some(failed.what.clone());
        }
        FieldView {
            label: def.label.ja.clone(),
            translated: String::new(),
            kind: def.kind.on_screen(),
            value: as_shown(def, value),
            hint: if def.kind == Kind::Date {
                date_hint(&path, value, self.today())
            } else {
                hint(visit, &path, self.today())
            },
            choices: choices(visit, def),
            source: merged
                .as_ref()
                .filter(|_| !stored.is_empty())
                .map(|field| field.shown.source),
            confidence: merged.as_ref().and_then(|field| field.shown.confidence),
            required: asked.required,
            error,
            remark: remarks
                .clone()
                .find(|r| r.path.as_str() == path)
                .map(|r| r.text.clone()),
            old_value: old_value(visit, def, &path, stored),
            others: others
                .map(|(counter, field)| OtherValue {
                    counter: *counter,
                    value: field
                        .value
                        .as_text()
                        .map(|text| shown(def, text))
                        .unwrap_or_default(),
                    at: hour_and_minute(field.at.unix_ms()),
                })
                .collect(),
            beside: beside(visit, def, &path),
            picks_characters: self.picks_characters(visit, &path),
            lacking: if def.kind == Kind::Exact && visit.is_editable() {
                self.lacking_in_words(visit, value)
            } else {
                String::new()
            },
            copy_value: copy_value(visit, &path).map(|copy| shown(def, &copy)),
            read: paper::read_view(visit, def, &path),
            path,
        }
    }

    fn card_view(&self, visit: &Visit) -> CardView {
        match (visit.pin, self.card) {
            (Pin::Asked | Pin::SecondAsked | Pin::Reading, _) => CardView::Reading,
            (Pin::Read, _) => CardView::Read,
            (Pin::NotAsked, CardLies::NoReader) => CardView::NoReader,
            (Pin::NotAsked, CardLies::Nothing) => CardView::Empty,
            (Pin::NotAsked, CardLies::Unknown) => CardView::Unknown,
            (
                Pin::NotAsked,
                CardLies::Other {
                    card: OtherCard::DriversLicence,
                    pin_tries_left,
                    second_tries_left,
                },
            ) => CardView::Licence {
                pin_tries_left,
                second_tries_left,
            },
            (
                Pin::NotAsked,
                CardLies::Other {
                    card: OtherCard::Residence,
                    ..
                },
            ) => CardView::Residence,
            (
                Pin::NotAsked,
                CardLies::Other {
                    card: OtherCard::Passport,
                    ..
                },
            ) => CardView::Passport,
            (
                Pin::NotAsked,
                CardLies::MyNumber {
                    pin_tries_left,
                    number_b_tries_left,
                },
            ) => CardView::Present {
                pin_tries_left,
                number_b_tries_left,
            },
        }
    }

    fn trail(&self, visit: &Visit) -> Vec<TrailItem> {
        let open = visit.interview.open_questions;
        let remarks = visit.record.summary.remarks.iter();
        let unsettled = remarks.filter(|one| !remark(visit, one).settled).count();
        let unsettled = u32::try_from(unsettled).unwrap_or(u32::MAX);
        let steps = visit.plan().steps.iter().copied();
        steps
            .map(|step| {
                let (done, attention, count) = match step {
                    Step::Documents => (!visit.text("member.1.name").is_empty(), false, 0),
                    Step::Household => (
                        self.household_problem(visit).is_none(),
                        unsettled > 0,
                        unsettled,
                    ),
                    Step::Request => (self.request_problem(visit).is_none(), false, 0),
                    Step::Questions => (open == 0, answers::is_contradicted(visit), open),
                    Step::Procedures => (open == 0, false, 0),
                    Step::Identity => (!visit.text("identity.kind").is_empty(), false, 0),
                    Step::Sign => {
                        let sign = sign(visit);
                        let attention = matches!(sign, SignView::Void | SignView::Objected);
                        (matches!(sign, SignView::Signed { .. }), attention, 0)
                    }
                    Step::Finish => (visit.is_handed_in(), false, 0),
                };
                let state = match (step == visit.step, attention, done) {
                    (true, ..) => StepState::Current,
                    (false, true, _) => StepState::Attention,
                    (false, false, true) => StepState::Done,
                    (false, false, false) => StepState::Open,
                };
                TrailItem {
                    step,
                    state,
                    count: (count > 0).then_some(count),
                }
            })
            .collect()
    }

    fn finish(&self, visit: &Visit) -> Option<FinishView> {
        if !visit.is_handed_in() {
            return None;
        }
        let at_head_office = visit.record.at_head_office;
        let sending = match (at_head_office, self.line) {
            (true, _) => "arrived",
            (false, LineState::Connected) => "under_way",
            (
                false,
                LineState::Connecting | LineState::Down | LineState::Refused | LineState::Unset,
            ) => "later",
        };
        Some(FinishView {
            at_head_office,
            sending: word("sending", sending),
            receipt_printed: visit.receipt == Receipt::Printed,
            receipt_problem: match &visit.receipt {
                Receipt::Failed(notice) => Some(notice.clone()),
                Receipt::NotYet | Receipt::Printing | Receipt::Printed => None,
            },
            state: state_in_words(visit.state()),
            papers: self.prints_in_words(visit),
            papers_stuck: self.prints_are_stuck(visit),
        })
    }
}

/// What cannot be filed, while it can still be put right.
fn refusals(visit: &Visit) -> Vec<RefusalView> {
    let found = visit.refusals.iter().filter(|_| visit.is_editable());
    found
        .map(|refusal| purpose::refused(visit, refusal))
        .collect()
}

/// What may be chosen; persons by their names.
fn choices(visit: &Visit, def: &FieldDef) -> Vec<Choice> {
    if def.choices == EXEMPTIONS {
        return exemptions(visit);
    }
    if def.choices != MEMBERS {
        return fields().choices(&def.choices);
    }
    let members = visit.members().into_iter();
    members
        .map(|number| Choice {
            value: number.to_string(),
            label: visit.name_of(number),
        })
        .collect()
}

/// Why nothing may be charged, as the reception's edition of the catalogue has it.
fn exemptions(visit: &Visit) -> Vec<Choice> {
    let known = visit.certificates.exemptions();
    known
        .map(|(id, words)| Choice {
            value: id.to_owned(),
            label: words.ja.clone(),
        })
        .collect()
}

/// A value as its field shows it; of a choice, the value that is chosen.
fn as_shown(def: &FieldDef, value: &str) -> String {
    match def.kind {
        Kind::Choice | Kind::Choices => value.to_owned(),
        Kind::Text | Kind::Exact | Kind::Kana | Kind::Date | Kind::Phone | Kind::ResidenceCard => {
            shown(def, value)
        }
    }
}

/// What helps to fill a field of this event.
fn hint(visit: &Visit, path: &str, today: Date) -> String {
    let name = match (path, split_member(path)) {
        ("address.old" | "address.new", _) if visit.plan().defaults.contains_key(path) => "abroad",
        ("event.late_reason", _) => "late",
        (_, Some((_, "residence_status"))) => return status_hint(visit, path, today),
        (_, Some((number, "name"))) if is_newborn(visit, number) => "newborn",
        _ => return String::new(),
    };
    word("hint", name)
}

/// What the catalogue knows of a status of residence.
fn status_hint(visit: &Visit, path: &str, today: Date) -> String {
    let text = visit.text(path);
    if text.is_empty() || visit.statuses.is_empty() {
        return String::new();
    }
    let Some(status) = visit.statuses.find(text, today) else {
        return word("hint", "status_unknown");
    };
    let period = if status.limited {
        "status_limited"
    } else {
        "status_endless"
    };
    sentence("hint", period, &[("english", &status.english)])
}

fn is_newborn(visit: &Visit, number: u8) -> bool {
    let fact = visit
        .plan()
        .mark
        .as_ref()
        .and_then(|mark| mark.fact.as_deref());
    fact == Some("newborn") && visit.is_marked(number)
}

/// A field whose value is not sent to the screen at all.
fn left_out(def: &FieldDef, path: String) -> FieldView {
    FieldView {
        value: word("protection", "left_out"),
        ..FieldView::bare(path, def.label.ja.clone(), counter_api::FieldKind::Text)
    }
}

fn identity(visit: &Visit, fields_beside: impl Iterator<Item = FieldView>) -> IdentityView {
    let kind = visit.text("identity.kind");
    let method = match visit.text("identity.method") {
        "chip,pin" => "chip",
        "chip" => "chip_by_print",
        _ => "seen",
    };
    let name = fields().chosen("identity", kind).0;
    IdentityView {
        choices: fields().choices("identity"),
        recorded: (!kind.is_empty()).then(|| sentence("identity", method, &[("kind", &name)])),
        chosen: kind.to_owned(),
        fields: fields_beside.collect(),
    }
}

fn sign(visit: &Visit) -> SignView {
    match &visit.showing {
        Showing::Reading(_) => SignView::Reading,
        Showing::Saving if visit.held.is_some() => SignView::Held,
        Showing::Signing(_) | Showing::Saving => SignView::Signing,
        Showing::Objected => SignView::Objected,
        Showing::No => match visit.record.summary.signed {
            None => SignView::NotShown,
            Some(_) if visit.is_editable() && !visit.is_signed_as_is() => SignView::Void,
            Some(hash) => SignView::Signed {
                at: visit
                    .signed_at_ms()
                    .map(hour_and_minute)
                    .unwrap_or_default(),
                fingerprint: hash.to_string().chars().take(FINGERPRINT_LETTERS).collect(),
            },
        },
    }
}

/// The text a snapshot holds at `path`; empty when there is none.
pub(super) fn snapshot_text<'s>(snapshot: &'s Snapshot, path: &str) -> &'s str {
    let field = snapshot.fields.get(&path.into());
    field
        .and_then(|field| field.value.as_text())
        .unwrap_or_default()
}

/// What head office has at this field, when the counter now says otherwise.
fn old_value(visit: &Visit, def: &FieldDef, path: &str, stored: &str) -> Option<String> {
    let submitted = visit.submitted.as_ref().filter(|_| visit.is_editable())?;
    let old = snapshot_text(submitted, path);
    (old != stored && !old.is_empty()).then(|| shown(def, old))
}

fn remark(visit: &Visit, remark: &Remark) -> RemarkView {
    let path = remark.path.as_str();
    let submitted = visit
        .submitted
        .as_ref()
        .and_then(|s| s.fields.get(&remark.path));
    let now = visit
        .draft()
        .field(&remark.path)
        .map(|field| field.shown.value);
    let changed = match (submitted.map(|field| &field.value), &now) {
        (Some(old), Some(now)) => old != now,
        (None, Some(FieldValue::Cleared) | None) => false,
        (None, Some(_)) | (Some(_), None) => true,
    };
    RemarkView {
        path: path.to_owned(),
        label: label(visit, path),
        category: word("remark", category(remark.category)),
        text: remark.text.clone(),
        settled: changed,
    }
}

/// What a field is called, with the person it belongs to.
fn label(visit: &Visit, path: &str) -> String {
    let known = visit.plan().find(path).or_else(|| fields().find(path));
    let Some(def) = known else {
        return word("identity", "title");
    };
    match split_member(path) {
        Some((number, _)) => {
            let person = sentence("reply", "person", &[("number", &number.to_string())]);
            format!("{person} {}", def.label.ja)
        }
        None => def.label.ja.clone(),
    }
}

const fn category(category: RemarkCategory) -> &'static str {
    match category {
        RemarkCategory::Missing => "missing",
        RemarkCategory::Mismatch => "mismatch",
        RemarkCategory::Document => "document",
        RemarkCategory::Identity => "identity",
        RemarkCategory::AskAgain => "ask_again",
        RemarkCategory::Other => "other",
    }
}

/// The event with its flow, for example a move-in by card.
pub(crate) fn event_in_words(kind: &str, flow: &str) -> String {
    let known = events().name_of(kind, flow).map(|name| name.ja.clone());
    let kind = known.unwrap_or_else(|| word("event", "other"));
    let flow = word("flow", flow);
    if flow.is_empty() {
        kind
    } else {
        format!("{kind}（{flow}）")
    }
}

/// Where a case stands, in words.
pub(crate) fn state_in_words(state: CaseState) -> String {
    word(
        "state",
        match state {
            CaseState::Draft => "draft",
            CaseState::Signed => "signed",
            CaseState::Submitted => "submitted",
            CaseState::UnderReview => "under_review",
            CaseState::Returned => "returned",
            CaseState::Resubmitted => "resubmitted",
            CaseState::Accepted => "accepted",
            CaseState::HandedOver => "handed_over",
            CaseState::Completed => "completed",
            CaseState::CoreRejected => "core_rejected",
            CaseState::Withdrawn => "withdrawn",
            CaseState::Refused => "refused",
            CaseState::CancelRequested => "cancel_requested",
            CaseState::Cancelled => "cancelled",
            CaseState::OnHold => "on_hold",
        },
    )
}
