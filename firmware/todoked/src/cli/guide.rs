//! `todoke guide`: what a case leads to, what is still to be asked, and whether a catalogue is
//! right.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use counter_guide::catalogue::BUNDLED;
use counter_guide::{CaseFile, Catalogue, Guide, answer, check};

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
    /// Checks a catalogue: unknown facts, rules that never hold, questions nobody asks, texts
    /// missing in a language, rules no golden household leads to.
    Check {
        /// Folder of the catalogue, as `firmware/counter-guide/catalogue`.
        catalogue: PathBuf,
        /// Folder of golden households; `golden` in the catalogue's folder otherwise.
        #[arg(long)]
        golden: Option<PathBuf>,
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
            Self::Check {
                catalogue,
                golden,
                json,
            } => check_folder(&catalogue, golden.as_deref(), json),
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

fn check_folder(catalogue: &Path, golden: Option<&Path>, as_json: bool) -> Result<()> {
    let mut files = texts(catalogue, catalogue, "yaml")?;
    if files.is_empty() {
        bail!(
            "{} has no catalogue; it should hold facts.yaml and the others",
            catalogue.display()
        );
    }
    let order = |name: &str| BUNDLED.iter().position(|(known, _)| *known == name);
    files.sort_by_key(|(name, _)| (order(name).unwrap_or(usize::MAX), name.clone()));
    let beside = catalogue.join("golden");
    let golden = golden.map_or(beside, Path::to_path_buf);
    let households = if golden.is_dir() {
        texts(&golden, &golden, "txt")?
    } else {
        Vec::new()
    };
    let findings = check::check(&borrowed(&files), &borrowed(&households));
    if as_json {
        print_json(&findings)?;
    } else {
        for finding in &findings {
            print_line(&finding.to_string())?;
        }
        if households.is_empty() {
            print_line("no golden households given; --golden names their folder")?;
        }
    }
    match findings.len() {
        0 => Ok(()),
        count => bail!("{count} mistakes in {}", catalogue.display()),
    }
}

/// Files with this ending below a folder, with their name below it, and their text.
fn texts(root: &Path, folder: &Path, ending: &str) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(texts(root, &path, ending)?);
        } else if path
            .extension()
            .is_some_and(|extension| extension == ending)
        {
            let name = path.strip_prefix(root).unwrap_or(&path);
            let text = fs::read_to_string(&path);
            let text = text.with_context(|| format!("cannot read {}", path.display()))?;
            found.push((name.to_string_lossy().into_owned(), text));
        }
    }
    found.sort();
    Ok(found)
}

fn borrowed(files: &[(String, String)]) -> Vec<(&str, &str)> {
    let pairs = files.iter();
    pairs
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect()
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
