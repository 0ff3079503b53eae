//! What goes wrong in rough histories only: a disk that lied, an appliance that is lost and replaced
//! or cloned, a head office without room, a standby that takes over.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result};
use counter_domain::ids::{BlobHash, BranchCode, DeviceId};
use counter_store::{CounterStore, Succession};
use hub_store::HubStore;
use replica::StoreError;
use sync_engine::{Session, Store as _, answer};
use sync_protocol::{SiteId, decode_all, version};

use crate::chance::Chance;
use crate::disk::Files;
use crate::line::{LIMITS, Line, Server, To, spoken_with};
use crate::office::Office;
use crate::recovery::{LINKS_MAX, replace_at_hub, successor_of};
use crate::template::Template;
use crate::truth::cells_of;
use crate::work;
use crate::world::{World, answer_of, check_all};

/// A second appliance with a copy of a counter's disk, and so with its key.
#[derive(Debug)]
pub(crate) struct Twin {
    counter: usize,
    office: Office<CounterStore>,
    line: Line,
}

/// What the standby has.
#[derive(Debug)]
pub(crate) struct Standby {
    files: Files,
    /// Where head office's own records and log stood.
    own: (u64, u64),
}

impl Twin {
    pub(crate) fn office(&mut self) -> &mut Office<CounterStore> {
        &mut self.office
    }
}

impl World {
    /// The counter starts from what its disk had really written.
    pub(crate) fn lying_disk(&mut self, counter: usize, entropy: u64) -> Result<()> {
        if self.is_being_recovered(counter)? {
            return Ok(());
        }
        let office = self.counters.get_mut(counter).context("no such counter")?;
        let files = office.files()?;
        let files = files.without_last_writes(&mut Chance::new(entropy));
        self.goes_back_to(counter, &files)
    }

    /// The counter is gone with its disk; a new appliance stands at its place and has nothing.
    pub(crate) fn replace(&mut self, counter: usize) -> Result<()> {
        let old = self.office(counter)?.peer.site;
        let Some(new) = successor_of(old) else {
            return Ok(());
        };
        if self.hub.full || self.is_being_recovered(counter)? {
            return Ok(());
        }
        self.clone_is_found(counter)?;
        let branch = BranchCode(self.office(counter)?.peer.branch.clone());
        let hub = self.hub.store()?;
        replace_at_hub(hub, &branch, old, new)?;
        let before = hub
            .predecessor(DeviceId(new.0), 0, LINKS_MAX)?
            .context("head office does not know the device before")?;
        let (cells, through) = (cells_of(hub, old)?, before.held);
        let office = self.office(counter)?;
        office.begin_anew(new)?;
        let store = office.store()?;
        store.set_publishing_key(Template::get()?.publishing_point())?;
        let succession = Succession {
            of: before.device,
            held: before.held,
            generation: before.generation,
            old: None,
            rescued: None,
        };
        store.succeed(&succession, None)?;
        self.forget_what_is_gone(counter, old, cells, through)?;
        self.note_successor(counter, old, new)
    }

    /// Somebody copies the disk of a counter and puts it into a second appliance.
    pub(crate) fn clone_counter(&mut self, counter: usize) -> Result<()> {
        if self.twin.is_some() || self.is_being_recovered(counter)? {
            return Ok(());
        }
        let folder = self.folder().join("twin");
        fs::create_dir_all(&folder)?;
        self.twins += 1;
        let number = self.twins;
        let office = self
            .office(counter)?
            .twin(folder.join("store.db"), number)?;
        self.twin = Some(Twin {
            counter,
            office,
            line: Line::new(counter, Server::Hub, version::CURRENT),
        });
        Ok(())
    }

    /// Somebody works at the clone. It prints no receipts: the numbers would be the other one's.
    pub(crate) fn clone_works(&mut self, entropy: u64) -> Result<()> {
        let Some(twin) = &mut self.twin else {
            return Ok(());
        };
        let store = twin.office.store()?;
        work::without_starting(store, entropy)?;
        self.truth.note_blobs(store)
    }

    /// The clone talks to head office; what it is told arrives at once.
    pub(crate) fn clone_speaks(&mut self, entropy: u64) -> Result<()> {
        let Some(twin) = &mut self.twin else {
            return Ok(());
        };
        let now = twin.office.moment()?;
        let (client, hub) = (twin.office.peer.clone(), self.hub.peer.clone());
        let branch = client.branch.clone();
        let session = twin
            .line
            .session
            .get_or_insert_with(|| Session::new(hub.clone(), LIMITS).subscribed_to(vec![branch]));
        let round = session.round(twin.office.store()?, now)?;
        let spoken = session.version();
        check_all(&self.truth, &round.messages, &hub)?;
        let bytes = twin.line.in_bytes(&round.messages, spoken)?;
        twin.line.carry(To::Server, bytes, 0, entropy);
        let Some(body) = twin.line.due(u64::MAX) else {
            return Ok(());
        };
        let Ok(messages) = decode_all(&body.bytes) else {
            return Ok(());
        };
        let spoken = spoken_with(&messages);
        let Some(said) = answer_of(&mut self.hub, answer, client.clone(), messages)? else {
            return Ok(());
        };
        check_all(&self.truth, &said, &client)?;
        let said = decode_all(&twin.line.in_bytes(&said, spoken)?)?;
        let session = twin.line.session.as_mut().context("no session")?;
        for message in said {
            match session.receive(twin.office.store()?, message, now) {
                Ok(()) => {}
                Err(StoreError::Restored { .. }) => break,
                Err(error) => return Err(error.into()),
            }
        }
        // Whoever stands before it is told that there is another one, and takes it away.
        if twin.office.store()?.is_restored() {
            let counter = twin.counter;
            self.clone_is_found(counter)?;
        }
        Ok(())
    }

    /// The clone of the counter is taken off the line, and documents that head office was told of
    /// are lost with it.
    pub(crate) fn clone_is_found(&mut self, counter: usize) -> Result<()> {
        let Some(mut twin) = self.twin.take_if(|twin| twin.counter == counter) else {
            return Ok(());
        };
        let own = twin.office.store()?;
        for wanted in self.hub.store()?.blobs_wanted(usize::MAX)? {
            let hash = BlobHash(wanted.hash);
            let mut is_kept = own.blob(hash)?.is_none();
            for other in &mut self.counters {
                is_kept |= other.store()?.blob(hash)?.is_some();
            }
            if !is_kept {
                self.truth.lost_blobs.insert(wanted.hash);
            }
        }
        drop(twin);
        self.forget_cases_nobody_has()
    }

    /// Wherever a clone is still at work, it is found.
    pub(crate) fn every_clone_is_found(&mut self) -> Result<()> {
        match self.twin.as_ref().map(|twin| twin.counter) {
            Some(counter) => self.clone_is_found(counter),
            None => Ok(()),
        }
    }

    /// The standby has everything head office has at this moment.
    pub(crate) fn copy_hub(&mut self) -> Result<()> {
        let own = stand_of(&mut self.hub)?;
        let files = self.hub.files()?;
        self.standby = Some(Standby { files, own });
        Ok(())
    }

    /// The standby becomes head office: with what it copied last, when head office itself did
    /// nothing since; else it fetches the rest first. Counters may have sent something since.
    pub(crate) fn promote(&mut self) -> Result<()> {
        let own = stand_of(&mut self.hub)?;
        let files = match self.standby.take().filter(|standby| standby.own == own) {
            Some(standby) => standby.files,
            None => self.hub.files()?,
        };
        self.hub.power_off(&files)?;
        self.hub.power_on()?;
        let template = Template::get()?;
        self.hub
            .pass_on(|store: HubStore| store.live_on(|bytes| template.sign(bytes)))?;
        self.hub.power_on()?;
        for line in &mut self.lines {
            let was_up = line.up;
            line.cut();
            line.up = was_up;
            line.session = None;
        }
        let site = self.hub.peer.site;
        let store = self.hub.store()?;
        let through = store.vector()?.get(&site).copied().unwrap_or(0);
        self.truth.sites.entry(site).or_default().through = through;
        Ok(())
    }

    fn is_being_recovered(&mut self, counter: usize) -> Result<bool> {
        let is_restored = self.office(counter)?.store()?.is_restored();
        Ok(is_restored || self.recoveries.has_old(counter))
    }
}

/// Head office's own version and the length of its log.
fn stand_of(hub: &mut Office<HubStore>) -> Result<(u64, u64)> {
    let site = hub.peer.site;
    let store = hub.store()?;
    let of_site = |all: BTreeMap<SiteId, u64>| all.get(&site).copied();
    let version = of_site(store.vector()?).unwrap_or(0);
    Ok((version, of_site(store.stream_heads()?).unwrap_or(0)))
}
