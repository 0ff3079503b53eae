//! A scan: scanimage as a child process, its sheets through named pipes, its words through stderr.
//!
//! In batch mode scanimage opens `1.part`, `2.part`, … one after the other and renames each when the
//! sheet is through. These names are named pipes made beforehand, all of them: a name that were not
//! there would become a file in clear.

mod child;

use std::fs::DirBuilder;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};

use crate::SHEETS_MAX;
use crate::abilities::Abilities;
use crate::pnm;
use crate::said::{Progress, Said, ScanError};
use crate::sheet::{Blanks, Order, PaperWay, Sheet};
use child::{Running, Turn};

/// The longest list of options a scanner may have.
const LIST_BYTES_MAX: usize = 1 << 20;

/// A person's wish to stop, from another thread. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Stops the scan, soon.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether somebody wants it stopped.
    pub fn is_wanted(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A scanner that SANE reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanner {
    program: PathBuf,
    device: Option<String>,
    extra: Vec<String>,
}

impl Scanner {
    /// The scanner of that name as `scanimage -L` lists it; the first one without a name. `extra`
    /// are options only this model has, for example `--swdeskew=yes`.
    pub fn new(device: Option<String>, extra: Vec<String>) -> Self {
        Self {
            program: PathBuf::from("scanimage"),
            device,
            extra,
        }
    }

    /// Its name; `None` for the first one found.
    pub fn device(&self) -> Option<&str> {
        self.device.as_deref()
    }

    /// Another program in the place of `scanimage`.
    #[must_use]
    pub fn with_program(mut self, program: &Path) -> Self {
        program.clone_into(&mut self.program);
        self
    }

    /// Scans what lies there: the whole feeder, or the one sheet on the glass. Blocks until it is
    /// done, a fault ends it, or `stop` is wanted; takes as much memory as the pages need.
    ///
    /// # Errors
    /// What went wrong; nothing is kept of the sheets read before.
    pub fn scan(
        &self,
        order: &Order,
        stop: &Stop,
        tell: &mut dyn FnMut(Progress),
    ) -> Result<Vec<Sheet>, ScanError> {
        let abilities = self.abilities(stop)?;
        let fed = order.way != PaperWay::Glass && abilities.has_feeder();
        let mut sheets = if fed {
            let arguments = abilities.arguments(*order, PaperWay::Feeder);
            match self.batch(&arguments, SHEETS_MAX, stop, tell) {
                Err(ScanError::Empty)
                    if order.way == PaperWay::Whichever && abilities.has_glass() =>
                {
                    self.sheet_on_glass(&abilities, *order, stop, tell)?
                }
                read => read?,
            }
        } else if order.way == PaperWay::Feeder {
            return Err(ScanError::Refused);
        } else {
            self.sheet_on_glass(&abilities, *order, stop, tell)?
        };
        if order.blanks == Blanks::Drop {
            sheets.retain(|sheet| !sheet.is_blank());
        }
        // Nothing but blank sides: the paper lies the wrong way up, or there is none.
        if sheets.is_empty() {
            return Err(ScanError::Empty);
        }
        Ok(sheets)
    }

    /// Whether it answers; takes no sheet.
    ///
    /// # Errors
    /// Why it does not.
    pub fn answers(&self, stop: &Stop) -> Result<(), ScanError> {
        self.abilities(stop).map(drop)
    }

    /// What its maker calls it, as `scanimage` lists it. Looks for every scanner there is, which may
    /// take some seconds; `None` when it is not among them.
    pub fn model(&self, stop: &Stop) -> Option<String> {
        let mut command = Command::new(&self.program);
        command.env("LC_ALL", "C").stdin(Stdio::null());
        command.args(["-f", "%d\t%v\t%m\n"]);
        command.stdout(Stdio::piped());
        let listed = listed(&mut command, stop).ok()?;
        let wanted = |line: &&str| {
            let name = line.split('\t').next().unwrap_or_default();
            self.device.as_deref().is_none_or(|device| device == name)
        };
        let line = listed.lines().find(wanted)?;
        let parts: Vec<&str> = line.split('\t').skip(1).collect();
        let model = parts.join(" ").trim().to_owned();
        (!model.is_empty()).then_some(model)
    }

    fn sheet_on_glass(
        &self,
        abilities: &Abilities,
        order: Order,
        stop: &Stop,
        tell: &mut dyn FnMut(Progress),
    ) -> Result<Vec<Sheet>, ScanError> {
        let arguments = abilities.arguments(order, PaperWay::Glass);
        self.batch(&arguments, 1, stop, tell)
    }

    /// Asks what the scanner offers.
    fn abilities(&self, stop: &Stop) -> Result<Abilities, ScanError> {
        let mut command = self.command();
        command.arg("-A").stdout(Stdio::piped());
        listed(&mut command, stop).map(|listed| Abilities::of(&listed))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        // What it says is understood in this language only.
        command.env("LC_ALL", "C").stdin(Stdio::null());
        if let Some(device) = &self.device {
            command.arg("--device-name").arg(device);
        }
        // The device's own options are known once it is open.
        command.args(&self.extra);
        command
    }

    fn batch(
        &self,
        arguments: &[String],
        sheets_max: u16,
        stop: &Stop,
        tell: &mut dyn FnMut(Progress),
    ) -> Result<Vec<Sheet>, ScanError> {
        let pipes = Pipes::make(sheets_max).map_err(|error| {
            tracing::error!(%error, "no pipes for a scan");
            ScanError::Broken
        })?;
        let mut command = self.command();
        command
            .args(arguments)
            .args(["--format=pnm", "--progress"])
            .arg(format!("--batch-count={sheets_max}"))
            .arg(format!("--batch={}", pipes.format()))
            .stdout(Stdio::null());
        let mut running = Running::start(&mut command)?;
        let mut batch = Batch::new(&pipes)?;
        loop {
            let turn = running.turn(batch.pipe.as_ref(), &mut batch.bytes, stop)?;
            match turn {
                Turn::Said(said) => batch.hear(said, tell),
                Turn::DataEnd => batch.end_of_sheet(&pipes)?,
                Turn::More => {}
                Turn::Ended => break,
            }
            if batch.bytes.len() > pnm::BYTES_MAX {
                return Err(ScanError::Broken);
            }
        }
        batch.finish(stop, running.succeeded())
    }
}

/// What a command says on its standard output.
fn listed(command: &mut Command, stop: &Stop) -> Result<String, ScanError> {
    let mut running = Running::start(command)?;
    let mut listed = Some(running.standard_output().ok_or(ScanError::Broken)?);
    let mut bytes = Vec::new();
    loop {
        match running.turn(listed.as_ref(), &mut bytes, stop)? {
            Turn::Ended => break,
            Turn::Said(Said::Wrong(error)) => return Err(error),
            Turn::DataEnd => listed = None,
            Turn::Said(_) | Turn::More => {}
        }
        if bytes.len() > LIST_BYTES_MAX {
            return Err(ScanError::Broken);
        }
    }
    if running.succeeded() {
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    } else {
        Err(ScanError::NoScanner)
    }
}

/// The named pipes of one batch; gone with it.
struct Pipes {
    folder: tempfile::TempDir,
    count: u16,
}

impl Pipes {
    fn make(count: u16) -> std::io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("scan").tempdir()?;
        // A folder below the one everybody may list, for this user only.
        DirBuilder::new()
            .mode(0o700)
            .create(folder.path().join("sheets"))?;
        let pipes = Self { folder, count };
        for number in 1..=count {
            mknodat(
                CWD,
                pipes.path(number),
                FileType::Fifo,
                Mode::RUSR | Mode::WUSR,
                0,
            )?;
        }
        Ok(pipes)
    }

    fn path(&self, number: u16) -> PathBuf {
        self.folder
            .path()
            .join("sheets")
            .join(format!("{number}.part"))
    }

    fn format(&self) -> String {
        self.folder
            .path()
            .join("sheets")
            .join("%d")
            .display()
            .to_string()
    }

    /// Opens a pipe for reading; does not wait for whoever writes.
    fn open(&self, number: u16) -> Result<OwnedFd, ScanError> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        rustix::fs::open(self.path(number), flags, Mode::empty()).map_err(|error| {
            tracing::error!(%error, "pipe of a scan not opened");
            ScanError::Broken
        })
    }
}

/// A batch on its way.
struct Batch {
    number: u16,
    /// `None` after the last sheet.
    pipe: Option<OwnedFd>,
    bytes: Vec<u8>,
    sheets: Vec<Sheet>,
    damaged: bool,
    wrong: Option<ScanError>,
}

impl Batch {
    fn new(pipes: &Pipes) -> Result<Self, ScanError> {
        Ok(Self {
            number: 1,
            pipe: Some(pipes.open(1)?),
            bytes: Vec::new(),
            sheets: Vec::new(),
            damaged: false,
            wrong: None,
        })
    }

    fn hear(&mut self, said: Said, tell: &mut dyn FnMut(Progress)) {
        match said {
            Said::Sheet(sheet) => tell(Progress { sheet, percent: 0 }),
            Said::Percent(percent) => tell(Progress {
                sheet: self.number,
                percent,
            }),
            // The first thing that went wrong is the reason; what follows is its consequence.
            Said::Wrong(error) => self.wrong = self.wrong.or(Some(error)),
        }
    }

    fn end_of_sheet(&mut self, pipes: &Pipes) -> Result<(), ScanError> {
        self.take_sheet();
        self.pipe = None;
        if self.number < pipes.count {
            self.number += 1;
            self.pipe = Some(pipes.open(self.number)?);
        }
        Ok(())
    }

    fn take_sheet(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        if bytes.is_empty() {
            return;
        }
        match pnm::sheet(&bytes) {
            Ok(sheet) => self.sheets.push(sheet),
            Err(pnm::NoPage) => self.damaged = true,
        }
    }

    fn finish(mut self, stop: &Stop, succeeded: bool) -> Result<Vec<Sheet>, ScanError> {
        self.take_sheet();
        match self.wrong {
            _ if stop.is_wanted() => Err(ScanError::Stopped),
            // So every feeder ends that was read to its end.
            Some(ScanError::Empty) if !self.sheets.is_empty() && !self.damaged => Ok(self.sheets),
            Some(error) => Err(error),
            None if self.damaged => Err(ScanError::Broken),
            None if !succeeded && self.sheets.is_empty() => Err(ScanError::Broken),
            None => Ok(self.sheets),
        }
    }
}
