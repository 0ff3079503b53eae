//! Pages on paper: the printers of the site, the sheets of a case, and the queue of this counter.
//!
//! A sheet is made in memory and stays there: nothing of a page is written to a disk of this machine.
//! Printers are told a receipt number as the name of a job, never a person.

mod queue;
mod separators;
mod sheets;

use std::collections::BTreeMap;

use paper_devices::{PageJob, Sides};

pub use queue::{JobSeen, Order, PrintJob, PrintQueue, PrinterSeen, Queue, QueueSeen, Stage};
pub use separators::separators;
pub use sheets::{Sheet, SheetKind, SheetsJob, make};

use crate::settings::Settings;
use crate::texts::word;

/// What the counter's own printer is told by.
const OWN: &str = "own";

/// A page printer of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitePrinter {
    /// What it is told by.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// `ipp://host/path`.
    pub address: String,
    /// Its trays by the names that forms use for their paper.
    pub trays: BTreeMap<String, String>,
}

/// The page printers that this counter may use, its own first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SitePrinters(Vec<SitePrinter>);

impl SitePrinters {
    /// As the settings say.
    pub fn of(settings: &Settings) -> Self {
        let own = settings.page_printer.iter().map(|address| SitePrinter {
            id: OWN.to_owned(),
            name: word("prints", "own_printer"),
            address: address.clone(),
            trays: BTreeMap::new(),
        });
        let others = settings.site_printers.iter().map(|one| SitePrinter {
            id: one.name.clone(),
            name: one.name.clone(),
            address: one.address.clone(),
            trays: one.trays.clone(),
        });
        Self(own.chain(others).collect())
    }

    /// Those, for tests and other ways to set them.
    pub const fn those(printers: Vec<SitePrinter>) -> Self {
        Self(printers)
    }

    /// All of them.
    pub fn all(&self) -> &[SitePrinter] {
        &self.0
    }

    /// The one with this id.
    pub fn find(&self, id: &str) -> Option<&SitePrinter> {
        self.0.iter().find(|one| one.id == id)
    }
}

/// How a form wants to be printed: what its `meta.toml` says under `print`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// The paper, by the name the settings give a tray for; empty for any.
    pub paper: String,
    /// Which sides.
    pub sides: Sides,
    /// How often; 0 counts as 1.
    pub copies: u8,
}

impl Wish {
    /// The job at this printer: a paper it has no tray for is left to it.
    pub fn at(&self, printer: &SitePrinter, page: u16) -> PageJob {
        PageJob {
            tray: printer.trays.get(&self.paper).cloned(),
            sides: self.sides,
            copies: if page == 0 { self.copies } else { 1 },
            page,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_comes_out_of_the_tray_the_settings_name_for_its_paper() {
        let printer = SitePrinter {
            id: OWN.to_owned(),
            name: String::new(),
            address: String::new(),
            trays: BTreeMap::from([("colour".to_owned(), "tray-2".to_owned())]),
        };
        let wish = |paper: &str| Wish {
            paper: paper.to_owned(),
            sides: Sides::Both,
            copies: 2,
        };
        let job = wish("colour").at(&printer, 0);
        assert_eq!((job.tray.as_deref(), job.copies), (Some("tray-2"), 2));
        assert_eq!(wish("").at(&printer, 0).tray, None);
        let again = wish("colour").at(&printer, 3);
        assert_eq!((again.page, again.copies), (3, 1), "one page is one sheet");
    }
}
