//! `todoke-visit`: plays a visit script with real programs. `todoke visit play` starts it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, Sender};

use acceptance::{Event, Interrupted, Programs, Script, Stage, listen, play};
use anyhow::{Context as _, Result};
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
        Err(error) if error.is::<Interrupted>() => {
            say("\n途中で止めました。始めたプログラムはすべて終わりました。");
            ExitCode::FAILURE
        }
        Err(error) => {
            say(&format!("\n中断: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(path: &Path, screens: &Path, stay: bool) -> Result<()> {
    let script = Script::read(path)?;
    let (tell, events) = mpsc::channel();
    listen(tell.clone()).context("cannot listen for signals")?;
    let folder = tempfile::Builder::new()
        .prefix("todoke-demonstration-")
        .tempdir()?;
    say(&format!("{}\n", script.title));
    let shown = show(
        path,
        &script,
        screens,
        stay,
        folder.path(),
        (&tell, &events),
    );
    if let Err(error) = &shown
        && !error.is::<Interrupted>()
    {
        let kept = folder.keep();
        say(&format!("\nログ: {}", kept.join("logs").display()));
    }
    shown
}

/// Sets the stage and plays, or opens the windows. Everything that was started has ended when this
/// returns.
fn show(
    path: &Path,
    script: &Script,
    screens: &Path,
    stay: bool,
    folder: &Path,
    (tell, events): (&Sender<Event>, &Receiver<Event>),
) -> Result<()> {
    let script_folder = path.parent().unwrap_or(Path::new("."));
    let programs = Programs::beside(&std::env::current_exe()?);
    let mut stage = Stage::set(programs, &script.scene, script_folder, folder)?;
    if stay && has_display() {
        say("職員画面と住民画面を開きました。どちらかの窓を閉じると終わります。");
        explain(script, &stage);
        explain_things(&stage);
        return stage.open_windows((tell, events), &mut say);
    }
    play(script, script_folder, &mut stage, screens, &mut say)?;
    say(&format!(
        "\n終わりました。画面・届書・控え・連携ファイル: {}",
        screens.display()
    ));
    if stay {
        explain(script, &stage);
        events.recv().context("nobody can ask to stop")?;
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

fn explain_things(stage: &Stage) {
    if let Some(printed) = stage.card_in_words() {
        say(&format!("\nリーダーのカード: {printed}"));
    }
    say(&format!("受付票の印刷先: {}", stage.receipts().display()));
    say(
        "ここに cable cut ／ cable join ／ card remove ／ card insert ／ counter kill ／ counter start と",
    );
    say("打つと、回線・カード・電源を動かせます。");
}

fn say(line: &str) {
    // Whoever stopped listening does not stop the visit.
    writeln!(io::stdout(), "{line}").ok();
}
