//! `todoke name`: whether a name can be kept and printed exactly.

use anyhow::{Result, bail};
use clap::Subcommand;
use serde_json::json;

use crate::cli::{print_json, print_line};
use crate::paper::{FormMaker, font_paths};

#[derive(Debug, Subcommand)]
pub(super) enum NameCommand {
    /// Checks every character against the font of names and addresses.
    Check {
        /// The name.
        text: String,
        /// One JSON document on the standard output.
        #[arg(long)]
        json: bool,
    },
}

impl NameCommand {
    pub(super) fn run(self) -> Result<()> {
        let Self::Check {
            text,
            json: as_json,
        } = self;
        let maker = FormMaker::open(&font_paths(None))?;
        let missing = maker.forms().missing_glyph(&text);
        let points = missing
            .as_ref()
            .map(counter_forms::glyph::MissingGlyph::code_points);
        if as_json {
            print_json(&json!({ "printable": points.is_none(), "missing": points }))?;
        } else if points.is_none() {
            print_line("printable")?;
        }
        match points {
            None => Ok(()),
            Some(points) => bail!("no glyph for {points}"),
        }
    }
}
