//! The layouts that come with the program, by name; a city's own is a file.

use std::path::Path;

use anyhow::{Context, Result};

use crate::line_file::LayoutFile;
use crate::residents::columns::Column;

/// The CSV of our own: nothing but headings.
pub(super) const CSV: &str = "todoke-csv";

/// Name, text.
const LAYOUTS: [(&str, &str); 2] = [
    (
        "todoke-fixed",
        include_str!("../../layouts/todoke-fixed.toml"),
    ),
    (
        "standard-list",
        include_str!("../../layouts/standard-list.toml"),
    ),
];

/// The layout of that name, or in the file of that name.
///
/// # Errors
/// When there is none, or it is no layout.
pub(super) fn layout(name: &str) -> Result<LayoutFile> {
    if name == CSV {
        return Ok(LayoutFile::of_headings::<Column>());
    }
    let known = LAYOUTS.iter().find(|(known, _)| *known == name);
    let text = match known {
        Some((_, text)) => (*text).to_owned(),
        None => std::fs::read_to_string(Path::new(name)).with_context(|| {
            format!(
                "レイアウト {name} がありません。名前（{CSV}、todoke-fixed、standard-list）かファイルを指定してください"
            )
        })?,
    };
    Ok(LayoutFile::parse(&text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_of_the_program_can_be_bound() {
        for (name, text) in LAYOUTS {
            let file = LayoutFile::parse(text).unwrap();
            let headings: Option<Vec<String>> = file.has_headings().then(|| file.headings());
            let bound = file.bind::<Column>(headings.as_deref());
            assert!(bound.is_ok(), "{name}: {:?}", bound.err());
        }
    }

    #[test]
    fn wrong_layout_is_told_in_words() {
        let told = |text: &str| {
            let file = LayoutFile::parse(text);
            file.and_then(|file| file.bind::<Column>(None).map(|_| ()))
                .unwrap_err()
                .to_string()
        };
        let fixed = "title = 'x'\nform = { fixed = { record_bytes = 20 } }\n";
        for (column, expected) in [
            (
                "field = 'colour'\nfrom = [{ at = 1, bytes = 2 }]",
                "「colour」を知りません",
            ),
            ("field = 'name'\nfrom = ['氏名']", "「name」の from"),
            (
                "field = 'name'\nfrom = [{ at = 19, bytes = 9 }]",
                "「name」の from",
            ),
            (
                "field = 'name'\nfrom = [{ at = 1, bytes = 2 }]",
                "field「person_no」がありません",
            ),
            ("field = 'name'\nfarbe = 1", "レイアウトが読めません"),
        ] {
            let told = told(&format!("{fixed}[[column]]\n{column}\n"));
            assert!(told.contains(expected), "{told}");
        }
    }
}
