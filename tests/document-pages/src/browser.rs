//! The real Chromium that draws the pages, and says where each character came to stand.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use headless_chrome::protocol::cdp::Emulation::SetDeviceMetricsOverride;
use headless_chrome::protocol::cdp::Page::CaptureScreenshotFormatOption;
use headless_chrome::{Browser, LaunchOptions, Tab};
use serde::Deserialize;

use crate::truth::{TruthField, TruthLine};

/// Collects lines, cells and fields of the page.
const COLLECT: &str = include_str!("page.js");
/// Pixels of a CSS inch.
const CSS_DPI: f32 = 96.0;
/// Resolution that is drawn.
const DPI: f32 = 300.0;

/// A running Chromium with one page.
#[expect(missing_debug_implementations, reason = "a process and a socket")]
pub struct Press {
    tab: Arc<Tab>,
    /// Ends with the value.
    _browser: Browser,
}

/// What the browser says of a page.
#[derive(Debug, Deserialize)]
pub(crate) struct Drawn {
    pub(crate) lines: Vec<TruthLine>,
    pub(crate) cells: Vec<[f32; 4]>,
    pub(crate) fields: Vec<TruthField>,
}

impl Press {
    /// Starts the browser with an empty profile.
    ///
    /// # Errors
    /// When Chromium cannot be started.
    pub fn start(profile: &Path) -> Result<Self> {
        let args = [
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--hide-scrollbars",
            "--disable-lcd-text",
        ];
        let options = LaunchOptions::default_builder()
            .path(Some("/usr/bin/chromium".into()))
            .sandbox(false)
            .user_data_dir(Some(profile.to_owned()))
            .idle_browser_timeout(Duration::from_hours(1))
            .args(args.iter().map(OsStr::new).collect())
            .build()
            .context("the browser's options")?;
        let browser = Browser::new(options).context("cannot start chromium")?;
        let tab = browser.new_tab()?;
        tab.set_default_timeout(Duration::from_mins(1));
        Ok(Self {
            tab,
            _browser: browser,
        })
    }

    /// Draws a page on paper of that size (millimetres) at 300 dpi: the picture as PNG, and what
    /// stands where.
    pub(crate) fn draw(&self, file: &Path, paper: (f32, f32)) -> Result<(Vec<u8>, Drawn)> {
        let pixels = |millimetres: f32| whole(millimetres / 25.4 * CSS_DPI);
        self.tab.call_method(SetDeviceMetricsOverride {
            width: pixels(paper.0),
            height: pixels(paper.1),
            device_scale_factor: (DPI / CSS_DPI).into(),
            mobile: false,
            scale: None,
            screen_width: None,
            screen_height: None,
            position_x: None,
            position_y: None,
            dont_set_visible_size: None,
            screen_orientation: None,
            viewport: None,
            display_feature: None,
            device_posture: None,
        })?;
        let address = format!("file://{}", file.display());
        self.tab.navigate_to(&address)?.wait_until_navigated()?;
        self.tab
            .evaluate("document.fonts.ready.then(() => 1)", true)?;
        let said = self
            .tab
            .evaluate(COLLECT, false)?
            .value
            .context("the page says nothing")?;
        let drawn = serde_json::from_str(said.as_str().context("the page says no text")?)?;
        let png =
            self.tab
                .capture_screenshot(CaptureScreenshotFormatOption::Png, None, None, true)?;
        Ok((png, drawn))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixels of a page, a few thousand"
)]
fn whole(pixels: f32) -> u32 {
    pixels.round() as u32
}
