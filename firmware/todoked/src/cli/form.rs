//! `todoke form`: the forms of this program.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use counter_forms::{Assets, FormData, SampleKind};
use serde_json::json;

use crate::cli::{print_json, print_line};
use crate::paper::{FormMaker, font_paths};

#[derive(Debug, Subcommand)]
pub(super) enum FormCommand {
    /// Lists the forms.
    List {
        /// One JSON document on the standard output.
        #[arg(long)]
        json: bool,
    },
    /// Renders a form as PDF/A.
    Render(Render),
}

#[derive(Debug, Args)]
pub(super) struct Render {
    /// The form, as `form list` names it.
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
    /// The PDF to write.
    #[arg(long)]
    out: PathBuf,
}

fn sample_kind(name: &str) -> Result<SampleKind, String> {
    let found = SampleKind::ALL.into_iter().find(|kind| kind.name() == name);
    found.ok_or_else(|| "typical, longest, smallest or foreigner".to_owned())
}

impl FormCommand {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::List { json } => list(json),
            Self::Render(render) => render.run(),
        }
    }
}

fn list(as_json: bool) -> Result<()> {
    let maker = FormMaker::open(&font_paths(None))?;
    let forms = maker.forms().list();
    if as_json {
        let forms: Vec<_> = forms
            .iter()
            .map(|form| {
                json!({
                    "id": form.id, "number": form.number, "version": form.version,
                    "title": form.title, "title_en": form.title_en,
                })
            })
            .collect();
        return print_json(&json!({ "forms": forms }));
    }
    forms
        .iter()
        .try_for_each(|form| print_line(&format!("{}  {}", form.id, form.title)))
}

impl Render {
    fn run(self) -> Result<()> {
        let maker = FormMaker::open(&font_paths(None))?;
        let (data, text) = match (self.sample, &self.data) {
            (Some(kind), _) => {
                let sample = maker.forms().sample(&self.form, kind);
                (sample.context("no such form or sample")?, None)
            }
            (None, Some(path)) => {
                let bytes =
                    fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
                let data = FormData::from_json(&bytes).context("the data is not JSON")?;
                (
                    data,
                    Some(serde_json::from_slice::<serde_json::Value>(&bytes)?),
                )
            }
            (None, None) => anyhow::bail!("--data or --sample is needed"),
        };
        let of_data =
            |name: &str| -> Option<String> { Some(text.as_ref()?.get(name)?.as_str()?.to_owned()) };
        let filed_on = self
            .filed_on
            .or_else(|| of_data("filed_on"))
            .unwrap_or_else(|| SAMPLE_DATE.to_owned());
        let number = of_data("receipt_number").unwrap_or_else(|| SAMPLE_NUMBER.to_owned());
        let form =
            maker
                .forms()
                .render(&self.form, &data, &Assets::for_receipt(&number), &filed_on)?;
        fs::write(&self.out, &form.pdf)
            .with_context(|| format!("cannot write {}", self.out.display()))
    }
}

/// Filing date and receipt number of a sample that does not say its own.
const SAMPLE_DATE: &str = "2026-11-21";
const SAMPLE_NUMBER: &str = "07-2-261121-0184-6";
