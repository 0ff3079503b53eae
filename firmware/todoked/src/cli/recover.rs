//! `todoke recover`: a counter that was restored from an older copy, or cloned, goes on.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::cli::print_line;
use crate::recovery;
use crate::settings::DataFolder;

const AFTER: &str = "\
When head office says that this counter's records are an older copy of what it sent before, the counter stops writing, so that nothing gets lost.
Head office gives a code (`todoke-hub device recover`) after it made sure which appliance is the true one. Stop the daemon, run this, and \
start the daemon again: the counter has a new identity, gets back everything it had sent, and sends what it had not sent. Nothing has to be entered again.
Every other appliance with the same copy is shut out from then on. What is going on is in `todoke status`.";

/// Goes on with a new identity after a restored copy or a clone.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(super) struct Recover {
    /// Folder of the counter's data.
    #[arg(long)]
    data: PathBuf,
    /// The one-time code head office gave for this counter.
    code: String,
    /// Address of head office, `https://…`; the one of the settings otherwise.
    #[arg(long)]
    hub: Option<String>,
}

impl Recover {
    pub(super) fn run(self) -> Result<()> {
        let folder = DataFolder::new(&self.data);
        let device = recovery::recover(&folder, &self.code, self.hub.as_deref())?;
        print_line(&format!(
            "{device}\nthis counter has a new identity; start the daemon to bring back its cases"
        ))
    }
}
