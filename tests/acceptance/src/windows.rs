//! Both screens as windows on a display, for people; the terminal moves cables and cards.

use std::io::{self, BufRead, IsTerminal};
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::narration::thing_in_words;
use crate::player::thing_act;
use crate::process::Program;
use crate::script::Act;
use crate::stage::Stage;

/// Size of both windows: the appliance's touchscreens.
const SIZE: &str = "1280x800";

/// What happens around a demonstration by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Ctrl-C, a polite end, or a closed terminal.
    Interrupted,
    /// The window of this display is gone.
    Closed(&'static str),
    /// Somebody typed a line at the terminal.
    Typed(String),
}

impl Stage {
    /// Opens both screens on the display and waits until one of them is closed or somebody asks to
    /// stop. What is typed meanwhile is done: `cable cut`, `card remove`, as in a script. Both
    /// windows are gone afterwards.
    ///
    /// # Errors
    /// When a window cannot be opened, or ends by itself.
    pub fn open_windows(
        &mut self,
        (tell, events): (&Sender<Event>, &Receiver<Event>),
        say: &mut dyn FnMut(&str),
    ) -> Result<()> {
        let mut resident = self.open_window("resident", tell.clone())?;
        let mut staff = self.open_window("staff", tell.clone())?;
        listen_to_the_terminal(tell.clone());
        let closed = loop {
            match events.recv().context("nobody can ask to stop")? {
                Event::Interrupted => return Ok(()),
                Event::Closed("resident") => break &mut resident,
                Event::Closed(_) => break &mut staff,
                Event::Typed(line) => match self.do_as_told(&line) {
                    Ok((who, what)) => say(&format!("   {who}  {what}")),
                    Err(error) => say(&format!("   {error:#}")),
                },
            }
        };
        let status = closed.status()?;
        if !status.success() {
            bail!(
                "a window ended with {status}; why: {}",
                self.log("screens").display()
            );
        }
        Ok(())
    }

    fn open_window(&self, display: &'static str, tell: Sender<Event>) -> Result<Program> {
        let mut command = Command::new(self.programs.named("todoke-ui"));
        command
            .args(["--size", SIZE, "--display", display, "--socket"])
            .arg(self.socket());
        let mut window = Program::start("todoke-ui", &mut command, &self.log("screens"))?;
        window.when_it_ends(move || {
            // Whoever stopped waiting does not need to know.
            tell.send(Event::Closed(display)).ok();
        });
        Ok(window)
    }

    fn do_as_told(&mut self, line: &str) -> Result<(&'static str, String)> {
        let act = typed(line)?;
        thing_act(self, &act)?;
        Ok(thing_in_words(&act))
    }
}

/// `cable cut` as the act `{ cable = "cut" }`.
fn typed(line: &str) -> Result<Act> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [thing, deed] = words.as_slice() else {
        bail!("二つの言葉で書いてください。例: cable cut");
    };
    let act = toml::Table::from_iter([((*thing).to_owned(), toml::Value::from(*deed))]);
    act.try_into()
        .map_err(|_| anyhow::anyhow!("知らない言葉です。tests/README.md に一覧があります。"))
}

/// Tells every line typed, when there is a terminal at all.
fn listen_to_the_terminal(tell: Sender<Event>) {
    if !io::stdin().is_terminal() {
        return;
    }
    thread::spawn(move || {
        let lines = io::stdin().lock().lines().map_while(Result::ok);
        for line in lines.filter(|line| !line.trim().is_empty()) {
            if tell.send(Event::Typed(line)).is_err() {
                return;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{CableAct, CardAct};

    #[test]
    fn two_words_are_an_act_of_a_script() {
        assert!(matches!(
            typed("cable cut").unwrap(),
            Act::Cable(CableAct::Cut)
        ));
        assert!(matches!(
            typed(" card  insert_unknown ").unwrap(),
            Act::Card(CardAct::InsertUnknown)
        ));
        for wrong in ["", "cable", "cable fly", "staff see", "a b c", "\" = \""] {
            assert!(typed(wrong).is_err(), "{wrong}");
        }
    }
}
