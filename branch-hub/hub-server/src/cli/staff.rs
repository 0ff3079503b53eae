//! `staff add`, `staff remove` and `staff list`.

use std::io::{BufRead, Write};

use anyhow::{Context, Result, bail};
use replica::staff::hash_secret;
use serde_json::json;
use zeroize::Zeroizing;

use crate::administration::Hub;

/// Shortest password.
const PASSWORD_CHARS_MIN: usize = 8;

pub(super) fn hash_of_stdin() -> Result<String> {
    let mut line = Zeroizing::new(String::new());
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .context("cannot read the password")?;
    let password = line.trim_end_matches(['\r', '\n']);
    let length = password.chars().count();
    if length == 0 {
        bail!("no password was given: write it on standard input, one line");
    }
    if length < PASSWORD_CHARS_MIN {
        bail!(
            "the password has {length} characters and needs {PASSWORD_CHARS_MIN}; letters, digits, \
             signs and spaces all count"
        );
    }
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(hash_secret(password, salt)?)
}

pub(super) fn list(hub: &Hub, as_json: bool, out: &mut impl Write) -> Result<()> {
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
        let roles = if one.roles.is_empty() {
            "removed".to_owned()
        } else {
            serde_json::to_string(&one.roles)?
        };
        writeln!(out, "{}\t{}\t{roles}", one.id, one.name)?;
    }
    Ok(())
}

pub(super) fn remove(hub: &mut Hub, id: &str, out: &mut impl Write) -> Result<()> {
    if hub.remove_staff(id)? {
        writeln!(
            out,
            "{id} can no longer sign in at the desk; counters refuse as soon as they hear of it"
        )?;
    } else {
        writeln!(out, "{id} was removed before; nothing was changed")?;
    }
    Ok(())
}
