//! Who may work at this counter: sign-in, the pause after wrong passwords, the lock of a screen
//! nobody touches, and how long the counter may be without head office.
//!
//! The list of staff is as old as the last contact with head office; somebody who left since may
//! still be on it. So after seven days (`design.md` section 4) a supervisor must allow sign-in, for
//! a day at a time. What counts wrong passwords is on disk: a restart is no way around the pause.

use counter_api::{AtWork, Language, LineState, Notice, SignInView};
use counter_domain::ids::CaseId;
use serde::{Deserialize, Serialize};

use crate::desk::{Desk, NOTE_OPEN_BY, NOTE_OPEN_CASE, is_about_the_line, store_failed};
use crate::records::{Deed, NotLetIn, Records, SignedIn};
use crate::texts::{Code, notice, notice_with, sentence};

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;
/// Longest time without head office in which staff may sign in by themselves.
const OFFLINE_MAX_MS: u64 = 7 * DAY_MS;
/// How long a supervisor's word holds.
const ALLOWED_MS: u64 = DAY_MS;
/// A clock may be set back by this much before a time on disk counts as untrue.
const CLOCK_SLACK_MS: u64 = DAY_MS;
/// While connected, contact is noted this often.
const CONTACT_EVERY_MS: u64 = 10 * MINUTE_MS;
/// Wrong passwords in a row that cost nothing.
const WRONG_FREE: u32 = 4;
/// The pause after the next one; it doubles with each.
const PAUSE_FIRST_MS: u64 = MINUTE_MS;
const PAUSE_MAX_MS: u64 = 30 * MINUTE_MS;
/// The screen locks itself after this time without a touch, unless the settings say otherwise.
const IDLE_LOCK_MINUTES: u16 = 5;
/// What the settings may say.
const IDLE_LOCK_MINUTES_MAX: u16 = 60;

/// Note: wrong passwords in a row.
const NOTE_WRONG: &str = "desk.sign-in.wrong";
/// Note: when head office was last heard.
const NOTE_CONTACT: &str = "desk.contact";
/// Note: when a supervisor allowed sign-in.
const NOTE_ALLOWED: &str = "desk.offline-allowed";

/// Who is at the counter, and who may come.
#[derive(Debug)]
pub(super) struct Door {
    at_work: Option<SignedIn>,
    locked: bool,
    last_touch_ms: u64,
    idle_lock_minutes: u16,
    wrong: Wrong,
    heard_ms: Option<u64>,
    allowed_ms: Option<u64>,
    has_staff: bool,
}

/// Wrong passwords in a row, as on disk.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Wrong {
    in_row: u32,
    last_ms: u64,
}

impl Wrong {
    fn pause_ms(self) -> u64 {
        let beyond = self.in_row.saturating_sub(WRONG_FREE);
        match beyond.checked_sub(1) {
            None => 0,
            Some(doublings) => PAUSE_FIRST_MS
                .saturating_mul(1_u64.checked_shl(doublings).unwrap_or(u64::MAX))
                .min(PAUSE_MAX_MS),
        }
    }

    fn left_ms(self, now: u64) -> u64 {
        let waited = now.saturating_sub(self.last_ms);
        self.pause_ms().saturating_sub(waited)
    }
}

fn time_noted(records: &impl Records, note: &str) -> Option<u64> {
    let bytes = records.note(note)?;
    Some(u64::from_be_bytes(bytes.try_into().ok()?))
}

impl Door {
    /// The door as the notes on disk say.
    pub(super) fn open(records: &impl Records) -> Self {
        let wrong = records.note(NOTE_WRONG);
        let wrong = wrong.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self {
            at_work: None,
            locked: false,
            last_touch_ms: 0,
            idle_lock_minutes: IDLE_LOCK_MINUTES,
            wrong: wrong.unwrap_or_default(),
            heard_ms: time_noted(records, NOTE_CONTACT),
            allowed_ms: time_noted(records, NOTE_ALLOWED),
            has_staff: records.has_staff(),
        }
    }

    /// Who is at work here, also behind a locked screen: what a resident does then still has
    /// somebody who stands for it.
    pub(super) fn at_work(&self) -> Option<&SignedIn> {
        self.at_work.as_ref()
    }

    /// Who sees the staff's screen now.
    pub(super) fn at_screen(&self) -> Option<&SignedIn> {
        self.at_work.as_ref().filter(|_| !self.locked)
    }

    /// Takes the setting; nonsense is not taken.
    pub(super) fn lock_after(&mut self, minutes: u16) {
        if (1..=IDLE_LOCK_MINUTES_MAX).contains(&minutes) {
            self.idle_lock_minutes = minutes;
        }
    }

    pub(super) fn touched(&mut self, now: u64) {
        self.last_touch_ms = now;
    }

    fn is_idle(&self, now: u64) -> bool {
        let limit = u64::from(self.idle_lock_minutes) * MINUTE_MS;
        now.saturating_sub(self.last_touch_ms) > limit
    }

    /// A clock that was set back by more than a day makes the noted time worth nothing.
    fn needs_supervisor(&self, now: u64) -> bool {
        let age = |noted: u64| {
            let from_future = noted > now.saturating_add(CLOCK_SLACK_MS);
            (!from_future).then(|| now.saturating_sub(noted))
        };
        let fresh = |noted: Option<u64>, max: u64| {
            noted.is_some_and(|noted| age(noted).is_some_and(|age| age <= max))
        };
        // Before the first contact there is no list of staff either, so nobody gets in anyway.
        self.heard_ms.is_some()
            && !fresh(self.heard_ms, OFFLINE_MAX_MS)
            && !fresh(self.allowed_ms, ALLOWED_MS)
    }
}

impl<R: Records> Desk<R> {
    /// What the sign-in screen shows.
    pub(super) fn sign_in_view(&self) -> SignInView {
        let now = self.now();
        let left = self.door.wrong.left_ms(now).div_ceil(1_000);
        SignInView {
            locked: self.door.at_work.as_ref().map(|staff| AtWork {
                id: staff.id.as_str().to_owned(),
                name: staff.name.clone(),
            }),
            wait_seconds: u32::try_from(left).unwrap_or(u32::MAX),
            needs_supervisor: self.door.needs_supervisor(now),
            awaits_staff: !self.door.has_staff,
        }
    }

    /// Lets somebody in. Whoever locked the screen finds everything as it was left; anybody else
    /// begins at the board.
    pub(super) fn sign_in(&mut self, staff: &str, secret: &str) -> Result<(), Notice> {
        self.may_try()?;
        if self.door.needs_supervisor(self.now()) {
            return Err(notice(Code::SignInTooLongOffline));
        }
        let signed_in = self.check_password(staff, secret)?;
        let was_at_work = self.door.at_work.replace(signed_in.clone());
        self.door.locked = false;
        match was_at_work {
            Some(before) if before.id == signed_in.id => self.come_back(),
            Some(_) => {
                self.leave_case()?;
                self.begin_anew();
            }
            None => {
                self.begin_anew();
                self.reopen_case(&signed_in);
            }
        }
        Ok(())
    }

    /// How the line is has nothing to do with who signs in.
    fn begin_anew(&mut self) {
        self.close_devices();
        self.notice.take_if(|told| !is_about_the_line(told));
    }

    fn come_back(&mut self) {
        self.load_board();
        self.reload_visit();
    }

    /// A supervisor allows sign-in for a day.
    pub(super) fn allow_offline(&mut self, supervisor: &str, secret: &str) -> Result<(), Notice> {
        if !self.door.needs_supervisor(self.now()) {
            return Err(notice(Code::NotPossibleNow));
        }
        self.may_try()?;
        let supervisor = self.check_password(supervisor, secret)?;
        if !supervisor.may_supervise {
            return Err(notice(Code::SignInNotSupervisor));
        }
        let now = self.now();
        self.records
            .set_note(NOTE_ALLOWED, Some(&now.to_be_bytes()))
            .map_err(|error| store_failed(&error))?;
        self.door.allowed_ms = Some(now);
        self.records
            .audit(&supervisor.id, Deed::AllowedOffline, None);
        Ok(())
    }

    fn may_try(&self) -> Result<(), Notice> {
        let left = self.door.wrong.left_ms(self.now());
        if left == 0 {
            return Ok(());
        }
        let seconds = left.div_ceil(1_000);
        let time = sentence(
            "sign_in",
            if seconds < 60 { "seconds" } else { "minutes" },
            &[
                ("minutes", &(seconds / 60).to_string()),
                ("seconds", &(seconds % 60).to_string()),
            ],
        );
        Err(notice_with(
            Code::SignInWait,
            Language::Japanese,
            &[("time", &time)],
        ))
    }

    fn check_password(&mut self, staff: &str, secret: &str) -> Result<SignedIn, Notice> {
        let outcome = self
            .records
            .sign_in(staff.trim(), secret, &self.place.branch);
        let code = match outcome {
            Ok(signed_in) => {
                self.count_wrong(Wrong::default());
                return Ok(signed_in);
            }
            Err(NotLetIn::Wrong) => {
                let wrong = Wrong {
                    in_row: self.door.wrong.in_row.saturating_add(1),
                    last_ms: self.now(),
                };
                self.count_wrong(wrong);
                Code::SignInWrong
            }
            Err(NotLetIn::OtherBranch) => Code::SignInNotHere,
            Err(NotLetIn::NoStaffYet) => Code::SignInNoStaff,
            Err(NotLetIn::Broken(error)) => {
                tracing::error!(error, "staff cannot be read");
                Code::SaveFailed
            }
        };
        Err(notice(code))
    }

    /// On a full disk it is counted until the restart only; that is no reason to let nobody in.
    fn count_wrong(&mut self, wrong: Wrong) {
        let had = std::mem::replace(&mut self.door.wrong, wrong);
        if had.in_row == wrong.in_row {
            return;
        }
        let stored = match serde_json::to_vec(&wrong) {
            Ok(bytes) if wrong.in_row > 0 => self.records.set_note(NOTE_WRONG, Some(&bytes)),
            Ok(_) | Err(_) => self.records.set_note(NOTE_WRONG, None),
        };
        if let Err(error) = stored {
            tracing::warn!(%error, "wrong sign-ins not noted");
        }
    }

    /// The case that was open here comes back after a pulled plug, to whoever had it open.
    fn reopen_case(&mut self, staff: &SignedIn) {
        self.load_board();
        let opener = self.records.note(NOTE_OPEN_BY);
        if opener.is_some_and(|opener| opener != staff.id.as_str().as_bytes()) {
            return;
        }
        let note = self.records.note(NOTE_OPEN_CASE);
        let case = note.and_then(|bytes| CaseId::from_slice(&bytes));
        if let Some(case) = case
            && let Err(notice) = self.open_case(case)
        {
            self.notice = Some(notice);
        }
    }

    pub(super) fn sign_out(&mut self) -> Result<(), Notice> {
        self.leave_case()?;
        if let Some(staff) = self.door.at_work.take() {
            self.records.audit(&staff.id, Deed::SignedOut, None);
        }
        self.door.locked = false;
        self.notice = None;
        self.close_devices();
        self.forget_prints();
        self.archive = None;
        Ok(())
    }

    /// Head office's list may have arrived or changed. Who was taken off it ends work here, also
    /// behind a locked screen.
    pub(super) fn staff_arrived(&mut self) {
        self.door.has_staff = self.door.has_staff || self.records.has_staff();
        let Some(staff) = self.door.at_work() else {
            return;
        };
        if self.records.works_here(&staff.id, &self.place.branch) {
            return;
        }
        if let Err(kept) = self.sign_out() {
            // What a resident signed is not on disk yet: it goes on being saved behind the lock.
            tracing::warn!(code = kept.code, "a case stays open as its staff leaves");
            self.lock_screen();
        }
        self.notice = Some(notice(Code::SignInEnded));
    }

    /// Hides everything; nothing that is being done is lost by it.
    pub(super) fn lock_screen(&mut self) {
        let Some(staff) = self.door.at_screen() else {
            return;
        };
        let id = staff.id.clone();
        self.door.locked = true;
        self.records.audit(&id, Deed::SignedOut, None);
    }

    /// Every few seconds: the lock, the pause and the contact go by the clock.
    pub(super) fn mind_the_door(&mut self) {
        let now = self.now();
        // A clock that was set back must not make the pause longer.
        self.door.wrong.last_ms = self.door.wrong.last_ms.min(now);
        self.door.last_touch_ms = self.door.last_touch_ms.min(now);
        if self.door.is_idle(now) {
            self.lock_screen();
        }
        let noted = self.door.heard_ms.unwrap_or_default();
        if self.line == LineState::Connected && now.abs_diff(noted) >= CONTACT_EVERY_MS {
            self.note_contact();
        }
    }

    /// Head office was heard now: staff may sign in for seven more days.
    pub(super) fn note_contact(&mut self) {
        let now = self.now();
        self.door.heard_ms = Some(now);
        if let Err(error) = self
            .records
            .set_note(NOTE_CONTACT, Some(&now.to_be_bytes()))
        {
            tracing::warn!(%error, "time of contact not stored");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_password_after_the_fourth_doubles_the_pause_up_to_half_an_hour() {
        let minutes = |in_row| Wrong { in_row, last_ms: 0 }.pause_ms() / MINUTE_MS;
        let pauses: Vec<u64> = (3..=12).map(minutes).collect();
        assert_eq!(pauses, [0, 0, 1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(minutes(u32::MAX), 30);
    }
}
