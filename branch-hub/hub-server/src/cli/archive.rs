//! `archive find|check|verify|export|delete|deletions|certificate|retention`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use case_archive::{ArchiveQuery, BroughtFiles, Flawed, FormsNamed, unless_damaged};
use clap::{Args, Subcommand};
use counter_forms::filing::forms_named;
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
        #[command(flatten)]
        files: Files,
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

/// Files of one filing.
#[derive(Debug, Args)]
pub(super) struct Files {
    /// The PDF
    page: PathBuf,
    /// Strokes of its signature
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// Its signed content, JSON
    #[arg(long, value_name = "FILE")]
    content: Option<PathBuf>,
    /// Receipt number of the filing they are said to be of
    #[arg(long, value_name = "NUMBER")]
    receipt: Option<String>,
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
                let open = || Ok(Hub::open(&data.folder, clock)?.store);
                check(open, (mend, json), out)
            }
            Self::Verify { data, files, json } => {
                verify(&Hub::open(&data.folder, clock)?.store, &files, json, out)
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
    let done = archive_export::write(&hub.store, into, period)
        .with_context(|| format!("nothing was exported to {}", into.display()))?;
    writeln!(out, "filings in {}: {}", into.display(), done.written)?;
    if done.protected > 0 {
        writeln!(
            out,
            "left out because somebody is under protection: {}; hand them over by hand",
            done.protected
        )?;
    }
    if done.flawed.is_empty() {
        return Ok(());
    }
    bail!(
        "{} filings are not whole here and were written as they are: {}; fetch what is missing with `todoke-hub archive check --mend`, then export again",
        done.flawed.len(),
        done.flawed.join(" ")
    )
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

/// Checks every filing; `open` opens the database anew, because a connection that met a damaged place
/// reads nothing any more.
fn check(
    open: impl Fn() -> Result<HubStore>,
    (mend, as_json): (bool, bool),
    out: &mut impl Write,
) -> Result<()> {
    let mut store = open()?;
    let cases = store.filed_cases()?;
    let (mut flawed, mut asked) = (Vec::new(), 0);
    for case in &cases {
        let flaws = unless_damaged(store.filing_flaws(*case))?;
        if flaws.as_ref().is_some_and(Vec::is_empty) {
            continue;
        }
        store = open()?;
        if mend {
            asked += unless_damaged(store.mend_filing(*case))?.unwrap_or_default();
        }
        let record = unless_damaged(store.case(*case))?.flatten();
        let number = record.and_then(|record| record.summary.receipt_number);
        flawed.push(Flawed::new(*case, number, flaws.as_deref()));
        store = open()?;
    }
    let logs = unless_damaged(store.audit_verify())?;
    // What cannot be read is broken.
    let broken = logs.map_or(1, |logs| {
        logs.iter().filter(|log| log.broken_at.is_some()).count()
    });
    report((cases.len(), &flawed), (broken, asked), as_json, out)?;
    verdict((flawed.len(), broken), mend.then_some(asked))
}

fn report(
    (all, flawed): (usize, &[Flawed]),
    (broken, asked): (usize, usize),
    as_json: bool,
    out: &mut impl Write,
) -> Result<()> {
    if as_json {
        let report = json!({
            "filings": all, "flawed": flawed, "broken_logs": broken,
            "asked_anew": asked,
        });
        writeln!(out, "{report}")?;
        return Ok(());
    }
    for one in flawed {
        writeln!(out, "{one}")?;
    }
    let flawed = flawed.len();
    writeln!(out, "{all} filings, {flawed} flawed, {broken} broken logs")?;
    Ok(())
}

/// Ends with an error that says what to do, unless all is whole; `asked` after mending.
fn verdict((flawed, broken): (usize, usize), asked: Option<usize>) -> Result<()> {
    match (flawed, asked) {
        (0, _) if broken == 0 => Ok(()),
        (0, _) => bail!("{broken} audit logs are broken; `todoke-hub audit verify` says where"),
        (_, None) => bail!(
            "{flawed} filings are flawed; `archive check --mend` asks the branches' counters for their pages and signatures"
        ),
        (_, Some(0)) => {
            bail!(
                "{flawed} filings are flawed in what no counter can be asked for; restore a backup, or promote the standby"
            )
        }
        (_, Some(asked)) => bail!(
            "{asked} pages and signatures are asked for anew; check again after the counters' next contact"
        ),
    }
}

fn verify(store: &HubStore, given: &Files, as_json: bool, out: &mut impl Write) -> Result<()> {
    let (signature, content) = (given.signature.as_deref(), given.content.as_deref());
    let files = BroughtFiles::read(&given.page, signature, content)?;
    let receipt = given.receipt.as_deref();
    let proof = store.prove(&files.brought(), receipt)?;
    let proof = proof.with_context(|| unknown(receipt))?;
    let record = store.case(proof.case)?.context("the case is gone")?;
    let page = proof.files.first().and_then(|page| page.content);
    let mut contents = record.snapshots.iter();
    let signed = contents.find(|(hash, _)| Some(*hash) == page);
    let forms = signed.map(|(_, signed)| forms_named(signed, files.page()));
    let (signed, on_page) = forms.unwrap_or_default();
    let report = files.report(&record.summary, &proof, FormsNamed { signed, on_page });
    if as_json {
        writeln!(out, "{}", json!(report))?;
    } else {
        writeln!(out, "{report}")?;
    }
    if !report.holds {
        bail!(
            "{}: not everything is as it was signed",
            report.receipt_number
        );
    }
    Ok(())
}

fn unknown(receipt: Option<&str>) -> String {
    match receipt {
        Some(number) => format!("no filing here has the receipt number {number}"),
        None => "no filing here was signed on this page: it was altered, or belongs to another head office; \
                 --receipt NUMBER says which filing it should be of, and what differs"
            .to_owned(),
    }
}
