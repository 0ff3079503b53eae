//! An edited form before it is published: what stands in its way, last month's filings on it, and its
//! pages beside the version in force.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use counter_forms::resident_move::City;
use counter_forms::{FormFolder, FormMeta, Forms};

use super::super::pages::{self, Frame, icon};
use super::super::rights::{By, Operates};
use super::super::{Shared, form_texts, labels};
use super::looks::{SampleTab, compared_pages, kind_of, tabs};
use super::{Fields, Known, known, list};
use crate::catalogue::{CASE_DAYS, CASES_AT_ONCE, RealCases};
use crate::form_drafts::{
    CaseTrial, RealFilings, SHEETS_MAX, Trial, fingerprint, try_cases, try_out,
};

#[derive(Template)]
#[template(path = "form_trial.html")]
struct TrialPage {
    frame: Frame,
    csrf: String,
    draft: String,
    fingerprint: String,
    title: String,
    facts: Vec<Fact>,
    findings: Vec<(String, String)>,
    refused: Option<String>,
    /// Things to put right.
    count: usize,
    cases: Option<CaseTrial>,
    days: u64,
    sheets_max: usize,
    tabs: Vec<SampleTab>,
    sample: &'static str,
    sheets: Vec<Sheet>,
    tomorrow: String,
}

/// What a form says about itself, before and after.
struct Fact {
    label: &'static str,
    before: String,
    now: String,
}

struct Sheet {
    index: usize,
    number: usize,
    differs: bool,
}

/// The page; `cases` in its address tries last month's filings too.
pub(crate) async fn page(
    State(desk): State<Shared>,
    By(viewer, _): By<Operates>,
    Query(query): Query<Fields>,
) -> Response {
    let name = query.get("draft").cloned().unwrap_or_default();
    let Ok(Some(folder)) = desk.form_bench.read(&name) else {
        return list(&desk, &viewer, Some(form_texts::no_draft())).await;
    };
    let Some(known) = known(&desk).await else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    let today = known.today;
    let mark = fingerprint(&folder);
    let cases = if query.contains_key("cases") {
        let Some(tried) = real_cases(&desk, &known.forms, &folder).await else {
            return pages::internal(&desk, Some(&viewer)).await;
        };
        Some(tried)
    } else {
        None
    };
    let kind = kind_of(&query);
    let trying = tokio::task::spawn_blocking(move || {
        let trial = try_out(&known.forms, &known.published, &folder);
        (facts(&known, &trial), trial)
    });
    let Ok((facts, trial)) = trying.await else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    let pages_drawn = compared_pages(&desk, &name, kind).await;
    let sheets = pages_drawn.iter().enumerate().map(|(index, page)| Sheet {
        index,
        number: index + 1,
        differs: page.differs,
    });
    let findings = findings(&trial);
    let page = TrialPage {
        frame: pages::frame(&desk, Some(&viewer), "/forms").await,
        csrf: viewer.csrf,
        title: trial
            .meta
            .as_ref()
            .map_or_else(String::new, |meta| meta.title.clone()),
        draft: name,
        fingerprint: mark,
        facts,
        count: findings.len() + usize::from(trial.refused.is_some()),
        findings,
        refused: trial.refused.as_ref().map(form_texts::refused),
        cases,
        days: CASE_DAYS,
        sheets_max: SHEETS_MAX,
        tabs: tabs(kind),
        sample: kind.name(),
        sheets: sheets.collect(),
        tomorrow: today.tomorrow().unwrap_or(today).to_string(),
    };
    pages::html(StatusCode::OK, &page)
}

/// Each fault behind the samples it shows with.
fn findings(trial: &Trial) -> Vec<(String, String)> {
    let found = trial.findings.iter();
    found
        .map(|(samples, text)| (form_texts::samples_named(samples), text.clone()))
        .collect()
}

fn facts(known: &Known, trial: &Trial) -> Vec<Fact> {
    let Some(now) = &trial.meta else {
        return Vec::new();
    };
    let before = known.forms.in_force(&now.id, &known.today.to_string());
    let fact = |label: &'static str, of: &dyn Fn(&FormMeta) -> String| Fact {
        label,
        before: before.map_or_else(String::new, of),
        now: of(now),
    };
    vec![
        fact("版", &|meta| format!("第 {} 版", meta.version)),
        fact("題名", &|meta| meta.title.clone()),
        fact("根拠", &|meta| meta.law.clone()),
        fact("用紙", &|meta| form_texts::paper(&meta.paper)),
        fact("担当課", &|meta| meta.section.clone()),
        fact("項目の数", &|meta| {
            let (all, required) = (
                meta.required.len() + meta.optional.len(),
                meta.required.len(),
            );
            format!("{all}（うち必ず要るもの {required}）")
        }),
        fact("使い終わりの日", &|meta| {
            meta.valid_to
                .as_deref()
                .map_or_else(|| "—".to_owned(), labels::date)
        }),
    ]
}

/// Last month's filings, a few at a time: the counters' end waits for the same store.
async fn real_cases(desk: &Shared, forms: &Arc<Forms>, folder: &FormFolder) -> Option<CaseTrial> {
    let now = desk.clock.unix_ms();
    let city = City {
        name: desk.data.city().await,
        branch: String::new(),
    };
    let ids = desk
        .data
        .run(|store| RealCases::ids(store))
        .await
        .ok()?
        .ok()?;
    let mut trial = CaseTrial::default();
    for some in ids.chunks(CASES_AT_ONCE) {
        let some = some.to_vec();
        let read = desk
            .data
            .run(move |store| RealFilings::read(store, &some, now, CASE_DAYS));
        let real = read.await.ok()?.ok()?;
        let (forms, folder, city) = (Arc::clone(forms), folder.clone(), city.clone());
        let laid =
            tokio::task::spawn_blocking(move || try_cases(&forms, &folder, real, (&city, trial)));
        trial = laid.await.ok()?;
        if trial.more {
            break;
        }
    }
    Some(trial)
}
