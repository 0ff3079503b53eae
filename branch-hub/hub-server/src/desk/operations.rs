//! The state of operations, for the people who look after the machines: how each branch and each
//! counter is, what waits in which direction, what was kept aside and why, and fourteen days of it.
//! No personal data.

mod branches;
mod charts;
mod counters;
mod device;
mod words;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::Shared;
use super::data::Operations;
use super::pages::{self, Frame, icon};
use super::rights::{By, Operates};
use crate::backup;
use crate::clock::in_japan;
use branches::BranchRow;
use charts::Ring;
use counters::CounterRow;

pub(crate) use device::page as device_page;

#[derive(Template)]
#[template(path = "operations.html")]
struct OperationsPage {
    frame: Frame,
    state: StateOfAll,
    history: Vec<HistoryRow>,
    days: String,
}

/// The part that is drawn anew every few seconds.
#[derive(Template)]
#[template(path = "operations_rows.html")]
struct OperationsRows {
    state: StateOfAll,
}

/// The part that is drawn anew every few minutes.
#[derive(Template)]
#[template(path = "operations_history.html")]
struct OperationsHistory {
    history: Vec<HistoryRow>,
    days: String,
}

struct StateOfAll {
    clock: String,
    facts: Vec<Fact>,
    notices: Vec<Notice>,
    branches: Vec<BranchRow>,
    counters: Vec<CounterRow>,
}

/// A number with its name.
struct Fact {
    label: &'static str,
    value: String,
    /// It needs somebody.
    look: bool,
}

/// Something that does not heal by itself.
struct Notice {
    /// Class of the banner.
    tone: &'static str,
    icon: &'static str,
    level: &'static str,
    place: String,
    what: String,
    advice: &'static str,
    detail: String,
}

/// Fourteen days of a counter's line.
struct HistoryRow {
    device: String,
    place: String,
    chart: String,
    share: String,
    longest: String,
}

/// The page.
pub(crate) async fn page(State(desk): State<Shared>, By(viewer, _): By<Operates>) -> Response {
    let (Some(state), Some(history)) = (state(&desk).await, history(&desk).await) else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    let frame = pages::frame(&desk, Some(&viewer), "/operations").await;
    let page = OperationsPage {
        frame,
        state,
        history,
        days: charts::day_scale(desk.clock.unix_ms()),
    };
    pages::html(StatusCode::OK, &page)
}

/// The changing part alone, for the page that keeps itself up to date.
pub(crate) async fn rows(State(desk): State<Shared>, By(viewer, _): By<Operates>) -> Response {
    match state(&desk).await {
        Some(state) => pages::html(StatusCode::OK, &OperationsRows { state }),
        None => pages::internal(&desk, Some(&viewer)).await,
    }
}

/// The fourteen days alone.
pub(crate) async fn history_rows(
    State(desk): State<Shared>,
    By(viewer, _): By<Operates>,
) -> Response {
    match history(&desk).await {
        Some(history) => {
            let days = charts::day_scale(desk.clock.unix_ms());
            pages::html(StatusCode::OK, &OperationsHistory { history, days })
        }
        None => pages::internal(&desk, Some(&viewer)).await,
    }
}

async fn state(desk: &Shared) -> Option<StateOfAll> {
    let found = desk.data.operations(&desk.hand_over_folder).await.ok()?;
    let backups = desk.backup_folder.clone();
    let newest = tokio::task::spawn_blocking(move || backup::newest(&backups)).await;
    let newest = newest
        .ok()
        .flatten()
        .and_then(|name| backup::made_at(&name));
    Some(StateOfAll {
        clock: in_japan(found.city.now_unix_ms, "%H:%M:%S"),
        facts: facts(&found, newest.as_deref()),
        notices: joined(
            found
                .city
                .alerts
                .iter()
                .map(|one| words::notice(one, &found)),
        ),
        branches: branches::rows(&found),
        counters: counters::rows(&found),
    })
}

/// The same of several counters is told once: after a publication or a cut line there would be a
/// screenful of it. Since when is told where it is the same; the page of each counter has it.
fn joined(notices: impl Iterator<Item = Notice>) -> Vec<Notice> {
    let mut found: Vec<(Notice, Vec<String>)> = Vec::new();
    for notice in notices {
        let same = found.iter_mut().find(|(known, _)| {
            (known.level, &known.what, known.advice) == (notice.level, &notice.what, notice.advice)
        });
        if let Some((known, places)) = same {
            if known.detail != notice.detail {
                known.detail.clear();
            }
            places.push(notice.place);
        } else {
            let place = vec![notice.place.clone()];
            found.push((notice, place));
        }
    }
    let placed = found.into_iter().map(|(mut notice, places)| {
        notice.place = words::places(&places);
        notice
    });
    placed.collect()
}

async fn history(desk: &Shared) -> Option<Vec<HistoryRow>> {
    let now = desk.clock.unix_ms();
    let found = desk.data.line_history().await.ok()?;
    let rows = found.into_iter().map(|one| {
        let ring = Ring::of(one.samples, now);
        HistoryRow {
            device: one.device.to_string(),
            place: one.place,
            share: words::share(ring.share()),
            longest: words::longest_silence(ring.longest_silence()),
            chart: charts::line_strip(&ring),
        }
    });
    Some(rows.collect())
}

fn facts(found: &Operations, backup: Option<&str>) -> Vec<Fact> {
    let fact = |label, value: String, look| Fact { label, value, look };
    let city = &found.city;
    let missing: u64 = city.blobs_missing_in_all();
    let bytes: u64 = city.blobs_missing.values().map(|(_, bytes)| bytes).sum();
    let catalogue = city.published.iter().find(|one| one.name == "catalogue");
    vec![
        fact("審査を待つ届出", format!("{} 件", city.waiting), false),
        fact("引き継ぎ待ち", format!("{} 件", city.to_hand_over), false),
        fact(
            "届いていない署名・書面",
            match missing {
                0 => "0 件".to_owned(),
                _ => format!("{missing} 件・{}", words::bytes(bytes)),
            },
            false,
        ),
        fact(
            "分けて置いた変更",
            format!("{} 件", city.kept_aside),
            city.kept_aside > 0,
        ),
        fact(
            "本庁の空き容量",
            city.disk
                .map_or_else(|| "—".to_owned(), |disk| words::bytes(disk.free_bytes)),
            city.disk.is_some_and(|disk| disk.is_short()),
        ),
        fact(
            "最後のバックアップ",
            backup.unwrap_or("この場所にはない").to_owned(),
            backup.is_none(),
        ),
        fact(
            "控えの本庁",
            city.standby.as_ref().map_or_else(
                || "なし".to_owned(),
                |seen| words::ago(seen.heard_unix_ms, city.now_unix_ms),
            ),
            city.is_standby_silent(),
        ),
        fact(
            "手続きの一覧",
            catalogue.map_or_else(
                || "プログラムに付属の版".to_owned(),
                |one| format!("公開 {} 回", one.version),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(place: &str, what: &str, detail: &str) -> Notice {
        Notice {
            tone: "caution",
            icon: "warning",
            level: "手のあいたときに",
            place: place.to_owned(),
            what: what.to_owned(),
            advice: "確かめてください。",
            detail: detail.to_owned(),
        }
    }

    #[test]
    fn same_of_several_counters_is_told_once() {
        let all = (1..=6).map(|n| notice(&format!("支所　{n}番窓口"), "古いままです。", "a"));
        let other = [notice("支所　1番窓口", "時計が違います。", "b")];
        let told = joined(all.chain(other));
        let places: Vec<_> = told.iter().map(|one| one.place.as_str()).collect();
        assert_eq!(
            places,
            [
                "支所　1番窓口、支所　2番窓口、支所　3番窓口 ほか 3 台",
                "支所　1番窓口"
            ]
        );
        let apart = [notice("一", "古い", "a"), notice("二", "古い", "b")];
        let told = joined(apart.into_iter());
        assert_eq!((told.len(), told[0].detail.as_str()), (1, ""));
    }
}
