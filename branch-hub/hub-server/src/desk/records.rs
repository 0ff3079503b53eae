//! Hand-over files.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path as FilePath;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use counter_domain::case::CaseState;
use counter_domain::ids::CaseId;

use super::pages::{self, Banner, Frame, icon};
use super::rights::{By, Reviews, Sent};
use super::session::Viewer;
use super::{Shared, texts};
use crate::hand_over::adapters;

/// Files listed at most, newest first.
const FILES_MAX: usize = 200;

#[derive(Template)]
#[template(path = "hand_over.html")]
struct HandOverPage {
    frame: Frame,
    banner: Option<Banner>,
    csrf: String,
    accepted: usize,
    files: Vec<FileLine>,
}

struct FileLine {
    name: String,
    kind: Cow<'static, str>,
    bytes: u64,
    /// The cases name this one; it can be written again.
    is_main: bool,
}

/// Files written so far, and what can be written now.
pub(crate) async fn hand_over_page(
    State(desk): State<Shared>,
    By(viewer, _): By<Reviews>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let folder = desk.hand_over_folder.clone();
    let listed = tokio::task::spawn_blocking(move || files(&folder)).await;
    let (Ok(cases), Ok(files)) = (desk.data.cases(&viewer).await, listed) else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    let accepted = cases
        .iter()
        .filter(|row| row.state == CaseState::Accepted)
        .count();
    let frame = pages::frame(&desk, Some(&viewer), "/hand-over").await;
    let banner = query.get("notice").and_then(|code| texts::after(code));
    let page = HandOverPage {
        frame,
        banner,
        csrf: viewer.csrf,
        accepted,
        files,
    };
    pages::html(StatusCode::OK, &page)
}

fn files(folder: &FilePath) -> Vec<FileLine> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<FileLine> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let kind = kind(&name)?;
            Some(FileLine {
                is_main: is_main(&name),
                name,
                kind,
                bytes: entry.metadata().ok()?.len(),
            })
        })
        .collect();
    found.sort_by(|one, other| other.name.cmp(&one.name));
    found.truncate(FILES_MAX);
    found
}

/// Whether it is the file of an export that its cases name.
fn is_main(name: &str) -> bool {
    let rest = name.split_once('.').map(|(_, rest)| rest);
    rest == Some("csv") && kind(name).is_some()
}

/// What a file of the folder is; `None` for anything that is not a finished hand-over file.
fn kind(name: &str) -> Option<Cow<'static, str>> {
    let rest = name.strip_prefix("handover-")?;
    let (stamp, ending) = rest.split_once('.')?;
    if !stamp
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
    {
        return None;
    }
    of_every_export(ending)
        .map(Cow::Borrowed)
        .or_else(|| of_an_adapter(ending).map(Cow::Owned))
}

/// A file that an adapter of the city laid out.
fn of_an_adapter(ending: &str) -> Option<String> {
    let (adapter, ending) = ending.split_once('.')?;
    if !adapters::is_name(adapter) {
        return None;
    }
    match ending {
        "csv" | "tsv" | "txt" | "dat" => Some(format!("アダプター {adapter}")),
        "unfit.csv" => Some(format!("アダプター {adapter} に書けなかった行と理由")),
        "replaced.csv" => Some(format!("アダプター {adapter} で置きかえた文字")),
        _ => None,
    }
}

fn of_every_export(ending: &str) -> Option<&'static str> {
    match ending {
        "csv" => Some("全員（UTF-8）"),
        "sjis.csv" => Some("Shift_JIS で表せる人"),
        "unrepresentable.csv" => Some("Shift_JIS で表せない人と文字"),
        "replaced.csv" => Some("Shift_JIS で置きかえた文字"),
        "certificates.csv" => Some("証明書の請求（UTF-8）"),
        "certificates.sjis.csv" => Some("Shift_JIS で表せる証明書の請求"),
        "certificates.unrepresentable.csv" => Some("Shift_JIS で表せない証明書の請求"),
        "certificates.replaced.csv" => Some("証明書の請求で置きかえた文字"),
        "procedures.csv" => Some("個別の手続き（UTF-8）"),
        "procedures.sjis.csv" => Some("Shift_JIS で表せる個別の手続き"),
        "procedures.unrepresentable.csv" => Some("Shift_JIS で表せない個別の手続き"),
        "procedures.replaced.csv" => Some("個別の手続きで置きかえた文字"),
        _ => None,
    }
}

/// Gives one file.
pub(crate) async fn hand_over_file(
    State(desk): State<Shared>,
    By(viewer, _): By<Reviews>,
    Path(name): Path<String>,
) -> Response {
    if kind(&name).is_none() {
        return pages::missing(&desk, Some(&viewer)).await;
    }
    let Ok(bytes) = tokio::fs::read(desk.hand_over_folder.join(&name)).await else {
        return pages::missing(&desk, Some(&viewer)).await;
    };
    let content = if name.ends_with(".sjis.csv") {
        "text/csv; charset=Shift_JIS"
    } else if name
        .split_once('.')
        .is_some_and(|(_, ending)| of_every_export(ending).is_some())
    {
        "text/csv; charset=UTF-8"
    } else {
        // What an adapter wrote is as the other system wants it: never shown, only kept.
        "application/octet-stream"
    };
    let headers = [
        (header::CONTENT_TYPE, content.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, bytes).into_response()
}

/// Writes every accepted case.
pub(crate) async fn hand_over_all(
    State(desk): State<Shared>,
    Sent { viewer, .. }: Sent<Reviews>,
) -> Response {
    export(&desk, &viewer, None, "/hand-over").await
}

/// Writes one accepted case.
pub(crate) async fn hand_over_case(
    State(desk): State<Shared>,
    Path(case): Path<String>,
    Sent { viewer, .. }: Sent<Reviews>,
) -> Response {
    let Ok(case) = case.parse::<CaseId>() else {
        return pages::missing(&desk, Some(&viewer)).await;
    };
    export(&desk, &viewer, Some(case), &format!("/case/{case}")).await
}

async fn export(desk: &Shared, viewer: &Viewer, only: Option<CaseId>, back: &str) -> Response {
    let code = match desk
        .data
        .hand_over(viewer, only, &desk.hand_over_folder)
        .await
    {
        Ok(Some(_)) => "written",
        Ok(None) => "not-written",
        Err(_) => return pages::internal(desk, Some(viewer)).await,
    };
    Redirect::to(&format!("{back}?notice={code}")).into_response()
}
