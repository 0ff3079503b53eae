//! Filings of this counter: found again, and a page proved.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use case_archive::{ArchiveQuery, BroughtFiles, Flawed, FormsNamed, unless_damaged};
use clap::Args;
use counter_domain::ids::StaffId;
use counter_forms::filing::forms_named;
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
///
/// With `--signature` and `--content` also those files, as `todoke case export` writes them. An altered
/// file belongs to no filing by itself: `--receipt`, or another file of the same filing, says where it
/// should belong, and then what differs is told.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// The PDF.
    file: PathBuf,
    /// Strokes of its signature.
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// Its signed content, JSON.
    #[arg(long, value_name = "FILE")]
    content: Option<PathBuf>,
    /// Receipt number of the filing they are said to be of.
    #[arg(long, value_name = "NUMBER")]
    receipt: Option<String>,
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
            let flaws = unless_damaged(store.filing_flaws(*case))?;
            if flaws.as_ref().is_some_and(Vec::is_empty) {
                continue;
            }
            // A connection that met a damaged place reads nothing any more.
            store = self::store(&self.data)?;
            if self.mend {
                asked += unless_damaged(store.mend_filing(*case))?.unwrap_or_default();
            }
            let record = unless_damaged(store.case(*case))?.flatten();
            let number = record.and_then(|record| record.summary.receipt_number);
            flawed.push(Flawed::new(*case, number, flaws.as_deref()));
            store = self::store(&self.data)?;
        }
        store.close()?;
        if self.json {
            print_json(&json!({
                "filings": cases.len(), "flawed": flawed, "asked_anew": asked,
            }))?;
        } else {
            for one in &flawed {
                print_line(&one.to_string())?;
            }
            print_line(&format!("{} filings, {} flawed", cases.len(), flawed.len()))?;
        }
        verdict(flawed.len(), self.mend.then_some(asked))
    }
}

/// Ends with an error that says what to do, unless all is whole; `asked` after mending.
fn verdict(flawed: usize, asked: Option<usize>) -> Result<()> {
    match (flawed, asked) {
        (0, _) => Ok(()),
        (_, None) => bail!(
            "{flawed} filings are flawed; --mend asks head office for their pages and signatures"
        ),
        (_, Some(0)) => bail!(
            "{flawed} filings are flawed in what cannot be asked for; head office has its own copy (`todoke-hub archive check`), and sets the counter up anew with a code (`todoke-hub device recover`)"
        ),
        (_, Some(asked)) => bail!(
            "{asked} pages and signatures are asked for anew; check again after the next contact with head office"
        ),
    }
}

impl Verify {
    pub(super) fn run(self) -> Result<()> {
        let (signature, content) = (self.signature.as_deref(), self.content.as_deref());
        let files = BroughtFiles::read(&self.file, signature, content)?;
        let store = store(&self.data)?;
        let receipt = self.receipt.as_deref();
        let proof = store.prove(&files.brought(), receipt)?;
        let proof = proof.with_context(|| unknown(receipt))?;
        let record = store.case(proof.case)?.context("the case is not here")?;
        let signed = match proof.files.first().and_then(|page| page.content) {
            Some(hash) => store.snapshot(proof.case, hash)?,
            None => None,
        };
        store.close()?;
        let forms = signed.map(|signed| forms_named(&signed, files.page()));
        let (signed, on_page) = forms.unwrap_or_default();
        let report = files.report(&record.summary, &proof, FormsNamed { signed, on_page });
        if self.json {
            print_json(&json!(report))?;
        } else {
            print_line(&report.to_string())?;
        }
        if !report.holds {
            bail!(
                "{}: not everything is as it was signed",
                report.receipt_number
            );
        }
        Ok(())
    }
}

fn unknown(receipt: Option<&str>) -> String {
    match receipt {
        Some(number) => format!("no filing here has the receipt number {number}"),
        None => "no filing here was signed on this page: it was altered, or was signed at another counter; \
                 --receipt NUMBER says which filing it should be of, and what differs"
            .to_owned(),
    }
}
