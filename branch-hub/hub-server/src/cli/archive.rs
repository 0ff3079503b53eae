//! `archive find|check|verify|export|delete|deletions|certificate|retention`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use case_archive::ArchiveQuery;
use clap::Subcommand;
use counter_domain::case::CaseStep;
use counter_domain::ids::BlobHash;
use counter_forms::filing::Versions;
use hub_store::{Actor, HubStore};
use replica::AuditAction;
use serde_json::json;

use super::{Data, day, deletion};
use crate::administration::Hub;
use crate::archive_export;
use crate::clock::Clock;

/// Filings shown when nobody says how many.
const LIMIT: usize = 50;

#[derive(Debug, Subcommand)]
pub(super) enum ArchiveCommand {
    /// Find filings by name, reading, birth date, receipt number or address; written to the audit log
    Find {
        #[command(flatten)]
        data: Data,
        /// Words that must all fit, for example "ヤマダ S45.3.2"
        words: String,
        /// Only this branch, two digits
        #[arg(long, value_name = "CODE")]
        branch: Option<String>,
        /// Only this event, for example `move_in`
        #[arg(long, value_name = "EVENT")]
        kind: Option<String>,
        /// Only what this member of staff handed in
        #[arg(long, value_name = "ID")]
        staff: Option<String>,
        /// Filed on this day or later, YYYY-MM-DD
        #[arg(long, value_name = "DAY", value_parser = day)]
        from: Option<String>,
        /// Filed on this day or earlier, YYYY-MM-DD
        #[arg(long, value_name = "DAY", value_parser = day)]
        to: Option<String>,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Check every filing: content, page and signature against their hashes, and every audit log; exit status 1 when one is flawed
    Check {
        #[command(flatten)]
        data: Data,
        /// Ask the branches' counters anew for pages and signatures that are damaged or missing here
        #[arg(long)]
        mend: bool,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Prove that a PDF is the page a resident signed, with its data, signature and history
    Verify {
        #[command(flatten)]
        data: Data,
        /// The PDF
        file: PathBuf,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Write every filing into a new folder in open formats (PDF, JSON) with a manifest; filings with somebody under protection are left out and counted
    Export {
        #[command(flatten)]
        data: Data,
        /// The folder; must not exist yet
        #[arg(value_name = "FOLDER")]
        into: PathBuf,
        /// Filed on this day or later, YYYY-MM-DD
        #[arg(long, value_name = "DAY", value_parser = day)]
        from: Option<String>,
        /// Filed on this day or earlier, YYYY-MM-DD
        #[arg(long, value_name = "DAY", value_parser = day)]
        to: Option<String>,
    },
    /// Delete the filings of the list that two people approved at the desk, or go on with a deletion that was cut off; the running hub does the same by itself
    Delete {
        #[command(flatten)]
        data: Data,
        /// Only say what a list made today would hold
        #[arg(long)]
        dry_run: bool,
        /// One JSON document on standard output; with --dry-run
        #[arg(long, requires = "dry_run")]
        json: bool,
    },
    /// List the deletions; with --run the filings of one, as CSV
    Deletions {
        #[command(flatten)]
        data: Data,
        /// The list, by its number
        #[arg(long, value_name = "NUMBER")]
        run: Option<i64>,
        /// One JSON document on standard output
        #[arg(long, conflicts_with = "run")]
        json: bool,
    },
    /// Check the certificate of a deletion and print it, or write it with its signature (FILE.sig)
    Certificate {
        #[command(flatten)]
        data: Data,
        /// The list, by its number
        run: i64,
        /// The file to write
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Say for how many fiscal years filings are kept after the one they were closed in, or decide it
    Retention {
        #[command(flatten)]
        data: Data,
        /// Only of this event, for example `move_in`; of every other kind without it
        #[arg(long, value_name = "EVENT")]
        kind: Option<String>,
        /// The years, 2 to 150
        #[arg(long, value_name = "YEARS")]
        years: Option<u16>,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
}

impl ArchiveCommand {
    pub(super) fn run(self, clock: &Clock, out: &mut impl Write) -> Result<()> {
        match self {
            Self::Find {
                data,
                words,
                branch,
                kind,
                staff,
                from,
                to,
                json,
            } => {
                let query = ArchiveQuery {
                    branch,
                    kind,
                    staff,
                    from,
                    to,
                    ..ArchiveQuery::new(&words, LIMIT).context("the query")?
                };
                let mut hub = Hub::open(&data.folder, clock)?;
                find(&mut hub.store, &query, json, out)
            }
            Self::Check { data, mend, json } => {
                let mut hub = Hub::open(&data.folder, clock)?;
                check_all(&mut hub.store, (mend, json), out)
            }
            Self::Verify { data, file, json } => {
                verify(&Hub::open(&data.folder, clock)?.store, &file, json, out)
            }
            Self::Export {
                data,
                into,
                from,
                to,
            } => {
                let mut hub = Hub::open(&data.folder, clock)?;
                export(&mut hub, &into, (from.as_deref(), to.as_deref()), out)
            }
            Self::Delete {
                data,
                dry_run,
                json,
            } => {
                let mut hub = Hub::open(&data.folder, clock)?;
                if dry_run {
                    deletion::preview(&hub, clock, json, out)
                } else {
                    deletion::carry_out(&mut hub, out)
                }
            }
            Self::Deletions { data, run, json } => {
                deletion::list(&Hub::open(&data.folder, clock)?, run, json, out)
            }
            Self::Certificate {
                data,
                run,
                out: file,
            } => deletion::certificate(&Hub::open(&data.folder, clock)?, run, file.as_deref(), out),
            Self::Retention {
                data,
                kind,
                years,
                json,
            } => {
                let mut hub = Hub::open(&data.folder, clock)?;
                deletion::retention(&mut hub, (kind.as_deref(), years), json, out)
            }
        }
    }
}

fn export(
    hub: &mut Hub,
    into: &Path,
    period: (Option<&str>, Option<&str>),
    out: &mut impl Write,
) -> Result<()> {
    let by = Actor::System.id();
    hub.store.audit(&by, AuditAction::ArchiveExported, None)?;
    let done = archive_export::write(&hub.store, into, period)?;
    writeln!(out, "filings in {}: {}", into.display(), done.written)?;
    if done.protected > 0 {
        writeln!(
            out,
            "left out because somebody is under protection: {}; hand them over by hand",
            done.protected
        )?;
    }
    Ok(())
}

fn find(
    store: &mut HubStore,
    query: &ArchiveQuery,
    as_json: bool,
    out: &mut impl Write,
) -> Result<()> {
    store.audit(&Actor::System.id(), AuditAction::ArchiveSearched, None)?;
    let found = store.find_filings(query)?;
    if found.filings.is_empty() {
        bail!("no filing fits");
    }
    if as_json {
        let filings: Vec<_> = found
            .filings
            .iter()
            .map(|one| {
                json!({
                    "case": one.case, "receipt_number": one.receipt_number, "branch": one.branch,
                    "kind": one.kind, "filed_on": one.filed_on, "state": one.state,
                    "staff": one.staff, "persons": one.persons, "protected": one.protected,
                })
            })
            .collect();
        writeln!(
            out,
            "{}",
            json!({"filings": filings, "more": found.next.is_some()})
        )?;
        return Ok(());
    }
    for one in &found.filings {
        let (day, number, kind) = (&one.filed_on, &one.receipt_number, &one.kind);
        writeln!(out, "{day}\t{number}\t{kind}\t{}", one.persons.join(" "))?;
    }
    if found.next.is_some() {
        writeln!(out, "more filings fit; say more to narrow them")?;
    }
    Ok(())
}

fn check_all(store: &mut HubStore, (mend, json): (bool, bool), out: &mut impl Write) -> Result<()> {
    let asked = if mend { mend_all(store)? } else { 0 };
    check(store, (json, asked), out)
}

/// Asks for what is damaged or missing; returns how many pages and signatures.
fn mend_all(store: &mut HubStore) -> Result<usize> {
    let mut asked = 0;
    for case in store.filed_cases()? {
        asked += store.mend_filing(case)?;
    }
    Ok(asked)
}

fn check(store: &HubStore, (as_json, asked): (bool, usize), out: &mut impl Write) -> Result<()> {
    let cases = store.filed_cases()?;
    let mut flawed = Vec::new();
    for case in &cases {
        let flaws = store.filing_flaws(*case)?;
        if !flaws.is_empty() {
            let flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
            flawed.push((*case, flaws));
        }
    }
    let broken = store
        .audit_verify()?
        .iter()
        .filter(|chain| chain.broken_at.is_some())
        .count();
    if as_json {
        let list: Vec<_> = flawed
            .iter()
            .map(|(case, flaws)| json!({"case": case, "flaws": flaws}))
            .collect();
        let report = json!({
            "filings": cases.len(), "flawed": list, "broken_logs": broken, "asked_anew": asked,
        });
        writeln!(out, "{report}")?;
    } else {
        for (case, flaws) in &flawed {
            writeln!(out, "{case}\t{}", flaws.join("; "))?;
        }
        writeln!(
            out,
            "{} filings, {} flawed, {broken} broken logs",
            cases.len(),
            flawed.len()
        )?;
        if asked > 0 {
            writeln!(
                out,
                "{asked} pages and signatures are asked for anew; check again after the next contact"
            )?;
        }
    }
    if !flawed.is_empty() || broken > 0 {
        bail!(
            "{} filings are flawed; `archive check --mend` asks the branch's counter for what is missing; else restore a backup",
            flawed.len()
        );
    }
    Ok(())
}

fn verify(store: &HubStore, file: &Path, as_json: bool, out: &mut impl Write) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let page = BlobHash(*blake3::hash(&bytes).as_bytes());
    let Some(case) = store.filing_of_form(page)? else {
        bail!(
            "no filing here was signed on this page: it was altered, or belongs to another head office"
        );
    };
    let flaws = store.filing_flaws(case)?;
    let record = store.case(case)?.context("the case is gone")?;
    let number = record.summary.receipt_number.unwrap_or_default();
    let mut flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
    let signed = record.events.iter().find_map(|event| {
        let CaseStep::Signed { snapshot, form, .. } = &event.what else {
            return None;
        };
        (*form == page).then_some(*snapshot)
    });
    let mut contents = record.snapshots.iter();
    let content = contents.find(|(hash, _)| Some(*hash) == signed);
    let versions = content.map(|(_, content)| Versions::of(content, &bytes));
    let versions = versions.unwrap_or_default();
    flaws.extend(versions.flaw());
    if as_json {
        let report = json!({
            "case": case, "receipt_number": number, "page": page, "state": record.summary.state,
            "forms": versions.signed, "forms_on_page": versions.on_page, "flaws": flaws,
        });
        writeln!(out, "{report}")?;
    } else {
        writeln!(
            out,
            "{number}\tpage, content, signature and history belong together: {}",
            flaws.is_empty()
        )?;
        writeln!(out, "{}", versions.said())?;
    }
    if !flaws.is_empty() {
        bail!("{}", flaws.join("; "));
    }
    Ok(())
}
