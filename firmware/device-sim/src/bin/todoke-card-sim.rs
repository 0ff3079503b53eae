//! A virtual My Number card on the reader that vpcd adds to pcscd.
//!
//! Reads one command per line and prints one line per change of state, so that a scenario can wait
//! for each: `inserted`, `seen`, `powered-down`, `pulled`, `ended`, `tries PIN NUMBER-B`, `refused WHY`.

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use clap::Parser;
use device_sim::card::{CardPerson, Fault, InsertedCard, LinkEvent, VirtualCard, insert};

/// Commands on standard input: `insert`, `remove`, `pull-after N`, `tries N`, `first-fails`,
/// `short N`, `state`, `quit`. The end of standard input is `quit`.
#[derive(Debug, Parser)]
struct Arguments {
    /// Port of the reader slot; Debian's vpcd listens on 35963 and 35964.
    #[arg(long, default_value_t = 35963)]
    port: u16,
    /// TOML file of the invented person; a card of an unknown kind without it.
    #[arg(long)]
    person: Option<PathBuf>,
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

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let card = match &arguments.person {
        Some(path) => VirtualCard::my_number(
            CardPerson::load(path).with_context(|| format!("person file {}", path.display()))?,
        ),
        None => VirtualCard::unknown(),
    };
    let card = Arc::new(Mutex::new(card));
    let mut inserted = None;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut chip = card.lock().unwrap_or_else(PoisonError::into_inner);
        match (
            words.as_slice(),
            words.get(1).and_then(|word| word.parse::<u8>().ok()),
        ) {
            (["insert"], _) => {
                drop(chip);
                drop(inserted.take());
                inserted = place(&card, arguments.port)?;
                continue;
            }
            (["remove"], _) => {
                drop(chip);
                drop(inserted.take());
                continue;
            }
            (["pull-after", _], Some(n)) => chip.arrange(Fault::PullAfter(u32::from(n))),
            (["short", _], Some(n)) => chip.arrange(Fault::ShortAnswers(usize::from(n))),
            (["first-fails"], _) => chip.arrange(Fault::FirstCommandFails),
            (["tries", _], Some(n)) => chip.set_pin_tries(n),
            (["state"], _) => {}
            (["quit"], _) => break,
            _ => {
                say("refused unknown command")?;
                continue;
            }
        }
        match chip.tries() {
            Some((pin, number_b)) => say(&format!("tries {pin} {number_b}"))?,
            None => say("tries none")?,
        }
    }
    Ok(())
}
