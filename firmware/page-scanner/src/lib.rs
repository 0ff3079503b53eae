//! Sheets of paper to pictures in memory.
//!
//! A [`Scanner`] is whatever SANE reaches: its program `scanimage` runs as a child process, so a
//! driver that crashes or hangs takes nothing of the counter with it. Sheets come through named
//! pipes, progress and faults through what the program says. A [`Tray`] is a folder that a camera or
//! a network scanner writes to.
//!
//! **No picture touches a disk here**: the pipes' folder holds names, never bytes, and a file of the
//! tray is read and removed. Nothing is known of what stands on a sheet.
//!
//! Source: SANE Standard 1.06, and scanimage(1) of sane-utils 1.2 (Debian 12).

#![warn(clippy::indexing_slicing, clippy::as_conversions)]

mod abilities;
mod pnm;
mod said;
mod scan;
mod sheet;
mod tray;

pub use said::{Progress, ScanError};
pub use scan::{Scanner, Stop};
pub use sheet::{Blanks, Order, PaperWay, Shades, Sheet, Sides};
pub use tray::{Tray, TrayError};

/// Most sheets of one scan: a feeder that never runs empty is not read for ever.
pub const SHEETS_MAX: u16 = 40;
