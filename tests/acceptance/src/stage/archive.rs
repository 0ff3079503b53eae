//! The counter's archive on the stage: checked, and mended from head office.

use std::ffi::OsStr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use super::Stage;
use crate::interrupt;
use crate::process::PATIENCE;

impl Stage {
    /// Waits until the check of the counter's archive says `text`.
    #[expect(
        clippy::disallowed_methods,
        reason = "what comes from head office is seen by nothing but another check"
    )]
    pub(crate) fn archive_checks(&self, text: &str) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        loop {
            interrupt::check()?;
            let said = self.archive_check(&[])?;
            if said.contains(text) {
                return Ok(());
            }
            if Instant::now() > until {
                bail!("the check of the archive does not say {text:?}: {said}");
            }
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// Asks head office anew for what is damaged; the counter says `text` of it.
    pub(crate) fn archive_mends(&self, text: &str) -> Result<()> {
        let said = self.archive_check(&[OsStr::new("--mend")])?;
        ensure!(
            said.contains(text),
            "the counter says of its archive: {said}"
        );
        Ok(())
    }

    fn archive_check(&self, with: &[&OsStr]) -> Result<String> {
        let data = self.counter_data();
        let mut args = ["case", "check", "--data"].map(OsStr::new).to_vec();
        args.push(data.as_ref());
        args.extend(with);
        let (_, said) = self.todoke_said(&args)?;
        Ok(said)
    }
}
