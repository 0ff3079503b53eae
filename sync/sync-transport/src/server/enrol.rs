//! `POST /enrol`: the only path without a certificate. `POST /renew`: a new certificate for the key
//! of the old one, also when that has expired meanwhile.

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use http_body_util::{BodyExt as _, Limited};
use sync_engine::Store;
use sync_protocol::SiteId;

use super::rounds::{Expiry, admitted};
use super::{Caller, End};
use crate::authority::DeviceRequest;
use crate::certificate::Device;
use crate::courier::CourierRecipient;
use crate::enrolment::{
    EnrolProblem, EnrolRefusal, EnrolReply, EnrolRequest, LINKS_MAX, RenewRequest,
};
use crate::identity::to_hex;

const REQUEST_BYTES_MAX: usize = 16 << 10;

pub(super) async fn enrol<S: Store + Send + 'static>(
    State(end): State<End<S>>,
    body: Body,
) -> Response {
    answered(body, move |bytes| grant(&end, bytes)).await
}

pub(super) async fn renew<S: Store + Send + 'static>(
    State(end): State<End<S>>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Response {
    let device = match admitted(&end, caller, Expiry::Allowed).await {
        Ok(device) => device,
        Err(refusal) => return refusal.into_response(),
    };
    answered(body, move |bytes| renewed(&end, &device, bytes)).await
}

async fn answered(
    body: Body,
    work: impl FnOnce(&[u8]) -> Result<EnrolReply, EnrolRefusal> + Send + 'static,
) -> Response {
    let refusal = match Limited::new(body, REQUEST_BYTES_MAX).collect().await {
        Ok(body) => {
            let bytes = body.to_bytes();
            match tokio::task::spawn_blocking(move || work(&bytes)).await {
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
        | EnrolRefusal::DeviceKnown
        | EnrolRefusal::OtherDevice => StatusCode::FORBIDDEN,
    };
    (status, Json(EnrolProblem { refused: refusal })).into_response()
}

/// The key stays the one enrolled; a request for another one is refused.
fn renewed<S>(end: &End<S>, device: &Device, bytes: &[u8]) -> Result<EnrolReply, EnrolRefusal> {
    let asked: RenewRequest = serde_json::from_slice(bytes).map_err(|_| EnrolRefusal::Malformed)?;
    let request =
        DeviceRequest::from_pem(&asked.request_pem).map_err(|_| EnrolRefusal::Malformed)?;
    if request.key() != device.key {
        return Err(EnrolRefusal::DeviceKnown);
    }
    let site = device.peer.site;
    hear_courier_key(end, site, asked.courier_key.as_deref());
    let reply = certified(end, &request, &device.peer.branch, site)?;
    tracing::info!(%site, "certificate renewed");
    Ok(reply)
}

fn grant<S>(end: &End<S>, bytes: &[u8]) -> Result<EnrolReply, EnrolRefusal> {
    let asked: EnrolRequest = serde_json::from_slice(bytes).map_err(|_| EnrolRefusal::Malformed)?;
    let site: SiteId = asked.site.parse().map_err(|_| EnrolRefusal::Malformed)?;
    let request =
        DeviceRequest::from_pem(&asked.request_pem).map_err(|_| EnrolRefusal::Malformed)?;
    let authoriser = &end.hub.authoriser;
    if let Some(replaces) = &asked.replaces {
        let replaces: SiteId = replaces.parse().map_err(|_| EnrolRefusal::Malformed)?;
        authoriser.may_replace(&asked.code, replaces)?;
    }
    let branch = authoriser.redeem(&asked.code, site, request.key())?;
    hear_courier_key(end, site, asked.courier_key.as_deref());
    let mut reply = certified(end, &request, &branch, site)?;
    let before = authoriser.predecessor(site, asked.log_after.unwrap_or(0), LINKS_MAX)?;
    reply.predecessor = before.map(Into::into);
    tracing::info!(%site, branch, "device enrolled");
    Ok(reply)
}

/// A key that is none is no reason to refuse a counter: it only gets no courier files.
fn hear_courier_key<S>(end: &End<S>, site: SiteId, key: Option<&str>) {
    match key.map(str::parse::<CourierRecipient>) {
        Some(Ok(key)) => end.hub.authoriser.courier_key(site, &key),
        Some(Err(error)) => tracing::warn!(%site, %error, "courier key not kept"),
        None => {}
    }
}

fn certified<S>(
    end: &End<S>,
    request: &DeviceRequest,
    branch: &str,
    site: SiteId,
) -> Result<EnrolReply, EnrolRefusal> {
    let authority = end.authority.as_ref().ok_or(EnrolRefusal::Unavailable)?;
    let now = end.hub.clock.now().unix_ms;
    let certificate_pem = authority
        .sign_device(request, branch, site, now)
        .map_err(|error| {
            tracing::error!(%error, "certificate not signed");
            EnrolRefusal::Unavailable
        })?;
    Ok(EnrolReply {
        certificate_pem,
        authority_pem: authority.certificate_pem().to_owned(),
        publishing_point: to_hex(authority.publishing_point()),
        predecessor: None,
    })
}
