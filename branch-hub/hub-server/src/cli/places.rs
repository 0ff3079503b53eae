//! `todoke-hub places`: numbers and buildings of the own city for the counters' address fields.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use counter_addresses::CITY_PLACES;

use crate::administration::Hub;
use crate::cli::Data;
use crate::clock::{Clock, in_japan};
use crate::places::{PlaceOptions, read};

#[derive(Debug, Subcommand)]
pub(super) enum PlacesCommand {
    /// Take in the city's file and publish it to the counters
    Import {
        #[command(flatten)]
        data: Data,
        /// The file
        file: PathBuf,
        #[command(flatten)]
        options: PlaceOptions,
    },
}

impl PlacesCommand {
    pub(super) fn run(self, clock: &Clock, out: &mut impl Write) -> Result<()> {
        let Self::Import {
            data,
            file,
            options,
        } = self;
        let mut hub = Hub::open(&data.folder, clock)?;
        let city = hub.settings()?.city;
        let today = in_japan(clock.unix_ms(), "%Y-%m-%d");
        let places = read(&file, &options, (&city, &today), &mut std::io::stderr())?;
        if options.dry_run {
            return Ok(writeln!(out, "確かめただけで、公開していません")?);
        }
        let version = hub.publish(CITY_PLACES, &places.to_bytes()?)?;
        Ok(writeln!(out, "{CITY_PLACES} {version}")?)
    }
}
