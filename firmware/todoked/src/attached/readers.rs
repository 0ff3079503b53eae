//! Card readers, through pcscd.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use card_reader::{CardError, CardWatch, Lying, PcscService};
use counter_api::DeviceKind;
use identity_cards::session;
use paper_devices::Identity;

use crate::attached::{Attached, Seen, State, Tried, kind_name};
use crate::cards;

/// See the module.
#[derive(Debug)]
pub(super) struct CardReaders {
    /// The one that is set up, when there are several.
    set: Option<String>,
    /// What each said about itself; asked once, because asking holds it for a moment.
    said: Mutex<BTreeMap<String, Identity>>,
}

impl CardReaders {
    pub(super) fn new(set: Option<String>) -> Self {
        Self {
            set,
            said: Mutex::default(),
        }
    }

    fn seen(&self, service: &PcscService, name: &str) -> Seen {
        Seen {
            id: id(name),
            name: name.to_owned(),
            identity: self.identity(service, name),
            state: state(name),
        }
    }

    /// A reader that is read right now is asked at the next look.
    fn identity(&self, service: &PcscService, name: &str) -> Identity {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(identity) = said.get(name) {
            return identity.clone();
        }
        let Ok(told) = service.describe(name) else {
            return Identity::default();
        };
        let identity = Identity {
            model: told.maker,
            firmware: told.firmware,
        };
        said.insert(name.to_owned(), identity.clone());
        identity
    }

    /// What is there no longer is asked again when it comes back: it may be another one.
    fn forget_all_but(&self, names: &[String]) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.retain(|name, _| names.contains(name));
    }

    fn none(&self, state: State) -> Seen {
        let name = self.set.as_deref().unwrap_or_default();
        Seen::only(DeviceKind::CardReader, name, state)
    }
}

fn id(name: &str) -> String {
    format!("{}:{name}", kind_name(DeviceKind::CardReader))
}

/// The first look of a watch comes at once.
fn state(name: &str) -> State {
    match CardWatch::only(name).next() {
        Some(Lying::Card { .. }) => State::CardThere,
        Some(Lying::Mute { .. }) => State::Mute,
        Some(Lying::Empty { .. }) => State::Empty,
        Some(Lying::NoReader) | None => State::Missing,
        Some(Lying::NoService) => State::NoService,
    }
}

impl Attached for CardReaders {
    fn kind(&self) -> DeviceKind {
        DeviceKind::CardReader
    }

    fn look(&self) -> Vec<Seen> {
        let found = PcscService::establish().and_then(|service| {
            let names = service.readers()?;
            Ok((service, names))
        });
        let Ok((service, names)) = found else {
            self.forget_all_but(&[]);
            return vec![self.none(State::NoService)];
        };
        self.forget_all_but(&names);
        let mut seen: Vec<Seen> = names.iter().map(|name| self.seen(&service, name)).collect();
        let lacks_the_set_one = self.set.as_ref().is_some_and(|set| !names.contains(set));
        if seen.is_empty() || lacks_the_set_one {
            seen.insert(0, self.none(State::Missing));
        }
        seen
    }

    /// Powers the card and recognises it; sends no secret.
    fn test(&self, which: &str) -> Result<Tried, State> {
        let name = which.split_once(':').map(|(_, name)| name);
        let mut card = cards::connect(name.or(self.set.as_deref())).map_err(trouble)?;
        let kind = session::detect(&mut card).map_err(|error| {
            tracing::info!(%error, "card not recognised in a try");
            if error.is_card_loss() {
                State::Empty
            } else {
                State::Mute
            }
        })?;
        Ok(Tried {
            word: "card",
            detail: kind.name().to_owned(),
        })
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else a card answers, people do the same"
)]
fn trouble(error: CardError) -> State {
    match error {
        CardError::NoService => State::NoService,
        CardError::NoReader => State::Missing,
        CardError::NoCard | CardError::Removed | CardError::Reset => State::Empty,
        CardError::Shared => State::Held,
        _ => State::Mute,
    }
}
