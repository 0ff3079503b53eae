//! The counter's side of enrolment.

use sync_protocol::SiteId;
use thiserror::Error;

use crate::certificate::device_of;
use crate::clock::Clock;
use crate::courier::CourierKey;
use crate::enrolment::{
    EnrolProblem, EnrolRefusal, EnrolReply, EnrolRequest, EnrolmentCode, Fingerprint, Predecessor,
};
use crate::identity::{DeviceIdentity, DeviceKey};
use crate::link::{ConnectError, HubAddress, Line, LinkRefusal};
use crate::tls::{certificate_from_pem, enrolling_config};

/// Why a counter is not enrolled.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EnrolError {
    /// Nobody answers.
    #[error("hub is not reached")]
    Unreachable,
    /// Somebody answers who is not the hub of this code.
    #[error("the other end is not the hub of this code")]
    FalseHub,
    /// The clock of this counter, or of the hub, is wrong by more than a day.
    #[error("clock is wrong by more than a day")]
    ClockWrong,
    /// The hub refuses.
    #[error(transparent)]
    Refused(#[from] EnrolRefusal),
    /// The hub's answer does not hold what it should.
    #[error("hub's answer is malformed")]
    Answer,
    /// The request could not be made.
    #[error("certificate request not made")]
    Request,
}

/// Who asks to be enrolled.
#[derive(Debug)]
pub struct Applicant<'a> {
    /// Its site.
    pub site: SiteId,
    /// Its key.
    pub key: &'a DeviceKey,
    /// The device it goes on for, when it comes with a copy of that one's database.
    pub replaces: Option<SetAsideDevice>,
}

/// The device of a database that is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetAsideDevice {
    /// Its site.
    pub site: SiteId,
    /// The last entry of its log that is known to be at head office.
    pub log_after: u64,
}

/// What head office granted.
#[derive(Debug)]
pub struct Enrolled {
    /// Who the counter is from now on.
    pub identity: DeviceIdentity,
    /// The device it goes on for; `None` when it is the first at its place.
    pub predecessor: Option<Predecessor>,
}

/// Enrols this counter: proves the hub by the code's fingerprint before the code leaves, then has
/// the device's key signed. Nothing is kept here; the caller keeps the identity. When the reply is
/// lost, the same code with the same key may be used again. A key
/// that opens courier files is made too, and its public half told.
///
/// # Errors
/// Why it is not enrolled.
pub async fn enrol(
    hub: &HubAddress,
    code: &EnrolmentCode,
    site: SiteId,
    key: &DeviceKey,
    clock: &Clock,
) -> Result<DeviceIdentity, EnrolError> {
    let applicant = Applicant {
        site,
        key,
        replaces: None,
    };
    enrol_applicant(hub, code, &applicant, clock)
        .await
        .map(|enrolled| enrolled.identity)
}

/// As [`enrol`], for an appliance that may go on for another device.
///
/// # Errors
/// Why it is not enrolled.
pub async fn enrol_applicant(
    hub: &HubAddress,
    code: &EnrolmentCode,
    applicant: &Applicant<'_>,
    clock: &Clock,
) -> Result<Enrolled, EnrolError> {
    let Applicant {
        site,
        key,
        replaces,
    } = applicant;
    let tls = enrolling_config(code.authority(), clock).map_err(|_| EnrolError::Request)?;
    let line = Line::to_any_hub(hub, tls).await?;
    let courier = CourierKey::create();
    let request = EnrolRequest {
        code: code.code().to_owned(),
        site: site.to_string(),
        request_pem: key.request_pem().map_err(|_| EnrolError::Request)?,
        courier_key: Some(courier.recipient().to_string()),
        replaces: replaces.map(|old| old.site.to_string()),
        log_after: replaces.map(|old| old.log_after),
    };
    let body = serde_json::to_vec(&request).map_err(|_| EnrolError::Request)?;
    let reply = line.post("/enrol", body).await?;
    if !reply.status.is_success() {
        let problem: EnrolProblem =
            serde_json::from_slice(&reply.body).map_err(|_| EnrolError::Answer)?;
        return Err(problem.refused.into());
    }
    let granted: EnrolReply =
        serde_json::from_slice(&reply.body).map_err(|_| EnrolError::Answer)?;
    if fingerprint_of(&granted)? != code.authority() {
        return Err(EnrolError::Answer);
    }
    let told = granted.predecessor.as_ref();
    let predecessor = told
        .map(|told| told.read().ok_or(EnrolError::Answer))
        .transpose()?;
    let identity = check(granted, *site, key, &courier)?;
    Ok(Enrolled {
        identity,
        predecessor,
    })
}

fn fingerprint_of(granted: &EnrolReply) -> Result<Fingerprint, EnrolError> {
    let authority = certificate_from_pem(&granted.authority_pem).map_err(|_| EnrolError::Answer)?;
    Ok(Fingerprint::of(&authority))
}

/// The answer must hold our site and our key.
pub(crate) fn check(
    granted: EnrolReply,
    site: SiteId,
    key: &DeviceKey,
    courier: &CourierKey,
) -> Result<DeviceIdentity, EnrolError> {
    let certificate =
        certificate_from_pem(&granted.certificate_pem).map_err(|_| EnrolError::Answer)?;
    let device = device_of(&certificate).map_err(|_| EnrolError::Answer)?;
    let ours = device.peer.site == site && device.key == key.fingerprint();
    if !ours {
        return Err(EnrolError::Answer);
    }
    Ok(DeviceIdentity {
        key_pem: key.to_pem(),
        certificate_pem: granted.certificate_pem,
        authority_pem: granted.authority_pem,
        publishing_point: granted.publishing_point,
        courier_key: Some(courier.to_text()),
    })
}

impl From<ConnectError> for EnrolError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Line => Self::Unreachable,
            ConnectError::Refused(LinkRefusal::ClockWrong { .. }) => Self::ClockWrong,
            ConnectError::Refused(
                LinkRefusal::CertificateNotOurs
                | LinkRefusal::Revoked
                | LinkRefusal::Version
                | LinkRefusal::RolledBack,
            ) => Self::FalseHub,
        }
    }
}
