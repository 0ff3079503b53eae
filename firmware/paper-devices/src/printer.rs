//! Receipt printers: over the network, or as a file.

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

    fn open(&self) -> Result<NetworkDriver, PrintReceiptError> {
        let host = self.address.ip().to_string();
        NetworkDriver::open(&host, self.address.port(), Some(self.timeout))
            .map_err(|_| PrintReceiptError::Unreachable)
    }
}

impl ReceiptPrinter for NetworkPrinter {
    fn print(&mut self, receipt: &Receipt) -> Result<(), PrintReceiptError> {
        let driver = self.open()?;
        if self.read_back == ReadBack::Ask {
            ask_status(&driver)?;
        }
        compose::print(driver.clone(), receipt, self.raster.as_ref()).map_err(
            |error| match error {
                ComposeError::Undrawable => PrintReceiptError::Undrawable,
                ComposeError::Driver => PrintReceiptError::Broken,
            },
        )?;
        if self.read_back == ReadBack::Ask {
            confirm(&driver)?;
        }
        Ok(())
    }

    fn status(&mut self) -> Result<PrinterStatus, PrintReceiptError> {
        let driver = self.open()?;
        match self.read_back {
            ReadBack::Ask => ask_status(&driver),
            ReadBack::Skip => Ok(PrinterStatus::Ready),
        }
    }

    fn identity(&mut self) -> Identity {
        match (self.read_back, self.open()) {
            (ReadBack::Ask, Ok(driver)) => identity::ask(&driver),
            (ReadBack::Skip, _) | (_, Err(_)) => Identity::default(),
        }
    }
}

/// DLE EOT 2 and 4: answered at once, even while the printer is offline.
fn ask_status(driver: &NetworkDriver) -> Result<PrinterStatus, PrintReceiptError> {
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

fn ask(
    driver: &NetworkDriver,
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
fn confirm(driver: &NetworkDriver) -> Result<(), PrintReceiptError> {
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

fn read_byte(driver: &NetworkDriver) -> Result<u8, PrintReceiptError> {
    let mut answer = [0];
    match driver.read(&mut answer) {
        Ok(1) => Ok(answer[0]),
        Ok(_) => Err(PrintReceiptError::Broken),
        // The crate turns every I/O error into text; only a time-out is left on an open connection.
        Err(_) => Err(PrintReceiptError::NoAnswer),
    }
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
