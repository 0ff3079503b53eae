//! What the people see who look after the machines: on the page, at a terminal, in monitoring.

use std::collections::BTreeSet;

use counter_domain::ids::{BranchCode, DeviceId};
use device_health::{DatasetHeld, DeviceReport, DiskSpace, KeptAside, Waiting};
use sync_engine::{Peer, PeerRole, Store as _};

use super::stage::{Browser, Stage};
use crate::city_health::CityHealth;
use crate::clock::Clock;
use crate::figures;
use crate::standby::Seen;

#[path = "../../../../../sync/device-health/tests/strict/reader.rs"]
mod strict;

const DEVICE: DeviceId = DeviceId([1; 16]);
const MANUAL: &str = include_str!("../../../../../docs/operations/monitoring.md");
const RULES: &str = include_str!("../../../../../docs/operations/alerts.yaml");

fn report() -> DeviceReport {
    DeviceReport {
        to_send: Waiting {
            records: 0,
            record_bytes: 0,
            blobs: 2,
            blob_bytes: 1_260_000,
            at_least: false,
        },
        kept_aside: vec![KeptAside {
            reason: "document malformed".to_owned(),
            since_unix_ms: 1_795_222_800_000,
            records: 3,
        }],
        datasets: vec![DatasetHeld {
            name: "staff".to_owned(),
            version: 1,
            since_unix_ms: Some(1_795_222_800_000),
        }],
        disk: Some(DiskSpace {
            free_bytes: 150 << 20,
            total_bytes: 60_000_000_000,
        }),
        certificate_until_unix_ms: Some(1_803_000_000_000),
        confirmed_unix_ms: Some(1_795_222_800_000),
        ..DeviceReport::default()
    }
}

/// A counter of branch 07 that is enrolled, was heard with a wrong clock, and told how it is.
fn told(stage: &Stage) {
    let mut hub = stage.hub.lock().unwrap();
    let branch = BranchCode::from("07");
    let code = hub.issue_enrolment_code(&branch, "2番窓口", 1000).unwrap();
    hub.redeem_enrolment_code(&code, DEVICE, [5; 32]).unwrap();
    hub.note_contact(DEVICE, Some("0.1.0")).unwrap();
    let hello = sync_protocol::Hello {
        version_min: 1,
        version_current: 2,
        schema_version: replica::SCHEMA_VERSION,
        site: sync_protocol::SiteId(DEVICE.0),
        vector: [(sync_protocol::SiteId(DEVICE.0), 12)].into(),
        subscriptions: Vec::new(),
        unix_ms: 1_795_222_800_000 - 125_000,
        hlc: 0,
    };
    let peer = Peer {
        site: hello.site,
        branch: "07".to_owned(),
        role: PeerRole::Counter,
    };
    hub.heard_hello(&peer, &hello).unwrap();
    hub.publish("devices", b"{}", |_| vec![1]).unwrap();
    hub.note_report(DEVICE, &report()).unwrap();
    hub.take_samples().unwrap();
}

async fn shown(browser: &mut Browser, path: &str, texts: &[&str]) {
    let page = browser.get(path).await;
    for text in texts {
        assert!(
            page.text().contains(text),
            "{text} on {path}: {}",
            page.text()
        );
    }
}

#[tokio::test]
async fn operations_page_tells_what_waits_and_what_needs_somebody() {
    let stage = Stage::set();
    told(&stage);
    let mut browser = stage.signed_in("u0901").await;
    let everywhere = [
        "変更 12 件・書面 2 件・1.2 MB",
        "2 分遅れ",
        "157.2 MB",
        "まだない",
        "1 / 1 台",
        "今日のうちに",
        "窓口の空き容量が少なくなっています（残り 150 MiB）",
        "取り込めずに分けて置いています",
        "document malformed",
    ];
    shown(&mut browser, "/operations", &everywhere).await;
    shown(&mut browser, "/operations/rows", &everywhere).await;
    shown(
        &mut browser,
        "/operations/history",
        &["つながっていた割合 100.0 %", "2番窓口", "11/20"],
    )
    .await;
}

#[tokio::test]
async fn page_of_a_counter_draws_its_fourteen_days() {
    let stage = Stage::set();
    told(&stage);
    let path = format!("/operations/{DEVICE}");
    let mut browser = stage.signed_in("u0901").await;
    let texts = [
        "北部市民センター",
        "最大 12 件",
        "2 分遅れ 〜 2 分遅れ",
        "止めた装置の一覧",
        "まだない",
        "職員",
        "2027年2月19日まで",
        r#"class="figure""#,
    ];
    shown(&mut browser, &path, &texts).await;
    let page = browser.get(&path).await;
    for inline in ["<script>", " style=", "http://", "https://"] {
        assert!(!page.text().contains(inline), "{inline}");
    }
    let nobody = browser.get("/operations/00").await;
    assert_eq!(nobody.status, axum::http::StatusCode::NOT_FOUND);
    let reviewer = stage.signed_in("u0101").await.get(&path).await;
    assert_eq!(reviewer.status, axum::http::StatusCode::FORBIDDEN);
}

/// Names of figures in a text: between back-quotes, or anywhere in the rules.
fn names_in(text: &str) -> BTreeSet<&str> {
    let name = |one: char| !(one.is_ascii_alphanumeric() || one == '_');
    text.split(name)
        .filter(|word| word.starts_with("todoke_hub_"))
        .collect()
}

fn page(stage: &Stage) -> String {
    let clock = Clock::new(|| 1_795_222_800_000);
    let disk = Some(DiskSpace {
        free_bytes: 1,
        total_bytes: 2,
    });
    let mut city = CityHealth::of(&stage.hub.lock().unwrap(), &clock, disk).unwrap();
    city.standby = Some(Seen {
        device: DeviceId([9; 16]),
        heard_unix_ms: 1_795_222_799_000,
        behind_bytes: 4120,
    });
    figures::page(&city, Some(1_795_000_000_000)).into_text()
}

#[test]
fn every_figure_is_in_the_manual_and_every_figure_of_the_manual_is_there() {
    let mut stage = Stage::set();
    told(&stage);
    stage.submitted_by("u0312");
    let text = page(&stage);
    let figures: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    assert_eq!(figures, names_in(MANUAL));
    let rules = names_in(RULES);
    assert!(rules.is_subset(&figures), "{rules:?}");
    let valued: BTreeSet<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect();
    let without: Vec<_> = figures.difference(&valued).collect();
    assert_eq!(without, [&"todoke_hub_blobs_missing"], "all blobs are here");
}

#[test]
fn figures_tell_both_directions_and_name_nobody() {
    let stage = Stage::set();
    told(&stage);
    let text = page(&stage);
    let labels = r#"branch="07",device="01010101010101010101010101010101""#;
    for line in [
        format!(r#"todoke_hub_counter_waiting_records{{{labels},direction="in"}} 12"#),
        format!(r#"todoke_hub_counter_waiting_blobs{{{labels},direction="in"}} 2"#),
        format!("todoke_hub_counter_clock_offset_seconds{{{labels}}} -125.000"),
        format!("todoke_hub_counter_disk_free_bytes{{{labels}}} 157286400"),
        format!("todoke_hub_counter_quarantined_batches{{{labels}}} 1"),
        format!(r#"todoke_hub_counter_dataset_versions_behind{{{labels},dataset="devices"}} 1"#),
        r#"todoke_hub_alerts{level="act"} 2"#.to_owned(),
    ] {
        assert!(text.contains(&line), "{line} in {text}");
    }
    assert!(text.is_ascii(), "no name of a place or person: {text}");
}

/// Labels are codes and names of data; never words that somebody typed, and nothing long enough to
/// be about a person.
#[test]
fn page_is_strictly_in_the_format_and_its_labels_are_codes() {
    let mut stage = Stage::set();
    told(&stage);
    stage.submitted_by("u0312");
    let found = strict::read(&page(&stage));
    assert!(found.len() > 30, "{}", found.len());
    for (name, labels) in found.keys() {
        for (label, value) in labels {
            let known = match label.as_str() {
                "branch" => value.len() == 2 && value.bytes().all(|one| one.is_ascii_digit()),
                "device" => value.len() == 32 && value.bytes().all(|one| one.is_ascii_hexdigit()),
                "direction" => matches!(value.as_str(), "in" | "out"),
                "level" => matches!(value.as_str(), "act" | "look"),
                "dataset" => value
                    .bytes()
                    .all(|one| one.is_ascii_lowercase() || one == b'-'),
                "version" | "schema" => {
                    value.bytes().all(|one| one.is_ascii_digit() || one == b'.')
                }
                _ => false,
            };
            assert!(known, "{name}: {label}={value}");
        }
    }
}
