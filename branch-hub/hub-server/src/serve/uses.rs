//! Tells every counter which reservations and certificate data are in use anywhere in the city.
//!
//! A counter sees the cases of its own branch only, and a resident may come to any branch. Head
//! office sees all cases, so it publishes what they use as a small dataset whenever that changes:
//! numbers and receipt numbers, nothing about people.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use counter_domain::prepared::{POOL_FORMAT, PREPARED_USES, PreparedUses};
use hub_store::HubStore;
use sync_transport::{Authority, Wake};
use tokio::sync::watch;

use crate::administration::Signer;

/// Typing changes a case many times a minute; uses are looked at this long after the first change.
const TOGETHER: Duration = Duration::from_millis(500);

/// Publishes what is in use, at the start and after every change of a case.
pub(super) async fn publish_uses(
    store: Arc<Mutex<HubStore>>,
    authority: Arc<Authority>,
    wake: Wake,
    mut changed: watch::Receiver<u64>,
) {
    loop {
        changed.mark_unchanged();
        let (store, authority) = (Arc::clone(&store), Arc::clone(&authority));
        let published = tokio::task::spawn_blocking(move || {
            let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
            publish(&mut store, &authority)
        });
        match published.await {
            Ok(Ok(true)) => wake.everyone(),
            Ok(Ok(false)) => {}
            Ok(Err(error)) => {
                tracing::error!(event = "uses_not_published", error = %format!("{error:#}"), "counters do not hear what is in use");
            }
            Err(error) => {
                tracing::error!(event = "store_task_ended", %error, "a store call did not end");
            }
        }
        if changed.changed().await.is_err() {
            return;
        }
        tokio::time::sleep(TOGETHER).await;
    }
}

/// Publishes what is in use, and the characters that were chosen; whether either differs from what
/// the counters know.
fn publish(store: &mut HubStore, authority: &Authority) -> Result<bool> {
    let sign = |message: &[u8]| Ok(authority.sign_published(message)?);
    let chose = crate::characters::publish(store, &sign)?;
    Ok(publish_used(store, authority)? || chose)
}

fn publish_used(store: &mut HubStore, authority: &Authority) -> Result<bool> {
    let uses = store.prepared_uses()?;
    let known = store.dataset(PREPARED_USES)?;
    if uses.is_empty() && known.is_none() {
        return Ok(false);
    }
    let bytes = serde_json::to_vec(&PreparedUses {
        format: POOL_FORMAT,
        uses,
    })?;
    if known.is_some_and(|known| known.bytes == bytes) {
        return Ok(false);
    }
    let mut signer = Signer::new(authority);
    store.publish(PREPARED_USES, &bytes, |message| signer.sign(message))?;
    signer.finish()?;
    Ok(true)
}
