//! How much of made-up pages is read right: by field, condition and layout, with calibration and cost.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use document_reader::field::{DocumentKind, FieldName};
use document_reader::fields::{Finder, Weighed};
use document_reader::models;
use document_reader::page::{Mapping, Page};
use document_reader::{Document, Reader};
use fastrand::Rng;

use crate::style::wide_kana;
use crate::tesseract;
use crate::truth::{Truth, TruthField};

/// Who reads the pages.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    /// Our engine, on that many cores.
    Engine(usize),
    /// Our engine, as an earlier run kept it beside the pictures.
    Kept,
    /// Nobody: the truth, with this share of characters misread by chance.
    Truth(f32),
    /// Tesseract with its Japanese data, given the true cells of tables.
    Tesseract,
}

/// From here on the counter asks nobody to look (`counter_domain::reading::SURE_PERCENT`).
pub const SURE: f32 = 0.95;

/// A document with what was found on it.
#[derive(Debug)]
pub struct Scored {
    /// What stands on it.
    pub truth: Truth,
    /// What was read.
    pub pages: Vec<Page>,
    /// What was found.
    pub found: Vec<Weighed>,
    /// Processor time of reading, seconds; nothing when nothing was read.
    pub seconds: f32,
    /// What the clock said of it, seconds.
    pub clock: f32,
}

/// Reads and scores every document of a folder.
///
/// # Errors
/// When a file cannot be read or the engine does not run.
pub fn score(
    folder: &Path,
    reading: Reading,
    finder: &Finder,
    half: Option<&str>,
) -> Result<Vec<Scored>> {
    let reader = match reading {
        Reading::Engine(cores) => {
            let models = models::folder().context("the text models are not installed")?;
            Some(Reader::open(&models, cores)?)
        }
        Reading::Kept | Reading::Truth(_) | Reading::Tesseract => None,
    };
    let mut scored = Vec::new();
    for file in truths(folder)? {
        let truth: Truth = serde_json::from_slice(&std::fs::read(&file)?)?;
        let truth = truth.on_paper();
        if half.is_some_and(|half| half != truth.half) {
            continue;
        }
        let kind = DocumentKind::named(&truth.kind).context("a kind that is not known")?;
        let (before, start) = (processor_seconds(), now());
        let pages = match reading {
            Reading::Engine(_) => {
                engine_pages(reader.as_ref().context("no reader")?, &truth, folder, &file)?
            }
            Reading::Kept => serde_json::from_slice(
                &std::fs::read(kept(&file)).context("read with the engine first")?,
            )?,
            Reading::Truth(errors) => truth.read_pages(errors, &mut Rng::with_seed(truth.seed)),
            Reading::Tesseract => tesseract::pages(&truth, folder)?,
        };
        let clock = start.elapsed().as_secs_f32();
        let seconds = processor_seconds() - before;
        scored.push(Scored {
            found: finder.weigh(kind, &pages),
            pages,
            truth,
            seconds,
            clock,
        });
    }
    Ok(scored)
}

/// Files that tell the truth, in order.
fn truths(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.retain(|file| {
        let is_json = file.extension().is_some_and(|ending| ending == "json");
        let stem = file.file_stem().map(Path::new).and_then(Path::extension);
        is_json && stem.is_none_or(|inner| inner != "read")
    });
    files.sort();
    Ok(files)
}

fn kept(file: &Path) -> PathBuf {
    file.with_extension("read.json")
}

fn engine_pages(reader: &Reader, truth: &Truth, folder: &Path, file: &Path) -> Result<Vec<Page>> {
    let mut pages = Vec::new();
    for (number, page) in truth.pages.iter().enumerate() {
        let document = Document::open(std::fs::read(folder.join(&page.file))?)?;
        let picture = document.page(0)?;
        pages.push(reader.read(&picture, number)?);
    }
    std::fs::write(kept(file), serde_json::to_vec(&pages)?)?;
    Ok(pages)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a figure of this very machine; nothing depends on it"
)]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

/// Processor time of this process and of children it waited for.
pub(crate) fn processor_seconds() -> f32 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f32 = after_name
        .split_whitespace()
        .skip(11)
        .take(4)
        .filter_map(|field| field.parse::<f32>().ok())
        .sum();
    ticks / 100.0
}

/// Largest memory of this process so far, mebibytes.
fn peak_mebibytes() -> f32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap_or_default();
    line.split_whitespace()
        .next()
        .and_then(|number| number.parse::<f32>().ok())
        .unwrap_or(0.0)
        / 1024.0
}

/// A text as it is compared: width (of kana too), blanks and kinds of hyphen, circle and empty box do not
/// count; forms of characters do.
pub fn compared(text: &str) -> String {
    wide_kana(text)
        .chars()
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            other => other,
        })
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            '〇' | '◯' => '○',
            '□' => '☐',
            other => other,
        })
        .map(|c| {
            if matches!(c, '‐' | '‑' | '–' | '—' | '―' | '−' | '－' | 'ー' | '─') {
                '-'
            } else {
                c
            }
        })
        .collect()
}

/// The field that was found for a truth.
pub(crate) fn answer<'s>(truth: &TruthField, found: &'s [Weighed]) -> Option<&'s Weighed> {
    found
        .iter()
        .find(|one| one.field.member == truth.member && one.field.name.label() == truth.name)
}

impl Scored {
    /// Each thing that was found with whether it is right; what nobody printed is wrong.
    pub fn judged(&self) -> impl Iterator<Item = (&Weighed, bool)> {
        self.found
            .iter()
            .filter(|one| is_asked(&self.truth, one.field.name))
            .map(|one| {
                let truth = self.truth.fields.iter().find(|truth| {
                    truth.member == one.field.member && truth.name == one.field.name.label()
                });
                let right =
                    truth.is_some_and(|truth| compared(&truth.value) == compared(&one.field.value));
                (one, right)
            })
    }
}

/// Cards print more than the truth asks for.
fn is_asked(truth: &Truth, name: FieldName) -> bool {
    truth.kind == "move-out-certificate"
        || truth.fields.iter().any(|field| field.name == name.label())
}

/// Right and all of one heading.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    all: f32,
    right: f32,
    missing: f32,
    letters: f32,
    wrong_letters: f32,
}

impl Tally {
    fn add(&mut self, truth: &TruthField, found: Option<&Weighed>) {
        self.all += 1.0;
        let length = letters(&truth.printed);
        self.letters += length;
        match found {
            None => {
                self.missing += 1.0;
                self.wrong_letters += length;
            }
            Some(one) => {
                self.missing += if one.field.value.is_empty() { 1.0 } else { 0.0 };
                if compared(&one.field.value) == compared(&truth.value) {
                    self.right += 1.0;
                }
                self.wrong_letters +=
                    distance(&compared(&truth.printed), &compared(&one.field.as_read)).min(length);
            }
        }
    }

    fn row(&self, name: &str) -> String {
        let share = |part: f32, whole: f32| 100.0 * part / whole.max(1.0);
        format!(
            "| {name} | {:.0} | {:.1} | {:.1} | {:.2} |\n",
            self.all,
            share(self.right, self.all),
            share(self.missing, self.all),
            share(self.wrong_letters, self.letters)
        )
    }
}

fn letters(text: &str) -> f32 {
    compared(text).chars().fold(0.0, |sum, _| sum + 1.0)
}

/// Edit distance.
fn distance(one: &str, other: &str) -> f32 {
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<f32> = std::iter::successors(Some(0.0), |last| Some(last + 1.0))
        .take(other.len() + 1)
        .collect();
    for c in one.chars() {
        let mut now = vec![before.first().copied().unwrap_or(0.0) + 1.0];
        for (place, d) in other.iter().enumerate() {
            let swap = before.get(place).copied().unwrap_or(0.0) + if c == *d { 0.0 } else { 1.0 };
            let best = swap
                .min(before.get(place + 1).copied().unwrap_or(0.0) + 1.0)
                .min(now.last().copied().unwrap_or(0.0) + 1.0);
            now.push(best);
        }
        before = now;
    }
    before.last().copied().unwrap_or(0.0)
}

/// Figures as tables of Markdown.
pub fn report(scored: &[Scored]) -> String {
    let mut tables: [BTreeMap<String, Tally>; 3] = Default::default();
    let mut whole = Tally::default();
    for one in scored {
        for truth in &one.truth.fields {
            let found = answer(truth, &one.found);
            whole.add(truth, found);
            for (table, name) in
                tables
                    .iter_mut()
                    .zip([&truth.name, &one.truth.condition, &one.truth.layout])
            {
                table.entry(name.clone()).or_default().add(truth, found);
            }
        }
    }
    let head = "| | fields | right % | missing % | characters wrong % |\n|---|---|---|---|---|\n";
    let mut text = String::new();
    for table in &tables {
        text += head;
        for (name, tally) in table {
            text += &tally.row(name);
        }
        text.push('\n');
    }
    text += head;
    text += &whole.row("all");
    text.push('\n');
    text += &calibration(scored);
    text += &cost(scored);
    text
}

/// How far each confidence can be believed.
fn calibration(scored: &[Scored]) -> String {
    const LIMITS: [f32; 7] = [0.99, 0.97, 0.95, 0.9, 0.8, 0.5, 0.0];
    let mut bins = [(0.0_f32, 0.0_f32); LIMITS.len()];
    let mut invented = 0.0;
    for one in scored {
        for (weighed, right) in one.judged() {
            let bin = LIMITS
                .iter()
                .position(|limit| weighed.field.confidence >= *limit)
                .unwrap_or(LIMITS.len() - 1);
            bins[bin].0 += 1.0;
            bins[bin].1 += if right { 1.0 } else { 0.0 };
            let is_printed = one.truth.fields.iter().any(|truth| {
                truth.member == weighed.field.member && truth.name == weighed.field.name.label()
            });
            let is_invented = !is_printed && !weighed.field.value.is_empty();
            invented += if is_invented { 1.0 } else { 0.0 };
        }
    }
    let all: f32 = bins.iter().map(|(all, _)| all).sum();
    let mut text =
        String::from("| confidence at least | fields | share % | right % |\n|---|---|---|---|\n");
    for (limit, (count, right)) in LIMITS.iter().zip(bins) {
        writeln!(
            text,
            "| {limit} | {count:.0} | {:.1} | {:.2} |",
            100.0 * count / all.max(1.0),
            100.0 * right / count.max(1.0)
        )
        .ok();
    }
    let (sure, right) = marked_sure(scored);
    writeln!(
        text,
        "\n{invented:.0} values were found where none is printed. Marked sure for the clerk (0.95 and no check failed): {:.1} % of what was found, {:.2} % of them right.\n",
        100.0 * sure / all.max(1.0),
        100.0 * right / sure.max(1.0)
    )
    .ok();
    text
}

/// What the counter shows as sure, and how much of it is right.
fn marked_sure(scored: &[Scored]) -> (f32, f32) {
    let sure = scored
        .iter()
        .flat_map(Scored::judged)
        .filter(|(one, _)| one.field.confidence >= SURE && one.field.failed.is_empty());
    sure.fold((0.0, 0.0), |(all, right), (_, is_right)| {
        (all + 1.0, right + if is_right { 1.0 } else { 0.0 })
    })
}

fn cost(scored: &[Scored]) -> String {
    let pages = scored
        .iter()
        .map(|one| one.truth.pages.len())
        .fold(0.0, |sum: f32, pages| {
            sum + u16::try_from(pages).map_or(0.0, f32::from)
        });
    let mean = |of: fn(&Scored) -> f32| scored.iter().map(of).sum::<f32>() / pages.max(1.0);
    format!(
        "{pages:.0} pages, {:.2} s of processor time and {:.2} s by the clock a page, at most {:.0} MiB of memory.\n",
        mean(|one| one.seconds),
        mean(|one| one.clock),
        peak_mebibytes()
    )
}

/// What is wrong, one a line: document, field, what stands there and what was said.
pub fn wrong(scored: &[Scored]) -> String {
    let mut text = String::new();
    for one in scored {
        let name = format!(
            "{} {} {}",
            one.truth.seed, one.truth.layout, one.truth.condition
        );
        for truth in &one.truth.fields {
            let found = answer(truth, &one.found);
            if found.is_some_and(|found| compared(&found.field.value) == compared(&truth.value)) {
                continue;
            }
            let said = found.map_or_else(
                || "-".to_owned(),
                |found| format!("{} ({:.2})", found.field.value, found.field.confidence),
            );
            writeln!(
                text,
                "{name}: {} {} {} [{}] != {said}",
                truth.member,
                truth.name,
                truth.value,
                truth.printed.trim()
            )
            .ok();
        }
        for (found, _) in one.judged() {
            let field = &found.field;
            if !one
                .truth
                .fields
                .iter()
                .any(|truth| truth.member == field.member && truth.name == field.name.label())
            {
                writeln!(
                    text,
                    "{name}: {} {} nothing != {} ({:.2})",
                    field.member,
                    field.name.label(),
                    field.value,
                    field.confidence
                )
                .ok();
            }
        }
    }
    text
}

/// Characters read otherwise than printed, one field a line, whether its value is right or not.
pub fn letters_wrong(scored: &[Scored]) -> String {
    let mut text = String::new();
    for one in scored {
        for truth in &one.truth.fields {
            let found = answer(truth, &one.found);
            let read = found.map_or("", |found| &found.field.as_read);
            let far = distance(&compared(&truth.printed), &compared(read));
            if far > 0.0 {
                writeln!(
                    text,
                    "{} {}: {} {} [{}] read [{read}]",
                    one.truth.seed,
                    one.truth.layout,
                    truth.member,
                    truth.name,
                    truth.printed.trim()
                )
                .ok();
            }
        }
    }
    text
}

/// Not moved: pictures that a reader of text alone is given are taken as they lie.
pub(crate) const AS_IT_LIES: Mapping = Mapping::IDENTITY;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_and_blanks_do_not_count_but_forms_do() {
        assert_eq!(compared("１丁目２－３　架空"), compared("1丁目2-3架空"));
        assert_eq!(compared("ﾔﾏﾀﾞ ｼﾞﾛｳ"), "ヤマダジロウ");
        assert_ne!(compared("髙橋"), compared("高橋"));
        assert!((distance("架空太郎", "架空大郎") - 1.0).abs() < f32::EPSILON);
    }
}
