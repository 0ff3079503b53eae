//! Keys of the city's codes, and codes signed with them or with somebody else's.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::json;

use super::set_up::with_days;
use crate::process::run;
use crate::programs::Programs;

/// The key's name in the settings.
const NAME: &str = "R8A";
/// The city whose key it is, as in the contents of the codes.
const CITY: &str = "142051";

/// Whose key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signer {
    /// The city's portal.
    Portal,
    /// Somebody who wants to look like it.
    Forger,
}

impl Signer {
    const fn file(self) -> &'static str {
        match self {
            Self::Portal => "portal.pk8",
            Self::Forger => "forger.pk8",
        }
    }
}

fn folder(stage: &Path) -> PathBuf {
    stage.join("codes")
}

/// Makes both keys; head office publishes the portal's.
pub(super) fn set_up(programs: &Programs, stage: &Path, city: &str) -> Result<()> {
    let folder = folder(stage);
    fs::create_dir_all(&folder)?;
    let key = |signer: Signer| {
        let out = folder.join(signer.file());
        let arg = OsStr::new;
        let args = [arg("barcode"), arg("key"), arg("--out"), out.as_ref()];
        run(&programs.named("todoke"), &args, "")
    };
    let public = key(Signer::Portal)?;
    key(Signer::Forger)?;
    let settings = json!({
        "city": city,
        "code_keys": [{
            "id": NAME,
            "city": CITY,
            "uses": ["notice", "application"],
            "key": public.trim(),
        }],
    });
    let file = folder.join("settings.json");
    fs::write(&file, settings.to_string())?;
    let (arg, data) = (OsStr::new, stage.join("hub"));
    let args = [
        arg("publish"),
        arg("--data"),
        data.as_ref(),
        arg("settings"),
        file.as_ref(),
    ];
    run(&programs.named("todoke-hub"), &args, "").map(drop)
}

/// The text of a code with this content, a JSON file in which `{today}` and `{today+30}` are days.
pub(crate) fn signed(
    todoke: &Path,
    stage: &Path,
    content: &Path,
    signer: Signer,
) -> Result<String> {
    let folder = folder(stage);
    let text = fs::read_to_string(content).context("the content of the code")?;
    let today = jiff::Zoned::now().in_tz("Asia/Tokyo")?.date();
    let file = folder.join("content.json");
    fs::write(&file, with_days(&text, today)?)?;
    let (arg, key) = (OsStr::new, folder.join(signer.file()));
    let args = [
        arg("barcode"),
        arg("issue"),
        arg("--key"),
        key.as_ref(),
        arg("--key-name"),
        arg(NAME),
        file.as_ref(),
    ];
    let code = run(todoke, &args, "")?;
    Ok(code.trim().to_owned())
}
