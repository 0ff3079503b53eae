//! A file of residents is being taken in when the plug is pulled: a real process, SIGKILL. What was
//! in force before stays whole, and the file is taken in afterwards as if nothing had been.
//!
//! The file is a pipe that is never closed, so that the importer is certainly in the middle of it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use counter_domain::ids::DeviceId;
use hub_store::HubStore;
use replica::{DatabaseKey, Surroundings};
use rustix::fs::OFlags;

/// Bytes of a record of the layout `todoke-fixed`, and the break behind it.
const RECORD: usize = 1488;
/// A pipe holds 64 KiB, the importer's buffer one pipe of it: what is beyond was understood.
const SURELY_READ: usize = 512 << 10;
/// Datasets that an import publishes.
const DATASETS: [&str; 3] = ["protection", "resident-copy", "resident-copy-changes"];

fn hub(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_todoke-hub"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[track_caller]
fn done(arguments: &[&str]) -> String {
    let output = hub(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// An invented person in the fixed layout; `change` is what a difference does with them.
fn record(number: usize, change: &str) -> Vec<u8> {
    let mut bytes = vec![b' '; RECORD];
    let fields = [
        (1, format!("{number:010}")),
        (16, format!("H{number:09}")),
        (31, "11仮名　某".to_owned()),
        (473, "19800101".to_owned()),
        (543, format!("架空市架空町{number}番")),
        (1479, "0".to_owned()),
        (1488, change.to_owned()),
    ];
    for (at, text) in fields {
        bytes[at - 1..at - 1 + text.len()].copy_from_slice(text.as_bytes());
    }
    bytes.push(b'\n');
    bytes
}

struct Office {
    scratch: tempfile::TempDir,
}

impl Office {
    /// A head office with two hundred residents.
    fn set_up() -> Self {
        let office = Self {
            scratch: tempfile::tempdir().unwrap(),
        };
        let data = office.data();
        done(&["init", "--data", &data, "--city", "架空市"]);
        office.import(&office.file(200), &[]);
        office
    }

    fn at(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn data(&self) -> String {
        self.at("hub").to_str().unwrap().to_owned()
    }

    fn file(&self, people: usize) -> PathBuf {
        let path = self.at(&format!("{people}.dat"));
        let bytes: Vec<u8> = (1..=people).flat_map(|one| record(one, "")).collect();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn import(&self, file: &Path, more: &[&str]) -> String {
        let (data, file) = (self.data(), file.to_str().unwrap());
        let import = ["residents", "import", file, "--data", &data];
        done(&[&import[..], LAYOUT, more].concat())
    }

    fn status(&self) -> String {
        done(&["residents", "status", "--data", &self.data()])
    }

    /// What the counters would be given.
    fn published(&self) -> Vec<Option<Vec<u8>>> {
        let about = std::fs::read(self.at("hub/hub.json")).unwrap();
        let about: serde_json::Value = serde_json::from_slice(&about).unwrap();
        let device: DeviceId = serde_json::from_value(about["device"].clone()).unwrap();
        let key = std::fs::read_to_string(self.at("hub/database.key")).unwrap();
        let key = DatabaseKey::from_hex(key.trim()).unwrap();
        let around = Surroundings::new(|| 1_795_222_800_000, |bytes| bytes.fill(7));
        let store = HubStore::open(&self.at("hub/hub.sqlite"), &key, device, around).unwrap();
        let bytes = |name| Some(store.dataset(name).unwrap()?.bytes);
        DATASETS.map(bytes).to_vec()
    }

    /// Begins an import and pulls the plug in the middle of it.
    fn cut_off(&self, more: &[&str], line: impl Fn(usize) -> Vec<u8>) {
        let pipe = self.at("pipe");
        if !pipe.exists() {
            let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
            assert!(made.success());
        }
        let mut fill = opened(&pipe);
        let data = self.data();
        let mut importer = Command::new(env!("CARGO_BIN_EXE_todoke-hub"))
            .args([
                "residents",
                "import",
                pipe.to_str().unwrap(),
                "--data",
                &data,
            ])
            .args(LAYOUT)
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        for number in 1..=SURELY_READ / RECORD {
            put(&mut fill, &line(number), &mut importer);
        }
        importer.kill().unwrap();
        importer.wait().unwrap();
    }
}

const LAYOUT: &[&str] = &["--layout", "todoke-fixed", "--encoding", "utf8"];

/// The pipe, opened at both ends so that nobody waits for the other; this one never reads.
fn opened(pipe: &Path) -> File {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap();
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).custom_flags(flags);
    options.open(pipe).unwrap()
}

/// Writes a line as the importer makes room for it.
#[track_caller]
fn put(pipe: &mut File, line: &[u8], importer: &mut Child) {
    let mut rest = line;
    while !rest.is_empty() {
        match pipe.write(rest) {
            Ok(written) => rest = &rest[written..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                assert!(importer.try_wait().unwrap().is_none(), "it gave up");
                std::thread::yield_now();
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn whole_file_cut_off_leaves_what_was_there_and_is_taken_in_afterwards() {
    let office = Office::set_up();
    let before = (office.status(), office.published());
    assert!(before.0.contains("200 人"), "{}", before.0);
    office.cut_off(&[], |number| record(number, ""));
    assert_eq!((office.status(), office.published()), before);
    office.import(&office.file(300), &[]);
    assert!(office.status().contains("300 人"), "{}", office.status());
    assert_ne!(office.published(), before.1);
}

#[test]
fn difference_cut_off_leaves_what_was_there_and_is_taken_in_afterwards() {
    let office = Office::set_up();
    let before = (office.status(), office.published());
    office.cut_off(&["--difference"], |number| record(1000 + number, "1"));
    assert_eq!((office.status(), office.published()), before);
    let difference = office.at("difference.dat");
    std::fs::write(&difference, record(1001, "1")).unwrap();
    office.import(&difference, &["--difference"]);
    assert!(office.status().contains("201 人"), "{}", office.status());
}
