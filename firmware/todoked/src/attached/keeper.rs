//! Looks at the devices again and again: each kind on a thread of its own, because a printer that
//! does not answer must not hold up the news of a reader that was unplugged.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use counter_api::DeviceKind;

use crate::attached::{AttachedDevices, Seen};

/// Between two looks while nobody watches.
const SELDOM: Duration = Duration::from_secs(30);
/// Between two looks while the device page is open.
const OFTEN: Duration = Duration::from_secs(2);

/// How a person looks at the devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looking {
    /// The page is open.
    Often,
    /// The page is closed.
    Seldom,
    /// Something happened, or somebody asked.
    Now,
}

#[derive(Debug, Default)]
struct Rounds {
    asked: u64,
    often: bool,
    ended: bool,
}

#[derive(Debug, Default)]
struct Shared {
    rounds: Mutex<Rounds>,
    changed: Condvar,
}

impl Shared {
    fn rounds(&self) -> MutexGuard<'_, Rounds> {
        self.rounds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The threads that look. They end with [`Keeper::stop`], after the look they are at.
#[derive(Debug, Clone, Default)]
pub struct Keeper {
    shared: Arc<Shared>,
}

impl Keeper {
    /// Starts looking; `tell` is called with every look.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start(
        attached: &Arc<AttachedDevices>,
        tell: impl Fn(DeviceKind, Vec<Seen>) + Clone + Send + 'static,
    ) -> std::io::Result<Self> {
        let keeper = Self::default();
        for index in 0..attached.kinds().count() {
            let (shared, attached) = (Arc::clone(&keeper.shared), Arc::clone(attached));
            let tell = tell.clone();
            std::thread::Builder::new()
                .name("devices".to_owned())
                .spawn(move || {
                    if let Some(one) = attached.kinds().nth(index) {
                        run(&shared, || tell(one.kind(), one.look()));
                    }
                })?;
        }
        Ok(keeper)
    }

    /// Changes how often it is looked; looks at once.
    pub fn look(&self, looking: Looking) {
        let mut rounds = self.shared.rounds();
        match looking {
            Looking::Often => rounds.often = true,
            Looking::Seldom => rounds.often = false,
            Looking::Now => {}
        }
        rounds.asked += 1;
        drop(rounds);
        self.shared.changed.notify_all();
    }

    /// Ends the threads.
    pub fn stop(&self) {
        self.shared.rounds().ended = true;
        self.shared.changed.notify_all();
    }
}

fn run(shared: &Shared, look: impl Fn()) {
    loop {
        let asked = shared.rounds().asked;
        look();
        let rounds = shared.rounds();
        let pause = if rounds.often { OFTEN } else { SELDOM };
        let waited = shared.changed.wait_timeout_while(rounds, pause, |rounds| {
            !rounds.ended && rounds.asked == asked
        });
        let (rounds, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if rounds.ended {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn whoever_asks_is_looked_for_at_once_and_a_stopped_keeper_ends() {
        let shared = Arc::<Shared>::default();
        let keeper = Keeper {
            shared: Arc::clone(&shared),
        };
        let (seen, looks) = mpsc::channel();
        let thread = std::thread::spawn(move || run(&shared, || seen.send(()).unwrap_or_default()));
        // Each look is waited for without a time: a keeper that slept through would hang the test.
        looks.recv().unwrap();
        keeper.look(Looking::Now);
        looks.recv().unwrap();
        keeper.look(Looking::Often);
        looks.recv().unwrap();
        keeper.stop();
        thread.join().unwrap();
    }
}
