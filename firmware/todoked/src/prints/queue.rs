//! What this counter has at its page printers.
//!
//! A job is handed over once. While its printer cannot be reached it waits here and is handed over
//! by itself later; where the connection broke in the middle nobody knows whether it was taken, so a
//! person decides. A job that was taken is asked about until it is over.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use paper_devices::{JobState, PageJob, PagePrinter, PrintPagesError};

use super::SitePrinters;
use crate::attached::{State, page_state, page_trouble};

/// How long a printer may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How often open jobs are asked about.
const LOOK: Duration = Duration::from_millis(700);
/// Jobs that are open at once; more are refused.
const OPEN_MAX: usize = 100;
/// `server-error`: not now, and perhaps later (RFC 8011, appendix B.1.5).
const SERVER_ERRORS: std::ops::Range<u16> = 0x0500..0x0600;

/// Pages to print. `Debug` hides them.
#[derive(Clone)]
pub struct PrintJob {
    /// What it is told by.
    pub id: u32,
    /// [`super::SitePrinter::id`].
    pub printer: String,
    /// What the printer's own queue shows.
    pub label: String,
    /// The pages.
    pub pdf: Arc<[u8]>,
    /// How they come out.
    pub how: PageJob,
}

impl fmt::Debug for PrintJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrintJob({}, {} bytes)", self.id, self.pdf.len())
    }
}

/// What the queue is told.
#[derive(Debug)]
pub enum Order {
    /// Print this.
    Print(Box<PrintJob>),
    /// Take a job back.
    Cancel(u32),
    /// Somebody looks at the printers, or does not any more.
    Watch(bool),
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// On its way, or behind others.
    Waiting,
    /// Being printed.
    Printing,
    /// The printer waits for somebody; the job goes on by itself afterwards.
    Stuck(State),
    /// Held at the printer until somebody releases it there.
    Held,
    /// On paper, or with a printer that says no more.
    Done,
    /// Taken back.
    Cancelled,
    /// The connection broke: it may come out or not.
    Unsure,
    /// It will not come out.
    Failed(State),
}

impl Stage {
    /// Whether nothing more becomes of it.
    pub const fn is_over(self) -> bool {
        match self {
            Self::Waiting | Self::Printing | Self::Stuck(_) | Self::Held => false,
            Self::Done | Self::Cancelled | Self::Unsure | Self::Failed(_) => true,
        }
    }
}

/// A job as it stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobSeen {
    /// [`PrintJob::id`].
    pub id: u32,
    /// Where it stands.
    pub stage: Stage,
    /// Tray and sides are as the form wants them, as far as the printer says.
    pub as_asked: bool,
}

/// A printer as it was seen last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrinterSeen {
    /// [`super::SitePrinter::id`].
    pub id: String,
    /// How it is.
    pub state: State,
    /// Jobs that wait at it, of everybody.
    pub queued: u32,
}

/// Everything the queue knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueSeen {
    /// Jobs that are open, and those that ended since the last time.
    pub jobs: Vec<JobSeen>,
    /// Printers that were looked at.
    pub printers: Vec<PrinterSeen>,
}

struct Job {
    given: PrintJob,
    stage: Stage,
    /// Its number at the printer, once it was taken.
    number: Option<u32>,
    as_asked: bool,
}

/// The jobs, and what is done about them turn by turn.
pub struct Queue {
    printers: SitePrinters,
    jobs: Vec<Job>,
    watched: bool,
    seen: Vec<PrinterSeen>,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Queue({} jobs)", self.jobs.len())
    }
}

impl Queue {
    /// An empty queue at these printers.
    pub const fn new(printers: SitePrinters) -> Self {
        Self {
            printers,
            jobs: Vec::new(),
            watched: false,
            seen: Vec::new(),
        }
    }

    /// Takes an order. Taking a job back talks to its printer.
    pub fn take(&mut self, order: Order) {
        match order {
            Order::Print(given) => {
                let full = self.jobs.iter().filter(|job| !job.stage.is_over()).count() >= OPEN_MAX;
                self.jobs.push(Job {
                    given: *given,
                    stage: if full {
                        Stage::Failed(State::Refused)
                    } else {
                        Stage::Waiting
                    },
                    number: None,
                    as_asked: true,
                });
            }
            Order::Cancel(id) => self.cancel(id),
            Order::Watch(watched) => self.watched = watched,
        }
    }

    /// Whether there is something to ask printers about.
    pub fn has_work(&self) -> bool {
        self.watched || self.jobs.iter().any(|job| !job.stage.is_over())
    }

    /// Looks at the printers that have something to do, and does what can be done now.
    pub fn turn(&mut self) {
        let printers = self.printers.clone();
        for site in printers.all() {
            let open = |job: &&mut Job| job.given.printer == site.id && !job.stage.is_over();
            let mut jobs: Vec<&mut Job> = self.jobs.iter_mut().filter(open).collect();
            if jobs.is_empty() && !self.watched {
                continue;
            }
            let (state, queued) = match open_printer(&site.address) {
                Ok(printer) => {
                    let (state, queued) = look(&printer);
                    for job in &mut jobs {
                        job.go_on(&printer, state);
                    }
                    (state, queued)
                }
                Err(state) => {
                    for job in &mut jobs {
                        job.stage = Stage::Failed(state);
                    }
                    (state, 0)
                }
            };
            let id = site.id.clone();
            self.seen.retain(|one| one.id != id);
            self.seen.push(PrinterSeen { id, state, queued });
        }
        // A printer that the settings do not have any more.
        for job in self.jobs.iter_mut().filter(|job| !job.stage.is_over()) {
            if printers.find(&job.given.printer).is_none() {
                job.stage = Stage::Failed(State::Unset);
            }
        }
    }

    /// What is known now; jobs that are over are told once and let go, with their pages.
    pub fn tell(&mut self) -> QueueSeen {
        let jobs = self.jobs.iter().map(|job| JobSeen {
            id: job.given.id,
            stage: job.stage,
            as_asked: job.as_asked,
        });
        let seen = QueueSeen {
            jobs: jobs.collect(),
            printers: self.seen.clone(),
        };
        self.jobs.retain(|job| !job.stage.is_over());
        seen
    }

    fn cancel(&mut self, id: u32) {
        let found = self.jobs.iter_mut().find(|job| job.given.id == id);
        let Some(job) = found.filter(|job| !job.stage.is_over()) else {
            return;
        };
        let address = self.printers.find(&job.given.printer);
        let taken = address.zip(job.number);
        let done = taken.map_or(Ok(()), |(site, number)| {
            open_printer(&site.address)?
                .cancel(number)
                .map_err(|error| page_trouble(&error))
        });
        job.stage = match done {
            Ok(()) => Stage::Cancelled,
            Err(state) => Stage::Stuck(state),
        };
    }
}

impl Job {
    fn go_on(&mut self, printer: &PagePrinter, state: State) {
        match self.number {
            None => self.hand_over(printer, state),
            Some(number) => self.ask(printer, number, state),
        }
    }

    fn hand_over(&mut self, printer: &PagePrinter, state: State) {
        if state == State::Unreachable || state == State::NoAnswer {
            self.stage = Stage::Stuck(state);
            return;
        }
        let given = &self.given;
        match printer.submit(&given.pdf, &given.label, &given.how) {
            Ok(taken) => {
                self.as_asked = taken.as_asked;
                self.number = taken.number;
                match taken.number {
                    Some(number) => self.ask(printer, number, state),
                    None => self.stage = Stage::Done,
                }
            }
            Err(PrintPagesError::Unreachable) => self.stage = Stage::Stuck(State::Unreachable),
            Err(PrintPagesError::Broken) => self.stage = Stage::Unsure,
            Err(PrintPagesError::Refused { status }) if SERVER_ERRORS.contains(&status) => {
                // At work for somebody else, or stopped.
                self.stage = if state.is_usable() {
                    Stage::Waiting
                } else {
                    Stage::Stuck(state)
                };
            }
            Err(error) => self.stage = Stage::Failed(page_trouble(&error)),
        }
    }

    fn ask(&mut self, printer: &PagePrinter, number: u32, state: State) {
        let stuck = (!state.is_usable()).then_some(Stage::Stuck(state));
        self.stage = match printer.job(number) {
            Ok(JobState::Waiting) => stuck.unwrap_or(Stage::Waiting),
            Ok(JobState::Printing) => stuck.unwrap_or(Stage::Printing),
            Ok(JobState::Stopped) => stuck.unwrap_or(Stage::Stuck(State::Stopped)),
            Ok(JobState::Held) => Stage::Held,
            Ok(JobState::Done | JobState::Forgotten) => Stage::Done,
            Ok(JobState::Cancelled) => Stage::Cancelled,
            Ok(JobState::Failed) => Stage::Failed(State::Fault),
            Err(error) => Stage::Stuck(page_trouble(&error)),
        };
    }
}

fn open_printer(address: &str) -> Result<PagePrinter, State> {
    PagePrinter::new(address, TIMEOUT).map_err(|error| page_trouble(&error))
}

/// How a printer is, and how many jobs wait at it.
fn look(printer: &PagePrinter) -> (State, u32) {
    match printer.status() {
        Ok(status) => (page_state(&status), status.queued),
        Err(error) => (page_trouble(&error), 0),
    }
}

/// The queue on a thread of its own; it ends when nobody holds this any more.
#[derive(Debug, Clone)]
pub struct PrintQueue {
    orders: Sender<Order>,
}

impl PrintQueue {
    /// Starts it; `tell` hears of every change.
    ///
    /// # Errors
    /// When there is no thread left.
    pub fn start(
        printers: SitePrinters,
        tell: impl Fn(QueueSeen) + Send + 'static,
    ) -> io::Result<Self> {
        let (orders, received) = channel();
        std::thread::Builder::new()
            .name("print queue".to_owned())
            .spawn(move || work(Queue::new(printers), &received, &tell))?;
        Ok(Self { orders })
    }

    /// Takes an order; never waits.
    pub fn order(&self, order: Order) {
        if self.orders.send(order).is_err() {
            tracing::error!("the print queue has ended");
        }
    }
}

fn work(mut queue: Queue, orders: &Receiver<Order>, tell: &dyn Fn(QueueSeen)) {
    let mut told = QueueSeen::default();
    loop {
        let next = if queue.has_work() {
            orders.recv_timeout(LOOK)
        } else {
            orders.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        match next {
            Ok(order) => queue.take(order),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        for order in orders.try_iter() {
            queue.take(order);
        }
        queue.turn();
        let seen = queue.tell();
        if seen != told {
            told.clone_from(&seen);
            tell(seen);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;
    use crate::prints::SitePrinter;

    /// A queue at one printer with one job.
    fn queue(address: &str) -> Queue {
        let site = SitePrinter {
            id: "own".to_owned(),
            name: String::new(),
            address: address.to_owned(),
            trays: std::collections::BTreeMap::new(),
        };
        let mut queue = Queue::new(SitePrinters::those(vec![site]));
        queue.take(Order::Print(Box::new(job("own"))));
        queue
    }

    fn job(printer: &str) -> PrintJob {
        PrintJob {
            id: 1,
            printer: printer.to_owned(),
            label: "07-2-261121-0184-6".to_owned(),
            pdf: Arc::from(&b"%PDF-1.7 %%EOF"[..]),
            how: PageJob::default(),
        }
    }

    #[track_caller]
    fn stage(queue: &mut Queue) -> Stage {
        queue.tell().jobs.first().expect("a job").stage
    }

    /// An address at which nobody listens.
    fn nobody() -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        format!(
            "ipp://{}/ipp/print",
            listener.local_addr().expect("its address")
        )
    }

    #[test]
    fn a_job_waits_for_a_printer_that_is_switched_off_and_can_be_taken_back() {
        let mut queue = queue(&nobody());
        queue.turn();
        assert_eq!(stage(&mut queue), Stage::Stuck(State::Unreachable));
        queue.turn();
        assert!(queue.has_work(), "it goes on waiting");
        queue.take(Order::Cancel(1));
        assert_eq!(stage(&mut queue), Stage::Cancelled);
        assert!(!queue.has_work());
        assert_eq!(queue.tell().jobs, [], "told once");
    }

    #[test]
    fn a_printer_that_nobody_knows_prints_nothing() {
        let mut queue = queue("http://192.0.2.7/");
        queue.turn();
        assert_eq!(stage(&mut queue), Stage::Failed(State::NotThisDevice));
        queue.take(Order::Print(Box::new(job("gone"))));
        queue.turn();
        assert_eq!(stage(&mut queue), Stage::Failed(State::Unset));
    }

    #[test]
    fn a_line_that_breaks_while_pages_are_handed_over_is_left_to_a_person() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = format!("ipp://{}/", listener.local_addr().expect("its address"));
        // Takes every call and hangs up without a word.
        let printer = std::thread::spawn(move || {
            for stream in listener.incoming().take(2) {
                drop(stream);
            }
        });
        let mut queue = queue(&address);
        queue.turn();
        assert_eq!(stage(&mut queue), Stage::Unsure);
        printer.join().expect("the printer");
    }

    #[test]
    fn more_than_a_counter_can_mean_is_refused() {
        let mut queue = queue(&nobody());
        for _ in 0..OPEN_MAX {
            queue.take(Order::Print(Box::new(job("own"))));
        }
        let last = queue.tell().jobs.pop().expect("a job");
        assert_eq!(last.stage, Stage::Failed(State::Refused));
    }

    #[test]
    fn pages_and_names_are_in_no_debug_text() {
        let shown = format!("{:?}", Order::Print(Box::new(job("own"))));
        assert_eq!(shown, "Print(PrintJob(1, 14 bytes))");
    }
}
