//! `POST /enrol`: the only path without a certificate.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use http_body_util::{BodyExt as _, Limited};
use sync_engine::Store;
use sync_protocol::SiteId;

use super::End;
use crate::authority::DeviceRequest;
use crate::enrolment::{EnrolProblem, EnrolRefusal, EnrolReply, EnrolRequest};
use crate::identity::to_hex;

const REQUEST_BYTES_MAX: usize = 16 << 10;

pub(super) async fn enrol<S: Store + Send + 'static>(
    State(end): State<End<S>>,
    body: Body,
) -> Response {
    let refusal = match Limited::new(body, REQUEST_BYTES_MAX).collect().await {
        Ok(body) => {
            let bytes = body.to_bytes();
            let granting = tokio::task::spawn_blocking(move || grant(&end, &bytes));
            match granting.await {
                Ok(Ok(reply)) => return Json(reply).into_response(),
                Ok(Err(refusal)) => refusal,
                Err(_) => EnrolRefusal::Unavailable,
            }
        }
        Err(_) => EnrolRefusal::Malformed,
    };
    tracing::warn!(%refusal, "enrolment refused");
    let status = match refusal {
        EnrolRefusal::Malformed => StatusCode::BAD_REQUEST,
        EnrolRefusal::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        EnrolRefusal::Unknown
        | EnrolRefusal::Expired
        | EnrolRefusal::Used
        | EnrolRefusal::DeviceKnown => StatusCode::FORBIDDEN,
    };
    (status, Json(EnrolProblem { refused: refusal })).into_response()
}

fn grant<S>(end: &End<S>, bytes: &[u8]) -> Result<EnrolReply, EnrolRefusal> {
    let asked: EnrolRequest = serde_json::from_slice(bytes).map_err(|_| EnrolRefusal::Malformed)?;
    let site: SiteId = asked.site.parse().map_err(|_| EnrolRefusal::Malformed)?;
    let request =
        DeviceRequest::from_pem(&asked.request_pem).map_err(|_| EnrolRefusal::Malformed)?;
    let branch = end
        .hub
        .authoriser
        .redeem(&asked.code, site, request.key())?;
    let authority = &end.hub.authority;
    let now = end.hub.clock.now().unix_ms;
    let certificate_pem = authority
        .sign_device(&request, &branch, site, now)
        .map_err(|error| {
            tracing::error!(%error, "certificate not signed");
            EnrolRefusal::Unavailable
        })?;
    tracing::info!(%site, branch, "device enrolled");
    Ok(EnrolReply {
        certificate_pem,
        authority_pem: authority.certificate_pem().to_owned(),
        publishing_point: to_hex(authority.publishing_point()),
    })
}
