//! The command line.

use std::io::{BufRead, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use counter_domain::ids::{BranchCode, StaffId};
use hub_store::{Actor, HubStore};
use replica::AuditAction;
use replica::staff::{Role, StaffMember, hash_secret};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sync_transport::{Authority, EnrolmentCode};
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::folder::{Folder, PASSPHRASE, Passphrase};
use crate::{export, serve};

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
        /// The file to publish
        file: PathBuf,
    },
    /// Members of staff who may sign in, at counters and at the desk
    #[command(subcommand)]
    Staff(StaffCommand),
    /// Files for the resident record system
    #[command(subcommand)]
    Handover(HandoverCommand),
    /// The audit log
    #[command(subcommand)]
    Audit(AuditCommand),
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
        /// What they may do: intake_contractor, intake, reviewer, approver, administrator, auditor; may be repeated
        #[arg(long, value_name = "ROLE", required = true, value_parser = role)]
        role: Vec<Role>,
        /// Branch they work at, two digits, 00 for head office; may be repeated; none means all
        #[arg(long, value_name = "CODE", value_parser = branch)]
        branch: Vec<BranchCode>,
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

#[derive(Debug, Subcommand)]
enum HandoverCommand {
    /// Write every accepted case not yet handed over into DATA/handover
    Export {
        #[command(flatten)]
        data: Data,
        /// Only cases accepted on this day or later, YYYY-MM-DD
        #[arg(long, value_name = "DAY", value_parser = day)]
        since: Option<String>,
        /// Staff id of a reviewer or approver, noted in the cases; without one, the system itself
        #[arg(long, value_name = "ID")]
        by: Option<String>,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Check the hash chain of every device's log; exit status 1 when one is broken
    Verify {
        #[command(flatten)]
        data: Data,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
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
        Command::Init { data, city } => init(&data.folder, &city, &clock, out),
        Command::Serve(args) => {
            let folder = Folder::open(&args.data.folder, Passphrase::of_the_environment())?;
            serve::run(&folder, &args, &clock)
        }
        Command::Enrol { data, branch, name } => enrol(&data.folder, &branch, &name, &clock, out),
        Command::Publish {
            data,
            dataset,
            file,
        } => {
            let bytes =
                std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            check_dataset(&dataset, &bytes)?;
            let mut hub = Hub::open(&data.folder, &clock)?;
            let version = hub.publish(&dataset, &bytes)?;
            writeln!(out, "{dataset} {version}").map_err(Into::into)
        }
        Command::Staff(StaffCommand::Add {
            data,
            id,
            name,
            role,
            branch,
        }) => {
            let member = StaffMember {
                id: StaffId(id),
                name,
                roles: role,
                branches: branch,
                secret_hash: hash_of_stdin()?,
            };
            Hub::open(&data.folder, &clock)?.add_staff(member)
        }
        Command::Staff(StaffCommand::List { data, json }) => {
            staff_list(&Hub::open(&data.folder, &clock)?, json, out)
        }
        Command::Handover(HandoverCommand::Export {
            data,
            since,
            by,
            json,
        }) => hand_over(
            &data.folder,
            &clock,
            since.as_deref(),
            &by.map_or(Actor::System, |id| Actor::Staff(StaffId(id))),
            json,
            out,
        ),
        Command::Audit(AuditCommand::Verify { data, json }) => {
            audit_verify(&Hub::open(&data.folder, &clock)?.store, json, out)
        }
        Command::Status { data, json } => status(&Hub::open(&data.folder, &clock)?, json, out),
    }
}

/// Database and authority of a folder, for a command.
struct Hub {
    store: HubStore,
    authority: Authority,
    city: String,
}

/// The `settings` dataset; what this program does not know is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Settings {
    city: String,
    #[serde(default)]
    branches: Vec<Branch>,
    #[serde(flatten)]
    more: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Branch {
    code: String,
    name: String,
}

impl Hub {
    fn open(path: &Path, clock: &Clock) -> Result<Self> {
        Self::of(
            &Folder::open(path, Passphrase::of_the_environment())?,
            clock,
        )
    }

    fn of(folder: &Folder, clock: &Clock) -> Result<Self> {
        Ok(Self {
            store: folder.store(clock)?,
            authority: folder.authority(clock)?,
            city: folder.city().to_owned(),
        })
    }

    fn publish(&mut self, name: &str, bytes: &[u8]) -> Result<u64> {
        let authority = &self.authority;
        let mut refused = None;
        let sign = |message: &[u8]| {
            authority.sign_published(message).unwrap_or_else(|error| {
                refused = Some(error);
                Vec::new()
            })
        };
        let version = self.store.publish(name, bytes, sign)?;
        match refused {
            Some(error) => Err(error).context("the dataset cannot be signed"),
            None => {
                self.store
                    .audit(&Actor::System.id(), AuditAction::Published, None)?;
                Ok(version)
            }
        }
    }

    fn settings(&self) -> Result<Settings> {
        match self.store.dataset("settings")? {
            Some(dataset) => serde_json::from_slice(&dataset.bytes).context("settings are damaged"),
            None => Ok(Settings {
                city: self.city.clone(),
                branches: Vec::new(),
                more: serde_json::Map::new(),
            }),
        }
    }

    fn add_staff(&mut self, member: StaffMember) -> Result<()> {
        let plain = |one: u8| one.is_ascii_alphanumeric() || matches!(one, b'-' | b'_' | b'.');
        let id = member.id.as_str();
        if id.is_empty() || id.len() > 32 || id == Actor::SYSTEM_ID || !id.bytes().all(plain) {
            bail!(
                "an id is up to 32 letters, digits, dots and hyphens, and not `{}`",
                Actor::SYSTEM_ID
            );
        }
        let mut staff = self.store.staff()?;
        staff.retain(|one| one.id != member.id);
        staff.push(member);
        staff.sort_by(|one, other| one.id.cmp(&other.id));
        self.publish("staff", &serde_json::to_vec(&staff)?)?;
        Ok(())
    }
}

fn init(path: &Path, city: &str, clock: &Clock, out: &mut impl Write) -> Result<()> {
    let passphrase = Passphrase::of_the_environment();
    let is_sealed = passphrase.is_set();
    let folder = Folder::create(path, city, clock, passphrase)?;
    let mut hub = Hub::of(&folder, clock)?;
    let settings = serde_json::to_vec(&hub.settings()?)?;
    hub.publish("settings", &settings)?;
    hub.store.close()?;
    folder.finish(path)?;
    writeln!(out, "{} is ready", path.display())?;
    if !is_sealed {
        writeln!(
            std::io::stderr(),
            "The database key lies in {} in the clear, readable by its owner only. \
             Keep the folder on an encrypted disk, or make it with {PASSPHRASE} set.",
            path.join("database.key").display()
        )?;
    }
    Ok(())
}

/// A day to walk to the branch with the code.
const CODE_VALID_MS: u64 = 24 * 3_600_000;

fn enrol(path: &Path, code: &str, name: &str, clock: &Clock, out: &mut impl Write) -> Result<()> {
    let branch = branch(code).map_err(anyhow::Error::msg)?;
    if code == "00" {
        bail!("00 is head office; a counter belongs to a branch");
    }
    let mut hub = Hub::open(path, clock)?;
    let mut settings = hub.settings()?;
    if !settings.branches.iter().any(|one| one.code == code) {
        let name = name
            .split([' ', '\u{3000}'])
            .next()
            .unwrap_or(code)
            .to_owned();
        settings.branches.push(Branch {
            code: code.to_owned(),
            name,
        });
        hub.publish("settings", &serde_json::to_vec(&settings)?)?;
    }
    let once = Zeroizing::new(
        hub.store
            .issue_enrolment_code(&branch, name, CODE_VALID_MS)?,
    );
    hub.store
        .audit(&Actor::System.id(), AuditAction::EnrolmentIssued, None)?;
    writeln!(
        out,
        "{}",
        EnrolmentCode::new(&once, hub.authority.fingerprint())
    )?;
    Ok(())
}

/// Refuses a dataset that the counters could not read.
fn check_dataset(name: &str, bytes: &[u8]) -> Result<()> {
    let plain = |one: u8| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'-';
    if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
        bail!("a dataset's name is lower-case letters, digits and hyphens");
    }
    match name {
        "settings" => {
            serde_json::from_slice::<Settings>(bytes).context("not the settings' form")?;
        }
        "staff" => {
            serde_json::from_slice::<Vec<StaffMember>>(bytes).context("not a list of staff")?;
        }
        _ => {}
    }
    Ok(())
}

/// Shortest password.
const PASSWORD_CHARS_MIN: usize = 8;

fn hash_of_stdin() -> Result<String> {
    let mut line = Zeroizing::new(String::new());
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .context("cannot read the password")?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.chars().count() < PASSWORD_CHARS_MIN {
        bail!("a password has at least {PASSWORD_CHARS_MIN} characters");
    }
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(hash_secret(password, salt)?)
}

fn staff_list(hub: &Hub, as_json: bool, out: &mut impl Write) -> Result<()> {
    let staff = hub.store.staff()?;
    if as_json {
        let list: Vec<_> = staff
            .iter()
            .map(|one| json!({"id": one.id, "name": one.name, "roles": one.roles, "branches": one.branches}))
            .collect();
        writeln!(out, "{}", json!(list))?;
        return Ok(());
    }
    for one in staff {
        let roles = serde_json::to_value(&one.roles)?;
        writeln!(out, "{}\t{}\t{roles}", one.id, one.name)?;
    }
    Ok(())
}

fn hand_over(
    path: &Path,
    clock: &Clock,
    since: Option<&str>,
    by: &Actor,
    as_json: bool,
    out: &mut impl Write,
) -> Result<()> {
    let folder = Folder::open(path, Passphrase::of_the_environment())?;
    let mut store = folder.store(clock)?;
    let file = export::write(
        &mut store,
        by,
        &folder.hand_over(),
        clock.unix_ms(),
        |row| {
            let accepted = crate::clock::in_japan(row.accepted_unix_ms, "%Y-%m-%d");
            since.is_none_or(|since| accepted.as_str() >= since)
        },
    )?;
    let place = file.map(|file| folder.hand_over().join(file));
    if as_json {
        writeln!(out, "{}", json!({"file": place}))?;
    } else if let Some(place) = place {
        writeln!(out, "{}", place.display())?;
    } else {
        bail!("nothing to hand over");
    }
    Ok(())
}

fn audit_verify(store: &HubStore, as_json: bool, out: &mut impl Write) -> Result<()> {
    let chains = store.audit_verify()?;
    let broken = chains
        .iter()
        .filter(|chain| chain.broken_at.is_some())
        .count();
    if as_json {
        let list: Vec<_> = chains
            .iter()
            .map(|one| json!({"device": one.device, "entries": one.entries, "broken_at": one.broken_at}))
            .collect();
        writeln!(out, "{}", json!({"whole": broken == 0, "chains": list}))?;
    } else {
        for one in &chains {
            let state = one
                .broken_at
                .map_or_else(|| "whole".to_owned(), |at| format!("broken at entry {at}"));
            writeln!(out, "{}\t{} entries\t{state}", one.device, one.entries)?;
        }
    }
    if broken > 0 {
        bail!("{broken} of {} logs are broken", chains.len());
    }
    Ok(())
}

fn status(hub: &Hub, as_json: bool, out: &mut impl Write) -> Result<()> {
    let store = &hub.store;
    let datasets = sync_engine::Store::datasets(store)?;
    let datasets: serde_json::Map<_, _> = datasets
        .into_iter()
        .map(|one| (one.name, json!(one.version)))
        .collect();
    let devices: Vec<_> = store
        .devices()?
        .into_iter()
        .map(|one| json!({"device": one.device, "branch": one.branch, "name": one.name, "revoked": one.revoked}))
        .collect();
    let state = json!({
        "city": hub.city,
        "version": env!("CARGO_PKG_VERSION"),
        "waiting": store.queue()?.len(),
        "to_hand_over": store.hand_over_pending()?.len(),
        "quarantined": store.quarantine()?.len(),
        "devices": devices,
        "datasets": datasets,
    });
    if as_json {
        writeln!(out, "{state}")?;
    } else {
        writeln!(out, "{state:#}")?;
    }
    Ok(())
}
