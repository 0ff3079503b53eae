//! `todoke guide`: what a case leads to, what is still to be asked, and whether a catalogue is
//! right.

mod certificates;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use counter_guide::catalogue::text_of;
use counter_guide::edition::in_order;
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
        /// Names, deadlines and what is to be confirmed beside what other programs are promised.
        #[arg(long)]
        details: bool,
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
    /// What another answer changes: procedures that come and go, forms no longer needed.
    Change {
        /// Facts of the case, JSON.
        #[arg(long)]
        case: PathBuf,
        /// The other answer: `hh.dogs=2`, `joins_nhi/1=true`, `pension/2=null` for not known; may be repeated.
        #[arg(long, value_name = "FACT[/MEMBER]=VALUE", required = true)]
        set: Vec<String>,
        /// One JSON document on the standard output.
        #[arg(long)]
        json: bool,
    },
    /// The certificates a city hands out, or what becomes of a request for several.
    Certificates {
        /// The request, JSON: asker, identity, papers, purpose, stops, exemption, lines.
        #[arg(long)]
        request: Option<PathBuf>,
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
            Self::List {
                case,
                json,
                details,
            } => {
                let wanted = match (json, details) {
                    (false, _) => Wanted::Lines,
                    (true, false) => Wanted::Promised,
                    (true, true) => Wanted::Details,
                };
                list(&case, wanted)
            }
            Self::Next { case, json } => next(&case, json),
            Self::Change { case, set, json } => change(&case, &set, json),
            Self::Certificates { request, json } => certificates::run(request.as_deref(), json),
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
    CaseFile::read_consistent(&text, guide)
        .with_context(|| format!("{} is not taken", path.display()))
}

/// How a list is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// For people.
    Lines,
    /// JSON with exactly what other programs are promised.
    Promised,
    /// JSON with everything.
    Details,
}

fn list(path: &Path, wanted: Wanted) -> Result<()> {
    let guide = bundled()?;
    let answer = answer::list(&guide, &read(path, &guide)?);
    match wanted {
        Wanted::Promised => return print_json(&answer.brief()),
        Wanted::Details => return print_json(&answer),
        Wanted::Lines => {}
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

fn change(path: &Path, set: &[String], as_json: bool) -> Result<()> {
    let guide = bundled()?;
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let before = CaseFile::read(&text, &guide)
        .with_context(|| format!("{} is not taken", path.display()))?;
    let mut after = before.clone();
    for one in set {
        after
            .set(one, &guide)
            .with_context(|| format!("{one} is not taken"))?;
    }
    let answer = answer::changes(&guide, &before, &after);
    if as_json {
        return print_json(&answer);
    }
    for (sign, rows) in [("+", &answer.added), ("-", &answer.removed)] {
        for row in rows {
            print_line(&format!("{sign} {} {}", row.procedure, row.reason))?;
        }
    }
    for (sign, forms) in [("+", &answer.forms_added), ("-", &answer.forms_removed)] {
        for form in forms {
            print_line(&format!("{sign} {form}"))?;
        }
    }
    Ok(())
}

fn check_folder(catalogue: &Path, golden: Option<&Path>, as_json: bool) -> Result<()> {
    let mut files = texts(catalogue, catalogue, "yaml")?;
    if !files.is_empty() {
        files.extend(texts(catalogue, catalogue, "png")?);
    }
    if files.is_empty() {
        bail!(
            "{} has no catalogue; it should hold facts.yaml and the others",
            catalogue.display()
        );
    }
    files.retain(|(name, _)| !name.starts_with("golden/"));
    let beside = catalogue.join("golden");
    let golden = golden.map_or(beside, Path::to_path_buf);
    let households = if golden.is_dir() {
        texts(&golden, &golden, "txt")?
    } else {
        Vec::new()
    };
    let findings = check::check(&in_order(borrowed(&files)), &borrowed(&households));
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
        1 => bail!("1 mistake in {}", catalogue.display()),
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
            let name = name.to_string_lossy().into_owned();
            let bytes =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let text = text_of(&name, bytes).map_err(|line| not_utf8(&path, line))?;
            found.push((name, text));
        }
    }
    found.sort();
    Ok(found)
}

fn not_utf8(path: &Path, line: usize) -> anyhow::Error {
    let path = path.display();
    anyhow::anyhow!("{path}:{line}:1: this line is not in UTF-8; save the file as UTF-8")
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
