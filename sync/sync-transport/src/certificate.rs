//! Who a certificate names.
//!
//! Every certificate of ours carries one URI, `todoke://<branch>/<site>`: two digits of the branch
//! (`00` is head office) and the site in 32 hexadecimal digits. Nothing else in it is believed.

use sync_engine::{Peer, PeerRole};
use sync_protocol::SiteId;
use thiserror::Error;
use x509_parser::extensions::GeneralName;

/// The name every hub certificate carries and every counter asks for, however it dialled: a proxy,
/// a moved address or a second network card changes nothing.
pub(crate) const HUB_NAME: &str = "hub.todoke.internal";

/// The name every counter's certificate carries for its neighbours, however they dialled.
pub(crate) const COUNTER_NAME: &str = "counter.todoke.internal";

/// Branch of the head office.
pub(crate) const HEAD_OFFICE: &str = "00";

/// A certificate that does not name one of our devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("certificate names no device of ours")]
pub struct NotOurs;

/// A device as its certificate names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Branch and site.
    pub peer: Peer,
    /// SHA-256 of its public key (`SubjectPublicKeyInfo`, DER).
    pub key: [u8; 32],
}

/// How long a certificate holds and what for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Term {
    /// From when, seconds since 1970.
    pub(crate) from_s: i64,
    /// Until when, seconds since 1970.
    pub(crate) until_s: i64,
    /// Whether neighbours can dial it: certificates of earlier versions are for dialling only.
    pub(crate) serves_neighbours: bool,
}

/// Reads the term of a certificate, DER.
pub(crate) fn term_of(der: &[u8]) -> Result<Term, NotOurs> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).map_err(|_| NotOurs)?;
    let names = certificate.subject_alternative_name().ok().flatten();
    let named = names.is_some_and(|names| {
        let names = &names.value.general_names;
        names.contains(&GeneralName::DNSName(COUNTER_NAME))
    });
    let usage = certificate.extended_key_usage().ok().flatten();
    let serves = usage.is_some_and(|usage| usage.value.server_auth);
    Ok(Term {
        from_s: certificate.validity().not_before.timestamp(),
        until_s: certificate.validity().not_after.timestamp(),
        serves_neighbours: named && serves,
    })
}

/// The URI of a device.
pub(crate) fn device_uri(branch: &str, site: SiteId) -> String {
    format!("todoke://{branch}/{site}")
}

/// Whether text is a branch: two digits.
pub(crate) fn is_branch(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads a certificate, DER.
pub(crate) fn device_of(der: &[u8]) -> Result<Device, NotOurs> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).map_err(|_| NotOurs)?;
    let names = certificate
        .subject_alternative_name()
        .ok()
        .flatten()
        .ok_or(NotOurs)?;
    let mut uris = names
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::URI(uri) => Some(*uri),
            GeneralName::OtherName(..)
            | GeneralName::RFC822Name(_)
            | GeneralName::DNSName(_)
            | GeneralName::X400Address(_)
            | GeneralName::DirectoryName(_)
            | GeneralName::EDIPartyName(_)
            | GeneralName::IPAddress(_)
            | GeneralName::RegisteredID(_)
            | GeneralName::Invalid(..) => None,
        });
    let (Some(uri), None) = (uris.next(), uris.next()) else {
        return Err(NotOurs);
    };
    let (branch, site) = uri
        .strip_prefix("todoke://")
        .and_then(|rest| rest.split_once('/'))
        .ok_or(NotOurs)?;
    if !is_branch(branch) {
        return Err(NotOurs);
    }
    let role = if branch == HEAD_OFFICE {
        PeerRole::Hub
    } else {
        PeerRole::Counter
    };
    let peer = Peer {
        site: site.parse().map_err(|_| NotOurs)?,
        branch: branch.to_owned(),
        role,
    };
    Ok(Device {
        peer,
        key: sha256(certificate.public_key().raw),
    })
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    hash.iter_mut()
        .zip(digest.as_ref())
        .for_each(|(to, from)| *to = *from);
    hash
}
