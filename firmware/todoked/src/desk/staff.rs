//! What staff do.

use counter_api::{DeviceKind, Language, Notice, StaffAction, Step, Tone};
use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::ids::{CaseId, DeviceId};
use counter_forms::BOX;

use crate::desk::checks::{FIRST_PAPER, SECOND_PAPER, tidy};
use crate::desk::purpose::marks;
use crate::desk::reservations::source_of_typing;
use crate::desk::visit::{Pin, Receipt, Showing};
use crate::desk::{Desk, store_failed};
use crate::devices::{Effect, PrintTrouble, ReceiptJob};
use crate::fields::{MEMBERS_MAX, fields, split_member};
use crate::records::{Deed, Entry, Records, UndoStep};
use crate::texts::{Code, notice, notice_with};

/// The longest value of a field, in characters.
const VALUE_CHARS_MAX: usize = 500;

impl<R: Records> Desk<R> {
    #[expect(clippy::too_many_lines, reason = "a table, one line a deed")]
    pub(super) fn staff_action(&mut self, action: StaffAction) -> Result<(), Notice> {
        if let StaffAction::SignIn { staff, secret } = &action {
            return self.sign_in(staff, secret.expose());
        }
        if let StaffAction::AllowOffline { supervisor, secret } = &action {
            return self.allow_offline(supervisor, secret.expose());
        }
        if matches!(action, StaffAction::DismissNotice) {
            self.notice = None;
            return Ok(());
        }
        if self.door.at_screen().is_none() {
            return Err(notice(Code::SignInFirst));
        }
        match action {
            StaffAction::SignIn { .. }
            | StaffAction::AllowOffline { .. }
            | StaffAction::DismissNotice => Ok(()),
            StaffAction::LockScreen => {
                self.lock_screen();
                Ok(())
            }
            StaffAction::SignOut => self.sign_out(),
            StaffAction::StartReception => self.start_reception(),
            StaffAction::Prepared { deed } => self.prepared_action(deed),
            StaffAction::Paper { deed } => self.paper_action(deed),
            StaffAction::Devices { deed } => self.device_action(deed),
            StaffAction::ReadCode { code } => self.read_code(&code),
            StaffAction::ChoosePurpose { event, flow } => self.choose_purpose(&event, &flow),
            StaffAction::MarkMember { number, set } => self.mark_member(number, set),
            StaffAction::ChangeCopies { certificate, by } => self.change_copies(&certificate, by),
            StaffAction::SetPaper { paper, set } => self.set_paper(&paper, set),
            StaffAction::SetStop { stop, set } => self.set_stop(&stop, set),
            StaffAction::FindProcedures { text } => self.find_procedures(&text),
            StaffAction::PickProcedure {
                procedure,
                member,
                set,
            } => self.pick_procedure(&procedure, member, set),
            StaffAction::SetOption {
                certificate,
                option,
                set,
            } => self.set_option(&certificate, &option, set),
            StaffAction::OpenCase { case } => self.open_case(case),
            StaffAction::LeaveCase => self.leave_case(),
            StaffAction::AskPin => self.ask_pin(),
            StaffAction::AskBothPins => self.ask_both_pins(),
            StaffAction::ReadWithNumberB {
                birth,
                expiry_year,
                code,
            } => self.read_with_number_b(&birth, &expiry_year, &code),
            StaffAction::ReadResidenceCard { number } => self.read_residence_card(&number),
            StaffAction::ReadPassport {
                number,
                birth,
                expires,
            } => self.read_passport(&number, &birth, &expires),
            StaffAction::StopWaiting => self.stop_waiting(),
            StaffAction::SetField { path, value } => self.set_field(&path, &value),
            StaffAction::TypeField { path, value } => self.type_field(path, &value),
            StaffAction::ChooseValue { path, counter } => self.choose_value(&path, counter),
            StaffAction::FindPlaces { path, text } => self.find_places(&path, &text),
            StaffAction::TakePlace {
                path,
                text,
                building,
            } => self.take_place(&path, &text, &building),
            StaffAction::Archive { deed } => self.archive_action(deed),
            StaffAction::Characters { deed } => self.character_action(deed),
            StaffAction::ClosePlaces => {
                self.close_places();
                Ok(())
            }
            StaffAction::OpenResidents => self.open_residents(),
            StaffAction::CloseResidents => {
                self.close_residents();
                Ok(())
            }
            StaffAction::FindResidents { text } => self.find_residents(&text),
            StaffAction::ShowHousehold { person } => self.show_household(&person),
            StaffAction::TakeResident { person } => self.take_resident(&person),
            StaffAction::TakeHousehold => self.take_household(),
            StaffAction::ChooseCopy { path, choice } => self.choose_copy(&path, choice),
            StaffAction::AddMember => self.add_member(),
            StaffAction::RemoveMember { number } => self.remove_member(number),
            StaffAction::Answer {
                fact,
                member,
                value,
            } => self.answer(&fact, &[member], &value),
            StaffAction::AnswerMembers {
                fact,
                members,
                value,
            } => {
                let members: Vec<_> = members.into_iter().map(Some).collect();
                self.answer(&fact, &members, &value)
            }
            StaffAction::AskAgain { fact, member } => self.ask_again(&fact, member),
            StaffAction::ChooseAnswer { fact, member, take } => {
                self.choose_answer(&fact, member, take)
            }
            StaffAction::Undo => self.undo(),
            StaffAction::GoTo { step } => self.go_to(step),
            StaffAction::RecordIdentity { kind } => self.record_identity(&kind),
            StaffAction::ShowToResident => self.show_to_resident(),
            StaffAction::StopShowing => self.stop_showing(),
            StaffAction::Submit => self.submit(),
            StaffAction::PrintReceipt => self.print_receipt(),
            StaffAction::Prints { deed } => self.print_action(deed),
        }
    }

    pub(super) fn start_reception(&mut self) -> Result<(), Notice> {
        let by = self.by()?;
        let today = self.today();
        let (branch, counter) = (self.place.branch.clone(), self.place.counter);
        let number = |sequence| crate::receipt_number::written(&branch, counter, today, sequence);
        let case = self
            .records
            .start_case(&by, &branch, today, &number)
            .map_err(|error| store_failed(&error))?;
        self.notice = None;
        self.open_case(case)
    }

    /// Stores what was typed so far; what follows in this field is the same step of undo.
    fn type_field(&mut self, path: String, value: &str) -> Result<(), Notice> {
        let step = self.step_of_typing(&path);
        self.store_typed(&path, value, step)?;
        self.visit_mut()?.typing = Some(path);
        Ok(())
    }

    /// Stores the value of a field somebody is done with.
    fn set_field(&mut self, path: &str, value: &str) -> Result<(), Notice> {
        let step = self.step_of_typing(path);
        self.store_typed(path, value, step)
    }

    /// Typing on in a field is one step of undo; anything else ends it.
    fn step_of_typing(&self, path: &str) -> UndoStep {
        let typing = self
            .visit
            .as_ref()
            .and_then(|visit| visit.typing.as_deref());
        if typing == Some(path) {
            UndoStep::Same
        } else {
            UndoStep::New
        }
    }

    /// Stores a typed value. On a full disk it stays on the screen and is tried again with the next.
    fn store_typed(&mut self, path: &str, value: &str, step: UndoStep) -> Result<(), Notice> {
        let by = self.by()?;
        let (case, entries) = self.typed_entries(path, value)?;
        self.visit_mut()?.typing = None;
        self.visit_mut()?.differences.clear();
        if entries.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.records.set_fields(case, &by, &entries, step) {
            let failed = store_failed(&error);
            self.notice = Some(failed.clone());
            let visit = self.visit_mut()?;
            for entry in entries {
                let typed = entry.value.as_text().unwrap_or_default().to_owned();
                visit.unsaved.insert(entry.path.0, typed);
            }
            visit.failed = Some(failed.clone());
            return Err(failed);
        }
        self.all_saved();
        Ok(())
    }

    /// What to store for a typed value: itself, and whatever did not reach the disk before it.
    fn typed_entries(&self, path: &str, value: &str) -> Result<(CaseId, Vec<Entry>), Notice> {
        let visit = self.editable()?;
        let def = fields().find(path);
        let unknown = || notice(Code::FieldUnknown);
        if split_member(path).is_some_and(|(number, _)| !visit.members().contains(&number)) {
            return Err(notice(Code::FieldUnknown));
        }
        if value.chars().count() > VALUE_CHARS_MAX {
            return Err(notice(Code::FieldTooLong));
        }
        let (tidied, source) = if path.starts_with(BOX) {
            (self.tidied_box(visit, path, value)?, Source::Staff)
        } else {
            let def = def.ok_or_else(unknown)?;
            (tidy(def, value), source_of_typing(visit, path))
        };
        let mut entries = visit.unsaved_entries();
        entries.retain(|entry| entry.path.as_str() != path);
        if visit.text(path) != tidied || visit.unsaved.contains_key(path) {
            entries.push(Entry::text(path, tidied, source));
        }
        Ok((visit.case(), entries))
    }

    /// Tries again what a full disk did not take. Says nothing when it is still full.
    pub(super) fn save_again(&mut self) {
        let unsaved = self
            .visit
            .as_ref()
            .filter(|visit| !visit.unsaved.is_empty());
        let (Some(visit), Ok(by)) = (unsaved, self.by()) else {
            return;
        };
        let (case, entries) = (visit.case(), visit.unsaved_entries());
        match self.records.set_fields(case, &by, &entries, UndoStep::New) {
            Ok(()) => self.all_saved(),
            Err(error) => tracing::debug!(%error, "still not stored"),
        }
    }

    /// Everything typed is on disk.
    fn all_saved(&mut self) {
        let now = self.now();
        if let Some(visit) = self.visit.as_mut() {
            visit.unsaved.clear();
            visit.failed = None;
            visit.saved_at_ms = now;
        }
        self.settle(&[Code::SaveDiskFull, Code::SaveFailed]);
        self.reload_visit();
    }

    /// Stores values that are not typed into a field.
    pub(super) fn store(&mut self, entries: &[Entry]) -> Result<(), Notice> {
        let by = self.by()?;
        let case = self.editable()?.case();
        self.visit_mut()?.typing = None;
        self.visit_mut()?.differences.clear();
        let stored = self.records.set_fields(case, &by, entries, UndoStep::New);
        stored.map_err(|error| store_failed(&error))?;
        let now = self.now();
        self.visit_mut()?.saved_at_ms = now;
        self.reload_visit();
        Ok(())
    }

    fn choose_value(&mut self, path: &str, counter: DeviceId) -> Result<(), Notice> {
        let by = self.by()?;
        let case = self.editable()?.case();
        let path = FieldPath::from(path);
        let stored = self.records.choose_value(case, &by, &path, counter);
        stored.map_err(|error| store_failed(&error))?;
        self.reload_visit();
        Ok(())
    }

    fn add_member(&mut self) -> Result<(), Notice> {
        let taken = self.editable()?.members();
        let free = (1..=MEMBERS_MAX)
            .find(|number| !taken.contains(number))
            .ok_or_else(|| {
                let max = MEMBERS_MAX.to_string();
                notice_with(Code::MemberLimit, Language::Japanese, &[("max", &max)])
            })?;
        // Whoever is added by hand is mostly the one it is about: the newborn, the spouse.
        let entries = marks(self.visit()?.plan(), free, true);
        self.store(&entries)
    }

    fn remove_member(&mut self, number: u8) -> Result<(), Notice> {
        if number == 1 {
            return Err(notice(Code::MemberFirstStays));
        }
        let visit = self.editable()?;
        let answers = format!("answer.m{number}.");
        let entries: Vec<Entry> = visit
            .draft()
            .fields()
            .filter(|(path, _)| {
                split_member(path.as_str()).is_some_and(|(owner, _)| owner == number)
                    || path.as_str().starts_with(&answers)
            })
            .filter(|(_, field)| field.shown.value != FieldValue::Cleared)
            .map(|(path, _)| Entry {
                path: path.clone(),
                value: FieldValue::Cleared,
                source: Source::Staff,
            })
            .collect();
        if entries.is_empty() {
            Err(notice(Code::NotPossibleNow))
        } else {
            self.store(&entries)
        }
    }

    /// Answers a question, for the household or for some of its members, in one step.
    fn answer(&mut self, fact: &str, members: &[Option<u8>], value: &str) -> Result<(), Notice> {
        let visit = self.editable()?;
        let known = visit.members();
        let all_known = members
            .iter()
            .flatten()
            .all(|member| known.contains(member));
        let value = self
            .interviewer
            .answer(visit.draft(), fact, value)
            .filter(|_| all_known)
            .ok_or_else(|| notice(Code::AnswerNotAllowed))?;
        let entry = |member: &Option<u8>| Entry {
            path: answer_path(fact, *member),
            value: value.clone(),
            source: Source::Resident,
        };
        let entries: Vec<Entry> = members.iter().map(entry).collect();
        if entries.is_empty() {
            return Err(notice(Code::AnswerNotAllowed));
        }
        // The same question stays until everybody has an answer.
        self.visit_mut()?.interview.asking = Some(fact.to_owned());
        self.store(&entries)
    }

    fn undo(&mut self) -> Result<(), Notice> {
        let by = self.by()?;
        let case = self.editable()?.case();
        self.visit_mut()?.typing = None;
        self.records
            .undo(case, &by)
            .map_err(|error| store_failed(&error))?;
        self.reload_visit();
        self.begin_fields(&by)?;
        self.reload_visit();
        Ok(())
    }

    fn go_to(&mut self, step: Step) -> Result<(), Notice> {
        let visit = self.visit()?;
        if !visit.plan().steps.contains(&step) || (step == Step::Finish && !visit.is_handed_in()) {
            return Err(notice(Code::NotPossibleNow));
        }
        // What is done needs no more reading; what is wrong stays until somebody closes it.
        if self
            .notice
            .as_ref()
            .is_some_and(|told| matches!(told.tone, Tone::Done | Tone::Info))
        {
            self.notice = None;
        }
        self.visit_mut()?.differences.clear();
        self.set_step(step)
    }

    fn record_identity(&mut self, kind: &str) -> Result<(), Notice> {
        let visit = self.editable()?;
        if !fields()
            .choices("identity")
            .iter()
            .any(|choice| choice.value == kind)
        {
            return Err(notice(Code::FieldUnknown));
        }
        let from_chip = visit
            .draft()
            .field(&"member.1.name".into())
            .is_some_and(|field| field.shown.source == Source::Chip);
        // What opened the chip was the resident's PIN, or what is printed on the card.
        let method = match (kind == "mncard" && from_chip, visit.pin_entered) {
            (true, true) => "chip,pin",
            (true, false) => "chip",
            (false, _) => "seen",
        };
        let mut entries = vec![
            Entry::text("identity.kind", kind, Source::Staff),
            Entry::text("identity.method", method, Source::Derived),
        ];
        // Documents seen for another kind of check were not what it was proved by.
        if kind != "two_points" {
            let seen = [FIRST_PAPER, SECOND_PAPER].into_iter();
            let seen = seen.filter(|path| !visit.text(path).is_empty());
            entries.extend(seen.map(|path| Entry::text(path, "", Source::Staff)));
        }
        self.store(&entries)
    }

    fn submit(&mut self) -> Result<(), Notice> {
        let by = self.by()?;
        let visit = self.editable()?;
        if visit.text("identity.kind").is_empty() {
            return Err(notice(Code::SubmitNoIdentity));
        }
        if !visit.unsaved.is_empty() || !visit.is_signed_as_is() {
            return Err(notice(Code::SubmitNotSigned));
        }
        let case = visit.case();
        self.records
            .submit(case, &by)
            .map_err(|error| store_failed(&error))?;
        self.effects.push(Effect::WakeLink);
        self.notice = None;
        self.visit_mut()?.showing = Showing::No;
        self.visit_mut()?.pin = Pin::NotAsked;
        self.visit_mut()?.face = None;
        self.resident_left = false;
        self.reload_visit();
        self.load_board();
        self.known_returned = self.board.returned_cases();
        self.set_step(Step::Finish)?;
        self.print_along()?;
        self.print_receipt()
    }

    fn print_receipt(&mut self) -> Result<(), Notice> {
        let visit = self.visit()?;
        if !visit.is_handed_in() || visit.receipt == Receipt::Printing {
            return Err(notice(Code::NotPossibleNow));
        }
        let (kind, flow) = visit.event();
        let job = ReceiptJob {
            case: visit.case(),
            city: self.place.city.clone(),
            place: self.place.name.clone(),
            receipt_number: visit.receipt_number(),
            event: crate::desk::staff_view::event_in_words(kind, flow),
            filed_on: crate::desk::checks::date_in_words(visit.text("event.filed_on")),
            fee: crate::certificates::total_in_words(&fee_lines(visit)),
        };
        self.visit_mut()?.receipt = Receipt::Printing;
        self.effects.push(Effect::PrintReceipt(Box::new(job)));
        Ok(())
    }

    /// The receipt came out, or not; the case is handed in either way.
    pub(super) fn receipt_printed(&mut self, case: CaseId, printed: Result<(), PrintTrouble>) {
        let receipt = match printed {
            Ok(()) => Receipt::Printed,
            Err(PrintTrouble::Unset) => Receipt::Failed(notice(Code::ReceiptUnset)),
            Err(PrintTrouble::Unreachable) => Receipt::Failed(notice(Code::ReceiptNoPrinter)),
            Err(trouble) => Receipt::Failed(receipt_problem(trouble)),
        };
        self.device_worked(
            DeviceKind::ReceiptPrinter,
            printed.map_err(PrintTrouble::state),
        );
        let note = super::visit::receipt_note(case);
        if receipt == Receipt::Printed
            && let Err(error) = self.records.set_note(&note, Some(b"printed"))
        {
            tracing::warn!(%error, "printed receipt not noted");
        }
        if receipt == Receipt::Printed
            && let Ok(by) = self.by()
        {
            self.records.audit(&by, Deed::PrintedReceipt, Some(case));
        }
        if let Some(visit) = self.visit.as_mut().filter(|visit| visit.case() == case) {
            visit.receipt = receipt;
        }
    }
}

/// What staff do about a printer that is there but does not print.
fn receipt_problem(trouble: PrintTrouble) -> Notice {
    let device = crate::texts::word("device_title", "receipt-printer");
    let values = [("device", device.as_str())];
    notice_with(trouble.state().refusal(), Language::Japanese, &values)
}

/// What was signed is what is charged.
fn fee_lines(visit: &super::visit::Visit) -> Vec<counter_forms::filing::CertificateLine> {
    let signed = visit.submitted.as_ref().or(visit.signed.as_ref());
    signed
        .map(crate::certificates::of_snapshot)
        .unwrap_or_default()
}

/// Where an answer is kept.
pub(super) fn answer_path(fact: &str, member: Option<u8>) -> FieldPath {
    FieldPath(match member {
        Some(number) => format!("answer.m{number}.{fact}"),
        None => format!("answer.{fact}"),
    })
}
