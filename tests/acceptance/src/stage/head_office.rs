//! What an administrator does on head office's own machine, while the hub serves.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use counter_addresses::{Contents, Municipality, Town};

use super::Stage;
use crate::process::run;
use crate::screen::LOOKING;
use crate::script::HeadOfficeAct;

/// Code of the invented municipality of a dictionary.
const CITY_CODE: u32 = 14_999;

impl Stage {
    /// Does something on head office's machine.
    pub(crate) fn head_office(&self, deed: &HeadOfficeAct) -> Result<()> {
        match deed {
            HeadOfficeAct::EditCatalogue {
                copy,
                file,
                old,
                new,
            } => {
                let drafts = self.hub_data().join("catalogue-drafts");
                edit(&drafts.join(copy).join(file), old, new)
            }
            HeadOfficeAct::Dictionary {
                edition,
                prefecture,
                city,
                town,
            } => self.publish_dictionary(&dictionary(edition, (prefecture, city), town)),
        }
    }

    /// Waits until the counter's log says this.
    #[expect(
        clippy::disallowed_methods,
        reason = "a person's patience is measured by a clock"
    )]
    pub(crate) fn counter_logs(&mut self, text: &str) -> Result<()> {
        let log = self.log("counter");
        let until = Instant::now() + LOOKING;
        while !fs::read_to_string(&log)?.contains(text) {
            ensure!(Instant::now() < until, "the log does not say: {text}");
            let screen = self.staff.as_mut().context("there is no screen")?;
            screen.glance();
        }
        Ok(())
    }

    fn publish_dictionary(&self, contents: &Contents) -> Result<()> {
        let file = self.folder.join("towns.bin");
        fs::write(&file, contents.to_bytes()?)?;
        let (hub, data) = (self.programs.named("todoke-hub"), self.hub_data());
        let arg = OsStr::new;
        let args = [
            arg("places"),
            arg("dictionary"),
            file.as_ref(),
            arg("--data"),
            data.as_ref(),
        ];
        run(&hub, &args, "").map(drop)
    }
}

/// Puts `new` where `old` stands, which must stand there once.
fn edit(file: &Path, old: &str, new: &str) -> Result<()> {
    let text =
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let count = text.matches(old).count();
    ensure!(count == 1, "「{old}」 stands {count} times in the copy");
    fs::write(file, text.replace(old, new))?;
    Ok(())
}

/// A dictionary of one town.
fn dictionary(edition: &str, (prefecture, city): (&str, &str), town: &str) -> Contents {
    Contents {
        edition: edition.to_owned(),
        municipalities: vec![Municipality {
            code: CITY_CODE,
            prefecture: prefecture.to_owned(),
            name: city.to_owned(),
            prefecture_kana: String::new(),
            kana: String::new(),
            until: None,
        }],
        towns: vec![Town {
            municipality: 0,
            name: town.to_owned(),
            kana: String::new(),
            postal_codes: Vec::new(),
            chome: Vec::new(),
            koaza: Vec::new(),
        }],
    }
}
