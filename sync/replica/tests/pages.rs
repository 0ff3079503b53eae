//! A copy follows a database in use and is that database, whatever happens on the way.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use counter_domain::ids::DeviceId;
use replica::{AuditAction, DatabaseKey, PageCopy, PageError, PageSource, Replica, Surroundings};
use sync_protocol::SiteId;
use tempfile::TempDir;

fn key() -> DatabaseKey {
    DatabaseKey::from_bytes([9; 32])
}

fn open(path: &Path) -> Replica {
    let (clock, count) = (AtomicU64::new(1_795_222_800_000), AtomicU64::new(0));
    let around = Surroundings::new(
        move || clock.fetch_add(1, Ordering::Relaxed),
        move |bytes| {
            let mut hasher = blake3::Hasher::new();
            hasher.update(&count.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            hasher.finalize_xof().fill(bytes);
        },
    );
    Replica::open(path, &key(), SiteId([1; 16]), around).unwrap()
}

struct Pair {
    folder: TempDir,
    work: Replica,
}

impl Pair {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let work = open(&folder.path().join("work"));
        Self { folder, work }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn source(&self) -> PageSource {
        PageSource::begin(&self.at("work"), &key()).unwrap()
    }

    /// One entry of the log: a transaction.
    fn write(&mut self) {
        let by = "u0101".into();
        self.work
            .write(|write| write.audit(&by, AuditAction::SignedIn, None))
            .unwrap();
    }

    /// A large transaction.
    fn publish(&mut self, bytes: usize, seed: u64) {
        self.publish_as("reservations", bytes, seed);
    }

    fn publish_as(&mut self, name: &str, bytes: usize, seed: u64) {
        let mut content = vec![0; bytes];
        blake3::Hasher::new()
            .update(&seed.to_be_bytes())
            .finalize_xof()
            .fill(&mut content);
        self.work.publish(name, &content, |_| vec![1]).unwrap();
    }

    /// Everything of a copy is what the work has; it is looked at beside, the copy goes on.
    #[track_caller]
    fn same(&self, copy: &str) {
        let beside = self.at("beside");
        std::fs::copy(self.at(copy), &beside).unwrap();
        let opened = open(&beside);
        assert_eq!(opened.faults().unwrap(), Vec::<String>::new());
        let told = |replica: &Replica| {
            let chains = replica.audit_verify().unwrap();
            assert!(chains.iter().all(|one| one.broken_at.is_none()));
            let datasets = replica.datasets().unwrap();
            (
                chains.iter().map(|one| one.entries).collect::<Vec<_>>(),
                datasets.into_iter().map(|one| one.hash).collect::<Vec<_>>(),
            )
        };
        assert_eq!(told(&opened), told(&self.work));
        opened.close().unwrap();
        for ending in ["", "-wal", "-shm", ".key-check"] {
            std::fs::remove_file(self.at(&format!("beside{ending}"))).ok();
        }
    }
}

/// Every block that differs; returns how many came.
fn base(source: &PageSource, copy: &mut PageCopy) -> usize {
    let (mut first, mut came) = (0, 0);
    loop {
        let blocks = source.blocks(first, &copy.hashes(first).unwrap()).unwrap();
        came += blocks.blocks.len();
        match copy.put_blocks(first, &blocks).unwrap() {
            Some(next) => first = next,
            None => break,
        }
    }
    copy.begin_at(source.begin_place()).unwrap();
    came
}

/// Whatever is to come, in pieces of about so many bytes.
fn follow(source: &mut PageSource, copy: &mut PageCopy, bytes: usize) {
    loop {
        let came = source.frames(copy.place().unwrap(), bytes).unwrap();
        let last = came.frames.is_empty() && came.to_come == 0;
        copy.take(came).unwrap();
        if last {
            return;
        }
    }
}

#[test]
fn copy_has_every_transaction_and_more_come() {
    let mut pair = Pair::new();
    pair.publish(300_000, 1);
    pair.write();
    let mut source = pair.source();
    let mut copy = PageCopy::open(&pair.at("copy")).unwrap();
    assert!(base(&source, &mut copy) > 5);
    for round in 0..5 {
        for _ in 0..20 {
            pair.write();
        }
        pair.publish(200_000, round);
        follow(&mut source, &mut copy, 100_000);
        pair.same("copy");
    }
}

#[test]
fn work_that_goes_on_while_the_file_is_read_is_in_the_copy() {
    let mut pair = Pair::new();
    pair.publish(2_000_000, 1);
    let mut source = pair.source();
    let mut copy = PageCopy::open(&pair.at("copy")).unwrap();
    let mut first = 0;
    let mut seed = 10;
    loop {
        // More than a thousand pages each time: the database puts its log into the file.
        seed += 1;
        pair.publish(5_000_000, seed);
        let blocks = source.blocks(first, &copy.hashes(first).unwrap()).unwrap();
        match copy.put_blocks(first, &blocks).unwrap() {
            Some(next) => first = next,
            None => break,
        }
        if seed > 14 {
            // The file grows by as much as is read; enough was seen.
            pair.write();
        }
        assert!(seed <= 30, "the file is never read to its end");
    }
    copy.begin_at(source.begin_place()).unwrap();
    follow(&mut source, &mut copy, 1 << 20);
    pair.same("copy");
}

#[test]
fn log_begins_anew_under_a_follower_and_stays_short() {
    let mut pair = Pair::new();
    let mut source = pair.source();
    let mut copy = PageCopy::open(&pair.at("copy")).unwrap();
    base(&source, &mut copy);
    let mut longest = 0;
    let mut logs = std::collections::BTreeSet::new();
    for seed in 0..40 {
        pair.publish(3_000_000, seed);
        pair.write();
        follow(&mut source, &mut copy, 4 << 20);
        logs.insert(copy.place().unwrap().log);
        longest = longest.max(std::fs::metadata(pair.at("work-wal")).unwrap().len());
    }
    pair.same("copy");
    assert!(logs.len() >= 3, "it began anew: {logs:?}");
    assert!(longest < 40 << 20, "{longest}");
}

#[test]
fn copy_that_reads_slowly_misses_nothing_of_a_log_that_begins_anew() {
    let mut pair = Pair::new();
    let mut source = pair.source();
    let mut copy = PageCopy::open(&pair.at("copy")).unwrap();
    base(&source, &mut copy);
    for seed in 0..30 {
        pair.publish(3_000_000, seed);
        // One small piece for each large transaction, now and then all of it.
        let came = source.frames(copy.place().unwrap(), 1 << 20).unwrap();
        copy.take(came).unwrap();
        pair.write();
        if seed % 7 == 6 {
            follow(&mut source, &mut copy, 1 << 20);
            pair.same("copy");
        }
    }
    follow(&mut source, &mut copy, 1 << 20);
    pair.same("copy");
}

#[test]
fn plug_pulled_at_the_copy_loses_nothing_and_tears_nothing() {
    let mut pair = Pair::new();
    let mut source = pair.source();
    let mut copy = PageCopy::open(&pair.at("copy")).unwrap();
    base(&source, &mut copy);
    follow(&mut source, &mut copy, 1 << 20);
    for seed in 0..6 {
        pair.publish(400_000, seed);
        // Only the beginning of the transaction comes before the plug is pulled.
        let came = source.frames(copy.place().unwrap(), 50_000).unwrap();
        assert!(came.to_come > 0);
        copy.take(came).unwrap();
        copy = PageCopy::open(&pair.at("copy")).unwrap();
        let opened = pair.at("torn");
        std::fs::copy(pair.at("copy"), &opened).unwrap();
        let torn = open(&opened);
        assert_eq!(
            torn.faults().unwrap(),
            Vec::<String>::new(),
            "whole, only older"
        );
        torn.close().unwrap();
        for ending in ["", "-wal", "-shm", ".key-check"] {
            std::fs::remove_file(pair.at(&format!("torn{ending}"))).ok();
        }
        follow(&mut source, &mut copy, 1 << 20);
        pair.same("copy");
    }
}

#[test]
fn copy_that_was_away_gets_only_the_blocks_that_differ() {
    let mut pair = Pair::new();
    pair.publish(6_000_000, 1);
    let mut source = pair.source();
    let mut copy = PageCopy::open(&pair.at("copy")).unwrap();
    let whole = base(&source, &mut copy);
    follow(&mut source, &mut copy, 1 << 20);
    drop(source);
    pair.write();
    let mut source = pair.source();
    let unknown = replica::PagePlace { log: 1, frames: 5 };
    assert!(matches!(
        source.frames(unknown, 1 << 20),
        Err(PageError::Lost)
    ));
    let differing = base(&source, &mut copy);
    assert!(differing * 4 < whole, "{differing} of {whole}");
    follow(&mut source, &mut copy, 1 << 20);
    pair.same("copy");
}

#[test]
fn last_commit_is_the_last_once_writers_are_held_up() {
    let mut pair = Pair::new();
    let mut source = pair.source();
    let mut copy = PageCopy::open(&pair.at("copy")).unwrap();
    base(&source, &mut copy);
    pair.write();
    source.hold_writers().unwrap();
    follow(&mut source, &mut copy, 1 << 20);
    let by = "u0101".into();
    let refused = pair
        .work
        .write(|write| write.audit(&by, AuditAction::SignedIn, None));
    assert!(refused.is_err());
    pair.same("copy");
}

/// A checkpoint beside a reader leaves holes in the file for what is in the log; a process killed
/// then leaves them there.
#[test]
fn database_killed_while_somebody_read_an_older_state_is_not_taken_for_damaged() {
    let mut pair = Pair::new();
    let mut source = pair.source();
    let place = source.begin_place();
    pair.publish(2_000_000, 1);
    pair.publish_as("move-outs", 3_000_000, 2);
    source.frames(place, 1 << 20).unwrap();
    // What was written first is written again, what was written last goes into the file.
    pair.publish(2_000_000, 3);
    pair.write();
    for ending in ["", "-wal"] {
        let (from, to) = (format!("work{ending}"), format!("killed{ending}"));
        std::fs::copy(pair.at(&from), pair.at(&to)).unwrap();
    }
    let file = std::fs::read(pair.at("killed")).unwrap();
    let holes = file
        .chunks(4096)
        .filter(|page| page.iter().all(|one| *one == 0));
    assert!(holes.count() > 0, "there is something to forgive");
    let killed = open(&pair.at("killed"));
    assert_eq!(
        killed.datasets().unwrap().len(),
        pair.work.datasets().unwrap().len()
    );
    killed.close().unwrap();
    let again = open(&pair.at("killed"));
    assert_eq!(again.faults().unwrap(), Vec::<String>::new());
}

#[test]
fn device_id_of_the_copy_is_the_one_of_the_work() {
    let pair = Pair::new();
    let mut source = pair.source();
    let mut copy = PageCopy::open(&pair.at("copy")).unwrap();
    base(&source, &mut copy);
    follow(&mut source, &mut copy, 1 << 20);
    let opened = open(&pair.at("copy"));
    assert_eq!(opened.device(), DeviceId([1; 16]));
}
