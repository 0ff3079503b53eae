//! Filings whose time is over (保存期間の満了と廃棄): what is due, the list two people approve, and
//! the certificate. The pages name nobody: receipt numbers, kinds, offices and days.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use hub_store::{
    APPROVALS, DeletionError, DeletionItem, DeletionRun, DeletionStage, DueFiling, Retention,
};

use super::data::{DataFailed, ListDeed, Names};
use super::pages::{self, Banner, Chip, Frame, icon};
use super::rights::{Approves, By, Either, ReadsLog, Sent};
use super::session::Viewer;
use super::{Shared, labels, texts};
use crate::clock::in_japan;

/// Filings of a list on its page.
const SHOWN_MAX: usize = 1_000;
/// Kinds in a line.
const KINDS_MAX: usize = 40;

type Fields = HashMap<String, String>;

#[derive(Template)]
#[template(path = "deletion.html")]
struct DeletionPage {
    frame: Frame,
    banner: Option<Banner>,
    csrf: String,
    may_decide: bool,
    years: Vec<(String, u16)>,
    due: usize,
    groups: Vec<Group>,
    unfinished: Vec<Line>,
    has_open: bool,
    runs: Vec<RunLine>,
}

#[derive(Template)]
#[template(path = "deletion_list.html")]
struct ListPage {
    frame: Frame,
    banner: Option<Banner>,
    csrf: String,
    run: RunLine,
    list_hash: String,
    may_approve: bool,
    may_change: bool,
    groups: Vec<Group>,
    lines: Vec<Line>,
    more: usize,
}

#[derive(Template)]
#[template(path = "deletion_certificate.html")]
struct CertificatePage {
    frame: Frame,
    run: RunLine,
    closing: bool,
    made: String,
    list_hash: String,
    signature: String,
    years: Vec<(String, u16)>,
    groups: Vec<Group>,
    lines: Vec<Line>,
}

/// How many filings of a kind, and of which days.
struct Group {
    kind: String,
    count: usize,
    first: String,
    last: String,
}

struct RunLine {
    id: i64,
    as_of: String,
    state: Chip,
    prepared: String,
    approvals: Vec<String>,
    filings: u64,
    deleted: u64,
    kept: u64,
    copies_waiting: u64,
    has_certificate: bool,
}

struct Line {
    receipt_number: String,
    kind: String,
    office: String,
    filed_on: String,
    state: Chip,
    fate: String,
}

/// What is due, and every list.
pub(crate) async fn page(
    State(desk): State<Shared>,
    By(viewer, _): By<Either<Approves, ReadsLog>>,
    Query(query): Query<Fields>,
) -> Response {
    let banner = query.get("notice").and_then(|code| texts::deletion(code));
    let today = in_japan(desk.clock.unix_ms(), "%Y-%m-%d");
    let Ok(found) = desk.data.deletions(today).await else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    let names = &found.names;
    let unfinished = found.due.unfinished.iter().take(SHOWN_MAX);
    let page = DeletionPage {
        frame: pages::frame(&desk, Some(&viewer), "/deletion").await,
        banner,
        may_decide: viewer.may_approve(),
        csrf: viewer.csrf,
        years: years(&found.retention),
        due: found.due.filings.len(),
        groups: groups(found.due.filings.iter().map(kind_and_day)),
        unfinished: unfinished.map(|one| due_line(one, names)).collect(),
        has_open: found.runs.iter().any(|run| run.stage.is_open()),
        runs: found.runs.iter().map(|run| run_line(run, names)).collect(),
    };
    pages::html(StatusCode::OK, &page)
}

/// One list with its filings.
pub(crate) async fn list(
    State(desk): State<Shared>,
    By(viewer, _): By<Either<Approves, ReadsLog>>,
    Path(run): Path<i64>,
    Query(query): Query<Fields>,
) -> Response {
    let banner = query.get("notice").and_then(|code| texts::deletion(code));
    let (run, items, names) = match whole(&desk, run).await {
        Ok(Some(found)) => found,
        Ok(None) => return pages::missing(&desk, Some(&viewer)).await,
        Err(DataFailed) => return pages::internal(&desk, Some(&viewer)).await,
    };
    let is_prepared = run.stage == DeletionStage::Prepared;
    let approved_already = run.approvals.iter().any(|(by, _)| *by == viewer.staff);
    let may_change = is_prepared && viewer.may_approve();
    let page = ListPage {
        frame: pages::frame(&desk, Some(&viewer), "/deletion").await,
        banner,
        csrf: viewer.csrf,
        list_hash: hex(&run.list_hash),
        may_approve: may_change && !approved_already,
        may_change,
        groups: groups(
            items
                .iter()
                .map(|one| (one.kind.as_str(), one.filed_on.as_str())),
        ),
        more: items.len().saturating_sub(SHOWN_MAX),
        lines: items
            .iter()
            .take(SHOWN_MAX)
            .map(|one| item_line(one, &names))
            .collect(),
        run: run_line(&run, &names),
    };
    pages::html(StatusCode::OK, &page)
}

/// The certificate as a page to print.
pub(crate) async fn certificate(
    State(desk): State<Shared>,
    By(viewer, _): By<Either<Approves, ReadsLog>>,
    Path(run): Path<i64>,
) -> Response {
    let signed = desk.data.deletion_certificate(run).await;
    let (signed, found) = match (signed, whole(&desk, run).await) {
        (Ok(Some(signed)), Ok(Some(found))) => (signed, found),
        (Ok(_), Ok(_)) => return pages::missing(&desk, Some(&viewer)).await,
        (Err(DataFailed), _) | (_, Err(DataFailed)) => {
            return pages::internal(&desk, Some(&viewer)).await;
        }
    };
    let (run, items, names) = found;
    let text: serde_json::Value = serde_json::from_slice(&signed.text).unwrap_or_default();
    let made = text.pointer("/head_office/finished_unix_ms");
    let made = made.and_then(serde_json::Value::as_u64).unwrap_or_default();
    let gone = items.iter().filter(|one| one.deleted_unix_ms.is_some());
    let page = CertificatePage {
        frame: pages::frame(&desk, Some(&viewer), "/deletion").await,
        closing: signed.closing,
        made: moment(made),
        list_hash: hex(&run.list_hash),
        signature: hex(&signed.signature),
        years: years(&run.retention),
        groups: groups(gone.map(|one| (one.kind.as_str(), one.filed_on.as_str()))),
        lines: items.iter().map(|one| item_line(one, &names)).collect(),
        run: run_line(&run, &names),
    };
    pages::html(StatusCode::OK, &page)
}

/// The certificate as it was signed.
pub(crate) async fn certificate_file(
    State(desk): State<Shared>,
    By(viewer, _): By<Either<Approves, ReadsLog>>,
    Path(run): Path<i64>,
) -> Response {
    match desk.data.deletion_certificate(run).await {
        Ok(Some(found)) => (
            [
                (header::CONTENT_TYPE, "application/json".to_owned()),
                (
                    header::CONTENT_DISPOSITION,
                    format!("attachment; filename=\"deletion-{run}.json\""),
                ),
            ],
            found.text,
        )
            .into_response(),
        Ok(None) => pages::missing(&desk, Some(&viewer)).await,
        Err(DataFailed) => pages::internal(&desk, Some(&viewer)).await,
    }
}

/// Makes a list.
pub(crate) async fn prepare(
    State(desk): State<Shared>,
    Sent { viewer, .. }: Sent<Approves>,
) -> Response {
    let today = in_japan(desk.clock.unix_ms(), "%Y-%m-%d");
    act(&desk, &viewer, ListDeed::Prepare { today }, "prepared").await
}

/// Approves a list.
pub(crate) async fn approve(
    State(desk): State<Shared>,
    Path(run): Path<i64>,
    Sent { viewer, fields, .. }: Sent<Approves>,
) -> Response {
    let looked_at = fields.get("list").and_then(|text| unhex(text));
    // What is no hash is no list anybody looked at.
    let list_hash = looked_at.unwrap_or_default();
    act(
        &desk,
        &viewer,
        ListDeed::Approve { run, list_hash },
        "approved",
    )
    .await
}

/// Takes a filing off a list.
pub(crate) async fn keep(
    State(desk): State<Shared>,
    Path(run): Path<i64>,
    Sent { viewer, fields, .. }: Sent<Approves>,
) -> Response {
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let deed = ListDeed::Keep {
        run,
        receipt_number: field("number"),
        reason: field("reason"),
    };
    act(&desk, &viewer, deed, "kept").await
}

/// Gives a list up.
pub(crate) async fn give_up(
    State(desk): State<Shared>,
    Path(run): Path<i64>,
    Sent { viewer, .. }: Sent<Approves>,
) -> Response {
    act(&desk, &viewer, ListDeed::Drop { run }, "dropped").await
}

async fn act(desk: &Shared, viewer: &Viewer, deed: ListDeed, done: &str) -> Response {
    let about = match &deed {
        ListDeed::Prepare { .. } => None,
        ListDeed::Approve { run, .. } | ListDeed::Keep { run, .. } | ListDeed::Drop { run } => {
            Some(*run)
        }
    };
    let (run, code) = match desk.data.list_deed(viewer.staff.clone(), deed).await {
        Ok(Ok(run)) => (Some(run), done),
        Ok(Err(refused)) => {
            let Some(code) = refusal(&refused) else {
                tracing::error!(event = "deletion_refused", error = %refused, "a list was not changed");
                return pages::internal(desk, Some(viewer)).await;
            };
            (about, code)
        }
        Err(DataFailed) => return pages::internal(desk, Some(viewer)).await,
    };
    let place = run.map_or_else(|| "/deletion".to_owned(), |run| format!("/deletion/{run}"));
    Redirect::to(&format!("{place}?notice={code}")).into_response()
}

/// The word for what to tell; `None` for faults.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else goes wrong is a fault"
)]
fn refusal(refused: &DeletionError) -> Option<&'static str> {
    match refused {
        DeletionError::NothingDue => Some("nothing-due"),
        DeletionError::RunOpen => Some("run-open"),
        DeletionError::NoRun => Some("no-run"),
        DeletionError::ListChanged => Some("list-changed"),
        DeletionError::SamePerson => Some("same-person"),
        DeletionError::NoReason => Some("no-reason"),
        DeletionError::RoleMissing => Some("role-missing"),
        _ => None,
    }
}

/// A list, its filings and the names of people and offices.
async fn whole(
    desk: &Shared,
    run: i64,
) -> Result<Option<(DeletionRun, Vec<DeletionItem>, Names)>, DataFailed> {
    let today = in_japan(desk.clock.unix_ms(), "%Y-%m-%d");
    let found = desk.data.deletions(today).await?;
    let Some(about) = found.runs.into_iter().find(|one| one.id == run) else {
        return Ok(None);
    };
    let items = desk.data.deletion_items(run, usize::MAX).await?;
    Ok(Some((about, items, found.names)))
}

fn years(retention: &Retention) -> Vec<(String, u16)> {
    let named = retention
        .kinds
        .iter()
        .map(|(kind, years)| (labels::event_type(kind), *years));
    let others = (texts::OTHER_KINDS.to_owned(), retention.others);
    named.take(KINDS_MAX).chain([others]).collect()
}

fn kind_and_day(filing: &DueFiling) -> (&str, &str) {
    (&filing.kind, &filing.filed_on)
}

fn groups<'a>(filings: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Group> {
    let mut found: BTreeMap<&str, (usize, &str, &str)> = BTreeMap::new();
    for (kind, day) in filings {
        let entry = found.entry(kind).or_insert((0, day, day));
        *entry = (entry.0 + 1, entry.1.min(day), entry.2.max(day));
    }
    let group = |(kind, (count, first, last)): (&str, (usize, &str, &str))| Group {
        kind: labels::event_type(kind),
        count,
        first: labels::date(first),
        last: labels::date(last),
    };
    found.into_iter().map(group).collect()
}

fn run_line(run: &DeletionRun, names: &Names) -> RunLine {
    let state = match run.stage {
        DeletionStage::Prepared => {
            let left = APPROVALS.saturating_sub(run.approvals.len());
            Chip::new(
                "chip-info",
                "schedule",
                format!("承認待ち（あと {left} 人）"),
            )
        }
        DeletionStage::Approved | DeletionStage::Overwritten => {
            Chip::new("chip-info", "sync", "廃棄しています")
        }
        DeletionStage::Certified => {
            Chip::new("chip-info", "sync", "本庁は完了・窓口の控えを消去中")
        }
        DeletionStage::Closed => Chip::new("chip-done", "check", "完了"),
        DeletionStage::Dropped => Chip::new("", "block", "取りやめ"),
    };
    let said = |(by, at): &(counter_domain::ids::StaffId, u64)| {
        format!("{}　{}", names.staff(by), moment(*at))
    };
    RunLine {
        id: run.id,
        as_of: labels::date(&run.as_of),
        state,
        prepared: said(&(run.prepared_by.clone(), run.prepared_unix_ms)),
        approvals: run.approvals.iter().map(said).collect(),
        filings: run.filings,
        deleted: run.deleted,
        kept: run.kept,
        copies_waiting: run.copies_waiting,
        has_certificate: matches!(run.stage, DeletionStage::Certified | DeletionStage::Closed),
    }
}

fn due_line(filing: &DueFiling, names: &Names) -> Line {
    Line {
        receipt_number: filing.receipt_number.clone(),
        kind: labels::event_type(&filing.kind),
        office: names.branch(&filing.branch),
        filed_on: labels::date(&filing.filed_on),
        state: labels::state(filing.state),
        fate: String::new(),
    }
}

fn item_line(item: &DeletionItem, names: &Names) -> Line {
    let fate = match (&item.deleted_unix_ms, &item.kept) {
        (Some(at), _) => format!("廃棄　{}", moment(*at)),
        (None, Some((why, by))) => format!("残す：{why}（{}）", names.staff(by)),
        (None, None) => String::new(),
    };
    Line {
        receipt_number: item.receipt_number.clone(),
        kind: labels::event_type(&item.kind),
        office: names.branch(&item.branch),
        filed_on: labels::date(&item.filed_on),
        state: labels::state(item.state),
        fate,
    }
}

fn moment(unix_ms: u64) -> String {
    let day = labels::date(&in_japan(unix_ms, "%Y-%m-%d"));
    format!("{day} {}", in_japan(unix_ms, "%H:%M"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect::<Option<_>>()?;
    digits.try_into().ok()
}
