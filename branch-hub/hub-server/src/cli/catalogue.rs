//! `todoke-hub catalogue`: the rule workbench.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use counter_domain::ids::StaffId;
use counter_guide::check::Finding;
use counter_guide::compare::told_ja;
use counter_guide::{Edition, Shelf};
use hub_store::{Actor, HubStore};
use jiff::civil::Date;
use serde_json::json;

use super::Data;
use crate::catalogue::{
    CASE_DAYS, Draft, NewEdition, PublishRefused, RealCases, Workbench, day_in_japan, in_force,
    shelf, try_out,
};
use crate::clock::Clock;
use crate::folder::{Folder, Passphrase};

#[derive(Debug, Subcommand)]
pub(super) enum CatalogueCommand {
    /// List the editions: which holds today, which are to come, what changed
    List {
        #[command(flatten)]
        data: Data,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Write an edition with the golden households into DATA/catalogue-drafts/NAME, to be edited there
    Copy {
        #[command(flatten)]
        data: Data,
        /// Name of the copy: letters, digits, hyphens
        name: String,
        /// Number of the edition; the one in force otherwise
        #[arg(long)]
        edition: Option<u64>,
    },
    /// Check an edited copy: every mistake with file, line, column and a sentence; exit status 1 when there is one
    Check {
        #[command(flatten)]
        data: Data,
        /// Name of the copy, or a folder
        copy: PathBuf,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Say what an edited copy changes against the edition in force, for the golden households and for last month's cases
    Try {
        #[command(flatten)]
        data: Data,
        /// Name of the copy, or a folder
        copy: PathBuf,
        /// How many days of cases to look at; 0 for none
        #[arg(long, default_value_t = CASE_DAYS)]
        days: u64,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Publish an edited copy, or an earlier edition again, with the day from which it holds for new receptions
    Publish {
        #[command(flatten)]
        data: Data,
        /// Name of the copy, or a folder
        #[arg(required_unless_present = "again")]
        copy: Option<PathBuf>,
        /// An earlier edition, by number, instead of a copy
        #[arg(long, value_name = "NUMBER", conflicts_with = "copy")]
        again: Option<u64>,
        /// The first day it holds, YYYY-MM-DD; today or later
        #[arg(long, value_name = "DAY")]
        from: Date,
        /// What changed, for the list
        #[arg(long, default_value = "")]
        note: String,
        /// Staff id of whoever publishes; without one, the system itself
        #[arg(long, value_name = "ID")]
        by: Option<String>,
        /// Publish although the check found something that does not stop the counters
        #[arg(long)]
        despite_findings: bool,
    },
}

/// Runs one of the commands.
///
/// # Errors
/// When the folder cannot be opened, or what was asked for is refused.
pub(super) fn run(command: CatalogueCommand, clock: &Clock, out: &mut impl Write) -> Result<()> {
    match command {
        CatalogueCommand::List { data, json } => list(&Bench::open(&data, clock)?, json, out),
        CatalogueCommand::Copy {
            data,
            name,
            edition,
        } => {
            let bench = Bench::open(&data, clock)?;
            let edition = bench.edition(edition)?;
            let folder = bench.workbench.prepare(&name, &edition)?;
            writeln!(out, "{}", folder.display()).map_err(Into::into)
        }
        CatalogueCommand::Check { data, copy, json } => {
            check(&Bench::open(&data, clock)?.draft(&copy)?, json, out)
        }
        CatalogueCommand::Try {
            data,
            copy,
            days,
            json,
        } => Bench::open(&data, clock)?.try_out(&copy, days, json, out),
        CatalogueCommand::Publish {
            data,
            copy,
            again,
            from,
            note,
            by,
            despite_findings,
        } => {
            let mut bench = Bench::open(&data, clock)?;
            let edition = match (copy, again) {
                (Some(copy), _) => {
                    let draft = bench.draft(&copy)?;
                    if !despite_findings {
                        refuse_findings(&draft)?;
                    }
                    draft.edition()
                }
                (None, number) => bench.edition(number)?,
            };
            let by = by.map_or_else(|| Actor::System.id(), StaffId);
            let new = NewEdition {
                files: edition.files,
                valid_from: from,
                note,
            };
            bench.publish(&by, new, out)
        }
    }
}

/// The workbench with the store and the day.
pub(super) struct Bench {
    workbench: Workbench,
    store: HubStore,
    shelf: Shelf,
    today: Date,
    now_unix_ms: u64,
}

impl Bench {
    pub(super) fn open(data: &Data, clock: &Clock) -> Result<Self> {
        let folder = Folder::open(&data.folder, Passphrase::of_the_environment())?;
        crate::standby::refuse_superseded(folder.path())?;
        let authority = folder.authority(clock)?;
        let sign = move |message: &[u8]| Ok(authority.sign_published(message)?);
        let store = folder.store(clock)?;
        Ok(Self {
            workbench: Workbench::of(&folder, Box::new(sign)),
            shelf: shelf(&store)?,
            store,
            today: day_in_japan(clock.unix_ms())?,
            now_unix_ms: clock.unix_ms(),
        })
    }

    /// The edition with this number, or the one in force.
    fn edition(&self, number: Option<u64>) -> Result<Edition> {
        match number {
            None => Ok(in_force(&self.shelf, self.today)),
            Some(0) => Ok(Edition::bundled()),
            Some(number) => {
                let found = self.shelf.edition(number).cloned();
                found.with_context(|| {
                    format!("there is no edition {number} any more; `catalogue list` names them")
                })
            }
        }
    }

    /// A prepared copy by its name, or any folder.
    fn draft(&self, copy: &Path) -> Result<Draft> {
        let prepared = copy
            .to_str()
            .and_then(|name| self.workbench.draft_folder(name));
        let folder = prepared.filter(|folder| folder.is_dir());
        Draft::read(&folder.unwrap_or_else(|| copy.to_owned()))
    }

    fn try_out(&self, copy: &Path, days: u64, as_json: bool, out: &mut impl Write) -> Result<()> {
        let draft = self.draft(copy)?;
        let cases = if days == 0 {
            RealCases::default()
        } else {
            RealCases::read(&self.store, self.now_unix_ms, days)?
        };
        let trial = try_out(&in_force(&self.shelf, self.today), &draft, &cases)?;
        if as_json {
            let told = json!({
                "in_force": trial.against,
                "findings": trial.findings,
                "comparison": trial.comparison,
            });
            writeln!(out, "{told}")?;
        } else {
            tell(&trial.findings, out)?;
            if let Some(comparison) = &trial.comparison {
                write!(out, "{}", told_ja(comparison))?;
            }
        }
        if trial.comparison.is_none() {
            bail!("the copy cannot be read; correct what the check tells");
        }
        Ok(())
    }

    fn publish(&mut self, by: &StaffId, new: NewEdition, out: &mut impl Write) -> Result<()> {
        let from = new.valid_from;
        let number = self
            .workbench
            .publish(&mut self.store, by, new, self.today)
            .context("nothing was published")?;
        writeln!(out, "catalogue {number} from {from}")?;
        for later in shelf(&self.store)?.to_come(self.today) {
            let later_from = later.valid_from.filter(|day| *day > from);
            if let Some(day) = later_from {
                writeln!(out, "catalogue {} still follows on {day}", later.number)?;
            }
        }
        Ok(())
    }

    /// Publishes a folder or file as any dataset is: it holds from today, and what is published
    /// already keeps its number.
    pub(super) fn publish_today(
        &mut self,
        files: BTreeMap<String, String>,
        out: &mut impl Write,
    ) -> Result<()> {
        let new = NewEdition {
            files,
            valid_from: self.today,
            note: String::new(),
        };
        let by = Actor::System.id();
        let done = self
            .workbench
            .publish(&mut self.store, &by, new, self.today);
        let number = match done {
            Ok(number) | Err(PublishRefused::Same(number)) => number,
            Err(error) => return Err(error).context("nothing was published"),
        };
        writeln!(out, "catalogue {number}").map_err(Into::into)
    }
}

fn refuse_findings(draft: &Draft) -> Result<()> {
    let findings = counter_guide::check::check(&draft.texts(), &draft.golden());
    if findings.is_empty() {
        return Ok(());
    }
    tell(&findings, &mut std::io::stderr())?;
    bail!(
        "{} mistakes; nothing was published (--despite-findings publishes all the same)",
        findings.len()
    );
}

fn check(draft: &Draft, as_json: bool, out: &mut impl Write) -> Result<()> {
    let findings = counter_guide::check::check(&draft.texts(), &draft.golden());
    if as_json {
        writeln!(out, "{}", json!(findings))?;
    } else {
        tell(&findings, out)?;
    }
    match findings.len() {
        0 => Ok(()),
        count => bail!("{count} mistakes"),
    }
}

fn tell(findings: &[Finding], out: &mut impl Write) -> Result<()> {
    for finding in findings {
        writeln!(out, "{finding}")?;
    }
    Ok(())
}

fn list(bench: &Bench, as_json: bool, out: &mut impl Write) -> Result<()> {
    let now = in_force(&bench.shelf, bench.today).number;
    let day = |day: Option<Date>| day.map(|day| day.to_string());
    if as_json {
        let editions = bench.shelf.editions().iter();
        let editions: Vec<_> = editions
            .map(|one| {
                json!({
                    "number": one.number, "valid_from": day(one.valid_from),
                    "published_on": day(one.published_on), "note": one.note,
                    "fingerprint": one.fingerprint(), "in_force": one.number == now,
                })
            })
            .collect();
        let told = json!({
            "in_force": now, "editions": editions, "drafts": bench.workbench.drafts(),
        });
        return writeln!(out, "{told}").map_err(Into::into);
    }
    if now == 0 {
        writeln!(out, "0\tin force\tthe catalogue of the program")?;
    }
    for one in bench.shelf.editions() {
        let state = match one.valid_from {
            _ if one.number == now => "in force",
            Some(from) if from > bench.today => "to come",
            Some(_) | None => "past",
        };
        let from = day(one.valid_from).unwrap_or_else(|| "always".to_owned());
        writeln!(out, "{}\t{state}\tfrom {from}\t{}", one.number, one.note)?;
    }
    Ok(())
}
