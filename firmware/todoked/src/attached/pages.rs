//! The page printers of the site.

use std::time::Duration;

use counter_api::DeviceKind;
use paper_devices::{PageCondition, PagePrinter, PagePrinterStatus, PrintPagesError, test_page};

use crate::attached::{Attached, Seen, State, Tried, kind_name};
use crate::clock::{Clock as _, SystemClock, civil_date, hour_and_minute};
use crate::prints::{SitePrinter, SitePrinters};
use crate::settings::Settings;

/// How long it may take to answer.
const TIMEOUT: Duration = Duration::from_secs(3);

/// See the module.
#[derive(Debug)]
pub(super) struct PagePrinters {
    printers: SitePrinters,
    branch: String,
    counter: char,
}

impl PagePrinters {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            printers: SitePrinters::of(settings),
            branch: settings.branch.to_string(),
            counter: settings.counter,
        }
    }

    /// The first one is told by the kind alone, as the only one of its kind is.
    fn id(&self, site: &SitePrinter) -> String {
        let kind = kind_name(self.kind());
        match self.printers.all().first() {
            Some(first) if first == site => kind.to_owned(),
            Some(_) | None => format!("{kind}:{}", site.id),
        }
    }

    fn look_at(&self, site: &SitePrinter) -> Seen {
        let name = if self.printers.all().len() > 1 {
            format!("{}　{}", site.name, site.address)
        } else {
            site.address.clone()
        };
        let seen = Seen {
            id: self.id(site),
            ..Seen::only(self.kind(), &name, State::Ready)
        };
        match open(site).and_then(|printer| printer.status().map_err(|error| trouble(&error))) {
            Ok(status) => Seen {
                state: state(&status),
                identity: status.identity,
                ..seen
            },
            Err(state) => Seen { state, ..seen },
        }
    }
}

fn open(site: &SitePrinter) -> Result<PagePrinter, State> {
    PagePrinter::new(&site.address, TIMEOUT).map_err(|error| trouble(&error))
}

impl Attached for PagePrinters {
    fn kind(&self) -> DeviceKind {
        DeviceKind::PagePrinter
    }

    fn look(&self) -> Vec<Seen> {
        if self.printers.all().is_empty() {
            return vec![Seen::only(self.kind(), "", State::Unset)];
        }
        let all = self.printers.all().iter();
        all.map(|site| self.look_at(site)).collect()
    }

    /// Prints a page of marks and greys.
    fn test(&self, id: &str) -> Result<Tried, State> {
        let mut all = self.printers.all().iter();
        let unset = if self.printers.all().is_empty() {
            State::Unset
        } else {
            State::Missing
        };
        let site = all.find(|site| self.id(site) == id).ok_or(unset)?;
        let now = SystemClock.unix_ms();
        let at = format!("{} {}", civil_date(now), hour_and_minute(now));
        let place = format!("Branch {} counter {}", self.branch, self.counter);
        let printed = open(site)?.print(&test_page(&[&place, &at]), "todoke test page");
        printed.map_err(|error| trouble(&error))?;
        Ok(Tried {
            word: "page",
            detail: String::new(),
        })
    }
}

/// How a printer is that answered.
pub(crate) fn state(status: &PagePrinterStatus) -> State {
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

fn trouble(error: &PrintPagesError) -> State {
    tracing::info!(%error, "page printer");
    trouble_state(error)
}

/// How a printer is that did not take pages.
pub(crate) const fn trouble_state(error: &PrintPagesError) -> State {
    match error {
        PrintPagesError::Unreachable => State::Unreachable,
        PrintPagesError::Broken => State::Broken,
        PrintPagesError::NotIpp | PrintPagesError::Address => State::NotThisDevice,
        PrintPagesError::Refused { .. } => State::Refused,
        _ => State::Fault,
    }
}
