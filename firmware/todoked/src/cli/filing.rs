//! Filings of this counter: found again, and a page proved.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use case_archive::ArchiveQuery;
use clap::Args;
use counter_domain::ids::{BlobHash, StaffId};
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
        store.close()?;
        let number = record.summary.receipt_number.unwrap_or_default();
        let flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
        if self.json {
            print_json(&json!({
                "case": case, "receipt_number": number, "page": page,
                "state": record.summary.state, "flaws": flaws,
            }))?;
        } else if flaws.is_empty() {
            print_line(&format!(
                "{number}: page, content, signature and history belong together"
            ))?;
        }
        if flaws.is_empty() {
            Ok(())
        } else {
            bail!("{}", flaws.join("; "))
        }
    }
}
