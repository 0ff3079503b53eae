//! `handover export` and `status`.

use std::io::Write;

use anyhow::{Result, bail};
use device_health::DiskSpace;
use hub_store::{Actor, Alert};
use replica::SCHEMA_VERSION;
use serde_json::json;

use super::device;
use crate::administration::Hub;
use crate::city_health::CityHealth;
use crate::clock::{Clock, in_japan};
use crate::export;
use crate::folder::Folder;

pub(super) fn hand_over(
    folder: &Folder,
    clock: &Clock,
    since: Option<&str>,
    by: &Actor,
    as_json: bool,
    out: &mut impl Write,
) -> Result<()> {
    let mut store = folder.store(clock)?;
    let file = export::write(
        &mut store,
        by,
        &folder.hand_over(),
        clock.unix_ms(),
        |row| {
            let accepted = in_japan(row.accepted_unix_ms, "%Y-%m-%d");
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

/// Tells how head office and every counter stand; `place` is the data folder and the time.
pub(super) fn status(
    hub: &Hub,
    place: (&Folder, &Clock),
    as_json: bool,
    out: &mut impl Write,
) -> Result<()> {
    let (folder, clock) = place;
    let disk = DiskSpace::of(folder.path()).ok();
    let city = CityHealth::of(&hub.store, clock, disk)?.with_standby(folder.path());
    if !as_json {
        return in_lines(hub, &city, out);
    }
    let datasets: serde_json::Map<_, _> = city
        .published
        .iter()
        .map(|one| (one.name.clone(), json!(one.version)))
        .collect();
    let since: serde_json::Map<_, _> = city
        .published
        .iter()
        .map(|one| (one.name.clone(), json!(one.since_unix_ms.map(moment))))
        .collect();
    let devices: Vec<_> = city.fleet.iter().map(device::in_json).collect();
    let missing: serde_json::Map<_, _> = city
        .blobs_missing
        .iter()
        .map(|(branch, (count, bytes))| (branch.clone(), json!({"blobs": count, "bytes": bytes})))
        .collect();
    let state = json!({
        "city": hub.city,
        "version": env!("CARGO_PKG_VERSION"),
        "schema": SCHEMA_VERSION,
        "waiting": city.waiting,
        "to_hand_over": city.to_hand_over,
        "quarantined": city.kept_aside,
        "blobs_missing": city.blobs_missing_in_all(),
        "blobs_missing_by_branch": missing,
        "disk": city.disk,
        "devices": devices,
        "standby": city.standby.as_ref().map(|seen| json!({
            "heard": moment(seen.heard_unix_ms),
            "behind_bytes": seen.behind_bytes,
            "silent": city.is_standby_silent(),
        })),
        "datasets": datasets,
        "datasets_since": since,
        "alerts": city.alerts.iter().map(|one| alert(one, &city)).collect::<Vec<_>>(),
    });
    writeln!(out, "{state}")?;
    Ok(())
}

fn moment(unix_ms: u64) -> String {
    in_japan(unix_ms, "%Y-%m-%dT%H:%M:%S+09:00")
}

fn alert(one: &Alert, city: &CityHealth) -> serde_json::Value {
    let device = city
        .fleet
        .iter()
        .find(|state| state.device.device == one.device);
    json!({
        "kind": one.kind.name(),
        "level": one.level.name(),
        "device": one.device,
        "branch": device.map(|state| &state.device.branch),
        "name": device.map(|state| &state.device.name),
        "since": one.since_unix_ms.map(moment),
        "detail": one.detail,
    })
}

/// The same for a person at a terminal: what needs somebody first, then a line for each counter.
fn in_lines(hub: &Hub, city: &CityHealth, out: &mut impl Write) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    writeln!(
        out,
        "{}   program {version}, schema {SCHEMA_VERSION}",
        hub.city
    )?;
    let missing = city.blobs_missing_in_all();
    writeln!(
        out,
        "cases waiting {}, to hand over {}, documents on their way {missing}, kept aside {}",
        city.waiting, city.to_hand_over, city.kept_aside
    )?;
    if let Some(disk) = city.disk {
        let word = if disk.is_short() { " SHORT" } else { "" };
        let (free, total) = (disk.free_bytes >> 20, disk.total_bytes >> 20);
        writeln!(out, "disk {free} of {total} MiB free{word}")?;
    }
    if let Some(seen) = &city.standby {
        let word = if city.is_standby_silent() {
            " SILENT"
        } else {
            ""
        };
        let (heard, behind) = (moment(seen.heard_unix_ms), seen.behind_bytes);
        writeln!(out, "standby heard {heard}, {behind} bytes behind{word}")?;
    }
    for one in &city.published {
        let since = one.since_unix_ms.map_or_else(|| "-".to_owned(), moment);
        writeln!(
            out,
            "dataset\t{}\tversion {}\tsince {since}",
            one.name, one.version
        )?;
    }
    for one in &city.alerts {
        let since = one.since_unix_ms.map_or_else(|| "-".to_owned(), moment);
        let device = city
            .fleet
            .iter()
            .find(|state| state.device.device == one.device);
        let place = device.map_or_else(
            || one.device.to_string(),
            |state| format!("{} {}", state.device.branch.as_str(), state.device.name),
        );
        writeln!(
            out,
            "{}\t{place}\t{}\tsince {since}\t{}",
            one.level.name().to_uppercase(),
            one.kind.name(),
            one.detail
        )?;
    }
    device::list(&hub.store, false, out)
}
