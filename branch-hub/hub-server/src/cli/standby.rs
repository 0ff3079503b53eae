//! `standby invite`, `join`, `status`, and `promote`.

use std::fs;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use anyhow::{Result, ensure};
use clap::{Args, Subcommand};
use counter_domain::ids::{BranchCode, DeviceId};
use hub_store::Actor;
use replica::AuditAction;
use serde_json::json;
use sync_protocol::SiteId;
use sync_transport::{DeviceKey, EnrolmentCode, HubAddress};
use zeroize::Zeroizing;

use super::Data;
use crate::administration::Hub;
use crate::clock::{Clock, in_japan};
use crate::folder::Passphrase;
use crate::standby::promote::{self, IfItAnswers};
use crate::standby::{self, BRANCH, NAME, Paths, Place, State, read_json, write_json};

/// An hour to walk to the other machine.
const CODE_VALID_MS: u64 = 3_600_000;

const AFTER: &str = "\
At the hub: `standby invite`. At the second machine: `standby join CODE --of https://HUB:PORT --data DIR`, then `todoke-hub serve --data DIR ...` \
with the addresses it shall have as the hub: it copies the hub and opens nothing, until `todoke-hub promote --data DIR` makes it the hub. \
Counters are given both addresses: `todoke serve --hub https://HUB:PORT,https://SECOND:PORT`.";

#[derive(Debug, Subcommand)]
#[command(after_help = AFTER)]
pub(super) enum StandbyCommand {
    /// At the hub: print a one-time code for a second machine; valid for an hour. Whoever uses it gets a copy of everything
    Invite {
        #[command(flatten)]
        data: Data,
    },
    /// At the second machine: make a new folder for the copy
    Join {
        /// The code of `standby invite`
        code: String,
        /// Address of the hub's counters' end, `https://host:port`
        #[arg(long, value_name = "URL")]
        of: String,
        #[command(flatten)]
        data: Data,
    },
    /// At the second machine: say how old the copy is; exit status 1 when it cannot be promoted
    Status {
        #[command(flatten)]
        data: Data,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct PromoteArgs {
    #[command(flatten)]
    data: Data,
    /// When the hub still answers: make it stand down, fetch what is left, and go on for it
    #[arg(long)]
    take_over: bool,
}

pub(super) fn promote(args: &PromoteArgs, clock: &Clock, out: &mut impl Write) -> Result<()> {
    let if_it_answers = if args.take_over {
        IfItAnswers::TakeOver
    } else {
        IfItAnswers::Refuse
    };
    let passphrase = Passphrase::of_the_environment();
    let promoted = promote::run(&args.data.folder, if_it_answers, &passphrase, clock)?;
    promote::say(&promoted, out)
}

impl StandbyCommand {
    pub(super) fn run(self, clock: &Clock, out: &mut impl Write) -> Result<()> {
        match self {
            Self::Invite { data } => invite(&data.folder, clock, out),
            Self::Join { code, of, data } => join(&data.folder, &code, &of, clock, out),
            Self::Status { data, json } => status(&data.folder, json, out),
        }
    }
}

fn invite(path: &Path, clock: &Clock, out: &mut impl Write) -> Result<()> {
    standby::refuse_superseded(path)?;
    let mut hub = Hub::open(path, clock)?;
    let branch = BranchCode::from(BRANCH);
    let issued = hub
        .store
        .issue_enrolment_code(&branch, NAME, CODE_VALID_MS)?;
    let once = Zeroizing::new(issued);
    hub.store
        .audit(&Actor::System.id(), AuditAction::EnrolmentIssued, None)?;
    let code = EnrolmentCode::new(&once, hub.authority.fingerprint());
    writeln!(out, "{code}")?;
    Ok(())
}

fn join(path: &Path, code: &str, of: &str, clock: &Clock, out: &mut impl Write) -> Result<()> {
    ensure!(
        !path.exists(),
        "{} is there already; nothing was changed",
        path.display()
    );
    let code: EnrolmentCode = code.parse()?;
    let hub: HubAddress = of.parse()?;
    let mut site = [0; 16];
    getrandom::fill(&mut site).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let key = DeviceKey::create()?;
    let times = clock.clone();
    let times = sync_transport::Clock::from_unix_ms(move || times.unix_ms());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let enrolling = sync_transport::enrol(&hub, &code, SiteId(site), &key, &times);
    let identity = runtime.block_on(enrolling)?;
    let device = identity.device()?;
    ensure!(
        device.peer.branch == BRANCH,
        "this code is for a counter, not for a standby; it is used up"
    );
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)?;
    let paths = Paths::of(path);
    identity.save(&paths.identity())?;
    let place = Place {
        first: of.to_owned(),
        device: DeviceId(site),
    };
    write_json(&paths.place(), &place)?;
    writeln!(
        out,
        "{} is the standby's folder; `todoke-hub serve --data` on it copies the hub",
        path.display()
    )?;
    Ok(())
}

fn status(path: &Path, as_json: bool, out: &mut impl Write) -> Result<()> {
    ensure!(
        standby::is_standby(path),
        "{} is not a standby's folder",
        path.display()
    );
    let paths = Paths::of(path);
    let state: State = read_json(&paths.state())?.unwrap_or_default();
    let whole = paths.copy().join("hub.json").exists();
    let moment = |at: Option<u64>| at.map(|at| in_japan(at, "%Y-%m-%dT%H:%M:%S+09:00"));
    if as_json {
        let told = json!({
            "whole": whole,
            "heard": moment(state.heard_unix_ms),
            "whole_at": moment(state.whole_unix_ms),
            "whole_at_unix_ms": state.whole_unix_ms,
            "behind_bytes": state.behind_bytes,
        });
        writeln!(out, "{told}")?;
    } else {
        let word = |at| moment(at).unwrap_or_else(|| "never".to_owned());
        writeln!(out, "hub heard          {}", word(state.heard_unix_ms))?;
        writeln!(out, "copy had all at    {}", word(state.whole_unix_ms))?;
        writeln!(out, "bytes to come      {}", state.behind_bytes)?;
    }
    ensure!(whole, "the copy is not whole yet; it cannot be promoted");
    Ok(())
}

/// Follows the first hub when `path` is a standby's folder; whether to go on as the hub.
pub(super) fn stand_by(path: &Path, clock: &Clock) -> Result<bool> {
    if !standby::is_standby(path) {
        return Ok(true);
    }
    tracing::info!(
        event = "standing_by",
        "this machine copies the hub and opens nothing"
    );
    Ok(standby::follow::run(path, clock)? == standby::follow::Ended::Promoted)
}
