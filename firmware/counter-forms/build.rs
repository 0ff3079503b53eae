//! Lists every file under `forms/` so that the program carries it: a new form is a new folder and
//! needs no line of Rust.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("forms");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("embedded.rs");
    let mut files = Vec::new();
    collect(&root, &root, &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for (name, path) in files {
        let path = path.display().to_string();
        // Writing to a String cannot fail.
        let _never = writeln!(list, "    ({name:?}, include_str!({path:?})),");
    }
    list.push(']');
    fs::write(out, list)
}

/// Files of templates below `dir`, by path from `root` with forward slashes. Every folder is
/// watched, so that a file added later is found.
fn collect(root: &Path, dir: &Path, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    println!("cargo:rerun-if-changed={}", dir.display());
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if path
            .extension()
            .is_some_and(|e| e == "typ" || e == "toml" || e == "json")
        {
            let name = path.strip_prefix(root).unwrap_or(&path);
            let name: Vec<_> = name.iter().map(|part| part.to_string_lossy()).collect();
            files.push((name.join("/"), path.clone()));
        }
    }
    Ok(())
}
