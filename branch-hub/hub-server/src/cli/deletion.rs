//! `archive delete|deletions|certificate|retention`: filings whose time is over.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use counter_domain::event::Event;
use hub_store::{Actor, CERTIFICATE_WORD, Deleting, DeletionStage, DueFiling, DueFilings};
use serde_json::{Value, json};

use crate::administration::Hub;
use crate::clock::{Clock, in_japan};
use crate::deletion;

/// Kind of a request for certificates, which is no event of the law.
const REQUEST: &str = "request";

/// Says what a list made today would hold.
pub(super) fn preview(hub: &Hub, clock: &Clock, as_json: bool, out: &mut impl Write) -> Result<()> {
    let today = in_japan(clock.unix_ms(), "%Y-%m-%d");
    let due = hub.store.deletion_due(&today)?;
    if as_json {
        return writeln!(out, "{}", told(hub, &today, &due)?).map_err(Into::into);
    }
    for one in &due.filings {
        let (day, number, kind) = (&one.filed_on, &one.receipt_number, &one.kind);
        writeln!(out, "{day}\t{number}\t{kind}\t{}", one.branch)?;
    }
    writeln!(
        out,
        "{} filings would be deleted, {} as old are not finished; nothing was changed",
        due.filings.len(),
        due.unfinished.len()
    )?;
    Ok(())
}

fn told(hub: &Hub, today: &str, due: &DueFilings) -> Result<Value> {
    let list = |filings: &[DueFiling]| -> Vec<Value> {
        let one = |one: &DueFiling| {
            json!({
                "case": one.case, "receipt_number": one.receipt_number, "kind": one.kind,
                "branch": one.branch, "filed_on": one.filed_on, "state": one.state,
            })
        };
        filings.iter().map(one).collect()
    };
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for one in &due.filings {
        *kinds.entry(&one.kind).or_default() += 1;
    }
    Ok(json!({
        "as_of": today, "retention_years": hub.store.retention()?, "due": due.filings.len(),
        "by_kind": kinds, "filings": list(&due.filings), "unfinished": list(&due.unfinished),
        "more": due.more,
    }))
}

/// Carries out what two people approved at the desk, and goes on with what was cut off.
pub(super) fn carry_out(hub: &mut Hub, out: &mut impl Write) -> Result<()> {
    let approved = |stage| matches!(stage, DeletionStage::Approved | DeletionStage::Overwritten);
    let runs = hub.store.deletions()?;
    let Some(run) = runs.into_iter().find(|run| approved(run.stage)) else {
        bail!("no list is approved by two people; it is made and approved at the desk");
    };
    let city = hub.city.clone();
    while deletion::go_on(&mut hub.store, &hub.authority, &city)? == Deleting::More {}
    let runs = hub.store.deletions()?;
    let after = runs.into_iter().find(|one| one.id == run.id);
    let after = after.context("the list is gone")?;
    writeln!(
        out,
        "list {}: {} deleted, {} kept, {} copies at counters not overwritten yet",
        after.id, after.deleted, after.kept, after.copies_waiting
    )?;
    if approved(after.stage) {
        bail!("somebody is reading the database; run this again for the certificate");
    }
    Ok(())
}

/// Every list, or the filings of one.
pub(super) fn list(hub: &Hub, run: Option<i64>, as_json: bool, out: &mut impl Write) -> Result<()> {
    let runs = hub.store.deletions()?;
    let Some(run) = run else {
        for one in &runs {
            let (id, as_of, stage) = (one.id, &one.as_of, stage_word(one.stage));
            if as_json {
                continue;
            }
            writeln!(
                out,
                "{id}\t{as_of}\t{stage}\t{} filings\t{} approvals",
                one.filings,
                one.approvals.len()
            )?;
        }
        if as_json {
            let lists: Vec<Value> = runs
                .iter()
                .map(|one| {
                    json!({
                        "run": one.id, "as_of": one.as_of, "stage": stage_word(one.stage),
                        "filings": one.filings, "deleted": one.deleted, "kept": one.kept,
                        "approvals": one.approvals.len(), "copies_waiting": one.copies_waiting,
                    })
                })
                .collect();
            writeln!(out, "{}", json!({ "lists": lists }))?;
        }
        return Ok(());
    };
    if !runs.iter().any(|one| one.id == run) {
        bail!("there is no list {run}");
    }
    let items = hub.store.deletion_items(run, usize::MAX)?;
    let mut lines = csv::Writer::from_writer(out);
    lines.write_record([
        "filed_on",
        "receipt_number",
        "kind",
        "branch",
        "deleted_on",
        "kept_because",
    ])?;
    for item in items {
        let deleted = item.deleted_unix_ms.map(|at| in_japan(at, "%Y-%m-%d"));
        lines.write_record([
            item.filed_on.as_str(),
            &item.receipt_number,
            &item.kind,
            item.branch.as_str(),
            &deleted.unwrap_or_default(),
            item.kept.as_ref().map_or("", |(why, _)| why),
        ])?;
    }
    Ok(lines.flush()?)
}

fn stage_word(stage: DeletionStage) -> &'static str {
    match stage {
        DeletionStage::Prepared => "prepared",
        DeletionStage::Approved => "approved",
        DeletionStage::Overwritten => "overwritten",
        DeletionStage::Certified => "certified",
        DeletionStage::Closed => "closed",
        DeletionStage::Dropped => "dropped",
    }
}

/// Writes the certificate and its signature, after checking one against the other.
pub(super) fn certificate(
    hub: &Hub,
    run: i64,
    file: Option<&Path>,
    out: &mut impl Write,
) -> Result<()> {
    let found = hub.store.deletion_certificate(run)?;
    let found = found.with_context(|| format!("list {run} has no certificate yet"))?;
    let signed = [CERTIFICATE_WORD, &found.text].concat();
    if !replica::is_signed(hub.authority.publishing_point(), &signed, &found.signature) {
        bail!("the certificate of list {run} was altered: its signature does not fit");
    }
    let Some(file) = file else {
        out.write_all(&found.text)?;
        return Ok(writeln!(out)?);
    };
    let write = |path: &Path, bytes: &[u8]| {
        fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
    };
    let mut signature = file.as_os_str().to_owned();
    signature.push(".sig");
    write(file, &found.text)?;
    write(Path::new(&signature), &found.signature)?;
    writeln!(out, "{} and its signature", file.display())?;
    Ok(())
}

/// Says how long filings are kept, or decides it for a kind.
pub(super) fn retention(
    hub: &mut Hub,
    (kind, years): (Option<&str>, Option<u16>),
    as_json: bool,
    out: &mut impl Write,
) -> Result<()> {
    if let Some(kind) = kind
        && Event::from_code(kind).is_none()
        && kind != REQUEST
    {
        bail!("{kind} is no kind of filing");
    }
    if let Some(years) = years {
        hub.store.set_retention(&Actor::System.id(), kind, years)?;
    }
    let retention = hub.store.retention()?;
    if as_json {
        return writeln!(out, "{}", json!(retention)).map_err(Into::into);
    }
    for (kind, years) in &retention.kinds {
        writeln!(out, "{kind}\t{years}")?;
    }
    writeln!(out, "others\t{}", retention.others)?;
    Ok(())
}
