//! `device list`, `device revoke`, `device recover` and `device dismiss`.

use std::io::Write;

use anyhow::{Result, bail};
use hub_store::{Actor, AuditAction, CounterLine, CounterState, EnrolledDevice, HubStore};
use serde_json::{Value, json};
use sync_transport::EnrolmentCode;
use zeroize::Zeroizing;

use crate::administration::Hub;
use crate::clock::in_japan;

/// Lists every device ever enrolled.
pub(super) fn list(store: &HubStore, as_json: bool, out: &mut impl Write) -> Result<()> {
    let fleet = store.fleet()?;
    if as_json {
        let list: Vec<Value> = fleet.iter().map(in_json).collect();
        writeln!(out, "{}", json!(list))?;
        return Ok(());
    }
    for one in &fleet {
        let heard = one.contact.as_ref().map_or_else(
            || "-".to_owned(),
            |contact| in_japan(contact.unix_ms, "%Y-%m-%d %H:%M"),
        );
        let device = &one.device;
        let line = line(one.line);
        let rolled_back = match one.rolled_back {
            Some(_) => "\tolder copy or clone: `device recover --help`",
            None => "",
        };
        writeln!(
            out,
            "{}\t{}\t{}\t{line}\t{heard}{rolled_back}",
            device.device, device.branch, device.name
        )?;
    }
    Ok(())
}

/// A device as `device list` and `status` tell it.
pub(super) fn in_json(one: &CounterState) -> Value {
    let told = one.report.as_ref();
    let contact = one.contact.as_ref();
    json!({
        "device": one.device.device,
        "branch": one.device.branch,
        "name": one.device.name,
        "revoked": one.device.revoked,
        "line": line(one.line),
        "last_contact": contact.map(|contact| in_japan(contact.unix_ms, "%Y-%m-%dT%H:%M:%S+09:00")),
        "program": contact.and_then(|contact| contact.program.as_deref()),
        "protocol": contact.map(|contact| contact.protocol),
        "schema": contact.map(|contact| contact.schema),
        "to_come": one.to_come,
        "to_go": {
            "records": one.to_go.transactions,
            "bytes": one.to_go.bytes,
            "at_least": one.to_go.at_least,
        },
        "clock_ahead_ms": one.clock_ahead_ms,
        "reported": told.map(|told| in_japan(told.received_unix_ms, "%Y-%m-%dT%H:%M:%S+09:00")),
        "report": told.map(|told| &told.report),
        "rolled_back": one.rolled_back.map(|seen| json!({
            "first_seen": in_japan(seen.first_unix_ms, "%Y-%m-%dT%H:%M:%S+09:00"),
            "last_seen": in_japan(seen.last_unix_ms, "%Y-%m-%dT%H:%M:%S+09:00"),
            "wrote_other_records": seen.differs,
        })),
        "replaced_by": one.successor,
        "kept_aside": one.kept_aside.as_ref().map(|row| &row.reason),
    })
}

fn line(line: CounterLine) -> &'static str {
    match line {
        CounterLine::Revoked => "revoked",
        CounterLine::Never => "never",
        CounterLine::Connected => "connected",
        CounterLine::Silent => "silent",
    }
}

/// Shuts a device out. Its certificate stays valid by itself, so every request asks for this.
pub(super) fn revoke(store: &mut HubStore, id: &str, out: &mut impl Write) -> Result<()> {
    let device = found(store, id)?;
    if device.revoked {
        bail!("{} was revoked before; nothing was changed", device.device);
    }
    store.revoke(device.device)?;
    store.audit(&Actor::System.id(), AuditAction::DeviceRevoked, None)?;
    writeln!(out, "{}\t{}\trevoked", device.device, device.name)?;
    Ok(())
}

/// A day to walk to the branch with the code.
const CODE_VALID_MS: u64 = 24 * 3_600_000;

/// Prints a code with which an appliance goes on for a device.
pub(super) fn recover(hub: &mut Hub, id: &str, out: &mut impl Write) -> Result<()> {
    let device = found(&hub.store, id)?;
    if let Some(successor) = hub.store.successor(device.device)? {
        let said = format!(
            "{} goes on for {} already. Give this code only to another appliance with the same old \
             copy, so that what was entered there is not lost; it gets an identity of its own.",
            successor, device.device
        );
        writeln!(std::io::stderr(), "{said}")?;
    }
    let once = Zeroizing::new(
        hub.store
            .issue_succession_code(device.device, CODE_VALID_MS)?,
    );
    hub.store
        .audit(&Actor::System.id(), AuditAction::EnrolmentIssued, None)?;
    let code = EnrolmentCode::new(&once, hub.authority.fingerprint());
    writeln!(out, "{code}")?;
    Ok(())
}

/// Takes a warning back.
pub(super) fn dismiss(store: &mut HubStore, id: &str, out: &mut impl Write) -> Result<()> {
    let device = found(store, id)?;
    if !store.forget_rolled_back(device.device)? {
        bail!("nothing is said against {}", device.device);
    }
    writeln!(out, "{}\t{}\tdismissed", device.device, device.name)?;
    Ok(())
}

fn found(store: &HubStore, id: &str) -> Result<EnrolledDevice> {
    let wanted = id.to_ascii_lowercase();
    let devices = store.devices()?;
    let mut found = devices
        .into_iter()
        .filter(|one| !wanted.is_empty() && one.device.to_string().starts_with(&wanted));
    match (found.next(), found.next()) {
        (Some(device), None) => Ok(device),
        (_, _) => {
            bail!("{id} is not the beginning of exactly one device's id; `device list` shows them")
        }
    }
}
