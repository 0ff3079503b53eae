//! `todoke-hub publish resident-copy`: two datasets from one file.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use counter_domain::protection::PROTECTION;
use counter_domain::resident::RESIDENT_COPY;

use crate::administration::Hub;
use crate::clock::{Clock, in_japan};
use crate::residents::{CopyOptions, Origin, import};

/// Reads the file and publishes the resident copy, the protection list before it.
///
/// # Errors
/// When the file has lines to correct, or a dataset cannot be signed or stored.
pub(super) fn publish(
    folder: &Path,
    file: &Path,
    options: &CopyOptions,
    clock: &Clock,
    out: &mut impl Write,
) -> Result<()> {
    let mut hub = Hub::open(folder, clock)?;
    let city = hub.settings()?.city;
    let today = in_japan(clock.unix_ms(), "%Y-%m-%d");
    let origin = Origin {
        city: &city,
        today: &today,
    };
    let Some(datasets) = import(file, options, origin, &mut std::io::stderr())? else {
        return Ok(());
    };
    for (name, bytes) in [
        (PROTECTION, datasets.protection),
        (RESIDENT_COPY, datasets.copy),
    ] {
        let version = hub.publish(name, &bytes)?;
        writeln!(out, "{name} {version}")?;
    }
    Ok(())
}
