//! The thread that runs the desk: one after another it takes what people and devices say, and
//! tells every screen what to draw.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};

use counter_api::{Notice, ResidentAction, ResidentView, StaffAction, StaffView};
use tokio::sync::{oneshot, watch};

use crate::desk::Desk;
use crate::devices::{Effect, Happened};
use crate::records::Records;

/// The end of one request.
pub type Reply = oneshot::Sender<Result<(), Notice>>;

/// Something for the desk.
#[expect(
    clippy::large_enum_variant,
    reason = "each is moved once, and a few wait at a time"
)]
#[derive(Debug)]
pub enum Input {
    /// Staff did something.
    Staff(StaffAction, Reply),
    /// The resident did something.
    Resident(ResidentAction, Reply),
    /// A device or the line reports.
    Happened(Happened),
    /// The daemon ends.
    Stop,
}

/// The way to the desk. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Counter {
    inputs: Sender<Input>,
    staff: watch::Receiver<Arc<StaffView>>,
    resident: watch::Receiver<Arc<ResidentView>>,
}

impl Counter {
    /// Starts the desk's thread. `effects` takes work for the devices and must not wait.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start<R: Records + Send + 'static>(
        desk: Desk<R>,
        channel: (Sender<Input>, Receiver<Input>),
        effects: impl FnMut(Effect) + Send + 'static,
    ) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (inputs, received) = channel;
        let (staff_views, staff) = watch::channel(Arc::new(desk.staff_view()));
        let (resident_views, resident) = watch::channel(Arc::new(desk.resident_view()));
        let views = Views {
            staff: staff_views,
            resident: resident_views,
        };
        let thread = std::thread::Builder::new()
            .name("desk".to_owned())
            .spawn(move || run(desk, &received, &views, effects))?;
        Ok((
            Self {
                inputs,
                staff,
                resident,
            },
            thread,
        ))
    }

    /// A channel for [`Counter::start`], made first where devices need its sender.
    pub fn channel() -> (Sender<Input>, Receiver<Input>) {
        mpsc::channel()
    }

    /// Hands something to the desk; lost when the daemon is ending.
    pub fn send(&self, input: Input) {
        if self.inputs.send(input).is_err() {
            tracing::debug!("the desk has ended");
        }
    }

    /// The newest staff view, always.
    pub fn staff_views(&self) -> watch::Receiver<Arc<StaffView>> {
        self.staff.clone()
    }

    /// The newest resident view, always.
    pub fn resident_views(&self) -> watch::Receiver<Arc<ResidentView>> {
        self.resident.clone()
    }
}

struct Views {
    staff: watch::Sender<Arc<StaffView>>,
    resident: watch::Sender<Arc<ResidentView>>,
}

fn run<R: Records>(
    mut desk: Desk<R>,
    received: &Receiver<Input>,
    views: &Views,
    mut effects: impl FnMut(Effect),
) {
    while let Ok(input) = received.recv() {
        let answer = match input {
            Input::Staff(action, reply) => Some((desk.staff(action), reply)),
            Input::Resident(action, reply) => Some((desk.resident(action), reply)),
            Input::Happened(what) => {
                desk.happened(what);
                None
            }
            Input::Stop => return,
        };
        desk.take_effects().into_iter().for_each(&mut effects);
        publish(&views.staff, desk.staff_view());
        publish(&views.resident, desk.resident_view());
        // The answer says that it is on disk and that the views show it.
        if let Some((result, reply)) = answer
            && reply.send(result).is_err()
        {
            tracing::debug!("the screen left before its answer");
        }
    }
}

/// A view that is the same wakes nobody.
fn publish<V: PartialEq>(views: &watch::Sender<Arc<V>>, view: V) {
    views.send_if_modified(|shown| {
        let changed = **shown != view;
        if changed {
            *shown = Arc::new(view);
        }
        changed
    });
}
