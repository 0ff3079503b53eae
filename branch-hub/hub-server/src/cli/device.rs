//! `device list` and `device revoke`.

use std::io::Write;

use anyhow::{Result, bail};
use hub_store::{Actor, AuditAction, CounterLine, CounterState, HubStore};
use serde_json::{Value, json};

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
        writeln!(
            out,
            "{}\t{}\t{}\t{line}\t{heard}",
            device.device, device.branch, device.name
        )?;
    }
    Ok(())
}

/// A device as `device list` and `status` tell it.
pub(super) fn in_json(one: &CounterState) -> Value {
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
    let devices = store.devices()?;
    let wanted = id.to_ascii_lowercase();
    let mut found = devices
        .iter()
        .filter(|one| !wanted.is_empty() && one.device.to_string().starts_with(&wanted));
    let (Some(device), None) = (found.next(), found.next()) else {
        bail!("{id} is not the beginning of exactly one device's id; `device list` shows them");
    };
    if device.revoked {
        bail!("{} was revoked before; nothing was changed", device.device);
    }
    store.revoke(device.device)?;
    store.audit(&Actor::System.id(), AuditAction::DeviceRevoked, None)?;
    writeln!(out, "{}\t{}\trevoked", device.device, device.name)?;
    Ok(())
}
