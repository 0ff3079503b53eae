//! Watching what lies on the readers.

use std::ffi::CString;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use pcsc::{Context, PNP_NOTIFICATION, ReaderState, State};

use crate::{CardError, PcscService};

/// Longest single wait. Readers are listed again after it, so a plug notification that a driver
/// swallowed delays us by this much and no more.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// Pause between attempts to reach a pcscd that is down.
const SERVICE_RETRY: Duration = Duration::from_millis(300);

/// What lies on the readers as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lying {
    /// pcscd is down; the watch keeps trying.
    NoService,
    /// No reader is plugged in.
    NoReader,
    /// All readers are empty; the first is named.
    Empty {
        /// Name of the reader, as pcscd gives it.
        reader: String,
    },
    /// A card that answers.
    Card {
        /// Name of the reader it lies on.
        reader: String,
        /// Its answer to reset.
        atr: Vec<u8>,
    },
    /// Something that does not answer: wrong side, damaged, no chip.
    Mute {
        /// Name of the reader it lies on.
        reader: String,
    },
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<CancelState>,
    changed: Condvar,
}

#[derive(Default)]
struct CancelState {
    cancelled: bool,
    context: Option<Context>,
}

impl std::fmt::Debug for CancelState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CancelState")
            .field("cancelled", &self.cancelled)
            .finish_non_exhaustive()
    }
}

/// Ends a watch from another thread.
#[derive(Debug, Clone)]
pub struct WatchCanceller {
    shared: Arc<Shared>,
}

impl WatchCanceller {
    /// Makes the running and every later [`CardWatch::next`] return `None`.
    pub fn cancel(&self) {
        let mut state = self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.cancelled = true;
        if let Some(context) = &state.context
            && let Err(error) = context.cancel()
        {
            tracing::debug!(%error, "nothing to cancel");
        }
        self.shared.changed.notify_all();
    }
}

/// Tells one blocking thread what lies on the readers.
///
/// Survives everything: pcscd stopped and started, readers unplugged and plugged in. A card that
/// was swapped between two looks is reported again even when it looks the same.
#[derive(Debug)]
pub struct CardWatch {
    shared: Arc<Shared>,
    only: Option<String>,
    service: Option<PcscService>,
    reported: Option<(Lying, u32)>,
}

impl Default for CardWatch {
    fn default() -> Self {
        Self::new()
    }
}

impl CardWatch {
    /// Watches all readers.
    pub fn new() -> Self {
        Self {
            shared: Arc::default(),
            only: None,
            service: None,
            reported: None,
        }
    }

    /// Watches one reader and does as if there were no other.
    pub fn only(reader: &str) -> Self {
        Self {
            only: Some(reader.to_owned()),
            ..Self::new()
        }
    }

    /// A handle that ends this watch from another thread.
    pub fn canceller(&self) -> WatchCanceller {
        WatchCanceller {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Blocks until what lies on the readers differs from what was returned last; the first call
    /// returns at once. `None` after [`WatchCanceller::cancel`].
    #[expect(
        clippy::should_implement_trait,
        reason = "a watch never ends by itself"
    )]
    pub fn next(&mut self) -> Option<Lying> {
        loop {
            if self.is_cancelled() {
                return None;
            }
            let (seen, states) = match self.look() {
                Ok(states) => (summary(&states), states),
                Err(error) => {
                    tracing::debug!(%error, "card service lost");
                    self.forget_service();
                    ((Lying::NoService, 0), Vec::new())
                }
            };
            if self.reported.as_ref() != Some(&seen) {
                self.reported = Some(seen.clone());
                return Some(seen.0);
            }
            self.wait(states);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .cancelled
    }

    fn forget_service(&mut self) {
        self.service = None;
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .context = None;
    }

    /// Lists the readers and asks each for its state, without waiting.
    fn look(&mut self) -> Result<Vec<ReaderState>, CardError> {
        let service = self.open_service()?;
        let names: Vec<CString> = service
            .reader_names()?
            .into_iter()
            .filter(|name| {
                self.only
                    .as_ref()
                    .is_none_or(|o| o.as_bytes() == name.as_bytes())
            })
            .collect();
        let mut states: Vec<ReaderState> = names
            .iter()
            .map(|name| ReaderState::new(name.clone(), State::UNAWARE))
            .collect();
        if !states.is_empty() {
            match service
                .context()
                .get_status_change(Duration::ZERO, &mut states)
            {
                Ok(()) | Err(pcsc::Error::Timeout | pcsc::Error::Cancelled) => {}
                Err(error) => {
                    let error = CardError::from(error);
                    // Unplugged between listing and asking: listed again at the next look.
                    return if error == CardError::NoReader {
                        Ok(Vec::new())
                    } else {
                        Err(error)
                    };
                }
            }
        }
        Ok(states)
    }

    fn open_service(&mut self) -> Result<PcscService, CardError> {
        if let Some(service) = &self.service {
            return Ok(service.clone());
        }
        let service = PcscService::establish()?;
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .context = Some(service.context().clone());
        self.service = Some(service.clone());
        Ok(service)
    }

    /// Waits for any change, a cancellation, or [`WAIT_MAX`].
    fn wait(&mut self, mut states: Vec<ReaderState>) {
        let Some(service) = self.service.clone() else {
            let state = self
                .shared
                .state
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let waited = self
                .shared
                .changed
                .wait_timeout_while(state, SERVICE_RETRY, |state| !state.cancelled);
            drop(waited);
            return;
        };
        // The count of insertions goes along, so a swap since the look ends the wait at once.
        states.iter_mut().for_each(ReaderState::sync_current_state);
        states.push(ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE));
        // A cancellation that arrives just before this call is lost to pcsclite; WAIT_MAX bounds it.
        if let Err(error) = service.context().get_status_change(WAIT_MAX, &mut states) {
            let error = CardError::from(error);
            tracing::trace!(%error, "end of one wait");
            if error.is_service_loss() {
                self.forget_service();
            }
        }
    }
}

/// The first card that answers, else the first that does not, else the first empty reader; with
/// that reader's count of insertions and removals.
fn summary(states: &[ReaderState]) -> (Lying, u32) {
    let find = |wanted: State, unwanted: State| {
        states
            .iter()
            .find(|s| s.event_state().contains(wanted) && !s.event_state().intersects(unwanted))
    };
    let name = |s: &ReaderState| s.name().to_string_lossy().into_owned();
    if let Some(s) = find(State::PRESENT, State::MUTE) {
        return (
            Lying::Card {
                reader: name(s),
                atr: s.atr().to_vec(),
            },
            s.event_count(),
        );
    }
    if let Some(s) = find(State::PRESENT, State::empty()) {
        return (Lying::Mute { reader: name(s) }, s.event_count());
    }
    match states.first() {
        Some(s) => (Lying::Empty { reader: name(s) }, 0),
        None => (Lying::NoReader, 0),
    }
}
