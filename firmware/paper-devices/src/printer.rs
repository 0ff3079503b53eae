//! Receipt printers: over the network, on USB or a serial line, or as a file.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use escpos::driver::{Driver, FileDriver, NetworkDriver};
use escpos::utils::{RealTimeStatusRequest, RealTimeStatusResponse};
use thiserror::Error;

use crate::compose::{self, ComposeError};
use crate::identity::{self, Identity};
use crate::raster::LineRaster;
use crate::receipt::Receipt;
use crate::wired::WiredDriver;

/// Why no receipt came out, or why we cannot tell that it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PrintReceiptError {
    /// Nothing listens at the printer's address.
    #[error("receipt printer is not reachable")]
    Unreachable,
    /// The connection broke while printing: part of the receipt may be on paper.
    #[error("connection to the receipt printer broke")]
    Broken,
    /// It is connected but does not answer status requests.
    #[error("receipt printer does not answer")]
    NoAnswer,
    /// The paper is used up.
    #[error("receipt printer is out of paper")]
    PaperEnd,
    /// Its cover is open.
    #[error("receipt printer cover is open")]
    CoverOpen,
    /// It reports another fault, such as a jammed cutter.
    #[error("receipt printer reports a fault")]
    Fault,
    /// A character has no glyph in this form; nothing was printed.
    #[error("receipt has a character that cannot be drawn")]
    Undrawable,
    /// The file cannot be written.
    #[error("receipt file cannot be written")]
    File,
}

/// Answer of a printer that can print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrinterStatus {
    /// Ready.
    Ready,
    /// Ready, but the roll ends soon.
    PaperLow,
}

/// Whether the printer is asked for its status before and after printing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReadBack {
    /// Ask; a receipt counts as printed only when the printer says so.
    #[default]
    Ask,
    /// Do not ask: for printers that never answer.
    Skip,
}

/// Something that prints receipts.
pub trait ReceiptPrinter: Send {
    /// Prints one receipt and waits until it is on paper. Blocks for at most a few time-outs.
    ///
    /// # Errors
    /// See [`PrintReceiptError`]; after any but [`PrintReceiptError::Broken`] the receipt is not on
    /// paper as a whole and may be printed again.
    fn print(&mut self, receipt: &Receipt) -> Result<(), PrintReceiptError>;

    /// Asks whether the printer can print.
    ///
    /// # Errors
    /// The reason why it cannot.
    fn status(&mut self) -> Result<PrinterStatus, PrintReceiptError>;

    /// Asks a printer that can print for its model and firmware. One that does not know the question
    /// costs a time-out and says nothing, so ask once.
    fn identity(&mut self) -> Identity;
}

/// An ESC/POS printer on TCP, usually port 9100. One connection per receipt.
#[derive(Clone)]
pub struct NetworkPrinter {
    address: SocketAddr,
    timeout: Duration,
    read_back: ReadBack,
    raster: Arc<dyn LineRaster>,
}

impl std::fmt::Debug for NetworkPrinter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NetworkPrinter")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl NetworkPrinter {
    /// A printer at `address`. `timeout` bounds connecting, writing and every answer.
    pub fn new(
        address: SocketAddr,
        timeout: Duration,
        read_back: ReadBack,
        raster: Arc<dyn LineRaster>,
    ) -> Self {
        Self {
            address,
            timeout,
            read_back,
            raster,
        }
    }
}

impl Line for NetworkPrinter {
    type Driver = NetworkDriver;

    fn open(&self) -> Result<NetworkDriver, PrintReceiptError> {
        let host = self.address.ip().to_string();
        NetworkDriver::open(&host, self.address.port(), Some(self.timeout))
            .map_err(|_| PrintReceiptError::Unreachable)
    }

    fn how(&self) -> (ReadBack, &dyn LineRaster) {
        (self.read_back, self.raster.as_ref())
    }
}

/// How a printer is reached; what is said to it is the same on every line.
trait Line {
    /// Carries bytes both ways.
    type Driver: Driver + Clone;

    /// Opens it anew for each job.
    fn open(&self) -> Result<Self::Driver, PrintReceiptError>;

    /// Whether it answers, and what draws a line that it cannot.
    fn how(&self) -> (ReadBack, &dyn LineRaster);
}

impl<L: Line + Send> ReceiptPrinter for L {
    fn print(&mut self, receipt: &Receipt) -> Result<(), PrintReceiptError> {
        let (read_back, raster) = self.how();
        print_on(&self.open()?, receipt, read_back, raster)
    }

    fn status(&mut self) -> Result<PrinterStatus, PrintReceiptError> {
        let driver = self.open()?;
        match self.how().0 {
            ReadBack::Ask => ask_status(&driver),
            ReadBack::Skip => Ok(PrinterStatus::Ready),
        }
    }

    fn identity(&mut self) -> Identity {
        match (self.how().0, self.open()) {
            (ReadBack::Ask, Ok(driver)) => identity::ask(&driver),
            (ReadBack::Skip, _) | (_, Err(_)) => Identity::default(),
        }
    }
}

/// DLE EOT 2 and 4: answered at once, even while the printer is offline.
fn ask_status<D: Driver>(driver: &D) -> Result<PrinterStatus, PrintReceiptError> {
    use RealTimeStatusResponse as R;
    let offline = ask(driver, RealTimeStatusRequest::OfflineCause)?;
    let is = |list: &std::collections::HashMap<R, bool>, key| list.get(&key) == Some(&true);
    let paper = ask(driver, RealTimeStatusRequest::RollPaperSensor)?;
    if !is(&offline, R::CoverClosed) {
        return Err(PrintReceiptError::CoverOpen);
    }
    if is(&offline, R::PrintingStopsDueToPaperEnd) || !is(&paper, R::RollPaperEndSensorPaperPresent)
    {
        return Err(PrintReceiptError::PaperEnd);
    }
    if is(&offline, R::ErrorOccurred) {
        return Err(PrintReceiptError::Fault);
    }
    if is(&paper, R::RollPaperNearEndSensorPaperAdequate) {
        Ok(PrinterStatus::Ready)
    } else {
        Ok(PrinterStatus::PaperLow)
    }
}

fn ask<D: Driver>(
    driver: &D,
    request: RealTimeStatusRequest,
) -> Result<std::collections::HashMap<RealTimeStatusResponse, bool>, PrintReceiptError> {
    // Written here and not by the crate, which sends a stray zero after the request.
    let (number, _) = request.into();
    driver
        .write(&[0x10, 0x04, number])
        .map_err(|_| PrintReceiptError::Broken)?;
    let answer = read_byte(driver)?;
    RealTimeStatusResponse::parse(request, answer).map_err(|_| PrintReceiptError::NoAnswer)
}

/// GS r 1: answered only when everything before it is printed, which is the confirmation.
fn confirm<D: Driver>(driver: &D) -> Result<(), PrintReceiptError> {
    driver
        .write(&[0x1d, 0x72, 0x01])
        .map_err(|_| PrintReceiptError::Broken)?;
    match read_byte(driver) {
        // Bits 2 and 3: the end sensor sees no paper. It stands after the cutter, so what was sent
        // is on paper; the next receipt will be refused.
        Ok(_) => Ok(()),
        // No answer means that it stopped half-way; the real-time status says why.
        Err(PrintReceiptError::NoAnswer) => match ask_status(driver) {
            Ok(_) => Err(PrintReceiptError::NoAnswer),
            Err(cause) => Err(cause),
        },
        Err(other) => Err(other),
    }
}

fn read_byte<D: Driver>(driver: &D) -> Result<u8, PrintReceiptError> {
    let mut answer = [0];
    match driver.read(&mut answer) {
        Ok(1) => Ok(answer[0]),
        Ok(_) => Err(PrintReceiptError::Broken),
        // The crate turns every I/O error into text; only a time-out is left on an open connection.
        Err(_) => Err(PrintReceiptError::NoAnswer),
    }
}

/// A printer on USB or a serial line, asked for its status as one on the network is.
#[derive(Clone)]
pub struct WiredPrinter {
    path: PathBuf,
    baud: Option<u32>,
    timeout: Duration,
    read_back: ReadBack,
    raster: Arc<dyn LineRaster>,
}

impl std::fmt::Debug for WiredPrinter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WiredPrinter")
            .field("path", &self.path)
            .field("baud", &self.baud)
            .finish_non_exhaustive()
    }
}

impl WiredPrinter {
    /// A printer at the device file `wire.0`, a serial line when `wire.1` names its speed. `timeout`
    /// bounds every write and every answer.
    pub fn new(
        wire: (&Path, Option<u32>),
        timeout: Duration,
        read_back: ReadBack,
        raster: Arc<dyn LineRaster>,
    ) -> Self {
        Self {
            path: wire.0.to_owned(),
            baud: wire.1,
            timeout,
            read_back,
            raster,
        }
    }
}

impl Line for WiredPrinter {
    type Driver = WiredDriver;

    fn open(&self) -> Result<WiredDriver, PrintReceiptError> {
        WiredDriver::open(&self.path, self.baud, self.timeout)
            .map_err(|_| PrintReceiptError::Unreachable)
    }

    fn how(&self) -> (ReadBack, &dyn LineRaster) {
        (self.read_back, self.raster.as_ref())
    }
}

/// Asks, prints, and waits until it is on paper.
fn print_on<D: Driver + Clone>(
    driver: &D,
    receipt: &Receipt,
    read_back: ReadBack,
    raster: &dyn LineRaster,
) -> Result<(), PrintReceiptError> {
    if read_back == ReadBack::Ask {
        ask_status(driver)?;
    }
    compose::print(driver.clone(), receipt, raster).map_err(|error| match error {
        ComposeError::Undrawable => PrintReceiptError::Undrawable,
        ComposeError::Driver => PrintReceiptError::Broken,
    })?;
    if read_back == ReadBack::Ask {
        confirm(driver)?;
    }
    Ok(())
}

/// A printer that is a file: a device such as `/dev/usb/lp0`, or a plain file that keeps the bytes.
#[derive(Clone)]
pub struct FilePrinter {
    path: PathBuf,
    raster: Arc<dyn LineRaster>,
}

impl std::fmt::Debug for FilePrinter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FilePrinter")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl FilePrinter {
    /// Prints to `path`; a plain file is made and appended to.
    pub fn new(path: &Path, raster: Arc<dyn LineRaster>) -> Self {
        Self {
            path: path.to_owned(),
            raster,
        }
    }

    fn open(&self) -> Result<FileDriver, PrintReceiptError> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        FileDriver::open_with_options(&self.path, &options).map_err(|_| PrintReceiptError::File)
    }
}

impl ReceiptPrinter for FilePrinter {
    fn print(&mut self, receipt: &Receipt) -> Result<(), PrintReceiptError> {
        let driver = self.open()?;
        compose::print(driver.clone(), receipt, self.raster.as_ref()).map_err(
            |error| match error {
                ComposeError::Undrawable => PrintReceiptError::Undrawable,
                ComposeError::Driver => PrintReceiptError::File,
            },
        )?;
        driver.flush().map_err(|_| PrintReceiptError::File)
    }

    fn status(&mut self) -> Result<PrinterStatus, PrintReceiptError> {
        self.open().map(|_| PrinterStatus::Ready)
    }

    /// A file answers nothing.
    fn identity(&mut self) -> Identity {
        Identity::default()
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read as _, Write as _};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::sync::Mutex;
    use std::thread;

    use super::*;
    use crate::raster::FontRaster;

    /// Far longer than an answer takes.
    const PATIENCE: Duration = Duration::from_mins(1);

    /// What a printer on a wire received, and how printing ended. It answers each request for its
    /// status with the next of `answers`, and stays silent when there are no more.
    fn print_to(
        answers: &'static [u8],
        timeout: Duration,
    ) -> (Vec<u8>, Result<(), PrintReceiptError>) {
        let (ours, mut its) = UnixStream::pair().expect("a wire");
        ours.set_nonblocking(true).expect("as a device file");
        let printer = thread::spawn(move || {
            let mut answers = answers.iter();
            let (mut received, mut part) = (Vec::new(), [0; 4096]);
            while let Ok(length @ 1..) = its.read(&mut part) {
                let before = received.len();
                received.extend_from_slice(&part[..length]);
                let asked = |end: &usize| {
                    matches!(
                        received.get(end - 3..*end),
                        Some([0x10, 0x04, _] | [0x1d, 0x72, 1])
                    )
                };
                let asked = (before.max(3)..=received.len()).filter(asked).count();
                for answer in answers.by_ref().take(asked) {
                    its.write_all(&[*answer]).expect("answered");
                }
            }
            received
        });
        let file = File::from(OwnedFd::from(ours));
        let driver = WiredDriver::over(file, timeout);
        let receipt = Receipt {
            title: "CHECK".to_owned(),
            number: "07-2-261121-0184-6".to_owned(),
            ..Receipt::default()
        };
        let printed = print_on(&driver, &receipt, ReadBack::Ask, &FontRaster::default());
        drop(driver);
        (printer.join().expect("received"), printed)
    }

    #[test]
    fn a_printer_on_a_wire_is_asked_before_and_after() {
        // Offline cause: nothing. Paper: there. Everything before it is on paper.
        let (received, printed) = print_to(&[0x12, 0x12, 0x00], PATIENCE);
        assert_eq!(printed, Ok(()));
        assert!(received.starts_with(&[0x10, 0x04, 0x02, 0x10, 0x04, 0x04]));
        assert!(received.ends_with(&[0x1d, 0x72, 0x01]));
        let text = String::from_utf8_lossy(&received);
        assert!(text.contains("07-2-261121-0184-6"));
    }

    #[test]
    fn paper_end_and_silence_on_a_wire_are_told_apart() {
        assert_eq!(
            print_to(&[0x12, 0x72], PATIENCE).1,
            Err(PrintReceiptError::PaperEnd)
        );
        assert_eq!(
            print_to(&[0x16, 0x12], PATIENCE).1,
            Err(PrintReceiptError::CoverOpen)
        );
        let (received, printed) = print_to(&[], Duration::from_millis(20));
        assert_eq!(printed, Err(PrintReceiptError::NoAnswer));
        assert_eq!(received, [0x10, 0x04, 0x02], "nothing is on paper");
    }

    /// A printer that answers whatever it likes, byte after byte, and then no more.
    struct Stranger(Mutex<std::vec::IntoIter<u8>>);

    impl Stranger {
        fn saying(bytes: Vec<u8>) -> Self {
            Self(Mutex::new(bytes.into_iter()))
        }
    }

    impl Driver for Stranger {
        fn name(&self) -> String {
            "stranger".to_owned()
        }

        fn write(&self, _: &[u8]) -> escpos::errors::Result<()> {
            Ok(())
        }

        fn read(&self, buffer: &mut [u8]) -> escpos::errors::Result<usize> {
            let mut bytes = self.0.lock().expect("not left by a panic");
            match (buffer.first_mut(), bytes.next()) {
                (Some(place), Some(byte)) => {
                    *place = byte;
                    Ok(1)
                }
                (_, None) | (None, _) => Ok(0),
            }
        }

        fn flush(&self) -> escpos::errors::Result<()> {
            Ok(())
        }
    }

    /// All there are: two bytes tell the state.
    #[test]
    fn any_bytes_of_a_status_are_a_state_or_a_refusal() {
        let mut ready = 0;
        for both in 0..=u16::MAX {
            match ask_status(&Stranger::saying(both.to_be_bytes().to_vec())) {
                Ok(PrinterStatus::Ready | PrinterStatus::PaperLow) => ready += 1,
                Err(
                    PrintReceiptError::PaperEnd
                    | PrintReceiptError::CoverOpen
                    | PrintReceiptError::Fault
                    | PrintReceiptError::NoAnswer,
                ) => {}
                Err(other) => panic!("{other} of {both:04x}"),
            }
        }
        assert!((1..=0x1000).contains(&ready), "{ready} are called usable");
    }

    proptest::proptest! {
        #[test]
        fn foreign_words_of_a_printer_never_panic(
            bytes in proptest::collection::vec(proptest::arbitrary::any::<u8>(), 0..300),
        ) {
            let said = identity::ask(&Stranger::saying(bytes.clone()));
            let plain = |text: &String| text.chars().all(|one| one.is_ascii_graphic() || one == ' ');
            proptest::prop_assert!(said.model.iter().chain(&said.firmware).all(plain));
            let status = ask_status(&Stranger::saying(bytes));
            proptest::prop_assert_ne!(status, Err(PrintReceiptError::Unreachable));
        }
    }
}
