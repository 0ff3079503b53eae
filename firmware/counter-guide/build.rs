//! Puts the golden households into the library, so that head office can try a catalogue out
//! without the sources: what stands above the arrow, for that is all a comparison needs.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("tests/golden");
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed=build.rs");
    let entries = fs::read_dir(&folder)?;
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    let mut out = String::from("&[\n");
    for file in files {
        let text = fs::read_to_string(&file)?;
        let given = text.split("=>\n").next().unwrap_or_default();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        writeln!(out, "    ({name:?}, {given:?}),")?;
    }
    out.push_str("]\n");
    let target = Path::new(&env::var("OUT_DIR")?).join("golden.rs");
    fs::write(target, out)?;
    Ok(())
}
