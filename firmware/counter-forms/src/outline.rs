//! The shape of one character, for screens and pages that must show exactly the glyph that a form
//! would be printed with, whatever fonts they have themselves.

use std::fmt::Write as _;

use ttf_parser::{Face, OutlineBuilder};

use crate::glyph::face_of;

/// Side of the square that an outline is drawn in.
pub const OUTLINE_SIDE: u16 = 1000;

/// Outline of `text`, which is one character with its variation selector if any, as SVG path data
/// in a square of [`OUTLINE_SIDE`] with y downwards. `None` when neither `own`
/// nor the font of added characters draws exactly that.
pub(crate) fn outline(own: &Face<'_>, added: Option<&Face<'_>>, text: &str) -> Option<String> {
    let mut points = text.chars();
    let (base, selector) = (points.next()?, points.next());
    if points.next().is_some() {
        return None;
    }
    let font = face_of(own, added, base, selector)?;
    let id = match selector {
        Some(selector) => font.glyph_variation_index(base, selector)?,
        None => font.glyph_index(base)?,
    };
    let side = f32::from(OUTLINE_SIDE);
    let mut path = Path {
        data: String::new(),
        scale: side / f32::from(font.units_per_em()),
        // The box of an ideograph stands from the descender up by one em.
        top: f32::from(font.descender()) + f32::from(font.units_per_em()),
    };
    font.outline_glyph(id, &mut path)?;
    Some(path.data)
}

struct Path {
    data: String,
    scale: f32,
    top: f32,
}

impl Path {
    fn put(&mut self, command: char, points: &[(f32, f32)]) {
        self.data.push(command);
        for (index, (x, y)) in points.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            let (x, y) = (x * self.scale, (self.top - y) * self.scale);
            // Writing to a String cannot fail.
            let _never = write!(self.data, "{gap}{x:.0} {y:.0}");
        }
    }
}

impl OutlineBuilder for Path {
    fn move_to(&mut self, x: f32, y: f32) {
        self.put('M', &[(x, y)]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.put('L', &[(x, y)]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.put('Q', &[(x1, y1), (x, y)]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.put('C', &[(x1, y1), (x2, y2), (x, y)]);
    }

    fn close(&mut self) {
        self.data.push('Z');
    }
}
