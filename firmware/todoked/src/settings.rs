//! `counter.toml`: what this counter is and what is around it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use counter_domain::ids::{BranchCode, DeviceId};
use page_scanner::{Order, Shades};
use serde::{Deserialize, Serialize};

use crate::desk::Place;

/// The settings of a counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Branch code, two digits.
    pub branch: BranchCode,
    /// Number or letter of the counter.
    pub counter: char,
    /// Name of the branch.
    pub place: String,
    /// This device, 32 hex digits.
    pub device: DeviceId,
    /// City, until head office says it.
    #[serde(default)]
    pub city: String,
    /// Address of head office, `https://…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hub: Option<String>,
    /// Receipt printer: `host:port`, a device file (`/dev/usb/lp0`), or a serial line with its speed
    /// (`/dev/ttyS0@19200`); `silent:` before it where it never answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_printer: Option<String>,
    /// Page printer of this counter, `ipp://host/path`: forms and the guidance sheet come out of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_printer: Option<String>,
    /// Card reader, when there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_reader: Option<String>,
    /// Where certificates on paper are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanner: Option<ScannerSettings>,
    /// The staff's screen locks itself after this many minutes without a touch (1 to 60), until
    /// head office's settings say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_lock_minutes: Option<u16>,
    /// The other counters of the branch; without it they are reached through head office only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbours: Option<NeighbourSettings>,
    /// Address at which monitoring reads figures, for example `127.0.0.1:9464`; without it there
    /// are none. No sign-in guards it: a loopback address, or one of a network for management.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<SocketAddr>,
    /// Fonts, where they are not where Debian puts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fonts: Option<Fonts>,
    /// The other page printers of the site that this counter may use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub site_printers: Vec<PrinterSettings>,
}

/// A page printer of the site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrinterSettings {
    /// What people call it.
    pub name: String,
    /// `ipp://host/path`.
    pub address: String,
    /// Its trays (`media-source`, for example `tray-2`) by the names that forms use for their paper.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub trays: BTreeMap<String, String>,
}

/// The scanner of a counter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScannerSettings {
    /// Its name as `scanimage -L` lists it; `any` for the first one found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Options only this model has, for example `--swdeskew=yes`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// A folder that a camera or a network scanner writes pages to; they are read and removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// Dots per inch; 300 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dots: Option<u16>,
    /// Scans without colour.
    #[serde(default)]
    pub gray: bool,
}

impl ScannerSettings {
    /// Whether there is a scanner, and not a folder only.
    pub const fn has_scanner(&self) -> bool {
        self.device.is_some()
    }

    /// Its name; `None` for the first one found.
    pub fn name(&self) -> Option<String> {
        self.device.clone().filter(|name| name != "any")
    }

    /// How sheets are scanned here.
    pub fn order(&self) -> Order {
        Order {
            dots: self.dots.unwrap_or(300).clamp(150, 600),
            shades: if self.gray {
                Shades::Gray
            } else {
                Shades::Colour
            },
            ..Order::default()
        }
    }
}

/// How the counters of a branch reach each other on their LAN.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeighbourSettings {
    /// Address the others reach this counter at; without it this one only calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// Looks for the others by multicast DNS, and is found by it.
    #[serde(default)]
    pub discover: bool,
    /// Others to call, `host:port` each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<String>,
}

/// Font files of the forms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fonts {
    /// Names and addresses.
    pub exact: PathBuf,
    /// Labels.
    pub label: PathBuf,
    /// Labels, bold.
    pub label_bold: PathBuf,
    /// The city's own font for characters under private codes (行政事務標準文字の追加文字).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<PathBuf>,
}

/// The files of a counter's data folder.
#[derive(Debug, Clone)]
pub struct DataFolder(PathBuf);

impl DataFolder {
    /// The folder at `path`.
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// `counter.toml`.
    pub fn settings(&self) -> PathBuf {
        self.0.join("counter.toml")
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.0.join("counter.db")
    }

    /// The socket of the screens.
    pub fn socket(&self) -> PathBuf {
        self.0.join("screens.sock")
    }

    /// Held by the running daemon.
    pub fn lock(&self) -> PathBuf {
        self.0.join("todoke.lock")
    }

    /// How the running daemon stands, for `todoke status`.
    pub fn status(&self) -> PathBuf {
        self.0.join("status.json")
    }

    /// Authorities of cards that the city installed.
    pub fn authorities(&self) -> PathBuf {
        self.0.join("authorities")
    }

    /// Device key and certificates.
    pub fn identity(&self) -> PathBuf {
        self.0.join("identity")
    }

    /// Makes the folder, for its owner only.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(&self) -> Result<()> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)
            .with_context(|| format!("cannot make {}", self.0.display()))
    }
}

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    /// When there are none or they are wrong; the message names line and column.
    pub fn read(folder: &DataFolder) -> Result<Self> {
        let path = folder.settings();
        let text = fs::read_to_string(&path).with_context(|| {
            format!(
                "{} is not a counter's folder; run `todoke init` first",
                folder.path().display()
            )
        })?;
        toml::from_str(&text).with_context(|| format!("{} is wrong", path.display()))
    }

    /// Writes the settings for the first time.
    ///
    /// # Errors
    /// When there are settings already; nothing is overwritten.
    pub fn write_new(&self, folder: &DataFolder) -> Result<()> {
        if folder.settings().exists() || folder.database().exists() {
            bail!(
                "{} is set up already; nothing was changed",
                folder.path().display()
            );
        }
        write_private(&folder.settings(), toml::to_string(self)?.as_bytes())
    }

    /// Notes the address of head office.
    ///
    /// # Errors
    /// When the settings cannot be written.
    pub fn set_hub(mut self, folder: &DataFolder, hub: &str) -> Result<Self> {
        if self.hub.as_deref() != Some(hub) {
            self.hub = Some(hub.to_owned());
            replace_private(&folder.settings(), toml::to_string(&self)?.as_bytes())?;
        }
        Ok(self)
    }

    /// What the desk knows of itself.
    pub fn desk_place(&self) -> Place {
        let counter = self.counter;
        let unit = if counter.is_ascii_digit() {
            "番窓口"
        } else {
            "窓口"
        };
        Place {
            branch: self.branch.clone(),
            counter,
            name: format!("{} {counter}{unit}", self.place),
            city: self.city.clone(),
        }
    }
}

/// Writes a file only its owner reads; refuses to overwrite. What could not be written whole is
/// taken away.
///
/// # Errors
/// When it exists or cannot be written.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        fs::remove_file(path).ok();
    }
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// Replaces a file as a whole: the old one stays until the new one is on disk.
///
/// # Errors
/// When it cannot be written.
pub fn replace_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let new = path.with_extension("new");
    if new.exists() {
        fs::remove_file(&new)?;
    }
    write_private(&new, bytes)?;
    fs::rename(&new, path).with_context(|| format!("cannot replace {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            branch: BranchCode::from("07"),
            counter: '2',
            place: "六会市民センター".to_owned(),
            device: DeviceId([7; 16]),
            city: String::new(),
            hub: None,
            receipt_printer: Some("127.0.0.1:9100".to_owned()),
            page_printer: None,
            card_reader: None,
            scanner: Some(ScannerSettings {
                device: Some("any".to_owned()),
                ..ScannerSettings::default()
            }),
            idle_lock_minutes: Some(10),
            neighbours: Some(NeighbourSettings {
                listen: Some(([0, 0, 0, 0], 7444).into()),
                discover: true,
                at: vec!["192.0.2.7:7444".to_owned()],
            }),
            metrics: Some(([127, 0, 0, 1], 9464).into()),
            fonts: None,
            site_printers: vec![PrinterSettings {
                name: "事務室のカラー".to_owned(),
                address: "ipp://192.0.2.9/ipp/print".to_owned(),
                trays: BTreeMap::from([("colour".to_owned(), "tray-2".to_owned())]),
            }],
        }
    }

    #[test]
    fn settings_survive_the_file_and_are_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(&dir.path().join("counter"));
        folder.create().unwrap();
        settings().write_new(&folder).unwrap();
        assert_eq!(Settings::read(&folder).unwrap(), settings());
        assert!(settings().write_new(&folder).is_err());
        let noted = settings().set_hub(&folder, "https://127.0.0.1:1").unwrap();
        assert_eq!(Settings::read(&folder).unwrap(), noted);
        assert_eq!(noted.desk_place().name, "六会市民センター 2番窓口");
    }
}
