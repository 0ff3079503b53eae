//! Makes an arrived resident copy searchable, the own city's places known, and published forms
//! usable, on a thread beside the desk.

use std::sync::mpsc::{self, RecvTimeoutError, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use counter_addresses::DICTIONARY;
use counter_forms::FORMS;
use counter_store::{CounterStore, InstallError, install_resident_copy};
use sync_engine::Store as _;

use crate::characters::NameCharacters;
use crate::counter::Input;
use crate::desk::CopyProgress;
use crate::devices::Happened;
use crate::paper::{FormMaker, address_dictionary, character_tables};
use crate::places::Places;

/// What failed once, for example on a full disk, is tried again after this time.
const AGAIN: Duration = Duration::from_mins(10);

/// What the thread makes ready.
#[derive(Debug)]
pub struct Offered {
    /// Towns, and the own city's places.
    pub places: Arc<Places>,
    /// Character tables.
    pub characters: Arc<NameCharacters>,
    /// The forms, unless they cannot be made.
    pub forms: Option<FormMaker>,
}

/// Wakes the thread. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CopyWatch(SyncSender<()>);

impl CopyWatch {
    /// Starts the thread; it looks at once and then whenever it is woken.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start(
        store: Arc<Mutex<CounterStore>>,
        offered: Offered,
        inputs: Sender<Input>,
    ) -> std::io::Result<Self> {
        let (wake, woken) = mpsc::sync_channel(1);
        std::thread::Builder::new()
            .name("resident copy".to_owned())
            .spawn(move || {
                let added = offered.forms.as_ref().map(FormMaker::added_characters);
                let tables = character_tables();
                offered
                    .characters
                    .load_with(&tables, &added.unwrap_or_default());
                take_dictionary(&store, &offered.places);
                offered.places.load_country(&address_dictionary());
                // The version that was there at the start was taken before anybody could sign.
                let mut forms = version(&store, FORMS);
                loop {
                    take_dictionary(&store, &offered.places);
                    offered.places.take_own(|name| dataset(&store, name));
                    let newest = version(&store, FORMS);
                    if let Some(maker) = offered.forms.as_ref().filter(|_| newest != forms) {
                        take_published_forms(&store, maker);
                        forms = newest;
                    }
                    install(&store, &inputs);
                    match woken.recv_timeout(AGAIN) {
                        Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                        Err(RecvTimeoutError::Disconnected) => return,
                    }
                }
            })?;
        Ok(Self(wake))
    }

    /// A new copy may have arrived.
    pub fn wake(&self) {
        // A full channel means that it will look anyway.
        self.0.try_send(()).ok();
    }
}

/// Takes the versions of forms that head office published, if any.
pub fn take_published_forms(store: &Mutex<CounterStore>, maker: &FormMaker) {
    if let Some((version, bytes)) = dataset(store, FORMS) {
        maker.take_published(&bytes);
        tracing::info!(version, "published forms taken");
    }
}

/// Takes the edition of the address dictionary that head office published, if it is new.
fn take_dictionary(store: &Mutex<CounterStore>, places: &Places) {
    let newest = version(store, DICTIONARY);
    places.take_country(newest, |name| dataset(store, name));
}

fn version(store: &Mutex<CounterStore>, name: &str) -> Option<u64> {
    let store = store.lock().unwrap_or_else(PoisonError::into_inner);
    let datasets = store.datasets().unwrap_or_default().into_iter();
    let mut named = datasets.filter(|one| one.name == name);
    named.next().map(|one| one.version)
}

fn dataset(store: &Mutex<CounterStore>, name: &str) -> Option<(u64, Vec<u8>)> {
    let store = store.lock().unwrap_or_else(PoisonError::into_inner);
    match store.dataset(name) {
        Ok(dataset) => dataset.map(|dataset| (dataset.version, dataset.bytes)),
        Err(error) => {
            tracing::error!(%error, "dataset not readable");
            None
        }
    }
}

fn install(store: &Mutex<CounterStore>, inputs: &Sender<Input>) {
    let mut told = false;
    loop {
        let installed = install_resident_copy(store, &mut |progress| {
            told = true;
            tell(inputs, Some(progress.percent));
        });
        match installed {
            Ok(None) => break,
            Ok(Some(copy)) => {
                tracing::info!(
                    version = copy.version,
                    persons = copy.persons,
                    "resident copy installed"
                );
            }
            Err(InstallError::Superseded) => {}
            Err(error) => {
                tracing::error!(%error, "resident copy not installed, the old one stays");
                break;
            }
        }
    }
    if told {
        tell(inputs, None);
    }
}

fn tell(inputs: &Sender<Input>, percent: Option<u8>) {
    let progress = CopyProgress { percent };
    if inputs
        .send(Input::Happened(Happened::ResidentCopy(progress)))
        .is_err()
    {
        tracing::debug!("the desk has ended");
    }
}
