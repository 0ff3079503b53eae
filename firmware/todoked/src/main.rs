//! `todoke`: the daemon of a counter and its command line.
//!
//! Exit codes: 0 done, 1 refused or not found with a message on the error output, 2 wrong usage.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    todoked::cli::run(todoked::cli::Arguments::parse())
}
