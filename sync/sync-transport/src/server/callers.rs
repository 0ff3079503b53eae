//! How many connections each caller has open, and how many requests are still arriving from it: a
//! stolen device, or strangers on the network, must not take the room of the others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sync_protocol::SiteId;

/// Most connections of one device: it needs one, and those of a broken line live on for a while.
const OF_ONE_MAX: usize = 32;

/// Most connections without a certificate, all callers together.
const OF_STRANGERS_MAX: usize = 64;

/// Most requests of one device that are arriving: it sends one at a time, and those of a broken line
/// live on for a while. Each takes at most [`sync_protocol::limits::BODY_BYTES_MAX`] of memory.
const ARRIVING_MAX: usize = 4;

/// What is open by the device its certificate names; `None` has no certificate.
#[derive(Debug)]
pub(super) struct Callers {
    open: Mutex<BTreeMap<Option<SiteId>, usize>>,
    of_one_max: usize,
    of_strangers_max: usize,
}

/// One that is counted until it is dropped.
#[derive(Debug)]
pub(super) struct Counted {
    callers: Arc<Callers>,
    site: Option<SiteId>,
}

impl Callers {
    /// Counts connections.
    pub(super) fn connections() -> Arc<Self> {
        Self::with_room(OF_ONE_MAX, OF_STRANGERS_MAX)
    }

    /// Counts requests that are arriving.
    pub(super) fn arriving() -> Arc<Self> {
        Self::with_room(ARRIVING_MAX, 0)
    }

    fn with_room(of_one_max: usize, of_strangers_max: usize) -> Arc<Self> {
        Arc::new(Self {
            open: Mutex::default(),
            of_one_max,
            of_strangers_max,
        })
    }

    /// Counts one more; `None` when the caller has as many as it may.
    pub(super) fn enter(self: &Arc<Self>, site: Option<SiteId>) -> Option<Counted> {
        let most = site.map_or(self.of_strangers_max, |_| self.of_one_max);
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
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
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
        let callers = Callers::connections();
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
