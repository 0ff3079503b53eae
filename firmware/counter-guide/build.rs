//! Puts the golden households into the library, so that head office can try a catalogue out
//! without the sources: what stands above the arrow, for that is all a comparison needs. And packs
//! the program's own catalogue, so that no counter parses YAML when it starts.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use catalogue::entries::{Shape, packed_name};
use serde::Serialize;

/// The shapes of the library's own sources.
#[expect(
    dead_code,
    unreachable_pub,
    reason = "the library uses, and shows to others, what is only written here"
)]
mod catalogue {
    #[path = "../src/catalogue/entries.rs"]
    pub(crate) mod entries;
    #[path = "../src/catalogue/file.rs"]
    pub(crate) mod file;
}

#[expect(unreachable_pub, reason = "public where the library has it")]
#[path = "src/certificates/file.rs"]
mod certificates;

/// Where the shapes are declared.
const SHAPES: [&str; 3] = [
    "src/catalogue/entries.rs",
    "src/catalogue/file.rs",
    "src/certificates/file.rs",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=build.rs");
    households(&root.join("tests/golden"), &out)?;
    name_shapes(&root, &out)?;
    pack(&root.join("catalogue"), &out)
}

fn households(folder: &Path, target: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut out = String::from("&[\n");
    for file in entries(folder)? {
        let text = fs::read_to_string(&file)?;
        let given = text.split("=>\n").next().unwrap_or_default();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        writeln!(out, "    ({name:?}, {given:?}),")?;
    }
    out.push_str("]\n");
    fs::write(target.join("golden.rs"), out)?;
    Ok(())
}

/// Names the shapes by their source.
fn name_shapes(root: &Path, target: &Path) -> Result<(), Box<dyn Error>> {
    let mut hasher = blake3::Hasher::new();
    for file in SHAPES {
        println!("cargo::rerun-if-changed={file}");
        hasher.update(&fs::read(root.join(file))?);
    }
    let name = format!("{:?}", hasher.finalize().to_hex().as_str());
    fs::write(target.join("shapes.rs"), name)?;
    Ok(())
}

/// Writes each file of the catalogue as it was parsed, and the list of them.
fn pack(folder: &Path, target: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    yaml_below(folder, &mut files)?;
    let mut list = String::from("&[\n");
    for (number, file) in files.iter().enumerate() {
        let text = fs::read_to_string(file)?;
        let place = |error: serde_saphyr::Error| format!("{}: {error}", file.display());
        let (hash, bytes) = if file
            .file_name()
            .is_some_and(|name| name == "certificates.yaml")
        {
            packed(&text, &certificates::parse(&text).map_err(place)?)?
        } else {
            packed(&text, &catalogue::file::parse(&text).map_err(place)?)?
        };
        let name = target.join(format!("{number}.packed"));
        fs::write(&name, bytes)?;
        writeln!(
            list,
            "    ({hash:?}, include_bytes!(r#\"{}\"#)),",
            name.display()
        )?;
    }
    list.push_str("]\n");
    fs::write(target.join("packed.rs"), list)?;
    Ok(())
}

fn packed<F: Shape + Serialize>(
    text: &str,
    file: &F,
) -> Result<([u8; 32], Vec<u8>), postcard::Error> {
    Ok((packed_name::<F>(text), postcard::to_stdvec(file)?))
}

fn yaml_below(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in entries(folder)? {
        if entry.is_dir() {
            yaml_below(&entry, found)?;
        } else if entry.extension().is_some_and(|ending| ending == "yaml") {
            found.push(entry);
        }
    }
    Ok(())
}

/// What lies in a folder, in order.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let entries = fs::read_dir(folder)?;
    let mut entries: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    Ok(entries)
}
