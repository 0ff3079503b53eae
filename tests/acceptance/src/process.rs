//! Child processes: started, watched, and ended by their own handle only.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::interrupt;

/// How long a program may take to say that it is ready, or a command to end.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// How often a wait looks whether somebody asked to stop.
const LOOK_UP: Duration = Duration::from_millis(200);

/// A program that runs beside the driver. Dropping it ends the program.
#[derive(Debug)]
pub(crate) struct Program {
    name: &'static str,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Program {
    /// Starts a program. Its error output goes to `log`.
    pub(crate) fn start(name: &'static str, command: &mut Command, log: &Path) -> Result<Self> {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let stdout = child.stdout.take().context("no output pipe")?;
        Ok(Self {
            name,
            stdin: child.stdin.take(),
            child,
            lines: read_lines(stdout),
        })
    }

    /// Sends one line.
    pub(crate) fn send(&mut self, line: &str) -> Result<()> {
        let stdin = self.stdin.as_mut().context("its input is closed")?;
        writeln!(stdin, "{line}")
            .and_then(|()| stdin.flush())
            .with_context(|| self.gone())
    }

    /// The next line it says.
    pub(crate) fn line(&mut self, patience: Duration) -> Result<String> {
        answer(&self.lines, patience).with_context(|| {
            format!(
                "{} said nothing for {} s, or ended",
                self.name,
                patience.as_secs()
            )
        })
    }

    /// Does this once it has ended. What it says until then is thrown away.
    pub(crate) fn when_it_ends(&mut self, deed: impl FnOnce() + Send + 'static) {
        let (_, none) = mpsc::channel();
        let lines = std::mem::replace(&mut self.lines, none);
        thread::spawn(move || {
            lines.iter().for_each(drop);
            deed();
        });
    }

    /// How it ended; waits for it.
    pub(crate) fn status(&mut self) -> Result<ExitStatus> {
        self.child.wait().with_context(|| self.gone())
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a pulled plug would (SIGKILL).
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill().with_context(|| self.gone())?;
        self.child.wait().with_context(|| self.gone())?;
        Ok(())
    }

    /// Its resident memory in KiB, as Linux counts it.
    pub(crate) fn memory_kib(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().trim_end_matches("kB").trim().parse().ok()
    }

    fn gone(&self) -> String {
        format!("{} has ended", self.name)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.stdin = None;
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn read_lines(stdout: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Waits for something to be sent; gives up when nothing comes, or when somebody asked to stop.
#[expect(
    clippy::disallowed_methods,
    reason = "a person's patience is measured by a clock"
)]
fn answer<T>(from: &Receiver<T>, patience: Duration) -> Result<T> {
    let until = Instant::now() + patience;
    loop {
        match from.recv_timeout(LOOK_UP) {
            Ok(sent) => return Ok(sent),
            Err(RecvTimeoutError::Timeout) if Instant::now() < until => interrupt::check()?,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Runs a program to its end and returns what it printed.
pub(crate) fn run(program: &Path, args: &[&OsStr], input: &str) -> Result<String> {
    let mut command = Command::new(program);
    command.args(args);
    finish(&mut command, input)
}

/// Runs a command to its end and returns what it printed.
pub(crate) fn finish(command: &mut Command, input: &str) -> Result<String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let shown: Vec<_> = command
            .get_args()
            .map(|arg| arg.to_string_lossy())
            .collect();
        bail!(
            "{} {} ended with {}: {}",
            command.get_program().display(),
            shown.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Waits until a program has written its ready file, and returns what is in it.
///
/// The file is a FIFO, so that reading it waits for the writer instead of looking again and again.
pub(crate) fn ready_fifo(folder: &Path, name: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    std::fs::remove_file(&path).ok();
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        &path,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
    )?;
    Ok(path)
}

/// Reads the ready file made by [`ready_fifo`]; gives up after [`PATIENCE`].
pub(crate) fn wait_ready(fifo: &Path) -> Result<String> {
    let (sender, receiver) = mpsc::channel();
    let path = fifo.to_owned();
    thread::spawn(move || {
        let mut text = String::new();
        let read = std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text));
        sender.send(read.map(|_| text)).ok();
    });
    let text = answer(&receiver, PATIENCE)
        .with_context(|| format!("no sign of readiness after {} s", PATIENCE.as_secs()))??;
    Ok(text.trim().to_owned())
}
