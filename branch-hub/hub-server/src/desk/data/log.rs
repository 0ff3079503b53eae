//! The audit logs of every device, for auditors: ids only.

use counter_domain::ids::{CaseId, DeviceId};
use hub_store::HubStore;
use replica::AuditEntry;
use sync_engine::Store as _;
use sync_protocol::SiteId;

use super::{DataFailed, DeskData, failed};
use crate::clock::in_japan;

/// Entries of each device the page reaches back when nothing is asked.
const NEWEST_PER_DEVICE: u64 = 200;
/// Entries shown.
const LOG_MAX: usize = 500;
/// Bytes of a log read at a time: a counter that speaks to the hub meanwhile waits for one piece
/// only.
const PIECE_BYTES: usize = 1 << 20;

/// One entry of an audit log.
pub(crate) struct LogEntry {
    /// Whose log.
    pub device: String,
    /// Its number there.
    pub sequence: u64,
    /// What it says; `None` when a newer program wrote it.
    pub entry: Option<AuditEntry>,
}

/// Which entries are looked for; nothing asked means the newest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LogQuery {
    /// Only what this member of staff did.
    pub staff: Option<String>,
    /// Only what was done with this case.
    pub case: Option<CaseId>,
    /// On this day in Japan or later, ISO 8601.
    pub from: Option<String>,
    /// On this day or earlier.
    pub to: Option<String>,
}

impl LogQuery {
    /// Whether this is one of them.
    pub(crate) fn wants(&self, entry: &AuditEntry) -> bool {
        let day = || in_japan(entry.at.unix_ms(), "%Y-%m-%d");
        self.staff
            .as_ref()
            .is_none_or(|staff| entry.by.as_str() == staff)
            && self.case.is_none_or(|case| entry.case == Some(case))
            && self.from.as_ref().is_none_or(|from| day() >= *from)
            && self.to.as_ref().is_none_or(|to| day() <= *to)
    }
}

impl DeskData {
    /// What was asked for, newest first, at most [`LOG_MAX`], and how many there are in all.
    pub(crate) async fn log(&self, query: LogQuery) -> Result<(Vec<LogEntry>, usize), DataFailed> {
        let heads = self.run(|store| store.stream_heads()).await?;
        let heads = heads.map_err(|error| failed(&error))?;
        let mut found = Vec::new();
        let mut count = 0;
        for (device, head) in heads {
            let mut after = if query == LogQuery::default() {
                head.saturating_sub(NEWEST_PER_DEVICE)
            } else {
                0
            };
            while after < head {
                let query = query.clone();
                let piece = self.run(move |store| piece(store, device, after, &query));
                let (entries, last) = piece.await?.map_err(|error| failed(&error))?;
                count += entries.len();
                found.extend(entries);
                if found.len() > 2 * LOG_MAX {
                    newest(&mut found);
                }
                if last <= after {
                    break;
                }
                after = last;
            }
        }
        newest(&mut found);
        Ok((found, count))
    }

    /// The case somebody means who writes its id or its receipt number.
    pub(crate) async fn case_meant(&self, text: String) -> Result<Option<CaseId>, DataFailed> {
        if let Ok(case) = text.parse() {
            return Ok(Some(case));
        }
        let found = self.run(move |store| store.case_of_receipt(&text)).await?;
        found.map_err(|error| failed(&error))
    }
}

/// Wanted entries of a piece of a log, and where it ends.
fn piece(
    store: &HubStore,
    device: SiteId,
    after: u64,
    query: &LogQuery,
) -> Result<(Vec<LogEntry>, u64), replica::StoreError> {
    let entries = store.stream_entries(device, after, PIECE_BYTES)?;
    let last = entries.last().map_or(after, |one| one.sequence);
    let all = entries.into_iter().map(|one| LogEntry {
        device: DeviceId(device.0).to_string(),
        sequence: one.sequence,
        entry: serde_json::from_slice(&one.body).ok(),
    });
    let unasked = *query == LogQuery::default();
    let wanted = all.filter(|one| match &one.entry {
        Some(entry) => query.wants(entry),
        None => unasked,
    });
    Ok((wanted.collect(), last))
}

fn newest(found: &mut Vec<LogEntry>) {
    found.sort_by_key(|one| {
        let at = one.entry.as_ref().map(|entry| entry.at);
        std::cmp::Reverse((at, one.sequence))
    });
    found.truncate(LOG_MAX);
}
