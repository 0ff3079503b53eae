//! `todoke-hub reservations import` and `todoke-hub move-outs import`.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use counter_domain::prepared::PreparedKind;
use counter_domain::protection::{Digest, PROTECTION, ProtectionList};

use super::Data;
use crate::administration::Hub;
use crate::clock::{Clock, in_japan};
use crate::reservations::{
    Around, ImportOptions, MoveOutColumn, Outcome, Pool, ReservationColumn, import,
};

/// What is done with prepared data of one kind.
#[derive(Debug, Subcommand)]
pub(super) enum PreparedCommand {
    /// Take a file in and publish what is new to every counter; bad lines are written beside it, to be corrected
    Import(ImportArgs),
}

/// A file to take in.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    #[command(flatten)]
    data: Data,
    /// The CSV file; docs/reference/reservations.md and docs/reference/move-outs.md describe it
    file: PathBuf,
    #[command(flatten)]
    options: ImportOptions,
}

impl PreparedCommand {
    /// Runs it for one kind.
    ///
    /// # Errors
    /// When the file has lines to correct, or the dataset cannot be signed or stored.
    pub(super) fn run(self, kind: PreparedKind, clock: &Clock, out: &mut impl Write) -> Result<()> {
        let Self::Import(ImportArgs {
            data,
            file,
            options,
        }) = self;
        let mut hub = Hub::open(&data.folder, clock)?;
        take_in(&mut hub, kind, &file, &options, clock, out)
    }
}

fn take_in(
    hub: &mut Hub,
    kind: PreparedKind,
    file: &Path,
    options: &ImportOptions,
    clock: &Clock,
    out: &mut impl Write,
) -> Result<()> {
    let city = hub.settings()?.city;
    let today = in_japan(clock.unix_ms(), "%Y-%m-%d");
    let protected = protected(hub)?;
    let tables = crate::gaiji::published(&hub.store)?;
    let own = match kind {
        PreparedKind::Reservation => "reservations",
        PreparedKind::MoveOut => "move-outs",
    };
    let gaiji = tables.of(options.characters.as_deref().unwrap_or(own));
    if let (Some(system), None) = (&options.characters, gaiji) {
        bail!("no table of private characters of {system} is published");
    }
    let around = Around {
        gaiji: gaiji.cloned().map(Arc::new),
        city: &city,
        today: today.parse().context("the clock")?,
        protected: &protected,
    };
    let published = hub.store.dataset(kind.dataset())?;
    let mut pool = Pool::read(published.as_ref().map(|one| one.bytes.as_slice()))?;
    let say = &mut std::io::stderr();
    let outcome = match kind {
        PreparedKind::Reservation => {
            import::<ReservationColumn>(file, options, &mut pool, &around, say)
        }
        PreparedKind::MoveOut => import::<MoveOutColumn>(file, options, &mut pool, &around, say),
    }?;
    if options.check {
        writeln!(say, "確かめただけで、何も変えていません")?;
    } else {
        let version = hub.publish(kind.dataset(), &pool.pack(&today)?)?;
        writeln!(out, "{} {version}", kind.dataset())?;
    }
    answer(&outcome, options.check)
}

/// Whoever runs it every five minutes must notice that something is left to do.
fn answer(outcome: &Outcome, only_checked: bool) -> Result<()> {
    let lines = outcome.bad_lines;
    match (lines, only_checked) {
        (0, _) => Ok(()),
        (_, true) => bail!("直す行が{lines}行あります"),
        (_, false) => bail!(
            "直す行が{lines}行あります。ほかの行は取り込みました。直したファイルをもう一度取り込んでください"
        ),
    }
}

fn protected(hub: &Hub) -> Result<BTreeSet<Digest>> {
    let Some(list) = hub.store.dataset(PROTECTION)? else {
        return Ok(BTreeSet::new());
    };
    let list: ProtectionList =
        serde_json::from_slice(&list.bytes).context("the protection list is damaged")?;
    let digests = list.persons.into_iter().flat_map(|person| person.digests);
    Ok(digests.collect())
}
