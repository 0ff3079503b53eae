//! The reviewer: a real Chromium, driven by what is written on the page.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use headless_chrome::protocol::cdp::Page::CaptureScreenshotFormatOption;
use headless_chrome::{Browser, LaunchOptions, Tab};
use serde_json::Value;

/// How long a person waits for something to appear.
const LOOKING: Duration = Duration::from_secs(20);

/// Finds a control by its text, its label or its accessible name.
const FIND: &str = include_str!("reviewer.js");

/// The reviewer's browser.
pub(crate) struct Reviewer {
    tab: Arc<Tab>,
    desk: String,
    /// Ends with the reviewer.
    _browser: Browser,
}

impl Reviewer {
    /// Opens a browser with an empty profile.
    pub(crate) fn start(desk: &str, profile: &Path) -> Result<Self> {
        let args = [
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-quic",
            "--no-first-run",
            "--hide-scrollbars",
        ];
        let options = LaunchOptions::default_builder()
            .path(Some("/usr/bin/chromium".into()))
            .sandbox(false)
            .window_size(Some((1280, 900)))
            .user_data_dir(Some(profile.to_owned()))
            .idle_browser_timeout(Duration::from_secs(3600))
            .args(args.iter().map(OsStr::new).collect())
            .build()
            .context("the browser's options")?;
        let browser = Browser::new(options).context("cannot start chromium")?;
        let tab = browser.new_tab()?;
        tab.set_default_timeout(LOOKING);
        Ok(Self {
            tab,
            desk: desk.to_owned(),
            _browser: browser,
        })
    }

    /// Opens a page of the desk.
    pub(crate) fn open(&self, path: &str) -> Result<()> {
        self.tab
            .navigate_to(&format!("{}{path}", self.desk))?
            .wait_until_navigated()?;
        Ok(())
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

    /// Keeps a picture of the whole page.
    pub(crate) fn picture(&self, file: &Path) -> Result<()> {
        let png =
            self.tab
                .capture_screenshot(CaptureScreenshotFormatOption::Png, None, None, true)?;
        std::fs::write(file, png).with_context(|| format!("cannot write {}", file.display()))
    }

    fn body(&self) -> String {
        let body = self.tab.evaluate("document.body.innerText", false);
        body.ok()
            .and_then(|object| object.value)
            .map_or_else(String::new, |value| value.to_string())
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
            match self.tab.evaluate(&call, true) {
                Ok(object) if object.value == Some(Value::Bool(true)) => return Ok(()),
                Ok(_) => {}
                Err(error) => {
                    last = error;
                    self.tab.wait_until_navigated().ok();
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
