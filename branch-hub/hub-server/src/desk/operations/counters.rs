//! One row for each counter.

use hub_store::{CounterLine, CounterState, REVOCATIONS, datasets_behind};

use super::super::data::Operations;
use super::super::pages::Chip;
use super::words::{self, NONE};
use crate::clock::in_japan;
use crate::figures::bytes_to_go;

pub(super) struct CounterRow {
    pub device: String,
    pub branch: String,
    pub name: String,
    pub line: Chip,
    pub heard: String,
    pub ago: String,
    pub to_come: String,
    pub to_go: String,
    pub told: String,
    pub clock: Mark,
    pub disk: Mark,
    pub list: Mark,
    pub program: String,
    pub schema: String,
    pub shut: bool,
}

/// A figure, and whether somebody should look at it.
pub(super) struct Mark {
    pub text: String,
    pub look: bool,
}

pub(super) fn rows(found: &Operations) -> Vec<CounterRow> {
    found.city.fleet.iter().map(|one| row(one, found)).collect()
}

fn row(one: &CounterState, found: &Operations) -> CounterRow {
    let now = found.city.now_unix_ms;
    let contact = one.contact.as_ref();
    let program = contact.and_then(|contact| contact.program.clone());
    let told = one.report.as_ref();
    CounterRow {
        device: one.device.device.to_string(),
        branch: found.names.branch(&one.device.branch),
        name: one.device.name.clone(),
        line: words::line(one.line),
        heard: contact.map_or_else(
            || NONE.to_owned(),
            |contact| in_japan(contact.unix_ms, "%-m月%-d日 %H:%M:%S"),
        ),
        ago: contact.map_or_else(String::new, |contact| words::ago(contact.unix_ms, now)),
        to_come: to_come(one),
        to_go: to_go(one, found),
        told: told.map_or_else(String::new, |told| {
            format!("{}の報告", words::ago(told.received_unix_ms, now))
        }),
        clock: clock(one),
        disk: disk(one),
        list: list(one, found),
        program: program.unwrap_or_else(|| NONE.to_owned()),
        schema: match contact.map_or(0, |contact| contact.schema) {
            0 => String::new(),
            schema => format!("表 {schema}"),
        },
        shut: one.line == CounterLine::Revoked,
    }
}

/// Records as their versions tell, documents and bytes as the counter told.
pub(super) fn to_come(one: &CounterState) -> String {
    let told = one.report.as_ref().map(|told| told.report.to_send);
    let told = told.unwrap_or_default();
    // A report older than the last transaction to arrive tells of what is here by now.
    let bytes = if one.to_come == 0 && told.blobs == 0 {
        0
    } else {
        told.bytes()
    };
    words::waiting(one.to_come, false, told.blobs, bytes)
}

/// What waits here for the counter.
pub(super) fn to_go(one: &CounterState, found: &Operations) -> String {
    let report = one.report.as_ref().map(|told| &told.report);
    let documents = report.map_or(0, |report| report.to_receive.blobs);
    let bytes = report.map_or(one.to_go.bytes, |report| {
        bytes_to_go(one, report, &found.city.published)
    });
    words::waiting(one.to_go.transactions, one.to_go.at_least, documents, bytes)
}

pub(super) fn clock(one: &CounterState) -> Mark {
    let doubtful = |ahead: i64| ahead.unsigned_abs() > hub_store::CLOCK_LOOK_MS;
    Mark {
        text: words::offset(one.clock_ahead_ms),
        look: one.clock_ahead_ms.is_some_and(doubtful),
    }
}

pub(super) fn disk(one: &CounterState) -> Mark {
    let disk = one.report.as_ref().and_then(|told| told.report.disk);
    Mark {
        text: disk.map_or_else(|| NONE.to_owned(), |disk| words::bytes(disk.free_bytes)),
        look: disk.is_some_and(|disk| disk.is_short()),
    }
}

/// How old the list of who is shut out is there.
pub(super) fn list(one: &CounterState, found: &Operations) -> Mark {
    let Some(told) = &one.report else {
        return Mark {
            text: NONE.to_owned(),
            look: false,
        };
    };
    let behind = datasets_behind(&told.report, &found.city.published);
    let behind = behind.iter().find(|one| one.name == REVOCATIONS);
    // As of the last contact the counter knew of everything newer.
    let heard = one.contact.as_ref().map_or(0, |contact| contact.unix_ms);
    let text = match behind {
        None => format!("最新（{}確認）", words::ago(heard, found.city.now_unix_ms)),
        Some(behind) => match behind.there {
            Some(there) => format!("{} 版前", behind.newest.saturating_sub(there)),
            None => "まだない".to_owned(),
        },
    };
    Mark {
        text,
        look: behind.is_some(),
    }
}
