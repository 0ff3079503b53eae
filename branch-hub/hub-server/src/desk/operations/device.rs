//! The page of one counter: everything it told, and fourteen days of it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use counter_domain::ids::DeviceId;
use hub_store::{CLOCK_LOOK_MS, CounterState, DeviceSample, datasets_behind};

use super::super::Shared;
use super::super::data::Operations;
use super::super::pages::{self, Chip, Frame, icon};
use super::super::rights::{By, Operates};
use super::Notice;
use super::charts::{self, Join, Ring};
use super::counters::{self, Mark};
use super::words::{self, NONE};
use crate::clock::in_japan;

#[derive(Template)]
#[template(path = "operations_device.html")]
struct DevicePage {
    frame: Frame,
    place: String,
    device: String,
    line: Chip,
    notices: Vec<Notice>,
    facts: Vec<(&'static str, Mark)>,
    datasets: Vec<DatasetRow>,
    drawings: Vec<Drawing>,
    days: String,
}

struct DatasetRow {
    name: String,
    there: String,
    newest: String,
    since: String,
    behind: bool,
}

struct Drawing {
    title: &'static str,
    scale: String,
    svg: String,
}

pub(crate) async fn page(
    State(desk): State<Shared>,
    By(viewer, _): By<Operates>,
    Path(device): Path<String>,
) -> Response {
    let Ok(found) = desk.data.operations(&desk.hand_over_folder).await else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    let fleet = &found.city.fleet;
    let Some(one) = fleet
        .iter()
        .find(|one| one.device.device.to_string() == device)
    else {
        return pages::missing(&desk, Some(&viewer)).await;
    };
    let Ok(samples) = desk.data.samples(one.device.device).await else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    let ring = Ring::of(samples, found.city.now_unix_ms);
    let branch = found.names.branch(&one.device.branch);
    let page = DevicePage {
        frame: pages::frame(&desk, Some(&viewer), "/operations").await,
        place: format!("{branch}　{}", one.device.name),
        device,
        line: words::line(one.line),
        notices: notices(one.device.device, &found),
        facts: facts(one, &found),
        datasets: datasets(one, &found),
        drawings: drawings(&ring),
        days: charts::day_scale(found.city.now_unix_ms),
    };
    pages::html(StatusCode::OK, &page)
}

fn notices(device: DeviceId, found: &Operations) -> Vec<Notice> {
    let own = found.city.alerts.iter().filter(|one| one.device == device);
    own.map(|one| words::notice(one, found)).collect()
}

fn facts(one: &CounterState, found: &Operations) -> Vec<(&'static str, Mark)> {
    let now = found.city.now_unix_ms;
    let plain = |text: String| Mark { text, look: false };
    let moment = |ms: u64| {
        format!(
            "{}（{}）",
            in_japan(ms, "%-m月%-d日 %H:%M:%S"),
            words::ago(ms, now)
        )
    };
    let contact = one.contact.as_ref();
    let told = one.report.as_ref();
    let report = told.map(|told| &told.report);
    let or_none = |text: Option<String>| plain(text.unwrap_or_else(|| NONE.to_owned()));
    vec![
        (
            "最後の連絡",
            or_none(contact.map(|one| moment(one.unix_ms))),
        ),
        (
            "窓口の報告",
            or_none(told.map(|told| moment(told.received_unix_ms))),
        ),
        ("本庁へ待ち", plain(counters::to_come(one))),
        ("窓口へ待ち", plain(counters::to_go(one, found))),
        ("時計のずれ", counters::clock(one)),
        ("空き容量", counters::disk(one)),
        (
            "データベース",
            or_none(report.map(|report| words::bytes(report.database_bytes))),
        ),
        (
            "証明書",
            or_none(report.and_then(|report| {
                let until = report.certificate_until_unix_ms?;
                Some(format!("{}まで", in_japan(until, "%Y年%-m月%-d日")))
            })),
        ),
        (
            "同じ支所の窓口",
            or_none(report.map(|report| format!("{} 台とつながっています", report.neighbours))),
        ),
        ("止めた装置の一覧", counters::list(one, found)),
        (
            "プログラムの版",
            or_none(contact.and_then(|contact| contact.program.clone())),
        ),
        (
            "表・電文の版",
            or_none(contact.map(|contact| format!("{}・{}", contact.schema, contact.protocol))),
        ),
    ]
}

fn datasets(one: &CounterState, found: &Operations) -> Vec<DatasetRow> {
    let Some(told) = &one.report else {
        return Vec::new();
    };
    let behind = datasets_behind(&told.report, &found.city.published);
    let row = |newest: &replica::DatasetAge| {
        let held = told.report.dataset(&newest.name);
        let since = held.and_then(|held| held.since_unix_ms);
        DatasetRow {
            name: words::dataset(&newest.name),
            there: held.map_or_else(
                || "まだない".to_owned(),
                |held| format!("第 {} 版", held.version),
            ),
            newest: format!("第 {} 版", newest.version),
            since: since.map_or_else(
                || NONE.to_owned(),
                |ms| in_japan(ms, "%-m月%-d日 %H:%M から"),
            ),
            behind: behind.iter().any(|one| one.name == newest.name),
        }
    };
    found.city.published.iter().map(row).collect()
}

fn drawings(ring: &Ring) -> Vec<Drawing> {
    let whole = |figure: u64| i64::try_from(figure).ok();
    let share = words::share(ring.share());
    let silence = words::longest_silence(ring.longest_silence());
    let waiting = charts::figures(
        ring,
        "14日間の、本庁へ待っていた変更の件数",
        |one| i64::try_from(one.to_come).ok(),
        Join::Most,
        0,
    );
    let disk = charts::figures(
        ring,
        "14日間の、窓口の空き容量",
        |one| i64::try_from(one.disk_free_mib?).ok(),
        Join::Least,
        0,
    );
    let clock = charts::figures(
        ring,
        "14日間の、窓口の時計のずれ",
        |one: &DeviceSample| one.clock_ahead_ms,
        Join::Farthest,
        i64::try_from(CLOCK_LOOK_MS).unwrap_or(0),
    );
    let mib = |figure: Option<i64>| {
        let bytes = figure.and_then(|mib| u64::try_from(mib).ok());
        bytes.map_or_else(|| NONE.to_owned(), |mib| words::bytes(mib << 20))
    };
    vec![
        Drawing {
            title: "回線",
            scale: format!("つながっていた割合 {share}・いちばん長い無応答 {silence}"),
            svg: charts::line_strip(ring),
        },
        Drawing {
            title: "本庁へ待っていた変更",
            scale: format!("最大 {} 件", waiting.most.or(whole(0)).unwrap_or(0)),
            svg: waiting.svg,
        },
        Drawing {
            title: "空き容量",
            scale: format!("最小 {}・最大 {}", mib(disk.least), mib(disk.most)),
            svg: disk.svg,
        },
        Drawing {
            title: "時計のずれ（線より上は進み、下は遅れ）",
            scale: format!(
                "{} 〜 {}",
                words::offset(clock.least),
                words::offset(clock.most)
            ),
            svg: clock.svg,
        },
    ]
}
