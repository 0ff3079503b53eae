//! The queue: what waits, newest on top, kept up to date by the page itself.

use std::collections::HashMap;
use std::convert::Infallible;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::response::sse::{Event, KeepAlive, Sse};
use counter_domain::case::CaseState;
use hub_store::QueueRow;
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt};

use super::case_view::Wait;
use super::data::{DataFailed, Names, ROWS_MAX};
use super::pages::{self, Banner, Chip, Frame, icon};
use super::rights::{By, Reviews};
use super::session::Viewer;
use super::{Shared, labels, texts};
use crate::clock::in_japan;

/// The whole page.
#[derive(Template)]
#[template(path = "queue.html")]
struct QueuePage {
    frame: Frame,
    banner: Option<Banner>,
    csrf: String,
    list: QueueList,
}

/// The part that is drawn anew.
#[derive(Template)]
#[template(path = "queue_rows.html")]
struct QueueRows {
    csrf: String,
    list: QueueList,
}

struct QueueList {
    tab: &'static str,
    order: &'static str,
    clock: String,
    waiting: usize,
    tabs: Vec<TabLink>,
    rows: Vec<Line>,
    more: usize,
    empty_title: &'static str,
    empty_advice: &'static str,
}

struct TabLink {
    key: &'static str,
    label: &'static str,
    count: usize,
    current: bool,
}

struct Line {
    case: String,
    wait: Option<Wait>,
    branch: String,
    receipt_number: String,
    event: String,
    persons: String,
    chips: Vec<Chip>,
    state: Chip,
    claimed_by: String,
    may_claim: bool,
}

/// Lists of the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    Waiting,
    Returned,
    Accepted,
    Finished,
}

impl Tab {
    const ALL: [Self; 4] = [
        Self::Waiting,
        Self::Returned,
        Self::Accepted,
        Self::Finished,
    ];

    fn key(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Returned => "returned",
            Self::Accepted => "accepted",
            Self::Finished => "finished",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Waiting => "審査する",
            Self::Returned => "支所へ返却中",
            Self::Accepted => "受理済み",
            Self::Finished => "引き継ぎ済み・終了",
        }
    }

    fn empty(self) -> (&'static str, &'static str) {
        match self {
            Self::Waiting => (
                "審査を待つ届出はありません",
                "支所から届くと、この画面に自動で出ます。",
            ),
            Self::Returned => (
                "返した届出はありません",
                "支所へ返した届出がここに並びます。",
            ),
            Self::Accepted => (
                "受理済みの届出はありません",
                "受理して、まだ引き継いでいない届出がここに並びます。",
            ),
            Self::Finished => (
                "終わった届出はありません",
                "引き継いだ届出、取り下げや不受理がここに並びます。",
            ),
        }
    }

    fn of(state: CaseState) -> Option<Self> {
        match state {
            CaseState::Draft | CaseState::Signed => None,
            CaseState::Submitted
            | CaseState::UnderReview
            | CaseState::Resubmitted
            | CaseState::CoreRejected
            | CaseState::CancelRequested
            | CaseState::OnHold => Some(Self::Waiting),
            CaseState::Returned => Some(Self::Returned),
            CaseState::Accepted => Some(Self::Accepted),
            CaseState::HandedOver
            | CaseState::Completed
            | CaseState::Withdrawn
            | CaseState::Refused
            | CaseState::Cancelled => Some(Self::Finished),
        }
    }
}

/// The page.
pub(crate) async fn page(
    State(desk): State<Shared>,
    By(viewer, _): By<Reviews>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let Ok(list) = list(&desk, &viewer, &query).await else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    let frame = pages::frame(&desk, Some(&viewer), "/queue").await;
    let banner = query.get("notice").and_then(|code| texts::after(code));
    pages::html(
        StatusCode::OK,
        &QueuePage {
            frame,
            banner,
            csrf: viewer.csrf,
            list,
        },
    )
}

/// The rows alone, for the page that keeps itself up to date.
pub(crate) async fn rows(
    State(desk): State<Shared>,
    By(viewer, _): By<Reviews>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    match list(&desk, &viewer, &query).await {
        Ok(list) => pages::html(
            StatusCode::OK,
            &QueueRows {
                csrf: viewer.csrf,
                list,
            },
        ),
        Err(DataFailed) => pages::internal(&desk, Some(&viewer)).await,
    }
}

/// Says `changed` whenever the database did; the page then asks for the rows. Says it once at the
/// start too: a page whose line was down catches up.
pub(crate) async fn events(
    State(desk): State<Shared>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = WatchStream::new(desk.changed.clone());
    let events = changes.map(|count| Ok(Event::default().event("changed").data(count.to_string())));
    Sse::new(events).keep_alive(KeepAlive::default())
}

async fn list(
    desk: &Shared,
    viewer: &Viewer,
    query: &HashMap<String, String>,
) -> Result<QueueList, DataFailed> {
    let wanted = query.get("tab").map(String::as_str).unwrap_or_default();
    let tab = Tab::ALL
        .into_iter()
        .find(|tab| tab.key() == wanted)
        .unwrap_or(Tab::Waiting);
    let order = if query.get("order").is_some_and(|one| one == "longest") {
        "longest"
    } else {
        "newest"
    };
    let (waiting, names) = desk.data.waiting(viewer).await?;
    let all = desk.data.cases(viewer).await?;
    let count = |one: Tab| match one {
        Tab::Waiting => waiting.len(),
        Tab::Returned | Tab::Accepted | Tab::Finished => all
            .iter()
            .filter(|row| Tab::of(row.state) == Some(one))
            .count(),
    };
    let tabs = Tab::ALL.map(|one| TabLink {
        key: one.key(),
        label: one.label(),
        count: count(one),
        current: one == tab,
    });
    let waiting_count = waiting.len();
    let mut rows: Vec<QueueRow> = match tab {
        Tab::Waiting => waiting,
        Tab::Returned | Tab::Accepted | Tab::Finished => all
            .into_iter()
            .filter(|row| Tab::of(row.state) == Some(tab))
            .collect(),
    };
    sort(&mut rows, tab, order);
    let now = desk.clock.unix_ms();
    let (empty_title, empty_advice) = tab.empty();
    Ok(QueueList {
        tab: tab.key(),
        order,
        clock: in_japan(now, "%H:%M"),
        waiting: waiting_count,
        tabs: tabs.into(),
        more: rows.len().saturating_sub(ROWS_MAX),
        rows: rows
            .iter()
            .take(ROWS_MAX)
            .map(|row| line(row, viewer, &names, now))
            .collect(),
        empty_title,
        empty_advice,
    })
}

/// A case that came back goes first: its resident has waited longest and its reviewer knows it.
fn sort(rows: &mut [QueueRow], tab: Tab, order: &str) {
    match (tab, order) {
        (_, "longest") => rows.sort_by_key(|row| row.waiting_since_unix_ms),
        (Tab::Waiting, _) => rows.sort_by_key(|row| {
            let came_back = row.state == CaseState::Resubmitted;
            std::cmp::Reverse((came_back, row.waiting_since_unix_ms))
        }),
        (Tab::Returned | Tab::Accepted | Tab::Finished, _) => {}
    }
}

fn line(row: &QueueRow, viewer: &Viewer, names: &Names, now: u64) -> Line {
    let waits = matches!(Tab::of(row.state), Some(Tab::Waiting | Tab::Returned));
    let other = row
        .claimed_by
        .as_ref()
        .is_some_and(|by| *by != viewer.staff);
    Line {
        case: row.case.to_string(),
        wait: waits.then(|| Wait::between(row.waiting_since_unix_ms, now)),
        branch: names.branch(&row.branch),
        receipt_number: row.receipt_number.clone(),
        event: labels::event(
            row.event_type.as_deref().unwrap_or_default(),
            row.event_flow.as_deref().unwrap_or_default(),
        ),
        persons: persons(&row.persons),
        chips: chips(row)
            .into_iter()
            .chain(
                row.protected
                    .then(|| Chip::new("chip-stop", "warning", "支援措置対象")),
            )
            .collect(),
        state: labels::state(row.state),
        claimed_by: row
            .claimed_by
            .as_ref()
            .map_or_else(String::new, |by| names.staff(by)),
        may_claim: viewer.may_review() && !other && is_claimable(row.state),
    }
}

fn is_claimable(state: CaseState) -> bool {
    matches!(
        state,
        CaseState::Submitted
            | CaseState::Resubmitted
            | CaseState::UnderReview
            | CaseState::CoreRejected
    )
}

fn persons(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first}　ほか {} 人", rest.len()),
    }
}

fn chips(row: &QueueRow) -> Vec<Chip> {
    let mut chips = Vec::new();
    if row.to_check {
        chips.push(Chip::new("chip-stop", "warning", "食い違い"));
    }
    if row.resubmitted && row.state != CaseState::Resubmitted {
        chips.push(Chip::new("chip-doubt", "history", "再提出"));
    }
    chips
}
