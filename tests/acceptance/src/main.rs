//! `todoke-visit`: plays a visit script with real programs. `todoke visit play` starts it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use acceptance::{Programs, Script, Stage, play};
use anyhow::Result;
use clap::{Parser, Subcommand};

/// Plays whole visits: cards, answers, cable in or out, power cuts.
#[derive(Debug, Parser)]
#[command(name = "todoke-visit", version)]
struct Arguments {
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Plays a script and tells what each person sees.
    Play {
        /// The script.
        script: PathBuf,
        /// Folder for pictures of the screens, the form, the receipt and the hand-over file.
        #[arg(long, default_value = "out")]
        screens: PathBuf,
        /// Leaves the hub running until Ctrl-C. With a display, opens both screens for use by hand
        /// instead of playing.
        #[arg(long)]
        stay: bool,
    },
}

fn main() -> ExitCode {
    let Action::Play {
        script,
        screens,
        stay,
    } = Arguments::parse().command;
    match run(&script, &screens, stay) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("\n中断: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(path: &Path, screens: &Path, stay: bool) -> Result<()> {
    let script = Script::read(path)?;
    let script_folder = path.parent().unwrap_or(Path::new("."));
    let programs = Programs::beside(&std::env::current_exe()?);
    let folder = tempfile::Builder::new()
        .prefix("todoke-demonstration-")
        .tempdir()?;
    say(&format!("{}\n", script.title));
    let mut stage = Stage::set(programs, &script.scene, script_folder, folder.path())?;
    if stay && has_display() {
        explain(&script, &stage);
        return stage.open_windows();
    }
    let played = play(&script, script_folder, &mut stage, screens, &mut say);
    if let Err(error) = played {
        let kept = folder.keep();
        say(&format!("\nログ: {}", kept.join("logs").display()));
        return Err(error);
    }
    say(&format!(
        "\n終わりました。画面・届書・控え・連携ファイル: {}",
        screens.display()
    ));
    if stay {
        explain(&script, &stage);
        wait_for_interrupt()?;
    }
    Ok(())
}

fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some())
}

fn explain(script: &Script, stage: &Stage) {
    say(&format!("\n本庁の審査画面: {}", stage.desk()));
    for account in &script.scene.staff {
        say(&format!(
            "   {}  {}  （{}）",
            account.id, account.password, account.name
        ));
    }
    say("これらの利用者は、この実演の中だけにあります。終わるには Ctrl-C を押してください。");
}

/// Waits for Ctrl-C or a polite end. The programs end with this one, as their handles drop.
fn wait_for_interrupt() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let (mut interrupt, mut end) = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = end.recv() => {}
        }
        Ok(())
    })
}

fn say(line: &str) {
    // Whoever stopped listening does not stop the visit.
    writeln!(io::stdout(), "{line}").ok();
}
