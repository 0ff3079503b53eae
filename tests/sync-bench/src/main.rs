//! `todoke-sync-bench`: replication beside its limit and its peers.
//!
//! Real programs and real sockets: `todoke-hub serve` beside this program, counters with the real
//! store and the real link, and between them a relay that counts every byte. Peers take the same
//! documents over the same kind of relay in the same run. Every figure is printed as it comes; the
//! whole takes some minutes.

mod apply;
mod city;
mod clock;
mod couch;
mod counter;
mod documents;
mod idle;
mod klukai;
mod line;
mod outage;
mod process;
mod reception;
mod rush;
mod slow_line;
mod table;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Parser, ValueEnum};

use table::Table;

/// Measures replication beside its limit and its peers.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to measure; everything without it
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Cases of the first branch
    #[arg(long, default_value_t = 1000)]
    cases: usize,
    /// Cases of each of the twelve that return at once
    #[arg(long, default_value_t = 500)]
    of_each: usize,
    /// Further branches return until head office has so many cases
    #[arg(long, default_value_t = 10_000)]
    until: usize,
    /// Length of the busy time, seconds
    #[arg(long, default_value_t = 120)]
    busy: u64,
    /// How many times faster than 600 cases an hour the busy time is
    #[arg(long, default_value_t = 6)]
    faster: u32,
    /// Length of the quiet time, seconds
    #[arg(long, default_value_t = 180)]
    quiet: u64,
    /// Folder with the packages of `peers/couch`, as `make bench-sync` leaves them
    #[arg(long, value_name = "DIR")]
    couch: Option<PathBuf>,
    /// Program of the peer klukai, as `make klukai` leaves it
    #[arg(long, value_name = "FILE")]
    klukai: Option<PathBuf>,
}

impl Arguments {
    /// Cases of one branch alone, and of each of twelve.
    fn sizes(&self) -> (usize, usize) {
        (self.cases, self.of_each)
    }
}

/// A part of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Changes applied beside bare cr-sqlite
    Apply,
    /// A thousand cases, twelve branches, and more of them
    Outage,
    /// Sixty cases on a branch's own line
    Slow,
    /// A connected counter with nothing to say
    Idle,
    /// 59 counters
    Busy,
    /// `PouchDB` and a server of the same protocol
    Couch,
    /// klukai, the fork of corrosion
    Klukai,
}

impl Part {
    const ALL: [Self; 7] = [
        Self::Apply,
        Self::Outage,
        Self::Slow,
        Self::Couch,
        Self::Klukai,
        Self::Busy,
        Self::Idle,
    ];

    async fn measure(self, arguments: &Arguments, folder: &Path, table: &mut Table) -> Result<()> {
        match self {
            Self::Apply => apply::measure(folder, arguments.cases.min(200), table),
            Self::Outage => outages(arguments, folder, table).await,
            Self::Slow => slow_line::measure(folder, table).await,
            Self::Idle => idle::measure(folder, arguments.quiet, table).await,
            Self::Busy => rush::measure(folder, (arguments.busy, arguments.faster), table).await,
            Self::Couch => {
                let packages = arguments.couch.as_deref();
                couch::measure(packages, folder, arguments.sizes(), table).await
            }
            Self::Klukai => {
                let program = arguments.klukai.as_deref();
                klukai::measure(program, folder, arguments.sizes(), table).await
            }
        }
    }
}

async fn outages(arguments: &Arguments, folder: &Path, table: &mut Table) -> Result<()> {
    let city = outage::one_branch(folder, arguments.cases, table).await?;
    let present = arguments.cases + outage::twelve(&city, arguments.of_each, table).await?;
    outage::growth(&city, (present, arguments.until), table).await
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut table = Table::begin();
    for part in Part::ALL {
        if arguments.only.is_empty() || arguments.only.contains(&part) {
            let folder = tempfile::tempdir()?;
            part.measure(&arguments, folder.path(), &mut table).await?;
        }
    }
    Ok(())
}
