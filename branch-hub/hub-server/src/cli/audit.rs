//! `audit verify` and `audit export`.

use std::io::Write;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use counter_domain::ids::{CaseId, DeviceId};
use hub_store::HubStore;
use replica::AuditEntry;
use serde_json::json;
use sync_engine::Store as _;

use super::Data;
use crate::clock::in_japan;
use crate::desk::{LogQuery, audit_words};

/// Entries of one read of a log, in bytes.
const READ_BYTES: usize = 1 << 20;
/// What a line of a newer program is said to be.
const UNREADABLE: &str = "この版では読めない記録";

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Check the hash chain of every device's log; exit status 1 when one is broken
    Verify {
        #[command(flatten)]
        data: Data,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Write who saw and did what, device after device in the order of its chain: CSV (UTF-8) on standard output. Staff ids and case ids only
    Export {
        #[command(flatten)]
        data: Data,
        /// First day, for example 2026-11-01
        #[arg(long, value_name = "DAY", value_parser = super::day)]
        from: Option<String>,
        /// Last day
        #[arg(long, value_name = "DAY", value_parser = super::day)]
        to: Option<String>,
        /// Only what this member of staff did
        #[arg(long, value_name = "ID")]
        staff: Option<String>,
        /// Only what was done with this case: its receipt number or id
        #[arg(long, value_name = "NUMBER")]
        case: Option<String>,
        /// JSON lines with every field of an entry instead of CSV
        #[arg(long)]
        json: bool,
    },
}

/// The case somebody means who writes its id or its receipt number.
pub(super) fn case_meant(store: &HubStore, text: &str) -> Result<CaseId> {
    if let Ok(case) = text.parse() {
        return Ok(case);
    }
    let found = store.case_of_receipt(text)?;
    found.context("head office has no case with this receipt number")
}

pub(super) fn verify(store: &HubStore, as_json: bool, out: &mut impl Write) -> Result<()> {
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

pub(super) fn export(
    store: &HubStore,
    query: &LogQuery,
    as_json: bool,
    out: &mut impl Write,
) -> Result<()> {
    if as_json {
        return each(store, query, |device, sequence, entry| {
            let line = json!({"device": device, "sequence": sequence, "entry": entry});
            Ok(writeln!(out, "{line}")?)
        });
    }
    let mut table = csv::Writer::from_writer(out);
    table.write_record(["日時", "装置", "番号", "職員", "したこと", "届出"])?;
    each(store, query, |device, sequence, entry| {
        let number = sequence.to_string();
        let device = device.to_string();
        let record = match entry {
            Some(entry) => [
                in_japan(entry.at.unix_ms(), "%Y-%m-%d %H:%M:%S"),
                device,
                number,
                entry.by.to_string(),
                audit_words(entry.action).to_owned(),
                entry.case.map_or_else(String::new, |case| case.to_string()),
            ],
            None => [
                String::new(),
                device,
                number,
                String::new(),
                UNREADABLE.to_owned(),
                String::new(),
            ],
        };
        Ok(table.write_record(record)?)
    })?;
    table.flush().context("the table cannot be written")
}

/// Every entry asked for; those of a newer program, whose time is not known, always.
fn each(
    store: &HubStore,
    query: &LogQuery,
    mut take: impl FnMut(DeviceId, u64, Option<AuditEntry>) -> Result<()>,
) -> Result<()> {
    for (device, head) in store.stream_heads()? {
        let mut after = 0;
        while after < head {
            let entries = store.stream_entries(device, after, READ_BYTES)?;
            let Some(last) = entries.last().map(|one| one.sequence) else {
                break;
            };
            for one in entries {
                let entry: Option<AuditEntry> = serde_json::from_slice(&one.body).ok();
                if entry.as_ref().is_none_or(|entry| query.wants(entry)) {
                    take(DeviceId(device.0), one.sequence, entry)?;
                }
            }
            after = last;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use counter_domain::ids::StaffId;
    use replica::{AuditAction, DatabaseKey, Surroundings};

    use super::*;

    fn check(query: &LogQuery, as_json: bool) -> String {
        let folder = tempfile::tempdir().unwrap();
        let device = DeviceId([2; 16]);
        let key = DatabaseKey::from_bytes([9; 32]);
        // 2026-11-21 10:42 in Japan.
        let drawn = AtomicU8::new(0);
        let random = move |bytes: &mut [u8]| bytes.fill(drawn.fetch_add(1, Ordering::Relaxed));
        let around = Surroundings::new(|| 1_795_225_320_000, random);
        let mut store = HubStore::open(&folder.path().join("hub"), &key, device, around).unwrap();
        let staff = StaffId::from("u0101");
        store.audit(&staff, AuditAction::SignedIn, None).unwrap();
        store.audit(&staff, AuditAction::SignedOut, None).unwrap();
        let mut out = Vec::new();
        export(&store, query, as_json, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn days(from: &str, to: &str) -> LogQuery {
        LogQuery {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            ..LogQuery::default()
        }
    }

    #[test]
    fn who_did_what_is_a_table_of_the_asked_days() {
        let device = DeviceId([2; 16]);
        let table = format!(
            "日時,装置,番号,職員,したこと,届出\n\
             2026-11-21 10:42:00,{device},1,u0101,サインインした,\n\
             2026-11-21 10:42:00,{device},2,u0101,サインアウトした,\n"
        );
        assert_eq!(check(&days("2026-11-21", "2026-11-21"), false), table);
        assert_eq!(check(&LogQuery::default(), false), table);
        let empty = "日時,装置,番号,職員,したこと,届出\n";
        assert_eq!(check(&days("2026-11-22", "2026-12-31"), false), empty);
        assert_eq!(check(&days("2026-01-01", "2026-11-20"), false), empty);
    }

    #[test]
    fn json_lines_have_every_field() {
        let lines = check(&LogQuery::default(), true);
        let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(first["sequence"], 1);
        assert_eq!(first["entry"]["action"], "signed_in");
    }
}
