//! The stage: every program of a visit, started as a city would start it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use device_sim::pcscd::{PcscdProcess, Readers, SOCKET_VARIABLE};
use serde::Deserialize;

use crate::cable::Cable;
use crate::process::{PATIENCE, Program, ready_fifo, run, wait_ready};
use crate::reviewer::Reviewer;
use crate::screen::Screen;
use crate::script::{Account, Scene};

/// Where the programs are: the folder the driver itself was built into.
#[derive(Debug, Clone)]
pub struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Programs beside `one_of_them`, or one folder above (tests are built into `deps`).
    pub fn beside(one_of_them: &Path) -> Self {
        let folder = one_of_them.parent().unwrap_or(Path::new("."));
        let folder = if folder.ends_with("deps") {
            folder.parent().unwrap_or(folder)
        } else {
            folder
        };
        Self {
            folder: folder.to_owned(),
        }
    }

    fn named(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Addresses the hub says when it is ready.
#[derive(Debug, Deserialize)]
struct HubReady {
    listen: SocketAddr,
    desk: SocketAddr,
}

/// All programs of a visit.
///
/// Fields are dropped in order: the screens first, the hub last.
#[derive(Debug)]
pub struct Stage {
    programs: Programs,
    folder: PathBuf,
    pub(crate) staff: Option<Screen>,
    pub(crate) resident: Option<Screen>,
    pub(crate) reviewer: Option<Reviewer>,
    counter: Option<Program>,
    pub(crate) cable: Cable,
    card: Program,
    _printer: Program,
    pcscd: PcscdProcess,
    hub: Program,
    desk: String,
}

impl Stage {
    /// Sets everything up in `folder`: hub with its accounts, enrolled counter, devices, screens.
    ///
    /// # Errors
    /// When a program is missing or does not become ready; its log is in `folder/logs`.
    pub fn set(
        programs: Programs,
        scene: &Scene,
        script_folder: &Path,
        folder: &Path,
    ) -> Result<Self> {
        for name in ["logs", "receipts", "pcscd"] {
            fs::create_dir_all(folder.join(name))?;
        }
        let (hub, ready) = start_hub(&programs, scene, folder)?;
        let cable = Cable::lay(ready.listen).context("cannot lay the cable")?;
        let pcscd = PcscdProcess::start(&folder.join("pcscd"), Readers::Virtual)
            .context("pcscd does not start")?;
        let card = start_card(&programs, &pcscd, &script_folder.join(&scene.card), folder)?;
        let (printer, printer_address) = start_printer(&programs, folder)?;
        enrol_counter(&programs, scene, folder, &cable, &printer_address)?;
        let mut stage = Self {
            programs,
            folder: folder.to_owned(),
            staff: None,
            resident: None,
            reviewer: None,
            counter: None,
            cable,
            card,
            _printer: printer,
            pcscd,
            hub,
            desk: format!("http://{}", ready.desk),
        };
        if scene.card_on_reader {
            stage.insert_card()?;
        }
        stage.start_counter()?;
        Ok(stage)
    }

    /// Memory of each program.
    pub(crate) fn memory_kib(&self) -> BTreeMap<String, f64> {
        let programs = [
            ("hub", self.hub.memory_kib()),
            (
                "counter",
                self.counter.as_ref().and_then(Program::memory_kib),
            ),
            ("staff", self.staff.as_ref().and_then(Screen::memory_kib)),
            (
                "resident",
                self.resident.as_ref().and_then(Screen::memory_kib),
            ),
        ];
        let known = |(name, kib): (&str, Option<f64>)| kib.map(|kib| (name.to_owned(), kib));
        programs.into_iter().filter_map(known).collect()
    }

    /// Address of the review desk.
    pub fn desk(&self) -> &str {
        &self.desk
    }

    /// Folder of the counter's data.
    pub(crate) fn counter_data(&self) -> PathBuf {
        self.folder.join("counter")
    }

    /// Folder of the hub's data.
    pub(crate) fn hub_data(&self) -> PathBuf {
        self.folder.join("hub")
    }

    /// Folder of the printed receipts.
    pub(crate) fn receipts(&self) -> PathBuf {
        self.folder.join("receipts")
    }

    /// Runs `todoke` to its end.
    pub(crate) fn todoke(&self, args: &[&OsStr]) -> Result<String> {
        run(&self.programs.named("todoke"), args, "")
    }

    /// Starts the counter's daemon, and waits until it answers.
    pub(crate) fn start_counter(&mut self) -> Result<()> {
        let ready = ready_fifo(&self.folder, "counter-ready")?;
        let mut command = Command::new(self.programs.named("todoke"));
        command.env(SOCKET_VARIABLE, self.pcscd.socket());
        command.arg("serve").arg("--data").arg(self.counter_data());
        command
            .arg("--hub")
            .arg(hub_url(&self.cable))
            .arg("--ready-file")
            .arg(&ready);
        self.counter = Some(Program::start(
            "todoke serve",
            &mut command,
            &self.log("counter"),
        )?);
        wait_ready(&ready).context("the counter does not become ready")?;
        Ok(())
    }

    /// Pulls the counter's plug.
    pub(crate) fn kill_counter(&mut self) -> Result<()> {
        self.counter
            .take()
            .context("the counter is not running")?
            .kill()
    }

    /// Lays the card on the reader, and waits until pcscd has taken it.
    pub(crate) fn insert_card(&mut self) -> Result<()> {
        self.card.send("insert")?;
        loop {
            let line = self
                .card
                .line(PATIENCE)
                .context("the virtual card is not taken by pcscd")?;
            anyhow::ensure!(!line.starts_with("refused"), "the virtual card: {line}");
            if line == "inserted" {
                return Ok(());
            }
        }
    }

    /// Takes the card away.
    pub(crate) fn remove_card(&mut self) -> Result<()> {
        self.card.send("remove")
    }

    /// Opens both screens without a display.
    pub(crate) fn open_screens(&mut self) -> Result<()> {
        let socket = self.counter_data().join("screens.sock");
        let ui = self.programs.named("todoke-ui");
        let log = self.log("screens");
        self.staff = Some(Screen::start("staff screen", &ui, "staff", &socket, &log)?);
        self.resident = Some(Screen::start(
            "resident screen",
            &ui,
            "resident",
            &socket,
            &log,
        )?);
        Ok(())
    }

    /// Opens both screens on the display, for people, and waits until the staff screen is closed.
    ///
    /// # Errors
    /// When a window cannot be opened.
    pub fn open_windows(&self) -> Result<()> {
        let socket = self.counter_data().join("screens.sock");
        let open = |display: &str| {
            Command::new(self.programs.named("todoke-ui"))
                .args(["--size", "1280x800", "--display", display, "--socket"])
                .arg(&socket)
                .spawn()
                .with_context(|| format!("cannot open the {display} screen"))
        };
        let mut resident = open("resident")?;
        let mut staff = open("staff")?;
        staff.wait()?;
        resident.kill().ok();
        resident.wait()?;
        Ok(())
    }

    /// Opens the reviewer's browser.
    pub(crate) fn open_browser(&mut self) -> Result<()> {
        self.reviewer = Some(Reviewer::start(&self.desk, &self.folder.join("chromium"))?);
        Ok(())
    }

    fn log(&self, name: &str) -> PathBuf {
        log(&self.folder, name)
    }
}

fn log(folder: &Path, name: &str) -> PathBuf {
    folder.join("logs").join(format!("{name}.log"))
}

fn hub_url(cable: &Cable) -> String {
    format!("https://{}", cable.near())
}

fn start_hub(programs: &Programs, scene: &Scene, folder: &Path) -> Result<(Program, HubReady)> {
    let hub = programs.named("todoke-hub");
    let data = folder.join("hub");
    let arg = OsStr::new;
    run(
        &hub,
        &[
            arg("init"),
            arg("--data"),
            data.as_ref(),
            arg("--city"),
            arg(&scene.city),
        ],
        "",
    )?;
    for account in &scene.staff {
        add_account(&hub, &data, account)?;
    }
    let ready = ready_fifo(folder, "hub-ready")?;
    let mut command = Command::new(hub);
    command
        .arg("serve")
        .arg("--data")
        .arg(&data)
        .args(["--listen", "127.0.0.1:0"]);
    command
        .args(["--desk", "127.0.0.1:0", "--desk-plain", "--ready-file"])
        .arg(&ready);
    let program = Program::start("todoke-hub serve", &mut command, &log(folder, "hub"))?;
    let said = wait_ready(&ready).context("the hub does not become ready")?;
    let ready = serde_json::from_str(&said).context("the hub's ready file")?;
    Ok((program, ready))
}

fn add_account(hub: &Path, data: &Path, account: &Account) -> Result<()> {
    let arg = OsStr::new;
    let mut args = vec![arg("staff"), arg("add"), arg("--data"), data.as_ref()];
    args.extend([
        arg("--id"),
        arg(&account.id),
        arg("--name"),
        arg(&account.name),
    ]);
    args.extend(
        account
            .roles
            .iter()
            .flat_map(|role| [arg("--role"), arg(role)]),
    );
    args.extend(
        account
            .branches
            .iter()
            .flat_map(|branch| [arg("--branch"), arg(branch)]),
    );
    run(hub, &args, &format!("{}\n", account.password))?;
    Ok(())
}

fn start_card(
    programs: &Programs,
    pcscd: &PcscdProcess,
    person: &Path,
    folder: &Path,
) -> Result<Program> {
    let mut command = Command::new(programs.named("todoke-card-sim"));
    command
        .arg("--person")
        .arg(person)
        .args(["--port", &pcscd.port().to_string()]);
    Program::start("todoke-card-sim", &mut command, &log(folder, "card"))
}

fn start_printer(programs: &Programs, folder: &Path) -> Result<(Program, String)> {
    let mut command = Command::new(programs.named("todoke-printer-sim"));
    command
        .args(["--listen", "127.0.0.1:0", "--out"])
        .arg(folder.join("receipts"));
    let mut printer = Program::start("todoke-printer-sim", &mut command, &log(folder, "printer"))?;
    let address = printer
        .line(PATIENCE)
        .context("the receipt printer does not say its address")?;
    let address = address.rsplit(' ').next().unwrap_or_default().to_owned();
    Ok((printer, address))
}

/// Sets up the counter and enrols it with a one-time code, as the city's IT staff would.
fn enrol_counter(
    programs: &Programs,
    scene: &Scene,
    folder: &Path,
    cable: &Cable,
    printer: &str,
) -> Result<()> {
    let arg = OsStr::new;
    let (todoke, hub) = (programs.named("todoke"), programs.named("todoke-hub"));
    let (counter_data, hub_data) = (folder.join("counter"), folder.join("hub"));
    let name = format!("{} {}", scene.place, scene.counter);
    let init = [
        arg("init"),
        arg("--data"),
        counter_data.as_ref(),
        arg("--branch"),
        arg(&scene.branch),
        arg("--counter"),
        arg(&scene.counter),
        arg("--place"),
        arg(&scene.place),
        arg("--receipt-printer"),
        arg(printer),
    ];
    run(&todoke, &init, "")?;
    let ask = [
        arg("enrol"),
        arg("--data"),
        hub_data.as_ref(),
        arg("--branch"),
        arg(&scene.branch),
        arg("--name"),
        arg(&name),
    ];
    let code = run(&hub, &ask, "")?;
    let url = hub_url(cable);
    let enrol = [
        arg("enrol"),
        arg("--data"),
        counter_data.as_ref(),
        arg("--hub"),
        arg(&url),
        arg(code.trim()),
    ];
    run(&todoke, &enrol, "")?;
    Ok(())
}
