//! HTTPS with mutual TLS for the replication conversation; enrolment.
//!
//! One TLS stack (rustls with ring), TLS 1.3 only, HTTP/2, no system roots: the hub's own
//! [`Authority`] is the only one either end believes. Who a peer is comes from its certificate and
//! from nothing else. Knows no table and reads no clock: [`Clock`] and randomness are handed in.
//!
//! # The hub's side
//! ```
//! use std::sync::{Arc, Mutex};
//! use sync_engine::{Limits, Store};
//! use sync_transport::{Authoriser, Authority, Clock, EnrolmentCode, Hub, Wake, serve, server_config};
//! use tokio::net::TcpListener;
//!
//! # async fn hub_side<S: Store + Send + 'static>(
//! #     folder: &std::path::Path, store: S, authoriser: Arc<dyn Authoriser>, clock: Clock,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let now = clock.now().unix_ms;
//! let authority = Arc::new(Authority::load_or_create(folder, now)?); // or Authority::from_pem
//! let names = ["hub.city.example".to_owned(), "127.0.0.1".to_owned()];
//! let identity = authority.issue_server(store.site(), &names, now)?;
//! let tls = server_config(&authority, identity, &clock)?;
//! let wake = Wake::new();
//! let hub = Hub {
//!     store: Arc::new(Mutex::new(store)), // share it with the desk
//!     authoriser,                         // redeem codes, admit devices
//!     authority: Arc::clone(&authority),
//!     wake: wake.clone(),
//!     clock,
//!     limits: Limits::default(),
//! };
//! let listener = TcpListener::bind("0.0.0.0:7443").await?;
//! let server = tokio::spawn(async move {
//!     serve(listener, tls, hub, std::future::pending()).await // or a shutdown signal
//! });
//!
//! // after the desk commits an event of a case of branch 01:
//! wake.branch("01");
//! // after publishing a dataset, signed with authority.sign_published(bytes):
//! wake.everyone();
//! // the desk's live queue follows everything that arrives:
//! let mut anything = wake.watch_all();
//! anything.changed().await?;
//! // what `todoke-hub enrol` prints for staff:
//! let text = EnrolmentCode::new("K7QX2M4P90AB", authority.fingerprint()).to_string();
//! # drop((server, text));
//! # Ok(())
//! # }
//! ```
//!
//! # The counter's side
//! ```
//! use std::sync::{Arc, Mutex};
//! use sync_engine::{Limits, Store};
//! use sync_transport::{Clock, DeviceIdentity, DeviceKey, Link, LinkConfig, LinkState, enrol};
//!
//! # async fn counter_side<S: Store + Send + 'static>(
//! #     file: &std::path::Path, store: Arc<Mutex<S>>, site: sync_protocol::SiteId, clock: Clock,
//! #     code: &str, random: Arc<dyn Fn() -> u64 + Send + Sync>,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let hub: sync_transport::HubAddress = "https://127.0.0.1:7443".parse()?;
//! let identity = match DeviceIdentity::load(file)? {
//!     Some(identity) => identity,
//!     None => {
//!         let key = DeviceKey::create()?;
//!         let identity = enrol(&hub, &code.parse()?, site, &key, &clock).await?;
//!         identity.save(file)?;
//!         identity
//!     }
//! };
//! // store.set_publishing_key(&identity.publishing_point()?)
//! let config = LinkConfig { hub, identity, clock, random, limits: Limits::default(), renewal: None };
//! let link = Link::start(config, store)?;
//! let changed = link.changed(); // store.on_change(move |_| changed.notify_one())
//! let mut status = link.status();
//! status.wait_for(|status| status.state == LinkState::Connected).await?;
//! let mut arrivals = link.arrivals(); // refresh the screens whenever this counts up
//! arrivals.changed().await?;
//! # drop(changed);
//! # Ok(())
//! # }
//! ```
//! Without a hub set, show `LinkStatus::default()`, which is [`LinkState::Unset`].
//!
//! # What is not here yet
//! Many returning counters are served in
//! turn (eight rounds at a time) without a `Retry-After`.

mod authority;
mod certificate;
mod clock;
pub mod courier;
mod enrol;
mod enrolment;
mod frames;
mod identity;
mod link;
mod neighbours;
mod register;
mod renew;
mod server;
mod tls;
mod wake;

pub use authority::{
    Authority, AuthorityError, AuthorityFileError, AuthorityPem, DeviceRequest, TlsIdentity,
};
pub use certificate::{Device, NotOurs};
pub use clock::Clock;
pub use enrol::{Applicant, EnrolError, Enrolled, SetAsideDevice, enrol, enrol_applicant};
pub use enrolment::{
    EnrolRefusal, EnrolmentCode, Fingerprint, ParseEnrolmentCodeError, Predecessor,
};
pub use identity::{DeviceIdentity, DeviceKey, IdentityError};
pub use link::{
    AskError, HubAddress, HubLine, Link, LinkConfig, LinkError, LinkRefusal, LinkState, LinkStatus,
    ParseHubAddressError, Report, Telling,
};
pub use neighbours::{
    DeviceList, Discovery, NEIGHBOURS_MAX, Neighbours, NeighboursConfig, NeighboursError,
    NeighboursStatus,
};
pub use register::{DEVICES, Register, RegisteredDevice};
pub use renew::{Keep, Renewal};
pub use server::{Admission, Authoriser, Hub, serve};
pub use tls::{TlsSetupError, browser_config, server_config};
pub use wake::Wake;
