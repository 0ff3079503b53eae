//! `todoke-ui`: one display of the counter.

use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::str::FromStr;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use clap::{Parser, ValueEnum};
use counter_api::Display;
use counter_ui::app;
use counter_ui::sign::Clock;

/// One display of the counter: the staff's touchscreen or the resident's.
#[derive(Debug, Parser)]
#[command(name = "todoke-ui", version)]
struct Arguments {
    /// Which display this is.
    #[arg(long, value_enum, required_unless_present_any = GALLERY)]
    display: Option<DisplayName>,
    /// The daemon's socket.
    #[arg(long, required_unless_present_any = GALLERY)]
    socket: Option<PathBuf>,
    /// Size of the window, for example 1280x800; without it the whole screen.
    #[arg(long)]
    size: Option<Size>,
    /// How much larger than usual the type is, 1 to 2.
    #[arg(long, default_value_t = 1.0)]
    text_scale: f32,
    /// Takes commands on stdin instead of a display.
    #[cfg(feature = "scripted")]
    #[arg(long)]
    scripted: bool,
    /// Draws every screen from the examples into this folder.
    #[cfg(feature = "scripted")]
    #[arg(long, value_name = "DIR")]
    gallery: Option<PathBuf>,
}

#[cfg(feature = "scripted")]
const GALLERY: [&str; 1] = ["gallery"];
#[cfg(not(feature = "scripted"))]
const GALLERY: [&str; 0] = [];

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DisplayName {
    Staff,
    Resident,
}

#[derive(Debug, Clone, Copy)]
struct Size {
    width: u32,
    height: u32,
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("expected WIDTHxHEIGHT, got {text}");
        let (width, height) = text.split_once('x').ok_or_else(wrong)?;
        let number = |text: &str| text.parse().ok().filter(|n| (320..=7680).contains(n));
        Ok(Self {
            width: number(width).ok_or_else(wrong)?,
            height: number(height).ok_or_else(wrong)?,
        })
    }
}

#[expect(clippy::print_stderr, reason = "a program tells on stderr why it ends")]
fn main() -> ExitCode {
    if let Err(error) = counter_ui::added_font::start_with_it() {
        eprintln!("todoke-ui: the city's font is not on the screens: {error}");
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("todoke-ui: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments = Arguments::parse();
    #[cfg(feature = "scripted")]
    if let Some(folder) = &arguments.gallery {
        return counter_ui::gallery::draw(folder).map_err(anyhow::Error::from);
    }
    let display = match arguments.display.context("--display is missing")? {
        DisplayName::Staff => Display::Staff,
        DisplayName::Resident => Display::Resident,
    };
    let socket = arguments.socket.context("--socket is missing")?;
    #[cfg(feature = "scripted")]
    if arguments.scripted {
        let size = arguments
            .size
            .map_or((1280, 800), |size| (size.width, size.height));
        return counter_ui::scripted::run(display, &socket, size).map_err(anyhow::Error::from);
    }
    select_backend()?;
    let clock = pen_clock();
    app::start(display, &socket, clock, || ()).map_err(no_display)?;
    app::with_app(|app| {
        let name = match display {
            Display::Staff => "todoke-staff",
            Display::Resident => "todoke-resident",
        };
        // Without the kiosk's compositor nobody asks for the id.
        drop(slint::set_xdg_app_id(name));
        app.window().set_text_scale(arguments.text_scale);
        match arguments.size {
            Some(Size { width, height }) => {
                app.window()
                    .slint()
                    .set_size(slint::PhysicalSize::new(width, height));
            }
            None => app.window().slint().set_fullscreen(true),
        }
        app.window().show()
    })
    .transpose()?;
    slint::run_event_loop()?;
    app::stop();
    Ok(())
}

/// Times the points of a signature.
#[expect(
    clippy::disallowed_methods,
    reason = "a binary brings the clock its library takes"
)]
fn pen_clock() -> Clock {
    let began = Instant::now();
    Rc::new(move || began.elapsed())
}

/// A compositor or an X server when one is there, else the screen itself; never a GPU.
fn select_backend() -> Result<()> {
    let has = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let backend = if has("WAYLAND_DISPLAY") || has("DISPLAY") {
        "winit"
    } else {
        "linuxkms"
    };
    slint::BackendSelector::new()
        .backend_name(backend.to_owned())
        .renderer_name("software".to_owned())
        .select()
        .map_err(no_display)
}

/// The backends tell of every device they tried; a person needs one sentence.
fn no_display(error: impl std::fmt::Display) -> anyhow::Error {
    let error = error.to_string();
    let first = error.lines().next().unwrap_or_default();
    anyhow!(
        "no display to draw on: neither WAYLAND_DISPLAY nor DISPLAY leads to a screen, and the \
         graphics device cannot be opened ({first})"
    )
}
