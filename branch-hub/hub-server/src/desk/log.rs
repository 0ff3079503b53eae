//! The log of who saw and did what (記録), for auditors: ids only, no personal data.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::data::{LogEntry, LogQuery};
use super::pages::{self, Banner, Frame, icon};
use super::rights::{By, ReadsLog};
use super::{Shared, texts};
use crate::clock::in_japan;

#[derive(Template)]
#[template(path = "log.html")]
struct LogPage {
    frame: Frame,
    banner: Option<Banner>,
    asked: Asked,
    entries: Vec<LogLine>,
    /// How many were found; more than are shown.
    count: usize,
}

/// What was typed, to be shown again.
struct Asked {
    staff: String,
    case: String,
    from: String,
    to: String,
}

struct LogLine {
    at: String,
    device: String,
    sequence: u64,
    by: String,
    what: String,
    about: String,
}

impl Asked {
    fn of(query: &HashMap<String, String>) -> Self {
        let text = |name: &str| {
            let typed = query.get(name).map(|text| text.trim().to_owned());
            typed.unwrap_or_default()
        };
        Self {
            staff: text("staff"),
            case: text("case"),
            from: text("from"),
            to: text("to"),
        }
    }

    fn is_nothing(&self) -> bool {
        [&self.staff, &self.case, &self.from, &self.to]
            .iter()
            .all(|text| text.is_empty())
    }
}

/// The newest entries, or those of a member of staff, a case, or some days.
pub(crate) async fn page(
    State(desk): State<Shared>,
    By(viewer, _): By<ReadsLog>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let asked = Asked::of(&query);
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut banner = None;
    let case = match filled(&asked.case) {
        None => None,
        Some(text) => match desk.data.case_meant(text).await {
            Ok(found) => {
                banner = found.is_none().then(texts::no_such_case);
                found
            }
            Err(_) => return pages::internal(&desk, Some(&viewer)).await,
        },
    };
    let wanted = LogQuery {
        staff: filled(&asked.staff),
        case,
        from: filled(&asked.from),
        to: filled(&asked.to),
    };
    let (entries, count) = if banner.is_some() {
        (Vec::new(), 0)
    } else {
        match desk.data.log(wanted).await {
            Ok(found) => found,
            Err(_) => return pages::internal(&desk, Some(&viewer)).await,
        }
    };
    let page = LogPage {
        frame: pages::frame(&desk, Some(&viewer), "/log").await,
        banner,
        asked,
        entries: entries.into_iter().map(log_line).collect(),
        count,
    };
    pages::html(StatusCode::OK, &page)
}

fn log_line(one: LogEntry) -> LogLine {
    let device = one.device.chars().take(8).collect();
    let Some(entry) = one.entry else {
        return LogLine {
            at: String::new(),
            device,
            sequence: one.sequence,
            by: String::new(),
            what: texts::AUDIT_OF_A_NEWER_PROGRAM.to_owned(),
            about: String::new(),
        };
    };
    LogLine {
        at: in_japan(entry.at.unix_ms(), "%Y-%m-%d %H:%M:%S"),
        device,
        sequence: one.sequence,
        by: entry.by.to_string(),
        what: texts::audit(entry.action).to_owned(),
        about: entry.case.map_or_else(String::new, |case| case.to_string()),
    }
}
