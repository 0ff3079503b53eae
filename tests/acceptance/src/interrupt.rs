//! Being asked to stop: Ctrl-C, a polite end, a closed terminal.
//!
//! A signal is for the whole process, so the request is kept once for all of it. Whoever plays or
//! waits looks at it now and then and ends with an error; the stage then drops, and with it every
//! program that was started.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread;

use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};

use crate::windows::Event;

static ASKED: AtomicBool = AtomicBool::new(false);

/// Somebody asked the visit to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("interrupted")]
pub struct Interrupted;

/// Listens from now on, instead of being killed; each request is told to `tell` too.
///
/// # Errors
/// When the system gives no signals or no thread.
pub fn listen(tell: Sender<Event>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let guard = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut end = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    drop(guard);
    let listening = move || {
        runtime.block_on(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = end.recv() => {}
                    _ = hang_up.recv() => {}
                }
                ASKED.store(true, Ordering::Release);
                if tell.send(Event::Interrupted).is_err() {
                    return;
                }
            }
        });
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(listening)?;
    Ok(())
}

/// Whether nobody asked to stop.
pub(crate) fn check() -> Result<(), Interrupted> {
    if ASKED.load(Ordering::Acquire) {
        Err(Interrupted)
    } else {
        Ok(())
    }
}
