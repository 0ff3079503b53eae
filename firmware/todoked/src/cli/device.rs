//! `todoke device`: what is attached to this counter, and a try of each.

use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};
use card_reader::{CardError, CardWatch, Lying, PcscService};
use clap::{Args, Subcommand, ValueEnum};
use counter_domain::ids::CaseId;
use identity_cards::session;
use serde_json::{Value, json};

use crate::cards;
use crate::cli::{print_json, print_line};
use crate::devices::{PrintTrouble, ReceiptJob};
use crate::paper::{ReceiptDesk, font_paths};
use crate::settings::{DataFolder, Settings};

#[derive(Debug, Subcommand)]
pub(super) enum DeviceCommand {
    /// Lists card readers and printers with their state.
    List(List),
    /// Tries one: recognises the card that lies there, or prints a test receipt.
    Test(Test),
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Folder of the counter's data, which names the printer.
    #[arg(long)]
    data: Option<PathBuf>,
    /// One JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

/// Which device.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// The card reader.
    CardReader,
    /// The receipt printer.
    ReceiptPrinter,
}

#[derive(Debug, Args)]
pub(super) struct Test {
    /// Which device.
    device: Kind,
    /// Folder of the counter's data, which names reader and printer.
    #[arg(long)]
    data: Option<PathBuf>,
    /// One JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

impl DeviceCommand {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::List(list) => list.run(),
            Self::Test(test) => test.run(),
        }
    }
}

fn settings(data: Option<&PathBuf>) -> Result<Option<Settings>> {
    data.map(|folder| Settings::read(&DataFolder::new(folder)))
        .transpose()
}

impl List {
    fn run(self) -> Result<()> {
        let settings = settings(self.data.as_ref())?;
        let mut devices = readers();
        devices.extend(printer(settings.as_ref()));
        if self.json {
            return print_json(&json!({ "devices": devices }));
        }
        for device in &devices {
            let part = |name: &str| device.get(name).and_then(Value::as_str).unwrap_or("-");
            print_line(&format!(
                "{}: {} ({})",
                part("kind"),
                part("state"),
                part("name")
            ))?;
        }
        Ok(())
    }
}

/// One entry for each reader, or one that says why there is none.
fn readers() -> Vec<Value> {
    let entry = |name: Option<&str>, state: &str| json!({ "kind": "card-reader", "name": name, "state": state });
    match PcscService::establish().and_then(|service| service.readers()) {
        Ok(names) if names.is_empty() => vec![entry(None, "missing")],
        Ok(names) => names
            .iter()
            .map(|name| entry(Some(name), reader_state(name)))
            .collect(),
        Err(_) => vec![entry(None, "no-service")],
    }
}

/// The first look of a watch comes at once.
fn reader_state(name: &str) -> &'static str {
    match CardWatch::only(name).next() {
        Some(Lying::Card { .. }) => "card",
        Some(Lying::Mute { .. }) => "mute",
        Some(Lying::Empty { .. }) => "empty",
        Some(Lying::NoReader | Lying::NoService) | None => "missing",
    }
}

fn receipts(settings: Option<&Settings>) -> ReceiptDesk {
    let address = settings.and_then(|settings| settings.receipt_printer.clone());
    ReceiptDesk::new(address, &font_paths(settings))
}

fn printer(settings: Option<&Settings>) -> Option<Value> {
    let settings = settings?;
    let state = match receipts(Some(settings)).status() {
        Ok(()) => "ready",
        Err(PrintTrouble::Unset) => "unset",
        Err(PrintTrouble::Unreachable) => "unreachable",
    };
    Some(json!({
        "kind": "receipt-printer",
        "name": settings.receipt_printer,
        "state": state,
    }))
}

impl Test {
    fn run(self) -> Result<()> {
        let settings = settings(self.data.as_ref())?;
        let result = match self.device {
            Kind::CardReader => test_reader(settings.as_ref())?,
            Kind::ReceiptPrinter => test_printer(settings.as_ref())?,
        };
        if self.json {
            return print_json(&result);
        }
        print_line(&result.to_string())
    }
}

/// Powers the card and recognises it; sends no secret.
fn test_reader(settings: Option<&Settings>) -> Result<Value> {
    let name = settings.and_then(|settings| settings.card_reader.as_deref());
    let in_words = |error: CardError| anyhow!("CARD-NO-READER: {error}");
    let mut card = match cards::connect(name) {
        Ok(card) => card,
        Err(CardError::NoCard) => bail!("CARD-EMPTY: put a card on the reader"),
        Err(error) => return Err(in_words(error)),
    };
    let kind = session::detect(&mut card).map_err(|error| anyhow!("{}: {error}", error.code()))?;
    Ok(json!({ "kind": "card-reader", "card": kind.name() }))
}

fn test_printer(settings: Option<&Settings>) -> Result<Value> {
    let Some(settings) = settings else {
        bail!("--data is needed: it names the printer");
    };
    let job = ReceiptJob {
        case: CaseId([0; 16]),
        city: settings.city.clone(),
        place: settings.place.clone(),
        receipt_number: "TEST-0000".to_owned(),
        event: "TEST".to_owned(),
        filed_on: String::new(),
        fee: String::new(),
    };
    match receipts(Some(settings)).print(&job) {
        Ok(()) => Ok(json!({ "kind": "receipt-printer", "printed": true })),
        Err(PrintTrouble::Unset) => bail!("PRINTER-UNSET: no receipt printer is set"),
        Err(PrintTrouble::Unreachable) => bail!("PRINTER-UNREACHABLE: the printer does not answer"),
    }
}
