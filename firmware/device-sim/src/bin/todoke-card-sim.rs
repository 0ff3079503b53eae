//! A virtual card of any kind on the reader that vpcd adds to pcscd.
//!
//! Reads one command per line and prints one line per change of state, so that a scenario can wait
//! for each: `inserted`, `seen`, `powered-down`, `pulled`, `ended`, `tries PIN NUMBER-B`
//! (`tries none` on cards without them), `refused WHY`.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use clap::Parser;
use device_sim::card::{
    CardPerson, Fault, InsertedCard, LinkEvent, VirtualCard, fault_script, insert,
};

/// Commands on standard input: `insert`, `remove`, `swap FILE` (another person's card), `state`,
/// `quit`, and the faults: `pull-after N`, `pull-at-byte N`, `lose-answer N`, `first-fails`, `empty-after N`,
/// `short N`, `pieces N`, `wrong-length`, `end-of-file`, `refuse-256`, `slow MS`, `tries [SECRET] N`. The
/// end of standard input is `quit`.
#[derive(Debug, Parser)]
struct Arguments {
    /// Port of the reader slot; Debian's vpcd listens on 35963 and 35964.
    #[arg(long, default_value_t = 35963)]
    port: u16,
    /// TOML file of the invented person, which names the kind of card; a card of an unknown kind
    /// without it.
    #[arg(long)]
    person: Option<PathBuf>,
    /// Script of faults to begin with, one a line.
    #[arg(long)]
    faults: Option<PathBuf>,
    /// Where commands come from; only standard input is known.
    #[arg(long, value_parser = ["stdin"], default_value = "stdin")]
    control: String,
}

fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn place(card: &Arc<Mutex<VirtualCard>>, port: u16) -> std::io::Result<Option<InsertedCard>> {
    let mut inserted = match insert(Arc::clone(card), port) {
        Ok(inserted) => inserted,
        Err(error) => {
            say(&format!("refused {error}"))?;
            return Ok(None);
        }
    };
    say("inserted")?;
    let events = inserted.take_events();
    std::thread::spawn(move || {
        for event in events {
            let line = match event {
                LinkEvent::Seen => "seen",
                LinkEvent::PoweredDown => "powered-down",
                LinkEvent::Pulled => "pulled",
                LinkEvent::Ended => "ended",
            };
            if say(line).is_err() {
                return;
            }
        }
    });
    Ok(Some(inserted))
}

fn load(person: &Path) -> anyhow::Result<VirtualCard> {
    let person =
        CardPerson::load(person).with_context(|| format!("person file {}", person.display()))?;
    Ok(VirtualCard::of(&person))
}

fn begin(arguments: &Arguments) -> anyhow::Result<VirtualCard> {
    let mut card = match &arguments.person {
        Some(path) => load(path)?,
        None => VirtualCard::unknown(),
    };
    if let Some(path) = &arguments.faults {
        let script = std::fs::read_to_string(path)?;
        for fault in fault_script(&script)? {
            card.arrange(fault);
        }
    }
    Ok(card)
}

/// The reader's slot: the card, lying on it or not.
struct Slot {
    port: u16,
    card: Arc<Mutex<VirtualCard>>,
    inserted: Option<InsertedCard>,
}

impl Slot {
    /// Obeys one line. Whether to go on.
    fn obey(&mut self, line: &str) -> anyhow::Result<bool> {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("insert", "") => {
                drop(self.inserted.take());
                self.inserted = place(&self.card, self.port)?;
                return Ok(true);
            }
            ("remove", "") => {
                drop(self.inserted.take());
                return Ok(true);
            }
            ("swap", file) => {
                drop(self.inserted.take());
                self.card = Arc::new(Mutex::new(load(Path::new(file.trim()))?));
            }
            ("state", "") => {}
            ("quit", "") => return Ok(false),
            _ => {
                let Some(fault) = Fault::parse(line) else {
                    say("refused unknown command")?;
                    return Ok(true);
                };
                self.chip().arrange(fault);
            }
        }
        let tries = self.chip().tries();
        match tries {
            Some((pin, number_b)) => say(&format!("tries {pin} {number_b}"))?,
            None => say("tries none")?,
        }
        Ok(true)
    }

    fn chip(&self) -> MutexGuard<'_, VirtualCard> {
        self.card.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut slot = Slot {
        port: arguments.port,
        card: Arc::new(Mutex::new(begin(&arguments)?)),
        inserted: None,
    };
    for line in std::io::stdin().lock().lines() {
        if !slot.obey(line?.trim())? {
            break;
        }
    }
    Ok(())
}
