//! Paper: the receipt printer and the page printer.
//!
//! A [`Receipt`] says what stands on the paper; a [`ReceiptPrinter`] puts it there. Text goes out in
//! the printer's own kanji mode where every character is safe in it (JIS X 0208); a line with one
//! that is not (髙, 𠮷, anything with a variation selector) goes out as a picture drawn by a
//! [`LineRaster`], so that a name is never printed with another glyph.
//!
//! Knows no case and no procedure; keeps nothing; logs nothing of what it prints.

mod attributes;
mod compose;
mod identity;
mod page_jobs;
mod page_printer;
mod plain;
mod printer;
mod raster;
mod receipt;
mod test_page;
mod wired;

pub use attributes::{PageCondition, PagePrinterStatus};
pub use identity::Identity;
pub use page_jobs::{JobState, TakenJob};
pub use page_printer::{PageJob, PagePrinter, PrintPagesError, Sides};
pub use printer::{
    FilePrinter, NetworkPrinter, PrintReceiptError, PrinterStatus, ReadBack, ReceiptPrinter,
    WiredPrinter,
};
pub use raster::{Bitmap, FontBytes, FontRaster, LineRaster, OpenFontError, UndrawableCharacter};
pub use receipt::{Receipt, ReceiptLine};
pub use test_page::test_page;
