//! `POST /standby`: what the machine asks that stands by for head office. Beside the conversation;
//! who may ask it and what the bytes mean is the [`Authoriser`](super::Authoriser)'s.

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

/// Longest question, bytes.
const QUESTION_BYTES_MAX: usize = 32 << 10;

pub(super) async fn standby<S: Store + Send + 'static>(
    State(end): State<End<S>>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Response {
    let device = match admitted(&end, caller, Expiry::Refused).await {
        Ok(device) => device,
        Err(refusal) => return refusal.into_response(),
    };
    let Ok(question) = Limited::new(body, QUESTION_BYTES_MAX).collect().await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let question = question.to_bytes();
    let authoriser = Arc::clone(&end.hub.authoriser);
    let answering = tokio::task::spawn_blocking(move || authoriser.standby(&device, &question));
    match answering.await {
        Ok(Some(answer)) => answer.into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
