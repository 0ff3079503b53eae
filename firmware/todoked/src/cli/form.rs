//! `todoke form`: the forms of this program, and of a folder that somebody edits.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, Subcommand};
use counter_characters::Characters;
use counter_forms::{Assets, FormData, FormMeta, Forms, RenderError, SampleKind};
use counter_guide::Catalogue;
use serde_json::{Value, json};

use crate::cli::choices::choices;
use crate::cli::{filing, print_json, print_line, say_error};
use crate::paper::{character_tables, font_paths};

#[derive(Debug, Subcommand)]
pub(super) enum FormCommand {
    /// Lists the forms.
    List {
        /// Folder of forms; the forms of this program otherwise.
        #[arg(long)]
        forms: Option<PathBuf>,
        /// One JSON document on the standard output.
        #[arg(long)]
        json: bool,
    },
    /// Renders a form as PDF/A.
    Render(Render),
    /// Checks a folder of forms, or the folder of one form, before it is published.
    Check(Check),
    /// Proves that a PDF is the page a resident signed, with its data, signature and history.
    Verify(filing::Verify),
}

#[derive(Debug, Args)]
pub(super) struct Render {
    /// The form: its number (`F001`) or its name (`resident-move`).
    form: String,
    /// Data of the form, JSON as its template reads it.
    #[arg(long, conflicts_with = "sample", required_unless_present = "sample")]
    data: Option<PathBuf>,
    /// Invented data: `typical`, `longest`, `smallest` or `foreigner`.
    #[arg(long, value_parser = sample_kind)]
    sample: Option<SampleKind>,
    /// Filing date, ISO 8601; the one of the data otherwise.
    #[arg(long)]
    filed_on: Option<String>,
    /// Folder of forms; the forms of this program otherwise.
    #[arg(long)]
    forms: Option<PathBuf>,
    /// The PDF to write.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Folder of forms, or of one form.
    dir: PathBuf,
    /// Folder of real cases, one JSON document each, laid out as well; with a folder of one form.
    #[arg(long)]
    cases: Option<PathBuf>,
    /// Folder for pictures: the version of this program, the one checked, and what differs.
    #[arg(long)]
    pictures: Option<PathBuf>,
    /// One JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

fn sample_kind(name: &str) -> Result<SampleKind, String> {
    SampleKind::from_name(name).ok_or_else(|| "typical, longest, smallest or foreigner".to_owned())
}

fn open(dir: Option<&Path>) -> Result<Forms> {
    let fonts = font_paths(None);
    let opened = match dir {
        Some(dir) => Forms::with_templates(&fonts, dir),
        None => Forms::new(&fonts),
    };
    opened.map_err(|error| anyhow!(error.operator_text()))
}

impl FormCommand {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::List { forms, json } => list(forms.as_deref(), json),
            Self::Render(render) => render.run(),
            Self::Check(check) => check.run(),
            Self::Verify(verify) => verify.run(),
        }
    }
}

/// One number of a form as listed: `name` is what the procedure catalogue calls it, `title` what
/// stands on the paper. A number that another paper covers names that paper as `printed_on`.
fn described(form: &FormMeta, number: &str, catalogue: &Catalogue) -> Value {
    let mut named = catalogue.procedures().iter();
    let named = named.find(|procedure| procedure.form_no.as_deref() == Some(number));
    let (name, name_en) = named.map_or((form.title.as_str(), form.title_en.as_str()), |named| {
        (named.name.ja.as_str(), named.name.en.as_str())
    });
    let is_own = form.number == number;
    json!({
        "number": number, "id": form.id, "name": name, "name_en": name_en,
        "title": form.title, "title_en": form.title_en,
        "printed_on": form.number, "core": named.is_some_and(|named| named.core),
        "version": form.version, "valid_from": form.valid_from, "valid_to": form.valid_to,
        "paper": form.paper, "section": form.section,
        "covers": if is_own { form.covers.as_slice() } else { &[] },
        "procedures": form.procedures, "required": form.required,
    })
}

/// Every number that can be printed, in order, with the form it is printed on.
fn numbered<'f>(forms: &[&'f FormMeta]) -> Vec<(&'f str, &'f FormMeta)> {
    let mut numbered: Vec<(&str, &FormMeta)> = forms
        .iter()
        .flat_map(|form| {
            let numbers = std::iter::once(&form.number).chain(&form.covers);
            numbers.map(|number| (number.as_str(), *form))
        })
        .collect();
    numbered.sort_by_key(|(number, form)| (*number, form.version));
    numbered
}

fn list(dir: Option<&Path>, as_json: bool) -> Result<()> {
    let forms = open(dir)?;
    let catalogue = Catalogue::bundled()?;
    let forms = forms.list();
    let forms = numbered(&forms)
        .into_iter()
        .map(|(number, form)| described(form, number, &catalogue));
    if as_json {
        let forms: Vec<Value> = forms.collect();
        return print_json(&json!({ "forms": forms }));
    }
    for form in forms {
        let text = |name: &str| form.get(name).and_then(Value::as_str).unwrap_or_default();
        let paper = match text("printed_on") {
            same if same == text("number") => String::new(),
            other => format!("　様式 {other}「{}」で印字", text("title")),
        };
        let section = text("section");
        print_line(&format!(
            "{}  {}（{section}）{paper}",
            text("number"),
            text("name")
        ))?;
    }
    Ok(())
}

/// The words for a clerk, and for whoever edits the template the compiler's.
fn said(error: &RenderError) -> anyhow::Error {
    if let RenderError::Template { fault, .. } | RenderError::Export { fault, .. } = error {
        return anyhow!("{error}: {}", fault.message());
    }
    anyhow!(error.staff_text())
}

/// The same; where a character has no glyph also what could stand for it.
fn said_with_choices(forms: &Forms, error: &RenderError) -> anyhow::Error {
    let RenderError::GlyphMissing { character, .. } = error else {
        return said(error);
    };
    let Ok(tables) = Characters::open(&character_tables()) else {
        return said(error);
    };
    let tables = tables.with_added(forms.added_characters().iter().copied());
    anyhow!(
        "{}\n{}",
        error.staff_text(),
        choices(&tables, forms, character)
    )
}

/// Writes a file; what could not be written whole is taken away.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = fs::write(path, bytes);
    if written.is_err() && path.is_file() {
        fs::remove_file(path).ok();
    }
    written.with_context(|| format!("{} に書けません", path.display()))
}

impl Render {
    fn run(self) -> Result<()> {
        let forms = open(self.forms.as_deref())?;
        let data = self.read(&forms)?;
        let or = |given: &str, otherwise: &str| match given {
            "" => otherwise.to_owned(),
            given => given.to_owned(),
        };
        let filed_on = self
            .filed_on
            .unwrap_or_else(|| or(data.text("filed_on"), SAMPLE_DATE));
        let assets = Assets::for_receipt(&or(data.text("receipt_number"), SAMPLE_NUMBER));
        let unknown = forms.unknown_keys(&self.form, &data, &filed_on);
        for key in unknown.map_err(|error| said(&error))? {
            say_error(&format!("todoke: {}", key.operator_text()));
        }
        let form = forms
            .render(&self.form, &data, &assets, &filed_on)
            .map_err(|error| said_with_choices(&forms, &error))?;
        write_whole(&self.out, &form.pdf)
    }

    fn read(&self, forms: &Forms) -> Result<FormData> {
        match (self.sample, &self.data) {
            (Some(kind), _) => match forms.sample(&self.form, kind) {
                Some(data) => Ok(data),
                None => Err(said(&RenderError::UnknownForm(self.form.clone()))),
            },
            (None, Some(path)) => read_data(path),
            (None, None) => bail!("--data か --sample を指定してください"),
        }
    }
}

fn read_data(path: &Path) -> Result<FormData> {
    let bytes = fs::read(path).with_context(|| format!("{} を読めません", path.display()))?;
    FormData::from_json(&bytes)
        .with_context(|| format!("{} は JSON ではありません", path.display()))
}

impl Check {
    fn run(self) -> Result<()> {
        let forms = open(Some(&self.dir))?;
        let mut findings: Vec<Value> = forms
            .check_all()
            .into_iter()
            .map(|found| {
                let samples: Vec<&str> = found.samples.iter().map(|kind| kind.name()).collect();
                json!({
                    "form": found.folder, "sample": samples.first(), "samples": samples,
                    "place": found.place(), "text": found.text,
                })
            })
            .collect();
        if let Some(cases) = &self.cases {
            findings.extend(check_cases(&forms, cases)?);
        }
        let pictures = match &self.pictures {
            Some(out) => compare(&forms, &open(None)?, out)?,
            None => Vec::new(),
        };
        let checked = forms.list().len();
        if self.json {
            print_json(&json!({ "forms": checked, "findings": findings, "pictures": pictures }))?;
        } else {
            report(&findings, &pictures)?;
        }
        match findings.len() {
            0 if self.json => Ok(()),
            0 => print_line(&format!(
                "{checked}様式を確かめました。直すところはありません。"
            )),
            count => bail!("{checked}様式を確かめました。直すところが{count}件あります。"),
        }
    }
}

fn report(findings: &[Value], pictures: &[Value]) -> Result<()> {
    let word = |value: &Value, name: &str| -> String {
        value
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    for found in findings {
        let (form, place) = (word(found, "form"), word(found, "place"));
        print_line(&format!("{form} ({place}): {}", word(found, "text")))?;
    }
    for picture in pictures {
        print_line(&format!(
            "{}  {}",
            word(picture, "file"),
            word(picture, "text")
        ))?;
    }
    Ok(())
}

/// Lays out real cases and keeps none of them. A finding names the file, never the person.
fn check_cases(forms: &Forms, dir: &Path) -> Result<Vec<Value>> {
    let metas = forms.list();
    let [meta] = metas.as_slice() else {
        bail!("--cases には、1つの様式のフォルダーを指定してください");
    };
    let mut findings = Vec::new();
    let entries = fs::read_dir(dir).with_context(|| format!("{} を読めません", dir.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    files.sort();
    for file in files {
        let data = read_data(&file)?;
        if let Some(text) = forms.case_fault(&meta.id, &data) {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            findings
                .push(json!({ "form": meta.number, "sample": name, "place": name, "text": text }));
        }
    }
    Ok(findings)
}

/// The typical sample of each form: in force, checked, and what differs.
fn compare(forms: &Forms, in_force: &Forms, out: &Path) -> Result<Vec<Value>> {
    fs::create_dir_all(out).with_context(|| format!("{} を作れません", out.display()))?;
    let mut made = Vec::new();
    for meta in forms.list() {
        let draw = |forms: &Forms| {
            let data = forms.sample(&meta.id, SampleKind::Typical)?;
            let assets = Assets::for_receipt(SAMPLE_NUMBER);
            let drawn = forms.pictures(&meta.id, &data, &assets, SAMPLE_DATE, PICTURE_SCALE);
            drawn.ok()
        };
        let (Some(before), Some(now)) = (draw(in_force), draw(forms)) else {
            continue;
        };
        for (page, (before, now)) in (1..).zip(before.iter().zip(&now)) {
            let differing = before.differing(now);
            let file = out.join(format!("{}-{page}.png", meta.id));
            let png = before.beside(now).to_png().map_err(|error| said(&error))?;
            fs::write(&file, png).with_context(|| format!("{} に書けません", file.display()))?;
            let text = if differing == 0 {
                "変わりなし"
            } else {
                "違いあり"
            };
            made.push(json!({ "file": file, "differing": differing, "text": text }));
        }
    }
    Ok(made)
}

/// Filing date and receipt number of a sample that does not say its own.
const SAMPLE_DATE: &str = "2026-11-21";
const SAMPLE_NUMBER: &str = "07-2-261121-0184-6";
/// Pixels per point of the pictures compared.
const PICTURE_SCALE: f32 = 1.5;

#[cfg(test)]
mod tests {
    use counter_forms::FontPaths;

    use super::*;

    #[test]
    fn every_core_number_of_the_catalogue_is_listed_by_its_name_and_printed() {
        let catalogue = Catalogue::bundled().expect("the catalogue is read");
        let forms = Forms::new(&FontPaths::default()).expect("the fonts are installed");
        let listed = forms.list();
        let listed = numbered(&listed);
        let core = catalogue.procedures().iter().filter(|one| one.core);
        let mut numbers = 0;
        for procedure in core {
            let Some(number) = &procedure.form_no else {
                continue;
            };
            let found = listed.iter().find(|(listed, _)| listed == number);
            let (_, form) = found.unwrap_or_else(|| panic!("{number} is on no paper"));
            let row = described(form, number, &catalogue);
            assert_eq!(row["name"], procedure.name.ja.as_str(), "{number}");
            assert!(form.procedures.contains(&procedure.id), "{number}");
            assert!(forms.meta(number).is_some(), "{number} cannot be rendered");
            numbers += 1;
        }
        assert_eq!(numbers, 95);
    }
}
