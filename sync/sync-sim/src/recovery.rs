//! Counters whose database is replaced by an older copy, and that go on from it under a new site.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use counter_domain::hlc::Hlc;
use counter_domain::ids::{BlobHash, BranchCode, DeviceId};
use counter_store::{CounterStore, OldDatabase, RescueStep, Succession};
use hub_store::HubStore;
use replica::Surroundings;
use serde::Deserialize;
use sync_engine::Store as _;
use sync_protocol::{CellValue, SiteId};

use crate::disk::Files;
use crate::office::Office;
use crate::template::{HUB, Template};
use crate::truth::{Cells, cells_of};
use crate::world::World;

/// Between the site of a counter and the one that goes on for it.
const SITES_APART: u8 = 20;

/// Links of a log that are told at most.
const LINKS_MAX: u32 = 8192;

/// Longest a code is valid.
const CODE_MS: u64 = 1 << 40;

/// Copies of databases, and databases that were set aside.
#[derive(Debug, Default)]
pub(crate) struct Recoveries {
    copies: BTreeMap<usize, Files>,
    old: BTreeMap<usize, OldDatabase>,
    /// What sites had acknowledged that others go on for.
    rescued: Vec<Rescued>,
}

/// What a site had acknowledged.
#[derive(Debug)]
struct Rescued {
    old: SiteId,
    new: SiteId,
    branch: String,
    cells: Cells,
}

impl Recoveries {
    pub(crate) fn are_under_way(&self) -> bool {
        !self.old.is_empty()
    }
}

impl World {
    pub(crate) fn set_aside(&mut self, counter: usize) -> Result<()> {
        let office = self.counters.get_mut(counter).context("no such counter")?;
        let files = office.files()?;
        self.recoveries.copies.insert(counter, files);
        Ok(())
    }

    /// Puts the last copy back, while the counter goes on for nobody.
    pub(crate) fn put_back(&mut self, counter: usize) -> Result<()> {
        let office = self.counters.get_mut(counter).context("no such counter")?;
        let is_busy = self.recoveries.old.contains_key(&counter) || office.store()?.is_restored();
        let Some(files) = self.recoveries.copies.get(&counter).filter(|_| !is_busy) else {
            return Ok(());
        };
        let site = office.peer.site;
        office.power_off(files)?;
        office.power_on()?;
        let store = office.store()?;
        let cells = cells_of(store, site)?;
        let through = store.vector()?.get(&site).copied().unwrap_or(0);
        let hub = self.hub.store()?;
        let mut elsewhere = BTreeSet::new();
        for other in &mut self.counters {
            elsewhere.extend(
                other
                    .store()?
                    .board(usize::MAX)?
                    .into_iter()
                    .map(|row| row.case),
            );
        }
        self.truth.put_back(site, cells, through, |case| {
            Ok(hub.case(case)?.is_some() || elsewhere.contains(&case))
        })?;
        self.note_lost_blobs()?;
        self.sessions_end_at(counter);
        for line in self.lines.iter_mut().filter(|line| line.client == counter) {
            let was_up = line.up;
            line.cut();
            line.up = was_up;
        }
        Ok(())
    }

    /// What head office was told of and nobody has any more: it was on the lost disk only.
    fn note_lost_blobs(&mut self) -> Result<()> {
        for wanted in self.hub.store()?.blobs_wanted(usize::MAX)? {
            let mut is_somewhere = false;
            for other in &mut self.counters {
                is_somewhere |= other.store()?.blob(BlobHash(wanted.hash))?.is_some();
            }
            if !is_somewhere {
                self.truth.lost_blobs.insert(wanted.hash);
            }
        }
        Ok(())
    }

    /// Gives the counter a new identity, when it was told that its database is an older copy.
    pub(crate) fn recover(&mut self, counter: usize) -> Result<()> {
        let office = self.counters.get_mut(counter).context("no such counter")?;
        if !office.store()?.is_restored() || self.recoveries.old.contains_key(&counter) {
            return Ok(());
        }
        let old = office.peer.site;
        let log_after = office.store()?.log_acknowledged()?;
        let [first, ..] = old.0;
        let new = SiteId([first + SITES_APART; 16]);
        let hub = self.hub.store()?;
        let branch = BranchCode(office.peer.branch.clone());
        replace_at_hub(hub, &branch, old, new)?;
        let before = hub
            .predecessor(DeviceId(new.0), log_after, LINKS_MAX)?
            .context("head office does not know the device before")?;
        let database = begin_anew(office, old, new)?;
        let store = office.store()?;
        let aside = database.compared(Some(SiteId([HUB; 16])), log_after, &before.log)?;
        store.set_publishing_key(Template::get()?.publishing_point())?;
        let succession = Succession {
            of: before.device,
            held: before.held,
            generation: before.generation,
            old: Some(aside),
            rescued: None,
        };
        store.succeed(&succession, Some(&database))?;
        let known = self.truth.sites.remove(&old).unwrap_or_default();
        self.recoveries.rescued.push(Rescued {
            old,
            new,
            branch: branch.0,
            cells: known.cells,
        });
        self.truth.note(store)?;
        self.recoveries.old.insert(counter, database);
        self.recoveries.copies.remove(&counter);
        self.sessions_end_at(counter);
        Ok(())
    }

    /// What the daemon of a counter that goes on for another does beside its work.
    pub(crate) fn rescue_a_little(&mut self) -> Result<()> {
        let mut done = Vec::new();
        for (counter, old) in &self.recoveries.old {
            let office = self.counters.get_mut(*counter).context("no such counter")?;
            if office.full {
                continue;
            }
            let store = office.store()?;
            if store.rescue(old)? == RescueStep::Done {
                done.push(*counter);
            }
            self.truth.note(store)?;
        }
        for counter in done {
            self.recoveries.old.remove(&counter);
        }
        Ok(())
    }
}

fn begin_anew(office: &mut Office<CounterStore>, old: SiteId, new: SiteId) -> Result<OldDatabase> {
    let (path, key) = office.begin_anew(new)?;
    let around = Surroundings::new(|| 0, |bytes| bytes.fill(0));
    Ok(OldDatabase::open(&path, key, DeviceId(old.0), around)?)
}

fn replace_at_hub(hub: &mut HubStore, branch: &BranchCode, old: SiteId, new: SiteId) -> Result<()> {
    if hub.device(DeviceId(old.0))?.is_none() {
        let code = hub.issue_enrolment_code(branch, "架空 1番窓口", CODE_MS)?;
        hub.redeem_enrolment_code(
            &code,
            DeviceId(old.0),
            old.0.repeat(2).try_into().unwrap_or([0; 32]),
        )?;
    }
    let code = hub.issue_succession_code(DeviceId(old.0), CODE_MS)?;
    hub.redeem_enrolment_code(&code, DeviceId(new.0), [0; 32])?;
    Ok(())
}

#[derive(Deserialize)]
struct Stamped {
    at: Hlc,
}

fn stamp(value: &CellValue) -> Option<Hlc> {
    match value {
        CellValue::Blob(doc) => serde_json::from_slice::<Stamped>(doc)
            .ok()
            .map(|one| one.at),
        CellValue::Null | CellValue::Integer(_) | CellValue::Text(_) => None,
    }
}

/// Everything that a replaced site had acknowledged is at head office: a step, a signed content or
/// a blob under its own name, a field as it was last written by either site.
pub(crate) fn nothing_is_lost(world: &mut World) -> Result<()> {
    let hub = world.hub.store()?;
    let mut here = Cells::new();
    for site in hub.vector()?.into_keys() {
        here.extend(cells_of(hub, site)?);
    }
    for rescued in &world.recoveries.rescued {
        let branch = &rescued.branch;
        let cells = rescued.cells.iter();
        for ((table, key), value) in
            cells.filter(|((_, key), _)| !world.truth.may_be_gone(key, branch))
        {
            let place = (table.clone(), key.clone());
            if table != "draft" {
                ensure!(
                    here.contains_key(&place),
                    "head office lacks a record of a counter that was put back: {table}"
                );
                continue;
            }
            let again = (table.clone(), written_by(key, rescued.old, rescued.new));
            let newest = [&place, &again].into_iter().filter_map(|at| here.get(at));
            let newest = newest.filter_map(stamp).max();
            ensure!(
                newest >= stamp(value),
                "head office lacks a field of a counter that was put back"
            );
        }
    }
    Ok(())
}

/// The key of the same field of another writer: its id stands last.
fn written_by(key: &[u8], old: SiteId, new: SiteId) -> Vec<u8> {
    match key.strip_suffix(&old.0) {
        Some(start) => [start, &new.0[..]].concat(),
        None => key.to_vec(),
    }
}
