//! The state of operations, for the people who look after the machines: which counters are heard,
//! what is on its way, what was kept aside and why. No personal data.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use hub_store::{CounterLine, CounterState};

use super::data::Operations;
use super::pages::{self, Chip, Frame, icon};
use super::session::Viewer;
use super::{Shared, texts};
use crate::backup;
use crate::clock::in_japan;

#[derive(Template)]
#[template(path = "operations.html")]
struct OperationsPage {
    frame: Frame,
    state: StateOfAll,
}

/// The part that is drawn anew.
#[derive(Template)]
#[template(path = "operations_rows.html")]
struct OperationsRows {
    state: StateOfAll,
}

struct StateOfAll {
    clock: String,
    facts: Vec<Fact>,
    counters: Vec<CounterRow>,
    troubles: Vec<Trouble>,
}

/// A number with its name.
struct Fact {
    label: &'static str,
    value: String,
    /// It needs somebody.
    look: bool,
}

struct CounterRow {
    branch: String,
    name: String,
    line: Chip,
    heard: String,
    program: String,
    to_come: String,
    device: String,
    shut: bool,
}

/// Something that does not heal by itself.
struct Trouble {
    place: String,
    what: &'static str,
    advice: &'static str,
    detail: String,
    since: String,
}

/// The page.
pub(crate) async fn page(
    State(desk): State<Shared>,
    Extension(viewer): Extension<Viewer>,
) -> Response {
    if !viewer.may_see_operations() {
        return pages::forbidden(&desk, &viewer).await;
    }
    let Some(state) = state(&desk).await else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    let frame = pages::frame(&desk, Some(&viewer), "/operations").await;
    pages::html(StatusCode::OK, &OperationsPage { frame, state })
}

/// The changing part alone, for the page that keeps itself up to date.
pub(crate) async fn rows(
    State(desk): State<Shared>,
    Extension(viewer): Extension<Viewer>,
) -> Response {
    if !viewer.may_see_operations() {
        return pages::forbidden(&desk, &viewer).await;
    }
    match state(&desk).await {
        Some(state) => pages::html(StatusCode::OK, &OperationsRows { state }),
        None => pages::internal(&desk, Some(&viewer)).await,
    }
}

async fn state(desk: &Shared) -> Option<StateOfAll> {
    let found = desk.data.operations().await.ok()?;
    let backups = desk.backup_folder.clone();
    let newest = tokio::task::spawn_blocking(move || backup::newest(&backups)).await;
    let newest = newest
        .ok()
        .flatten()
        .and_then(|name| backup::made_at(&name));
    let now = desk.clock.unix_ms();
    Some(StateOfAll {
        clock: in_japan(now, "%H:%M:%S"),
        facts: facts(&found, newest.as_deref()),
        troubles: found
            .fleet
            .iter()
            .filter_map(|one| trouble(one, &found))
            .collect(),
        counters: found.fleet.iter().map(|one| row(one, &found)).collect(),
    })
}

fn facts(found: &Operations, backup: Option<&str>) -> Vec<Fact> {
    let fact = |label, value: String, look| Fact { label, value, look };
    let aside = found
        .fleet
        .iter()
        .filter(|one| one.kept_aside.is_some())
        .count();
    let catalogue = found.datasets.iter().find(|(name, _)| name == "catalogue");
    vec![
        fact("審査を待つ届出", format!("{} 件", found.waiting), false),
        fact("引き継ぎ待ち", format!("{} 件", found.to_hand_over), false),
        fact(
            "届いていない署名・書面",
            format!("{} 件", found.blobs_missing),
            false,
        ),
        fact("分けて置いた変更", format!("{aside} 件"), aside > 0),
        fact(
            "最後のバックアップ",
            backup.unwrap_or("この場所にはない").to_owned(),
            backup.is_none(),
        ),
        fact(
            "手続きの一覧",
            catalogue.map_or_else(
                || "プログラムに付属の版".to_owned(),
                |(_, version)| format!("公開 {version} 回"),
            ),
            false,
        ),
        fact(
            "プログラムの版",
            env!("CARGO_PKG_VERSION").to_owned(),
            false,
        ),
    ]
}

fn row(one: &CounterState, found: &Operations) -> CounterRow {
    let contact = one.contact.as_ref();
    let program = contact.and_then(|contact| contact.program.clone());
    CounterRow {
        branch: found.names.branch(&one.device.branch),
        name: one.device.name.clone(),
        line: line(one.line),
        heard: contact.map_or_else(
            || "—".to_owned(),
            |contact| in_japan(contact.unix_ms, "%-m月%-d日 %H:%M:%S"),
        ),
        program: program.unwrap_or_else(|| "—".to_owned()),
        to_come: match one.to_come {
            0 => "—".to_owned(),
            more => format!("{more} 件"),
        },
        device: one.device.device.to_string().chars().take(8).collect(),
        shut: one.line == CounterLine::Revoked,
    }
}

fn line(line: CounterLine) -> Chip {
    match line {
        CounterLine::Connected => Chip::new("chip-done", "check", "つながっています"),
        CounterLine::Silent => Chip::new("chip-late", "schedule", "応答がありません"),
        CounterLine::Never => Chip::new("", "info", "まだつながっていません"),
        CounterLine::Revoked => Chip::new("chip-stop", "block", "止めました"),
    }
}

fn trouble(one: &CounterState, found: &Operations) -> Option<Trouble> {
    let row = one.kept_aside.as_ref()?;
    let (what, advice) = texts::kept_aside(&row.reason);
    let branch = found.names.branch(&one.device.branch);
    Some(Trouble {
        place: format!("{branch}　{}", one.device.name),
        what,
        advice,
        detail: row.reason.clone(),
        since: in_japan(row.received_unix_ms, "%-m月%-d日 %H:%M"),
    })
}
