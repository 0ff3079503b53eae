//! The command line. Names, exit codes and JSON keys are stable: other programs rely on them.

mod address;
mod barcode;
mod card;
mod case;
mod choices;
mod courier;
mod device;
mod document;
mod filing;
mod form;
mod guide;
mod name;
mod recover;
mod set_up;
mod status;
mod visit;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use serde::Serialize;

use crate::settings::DataFolder;

/// The counter without writing: daemon and command line.
#[derive(Debug, Parser)]
#[command(name = "todoke", version)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the counter's daemon until it is told to stop.
    Serve {
        /// Folder of the counter's data.
        #[arg(long)]
        data: PathBuf,
        /// Address of head office; the one of the settings otherwise.
        #[arg(long)]
        hub: Option<String>,
        /// Written when the daemon is ready; may be a FIFO.
        #[arg(long)]
        ready_file: Option<PathBuf>,
    },
    /// Sets up a new counter; overwrites nothing.
    Init(set_up::Init),
    /// Enrols this counter at head office with a one-time code.
    Enrol(set_up::Enrol),
    /// Goes on with a new identity after a restored copy or a clone.
    Recover(recover::Recover),
    /// Cards on the reader.
    #[command(subcommand)]
    Card(card::CardCommand),
    /// Pictures of certificates and cards.
    #[command(subcommand)]
    Document(document::DocumentCommand),
    /// Bar and QR codes.
    #[command(subcommand)]
    Barcode(barcode::BarcodeCommand),
    /// Devices of this counter.
    #[command(subcommand)]
    Device(device::DeviceCommand),
    /// Cases of this counter.
    #[command(subcommand)]
    Case(case::CaseCommand),
    /// Files on removable media, when there is no line for long.
    #[command(subcommand)]
    Courier(courier::CourierCommand),
    /// Procedures of a case.
    #[command(subcommand)]
    Guide(guide::GuideCommand),
    /// Forms.
    #[command(subcommand)]
    Form(form::FormCommand),
    /// Addresses.
    #[command(subcommand)]
    Address(address::AddressCommand),
    /// Names.
    #[command(subcommand)]
    Name(name::NameCommand),
    /// How the counter of a data folder stands.
    Status {
        /// Folder of the counter's data.
        #[arg(long)]
        data: PathBuf,
        /// One JSON document on the standard output.
        #[arg(long)]
        json: bool,
    },
    /// Scripted visits (runs `todoke-visit`).
    Visit {
        /// What `todoke-visit` takes, for example `play SCRIPT.toml --screens DIR`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<std::ffi::OsString>,
    },
}

/// Runs a command line.
pub fn run(arguments: Arguments) -> ExitCode {
    crate::logs::start();
    match dispatch(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_error(&format!("todoke: {error:#}"));
            ExitCode::from(1)
        }
    }
}

fn dispatch(command: Command) -> Result<()> {
    match command {
        Command::Serve {
            data,
            hub,
            ready_file,
        } => crate::serve::run(&DataFolder::new(&data), hub, ready_file),
        Command::Init(init) => init.run(),
        Command::Enrol(enrol) => enrol.run(),
        Command::Recover(recover) => recover.run(),
        Command::Card(card) => card.run(),
        Command::Document(document) => document.run(),
        Command::Barcode(barcode) => barcode.run(),
        Command::Device(device) => device.run(),
        Command::Case(case) => case.run(),
        Command::Courier(courier) => courier.run(),
        Command::Guide(guide) => guide.run(),
        Command::Form(form) => form.run(),
        Command::Address(address) => address.run(),
        Command::Name(name) => name.run(),
        Command::Status { data, json } => status::run(&DataFolder::new(&data), json),
        Command::Visit { arguments } => visit::run(&arguments),
    }
}

/// Prints one JSON document.
fn print_json(document: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, document)?;
    writeln!(out)?;
    Ok(())
}

/// Prints a line for a person.
fn print_line(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

fn say_error(line: &str) {
    // Nobody is left to be told when the error output is closed.
    writeln!(std::io::stderr(), "{line}").ok();
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn every_command_has_arguments_of_its_own() {
        super::Arguments::command().debug_assert();
    }
}
