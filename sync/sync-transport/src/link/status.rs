//! How the line stands.

use rustls::{AlertDescription, CertificateError};
use sync_engine::Ending;
use sync_protocol::Reason;

/// The state of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LinkState {
    /// No hub is set.
    #[default]
    Unset,
    /// First attempt.
    Connecting,
    /// Talking to the hub.
    Connected,
    /// Nobody answers.
    Down {
        /// Since when, milliseconds since 1970.
        since_unix_ms: u64,
    },
    /// Somebody answers and refuses, or is refused.
    Refused(LinkRefusal),
}

/// Why a line is refused; each wants another person to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkRefusal {
    /// The other end is not our hub, or the hub does not know us.
    CertificateNotOurs,
    /// The hub revoked this device.
    Revoked,
    /// A clock is wrong by a day or more; `ahead_ms` is ours minus the hub's where it is known.
    ClockWrong {
        /// Milliseconds.
        ahead_ms: Option<i64>,
    },
    /// No version in common.
    Version,
    /// This database is older than what it once sent: a restored backup or a clone.
    RolledBack,
}

/// How the line stands, for the screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinkStatus {
    /// The state.
    pub state: LinkState,
    /// When the hub last had everything of ours on disk, milliseconds since 1970.
    pub acknowledged_unix_ms: Option<u64>,
    /// Our clock minus the hub's when last heard, milliseconds.
    pub clock_ahead_ms: Option<i64>,
}

impl LinkStatus {
    /// Whether the clock is worth a warning: more than a minute off.
    pub fn clock_doubtful(&self) -> bool {
        self.clock_ahead_ms
            .is_some_and(|ms| ms.unsigned_abs() > sync_engine::CLOCK_WARNED_MS)
    }
}

/// What a TLS error says about who is wrong; `None` when it is only the line.
pub(crate) fn refusal_in_tls(error: &rustls::Error) -> Option<LinkRefusal> {
    if let rustls::Error::AlertReceived(alert) = error {
        return refusal_in_alert(*alert);
    }
    if let rustls::Error::InvalidCertificate(problem) = error {
        return Some(if is_about_time(problem) {
            LinkRefusal::ClockWrong { ahead_ms: None }
        } else {
            LinkRefusal::CertificateNotOurs
        });
    }
    matches!(error, rustls::Error::PeerIncompatible(_)).then_some(LinkRefusal::Version)
}

fn is_about_time(problem: &CertificateError) -> bool {
    matches!(
        problem,
        CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
    )
}

/// What the hub's TLS says of our certificate.
fn refusal_in_alert(alert: AlertDescription) -> Option<LinkRefusal> {
    const NOT_OURS: [AlertDescription; 7] = [
        AlertDescription::UnknownCA,
        AlertDescription::BadCertificate,
        AlertDescription::CertificateUnknown,
        AlertDescription::CertificateRequired,
        AlertDescription::UnsupportedCertificate,
        AlertDescription::DecryptError,
        AlertDescription::AccessDenied,
    ];
    if alert == AlertDescription::CertificateExpired {
        return Some(LinkRefusal::ClockWrong { ahead_ms: None });
    }
    if alert == AlertDescription::CertificateRevoked {
        return Some(LinkRefusal::Revoked);
    }
    if alert == AlertDescription::ProtocolVersion {
        return Some(LinkRefusal::Version);
    }
    NOT_OURS
        .contains(&alert)
        .then_some(LinkRefusal::CertificateNotOurs)
}

/// What the end of a conversation says; `None` when trying again later may help.
pub(crate) fn refusal_in_ending(ending: &Ending) -> Option<LinkRefusal> {
    let (reason, sign) = match ending {
        Ending::ByPeer(reason) => (reason, 1),
        Ending::ByUs(reason) => (reason, -1),
    };
    match reason {
        Reason::Version { .. } => Some(LinkRefusal::Version),
        Reason::Clock { ahead_ms } => Some(LinkRefusal::ClockWrong {
            ahead_ms: Some(ahead_ms.saturating_mul(sign)),
        }),
        Reason::Revoked => Some(LinkRefusal::Revoked),
        Reason::NotEnrolled | Reason::NotYourSite => Some(LinkRefusal::CertificateNotOurs),
        Reason::RolledBack { .. } => Some(LinkRefusal::RolledBack),
        Reason::Malformed | Reason::TooLarge | Reason::Quarantined(_) | Reason::Unavailable => None,
    }
}
