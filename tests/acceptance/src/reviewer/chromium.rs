//! Chromium, over its own protocol.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use headless_chrome::protocol::cdp::Page::CaptureScreenshotFormatOption;
use headless_chrome::{Browser, LaunchOptions, Tab};
use serde_json::Value;

use super::{LOOKING, WINDOW};

/// A running Chromium with one page.
pub(super) struct Chromium {
    tab: Arc<Tab>,
    /// Ends with the value.
    _browser: Browser,
}

impl Chromium {
    pub(super) fn start(profile: &Path) -> Result<Self> {
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
            .window_size(Some(WINDOW))
            .user_data_dir(Some(profile.to_owned()))
            .idle_browser_timeout(Duration::from_hours(1))
            .args(args.iter().map(OsStr::new).collect())
            .build()
            .context("the browser's options")?;
        let browser = Browser::new(options).context("cannot start chromium")?;
        let tab = browser.new_tab()?;
        tab.set_default_timeout(LOOKING);
        Ok(Self {
            tab,
            _browser: browser,
        })
    }

    pub(super) fn open(&self, address: &str) -> Result<()> {
        self.tab.navigate_to(address)?.wait_until_navigated()?;
        Ok(())
    }

    /// The value of an expression, waited for; null when it has none.
    pub(super) fn evaluate(&self, expression: &str) -> Result<Value> {
        let object = self.tab.evaluate(expression, true)?;
        Ok(object.value.unwrap_or(Value::Null))
    }

    /// After a navigation took the page away: the next one is there.
    pub(super) fn settle(&self) {
        self.tab.wait_until_navigated().ok();
    }

    pub(super) fn picture(&self) -> Result<Vec<u8>> {
        let png = CaptureScreenshotFormatOption::Png;
        self.tab.capture_screenshot(png, None, None, true)
    }
}
