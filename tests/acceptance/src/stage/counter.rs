//! The counter's daemon on the stage: started, killed, started wrongly.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use device_sim::pcscd::SOCKET_VARIABLE;

use super::{Stage, hub_url};
use crate::process::{Program, ready_fifo, run, wait_ready};

/// Debian's `libfaketime`; the loader puts its own library folder for `$LIB`.
const FAKE_CLOCK: &str = "/usr/$LIB/faketime/libfaketimeMT.so.1";

impl Stage {
    /// Starts the counter's daemon, and waits until it answers. `clock` is how much its clock is
    /// wrong, as `faketime` takes it: `+25h`.
    pub(crate) fn start_counter(&mut self, clock: Option<&str>) -> Result<()> {
        let mut command = self.serve(&self.counter_data());
        command.env(SOCKET_VARIABLE, self.pcscd_socket());
        command.env("SANE_CONFIG_DIR", super::scanner::folder(&self.folder));
        if let Some(offset) = clock {
            command
                .env("LD_PRELOAD", FAKE_CLOCK)
                .env("FAKETIME", offset)
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        self.counter = Some(self.start_daemon(command, "counter")?);
        Ok(())
    }

    /// Pulls the counter's plug.
    pub(crate) fn kill_counter(&mut self) -> Result<()> {
        self.counter
            .take()
            .context("the counter is not running")?
            .kill()
    }

    /// Head office gives a code for the counter, which goes on with it.
    pub(crate) fn recover_counter(&self) -> Result<()> {
        let text = fs::read_to_string(self.counter_files().join("counter.toml"))?;
        let settings: toml::Table = text.parse()?;
        let device = settings.get("device").and_then(toml::Value::as_str);
        let device = device.context("the settings name no device")?;
        let arg = OsStr::new;
        let (hub, data) = (self.hub_data(), self.counter_data());
        let ask = [
            arg("device"),
            arg("recover"),
            arg("--data"),
            hub.as_ref(),
            arg(device),
        ];
        let code = run(&self.programs.named("todoke-hub"), &ask, "")?;
        let url = hub_url(&self.cable);
        let recover = [
            arg("recover"),
            arg("--data"),
            data.as_ref(),
            arg("--hub"),
            arg(&url),
            arg(code.trim()),
        ];
        self.todoke(&recover).map(drop)
    }

    /// Starts the daemon, which must refuse with this reason and leave every file as it is.
    pub(crate) fn counter_refuses(&self, reason: &str) -> Result<String> {
        let files = self.counter_files();
        let before = contents(&files)?;
        let output = self
            .serve(&self.counter_data())
            .stdin(Stdio::null())
            .output()
            .context("cannot start todoke serve")?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        ensure!(!output.status.success(), "todoke serve started after all");
        ensure!(said.contains(reason), "todoke serve said instead: {said}");
        for (path, bytes) in contents(&files)? {
            ensure!(
                before.get(&path) == Some(&bytes),
                "{} was changed",
                path.display()
            );
        }
        Ok(said)
    }

    /// The command of a daemon on `data`.
    pub(super) fn serve(&self, data: &Path) -> Command {
        let mut command = self.at_the_counter();
        command
            .arg("serve")
            .arg("--data")
            .arg(data)
            .arg("--hub")
            .arg(hub_url(&self.cable));
        command
    }

    /// Starts a daemon and waits until screens may connect.
    pub(super) fn start_daemon(&self, mut command: Command, name: &str) -> Result<Program> {
        let ready = ready_fifo(&self.folder, &format!("{name}-ready"))?;
        command.arg("--ready-file").arg(&ready);
        let daemon = Program::start("todoke serve", &mut command, &self.log(name))?;
        wait_ready(&ready).with_context(|| format!("the {name} does not become ready"))?;
        Ok(daemon)
    }

    fn pcscd_socket(&self) -> PathBuf {
        self.folder.join("pcscd").join("pcscd.comm")
    }
}

/// Every plain file of a folder, but not the index of a log: whoever opens a database makes it anew.
fn contents(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_index = entry.path().to_string_lossy().ends_with("-shm");
        if entry.file_type()?.is_file() && !is_index {
            files.insert(entry.path(), fs::read(entry.path())?);
        }
    }
    Ok(files)
}
