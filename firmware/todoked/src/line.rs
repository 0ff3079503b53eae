//! The line to head office, as the desk and the command line use it; `branch` has the lines to the
//! other counters of the branch.

mod branch;

use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use counter_api::LineState;
use counter_store::CounterStore;
use sync_engine::Limits;
use sync_protocol::SiteId;
use sync_transport::{
    Applicant, DeviceIdentity, DeviceKey, EnrolmentCode, HubAddress, Link, LinkConfig, LinkRefusal,
    LinkState, LinkStatus, Renewal,
};
use tokio::sync::{Notify, watch};

use crate::clock::{Clock as _, Random as _, SystemClock, SystemRandom};
use crate::counter::Input;
use crate::devices::Happened;
use crate::health::Health;
use crate::recovery;
use crate::settings::{DataFolder, Settings, write_private};
use crate::texts::Code;

use branch::Branch;

/// The running line; `None` inside when no head office is set. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Line {
    changed: Option<Arc<Notify>>,
    link: Arc<Mutex<Option<Link>>>,
    branch: Branch,
}

fn clock() -> sync_transport::Clock {
    sync_transport::Clock::from_unix_ms(|| SystemClock.unix_ms())
}

fn random() -> u64 {
    let mut bytes = [0; 8];
    SystemRandom.fill(&mut bytes);
    u64::from_ne_bytes(bytes)
}

impl Line {
    /// Starts the line when this counter is enrolled; says how it stands from then on.
    ///
    /// # Errors
    /// When the identity is damaged or the address is none.
    pub fn start(
        folder: &DataFolder,
        settings: &Settings,
        hub: Option<String>,
        store: Arc<Mutex<CounterStore>>,
        inputs: Sender<Input>,
        health: &Health,
    ) -> Result<Self> {
        let identity = DeviceIdentity::load(&folder.identity())
            .context("the identity of this counter is damaged; enrol it again")?;
        let (Some(identity), Some(hub)) = (identity, hub.or_else(|| settings.hub.clone())) else {
            tracing::info!("no head office is set; everything stays here");
            return Ok(Self::default());
        };
        let (renewal, renewed) = renewal(folder);
        let branch = Branch::start(settings, &identity, renewed, &store, &inputs);
        let point = identity.publishing_point()?;
        store
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .set_publishing_key(&point)
            .context("the key of head office cannot be kept")?;
        let config = LinkConfig {
            hub: hub.parse::<HubAddress>()?,
            identity,
            clock: clock(),
            random: Arc::new(random),
            limits: Limits::default(),
            renewal: Some(renewal),
        };
        let link = Link::start_reporting(config, Arc::clone(&store), Some(health.reporter()))?;
        let changed = link.changed();
        tokio::spawn(tell_status(link.status(), inputs.clone()));
        let line = Self {
            changed: Some(changed),
            link: Arc::new(Mutex::new(Some(link))),
            branch,
        };
        tokio::spawn(branch::look_around(store, line.clone(), inputs));
        Ok(line)
    }

    /// Something waits to be sent.
    pub fn wake(&self) {
        if let Some(changed) = &self.changed {
            changed.notify_one();
        }
        self.branch.wake();
    }

    /// How the line to head office stands.
    pub fn status(&self) -> LinkStatus {
        let link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        link.as_ref()
            .map_or_else(LinkStatus::default, |link| *link.status().borrow())
    }

    /// How many other counters of the branch are connected.
    pub fn neighbours(&self) -> u16 {
        self.branch.count()
    }

    /// Ends the line. What was not acknowledged is sent the next time.
    pub fn stop(&self) {
        let link = self
            .link
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(link);
        self.branch.stop();
    }
}

/// Keeps a renewed identity in the place of the old one, whole or not at all, and tells of it.
fn renewal(folder: &DataFolder) -> (Renewal, watch::Receiver<Option<DeviceIdentity>>) {
    let path = folder.identity();
    let (tell, renewed) = watch::channel(None);
    let keep = move |identity: &DeviceIdentity| match identity.save(&path) {
        Ok(()) => {
            tell.send_replace(Some(identity.clone()));
            true
        }
        Err(error) => {
            tracing::error!(%error, "renewed identity not kept");
            false
        }
    };
    let keep = Arc::new(keep);
    (Renewal { keep }, renewed)
}

async fn tell_status(mut status: watch::Receiver<LinkStatus>, inputs: Sender<Input>) {
    loop {
        let state = status.borrow_and_update().state;
        let (line, trouble) = in_words(state);
        if inputs
            .send(Input::Happened(Happened::Line { line, trouble }))
            .is_err()
        {
            return;
        }
        if status.changed().await.is_err() {
            return;
        }
    }
}

fn in_words(state: LinkState) -> (LineState, Option<Code>) {
    match state {
        LinkState::Unset => (LineState::Unset, None),
        LinkState::Connecting => (LineState::Connecting, None),
        LinkState::Connected => (LineState::Connected, None),
        LinkState::Down { .. } => (LineState::Down, None),
        LinkState::Refused(refusal) => {
            let code = match refusal {
                LinkRefusal::ClockWrong { .. } => Code::LineClockWrong,
                LinkRefusal::Version => Code::LineVersion,
                LinkRefusal::RolledBack => Code::RecordsOlderCopy,
                LinkRefusal::CertificateNotOurs | LinkRefusal::Revoked => Code::LineRefused,
            };
            (LineState::Refused, Some(code))
        }
    }
}

fn key_file(folder: &DataFolder) -> PathBuf {
    folder.path().join("identity.key")
}

/// The key is kept before it is sent anywhere: when the reply is lost, the same code works again
/// with the same key.
fn device_key(folder: &DataFolder) -> Result<DeviceKey> {
    let path = key_file(folder);
    if path.exists() {
        let pem = zeroize::Zeroizing::new(std::fs::read_to_string(&path)?);
        return DeviceKey::from_pem(&pem).context("the key of this counter is damaged");
    }
    let key = DeviceKey::create().context("no key can be made")?;
    write_private(&path, key.to_pem().as_bytes())?;
    Ok(key)
}

/// Enrols this counter with a one-time code.
///
/// # Errors
/// When it is enrolled already, or head office refuses.
pub fn enrol(folder: &DataFolder, settings: &Settings, code: &str, hub: &str) -> Result<()> {
    if DeviceIdentity::load(&folder.identity())?.is_some() {
        bail!("this counter is enrolled already; nothing was changed");
    }
    let code: EnrolmentCode = code.parse()?;
    let hub: HubAddress = hub.parse()?;
    let key = device_key(folder)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let clock = clock();
    let site = SiteId(settings.device.0);
    let applicant = Applicant {
        site,
        key: &key,
        replaces: None,
    };
    let enrolling = sync_transport::enrol_applicant(&hub, &code, &applicant, &clock);
    let enrolled = runtime
        .block_on(enrolling)
        .context("head office did not enrol this counter")?;
    if let Some(before) = &enrolled.predecessor {
        recovery::replace(folder, settings, before)?;
    }
    enrolled.identity.save(&folder.identity())?;
    std::fs::remove_file(key_file(folder)).context("the first copy of the key stays")
}
