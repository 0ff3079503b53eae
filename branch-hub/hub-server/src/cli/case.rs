//! `todoke-hub case`: which branch has a case, and what is left of it at the others.

use std::io::Write;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand};
use counter_domain::ids::{BranchCode, CaseId, StaffId};
use hub_store::{BranchCopy, CopyState, CounterCopy, HubStore, Move, ProtectionKnown, ReviewError};
use serde_json::{Value, json};

use crate::administration::Hub;
use crate::cli::{Data, branch};
use crate::clock::{Clock, in_japan};

#[derive(Debug, Subcommand)]
pub(super) enum CaseCommand {
    /// Say which branch has a case, and which counters have overwritten their copy
    Copies {
        #[command(flatten)]
        case: Which,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Give a case to another branch; the one that had it can only read it from then on
    HandOver {
        #[command(flatten)]
        case: Which,
        /// The branch, two digits; 00 is head office
        #[arg(long, value_name = "CODE", value_parser = branch)]
        to: BranchCode,
        #[command(flatten)]
        why: Why,
        #[command(flatten)]
        protection: Protection,
    },
    /// Give a case back to the branch that handed it on
    TakeBack {
        #[command(flatten)]
        case: Which,
        #[command(flatten)]
        why: Why,
        #[command(flatten)]
        protection: Protection,
    },
    /// Order every counter of a branch to overwrite its copy of a case; a branch that has the case loses it to head office first
    Revoke {
        #[command(flatten)]
        case: Which,
        /// The branch, two digits
        #[arg(long, value_name = "CODE", value_parser = branch)]
        branch: BranchCode,
        #[command(flatten)]
        why: Why,
    },
}

/// Which case.
#[derive(Debug, Args)]
pub(super) struct Which {
    #[command(flatten)]
    data: Data,
    /// Receipt number, or the case's id
    #[arg(value_name = "NUMBER")]
    number: String,
}

/// Who does it and why.
#[derive(Debug, Args)]
pub(super) struct Why {
    /// Staff id of a reviewer or approver; an approver for a protected case and for `revoke`
    #[arg(long, value_name = "ID")]
    by: String,
    /// Why, at most 200 characters; shown at both branches, so without names and addresses
    #[arg(long)]
    reason: String,
}

/// Somebody under protection.
#[derive(Debug, Args)]
pub(super) struct Protection {
    /// Somebody in it is under protection (支援措置), and it was made sure that the branch may handle it
    #[arg(long)]
    protected: bool,
}

impl Protection {
    fn known(&self) -> ProtectionKnown {
        if self.protected {
            ProtectionKnown::Said
        } else {
            ProtectionKnown::Unsaid
        }
    }
}

impl CaseCommand {
    pub(super) fn run(self, clock: &Clock, out: &mut impl Write) -> Result<()> {
        match self {
            Self::Copies { case, json } => {
                let (hub, case) = case.open(clock)?;
                tell(&hub.store, case, json, out)
            }
            Self::HandOver {
                case,
                to,
                why,
                protection,
            } => {
                let (mut hub, case) = case.open(clock)?;
                let to = Move {
                    to,
                    protection: protection.known(),
                    reason: why.reason,
                };
                let moved = hub.store.transfer(case, &StaffId(why.by), &to);
                moved.map_err(in_words)?;
                tell(&hub.store, case, false, out)
            }
            Self::TakeBack {
                case,
                why,
                protection,
            } => {
                let (mut hub, case) = case.open(clock)?;
                let why_back = (why.reason.as_str(), protection.known());
                let moved = hub.store.take_back(case, &StaffId(why.by), why_back);
                moved.map_err(in_words)?;
                tell(&hub.store, case, false, out)
            }
            Self::Revoke { case, branch, why } => {
                let (mut hub, case) = case.open(clock)?;
                let authority = &hub.authority;
                let sign = |bytes: &[u8]| authority.sign_published(bytes).ok();
                let order = (&branch, why.reason.as_str());
                let ordered = hub.store.revoke_copy(case, &StaffId(why.by), order, sign);
                ordered.map_err(in_words)?;
                tell(&hub.store, case, false, out)
            }
        }
    }
}

impl Which {
    fn open(&self, clock: &Clock) -> Result<(Hub, CaseId)> {
        let hub = Hub::open(&self.data.folder, clock)?;
        let known = self.number.parse().ok().map(|case: CaseId| (case, ()));
        let case = match known {
            Some((case, ())) => case,
            None => by_number(&hub.store, &self.number)?,
        };
        if hub.store.case(case)?.is_none() {
            bail!("no case has this number or id");
        }
        Ok((hub, case))
    }
}

fn by_number(store: &HubStore, number: &str) -> Result<CaseId> {
    let rows = store.cases(usize::MAX)?.into_iter();
    let mut found = rows.filter(|row| row.receipt_number == number);
    let row = found.next().context("no case has this number or id")?;
    if found.next().is_some() {
        bail!("two cases have this number; give the case's id");
    }
    Ok(row.case)
}

/// The store's refusals, for whoever typed the command.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other refusal says what it is by itself"
)]
fn in_words(error: ReviewError) -> anyhow::Error {
    match error {
        ReviewError::Protected => anyhow!(
            "somebody in the case is under protection: make sure that the branch may handle it, then add --protected"
        ),
        ReviewError::RoleMissing => {
            anyhow!("--by names nobody who may do this; nothing was changed")
        }
        ReviewError::NotAllowed(_) => {
            anyhow!("not possible where the case stands, or done already; nothing was changed")
        }
        other => other.into(),
    }
}

fn tell(store: &HubStore, case: CaseId, as_json: bool, out: &mut impl Write) -> Result<()> {
    let copies = store.copies(case)?;
    if as_json {
        let copies: Vec<Value> = copies.iter().map(copy_in_json).collect();
        let known = store.case(case)?.context("no such case")?;
        let told = json!({
            "case": case,
            "holder": known.branch,
            "contested": !known.summary.contested.is_empty(),
            "branches": copies,
        });
        writeln!(out, "{told}")?;
        return Ok(());
    }
    for copy in &copies {
        writeln!(out, "{}\t{}", copy.branch, standing(copy))?;
        for counter in copy.counters.iter().filter(|_| copy.order.is_some()) {
            writeln!(out, "\t{}\t{}", counter.name, state(counter))?;
        }
    }
    Ok(())
}

fn standing(copy: &BranchCopy) -> &'static str {
    match &copy.order {
        _ if copy.holds => "has it",
        None => "keeps a copy",
        Some(order) if order.closed => "overwritten",
        Some(_) => "ordered to overwrite",
    }
}

fn state(counter: &CounterCopy) -> String {
    match counter.state {
        CopyState::Kept => "has a copy".to_owned(),
        CopyState::Ordered => "not heard of yet".to_owned(),
        CopyState::ShutOut => "shut out, cannot be told".to_owned(),
        CopyState::Overwritten { unix_ms } => {
            let at = in_japan(unix_ms, "%Y-%m-%dT%H:%M:%S+09:00");
            format!("overwritten, acknowledged {at}")
        }
    }
}

fn copy_in_json(copy: &BranchCopy) -> Value {
    let counters = copy.counters.iter().map(|counter| {
        let (state, at) = match counter.state {
            CopyState::Kept => ("kept", None),
            CopyState::Ordered => ("ordered", None),
            CopyState::ShutOut => ("shut_out", None),
            CopyState::Overwritten { unix_ms } => ("overwritten", Some(unix_ms)),
        };
        let at = at.map(|ms| in_japan(ms, "%Y-%m-%dT%H:%M:%S+09:00"));
        json!({ "device": counter.device, "name": counter.name, "state": state, "acknowledged": at })
    });
    json!({
        "branch": copy.branch,
        "holds": copy.holds,
        "order": copy.order.as_ref().map(|order| json!({
            "by": order.by,
            "reason": order.reason,
            "issued": in_japan(order.issued_unix_ms, "%Y-%m-%dT%H:%M:%S+09:00"),
            "closed": order.closed,
        })),
        "counters": counters.collect::<Vec<_>>(),
    })
}
