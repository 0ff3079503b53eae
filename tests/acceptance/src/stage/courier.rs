//! Courier files between the counter and head office, carried in a folder of the stage.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::Stage;
use crate::process::run;
use crate::script::CourierAct;

impl Stage {
    /// Does something with removable media.
    pub(crate) fn courier(&self, deed: CourierAct) -> Result<()> {
        fs::create_dir_all(self.bag())?;
        let (there, back) = (self.bag().join("there.age"), self.bag().join("back.age"));
        match deed {
            CourierAct::Carry => {
                self.counter_courier("export", &there)?;
                self.hub_takes(&there, Some(&back))
            }
            CourierAct::CarryBack => self.counter_courier("import", &back),
            CourierAct::Damaged => {
                let damaged = self.bag().join("damaged.age");
                self.counter_courier("export", &damaged)?;
                let mut bytes = fs::read(&damaged)?;
                let middle = bytes.len() / 2;
                *bytes.get_mut(middle).context("the file is empty")? ^= 1;
                fs::write(&damaged, bytes)?;
                let refused = self.hub_takes(&damaged, None);
                let said = refused.err().map(|error| format!("{error:#}"));
                let said = said.context("head office took a damaged file")?;
                ensure!(said.contains("damaged"), "head office said instead: {said}");
                Ok(())
            }
        }
    }

    fn bag(&self) -> PathBuf {
        self.folder.join("bag")
    }

    fn counter_courier(&self, direction: &str, file: &Path) -> Result<()> {
        let data = self.counter_data();
        let arg = OsStr::new;
        let args = [
            arg("courier"),
            arg(direction),
            file.as_ref(),
            arg("--data"),
            data.as_ref(),
        ];
        self.todoke(&args).map(drop)
    }

    fn hub_takes(&self, file: &Path, answer: Option<&Path>) -> Result<()> {
        let data = self.hub_data();
        let arg = OsStr::new;
        let mut args = vec![
            arg("courier"),
            arg("import"),
            file.as_ref(),
            arg("--data"),
            data.as_ref(),
        ];
        if let Some(answer) = answer {
            args.extend([arg("--answer"), answer.as_ref()]);
        }
        run(&self.programs.named("todoke-hub"), &args, "").map(drop)
    }
}
