//! What staff do.

use counter_api::{Language, Notice, StaffAction, Step, Tone};
use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::ids::{CaseId, DeviceId};

use crate::desk::checks::tidy;
use crate::desk::visit::{Pin, Receipt, Showing};
use crate::desk::{Desk, NOTE_OPEN_CASE, SIGN_IN_PAUSE_MS, WRONG_SIGN_INS_MAX};
use crate::devices::{Effect, PrintTrouble, ReceiptJob};
use crate::fields::{MEMBERS_MAX, fields, member_path, split_member};
use crate::records::{Deed, Entry, NotLetIn, Records};
use crate::texts::{Code, notice, notice_with};

/// The longest value of a field, in characters.
const VALUE_CHARS_MAX: usize = 500;

impl<R: Records> Desk<R> {
    pub(super) fn staff_action(&mut self, action: StaffAction) -> Result<(), Notice> {
        if let StaffAction::SignIn { staff, secret } = &action {
            return self.sign_in(staff, secret.expose());
        }
        if matches!(action, StaffAction::DismissNotice) {
            self.notice = None;
            return Ok(());
        }
        self.by()?;
        match action {
            StaffAction::SignIn { .. } | StaffAction::DismissNotice => Ok(()),
            StaffAction::SignOut => self.sign_out(),
            StaffAction::StartReception => self.start_reception(),
            StaffAction::OpenCase { case } => self.open_case(case),
            StaffAction::LeaveCase => self.leave_case(),
            StaffAction::AskPin => self.ask_pin(),
            StaffAction::ReadWithNumberB {
                birth,
                expiry_year,
                code,
            } => self.read_with_number_b(&birth, &expiry_year, &code),
            StaffAction::StopWaiting => self.stop_waiting(),
            StaffAction::SetField { path, value } => self.set_field(&path, &value),
            StaffAction::ChooseValue { path, counter } => self.choose_value(&path, counter),
            StaffAction::AddMember => self.add_member(),
            StaffAction::RemoveMember { number } => self.remove_member(number),
            StaffAction::Answer {
                fact,
                member,
                value,
            } => self.answer(&fact, member, &value),
            StaffAction::AskAgain { fact, member } => self.ask_again(&fact, member),
            StaffAction::Undo => self.undo(),
            StaffAction::GoTo { step } => self.go_to(step),
            StaffAction::RecordIdentity { kind } => self.record_identity(&kind),
            StaffAction::ShowToResident => self.show_to_resident(),
            StaffAction::StopShowing => self.stop_showing(),
            StaffAction::Submit => self.submit(),
            StaffAction::PrintReceipt => self.print_receipt(),
        }
    }

    fn sign_in(&mut self, staff: &str, secret: &str) -> Result<(), Notice> {
        if self.now() < self.sign_in_again_ms {
            return Err(notice(Code::SignInWait));
        }
        if self.too_long_offline() {
            return Err(notice(Code::SignInTooLongOffline));
        }
        match self
            .records
            .sign_in(staff.trim(), secret, &self.place.branch)
        {
            Ok(signed_in) => {
                self.wrong_sign_ins = 0;
                self.notice = None;
                self.staff = Some(signed_in);
                self.reopen_case();
                Ok(())
            }
            Err(NotLetIn::Wrong) => {
                self.wrong_sign_ins = self.wrong_sign_ins.saturating_add(1);
                if self.wrong_sign_ins >= WRONG_SIGN_INS_MAX {
                    self.wrong_sign_ins = 0;
                    self.sign_in_again_ms = self.now() + SIGN_IN_PAUSE_MS;
                }
                Err(notice(Code::SignInWrong))
            }
            Err(NotLetIn::OtherBranch) => Err(notice(Code::SignInNotHere)),
            Err(NotLetIn::NoStaffYet) => Err(notice(Code::SignInNoStaff)),
            Err(NotLetIn::Broken(error)) => {
                tracing::error!(error, "staff cannot be read");
                Err(notice(Code::SaveFailed))
            }
        }
    }

    /// The case that was open here comes back, after a pulled plug or a locked screen.
    fn reopen_case(&mut self) {
        self.load_board();
        if self.visit.is_some() {
            self.reload_visit();
            return;
        }
        let note = self.records.note(NOTE_OPEN_CASE);
        let Some(case) = note.and_then(|bytes| CaseId::from_slice(&bytes)) else {
            return;
        };
        if let Err(notice) = self.open_case(case) {
            self.notice = Some(notice);
        }
    }

    fn sign_out(&mut self) -> Result<(), Notice> {
        self.leave_case()?;
        if let Some(staff) = self.staff.take() {
            self.records.audit(&staff.id, Deed::SignedOut, None);
        }
        self.notice = None;
        Ok(())
    }

    fn start_reception(&mut self) -> Result<(), Notice> {
        let by = self.by()?;
        let today = self.today();
        let (branch, counter) = (self.place.branch.clone(), self.place.counter);
        let number = |sequence| crate::receipt_number::written(&branch, counter, today, sequence);
        let case = self
            .records
            .start_case(&by, &branch, today, &number)
            .map_err(|error| self.store_failed(&error))?;
        self.notice = None;
        self.open_case(case)
    }

    /// Stores a typed value. On a full disk it stays on the screen and is tried again with the next.
    fn set_field(&mut self, path: &str, value: &str) -> Result<(), Notice> {
        let by = self.by()?;
        let visit = self.editable()?;
        let def = fields()
            .find(path)
            .ok_or_else(|| notice(Code::FieldUnknown))?;
        if split_member(path).is_some_and(|(number, _)| !visit.members().contains(&number)) {
            return Err(notice(Code::FieldUnknown));
        }
        if value.chars().count() > VALUE_CHARS_MAX {
            return Err(notice(Code::FieldTooLong));
        }
        let case = visit.case();
        let mut entries: Vec<Entry> = Vec::new();
        for (path, typed) in &visit.unsaved {
            entries.push(Entry::text(path.clone(), typed.clone(), Source::Staff));
        }
        let tidied = tidy(def, value);
        entries.retain(|entry| entry.path.as_str() != path);
        let unchanged = visit.text(path) == tidied && !visit.unsaved.contains_key(path);
        if unchanged && entries.is_empty() {
            return Ok(());
        }
        entries.push(Entry::text(path, tidied.clone(), Source::Staff));
        let stored = self.records.set_fields(case, &by, &entries);
        let now = self.now();
        if let Err(error) = stored {
            let failed = self.store_failed(&error);
            let visit = self.visit_mut()?;
            visit.unsaved.insert(path.to_owned(), tidied);
            visit.failed = Some(failed.clone());
            return Err(failed);
        }
        let visit = self.visit_mut()?;
        visit.unsaved.clear();
        visit.failed = None;
        visit.saved_at_ms = now;
        self.reload_visit();
        Ok(())
    }

    /// Stores values that are not typed into a field.
    pub(super) fn store(&mut self, entries: &[Entry]) -> Result<(), Notice> {
        let by = self.by()?;
        let case = self.editable()?.case();
        let stored = self.records.set_fields(case, &by, entries);
        stored.map_err(|error| self.store_failed(&error))?;
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
        stored.map_err(|error| self.store_failed(&error))?;
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
        self.store(&[Entry {
            path: FieldPath(member_path(free, "moving")),
            value: FieldValue::Flag(true),
            source: Source::Staff,
        }])
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

    fn answer(&mut self, fact: &str, member: Option<u8>, value: &str) -> Result<(), Notice> {
        let draft = self.editable()?.draft();
        let value = self
            .interviewer
            .answer(draft, fact, value)
            .ok_or_else(|| notice(Code::AnswerNotAllowed))?;
        self.store(&[Entry {
            path: answer_path(fact, member),
            value,
            source: Source::Resident,
        }])
    }

    fn ask_again(&mut self, fact: &str, member: Option<u8>) -> Result<(), Notice> {
        let path = answer_path(fact, member);
        self.editable()?
            .draft()
            .field(&path)
            .ok_or_else(|| notice(Code::NotPossibleNow))?;
        self.store(&[Entry {
            path,
            value: FieldValue::Cleared,
            source: Source::Staff,
        }])
    }

    fn undo(&mut self) -> Result<(), Notice> {
        let by = self.by()?;
        let case = self.editable()?.case();
        self.records
            .undo(case, &by)
            .map_err(|error| self.store_failed(&error))?;
        self.reload_visit();
        self.begin_fields(&by)?;
        self.reload_visit();
        Ok(())
    }

    fn go_to(&mut self, step: Step) -> Result<(), Notice> {
        let visit = self.visit()?;
        if step == Step::Finish && visit.is_editable() {
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
        let method = if kind == "mncard" && from_chip {
            "chip,pin"
        } else {
            "seen"
        };
        self.store(&[
            Entry::text("identity.kind", kind, Source::Staff),
            Entry::text("identity.method", method, Source::Derived),
        ])
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
            .map_err(|error| self.store_failed(&error))?;
        self.effects.push(Effect::WakeLink);
        self.notice = None;
        self.visit_mut()?.showing = Showing::No;
        self.visit_mut()?.pin = Pin::NotAsked;
        self.resident_left = false;
        self.reload_visit();
        self.load_board();
        self.known_returned = self.board.returned_cases();
        self.set_step(Step::Finish)?;
        self.print_receipt()
    }

    fn print_receipt(&mut self) -> Result<(), Notice> {
        let visit = self.visit()?;
        if visit.is_editable() || visit.receipt == Receipt::Printing {
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
        };
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

/// Where an answer is kept.
pub(super) fn answer_path(fact: &str, member: Option<u8>) -> FieldPath {
    FieldPath(match member {
        Some(number) => format!("answer.m{number}.{fact}"),
        None => format!("answer.{fact}"),
    })
}
