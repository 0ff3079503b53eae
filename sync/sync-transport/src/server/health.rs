//! `POST /health`: what a device tells of itself, for the people who look after the machines. No
//! part of the conversation: nothing depends on it, and an end that does not know it goes on.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use http_body_util::{BodyExt as _, Limited};
use sync_engine::Store;

use super::rounds::{Expiry, admitted};
use super::{Caller, End};

/// Longest report, bytes.
const REPORT_BYTES_MAX: usize = 32 << 10;

pub(super) async fn health<S: Store + Send + 'static>(
    State(end): State<End<S>>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Response {
    let device = match admitted(&end, caller, Expiry::Refused).await {
        Ok(device) => device,
        Err(refusal) => return refusal.into_response(),
    };
    let Ok(report) = Limited::new(body, REPORT_BYTES_MAX).collect().await else {
        tracing::warn!(site = %device.peer.site, "health report refused: too long or cut off");
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let report = report.to_bytes();
    let authoriser = Arc::clone(&end.hub.authoriser);
    let hearing = tokio::task::spawn_blocking(move || authoriser.health(&device, &report));
    match hearing.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
