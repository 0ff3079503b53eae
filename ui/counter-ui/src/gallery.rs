//! Draws every screen from example views, to look at them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use counter_api::{Display, ToScreen};
use slint::PlatformError;
use thiserror::Error;

use crate::app::{self, App, Window};
use crate::link::LinkEvent;
use crate::scripted::{pen_clock, prepare, read_on, screenshot, use_headless};

/// Sizes every screen must work in.
pub const SIZES: [(u32, u32); 2] = [(1280, 800), (1920, 1080)];

/// Sizes of the type every screen must work with.
pub const TEXT_SCALES: [f32; 2] = [1.0, app::TEXT_SCALE_MAX];

/// What turns the pages of what a resident reads.
pub const SEE_MORE: &str = "つづきを見る";

/// What stands there instead once the end was seen.
pub const IS_RIGHT: &str = "正しい・署名へ進む";

/// A gallery that could not be drawn.
#[derive(Debug, Error)]
pub enum GalleryError {
    /// The headless backend is already another one.
    #[error("the backend is already set")]
    Backend(#[from] slint::platform::SetPlatformError),
    /// A window failed.
    #[error("window: {0}")]
    Window(#[from] PlatformError),
    /// A folder or file failed.
    #[error("file: {0}")]
    File(#[from] io::Error),
    /// An example is not a view.
    #[error("{name} is not a view: {source}")]
    Example {
        /// File of the example.
        name: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A page could not be read to its end.
    #[error("page: {0}")]
    Reading(String),
    /// A picture was not written.
    #[error("picture: {0}")]
    Picture(String),
}

/// The examples by name, in order.
///
/// # Errors
/// When one cannot be read.
pub fn examples() -> Result<Vec<(String, ToScreen)>, GalleryError> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("gallery");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    let examples = files
        .iter()
        .filter(|file| file.extension().is_some_and(|e| e == "json"));
    examples
        .map(|file| {
            let name = file
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let view = serde_json::from_str(&fs::read_to_string(file)?).map_err(|source| {
                GalleryError::Example {
                    name: name.clone(),
                    source,
                }
            })?;
            Ok((name, view))
        })
        .collect()
}

/// Makes the display an example is for and draws it there.
///
/// # Errors
/// When no window can be made.
pub fn stage(view: &ToScreen, size: (u32, u32), text_scale: f32) -> Result<App, PlatformError> {
    let display = match view {
        ToScreen::ResidentView(_) => Display::Resident,
        ToScreen::StaffView(_) | ToScreen::Done { .. } | ToScreen::Refused { .. } => Display::Staff,
    };
    let mut app = App::new(Window::new(display)?, pen_clock());
    app.window().set_text_scale(text_scale);
    app.receive(LinkEvent::Message(view.clone()));
    prepare(app.window(), size)?;
    Ok(app)
}

/// Draws every example in every size into `folder`.
///
/// # Errors
/// See [`GalleryError`].
pub fn draw(folder: &Path) -> Result<(), GalleryError> {
    use_headless()?;
    fs::create_dir_all(folder)?;
    for (name, view) in examples()? {
        for (size, scale) in looks() {
            let mut app = stage(&view, size, scale)?;
            let end = if scale > 1.0 { "-large-type" } else { "" };
            let shoot = |app: &App, name: &str| {
                let file = folder.join(format!("{name}-{}{end}.png", size.0));
                screenshot(app.window().slint(), &file).map_err(GalleryError::Picture)
            };
            shoot(&app, &name)?;
            if name.ends_with("board") || name.ends_with("wait") {
                app.receive(LinkEvent::Lost);
                shoot(&app, &[&name, "-lost"].concat())?;
            }
            if name.contains("-check") {
                read_on(app.window(), SEE_MORE, IS_RIGHT).map_err(GalleryError::Reading)?;
                shoot(&app, &[&name, "-end"].concat())?;
            }
        }
    }
    Ok(())
}

/// Every size with every size of type.
pub fn looks() -> impl Iterator<Item = ((u32, u32), f32)> {
    let scales = |size| TEXT_SCALES.map(|scale| (size, scale));
    SIZES.into_iter().flat_map(scales)
}
