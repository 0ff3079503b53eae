//! How many connections each caller has open: a stolen device, or strangers on the network, must not
//! take the room of the others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sync_protocol::SiteId;

/// Most connections of one device: it needs one, and those of a broken line live on for a while.
const OF_ONE_MAX: usize = 32;

/// Most connections without a certificate, all callers together.
const OF_STRANGERS_MAX: usize = 64;

/// Open connections by the device its certificate names; `None` has no certificate.
#[derive(Debug, Default)]
pub(super) struct Callers(Mutex<BTreeMap<Option<SiteId>, usize>>);

/// A connection that is counted until it is dropped.
#[derive(Debug)]
pub(super) struct Counted {
    callers: Arc<Callers>,
    site: Option<SiteId>,
}

impl Callers {
    /// Counts one more connection; `None` when the caller has as many as it may.
    pub(super) fn enter(self: &Arc<Self>, site: Option<SiteId>) -> Option<Counted> {
        let most = site.map_or(OF_STRANGERS_MAX, |_| OF_ONE_MAX);
        let mut open = self.open();
        let count = open.entry(site).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        drop(open);
        Some(Counted {
            callers: Arc::clone(self),
            site,
        })
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<Option<SiteId>, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.callers.open();
        if let Some(count) = open.get_mut(&self.site) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.site);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_leaves_room_for_the_others() {
        let callers = Arc::new(Callers::default());
        let stolen = Some(SiteId([6; 16]));
        let mut open: Vec<_> = (0..OF_ONE_MAX).map(|_| callers.enter(stolen)).collect();
        assert!(open.iter().all(Option::is_some));
        assert!(callers.enter(stolen).is_none());
        let other = callers.enter(Some(SiteId([7; 16])));
        assert!(other.is_some() && callers.enter(None).is_some());
        open.pop();
        assert!(callers.enter(stolen).is_some());
        drop((open, other));
        assert!(callers.open().is_empty(), "nothing is kept of who has gone");
    }
}
