//! The page printer.

use std::time::Duration;

use counter_api::DeviceKind;
use paper_devices::{PageCondition, PagePrinter, PagePrinterStatus, PrintPagesError, test_page};

use crate::attached::{Attached, Seen, State, Tried};
use crate::clock::{Clock as _, SystemClock, civil_date, hour_and_minute};
use crate::settings::Settings;

/// How long it may take to answer.
const TIMEOUT: Duration = Duration::from_secs(3);

/// See the module.
#[derive(Debug)]
pub(super) struct PagePrinters {
    address: Option<String>,
    branch: String,
    counter: char,
}

impl PagePrinters {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            address: settings.page_printer.clone(),
            branch: settings.branch.to_string(),
            counter: settings.counter,
        }
    }

    fn printer(&self) -> Result<PagePrinter, State> {
        let address = self.address.as_deref().ok_or(State::Unset)?;
        PagePrinter::new(address, TIMEOUT).map_err(|error| trouble(&error))
    }
}

impl Attached for PagePrinters {
    fn kind(&self) -> DeviceKind {
        DeviceKind::PagePrinter
    }

    fn look(&self) -> Vec<Seen> {
        let address = self.address.as_deref().unwrap_or_default();
        let status = self
            .printer()
            .and_then(|printer| printer.status().map_err(|error| trouble(&error)));
        let seen = |state| Seen::only(self.kind(), address, state);
        vec![match status {
            Ok(status) => Seen {
                state: state(&status),
                identity: status.identity,
                ..seen(State::Ready)
            },
            Err(state) => seen(state),
        }]
    }

    /// Prints a page of marks and greys.
    fn test(&self, _: &str) -> Result<Tried, State> {
        let now = SystemClock.unix_ms();
        let at = format!("{} {}", civil_date(now), hour_and_minute(now));
        let place = format!("Branch {} counter {}", self.branch, self.counter);
        let printed = self
            .printer()?
            .print(&test_page(&[&place, &at]), "todoke test page");
        printed.map_err(|error| trouble(&error))?;
        Ok(Tried {
            word: "page",
            detail: String::new(),
        })
    }
}

fn state(status: &PagePrinterStatus) -> State {
    match status.conditions.first() {
        None if status.is_printing => State::Working,
        None => State::Ready,
        Some(PageCondition::Jam) => State::Jam,
        Some(PageCondition::CoverOpen) => State::CoverOpen,
        Some(PageCondition::PaperEnd) => State::PaperEnd,
        Some(PageCondition::TonerEmpty) => State::TonerEmpty,
        Some(PageCondition::Offline) => State::Unreachable,
        Some(PageCondition::Stopped | PageCondition::NotAccepting) => State::Stopped,
        Some(PageCondition::Fault) => State::Fault,
        Some(PageCondition::PaperLow) => State::PaperLow,
        Some(PageCondition::TonerLow) => State::TonerLow,
    }
}

/// How a printer is that did not take pages.
pub(crate) fn trouble(error: &PrintPagesError) -> State {
    tracing::info!(%error, "page printer");
    match error {
        PrintPagesError::Unreachable => State::Unreachable,
        PrintPagesError::Broken => State::Broken,
        PrintPagesError::NotIpp | PrintPagesError::Address => State::NotThisDevice,
        PrintPagesError::Refused { .. } => State::Refused,
        _ => State::Fault,
    }
}
