//! A whole visit with real processes: what the scenario itself measured.

use std::fs;
use std::path::Path;
use std::time::Duration;

use acceptance::{Figures, Programs, Script, Stage, play};
use anyhow::Result;

use crate::figure::Figure;

const VISIT: &str = "tests/acceptance/suite/move-in-by-card-line-cut.toml";

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let path = Path::new(VISIT);
    let script = Script::read(path)?;
    let folder = tempfile::tempdir()?;
    let pictures = folder.path().join("pictures");
    fs::create_dir_all(&pictures)?;
    let programs = Programs::beside(&std::env::current_exe()?);
    let scripts = path.parent().unwrap_or(Path::new("."));
    let mut stage = Stage::set(programs, &script.scene, scripts, folder.path())?;
    let figures = play(&script, scripts, &mut stage, &pictures, &mut |_| {})?;
    Ok(as_figures(&figures))
}

fn as_figures(figures: &Figures) -> Vec<Figure> {
    let budget = |name: &str| match name {
        "screen start" => ("staff screen: start to first frame", 1000.0),
        "submit" => ("submitted to visible at head office, on line", 2000.0),
        "line back" => ("line back to visible at head office", 2000.0),
        "returned" => ("returned to visible at the counter", 2000.0),
        _ => ("another span of the visit", 2000.0),
    };
    let spans = figures
        .spans
        .iter()
        .map(|(name, took): (&String, &Duration)| {
            let (name, limit) = budget(name);
            Figure::within(name, *took, limit)
        });
    let memory = figures.memory_kib.iter().map(|(program, kib)| {
        Figure::beside(memory_of(program), *kib / 1024.0, "MiB", "limit", 256.0)
    });
    spans.chain(memory).collect()
}

fn memory_of(program: &str) -> &'static str {
    match program {
        "counter" => "memory: todoke serve",
        "hub" => "memory: todoke-hub serve",
        "staff" => "memory: todoke-ui, staff",
        "resident" => "memory: todoke-ui, resident",
        _ => "memory: another program",
    }
}
