//! What forms look like: a form in force with its samples, and an edited one beside it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use counter_forms::{Assets, Forms, SampleKind};

use super::super::pages::{self, Frame, icon};
use super::super::rights::{By, Operates};
use super::super::{Shared, form_texts, labels};
use super::{Fields, known};
use crate::form_drafts::{Compared, compared, fingerprint};

/// Pixels per point of a page that stands alone.
const SCALE: f32 = 1.6;
/// Comparisons kept: the four samples of one form and of the one looked at before.
const KEPT_MAX: usize = 8;

/// An edited form, by its files, and a sample.
type Key = (String, SampleKind);

/// Pages drawn lately.
#[derive(Default)]
pub(crate) struct ComparedPages(Mutex<VecDeque<(Key, Arc<Vec<Compared>>)>>);

impl ComparedPages {
    fn kept(&self, key: &Key) -> Option<Arc<Vec<Compared>>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|(known, _)| known == key);
        found.map(|(_, pages)| Arc::clone(pages))
    }

    fn keep(&self, key: Key, pages: &Arc<Vec<Compared>>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.truncate(KEPT_MAX - 1);
        kept.push_front((key, Arc::clone(pages)));
    }
}

/// The pages of an edited form beside the version in force; empty when it cannot be drawn.
pub(crate) async fn compared_pages(
    desk: &Shared,
    name: &str,
    kind: SampleKind,
) -> Arc<Vec<Compared>> {
    let (Some(known), Ok(Some(folder))) = (known(desk).await, desk.form_bench.read(name)) else {
        return Arc::default();
    };
    let key = (fingerprint(&folder), kind);
    if let Some(pages) = desk.compared.kept(&key) {
        return pages;
    }
    let drawing = tokio::task::spawn_blocking(move || {
        compared(&known.forms, &folder, kind, &known.today.to_string())
    });
    let pages = Arc::new(drawing.await.ok().flatten().unwrap_or_default());
    desk.compared.keep(key, &pages);
    pages
}

/// The sample a page asks for; the everyday one otherwise.
pub(crate) fn kind_of(query: &Fields) -> SampleKind {
    let name = query.get("sample").map(String::as_str);
    name.and_then(SampleKind::from_name)
        .unwrap_or(SampleKind::Typical)
}

fn page_of(query: &Fields) -> usize {
    let page = query.get("page").map(|text| text.parse());
    page.and_then(Result::ok).unwrap_or_default()
}

/// A page of the comparison: the version in force, the edited one, what differs.
pub(crate) async fn compared_png(
    State(desk): State<Shared>,
    By(_, _): By<Operates>,
    Query(query): Query<Fields>,
) -> Response {
    let name = query.get("draft").map_or("", String::as_str);
    let pages = compared_pages(&desk, name, kind_of(&query)).await;
    match pages.get(page_of(&query)) {
        Some(page) => png(page.png.clone()),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn png(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "image/png")], bytes).into_response()
}

/// A sample to choose.
pub(crate) struct SampleTab {
    pub name: &'static str,
    pub label: &'static str,
    pub current: bool,
}

/// The samples, one of which is shown.
pub(crate) fn tabs(current: SampleKind) -> Vec<SampleTab> {
    let tabs = SampleKind::ALL.into_iter().map(|kind| SampleTab {
        name: kind.name(),
        label: form_texts::sample(kind),
        current: kind == current,
    });
    tabs.collect()
}

#[derive(Template)]
#[template(path = "form_one.html")]
struct OnePage {
    frame: Frame,
    number: String,
    title: String,
    about: String,
    tabs: Vec<SampleTab>,
    sample: &'static str,
    pages: Vec<usize>,
}

/// A form in force with one of its samples.
pub(crate) async fn one(
    State(desk): State<Shared>,
    By(viewer, _): By<Operates>,
    Query(query): Query<Fields>,
) -> Response {
    let kind = kind_of(&query);
    let number = query.get("form").map_or("", String::as_str);
    let Some(known) = known(&desk).await else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    let today = known.today.to_string();
    let Some(meta) = known.forms.in_force(number, &today).cloned() else {
        return pages::missing(&desk, Some(&viewer)).await;
    };
    let forms = Arc::clone(&known.forms);
    let named = meta.number.clone();
    let drawing = tokio::task::spawn_blocking(move || sample_pages(&forms, &named, kind, &today));
    let drawn = drawing.await.ok().flatten().unwrap_or_default();
    let page = OnePage {
        frame: pages::frame(&desk, Some(&viewer), "/forms").await,
        about: format!(
            "第 {} 版　{}から　{}　{}",
            meta.version,
            labels::date(&meta.valid_from),
            form_texts::paper(&meta.paper),
            meta.section
        ),
        number: meta.number,
        title: meta.title,
        tabs: tabs(kind),
        sample: kind.name(),
        pages: (0..drawn.len()).collect(),
    };
    pages::html(StatusCode::OK, &page)
}

/// A page of it.
pub(crate) async fn one_png(
    State(desk): State<Shared>,
    By(_, _): By<Operates>,
    Query(query): Query<Fields>,
) -> Response {
    let kind = kind_of(&query);
    let number = query.get("form").cloned().unwrap_or_default();
    let Some(known) = known(&desk).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let today = known.today.to_string();
    let drawing =
        tokio::task::spawn_blocking(move || sample_pages(&known.forms, &number, kind, &today));
    let drawn = drawing.await.ok().flatten().unwrap_or_default();
    match drawn.into_iter().nth(page_of(&query)) {
        Some(page) => png(page),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn sample_pages(forms: &Forms, form: &str, kind: SampleKind, day: &str) -> Option<Vec<Vec<u8>>> {
    let meta = forms.in_force(form, day)?;
    let name = format!("{}/{}", meta.id, meta.version);
    let data = forms.sample_on(&name, day, kind)?;
    let assets = Assets::for_receipt(data.text("receipt_number"));
    let filed_on = match data.text("filed_on") {
        "" => day,
        written => written,
    };
    forms
        .preview_png(&name, &data, &assets, filed_on, SCALE)
        .ok()
}
