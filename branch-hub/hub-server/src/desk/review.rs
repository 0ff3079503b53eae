//! The case page and what a reviewer does on it.

use std::collections::{BTreeMap, HashMap};

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use counter_domain::case::{Remark, RemarkCategory};
use counter_domain::draft::FieldPath;
use counter_domain::ids::{CaseId, SnapshotHash};

use super::case_view::{self, CasePage};
use super::data::{Deed, DeedRefused};
use super::pages;
use super::rights::{By, Sent, SignedIn};
use super::session::Viewer;
use super::{Shared, labels, texts};

/// Longest remark and reason, in characters.
const TEXT_MAX: usize = 1000;

/// Before the path of a field that does not say what its strip of paper says.
const PAPER_DIFFERS: &str = "paper:";

type Fields = HashMap<String, String>;

/// The page. Looking at it is written to the audit stream.
pub(crate) async fn page(
    State(desk): State<Shared>,
    By(viewer, _): By<SignedIn>,
    Path(case): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    let Ok(case) = case.parse::<CaseId>() else {
        return pages::missing(&desk, Some(&viewer)).await;
    };
    let found = desk.data.look_at(&viewer, case).await;
    let (file, names) = match found {
        Ok(Some(found)) => found,
        Ok(None) => return pages::missing(&desk, Some(&viewer)).await,
        Err(_) => return pages::internal(&desk, Some(&viewer)).await,
    };
    let now = desk.clock.unix_ms();
    let mut banner = query.get("notice").and_then(|code| texts::after(code));
    let other = file
        .summary
        .claimed_by(now)
        .filter(|by| **by != viewer.staff);
    if let (None, Some(by)) = (&banner, other) {
        banner = Some(texts::claimed(&names.staff(by)));
    }
    let view = case_view::view(&file, &viewer, &names, now);
    let frame = pages::frame(&desk, Some(&viewer), "/queue").await;
    pages::html(
        StatusCode::OK,
        &CasePage {
            frame,
            banner,
            csrf: viewer.csrf,
            page: view,
        },
    )
}

/// Takes the case for review and opens its page.
pub(crate) async fn open(
    State(desk): State<Shared>,
    Path(case): Path<String>,
    Sent { viewer, fields, .. }: Sent<SignedIn>,
) -> Response {
    decide(&desk, &viewer, &case, &fields, Ok(Deed::Open), "").await
}

/// Sends the case back with its remarks.
pub(crate) async fn give_back(
    State(desk): State<Shared>,
    Path(case): Path<String>,
    Sent { viewer, fields, .. }: Sent<SignedIn>,
) -> Response {
    let deed = remarks(&fields).map(Deed::GiveBack);
    decide(&desk, &viewer, &case, &fields, deed, "returned").await
}

/// Accepts the case.
pub(crate) async fn accept(
    State(desk): State<Shared>,
    Path(case): Path<String>,
    Sent { viewer, fields, .. }: Sent<SignedIn>,
) -> Response {
    decide(&desk, &viewer, &case, &fields, Ok(Deed::Accept), "accepted").await
}

/// Refuses the case with a written reason.
pub(crate) async fn refuse(
    State(desk): State<Shared>,
    Path(case): Path<String>,
    Sent { viewer, fields, .. }: Sent<SignedIn>,
) -> Response {
    let deed = reason(&fields).map(Deed::Refuse);
    decide(&desk, &viewer, &case, &fields, deed, "refused").await
}

/// Puts the case aside.
pub(crate) async fn hold(
    State(desk): State<Shared>,
    Path(case): Path<String>,
    Sent { viewer, fields, .. }: Sent<SignedIn>,
) -> Response {
    let deed = reason(&fields).map(Deed::Hold);
    decide(&desk, &viewer, &case, &fields, deed, "held").await
}

/// Takes the case up again.
pub(crate) async fn release(
    State(desk): State<Shared>,
    Path(case): Path<String>,
    Sent { viewer, fields, .. }: Sent<SignedIn>,
) -> Response {
    decide(
        &desk,
        &viewer,
        &case,
        &fields,
        Ok(Deed::Release),
        "released",
    )
    .await
}

/// Does the deed and opens the case's page again with what came of it.
async fn decide(
    desk: &Shared,
    viewer: &Viewer,
    case: &str,
    fields: &Fields,
    deed: Result<Deed, &'static str>,
    done: &'static str,
) -> Response {
    let Ok(case) = case.parse::<CaseId>() else {
        return pages::missing(desk, Some(viewer)).await;
    };
    let code = match deed {
        Err(code) => code,
        Ok(deed) => {
            let seen = fields
                .get("submission")
                .and_then(|text| text.parse::<SnapshotHash>().ok());
            match desk.data.act(viewer, case, seen, deed).await {
                Ok(()) => done,
                Err(DeedRefused::Missing) => return pages::missing(desk, Some(viewer)).await,
                Err(DeedRefused::Failed) => return pages::internal(desk, Some(viewer)).await,
                Err(DeedRefused::Stale) => "stale",
                Err(DeedRefused::FourEyes) => "four-eyes",
                // The page says by whom.
                Err(DeedRefused::Claimed) => "",
                Err(DeedRefused::NotAllowed) => "not-allowed",
            }
        }
    };
    if code.is_empty() {
        return Redirect::to(&format!("/case/{case}")).into_response();
    }
    Redirect::to(&format!("/case/{case}?notice={code}")).into_response()
}

/// The remarks of the form: `text:PATH` with words, `category:PATH` beside it, and `paper:PATH` where
/// the field is marked as different from the paper; a mark needs no words.
fn remarks(fields: &Fields) -> Result<Vec<Remark>, &'static str> {
    let mut written: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, text) in fields {
        if let Some(path) = name.strip_prefix(PAPER_DIFFERS) {
            written.entry(path).or_default();
        }
        if let (Some(path), false) = (name.strip_prefix("text:"), text.trim().is_empty()) {
            written.insert(path, text.trim());
        }
    }
    if written.is_empty() {
        return Err("no-remark");
    }
    if written.values().any(|text| text.chars().count() > TEXT_MAX) {
        return Err("too-long");
    }
    let remark = |(path, text): (&str, &str)| {
        let is_marked = fields.contains_key(&format!("{PAPER_DIFFERS}{path}"));
        let (category, text) = if is_marked {
            (RemarkCategory::Mismatch, labels::unlike_the_paper(text))
        } else {
            let category = category(fields.get(&format!("category:{path}")));
            (category, text.to_owned())
        };
        Remark {
            path: FieldPath::from(path),
            category,
            text,
        }
    };
    Ok(written.into_iter().map(remark).collect())
}

fn category(code: Option<&String>) -> RemarkCategory {
    let mut known = labels::CATEGORIES.into_iter();
    known
        .find(|one| Some(labels::category_code(*one)) == code.map(String::as_str))
        .unwrap_or(RemarkCategory::Other)
}

fn reason(fields: &Fields) -> Result<String, &'static str> {
    let reason = fields
        .get("reason")
        .map(|text| text.trim())
        .unwrap_or_default();
    match reason.chars().count() {
        0 => Err("no-reason"),
        1..=TEXT_MAX => Ok(reason.to_owned()),
        _ => Err("too-long"),
    }
}
