//! `todoke-hub`.

use std::process::ExitCode;

fn main() -> ExitCode {
    hub_server::run().into()
}
