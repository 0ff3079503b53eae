//! The scanner that papers are read on.

use std::sync::{Mutex, PoisonError};

use counter_api::DeviceKind;
use page_scanner::{Blanks, Order, ScanError, Shades, Sides, Stop};
use paper_devices::Identity;

use crate::attached::{Attached, Seen, State, Tried};
use crate::documents::PaperDesk;

/// A try needs no more: the page is thrown away.
const TRY: Order = Order {
    way: page_scanner::PaperWay::Whichever,
    sides: Sides::One,
    dots: 100,
    shades: Shades::Gray,
    blanks: Blanks::Keep,
};

/// See the module.
#[derive(Debug)]
pub(super) struct Scanners {
    papers: PaperDesk,
    /// What it is, since it last came; asked once, because that looks for every scanner.
    said: Mutex<Option<Identity>>,
}

impl Scanners {
    pub(super) fn new(papers: PaperDesk) -> Self {
        Self {
            papers,
            said: Mutex::default(),
        }
    }

    fn seen(&self, state: State, identity: Identity) -> Vec<Seen> {
        let seen = Seen::only(self.kind(), self.papers.scanner_name(), state);
        vec![Seen { identity, ..seen }]
    }

    /// Asked at its first answer.
    fn identity(&self, state: State) -> Identity {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if state == State::Missing {
            *said = None;
        }
        if said.is_none() && state == State::Ready {
            let model = self
                .papers
                .with_scanner(|scanner| scanner.model(&Stop::default()));
            *said = model.map(|model| Identity {
                model,
                firmware: None,
            });
        }
        said.clone().unwrap_or_default()
    }
}

impl Attached for Scanners {
    fn kind(&self) -> DeviceKind {
        DeviceKind::Scanner
    }

    fn look(&self) -> Vec<Seen> {
        if !self.papers.has_scanner() {
            return self.seen(State::Unset, Identity::default());
        }
        let answered = self
            .papers
            .with_scanner(|scanner| scanner.answers(&Stop::default()));
        let state = match answered {
            None => State::Working,
            Some(Ok(())) => State::Ready,
            Some(Err(error)) => trouble(error),
        };
        self.seen(state, self.identity(state))
    }

    /// Reads what lies there, and throws it away.
    fn test(&self, _: &str) -> Result<Tried, State> {
        if !self.papers.has_scanner() {
            return Err(State::Unset);
        }
        let scanned = self
            .papers
            .with_scanner(|scanner| scanner.scan(&TRY, &Stop::default(), &mut |_| {}))
            .ok_or(State::Held)?;
        let sheets = scanned.map_err(trouble)?;
        Ok(Tried {
            word: "scanner",
            detail: sheets.len().to_string(),
        })
    }
}

/// How a scanner is that did not do its work.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else a scanner says, people do the same"
)]
pub(crate) fn trouble(error: ScanError) -> State {
    tracing::info!(%error, "scanner");
    match error {
        ScanError::NotInstalled => State::NoProgram,
        ScanError::NoScanner | ScanError::Denied => State::Missing,
        ScanError::Busy => State::Held,
        ScanError::Empty => State::NoSheet,
        ScanError::Jammed => State::Jam,
        ScanError::CoverOpen => State::CoverOpen,
        ScanError::Silent => State::NoAnswer,
        ScanError::Refused => State::Refused,
        _ => State::Broken,
    }
}
