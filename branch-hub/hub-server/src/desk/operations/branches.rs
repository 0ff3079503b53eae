//! One row for each branch: the worst and the sum of its counters.

use std::collections::BTreeMap;

use counter_domain::ids::BranchCode;
use hub_store::{CounterLine, CounterState, REVOCATIONS, datasets_behind};

use super::super::data::Operations;
use super::counters::Mark;
use super::words::{self, NONE};
use crate::figures::bytes_to_go;

pub(super) struct BranchRow {
    pub name: String,
    pub connected: Mark,
    pub heard: String,
    pub to_come: String,
    pub to_go: String,
    pub missing: String,
    pub clock: Mark,
    pub disk: Mark,
    pub aside: Mark,
    pub list: Mark,
}

/// Sums and worst figures of a branch.
#[derive(Default)]
struct Whole {
    counters: usize,
    connected: usize,
    heard_unix_ms: Option<u64>,
    records_to_come: u64,
    blobs_to_come: u64,
    bytes_to_come: u64,
    records_to_go: u64,
    more_to_go: bool,
    blobs_to_go: u64,
    bytes_to_go: u64,
    clock_ahead_ms: Option<i64>,
    least_free: Option<u64>,
    disk_short: bool,
    aside: usize,
    lists_old: usize,
    lists_told: usize,
}

pub(super) fn rows(found: &Operations) -> Vec<BranchRow> {
    let mut branches: BTreeMap<BranchCode, Whole> = BTreeMap::new();
    for one in &found.city.fleet {
        if one.line != CounterLine::Revoked {
            let whole = branches.entry(one.device.branch.clone()).or_default();
            whole.add(one, found);
        }
    }
    branches
        .into_iter()
        .map(|(branch, whole)| whole.row(&branch, found))
        .collect()
}

impl Whole {
    fn add(&mut self, one: &CounterState, found: &Operations) {
        self.counters += 1;
        self.connected += usize::from(one.line == CounterLine::Connected);
        let heard = one.contact.as_ref().map(|contact| contact.unix_ms);
        self.heard_unix_ms = self.heard_unix_ms.max(heard);
        self.records_to_come += one.to_come;
        self.records_to_go += one.to_go.transactions;
        self.more_to_go |= one.to_go.at_least;
        self.aside += usize::from(one.kept_aside.is_some());
        if let Some(ahead) = one.clock_ahead_ms {
            let worst = self.clock_ahead_ms.unwrap_or(0);
            if ahead.unsigned_abs() >= worst.unsigned_abs() {
                self.clock_ahead_ms = Some(ahead);
            }
        }
        let Some(told) = &one.report else {
            self.bytes_to_go += one.to_go.bytes;
            return;
        };
        let report = &told.report;
        self.blobs_to_come += report.to_send.blobs;
        if one.to_come > 0 || report.to_send.blobs > 0 {
            self.bytes_to_come += report.to_send.bytes();
        }
        self.blobs_to_go += report.to_receive.blobs;
        self.bytes_to_go += bytes_to_go(one, report, &found.city.published);
        self.aside += report.kept_aside.len();
        if let Some(disk) = report.disk {
            let least = self.least_free.unwrap_or(u64::MAX);
            self.least_free = Some(least.min(disk.free_bytes));
            self.disk_short |= disk.is_short();
        }
        let behind = datasets_behind(report, &found.city.published);
        self.lists_told += 1;
        self.lists_old += usize::from(behind.iter().any(|one| one.name == REVOCATIONS));
    }

    fn row(self, branch: &BranchCode, found: &Operations) -> BranchRow {
        let now = found.city.now_unix_ms;
        let missing = found.city.blobs_missing.get(branch.as_str());
        let doubtful = |ahead: i64| ahead.unsigned_abs() > hub_store::CLOCK_LOOK_MS;
        BranchRow {
            name: found.names.branch(branch),
            connected: Mark {
                text: format!("{} / {} 台", self.connected, self.counters),
                look: self.connected < self.counters,
            },
            heard: self
                .heard_unix_ms
                .map_or_else(|| NONE.to_owned(), |ms| words::ago(ms, now)),
            to_come: words::waiting(
                self.records_to_come,
                false,
                self.blobs_to_come,
                self.bytes_to_come,
            ),
            to_go: words::waiting(
                self.records_to_go,
                self.more_to_go,
                self.blobs_to_go,
                self.bytes_to_go,
            ),
            missing: missing.map_or_else(
                || NONE.to_owned(),
                |(count, bytes)| format!("{count} 件・{}", words::bytes(*bytes)),
            ),
            clock: Mark {
                text: words::offset(self.clock_ahead_ms),
                look: self.clock_ahead_ms.is_some_and(doubtful),
            },
            disk: Mark {
                text: self
                    .least_free
                    .map_or_else(|| NONE.to_owned(), words::bytes),
                look: self.disk_short,
            },
            aside: Mark {
                text: match self.aside {
                    0 => NONE.to_owned(),
                    count => format!("{count} 件"),
                },
                look: self.aside > 0,
            },
            list: Mark {
                text: match (self.lists_told, self.lists_old) {
                    (0, _) => NONE.to_owned(),
                    (_, 0) => "最新".to_owned(),
                    (_, old) => format!("{old} 台が古い"),
                },
                look: self.lists_old > 0,
            },
        }
    }
}
