//! What a visit leaves behind: the form, the receipt and the hand-over file.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use device_sim::page_printer::PagePrinterProcess;
use encoding_rs::SHIFT_JIS;
use serde_json::Value;

use crate::process::{PATIENCE, run};
use crate::stage::Stage;

/// Writes the newest case's form, signature and snapshot, and checks the words on the form.
pub(crate) fn form(stage: &Stage, folder: &Path, words: &[String]) -> Result<Vec<PathBuf>> {
    check_catalogue(stage)?;
    let data = stage.counter_data();
    let arg = OsStr::new;
    let said = stage.todoke(&[
        arg("case"),
        arg("export"),
        arg("--data"),
        data.as_ref(),
        arg("--out"),
        folder.as_ref(),
        arg("--json"),
    ])?;
    let files: BTreeMap<String, PathBuf> =
        serde_json::from_str(&said).context("todoke case export did not answer JSON")?;
    let pdf = files.get("form").context("no form was exported")?;
    let text = without_space(&run(Path::new("pdftotext"), &[pdf.as_ref(), arg("-")], "")?);
    for word in words {
        if !text.contains(&without_space(word)) {
            bail!("the form does not say 「{word}」");
        }
    }
    Ok(files.into_values().collect())
}

/// The counter asks and lists by the catalogue that head office published.
fn check_catalogue(stage: &Stage) -> Result<()> {
    let data = stage.counter_data();
    let arg = OsStr::new;
    let said = stage.todoke(&[arg("status"), arg("--data"), data.as_ref(), arg("--json")])?;
    let status: Value = serde_json::from_str(&said).context("todoke status did not answer JSON")?;
    if status.pointer("/catalogue/from").and_then(Value::as_str) != Some("head_office") {
        bail!("the counter does not use the published catalogue: {said}");
    }
    Ok(())
}

/// Layout puts spaces of its own between letters.
fn without_space(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_whitespace())
        .collect()
}

/// Keeps the newest receipt, as bytes and as a picture.
pub(crate) fn receipt(stage: &Stage, folder: &Path) -> Result<Vec<PathBuf>> {
    let mut kept = Vec::new();
    for kind in ["bin", "png"] {
        let newest = newest(&stage.receipts(), kind, is_main)
            .with_context(|| format!("the printer kept no .{kind} of a receipt"))?;
        let to = folder.join(format!("receipt.{kind}"));
        fs::copy(newest, &to)?;
        kept.push(to);
    }
    Ok(kept)
}

/// Keeps what came out of the page printer, and checks how many sheets there are and what the last
/// one says.
pub(crate) fn pages(
    stage: &Stage,
    folder: &Path,
    count: usize,
    words: &[String],
    asked: &str,
) -> Result<Vec<PathBuf>> {
    let printer = stage.pages.as_ref().context("there is no page printer")?;
    let paper = came_out(printer, count);
    ensure!(
        paper.len() == count,
        "{} sheets lie in the printer, not {count}",
        paper.len()
    );
    let mut kept = Vec::new();
    for (number, sheet) in paper.iter().enumerate() {
        let to = folder.join(format!("sheet-{}.pdf", number + 1));
        fs::copy(sheet, &to)?;
        kept.push(to);
    }
    let Some(last) = paper.last() else {
        return Ok(kept);
    };
    let how = printer.asked(last)?;
    ensure!(
        how.contains(asked),
        "the last sheet was not asked for as {asked}: {how}"
    );
    let text = without_space(&run(
        Path::new("pdftotext"),
        &[last.as_ref(), OsStr::new("-")],
        "",
    )?);
    for word in words {
        if !text.contains(&without_space(word)) {
            bail!("the last sheet does not say 「{word}」");
        }
    }
    Ok(kept)
}

/// What lies in the printer, once so many sheets do or nobody would wait any longer.
#[expect(
    clippy::disallowed_methods,
    reason = "the printer is a program of others and tells nobody when a sheet comes out"
)]
fn came_out(printer: &PagePrinterProcess, count: usize) -> Vec<PathBuf> {
    let until = Instant::now() + PATIENCE;
    loop {
        let paper = printer.paper();
        if paper.len() >= count || Instant::now() > until {
            return paper;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// What the code on the newest receipt says, read from its picture by the counter's own program.
pub(crate) fn code_on_receipt(receipts: &Path, todoke: &Path) -> Result<String> {
    let picture =
        newest(receipts, "png", is_main).context("the printer kept no picture of a receipt")?;
    let arg = OsStr::new;
    let args = [arg("barcode"), arg("read"), picture.as_ref(), arg("--json")];
    let read: Value = serde_json::from_str(&run(todoke, &args, "")?)?;
    let number = read
        .pointer("/codes/0/number")
        .and_then(|number| number.as_str());
    number
        .map(str::to_owned)
        .context("the receipt's code has no number")
}

/// Keeps the newest hand-over file and checks values of its first row: that of certificates, when a
/// `certificate` is among them, that of procedures, when a `procedure` is.
pub(crate) fn hand_over(
    stage: &Stage,
    folder: &Path,
    columns: &BTreeMap<String, String>,
) -> Result<Vec<PathBuf>> {
    let wanted = if columns.contains_key("certificate") {
        is_of_certificates
    } else if columns.contains_key("procedure") {
        is_of_procedures
    } else {
        is_main
    };
    let from = newest(&stage.hub_data().join("handover"), "csv", wanted)
        .context("no hand-over file was written")?;
    let text = fs::read_to_string(&from).context("the hand-over file is not UTF-8")?;
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let header: Vec<_> = lines.next().unwrap_or_default().split(',').collect();
    let row: Vec<_> = lines.next().unwrap_or_default().split(',').collect();
    for (column, value) in columns {
        let at = header
            .iter()
            .position(|name| name.trim_matches('"') == column)
            .with_context(|| format!("the hand-over file has no column {column}"))?;
        let found = row.get(at).copied().unwrap_or_default().trim_matches('"');
        if found != value {
            bail!("column {column} of the hand-over file differs from what was filed");
        }
    }
    let to = folder.join("hand-over.csv");
    fs::copy(from, &to)?;
    Ok(vec![to])
}

/// What the resident record system answers to the newest hand-over file: a file as such systems
/// write them, CSV in `Shift_JIS`, with the key of the file's first row in each of `rows`.
pub(crate) fn core_answers(stage: &Stage, rows: &[BTreeMap<String, String>]) -> Result<Vec<u8>> {
    let from = newest(&stage.hub_data().join("handover"), "csv", is_main)
        .context("no hand-over file was written")?;
    let text = fs::read_to_string(&from).context("the hand-over file is not UTF-8")?;
    let first = text.lines().nth(1).and_then(|row| row.split(',').next());
    let key = first.context("the hand-over file has no row")?;
    let headings = rows.iter().flat_map(BTreeMap::keys).map(String::as_str);
    let headings: BTreeSet<&str> = headings.collect();
    let mut file = String::from("キー");
    for heading in &headings {
        file.extend([",", heading]);
    }
    for row in rows {
        file.extend(["\r\n", key]);
        for heading in &headings {
            let value = row.get(*heading).map_or("", String::as_str);
            file.extend([",", value]);
        }
    }
    file.push_str("\r\n");
    let (bytes, _, unsure) = SHIFT_JIS.encode(&file);
    if unsure {
        bail!("an answer has a character that Shift_JIS lacks");
    }
    Ok(bytes.into_owned())
}

fn newest(folder: &Path, extension: &str, wanted: fn(&Path) -> bool) -> Option<PathBuf> {
    let files = fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path());
    files
        .filter(|path| path.extension() == Some(OsStr::new(extension)))
        .filter(|path| wanted(path))
        .max_by_key(|path| {
            fs::metadata(path)
                .and_then(|data| data.modified())
                .unwrap_or(SystemTime::UNIX_EPOCH)
        })
}

/// Not the same rows in another encoding, not those that encoding cannot hold, not requests.
fn is_main(path: &Path) -> bool {
    !says(
        path,
        &[
            ".sjis.",
            ".unrepresentable.",
            ".replaced.",
            ".certificates.",
            ".procedures.",
        ],
    )
}

fn is_of_certificates(path: &Path) -> bool {
    says(path, &[".certificates.csv"])
}

fn is_of_procedures(path: &Path) -> bool {
    says(path, &[".procedures.csv"])
}

fn says(path: &Path, parts: &[&str]) -> bool {
    let name = path.to_string_lossy();
    parts.iter().any(|part| name.contains(part))
}
