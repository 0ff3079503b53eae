//! A counter's new certificate, long before the old one ends.
//!
//! The key stays. The hub is asked on the line as soon as a third of the certificate's time is over,
//! when it has expired while the line was down for long, or when it is of an earlier version that
//! neighbours cannot dial, or has no key for courier files. A hub that does not know how to renew is asked again at the next line.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::certificate::term_of;
use crate::courier::CourierKey;
use crate::enrol::check;
use crate::enrolment::{EnrolReply, RenewRequest};
use crate::identity::{DeviceIdentity, DeviceKey};
use crate::link::{ConnectError, Line};
use crate::tls::certificate_from_pem;

/// What renewing needs beside the line.
#[derive(Clone)]
pub struct Renewal {
    /// Keeps the new identity on disk; the old one stays in use when it cannot.
    pub keep: Keep,
}

/// Keeps an identity; `false` when it could not.
pub type Keep = Arc<dyn Fn(&DeviceIdentity) -> bool + Send + Sync>;

impl fmt::Debug for Renewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Renewal")
    }
}

/// Why there is no new certificate.
#[derive(Debug, Error)]
pub(crate) enum RenewError {
    #[error(transparent)]
    Line(#[from] ConnectError),
    #[error("identity is damaged")]
    Identity,
    #[error("hub refused, status {0}")]
    Refused(u16),
    #[error("hub's answer does not fit")]
    Answer,
    #[error("new identity was not kept")]
    NotKept,
}

/// Whether it is time; damaged identities are nobody's to renew.
pub(crate) fn is_due(identity: &DeviceIdentity, now_unix_ms: u64) -> bool {
    let Some(term) = certificate_from_pem(&identity.certificate_pem)
        .ok()
        .and_then(|der| term_of(&der).ok())
    else {
        return false;
    };
    let now_s = i64::try_from(now_unix_ms / 1000).unwrap_or(i64::MAX);
    let third_s = (term.until_s - term.from_s) / 3;
    !term.serves_neighbours
        || identity.courier_key().is_none()
        || now_s >= term.from_s.saturating_add(third_s)
}

/// Asks for a new certificate and keeps it.
pub(crate) async fn renew(
    line: &Line,
    identity: &DeviceIdentity,
    renewal: &Renewal,
) -> Result<DeviceIdentity, RenewError> {
    let key = DeviceKey::from_pem(&identity.key_pem).map_err(|_| RenewError::Identity)?;
    let site = identity
        .device()
        .map_err(|_| RenewError::Identity)?
        .peer
        .site;
    let courier = identity.courier_key().unwrap_or_else(CourierKey::create);
    let request = RenewRequest {
        request_pem: key.request_pem().map_err(|_| RenewError::Identity)?,
        courier_key: Some(courier.recipient().to_string()),
    };
    let body = serde_json::to_vec(&request).map_err(|_| RenewError::Identity)?;
    let reply = line.post("/renew", body).await?;
    if !reply.status.is_success() {
        return Err(RenewError::Refused(reply.status.as_u16()));
    }
    let granted: EnrolReply =
        serde_json::from_slice(&reply.body).map_err(|_| RenewError::Answer)?;
    if granted.authority_pem != identity.authority_pem {
        return Err(RenewError::Answer);
    }
    let renewed = check(granted, site, &key, &courier).map_err(|_| RenewError::Answer)?;
    if (renewal.keep)(&renewed) {
        Ok(renewed)
    } else {
        Err(RenewError::NotKept)
    }
}
