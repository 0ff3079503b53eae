//! The lines to the other counters of the branch, and what other processes write here.

use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use counter_store::CounterStore;
use sync_engine::Limits;
use sync_protocol::SiteId;
use sync_transport::{
    DEVICES, DeviceIdentity, DeviceList, Discovery, Neighbours, NeighboursConfig, NeighboursStatus,
    Register,
};
use tokio::sync::watch;

use super::{Line, clock, random};
use crate::counter::Input;
use crate::devices::{Arrival, Happened};
use crate::settings::{NeighbourSettings, Settings};

/// How often the daemon looks for what another process (`todoke courier import`) wrote.
const LOOK_AROUND: Duration = Duration::from_secs(2);

/// The lines to the other counters; nothing when the settings name none. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Branch(Arc<Mutex<Option<Neighbours>>>);

impl Branch {
    /// Starts them, and starts them again with each renewed certificate. What goes wrong keeps
    /// nobody from working: the line to head office and the counter's own work need none of it.
    pub(super) fn start(
        settings: &Settings,
        identity: &DeviceIdentity,
        renewed: watch::Receiver<Option<DeviceIdentity>>,
        store: &Arc<Mutex<CounterStore>>,
        inputs: &Sender<Input>,
    ) -> Self {
        let branch = Self::default();
        if let Some(settings) = settings.neighbours.clone() {
            let keeper = Keeper {
                settings,
                store: Arc::clone(store),
                inputs: inputs.clone(),
                branch: branch.clone(),
            };
            tokio::spawn(keeper.keep(identity.clone(), renewed));
        }
        branch
    }

    /// Something new is here.
    pub(super) fn wake(&self) {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(neighbours) = &*held {
            neighbours.local_change();
        }
    }

    /// How many of them are connected.
    pub(super) fn count(&self) -> u16 {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held
            .as_ref()
            .map_or(0, |neighbours| neighbours.status().borrow().count());
        u16::try_from(count).unwrap_or(u16::MAX)
    }

    /// Hangs up.
    pub(super) fn stop(&self) {
        drop(self.replace(None));
    }

    fn replace(&self, with: Option<Neighbours>) -> Option<Neighbours> {
        std::mem::replace(
            &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner),
            with,
        )
    }
}

/// Which devices are shut out, as the newest register here says.
struct Listed(Arc<Mutex<CounterStore>>);

impl DeviceList for Listed {
    /// While there is no register nobody is; when it cannot be read everybody is.
    fn is_revoked(&self, site: SiteId) -> bool {
        let store = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match store.dataset(DEVICES) {
            Ok(None) => false,
            Ok(Some(dataset)) => {
                Register::read(&dataset.bytes).is_none_or(|register| register.is_revoked(site))
            }
            Err(error) => {
                tracing::error!(%error, "the register of devices cannot be read");
                true
            }
        }
    }
}

/// Keeps the lines with the newest certificate.
struct Keeper {
    settings: NeighbourSettings,
    store: Arc<Mutex<CounterStore>>,
    inputs: Sender<Input>,
    branch: Branch,
}

impl Keeper {
    async fn keep(
        self,
        mut identity: DeviceIdentity,
        mut renewed: watch::Receiver<Option<DeviceIdentity>>,
    ) {
        loop {
            // The address is free again only when the old lines are gone.
            drop(self.branch.replace(None));
            let started = Neighbours::start(self.config(identity), Arc::clone(&self.store)).await;
            let told = match started {
                Ok(neighbours) => {
                    tracing::info!(address = ?neighbours.address(), "open for the counters of the branch");
                    let told = tokio::spawn(tell(neighbours.status(), self.inputs.clone()));
                    drop(self.branch.replace(Some(neighbours)));
                    Some(told)
                }
                Err(error) => {
                    tracing::warn!(%error, "the counters of the branch are not spoken to");
                    None
                }
            };
            if renewed.changed().await.is_err() {
                return;
            }
            if let Some(told) = told {
                told.abort();
            }
            let Some(new) = renewed.borrow_and_update().clone() else {
                return;
            };
            identity = new;
        }
    }

    fn config(&self, identity: DeviceIdentity) -> NeighboursConfig {
        let addresses = self.settings.at.iter().filter_map(|place| {
            let parsed = format!("https://{place}").parse();
            if parsed.is_err() {
                tracing::warn!(place, "neighbour's address is not host:port");
            }
            parsed.ok()
        });
        NeighboursConfig {
            identity,
            listen: self.settings.listen,
            addresses: addresses.collect(),
            discovery: if self.settings.discover {
                Discovery::Lan
            } else {
                Discovery::Off
            },
            list: Arc::new(Listed(Arc::clone(&self.store))),
            clock: clock(),
            random: Arc::new(random),
            limits: Limits::default(),
        }
    }
}

/// Tells the desk how many counters are connected.
async fn tell(mut status: watch::Receiver<NeighboursStatus>, inputs: Sender<Input>) {
    loop {
        let count = u16::try_from(status.borrow_and_update().count()).unwrap_or(u16::MAX);
        let told = inputs.send(Input::Happened(Happened::Neighbours(count)));
        if told.is_err() || status.changed().await.is_err() {
            return;
        }
    }
}

/// Tells the desk and the lines when another process wrote to the database.
pub(super) async fn look_around(
    store: Arc<Mutex<CounterStore>>,
    line: Line,
    inputs: Sender<Input>,
) {
    let told = Arc::new(AtomicBool::new(false));
    let mut seen = None;
    let mut tick = tokio::time::interval(LOOK_AROUND);
    loop {
        tick.tick().await;
        let store = Arc::clone(&store);
        let looked = tokio::task::spawn_blocking(move || {
            let store = store.lock().unwrap_or_else(PoisonError::into_inner);
            store.written_elsewhere()
        });
        let Ok(Ok(now)) = looked.await else { continue };
        if seen.replace(now).is_none_or(|before| before == now) {
            continue;
        }
        line.wake();
        if let Some(news) = Arrival::tell(&told)
            && inputs
                .send(Input::Happened(Happened::Arrived(news)))
                .is_err()
        {
            return;
        }
    }
}
