//! Somebody at work, through the socket of the staff's screen.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::city::{CLERK, PASSWORD};

/// Longest a person waits for an answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// A field that needs nothing else to be entered, and whose text no rule makes another.
pub(crate) const PATH: &str = "head.new";

/// Entries of one reception.
const ENTRIES: u64 = 12;

/// A reception's one field as the screen knows it. Every text is entered once in a run, so it names
/// its reception: which number stands on the screen at that moment may be the one before.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// What was last acknowledged.
    pub(crate) done: Option<String>,
    /// What was sent behind that, without an answer: it may be there.
    pub(crate) sent: Option<String>,
}

/// What the screen was told is done: it is on the counter's disk.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Receptions that were opened.
    pub(crate) receptions: Vec<Entry>,
    /// Deeds acknowledged.
    pub(crate) done: u64,
    /// Texts entered.
    entered: u64,
}

struct Screen {
    read: BufReader<UnixStream>,
    write: UnixStream,
    view: Value,
    next: u64,
}

/// Digits that no rule of a field turns into others.
fn in_kanji(number: u64) -> String {
    let digit = |one: char| match one {
        '0' => '〇',
        '1' => '一',
        '2' => '二',
        '3' => '三',
        '4' => '四',
        '5' => '五',
        '6' => '六',
        '7' => '七',
        '8' => '八',
        _ => '九',
    };
    (number % 1_000_000)
        .to_string()
        .chars()
        .map(digit)
        .collect()
}

/// How a deed ended.
enum Ended {
    Done,
    Refused(String),
    /// The counter was killed.
    Gone,
}

/// Works until the counter is gone.
pub(crate) fn work(socket: &Path, told: &mut Told) -> Result<()> {
    let Ok(write) = UnixStream::connect(socket) else {
        return Ok(());
    };
    write.set_read_timeout(Some(PATIENCE))?;
    let mut screen = Screen {
        read: BufReader::new(write.try_clone()?),
        write,
        view: Value::Null,
        next: 0,
    };
    screen.say(&json!({ "hello": { "version": 1, "display": "staff" } }));
    let sign_in = json!({ "do": "sign_in", "staff": CLERK, "secret": PASSWORD });
    // The account comes from head office; until then the counter knows nobody.
    loop {
        match screen.deed(&sign_in)? {
            Ended::Done => break,
            Ended::Refused(_) => screen.wait_for_view(),
            Ended::Gone => return Ok(()),
        }
        if screen.view.is_null() {
            return Ok(());
        }
    }
    while screen.serve(told)? {}
    Ok(())
}

impl Screen {
    /// One reception; `false` when the counter is gone.
    fn serve(&mut self, told: &mut Told) -> Result<bool> {
        match self.deed(&json!({ "do": "start_reception" }))? {
            Ended::Done => {}
            Ended::Refused(code) => bail!("a reception was refused: {code}"),
            Ended::Gone => return Ok(false),
        }
        told.done += 1;
        let mut entry = Entry::default();
        let gone = self.enter(told, &mut entry);
        told.receptions.push(entry);
        if gone? {
            return Ok(false);
        }
        let left = self.deed(&json!({ "do": "leave_case" }))?;
        Ok(!matches!(left, Ended::Gone))
    }

    /// Enters one text after another; `true` when the counter is gone.
    fn enter(&mut self, told: &mut Told, entry: &mut Entry) -> Result<bool> {
        for _ in 0..ENTRIES {
            told.entered += 1;
            let value = format!("架空　{}", in_kanji(told.entered));
            entry.sent = Some(value.clone());
            match self.deed(&json!({ "do": "set_field", "path": PATH, "value": value }))? {
                Ended::Done => {
                    entry.done = entry.sent.take();
                    told.done += 1;
                }
                Ended::Refused(code) => bail!("an entry was refused: {code}"),
                Ended::Gone => return Ok(true),
            }
        }
        Ok(false)
    }

    fn wait_for_view(&mut self) {
        if self.hear().is_none() {
            self.view = Value::Null;
        }
    }

    fn deed(&mut self, action: &Value) -> Result<Ended> {
        self.next += 1;
        let id = self.next;
        self.say(&json!({ "staff": { "id": id, "action": action } }));
        loop {
            let Some(message) = self.hear() else {
                return Ok(Ended::Gone);
            };
            let of = |kind: &str| message.get(kind).filter(|one| one["id"] == json!(id));
            if of("done").is_some() {
                return Ok(Ended::Done);
            }
            if let Some(refused) = of("refused") {
                let code = refused.pointer("/notice/code").and_then(Value::as_str);
                return Ok(Ended::Refused(code.context("no notice")?.to_owned()));
            }
        }
    }

    /// The next message; views are kept. `None` when the counter is gone.
    fn hear(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = self.read.read_line(&mut line).ok()?;
        if read == 0 || !line.ends_with('\n') {
            return None;
        }
        let message: Value = serde_json::from_str(&line).ok()?;
        if let Some(view) = message.get("staff_view") {
            self.view = view.clone();
        }
        Some(message)
    }

    fn say(&mut self, message: &Value) {
        // A counter that is gone says so by saying nothing more.
        writeln!(self.write, "{message}").ok();
    }
}
