//! Finding neighbours by multicast DNS (RFC 6762, RFC 6763).
//!
//! What is announced is the site, the branch and a port: no name of a place, nothing about persons.
//! Whoever answers must show its certificate all the same, so a false announcement costs a
//! handshake and gives nothing away.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use mdns_sd::{IfKind, Receiver, ServiceDaemon, ServiceEvent, ServiceInfo};
use sync_engine::{Peer, Store};
use sync_protocol::SiteId;
use tokio::task::JoinSet;

use super::dial::Dialler;
use super::{Discovery, NEIGHBOURS_MAX};
use crate::link::HubAddress;

const SERVICE: &str = "_todoke._tcp.local.";
/// Most places one counter is called at: where it was and where it is.
const PLACES_OF_ONE_MAX: usize = 4;

const SITE: &str = "site";
const BRANCH: &str = "branch";

/// The announcement; withdrawn when dropped.
pub(super) struct Announced(ServiceDaemon);

impl Drop for Announced {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown() {
            tracing::debug!(%error, "multicast DNS did not stop");
        }
    }
}

/// Announces this counter and calls those that are found. What fails leaves the fixed list.
pub(super) fn start<S: Store + Send + 'static>(
    dialler: &Arc<Dialler<S>>,
    discovery: Discovery,
    address: Option<SocketAddr>,
    tasks: &mut JoinSet<()>,
) -> Option<Announced> {
    if discovery == Discovery::Off {
        return None;
    }
    match announce(&dialler.own, discovery, address) {
        Ok((daemon, found)) => {
            tasks.spawn(call_found(Arc::clone(dialler), found));
            Some(Announced(daemon))
        }
        Err(error) => {
            tracing::warn!(%error, "neighbours are not looked for");
            None
        }
    }
}

fn announce(
    own: &Peer,
    discovery: Discovery,
    address: Option<SocketAddr>,
) -> mdns_sd::Result<(ServiceDaemon, Receiver<ServiceEvent>)> {
    let daemon = ServiceDaemon::new()?;
    if discovery == Discovery::Loopback {
        daemon.disable_interface(IfKind::All)?;
        daemon.enable_interface(IfKind::LoopbackV4)?;
    } else {
        daemon.disable_interface(vec![IfKind::LoopbackV4, IfKind::LoopbackV6])?;
    }
    if let Some(address) = address {
        daemon.register(announcement(own, address)?)?;
    }
    let found = daemon.browse(SERVICE)?;
    Ok((daemon, found))
}

fn announcement(own: &Peer, address: SocketAddr) -> mdns_sd::Result<ServiceInfo> {
    let site = own.site.to_string();
    let host = format!("todoke-{site}.local.");
    let about = [(SITE, site.as_str()), (BRANCH, own.branch.as_str())];
    let ip = address.ip();
    if ip.is_unspecified() {
        let info = ServiceInfo::new(SERVICE, &site, &host, (), address.port(), &about[..])?;
        Ok(info.enable_addr_auto())
    } else {
        ServiceInfo::new(SERVICE, &site, &host, ip, address.port(), &about[..])
    }
}

/// Calls each counter of our branch once it is found, and each place it is found at: a counter that
/// gets another address, or one that somebody else announces at a wrong one, is reached all the same.
async fn call_found<S: Store + Send + 'static>(
    dialler: Arc<Dialler<S>>,
    found: Receiver<ServiceEvent>,
) {
    let mut calls: JoinSet<HubAddress> = JoinSet::new();
    let mut called = Places::default();
    loop {
        let event = tokio::select! {
            event = found.recv_async() => event,
            Some(ended) = calls.join_next() => {
                if let Ok(place) = ended {
                    called.leave(&place);
                }
                continue;
            }
        };
        let Ok(event) = event else { return };
        let Some((site, address)) = neighbour_in(&event, &dialler.own) else {
            continue;
        };
        if called.enter(site, &address) {
            let dialler = Arc::clone(&dialler);
            calls.spawn(async move {
                dialler.call_while_there(address.clone()).await;
                address
            });
        }
    }
}

/// Places that are called, with the counter each was announced for.
#[derive(Debug, Default)]
struct Places(Vec<(SiteId, HubAddress)>);

impl Places {
    /// Whether a place is called from now on: a new one, within the bounds.
    fn enter(&mut self, site: SiteId, place: &HubAddress) -> bool {
        let of_site = self.0.iter().filter(|(other, _)| *other == site).count();
        let new = self.0.iter().all(|(_, other)| other != place);
        let fits = new && of_site < PLACES_OF_ONE_MAX && self.0.len() < NEIGHBOURS_MAX;
        if fits {
            self.0.push((site, place.clone()));
        }
        fits
    }

    fn leave(&mut self, place: &HubAddress) {
        self.0.retain(|(_, other)| other != place);
    }
}

/// Who an event announces and where, if it is one of our branch and not ourselves.
fn neighbour_in(event: &ServiceEvent, own: &Peer) -> Option<(SiteId, HubAddress)> {
    let ServiceEvent::ServiceResolved(found) = event else {
        return None;
    };
    let text = |name| found.txt_properties.get_property_val_str(name);
    let site: SiteId = text(SITE)?.parse().ok()?;
    if text(BRANCH)? != own.branch || site == own.site {
        return None;
    }
    // Addresses of IPv6 links need a scope that certificates and lists do not have.
    let address = found.addresses.iter().map(mdns_sd::ScopedIp::to_ip_addr);
    let address = address.filter(IpAddr::is_ipv4).min()?;
    let address = HubAddress {
        host: address.to_string(),
        port: found.port,
        others: Vec::new(),
    };
    Some((site, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(port: u16) -> HubAddress {
        HubAddress {
            host: "192.0.2.7".to_owned(),
            port,
            others: Vec::new(),
        }
    }

    #[test]
    fn counter_with_another_address_is_called_there() {
        let mut places = Places::default();
        let site = SiteId([1; 16]);
        assert!(places.enter(site, &place(1)));
        assert!(!places.enter(site, &place(1)), "called already");
        assert!(
            places.enter(site, &place(2)),
            "moved, or announced falsely before"
        );
        places.leave(&place(1));
        assert!(places.enter(site, &place(1)));
    }

    #[test]
    fn places_are_bounded_for_each_and_for_all() {
        let mut places = Places::default();
        let mut port = 0;
        for site in 0..u8::MAX {
            for _ in 0..10 {
                port += 1;
                places.enter(SiteId([site; 16]), &place(port));
            }
        }
        assert_eq!(places.0.len(), NEIGHBOURS_MAX);
        let of_first = places.0.iter().filter(|(site, _)| site.0 == [0; 16]);
        assert_eq!(of_first.count(), PLACES_OF_ONE_MAX);
    }
}
