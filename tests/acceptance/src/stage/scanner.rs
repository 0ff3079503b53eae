//! A scanner with a paper in it: SANE's own `pnm` backend behind the real `scanimage`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Stage;
use crate::script::ScannerAct;

/// Which drivers SANE has.
const BACKENDS: &str = "dll.conf";
/// Which scanners are there.
const SCANNERS: &str = "dll.aliases";
/// The one that is there.
const PLUGGED: &str = "alias Kakuu pnm:0\n";
/// What lies on it now.
const PAGE: &str = "page.pgm";
/// The paper.
const LAID: &str = "paper.pgm";
/// The white lid.
const BARE: &str = "lid.pgm";

impl Stage {
    /// Does something to the scanner.
    pub(crate) fn scanner(&self, deed: ScannerAct) -> Result<()> {
        let folder = folder(&self.folder);
        let lay = |what: &str| fs::copy(folder.join(what), folder.join(PAGE)).map(drop);
        match deed {
            ScannerAct::Unplug => fs::write(folder.join(SCANNERS), ""),
            ScannerAct::Plug => fs::write(folder.join(SCANNERS), PLUGGED),
            ScannerAct::Empty => lay(BARE),
            ScannerAct::Lay => lay(LAID),
        }
        .context("there is no scanner")
    }
}

/// Where SANE finds its settings of this stage.
pub(super) fn folder(stage: &Path) -> PathBuf {
    stage.join("scanner")
}

/// Lays `paper` on the scanner, and tells the counter with these settings that it has one.
pub(super) fn set_up(stage: &Path, settings: &Path, paper: &Path) -> Result<()> {
    let folder = folder(stage);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(BACKENDS), "pnm\n")?;
    fs::write(folder.join(SCANNERS), PLUGGED)?;
    let page = folder.join(PAGE);
    let picture = image::open(paper).with_context(|| format!("no picture {}", paper.display()))?;
    let gray = picture.to_luma8();
    let mut bytes = format!("P5\n{} {}\n255\n", gray.width(), gray.height()).into_bytes();
    let head = bytes.len();
    bytes.extend_from_slice(gray.as_raw());
    fs::write(&page, &bytes).context("the scanner's page")?;
    fs::write(folder.join(LAID), &bytes)?;
    bytes.iter_mut().skip(head).for_each(|shade| *shade = 250);
    fs::write(folder.join(BARE), &bytes)?;
    let option = format!("--filename={}", page.display());
    let mut file = fs::OpenOptions::new().append(true).open(settings)?;
    write!(
        file,
        "\n[scanner]\ndevice = \"Kakuu\"\noptions = [{option:?}]\n"
    )?;
    Ok(())
}
