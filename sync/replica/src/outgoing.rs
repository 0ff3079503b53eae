//! How changes leave the database.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use counter_domain::ids::CaseId;
use rusqlite::Connection;
use sync_engine::{Peer, PeerRole};
use sync_protocol::{CellValue, Change, ChangeBatch, SiteId};

use crate::change_log;
use crate::database::Replica;
use crate::error::StoreError;
use crate::incoming::held;
use crate::scope;
use crate::site_branch::{self, Reach};

/// Versions asked for at once: what is read is sorted, so ranges bound the work.
const VERSIONS_AT_ONCE: u64 = 256;

/// Versions of one site looked through to tell how much waits for a peer: a second of work at most.
const LOOKED_THROUGH_MAX: u64 = 4096;

/// How much of a site waits for a peer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outstanding {
    /// Transactions with something for that peer.
    pub transactions: u64,
    /// About how many bytes they are on the line, before they are packed.
    pub bytes: u64,
    /// There may be more; counting ended early.
    pub at_least: bool,
}

/// What a change costs on the wire beside its texts.
const CHANGE_BYTES: usize = 32;

impl Replica {
    /// The next whole transactions of `site` behind `after` that `peer` may see, about `bytes_max`
    /// bytes; `None` at the end. What the peer may not see counts as sent.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn changes(
        &self,
        peer: &Peer,
        site: SiteId,
        after: u64,
        bytes_max: usize,
    ) -> Result<Option<ChangeBatch>, StoreError> {
        if site == self.site && self.restored.is_some() {
            return Ok(None);
        }
        let head = self.head_of(site)?;
        if after >= head {
            return Ok(None);
        }
        let mut batch = ChangeBatch {
            site,
            after,
            through: after,
            changes: Vec::new(),
        };
        let mut sight = Sight::of(&self.connection, peer, site, head - after)?;
        let mut bytes = 0;
        while batch.through < head {
            let until = head.min(batch.through.saturating_add(sight.versions_at_once()));
            let changes = sight.read((batch.through, until))?;
            for version in changes.chunk_by(|one, next| one.version == next.version) {
                let size: usize = version.iter().map(size_of).sum();
                if bytes > 0 && bytes + size > bytes_max {
                    return Ok(Some(batch));
                }
                bytes += size;
                batch.through = version
                    .first()
                    .map_or(batch.through, |change| change.version);
                batch.changes.extend_from_slice(version);
            }
            batch.through = until;
        }
        Ok(Some(batch))
    }
}

impl Replica {
    /// How much of `site` behind `after` waits for `peer`, without what it may not see.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn outstanding(
        &self,
        peer: &Peer,
        site: SiteId,
        after: u64,
    ) -> Result<Outstanding, StoreError> {
        let head = self.head_of(site)?;
        let end = head.min(after.saturating_add(LOOKED_THROUGH_MAX));
        let mut sight = Sight::of(&self.connection, peer, site, end.saturating_sub(after))?;
        let mut found = Outstanding {
            at_least: end < head,
            ..Outstanding::default()
        };
        let mut through = after;
        while through < end {
            let until = end.min(through.saturating_add(sight.versions_at_once()));
            let changes = sight.read((through, until))?;
            for version in changes.chunk_by(|one, next| one.version == next.version) {
                let bytes: usize = version.iter().map(size_of).sum();
                found.transactions += 1;
                found.bytes += u64::try_from(bytes).unwrap_or(u64::MAX);
            }
            through = until;
        }
        Ok(found)
    }

    fn head_of(&self, site: SiteId) -> Result<u64, StoreError> {
        if site == self.site {
            self.own_version()
        } else {
            held(&self.connection, site)
        }
    }
}

/// What a peer may see of a site. A batch is about a few cases, so each is looked up once.
struct Sight<'a> {
    connection: &'a Connection,
    peer: &'a Peer,
    site: SiteId,
    reach: Reach,
    cases: BTreeMap<CaseId, scope::Sight>,
}

impl<'a> Sight<'a> {
    fn of(
        connection: &'a Connection,
        peer: &'a Peer,
        site: SiteId,
        versions: u64,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            connection,
            peer,
            site,
            reach: site_branch::reach(connection, peer, site, versions)?,
            cases: BTreeMap::new(),
        })
    }

    fn versions_at_once(&self) -> u64 {
        match self.reach {
            Reach::Anywhere => VERSIONS_AT_ONCE,
            Reach::Cases(_) => u64::MAX,
        }
    }

    /// Changes in a range of versions that the peer may see.
    fn read(&mut self, versions: (u64, u64)) -> Result<Vec<Change>, StoreError> {
        let branch = match self.peer.role {
            PeerRole::Hub => None,
            PeerRole::Counter => Some(self.peer.branch.as_str()),
        };
        let mut changes = match &self.reach {
            Reach::Anywhere => change_log::read(self.connection, self.site, versions, branch)?,
            Reach::Cases(cases) => {
                change_log::read_of(self.connection, self.site, versions, cases)?
            }
        };
        self.keep_visible(&mut changes)?;
        Ok(changes)
    }

    fn keep_visible(&mut self, changes: &mut Vec<Change>) -> Result<(), StoreError> {
        let cases: BTreeSet<CaseId> = changes
            .iter()
            .filter_map(|change| scope::case_of(&change.key))
            .collect();
        for case in cases {
            if let Entry::Vacant(unknown) = self.cases.entry(case) {
                unknown.insert(scope::sight(self.connection, self.peer, case)?);
            }
        }
        changes.retain(|change| {
            scope::case_of(&change.key)
                .and_then(|case| self.cases.get(&case))
                .is_some_and(|sight| sight.shows(change))
        });
        Ok(())
    }
}

pub(crate) fn size_of(change: &Change) -> usize {
    let value = match &change.value {
        CellValue::Null => 0,
        CellValue::Integer(_) => 8,
        CellValue::Text(text) => text.len(),
        CellValue::Blob(bytes) => bytes.len(),
    };
    value + change.key.len() + change.table.len() + change.column.len() + CHANGE_BYTES
}
