//! Asking for, and approving, a look at a protected case's addresses.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use counter_domain::ids::CaseId;

use super::data::{Names, Protection, Release};
use super::rights::{Sent, SignedIn};
use super::session::Viewer;
use super::{Shared, pages};
use crate::clock::in_japan;

/// What the case page says about protection.
pub(crate) struct ProtectionView {
    /// Until when the addresses are shown, `14:30`; `None` when they are left out.
    pub shown_until: Option<String>,
    /// Requests that wait for a second person.
    pub requests: Vec<RequestView>,
    /// The viewer may ask.
    pub may_ask: bool,
}

/// One request.
pub(crate) struct RequestView {
    pub id: i64,
    pub asked_by: String,
    pub reason: String,
    pub asked_at: String,
    /// The viewer decides and did not ask.
    pub may_approve: bool,
}

/// Draws it; `None` when nobody is under protection.
pub(crate) fn view(
    protection: &Protection,
    viewer: &Viewer,
    names: &Names,
) -> Option<ProtectionView> {
    let time = |ms| in_japan(ms, "%H:%M");
    match protection {
        Protection::None => None,
        Protection::Shown { until_unix_ms } => Some(ProtectionView {
            shown_until: Some(time(*until_unix_ms)),
            requests: Vec::new(),
            may_ask: false,
        }),
        Protection::Hidden(requests) => Some(ProtectionView {
            shown_until: None,
            may_ask: viewer.may_review() && requests.iter().all(|one| one.asked_by != viewer.staff),
            requests: requests
                .iter()
                .map(|one| RequestView {
                    id: one.id,
                    asked_by: names.staff(&one.asked_by),
                    reason: one.reason.clone(),
                    asked_at: time(one.asked_unix_ms),
                    may_approve: viewer.may_approve() && one.asked_by != viewer.staff,
                })
                .collect(),
        }),
    }
}

/// Takes a request with its reason.
pub(crate) async fn ask(
    State(desk): State<Shared>,
    Path(case): Path<String>,
    Sent { viewer, fields, .. }: Sent<SignedIn>,
) -> Response {
    let Ok(case) = case.parse::<CaseId>() else {
        return pages::missing(&desk, Some(&viewer)).await;
    };
    let reason = fields.get("reason").cloned().unwrap_or_default();
    let done = desk.data.ask_release(&viewer, case, reason).await;
    answer(&desk, &viewer, case, done.ok()).await
}

/// Takes a second person's approval.
pub(crate) async fn approve(
    State(desk): State<Shared>,
    Path(case): Path<String>,
    Sent { viewer, fields, .. }: Sent<SignedIn>,
) -> Response {
    let id = fields.get("request").and_then(|text| text.parse().ok());
    let (Ok(case), Some(id)) = (case.parse::<CaseId>(), id) else {
        return pages::missing(&desk, Some(&viewer)).await;
    };
    let done = desk.data.approve_release(&viewer, case, id).await;
    answer(&desk, &viewer, case, done.ok()).await
}

async fn answer(desk: &Shared, viewer: &Viewer, case: CaseId, done: Option<Release>) -> Response {
    let code = match done {
        None => return pages::internal(desk, Some(viewer)).await,
        Some(Release::Missing) => return pages::missing(desk, Some(viewer)).await,
        Some(Release::Asked) => "release-asked",
        Some(Release::Approved) => "release-approved",
        Some(Release::NoReason) => "no-reason",
        Some(Release::SamePerson) => "release-same-person",
        Some(Release::NotAllowed) => "not-allowed",
    };
    Redirect::to(&format!("/case/{case}?notice={code}")).into_response()
}
