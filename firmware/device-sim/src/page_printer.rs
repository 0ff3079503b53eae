//! CUPS' own `ippeveprinter` as the page printer: an IPP Everywhere printer that is a program.
//!
//! Found on Debian 12 (cups-ipp-utils 2.4.2, dbus-daemon 1.14):
//! - It looks for Avahi through the system's D-Bus and ends where there is none, even with `-r off`.
//!   A bus of its own with nobody on it is enough: `DBUS_SYSTEM_BUS_ADDRESS` leads it there.
//! - Each job runs the program given with `-c`, with the document as its argument. What that program
//!   says on its error output changes the printer: `STATE: +media-empty-error` and `-media-empty-error`.
//! - Attributes it does not have (`sides`, without `-2`) refuse the job (0x040b).
//!
//! The paper is a pipe: a job waits in its program until the pipe says what becomes of it, so no test
//! guesses how long a page takes.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use thiserror::Error;

const PROGRAM: &str = "/usr/sbin/ippeveprinter";
const BUS: &str = "/usr/bin/dbus-daemon";

/// What each job runs. `trouble` holds the reason that stops the printer, nothing while all is well;
/// `wish` and `done` are pipes.
const JOB: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 1
reason=$(cat trouble)
if [ -n "$reason" ]; then
  echo "STATE: +$reason" >&2
  read -r _ < wish
  echo "STATE: -$reason" >&2
fi
count=$(ls paper | grep -c 'pdf$')
printf 'sides=%s media-col=%s pages=%s copies=%s\n' "$IPP_SIDES" "$IPP_MEDIA_COL" "$IPP_PAGE_RANGES" "$IPP_COPIES" > "paper/$count.how"
cp "$1" "paper/$count.part" && mv "paper/$count.part" "paper/$count.pdf"
"#;

/// Why the printer was not started.
#[derive(Debug, Error)]
pub enum StartPagePrinterError {
    /// A Debian package is missing.
    #[error("{0} is missing; install cups-ipp-utils and dbus-daemon")]
    NotInstalled(&'static str),
    /// The folder or a process cannot be prepared.
    #[error("folder or process of the printer cannot be prepared")]
    Prepare(#[from] io::Error),
    /// It ended by itself; its log is in the folder.
    #[error("the printer ended before it was ready")]
    Ended,
}

/// A running printer; ended by its pid when dropped.
#[derive(Debug)]
pub struct PagePrinterProcess {
    printer: Child,
    bus: Child,
    folder: PathBuf,
    /// Holds its port against others.
    place: UdpSocket,
    /// The pipe that a job waits at, held open so that neither end ever waits for the other.
    wish: fs::File,
}

impl PagePrinterProcess {
    /// Starts the printer with its spool, paper and log in `folder`, and returns when it answers.
    ///
    /// # Errors
    /// When packages are missing or it does not come up.
    pub fn start(folder: &Path) -> Result<Self, StartPagePrinterError> {
        for needed in [PROGRAM, BUS] {
            if !Path::new(needed).exists() {
                return Err(StartPagePrinterError::NotInstalled(needed));
            }
        }
        for name in ["paper", "spool"] {
            fs::create_dir_all(folder.join(name))?;
        }
        fs::write(folder.join("trouble"), "")?;
        let job = folder.join("job");
        fs::write(&job, JOB)?;
        fs::set_permissions(&job, fs::Permissions::from_mode(0o700))?;
        let wish = pipe(&folder.join("wish"))?;
        let mut bus = start_bus(folder)?;
        let started = start_printer(folder, &mut bus);
        let (printer, place) = match started {
            Ok(started) => started,
            Err(error) => {
                end(&mut bus);
                return Err(error);
            }
        };
        Ok(Self {
            printer,
            bus,
            folder: folder.to_owned(),
            place,
            wish,
        })
    }

    /// Its address.
    pub fn address(&self) -> String {
        let port = self.place.local_addr().map_or(0, |place| place.port());
        format!("ipp://127.0.0.1:{port}/ipp/print")
    }

    /// What stops its next job, as a keyword of IPP (`media-empty-error`, `media-jam-error`).
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn stop(&mut self, reason: &str) -> io::Result<()> {
        // What was said to no job must not let this one pass.
        self.wish = pipe(&self.folder.join("wish"))?;
        fs::write(self.folder.join("trouble"), reason)
    }

    /// Somebody put it right: the job that waits goes on.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn put_right(&mut self) -> io::Result<()> {
        fs::write(self.folder.join("trouble"), "")?;
        self.wish.write_all(b"go\n")
    }

    /// What came out, the first sheet first.
    pub fn paper(&self) -> Vec<PathBuf> {
        let path = |number: u32| self.folder.join(format!("paper/{number}.pdf"));
        let numbers = 0..u32::MAX;
        numbers.map(path).take_while(|path| path.exists()).collect()
    }

    /// How one of [`Self::paper`] was asked for: sides, tray, pages and copies as the printer took them.
    ///
    /// # Errors
    /// When there is no such sheet.
    pub fn asked(&self, paper: &Path) -> io::Result<String> {
        fs::read_to_string(paper.with_extension("how"))
    }
}

impl Drop for PagePrinterProcess {
    fn drop(&mut self) {
        // No job stays behind, waiting at a pipe that nobody holds.
        self.put_right().unwrap_or_default();
        end(&mut self.printer);
        end(&mut self.bus);
    }
}

fn end(child: &mut Child) {
    child.kill().unwrap_or_default();
    drop(child.wait());
}

/// Opened for both directions, a pipe never waits for its other end.
fn pipe(path: &Path) -> io::Result<fs::File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mkfifoat(rustix::fs::CWD, path, mode)?;
    fs::OpenOptions::new().read(true).write(true).open(path)
}

/// A bus with nobody on it.
fn start_bus(folder: &Path) -> Result<Child, StartPagePrinterError> {
    let (config, socket) = (folder.join("bus.conf"), folder.join("bus"));
    let text = format!(
        "<busconfig><listen>unix:path={}</listen><auth>EXTERNAL</auth>\
         <policy context=\"default\"><allow send_destination=\"*\"/>\
         <allow receive_sender=\"*\"/><allow own=\"*\"/></policy></busconfig>",
        socket.display()
    );
    fs::write(&config, text)?;
    let mut bus = Command::new(BUS)
        .args(["--nofork", "--nopidfile", "--print-address=1"])
        .arg(format!("--config-file={}", config.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(fs::File::create(folder.join("bus.log"))?)
        .spawn()?;
    // It says its address once it listens.
    let mut said = [0];
    let heard = bus.stdout.as_mut().map(|out| out.read(&mut said));
    if matches!(heard, Some(Ok(1))) && UnixStream::connect(&socket).is_ok() {
        return Ok(bus);
    }
    end(&mut bus);
    Err(StartPagePrinterError::Ended)
}

/// Ports just below those that Linux gives to connections, different from process to process.
const PORT_FIRST: u16 = 32_100;
const PORTS: u32 = 600;
/// A port may be taken between our look and its own.
const STARTS_MAX: u32 = 5;

fn start_printer(
    folder: &Path,
    bus: &mut Child,
) -> Result<(Child, UdpSocket), StartPagePrinterError> {
    for _ in 0..STARTS_MAX {
        let place = free_port()?;
        let port = place.local_addr()?.port();
        let mut printer = spawn(folder, port)?;
        loop {
            if printer.try_wait()?.is_some() || bus.try_wait()?.is_some() {
                break;
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok((printer, place));
            }
            std::thread::yield_now();
        }
        end(&mut printer);
    }
    Err(StartPagePrinterError::Ended)
}

/// A port that no other printer of this kind has: its UDP half is held for as long as it runs, so
/// that two starts at the same moment do not take each other's printer for their own.
fn free_port() -> io::Result<UdpSocket> {
    let first = std::process::id().wrapping_mul(16);
    for next in 0..PORTS {
        let port = first.wrapping_add(next) % PORTS;
        let port = PORT_FIRST + u16::try_from(port).unwrap_or_default();
        if let Ok(held) = UdpSocket::bind((Ipv4Addr::LOCALHOST, port))
            && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
        {
            return Ok(held);
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

fn spawn(folder: &Path, port: u16) -> io::Result<Child> {
    let log = fs::File::create(folder.join("printer.log"))?;
    Command::new(PROGRAM)
        .args(["-2", "-v", "-r", "off", "-n", "localhost", "-M", "Kakuu"])
        .args(["-m", "Laser 300", "-f", "application/pdf", "-p"])
        .arg(port.to_string())
        .arg("-d")
        .arg(folder.join("spool"))
        .arg("-c")
        .arg(folder.join("job"))
        .arg("Todoke")
        .env(
            "DBUS_SYSTEM_BUS_ADDRESS",
            format!("unix:path={}", folder.join("bus").display()),
        )
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
}
