//! Forms as a page (様式): the versions in force, a folder that somebody changed, what it looks like,
//! and publishing it with the day from which it is used. Administrators only; of real filings nothing
//! is shown but receipt numbers.

mod looks;
mod trial;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use counter_domain::ids::StaffId;
use counter_forms::{FormMeta, Forms, PublishedForms, Publishing};
use jiff::civil::Date;

use super::data::Names;
use super::pages::{self, Banner, Chip, Frame, icon};
use super::rights::{By, Operates, Sent};
use super::session::Viewer;
use super::{Shared, form_texts, labels};
use crate::catalogue::day_in_japan;
use crate::form_drafts::{self, FormBench, FormRefused, ReceivedRefused, fingerprint};
use crate::zip_file;

pub(crate) use looks::{ComparedPages, compared_png, one, one_png};
pub(crate) use trial::page as trial;

/// Bytes of a form the page takes: a folder of 1 MiB, as text in a form of a browser.
pub(crate) const FILE_BYTES_MAX: usize = 4 << 20;

type Fields = HashMap<String, String>;

#[derive(Template)]
#[template(path = "forms.html")]
struct FormsPage {
    frame: Frame,
    banner: Option<Banner>,
    csrf: String,
    drafts: Vec<DraftRow>,
    forms: Vec<FormRow>,
    published: Vec<PublishedRow>,
}

struct DraftRow {
    name: String,
    title: String,
}

struct FormRow {
    number: String,
    title: String,
    section: String,
    paper: String,
    version: u16,
    since: String,
    state: Chip,
}

struct PublishedRow {
    form: String,
    version: String,
    from: String,
    published: String,
    by: String,
}

/// The forms, those published among them, and the day.
struct Known {
    forms: Arc<Forms>,
    published: PublishedForms,
    today: Date,
}

async fn known(desk: &Shared) -> Option<Known> {
    let today = day_in_japan(desk.clock.unix_ms()).ok()?;
    let dataset = desk.data.published_forms().await;
    let desk = Arc::clone(desk);
    let opened = tokio::task::spawn_blocking(move || {
        let published = match &dataset {
            Some((_, bytes)) => PublishedForms::read(bytes)?,
            None => PublishedForms::default(),
        };
        let forms = desk.previews.current(dataset.as_ref())?;
        Some(Known {
            forms,
            published,
            today,
        })
    });
    opened.await.ok()?
}

/// The forms with their versions, and what is edited.
pub(crate) async fn page(
    State(desk): State<Shared>,
    By(viewer, _): By<Operates>,
    Query(query): Query<Fields>,
) -> Response {
    let banner = query.get("notice").and_then(|code| form_texts::after(code));
    list(&desk, &viewer, banner).await
}

async fn list(desk: &Shared, viewer: &Viewer, banner: Option<Banner>) -> Response {
    let Some(known) = known(desk).await else {
        return pages::internal(desk, Some(viewer)).await;
    };
    let names = desk.data.names().await;
    let page = FormsPage {
        frame: pages::frame(desk, Some(viewer), "/forms").await,
        banner,
        csrf: viewer.csrf.clone(),
        drafts: drafts(&known.forms, desk.form_bench.names()),
        forms: rows(&known),
        published: published_rows(&known, &names),
    };
    pages::html(StatusCode::OK, &page)
}

fn drafts(forms: &Forms, names: Vec<String>) -> Vec<DraftRow> {
    let title = |name: &str| {
        let number = name.split('-').next().unwrap_or_default();
        forms
            .meta(number)
            .map_or_else(String::new, |meta| meta.title.clone())
    };
    let rows = names.into_iter().map(|name| DraftRow {
        title: title(&name),
        name,
    });
    rows.collect()
}

fn rows(known: &Known) -> Vec<FormRow> {
    let today = known.today.to_string();
    let mut newest: BTreeMap<&str, &FormMeta> = BTreeMap::new();
    for meta in known.forms.list() {
        let kept = newest.entry(&meta.number).or_insert(meta);
        if kept.version < meta.version {
            *kept = meta;
        }
    }
    let rows = newest.into_values().map(|newest| {
        let meta = known.forms.in_force(&newest.id, &today).unwrap_or(newest);
        FormRow {
            number: meta.number.clone(),
            title: meta.title.clone(),
            section: meta.section.clone(),
            paper: form_texts::paper(&meta.paper),
            version: meta.version,
            since: labels::date(&meta.valid_from),
            state: if newest.version == meta.version {
                Chip::new("chip-done", "check", "使用中")
            } else {
                let from = labels::date(&newest.valid_from);
                Chip::new(
                    "chip-info",
                    "schedule",
                    format!("第 {} 版　{from}から", newest.version),
                )
            },
        }
    });
    rows.collect()
}

fn published_rows(known: &Known, names: &Names) -> Vec<PublishedRow> {
    let newest_first = known.published.forms.iter().rev();
    let rows = newest_first.map(|one| PublishedRow {
        form: form_drafts::plain(one).to_owned(),
        version: one
            .folder
            .split_once(".v")
            .map_or("", |(_, version)| version)
            .to_owned(),
        from: labels::date(&one.from),
        published: labels::date(&one.published_on),
        by: names.staff(&StaffId::from(one.by.as_str())),
    });
    rows.collect()
}

/// Keeps a folder that a browser sent, and goes to what it looks like.
pub(crate) async fn receive(
    State(desk): State<Shared>,
    Sent { viewer, fields, .. }: Sent<Operates>,
) -> Response {
    let Some(known) = known(&desk).await else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let (files, zip) = (field("files"), field("zip"));
    let bench = Arc::clone(&desk.form_bench);
    let kept = tokio::task::spawn_blocking(move || keep(&bench, &known.forms, &files, &zip));
    match kept.await {
        Ok(Ok(Ok(name))) => Redirect::to(&format!("/forms/try?draft={name}")).into_response(),
        Ok(Err(refused)) => list(&desk, &viewer, Some(form_texts::not_received(&refused))).await,
        Ok(Ok(Err(error))) => {
            tracing::error!(event = "form_not_kept", %error, "a form was not kept");
            pages::internal(&desk, Some(&viewer)).await
        }
        Err(_) => pages::internal(&desk, Some(&viewer)).await,
    }
}

fn keep(
    bench: &FormBench,
    forms: &Forms,
    files: &str,
    zip: &str,
) -> Result<anyhow::Result<String>, ReceivedRefused> {
    let folder = form_drafts::received(forms, files, zip)?;
    Ok(bench.keep(&folder).map(|()| folder.name))
}

/// Lets go of an edited form.
pub(crate) async fn let_go(
    State(desk): State<Shared>,
    Sent { viewer, fields, .. }: Sent<Operates>,
) -> Response {
    let name = fields.get("draft").cloned().unwrap_or_default();
    match desk.form_bench.drop_one(&name) {
        Ok(()) => Redirect::to("/forms?notice=gone").into_response(),
        Err(error) => {
            tracing::error!(event = "form_not_removed", %error, "an edited form stays");
            pages::internal(&desk, Some(&viewer)).await
        }
    }
}

/// Publishes an edited form as it was looked at.
pub(crate) async fn publish(
    State(desk): State<Shared>,
    Sent { viewer, fields, .. }: Sent<Operates>,
) -> Response {
    let field = |name: &str| fields.get(name).map_or("", |text| text.trim());
    let Ok(from) = field("from").parse::<Date>() else {
        return list(&desk, &viewer, Some(form_texts::no_day())).await;
    };
    let (name, seen) = (field("draft").to_owned(), field("fingerprint").to_owned());
    let Some(known) = known(&desk).await else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    let how = Publishing {
        from: from.to_string(),
        today: known.today.to_string(),
        by: viewer.staff.to_string(),
    };
    let bench = Arc::clone(&desk.form_bench);
    let checking = tokio::task::spawn_blocking(move || {
        let after = check(&bench, &known, (&name, &seen), &how);
        after.map(|after| after.map(|after| (name, known.published, after)))
    });
    let checked = match checking.await {
        Ok(Ok(Some(checked))) => checked,
        Ok(Ok(None)) => return list(&desk, &viewer, Some(form_texts::changed_meanwhile())).await,
        Ok(Err(refused)) => return not_published(&desk, &viewer, &refused).await,
        Err(_) => return pages::internal(&desk, Some(&viewer)).await,
    };
    let (name, before, after) = checked;
    let (bench, workbench) = (Arc::clone(&desk.form_bench), Arc::clone(&desk.workbench));
    let by = viewer.staff.clone();
    let done = desk.data.run(move |store| -> Result<(), FormRefused> {
        bench.put(store, &by, (&before, &after), workbench.signer())?;
        if let Err(error) = bench.drop_one(&name) {
            tracing::warn!(event = "form_not_removed", %error, "a published form stays among the edited");
        }
        Ok(())
    });
    match done.await {
        Ok(Ok(())) => Redirect::to("/forms?notice=published").into_response(),
        Ok(Err(refused)) => not_published(&desk, &viewer, &refused).await,
        Err(_) => pages::internal(&desk, Some(&viewer)).await,
    }
}

/// What there would be after publishing the form, if it is still the one that was looked at.
fn check(
    bench: &FormBench,
    known: &Known,
    (name, seen): (&str, &str),
    how: &Publishing,
) -> Result<Option<PublishedForms>, FormRefused> {
    let folder = bench.read(name)?;
    let Some(folder) = folder.filter(|one| fingerprint(one) == seen) else {
        return Ok(None);
    };
    form_drafts::checked(&known.forms, &known.published, &folder, how).map(Some)
}

async fn not_published(desk: &Shared, viewer: &Viewer, refused: &FormRefused) -> Response {
    if let Some(banner) = form_texts::not_published(refused) {
        return list(desk, viewer, Some(banner)).await;
    }
    tracing::error!(event = "form_not_published", error = %refused, "a form was not published");
    pages::internal(desk, Some(viewer)).await
}

/// The folder of a form as a zip file, its version counted up: what somebody changes.
pub(crate) async fn folder_zip(
    State(desk): State<Shared>,
    By(viewer, _): By<Operates>,
    Query(query): Query<Fields>,
) -> Response {
    let number = query.get("form").map_or("", String::as_str);
    let Some(known) = known(&desk).await else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    match next_version(&known.forms, number) {
        Some((name, zip)) => {
            let headers = [
                (header::CONTENT_TYPE, "application/zip".to_owned()),
                (
                    header::CONTENT_DISPOSITION,
                    format!("attachment; filename=\"{name}.zip\""),
                ),
            ];
            (headers, zip).into_response()
        }
        None => pages::missing(&desk, Some(&viewer)).await,
    }
}

fn next_version(forms: &Forms, number: &str) -> Option<(String, Vec<u8>)> {
    let version = forms.meta(number)?.version;
    let mut folder = forms.folder(number)?;
    let (now, next) = (
        format!("\nversion = {version}\n"),
        format!("\nversion = {}\n", version.checked_add(1)?),
    );
    let meta = folder.files.get_mut("meta.toml")?;
    *meta = meta.replacen(&now, &next, 1);
    let name = folder.name.clone();
    let files = folder.files.iter();
    let files = files.map(|(path, text)| (format!("{name}/{path}"), text.as_str()));
    Some((name.clone(), zip_file::written(files)?))
}
