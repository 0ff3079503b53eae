//! A device's own question to head office, beside the conversation: what a standby asks.

use sync_engine::PeerRole;
use thiserror::Error;

use super::line::{ConnectError, Line};
use super::{HubAddress, LinkError, LinkRefusal};
use crate::clock::Clock;
use crate::identity::DeviceIdentity;
use crate::renew::{self, Renewal};
use crate::tls::device_config;

/// Why there is no answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AskError {
    /// The identity or the TLS stack.
    #[error(transparent)]
    Set(#[from] LinkError),
    /// Nobody answers.
    #[error("hub is not reached")]
    Unreachable,
    /// Somebody answers who is not our hub, or who refuses us.
    #[error("line is refused: {0:?}")]
    Refused(LinkRefusal),
    /// The hub does not take this question, or not from this device; an HTTP status.
    #[error("hub does not answer that, status {0}")]
    Status(u16),
}

impl From<ConnectError> for AskError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Line => Self::Unreachable,
            ConnectError::Refused(refusal) => Self::Refused(refusal),
        }
    }
}

/// An open line to head office; cut when dropped.
pub struct HubLine(Line);

impl std::fmt::Debug for HubLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HubLine({})", self.0.device.peer.site)
    }
}

impl HubLine {
    /// Dials head office, at its first address only, and renews the certificate when it is time.
    ///
    /// # Errors
    /// Why there is no line.
    pub async fn dial(
        hub: &HubAddress,
        identity: &DeviceIdentity,
        clock: &Clock,
        renewal: &Renewal,
    ) -> Result<Self, AskError> {
        let tls = device_config(identity, clock).map_err(LinkError::from)?;
        let line = Line::to_hub(hub, tls).await?;
        if renew::is_due(identity, clock.now().unix_ms)
            && let Err(error) = renew::renew(&line, identity, renewal).await
        {
            tracing::warn!(%error, "certificate not renewed");
        }
        debug_assert_eq!(line.device.peer.role, PeerRole::Hub);
        Ok(Self(line))
    }

    /// Asks as a standby; the bytes mean what the two hubs agree on.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn ask_as_standby(&self, question: Vec<u8>) -> Result<Vec<u8>, AskError> {
        let reply = self.0.post("/standby", question).await?;
        if reply.status.is_success() {
            Ok(reply.body.to_vec())
        } else {
            Err(AskError::Status(reply.status.as_u16()))
        }
    }
}
