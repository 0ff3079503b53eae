//! A child process that is listened to on two pipes at once, and never left behind.

use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

use crate::said::{Said, ScanError, understood};
use crate::scan::Stop;

/// How often a wish to stop is looked at.
const LOOK_MS: u32 = 100;
/// Nothing heard for so many looks: two minutes, which lets a cold lamp warm up.
const SILENT_LOOKS: u32 = 1_200;
/// After a person wanted to stop, so many looks are waited before it is killed.
const STOP_LOOKS: u32 = 50;
/// After it said what went wrong, so many looks are waited for its end before it is killed: some
/// drivers never come back from a fault.
const FAULT_LOOKS: u32 = 50;
/// Read at once.
const PIECE: usize = 64 << 10;
/// What is said without an end of line is cut here.
const LINE_MAX: usize = 4_096;

/// What happened next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It said something that matters.
    Said(Said),
    /// There may be more data.
    More,
    /// Whoever wrote the data closed its end.
    DataEnd,
    /// The process has ended, and all it wrote was taken.
    Ended,
}

/// A running program.
pub(super) struct Running {
    child: Child,
    errors: Option<OwnedFd>,
    line: Vec<u8>,
    heard: Vec<Said>,
    quiet_looks: u32,
    asked_to_stop: bool,
    went_wrong: bool,
    /// Set once its own words have ended: it writes nothing more.
    over: bool,
}

impl Running {
    pub(super) fn start(command: &mut Command) -> Result<Self, ScanError> {
        let mut child = command.stderr(Stdio::piped()).spawn().map_err(|error| {
            if error.kind() == ErrorKind::NotFound {
                ScanError::NotInstalled
            } else {
                tracing::error!(%error, "scanimage does not start");
                ScanError::Broken
            }
        })?;
        Ok(Self {
            errors: child.stderr.take().map(OwnedFd::from),
            child,
            line: Vec::new(),
            heard: Vec::new(),
            quiet_looks: 0,
            asked_to_stop: false,
            went_wrong: false,
            over: false,
        })
    }

    /// Its standard output, when that is a pipe; once.
    pub(super) fn standard_output(&mut self) -> Option<OwnedFd> {
        self.child.stdout.take().map(OwnedFd::from)
    }

    /// Whether it ended well; waits for its end.
    pub(super) fn succeeded(&mut self) -> bool {
        self.child.wait().is_ok_and(|status| status.success())
    }

    /// Waits for the next thing to happen. Data are added to `taken`; `None` after their end, for a
    /// pipe that nobody writes to any more would be ready at every look.
    pub(super) fn turn(
        &mut self,
        data: Option<&OwnedFd>,
        taken: &mut Vec<u8>,
        stop: &Stop,
    ) -> Result<Turn, ScanError> {
        if let Some(said) = self.next_said() {
            return Ok(Turn::Said(said));
        }
        if self.over {
            // What is still in the pipe, and then nothing.
            return Ok(match data.map(|data| read(data, taken)).transpose()? {
                Some(Read::Some) => Turn::More,
                Some(Read::Nothing | Read::End) | None => Turn::Ended,
            });
        }
        let (has_data, has_words) = self.wait(data)?;
        if !has_data && !has_words {
            return self.nothing_happened(stop);
        }
        self.quiet_looks = 0;
        self.mind(stop);
        if has_words {
            self.listen()?;
            if let Some(said) = self.next_said() {
                return Ok(Turn::Said(said));
            }
        }
        if has_data && let Some(data) = data {
            return Ok(match read(data, taken)? {
                Read::Some | Read::Nothing => Turn::More,
                Read::End => Turn::DataEnd,
            });
        }
        Ok(Turn::More)
    }

    fn next_said(&mut self) -> Option<Said> {
        (!self.heard.is_empty()).then(|| self.heard.remove(0))
    }

    /// Which of the two pipes have something, or an end.
    fn wait(&self, data: Option<&OwnedFd>) -> Result<(bool, bool), ScanError> {
        let both = [data, self.errors.as_ref()];
        let open = both.iter().flatten();
        let mut pipes: Vec<_> = open.map(|pipe| PollFd::new(*pipe, PollFlags::IN)).collect();
        let look = Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(LOOK_MS) * 1_000_000,
        };
        match poll(&mut pipes, Some(&look)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(broken(error)),
        }
        let mut ready = pipes.iter().map(|pipe| !pipe.revents().is_empty());
        let mut happened = |pipe: Option<&OwnedFd>| pipe.is_some() && ready.next() == Some(true);
        Ok((happened(data), happened(self.errors.as_ref())))
    }

    fn nothing_happened(&mut self, stop: &Stop) -> Result<Turn, ScanError> {
        self.quiet_looks += 1;
        self.mind(stop);
        match (self.asked_to_stop, self.went_wrong) {
            (true, _) if self.quiet_looks > STOP_LOOKS => Err(ScanError::Stopped),
            (false, true) if self.quiet_looks > FAULT_LOOKS => {
                tracing::warn!("scanimage did not end after a fault and is killed");
                self.child.kill().ok();
                Ok(Turn::Ended)
            }
            (false, false) if self.quiet_looks > SILENT_LOOKS => Err(ScanError::Silent),
            _ => Ok(Turn::More),
        }
    }

    /// Asks it once to stop; scanimage then cancels the scanner and lets the paper go.
    fn mind(&mut self, stop: &Stop) {
        if !stop.is_wanted() || self.asked_to_stop {
            return;
        }
        self.asked_to_stop = true;
        self.quiet_looks = 0;
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid
            && let Err(error) = kill_process(pid, Signal::TERM)
        {
            tracing::debug!(%error, "scanimage had ended already");
        }
    }

    /// Takes what it said; lines end with a new line or, for progress, with a return.
    fn listen(&mut self) -> Result<(), ScanError> {
        let Some(errors) = &self.errors else {
            return Ok(());
        };
        let mut bytes = Vec::new();
        match read(errors, &mut bytes)? {
            Read::Some | Read::Nothing => {}
            Read::End => {
                self.errors = None;
                self.over = true;
                bytes.push(b'\n');
            }
        }
        for byte in bytes {
            if byte == b'\n' || byte == b'\r' {
                let line = std::mem::take(&mut self.line);
                let said = understood(&String::from_utf8_lossy(&line));
                self.went_wrong |= matches!(said, Some(Said::Wrong(_)));
                self.heard.extend(said);
            } else if self.line.len() < LINE_MAX {
                self.line.push(byte);
            }
        }
        Ok(())
    }
}

impl Drop for Running {
    /// Nothing outlives the scan: an error on our side must not leave a scanner in use.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.child.kill().ok();
        }
        self.child.wait().ok();
    }
}

enum Read {
    Some,
    Nothing,
    End,
}

fn read(pipe: &OwnedFd, taken: &mut Vec<u8>) -> Result<Read, ScanError> {
    let mut piece = vec![0; PIECE];
    match rustix::io::read(pipe.as_fd(), &mut piece) {
        Ok(0) => Ok(Read::End),
        Ok(count) => {
            taken.extend(piece.get(..count).unwrap_or_default());
            Ok(Read::Some)
        }
        Err(Errno::AGAIN | Errno::INTR) => Ok(Read::Nothing),
        Err(error) => Err(broken(error)),
    }
}

fn broken(error: Errno) -> ScanError {
    tracing::error!(%error, "pipe of a scan");
    ScanError::Broken
}
