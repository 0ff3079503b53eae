//! The resident reads, signs; what was read is frozen.

use std::sync::Arc;

use std::fmt;

use counter_api::{ContentId, Language, Notice, ResidentAction, Step, Stroke};
use counter_domain::ids::{CaseId, StaffId};
use counter_domain::snapshot::Snapshot;
use counter_forms::filing::form_of;
use counter_store::SignedForm;
use serde::{Deserialize, Serialize};

use crate::desk::checks::GlyphGate;
use crate::desk::resident_view::content_id;
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
pub(super) struct Pending {
    snapshot: Snapshot,
    signature: Signature,
}

/// A signature that could not be stored, for want of room or because the disk failed. It is tried
/// again by itself, so that nobody has to sign twice. Debug hides it.
pub(super) struct Held {
    pending: Pending,
    /// The form made from it; without one not even the strokes are on disk.
    form: Option<Vec<u8>>,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held(hidden)")
    }
}

impl Held {
    /// Whether a pulled plug would lose it.
    pub(super) fn is_in_memory_only(&self) -> bool {
        self.form.is_none()
    }
}

/// Whether the same may succeed later.
fn may_pass(error: &RecordsError) -> bool {
    match error {
        RecordsError::DiskFull | RecordsError::Broken(_) => true,
        RecordsError::OlderCopy
        | RecordsError::NotAllowed
        | RecordsError::Elsewhere
        | RecordsError::NoCase
        | RecordsError::NothingToUndo => false,
    }
}

fn pending_note(case: CaseId) -> String {
    format!("desk.signing.{case}")
}

/// What is shown, with number and version of each form it is printed on: what is signed is signed
/// on that version, whatever is published meanwhile.
fn with_forms(mut content: Snapshot, forms: &dyn GlyphGate) -> Snapshot {
    content.forms = forms.forms_of(&content);
    // Of a procedure alone every sheet may be a section's own; what is signed stays a request.
    let own = content
        .forms
        .iter()
        .find(|one| one.name == form_of(&content));
    if let Some(own) = own {
        content.form = format!("{}/{}", own.name, own.version);
    }
    content
}

impl<R: Records> Desk<R> {
    pub(super) fn show_to_resident(&mut self) -> Result<(), Notice> {
        self.editable()?;
        if let Some(reason) = self.not_ready_to_sign() {
            let values = [("reason", reason.as_str())];
            return Err(notice_with(Code::SignNotReady, Language::Japanese, &values));
        }
        let language = self.language;
        let forms = Arc::clone(&self.glyphs);
        let visit = self.visit_mut()?;
        if visit.showing == Showing::Saving {
            return Err(notice(Code::NotPossibleNow));
        }
        let content = with_forms(visit.content(language), forms.as_ref());
        visit.showing = Showing::Reading(Box::new(content));
        let case = visit.case();
        self.resident_notice = None;
        self.notice = None;
        let by = self.by()?;
        self.records.audit(&by, Deed::Shown, Some(case));
        self.set_step(Step::Sign)
    }

    pub(super) fn stop_showing(&mut self) -> Result<(), Notice> {
        let case = self.visit()?.case();
        if self.visit_mut()?.held.is_some() {
            // Given up by a person: it must not come back when the case is opened again.
            self.records
                .set_note(&pending_note(case), None)
                .map_err(|error| store_failed(&error))?;
            let visit = self.visit_mut()?;
            visit.held = None;
            visit.showing = Showing::No;
            return Ok(());
        }
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
            ResidentAction::ContentRight { content } => self.content_right(content),
            ResidentAction::ContentWrong => self.content_wrong(),
            ResidentAction::Sign {
                content,
                pad_width,
                pad_height,
                strokes,
            } => self.signed(
                content,
                Signature {
                    version: 1,
                    pad_width,
                    pad_height,
                    strokes,
                },
            ),
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
            let content = with_forms(visit.content(language), self.glyphs.as_ref());
            visit.showing = Showing::Reading(Box::new(content));
        }
    }

    fn content_right(&mut self, content: ContentId) -> Result<(), Code> {
        let visit = self.visit.as_mut().ok_or(Code::NotPossibleNow)?;
        let Showing::Reading(read) = &visit.showing else {
            return Err(Code::NotPossibleNow);
        };
        if content_id(read) != content {
            return Err(Code::NotPossibleNow);
        }
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
    fn signed(&mut self, content: ContentId, signature: Signature) -> Result<(), Code> {
        check_strokes(&signature.strokes)?;
        let visit = self.visit.as_ref().ok_or(Code::NotPossibleNow)?;
        let Showing::Signing(read) = &visit.showing else {
            return Err(Code::NotPossibleNow);
        };
        if content_id(read) != content {
            return Err(Code::NotPossibleNow);
        }
        let case = visit.case();
        let pending = Pending {
            snapshot: Snapshot::clone(read),
            signature,
        };
        match self.note_pending(case, &pending) {
            Ok(()) => self.make_form(case, pending),
            Err(error) if may_pass(&error) => {
                self.notice = Some(store_failed(&error));
                self.hold(Held {
                    pending,
                    form: None,
                });
            }
            Err(error) => {
                self.notice = Some(store_failed(&error));
                return Err(match error {
                    RecordsError::OlderCopy => Code::RecordsOlderCopy,
                    RecordsError::DiskFull
                    | RecordsError::NotAllowed
                    | RecordsError::Elsewhere
                    | RecordsError::NoCase
                    | RecordsError::NothingToUndo
                    | RecordsError::Broken(_) => Code::SaveFailed,
                });
            }
        }
        Ok(())
    }

    fn note_pending(&mut self, case: CaseId, pending: &Pending) -> Result<(), RecordsError> {
        let bytes =
            serde_json::to_vec(pending).map_err(|error| RecordsError::Broken(error.to_string()))?;
        self.records.set_note(&pending_note(case), Some(&bytes))
    }

    /// Keeps a signature until it can be stored; the resident is done with it.
    fn hold(&mut self, held: Held) {
        if let Some(visit) = self.visit.as_mut() {
            visit.showing = Showing::Saving;
            visit.held = Some(held);
        }
    }

    /// Tries again to store a signature that is held.
    pub(super) fn sign_again(&mut self) {
        let Some(visit) = self.visit.as_mut() else {
            return;
        };
        let (case, held) = (visit.case(), visit.held.take());
        let Some(held) = held else { return };
        let Some(form) = &held.form else {
            match self.note_pending(case, &held.pending) {
                Ok(()) => {
                    self.notice = None;
                    self.make_form(case, held.pending);
                }
                Err(_) => self.hold(held),
            }
            return;
        };
        let Ok(by) = self.by_or_opener(case) else {
            return self.hold(held);
        };
        match self.freeze(case, &by, &held.pending, form) {
            Err(error) if may_pass(&error) => self.hold(held),
            frozen => {
                let ended = frozen.map_err(|error| self.not_frozen(&error));
                self.signing_ended(case, ended);
            }
        }
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
        let ended = match form {
            Ok(pdf) => match self.freeze(case, &by, &pending, &pdf) {
                Ok(()) => Ok(()),
                Err(error) if may_pass(&error) => {
                    self.notice = Some(store_failed(&error));
                    // A case that was left is signed when it is opened again: the note is there.
                    if is_open {
                        self.hold(Held {
                            pending,
                            form: Some(pdf),
                        });
                    }
                    return;
                }
                Err(error) => Err(self.not_frozen(&error)),
            },
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
        self.signing_ended(case, ended);
    }

    /// Nothing more will become of this signature: it is stored, or the resident signs anew.
    fn signing_ended(&mut self, case: CaseId, ended: Result<(), Code>) {
        if let Err(error) = self.records.set_note(&pending_note(case), None) {
            tracing::warn!(%error, "finished signature still noted");
        }
        let Some(visit) = self.visit.as_mut().filter(|visit| visit.case() == case) else {
            return;
        };
        visit.showing = Showing::No;
        if let Err(code) = ended {
            self.resident_notice = Some(code);
        }
        self.reload_visit();
    }

    /// Tells staff, and says what the resident is told.
    fn not_frozen(&mut self, error: &RecordsError) -> Code {
        self.notice = Some(store_failed(error));
        Code::SaveFailed
    }

    fn freeze(
        &mut self,
        case: CaseId,
        by: &StaffId,
        pending: &Pending,
        pdf: &[u8],
    ) -> Result<(), RecordsError> {
        let strokes = serde_json::to_vec(&pending.signature)
            .map_err(|error| RecordsError::Broken(error.to_string()))?;
        let form = SignedForm {
            snapshot: &pending.snapshot,
            strokes: &strokes,
            form_pdf: pdf,
        };
        self.records.sign(case, by, &form)?;
        self.tell(Code::SignDone);
        Ok(())
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
