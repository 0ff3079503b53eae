//! Attributes of an IPP answer, and how a page printer is: the answer to `Get-Printer-Attributes`
//! (RFC 8011, section 4.2.5).
//!
//! Foreign bytes: every length is checked, nothing is indexed, what is not understood is skipped.
//! Layout (RFC 8010, section 3): version 2, status 2, request id 4; then groups, each a tag below
//! 0x10 and attributes of `tag, name length 2, name, value length 2, value`; an empty name is one
//! more value of the attribute before.

use crate::identity::{Identity, said};

/// What the printer is asked for.
pub(crate) const ASKED: [&str; 6] = [
    "printer-state",
    "printer-state-reasons",
    "printer-is-accepting-jobs",
    "queued-job-count",
    "printer-make-and-model",
    "printer-firmware-string-version",
];

/// More reasons than any printer has at once.
const REASONS_MAX: usize = 32;

/// How a page printer is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PagePrinterStatus {
    /// Model and firmware, as it says.
    pub identity: Identity,
    /// What stops it, or soon will; worst first, each once. Empty when nothing does.
    pub conditions: Vec<PageCondition>,
    /// It works on a job now.
    pub is_printing: bool,
    /// Jobs that wait at it, of everybody who uses it; 0 where it does not say.
    pub queued: u32,
}

/// What stops a page printer, or soon will. Order is from worst to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PageCondition {
    /// Paper is jammed.
    Jam,
    /// A door or cover is open.
    CoverOpen,
    /// A tray is empty.
    PaperEnd,
    /// Toner or ink is used up.
    TonerEmpty,
    /// The queue cannot reach the printer behind it.
    Offline,
    /// Somebody stopped it, or it stopped without a reason.
    Stopped,
    /// It takes no jobs.
    NotAccepting,
    /// It stopped for another reason that it names.
    Fault,
    /// A tray is nearly empty.
    PaperLow,
    /// Toner or ink is nearly used up.
    TonerLow,
}

impl PageCondition {
    /// Whether nothing comes out until somebody does something.
    pub fn stops(self) -> bool {
        match self {
            Self::Jam
            | Self::CoverOpen
            | Self::PaperEnd
            | Self::TonerEmpty
            | Self::Offline
            | Self::Stopped
            | Self::NotAccepting
            | Self::Fault => true,
            Self::PaperLow | Self::TonerLow => false,
        }
    }

    /// One keyword of `printer-state-reasons` (RFC 8011, section 5.4.12, and PWG 5100.9). A report
    /// is for information only.
    fn of_reason(reason: &str) -> Option<Self> {
        if reason == "none" || reason.ends_with("-report") {
            return None;
        }
        let is_error = reason.ends_with("-error");
        let bare = reason
            .trim_end_matches("-error")
            .trim_end_matches("-warning");
        Some(match bare {
            "media-jam" => Self::Jam,
            "cover-open" | "door-open" | "interlock-open" | "input-tray-missing" => Self::CoverOpen,
            "media-empty" | "media-needed" => Self::PaperEnd,
            "media-low" => Self::PaperLow,
            "toner-empty" | "marker-supply-empty" | "developer-empty" | "opc-life-over" => {
                Self::TonerEmpty
            }
            "toner-low" | "marker-supply-low" | "developer-low" | "opc-near-eol" => Self::TonerLow,
            "offline" | "shutdown" | "timed-out" | "connecting-to-device" => Self::Offline,
            "paused" | "moving-to-paused" | "stopped-partly" | "stopping" | "deactivated" => {
                Self::Stopped
            }
            _ if is_error => Self::Fault,
            _ => return None,
        })
    }
}

/// Reads the answer; `None` when it is none, or a refusal.
pub(crate) fn parse(answer: &[u8]) -> Option<PagePrinterStatus> {
    let mut found = Found::default();
    let status = walk(answer, &mut |name, value| found.take(name, value))?;
    (status < 0x0100).then(|| found.status())
}

/// Shows every attribute of an answer, and gives its status (RFC 8011, section 4.1.6); `None` when
/// it is cut or is none.
pub(crate) fn walk(answer: &[u8], take: &mut dyn FnMut(&str, &[u8])) -> Option<u16> {
    let status = u16::from_be_bytes(answer.get(2..4)?.try_into().ok()?);
    let mut rest = answer.get(8..)?;
    let mut name = String::new();
    loop {
        let (tag, after) = rest.split_first()?;
        rest = after;
        match tag {
            0x03 => return Some(status),
            0x00..=0x0f => continue,
            _ => {}
        }
        let (written, after) = text_of_length(rest)?;
        let (value, after) = text_of_length(after)?;
        rest = after;
        if !written.is_empty() {
            name = String::from_utf8_lossy(written).into_owned();
        }
        take(&name, value);
    }
}

/// A number of four bytes, as integers and enumerations are.
pub(crate) fn number(value: &[u8]) -> Option<u32> {
    value.try_into().ok().map(u32::from_be_bytes)
}

/// Bytes behind their length in two bytes, and what follows.
fn text_of_length(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

#[derive(Default)]
struct Found {
    identity: Identity,
    conditions: Vec<PageCondition>,
    reasons: usize,
    state: Option<u32>,
    refuses_jobs: bool,
    queued: Option<u32>,
}

impl Found {
    fn take(&mut self, name: &str, value: &[u8]) {
        match name {
            "printer-state" => self.state = number(value),
            "queued-job-count" => self.queued = number(value),
            "printer-is-accepting-jobs" => self.refuses_jobs = value == [0],
            "printer-make-and-model" => self.identity.model = said(value),
            "printer-firmware-string-version" => self.identity.firmware = said(value),
            "printer-state-reasons" if self.reasons < REASONS_MAX => {
                self.reasons += 1;
                let reason = std::str::from_utf8(value).unwrap_or_default();
                self.conditions.extend(PageCondition::of_reason(reason));
            }
            _ => {}
        }
    }

    /// Stopped (5) without a reason that stops it is a reason of its own.
    fn status(mut self) -> PagePrinterStatus {
        let explained = self.conditions.iter().any(|condition| condition.stops());
        if self.state == Some(5) && !explained {
            self.conditions.push(PageCondition::Stopped);
        }
        if self.refuses_jobs {
            self.conditions.push(PageCondition::NotAccepting);
        }
        self.conditions.sort_unstable();
        self.conditions.dedup();
        PagePrinterStatus {
            identity: self.identity,
            conditions: self.conditions,
            is_printing: self.state == Some(4),
            queued: self.queued.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An answer with these attributes; more values of one follow with an empty name.
    fn answer(status: u16, attributes: &[(u8, &str, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![2, 0];
        bytes.extend(status.to_be_bytes());
        bytes.extend([0, 0, 0, 1, 0x04]);
        for (tag, name, value) in attributes {
            bytes.push(*tag);
            for part in [name.as_bytes(), value] {
                bytes.extend(u16::try_from(part.len()).unwrap().to_be_bytes());
                bytes.extend(part);
            }
        }
        bytes.push(0x03);
        bytes
    }

    #[track_caller]
    fn check(state: u32, reasons: &[&str]) -> Vec<PageCondition> {
        let state = state.to_be_bytes();
        let mut attributes: Vec<(u8, &str, &[u8])> = vec![(0x23, "printer-state", &state)];
        for (index, reason) in reasons.iter().enumerate() {
            let name = if index == 0 {
                "printer-state-reasons"
            } else {
                ""
            };
            attributes.push((0x44, name, reason.as_bytes()));
        }
        parse(&answer(0, &attributes)).unwrap().conditions
    }

    #[test]
    fn reasons_are_told_worst_first() {
        assert_eq!(check(3, &["none"]), []);
        assert_eq!(
            check(5, &["toner-low-warning", "media-empty-error"]),
            [PageCondition::PaperEnd, PageCondition::TonerLow]
        );
        assert_eq!(check(5, &["media-jam"]), [PageCondition::Jam]);
        assert_eq!(check(3, &["door-open-report"]), []);
        assert_eq!(check(5, &["vendor-burnt-error"]), [PageCondition::Fault]);
        assert_eq!(check(3, &["vendor-hums-warning"]), []);
    }

    #[test]
    fn a_printer_stopped_without_a_reason_is_stopped() {
        assert_eq!(check(5, &["none"]), [PageCondition::Stopped]);
        assert_eq!(
            check(5, &["toner-low-warning"]),
            [PageCondition::Stopped, PageCondition::TonerLow]
        );
    }

    #[test]
    fn model_firmware_and_work_are_read() {
        let status = parse(&answer(
            0,
            &[
                (0x23, "printer-state", &4_u32.to_be_bytes()),
                (0x41, "printer-make-and-model", b"Kakuu Laser 300"),
                (0x41, "printer-firmware-string-version", b"2.10"),
                (0x22, "printer-is-accepting-jobs", &[0]),
                (0x21, "queued-job-count", &3_u32.to_be_bytes()),
            ],
        ))
        .unwrap();
        assert!(status.is_printing);
        assert_eq!(status.queued, 3);
        assert_eq!(status.identity.model.as_deref(), Some("Kakuu Laser 300"));
        assert_eq!(status.identity.firmware.as_deref(), Some("2.10"));
        assert_eq!(status.conditions, [PageCondition::NotAccepting]);
    }

    #[test]
    fn refusals_and_cut_answers_are_no_status() {
        assert_eq!(parse(&answer(0x0400, &[])), None);
        let whole = answer(0, &[(0x23, "printer-state", &3_u32.to_be_bytes())]);
        for length in 0..whole.len() {
            assert_eq!(parse(&whole[..length]), None, "{length}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let wrapped = [&[2, 0, 0, 0, 0, 0, 0, 1][..], &bytes].concat();
            drop(parse(&bytes));
            drop(parse(&wrapped));
        }
    }
}
