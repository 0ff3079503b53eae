//! The receipt printer.

use std::sync::{Mutex, PoisonError};

use counter_api::DeviceKind;
use counter_domain::ids::CaseId;
use paper_devices::Identity;

use crate::attached::{Attached, Seen, State, Tried};
use crate::devices::{PrintTrouble, ReceiptJob};
use crate::paper::{ReceiptDesk, font_paths};
use crate::settings::Settings;
use crate::texts::word;

/// See the module.
#[derive(Debug)]
pub(super) struct ReceiptPrinters {
    address: Option<String>,
    desk: ReceiptDesk,
    city: String,
    place: String,
    /// What it said about itself since it was last switched on.
    said: Mutex<Option<Identity>>,
}

impl ReceiptPrinters {
    pub(super) fn new(settings: &Settings) -> Self {
        let place = settings.desk_place();
        Self {
            address: settings.receipt_printer.clone(),
            desk: ReceiptDesk::new(
                settings.receipt_printer.clone(),
                &font_paths(Some(settings)),
            ),
            city: place.city,
            place: place.name,
            said: Mutex::default(),
        }
    }

    fn identity(&self, state: State) -> Identity {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if state == State::Unreachable {
            *said = None;
        }
        // A printer that is not ready does not answer this question.
        if said.is_none() && state.is_usable() {
            *said = Some(self.desk.identity());
        }
        said.clone().unwrap_or_default()
    }
}

impl Attached for ReceiptPrinters {
    fn kind(&self) -> DeviceKind {
        DeviceKind::ReceiptPrinter
    }

    fn look(&self) -> Vec<Seen> {
        let state = match self.desk.status() {
            Ok(paper_devices::PrinterStatus::Ready) => State::Ready,
            Ok(paper_devices::PrinterStatus::PaperLow) => State::PaperLow,
            Err(trouble) => trouble.state(),
        };
        let address = self.address.as_deref().unwrap_or_default();
        let mut seen = Seen::only(self.kind(), address, state);
        seen.identity = self.identity(state);
        vec![seen]
    }

    /// Prints a receipt that says it is a test.
    fn test(&self, _: &str) -> Result<Tried, State> {
        let job = ReceiptJob {
            case: CaseId([0; 16]),
            city: self.city.clone(),
            place: self.place.clone(),
            receipt_number: "TEST-0000".to_owned(),
            event: word("device_test", "receipt"),
            filed_on: String::new(),
            fee: String::new(),
        };
        self.desk.print(&job).map_err(PrintTrouble::state)?;
        Ok(Tried {
            word: "receipt",
            detail: String::new(),
        })
    }
}
