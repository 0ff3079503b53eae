//! A receipt printer on TCP.
//!
//! Keeps the bytes of every receipt and draws the paper as a picture, so that a test compares bytes
//! and a person looks at the receipt. Answers status requests, and can run out of paper, have its
//! cover opened, or be unplugged.

mod command;
mod paper;
mod server;

pub use paper::Paper;
pub use server::{PrinterSim, PrinterState, StartPrinterError};

use command::Command;

/// Draws a whole ESC/POS job; the second value counts commands that were not understood.
pub fn draw(job: &[u8], font: &paper_devices::FontRaster) -> (Paper, usize) {
    let mut paper = Paper::new(font.clone());
    let (mut rest, mut unknown) = (job, 0);
    while let Some((command, length)) = command::next(rest) {
        rest = rest.get(length..).unwrap_or_default();
        if matches!(command, Command::Unknown) {
            unknown += 1;
        }
        paper.apply(&command);
    }
    (paper, unknown)
}
