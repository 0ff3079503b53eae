//! How a counter hears at once that the hub has something new for its branch.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// Most branches counted apart; a city has fewer than a hundred.
const BRANCHES_MAX: usize = 128;

/// Counts what is new, by branch. Cloning shares it.
///
/// The hub calls [`Wake::branch`] after every commit of its own that a branch should see (a return,
/// an acceptance) and [`Wake::everyone`] after publishing; commits of arriving counters are counted
/// by the server itself.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    branches: Mutex<BTreeMap<String, watch::Sender<u64>>>,
    all: watch::Sender<u64>,
}

impl Wake {
    /// Nothing new yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Something is new for this branch.
    pub fn branch(&self, branch: &str) {
        if let Some(count) = self.count_of(branch) {
            count.send_modify(add_one);
        }
        self.0.all.send_modify(add_one);
    }

    /// Something is new for every branch.
    pub fn everyone(&self) {
        let branches = self
            .0
            .branches
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        branches
            .values()
            .for_each(|count| count.send_modify(add_one));
        self.0.all.send_modify(add_one);
    }

    /// Counts everything, for whoever shows all branches (the review desk).
    pub fn watch_all(&self) -> watch::Receiver<u64> {
        self.0.all.subscribe()
    }

    pub(crate) fn news(&self, branch: &str) -> u64 {
        self.count_of(branch).map_or(0, |count| *count.borrow())
    }

    /// Returns the count once it is not `seen`, or after `at_most`.
    pub(crate) async fn wait(&self, branch: &str, seen: u64, at_most: Duration) -> u64 {
        let Some(mut count) = self.count_of(branch).map(|count| count.subscribe()) else {
            tokio::time::sleep(at_most).await;
            return seen;
        };
        let changed = count.wait_for(|news| *news != seen);
        match tokio::time::timeout(at_most, changed).await {
            Ok(Ok(news)) => *news,
            Ok(Err(_)) | Err(_) => seen,
        }
    }

    fn count_of(&self, branch: &str) -> Option<watch::Sender<u64>> {
        let mut branches = self
            .0
            .branches
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = branches.get(branch) {
            return Some(count.clone());
        }
        if branches.len() >= BRANCHES_MAX {
            return None;
        }
        let count = watch::Sender::default();
        branches.insert(branch.to_owned(), count.clone());
        Some(count)
    }
}

fn add_one(count: &mut u64) {
    *count = count.wrapping_add(1);
}
