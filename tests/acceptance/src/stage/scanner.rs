//! A scanner with a paper in it: SANE's own `pnm` backend behind the real `scanimage`.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Stage;
use crate::process::run;
use crate::script::{ScannerAct, Scene};

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
/// The paper as the script has it.
const GIVEN: &str = "paper-given";
/// Where a network scanner writes to.
const TRAY: &str = "tray";
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
            ScannerAct::Stack => return self.write_stack(&folder),
        }
        .context("there is no scanner")
    }

    /// The files are written beside the tray and moved into it, as whole pages.
    fn write_stack(&self, folder: &Path) -> Result<()> {
        let printer = self.pages.as_ref().context("there is no page printer")?;
        let sheets = printer
            .paper()
            .pop()
            .context("no separator sheet came out")?;
        let scanned = folder.join("stack");
        fs::create_dir_all(&scanned)?;
        let arg = OsStr::new;
        let to = scanned.join("sheet");
        let args = [
            arg("-r"),
            arg("200"),
            arg("-gray"),
            arg("-png"),
            sheets.as_ref(),
            to.as_ref(),
        ];
        run(Path::new("pdftoppm"), &args, "")?;
        let mut files: Vec<PathBuf> = fs::read_dir(&scanned)?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?;
        files.sort();
        let (paper, tray) = (folder.join(GIVEN), folder.join(TRAY));
        fs::copy(&paper, tray.join("0-paper"))?;
        for (number, sheet) in (1..).zip(&files) {
            fs::rename(sheet, tray.join(format!("{number}-a-separator")))?;
            fs::copy(&paper, tray.join(format!("{number}-b-paper")))?;
        }
        Ok(())
    }
}

/// Where SANE finds its settings of this stage.
pub(super) fn folder(stage: &Path) -> PathBuf {
    stage.join("scanner")
}

/// Lays the scene's paper on the scanner, and tells the counter with these settings that it has one,
/// and a folder to take pages from where the scene says so. Without a paper there is neither.
pub(super) fn set_up(
    stage: &Path,
    settings: &Path,
    script_folder: &Path,
    scene: &Scene,
) -> Result<()> {
    let Some(paper) = &scene.paper else {
        return Ok(());
    };
    let paper = &script_folder.join(paper);
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
    if scene.scan_folder {
        let tray = folder.join(TRAY);
        fs::create_dir_all(&tray)?;
        fs::copy(paper, folder.join(GIVEN))?;
        writeln!(file, "folder = {:?}", tray.display().to_string())?;
    }
    Ok(())
}
