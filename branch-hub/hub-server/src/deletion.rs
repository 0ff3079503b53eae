//! Carries out the deletions that two people approved (see `hub_store`'s lists of filings whose time
//! is over): beside the running hub a few filings at a time, or all at once from the command line.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use hub_store::{Deleting, HubStore};
use sync_transport::{Authority, Wake};

/// How often the hub looks whether there is something to do.
const LOOK: Duration = Duration::from_secs(5);
/// Filings overwritten while everybody else waits for the database.
const AT_ONCE: usize = 10;

/// Goes on with what was approved, from the start of the hub until it stops.
pub(crate) async fn carry_out(
    store: Arc<Mutex<HubStore>>,
    authority: Arc<Authority>,
    city: String,
    wake: Wake,
) {
    let mut tick = tokio::time::interval(LOOK);
    loop {
        tick.tick().await;
        loop {
            let (store, authority, city) =
                (Arc::clone(&store), Arc::clone(&authority), city.clone());
            let step = tokio::task::spawn_blocking(move || {
                let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
                go_on(&mut store, &authority, &city)
            });
            match step.await {
                Ok(Ok(Deleting::More)) => {}
                Ok(Ok(Deleting::Certified(run))) => {
                    tracing::info!(
                        event = "deletion_certified",
                        run,
                        "a deletion has its certificate"
                    );
                    // Counters overwrite their copies when they hear of it.
                    wake.everyone();
                }
                Ok(Ok(Deleting::Nothing)) => break,
                Ok(Err(error)) => {
                    tracing::error!(event = "deletion_stopped", error = %format!("{error:#}"), "a deletion does not go on");
                    break;
                }
                Err(error) => {
                    tracing::error!(event = "store_task_ended", %error, "a store call did not end");
                    break;
                }
            }
        }
    }
}

/// One step.
///
/// # Errors
/// When the key or the database refuses; what was done before stays done.
pub(crate) fn go_on(store: &mut HubStore, authority: &Authority, city: &str) -> Result<Deleting> {
    let sign = |bytes: &[u8]| authority.sign_published(bytes).ok();
    store
        .go_on_deleting(city, &sign, AT_ONCE)
        .context("the deletion does not go on")
}
