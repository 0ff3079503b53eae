//! The resident copy (住民記録の副本): from a file of the resident record system to two datasets.
//!
//! The file is read twice. The first time everything is checked and everybody under protection is
//! noted; the second time the people are written into the dataset, without the address of anybody
//! who lives with a protected person: that address never leaves head office. Memory holds the
//! packed dataset and the numbers already seen, never the file; the database is written only when
//! all is read, so an aborted import changes nothing.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use counter_domain::protection::{PROTECTION_FORMAT, ProtectedPerson, ProtectionList};
use counter_domain::resident::{COPY_FORMAT, CopyHeader, ResidentState};

use crate::folder::private_file;

mod layout;
mod line;
mod problem;
#[cfg(test)]
mod tests;

use layout::{Column, Layout};
use line::{Encoding, Entry, Reader};
use problem::{LineProtection, Problem, Wrong};

/// Longest line; 25 fields of 500 characters of four bytes.
const LINE_BYTES_MAX: u64 = 64 << 10;
/// Most bad lines a file may have before it is taken for another kind of file.
const PROBLEMS_MAX: usize = 10_000;
/// Problems shown on the terminal; all are in the report.
const PROBLEMS_SHOWN: usize = 20;
/// Lines between two words about how far it is.
const LINES_PER_WORD: u64 = 50_000;
/// Strength of zstd: stronger ones cost minutes and save a tenth.
const PACKING: i32 = 6;

/// What `publish resident-copy` takes beside the file.
#[derive(Debug, Clone, Args)]
pub(crate) struct CopyOptions {
    /// resident-copy: check the file and publish nothing
    #[arg(long)]
    dry_run: bool,
    /// resident-copy: publish the good lines although there are bad ones
    #[arg(long)]
    accept_errors: bool,
    /// resident-copy: how the file is written
    #[arg(long, value_enum, default_value_t = EncodingChoice::Auto)]
    encoding: EncodingChoice,
    /// resident-copy: the day the resident record system wrote the file, YYYY-MM-DD; today otherwise
    #[arg(long, value_name = "DAY")]
    as_of: Option<jiff::civil::Date>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EncodingChoice {
    /// UTF-8 when the whole file is, `Shift_JIS` otherwise
    Auto,
    Utf8,
    ShiftJis,
}

/// Where a copy is of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    /// The city, as its addresses begin.
    pub(crate) city: &'a str,
    /// The day, when the operator does not tell another, ISO 8601.
    pub(crate) today: &'a str,
}

/// Two datasets, ready to publish; protection first.
#[derive(Debug)]
pub(crate) struct Datasets {
    pub(crate) protection: Vec<u8>,
    pub(crate) copy: Vec<u8>,
}

/// Reads `file`. `Ok(None)` when only checking was asked for. Words for the operator go to `say`.
///
/// # Errors
/// When the file cannot be read, is of another layout, or has bad lines that were not accepted;
/// they are in two files beside it then.
pub(crate) fn import(
    file: &Path,
    options: &CopyOptions,
    origin: Origin<'_>,
    say: &mut dyn Write,
) -> Result<Option<Datasets>> {
    let source = Source::open(file, options.encoding)?;
    let as_of = options
        .as_of
        .map_or_else(|| origin.today.to_owned(), |day| day.to_string());
    let checked = check(&source, say)?;
    writeln!(
        say,
        "{} 人（うち支援措置 {} 人）、直す行 {} 行",
        checked.persons,
        checked.protected.len(),
        checked.problems.len()
    )?;
    report(&source, &checked.problems, options.accept_errors, say)?;
    if checked.persons == 0 {
        bail!("読めた人が一人もいません。公開していません");
    }
    if options.dry_run {
        writeln!(say, "確かめただけで、公開していません")?;
        return Ok(None);
    }
    let header = CopyHeader {
        format: COPY_FORMAT,
        city: origin.city.to_owned(),
        as_of: as_of.clone(),
        persons: checked.persons,
    };
    let (copy, housemates) = pack(&source, &checked, &header, say)?;
    let mut persons = checked.protected;
    persons.extend(housemates);
    let protection = serde_json::to_vec(&ProtectionList {
        format: PROTECTION_FORMAT,
        as_of,
        persons,
    })?;
    Ok(Some(Datasets { protection, copy }))
}

/// What the first reading found.
#[derive(Default)]
struct Checked {
    persons: u64,
    problems: Vec<Problem>,
    bad: HashSet<u64>,
    protected: Vec<ProtectedPerson>,
    /// Numbers of people whose place is left out.
    hidden: HashSet<String>,
    /// Numbers of households whose members' places are left out.
    hidden_households: HashSet<String>,
}

impl Checked {
    fn note_protected(&mut self, entry: &Entry) {
        let Some(until) = &entry.protected_until else {
            return;
        };
        let resident = &entry.resident;
        self.protected.push(ProtectedPerson::of(resident, until));
        self.hidden.insert(resident.person_no.clone());
        if lives_here(resident.state) {
            self.hidden_households.insert(resident.household_no.clone());
        }
    }

    fn hides(&self, entry: &Entry) -> bool {
        let resident = &entry.resident;
        self.hidden.contains(&resident.person_no)
            || (lives_here(resident.state)
                && self.hidden_households.contains(&resident.household_no))
    }
}

fn lives_here(state: ResidentState) -> bool {
    matches!(state, ResidentState::Resident | ResidentState::MovingOut)
}

fn check(source: &Source, say: &mut dyn Write) -> Result<Checked> {
    let mut checked = Checked::default();
    let mut seen: HashMap<Box<str>, u64> = HashMap::new();
    source.lines(say, &mut |number, read| {
        let read = read.and_then(|entry| {
            let person = entry.resident.person_no.as_str();
            let Some(first) = seen.get(person) else {
                seen.insert(person.into(), number);
                return Ok(entry);
            };
            Err(Problem {
                line: number,
                column: source.column(Column::PersonNo),
                what: Wrong::Twice { first: *first },
                protection: match entry.protected_until {
                    None => LineProtection::None,
                    Some(_) => LineProtection::Perhaps,
                },
            })
        });
        match read {
            Ok(entry) => {
                checked.persons += 1;
                checked.note_protected(&entry);
            }
            Err(problem) => {
                checked.bad.insert(problem.line);
                checked.problems.push(problem);
            }
        }
        if checked.problems.len() >= PROBLEMS_MAX {
            bail!("直す行が{PROBLEMS_MAX}行を超えました。文字コードか列が違うようです。公開していません");
        }
        Ok(())
    })?;
    Ok(checked)
}

/// The packed copy, and who lives with somebody under protection: a case of theirs would give
/// away the same address.
fn pack(
    source: &Source,
    checked: &Checked,
    header: &CopyHeader,
    say: &mut dyn Write,
) -> Result<(Vec<u8>, Vec<ProtectedPerson>)> {
    let mut housemates = Vec::new();
    let mut packer = zstd::stream::write::Encoder::new(Vec::new(), PACKING)?;
    write_line(&mut packer, header)?;
    let mut persons = 0;
    source.lines(say, &mut |number, read| {
        if checked.bad.contains(&number) {
            return Ok(());
        }
        let mut entry = read.map_err(|_| changed())?;
        if checked.hides(&entry) {
            entry.resident.place = None;
            if entry.protected_until.is_none() {
                housemates.push(ProtectedPerson::of(&entry.resident, ""));
            }
        }
        persons += 1;
        write_line(&mut packer, &entry.resident)
    })?;
    if persons != header.persons {
        return Err(changed());
    }
    Ok((packer.finish()?, housemates))
}

fn changed() -> anyhow::Error {
    anyhow::anyhow!(
        "読んでいる間にファイルが変わりました。公開していません。もう一度行ってください"
    )
}

fn write_line(out: &mut impl Write, value: &impl serde::Serialize) -> Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")?;
    Ok(())
}

/// Tells about bad lines, writes them to be corrected, and refuses unless they are accepted.
fn report(source: &Source, problems: &[Problem], accept: bool, say: &mut dyn Write) -> Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    for problem in problems.iter().take(PROBLEMS_SHOWN) {
        writeln!(say, "{problem}")?;
    }
    if problems.len() > PROBLEMS_SHOWN {
        writeln!(say, "ほか {} 行", problems.len() - PROBLEMS_SHOWN)?;
    }
    let (lines, reasons) = source.write_bad(problems)?;
    writeln!(
        say,
        "直す行：{}　理由：{}",
        lines.display(),
        reasons.display()
    )?;
    let perhaps = problems
        .iter()
        .find(|problem| problem.protection == LineProtection::Perhaps);
    if let Some(problem) = perhaps {
        bail!(
            "{}行目は支援措置があるか、読めないので、飛ばせません。直してから公開してください。公開していません",
            problem.line
        );
    }
    if accept {
        return Ok(());
    }
    bail!(
        "直す行があるので公開していません。直すか、読めた人だけを公開するときは --accept-errors を付けてください"
    )
}

/// The file, as often as it is read.
struct Source {
    path: PathBuf,
    reader: Reader,
    bytes: u64,
}

impl Source {
    fn open(path: &Path, choice: EncodingChoice) -> Result<Self> {
        let bytes = std::fs::metadata(path)
            .with_context(|| format!("cannot read {}", path.display()))?
            .len();
        let encoding = match choice {
            EncodingChoice::Utf8 => Encoding::Utf8,
            EncodingChoice::Auto if is_utf8(path)? => Encoding::Utf8,
            EncodingChoice::ShiftJis | EncodingChoice::Auto => Encoding::ShiftJis,
        };
        let mut first = Vec::new();
        next_line(&mut opened(path)?, &mut first)?;
        let headings = line::split(without_bom(&first), encoding)
            .map_err(|(_, wrong)| anyhow::anyhow!("1行目：{wrong}"))?;
        let layout = Layout::of(&headings).map_err(|problem| anyhow::anyhow!("{problem}"))?;
        Ok(Self {
            path: path.to_owned(),
            reader: Reader { layout, encoding },
            bytes,
        })
    }

    fn column(&self, column: Column) -> Option<(usize, Column)> {
        let place = self.reader.layout.place(column)?;
        Some((place + 1, column))
    }

    /// Reads every line behind the headings; empty ones say nothing.
    fn lines(
        &self,
        say: &mut dyn Write,
        each: &mut dyn FnMut(u64, Result<Entry, Problem>) -> Result<()>,
    ) -> Result<()> {
        let mut file = opened(&self.path)?;
        let mut bytes = Vec::new();
        let mut done = 0;
        let mut number = 0;
        while let Some(length) = next_line(&mut file, &mut bytes)? {
            number += 1;
            done += length.read;
            if number % LINES_PER_WORD == 0 {
                writeln!(say, "{number} 行 {}%", done * 100 / self.bytes.max(1))?;
            }
            if number == 1 || bytes.is_empty() {
                continue;
            }
            let read = if length.cut {
                Err(Problem {
                    line: number,
                    column: None,
                    what: Wrong::TooLong,
                    protection: LineProtection::Perhaps,
                })
            } else {
                self.reader.read(number, &bytes)
            };
            each(number, read)?;
        }
        Ok(())
    }

    /// Writes the bad lines as they were, under the same headings, and the reasons.
    fn write_bad(&self, problems: &[Problem]) -> Result<(PathBuf, PathBuf)> {
        let lines = with_ending(&self.path, ".bad.csv");
        let reasons = with_ending(&self.path, ".bad.txt");
        let mut out = fresh(&lines)?;
        let wanted: HashSet<u64> = problems.iter().map(|problem| problem.line).collect();
        let mut file = opened(&self.path)?;
        let mut bytes = Vec::new();
        let mut number = 0;
        while next_line(&mut file, &mut bytes)?.is_some() {
            number += 1;
            if number == 1 || wanted.contains(&number) {
                out.write_all(&bytes)?;
                out.write_all(b"\r\n")?;
            }
        }
        out.sync_all()?;
        let mut out = fresh(&reasons)?;
        for problem in problems {
            writeln!(out, "{problem}")?;
        }
        out.sync_all()?;
        Ok((lines, reasons))
    }
}

/// A new private file; the one of an earlier try goes.
fn fresh(path: &Path) -> Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot replace {}", path.display()));
        }
        Ok(()) | Err(_) => {}
    }
    private_file(path).with_context(|| format!("cannot write {}", path.display()))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn opened(path: &Path) -> Result<BufReader<File>> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(BufReader::with_capacity(1 << 20, file))
}

/// A line that was read.
struct Length {
    read: u64,
    cut: bool,
}

/// The next line without its break; `None` at the end. What is too long is skipped to its end.
fn next_line(file: &mut impl BufRead, bytes: &mut Vec<u8>) -> Result<Option<Length>> {
    bytes.clear();
    let mut read = file
        .by_ref()
        .take(LINE_BYTES_MAX)
        .read_until(b'\n', bytes)? as u64;
    if read == 0 {
        return Ok(None);
    }
    let mut cut = false;
    let mut rest = Vec::new();
    while bytes.last() != Some(&b'\n') && read >= LINE_BYTES_MAX && rest.last() != Some(&b'\n') {
        cut = true;
        rest.clear();
        let more = file
            .by_ref()
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut rest)?;
        if more == 0 {
            break;
        }
        read += more as u64;
    }
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    Ok(Some(Length { read, cut }))
}

fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Whether the whole file is UTF-8, line by line.
fn is_utf8(path: &Path) -> Result<bool> {
    let mut file = opened(path)?;
    let mut bytes = Vec::new();
    while let Some(length) = next_line(&mut file, &mut bytes)? {
        if !length.cut && std::str::from_utf8(&bytes).is_err() {
            return Ok(false);
        }
    }
    Ok(true)
}
