//! Counters whose database is replaced by an older copy, and that go on from it under a new site.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};
use counter_domain::hlc::Hlc;
use counter_domain::ids::{BlobHash, BranchCode, DeviceId};
use counter_store::{CounterStore, OldDatabase, RescueStep, Succession};
use hub_store::HubStore;
use replica::{DatabaseKey, Surroundings};
use serde::Deserialize;
use sync_engine::Store as _;
use sync_protocol::{CellValue, SiteId};

use crate::disk::Files;
use crate::faults::Twin;
use crate::office::Office;
use crate::template::{HUB, Template};
use crate::truth::{Cells, Site, cells_of};
use crate::world::World;

/// Between the site of a counter and the one that goes on for it.
const SITES_APART: u8 = 20;

/// Links of a log that are told at most.
pub(crate) const LINKS_MAX: u32 = 8192;

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

    /// Whether the database a counter had before is still being looked through.
    pub(crate) fn has_old(&self, counter: usize) -> bool {
        self.old.contains_key(&counter)
    }
}

impl World {
    pub(crate) fn set_aside(&mut self, counter: usize) -> Result<()> {
        let office = self.counters.get_mut(counter).context("no such counter")?;
        let files = office.files()?;
        self.recoveries.copies.insert(counter, files);
        Ok(())
    }

    /// Puts the last copy back, also in the middle of going on for another site.
    pub(crate) fn put_back(&mut self, counter: usize) -> Result<()> {
        let office = self.counters.get_mut(counter).context("no such counter")?;
        let is_known = office.store()?.is_restored();
        let copy = self.recoveries.copies.get(&counter);
        let Some(files) = copy.filter(|_| !is_known).cloned() else {
            return Ok(());
        };
        self.goes_back_to(counter, &files)
    }

    /// A counter starts from these files: what it wrote since is nowhere, unless it told others.
    pub(crate) fn goes_back_to(&mut self, counter: usize, files: &Files) -> Result<()> {
        let has_old = self.recoveries.has_old(counter);
        let office = self.office(counter)?;
        let site = office.peer.site;
        if successor_of(site).is_none() {
            return Ok(());
        }
        office.power_off(files)?;
        office.power_on()?;
        let store = office.store()?;
        // The daemon takes it from its certificate at every start; a lying disk may lack it.
        store.set_publishing_key(Template::get()?.publishing_point())?;
        let mut cells = cells_of(store, site)?;
        let through = store.vector()?.get(&site).copied().unwrap_or(0);
        let succession = store.succession()?;
        let is_looking = succession.is_some_and(|one| one.old.is_some() && one.rescued.is_none());
        if is_looking && !has_old {
            // It was removed at the end, which the copy does not know.
            store.note_old_database_gone()?;
        }
        // What it wrote to cases whose copy was overwritten comes back with the case.
        let branch = &self
            .counters
            .get(counter)
            .context("no such counter")?
            .peer
            .branch;
        for (key, value) in cells_of(self.hub.store()?, site)? {
            if self.truth.may_be_gone(&key.1, branch) {
                cells.entry(key).or_insert(value);
            }
        }
        self.forget_what_is_gone(counter, site, cells, through)
    }

    /// What a site has left are these cells; everything on the way to and from the counter is lost.
    pub(crate) fn forget_what_is_gone(
        &mut self,
        counter: usize,
        site: SiteId,
        cells: Cells,
        through: u64,
    ) -> Result<()> {
        self.truth.sites.insert(site, Site { cells, through });
        // A standby that is behind would be a second disk lost at once: it copies again first.
        self.standby = None;
        self.forget_cases_nobody_has()?;
        self.note_lost_blobs()?;
        self.lose_what_is_under_way(counter);
        Ok(())
    }

    fn lose_what_is_under_way(&mut self, counter: usize) {
        self.sessions_end_at(counter);
        for line in self.lines.iter_mut().filter(|line| line.client == counter) {
            let was_up = line.up;
            line.cut();
            line.up = was_up;
        }
    }

    /// Cases that were on a lost disk only.
    pub(crate) fn forget_cases_nobody_has(&mut self) -> Result<()> {
        let mut somewhere = BTreeSet::new();
        let twin = self.twin.as_mut().map(Twin::office);
        for other in self.counters.iter_mut().chain(twin) {
            let board = other.store()?.board(usize::MAX)?;
            somewhere.extend(board.into_iter().map(|row| row.case));
        }
        let hub = self.hub.store()?;
        self.truth
            .keep_cases(|case| Ok(somewhere.contains(&case) || hub.case(case)?.is_some()))
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
        if self.hub.full || office.full || !office.store()?.is_restored() {
            return Ok(());
        }
        let old = office.peer.site;
        let log_after = office.store()?.log_acknowledged()?;
        let Some(new) = successor_of(old) else {
            bail!("more successors than there are numbers for");
        };
        self.clone_is_found(counter)?;
        let office = self.counters.get_mut(counter).context("no such counter")?;
        if let Some(earlier) = self.recoveries.old.remove(&counter) {
            office.store()?.rescue_into_older_copy(&earlier)?;
        }
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
        self.recoveries.old.insert(counter, database);
        self.note_successor(counter, old, new)
    }

    /// A counter goes on under another site.
    pub(crate) fn note_successor(
        &mut self,
        counter: usize,
        old: SiteId,
        new: SiteId,
    ) -> Result<()> {
        let office = self.counters.get_mut(counter).context("no such counter")?;
        let known = self.truth.sites.remove(&old).unwrap_or_default();
        self.recoveries.rescued.push(Rescued {
            old,
            new,
            branch: office.peer.branch.clone(),
            cells: known.cells,
        });
        self.truth.note(office.store()?)?;
        self.recoveries.copies.remove(&counter);
        // What was said to the one before is not for this one, and what that one said is not its.
        self.lose_what_is_under_way(counter);
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
            if store.is_restored() {
                continue;
            }
            // It is removed once head office has everything.
            if store.rescue(old)? == RescueStep::Done && store.sending()?.waiting == 0 {
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

/// The site that goes on for another one; `None` when the numbers are used up.
pub(crate) fn successor_of(old: SiteId) -> Option<SiteId> {
    let [first, ..] = old.0;
    let next = first.checked_add(SITES_APART).filter(|next| *next < HUB)?;
    Some(SiteId([next; 16]))
}

fn begin_anew(office: &mut Office<CounterStore>, old: SiteId, new: SiteId) -> Result<OldDatabase> {
    office.begin_anew(new)?;
    open_old(office.database_of(old))
}

fn open_old((path, key, site): (PathBuf, &DatabaseKey, SiteId)) -> Result<OldDatabase> {
    let around = Surroundings::new(|| 0, |bytes| bytes.fill(0));
    Ok(OldDatabase::open(&path, key, DeviceId(site.0), around)?)
}

pub(crate) fn replace_at_hub(
    hub: &mut HubStore,
    branch: &BranchCode,
    old: SiteId,
    new: SiteId,
) -> Result<()> {
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
            let again = successors(&world.recoveries.rescued, rescued)
                .map(|new| (table.clone(), written_by(key, rescued.old, new)));
            let newest = again.chain([place]);
            let newest = newest.filter_map(|at| here.get(&at).and_then(stamp)).max();
            ensure!(
                newest >= stamp(value),
                "head office lacks a field of a counter that was put back"
            );
        }
    }
    Ok(())
}

/// The site that went on for it, the one that went on for that one, and so on.
fn successors(all: &[Rescued], first: &Rescued) -> impl Iterator<Item = SiteId> {
    std::iter::successors(Some(first.new), move |old| {
        let next = all.iter().find(|one| one.old == *old);
        next.map(|one| one.new)
    })
}

/// The key of the same field of another writer: its id stands last.
fn written_by(key: &[u8], old: SiteId, new: SiteId) -> Vec<u8> {
    match key.strip_suffix(&old.0) {
        Some(start) => [start, &new.0[..]].concat(),
        None => key.to_vec(),
    }
}
