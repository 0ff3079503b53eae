//! Whether the counter proves the files a visit left behind, and only those.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::stage::Stage;

/// Files as `todoke case export` names them, with the option that takes each.
const FILES: [(&str, &str); 3] = [
    ("form.pdf", ""),
    ("signature.json", "--signature"),
    ("snapshot.json", "--content"),
];

/// The files in `folder` are proved together; with one byte of one of them changed, exactly that one
/// is told.
pub(crate) fn proved(stage: &Stage, folder: &Path) -> Result<()> {
    let files: Vec<PathBuf> = FILES.iter().map(|(name, _)| folder.join(name)).collect();
    let (holds, said) = verify(stage, &files)?;
    ensure!(holds && said.contains("belong together"), "{said}");
    for (altered, (name, _)) in FILES.iter().enumerate() {
        let mut files = files.clone();
        let file = files.get_mut(altered).context("no such file")?;
        *file = altered_copy(file, &folder.join(format!("altered-{name}")))?;
        let (holds, said) = verify(stage, &files)?;
        fs::remove_file(files.get(altered).context("no such file")?)?;
        let told = said
            .lines()
            .filter(|line| line.contains("nobody signed this"));
        let told: Vec<&str> = told.collect();
        let right = matches!(told.as_slice(), [one] if one.contains(&format!("altered-{name}")));
        ensure!(!holds && right, "one byte of {name} was changed: {said}");
    }
    Ok(())
}

fn verify(stage: &Stage, files: &[PathBuf]) -> Result<(bool, String)> {
    let mut args: Vec<OsString> = vec!["form".into(), "verify".into()];
    for (file, (_, option)) in files.iter().zip(FILES) {
        if !option.is_empty() {
            args.push(option.into());
        }
        args.push(file.into());
    }
    args.extend(["--data".into(), stage.counter_data().into()]);
    let args: Vec<&OsStr> = args.iter().map(OsString::as_os_str).collect();
    stage.todoke_said(&args)
}

/// A copy with a byte in the middle changed.
fn altered_copy(file: &Path, to: &Path) -> Result<PathBuf> {
    let mut bytes = fs::read(file).with_context(|| format!("no {}", file.display()))?;
    let middle = bytes.len() / 2;
    *bytes.get_mut(middle).context("the file is empty")? ^= 1;
    fs::write(to, bytes)?;
    Ok(to.to_owned())
}
