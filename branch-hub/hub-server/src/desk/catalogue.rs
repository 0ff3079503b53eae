//! The rule workbench as a page: editions, prepared copies, what a copy changes, publishing.
//! Administrators only; nothing on it is about a person.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use counter_guide::check::Finding;
use counter_guide::compare::{CaseCounts, HouseholdChange, ProcedureChange};
use counter_guide::{Edition, Shelf};
use jiff::civil::Date;

use super::pages::{self, Banner, Chip, Frame, icon};
use super::rights::{By, Operates, Sent};
use super::session::Viewer;
use super::{Shared, labels, texts};
use crate::catalogue::{
    CASE_DAYS, CASES_AT_ONCE, Draft, NewEdition, PublishRefused, RealCases, Trial, day_in_japan,
    in_force, shelf, try_out,
};

type Fields = HashMap<String, String>;

/// Mistakes a page names; the rest are counted.
const FINDINGS_MAX: usize = 200;
/// Golden households a page names; the rest are counted.
const HOUSEHOLDS_MAX: usize = 100;

#[derive(Template)]
#[template(path = "catalogue.html")]
struct CataloguePage {
    frame: Frame,
    banner: Option<Banner>,
    csrf: String,
    editions: Vec<EditionRow>,
    drafts: Vec<String>,
    today: String,
}

struct EditionRow {
    number: u64,
    title: String,
    state: Chip,
    from: String,
    published: String,
    note: String,
    mark: String,
    /// It can be published again.
    again: bool,
}

#[derive(Template)]
#[template(path = "catalogue_trial.html")]
struct TrialPage {
    frame: Frame,
    csrf: String,
    draft: String,
    fingerprint: String,
    against: String,
    findings: Vec<Finding>,
    findings_more: usize,
    readable: bool,
    procedures: Vec<ProcedureRow>,
    households_seen: usize,
    households: Vec<HouseholdChange>,
    households_more: usize,
    households_changed: usize,
    cases: CaseCounts,
    days: u64,
    today: String,
}

struct ProcedureRow {
    change: ProcedureChange,
    what: String,
}

/// The editions and the prepared copies.
pub(crate) async fn page(
    State(desk): State<Shared>,
    By(viewer, _): By<Operates>,
    Query(query): Query<Fields>,
) -> Response {
    let banner = query.get("notice").and_then(|code| texts::catalogue(code));
    list(&desk, &viewer, banner).await
}

async fn list(desk: &Shared, viewer: &Viewer, banner: Option<Banner>) -> Response {
    let Some((shelf, today)) = shelf_and_day(desk).await else {
        return pages::internal(desk, Some(viewer)).await;
    };
    let bench = Arc::clone(&desk.workbench);
    let drafts = tokio::task::spawn_blocking(move || bench.drafts()).await;
    let page = CataloguePage {
        frame: pages::frame(desk, Some(viewer), "/catalogue").await,
        banner,
        csrf: viewer.csrf.clone(),
        editions: rows(&shelf, today),
        drafts: drafts.unwrap_or_default(),
        today: today.to_string(),
    };
    pages::html(StatusCode::OK, &page)
}

async fn shelf_and_day(desk: &Shared) -> Option<(Shelf, Date)> {
    let today = day_in_japan(desk.clock.unix_ms()).ok()?;
    let found = desk.data.run(|store| shelf(store)).await.ok()?;
    let shelf = found.inspect_err(
        |error| tracing::error!(event = "catalogue_unreadable", %error, "the catalogue"),
    );
    Some((shelf.ok()?, today))
}

fn rows(shelf: &Shelf, today: Date) -> Vec<EditionRow> {
    let now = in_force(shelf, today).number;
    let bundled = Edition::bundled();
    let all = shelf.editions().iter().rev().chain([&bundled]);
    all.map(|one| EditionRow {
        number: one.number,
        title: texts::edition(one.number),
        state: match one.valid_from {
            _ if one.number == now => Chip::new("chip-done", "check", "いま有効"),
            Some(from) if from > today => Chip::new("chip-info", "schedule", "これから"),
            Some(_) | None => Chip::new("", "history", "以前の版"),
        },
        from: day(one.valid_from),
        published: day(one.published_on),
        note: one.note.clone(),
        mark: one.fingerprint().chars().take(12).collect(),
        again: one.number != now && one.valid_from.is_none_or(|from| from <= today),
    })
    .collect()
}

fn day(day: Option<Date>) -> String {
    day.map_or_else(|| "—".to_owned(), |day| labels::date(&day.to_string()))
}

/// What a prepared copy changes.
pub(crate) async fn trial(
    State(desk): State<Shared>,
    By(viewer, _): By<Operates>,
    Query(query): Query<Fields>,
) -> Response {
    let name = query.get("draft").cloned().unwrap_or_default();
    let draft = match read_draft(&desk, &name).await {
        Ok(draft) => draft,
        Err(answer) => return list(&desk, &viewer, Some(answer)).await,
    };
    let Some((shelf, today)) = shelf_and_day(&desk).await else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    let Some(cases) = real_cases(&desk).await else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    // The evaluation holds neither the store nor an async thread.
    let tried = tokio::task::spawn_blocking(move || {
        let trial = try_out(&in_force(&shelf, today), &draft, &cases)?;
        anyhow::Ok((trial, draft.fingerprint()))
    });
    let Ok(Ok((trial, fingerprint))) = tried.await else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    let mut page = trial_page(trial);
    page.frame = pages::frame(&desk, Some(&viewer), "/catalogue").await;
    page.csrf = viewer.csrf;
    page.draft = name;
    page.fingerprint = fingerprint;
    page.today = today.to_string();
    pages::html(StatusCode::OK, &page)
}

/// Last month's cases, a few at a time: the counters' end waits for the same store.
async fn real_cases(desk: &Shared) -> Option<RealCases> {
    let now = desk.clock.unix_ms();
    let ids = desk.data.run(|store| RealCases::ids(store)).await.ok()?;
    let mut found = RealCases::default();
    for some in ids.ok()?.chunks(CASES_AT_ONCE) {
        let some = some.to_vec();
        let more = desk
            .data
            .run(move |store| {
                let mut more = RealCases::default();
                more.take(store, &some, now, CASE_DAYS).map(|()| more)
            })
            .await;
        let more = more.ok()?.ok()?;
        found.facts.extend(more.facts);
        found.left_out += more.left_out;
    }
    Some(found)
}

fn trial_page(mut trial: Trial) -> TrialPage {
    let findings_more = trial.findings.len().saturating_sub(FINDINGS_MAX);
    trial.findings.truncate(FINDINGS_MAX);
    let readable = trial.comparison.is_some();
    let mut comparison = trial.comparison.unwrap_or_default();
    let households_changed = comparison.households.len();
    comparison.households.truncate(HOUSEHOLDS_MAX);
    let procedures = comparison.procedures.into_iter();
    TrialPage {
        frame: Frame {
            city: String::new(),
            user: None,
        },
        csrf: String::new(),
        draft: String::new(),
        fingerprint: String::new(),
        against: texts::edition(trial.against),
        findings: trial.findings,
        findings_more,
        readable,
        procedures: procedures
            .map(|change| ProcedureRow {
                what: change.what_ja(),
                change,
            })
            .collect(),
        households_seen: comparison.households_seen,
        households: comparison.households,
        households_more: households_changed.saturating_sub(HOUSEHOLDS_MAX),
        households_changed,
        cases: comparison.cases,
        days: CASE_DAYS,
        today: String::new(),
    }
}

async fn read_draft(desk: &Shared, name: &str) -> Result<Draft, Banner> {
    let Some(folder) = desk.workbench.draft_folder(name) else {
        return Err(texts::no_draft());
    };
    let read = tokio::task::spawn_blocking(move || Draft::read(&folder)).await;
    match read {
        Ok(Ok(draft)) => Ok(draft),
        Ok(Err(error)) => {
            tracing::warn!(event = "draft_unreadable", %error, "a prepared copy");
            Err(texts::no_draft())
        }
        Err(_) => Err(texts::no_draft()),
    }
}

/// Writes an edition into a new prepared copy.
pub(crate) async fn prepare(
    State(desk): State<Shared>,
    Sent { viewer, fields, .. }: Sent<Operates>,
) -> Response {
    let Some((shelf, today)) = shelf_and_day(&desk).await else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    let name = fields.get("name").map(|name| name.trim().to_owned());
    let name = name.unwrap_or_default();
    let bench = Arc::clone(&desk.workbench);
    let done = tokio::task::spawn_blocking(move || bench.prepare(&name, &in_force(&shelf, today)));
    let code = match done.await {
        Ok(Ok(_)) => "prepared",
        Ok(Err(error)) => {
            tracing::warn!(event = "copy_refused", %error, "no copy was made");
            "not-prepared"
        }
        Err(_) => return pages::internal(&desk, Some(&viewer)).await,
    };
    Redirect::to(&format!("/catalogue?notice={code}")).into_response()
}

/// Publishes a prepared copy as it was looked at, or an earlier edition again.
pub(crate) async fn publish(
    State(desk): State<Shared>,
    Sent { viewer, fields, .. }: Sent<Operates>,
) -> Response {
    let Some((shelf, today)) = shelf_and_day(&desk).await else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    let field = |name: &str| fields.get(name).map_or("", |text| text.trim());
    let Ok(valid_from) = field("from").parse::<Date>() else {
        return list(&desk, &viewer, Some(texts::no_day())).await;
    };
    let edition = match field("again").parse::<u64>() {
        Ok(0) => Some(Edition::bundled()),
        Ok(number) => shelf.edition(number).cloned(),
        Err(_) => match read_draft(&desk, field("draft")).await {
            Ok(draft) if draft.fingerprint() == field("fingerprint") => Some(draft.edition()),
            Ok(_) => return list(&desk, &viewer, Some(texts::draft_changed())).await,
            Err(answer) => return list(&desk, &viewer, Some(answer)).await,
        },
    };
    let Some(edition) = edition else {
        return pages::missing(&desk, Some(&viewer)).await;
    };
    let new = NewEdition {
        files: edition.files,
        valid_from,
        note: field("note").to_owned(),
    };
    let (bench, by) = (Arc::clone(&desk.workbench), viewer.staff.clone());
    let done = desk
        .data
        .run(move |store| bench.publish(store, &by, new, today))
        .await;
    answer(&desk, &viewer, done.ok()).await
}

async fn answer(
    desk: &Shared,
    viewer: &Viewer,
    done: Option<Result<u64, PublishRefused>>,
) -> Response {
    let banner = match done {
        Some(Ok(_)) => return Redirect::to("/catalogue?notice=published").into_response(),
        Some(Err(PublishRefused::PastDay(_))) => texts::past_day(),
        Some(Err(PublishRefused::Same(number))) => texts::same_edition(number),
        Some(Err(PublishRefused::TooMany)) => texts::too_many_editions(),
        Some(Err(PublishRefused::Note)) => texts::long_note(),
        Some(Err(PublishRefused::Catalogue(_) | PublishRefused::Empty)) => texts::broken_draft(),
        Some(Err(PublishRefused::Failed(error))) => {
            tracing::error!(event = "publish_failed", %error, "the catalogue was not published");
            return pages::internal(desk, Some(viewer)).await;
        }
        None => return pages::internal(desk, Some(viewer)).await,
    };
    list(desk, viewer, Some(banner)).await
}
