//! Pages of the papers a resident brought, as the reviewer's browser asks for them.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use counter_domain::ids::CaseId;

use super::rights::{By, SignedIn};
use super::{Shared, pages};

/// A page of the paper as JPEG, from 0, with individual numbers painted over.
pub(crate) async fn page(
    State(desk): State<Shared>,
    By(viewer, _): By<SignedIn>,
    Path((case, page)): Path<(String, usize)>,
) -> Response {
    let Ok(case) = case.parse::<CaseId>() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match desk.data.paper_page(&viewer, case, page).await {
        // The counter says what its bytes are; anything but a JPEG is not handed to a browser.
        Ok(Some(bytes)) if bytes.starts_with(&[0xff, 0xd8, 0xff]) => {
            ([(header::CONTENT_TYPE, "image/jpeg")], bytes).into_response()
        }
        Ok(_) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => pages::internal(&desk, Some(&viewer)).await,
    }
}
