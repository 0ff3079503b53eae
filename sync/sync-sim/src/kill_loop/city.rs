//! The two programs, set up as a city would, each a process that can be killed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// Who works at the counter.
pub(crate) const CLERK: &str = "u0312";
/// Who reviews at head office.
pub(crate) const REVIEWER: &str = "u0101";
/// Everybody's password, which exists in this run only.
pub(crate) const PASSWORD: &str = "uketsuke2026";

const DESK_PORT: u16 = 7480;

/// Head office and one counter.
#[derive(Debug)]
pub(crate) struct City {
    programs: PathBuf,
    folder: PathBuf,
    address: Ipv4Addr,
    hub: Option<Running>,
    counter: Option<Running>,
}

/// A process that does not outlive this one.
#[derive(Debug)]
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl City {
    /// Makes both, with one account, and enrols the counter.
    pub(crate) fn set_up(programs: &Path, folder: &Path) -> Result<Self> {
        let [low, high, ..] = std::process::id().to_le_bytes();
        let mut city = Self {
            programs: programs.to_owned(),
            folder: folder.to_owned(),
            address: Ipv4Addr::new(127, 70, high, low),
            hub: None,
            counter: None,
        };
        let (hub, counter) = (text(&city.hub_data())?, text(&city.counter_data())?);
        city.run("todoke-hub", &["init", "--data", &hub, "--city", "六会市"])?;
        let clerk = ["--id", CLERK, "--name", "窓口　みほん"];
        let intake = ["--role", "intake", "--branch", "07"];
        let reviewer = ["--id", REVIEWER, "--name", "審査　みほん"];
        let review = ["--role", "reviewer", "--role", "approver", "--branch", "00"];
        for who in [
            [&clerk[..], &intake].concat(),
            [&reviewer[..], &review].concat(),
        ] {
            let add = [&["staff", "add", "--data", &hub][..], &who].concat();
            city.run("todoke-hub", &add)?;
        }
        city.start_hub()?;
        let place = [
            "--branch",
            "07",
            "--counter",
            "2",
            "--place",
            "北部市民センター",
        ];
        let init = [&["init", "--data", &counter][..], &place].concat();
        city.run("todoke", &init)?;
        let named = ["--branch", "07", "--name", "北部 2番窓口"];
        let enrol = [&["enrol", "--data", &hub][..], &named].concat();
        let code = city.run("todoke-hub", &enrol)?;
        let url = city.url();
        city.run(
            "todoke",
            &["enrol", "--data", &counter, "--hub", &url, code.trim()],
        )?;
        Ok(city)
    }

    /// Starts whichever does not run, and waits until it is ready.
    pub(crate) fn start(&mut self) -> Result<()> {
        self.start_hub()?;
        if self.counter.is_none() {
            let (data, url) = (text(&self.counter_data())?, self.url());
            let arguments = ["serve", "--data", &data, "--hub", &url];
            self.counter = Some(self.serve("todoke", &arguments)?);
        }
        Ok(())
    }

    fn start_hub(&mut self) -> Result<()> {
        if self.hub.is_none() {
            let end = |port: u16| format!("{}:{port}", self.address);
            let (data, listen, desk) = (text(&self.hub_data())?, end(7443), end(DESK_PORT));
            let ends = ["--listen", &listen, "--desk", &desk, "--desk-plain"];
            let arguments = [&["serve", "--data", &data][..], &ends].concat();
            self.hub = Some(self.serve("todoke-hub", &arguments)?);
        }
        Ok(())
    }

    pub(crate) fn kill_hub(&mut self) -> Result<()> {
        kill(self.hub.take())
    }

    pub(crate) fn kill_counter(&mut self) -> Result<()> {
        kill(self.counter.take())
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.counter_data().join("screens.sock")
    }

    pub(crate) fn desk(&self) -> SocketAddr {
        SocketAddr::from((self.address, DESK_PORT))
    }

    pub(crate) fn hub_data(&self) -> PathBuf {
        self.folder.join("hub")
    }

    pub(crate) fn counter_data(&self) -> PathBuf {
        self.folder.join("counter")
    }

    /// An empty folder for copies of what is looked at.
    pub(crate) fn aside(&self) -> Result<PathBuf> {
        let aside = self.folder.join("aside");
        if aside.exists() {
            std::fs::remove_dir_all(&aside)?;
        }
        std::fs::create_dir(&aside)?;
        Ok(aside)
    }

    fn url(&self) -> String {
        format!("https://{}:7443", self.address)
    }

    /// Runs a command to its end; returns what it printed.
    fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let mut child = Command::new(self.programs.join(program))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        if let Some(mut stdin) = child.stdin.take() {
            // Only `staff add` reads it.
            stdin.write_all(format!("{PASSWORD}\n").as_bytes()).ok();
        }
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{program} {arguments:?}: {said}");
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Starts a program and reads its log until it says that it is ready, then on, so that it never
    /// waits for a reader.
    fn serve(&self, program: &str, arguments: &[&str]) -> Result<Running> {
        let mut child = Command::new(self.programs.join(program))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let stderr = child.stderr.take().context("no log")?;
        let running = Running(child);
        let mut log = BufReader::new(stderr).lines();
        let mut told = String::new();
        loop {
            let line = log.next().transpose()?;
            let line = line.with_context(|| format!("{program} ended instead: {told}"))?;
            if line.contains("ready") {
                break;
            }
            told.push_str(&line);
            told.push('\n');
        }
        std::thread::spawn(move || log.map_while(Result::ok).for_each(drop));
        Ok(running)
    }
}

/// As a pulled plug does it.
fn kill(running: Option<Running>) -> Result<()> {
    if let Some(mut running) = running {
        running.0.kill()?;
        running.0.wait()?;
    }
    Ok(())
}

fn text(path: &Path) -> Result<String> {
    Ok(path
        .to_str()
        .context("a folder with a strange name")?
        .to_owned())
}
