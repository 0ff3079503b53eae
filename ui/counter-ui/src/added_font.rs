//! The city's own font on the screens: the characters that its repertoire adds to the MJ table
//! (行政事務標準文字の追加文字), which stand under private codes and are in no other font.
//!
//! Slint falls back to the fonts that `SLINT_FONT_PATH` names, read once before the first text is
//! drawn. A program cannot change its own environment safely, so it starts itself anew, under the same
//! process id, once. Names stay in the MJ font; only what that font lacks is looked for in this one.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What Slint reads.
const FALLBACKS: &str = "SLINT_FONT_PATH";
/// Names the file, as for the forms.
const NAMED: &str = "TODOKE_ADDED_FONT";
/// Where it is installed.
const INSTALLED: &str = "/usr/share/todoke/added.ttf";

/// Makes the city's font known to Slint: starts this program anew where there is such a font and
/// Slint was not told of it. Returns where nothing is to be done.
///
/// # Errors
/// When the program could not be started anew; it can go on without the font.
pub fn start_with_it() -> io::Result<()> {
    let told = std::env::var_os(FALLBACKS);
    let Some(fonts) = fallbacks(told.as_deref(), file().as_deref()) else {
        return Ok(());
    };
    let program = std::env::current_exe()?;
    let arguments = std::env::args_os().skip(1);
    Err(Command::new(program)
        .args(arguments)
        .env(FALLBACKS, fonts)
        .exec())
}

/// The city's font, where there is one.
fn file() -> Option<PathBuf> {
    let named = std::env::var_os(NAMED).map(PathBuf::from);
    let file = named.unwrap_or_else(|| PathBuf::from(INSTALLED));
    file.is_file().then_some(file)
}

/// What Slint is to be told; `None` when it was told, or there is nothing to tell.
fn fallbacks(told: Option<&OsStr>, font: Option<&Path>) -> Option<OsString> {
    let font = font?;
    let known: Vec<PathBuf> = told
        .map(std::env::split_paths)
        .into_iter()
        .flatten()
        .collect();
    if known.iter().any(|one| one == font) {
        return None;
    }
    std::env::join_paths([font.to_owned()].into_iter().chain(known)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: Option<&str>, font: Option<&str>) -> Option<String> {
        let fonts = fallbacks(before.map(OsStr::new), font.map(Path::new));
        fonts.map(|fonts| fonts.into_string().unwrap())
    }

    #[test]
    fn slint_is_told_once_and_keeps_what_it_was_told() {
        assert_eq!(told(None, None), None);
        assert_eq!(told(Some("/a.ttf"), None), None);
        assert_eq!(told(None, Some("/c.ttf")).unwrap(), "/c.ttf");
        assert_eq!(
            told(Some("/a.ttf:/b"), Some("/c.ttf")).unwrap(),
            "/c.ttf:/a.ttf:/b"
        );
        assert_eq!(
            told(Some("/c.ttf:/b"), Some("/c.ttf")),
            None,
            "or it would start for ever"
        );
        assert_eq!(
            told(None, Some("/c:d.ttf")),
            None,
            "a path that cannot be told"
        );
    }
}
