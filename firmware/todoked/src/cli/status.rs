//! `todoke status`: how a counter stands, without opening its database.

use std::fs;

use anyhow::{Context as _, Result};
use device_health::DiskSpace;
use replica::SCHEMA_VERSION;
use serde_json::{Value, json};

use crate::cli::{print_json, print_line};
use crate::clock::{Clock as _, SystemClock};
use crate::health::{Seen, in_lines};
use crate::recovery;
use crate::serve::is_running;
use crate::settings::{DataFolder, Settings};

pub(super) fn run(folder: &DataFolder, as_json: bool) -> Result<()> {
    let settings = Settings::read(folder)?;
    let running = is_running(folder)?;
    let last: Value = match fs::read(folder.status()) {
        Ok(bytes) => serde_json::from_slice(&bytes).context("status.json is damaged")?,
        Err(_) => Value::Null,
    };
    let enrolled = folder.identity().exists();
    let part = |name: &str| last.get(name).cloned().unwrap_or(Value::Null);
    let mut seen: Option<Seen> = serde_json::from_value(part("health")).unwrap_or_default();
    // Room on the disk needs no daemon to be told.
    let disk = DiskSpace::of(folder.path()).ok();
    if let Some(seen) = &mut seen {
        seen.report.disk = disk.or(seen.report.disk);
        with_line_of_now(seen, &part("line"));
    }
    if as_json {
        return print_json(&json!({
            "branch": settings.branch,
            "counter": settings.counter,
            "place": settings.place,
            "device": settings.device,
            "program": env!("CARGO_PKG_VERSION"),
            "schema": SCHEMA_VERSION,
            "running": running,
            "enrolled": enrolled,
            "line": if running { part("line") } else { Value::Null },
            "neighbours": if running { part("neighbours") } else { Value::Null },
            "waiting_to_send": part("waiting_to_send"),
            "safe_until": part("safe_until"),
            "returned": part("returned"),
            "resident_copy": part("resident_copy"),
            "catalogue": part("catalogue"),
            "recovery": part("recovery"),
            "disk": disk,
            "health": seen,
        }));
    }
    print_line(&format!(
        "{} {}   branch {}, device {}",
        settings.place, settings.counter, settings.branch, settings.device
    ))?;
    print_line(&format!(
        "daemon            {}, {}; program {}, schema {SCHEMA_VERSION}",
        if running { "running" } else { "not running" },
        if enrolled { "enrolled" } else { "not enrolled" },
        env!("CARGO_PKG_VERSION"),
    ))?;
    print_line(&format!(
        "cases             {} wait for head office; everything is safe there until {}",
        in_words(&part("waiting_to_send")),
        in_words(&part("safe_until")),
    ))?;
    for line in recovery::in_words(&part("recovery")) {
        print_line(&line)?;
    }
    match &seen {
        Some(seen) => in_lines(seen, running, SystemClock.unix_ms())
            .iter()
            .try_for_each(|line| print_line(line)),
        None => print_line("nothing else is known before the daemon ran once"),
    }
}

/// The line is told at every change, the rest once a minute: a line that is back is not called down.
fn with_line_of_now(seen: &mut Seen, line: &Value) {
    let Some(line) = line.as_str().filter(|line| *line != seen.line) else {
        return;
    };
    line.clone_into(&mut seen.line);
    seen.refused_because = None;
    seen.down_since_unix_ms = None;
}

fn in_words(value: &Value) -> String {
    match value {
        Value::Null => "(not known)".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
