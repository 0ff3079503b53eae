//! What goes wrong around a counter: readers, cards, disks, files, and who is at the other end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use device_sim::pcscd::{PcscdProcess, Readers};

use super::set_up::{init_hub, serve_hub, start_card};
use super::{Stage, insert};
use crate::process::PATIENCE;
use crate::script::{DatabaseAct, DiskAct, IntruderAct, PagesAct, PrinterAct, ReaderAct};
use crate::small_disk::SmallDisk;

/// The longest request the hub takes, and one byte.
const OVERSIZED_BYTES: usize = (12 << 20) + 1;

impl Stage {
    /// Plugs the reader in or out. The service starts anew either way, as after a USB reset.
    pub(crate) fn plug_reader(&mut self, deed: ReaderAct) -> Result<()> {
        let readers = match deed {
            ReaderAct::Plug => Readers::Virtual,
            ReaderAct::Unplug => Readers::None,
        };
        self.unknown_card = None;
        // The old service lets go of the socket before the new one takes it.
        self.pcscd = None;
        let pcscd = PcscdProcess::start(&self.folder.join("pcscd"), readers)
            .context("pcscd does not start")?;
        if deed == ReaderAct::Plug {
            self.card = start_card(
                &self.programs,
                pcscd.port(),
                Some(&self.person),
                &self.folder,
            )?;
        }
        self.pcscd = Some(pcscd);
        Ok(())
    }

    /// Does something to the receipt printer, and waits until it is done.
    pub(crate) fn printer(&mut self, deed: PrinterAct) -> Result<()> {
        let state = match deed {
            PrinterAct::Off => "unplugged",
            PrinterAct::On => "ready",
            PrinterAct::PaperEnd => "paper-end",
            PrinterAct::CoverOpen => "cover-open",
        };
        self.printer.send(state)?;
        let done = format!("state {state}");
        while self.printer.line(PATIENCE).context("the receipt printer")? != done {}
        Ok(())
    }

    /// Does something to the page printer.
    pub(crate) fn page_printer(&mut self, deed: PagesAct) -> Result<()> {
        let printer = self.pages.as_mut().context("there is no page printer")?;
        match deed {
            PagesAct::PaperEnd => printer.stop("media-empty-error"),
            PagesAct::Jam => printer.stop("media-jam-error"),
            PagesAct::PutRight => printer.put_right(),
        }
        .context("the page printer")
    }

    /// Lays a card of an unknown kind on the reader.
    pub(crate) fn insert_unknown_card(&mut self) -> Result<()> {
        let pcscd = self.pcscd.as_ref().context("there is no reader")?;
        let mut card = start_card(&self.programs, pcscd.port(), None, &self.folder)?;
        insert(&mut card)?;
        self.unknown_card = Some(card);
        Ok(())
    }

    /// Lifts the card after so many more commands.
    pub(crate) fn pull_card_after(&mut self, commands: u8) -> Result<()> {
        self.card.send(&format!("pull-after {commands}"))
    }

    /// Leads the cable to a hub of somebody else, or back to ours.
    pub(crate) fn lead_cable(&mut self, to: FarEnd) -> Result<()> {
        let far = match to {
            FarEnd::OurHub => self.hub_address,
            FarEnd::Impostor => self.impostor()?,
        };
        self.cable.lead_to(far);
        Ok(())
    }

    fn impostor(&mut self) -> Result<std::net::SocketAddr> {
        if let Some((_, address)) = self.impostor {
            return Ok(address);
        }
        init_hub(
            &self.programs,
            &self.folder.join("impostor"),
            "べつのところ",
        )?;
        let (program, ready) = serve_hub(&self.programs, &self.folder, "impostor")?;
        self.impostor = Some((program, ready.listen));
        Ok(ready.listen)
    }

    /// Fills the counter's disk, or makes room.
    pub(crate) fn disk(&self, deed: DiskAct) -> Result<()> {
        let disk: &SmallDisk = self
            .disk
            .as_ref()
            .context("the scene gives the counter no small disk (disk_kib)")?;
        match deed {
            DiskAct::Fill => disk.fill(),
            DiskAct::Free => disk.free(),
        }
    }

    /// Does something to the files of the counter that is not running.
    pub(crate) fn database(&self, deed: DatabaseAct) -> Result<()> {
        ensure!(self.counter.is_none(), "the counter is running");
        let data = self.counter_files();
        match deed {
            DatabaseAct::SwapKey => {
                let key = data.join("database.key");
                set_aside(&key)?;
                // Sixty-four digits that are nobody's key.
                fs::write(&key, "5a".repeat(32)).context("cannot write the key")
            }
            DatabaseAct::Damage => {
                let database = data.join("counter.db");
                set_aside(&database)?;
                let mut bytes = fs::read(&database)?;
                let middle = bytes.len() / 2;
                let byte = bytes.get_mut(middle).context("the database is empty")?;
                *byte ^= 0x10;
                fs::write(&database, bytes).context("cannot write the database")
            }
            DatabaseAct::Spoil => spoil(&data),
            DatabaseAct::SetAside => copy_database(&data, "", ".copy"),
            DatabaseAct::PutBack => copy_database(&data, ".copy", ""),
            DatabaseAct::Repair => {
                let mut repaired = false;
                for name in ["database.key", "counter.db"] {
                    let path = data.join(name);
                    if aside(&path).exists() {
                        fs::rename(aside(&path), &path)?;
                        repaired = true;
                    }
                }
                ensure!(repaired, "nothing was broken");
                Ok(())
            }
        }
    }

    /// Sends the hub what no counter sends, with the counter's own certificate; then something
    /// right on the same connection.
    pub(crate) fn intrude(&self, deed: IntruderAct) -> Result<()> {
        let (body, answers, logged) = match deed {
            IntruderAct::Malformed => (vec![0x00; 1000], ["400"; 2], "malformed request refused"),
            // The answer comes before everything is sent; Debian 12's curl then reports none.
            IntruderAct::Oversized => (
                vec![0xd7; OVERSIZED_BYTES],
                ["413", "000"],
                "oversized request refused",
            ),
        };
        let folder = self.folder.join("intruder");
        fs::create_dir_all(&folder)?;
        self.copy_identity(&folder)?;
        fs::write(folder.join("body"), body)?;
        let said = self.send_as_intruder(&folder)?;
        let expected = answers.map(|answer| format!("{answer} 1\n204 0\n"));
        if !expected.contains(&said) {
            bail!("the hub answered {said:?} instead of {expected:?}");
        }
        let log = fs::read_to_string(self.log("hub"))?;
        ensure!(log.contains(logged), "the hub's log does not say: {logged}");
        Ok(())
    }

    fn copy_identity(&self, folder: &Path) -> Result<()> {
        let text = fs::read_to_string(self.counter_files().join("identity"))?;
        let identity: serde_json::Value = serde_json::from_str(&text)?;
        for name in ["certificate_pem", "key_pem"] {
            let pem = identity.get(name).and_then(serde_json::Value::as_str);
            fs::write(folder.join(name), pem.context("the identity lacks a part")?)?;
        }
        Ok(())
    }

    /// Two requests with `curl`, a stranger to our own code; per request the status and how many
    /// connections it opened.
    fn send_as_intruder(&self, folder: &Path) -> Result<String> {
        let url = |path: &str| format!("https://{}{path}", self.hub_address);
        let as_counter = [
            "--insecure",
            "--silent",
            "--http2",
            "--cert",
            "certificate_pem",
            "--key",
            "key_pem",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code} %{num_connects}\\n",
        ];
        let output = Command::new("curl")
            .current_dir(folder)
            .args(as_counter)
            .args(["--header", "Expect:", "--data-binary", "@body"])
            .arg(url("/sync/v1"))
            .arg("--next")
            .args(as_counter)
            .arg(url("/sync/v1/wait"))
            .output()
            .context("cannot start curl")?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// Where the cable leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FarEnd {
    /// Head office.
    OurHub,
    /// A hub with an authority of its own.
    Impostor,
}

/// Overwrites every page and signature behind the store's back.
#[expect(
    clippy::disallowed_methods,
    reason = "a disk that lies asks nobody either"
)]
fn spoil(data: &Path) -> Result<()> {
    let key = fs::read_to_string(data.join("database.key")).context("cannot read the key")?;
    let connection = rusqlite::Connection::open(data.join("counter.db"))?;
    connection.pragma_update(None, "key", format!("x'{}'", key.trim()))?;
    let spoiled =
        connection.execute("UPDATE blob_piece SET bytes = zeroblob(length(bytes))", [])?;
    ensure!(spoiled > 0, "nothing was signed here");
    Ok(())
}

/// Copies the database with the log a pulled plug left.
fn copy_database(data: &Path, from: &str, to: &str) -> Result<()> {
    for name in ["counter.db", "counter.db-wal"] {
        let (from, to) = (format!("{name}{from}"), format!("{name}{to}"));
        fs::remove_file(data.join(&to)).ok();
        if data.join(&from).exists() {
            fs::copy(data.join(&from), data.join(&to))?;
        }
    }
    fs::remove_file(data.join("counter.db-shm")).ok();
    ensure!(
        data.join(format!("counter.db{to}")).exists(),
        "there is no copy"
    );
    Ok(())
}

fn aside(path: &Path) -> PathBuf {
    path.with_extension("aside")
}

fn set_aside(path: &Path) -> Result<()> {
    fs::copy(path, aside(path))
        .map(drop)
        .with_context(|| format!("cannot copy {}", path.display()))
}
