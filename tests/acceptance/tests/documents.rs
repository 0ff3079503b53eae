//! What the documents say of the tree: counts, tests, crates, links, commands, words of screens.
//! Needs the programs built.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use acceptance::Programs;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Every Markdown file below `folder`, except those of hidden folders and of other people.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name().into_string().unwrap();
        let skipped = name.starts_with('.') || ["target", "out", "node_modules"].contains(&&*name);
        if path.is_dir() && !skipped {
            found.extend(documents(&path));
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
    found
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// A row of the requirement matrix: id, state, and the tests or note.
fn rows(matrix: &str) -> Vec<(&str, &str, &str)> {
    let cells = matrix.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match cells.as_slice() {
            ["", id, _, _, _, state, note, ""] if *id != "id" && !id.starts_with('-') => {
                Some((*id, *state, *note))
            }
            _ => None,
        }
    });
    cells.collect()
}

/// Whether a file holds tests, or is a visit that one plays.
fn is_test(path: &Path) -> bool {
    let is_visit = path.extension().is_some_and(|one| one == "toml");
    is_visit || fs::read_to_string(path).is_ok_and(|text| text.contains("test]\n"))
}

/// Tests a note names that are not there; `None` when it names none at all.
fn missing_tests(note: &str) -> Option<Vec<String>> {
    let mut missing = Vec::new();
    let mut file: Option<String> = None;
    let mut tests = 0;
    for word in quoted(note) {
        let path = root().join(word);
        if word.contains('/') && word.contains('.') {
            if !path.is_file() {
                missing.push(word.to_owned());
            } else if is_test(&path) {
                tests += 1;
            }
            file = fs::read_to_string(&path).ok();
        } else if word.matches('_').count() > 1
            && !file
                .as_deref()
                .is_some_and(|text| text.contains(&format!("fn {word}(")))
        {
            missing.push(word.to_owned());
        }
    }
    (tests > 0 || !missing.is_empty()).then_some(missing)
}

#[test]
fn count_line_of_the_matrix_is_what_its_rows_say() {
    let matrix = read("docs/requirements.md");
    let mut counts = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for (id, state, _) in rows(&matrix) {
        assert!(ids.insert(id), "{id} stands there twice");
        *counts.entry(state).or_insert(0_usize) += 1;
    }
    let of = |state| counts.get(state).copied().unwrap_or(0);
    let said = format!(
        "{} done, {} in part, {} open, {} outside software.",
        of("done"),
        of("part"),
        of("open"),
        of("outside")
    );
    assert!(matrix.contains(&said), "the rows say: {said}");
    let known = of("done") + of("part") + of("open") + of("outside");
    assert_eq!(known, ids.len(), "a state is none: {counts:?}");
}

#[test]
fn every_test_named_in_the_matrix_exists() {
    let matrix = read("docs/requirements.md");
    let mut wrong = Vec::new();
    for (id, state, note) in rows(&matrix) {
        match missing_tests(note) {
            Some(missing) if missing.is_empty() => {}
            None if state != "done" => {}
            None => wrong.push(format!("{id} is done and names no test")),
            Some(missing) => wrong.push(format!("{id} names what is not there: {missing:?}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_term_of_the_glossary_is_listed_once() {
    let glossary = read("docs/glossary.md");
    let mut listed = BTreeSet::new();
    for line in glossary.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        for cell in [cells.get(1), cells.get(3)].into_iter().flatten() {
            assert!(listed.insert(*cell), "{cell} stands there twice");
        }
    }
    assert!(listed.len() > 100);
}

#[test]
fn every_crate_has_its_room_on_the_map() {
    let map = read("ARCHITECTURE.md");
    let mut missing = Vec::new();
    for floor in ["firmware", "sync", "ui", "branch-hub", "tests"] {
        for room in fs::read_dir(root().join(floor)).unwrap().flatten() {
            let name = room.file_name().into_string().unwrap();
            let is_crate = room.path().join("Cargo.toml").is_file();
            let named = map.contains(&format!("- `{name}`"))
                || map.contains(&format!("- `{floor}/{name}`"));
            if is_crate && !named {
                missing.push(name);
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?} are not in ARCHITECTURE.md");
}

#[test]
fn every_link_of_a_document_leads_somewhere() {
    let mut broken = Vec::new();
    for document in documents(&root()) {
        let text = fs::read_to_string(&document).unwrap();
        for rest in text.split("](").skip(1) {
            let link = rest.split([')', ' ', '#']).next().unwrap_or_default();
            let elsewhere = link.is_empty() || link.contains("://") || link.starts_with('<');
            if !elsewhere && !document.parent().unwrap().join(link).exists() {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Everything below `folder` that ends so, as one text.
fn sources(folder: &str, endings: &[&str]) -> String {
    let mut all = String::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            let ending = path.extension().and_then(|ending| ending.to_str());
            if path.is_dir() {
                folders.push(path);
            } else if ending.is_some_and(|ending| endings.contains(&ending)) {
                all.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }
    all
}

#[test]
fn every_word_the_manuals_quote_stands_on_a_screen() {
    let shown = [
        sources("ui/counter-ui/slint", &["slint"]),
        sources("firmware/todoked/texts", &["toml"]),
        sources("branch-hub/hub-server/templates", &["html"]),
        sources("branch-hub/hub-server/src/desk", &["rs"]),
    ]
    .concat();
    let mut missing = Vec::new();
    let mut asked = 0;
    for manual in documents(&root().join("docs/manual")) {
        let text = fs::read_to_string(&manual).unwrap();
        let quotes = text.split('「').skip(1);
        for quote in quotes.filter_map(|rest| Some(rest.split_once('」')?.0)) {
            asked += 1;
            // A time or a count stands for any other.
            let words = quote.trim_end_matches(|one: char| one.is_ascii_digit() || one == ':');
            if !shown.contains(words.trim()) {
                missing.push(format!("{}: {quote}", manual.display()));
            }
        }
    }
    assert!(asked > 50, "{asked} quotations found");
    assert!(missing.is_empty(), "{missing:#?}");
}

/// What calls one of our programs, in code blocks and between backticks, without what stands behind `#`.
fn commands(text: &str) -> Vec<&str> {
    let parts = text.split("```").enumerate();
    let pieces = parts.flat_map(|(place, part)| {
        let in_a_block = place % 2 == 1;
        let lines = part.lines().filter(move |_| in_a_block);
        let words = quoted(part).filter(move |_| !in_a_block);
        lines.chain(words).map(str::trim)
    });
    let ours = pieces.filter(|one| one.starts_with("todoke ") || one.starts_with("todoke-hub "));
    ours.map(|one| one.split(" #").next().unwrap_or(one))
        .collect()
}

/// The words before the first one that cannot be the name of a command; the first of several.
fn names(command: &str) -> Vec<&str> {
    let plain = |word: &&str| {
        word.bytes()
            .all(|one| one.is_ascii_lowercase() || one == b'-')
    };
    let words = command.split_whitespace();
    let firsts = words.map(|word| word.split('|').next().unwrap_or(word));
    firsts
        .take_while(|word| plain(word) && !word.starts_with('-'))
        .collect()
}

/// The long options of a command line.
fn options(command: &str) -> impl Iterator<Item = String> {
    command.split("--").skip(1).map(|rest| {
        let name = rest.split(|one: char| !(one.is_ascii_lowercase() || one == '-'));
        format!("--{}", name.take(1).collect::<String>())
    })
}

/// What is wrong with a command line of a document, asked of the program itself.
fn refused(programs: &Programs, command: &str) -> Option<String> {
    let names = names(command);
    let (program, rest) = names.split_first()?;
    let told = Command::new(programs.named(program))
        .args(rest)
        .arg("--help")
        .output()
        .unwrap();
    if !told.status.success() {
        return Some(format!("no such command: {command}"));
    }
    let help = String::from_utf8(told.stdout).unwrap();
    options(command)
        .find(|option| !help.contains(option.as_str()))
        .map(|option| format!("no option {option}: {command}"))
}

#[test]
fn every_command_of_the_documents_is_one_of_the_programs() {
    let programs = Programs::beside(&std::env::current_exe().unwrap());
    let mut wrong = Vec::new();
    let mut asked = 0;
    let current = documents(&root().join("docs"));
    // Decisions tell what was thought on their day.
    for document in current
        .iter()
        .filter(|path| !path.iter().any(|one| one == "decisions"))
    {
        let text = fs::read_to_string(document).unwrap();
        for command in commands(&text) {
            asked += 1;
            let why = refused(&programs, command);
            wrong.extend(why.map(|why| format!("{}: {why}", document.display())));
        }
    }
    assert!(asked > 100, "{asked} commands found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
