//! Whole households: what they lead to and what is asked first, as text in `tests/golden`.
//!
//! A file gives facts and what must come of them (see `counter_guide::golden`), then everything
//! the guide says. `TODOKE_WRITE_GOLDEN=1` writes the latter anew; read the difference before
//! keeping it. Claims are never written by the test.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use counter_guide::golden::{Golden, rendered};
use counter_guide::{Catalogue, Guide};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

fn guide() -> Guide {
    Guide::new(Catalogue::bundled().unwrap())
}

#[test]
fn every_golden_household_leads_to_what_law_and_practice_say() {
    let guide = guide();
    let mut wrong = Vec::new();
    for file in files() {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let golden = Golden::read(&text)
            .map_err(|problem| format!("{name}:{problem}"))
            .unwrap();
        wrong.extend(
            golden
                .problems(&guide)
                .iter()
                .map(|problem| format!("{name}:{problem}")),
        );
        let found = rendered(&guide, &guide.evaluate(&golden.facts));
        if std::env::var_os("TODOKE_WRITE_GOLDEN").is_some() {
            let given = text.split("=>\n").next().unwrap();
            std::fs::write(&file, format!("{given}=>\n{found}")).unwrap();
        } else if found != golden.expected {
            let differing = found
                .lines()
                .zip(golden.expected.lines())
                .find(|(new, old)| new != old);
            wrong.push(format!("{name}: {differing:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn golden_households_are_many_and_each_says_why() {
    let files = files();
    assert!(files.len() >= 120, "{}", files.len());
    for file in files {
        let golden = Golden::read(&std::fs::read_to_string(&file).unwrap()).unwrap();
        assert!(!golden.why.is_empty(), "{}", file.display());
    }
}

#[test]
fn every_event_has_a_golden_household() {
    let guide = guide();
    let values = &guide.catalogue().fact("ev.type").unwrap().values;
    let mut missing: BTreeSet<&str> = values.iter().map(|(name, _)| name.as_str()).collect();
    for file in files() {
        let golden = Golden::read(&std::fs::read_to_string(&file).unwrap()).unwrap();
        if let Some(counter_guide::FactValue::Choice(event)) = golden.facts.event.get("ev.type") {
            missing.remove(event.as_str());
        }
    }
    assert_eq!(missing, BTreeSet::new());
}

#[test]
fn line_that_is_no_claim_is_refused_with_its_number() {
    let problem = Golden::read("# why\nevent: type=move_in\nneeds P001\n").unwrap_err();
    assert_eq!(problem.to_string(), "3: a claim says why after |");
    let golden =
        Golden::read("event: type=birth\nneeds P001 | 転入ではない\nnever P158 | 出生届\n")
            .unwrap();
    let said: Vec<String> = golden
        .problems(&guide())
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        said,
        [
            "2: P001 should be listed: 転入ではない",
            "3: P158 should be neither listed nor to be confirmed: 出生届",
        ]
    );
}
