//! `todoke case`: what was signed, as files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, Subcommand};
use counter_domain::case::CaseStep;
use counter_domain::ids::{BlobHash, CaseId, SnapshotHash, StaffId};
use counter_domain::snapshot::Snapshot;
use counter_guide::Catalogue;
use counter_store::{CaseRecord, CounterStore};
use replica::AuditAction;

use crate::cli::{print_json, print_line};
use crate::guidance::{self, SheetPlace};
use crate::paper::{FormMaker, font_paths};
use crate::serve::open_store;
use crate::settings::{DataFolder, Settings, replace_private};

#[derive(Debug, Subcommand)]
pub(super) enum CaseCommand {
    /// Writes the newest signature of a case: form, strokes and content. The daemon may run.
    Export(Export),
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
        let Self::Export(export) = self;
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
            bail!("somebody in this case is under protection: it is not exported, head office hands it over by hand");
        }
        return Ok((case, signed));
    }
    for row in store.board(CASES_MAX)?.into_iter().filter(|row| !row.protected) {
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
    let mut files = BTreeMap::new();
    if let Some(sheet) = guidance_sheet(&snapshot, settings)? {
        let path = out.join("guidance.pdf");
        replace_private(&path, sheet.as_ref())?;
        files.insert("guidance", path);
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

/// The guidance sheet of what was signed, made anew: the same snapshot gives the same pages.
fn guidance_sheet(snapshot: &Snapshot, settings: &Settings) -> Result<Option<Vec<u8>>> {
    let maker = FormMaker::open(&font_paths(Some(settings)))?;
    let place = SheetPlace {
        city: settings.city.clone(),
        branch: settings.place.clone(),
        contact: String::new(),
    };
    let sheet = guidance::sheet(maker.forms(), &Catalogue::bundled()?, snapshot, &place);
    sheet.map_err(|error| anyhow!(error.staff_text()))
}
