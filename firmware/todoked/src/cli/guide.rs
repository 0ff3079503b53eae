//! `todoke guide`: what a case leads to, what is still to be asked, and whether a catalogue is
//! right.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Subcommand;
use counter_guide::{CaseFile, Catalogue, Guide, answer};

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
    /// The next question of a case.
    Next {
        /// Facts of the case, JSON.
        #[arg(long)]
        case: PathBuf,
        /// One JSON document on the standard output.
        #[arg(long)]
        json: bool,
    },
    /// Every fact a case may have.
    Facts {
        /// One JSON document on the standard output.
        #[arg(long)]
        json: bool,
    },
}

impl GuideCommand {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::List { case, json } => list(&case, json),
            Self::Next { case, json } => next(&case, json),
            Self::Facts { json } => facts(json),
        }
    }
}

fn bundled() -> Result<Guide> {
    Ok(Guide::new(Catalogue::bundled()?))
}

fn read(path: &Path, guide: &Guide) -> Result<CaseFile> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    CaseFile::read(&text, guide).with_context(|| format!("{} is not taken", path.display()))
}

fn list(path: &Path, as_json: bool) -> Result<()> {
    let guide = bundled()?;
    let answer = answer::list(&guide, &read(path, &guide)?);
    if as_json {
        return print_json(&answer);
    }
    for listed in &answer.listed {
        print_line(&format!("{} {}", listed.procedure, listed.reason))?;
    }
    for waiting in &answer.to_confirm {
        print_line(&format!("? {} {}", waiting.procedure, waiting.reason))?;
    }
    Ok(())
}

fn next(path: &Path, as_json: bool) -> Result<()> {
    let guide = bundled()?;
    let answer = answer::next(&guide, &read(path, &guide)?);
    if as_json {
        return print_json(&answer);
    }
    match answer.question {
        Some(question) => print_line(&format!("{} {}", question.fact, question.text.ja)),
        None => print_line("-"),
    }
}

fn facts(as_json: bool) -> Result<()> {
    let catalogue = Catalogue::bundled()?;
    let facts = answer::facts(&catalogue);
    if as_json {
        return print_json(&facts);
    }
    for fact in facts {
        let values = fact.values.join("|");
        print_line(&format!(
            "{} {} {} {values}",
            fact.fact, fact.kind, fact.label
        ))?;
    }
    Ok(())
}
