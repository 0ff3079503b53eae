//! The fonts of the forms: fixed files, never whatever the machine happens to have.

use std::path::{Path, PathBuf};

use typst::foundations::Bytes;
use typst::layout::Abs;
use typst::text::{Font, FontBook, FontInstance, FontVariant, FontVariations};
use typst::utils::LazyHash;

use crate::error::OpenFormsError;

/// Family of names and addresses.
pub(crate) const EXACT_FAMILY: &str = "IPAmjMincho";
const EXACT_PACKAGE: &str = "fonts-ipamj-mincho";
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
}

impl Default for FontPaths {
    fn default() -> Self {
        let root = Path::new("/usr/share/fonts/truetype");
        Self {
            exact: root.join("ipamj/ipamjm.ttf"),
            label: root.join("bizud-gothic/BIZUDGothic-Regular.ttf"),
            label_bold: root.join("bizud-gothic/BIZUDGothic-Bold.ttf"),
        }
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
}

impl Fonts {
    pub(crate) fn load(paths: &FontPaths) -> Result<Self, OpenFormsError> {
        let exact = read(&paths.exact, EXACT_FAMILY, EXACT_PACKAGE)?;
        let label = read(&paths.label, LABEL_FAMILY, LABEL_PACKAGE)?;
        let fonts = vec![
            exact.clone(),
            label.clone(),
            read(&paths.label_bold, LABEL_FAMILY, LABEL_PACKAGE)?,
        ];
        let book = LazyHash::new(FontBook::from_fonts(&fonts));
        let instance = |font: &Font| {
            let any_size = Abs::pt(10.0);
            font.clone()
                .instantiate(FontVariant::default(), any_size, &FontVariations::default())
        };
        Ok(Self {
            exact: instance(&exact),
            label: instance(&label),
            all: fonts,
            book,
        })
    }
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
