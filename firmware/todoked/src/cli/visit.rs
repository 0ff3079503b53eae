//! `todoke visit`: runs the sibling program, as version control systems do with theirs.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result, anyhow};

pub(super) fn run(arguments: &[OsString]) -> Result<()> {
    let own = std::env::current_exe().context("own path")?;
    let sibling = own.with_file_name("todoke-visit");
    // Replaces this process; returns only when it cannot.
    let error = Command::new(&sibling).args(arguments).exec();
    Err(anyhow!(error)).with_context(|| format!("cannot start {}", sibling.display()))
}
