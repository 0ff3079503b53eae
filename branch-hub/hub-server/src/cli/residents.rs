//! `todoke-hub residents`: the resident copy from files of the resident record system.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use clap::{Args, Subcommand};
use counter_characters::Target;
use counter_domain::resident::RESIDENT_COPY;
use hub_store::ResidentRegister;
use sync_engine::Store as _;

use crate::administration::Hub;
use crate::cli::Data;
use crate::clock::{Clock, in_japan};
use crate::folder::{Folder, Passphrase};
use crate::residents::{
    CopyOptions, Registry, import_corrected, import_difference, import_whole, publish_again,
};

#[derive(Debug, Subcommand)]
pub(super) enum ResidentsCommand {
    /// Take in a file of the resident record system and publish it to the counters
    Import(ImportArgs),
    /// Publish the newest state again, after an import that was cut off
    Publish {
        #[command(flatten)]
        data: Data,
    },
    /// Say of which day the residents are, and how many changed since the last whole copy
    Status {
        #[command(flatten)]
        data: Data,
    },
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    #[command(flatten)]
    data: Data,
    /// The file
    file: PathBuf,
    /// The file has only who was added, changed or removed since the last one
    #[arg(long)]
    difference: bool,
    /// The file has only lines that were left out of a whole file and are corrected now (`.bad.csv`)
    #[arg(long, conflicts_with = "difference")]
    corrected: bool,
    #[command(flatten)]
    options: CopyOptions,
}

impl ResidentsCommand {
    pub(super) fn run(self, clock: &Clock, out: &mut impl Write) -> Result<()> {
        match self {
            Self::Import(args) => Office::open(&args.data.folder, clock)?.import(&args, clock, out),
            Self::Publish { data } => {
                let mut office = Office::open(&data.folder, clock)?;
                office.with(clock, out, |registry, publish, say| {
                    publish_again(registry, publish, say)
                })
            }
            Self::Status { data } => Office::open(&data.folder, clock)?.status(out),
        }
    }
}

/// Reads a whole file and publishes it: `publish resident-copy`.
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
    let mut office = Office::open(folder, clock)?;
    office.with(clock, out, |registry, publish, say| {
        import_whole(file, options, registry, publish, say)
    })
}

/// An opened data folder with its register.
struct Office {
    folder: Folder,
    hub: Hub,
}

type Work<'w> = &'w mut dyn FnMut(&str, &[u8]) -> Result<()>;

impl Office {
    fn open(folder: &Path, clock: &Clock) -> Result<Self> {
        let folder = Folder::open(folder, Passphrase::of_the_environment())?;
        let hub = Hub::of(&folder, clock)?;
        Ok(Self { folder, hub })
    }

    fn import(&mut self, args: &ImportArgs, clock: &Clock, out: &mut impl Write) -> Result<()> {
        self.with(clock, out, |registry, publish, say| {
            let import = match (args.difference, args.corrected) {
                (true, _) => import_difference,
                (false, true) => import_corrected,
                (false, false) => import_whole,
            };
            import(&args.file, &args.options, registry, publish, say)
        })
    }

    /// Runs an import against this office; what is published is told on `out`.
    fn with(
        &mut self,
        clock: &Clock,
        out: &mut impl Write,
        work: impl FnOnce(&Registry<'_>, Work<'_>, &mut dyn Write) -> Result<()>,
    ) -> Result<()> {
        let city = self.hub.settings()?.city;
        let today = in_japan(clock.unix_ms(), "%Y-%m-%d");
        let datasets = self.hub.store.datasets()?.into_iter();
        let mut copies = datasets.filter(|one| one.name == RESIDENT_COPY);
        let registry = Registry {
            path: &self.folder.residents(),
            key: &self.folder.key()?,
            city: &city,
            today: &today,
            published: copies.next().map(|copy| copy.hash),
            gaiji: crate::gaiji::published(&self.hub.store)?
                .of(Target::Cp932.key())
                .cloned()
                .map(Arc::new),
        };
        let hub = &mut self.hub;
        let mut publish = |name: &str, bytes: &[u8]| -> Result<()> {
            let version = hub.publish(name, bytes)?;
            Ok(writeln!(out, "{name} {version} {} バイト", bytes.len())?)
        };
        work(&registry, &mut publish, &mut std::io::stderr())
    }

    fn status(&self, out: &mut impl Write) -> Result<()> {
        let register = ResidentRegister::open(&self.folder.residents(), &self.folder.key()?)?;
        let Some(register) = register else {
            return Ok(writeln!(out, "全件がまだ取り込まれていません")?);
        };
        let (changed, removed) = register.change_counts()?;
        Ok(writeln!(
            out,
            "{} の住民記録 {} 人。最後の全件から、変わった人 {changed} 人、いなくなった人 {removed} 人",
            register.about().as_of,
            register.persons()?
        )?)
    }
}
