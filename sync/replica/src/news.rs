//! What a store tells its program after a commit.

use std::collections::BTreeSet;
use std::fmt;

use counter_domain::ids::{BlobHash, CaseId};

/// Something changed and is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreChange {
    /// Written here: there is something to send.
    Written {
        /// Cases it is about.
        cases: BTreeSet<CaseId>,
    },
    /// Came from a peer.
    Received {
        /// Cases it is about.
        cases: BTreeSet<CaseId>,
    },
    /// A peer has more of ours on disk.
    Acknowledged,
    /// An entry of the own audit log, to be sent.
    Logged,
    /// A dataset was installed or published.
    Dataset {
        /// Which.
        name: String,
    },
    /// A case was overwritten on order of head office; nothing of it is here any more.
    Overwritten {
        /// Which.
        case: CaseId,
    },
    /// A blob is complete.
    Blob {
        /// Which.
        hash: BlobHash,
    },
}

/// Who wants to know; called after COMMIT on the writing thread, with the store still borrowed.
#[derive(Default)]
pub struct Listener(Option<Tell>);

type Tell = Box<dyn Fn(&StoreChange) + Send>;

impl Listener {
    /// A listener that calls `tell`.
    pub fn new(tell: impl Fn(&StoreChange) + Send + 'static) -> Self {
        Self(Some(Box::new(tell)))
    }

    /// Tells it.
    pub fn tell(&self, change: &StoreChange) {
        if let Some(tell) = &self.0 {
            tell(change);
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}
