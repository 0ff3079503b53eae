//! The stage: every program of a visit, started as a city would start it.

mod archive;
pub(crate) mod codes;
mod counter;
mod courier;
mod faults;
mod head_office;
mod neighbour;
mod scanner;
mod set_up;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use device_sim::page_printer::PagePrinterProcess;
use device_sim::pcscd::{PcscdProcess, Readers};
use serde::Deserialize;

use crate::cable::Cable;
use crate::interrupt;
use crate::loopback::own_address;
use crate::process::{PATIENCE, Program, finish};
use crate::programs::Programs;
use crate::reviewer::Reviewer;
use crate::screen::Screen;
use crate::script::Scene;
use crate::small_disk::SmallDisk;
pub(crate) use faults::FarEnd;
use neighbour::Neighbour;
use set_up::{
    CounterPlace, enrol_counter, import_prepared, publish_residents, start_card, start_hub,
    start_page_printer, start_printer,
};

/// Addresses the hub says when it is ready.
#[derive(Debug, Deserialize)]
struct HubReady {
    listen: SocketAddr,
    desk: SocketAddr,
}

/// All programs of a visit.
///
/// Fields are dropped in order: the screens first, the hub last, the disk after those who use it.
#[derive(Debug)]
pub struct Stage {
    pub(crate) programs: Programs,
    folder: PathBuf,
    pub(crate) staff: Option<Screen>,
    pub(crate) resident: Option<Screen>,
    pub(crate) reviewer: Option<Reviewer>,
    neighbour: Option<Neighbour>,
    counter: Option<Program>,
    pub(crate) cable: Cable,
    person: PathBuf,
    card: Program,
    unknown_card: Option<Program>,
    printer: Program,
    pub(crate) pages: Option<PagePrinterProcess>,
    pcscd: Option<PcscdProcess>,
    impostor: Option<(Program, SocketAddr)>,
    hub: Program,
    hub_address: SocketAddr,
    desk: String,
    disk: Option<SmallDisk>,
    /// Where the counter is reached on the branch's LAN.
    lan: Option<SocketAddr>,
}

impl Stage {
    /// Sets everything up in `folder`: hub with its accounts, enrolled counter, devices.
    ///
    /// # Errors
    /// When a program is missing or does not become ready; its log is in `folder/logs`. When
    /// somebody asks to stop.
    pub fn set(
        programs: Programs,
        scene: &Scene,
        script_folder: &Path,
        folder: &Path,
    ) -> Result<Self> {
        for name in ["logs", "receipts", "pcscd"] {
            fs::create_dir_all(folder.join(name))?;
        }
        let disk = scene
            .disk_kib
            .map(|kib| SmallDisk::mount(&folder.join("disk"), kib, &log(folder, "disk")))
            .transpose()?;
        let (hub, ready) = start_hub(&programs, scene, folder)?;
        if scene.code_keys {
            codes::set_up(&programs, folder, &scene.city)?;
        }
        if let Some(file) = &scene.residents {
            publish_residents(&programs, folder, &script_folder.join(file))?;
        }
        for (kind, file) in [
            ("reservations", &scene.reservations),
            ("move-outs", &scene.move_outs),
        ] {
            if let Some(file) = file {
                import_prepared(&programs, folder, kind, &script_folder.join(file))?;
            }
        }
        interrupt::check()?;
        let cable = Cable::lay(ready.listen).context("cannot lay the cable")?;
        let pcscd = PcscdProcess::start(&folder.join("pcscd"), Readers::Virtual)
            .context("pcscd does not start")?;
        let person = script_folder.join(&scene.card);
        let card = start_card(&programs, pcscd.port(), Some(&person), folder)?;
        let (printer, printer_address) = start_printer(&programs, folder)?;
        let pages = scene.page_printer.then(|| start_page_printer(folder));
        let pages = pages.transpose()?;
        let mut stage = Self {
            programs,
            folder: folder.to_owned(),
            staff: None,
            resident: None,
            reviewer: None,
            neighbour: None,
            counter: None,
            cable,
            person,
            card,
            unknown_card: None,
            printer,
            pages,
            pcscd: Some(pcscd),
            impostor: None,
            hub,
            hub_address: ready.listen,
            desk: format!("http://{}", ready.desk),
            disk,
            lan: scene.lan.then(free_address).transpose()?,
        };
        interrupt::check()?;
        enrol_counter(&stage, &stage.counter_place(scene, &printer_address))?;
        let settings = stage.counter_files().join("counter.toml");
        scanner::set_up(folder, &settings, script_folder, scene)?;
        if scene.card_on_reader {
            stage.insert_card()?;
        }
        stage.start_counter(None)?;
        if let Some(number) = &scene.neighbour {
            stage.neighbour = Some(Neighbour::move_in(&stage, scene, number)?);
        }
        Ok(stage)
    }

    fn counter_place<'a>(&self, scene: &'a Scene, printer: &'a str) -> CounterPlace<'a> {
        CounterPlace {
            data: self.counter_data(),
            branch: &scene.branch,
            place: &scene.place,
            counter: &scene.counter,
            printer: Some(printer),
            pages: self.pages.as_ref().map(PagePrinterProcess::address),
            lan: self.lan,
            calls: None,
        }
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

    /// Who is on the card, and the secrets that open it: an invented person.
    pub fn card_in_words(&self) -> Option<String> {
        let text = fs::read_to_string(&self.person).ok()?;
        let person: toml::Table = text.parse().ok()?;
        let of = |key| person.get(key).and_then(toml::Value::as_str);
        Some(format!(
            "{}　暗証番号 {}　照合番号B {}",
            of("name")?,
            of("pin")?,
            of("number_b")?
        ))
    }

    /// Address of the review desk.
    pub fn desk(&self) -> &str {
        &self.desk
    }

    /// Folder of the counter's data, as the counter itself sees it.
    pub(crate) fn counter_data(&self) -> PathBuf {
        match self.disk {
            Some(_) => self.folder.join("disk").join("counter"),
            None => self.folder.join("counter"),
        }
    }

    /// The same folder, as everybody else sees it.
    pub(crate) fn counter_files(&self) -> PathBuf {
        let disk = self.disk.as_ref().map(SmallDisk::path);
        disk.unwrap_or(&self.folder).join("counter")
    }

    /// Socket of the counter's screens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.counter_files().join("screens.sock")
    }

    /// Folder of the hub's data.
    pub(crate) fn hub_data(&self) -> PathBuf {
        self.folder.join("hub")
    }

    /// Folder of the printed receipts.
    pub fn receipts(&self) -> PathBuf {
        self.folder.join("receipts")
    }

    /// Where everything of this stage lies.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs `todoke` at the counter to its end.
    pub(crate) fn todoke(&self, args: &[&OsStr]) -> Result<String> {
        finish(self.at_the_counter().args(args), "")
    }

    /// Runs `todoke` at the counter to its end; whether it ended well, and all it said.
    pub(crate) fn todoke_said(&self, args: &[&OsStr]) -> Result<(bool, String)> {
        let output = self.at_the_counter().args(args).output();
        let output = output.context("cannot start todoke")?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        Ok((output.status.success(), said))
    }

    /// A command of `todoke` at the counter.
    fn at_the_counter(&self) -> Command {
        let todoke = self.programs.named("todoke");
        match &self.disk {
            Some(disk) => disk.inside(&todoke),
            None => Command::new(todoke),
        }
    }

    /// Lays the card on the reader, and waits until pcscd has taken it.
    pub(crate) fn insert_card(&mut self) -> Result<()> {
        insert(&mut self.card)
    }

    /// Takes whatever lies there away.
    pub(crate) fn remove_card(&mut self) -> Result<()> {
        self.unknown_card = None;
        self.card.send("remove")
    }

    /// Opens both screens without a display.
    pub(crate) fn open_screens(&mut self) -> Result<()> {
        self.staff = Some(self.open_screen("staff screen", "staff", &self.socket())?);
        self.resident = Some(self.open_screen("resident screen", "resident", &self.socket())?);
        if let Some(mut neighbour) = self.neighbour.take() {
            neighbour.open_screen(self)?;
            self.neighbour = Some(neighbour);
        }
        Ok(())
    }

    fn open_screen(&self, name: &'static str, display: &str, socket: &Path) -> Result<Screen> {
        let ui = self.programs.named("todoke-ui");
        Screen::start(name, &ui, display, socket, &self.log("screens"))
    }

    /// The staff's screen at the counter beside.
    pub(crate) fn neighbour(&mut self) -> Option<&mut Screen> {
        self.neighbour.as_mut()?.staff.as_mut()
    }

    /// Opens the reviewer's browser.
    pub(crate) fn open_browser(&mut self) -> Result<()> {
        self.reviewer = Some(Reviewer::start(&self.desk, &self.folder.join("chromium"))?);
        Ok(())
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        log(&self.folder, name)
    }
}

/// Lays a card down, and waits until pcscd has taken it.
fn insert(card: &mut Program) -> Result<()> {
    card.send("insert")?;
    loop {
        let line = card
            .line(PATIENCE)
            .context("the virtual card is not taken by pcscd")?;
        ensure!(!line.starts_with("refused"), "the virtual card: {line}");
        if line == "inserted" {
            return Ok(());
        }
    }
}

/// An address nobody listens at.
fn free_address() -> Result<SocketAddr> {
    let listener = std::net::TcpListener::bind((own_address(), 0))?;
    Ok(listener.local_addr()?)
}

fn log(folder: &Path, name: &str) -> PathBuf {
    folder.join("logs").join(format!("{name}.log"))
}

fn hub_url(cable: &Cable) -> String {
    format!("https://{}", cable.near())
}
