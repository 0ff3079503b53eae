//! `todoke-hub characters`: the list of chosen characters, as a file for the city, and the tables of
//! the systems' private characters.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use counter_characters::gaiji::GAIJI_TABLES;
use counter_domain::character_choice::ChoiceStanding;

use crate::administration::Hub;
use crate::characters;
use crate::cli::Data;
use crate::clock::{Clock, in_japan};
use crate::gaiji::{self, Taken};

#[derive(Debug, Subcommand)]
pub(super) enum CharactersCommand {
    /// Print every choice of a character, as CSV with headings
    List {
        #[command(flatten)]
        data: Data,
        /// Only those the city has not looked at
        #[arg(long)]
        open: bool,
        /// One JSON document instead
        #[arg(long)]
        json: bool,
    },
    /// Publish the table of a system's private characters (外字対応表) from a sheet: CSV with the
    /// headings 外字コード,文字 and, if wanted, 向き
    Table {
        #[command(flatten)]
        data: Data,
        /// The system: cp932 is the resident record system's `Shift_JIS` files
        system: String,
        /// The sheet, UTF-8 or `Shift_JIS`
        file: PathBuf,
        /// Only check it
        #[arg(long)]
        check: bool,
    },
    /// Print every private character of the published tables, as CSV with headings
    Tables {
        #[command(flatten)]
        data: Data,
        /// Only those that nobody identified yet
        #[arg(long)]
        open: bool,
        /// One JSON document instead
        #[arg(long)]
        json: bool,
    },
}

impl CharactersCommand {
    pub(super) fn run(self, clock: &Clock, out: &mut impl Write) -> Result<()> {
        match self {
            Self::List { data, open, json } => list(&data, clock, (open, json), out),
            Self::Table {
                data,
                system,
                file,
                check,
            } => {
                let sheet = std::fs::read(&file)
                    .with_context(|| format!("cannot read {}", file.display()))?;
                table(&data, clock, (&system, &sheet), check, out)
            }
            Self::Tables { data, open, json } => tables(&data, clock, (open, json), out),
        }
    }
}

/// Takes a sheet in; faults are told line by line.
fn table(
    data: &Data,
    clock: &Clock,
    (system, sheet): (&str, &[u8]),
    only_check: bool,
    out: &mut impl Write,
) -> Result<()> {
    let mut hub = Hub::open(&data.folder, clock)?;
    let taken = match gaiji::take(gaiji::published(&hub.store)?, system, sheet)? {
        Taken::Table(taken) => taken,
        Taken::Faults(faults) => {
            for fault in &faults {
                writeln!(out, "{fault}")?;
            }
            bail!("{} か所を直してください。公開していません", faults.len());
        }
    };
    let table = taken.of(system).context("the table was just taken in")?;
    let (known, open) = (table.rows.len(), table.open.len());
    writeln!(out, "{system}：外字 {known} 字、未同定 {open} 字")?;
    if only_check {
        return Ok(writeln!(out, "確かめただけで、公開していません")?);
    }
    let version = hub.publish(GAIJI_TABLES, &serde_json::to_vec(&taken)?)?;
    Ok(writeln!(out, "{GAIJI_TABLES} {version}")?)
}

fn tables(
    data: &Data,
    clock: &Clock,
    (only_open, json): (bool, bool),
    out: &mut impl Write,
) -> Result<()> {
    let hub = Hub::open(&data.folder, clock)?;
    let mut tables = gaiji::published(&hub.store)?;
    if only_open {
        tables
            .tables
            .iter_mut()
            .for_each(|table| table.rows.clear());
    }
    if json {
        return Ok(writeln!(out, "{}", serde_json::to_string(&tables)?)?);
    }
    let mut list = csv::Writer::from_writer(out);
    list.write_record(["system", "code", "cp932", "mj", "character", "way"])?;
    for row in tables.tables.iter().flat_map(gaiji::rows) {
        list.write_record(&row)?;
    }
    Ok(list.flush()?)
}

fn list(
    data: &Data,
    clock: &Clock,
    (open, json): (bool, bool),
    out: &mut impl Write,
) -> Result<()> {
    let hub = Hub::open(&data.folder, clock)?;
    let mut choices = characters::known(&hub.store)?;
    if open {
        choices
            .choices
            .retain(|one| one.standing == ChoiceStanding::Open);
    }
    if json {
        return Ok(writeln!(out, "{}", serde_json::to_string(&choices)?)?);
    }
    let mut list = csv::Writer::from_writer(out);
    list.write_record([
        "system",
        "written",
        "written_code_points",
        "chosen",
        "chosen_code_points",
        "cases",
        "by",
        "on",
        "standing",
    ])?;
    for one in &choices.choices {
        let standing = match one.standing {
            ChoiceStanding::Open => "open",
            ChoiceStanding::Confirmed => "confirmed",
            ChoiceStanding::Withdrawn => "withdrawn",
        };
        list.write_record([
            &one.subject.system,
            &one.subject.written,
            &code_points(&one.subject.written),
            &one.chosen,
            &code_points(&one.chosen),
            &one.cases.to_string(),
            one.by.as_str(),
            &in_japan(one.at_unix_ms, "%Y-%m-%d"),
            standing,
        ])?;
    }
    Ok(list.flush()?)
}

fn code_points(text: &str) -> String {
    let points: Vec<String> = text
        .chars()
        .map(|one| format!("U+{:04X}", u32::from(one)))
        .collect();
    points.join(" ")
}
