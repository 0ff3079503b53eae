//! The real pcscd, in the foreground and private to whoever started it.
//!
//! Found on Debian 12 (pcscd 1.9.9, vsmartcard-vpcd 3.3), in a container without systemd or udev:
//! - `pcscd --foreground --config DIR` reads reader definitions from `DIR` instead of
//!   `/etc/reader.conf.d`; a file there with `LIBPATH .../libifdvpcd.so` and
//!   `DEVICENAME /dev/null:PORT` adds two reader slots, listening on `PORT` and `PORT + 1`
//!   (of all interfaces: keep it off untrusted networks).
//! - Only one pcscd can own `/run/pcscd/pcscd.comm`. Started with a listening socket as descriptor 3
//!   (`LISTEN_FDS=1`, `LISTEN_PID` its own pid, the protocol of systemd) it serves that socket
//!   instead and checks for no other pcscd. Clients follow with `PCSCLITE_CSOCK_NAME`. So every test
//!   has its own service, and none disturbs the machine's. Only `/run/pcscd/pcscd.pid` is shared; it
//!   is advisory.
//! - It is ready when its vpcd port accepts: about 6 ms after the start. It has no polkit in Debian 12.
//! - Serial definitions are read once: plugging vpcd's reader in or out is a restart. (`SIGUSR1` only
//!   scans USB again in Debian's build.)
//! - Cards are polled every 0.4 s, so a card is noticed that much after it was put down.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Pid, Signal, kill_process};
use thiserror::Error;

const PCSCD: &str = "/usr/sbin/pcscd";
const VPCD: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";

/// Definition of the virtual reader, within the service's folder.
const DEFINITION: &str = "reader.conf.d/vpcd";

/// Ports for vpcd, in pairs: Linux gives connections those from 32768 on.
const PORT_FIRST: u16 = 10_000;
const PORT_PAIRS: u32 = 11_000;

/// Name of the variable that leads PC/SC clients to a socket other than the system's.
pub const SOCKET_VARIABLE: &str = "PCSCLITE_CSOCK_NAME";

/// Why pcscd was not started.
#[derive(Debug, Error)]
pub enum StartPcscdError {
    /// A Debian package is missing.
    #[error("{0} is missing; install pcscd and vsmartcard-vpcd")]
    NotInstalled(&'static str),
    /// The folder or a socket cannot be prepared.
    #[error("folder or socket of pcscd cannot be prepared")]
    Prepare(#[from] io::Error),
    /// It ended by itself; its log is in the folder.
    #[error("pcscd ended before it was ready")]
    Ended,
}

/// Which readers the service starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// The virtual reader of vpcd, with two slots.
    Virtual,
    /// None, as with the reader's plug pulled out.
    None,
}

/// A running pcscd; ended by its pid when dropped.
#[derive(Debug)]
pub struct PcscdProcess {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl PcscdProcess {
    /// Starts pcscd with its socket, reader definition and log in `folder`, and returns when a
    /// client and a card can connect.
    ///
    /// # Errors
    /// When packages are missing or it does not come up.
    pub fn start(folder: &Path, readers: Readers) -> Result<Self, StartPcscdError> {
        for needed in [PCSCD, VPCD] {
            if !Path::new(needed).exists() {
                return Err(StartPcscdError::NotInstalled(needed));
            }
        }
        fs::create_dir_all(folder.join("reader.conf.d"))?;
        let port = free_port_pair()?;
        let socket = folder.join("pcscd.comm");
        match fs::remove_file(&socket) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
        match readers {
            Readers::Virtual => write_definition(folder, port)?,
            // Another start in the same folder may have left one.
            Readers::None => match fs::remove_file(folder.join(DEFINITION)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                Ok(()) | Err(_) => {}
            },
        }
        let child = spawn(folder, &UnixListener::bind(&socket)?)?;
        let mut process = Self {
            child,
            folder: folder.to_owned(),
            port,
        };
        if readers == Readers::Virtual {
            process.await_reader()?;
        }
        Ok(process)
    }

    /// Socket for clients: the value of [`SOCKET_VARIABLE`].
    pub fn socket(&self) -> PathBuf {
        self.folder.join("pcscd.comm")
    }

    /// Port of the first reader slot, for [`crate::card::insert`].
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns when vpcd owns its port, seen by our failing to take it. Connecting would be a card
    /// being put down.
    fn await_reader(&mut self) -> Result<(), StartPcscdError> {
        loop {
            if self.child.try_wait()?.is_some() {
                return Err(StartPcscdError::Ended);
            }
            if is_listening(self.port)? {
                return Ok(());
            }
            std::thread::yield_now();
        }
    }
}

impl Drop for PcscdProcess {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // Gone already is as good.
            kill_process(pid, Signal::TERM).unwrap_or_default();
        }
        drop(self.child.wait());
        drop(fs::remove_file(self.socket()));
    }
}

/// Whether something listens on a port, without connecting to it (`/proc/net/tcp`, state 0A).
fn is_listening(port: u16) -> io::Result<bool> {
    let wanted = format!(":{port:04X}");
    Ok(fs::read_to_string("/proc/net/tcp")?.lines().any(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let local = fields.next().unwrap_or_default();
        local.ends_with(&wanted) && fields.nth(1) == Some("0A")
    }))
}

/// Two neighbouring free ports; vpcd takes one per slot, somewhat later and at every address. So
/// they are below those that the system gives to connections, and differ from process to process.
fn free_port_pair() -> io::Result<u16> {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    for _ in 0..PORT_PAIRS {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed);
        let pair = std::process::id().wrapping_mul(16).wrapping_add(given) % PORT_PAIRS;
        let port = PORT_FIRST + u16::try_from(2 * pair).unwrap_or_default();
        let free = |port| TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok();
        if free(port) && free(port + 1) {
            return Ok(port);
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

fn write_definition(folder: &Path, port: u16) -> io::Result<()> {
    let definition = format!(
        "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:{port}\nLIBPATH {VPCD}\nCHANNELID {port}\n"
    );
    fs::write(folder.join(DEFINITION), definition)
}

/// The shell hands the socket over as descriptor 3 and becomes pcscd, so that the pid is the one
/// systemd's protocol asks for.
fn spawn(folder: &Path, socket: &UnixListener) -> io::Result<Child> {
    let log = fs::File::create(folder.join("pcscd.log"))?;
    Command::new("/bin/sh")
        .args([
            "-c",
            "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" --foreground --config \"$1\" 3<&0 </dev/null",
            PCSCD,
        ])
        .arg(folder.join("reader.conf.d"))
        .stdin(Stdio::from(OwnedFd::from(socket.try_clone()?)))
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
}
