//! The open case: as stored, plus what the screens need that may be lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use counter_api::{DifferenceView, Digits, Language, Notice, Step};
use counter_domain::case::{CaseState, CaseStep};
use counter_domain::draft::{Draft, FieldPath, FieldValue, Source};
use counter_domain::ids::{BranchCode, CaseId, StaffId};
use counter_domain::lateness::Late;
use counter_domain::protection::PROTECTED_FLAG;
use counter_domain::reading::READING;
use counter_domain::refusal::Refusal;
use counter_domain::relation::Relation;
use counter_domain::residence::ResidenceStatuses;
use counter_domain::resident::name_key;
use counter_domain::snapshot::{Snapshot, SnapshotField};
use counter_forms::BOX;
use counter_guide::certificates::Certificates;
use counter_guide::draft_facts::PICKED;
use counter_guide::known::Known;
use counter_store::CaseRecord;

use crate::certificates::{ROOT, signed_fields};
use crate::desk::catalogue::STARTED_WITH;
use crate::desk::checks::shown;
use crate::desk::differences::{FormNews, Needs};
use crate::desk::face::Face;
use crate::desk::interview::Interview;
use crate::desk::moves;
use crate::desk::paper::Paper;
use crate::desk::purpose;
use crate::desk::request::{PAPERS, signed_lines};
use crate::desk::signing::Held;
use crate::desk::{Desk, NOTE_OPEN_BY, NOTE_OPEN_CASE, store_failed};
use crate::events::{FIRST, Plan, events};
use crate::fields::{FieldDef, Kind, MEMBERS, MEMBERS_MAX, member_path, split_member};
use crate::records::{Deed, Entry, Records, RecordsError, UndoStep};
use crate::texts::{Code, notice, sentence};

/// Version of the form that is named where no forms can be made.
const FORM_VERSION: &str = "1";

/// The open case.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) record: CaseRecord,
    /// Another branch has it, so it is only read here: which.
    pub(super) elsewhere: Option<BranchCode>,
    pub(super) step: Step,
    /// What procedure is looked for.
    pub(super) sought: String,
    /// Typed values that are not on disk, and why.
    pub(super) unsaved: BTreeMap<String, String>,
    /// The field being typed into; its saves so far are one step of undo.
    pub(super) typing: Option<String>,
    pub(super) failed: Option<Notice>,
    pub(super) saved_at_ms: u64,
    pub(super) can_undo: bool,
    pub(super) interview: Interview,
    /// The certificates of the edition the reception was started with.
    pub(super) certificates: Arc<Certificates>,
    /// What records answer, in the same edition.
    pub(super) known: Arc<Known>,
    /// The statuses of residence, in the same edition.
    pub(super) statuses: Arc<ResidenceStatuses>,
    /// What the law says against filing it like this.
    pub(super) refusals: Vec<Refusal>,
    /// How late it is.
    pub(super) late: Option<Late>,
    /// What the case needed when it was read last; none while it is being opened.
    needs: Option<Needs>,
    /// What the last change did to it.
    pub(super) differences: Vec<DifferenceView>,
    /// Where the declarations stand that were ticked for forms it needs.
    pub(super) declared: BTreeSet<String>,
    pub(super) showing: Showing,
    /// A signature that is not stored yet, while [`Showing::Saving`].
    pub(super) held: Option<Held>,
    pub(super) pin: Pin,
    pub(super) pins: Pins,
    /// The first PIN of a licence while the second is asked for.
    pub(super) first_pin: Option<Digits>,
    /// Somebody was told that 照合番号B has one try left.
    pub(super) number_b_last: bool,
    /// What is read now is read with the PIN the resident entered.
    pub(super) pin_entered: bool,
    /// What the card that was read last filled, in words.
    pub(super) card_filled: String,
    /// The face of the card that was read last.
    pub(super) face: Option<Face>,
    /// The paper on the scanner, and what was read.
    pub(super) paper: Paper,
    pub(super) receipt: Receipt,
    /// The newest signature's content.
    pub(super) signed: Option<Snapshot>,
    /// What head office has in hand.
    pub(super) submitted: Option<Snapshot>,
}

/// What the resident's display shows of the form.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Showing {
    No,
    Reading(Box<Snapshot>),
    Objected,
    Signing(Box<Snapshot>),
    Saving,
}

/// How far reading the card has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pin {
    NotAsked,
    Asked,
    /// The first PIN of a licence is entered, the second is asked for.
    SecondAsked,
    Reading,
    Read,
}

/// How many PINs were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pins {
    One,
    Both,
}

/// What became of the receipt.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Receipt {
    NotYet,
    Printing,
    Printed,
    Failed(Notice),
}

impl Visit {
    pub(super) fn case(&self) -> CaseId {
        self.record.case
    }

    pub(super) fn draft(&self) -> &Draft {
        &self.record.draft
    }

    pub(super) fn state(&self) -> CaseState {
        self.record.summary.state
    }

    /// What was typed and is not on disk.
    pub(super) fn unsaved_entries(&self) -> Vec<Entry> {
        let typed = self.unsaved.iter();
        typed
            .map(|(path, typed)| Entry::text(path.clone(), typed.clone(), Source::Staff))
            .collect()
    }

    /// Whether it may be changed at this counter now.
    pub(super) fn is_editable(&self) -> bool {
        self.elsewhere.is_none() && self.record.summary.is_editable()
    }

    /// Whether it was handed in and not returned since, wherever.
    pub(super) fn is_handed_in(&self) -> bool {
        !self.record.summary.is_editable()
    }

    /// Another branch has it now: nothing of what was under way here goes on.
    fn leave_to(&mut self, branch: BranchCode) {
        self.elsewhere = Some(branch);
        self.unsaved.clear();
        self.typing = None;
        self.failed = None;
        self.showing = Showing::No;
        (self.pin, self.first_pin) = (Pin::NotAsked, None);
    }

    pub(super) fn receipt_number(&self) -> String {
        self.record
            .summary
            .receipt_number
            .clone()
            .unwrap_or_default()
    }

    /// How its event is filed; that of a move-in while none is chosen.
    pub(super) fn plan(&self) -> &'static Plan {
        plan_of(self.draft())
    }

    /// The form that is signed: a request for certificates has that of its first.
    pub(super) fn form(&self) -> String {
        let first = signed_lines(self).into_iter().next();
        match first.filter(|_| self.plan().asks_for_certificates()) {
            Some(line) => line.form,
            None => self.form_of_the_event().to_owned(),
        }
    }

    /// The form of the event: some are for foreign residents alone.
    fn form_of_the_event(&self) -> &'static str {
        let plan = self.plan();
        let japanese = plan.form_japanese.as_deref();
        match japanese.filter(|_| !self.concerns_a_foreigner()) {
            Some(form) => form,
            None => &plan.form,
        }
    }

    /// Whether a person is known to be no Japanese.
    pub(super) fn is_foreigner(&self, number: u8) -> bool {
        let nationality = self.text(&member_path(number, "nationality"));
        !nationality.is_empty() && nationality != "日本"
    }

    /// Whether somebody the event concerns is known to be no Japanese.
    pub(super) fn concerns_a_foreigner(&self) -> bool {
        let mut marked = self.marked().into_iter();
        marked.any(|number| self.is_foreigner(number))
    }

    /// How many forms are signed beside [`Self::form`].
    pub(super) fn further_forms(&self) -> usize {
        if !self.plan().asks_for_certificates() {
            return 0;
        }
        let lines = signed_lines(self);
        let forms: BTreeSet<&str> = lines.iter().map(|line| line.form.as_str()).collect();
        forms.len().saturating_sub(1)
    }

    /// Whether the event concerns a person.
    pub(super) fn is_marked(&self, number: u8) -> bool {
        let moving = self
            .draft()
            .field(&FieldPath(member_path(number, "moving")));
        moving.is_some_and(|field| field.shown.value == FieldValue::Flag(true))
    }

    /// The persons it concerns.
    pub(super) fn marked(&self) -> Vec<u8> {
        let mut members = self.members();
        members.retain(|number| self.is_marked(*number));
        members
    }

    /// Those of the household it does not concern.
    pub(super) fn staying(&self) -> Vec<u8> {
        let mut members = self.members();
        members.retain(|number| !self.is_marked(*number));
        members
    }

    /// Whether the head goes and leaves more than one person behind.
    pub(super) fn head_leaves(&self) -> bool {
        let was_head = |number: &u8| {
            let relation = self.text(&member_path(*number, "relation_before"));
            relation.parse::<Relation>().is_ok_and(|one| one.is_head())
        };
        self.plan().mark.is_some() && self.staying().len() > 1 && self.marked().iter().any(was_head)
    }

    /// The name of a person, or which one it is.
    pub(super) fn name_of(&self, number: u8) -> String {
        let name = self.text(&member_path(number, "name"));
        if name.is_empty() {
            sentence("reply", "person", &[("number", &number.to_string())])
        } else {
            name.to_owned()
        }
    }

    /// The person of the case with this name and birth date; the first when it is nobody yet.
    pub(super) fn member_like(&self, name: &str, birth_date: &str) -> u8 {
        let is_same = |number: &u8| {
            let own = |field: &str| self.text(&member_path(*number, field));
            name_key(own("name")) == name_key(name) && own("birth_date") == birth_date
        };
        self.members().into_iter().find(is_same).unwrap_or(1)
    }

    /// A value as people read it.
    pub(super) fn in_words(&self, def: &FieldDef, value: &str) -> String {
        match value.parse() {
            Ok(number) if def.kind == Kind::Choice && def.choices == MEMBERS => {
                self.name_of(number)
            }
            _ => shown(def, value),
        }
    }

    /// Numbers of the persons in the case.
    pub(super) fn members(&self) -> Vec<u8> {
        members(self.draft())
    }

    /// The text a person sees at `path`; empty when there is none.
    pub(super) fn text(&self, path: &str) -> &str {
        self.draft().text(path).unwrap_or_default()
    }

    /// Kind of event and its flow, as stored.
    pub(super) fn event(&self) -> (&str, &str) {
        (self.text("event.type"), self.text("event.flow"))
    }

    /// When the newest signature was made.
    pub(super) fn signed_at_ms(&self) -> Option<u64> {
        let signatures = self.record.events.iter();
        signatures
            .filter(|event| matches!(event.what, CaseStep::Signed { .. }))
            .map(|event| event.at.unix_ms())
            .max()
    }

    /// Notes what the case needs now and did not before, and the other way round.
    fn note_differences(&mut self) {
        let now = Needs::of(self);
        let news = if self.plan().asks_for_certificates() {
            FormNews::BothWays
        } else {
            FormNews::NoLongerNeeded
        };
        let before = self.needs.replace(now.clone());
        let differences = before.map(|before| now.since(&before, news));
        let differences = differences.unwrap_or_default();
        // What arrives from elsewhere meanwhile does not take the news away; the next deed does.
        if !differences.is_empty() {
            self.differences = differences;
        }
    }

    /// What would be shown and signed now.
    pub(super) fn content(&self, language: Language) -> Snapshot {
        let draft = self.draft();
        let asked = if self.plan().asks_for_certificates() {
            signed_fields(&signed_lines(self))
        } else {
            Vec::new()
        };
        let on_form = draft.fields().filter(|(path, _)| self.is_on_form(path));
        let fields = on_form
            .filter(|(_, field)| has_content(&field.shown.value))
            .map(|(path, field)| {
                let value = SnapshotField {
                    value: field.shown.value,
                    source: field.shown.source,
                };
                (path.clone(), value)
            })
            .chain(asked)
            .collect();
        Snapshot {
            version: 1,
            case_id: self.case(),
            receipt_number: self.receipt_number(),
            form: [self.form().as_str(), FORM_VERSION].join("/"),
            forms: Vec::new(),
            filed_on: self.text("event.filed_on").to_owned(),
            language: match language {
                Language::Japanese => "ja".to_owned(),
                Language::English => "en".to_owned(),
            },
            fields,
            procedures: self.interview.for_snapshot.clone(),
        }
    }

    fn is_on_form(&self, path: &FieldPath) -> bool {
        const BESIDE: [&str; 5] = [
            "event.type",
            "event.flow",
            "notifier.member",
            "identity.kind",
            "identity.method",
        ];
        let path = path.as_str();
        if let Some((number, _)) = split_member(path)
            && !self.members().contains(&number)
        {
            return false;
        }
        let plan = self.plan();
        let of_plan = match split_member(path) {
            // Of those who only stay nothing is filed but who they are.
            Some((number, name)) if plan.mark.is_some() => {
                let filed = name == "name" || self.is_marked(number);
                name == "moving" || (filed && plan.find(path).is_some())
            }
            _ => plan.find(path).is_some(),
        };
        of_plan
            || BESIDE.contains(&path)
            || path == STARTED_WITH
            || path.starts_with("taken.")
            || path == READING
            || path.starts_with("character.")
            || is_protection_flag(path)
            || (plan.asks_for_certificates() && (path.starts_with(ROOT) || path == PAPERS))
            || (plan.picks && is_of_a_pick(path))
            || self.declared.contains(path)
    }

    /// Whether the newest signature still stands for what the case says.
    pub(super) fn is_signed_as_is(&self) -> bool {
        let signed = self.signed.as_ref();
        signed.is_some_and(|signed| same_content(signed, &self.content(Language::Japanese)))
    }
}

/// What the section's own form of a procedure is filled in with.
fn is_of_a_pick(path: &str) -> bool {
    [PICKED, "answer.", BOX]
        .iter()
        .any(|root| path.starts_with(root))
}

/// Head office leaves the address out of everything when the flag is in what was signed. The
/// resident's display shows fields of the form only, so never this one.
fn is_protection_flag(path: &str) -> bool {
    split_member(path).is_some_and(|(_, name)| name == PROTECTED_FLAG)
}

/// How the event of a draft is filed.
pub(super) fn plan_of(draft: &Draft) -> &'static Plan {
    let text = |path: &str| draft.text(path).unwrap_or_default();
    let known = events().plan(text("event.type"), text("event.flow"));
    known
        .or_else(|| events().plan(FIRST.0, FIRST.1))
        .unwrap_or_else(Plan::none)
}

/// Numbers of the persons in a draft, whether the event concerns them or not.
pub(super) fn members(draft: &Draft) -> Vec<u8> {
    let is_there = |number: &u8| {
        let field = draft.field(&FieldPath(member_path(*number, "moving")));
        field.is_some_and(|field| matches!(field.shown.value, FieldValue::Flag(_)))
    };
    (1..=MEMBERS_MAX).filter(is_there).collect()
}

fn has_content(value: &FieldValue) -> bool {
    match value {
        FieldValue::Text(text) => !text.is_empty(),
        FieldValue::Flag(_) | FieldValue::Count(_) => true,
        FieldValue::Unknown | FieldValue::Cleared => false,
    }
}

/// Whether two snapshots say the same to the resident. Wording of reasons and deadlines, sources,
/// the language beside Japanese and the edition of the catalogue are not part of what is declared.
pub(super) fn same_content(one: &Snapshot, other: &Snapshot) -> bool {
    let values = |snapshot: &Snapshot| -> Vec<(FieldPath, FieldValue)> {
        let fields = snapshot.fields.iter();
        fields
            .filter(|(path, _)| path.as_str() != STARTED_WITH)
            .map(|(path, field)| (path.clone(), field.value.clone()))
            .collect()
    };
    let procedures = |snapshot: &Snapshot| -> Vec<(String, Option<u8>, bool)> {
        let procedures = snapshot.procedures.iter();
        procedures
            .map(|one| (one.id.clone(), one.member, one.to_confirm))
            .collect()
    };
    one.filed_on == other.filed_on
        && values(one) == values(other)
        && procedures(one) == procedures(other)
}

fn step_note(case: CaseId) -> String {
    format!("desk.step.{case}")
}

/// Note: the receipt of this case came out.
pub(super) fn receipt_note(case: CaseId) -> String {
    format!("desk.receipt.{case}")
}

/// A full disk does not keep people from moving between pages.
fn unless_full(error: &RecordsError) -> Result<(), Notice> {
    if matches!(error, RecordsError::DiskFull) {
        Ok(())
    } else {
        Err(store_failed(error))
    }
}

impl<R: Records> Desk<R> {
    /// Opens a case where it was left.
    pub(super) fn open_case(&mut self, case: CaseId) -> Result<(), Notice> {
        let by = self.by()?;
        let record = self
            .records
            .case(case)
            .map_err(|error| store_failed(&error))?;
        self.records
            .set_note(NOTE_OPEN_CASE, Some(case.as_bytes()))
            .and_then(|()| {
                let opener = by.as_str().as_bytes();
                self.records.set_note(NOTE_OPEN_BY, Some(opener))
            })
            .or_else(|error| unless_full(&error))?;
        self.records.audit(&by, Deed::OpenedCase, Some(case));
        let printed = self.records.note(&receipt_note(case)).is_some();
        let left_at = self.records.note(&step_note(case));
        let left_at = left_at.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let elsewhere = moves::elsewhere(&record.summary, &self.place.branch);
        let returned = record.summary.state == CaseState::Returned && elsewhere.is_none();
        self.visit = Some(Visit {
            elsewhere,
            step: left_at.unwrap_or(Step::Documents),
            sought: String::new(),
            unsaved: BTreeMap::new(),
            typing: None,
            failed: None,
            saved_at_ms: self.now(),
            can_undo: false,
            interview: Interview::default(),
            certificates: Arc::default(),
            known: Arc::default(),
            statuses: Arc::default(),
            refusals: Vec::new(),
            late: None,
            needs: None,
            differences: Vec::new(),
            declared: BTreeSet::new(),
            showing: Showing::No,
            held: None,
            pin: Pin::NotAsked,
            pins: Pins::One,
            first_pin: None,
            number_b_last: false,
            pin_entered: false,
            card_filled: String::new(),
            face: None,
            paper: Paper::default(),
            receipt: if printed {
                Receipt::Printed
            } else {
                Receipt::NotYet
            },
            signed: None,
            submitted: None,
            record,
        });
        self.language = Language::Japanese;
        self.resident_left = false;
        self.resident_notice = None;
        self.begin_fields(&by)?;
        self.reload_visit();
        if returned && left_at.is_none_or(|step| step == Step::Finish) {
            self.go_to_the_remark();
        }
        self.resume_signing();
        Ok(())
    }

    /// Fields every new case begins with. A plug pulled between the case and its fields leaves a
    /// case without them; they are added when it is opened.
    pub(super) fn begin_fields(&mut self, by: &StaffId) -> Result<(), Notice> {
        let day = self.today();
        let today = day.to_string();
        let catalogue = self.interviewer.catalogue_in_force(&mut self.records, day);
        let Some(visit) = self.visit.as_ref() else {
            return Ok(());
        };
        let begun = !visit.text("event.type").is_empty() || visit.state() != CaseState::Draft;
        if begun || !visit.is_editable() {
            return Ok(());
        }
        let flag = |path: &str, value| Entry {
            path: path.into(),
            value,
            source: Source::Staff,
        };
        let entries = [
            Entry::text("event.type", FIRST.0, Source::Staff),
            Entry::text("event.flow", FIRST.1, Source::Staff),
            Entry::text("event.filed_on", today, Source::Derived),
            Entry::text(STARTED_WITH, catalogue, Source::Derived),
            flag("member.1.moving", FieldValue::Flag(true)),
            Entry::text("notifier.member", "1", Source::Staff),
        ];
        let case = visit.case();
        self.records
            .set_fields(case, by, &entries, UndoStep::New)
            .map_err(|error| store_failed(&error))
    }

    /// Reads the open case again and works out everything that follows from it.
    pub(super) fn reload_visit(&mut self) {
        let Some(case) = self.visit.as_ref().map(Visit::case) else {
            return;
        };
        let record = match self.records.case(case) {
            Ok(record) => record,
            Err(error) => {
                self.notice = Some(store_failed(&error));
                return;
            }
        };
        let signed = record
            .summary
            .signed
            .and_then(|hash| self.records.snapshot(case, hash));
        let submitted = record
            .summary
            .submitted
            .last()
            .and_then(|hash| self.records.snapshot(case, *hash));
        let today = self.today();
        let asking = self.visit.as_ref().and_then(|v| v.interview.asking.clone());
        let interview =
            self.interviewer
                .interview(&self.records, &record.draft, today, asking.as_deref());
        let elsewhere = moves::elsewhere(&record.summary, &self.place.branch);
        let is_editable = record.summary.is_editable() && elsewhere.is_none();
        let can_undo = is_editable && self.records.can_undo(case);
        let closed = self.interviewer.closed_days(&record.draft);
        let certificates = self.interviewer.certificates(&record.draft);
        let known = self.interviewer.known(&record.draft);
        let statuses = self.interviewer.statuses(&record.draft);
        let Some(visit) = self.visit.as_mut() else {
            return;
        };
        visit.record = record;
        match elsewhere {
            Some(branch) => visit.leave_to(branch),
            None => visit.elsewhere = None,
        }
        visit.certificates = certificates;
        visit.known = known;
        visit.statuses = statuses;
        visit.signed = signed;
        visit.submitted = submitted;
        visit.interview = interview;
        visit.note_differences();
        visit.refusals = purpose::in_the_way(visit, today);
        visit.late = purpose::late(visit, today, &closed);
        // A reading that was taken back can be had again although nothing is entered now.
        let was_read = visit.draft().field(&READING.into()).is_some();
        visit.can_undo = can_undo && (was_read || !purpose::is_fresh(visit));
        self.note_declarations();
        self.load_reading();
        self.withdraw_changed_page();
    }

    fn note_declarations(&mut self) {
        let declared = self.visit.as_ref().map(|visit| self.declared(visit));
        if let (Some(visit), Some(declared)) = (self.visit.as_mut(), declared) {
            visit.declared = declared;
        }
    }

    /// Nobody may sign a page that no longer says what the case says.
    fn withdraw_changed_page(&mut self) {
        let language = self.language;
        let Some(visit) = self.visit.as_mut() else {
            return;
        };
        let shown = match &visit.showing {
            Showing::Reading(shown) | Showing::Signing(shown) => shown,
            Showing::No | Showing::Objected | Showing::Saving => return,
        };
        if same_content(shown, &visit.content(language)) {
            return;
        }
        visit.showing = Showing::No;
        self.resident_notice = Some(Code::SignChanged);
        self.tell(Code::SignChanged);
    }

    /// The open case.
    pub(super) fn visit(&self) -> Result<&Visit, Notice> {
        self.visit.as_ref().ok_or_else(|| notice(Code::CaseNotOpen))
    }

    pub(super) fn visit_mut(&mut self) -> Result<&mut Visit, Notice> {
        self.visit.as_mut().ok_or_else(|| notice(Code::CaseNotOpen))
    }

    /// The open case, when its fields may be changed.
    pub(super) fn editable(&self) -> Result<&Visit, Notice> {
        let visit = self.visit()?;
        if visit.is_editable() {
            Ok(visit)
        } else {
            let elsewhere = self.moved_view(visit).filter(|_| visit.elsewhere.is_some());
            Err(elsewhere.unwrap_or_else(|| notice(Code::CaseFrozen)))
        }
    }

    /// Goes to a step; a pulled plug comes back to it.
    pub(super) fn set_step(&mut self, step: Step) -> Result<(), Notice> {
        let case = self.visit()?.case();
        let stored = serde_json::to_vec(&step)
            .map_err(|error| RecordsError::Broken(error.to_string()))
            .and_then(|bytes| self.records.set_note(&step_note(case), Some(&bytes)));
        self.visit_mut()?.step = step;
        // The step shown is the person's wish and is followed on a full disk too.
        stored.or_else(|error| unless_full(&error))
    }

    /// A returned case opens where the first remark is.
    pub(super) fn go_to_the_remark(&mut self) {
        let Some(visit) = self.visit.as_ref() else {
            return;
        };
        let step = visit
            .record
            .summary
            .remarks
            .first()
            .map_or(Step::Household, |remark| {
                let path = remark.path.as_str();
                if path.starts_with("identity.") {
                    Step::Identity
                } else if path.starts_with("answer.") {
                    Step::Questions
                } else {
                    Step::Household
                }
            });
        if let Err(notice) = self.set_step(step) {
            self.notice = Some(notice);
        }
    }

    /// Leaves the case; everything is on disk.
    pub(super) fn leave_case(&mut self) -> Result<(), Notice> {
        let held = self.visit.as_ref().and_then(|visit| visit.held.as_ref());
        if held.is_some_and(Held::is_in_memory_only) {
            // The only copy of what the resident signed.
            return Err(notice(Code::SignHeld));
        }
        self.leave_paper();
        self.records
            .set_note(NOTE_OPEN_CASE, None)
            .or_else(|error| unless_full(&error))?;
        self.visit = None;
        self.forget_sheets();
        self.language = Language::Japanese;
        self.resident_notice = None;
        self.load_board();
        Ok(())
    }
}
