//! Accepted cases out of the store and into hand-over files.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use counter_domain::ids::CaseId;
use handover_adapters::Names;
use hub_store::{Actor, AuditAction, HandOverRow, HubStore};

use crate::clock::in_japan;
use crate::hand_over::adapters::{self, Adapters};
use crate::hand_over::{
    HandOverCase, HandOverFiles, Sheet, is_procedure_request, is_request, procedure_rows,
    request_rows, rows, write_files,
};

/// Writes every pending case that `wanted` lets through, notes it in the cases, and returns the
/// name of the file; `None` when there was nothing to write. Cases with a protected person stay.
///
/// # Errors
/// When the folder or the database cannot be written. Files already written stay; writing the
/// cases again gives rows with the same keys.
pub(crate) fn write(
    store: &mut HubStore,
    by: &Actor,
    folder: &Path,
    now_ms: u64,
    wanted: impl Fn(&HandOverRow) -> bool,
) -> Result<Option<String>> {
    let pending = store.hand_over_pending()?.into_iter();
    let pending = pending.filter(wanted).collect();
    let Some((file, written)) = files(store, folder, now_ms, pending)? else {
        return Ok(None);
    };
    store.handed_over(&written, by, &file)?;
    Ok(Some(file))
}

/// Writes cases again that were handed over before, into files of a new name with the same keys;
/// nothing changes in the cases.
///
/// # Errors
/// When the folder or the database cannot be written.
pub(crate) fn write_again(
    store: &mut HubStore,
    by: &Actor,
    folder: &Path,
    now_ms: u64,
    cases: Vec<HandOverRow>,
) -> Result<Option<String>> {
    let Some((file, written)) = files(store, folder, now_ms, cases)? else {
        return Ok(None);
    };
    for case in written {
        store.audit(&by.id(), AuditAction::HandedOver, Some(case))?;
    }
    Ok(Some(file))
}

/// Writes the files of cases: name of the first of them, and who is in them.
fn files(
    store: &HubStore,
    folder: &Path,
    now_ms: u64,
    cases: Vec<HandOverRow>,
) -> Result<Option<(String, Vec<CaseId>)>> {
    let (mut persons, mut certificates) = (Vec::new(), Vec::new());
    let mut procedures = Vec::new();
    let mut written = Vec::new();
    for row in cases.into_iter().filter(|row| !row.protected) {
        let handed = hand_over_case(store, row)?;
        let (own, sheet) = if is_procedure_request(&handed) {
            (procedure_rows(&handed), &mut procedures)
        } else if is_request(&handed) {
            (request_rows(&handed), &mut certificates)
        } else {
            (rows(&handed), &mut persons)
        };
        if !own.is_empty() {
            sheet.extend(own);
            written.push(handed);
        }
    }
    if written.is_empty() {
        return Ok(None);
    }
    let name = file_name(now_ms)?;
    let choices = crate::characters::published(store)?;
    let gaiji = crate::gaiji::published(store)?;
    let names = Names {
        choices: &choices,
        gaiji: Some(&gaiji),
    };
    let adapters = Adapters::load(&adapters::folder_of(folder))?;
    for name in adapters.broken.keys() {
        tracing::error!(event = "adapter_broken", name, "an adapter is left out");
    }
    fs::create_dir_all(folder).context("cannot make the hand-over folder")?;
    for (ending, bytes) in adapters.files(&written, names)? {
        put_whole(folder, &format!("{name}.{ending}"), &bytes)?;
    }
    if !certificates.is_empty() {
        let files = write_files(Sheet::Certificates, &certificates, names)?;
        put(folder, &format!("{name}.certificates"), &files)?;
    }
    if !procedures.is_empty() {
        let files = write_files(Sheet::Procedures, &procedures, names)?;
        put(folder, &format!("{name}.procedures"), &files)?;
    }
    let files = write_files(Sheet::Persons, &persons, names)?;
    put(folder, &name, &files)?;
    let written = written.iter().map(|handed| handed.case).collect();
    Ok(Some((format!("{name}.csv"), written)))
}

fn hand_over_case(store: &HubStore, row: HandOverRow) -> Result<HandOverCase> {
    let record = store.case(row.case)?.context("a pending case is gone")?;
    let position = record
        .summary
        .submitted
        .iter()
        .position(|hash| *hash == row.snapshot_hash);
    Ok(HandOverCase {
        case: row.case,
        version: position.context("the accepted content was never submitted")? + 1,
        branch: row.branch,
        accepted_on: in_japan(row.accepted_unix_ms, "%Y-%m-%d"),
        snapshot: row.snapshot,
    })
}

fn file_name(now_ms: u64) -> Result<String> {
    let mut random = [0_u8; 2];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let day = in_japan(now_ms, "%Y%m%d-%H%M%S");
    Ok(format!("handover-{day}-{:04x}", u16::from_be_bytes(random)))
}

/// The UTF-8 file comes last: whoever watches the folder for it finds the others already there.
fn put(folder: &Path, name: &str, files: &HandOverFiles) -> Result<()> {
    fs::create_dir_all(folder).context("cannot make the hand-over folder")?;
    if let Some(bytes) = &files.unrepresentable {
        put_whole(folder, &format!("{name}.unrepresentable.csv"), bytes)?;
    }
    if let Some(bytes) = &files.replaced {
        put_whole(folder, &format!("{name}.replaced.csv"), bytes)?;
    }
    put_whole(folder, &format!("{name}.sjis.csv"), &files.shift_jis)?;
    put_whole(folder, &format!("{name}.csv"), &files.utf8)
}

/// Writes beside the place, syncs and renames: a file that is there is whole.
fn put_whole(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let beside = folder.join(format!(".{name}.part"));
    let mut file = crate::folder::private_file(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, folder.join(name))?;
    File::open(folder)?.sync_all()?;
    Ok(())
}
