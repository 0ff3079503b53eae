//! A character that only the city's own font has is drawn on the screens.
//!
//! Slint reads its fonts once in a process, so each picture is drawn by a process of its own: this
//! test, started again with a folder to draw into.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::path::Path;
use std::process::Command;

use counter_ui::gallery::{examples, stage};
use counter_ui::scripted::use_headless;

const SIZE: (u32, u32) = (1280, 800);
/// A character of the standard repertoire beyond the MJ table, by an invented code.
const ADDED: char = '\u{10A3C5}';
const INTO: &str = "TODOKE_TEST_DRAW_INTO";
const LABEL_FONT: &str = "/usr/share/fonts/truetype/bizud-gothic/BIZUDGothic-Regular.ttf";
/// Some kanji of that font.
const SOME_GLYPH: u32 = 3_000;

/// The label font with one character: [`ADDED`].
fn font() -> Vec<u8> {
    let mut font = std::fs::read(LABEL_FONT).unwrap();
    // OpenType 1.9, "cmap": one record for platform 3, encoding 10, then format 12 with one group.
    let mut table: Vec<u8> = [0_u16, 1, 3, 10]
        .into_iter()
        .flat_map(u16::to_be_bytes)
        .collect();
    table.extend(12_u32.to_be_bytes());
    table.extend([12_u16, 0].into_iter().flat_map(u16::to_be_bytes));
    let group = [u32::from(ADDED), u32::from(ADDED), SOME_GLYPH];
    table.extend(
        [28, 0, 1]
            .into_iter()
            .chain(group)
            .flat_map(u32::to_be_bytes),
    );
    let record = font.windows(4).position(|four| four == b"cmap").unwrap();
    font.resize(font.len().next_multiple_of(4), 0);
    let place = [font.len(), table.len()];
    let place = place.map(|number| u32::try_from(number).unwrap().to_be_bytes());
    font[record + 8..record + 16].copy_from_slice(place.as_flattened());
    font.extend(table);
    font
}

/// The board with the character in a name, as pixels.
fn draw(into: &Path) {
    use_headless().unwrap();
    let (_, view) = examples()
        .unwrap()
        .into_iter()
        .find(|(name, _)| name == "staff-02-board")
        .unwrap();
    let text = serde_json::to_string(&view).unwrap();
    assert!(text.contains("架空　太郎"));
    let text = text.replace("架空　太郎", &format!("架空　{ADDED}郎"));
    let app = stage(&serde_json::from_str(&text).unwrap(), SIZE, 1.0).unwrap();
    let picture = app.window().slint().take_snapshot().unwrap();
    std::fs::write(into, picture.as_bytes()).unwrap();
}

#[test]
fn added_characters_are_drawn_on_the_screens_with_the_citys_font() {
    if let Some(into) = std::env::var_os(INTO) {
        draw(Path::new(&into));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (file, into) = (
        folder.path().join("added.ttf"),
        folder.path().join("pixels"),
    );
    std::fs::write(&file, font()).unwrap();
    let name = "added_characters_are_drawn_on_the_screens_with_the_citys_font";
    let drawn = |font: Option<&Path>| {
        let mut again = Command::new(std::env::current_exe().unwrap());
        again
            .args(["--exact", name])
            .env(INTO, &into)
            .env_remove("SLINT_FONT_PATH");
        if let Some(font) = font {
            again.env("SLINT_FONT_PATH", font);
        }
        assert!(again.output().unwrap().status.success());
        std::fs::read(&into).unwrap()
    };
    let (without, with) = (drawn(None), drawn(Some(&file)));
    let row = SIZE.0 as usize * 4;
    let differing: Vec<(usize, usize)> = without
        .chunks_exact(4)
        .zip(with.chunks_exact(4))
        .enumerate()
        .filter(|(_, (one, other))| one != other)
        .map(|(at, _)| (at * 4 / row, at * 4 % row / 4))
        .collect();
    assert!(!differing.is_empty(), "the character is not drawn");
    let rows = differing.iter().map(|(y, _)| y);
    let height = rows.clone().max().unwrap() - rows.min().unwrap();
    let columns = differing.iter().map(|(_, x)| x);
    let width = columns.clone().max().unwrap() - columns.min().unwrap();
    assert!(
        width < 200 && height < 40,
        "{width} x {height}: other texts changed too"
    );
}
