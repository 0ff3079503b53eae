//! The file: unreadable without its key, never overwritten, never half made.

#![expect(
    clippy::disallowed_methods,
    reason = "plain and foreign databases are made on purpose"
)]
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::fs;
use std::path::Path;

use counter_domain::ids::DeviceId;
use counter_store::CounterStore;
use replica::OpenError;
use rusqlite::Connection;

use crate::setting::{Clock, NOON, clerk, counter, entry, key, set, start};

const NAME: &str = "架空　花子";

fn contains(path: &Path, text: &str) -> bool {
    fs::read(path)
        .unwrap()
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[test]
fn nothing_of_a_case_is_readable_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::at(NOON);
    let mut store = counter(folder.path(), 1, &clock);
    let case = start(&mut store, "07").case;
    set(&mut store, case, "member.1.name", NAME);
    // The log is still there while the store is open.
    let mut seen = 0;
    for file in fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        for text in [NAME, "CREATE TABLE", "member.1.name", "01-270331-0001"] {
            assert!(!contains(&path, text), "{text} in {}", path.display());
        }
        seen += 1;
    }
    assert_eq!(
        seen, 5,
        "database, log, its index, the key's check value and the day's last number"
    );
    store.close().unwrap();
    assert!(!contains(&folder.path().join("counter-1.db"), NAME));
}

/// The search above can fail: the same text is found in a database without a key.
#[test]
fn plain_database_shows_what_the_search_looks_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plain.db");
    let plain = Connection::open(&path).unwrap();
    plain
        .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (v TEXT)")
        .unwrap();
    plain
        .execute("INSERT INTO t (v) VALUES (?1)", [NAME])
        .unwrap();
    assert!(contains(&folder.path().join("plain.db-wal"), NAME));
    plain.close().unwrap();
    assert!(contains(&path, NAME));
}

/// Opens a prepared file and says why it was refused; the file must be as before.
fn refusal(prepare: impl FnOnce(&Path), key_byte: u8, device: u8) -> OpenError {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::at(NOON);
    let mut store = counter(folder.path(), 1, &clock);
    for _ in 0..3 {
        start(&mut store, "07");
    }
    store.close().unwrap();
    let path = folder.path().join("counter-1.db");
    prepare(&path);
    let before = fs::read(&path).unwrap();
    let opened = CounterStore::open(
        &path,
        &key(key_byte),
        DeviceId([device; 16]),
        clock.around(1),
    );
    assert_eq!(fs::read(&path).unwrap(), before);
    opened.unwrap_err()
}

#[test]
fn wrong_key_is_told_from_damage() {
    assert!(matches!(refusal(|_| {}, 2, 1), OpenError::WrongKey));
    let forget = |path: &Path| fs::remove_file(path.with_extension("db.key-check")).unwrap();
    assert!(matches!(refusal(forget, 2, 1), OpenError::Unreadable));
}

#[test]
fn damage_anywhere_is_found_at_the_start() {
    for place in [100, 4096 * 3 + 77] {
        let damage = |path: &Path| {
            let mut bytes = fs::read(path).unwrap();
            bytes[place] ^= 1;
            fs::write(path, bytes).unwrap();
        };
        assert!(matches!(refusal(damage, 1, 1), OpenError::Damaged));
    }
    assert!(matches!(
        refusal(|path| fs::write(path, b"").unwrap(), 1, 1),
        OpenError::Damaged
    ));
}

#[test]
fn damaged_file_of_a_pulled_plug_keeps_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::at(NOON);
    let mut store = counter(folder.path(), 1, &clock);
    for _ in 0..3 {
        start(&mut store, "07");
    }
    // What lies on the disk now is what a pulled plug leaves: the newest work is in the log only.
    let pulled = tempfile::tempdir().unwrap();
    for ending in ["", "-wal", ".key-check"] {
        let name = format!("counter-1.db{ending}");
        fs::copy(folder.path().join(&name), pulled.path().join(&name)).unwrap();
    }
    let path = pulled.path().join("counter-1.db");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let log = fs::read(pulled.path().join("counter-1.db-wal")).unwrap();
    let opened = CounterStore::open(&path, &key(1), DeviceId([1; 16]), clock.around(1));
    assert!(matches!(opened.unwrap_err(), OpenError::Damaged));
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(
        fs::read(pulled.path().join("counter-1.db-wal")).unwrap(),
        log
    );
}

#[test]
fn foreign_files_are_left_alone() {
    let plain = |path: &Path| {
        fs::remove_file(path).unwrap();
        let plain = Connection::open(path).unwrap();
        plain.execute_batch("CREATE TABLE t (v TEXT)").unwrap();
        plain.close().unwrap();
    };
    assert!(matches!(refusal(plain, 1, 1), OpenError::NotTodoke));
    assert!(matches!(refusal(|_| {}, 1, 2), OpenError::OtherSite));
}

#[test]
fn newer_schema_is_refused_untouched() {
    let newer = |path: &Path| {
        let connection = Connection::open(path).unwrap();
        let hex = "01".repeat(32);
        connection
            .pragma_update(None, "key", format!("x'{hex}'"))
            .unwrap();
        connection.pragma_update(None, "user_version", 999).unwrap();
        connection.close().unwrap();
    };
    assert!(matches!(
        refusal(newer, 1, 1),
        OpenError::NewerSchema { found: 999, .. }
    ));
}

#[test]
fn interrupted_creation_starts_again() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("counter-1.db.new"), b"half a file").unwrap();
    let mut store = counter(folder.path(), 1, &Clock::at(NOON));
    start(&mut store, "07");
}

#[test]
fn full_disk_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::at(NOON);
    let mut store = counter(folder.path(), 1, &clock);
    let case = start(&mut store, "07").case;
    set(&mut store, case, "member.1.name", NAME);
    let pages = store.limit_pages(Some(0)).unwrap();
    let long = "架".repeat(20_000);
    let refused = store
        .set_fields(case, &clerk(), &[entry("member.1.name", &long)])
        .unwrap_err();
    assert!(refused.is_disk_full(), "{refused}");
    assert_eq!(
        store
            .case(case)
            .unwrap()
            .unwrap()
            .draft
            .text("member.1.name"),
        Some(NAME)
    );
    assert_eq!(store.sending().unwrap().waiting, 1);
    store.limit_pages(Some(pages + 1000)).unwrap();
    set(&mut store, case, "member.1.name", &long);
    assert_eq!(
        store
            .case(case)
            .unwrap()
            .unwrap()
            .draft
            .text("member.1.name"),
        Some(&*long)
    );
}
