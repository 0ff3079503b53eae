//! The device page: how everything attached stands, what was last wrong with it, and a try of it.
//!
//! Devices are seen by the keeper ([`crate::attached`]); the resident's display and the line to head
//! office the desk knows by itself. What is remembered here lasts until the daemon ends.

use std::collections::BTreeMap;

use counter_api::{
    DeviceAction, DeviceKind, DeviceRow, DeviceState, DevicesView, Language, LineState, Notice,
    Tone,
};

use crate::attached::{Looking, Seen, State, Tried, kind_name};
use crate::clock::hour_and_minute;
use crate::desk::Desk;
use crate::devices::Effect;
use crate::records::Records;
use crate::texts::{Code, notice, notice_with, sentence, word};

/// The order of the page.
const ORDER: [DeviceKind; 7] = [
    DeviceKind::CardReader,
    DeviceKind::ReceiptPrinter,
    DeviceKind::PagePrinter,
    DeviceKind::Scanner,
    DeviceKind::ResidentDisplay,
    DeviceKind::Disk,
    DeviceKind::Line,
];

/// What is known of the devices, and the page.
#[derive(Debug, Default)]
pub(super) struct Attachment {
    open: bool,
    seen: BTreeMap<DeviceKind, Vec<Seen>>,
    history: BTreeMap<String, History>,
    tries: BTreeMap<String, Try>,
}

/// What became of one device since the start.
#[derive(Debug, Clone, Copy, Default)]
struct History {
    usable_ms: Option<u64>,
    worked_ms: Option<u64>,
    /// What was last wrong, and since when or until when.
    trouble: Option<(Code, u64)>,
}

#[derive(Debug)]
enum Try {
    Running,
    Ended(Notice),
}

impl Attachment {
    /// How the header shows a kind: the first of it that works counts.
    fn header(&self, kind: DeviceKind) -> Option<DeviceState> {
        let seen = self.seen.get(&kind)?;
        Some(if seen.iter().any(|one| one.state.is_usable()) {
            DeviceState::Ready
        } else {
            DeviceState::Missing
        })
    }
}

impl<R: Records> Desk<R> {
    /// Takes what staff did on the page.
    pub(super) fn device_action(&mut self, deed: DeviceAction) -> Result<(), Notice> {
        match deed {
            DeviceAction::Open => {
                self.attachment.open = true;
                self.attachment.tries.clear();
                self.effects.push(Effect::LookAtDevices(Looking::Often));
            }
            DeviceAction::Close => self.close_devices(),
            DeviceAction::Look => self.effects.push(Effect::LookAtDevices(Looking::Now)),
            DeviceAction::Test { id } => return self.test_device(id),
        }
        Ok(())
    }

    pub(super) fn close_devices(&mut self) {
        self.close_prints();
        if self.attachment.open {
            self.attachment.open = false;
            self.effects.push(Effect::LookAtDevices(Looking::Seldom));
        }
    }

    fn test_device(&mut self, id: String) -> Result<(), Notice> {
        if id == kind_name(DeviceKind::Line) {
            self.effects.push(Effect::WakeLink);
            return Ok(());
        }
        let known = self.attachment.seen.values().flatten();
        if !known.into_iter().any(|one| one.id == id) {
            return Err(notice(Code::DeviceGone));
        }
        if matches!(self.attachment.tries.get(&id), Some(Try::Running)) {
            return Err(notice(Code::NotPossibleNow));
        }
        self.attachment.tries.insert(id.clone(), Try::Running);
        self.effects.push(Effect::TestDevice(id));
        Ok(())
    }

    /// How the devices of a kind are now.
    pub(super) fn devices_seen(&mut self, kind: DeviceKind, seen: Vec<Seen>) {
        for one in &seen {
            self.remember(&one.id, one.state);
        }
        // What a try showed is over once the device comes back, or goes.
        let before = self.attachment.seen.get(&kind).into_iter().flatten();
        let turned: Vec<String> = before
            .filter(|old| {
                let same = |new: &&Seen| new.id == old.id;
                let usable = seen.iter().find(same).map(|new| new.state.is_usable());
                usable.is_some_and(|usable| usable != old.state.is_usable())
            })
            .map(|old| old.id.clone())
            .collect();
        for id in turned {
            if matches!(self.attachment.tries.get(&id), Some(Try::Ended(_))) {
                self.attachment.tries.remove(&id);
            }
        }
        let gone = |id: &String| !seen.iter().any(|one| one.id == *id);
        let left = self.attachment.seen.get(&kind).into_iter().flatten();
        let left: Vec<String> = left.map(|one| one.id.clone()).filter(gone).collect();
        for id in left {
            self.attachment.tries.remove(&id);
        }
        self.attachment.seen.insert(kind, seen);
        if let Some(state) = self.attachment.header(DeviceKind::ReceiptPrinter) {
            self.devices.receipt_printer = state;
        }
    }

    fn remember(&mut self, id: &str, state: State) {
        let now = self.now();
        let history = self.attachment.history.entry(id.to_owned()).or_default();
        if state.is_usable() {
            history.usable_ms = Some(now);
        }
        match (state.code(), history.trouble) {
            // It goes on being wrong in the same way: since when is what counts.
            (Some(code), Some((known, _))) if code == known => {}
            (Some(code), _) => history.trouble = Some((code, now)),
            (None, _) => {}
        }
    }

    /// A device did its work, or did not, outside of the page.
    pub(super) fn device_worked(&mut self, kind: DeviceKind, worked: Result<(), State>) {
        let id = kind_name(kind);
        let state = worked.err().unwrap_or(State::Ready);
        self.remember(id, state);
        if worked.is_ok() {
            let now = self.now();
            let history = self.attachment.history.entry(id.to_owned()).or_default();
            history.worked_ms = Some(now);
        }
    }

    /// The end of a try.
    pub(super) fn device_tested(&mut self, id: String, tried: Result<Tried, State>) {
        let now = self.now();
        let notice = match tried {
            Ok(tried) => {
                let history = self.attachment.history.entry(id.clone()).or_default();
                history.worked_ms = Some(now);
                history.usable_ms = Some(now);
                let detail = match word("card_kind", &tried.detail) {
                    known if known.is_empty() => tried.detail,
                    known => known,
                };
                let showed = sentence("device_tested", tried.word, &[("detail", &detail)]);
                let at = hour_and_minute(now);
                notice_with(
                    Code::DeviceTested,
                    Language::Japanese,
                    &[("showed", &showed), ("at", &at)],
                )
            }
            Err(state) => {
                self.remember(&id, state);
                let title = self.device_title(&id);
                notice_with(state.refusal(), Language::Japanese, &[("device", &title)])
            }
        };
        self.attachment.tries.insert(id, Try::Ended(notice));
        self.effects.push(Effect::LookAtDevices(Looking::Now));
    }

    fn device_title(&self, id: &str) -> String {
        let all = self.attachment.seen.iter();
        let found = all
            .into_iter()
            .find(|(_, seen)| seen.iter().any(|one| one.id == id));
        found.map_or_else(String::new, |(kind, _)| title(*kind))
    }

    /// The page, while it is open and somebody is at the screen.
    pub(super) fn devices_view(&self) -> Option<DevicesView> {
        self.door.at_screen().filter(|_| self.attachment.open)?;
        Some(DevicesView {
            rows: ORDER
                .into_iter()
                .flat_map(|kind| self.rows_of(kind))
                .collect(),
            receipt_number: self
                .visit
                .as_ref()
                .map(super::visit::Visit::receipt_number)
                .unwrap_or_default(),
        })
    }

    fn rows_of(&self, kind: DeviceKind) -> Vec<DeviceRow> {
        match kind {
            DeviceKind::ResidentDisplay => vec![self.display_row()],
            DeviceKind::Line => vec![self.line_row()],
            DeviceKind::CardReader
            | DeviceKind::ReceiptPrinter
            | DeviceKind::PagePrinter
            | DeviceKind::Scanner
            | DeviceKind::Disk => {
                let seen = self.attachment.seen.get(&kind).into_iter().flatten();
                seen.map(|one| self.row(kind, one)).collect()
            }
        }
    }

    fn row(&self, kind: DeviceKind, seen: &Seen) -> DeviceRow {
        let title = title(kind);
        let told = seen
            .state
            .code()
            .map(|code| notice_with(code, Language::Japanese, &[("device", &title)]));
        let (testing, tested) = match self.attachment.tries.get(&seen.id) {
            Some(Try::Running) => (true, None),
            Some(Try::Ended(notice)) => (false, Some(notice.clone())),
            None => (false, None),
        };
        let can_be_tried = !matches!(
            seen.state,
            State::Unset | State::Missing | State::NoService | State::NoProgram
        );
        DeviceRow {
            id: seen.id.clone(),
            kind,
            model: model(kind, seen),
            state: word("device_state", seen.state.name()),
            tone: told
                .as_ref()
                .map_or_else(|| tone(seen.state), |told| told.tone),
            trouble: told,
            last_success: self.last_success(&seen.id, seen.state),
            last_trouble: self.last_trouble(kind, seen),
            test: if can_be_tried {
                word("device_test_button", kind_name(kind))
            } else {
                String::new()
            },
            testing,
            tested,
            title,
        }
    }

    fn last_success(&self, id: &str, state: State) -> String {
        let history = self.attachment.history.get(id).copied().unwrap_or_default();
        let (name, at) = match (state.is_usable(), history.worked_ms, history.usable_ms) {
            (true, Some(worked), _) => ("worked", worked),
            (true, None, Some(usable)) => ("answered", usable),
            (false, _, Some(usable)) => ("usable_until", usable),
            (_, _, None) => return String::new(),
        };
        sentence("device", name, &[("at", &hour_and_minute(at))])
    }

    /// What was wrong before; what is wrong now stands above it. That a device was missing is
    /// remembered of its kind: without a name it has no line of its own.
    fn last_trouble(&self, kind: DeviceKind, seen: &Seen) -> String {
        let trouble = |id: &str| self.attachment.history.get(id)?.trouble;
        let Some((code, at)) = trouble(&seen.id).or_else(|| trouble(kind_name(kind))) else {
            return String::new();
        };
        if seen.state.code() == Some(code) {
            return String::new();
        }
        let told = notice_with(code, Language::Japanese, &[("device", &title(kind))]);
        let at = hour_and_minute(at);
        sentence("device", "trouble", &[("at", &at), ("what", &told.what)])
    }

    fn display_row(&self) -> DeviceRow {
        let (name, code) = match self.devices.resident_display {
            DeviceState::Ready | DeviceState::Busy => ("ready", None),
            DeviceState::Missing => ("missing", Some(Code::DisplayMissing)),
        };
        own_row(
            DeviceKind::ResidentDisplay,
            &word("device_state", name),
            code,
        )
    }

    fn line_row(&self) -> DeviceRow {
        let (name, code) = match self.line {
            LineState::Connected => ("connected", None),
            LineState::Connecting => ("connecting", None),
            LineState::Down => ("down", Some(Code::LineDown)),
            LineState::Refused => ("refused", Some(Code::LineRefused)),
            LineState::Unset => ("unset", Some(Code::LineUnset)),
        };
        let mut row = own_row(DeviceKind::Line, &word("line_state", name), code);
        row.last_success = match self.records.sending().safe_until_unix_ms {
            Some(at) => sentence("device", "safe_until", &[("at", &hour_and_minute(at))]),
            None => String::new(),
        };
        if code.is_some() && self.line != LineState::Unset {
            row.test = word("device_test_button", "line");
        }
        row
    }
}

/// A row of what the desk knows by itself.
fn own_row(kind: DeviceKind, state: &str, code: Option<Code>) -> DeviceRow {
    let trouble = code.map(notice);
    DeviceRow {
        id: kind_name(kind).to_owned(),
        kind,
        title: title(kind),
        model: String::new(),
        state: state.to_owned(),
        tone: trouble.as_ref().map_or(Tone::Done, |told| told.tone),
        trouble,
        last_success: String::new(),
        last_trouble: String::new(),
        test: String::new(),
        testing: false,
        tested: None,
    }
}

pub(super) fn title(kind: DeviceKind) -> String {
    word("device_title", kind_name(kind))
}

/// What is usable without a word of caution is well; what is not set up is only said.
fn tone(state: State) -> Tone {
    if state.is_usable() {
        Tone::Done
    } else {
        Tone::Info
    }
}

/// What the system calls it, its model and its firmware, each once; of a disk what is free.
fn model(kind: DeviceKind, seen: &Seen) -> String {
    if kind == DeviceKind::Disk && !seen.name.is_empty() {
        return sentence("device", "free", &[("amount", &seen.name)]);
    }
    let mut parts = Vec::new();
    if let Some(model) = &seen.identity.model
        && !seen.name.contains(model.as_str())
    {
        parts.push(model.clone());
    }
    if !seen.name.is_empty() {
        parts.push(seen.name.clone());
    }
    if let Some(firmware) = &seen.identity.firmware {
        parts.push(sentence("device", "firmware", &[("version", firmware)]));
    }
    parts.join("　")
}
