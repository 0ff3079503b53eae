//! The fonts of the forms: fixed files, never whatever the machine happens to have.

use std::path::{Path, PathBuf};

use typst::foundations::Bytes;
use typst::layout::Abs;
use typst::text::{Coverage, Font, FontBook, FontInstance, FontVariant, FontVariations};
use typst::utils::LazyHash;

use crate::error::OpenFormsError;

/// Family of names and addresses.
pub(crate) const EXACT_FAMILY: &str = "IPAmjMincho";
const EXACT_PACKAGE: &str = "fonts-ipamj-mincho";
/// The city's font goes by this name here, whatever its own is.
const ADDED_FAMILY: &str = "Todoke Added";
const LABEL_FAMILY: &str = "BIZ UDGothic";
const LABEL_PACKAGE: &str = "fonts-morisawa-bizud-gothic";

/// Where the font files are. [`FontPaths::default`] is where Debian 12 puts them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FontPaths {
    /// `IPAmj` Mincho (`IPAmj明朝`), for names and addresses.
    pub exact: PathBuf,
    /// BIZ `UDGothic` Regular, for everything else.
    pub label: PathBuf,
    /// BIZ `UDGothic` Bold.
    pub label_bold: PathBuf,
    /// The city's own font for the characters that its repertoire adds to the MJ table under private
    /// codes (行政事務標準文字の追加文字), where it was given one.
    pub added: Option<PathBuf>,
}

impl Default for FontPaths {
    fn default() -> Self {
        let root = Path::new("/usr/share/fonts/truetype");
        Self {
            exact: root.join("ipamj/ipamjm.ttf"),
            label: root.join("bizud-gothic/BIZUDGothic-Regular.ttf"),
            label_bold: root.join("bizud-gothic/BIZUDGothic-Bold.ttf"),
            added: added_font(),
        }
    }
}

/// The city's font: what `TODOKE_ADDED_FONT` names, else the one laid beside the installed program,
/// else none.
fn added_font() -> Option<PathBuf> {
    let installed = Path::new("/usr/share/todoke/added.ttf");
    match std::env::var_os("TODOKE_ADDED_FONT") {
        Some(path) => Some(path.into()),
        None => installed.exists().then(|| installed.to_owned()),
    }
}

/// The fonts, read once.
pub(crate) struct Fonts {
    pub(crate) all: Vec<Font>,
    pub(crate) book: LazyHash<FontBook>,
    /// The font of names and addresses, ready to be asked for glyphs.
    pub(crate) exact: FontInstance,
    /// The font of everything else.
    pub(crate) label: FontInstance,
    /// The font of added characters.
    pub(crate) added: Option<AddedFont>,
    /// Families of names, the first one first, as a JSON list of texts for the library.
    pub(crate) exact_families: Bytes,
}

/// The city's own font. Only its private codes are used: every other character is the MJ font's,
/// so that one name is never set in two hands.
pub(crate) struct AddedFont {
    pub(crate) font: FontInstance,
    /// What it draws under private codes of the planes 15 and 16, ascending.
    pub(crate) characters: Vec<char>,
}

impl Fonts {
    pub(crate) fn load(paths: &FontPaths) -> Result<Self, OpenFormsError> {
        let exact = read(&paths.exact, EXACT_FAMILY, EXACT_PACKAGE)?;
        let label = read(&paths.label, LABEL_FAMILY, LABEL_PACKAGE)?;
        let mut fonts = vec![
            exact.clone(),
            label.clone(),
            read(&paths.label_bold, LABEL_FAMILY, LABEL_PACKAGE)?,
        ];
        let mut book = FontBook::from_fonts(&fonts);
        let instance = |font: &Font| {
            let any_size = Abs::pt(10.0);
            font.clone()
                .instantiate(FontVariant::default(), any_size, &FontVariations::default())
        };
        let mut families = vec![EXACT_FAMILY];
        let added = paths.added.as_deref().map(read_added).transpose()?;
        let added = added.map(|(font, characters)| {
            let mut info = font.info().clone();
            ADDED_FAMILY.clone_into(&mut info.family);
            info.coverage = Coverage::from_vec(characters.iter().map(|c| u32::from(*c)).collect());
            book.push(info);
            fonts.push(font.clone());
            families.push(ADDED_FAMILY);
            AddedFont {
                font: instance(&font),
                characters,
            }
        });
        Ok(Self {
            exact: instance(&exact),
            label: instance(&label),
            added,
            all: fonts,
            book: LazyHash::new(book),
            exact_families: Bytes::from_string(serde_json::json!(families).to_string()),
        })
    }
}

/// The city's font, and what it has under codes of the private planes. Whatever its name is.
fn read_added(path: &Path) -> Result<(Font, Vec<char>), OpenFormsError> {
    let bytes = std::fs::read(path).map_err(|source| OpenFormsError::AddedFontUnreadable {
        path: path.to_owned(),
        source: Some(source),
    })?;
    let unusable = || OpenFormsError::AddedFontUnreadable {
        path: path.to_owned(),
        source: None,
    };
    let font = Font::new(Bytes::new(bytes), 0).ok_or_else(unusable)?;
    let points = font.info().coverage.iter().filter(|point| *point > 0xFFFF);
    let private = |c: &char| matches!(c, '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}');
    let characters: Vec<char> = points.filter_map(char::from_u32).filter(private).collect();
    if characters.is_empty() {
        return Err(unusable());
    }
    Ok((font, characters))
}

fn read(path: &Path, family: &'static str, package: &'static str) -> Result<Font, OpenFormsError> {
    let bytes = std::fs::read(path).map_err(|source| OpenFormsError::FontUnreadable {
        family,
        path: path.to_owned(),
        package,
        source,
    })?;
    Font::new(Bytes::new(bytes), 0)
        .filter(|font| font.info().family == family)
        .ok_or_else(|| OpenFormsError::FontWrong {
            family,
            path: path.to_owned(),
            package,
        })
}
