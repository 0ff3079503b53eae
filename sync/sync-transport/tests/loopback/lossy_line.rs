//! The same conversation where the kernel loses packets: real TCP in a network namespace of its own,
//! whose loopback is as slow as a branch's line and has room for a handful of packets.

use std::process::Command;

use sync_engine::Limits;

use crate::{COUNTER, counter, counter_holds, hub, hub_holds, noon};

/// As Ethernet packs it, 10 Mbit/s, and whatever does not fit the queue is lost.
const LAY: &str = "ip link set lo mtu 1500 up \
     && tc qdisc add dev lo root tbf rate 10mbit burst 8kb limit 16kb";

/// Plays a test on that line and tells afterwards how many packets were lost.
const PLAY: &str = r#"&& "$@"; code=$?; tc -s qdisc show dev lo; exit $code"#;

/// A shell in the namespace. Unprivileged user namespaces let anybody have one; some containers
/// forbid them.
fn namespace(script: &str) -> Command {
    let mut shell = Command::new("unshare");
    shell.args([
        "--user",
        "--map-root-user",
        "--net",
        "sh",
        "-c",
        script,
        "sh",
    ]);
    shell
}

fn is_possible() -> bool {
    namespace(LAY)
        .output()
        .is_ok_and(|tried| tried.status.success())
}

/// Bytes that packing does not make fewer.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()
    };
    (0..length.div_ceil(4)).flat_map(|_| next()).collect()
}

#[tokio::test]
async fn papers_and_lists_cross() {
    let hub = hub().await;
    let (list, paper) = (noise(500_000), noise(300_000));
    hub.store.lock().unwrap().publish("staff", list.clone());
    let identity = hub.enrolled(COUNTER).await;
    let counter = counter(hub.address, identity, noon(), Limits::default());
    let hash = counter.store.lock().unwrap().write_blob(paper.clone());
    counter.link.local_change();
    hub_holds(&hub, |hub| hub.blob(hash) == Some(&paper[..])).await;
    counter_holds(&counter, |store| store.dataset("staff") == Some(&list[..])).await;
}

/// The number behind a word.
fn counted(told: &str, word: &str) -> Option<u64> {
    let (_, rest) = told.split_once(word)?;
    let digits = rest
        .trim_start()
        .split(|c: char| !c.is_ascii_digit())
        .next()?;
    digits.parse().ok()
}

#[test]
fn everything_arrives_over_a_slow_line_that_loses_packets() {
    if !is_possible() {
        return;
    }
    let played = namespace(&format!("{LAY} {PLAY}"))
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "lossy_line::papers_and_lists_cross"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&played.stdout).into_owned();
    assert!(played.status.success(), "{told}");
    assert_eq!(counted(&told, "test result: ok."), Some(1), "{told}");
    assert!(
        counted(&told, "(dropped").is_some_and(|lost| lost > 0),
        "{told}"
    );
}
