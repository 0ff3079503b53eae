//! What is attached to this counter: every device looked at and tried in one way.
//!
//! A kind of device is one [`Attached`]: it looks, which must cost little and change nothing, and it
//! tries, which a person asked for. [`AttachedDevices::of_counter`] is the list of kinds; a new kind
//! adds its line there, its states to [`State`] and its words to `texts/words.toml`. The
//! [`Keeper`] looks again and again on threads of its own, so that whatever is unplugged, switched
//! off or comes back is seen without a restart. Nothing here keeps or logs anything about people.

mod disk;
mod keeper;
mod pages;
mod readers;
mod receipts;
mod scanners;

use std::fmt;
use std::path::Path;

use counter_api::DeviceKind;
use paper_devices::Identity;

pub use keeper::{Keeper, Looking};
pub(crate) use pages::{state as page_state, trouble_state as page_trouble};
pub(crate) use scanners::trouble as scan_trouble;

use crate::documents::PaperDesk;
use crate::settings::Settings;
use crate::texts::Code;

use disk::DataDisk;
use pages::PagePrinters;
use readers::CardReaders;
use receipts::ReceiptPrinters;
use scanners::Scanners;

/// How a device is. The words for people are in the texts, group `device_state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Ready for work.
    Ready,
    /// At work.
    Working,
    /// A reader with a card that answers.
    CardThere,
    /// A reader without a card.
    Empty,
    /// A reader with something that does not answer.
    Mute,
    /// Used by another program now.
    Held,
    /// Not plugged in.
    Missing,
    /// The system service between us and the device is down.
    NoService,
    /// The program that works it is not installed.
    NoProgram,
    /// None is set up at this counter.
    Unset,
    /// Switched off, or the cable is out.
    Unreachable,
    /// Connected, but it does not answer.
    NoAnswer,
    /// The connection broke while it worked.
    Broken,
    /// Something else answers at its address.
    NotThisDevice,
    /// It refused what it was given.
    Refused,
    /// The paper ends soon.
    PaperLow,
    /// No paper.
    PaperEnd,
    /// A scanner with nothing to read.
    NoSheet,
    /// A cover or door is open.
    CoverOpen,
    /// Paper is jammed.
    Jam,
    /// Toner or ink ends soon.
    TonerLow,
    /// No toner or ink.
    TonerEmpty,
    /// Somebody stopped it.
    Stopped,
    /// Another fault it reports.
    Fault,
    /// The disk fills up.
    SpaceLow,
    /// The disk is full.
    SpaceOut,
}

impl State {
    /// Every state, for the test of the texts.
    pub const ALL: &'static [Self] = &[
        Self::Ready,
        Self::Working,
        Self::CardThere,
        Self::Empty,
        Self::Mute,
        Self::Held,
        Self::Missing,
        Self::NoService,
        Self::NoProgram,
        Self::Unset,
        Self::Unreachable,
        Self::NoAnswer,
        Self::Broken,
        Self::NotThisDevice,
        Self::Refused,
        Self::PaperLow,
        Self::PaperEnd,
        Self::NoSheet,
        Self::CoverOpen,
        Self::Jam,
        Self::TonerLow,
        Self::TonerEmpty,
        Self::Stopped,
        Self::Fault,
        Self::SpaceLow,
        Self::SpaceOut,
    ];

    /// Stable name for `--json` output, and of its words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Working => "working",
            Self::CardThere => "card",
            Self::Empty => "empty",
            Self::Mute => "mute",
            Self::Held => "held",
            Self::Missing => "missing",
            Self::NoService => "no-service",
            Self::NoProgram => "no-program",
            Self::Unset => "unset",
            Self::Unreachable => "unreachable",
            Self::NoAnswer => "no-answer",
            Self::Broken => "broken-off",
            Self::NotThisDevice => "not-this-device",
            Self::Refused => "refused",
            Self::PaperLow => "paper-low",
            Self::PaperEnd => "paper-end",
            Self::NoSheet => "no-sheet",
            Self::CoverOpen => "cover-open",
            Self::Jam => "jam",
            Self::TonerLow => "toner-low",
            Self::TonerEmpty => "toner-empty",
            Self::Stopped => "stopped",
            Self::Fault => "fault",
            Self::SpaceLow => "space-low",
            Self::SpaceOut => "space-out",
        }
    }

    /// What people are told, when there is something to do about it.
    pub const fn code(self) -> Option<Code> {
        Some(match self {
            Self::Ready
            | Self::Working
            | Self::CardThere
            | Self::Empty
            | Self::NoSheet
            | Self::Unset => return None,
            Self::Mute => Code::DeviceMute,
            Self::Held => Code::DeviceHeld,
            Self::Missing => Code::DeviceMissing,
            Self::NoService => Code::DeviceNoService,
            Self::NoProgram => Code::PaperScannerNotInstalled,
            Self::Unreachable => Code::DeviceUnreachable,
            Self::NoAnswer => Code::DeviceNoAnswer,
            Self::Broken => Code::DeviceBroken,
            Self::NotThisDevice => Code::DeviceNotThis,
            Self::Refused => Code::DeviceRefused,
            Self::PaperLow => Code::DevicePaperLow,
            Self::PaperEnd => Code::DevicePaperEnd,
            Self::CoverOpen => Code::DeviceCoverOpen,
            Self::Jam => Code::DeviceJam,
            Self::TonerLow => Code::DeviceTonerLow,
            Self::TonerEmpty => Code::DeviceTonerEmpty,
            Self::Stopped => Code::DeviceStopped,
            Self::Fault => Code::DeviceFault,
            Self::SpaceLow => Code::DeviceSpaceLow,
            Self::SpaceOut => Code::SaveDiskFull,
        })
    }

    /// What people are told when a try ended like this.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "three are told otherwise after a try"
    )]
    pub const fn refusal(self) -> Code {
        match self {
            Self::Empty => Code::CardEmpty,
            Self::NoSheet => Code::DeviceNoSheet,
            Self::Unset => Code::DeviceUnset,
            other => match other.code() {
                Some(code) => code,
                None => Code::DeviceFault,
            },
        }
    }

    /// Whether it does its work like this.
    pub const fn is_usable(self) -> bool {
        match self {
            Self::Ready
            | Self::Working
            | Self::CardThere
            | Self::Empty
            | Self::NoSheet
            | Self::PaperLow
            | Self::TonerLow
            | Self::SpaceLow => true,
            Self::Mute
            | Self::Held
            | Self::Missing
            | Self::NoService
            | Self::NoProgram
            | Self::Unset
            | Self::Unreachable
            | Self::NoAnswer
            | Self::Broken
            | Self::NotThisDevice
            | Self::Refused
            | Self::PaperEnd
            | Self::CoverOpen
            | Self::Jam
            | Self::TonerEmpty
            | Self::Stopped
            | Self::Fault
            | Self::SpaceOut => false,
        }
    }
}

/// One device as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What it is told by: its kind, and its name where there may be several.
    pub id: String,
    /// What the system calls it, or its address; empty when nothing does.
    pub name: String,
    /// Model and firmware, as it says.
    pub identity: Identity,
    /// How it is.
    pub state: State,
}

impl Seen {
    /// The only one of its kind; `id` is then the kind's.
    pub(crate) fn only(kind: DeviceKind, name: &str, state: State) -> Self {
        Self {
            id: kind_name(kind).to_owned(),
            name: name.to_owned(),
            identity: Identity::default(),
            state,
        }
    }
}

/// What a try showed: a word of the texts, group `device_tested`, and what it says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The word.
    pub word: &'static str,
    /// What fills its `{detail}`; never about a person.
    pub detail: String,
}

/// A kind of device. Looking and trying may take a few time-outs each; never called on the desk's
/// thread.
pub trait Attached: fmt::Debug + Send + Sync {
    /// Which kind.
    fn kind(&self) -> DeviceKind;

    /// How each of them is now; at least one line, which may say that there is none.
    fn look(&self) -> Vec<Seen>;

    /// Tries one of them, because a person asked for it.
    ///
    /// # Errors
    /// How it is, when it does not do its work.
    fn test(&self, id: &str) -> Result<Tried, State>;
}

/// Stable name of a kind, for `--json` output.
pub const fn kind_name(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::CardReader => "card-reader",
        DeviceKind::ReceiptPrinter => "receipt-printer",
        DeviceKind::PagePrinter => "page-printer",
        DeviceKind::Scanner => "scanner",
        DeviceKind::ResidentDisplay => "resident-display",
        DeviceKind::Disk => "disk",
        DeviceKind::Line => "line",
    }
}

/// Everything attached to one counter.
#[derive(Debug)]
pub struct AttachedDevices {
    all: Vec<Box<dyn Attached>>,
}

impl AttachedDevices {
    /// The devices of a counter with these settings and this data folder. Without settings only
    /// what needs none: the card readers. `papers` is who else uses the scanner.
    pub fn of_counter(
        settings: Option<&Settings>,
        data: Option<&Path>,
        papers: &PaperDesk,
    ) -> Self {
        let reader = settings.and_then(|settings| settings.card_reader.clone());
        let mut all: Vec<Box<dyn Attached>> = vec![Box::new(CardReaders::new(reader))];
        if let Some(settings) = settings {
            all.push(Box::new(ReceiptPrinters::new(settings)));
            all.push(Box::new(PagePrinters::new(settings)));
            all.push(Box::new(Scanners::new(papers.clone())));
        }
        if let Some(data) = data {
            all.push(Box::new(DataDisk::new(data)));
        }
        Self { all }
    }

    /// The kinds, in the order in which a person looks for them.
    pub fn kinds(&self) -> impl Iterator<Item = &dyn Attached> {
        self.all.iter().map(AsRef::as_ref)
    }

    /// Tries the device with this id.
    ///
    /// # Errors
    /// How it is; [`State::Missing`] when nothing of that name is attached.
    pub fn test(&self, id: &str) -> Result<Tried, State> {
        let kind = id.split_once(':').map_or(id, |(kind, _)| kind);
        let one = self.kinds().find(|one| kind_name(one.kind()) == kind);
        one.ok_or(State::Missing)?.test(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::{notice_with, word};

    #[test]
    fn every_state_has_words_and_what_is_broken_has_advice() {
        for state in State::ALL {
            let name = state.name();
            assert!(!word("device_state", name).is_empty(), "{name}");
            assert!(
                state.is_usable() || *state == State::Unset || state.code().is_some(),
                "{name}: nothing says what to do"
            );
            let told = notice_with(
                state.refusal(),
                counter_api::Language::Japanese,
                &[("device", "機器")],
            );
            assert!(!told.what.contains('{'), "{name}: {}", told.what);
            assert!(!told.advice.contains('{'), "{name}: {}", told.advice);
        }
    }
}
