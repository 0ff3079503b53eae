//! A receipt printer on TCP that keeps every receipt as bytes and as a picture.
//!
//! Prints `listening ADDRESS`, then `printed FILE` for each receipt. Reads one command per line:
//! `ready`, `paper-end`, `paper-end-after N`, `cover-open`, `silent`, `unplugged`, `quit`.

use std::io::{BufRead, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use device_sim::printer::{PrinterSim, PrinterState};

/// A simulated ESC/POS receipt printer, 80 mm.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:9100")]
    listen: SocketAddr,
    /// Folder for receipts.
    #[arg(long)]
    out: PathBuf,
    /// Font that stands for the printer's own characters.
    #[arg(
        long,
        default_value = "/usr/share/fonts/truetype/bizud-gothic/BIZUDGothic-Regular.ttf"
    )]
    font: PathBuf,
}

fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut printer = PrinterSim::start(arguments.listen, &arguments.out, &arguments.font)?;
    say(&format!("listening {}", printer.address()))?;
    let receipts = printer.take_receipts();
    std::thread::spawn(move || {
        for picture in receipts {
            if say(&format!("printed {}", picture.display())).is_err() {
                return;
            }
        }
    });
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let state = match words.as_slice() {
            ["ready"] => PrinterState::Ready,
            ["paper-end"] => PrinterState::PaperEnd,
            ["paper-end-after", lines] => PrinterState::PaperEndAfter(lines.parse()?),
            ["cover-open"] => PrinterState::CoverOpen,
            ["silent"] => PrinterState::Silent,
            ["unplugged"] => PrinterState::Unplugged,
            ["quit"] => break,
            _ => {
                say("refused unknown command")?;
                continue;
            }
        };
        printer.set(state)?;
        say(&format!("state {}", words.join(" ")))?;
    }
    Ok(())
}
