//! A scanner with a paper in it: SANE's own `pnm` backend behind the real `scanimage`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Where SANE finds its settings of this stage.
pub(super) fn folder(stage: &Path) -> PathBuf {
    stage.join("scanner")
}

/// Lays `paper` on the scanner, and tells the counter with these settings that it has one.
pub(super) fn set_up(stage: &Path, settings: &Path, paper: &Path) -> Result<()> {
    let folder = folder(stage);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("dll.conf"), "pnm\n")?;
    let page = folder.join("page.pgm");
    let picture = image::open(paper).with_context(|| format!("no picture {}", paper.display()))?;
    let gray = picture.to_luma8();
    let mut bytes = format!("P5\n{} {}\n255\n", gray.width(), gray.height()).into_bytes();
    bytes.extend_from_slice(gray.as_raw());
    fs::write(&page, bytes).context("the scanner's page")?;
    let option = format!("--filename={}", page.display());
    let mut file = fs::OpenOptions::new().append(true).open(settings)?;
    write!(
        file,
        "\n[scanner]\ndevice = \"pnm:0\"\noptions = [{option:?}]\n"
    )?;
    Ok(())
}
