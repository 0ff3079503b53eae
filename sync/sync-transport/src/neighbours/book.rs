//! Who is connected to whom, at one counter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sync_protocol::SiteId;
use tokio::sync::watch;

/// The counters of the branch this one is talking to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NeighboursStatus {
    /// They called.
    pub calling: BTreeSet<SiteId>,
    /// We called.
    pub called: BTreeSet<SiteId>,
}

impl NeighboursStatus {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.calling.union(&self.called).count()
    }

    /// Whether this one is among them.
    pub fn has(&self, site: SiteId) -> bool {
        self.calling.contains(&site) || self.called.contains(&site)
    }
}

/// The book of lines, shared by the serving and the dialling side.
#[derive(Debug)]
pub(crate) struct Book {
    own: SiteId,
    /// Open connections of callers, by site.
    open: Mutex<BTreeMap<SiteId, usize>>,
    status: watch::Sender<NeighboursStatus>,
}

/// A caller's connection; ends the entry when dropped.
#[derive(Debug)]
pub(crate) struct Open {
    book: Arc<Book>,
    site: SiteId,
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.book.open();
        let left = open
            .get(&self.site)
            .map_or(0, |count| count.saturating_sub(1));
        if left > 0 {
            open.insert(self.site, left);
            return;
        }
        open.remove(&self.site);
        drop(open);
        self.book.change(|status| status.calling.remove(&self.site));
    }
}

/// A conversation on a line we dialled; ends the entry when dropped.
#[derive(Debug)]
pub(crate) struct Called {
    book: Arc<Book>,
    site: SiteId,
}

impl Drop for Called {
    fn drop(&mut self) {
        self.book.change(|status| status.called.remove(&self.site));
    }
}

impl Book {
    pub(crate) fn new(own: SiteId) -> Self {
        Self {
            own,
            open: Mutex::default(),
            status: watch::Sender::default(),
        }
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<SiteId, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut NeighboursStatus) -> bool) {
        self.status.send_if_modified(change);
    }

    pub(crate) fn status(&self) -> watch::Receiver<NeighboursStatus> {
        self.status.subscribe()
    }

    /// A caller connected; it counts once it has talked.
    pub(crate) fn opened(self: &Arc<Self>, site: SiteId) -> Open {
        *self.open().entry(site).or_default() += 1;
        Open {
            book: Arc::clone(self),
            site,
        }
    }

    /// A caller was admitted and talked.
    pub(crate) fn talks(&self, site: SiteId) {
        // Under the lock, so that a connection that just ended is not noted for ever.
        let open = self.open();
        if open.contains_key(&site) {
            self.change(|status| status.calling.insert(site));
        }
    }

    /// We talk on a line we dialled.
    pub(crate) fn called(self: &Arc<Self>, site: SiteId) -> Called {
        self.change(|status| status.called.insert(site));
        Called {
            book: Arc::clone(self),
            site,
        }
    }

    /// Whether their call stays and ours is not needed: two counters that dial each other keep the
    /// line of the lower site.
    pub(crate) fn yields_to(&self, site: SiteId) -> bool {
        site < self.own && self.status.borrow().calling.contains(&site)
    }

    /// Returns once [`Book::yields_to`] is as wanted.
    pub(crate) async fn until_yielding(&self, site: SiteId, wanted: bool) {
        let mut status = self.status.subscribe();
        let own = self.own;
        let reached =
            status.wait_for(|status| (site < own && status.calling.contains(&site)) == wanted);
        if reached.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOW: SiteId = SiteId([1; 16]);
    const OWN: SiteId = SiteId([5; 16]);
    const HIGH: SiteId = SiteId([9; 16]);

    #[test]
    fn a_caller_counts_while_one_of_its_connections_is_open() {
        let book = Arc::new(Book::new(OWN));
        let (first, second) = (book.opened(LOW), book.opened(LOW));
        assert_eq!(book.status().borrow().count(), 0, "has not talked");
        book.talks(LOW);
        drop(first);
        assert_eq!(book.status().borrow().count(), 1);
        drop(second);
        assert_eq!(book.status().borrow().count(), 0);
        book.talks(LOW);
        assert_eq!(
            book.status().borrow().count(),
            0,
            "its connection has ended"
        );
    }

    #[test]
    fn of_two_calls_the_lower_sites_stays() {
        let book = Arc::new(Book::new(OWN));
        let _open = (book.opened(LOW), book.opened(HIGH));
        book.talks(LOW);
        book.talks(HIGH);
        assert!(book.yields_to(LOW));
        assert!(!book.yields_to(HIGH));
    }
}
