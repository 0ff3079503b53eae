//! Lines drawn as pictures, for characters a printer does not have.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ab_glyph_rasterizer::{Point, Rasterizer, point};
use thiserror::Error;
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use crate::plain::{self, Glyph};

/// Coverage from which a dot is black; well under half, or thin Mincho strokes break at 24 dots.
const INK: f32 = 0.28;

/// A picture of one bit per dot, rows packed from the left, most significant bit first, 1 is black.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bitmap {
    width: usize,
    height: usize,
    bits: Vec<u8>,
}

impl Bitmap {
    /// A white picture.
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            bits: vec![0; width.div_ceil(8) * height],
        }
    }

    /// Width in dots.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in dots.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Rows of `ceil(width / 8)` bytes.
    pub fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// Blackens a dot; outside the picture nothing happens.
    pub fn set(&mut self, x: usize, y: usize) {
        if x < self.width
            && let Some(byte) = self.bits.get_mut(y * self.width.div_ceil(8) + x / 8)
        {
            *byte |= 0x80 >> (x % 8);
        }
    }

    /// Whether a dot is black.
    pub fn get(&self, x: usize, y: usize) -> bool {
        x < self.width
            && self
                .bits
                .get(y * self.width.div_ceil(8) + x / 8)
                .is_some_and(|byte| byte & (0x80 >> (x % 8)) != 0)
    }
}

/// A character that no font at hand has, with exactly this form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a character cannot be drawn in its form")]
pub struct UndrawableCharacter;

/// Draws one line of text.
pub trait LineRaster: Send + Sync {
    /// Draws `text` with characters `height` dots high, as wide as it needs.
    ///
    /// # Errors
    /// When a character, or its variation, has no glyph. Never draws another form instead.
    fn draw(&self, text: &str, height: usize) -> Result<Bitmap, UndrawableCharacter>;
}

/// A font file that cannot be used. Names no person.
#[derive(Debug, Error)]
pub enum OpenFontError {
    /// The file cannot be read.
    #[error("font file cannot be read")]
    Unreadable(#[from] std::io::Error),
    /// The file is not a font.
    #[error("not a font: {0}")]
    NotAFont(#[from] ttf_parser::FaceParsingError),
}

/// A font file's bytes, held by whoever needs them: one copy serves the whole program.
pub type FontBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// A font that is read when a character must be drawn, and kept from then on.
struct FontFile {
    path: PathBuf,
    read: OnceLock<Option<FontBytes>>,
}

impl FontFile {
    fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            read: OnceLock::new(),
        }
    }

    fn holding(bytes: FontBytes) -> Self {
        Self {
            path: PathBuf::new(),
            read: OnceLock::from(Some(bytes)),
        }
    }

    /// `None` for a file that is missing or no font.
    fn face(&self) -> Option<Face<'_>> {
        let read = || -> Option<FontBytes> { Some(Arc::new(std::fs::read(&self.path).ok()?)) };
        let bytes = self.read.get_or_init(read).as_deref()?;
        Face::parse(bytes.as_ref(), 0).ok()
    }
}

/// Draws with fonts, tried in order.
///
/// Give the font of labels first and that of names (IPAmj Mincho, 46 MB) after it: a line is drawn
/// whole in the first font that has all of it, and character by character only when none has. A font
/// that no line needed is not read.
#[derive(Clone, Default)]
pub struct FontRaster {
    fonts: Vec<Arc<FontFile>>,
}

impl fmt::Debug for FontRaster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FontRaster({} fonts)", self.fonts.len())
    }
}

impl FontRaster {
    /// Reads font files whole and at once.
    ///
    /// # Errors
    /// When a file is missing or not a font.
    pub fn open(files: &[&Path]) -> Result<Self, OpenFontError> {
        let mut fonts: Vec<FontBytes> = Vec::with_capacity(files.len());
        for file in files {
            let bytes = std::fs::read(file)?;
            Face::parse(&bytes, 0)?;
            fonts.push(Arc::new(bytes));
        }
        Ok(Self::of(fonts))
    }

    /// With fonts that somebody has already read.
    pub fn of(fonts: Vec<FontBytes>) -> Self {
        let fonts = fonts.into_iter().map(FontFile::holding).map(Arc::new);
        Self {
            fonts: fonts.collect(),
        }
    }

    /// Reads each file when a character must be drawn that no file before it has. One that is
    /// missing or no font then has no character.
    pub fn when_needed(files: &[&Path]) -> Self {
        let fonts = files.iter().map(|file| Arc::new(FontFile::new(file)));
        Self {
            fonts: fonts.collect(),
        }
    }

    /// How many of the fonts are in memory.
    pub fn fonts_read(&self) -> usize {
        let read = |font: &&Arc<FontFile>| font.read.get().is_some_and(Option::is_some);
        self.fonts.iter().filter(read).count()
    }

    fn faces(&self) -> impl Iterator<Item = Face<'_>> {
        self.fonts.iter().filter_map(|font| font.face())
    }
}

fn glyph_in(face: &Face<'_>, glyph: Glyph) -> Option<GlyphId> {
    // What a maker's font has under a private code is not what a city's system means by it; only the
    // city's own font has the private planes.
    if matches!(glyph.base, '\u{E000}'..='\u{F8FF}') {
        return None;
    }
    let id = match glyph.selector {
        Some(selector) => face.glyph_variation_index(glyph.base, selector),
        None => face.glyph_index(glyph.base),
    };
    // An empty glyph would be a gap in a name.
    id.filter(|id| {
        id.0 != 0 && (glyph.base.is_whitespace() || face.glyph_bounding_box(*id).is_some())
    })
}

impl LineRaster for FontRaster {
    fn draw(&self, text: &str, height: usize) -> Result<Bitmap, UndrawableCharacter> {
        let glyphs = plain::glyphs(text);
        let has_all = |face: &Face<'_>| glyphs.iter().all(|g| glyph_in(face, *g).is_some());
        let faces: Vec<Face<'_>> = match self.faces().find(has_all) {
            Some(whole) => vec![whole],
            None => self.faces().collect(),
        };
        let mut placed = Vec::with_capacity(glyphs.len());
        let mut x = 0;
        for glyph in &glyphs {
            let (face, id) = faces
                .iter()
                .find_map(|face| glyph_in(face, *glyph).map(|id| (face, id)))
                .ok_or(UndrawableCharacter)?;
            placed.push((face, id, x));
            x += glyph.columns() * height / 2;
        }
        let mut bitmap = Bitmap::new(x, height);
        for (face, id, x) in placed {
            stamp(&mut bitmap, face, id, x);
        }
        Ok(bitmap)
    }
}

/// Draws one glyph into its cell, its left edge at `x`.
#[expect(
    clippy::cast_precision_loss,
    reason = "dots of a receipt, far below any limit"
)]
fn stamp(bitmap: &mut Bitmap, face: &Face<'_>, id: GlyphId, x: usize) {
    let height = bitmap.height;
    // Ascender and descender of Japanese fonts add up to about one em; the cell is that high.
    let scale = height as f32 / f32::from(face.units_per_em());
    let above = f32::from(face.ascender()) * scale;
    let span = f32::from(face.ascender() - face.descender()) * scale;
    let baseline = above + (height as f32 - span) / 2.0;
    let mut outline = Outline {
        raster: Rasterizer::new(height * 2, height),
        scale,
        baseline,
        start: point(0.0, 0.0),
        at: point(0.0, 0.0),
    };
    if face.outline_glyph(id, &mut outline).is_none() {
        return;
    }
    outline.raster.for_each_pixel_2d(|dx, dy, coverage| {
        if coverage >= INK {
            bitmap.set(x + dx as usize, dy as usize);
        }
    });
}

/// Hands a font's outline to the rasterizer, flipped and scaled.
struct Outline {
    raster: Rasterizer,
    scale: f32,
    baseline: f32,
    start: Point,
    at: Point,
}

impl Outline {
    fn place(&self, x: f32, y: f32) -> Point {
        let (width, height) = self.raster.dimensions();
        // The rasterizer must not be drawn outside of; strokes past the cell are pressed to its edge.
        #[expect(clippy::cast_precision_loss, reason = "dots of a receipt")]
        point(
            (x * self.scale).clamp(0.0, width as f32 - 1.0),
            (self.baseline - y * self.scale).clamp(0.0, height as f32),
        )
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.at = self.place(x, y);
        self.start = self.at;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let to = self.place(x, y);
        self.raster.draw_line(self.at, to);
        self.at = to;
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (by, to) = (self.place(x1, y1), self.place(x, y));
        self.raster.draw_quad(self.at, by, to);
        self.at = to;
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (by, and, to) = (self.place(x1, y1), self.place(x2, y2), self.place(x, y));
        self.raster.draw_cubic(self.at, by, and, to);
        self.at = to;
    }

    fn close(&mut self) {
        self.raster.draw_line(self.at, self.start);
        self.at = self.start;
    }
}
