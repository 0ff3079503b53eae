//! `todoke case`: what was signed, as files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, Subcommand};
use counter_domain::case::CaseStep;
use counter_domain::ids::{BlobHash, CaseId, SnapshotHash, StaffId};
use counter_domain::snapshot::Snapshot;
use counter_forms::resident_move::City;
use counter_forms::{Answers, Assets, FORMS, Forms};
use counter_guide::Catalogue;
use counter_store::{CaseRecord, CounterStore};
use replica::AuditAction;
use serde_json::Value;

use crate::cli::{filing, print_json, print_line};
use crate::desk::catalogue;
use crate::guidance::{self, SheetPlace};
use crate::paper::{FormMaker, font_paths};
use crate::serve::open_store;
use crate::settings::{DataFolder, Settings, replace_private};

#[derive(Debug, Subcommand)]
pub(super) enum CaseCommand {
    /// Writes the newest signature of a case: form, strokes and content. The daemon may run.
    Export(Export),
    /// Finds filings taken in here, also of former years. The daemon may run.
    Find(filing::Find),
    /// Checks every filing here: content, page and signature against their hashes. The daemon may run.
    Check(filing::Check),
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// Folder of the counter's data.
    #[arg(long)]
    data: PathBuf,
    /// Receipt number; the case changed last otherwise.
    #[arg(long)]
    receipt: Option<String>,
    /// Folder for the files.
    #[arg(long)]
    out: PathBuf,
    /// One JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

/// Cases looked through for one that is signed.
const CASES_MAX: usize = 200;

struct Signed {
    snapshot: SnapshotHash,
    strokes: BlobHash,
    form: BlobHash,
}

impl CaseCommand {
    pub(super) fn run(self) -> Result<()> {
        let export = match self {
            Self::Export(export) => export,
            Self::Find(find) => return find.run(),
            Self::Check(check) => return check.run(),
        };
        let folder = DataFolder::new(&export.data);
        let settings = Settings::read(&folder)?;
        if !folder.database().exists() {
            bail!("{} has no database yet", export.data.display());
        }
        let mut store = open_store(&folder, &settings)?;
        let (case, signed) = find(&store, export.receipt.as_deref())?;
        fs::create_dir_all(&export.out)
            .with_context(|| format!("cannot make {}", export.out.display()))?;
        let files = write(&store, case, &signed, &settings, &export.out)?;
        store.audit(
            &StaffId::from("command-line"),
            AuditAction::DocumentViewed,
            Some(case),
        )?;
        store.close()?;
        if export.json {
            return print_json(&files);
        }
        files
            .values()
            .try_for_each(|file| print_line(&file.display().to_string()))
    }
}

fn find(store: &CounterStore, receipt: Option<&str>) -> Result<(CaseId, Signed)> {
    if let Some(number) = receipt {
        let case = store
            .find_case(number)?
            .context("no case has this receipt number")?;
        let record = store.case(case)?.context("the case is not here")?;
        let signed = newest(&record).context("the case is not signed")?;
        if record.protected {
            bail!(
                "somebody in this case is under protection: it is not exported, head office hands it over by hand"
            );
        }
        return Ok((case, signed));
    }
    for row in store
        .board(CASES_MAX)?
        .into_iter()
        .filter(|row| !row.protected)
    {
        if let Some(signed) = store.case(row.case)?.as_ref().and_then(newest) {
            return Ok((row.case, signed));
        }
    }
    bail!("no case is signed")
}

fn newest(record: &CaseRecord) -> Option<Signed> {
    record.events.iter().rev().find_map(|event| {
        if let CaseStep::Signed {
            snapshot,
            strokes,
            form,
        } = event.what
        {
            Some(Signed {
                snapshot,
                strokes,
                form,
            })
        } else {
            None
        }
    })
}

fn write(
    store: &CounterStore,
    case: CaseId,
    signed: &Signed,
    settings: &Settings,
    out: &Path,
) -> Result<BTreeMap<&'static str, PathBuf>> {
    let snapshot = store
        .snapshot(case, signed.snapshot)?
        .context("the snapshot is not here")?;
    let form = store.blob(signed.form)?.context("the form is not here")?;
    let strokes = store
        .blob(signed.strokes)?
        .context("the signature is not here")?;
    let settings = &with_city(store, settings)?;
    let draft = store.case(case)?.context("the case is not here")?.draft;
    let catalogue = catalogue::of_case(store, &draft).context("there is no catalogue")?;
    let mut files = BTreeMap::new();
    let maker = FormMaker::open(&font_paths(Some(settings)))?;
    if let Some(published) = store.dataset(FORMS)? {
        maker.take_published(&published.bytes);
    }
    let forms = maker.forms();
    if let Some(sheet) = guidance_sheet(&forms, &snapshot, &catalogue, settings)? {
        let path = out.join("guidance.pdf");
        replace_private(&path, sheet.as_ref())?;
        files.insert("guidance", path);
    }
    for (name, form) in follow_up_forms(&forms, &snapshot, &Answers::of_draft(&draft), settings)? {
        replace_private(&out.join(name), form.as_ref())?;
    }
    for (kind, name, bytes) in [
        ("form", "form.pdf", form),
        ("signature", "signature.json", strokes),
        ("snapshot", "snapshot.json", snapshot.to_bytes()?),
    ] {
        let path = out.join(name);
        replace_private(&path, bytes.as_ref())?;
        files.insert(kind, path);
    }
    Ok(files)
}

/// The other sections' forms, filled in as far as the case knows: file name and PDF. A form that
/// cannot be made is left out with a line on the error output; the others are written.
fn follow_up_forms(
    forms: &Forms,
    snapshot: &Snapshot,
    answers: &Answers,
    settings: &Settings,
) -> Result<Vec<(String, Vec<u8>)>> {
    let city = City {
        name: settings.city.clone(),
        branch: settings.place.clone(),
    };
    let assets = Assets::for_receipt(&snapshot.receipt_number);
    let mut made = Vec::new();
    for follow_up in forms.follow_ups(snapshot, &city, answers)? {
        let name = match follow_up.member {
            Some(member) => format!("follow-up-{}-{member}.pdf", follow_up.number),
            None => format!("follow-up-{}.pdf", follow_up.number),
        };
        let drawn = forms.render_prefilled(
            &follow_up.form,
            &follow_up.data,
            &assets,
            &snapshot.filed_on,
        );
        match drawn {
            Ok(form) => made.push((name, form.pdf)),
            Err(error) => tracing::warn!(form = follow_up.number, %error, "form not made"),
        }
    }
    Ok(made)
}

/// Head office says the city's name; a counter may have been set up without it.
fn with_city(store: &CounterStore, settings: &Settings) -> Result<Settings> {
    let published = store.dataset("settings")?;
    let published = published.and_then(|one| serde_json::from_slice(&one.bytes).ok());
    let city = published.as_ref().and_then(|settings: &Value| {
        let city = settings.get("city")?;
        city.as_str().or_else(|| city.get("name")?.as_str())
    });
    let mut settings = settings.clone();
    if let Some(city) = city {
        city.clone_into(&mut settings.city);
    }
    Ok(settings)
}

/// The guidance sheet of what was signed, made anew: the same snapshot gives the same pages.
fn guidance_sheet(
    forms: &Forms,
    snapshot: &Snapshot,
    catalogue: &Catalogue,
    settings: &Settings,
) -> Result<Option<Vec<u8>>> {
    let place = SheetPlace {
        city: settings.city.clone(),
        branch: settings.place.clone(),
        contact: String::new(),
    };
    let sheet = guidance::sheet(forms, catalogue, snapshot, &place);
    sheet.map_err(|error| anyhow!(error.staff_text()))
}
