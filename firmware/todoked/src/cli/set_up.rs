//! `todoke init` and `todoke enrol`: a counter is set up once.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use counter_domain::ids::{BranchCode, DeviceId};

use crate::cli::print_line;
use crate::keys;
use crate::settings::{DataFolder, NeighbourSettings, ScannerSettings, Settings};

/// Sets up a new counter.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// Folder of the counter's data; made when it is not there.
    #[arg(long)]
    data: PathBuf,
    /// Branch code, two digits.
    #[arg(long)]
    branch: String,
    /// Number or letter of the counter.
    #[arg(long)]
    counter: char,
    /// Name of the branch.
    #[arg(long)]
    place: String,
    /// City, until head office says it.
    #[arg(long, default_value = "")]
    city: String,
    /// Receipt printer: `host:port`, or a device file.
    #[arg(long)]
    receipt_printer: Option<String>,
    /// Page printer, `ipp://host/path`.
    #[arg(long)]
    page_printer: Option<String>,
    /// Card reader, where there are several.
    #[arg(long)]
    card_reader: Option<String>,
    /// Scanner for certificates on paper, as `scanimage -L` lists it; `any` for the first one found.
    #[arg(long)]
    scanner: Option<String>,
    /// An option only this model of scanner has; may be repeated.
    #[arg(long, requires = "scanner", allow_hyphen_values = true)]
    scanner_option: Vec<String>,
    /// Folder that a camera or a network scanner writes pages to.
    #[arg(long)]
    paper_folder: Option<PathBuf>,
    /// Address at which the other counters of the branch reach this one, for example 0.0.0.0:7444.
    #[arg(long, value_name = "ADDR")]
    lan: Option<SocketAddr>,
    /// Finds the other counters by multicast DNS, and is found by it.
    #[arg(long, requires = "lan")]
    discover: bool,
    /// Address at which monitoring reads figures, for example 127.0.0.1:9464; none without it.
    #[arg(long, value_name = "ADDR")]
    metrics: Option<SocketAddr>,
    /// Another counter of the branch, `host:port`; may be repeated.
    #[arg(long, value_name = "HOST:PORT")]
    neighbour: Vec<String>,
}

impl Init {
    pub(super) fn run(self) -> Result<()> {
        if self.branch.len() != 2 || !self.branch.bytes().all(|byte| byte.is_ascii_digit()) {
            bail!("a branch code is two digits");
        }
        if !self.counter.is_ascii_alphanumeric() {
            bail!("a counter is one digit or letter");
        }
        let mut device = [0; 16];
        getrandom::fill(&mut device)?;
        let folder = DataFolder::new(&self.data);
        folder.create()?;
        let neighbours = NeighbourSettings {
            listen: self.lan,
            discover: self.discover,
            at: self.neighbour.clone(),
        };
        let settings = Settings {
            branch: BranchCode(self.branch),
            counter: self.counter.to_ascii_uppercase(),
            place: self.place,
            device: DeviceId(device),
            city: self.city,
            hub: None,
            receipt_printer: self.receipt_printer,
            page_printer: self.page_printer,
            card_reader: self.card_reader,
            scanner: (self.scanner.is_some() || self.paper_folder.is_some()).then(|| {
                ScannerSettings {
                    device: self.scanner,
                    options: self.scanner_option,
                    folder: self.paper_folder,
                    ..ScannerSettings::default()
                }
            }),
            idle_lock_minutes: None,
            neighbours: (self.lan.is_some() || !self.neighbour.is_empty()).then_some(neighbours),
            metrics: self.metrics,
            fonts: None,
            site_printers: Vec::new(),
        };
        settings.write_new(&folder)?;
        keys::create(&folder, keys::passphrase())?;
        print_line(&format!("{}", settings.device))
    }
}

/// Enrols this counter.
#[derive(Debug, Args)]
pub(super) struct Enrol {
    /// Folder of the counter's data.
    #[arg(long)]
    data: PathBuf,
    /// The one-time code head office gave.
    code: String,
    /// Address of head office, `https://…`.
    #[arg(long)]
    hub: String,
}

impl Enrol {
    pub(super) fn run(self) -> Result<()> {
        let folder = DataFolder::new(&self.data);
        let settings = Settings::read(&folder)?;
        crate::line::enrol(&folder, &settings, &self.code, &self.hub)?;
        settings.set_hub(&folder, &self.hub)?;
        print_line("enrolled")
    }
}
