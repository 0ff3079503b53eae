//! `todoke-kill-loop`: kills real processes at random moments, again and again.
//!
//! `todoke serve` and `todoke-hub serve` talk over loopback TLS while somebody works at the counter
//! through the sockets of its two displays (entries, and every second reception signed and handed in),
//! and somebody at head office accepts what arrives through the pages of the desk. In each cycle the counter, or both, are killed (SIGKILL) after
//! a time that comes from the seed; what the files hold then is looked at before anything starts
//! again, because a hub that lost something would get it from the counter once more and nobody
//! would know. Checked each time: both databases are whole, the counter has everything its screen
//! was told is done, page, content and signature of each filing belong together, head office has
//! everything it told the counter it has and everything its pages said is accepted. At the end all that
//! must be at head office, and the counter must have heard what was accepted.
//!
//! The moments are those of a real machine, so the same seed is not the same history. For that see
//! `sync-sim`.

mod city;
mod files;
mod reviewer;
mod screen;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Parser;

use crate::city::City;
use crate::files::{counter_has, counter_heard, has_all, hub_has_what_it_said};
use crate::reviewer::{Decided, review};
use crate::screen::{Told, work};

/// Kills the counter and head office again and again.
#[derive(Debug, Parser)]
#[command(name = "todoke-kill-loop", version)]
struct Options {
    /// How often.
    #[arg(long, default_value_t = 500)]
    cycles: u32,
    /// Where the moments come from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder with `todoke` and `todoke-hub`; this program's own without it.
    #[arg(long)]
    programs: Option<PathBuf>,
    /// Longest time between two kills, milliseconds.
    #[arg(long, default_value_t = 1500)]
    longest_ms: u64,
}

/// Who is killed, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kill {
    Counter,
    HubThenCounter,
    CounterThenHub,
}

/// Numbers from a seed (`SplitMix64`).
#[derive(Debug)]
struct Moments(u64);

impl Moments {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).checked_rem(end).unwrap_or(0)
    }

    fn kill(&mut self) -> Kill {
        match self.below(10) {
            0..6 => Kill::Counter,
            6..8 => Kill::HubThenCounter,
            _ => Kill::CounterThenHub,
        }
    }
}

#[expect(clippy::print_stdout, reason = "the outcome is what was asked for")]
fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(outcome) => {
            println!("{outcome}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("kill loop: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<String> {
    let own = std::env::current_exe()?;
    let beside = own.parent().context("this program lies nowhere")?;
    let programs = options.programs.as_deref().unwrap_or(beside);
    let scratch = tempfile::tempdir()?;
    let mut city = City::set_up(programs, scratch.path())?;
    let mut moments = Moments(options.seed);
    let mut heard = Heard::default();
    let (mut hub_kills, mut idle) = (0_u32, 0_u32);
    for cycle in 1..=options.cycles {
        let before = heard.told.done;
        let kill = moments.kill();
        let again = play(&mut city, &mut heard, kill, (&mut moments, options));
        again.with_context(|| format!("cycle {cycle}, {kill:?}, seed {}", options.seed))?;
        hub_kills += u32::from(kill != Kill::Counter);
        idle += u32::from(heard.told.done == before);
    }
    city.start()?;
    settle(&city, &heard)?;
    let Heard { told, decided } = &heard;
    Ok(format!(
        "{} cycles, seed {}: the counter was killed {} times, head office {hub_kills}; {} receptions \
         and {} entries were acknowledged (in {idle} cycles none), {} filings and {} acceptances; \
         nothing is missing, both databases are whole",
        options.cycles,
        options.seed,
        options.cycles,
        told.receptions.len(),
        told.done,
        told.filed(),
        decided.accepted.len(),
    ))
}

/// What people were told is done.
#[derive(Debug, Default)]
struct Heard {
    told: Told,
    decided: Decided,
}

/// One cycle: start, work, kill, look.
fn play(
    city: &mut City,
    heard: &mut Heard,
    kill: Kill,
    (moments, options): (&mut Moments, &Options),
) -> Result<()> {
    city.start()?;
    let (socket, desk) = (city.socket(), city.desk());
    let Heard {
        mut told,
        mut decided,
    } = std::mem::take(heard);
    let enough = Arc::new(AtomicBool::new(false));
    let at_counter = std::thread::spawn(move || {
        let worked = work(&socket, &mut told);
        (told, worked)
    });
    let enough_seen = Arc::clone(&enough);
    let at_desk = std::thread::spawn(move || {
        let worked = review(desk, &enough_seen, &mut decided);
        (decided, worked)
    });
    pass(moments.below(options.longest_ms));
    if kill == Kill::HubThenCounter {
        city.kill_hub()?;
        pass(moments.below(100));
    }
    city.kill_counter()?;
    if kill == Kill::CounterThenHub {
        pass(moments.below(100));
        city.kill_hub()?;
    }
    enough.store(true, Ordering::Relaxed);
    let (Ok((told, worked)), Ok((decided, reviewed))) = (at_counter.join(), at_desk.join()) else {
        bail!("whoever was at work panicked");
    };
    *heard = Heard { told, decided };
    worked.context("at the counter")?;
    reviewed.context("at head office")?;
    counter_has(city, &heard.told).context("the counter")?;
    if kill != Kill::Counter {
        hub_has_what_it_said(city, &heard.decided).context("head office")?;
    }
    Ok(())
}

/// Lets time pass.
pub(crate) fn pass(ms: u64) {
    let (_kept, never) = mpsc::channel::<()>();
    never.recv_timeout(Duration::from_millis(ms)).ok();
}

/// Waits until everything is at head office, and what head office decided at the counter.
fn settle(city: &City, heard: &Heard) -> Result<()> {
    const LOOKS: u32 = 240;
    let (_kept, never) = mpsc::channel::<()>();
    for _ in 0..LOOKS {
        let there = has_all(city, &heard.told, &heard.decided)?;
        if there && counter_heard(city, &heard.decided)? {
            return Ok(());
        }
        match never.recv_timeout(Duration::from_millis(500)) {
            Err(RecvTimeoutError::Timeout) | Ok(()) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    bail!("what was told is done does not reach the other end")
}
