//! The first databases of a process, opened at the same moment. Only a process that has not opened
//! one yet can show a fault, and not every time: so the test starts itself again and again.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::process::Command;
use std::sync::Barrier;
use std::{env, thread};

use replica::{DatabaseKey, create_side_file};

const OPENERS: u8 = 24;
/// Before the first one was opened alone, one process in twenty-seven refused a key.
const PROCESSES: usize = 150;
const INNER: &str = "TODOKE_FIRST_OPEN";

#[test]
fn databases_opened_first_and_at_once_all_take_their_key() {
    if env::var_os(INNER).is_some() {
        return open_at_once();
    }
    for _ in 0..PROCESSES {
        let inner = Command::new(env::current_exe().unwrap())
            .env(INNER, "1")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&inner.stdout);
        assert!(inner.status.success(), "{told}");
    }
}

fn open_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let start = Barrier::new(usize::from(OPENERS));
    let open = |number: u8| {
        let path = folder.path().join(number.to_string());
        let key = DatabaseKey::from_bytes([number; 32]);
        start.wait();
        create_side_file(&path, &key).map(drop)
    };
    thread::scope(|scope| {
        let openers = (1..=OPENERS).map(|number| {
            let open = &open;
            scope.spawn(move || open(number))
        });
        for opener in openers.collect::<Vec<_>>() {
            opener.join().unwrap().unwrap();
        }
    });
}
