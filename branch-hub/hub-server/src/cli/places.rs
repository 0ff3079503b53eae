//! `todoke-hub places`: what the counters offer under their address fields: numbers and buildings of
//! the own city, and the towns of the country.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Subcommand;
use counter_addresses::{Addresses, CITY_PLACES, CityPlaces, DICTIONARY};

use crate::administration::Hub;
use crate::cli::Data;
use crate::clock::{Clock, in_japan};
use crate::dictionary;
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
    /// Say what a new edition of the country's towns changes, and publish it to the counters
    Dictionary {
        #[command(flatten)]
        data: Data,
        /// The edition, as `make addresses` writes it (towns.bin); without it, the program's own
        file: Option<PathBuf>,
        /// Only say what it changes
        #[arg(long)]
        check: bool,
    },
    /// Say which edition of the towns and which file of the city the counters have
    Status {
        #[command(flatten)]
        data: Data,
    },
}

impl PlacesCommand {
    pub(super) fn run(self, clock: &Clock, out: &mut impl Write) -> Result<()> {
        match self {
            Self::Import {
                data,
                file,
                options,
            } => import(&data, &file, &options, clock, out),
            Self::Dictionary { data, file, check } => {
                let file = file.unwrap_or_else(counter_addresses::file);
                publish(&data, &file, check, clock, out)
            }
            Self::Status { data } => status(&Hub::open(&data.folder, clock)?, out),
        }
    }
}

fn import(
    data: &Data,
    file: &Path,
    options: &PlaceOptions,
    clock: &Clock,
    out: &mut impl Write,
) -> Result<()> {
    let mut hub = Hub::open(&data.folder, clock)?;
    let city = hub.settings()?.city;
    let today = in_japan(clock.unix_ms(), "%Y-%m-%d");
    let places = read(file, options, (&city, &today), &mut std::io::stderr())?;
    if options.dry_run {
        return Ok(writeln!(out, "確かめただけで、公開していません")?);
    }
    let version = hub.publish(CITY_PLACES, &places.to_bytes()?)?;
    Ok(writeln!(out, "{CITY_PLACES} {version}")?)
}

fn publish(
    data: &Data,
    file: &Path,
    only_check: bool,
    clock: &Clock,
    out: &mut impl Write,
) -> Result<()> {
    let mut hub = Hub::open(&data.folder, clock)?;
    let city = hub.settings()?.city;
    let new = dictionary::compare(&hub.store, file, &city)?;
    write!(out, "{}", new.report)?;
    if !new.own_unknown.is_empty() {
        writeln!(
            out,
            "{CITY_PLACES} の町のうち、この版にないもの：{}。町名が変わったなら、市のファイルを直して取り込み直してください",
            new.own_unknown.join("、")
        )?;
    }
    if new.is_in_force {
        return Ok(writeln!(out, "窓口にある版と同じです。公開していません")?);
    }
    if only_check {
        return Ok(writeln!(out, "確かめただけで、公開していません")?);
    }
    let version = hub.publish(DICTIONARY, &new.bytes)?;
    Ok(writeln!(out, "{DICTIONARY} {version}")?)
}

fn status(hub: &Hub, out: &mut impl Write) -> Result<()> {
    let (published, bytes) = dictionary::in_force(&hub.store)?;
    let addresses = Addresses::from_bytes(&bytes).context("住所の辞書が読めません")?;
    let whose = published.map_or_else(
        || "プログラムに付いている版".to_owned(),
        |version| format!("公開した版 {version}"),
    );
    writeln!(
        out,
        "全国の町名：{}（{whose}。町 {}、小字 {}）",
        addresses.edition(),
        addresses.town_count(),
        addresses.koaza_count()
    )?;
    let Some(own) = hub.store.dataset(CITY_PLACES)? else {
        return Ok(writeln!(out, "市内の番地と建物：まだ取り込まれていません")?);
    };
    let places = CityPlaces::from_bytes(&own.bytes).context("市内の番地と建物が読めません")?;
    Ok(writeln!(
        out,
        "市内の番地と建物：{} の {}、{} 件",
        places.as_of,
        places.city,
        places.places.len()
    )?)
}
