//! How a device is, for the people who look after the machines.
//!
//! A counter makes a [`DeviceReport`] of itself and tells it to head office beside the
//! conversation; [`Exposition`] writes figures in the text format that Prometheus reads, and
//! [`serve_figures`] hands them out on an address of their own. Knows no database, no clock and no
//! counter.
//!
//! **Invariant:** nothing here is about persons: no names, numbers or addresses of residents, no
//! names of staff, in no field and no label.

mod disk;
mod endpoint;
mod exposition;
mod report;

pub use disk::DiskSpace;
pub use endpoint::{Figures, serve_figures};
pub use exposition::{Exposition, Figure, Kind, Value};
pub use report::{DatasetHeld, DeviceReport, KeptAside, REPORT_BYTES_MAX, ReportRefused, Waiting};
