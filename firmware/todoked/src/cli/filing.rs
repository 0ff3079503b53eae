//! Filings of this counter: found again, and a page proved.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use case_archive::ArchiveQuery;
use clap::Args;
use counter_domain::case::{CaseEvent, CaseStep};
use counter_domain::ids::{BlobHash, SnapshotHash, StaffId};
use counter_forms::filing::Versions;
use counter_store::CounterStore;
use replica::AuditAction;
use serde_json::json;

use crate::cli::{print_json, print_line};
use crate::serve::open_store;
use crate::settings::{DataFolder, Settings};

/// Filings shown when nobody says how many.
const LIMIT: usize = 50;

/// Finds filings taken in at this counter, without a line; the search is written to the audit log.
#[derive(Debug, Args)]
pub(super) struct Find {
    /// Words that must all fit: names, readings, birth dates, receipt numbers, addresses.
    words: String,
    /// Folder of the counter's data.
    #[arg(long)]
    data: PathBuf,
    /// Only this event, for example `move_in`.
    #[arg(long)]
    kind: Option<String>,
    /// Filed on this day or later, ISO 8601.
    #[arg(long)]
    from: Option<String>,
    /// Filed on this day or earlier, ISO 8601.
    #[arg(long)]
    to: Option<String>,
    /// One JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

/// Checks every filing here; exit status 1 when one is flawed.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Folder of the counter's data.
    #[arg(long)]
    data: PathBuf,
    /// Asks head office anew for pages and signatures that are damaged or missing here.
    #[arg(long)]
    mend: bool,
    /// One JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

/// Proves that a PDF is the page a resident signed here, with its data, signature and history.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// The PDF.
    file: PathBuf,
    /// Folder of the counter's data.
    #[arg(long)]
    data: PathBuf,
    /// One JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

fn store(data: &Path) -> Result<CounterStore> {
    let folder = DataFolder::new(data);
    let settings = Settings::read(&folder)?;
    if !folder.database().exists() {
        bail!("{} has no database yet", data.display());
    }
    open_store(&folder, &settings)
}

impl Find {
    pub(super) fn run(self) -> Result<()> {
        let words = ArchiveQuery::new(&self.words, LIMIT).context("the query")?;
        let query = ArchiveQuery {
            kind: self.kind,
            from: self.from,
            to: self.to,
            ..words
        };
        let mut store = store(&self.data)?;
        let by = StaffId::from("command-line");
        store.audit(&by, AuditAction::ArchiveSearched, None)?;
        let found = store.find_filings(&query)?;
        store.close()?;
        if found.filings.is_empty() {
            bail!("no filing fits");
        }
        // As on the board: nobody under protection is named where others may look on.
        let names = |one: &case_archive::Filing| {
            if one.protected {
                Vec::new()
            } else {
                one.persons.clone()
            }
        };
        if self.json {
            let filings: Vec<_> = found
                .filings
                .iter()
                .map(|one| {
                    json!({
                        "case": one.case, "receipt_number": one.receipt_number, "kind": one.kind,
                        "filed_on": one.filed_on, "state": one.state, "staff": one.staff,
                        "persons": names(one), "protected": one.protected,
                    })
                })
                .collect();
            return print_json(&json!({"filings": filings, "more": found.next.is_some()}));
        }
        for one in &found.filings {
            let (day, number, kind) = (&one.filed_on, &one.receipt_number, &one.kind);
            print_line(&format!(
                "{day}\t{number}\t{kind}\t{}",
                names(one).join(" ")
            ))?;
        }
        Ok(())
    }
}

impl Check {
    pub(super) fn run(self) -> Result<()> {
        let mut store = store(&self.data)?;
        let cases = store.filed_cases()?;
        let (mut flawed, mut asked) = (Vec::new(), 0);
        for case in &cases {
            let flaws = store.filing_flaws(*case)?;
            if flaws.is_empty() {
                continue;
            }
            if self.mend {
                asked += store.mend_filing(*case)?;
            }
            let flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
            flawed.push((*case, flaws));
        }
        store.close()?;
        if self.json {
            let list = flawed.iter();
            let list: Vec<_> = list
                .map(|(case, flaws)| json!({ "case": case, "flaws": flaws }))
                .collect();
            print_json(&json!({
                "filings": cases.len(), "flawed": list, "asked_anew": asked,
            }))?;
        } else {
            for (case, flaws) in &flawed {
                print_line(&format!("{case}\t{}", flaws.join("; ")))?;
            }
            print_line(&format!("{} filings, {} flawed", cases.len(), flawed.len()))?;
        }
        match (flawed.len(), asked) {
            (0, _) => Ok(()),
            (count, 0) => {
                bail!("{count} filings are flawed; --mend asks head office for their pages")
            }
            (_, asked) => bail!(
                "{asked} pages and signatures are asked for anew; check again after the next contact with head office"
            ),
        }
    }
}

/// The content that was signed with this page.
fn signed_on(events: &[CaseEvent], page: BlobHash) -> Option<SnapshotHash> {
    events.iter().find_map(|event| {
        let CaseStep::Signed { snapshot, form, .. } = &event.what else {
            return None;
        };
        (*form == page).then_some(*snapshot)
    })
}

impl Verify {
    pub(super) fn run(self) -> Result<()> {
        let bytes =
            fs::read(&self.file).with_context(|| format!("cannot read {}", self.file.display()))?;
        let page = BlobHash(*blake3::hash(&bytes).as_bytes());
        let store = store(&self.data)?;
        let case = store.filing_of_form(page)?.context(
            "no filing here was signed on this page: it was altered, or was signed at another counter",
        )?;
        let flaws = store.filing_flaws(case)?;
        let record = store.case(case)?.context("the case is not here")?;
        let signed = signed_on(&record.events, page);
        let snapshot = match signed {
            Some(hash) => store.snapshot(case, hash)?,
            None => None,
        };
        store.close()?;
        let number = record.summary.receipt_number.unwrap_or_default();
        let mut flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
        let versions = snapshot.map(|snapshot| Versions::of(&snapshot, &bytes));
        let versions = versions.unwrap_or_default();
        flaws.extend(versions.flaw());
        if self.json {
            print_json(&json!({
                "case": case, "receipt_number": number, "page": page,
                "state": record.summary.state, "forms": versions.signed,
                "forms_on_page": versions.on_page, "flaws": flaws,
            }))?;
        } else if flaws.is_empty() {
            print_line(&format!(
                "{number}: page, content, signature and history belong together"
            ))?;
            print_line(&versions.said())?;
        }
        if flaws.is_empty() {
            Ok(())
        } else {
            bail!("{}", flaws.join("; "))
        }
    }
}
