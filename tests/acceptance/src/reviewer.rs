//! The reviewer: a real browser, driven by what is written on the page.

mod chromium;
mod firefox;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::interrupt;
use chromium::Chromium;
use firefox::Firefox;

/// How long a person waits for something to appear.
const LOOKING: Duration = Duration::from_mins(1);
/// Width and height of the page.
const WINDOW: (u32, u32) = (1280, 900);
/// Environment variable that chooses the browser: `firefox`, or anything else for Chromium.
const BROWSER: &str = "TODOKE_BROWSER";

/// Finds a control by its text, its label or its accessible name.
const FIND: &str = include_str!("reviewer.js");
/// Waits ten seconds at most for the pictures on the page; says which did not come.
const PICTURES: &str = "Promise.race([\
    Promise.allSettled([...document.images].map((one) => one.decode())),\
    new Promise((done) => setTimeout(done, 10000)),\
]).then(() => [...document.images].filter((one) => !one.naturalWidth).map((one) => one.alt).join('、'))";

/// The reviewer's browser.
pub(crate) struct Reviewer {
    browser: Browser,
    desk: String,
}

enum Browser {
    Chromium(Box<Chromium>),
    Firefox(Box<Firefox>),
}

impl Reviewer {
    /// Opens a browser with an empty profile.
    pub(crate) fn start(desk: &str, profile: &Path) -> Result<Self> {
        let wants_firefox = std::env::var_os(BROWSER).is_some_and(|name| name == "firefox");
        let browser = if wants_firefox {
            Browser::Firefox(Box::new(Firefox::start(profile)?))
        } else {
            Browser::Chromium(Box::new(Chromium::start(profile)?))
        };
        Ok(Self {
            browser,
            desk: desk.to_owned(),
        })
    }

    /// Opens a page of the desk.
    pub(crate) fn open(&self, path: &str) -> Result<()> {
        let address = format!("{}{path}", self.desk);
        match &self.browser {
            Browser::Chromium(page) => page.open(&address),
            Browser::Firefox(page) => page.open(&address),
        }
    }

    /// Waits until `text` is on the page.
    pub(crate) fn see(&self, text: &str) -> Result<()> {
        self.wait("text", text, "")
            .with_context(|| format!("「{text}」 did not appear on the page: {}", self.body()))
    }

    /// Checks that `text` is not on the page now.
    pub(crate) fn not_see(&self, text: &str) -> Result<()> {
        if self.body().contains(text) {
            bail!("「{text}」 is on the page and must not be");
        }
        Ok(())
    }

    /// Waits until the first row of the queue says `text`.
    pub(crate) fn see_first_in_queue(&self, text: &str) -> Result<()> {
        self.wait("first-row", text, "")
            .with_context(|| format!("the first row does not say 「{text}」: {}", self.body()))
    }

    /// Clicks what has this text or label.
    pub(crate) fn click(&self, label: &str) -> Result<()> {
        self.wait("click", label, "")
            .with_context(|| format!("cannot click 「{label}」 on the page: {}", self.body()))
    }

    /// Fills a field.
    pub(crate) fn fill(&self, label: &str, text: &str) -> Result<()> {
        self.wait("fill", label, text)
            .with_context(|| format!("cannot fill 「{label}」: {}", self.body()))
    }

    /// Chooses from a list.
    pub(crate) fn choose(&self, label: &str, entry: &str) -> Result<()> {
        self.wait("choose", label, entry).with_context(|| {
            format!(
                "cannot choose 「{entry}」 from 「{label}」: {}",
                self.body()
            )
        })
    }

    /// Chooses a file.
    pub(crate) fn choose_file(&self, label: &str, name: &str, bytes: &[u8]) -> Result<()> {
        let sent = format!("{name}\n{}", STANDARD.encode(bytes));
        self.wait("file", label, &sent)
            .with_context(|| format!("cannot choose a file for 「{label}」: {}", self.body()))
    }

    /// Keeps a picture of the whole page, with everything that is drawn on it.
    pub(crate) fn picture(&self, file: &Path) -> Result<()> {
        let missing = self.evaluate(PICTURES)?;
        if missing.as_str().is_some_and(|missing| !missing.is_empty()) {
            bail!("a picture did not come: {missing}");
        }
        let png = match &self.browser {
            Browser::Chromium(page) => page.picture(),
            Browser::Firefox(page) => page.picture(),
        }?;
        std::fs::write(file, png).with_context(|| format!("cannot write {}", file.display()))
    }

    fn body(&self) -> String {
        let body = self.evaluate("document.body.innerText");
        body.map_or_else(|_| String::new(), |value| value.to_string())
    }

    fn evaluate(&self, expression: &str) -> Result<Value> {
        match &self.browser {
            Browser::Chromium(page) => page.evaluate(expression),
            Browser::Firefox(page) => page.evaluate(expression),
        }
    }

    /// The page was taken away by a navigation: waits for the next one.
    fn settle(&self) {
        match &self.browser {
            Browser::Chromium(page) => page.settle(),
            // The next command waits by itself.
            Browser::Firefox(_) => {}
        }
    }

    /// Does a deed as soon as the page allows it. The page itself waits for its next change; a
    /// navigation meanwhile ends that wait with an error and it starts again on the new page.
    #[expect(
        clippy::disallowed_methods,
        reason = "a person's patience is measured by a clock"
    )]
    fn wait(&self, deed: &str, label: &str, text: &str) -> Result<()> {
        let call = format!(
            "({FIND})({}, {}, {})",
            Value::from(deed),
            Value::from(label),
            Value::from(text)
        );
        let until = Instant::now() + LOOKING;
        let mut last = anyhow!("not found");
        while Instant::now() < until {
            interrupt::check()?;
            match self.evaluate(&call) {
                Ok(Value::Bool(true)) => return Ok(()),
                Ok(_) => {}
                Err(error) => {
                    last = error;
                    self.settle();
                }
            }
        }
        Err(last)
    }
}

impl std::fmt::Debug for Reviewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reviewer")
            .field("desk", &self.desk)
            .finish_non_exhaustive()
    }
}
