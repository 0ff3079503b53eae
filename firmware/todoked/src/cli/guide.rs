//! `todoke guide`: what a case leads to, and what is still to be asked.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use counter_guide::Facts;

use crate::cli::{print_json, print_line};

#[derive(Debug, Subcommand)]
pub(super) enum GuideCommand {
    /// Lists the procedures of a case, with reasons, and the questions left.
    List {
        /// Facts of the case, JSON.
        #[arg(long)]
        case: PathBuf,
        /// One JSON document on the standard output.
        #[arg(long)]
        json: bool,
    },
}

impl GuideCommand {
    pub(super) fn run(self) -> Result<()> {
        let Self::List {
            case,
            json: as_json,
        } = self;
        let text =
            fs::read_to_string(&case).with_context(|| format!("cannot read {}", case.display()))?;
        let facts = Facts::from_json(&text)?;
        let guidance = crate::desk::guide_case(&facts)?;
        if as_json {
            return print_json(&guidance);
        }
        for listed in guidance.listed {
            print_line(&format!("{} {}", listed.procedure, listed.reason))?;
        }
        Ok(())
    }
}
