//! `sync-sim`: plays seeds until one fails.

use std::process::ExitCode;

use clap::Parser;
use sync_sim::{Cases, Faults, Plan};

/// Plays seeds of the replication simulator.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
#[derive(Debug, Parser)]
struct Options {
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Things that happen in each.
    #[arg(long, default_value_t = 500)]
    steps: usize,
    /// Seeds to play, one after another.
    #[arg(long, default_value_t = 1)]
    count: u64,
    /// Cases go from branch to branch, and copies are overwritten.
    #[arg(long)]
    moving: bool,
    /// Lines are slow, disks lie, appliances are lost, replaced and cloned, the standby takes over.
    #[arg(long)]
    rough: bool,
    /// Does not shorten a history that fails.
    #[arg(long)]
    whole: bool,
    /// Goes on behind a seed that failed.
    #[arg(long)]
    keep_going: bool,
}

#[expect(clippy::print_stdout, reason = "the outcome is what was asked for")]
fn main() -> ExitCode {
    let options = Options::parse();
    let mut failed = 0_u64;
    for seed in (options.seed..).take(usize::try_from(options.count).unwrap_or(usize::MAX)) {
        let plan = Plan {
            seed,
            steps: options.steps,
            cases: if options.moving {
                Cases::Move
            } else {
                Cases::Stay
            },
            faults: if options.rough {
                Faults::Rough
            } else {
                Faults::Usual
            },
        };
        if let Err(error) = plan.play(&plan.actions()) {
            println!("{plan}: {error:#}");
            if !options.whole
                && let Err(failure) = plan.run()
            {
                println!("{failure}");
            }
            failed += 1;
            if !options.keep_going {
                break;
            }
        }
        if seed % 100 == 0 {
            println!("seed {seed} played, {failed} failed");
        }
    }
    if failed == 0 {
        println!(
            "{} seeds of {} steps, none failed",
            options.count, options.steps
        );
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
