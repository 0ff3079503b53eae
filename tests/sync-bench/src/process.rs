//! A program that is measured from outside: what it takes of memory and processor.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// How long a program may take to open.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(20);

/// A running program; ended when dropped.
#[derive(Debug)]
pub(crate) struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Program {
    /// Starts it; what it says goes to `log`.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let log = std::fs::File::create(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        Ok(Self(child))
    }

    /// The most memory it ever had, MiB (`VmHWM`).
    pub(crate) fn memory_most(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: f64 = line
            .context("no VmHWM")?
            .trim()
            .trim_end_matches("kB")
            .trim()
            .parse()?;
        Ok(kib / 1024.0)
    }

    /// Seconds all its threads were on a processor, so far.
    pub(crate) fn seconds(&self) -> Result<f64> {
        let mut nanoseconds = 0_f64;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.0.id()))? {
            let stat = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            let on: f64 = stat.split(' ').next().unwrap_or("0").parse()?;
            nanoseconds += on;
        }
        Ok(nanoseconds / 1e9)
    }

    /// Waits until it wrote something into `file`, and returns that.
    pub(crate) async fn said(&mut self, file: &Path) -> Result<String> {
        let waiting = async {
            loop {
                let said = std::fs::read_to_string(file).unwrap_or_default();
                if said.ends_with('\n') || said.ends_with('}') {
                    return Ok(said);
                }
                if let Some(status) = self.0.try_wait()? {
                    bail!("a program ended with {status} before it was ready");
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .context("a program does not become ready")?
    }
}

/// Runs a command to its end; returns what it printed.
pub(crate) fn run(program: &Path, arguments: &[&str]) -> Result<String> {
    let done = Command::new(program)
        .args(arguments)
        .output()
        .with_context(|| format!("cannot start {}", program.display()))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        bail!("{} {arguments:?}: {}", program.display(), said.trim());
    }
    Ok(String::from_utf8(done.stdout)?)
}

/// The program of that name beside this one.
pub(crate) fn beside(name: &str) -> Result<PathBuf> {
    let folder = match std::env::var_os("TODOKE_PROGRAMS") {
        Some(folder) => PathBuf::from(folder),
        None => std::env::current_exe()?
            .parent()
            .context("this program lies nowhere")?
            .to_owned(),
    };
    let program = folder.join(name);
    if program.exists() {
        Ok(program)
    } else {
        bail!(
            "{} is not built; `make bench-sync` builds it",
            program.display()
        )
    }
}

/// Bytes of the files of a folder, or of a file.
pub(crate) fn bytes_of(path: &Path) -> Result<u64> {
    let about = std::fs::metadata(path)?;
    if !about.is_dir() {
        return Ok(about.len());
    }
    let mut bytes = 0;
    for entry in std::fs::read_dir(path)? {
        bytes += bytes_of(&entry?.path())?;
    }
    Ok(bytes)
}
