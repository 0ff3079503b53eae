//! `handover export`, `audit verify` and `status`.

use std::io::Write;

use anyhow::{Result, bail};
use hub_store::{Actor, HubStore};
use serde_json::json;

use super::device;
use crate::administration::Hub;
use crate::clock::Clock;
use crate::export;
use crate::folder::Folder;

pub(super) fn hand_over(
    folder: &Folder,
    clock: &Clock,
    since: Option<&str>,
    by: &Actor,
    as_json: bool,
    out: &mut impl Write,
) -> Result<()> {
    let mut store = folder.store(clock)?;
    let file = export::write(
        &mut store,
        by,
        &folder.hand_over(),
        clock.unix_ms(),
        |row| {
            let accepted = crate::clock::in_japan(row.accepted_unix_ms, "%Y-%m-%d");
            since.is_none_or(|since| accepted.as_str() >= since)
        },
    )?;
    let place = file.map(|file| folder.hand_over().join(file));
    if as_json {
        writeln!(out, "{}", json!({"file": place}))?;
    } else if let Some(place) = place {
        writeln!(out, "{}", place.display())?;
    } else {
        bail!("nothing to hand over");
    }
    Ok(())
}

pub(super) fn audit_verify(store: &HubStore, as_json: bool, out: &mut impl Write) -> Result<()> {
    let chains = store.audit_verify()?;
    let broken = chains
        .iter()
        .filter(|chain| chain.broken_at.is_some())
        .count();
    if as_json {
        let list: Vec<_> = chains
            .iter()
            .map(|one| json!({"device": one.device, "entries": one.entries, "broken_at": one.broken_at}))
            .collect();
        writeln!(out, "{}", json!({"whole": broken == 0, "chains": list}))?;
    } else {
        for one in &chains {
            let state = one
                .broken_at
                .map_or_else(|| "whole".to_owned(), |at| format!("broken at entry {at}"));
            writeln!(out, "{}\t{} entries\t{state}", one.device, one.entries)?;
        }
    }
    if broken > 0 {
        bail!("{broken} of {} logs are broken", chains.len());
    }
    Ok(())
}

/// Signatures and forms on their way are counted up to here.
const BLOBS_COUNTED_MAX: usize = 10_000;

pub(super) fn status(hub: &Hub, as_json: bool, out: &mut impl Write) -> Result<()> {
    let store = &hub.store;
    let datasets = sync_engine::Store::datasets(store)?;
    let datasets: serde_json::Map<_, _> = datasets
        .into_iter()
        .map(|one| (one.name, json!(one.version)))
        .collect();
    let devices: Vec<_> = store.fleet()?.iter().map(device::in_json).collect();
    let state = json!({
        "city": hub.city,
        "version": env!("CARGO_PKG_VERSION"),
        "waiting": store.queue()?.len(),
        "to_hand_over": store.hand_over_pending()?.len(),
        "quarantined": store.quarantine()?.len(),
        "blobs_missing": sync_engine::Store::blobs_wanted(store, BLOBS_COUNTED_MAX)?.len(),
        "devices": devices,
        "datasets": datasets,
    });
    if as_json {
        writeln!(out, "{state}")?;
    } else {
        writeln!(out, "{state:#}")?;
    }
    Ok(())
}
