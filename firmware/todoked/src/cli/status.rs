//! `todoke status`: how a counter stands, without opening its database.

use std::fs;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::cli::{print_json, print_line};
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
    if as_json {
        return print_json(&json!({
            "branch": settings.branch,
            "counter": settings.counter,
            "place": settings.place,
            "running": running,
            "enrolled": enrolled,
            "line": if running { part("line") } else { Value::Null },
            "neighbours": if running { part("neighbours") } else { Value::Null },
            "waiting_to_send": part("waiting_to_send"),
            "safe_until": part("safe_until"),
            "returned": part("returned"),
            "resident_copy": part("resident_copy"),
            "catalogue": part("catalogue"),
        }));
    }
    print_line(&format!("{} {}", settings.place, settings.counter))?;
    print_line(&format!("running: {running}, enrolled: {enrolled}"))?;
    print_line(&format!(
        "line: {}, waiting to send: {}",
        part("line"),
        part("waiting_to_send")
    ))?;
    print_line(&format!(
        "other counters of the branch connected: {}",
        if running {
            part("neighbours")
        } else {
            Value::Null
        }
    ))
}
