//! Finds the cr-sqlite binary that `pin/Cargo.lock` pins, checks its SHA-256 and copies it to where
//! `src/lib.rs` includes it from. Nothing of the pinned package is compiled.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use sha2::{Digest, Sha256};

/// File in the package and its SHA-256, by architecture.
const BINARIES: [(&str, &str, &str); 2] = [
    (
        "x86_64",
        "crsqlite-linux-x86_64.so",
        "06e14e294c05db8c2488d6afc6c0f04010a39c01d9511abb3b5a3650bd952545",
    ),
    (
        "aarch64",
        "crsqlite-linux-aarch64.so",
        "edb6b16eec78698f82e910cd096cf94f768ee13ab2839968f68f37552e998aff",
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    let pin = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("pin/Cargo.toml");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=pin/Cargo.toml");
    println!("cargo:rerun-if-changed=pin/Cargo.lock");

    let architecture = env::var("CARGO_CFG_TARGET_ARCH")?;
    let os = env::var("CARGO_CFG_TARGET_OS")?;
    let (_, file, expected) = BINARIES
        .into_iter()
        .find(|(name, _, _)| *name == architecture && os == "linux")
        .ok_or_else(|| format!("no cr-sqlite binary for {architecture}-{os}"))?;

    let binary = fs::read(pinned_package(&pin)?.join(file))?;
    let found: String = Sha256::digest(&binary)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    if found != expected {
        return Err(format!("{file} has SHA-256 {found}, not {expected}").into());
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("crsqlite.so"), binary)?;
    Ok(())
}

/// Asks cargo where the pinned package lies; downloads it when this machine never had it.
fn pinned_package(manifest: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let output = Command::new(env::var("CARGO")?)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--filter-platform",
        ])
        .arg(env::var("TARGET")?)
        .arg("--manifest-path")
        .arg(manifest)
        .output()?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("cargo metadata for the cr-sqlite pin: {reason}").into());
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata.get("packages").and_then(|list| list.as_array());
    packages
        .into_iter()
        .flatten()
        .find(|package| {
            package
                .get("name")
                .is_some_and(|name| name == "klukai-types")
        })
        .and_then(|package| package.get("manifest_path")?.as_str())
        .and_then(|path| Path::new(path).parent().map(Path::to_owned))
        .ok_or_else(|| "the pin names no klukai-types package".into())
}
