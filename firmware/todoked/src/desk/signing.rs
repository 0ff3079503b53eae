//! The resident reads, signs; what was read is frozen.

use counter_api::{Language, Notice, ResidentAction, Step, Stroke};
use counter_domain::ids::{CaseId, StaffId};
use counter_domain::snapshot::Snapshot;
use counter_store::SignedForm;
use serde::{Deserialize, Serialize};

use crate::desk::visit::Showing;
use crate::desk::{Desk, store_failed};
use crate::devices::{Effect, FormJob, Signature};
use crate::records::{Deed, Records, RecordsError};
use crate::texts::{Code, notice, notice_with};

/// Bounds of a signature; a slow pad gives about 200 points a second.
const STROKES_MAX: usize = 200;
const POINTS_MAX: usize = 20_000;

/// A signature whose form is being made; survives a pulled plug.
#[derive(Serialize, Deserialize)]
struct Pending {
    snapshot: Snapshot,
    signature: Signature,
}

fn pending_note(case: CaseId) -> String {
    format!("desk.signing.{case}")
}

impl<R: Records> Desk<R> {
    pub(super) fn show_to_resident(&mut self) -> Result<(), Notice> {
        self.editable()?;
        if let Some(reason) = self.not_ready_to_sign() {
            let values = [("reason", reason.as_str())];
            return Err(notice_with(Code::SignNotReady, Language::Japanese, &values));
        }
        let language = self.language;
        let visit = self.visit_mut()?;
        if visit.showing == Showing::Saving {
            return Err(notice(Code::NotPossibleNow));
        }
        visit.showing = Showing::Reading(Box::new(visit.content(language)));
        let case = visit.case();
        self.resident_notice = None;
        self.notice = None;
        let by = self.by()?;
        self.records.audit(&by, Deed::Shown, Some(case));
        self.set_step(Step::Sign)
    }

    pub(super) fn stop_showing(&mut self) -> Result<(), Notice> {
        let visit = self.visit_mut()?;
        if visit.showing != Showing::Saving {
            visit.showing = Showing::No;
        }
        Ok(())
    }

    pub(super) fn resident_action(&mut self, action: ResidentAction) -> Result<(), Code> {
        match action {
            ResidentAction::SetLanguage { language } => {
                self.language = language;
                self.refreeze();
                Ok(())
            }
            ResidentAction::Pin { digits } => self.pin_entered(digits),
            ResidentAction::SkipPin => self.pin_skipped(),
            ResidentAction::ContentRight => self.content_right(),
            ResidentAction::ContentWrong => self.content_wrong(),
            ResidentAction::Sign {
                pad_width,
                pad_height,
                strokes,
            } => self.signed(Signature {
                version: 1,
                pad_width,
                pad_height,
                strokes,
            }),
            ResidentAction::BackToContent => self.back_to_content(),
            ResidentAction::Leave => {
                let submitted = self
                    .visit
                    .as_ref()
                    .is_some_and(|visit| !visit.is_editable());
                self.resident_left = submitted;
                if submitted {
                    Ok(())
                } else {
                    Err(Code::NotPossibleNow)
                }
            }
        }
    }

    /// The snapshot says in which language it was read.
    fn refreeze(&mut self) {
        let language = self.language;
        if let Some(visit) = self.visit.as_mut()
            && let Showing::Reading(_) = visit.showing
        {
            visit.showing = Showing::Reading(Box::new(visit.content(language)));
        }
    }

    fn content_right(&mut self) -> Result<(), Code> {
        let visit = self.visit.as_mut().ok_or(Code::NotPossibleNow)?;
        let Showing::Reading(read) = &visit.showing else {
            return Err(Code::NotPossibleNow);
        };
        visit.showing = Showing::Signing(read.clone());
        Ok(())
    }

    fn content_wrong(&mut self) -> Result<(), Code> {
        let visit = self.visit.as_mut().ok_or(Code::NotPossibleNow)?;
        match visit.showing {
            Showing::Reading(_) | Showing::Signing(_) => visit.showing = Showing::Objected,
            Showing::No | Showing::Objected | Showing::Saving => return Err(Code::NotPossibleNow),
        }
        self.tell(Code::SignObjected);
        Ok(())
    }

    fn back_to_content(&mut self) -> Result<(), Code> {
        let visit = self.visit.as_mut().ok_or(Code::NotPossibleNow)?;
        let Showing::Signing(read) = &visit.showing else {
            return Err(Code::NotPossibleNow);
        };
        visit.showing = Showing::Reading(read.clone());
        Ok(())
    }

    /// Takes the strokes. They are on disk before the form is made from them.
    fn signed(&mut self, signature: Signature) -> Result<(), Code> {
        check_strokes(&signature.strokes)?;
        let visit = self.visit.as_ref().ok_or(Code::NotPossibleNow)?;
        let Showing::Signing(read) = &visit.showing else {
            return Err(Code::NotPossibleNow);
        };
        let case = visit.case();
        let pending = Pending {
            snapshot: Snapshot::clone(read),
            signature,
        };
        let stored = serde_json::to_vec(&pending)
            .map_err(|error| RecordsError::Broken(error.to_string()))
            .and_then(|bytes| self.records.set_note(&pending_note(case), Some(&bytes)));
        if let Err(error) = stored {
            self.notice = Some(store_failed(&error));
            return Err(match error {
                RecordsError::DiskFull => Code::SaveDiskFull,
                RecordsError::OlderCopy => Code::RecordsOlderCopy,
                RecordsError::NotAllowed
                | RecordsError::Elsewhere
                | RecordsError::NoCase
                | RecordsError::NothingToUndo
                | RecordsError::Broken(_) => Code::SaveFailed,
            });
        }
        self.make_form(case, pending);
        Ok(())
    }

    fn make_form(&mut self, case: CaseId, pending: Pending) {
        if let Some(visit) = self.visit.as_mut() {
            visit.showing = Showing::Saving;
        }
        self.effects.push(Effect::MakeForm(Box::new(FormJob {
            case,
            snapshot: pending.snapshot,
            signature: pending.signature,
            city: self.place.city.clone(),
            place: self.place.name.clone(),
        })));
    }

    /// A plug was pulled between the strokes and the form: the form is made now.
    pub(super) fn resume_signing(&mut self) {
        let Some(visit) = self.visit.as_ref().filter(|visit| visit.is_editable()) else {
            return;
        };
        let case = visit.case();
        if let Some(pending) = self.pending(case) {
            self.make_form(case, pending);
        }
    }

    fn pending(&self, case: CaseId) -> Option<Pending> {
        let bytes = self.records.note(&pending_note(case))?;
        serde_json::from_slice(&bytes).ok()
    }

    /// The form is made: snapshot, strokes, form and event become one transaction.
    pub(super) fn form_made(&mut self, case: CaseId, form: Result<Vec<u8>, String>) {
        let is_open = self
            .visit
            .as_ref()
            .is_some_and(|visit| visit.case() == case);
        let (Some(pending), Ok(by)) = (self.pending(case), self.by_or_opener(case)) else {
            return;
        };
        let code = match form {
            Ok(pdf) => self.freeze(case, &by, &pending, &pdf),
            Err(reason) => {
                tracing::error!("form not made");
                let mut failed = notice(Code::SignFormFailed);
                if !reason.is_empty() {
                    failed.what = reason;
                }
                self.notice = Some(failed);
                Err(Code::SignFormFailed)
            }
        };
        if let Err(error) = self.records.set_note(&pending_note(case), None) {
            tracing::warn!(%error, "finished signature still noted");
        }
        if !is_open {
            return;
        }
        if let Some(visit) = self.visit.as_mut() {
            visit.showing = Showing::No;
        }
        if let Err(code) = code {
            self.resident_notice = Some(code);
        }
        self.reload_visit();
    }

    fn freeze(
        &mut self,
        case: CaseId,
        by: &StaffId,
        pending: &Pending,
        pdf: &[u8],
    ) -> Result<(), Code> {
        let strokes = serde_json::to_vec(&pending.signature).map_err(|_| Code::SaveFailed)?;
        let form = SignedForm {
            snapshot: &pending.snapshot,
            strokes: &strokes,
            form_pdf: pdf,
        };
        match self.records.sign(case, by, &form) {
            Ok(_) => {
                self.tell(Code::SignDone);
                Ok(())
            }
            Err(error) => {
                self.notice = Some(store_failed(&error));
                Err(Code::SaveFailed)
            }
        }
    }

    /// Staff may have been locked out while the form was made; whoever began the case stands for it.
    fn by_or_opener(&self, case: CaseId) -> Result<StaffId, Notice> {
        self.by().or_else(|notice| {
            let record = self.records.case(case).map_err(|_| notice.clone())?;
            record
                .events
                .first()
                .map(|event| event.by.clone())
                .ok_or(notice)
        })
    }
}

fn check_strokes(strokes: &[Stroke]) -> Result<(), Code> {
    let points = || strokes.iter().map(|stroke| stroke.points.len());
    if strokes.len() > STROKES_MAX || points().sum::<usize>() > POINTS_MAX {
        return Err(Code::SignTooLarge);
    }
    if points().any(|count| count > 1) {
        Ok(())
    } else {
        Err(Code::SignEmpty)
    }
}
