//! The way out of the product: filings in open formats that any program can read.
//!
//! ```text
//! FOLDER/manifest.csv                       one line a file: path, SHA-256, bytes, case, receipt number
//! FOLDER/2026/12-260401-001-3/
//!        filing.json       the signed content and the history of the case
//!        form-….pdf        the page, as signed (PDF/A)
//!        signature-….json  the strokes: points in 1/100 mm with time and pressure
//!        scan-….…          scans, as far as the case has them
//! ```
//! A folder is written beside its name and renamed at the end: one that is there is whole. A
//! filing with somebody under protection is left out and counted: head office hands it over by hand.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use case_archive::ArchiveQuery;
use counter_domain::ids::CaseId;
use hub_store::{CaseRecord, HubStore};
use replica::BlobKind;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::folder::private_file;

/// Filings read at a time.
const PAGE: usize = 500;

/// What an export did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Exported {
    /// Filings written.
    pub(crate) written: usize,
    /// Filings left out because somebody in them is under protection.
    pub(crate) protected: usize,
    /// Receipt numbers of filings written as far as they are whole here.
    pub(crate) flawed: Vec<String>,
}

/// Writes the filings of a period, first and last day.
///
/// # Errors
/// When the folder exists, the disk is full or the database cannot be read; nothing is left then.
pub(crate) fn write(
    store: &HubStore,
    folder: &Path,
    (from, to): (Option<&str>, Option<&str>),
) -> Result<Exported> {
    if folder.exists() {
        bail!("{} exists; name a new folder", folder.display());
    }
    let mut beside = folder.as_os_str().to_owned();
    beside.push(".part");
    let beside = Path::new(&beside);
    if beside.exists() {
        bail!(
            "{} is left from an export that was cut off; delete it first",
            beside.display()
        );
    }
    fs::create_dir_all(beside).with_context(|| format!("cannot make {}", beside.display()))?;
    let query = ArchiveQuery {
        from: from.map(ToOwned::to_owned),
        to: to.map(ToOwned::to_owned),
        ..ArchiveQuery::new("", PAGE)?
    };
    let written = write_all(store, beside, query).and_then(|done| {
        fs::rename(beside, folder)?;
        Ok(done)
    });
    if written.is_err() {
        fs::remove_dir_all(beside).ok();
    }
    written
}

fn write_all(store: &HubStore, folder: &Path, mut query: ArchiveQuery) -> Result<Exported> {
    let mut manifest = csv::Writer::from_writer(private_file(&folder.join("manifest.csv"))?);
    manifest.write_record(["path", "sha256", "bytes", "case", "receipt_number"])?;
    let mut done = Exported::default();
    loop {
        let found = store.find_filings(&query)?;
        for filing in &found.filings {
            if filing.protected {
                done.protected += 1;
                continue;
            }
            let year = filing.filed_on.get(..4).unwrap_or("0000");
            let name = format!("{year}/{}", file_name(&filing.receipt_number, filing.case));
            let record = store.case(filing.case)?.context("a filed case is gone")?;
            fs::create_dir_all(folder.join(&name))?;
            for (file, bytes) in files(store, &record)? {
                let path = format!("{name}/{file}");
                put(&folder.join(&path), &bytes)?;
                let length = bytes.len().to_string();
                let (case, number) = (filing.case.to_string(), &filing.receipt_number);
                manifest.write_record([&path, &sha256(&bytes), &length, &case, number])?;
            }
            if !store.filing_flaws(filing.case)?.is_empty() {
                done.flawed.push(filing.receipt_number.clone());
            }
            done.written += 1;
        }
        match found.next {
            Some(next) => query.before = Some(next),
            None => break,
        }
    }
    manifest.flush()?;
    let file = manifest
        .into_inner()
        .map_err(csv::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(done)
}

/// Receipt numbers are unique within a city's counters, but not by law: the case makes sure.
fn file_name(receipt_number: &str, case: CaseId) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    let number: String = receipt_number.chars().filter(plain).collect();
    let case: String = case.to_string().chars().filter(plain).collect();
    let tail: String = case.chars().rev().take(6).collect();
    format!("{number}-{}", tail.chars().rev().collect::<String>())
}

fn files(store: &HubStore, record: &CaseRecord) -> Result<Vec<(String, Vec<u8>)>> {
    let content: Vec<_> = record
        .snapshots
        .iter()
        .map(|(hash, snapshot)| json!({"hash": hash, "content": snapshot}))
        .collect();
    let filing = json!({"case": record.case, "branch": record.branch, "signed": content, "events": record.events});
    let mut files = vec![(
        "filing.json".to_owned(),
        serde_json::to_vec_pretty(&filing)?,
    )];
    for blob in record.blobs.iter().filter(|blob| blob.complete) {
        let Some(bytes) = store.blob(blob.hash)? else {
            continue;
        };
        let short: String = blob.hash.to_string().chars().take(12).collect();
        files.push(match blob.what.kind {
            BlobKind::Form => (format!("form-{short}.pdf"), bytes),
            BlobKind::Signature => (format!("signature-{short}.json"), bytes),
            BlobKind::Scan | BlobKind::Other => (
                format!("scan-{short}.{}", ending(&blob.what.media_type)),
                bytes,
            ),
        });
    }
    Ok(files)
}

fn ending(media_type: &str) -> &'static str {
    match media_type {
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/tiff" => "tif",
        "application/pdf" => "pdf",
        _ => "bin",
    }
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file: File = private_file(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
