//! A screen, driven as a person would: by what is written on it.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::process::{PATIENCE, Program};

/// How long a person waits for something to appear.
pub(crate) const LOOKING: Duration = Duration::from_mins(1);

/// How long a person waits for a button that cannot be pressed yet.
const PRESSING: Duration = Duration::from_secs(15);

/// What the screen says of such a button.
const NOT_NOW: &str = "cannot be pressed now";

/// Between two looks at something that is to go away.
const GLANCE_MS: u64 = 100;

/// What becomes of a field after typing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// It is left with the tabulator.
    Leave,
    /// It is typed in further.
    Stay,
}

/// One running screen.
#[derive(Debug)]
pub(crate) struct Screen {
    program: Program,
}

impl Screen {
    /// Starts a screen without a display.
    pub(crate) fn start(
        name: &'static str,
        program: &Path,
        display: &str,
        socket: &Path,
        log: &Path,
    ) -> Result<Self> {
        let mut command = Command::new(program);
        command
            .args(["--scripted", "--display", display, "--socket"])
            .arg(socket);
        let mut screen = Self {
            program: Program::start(name, &mut command, log)?,
        };
        screen
            .ask(&json!({ "see": null }))
            .with_context(|| format!("{name} does not draw"))?;
        Ok(screen)
    }

    /// Its resident memory in KiB.
    pub(crate) fn memory_kib(&self) -> Option<f64> {
        self.program.memory_kib()
    }

    /// Waits until `text` is on the screen.
    pub(crate) fn see(&mut self, text: &str) -> Result<()> {
        let timeout_ms = u64::try_from(LOOKING.as_millis())?;
        self.program
            .send(&json!({ "wait_for": { "text": text }, "timeout_ms": timeout_ms }).to_string())?;
        self.hear(LOOKING + PATIENCE).map(drop).with_context(|| {
            format!(
                "「{text}」 did not appear; on the screen: {}",
                self.visible()
            )
        })
    }

    /// Checks that `text` is not on the screen now.
    pub(crate) fn not_see(&mut self, text: &str) -> Result<()> {
        let visible = self.visible();
        if visible.contains(text) {
            bail!("「{text}」 is on the screen and must not be");
        }
        Ok(())
    }

    /// Waits until `text` is no longer on the screen.
    #[expect(
        clippy::disallowed_methods,
        reason = "a person's patience is measured by a clock"
    )]
    pub(crate) fn gone(&mut self, text: &str) -> Result<()> {
        let until = Instant::now() + LOOKING;
        while Instant::now() < until {
            if !self.visible().contains(text) {
                return Ok(());
            }
            self.glance();
        }
        bail!("「{text}」 stayed on the screen: {}", self.visible())
    }

    /// Lets a moment go by: a look at what never comes, on the screen's own time.
    pub(crate) fn glance(&mut self) {
        let nothing = json!({ "wait_for": { "text": "\u{0}" }, "timeout_ms": GLANCE_MS });
        self.ask(&nothing).ok();
    }

    /// Touches what has this label, and this id where several have it. A button that waits for what
    /// was entered last is waited for, as a person does.
    #[expect(
        clippy::disallowed_methods,
        reason = "a person's patience is measured by a clock"
    )]
    pub(crate) fn tap(&mut self, label: &str, id: Option<&str>) -> Result<()> {
        let until = Instant::now() + PRESSING;
        loop {
            let Err(error) = self.ask(&json!({ "tap": label, "id": id, "settled": true })) else {
                return Ok(());
            };
            if Instant::now() < until && error.to_string().contains(NOT_NOW) {
                self.glance();
                continue;
            }
            let visible = self.visible();
            return Err(error)
                .with_context(|| format!("cannot touch 「{label}」; on the screen: {visible}"));
        }
    }

    /// Touches `by`, page after page, until `to` is there.
    pub(crate) fn read_on(&mut self, by: &str, to: &str) -> Result<()> {
        self.ask(&json!({ "read_on": { "by": by, "to": to } }))
            .map(drop)
            .with_context(|| format!("cannot read on; on the screen: {}", self.visible()))
    }

    /// Types into a field.
    pub(crate) fn type_into(
        &mut self,
        field: &str,
        id: Option<&str>,
        text: &str,
        after: After,
    ) -> Result<()> {
        let stay = after == After::Stay;
        let typing = json!({ "into": field, "id": id, "text": text, "stay": stay });
        self.ask(&json!({ "type": typing, "settled": true }))
            .map(drop)
            .with_context(|| {
                format!(
                    "cannot type into 「{field}」; on the screen: {}",
                    self.visible()
                )
            })
    }

    /// Types a code as a scanner does.
    pub(crate) fn scan(&mut self, code: &str) -> Result<()> {
        self.ask(&json!({ "scan": code, "settled": true }))
            .map(drop)
            .context("cannot scan")
    }

    /// Scans the receipt number on the screen that begins so.
    pub(crate) fn scan_shown(&mut self, start: &str) -> Result<()> {
        let seen = self.visible();
        let (_, rest) = seen
            .split_once(start)
            .with_context(|| format!("no number 「{start}」 on the screen: {seen}"))?;
        let is_of_number = |one: &char| one.is_ascii_digit() || *one == '-';
        let rest: String = rest.chars().take_while(is_of_number).collect();
        self.scan(&[start, rest.as_str()].concat())
    }

    /// Draws strokes on the pad.
    pub(crate) fn draw(&mut self, strokes: &Value) -> Result<()> {
        self.ask(&json!({ "draw": strokes, "settled": true }))
            .map(drop)
            .context("cannot sign")
    }

    /// Keeps a picture.
    pub(crate) fn picture(&mut self, file: &Path) -> Result<()> {
        self.ask(&json!({ "screenshot": file })).map(drop)
    }

    /// All texts on the screen.
    fn visible(&mut self) -> String {
        self.ask(&json!({ "see": null }))
            .map_or_else(|error| error.to_string(), |seen| seen.to_string())
    }

    fn ask(&mut self, request: &Value) -> Result<Value> {
        self.program.send(&request.to_string())?;
        self.hear(PATIENCE)
    }

    fn hear(&mut self, patience: Duration) -> Result<Value> {
        let line = self.program.line(patience)?;
        let answer: Value =
            serde_json::from_str(&line).context("the screen did not answer JSON")?;
        match answer.get("error") {
            Some(error) => bail!("{error}"),
            None => Ok(answer),
        }
    }
}
