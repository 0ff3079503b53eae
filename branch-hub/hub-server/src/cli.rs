//! The command line.

mod archive;
mod audit;
mod backup;
mod case;
mod catalogue;
mod characters;
mod courier;
mod deletion;
mod device;
pub(crate) mod form;
mod handover;
mod places;
mod report;
mod reservations;
mod residents;
mod set_up;
mod staff;
mod standby;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use counter_domain::ids::{BranchCode, StaffId};
use counter_domain::prepared::PreparedKind;
use counter_domain::resident::RESIDENT_COPY;
use replica::staff::{Role, StaffMember};
use serde_json::json;

use crate::administration::Hub;
use crate::clock::Clock;
use crate::desk::LogQuery;
use crate::folder::{Folder, Passphrase};
use crate::residents::CopyOptions;
use crate::{dataset, register, serve};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Refused or not found; the reason is on standard error.
    Refused,
    /// Wrong usage.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Refused => 1,
            Exit::Usage => 2,
        })
    }
}

/// Head office of Todoke: takes what the counters send, and opens the review desk.
#[derive(Debug, Parser)]
#[command(name = "todoke-hub", version, after_help = AFTER)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "\
Every command works beside a running `serve` on the same folder.
The database key lies in DATA/database.key, readable by its owner only. On a machine without a TPM whoever can read that file can read \
the database: keep it on an encrypted disk, or set TODOKE_PASSPHRASE at `init` (and at every later command) to seal it with a passphrase.
Exit status: 0 done, 1 refused or not found, 2 wrong usage.";

#[derive(Debug, Args)]
struct Data {
    /// Folder of the hub's data
    #[arg(long = "data", value_name = "DIR")]
    folder: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a new data folder: database, its key, and the hub's own authority
    Init {
        #[command(flatten)]
        data: Data,
        /// Name of the city, as residents and staff see it
        #[arg(long)]
        city: String,
    },
    /// Open both ends: the counters' and the review desk
    Serve(ServeArgs),
    /// Print a one-time code that enrols one counter; valid for 24 hours
    Enrol {
        #[command(flatten)]
        data: Data,
        /// Branch of the counter, two digits; 00 is head office and not a counter's
        #[arg(long, value_name = "CODE")]
        branch: String,
        /// Name of the counter, for example "六会市民センター 2番窓口"; what stands before the first space becomes the branch's name if the settings have none
        #[arg(long)]
        name: String,
    },
    /// Publish a dataset to every counter: settings, staff, catalogue, resident-copy, ...
    Publish {
        #[command(flatten)]
        data: Data,
        /// Name of the dataset
        dataset: String,
        /// The file to publish; for `catalogue` also the folder with its YAML files
        file: PathBuf,
        #[command(flatten)]
        copy: CopyOptions,
    },
    /// Reservations of the national portal (転入予約)
    #[command(subcommand)]
    Reservations(reservations::PreparedCommand),
    /// Move-out certificate data of the national network (転出証明書情報)
    #[command(subcommand)]
    MoveOuts(reservations::PreparedCommand),
    /// The catalogue of procedures: copy, check, try out, publish with a date
    #[command(subcommand)]
    Catalogue(catalogue::CatalogueCommand),
    /// The resident copy, from files of the resident record system
    #[command(subcommand)]
    Residents(residents::ResidentsCommand),
    /// Numbers and buildings of the own city, offered under the counters' address fields
    #[command(subcommand)]
    Places(places::PlacesCommand),
    /// Characters chosen at the counters (文字同定)
    #[command(subcommand)]
    Characters(characters::CharactersCommand),
    /// Versions of forms (様式の改版)
    #[command(subcommand)]
    Form(form::FormCommand),
    /// Devices that may talk to the hub
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Files on removable media, for counters without a line
    #[command(subcommand)]
    Courier(courier::CourierCommand),
    /// Encrypted copies of everything a new hub needs
    #[command(subcommand)]
    Backup(backup::BackupCommand),
    /// A second machine that goes on should this one be lost
    #[command(subcommand)]
    Standby(standby::StandbyCommand),
    /// Make the standby the hub: one command, at the second machine
    Promote(standby::PromoteArgs),
    /// Members of staff who may sign in, at counters and at the desk
    #[command(subcommand)]
    Staff(StaffCommand),
    /// Files for the resident record system
    #[command(subcommand)]
    Handover(handover::HandoverCommand),
    /// Filings of every year
    #[command(subcommand)]
    Archive(archive::ArchiveCommand),
    /// Which branch has a case: hand it on, take it back, have a branch's copy overwritten
    #[command(subcommand)]
    Case(case::CaseCommand),
    /// The audit log
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Say how the hub stands
    Status {
        #[command(flatten)]
        data: Data,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
}

/// What `serve` needs.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    data: Data,
    /// Address of the counters' end (TLS, certificates on both sides); port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
    /// Address of the review desk (HTTPS with a certificate of the hub's authority)
    #[arg(long, value_name = "ADDR")]
    pub(crate) desk: SocketAddr,
    /// Open the desk without TLS; only on a loopback address
    #[arg(long)]
    pub(crate) desk_plain: bool,
    /// Further host name or address browsers use for the desk, for its certificate; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) desk_name: Vec<String>,
    /// Address at which monitoring reads figures (plain HTTP, /metrics); no sign-in guards it, so take a loopback address or one of a network for management; none without it
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics: Option<SocketAddr>,
    /// Write {"listen":ADDR,"desk":ADDR} into this file once both ends are open; it may be a FIFO
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum StaffCommand {
    /// Add a member of staff, or replace the one with this id; the password is read from standard input, one line
    Add {
        #[command(flatten)]
        data: Data,
        /// Id used to sign in, for example u0312
        #[arg(long)]
        id: String,
        /// Name as shown
        #[arg(long)]
        name: String,
        /// What they may do: intake-contractor, intake, reviewer, approver, administrator, auditor; may be repeated
        #[arg(long, value_name = "ROLE", required = true, value_parser = role)]
        role: Vec<Role>,
        /// Branch they work at, two digits, 00 for head office; may be repeated; none means all
        #[arg(long, value_name = "CODE", value_parser = branch)]
        branch: Vec<BranchCode>,
    },
    /// Let somebody sign in no longer; open sessions end as soon as the place hears of it. The name stays in cases and log
    Remove {
        #[command(flatten)]
        data: Data,
        /// Id used to sign in, for example u0312
        #[arg(long)]
        id: String,
    },
    /// List members of staff, without their passwords
    List {
        #[command(flatten)]
        data: Data,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
}

const RECOVER: &str = "\
Before giving the code away, talk to the branch and make sure which appliance is the true one: a copy of a disk holds the same key, \
and no machine can tell the two apart. The moment the code is used, the old identity is shut out, and every other appliance that has it.
At the appliance, with its daemon stopped: `todoke recover CODE --data DIR`. At a new, empty appliance: `todoke init`, then `todoke enrol CODE`.";

#[derive(Debug, Subcommand)]
enum DeviceCommand {
    /// List every device ever enrolled: line, last contact, versions
    List {
        #[command(flatten)]
        data: Data,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Shut a lost or retired device out for ever; it is refused at its next request
    Revoke {
        #[command(flatten)]
        data: Data,
        /// Its id, or the beginning of it if no other begins so
        device: String,
    },
    /// Print a one-time code with which the true appliance goes on for a device that was restored
    /// from an older copy, cloned or replaced; valid for 24 hours
    #[command(after_help = RECOVER)]
    Recover {
        #[command(flatten)]
        data: Data,
        /// Its id, or the beginning of it if no other begins so
        device: String,
    },
    /// Take back the warning that a device's database is an older copy or a clone
    Dismiss {
        #[command(flatten)]
        data: Data,
        /// Its id, or the beginning of it if no other begins so
        device: String,
    },
}

fn role(text: &str) -> Result<Role, String> {
    let role = serde_json::from_value(json!(text.replace('-', "_")));
    match role {
        Ok(Role::Other) | Err(_) => Err("no such role".to_owned()),
        Ok(role) => Ok(role),
    }
}

fn branch(text: &str) -> Result<BranchCode, String> {
    let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits {
        Ok(BranchCode::from(text))
    } else {
        Err("a branch is two digits".to_owned())
    }
}

fn day(text: &str) -> Result<String, String> {
    text.parse::<jiff::civil::Date>()
        .map(|day| day.to_string())
        .map_err(|error| error.to_string())
}

/// Runs the program with the arguments of the process.
pub fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let wanted = !error.use_stderr();
            error.print().ok();
            return if wanted { Exit::Done } else { Exit::Usage };
        }
    };
    log_to_stderr();
    match execute(cli.command, &mut std::io::stdout().lock()) {
        Ok(()) => Exit::Done,
        Err(error) => {
            writeln!(std::io::stderr(), "todoke-hub: {error:#}").ok();
            Exit::Refused
        }
    }
}

fn log_to_stderr() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("TODOKE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}

fn execute(command: Command, out: &mut impl Write) -> Result<()> {
    let clock = Clock::of_the_machine();
    match command {
        Command::Init { data, city } => set_up::init(&data.folder, &city, &clock, out),
        Command::Serve(args) => {
            if !standby::stand_by(&args.data.folder, &clock)? {
                return Ok(());
            }
            let folder = Folder::open(&args.data.folder, Passphrase::of_the_environment())?;
            serve::run(&folder, &args, &clock)
        }
        Command::Enrol { data, branch, name } => {
            set_up::enrol(&data.folder, &branch, &name, &clock, out)
        }
        Command::Publish {
            data,
            dataset: name,
            file,
            copy,
        } => {
            if name == RESIDENT_COPY {
                return residents::publish(&data.folder, &file, &copy, &clock, out);
            }
            let bytes = dataset::read(&name, &file)?;
            if name == dataset::CATALOGUE {
                let files = serde_json::from_slice(&bytes)?;
                return catalogue::Bench::open(&data, &clock)?.publish_today(files, out);
            }
            let version = Hub::open(&data.folder, &clock)?.publish(&name, &bytes)?;
            writeln!(out, "{name} {version}").map_err(Into::into)
        }
        Command::Reservations(command) => command.run(PreparedKind::Reservation, &clock, out),
        Command::MoveOuts(command) => command.run(PreparedKind::MoveOut, &clock, out),
        Command::Catalogue(command) => catalogue::run(command, &clock, out),
        Command::Residents(command) => command.run(&clock, out),
        Command::Places(command) => command.run(&clock, out),
        Command::Characters(command) => command.run(&clock, out),
        Command::Form(command) => command.run(&clock, out),
        Command::Device(command) => execute_device(command, &clock, out),
        Command::Archive(command) => command.run(&clock, out),
        Command::Case(command) => command.run(&clock, out),
        Command::Courier(command) => command.run(&clock, out),
        Command::Backup(command) => command.run(&clock, out),
        Command::Standby(command) => command.run(&clock, out),
        Command::Promote(args) => standby::promote(&args, &clock, out),
        Command::Staff(command) => execute_staff(command, &clock, out),
        Command::Handover(command) => command.run(&clock, out),
        Command::Audit(command) => execute_audit(command, &clock, out),
        Command::Status { data, json } => {
            let folder = Folder::open(&data.folder, Passphrase::of_the_environment())?;
            report::status(&Hub::of(&folder, &clock)?, (&folder, &clock), json, out)
        }
    }
}

fn execute_device(command: DeviceCommand, clock: &Clock, out: &mut impl Write) -> Result<()> {
    match command {
        DeviceCommand::List { data, json } => {
            device::list(&Hub::open(&data.folder, clock)?.store, json, out)
        }
        DeviceCommand::Revoke { data, device } => {
            let folder = Folder::open(&data.folder, Passphrase::of_the_environment())?;
            let mut hub = Hub::of(&folder, clock)?;
            device::revoke(&mut hub.store, &device, out)?;
            let keys = register::recovery_keys(&folder);
            register::publish(&mut hub.store, &hub.authority, &keys).map(drop)
        }
        DeviceCommand::Recover { data, device } => {
            device::recover(&mut Hub::open(&data.folder, clock)?, &device, out)
        }
        DeviceCommand::Dismiss { data, device } => {
            device::dismiss(&mut Hub::open(&data.folder, clock)?.store, &device, out)
        }
    }
}

fn execute_audit(command: audit::AuditCommand, clock: &Clock, out: &mut impl Write) -> Result<()> {
    match command {
        audit::AuditCommand::Verify { data, json } => {
            audit::verify(&Hub::open(&data.folder, clock)?.store, json, out)
        }
        audit::AuditCommand::Export {
            data,
            from,
            to,
            staff,
            case,
            json,
        } => {
            let store = Hub::open(&data.folder, clock)?.store;
            let case = case
                .map(|text| audit::case_meant(&store, &text))
                .transpose()?;
            let query = LogQuery {
                staff,
                case,
                from,
                to,
            };
            audit::export(&store, &query, json, out)
        }
    }
}

fn execute_staff(command: StaffCommand, clock: &Clock, out: &mut impl Write) -> Result<()> {
    match command {
        StaffCommand::Add {
            data,
            id,
            name,
            role,
            branch,
        } => {
            let member = StaffMember {
                id: StaffId(id),
                name,
                roles: role,
                branches: branch,
                secret_hash: staff::hash_of_stdin()?,
            };
            Hub::open(&data.folder, clock)?.add_staff(member)
        }
        StaffCommand::Remove { data, id } => {
            staff::remove(&mut Hub::open(&data.folder, clock)?, &id, out)
        }
        StaffCommand::List { data, json } => {
            staff::list(&Hub::open(&data.folder, clock)?, json, out)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn every_command_has_arguments_of_its_own() {
        super::Cli::command().debug_assert();
    }
}
