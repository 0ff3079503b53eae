//! Looks at every counter once a minute and keeps it; gives figures to monitoring when an address
//! is set.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use device_health::{DiskSpace, Exposition, Figures, serve_figures};
use hub_store::HubStore;
use tokio::net::TcpListener;

use super::Shared;
use crate::city_health::CityHealth;
use crate::clock::Clock;
use crate::folder::Folder;
use crate::{backup, figures};

/// How often counters are looked at.
const LOOK: Duration = Duration::from_mins(1);

/// Prepares both; the future goes on until the socket breaks.
///
/// # Errors
/// When the address cannot be opened.
pub(super) async fn keep(
    folder: &Folder,
    shared: &Shared,
    metrics: Option<SocketAddr>,
) -> Result<impl Future<Output = Result<()>> + use<>> {
    let listener = match metrics {
        Some(address) => Some(
            TcpListener::bind(address)
                .await
                .with_context(|| format!("cannot open {address} for monitoring"))?,
        ),
        None => None,
    };
    let source = Source {
        store: Arc::clone(&shared.store),
        clock: shared.clock.clone(),
        folder: folder.path().to_owned(),
        backups: folder.backups()?,
    };
    let looking = look(Arc::clone(&shared.store));
    Ok(async move {
        match listener {
            None => {
                looking.await;
                Ok(())
            }
            Some(listener) => {
                let address = listener.local_addr()?;
                tracing::info!(event = "figures", %address, "figures for monitoring are served");
                let figures: Figures = Arc::new(move || source.page());
                tokio::select! {
                    () = looking => Ok(()),
                    ended = serve_figures(listener, figures) => Ok(ended?),
                }
            }
        }
    })
}

async fn look(store: Arc<Mutex<HubStore>>) {
    let mut tick = tokio::time::interval(LOOK);
    loop {
        tick.tick().await;
        let store = Arc::clone(&store);
        let looking = tokio::task::spawn_blocking(move || {
            let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = store.take_samples() {
                tracing::warn!(event = "not_looked", %error, "the counters' state was not kept");
            }
        });
        if looking.await.is_err() {
            tracing::warn!(event = "not_looked", "the counters' state was not kept");
        }
    }
}

/// Where figures come from.
struct Source {
    store: Arc<Mutex<HubStore>>,
    clock: Clock,
    folder: PathBuf,
    backups: PathBuf,
}

impl Source {
    fn page(&self) -> Option<Exposition> {
        let disk = DiskSpace::of(&self.folder).ok();
        let backup = backup::newest(&self.backups);
        let backup = backup.and_then(|name| backup::made_unix_ms(&name));
        let city = {
            let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
            CityHealth::of(&store, &self.clock, disk)
        };
        match city {
            Ok(city) => Some(figures::page(&city.with_standby(&self.folder), backup)),
            Err(error) => {
                tracing::warn!(event = "no_figures", %error, "figures cannot be read");
                None
            }
        }
    }
}
