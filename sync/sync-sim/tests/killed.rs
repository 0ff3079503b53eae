//! A few cycles of the kill loop; `make kill-loop` plays hundreds. Needs the programs built (`make
//! test` does).

use std::process::Command;

#[test]
fn programs_killed_at_work_lose_nothing_they_said_is_done() {
    let played = Command::new(env!("CARGO_BIN_EXE_todoke-kill-loop"))
        .args(["--cycles", "5", "--seed", "3", "--longest-ms", "2500"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&played.stdout);
    assert!(played.status.success(), "{told}");
}
