//! `todoke device`: what is attached to this counter, and a try of each.

use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};
use clap::{Args, Subcommand, ValueEnum};
use counter_api::{DeviceKind, Language};
use serde_json::{Value, json};

use crate::attached::{AttachedDevices, Seen, State, kind_name};
use crate::cli::{print_json, print_line};
use crate::documents::PaperDesk;
use crate::settings::{DataFolder, Settings};
use crate::texts::{Code, notice_with, word};

#[derive(Debug, Subcommand)]
pub(super) enum DeviceCommand {
    /// Lists readers, printers, the scanner and the disk, each with its state and what to do about it.
    List(List),
    /// Tries one: recognises the card that lies there, prints a test, or scans and keeps nothing.
    Test(Test),
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Folder of the counter's data, which names the printers.
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
    /// The page printer.
    PagePrinter,
    /// The scanner.
    Scanner,
}

impl Kind {
    fn kind(self) -> DeviceKind {
        match self {
            Self::CardReader => DeviceKind::CardReader,
            Self::ReceiptPrinter => DeviceKind::ReceiptPrinter,
            Self::PagePrinter => DeviceKind::PagePrinter,
            Self::Scanner => DeviceKind::Scanner,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Test {
    /// Which device.
    device: Kind,
    /// Folder of the counter's data, which names reader and printers.
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

fn attached(data: Option<&PathBuf>) -> Result<AttachedDevices> {
    let settings = data
        .map(|folder| Settings::read(&DataFolder::new(folder)))
        .transpose()?;
    Ok(AttachedDevices::of_counter(
        settings.as_ref(),
        data.map(PathBuf::as_path),
        &PaperDesk::new(settings.as_ref().and_then(|known| known.scanner.as_ref())),
    ))
}

impl List {
    fn run(self) -> Result<()> {
        let attached = attached(self.data.as_ref())?;
        let seen: Vec<(DeviceKind, Seen)> = attached
            .kinds()
            .flat_map(|one| one.look().into_iter().map(|seen| (one.kind(), seen)))
            .collect();
        if self.json {
            let devices: Vec<Value> = seen.iter().map(|(kind, seen)| entry(*kind, seen)).collect();
            return print_json(&json!({ "devices": devices }));
        }
        for (kind, seen) in &seen {
            let name = Some(seen.name.as_str()).filter(|name| !name.is_empty());
            print_line(&format!(
                "{}: {} ({})",
                kind_name(*kind),
                seen.state.name(),
                name.unwrap_or("-")
            ))?;
            for (what, said) in [
                ("model", &seen.identity.model),
                ("firmware", &seen.identity.firmware),
            ] {
                if let Some(said) = said {
                    print_line(&format!("  {what}: {said}"))?;
                }
            }
            if let Some((code, what, advice)) = trouble(*kind, seen.state) {
                print_line(&format!("  {code}: {what}{advice}"))?;
            }
        }
        Ok(())
    }
}

/// Code, what is wrong and what to do.
fn trouble(kind: DeviceKind, state: State) -> Option<(&'static str, String, String)> {
    let code = state.code()?;
    let told = in_words(kind, code);
    Some((code.as_str(), told.what, told.advice))
}

fn in_words(kind: DeviceKind, code: Code) -> counter_api::Notice {
    let device = word("device_title", kind_name(kind));
    notice_with(code, Language::Japanese, &[("device", &device)])
}

fn entry(kind: DeviceKind, seen: &Seen) -> Value {
    let name = Some(seen.name.as_str()).filter(|name| !name.is_empty());
    let mut entry = json!({
        "kind": kind_name(kind),
        "name": name,
        "state": seen.state.name(),
        "model": seen.identity.model,
        "firmware": seen.identity.firmware,
    });
    if let (Some((code, what, advice)), Some(entry)) =
        (trouble(kind, seen.state), entry.as_object_mut())
    {
        entry.insert("code".to_owned(), code.into());
        entry.insert("what".to_owned(), what.into());
        entry.insert("advice".to_owned(), advice.into());
    }
    entry
}

impl Test {
    fn run(self) -> Result<()> {
        let kind = self.device.kind();
        if self.data.is_none() && kind != DeviceKind::CardReader {
            bail!("--data is needed: it names the device");
        }
        let attached = attached(self.data.as_ref())?;
        let tried = attached.test(kind_name(kind));
        let tried = tried.map_err(|state| refused(kind, state))?;
        let result = match kind {
            DeviceKind::CardReader => json!({ "kind": kind_name(kind), "card": tried.detail }),
            DeviceKind::Scanner => {
                json!({ "kind": kind_name(kind), "sides": tried.detail.parse::<u32>().ok() })
            }
            DeviceKind::ReceiptPrinter
            | DeviceKind::PagePrinter
            | DeviceKind::ResidentDisplay
            | DeviceKind::Disk
            | DeviceKind::Line => json!({ "kind": kind_name(kind), "printed": true }),
        };
        if self.json {
            return print_json(&result);
        }
        print_line(&result.to_string())
    }
}

/// One line that begins with a stable code; the codes of readers and printers are older than the
/// others.
fn refused(kind: DeviceKind, state: State) -> anyhow::Error {
    let code = state.refusal();
    let old = match (kind, state) {
        (DeviceKind::CardReader, State::Missing | State::NoService) => "CARD-NO-READER",
        (DeviceKind::ReceiptPrinter, State::Unset) => "PRINTER-UNSET",
        (DeviceKind::ReceiptPrinter, State::Unreachable) => "PRINTER-UNREACHABLE",
        _ => code.as_str(),
    };
    let told = in_words(kind, code);
    anyhow!("{old}: {}{}", told.what, told.advice)
}
