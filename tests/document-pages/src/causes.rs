//! Why a field is wrong: whether its characters were seen, read, found beside their label, or spoiled
//! by what was meant to mend them. Counted, these say what to mend next.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use document_reader::fields::Weighed;
use document_reader::page::{Character, Page};

use crate::score::{Scored, answer, compared};
use crate::truth::TruthField;

/// What went wrong first on the way from the picture to the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// Nothing was read where it stands.
    Unseen,
    /// Misread, and no value was found at all.
    MisreadAndLost,
    /// Misread, and the value that was found is not what stands there either.
    MisreadAndStrayed,
    /// Misread, and the value is what was read.
    Misread,
    /// Read right, but no value was found.
    Lost,
    /// Read right, but the value comes from elsewhere.
    Strayed,
    /// Read and found right, then changed.
    Spoiled,
}

impl Cause {
    fn words(self) -> &'static str {
        match self {
            Self::Unseen => "nothing read there",
            Self::MisreadAndLost => "misread, and not found",
            Self::MisreadAndStrayed => "misread, and taken from elsewhere",
            Self::Misread => "misread",
            Self::Lost => "read right, not found",
            Self::Strayed => "read right, taken from elsewhere",
            Self::Spoiled => "read right, changed after",
        }
    }
}

/// A wrong field with what was read where it stands.
struct Wrong<'s> {
    document: String,
    truth: &'s TruthField,
    found: Option<&'s Weighed>,
    read: String,
    least: f32,
    cause: Cause,
}

/// Counts by cause and field, then every wrong field with its cause, its place and what was read there.
pub fn causes(scored: &[Scored]) -> String {
    let all: Vec<Wrong<'_>> = scored.iter().flat_map(wrong).collect();
    let mut counts: BTreeMap<(Cause, &str), usize> = BTreeMap::new();
    let mut sums: BTreeMap<Cause, usize> = BTreeMap::new();
    for one in &all {
        *counts.entry((one.cause, &one.truth.name)).or_default() += 1;
        *sums.entry(one.cause).or_default() += 1;
    }
    let mut text = String::from("| cause | fields | which |\n|---|---|---|\n");
    for (cause, sum) in &sums {
        let which: Vec<String> = counts
            .iter()
            .filter(|((own, _), _)| own == cause)
            .map(|((_, name), count)| format!("{name} {count}"))
            .collect();
        writeln!(text, "| {} | {sum} | {} |", cause.words(), which.join(", ")).ok();
    }
    text.push('\n');
    for one in &all {
        let [x, y, width, height] = one.truth.bounds;
        let said = one.found.map_or_else(
            || "-".to_owned(),
            |found| format!("{} ({:.2})", found.field.value, found.field.confidence),
        );
        writeln!(
            text,
            "{}: {} {} [{}] read [{}] {:.2} said {said}: {} at {x:.0} {y:.0} {width:.0} {height:.0}",
            one.document,
            one.truth.member,
            one.truth.name,
            one.truth.printed.trim(),
            one.read,
            one.least,
            one.cause.words(),
        )
        .ok();
    }
    text
}

fn wrong(scored: &Scored) -> Vec<Wrong<'_>> {
    let fields = scored.truth.fields.iter();
    fields
        .filter_map(|truth| {
            let found = answer(truth, &scored.found);
            if found.is_some_and(|found| compared(&found.field.value) == compared(&truth.value)) {
                return None;
            }
            let (read, least) = scored
                .pages
                .get(truth.page)
                .map(|page| read_in(page, truth.bounds))
                .unwrap_or_default();
            let cause = cause(truth, found, &read);
            Some(Wrong {
                document: format!(
                    "{} {} {}",
                    scored.truth.seed, scored.truth.layout, scored.truth.condition
                ),
                truth,
                found,
                read,
                least,
                cause,
            })
        })
        .collect()
}

fn cause(truth: &TruthField, found: Option<&Weighed>, read: &str) -> Cause {
    let is_right = compared(read) == compared(&truth.printed);
    let is_there = found.is_some_and(|found| compared(&found.field.as_read) == compared(read));
    if compared(read).is_empty() {
        return Cause::Unseen;
    }
    match (is_right, found.is_some(), is_there) {
        (true, false, _) => Cause::Lost,
        (true, true, true) => Cause::Spoiled,
        (true, true, false) => Cause::Strayed,
        (false, false, _) => Cause::MisreadAndLost,
        (false, true, true) => Cause::Misread,
        (false, true, false) => Cause::MisreadAndStrayed,
    }
}

/// What was read in a box of the picture as given, and the probability of its least certain character.
fn read_in(page: &Page, [x, y, width, height]: [f32; 4]) -> (String, f32) {
    let inside = |one: &Character| {
        let (across, down) = one.bounds.centre();
        let (across, down) = page.to_given.point((f64::from(across), f64::from(down)));
        let (x, y) = (f64::from(x), f64::from(y));
        (x..x + f64::from(width)).contains(&across) && (y..y + f64::from(height)).contains(&down)
    };
    let mut text = String::new();
    let mut least = 1.0_f32;
    for line in &page.lines {
        for one in line.characters.iter().filter(|one| inside(one)) {
            text.push(one.value);
            least = least.min(one.probability);
        }
    }
    (text, least)
}
