//! A counter: the real store and the real link, in this process.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use counter_domain::ids::{BranchCode, DeviceId};
use counter_store::{CounterStore, StoreChange};
use replica::DatabaseKey;
use sync_engine::{Limits, Store as _};
use sync_protocol::SiteId;
use sync_transport::{Clock, DeviceIdentity, DeviceKey, HubAddress, Link, LinkConfig, enrol};
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::task::block_in_place;

use crate::city::City;
use crate::clock::{around, unix_ms};
use crate::process::bytes_of;
use crate::reception::{Papers, Reception, Receptions};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_mins(20);

/// A counter with its database; its line is up once it is started.
pub(crate) struct Counter {
    receptions: Receptions,
    folder: TempDir,
    store: Arc<Mutex<CounterStore>>,
    identity: DeviceIdentity,
    hub: SiteId,
    heard: Arc<Notify>,
    link: Option<Link>,
}

fn clock() -> Clock {
    Clock::from_unix_ms(unix_ms)
}

fn random() -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).ok();
    u64::from_ne_bytes(bytes)
}

fn address(near: SocketAddr) -> Result<HubAddress> {
    Ok(format!("https://{near}").parse()?)
}

impl Counter {
    /// Makes a counter and enrols it; its line is not begun.
    pub(crate) async fn enrolled(city: &City, branch: &str, papers: Papers) -> Result<Self> {
        let mut device = [0; 16];
        getrandom::fill(&mut device)?;
        let folder = scratch()?;
        let path = folder.path().join("counter.db");
        let key = DatabaseKey::from_bytes(device_key(device));
        let mut store = CounterStore::open(&path, &key, DeviceId(device), around())?;
        store.set_branch(BranchCode::from(branch));
        let code = city.code(branch)?.parse()?;
        let hub = address(city.listen())?;
        let identity = enrol(&hub, &code, SiteId(device), &DeviceKey::create()?, &clock()).await?;
        store.set_publishing_key(&identity.publishing_point()?)?;
        Ok(Self {
            receptions: Receptions::new(branch, random(), papers),
            folder,
            store: Arc::new(Mutex::new(store)),
            identity,
            hub: city.site(),
            heard: Arc::new(Notify::new()),
            link: None,
        })
    }

    /// Begins the line, which is dialled at `near`.
    pub(crate) fn start(&mut self, near: SocketAddr) -> Result<()> {
        let config = LinkConfig {
            hub: address(near)?,
            identity: self.identity.clone(),
            clock: clock(),
            random: Arc::new(random),
            limits: Limits::default(),
            renewal: None,
        };
        let link = Link::start(config, Arc::clone(&self.store))?;
        let (changed, heard) = (link.changed(), Arc::clone(&self.heard));
        self.store().on_change(move |change| {
            if let StoreChange::Written { .. } | StoreChange::Logged = change {
                changed.notify_one();
            } else {
                heard.notify_one();
            }
        });
        self.link = Some(link);
        Ok(())
    }

    /// Ends the line.
    pub(crate) fn stop(&mut self) {
        self.link = None;
    }

    /// The database.
    pub(crate) fn store(&self) -> MutexGuard<'_, CounterStore> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in so many cases. What waits for the database gives the relay's thread to others.
    pub(crate) fn take_in(&mut self, cases: usize) -> Result<()> {
        block_in_place(|| {
            let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
            self.receptions.take_in(&mut store, cases)
        })
    }

    /// Opens a case.
    pub(crate) fn begin(&mut self) -> Result<Reception> {
        block_in_place(|| {
            let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
            self.receptions.begin(&mut store)
        })
    }

    /// Saves the next step of a case; whether there is another.
    pub(crate) fn go_on(&mut self, reception: &mut Reception) -> Result<bool> {
        block_in_place(|| {
            let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
            self.receptions.go_on(&mut store, reception)
        })
    }

    /// Waits until head office has every record on disk.
    pub(crate) async fn records_safe(&self) -> Result<()> {
        self.until(|store| {
            let own = store.vector()?.get(&store.site()).copied().unwrap_or(0);
            Ok(store.acknowledged_by(self.hub)? >= own)
        })
        .await
    }

    /// Waits until head office has everything, signatures and forms too.
    pub(crate) async fn all_safe(&self) -> Result<()> {
        self.until(|store| Ok(store.sending()?.waiting == 0)).await
    }

    async fn until(&self, done: impl Fn(&CounterStore) -> Result<bool>) -> Result<()> {
        let waiting = async {
            loop {
                let heard = self.heard.notified();
                if block_in_place(|| done(&self.store()))? {
                    return Ok(());
                }
                heard.await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .context("head office does not get everything")?
    }

    /// Bytes of its database with its log.
    pub(crate) fn database_bytes(&self) -> Result<u64> {
        bytes_of(self.folder.path())
    }
}

/// In memory where the machine has a folder for that: what is measured is the way to head office, not
/// how the cases were written beforehand.
pub(crate) fn scratch() -> Result<TempDir> {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    folder.context("no folder for a counter's database")
}

/// A key of its own for each counter.
fn device_key(device: [u8; 16]) -> [u8; 32] {
    let mut key = [0; 32];
    for (byte, of_device) in key.iter_mut().zip(device.iter().cycle()) {
        *byte = of_device ^ 0x5a;
    }
    key
}
