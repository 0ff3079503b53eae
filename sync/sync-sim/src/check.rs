//! What must hold.

use anyhow::{Context as _, Result, bail, ensure};
use counter_domain::ids::CaseId;
use counter_domain::snapshot::Snapshot;
use sync_engine::{Store as _, WantedBlob};
use sync_protocol::CellValue;

use crate::moves;
use crate::office::{Office, Room};
use crate::truth::{Cells, Truth, cells_of};
use crate::world::World;

/// A site holds exactly what it acknowledged.
pub(crate) fn own_records<S: Room>(office: &mut Office<S>, truth: &Truth) -> Result<()> {
    let site = office.peer.site;
    let cells = cells_of(office.store()?, site)?;
    let nothing = Cells::new();
    let known = truth.sites.get(&site).map_or(&nothing, |site| &site.cells);
    let unknown = cells.keys().any(|key| !known.contains_key(key));
    ensure!(!unknown, "a record is there that nobody wrote");
    for ((table, key), value) in known {
        let place = (table.clone(), key.clone());
        let same = match cells.get(&place) {
            Some(here) => here == value,
            None if truth.may_be_gone(key, &office.peer.branch) => true,
            // Two counters that sign the same content write the same row; it counts as one's.
            None => office.store()?.holds(table, key)?,
        };
        ensure!(same, "an acknowledged record is gone or changed: {table}");
    }
    Ok(())
}

/// Whether everybody holds everything that is theirs to hold.
pub(crate) fn has_settled(world: &mut World) -> Result<bool> {
    if world.recoveries.are_under_way() || !moves::have_settled(world)? {
        return Ok(false);
    }
    let hub = world.hub.store()?;
    let held = hub.vector()?;
    let heads = hub.stream_heads()?;
    let lost = &world.truth.lost_blobs;
    let all_lost = |wanted: Vec<WantedBlob>| wanted.iter().all(|one| lost.contains(&one.hash));
    if !all_lost(hub.blobs_wanted(usize::MAX)?) {
        return Ok(false);
    }
    let there = world.hub.peer.clone();
    for counter in &mut world.counters {
        let store = counter.store()?;
        if store.is_restored() {
            return Ok(false);
        }
        let site = store.site();
        let theirs = store.vector()?;
        let same = theirs.get(&site) == held.get(&site)
            && held
                .iter()
                .all(|(site, through)| theirs.get(site).unwrap_or(&0) >= through)
            && store.stream_heads()?.get(&site) == heads.get(&site);
        let blobs_here = all_lost(store.blobs_wanted_of(&there, usize::MAX)?);
        if !same || store.sending()?.waiting > 0 || !blobs_here {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Everything that must hold once everything has come together.
pub(crate) fn at_the_end(world: &mut World) -> Result<()> {
    own_records(&mut world.hub, &world.truth).context("head office")?;
    for counter in &mut world.counters {
        own_records(counter, &world.truth).context("a counter")?;
    }
    hub_has_everything(world)?;
    crate::recovery::nothing_is_lost(world)?;
    let cases: Vec<(CaseId, String)> = world
        .truth
        .branches
        .iter()
        .map(|(case, branch)| (*case, branch.clone()))
        .collect();
    for (case, branch) in cases {
        case_is_the_same_everywhere(world, case, &branch)?;
        moves::copies_are_gone(world, case)?;
    }
    lists_are_the_same(world)?;
    chains_are_whole(world)?;
    nothing_waits(world)
}

/// A step that a successor told again names another device.
fn is_same(table: &str, there: &CellValue, value: &CellValue) -> bool {
    let step = |value: &CellValue| match value {
        CellValue::Blob(doc) => {
            let step = serde_json::from_slice::<serde_json::Map<_, serde_json::Value>>(doc);
            step.ok().map(|mut step| {
                step.remove("device");
                step
            })
        }
        CellValue::Null | CellValue::Integer(_) | CellValue::Text(_) => None,
    };
    there == value || (table == "case_event" && step(there) == step(value))
}

fn hub_has_everything(world: &mut World) -> Result<()> {
    let hub = world.hub.store()?;
    let mut here = Cells::new();
    for site in hub.vector()?.into_keys() {
        here.extend(cells_of(hub, site)?);
    }
    for counter in &world.counters {
        let site = counter.peer.site;
        if let Some(known) = world.truth.sites.get(&site) {
            let missing = known.cells.iter().find(|(key, value)| {
                !here
                    .get(key)
                    .is_some_and(|there| is_same(&key.0, there, value))
            });
            ensure!(
                missing.is_none(),
                "head office lacks an acknowledged record of a counter"
            );
        }
    }
    if let Some(aside) = hub.quarantine()?.first() {
        bail!("a good batch was kept aside: {}", aside.reason);
    }
    let mut numbers: Vec<String> = hub
        .cases(usize::MAX)?
        .into_iter()
        .map(|row| row.receipt_number)
        .collect();
    let count = numbers.len();
    numbers.sort();
    numbers.dedup();
    ensure!(numbers.len() == count, "two cases have one receipt number");
    Ok(())
}

fn case_is_the_same_everywhere(world: &mut World, case: CaseId, branch: &str) -> Result<()> {
    let hub = world.hub.store()?;
    let Some(record) = hub.case(case)? else {
        ensure!(false, "head office lacks a case");
        return Ok(());
    };
    for (hash, snapshot) in &record.snapshots {
        let same = Snapshot::hash_of(&snapshot.to_bytes()?) == *hash;
        ensure!(same, "a signed snapshot changed");
    }
    let submitted = record.summary.submitted.len();
    ensure!(
        record.snapshots.len() == submitted,
        "a signed snapshot is missing"
    );
    for blob in &record.blobs {
        if world.truth.lost_blobs.contains(&blob.hash.0) && !blob.complete {
            continue;
        }
        ensure!(blob.complete, "a blob is missing at head office");
        let bytes = hub.blob(blob.hash)?.context("a blob is missing")?;
        let same = *blake3::hash(&bytes).as_bytes() == blob.hash.0;
        ensure!(same, "a blob changed");
    }
    // Where nobody settled it yet, everybody names the same one.
    let holder = record.branch.as_ref().map_or(branch, |held| held.as_str());
    for counter in &mut world.counters {
        let here = counter.store()?.case(case)?;
        let own = &counter.peer.branch;
        if own != holder {
            let never = !world.truth.concerns(case, own);
            ensure!(
                !never || here.is_none(),
                "a counter has a case of another branch"
            );
            let whole = here.filter(|here| here.summary.receipt_number.is_some());
            let held = whole.and_then(|here| here.summary.branch);
            ensure!(
                held.is_none_or(|held| held.as_str() == holder),
                "a branch that gave a case away names another holder"
            );
            continue;
        }
        let here = here.context("a counter lacks a case of its branch")?;
        ensure!(here.events == record.events, "a history differs");
        ensure!(here.draft == record.draft, "fields differ");
        ensure!(here.summary == record.summary, "a state differs");
    }
    Ok(())
}

fn lists_are_the_same(world: &mut World) -> Result<()> {
    let desk = world.hub.store()?.cases(usize::MAX)?;
    for counter in &mut world.counters {
        let branch = counter.peer.branch.clone();
        let board = counter.store()?.board(usize::MAX)?;
        let of_branch = desk.iter().filter(|row| row.branch.as_str() == branch);
        let own: Vec<_> = board
            .into_iter()
            .filter(|row| row.branch.as_str() == branch)
            .collect();
        ensure!(
            of_branch.count() == own.len(),
            "a board shows too few or too many"
        );
        for row in own {
            let there = desk.iter().find(|there| there.case == row.case);
            let there = there.context("a board shows an unknown case")?;
            let same = there.state == row.state
                && there.receipt_number == row.receipt_number
                && there.persons == row.persons
                && there.to_check == row.to_check
                && there.branch == row.branch;
            ensure!(same, "a board and the desk show a case differently");
            ensure!(row.at_head_office, "a case is not shown as safe");
        }
    }
    Ok(())
}

fn chains_are_whole(world: &mut World) -> Result<()> {
    let hub = world.hub.store()?;
    for chain in hub.audit_verify()? {
        ensure!(chain.broken_at.is_none(), "an audit chain is broken");
    }
    let heads = hub.stream_heads()?;
    for counter in &mut world.counters {
        let store = counter.store()?;
        let site = store.site();
        let own = store.stream_heads()?.get(&site).copied();
        let there = heads.get(&site).copied();
        ensure!(
            there == own,
            "an audit log is not complete: {site} has {own:?}, head office {there:?}"
        );
    }
    Ok(())
}

fn nothing_waits(world: &mut World) -> Result<()> {
    let published = world.hub.store()?.datasets()?;
    for counter in &mut world.counters {
        let store = counter.store()?;
        ensure!(store.sending()?.waiting == 0, "something waits to be sent");
        ensure!(store.datasets()? == published, "a dataset is missing");
    }
    Ok(())
}
