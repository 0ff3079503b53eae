//! One database with its clock, its disk and its power supply.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use counter_domain::hlc::Hlc;
use counter_domain::ids::{BlobHash, BranchCode, CaseId, DeviceId, SnapshotHash};
use counter_store::CounterStore;
use hub_store::HubStore;
use replica::{DatabaseKey, OpenError, StoreError, Surroundings};
use sync_engine::{Moment, Peer, PeerRole, Store};
use sync_protocol::SiteId;

use crate::disk::Files;

/// Noon of some day in 2027.
const NOON_MS: u64 = 1_806_000_000_000;

/// The right time, which only moves when somebody waits or looks.
#[derive(Debug, Clone)]
pub(crate) struct RightTime(Arc<AtomicU64>);

impl RightTime {
    pub(crate) fn at_noon() -> Self {
        Self(Arc::new(AtomicU64::new(NOON_MS)))
    }

    pub(crate) fn pass(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A store that can be opened from its file.
pub(crate) trait Room: Store<Error = StoreError> + Sized {
    fn open_file(
        path: &Path,
        key: &DatabaseKey,
        device: DeviceId,
        around: Surroundings,
    ) -> Result<Self, OpenError>;

    fn hybrid_clock(&self) -> Result<Hlc, StoreError>;

    /// Whether the database is known to be an older copy, which tells and takes nothing any more.
    fn is_older_copy(&self) -> bool;

    /// Learns its branch.
    fn settle_in(&mut self, branch: &str);

    /// Whether a row named by the hash of its content is here, whoever wrote it.
    fn holds(&self, table: &str, key: &[u8]) -> Result<bool, StoreError>;
}

/// Case and hash a key of `snapshot` or `blob_ref` names.
fn case_and_hash(key: &[u8]) -> Option<(CaseId, [u8; 32])> {
    let case = key.get(3..19).and_then(CaseId::from_slice)?;
    Some((case, *key.last_chunk()?))
}

impl Room for CounterStore {
    fn open_file(
        path: &Path,
        key: &DatabaseKey,
        device: DeviceId,
        around: Surroundings,
    ) -> Result<Self, OpenError> {
        Self::open(path, key, device, around)
    }

    fn hybrid_clock(&self) -> Result<Hlc, StoreError> {
        self.clock()
    }

    fn is_older_copy(&self) -> bool {
        self.is_restored()
    }

    fn settle_in(&mut self, branch: &str) {
        self.set_branch(BranchCode::from(branch));
    }

    fn holds(&self, table: &str, key: &[u8]) -> Result<bool, StoreError> {
        Ok(match (table, case_and_hash(key)) {
            ("snapshot", Some((case, hash))) => self.snapshot(case, SnapshotHash(hash))?.is_some(),
            ("blob_ref", Some((_, hash))) => self.blob(BlobHash(hash))?.is_some(),
            _ => false,
        })
    }
}

impl Room for HubStore {
    fn open_file(
        path: &Path,
        key: &DatabaseKey,
        device: DeviceId,
        around: Surroundings,
    ) -> Result<Self, OpenError> {
        Self::open(path, key, device, around)
    }

    fn hybrid_clock(&self) -> Result<Hlc, StoreError> {
        self.clock()
    }

    fn is_older_copy(&self) -> bool {
        false
    }

    fn settle_in(&mut self, _branch: &str) {}

    fn holds(&self, _table: &str, _key: &[u8]) -> Result<bool, StoreError> {
        Ok(false)
    }
}

/// One database and the machine it runs on.
#[derive(Debug)]
pub(crate) struct Office<S> {
    path: PathBuf,
    pub(crate) peer: Peer,
    store: Option<S>,
    time: RightTime,
    wrong_ms: Arc<AtomicI64>,
    drawn: Arc<AtomicU64>,
    key: DatabaseKey,
    /// The disk takes no more pages.
    pub(crate) full: bool,
}

/// The database is closed; only while its files are being exchanged.
#[derive(Debug, thiserror::Error)]
#[error("database is closed")]
pub(crate) struct Closed;

impl<S: Room> Office<S> {
    pub(crate) fn open(
        path: PathBuf,
        number: u8,
        branch: &str,
        time: RightTime,
    ) -> Result<Self, OpenError> {
        let role = if branch == "00" {
            PeerRole::Hub
        } else {
            PeerRole::Counter
        };
        let peer = Peer {
            site: SiteId([number; 16]),
            branch: branch.to_owned(),
            role,
        };
        let mut office = Self {
            path,
            peer,
            store: None,
            time,
            wrong_ms: Arc::default(),
            drawn: Arc::default(),
            key: key(SiteId([number; 16])),
            full: false,
        };
        office.power_on()?;
        Ok(office)
    }

    pub(crate) fn store(&mut self) -> Result<&mut S, Closed> {
        self.store.as_mut().ok_or(Closed)
    }

    pub(crate) fn set_clock_wrong(&self, ms: i64) {
        self.wrong_ms.store(ms, Ordering::Relaxed);
    }

    fn unix_ms(&self) -> u64 {
        self.time
            .now()
            .saturating_add_signed(self.wrong_ms.load(Ordering::Relaxed))
    }

    pub(crate) fn moment(&mut self) -> anyhow::Result<Moment> {
        let unix_ms = self.unix_ms();
        let hlc = self.store()?.hybrid_clock()?.0;
        Ok(Moment { unix_ms, hlc })
    }

    pub(crate) fn files(&self) -> io::Result<Files> {
        Files::read(&self.path)
    }

    /// Where the database of a site lies that this machine was before.
    pub(crate) fn database_of(&self, before: SiteId) -> (PathBuf, &DatabaseKey, SiteId) {
        let path = self.path.with_extension(before.to_string());
        (path, &self.key, before)
    }

    /// Ends the process and goes on under another site with an empty database; the one before is
    /// kept.
    pub(crate) fn begin_anew(&mut self, site: SiteId) -> anyhow::Result<()> {
        drop(self.store.take());
        let (before, _, _) = self.database_of(self.peer.site);
        Files::read(&self.path)?.write(&before)?;
        Files::remove(&self.path)?;
        self.peer.site = site;
        self.power_on()?;
        Ok(())
    }

    /// A second machine with a copy of this one's disk; it draws other chance.
    pub(crate) fn twin(&self, path: PathBuf, number: u64) -> anyhow::Result<Self> {
        self.files()?.write(&path)?;
        std::fs::copy(key_check(&self.path), key_check(&path))?;
        let mut twin = Self {
            path,
            peer: self.peer.clone(),
            store: None,
            time: self.time.clone(),
            wrong_ms: Arc::default(),
            drawn: Arc::new(AtomicU64::new(number << 40)),
            key: self.key.clone(),
            full: false,
        };
        twin.power_on()?;
        Ok(twin)
    }

    /// Hands the open store to who closes it.
    pub(crate) fn pass_on(
        &mut self,
        to: impl FnOnce(S) -> Result<(), StoreError>,
    ) -> anyhow::Result<()> {
        Ok(to(self.store.take().ok_or(Closed)?)?)
    }

    /// Ends the process and puts `files` in the place of what it left.
    pub(crate) fn power_off(&mut self, files: &Files) -> io::Result<()> {
        drop(self.store.take());
        files.write(&self.path)
    }

    pub(crate) fn power_on(&mut self) -> Result<(), OpenError> {
        self.full = false;
        let (time, wrong) = (self.time.clone(), Arc::clone(&self.wrong_ms));
        let (drawn, site) = (Arc::clone(&self.drawn), self.peer.site);
        let around = Surroundings::new(
            move || {
                // A look takes a millisecond, so that no two readings are the same.
                time.pass(1);
                time.now()
                    .saturating_add_signed(wrong.load(Ordering::Relaxed))
            },
            move |buffer| {
                let count = drawn.fetch_add(1, Ordering::Relaxed);
                let mut hasher = blake3::Hasher::new();
                hasher.update(&site.0).update(&count.to_be_bytes());
                hasher.finalize_xof().fill(buffer);
            },
        );
        let device = DeviceId(self.peer.site.0);
        let mut store = S::open_file(&self.path, &self.key, device, around)?;
        store.settle_in(&self.peer.branch);
        self.store = Some(store);
        Ok(())
    }
}

fn key_check(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".key-check");
    PathBuf::from(name)
}

/// Every database has its own key.
pub(crate) fn key(site: SiteId) -> DatabaseKey {
    DatabaseKey::from_bytes(*blake3::hash(&site.0).as_bytes())
}
