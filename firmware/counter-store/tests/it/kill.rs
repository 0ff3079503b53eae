//! A counter killed while it writes: what it acknowledged is there afterwards.
//!
//! The test starts itself again as the writing process, which prints a line after each write that
//! returned. The kill comes after a number of lines, wherever the writer is by then.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use counter_domain::ids::CaseId;

use crate::setting::{Clock, NOON, counter, set, start};

const FOLDER: &str = "COUNTER_STORE_WRITER_FOLDER";

#[test]
fn writer_process() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let mut store = counter(&folder, 1, &Clock::at(NOON));
    let mut out = std::io::stdout();
    for number in 0..100_000 {
        let case = start(&mut store, "07").case;
        set(
            &mut store,
            case,
            "member.1.name",
            &format!("架空　{number}"),
        );
        writeln!(out, "\nACK {case} {number}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn everything_acknowledged_survives_a_kill() {
    for writes in [1, 7, 30] {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::writer_process", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        let mut acknowledged: Vec<(CaseId, String)> = Vec::new();
        for line in lines {
            let line = line.unwrap();
            let mut words = line.split(' ').skip_while(|word| *word != "ACK").skip(1);
            if let (Some(case), Some(number)) = (words.next(), words.next()) {
                acknowledged.push((case.parse().unwrap(), number.to_owned()));
                if acknowledged.len() == writes {
                    // SIGKILL; the lines still in the pipe were acknowledged too.
                    writer.kill().unwrap();
                }
            }
        }
        writer.wait().unwrap();
        assert!(acknowledged.len() >= writes);
        let mut store = counter(folder.path(), 1, &Clock::at(NOON));
        for (case, number) in acknowledged {
            let record = store.case(case).unwrap().unwrap();
            let name = format!("架空　{number}");
            assert_eq!(record.draft.text("member.1.name"), Some(name.as_str()));
        }
        start(&mut store, "07");
    }
}
