//! Whatever asks a demonstration to stop, nothing that it started is left. Needs the programs built.
//!
//! The real driver is started without a display and told to stop; before that its descendants are
//! written down with the time they were started, which with the pid names a process for good. Those
//! that left their parent are found by `TMPDIR`, which they inherit.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// Waits for what nobody ever sees, so that the visit is in the middle when it is stopped.
const IN_THE_MIDDLE: &str = r#"{ staff = { see = "だれも見ないもの" } }"#;

fn script(last_act: &str) -> String {
    format!(
        r#"
title = "止める"
[scene]
city = "六会市"
branch = "07"
place = "北部市民センター"
counter = "2"
card = "person.toml"
neighbour = "3"
disk_kib = 16384
staff = []
[[step]]
tell = "始まる"
acts = [
  {{ reviewer = {{ open = "/" }} }},
  {{ reviewer = {{ see = "職員番号" }} }},
  {{ staff = {{ see = "職員番号" }} }},
]
[[step]]
tell = "ここで止める"
acts = [ {last_act} ]
"#
    )
}

/// A running process: its id and when it was started, in ticks since the machine came up.
type Process = (u32, u64);

/// The fields of `/proc/PID/stat` after the name, which may hold anything.
fn stat(pid: u32) -> Option<(u32, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let rest: Vec<&str> = text.rsplit(')').next()?.split_whitespace().collect();
    let zombie = rest.first() == Some(&"Z");
    (!zombie).then(|| (rest[1].parse().unwrap(), rest[19].parse().unwrap()))
}

fn descendants(root: u32) -> BTreeSet<Process> {
    let all: Vec<(u32, u32, u64)> = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| stat(pid).map(|(parent, since)| (pid, parent, since)))
        .collect();
    let (mut found, mut family) = (BTreeSet::new(), BTreeSet::from([root]));
    loop {
        let before = found.len();
        for (pid, parent, since) in &all {
            if family.contains(parent) && family.insert(*pid) {
                found.insert((*pid, *since));
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// Every process whose environment says that its scratch folder is `folder`.
fn scratching_in(folder: &Path) -> BTreeSet<Process> {
    let wanted = format!("TMPDIR={}\0", folder.display());
    let pids = fs::read_dir("/proc").unwrap();
    pids.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            String::from_utf8_lossy(&environment).contains(&wanted)
        })
        .filter_map(|pid| stat(pid).map(|(_, since)| (pid, since)))
        .collect()
}

fn is_alive((pid, since): Process) -> bool {
    stat(pid).is_some_and(|(_, now)| now == since)
}

fn names(processes: &BTreeSet<Process>) -> Vec<String> {
    let command = |(pid, _): &Process| fs::read_to_string(format!("/proc/{pid}/comm"));
    let read = processes.iter().filter_map(|one| command(one).ok());
    read.map(|name| name.trim().to_owned()).collect()
}

fn start(folder: &Path, last_act: &str, options: &[&str]) -> Child {
    let people = Path::new(env!("CARGO_MANIFEST_DIR")).join("people");
    fs::copy(people.join("kakuu-taro.toml"), folder.join("person.toml")).unwrap();
    fs::write(folder.join("visit.toml"), script(last_act)).unwrap();
    Command::new(env!("CARGO_BIN_EXE_todoke-visit"))
        .arg("play")
        .arg(folder.join("visit.toml"))
        .args(options)
        .arg("--screens")
        .arg(folder.join("pictures"))
        .env("TMPDIR", folder)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[track_caller]
fn check(last_act: &str, options: &[&str], when_it_says: &str, signal: Signal) {
    let folder = tempfile::tempdir().unwrap();
    let mut driver = start(folder.path(), last_act, options);
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let mut told = String::new();
    while !told.contains(when_it_says) {
        let line = lines.next().unwrap_or_else(|| panic!("it ended: {told}"));
        told.push_str(&line.unwrap());
    }
    let started = descendants(driver.id());
    let running = names(&started);
    for name in ["todoke", "todoke-hub", "todoke-ui", "pcscd", "chromium"] {
        assert!(running.iter().any(|one| one == name), "{name}: {running:?}");
    }
    let pid = Pid::from_raw(i32::try_from(driver.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
    let status = driver.wait().unwrap();
    let mut left = scratching_in(folder.path());
    left.extend(started.into_iter().filter(|one| is_alive(*one)));
    assert!(left.is_empty(), "still running: {:?}", names(&left));
    assert_eq!(status.success(), last_act.is_empty());
    let kept = fs::read_dir(folder.path()).unwrap().flatten();
    let mut kept = kept.map(|entry| entry.file_name().to_string_lossy().into_owned());
    assert!(
        !kept.any(|name| name.starts_with("todoke-demonstration-")),
        "its data folder is left"
    );
}

#[test]
fn terminated_while_it_stays_leaves_nothing_running() {
    check("", &["--stay"], "Ctrl-C", Signal::TERM);
}

#[test]
fn interrupted_in_the_middle_of_a_visit_leaves_nothing_running() {
    check(IN_THE_MIDDLE, &[], "だれも見ないもの", Signal::INT);
}
