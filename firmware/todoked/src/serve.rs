//! `todoke serve`: everything wired together, until it is told to stop.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use card_reader::CardWatch;
use counter_addresses::{CITY_PLACES, DICTIONARY};
use counter_domain::resident::RESIDENT_COPY;
use counter_forms::{FORMS, FontPaths};
use counter_store::{CounterStore, StoreChange};
use replica::{OpenError, Surroundings};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::attached::{AttachedDevices, Keeper, Looking};
use crate::cards::CardAuthorities;
use crate::characters::NameCharacters;
use crate::clock::{Clock, Random as _, SystemClock, SystemRandom};
use crate::counter::{Counter, Input};
use crate::desk::{Desk, GlyphGate, NoGate, PaperWays};
use crate::devices::{Arrival, Effect, Happened};
use crate::documents::PaperDesk;
use crate::health::{self, Health, Seen};
use crate::line::Line;
use crate::paper::{FormMaker, ReceiptDesk, font_paths};
use crate::places::Places;
use crate::prints::{self, PrintQueue, SheetsJob, SitePrinters};
use crate::resident_copy::{CopyWatch, Offered, take_published_forms};
use crate::settings::{DataFolder, Settings, replace_private};
use crate::store_records::StoreRecords;
use crate::{cards, keys, recovery, screens};

/// How often the clock on the screens moves.
const TICK: Duration = Duration::from_secs(5);

/// Runs the daemon.
///
/// # Errors
/// When it cannot start; nothing is overwritten then.
pub fn run(folder: &DataFolder, hub: Option<String>, ready_file: Option<PathBuf>) -> Result<()> {
    let _lock = lock(folder)?;
    recovery::finish(folder)?;
    let settings = Settings::read(folder)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("no async runtime")?;
    runtime.block_on(serve(folder, settings, hub, ready_file))
}

/// Takes the data folder for this process; released by the system when it ends.
pub(crate) fn lock(folder: &DataFolder) -> Result<File> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.lock())
        .with_context(|| format!("cannot open {}", folder.lock().display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!("another todoke serves {}", folder.path().display())
        }
        Err(TryLockError::Error(error)) => Err(error).context("cannot lock the data folder"),
    }
}

/// Whether a daemon serves this folder.
///
/// # Errors
/// When the lock cannot be looked at.
pub fn is_running(folder: &DataFolder) -> Result<bool> {
    let Ok(file) = File::open(folder.lock()) else {
        return Ok(false);
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Opens the database, with a message an operator understands.
///
/// # Errors
/// When the key is wrong or the file is damaged; the file stays as it is.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other failure has one advice"
)]
pub fn open_store(folder: &DataFolder, settings: &Settings) -> Result<CounterStore> {
    let key = keys::read(folder, keys::passphrase())?;
    let clock = SystemClock;
    let mut random = SystemRandom;
    let around = Surroundings::new(move || clock.unix_ms(), move |bytes| random.fill(bytes));
    let opened = CounterStore::open(&folder.database(), &key, settings.device, around);
    let mut store = opened.map_err(|error| {
        let advice = match error {
            OpenError::WrongKey => "the database key does not open the database",
            OpenError::Damaged => {
                "the database is damaged; keep the disk and set the counter up anew with a code of head office (todoke-hub device recover)"
            }
            OpenError::Unreadable => "wrong database key, or a damaged database",
            OpenError::NewerSchema { .. } => "the database was written by a newer todoke",
            OpenError::OtherSite => "the database belongs to another device",
            _ => "the database cannot be opened",
        };
        anyhow!(error).context(format!("{advice}; nothing was changed"))
    })?;
    store.set_branch(settings.branch.clone());
    Ok(store)
}

async fn serve(
    folder: &DataFolder,
    settings: Settings,
    hub: Option<String>,
    ready_file: Option<PathBuf>,
) -> Result<()> {
    let store = Arc::new(Mutex::new(open_store(folder, &settings)?));
    let fonts = font_paths(Some(&settings));
    let (maker, gate) = forms_and_gate(&fonts, &store);
    let receipts = ReceiptDesk::new(settings.receipt_printer.clone(), &fonts);
    let receipts = receipts.sharing(maker.as_ref());
    let (inputs, received) = Counter::channel();
    let health = Health::new(folder, Arc::clone(&store));
    let line = Line::start(
        folder,
        &settings,
        hub,
        Arc::clone(&store),
        inputs.clone(),
        &health,
    )?;
    watch_health(&health, &line, &settings).await?;
    let places = Arc::<Places>::default();
    let characters = Arc::<NameCharacters>::default();
    let offered = Offered {
        places: Arc::clone(&places),
        characters: Arc::clone(&characters),
        forms: maker.clone(),
    };
    let copies =
        CopyWatch::start(Arc::clone(&store), offered, inputs.clone()).context("no thread left")?;
    hear_the_store(&store, &inputs, &line, copies)?;
    let papers = PaperDesk::new(settings.scanner.as_ref()).knowing(Arc::clone(&places));
    let desk = desk_of(&settings, &store, gate, &papers)
        .offering(places)
        .choosing_from(characters);
    let catalogue = desk.watch_catalogue();
    let attached = AttachedDevices::of_counter(Some(&settings), Some(folder.path()), &papers);
    let attached = Arc::new(attached);
    let keeper = keep_devices(&attached, &inputs).context("no thread left")?;
    let workshop = Workshop {
        inputs: inputs.clone(),
        attached,
        keeper: keeper.clone(),
        maker,
        receipts,
        pages: print_queue(&settings, &inputs).context("no thread left")?,
        reader: settings.card_reader.clone(),
        authorities: Arc::new(CardAuthorities::of_counter(&folder.authorities())),
        papers,
        line: line.clone(),
    };
    let (counter, desk_thread) = Counter::start(desk, (inputs.clone(), received), move |effect| {
        workshop.take(effect);
    })?;
    let watch = watch_cards(&settings, &inputs, keeper.clone());
    let listener = screens::listen(&folder.socket()).context("the screens' socket")?;
    tokio::spawn(screens::serve(listener, counter.clone()));
    tokio::spawn(tick(inputs.clone()));
    let told = Told {
        catalogue,
        health: health.seen(),
        store: Arc::clone(&store),
    };
    tokio::spawn(recovery::bring_back(folder.clone(), store, inputs.clone()));
    tokio::spawn(write_status(folder.clone(), counter.clone(), told));
    say_ready(folder, ready_file);
    stopped().await?;
    watch.cancel();
    keeper.stop();
    line.stop();
    end_desk(&counter, desk_thread).await
}

/// What makes forms, with what head office published, and what says which glyphs it has.
fn forms_and_gate(
    fonts: &FontPaths,
    store: &Arc<Mutex<CounterStore>>,
) -> (Option<FormMaker>, Arc<dyn GlyphGate>) {
    match FormMaker::open(fonts) {
        Ok(maker) => {
            take_published_forms(store, &maker);
            (Some(maker.clone()), Arc::new(maker))
        }
        Err(error) => {
            tracing::error!(%error, "forms cannot be made");
            (None, Arc::new(NoGate))
        }
    }
}

/// The desk of this counter, as its settings say.
fn desk_of(
    settings: &Settings,
    store: &Arc<Mutex<CounterStore>>,
    gate: Arc<dyn GlyphGate>,
    papers: &PaperDesk,
) -> Desk<StoreRecords> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let records = StoreRecords::new(Arc::clone(store));
    let desk = Desk::new(settings.desk_place(), records, clock, gate)
        .reading_papers(PaperWays {
            scanner: papers.has_scanner(),
            tray: papers.has_tray(),
        })
        .printing_on(SitePrinters::of(settings));
    match settings.idle_lock_minutes {
        Some(minutes) => desk.locking_after(minutes),
        None => desk,
    }
}

/// Ends the desk after everything that waits for it.
async fn end_desk(counter: &Counter, desk_thread: JoinHandle<()>) -> Result<()> {
    counter.send(Input::Stop);
    if tokio::task::spawn_blocking(move || desk_thread.join())
        .await?
        .is_err()
    {
        tracing::error!("the desk ended badly; everything acknowledged is on disk");
    }
    Ok(())
}

/// Tells the desk and the line what was written. Called with the store still borrowed, so it only
/// leaves a message; many changes at once become one.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else changed, the desk reads everything anew"
)]
fn hear_the_store(
    store: &Arc<Mutex<CounterStore>>,
    inputs: &Sender<Input>,
    line: &Line,
    copies: CopyWatch,
) -> Result<()> {
    let (inputs, line) = (inputs.clone(), line.clone());
    let told = Arc::new(AtomicBool::new(false));
    let mut store = store
        .lock()
        .map_err(|_| anyhow!("the store was left by a panic"))?;
    store.on_change(move |change| match change {
        StoreChange::Written { .. } | StoreChange::Logged => line.wake(),
        other => {
            if let StoreChange::Dataset { name } = other {
                // The other counters of the branch may not have it yet.
                line.wake();
                if [RESIDENT_COPY, FORMS, CITY_PLACES, DICTIONARY].contains(&name.as_str()) {
                    copies.wake();
                }
            }
            // The desk reads everything anew; a second message before that says nothing more.
            if let Some(news) = Arrival::tell(&told)
                && inputs
                    .send(Input::Happened(Happened::Arrived(news)))
                    .is_err()
            {
                tracing::debug!("the desk has ended");
            }
        }
    });
    Ok(())
}

/// Does the desk's work beside it, each piece on a thread of its own.
struct Workshop {
    inputs: Sender<Input>,
    maker: Option<FormMaker>,
    receipts: ReceiptDesk,
    pages: PrintQueue,
    reader: Option<String>,
    authorities: Arc<CardAuthorities>,
    papers: PaperDesk,
    line: Line,
    attached: Arc<AttachedDevices>,
    keeper: Keeper,
}

impl Workshop {
    fn take(&self, effect: Effect) {
        let inputs = self.inputs.clone();
        let done = move |happened| {
            if inputs.send(Input::Happened(happened)).is_err() {
                tracing::debug!("the desk has ended");
            }
        };
        match effect {
            Effect::WakeLink => self.line.wake(),
            Effect::LookAtDevices(looking) => self.keeper.look(looking),
            Effect::TestDevice(id) => {
                let attached = Arc::clone(&self.attached);
                beside("device test", move || {
                    let tried = attached.test(&id);
                    done(Happened::DeviceTested { id, tried });
                });
            }
            Effect::ReadCard(order) => {
                let (reader, authorities) = (self.reader.clone(), Arc::clone(&self.authorities));
                beside("card", move || {
                    let read = cards::read(reader.as_deref(), &order, &authorities);
                    done(Happened::CardRead(read));
                });
            }
            Effect::ReadPaper { case, from, today } => {
                let (papers, inputs) = (self.papers.clone(), self.inputs.clone());
                papers.begin();
                beside("paper", move || {
                    let mut tell = |progress| {
                        let on = Happened::PaperGoesOn { case, progress };
                        inputs.send(Input::Happened(on)).ok();
                    };
                    let read = papers.read(from, today, &mut tell);
                    done(Happened::PaperRead { case, read });
                });
            }
            Effect::StopPaper => self.papers.stop(),
            Effect::MakeForm(job) => {
                let maker = self.maker.clone();
                beside("form", move || {
                    let form = maker.map_or(Err(String::new()), |maker| maker.make(&job));
                    done(Happened::FormMade {
                        case: job.case,
                        form,
                    });
                });
            }
            Effect::PrintPages(order) => self.pages.order(order),
            Effect::MakeSeparators { city, today } => self.make_separators(city, today, done),
            Effect::MakeSheets(job) => self.make_sheets(job, done),
            Effect::PrintReceipt(job) => {
                let receipts = self.receipts.clone();
                beside("receipt", move || {
                    let printed = receipts.print(&job);
                    done(Happened::ReceiptPrinted {
                        case: job.case,
                        printed,
                    });
                });
            }
        }
    }

    fn make_separators(
        &self,
        city: String,
        today: jiff::civil::Date,
        done: impl FnOnce(Happened) + Send + 'static,
    ) {
        let maker = self.maker.clone();
        beside("sheets", move || {
            let forms = maker.map(|maker| maker.forms());
            let made = forms.and_then(|forms| {
                let made = prints::separators(&forms, &city, &today.to_string());
                made.inspect_err(|error| tracing::error!(%error, "separator sheets"))
                    .ok()
            });
            done(Happened::SeparatorsMade(made));
        });
    }

    fn make_sheets(&self, job: Box<SheetsJob>, done: impl FnOnce(Happened) + Send + 'static) {
        let (maker, inputs) = (self.maker.clone(), self.inputs.clone());
        beside("sheets", move || {
            let case = job.case;
            let mut each = |sheet| {
                let sheet = Box::new(sheet);
                let made = Happened::SheetMade { case, sheet };
                inputs.send(Input::Happened(made)).ok();
            };
            let made = |maker: FormMaker| prints::make(&maker.forms(), &job, &mut each);
            let whole = maker.is_some_and(made);
            done(Happened::SheetsMade { case, whole });
        });
    }
}

fn beside(name: &str, work: impl FnOnce() + Send + 'static) {
    if let Err(error) = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
    {
        tracing::error!(%error, "no thread for a device");
    }
}

/// Looks at the devices for as long as the daemon runs.
fn keep_devices(
    attached: &Arc<AttachedDevices>,
    inputs: &Sender<Input>,
) -> std::io::Result<Keeper> {
    let inputs = inputs.clone();
    Keeper::start(attached, move |kind, seen| {
        let seen = Happened::DevicesSeen { kind, seen };
        if inputs.send(Input::Happened(seen)).is_err() {
            tracing::debug!("the desk has ended");
        }
    })
}

/// The queue at the printers of the site.
fn print_queue(settings: &Settings, inputs: &Sender<Input>) -> std::io::Result<PrintQueue> {
    let inputs = inputs.clone();
    PrintQueue::start(SitePrinters::of(settings), move |seen| {
        if inputs
            .send(Input::Happened(Happened::PagesSeen(seen)))
            .is_err()
        {
            tracing::debug!("the desk has ended");
        }
    })
}

fn watch_cards(
    settings: &Settings,
    inputs: &Sender<Input>,
    keeper: Keeper,
) -> card_reader::WatchCanceller {
    let reader = settings.card_reader.clone();
    let watch = reader
        .as_deref()
        .map_or_else(CardWatch::new, CardWatch::only);
    let canceller = watch.canceller();
    let inputs = inputs.clone();
    beside("card watch", move || {
        cards::watch(watch, reader.as_deref(), |lies| {
            keeper.look(Looking::Now);
            if inputs
                .send(Input::Happened(Happened::CardLies(lies)))
                .is_err()
            {
                tracing::debug!("the desk has ended");
            }
        });
    });
    canceller
}

/// Moves the clock on the screens.
async fn tick(inputs: Sender<Input>) {
    let mut interval = tokio::time::interval(TICK);
    loop {
        interval.tick().await;
        if inputs.send(Input::Happened(Happened::Tick)).is_err() {
            return;
        }
    }
}

/// Begins to look how this counter is, and opens the figures where the settings say so.
///
/// # Errors
/// When their address cannot be opened.
async fn watch_health(health: &Health, line: &Line, settings: &Settings) -> Result<()> {
    health.attach(line.clone());
    tokio::spawn(health.clone().keep_looking());
    if let Some(address) = settings.metrics {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot open {address} for monitoring"))?;
        tokio::spawn(health::serve(listener, health.clone()));
    }
    Ok(())
}

/// What `status.json` tells beside the staff's screen.
struct Told {
    catalogue: watch::Receiver<Option<u64>>,
    health: watch::Receiver<Option<Arc<Seen>>>,
    store: Arc<Mutex<CounterStore>>,
}

/// Keeps `status.json` up to date for `todoke status`.
async fn write_status(folder: DataFolder, counter: Counter, mut told: Told) {
    let mut views = counter.staff_views();
    let mut written = None;
    loop {
        let header = views.borrow_and_update().header.clone();
        let status = serde_json::json!({
            "line": header.line,
            "neighbours": header.neighbours,
            "waiting_to_send": header.waiting_to_send,
            "safe_until": header.safe_until,
            "returned": header.returned,
            "resident_copy": header.resident_copy,
            "catalogue": catalogue_in_words(*told.catalogue.borrow_and_update()),
            "health": told.health.borrow_and_update().as_deref(),
            "recovery": recovery::as_json(&told.store),
        });
        if written.as_ref() != Some(&status) {
            let bytes = status.to_string().into_bytes();
            let path = folder.status();
            let done = tokio::task::spawn_blocking(move || replace_private(&path, &bytes)).await;
            if !matches!(done, Ok(Ok(()))) {
                tracing::warn!("status not written");
            }
            written = Some(status);
        }
        let changed = tokio::select! {
            changed = views.changed() => changed,
            changed = told.catalogue.changed() => changed,
            changed = told.health.changed() => changed,
        };
        if changed.is_err() {
            return;
        }
    }
}

/// Where the procedure catalogue in force comes from.
fn catalogue_in_words(version: Option<u64>) -> serde_json::Value {
    match version {
        Some(version) => serde_json::json!({ "from": "head_office", "version": version }),
        None => serde_json::json!({ "from": "program", "version": null }),
    }
}

/// Tells whoever started us that screens may connect. A FIFO waits for its reader, so this does
/// not hold up the daemon.
fn say_ready(folder: &DataFolder, ready_file: Option<PathBuf>) {
    let Some(path) = ready_file else { return };
    let text = serde_json::json!({ "socket": folder.socket() }).to_string();
    beside("ready", move || {
        let written = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .open(&path)
            .and_then(|mut file| writeln!(file, "{text}"));
        if let Err(error) = written {
            tracing::warn!(%error, "ready file not written");
        }
    });
}

async fn stopped() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tracing::info!("ready");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    Ok(())
}
