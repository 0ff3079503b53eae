//! `todoke-hub characters`: the list of chosen characters, as a file for the city.

use std::io::Write;

use anyhow::Result;
use clap::Subcommand;
use counter_domain::character_choice::ChoiceStanding;

use crate::administration::Hub;
use crate::characters;
use crate::cli::Data;
use crate::clock::{Clock, in_japan};

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
}

impl CharactersCommand {
    pub(super) fn run(self, clock: &Clock, out: &mut impl Write) -> Result<()> {
        let Self::List { data, open, json } = self;
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
}

fn code_points(text: &str) -> String {
    let points: Vec<String> = text
        .chars()
        .map(|one| format!("U+{:04X}", u32::from(one)))
        .collect();
    points.join(" ")
}
