//! Datasets before they are published: what the counters could not read is refused here, with the
//! place and a sentence, and not found out at fifty counters.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use counter_domain::protection::{PROTECTION, ProtectionList};
use counter_guide::Catalogue;
use counter_guide::catalogue::{is_picture, text_of};
use replica::staff::StaffMember;

use crate::administration::Settings;

/// The procedure catalogue: a JSON object of file names and texts.
pub(crate) const CATALOGUE: &str = crate::catalogue::DATASET;
/// Files of a catalogue, and all their bytes together.
const FILES_MAX: usize = 500;
const BYTES_MAX: usize = 16 << 20;
/// Folders in folders.
const DEPTH_MAX: usize = 4;

/// The bytes to publish as `name`, checked.
///
/// # Errors
/// When they cannot be read, or are not what the counters expect under that name.
pub(crate) fn read(name: &str, path: &Path) -> Result<Vec<u8>> {
    let plain = |one: u8| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'-';
    if name.is_empty() || name.len() > 40 || !name.bytes().all(plain) {
        bail!("a dataset's name is up to 40 lower-case letters, digits and hyphens");
    }
    if name == CATALOGUE {
        let files = catalogue_files(path)?;
        check_catalogue(path, &files)?;
        return Ok(serde_json::to_vec(&files)?);
    }
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    match name {
        "settings" => {
            serde_json::from_slice::<Settings>(&bytes).context("not the settings' form")?;
        }
        "staff" => {
            serde_json::from_slice::<Vec<StaffMember>>(&bytes).context("not a list of staff")?;
        }
        PROTECTION => {
            serde_json::from_slice::<ProtectionList>(&bytes).context("not a protection list")?;
        }
        _ => {}
    }
    Ok(bytes)
}

/// A folder's YAML files and pictures under their names in it; or one file: such an object already, or YAML.
pub(crate) fn catalogue_files(path: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    if path.is_dir() {
        collect(path, "", &mut files)?;
        if files.is_empty() {
            bail!("{} holds no .yaml file", path.display());
        }
        return Ok(files);
    }
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    if path.extension().is_some_and(|ending| ending == "json") {
        return serde_json::from_str(&text)
            .with_context(|| format!("{} is no object of file names and texts", path.display()));
    }
    let name = path.file_name().context("a file has a name")?;
    files.insert(name.to_string_lossy().into_owned(), text);
    Ok(files)
}

fn collect(folder: &Path, before: &str, files: &mut BTreeMap<String, String>) -> Result<()> {
    if before.matches('/').count() > DEPTH_MAX {
        bail!("{} is too deep", folder.display());
    }
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            bail!("{} is not a name in UTF-8", path.display());
        };
        if path.is_dir() {
            collect(&path, &format!("{before}{name}/"), files)?;
        } else if is_picture(name) || path.extension().is_some_and(|ending| ending == "yaml") {
            let bytes =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let text = text_of(name, bytes);
            let text = text.map_err(|line| {
                let path = path.display();
                anyhow::anyhow!(
                    "{path}:{line}:1: this line is not in UTF-8; save the file as UTF-8"
                )
            })?;
            files.insert(format!("{before}{name}"), text);
            let bytes: usize = files.values().map(String::len).sum();
            if files.len() > FILES_MAX || bytes > BYTES_MAX {
                bail!("more than {FILES_MAX} files or {BYTES_MAX} bytes");
            }
        }
    }
    Ok(())
}

/// Reads the catalogue as a counter will.
fn check_catalogue(path: &Path, files: &BTreeMap<String, String>) -> Result<()> {
    let texts: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let catalogue = Catalogue::from_files(&texts).map_err(|error| {
        let place = if path.is_dir() {
            path.join(&error.file)
        } else {
            path.to_owned()
        };
        anyhow::anyhow!(
            "{}:{}:{}: {}; nothing was published",
            place.display(),
            error.line,
            error.column,
            error.message
        )
    })?;
    if catalogue.procedures().is_empty() {
        bail!(
            "{} lists no procedure; nothing was published",
            path.display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use counter_guide::catalogue::BUNDLED;

    use super::*;

    /// Writes the program's own catalogue, changed, and reads it as a dataset.
    fn check(change: impl Fn(&str, &str) -> String) -> Result<Vec<u8>, String> {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("catalogue");
        for (name, text) in BUNDLED {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, change(name, text)).unwrap();
        }
        fs::write(folder.join("README.md"), "for people").unwrap();
        read("catalogue", &folder)
            .map_err(|error| format!("{error:#}").replace(&folder.display().to_string(), "DIR"))
    }

    #[test]
    fn folder_becomes_what_counters_read() {
        let bytes = check(|_, text| text.to_owned()).unwrap();
        let files: BTreeMap<String, String> = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(files.len(), BUNDLED.len());
        assert_eq!(files["facts.yaml"], BUNDLED[0].1);
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("catalogue.json");
        fs::write(&file, &bytes).unwrap();
        assert_eq!(read("catalogue", &file).unwrap(), bytes, "or one file");
    }

    #[test]
    fn broken_catalogue_is_refused_with_its_place() {
        let told = check(|name, text| match name {
            "procedures/shimin.yaml" => text.replacen("ev.type == 'move_in'", "ev.typo == 'x'", 1),
            _ => text.to_owned(),
        });
        let told = told.unwrap_err();
        assert!(told.starts_with("DIR/procedures/shimin.yaml:11:"), "{told}");
        assert!(
            told.ends_with("; nothing was published") && told.contains("ev.typo"),
            "{told}"
        );
    }

    #[test]
    fn torn_yaml_is_refused_with_its_place() {
        let told = check(|name, text| match name {
            "sections.yaml" => text.replacen(": {", ": [", 1),
            _ => text.to_owned(),
        });
        assert!(told.unwrap_err().starts_with("DIR/sections.yaml:"));
    }

    #[test]
    fn staff_and_settings_of_another_form_are_refused() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("x.json");
        fs::write(&file, r#"{"neither": 1}"#).unwrap();
        for name in ["staff", "settings", "Staff", ""] {
            assert!(read(name, &file).is_err(), "{name}");
        }
    }
}
