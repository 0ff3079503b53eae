//! A strict reader of the text format of Prometheus, version 0.0.4, for tests: whatever is not
//! exactly as the format says stops it, also what servers forgive.

use std::collections::{BTreeMap, BTreeSet};

/// Name and labels of a value.
pub(crate) type Series = (String, BTreeMap<String, String>);

/// Reads a whole page; panics with the line that is wrong.
#[track_caller]
pub(crate) fn read(page: &str) -> BTreeMap<Series, f64> {
    assert!(page.ends_with('\n'), "the last line is not ended");
    let mut found = BTreeMap::new();
    let mut known = BTreeSet::new();
    let mut current = String::new();
    let mut helped = None;
    for line in page.lines() {
        assert_eq!(line.trim(), line, "blanks around: {line}");
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest
                .split_once(' ')
                .unwrap_or_else(|| panic!("no help: {line}"));
            assert!(!help.is_empty() && is_help(help), "{line}");
            assert!(known.insert(name.to_owned()), "told twice: {line}");
            helped = Some(name.to_owned());
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest
                .split_once(' ')
                .unwrap_or_else(|| panic!("no type: {line}"));
            assert_eq!(
                helped.take().as_deref(),
                Some(name),
                "help comes first: {line}"
            );
            assert!(matches!(kind, "gauge" | "counter"), "{line}");
            assert!(is_name(name), "{line}");
            name.clone_into(&mut current);
        } else {
            assert!(helped.is_none(), "a type is missing: {line}");
            let (series, value) = sample(line);
            assert_eq!(series.0, current, "among others: {line}");
            assert!(found.insert(series, value).is_none(), "twice: {line}");
        }
    }
    assert!(helped.is_none(), "a type is missing at the end");
    found
}

fn is_name(text: &str) -> bool {
    let start = |one: char| one.is_ascii_lowercase() || one == '_';
    text.starts_with(start) && text.chars().all(|one| start(one) || one.is_ascii_digit())
}

/// Only `\\` and `\n` are escaped in a help text.
fn is_help(text: &str) -> bool {
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\\' && !matches!(letters.next(), Some('\\' | 'n')) {
            return false;
        }
    }
    true
}

#[track_caller]
fn sample(line: &str) -> (Series, f64) {
    let end = line
        .find(['{', ' '])
        .unwrap_or_else(|| panic!("no value: {line}"));
    let (name, rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let (labels, value) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest, line),
        None => (BTreeMap::new(), rest),
    };
    let value = value
        .strip_prefix(' ')
        .unwrap_or_else(|| panic!("no blank: {line}"));
    let is_number = value
        .bytes()
        .all(|one| one.is_ascii_digit() || matches!(one, b'.' | b'-'));
    assert!(is_number, "{line}");
    let value = value
        .parse()
        .unwrap_or_else(|_| panic!("no number: {line}"));
    ((name.to_owned(), labels), value)
}

#[track_caller]
fn labels<'a>(mut rest: &'a str, line: &str) -> (BTreeMap<String, String>, &'a str) {
    let mut found = BTreeMap::new();
    loop {
        let (name, more) = rest
            .split_once("=\"")
            .unwrap_or_else(|| panic!("no label: {line}"));
        assert!(is_name(name) && !name.starts_with("__"), "{line}");
        let mut value = String::new();
        let mut letters = more.char_indices();
        let end = loop {
            match letters.next() {
                Some((at, '"')) => break at,
                Some((_, '\\')) => match letters.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, one @ ('\\' | '"'))) => value.push(one),
                    other => panic!("escape {other:?}: {line}"),
                },
                Some((_, one)) => value.push(one),
                None => panic!("label without end: {line}"),
            }
        };
        assert!(
            found.insert(name.to_owned(), value).is_none(),
            "label twice: {line}"
        );
        let (_, more) = more.split_at(end + 1);
        if let Some(more) = more.strip_prefix(',') {
            rest = more;
        } else {
            let more = more
                .strip_prefix('}')
                .unwrap_or_else(|| panic!("no brace: {line}"));
            return (found, more);
        }
    }
}
