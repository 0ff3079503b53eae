//! The paper of an 80 mm printer at 203 dpi: 576 dots wide, as long as it needs.

use std::io;
use std::path::Path;

use paper_devices::{Bitmap, FontRaster, LineRaster};
use qrcode::{Color, QrCode};

use super::command::Command;

/// Dots across.
const WIDTH: usize = 576;
/// White around the printable area in the picture, so that it looks like paper.
const MARGIN: usize = 32;
/// Height of a character of the normal size.
const CHARACTER: usize = 24;
/// Extra dots below a line.
const LEADING: usize = 6;

/// Paper with what was printed on it so far.
#[derive(Debug)]
pub struct Paper {
    font: FontRaster,
    rows: Vec<Vec<bool>>,
    line: Vec<(Bitmap, usize, usize)>,
    align: u8,
    bold: bool,
    wide: usize,
    high: usize,
    shift_jis: bool,
    kanji: bool,
    qr_size: usize,
    qr_data: Vec<u8>,
    lines: usize,
    text: String,
}

impl Paper {
    /// Blank paper in a printer that has just been switched on.
    pub fn new(font: FontRaster) -> Self {
        Self {
            font,
            rows: Vec::new(),
            line: Vec::new(),
            align: 0,
            bold: false,
            wide: 1,
            high: 1,
            shift_jis: false,
            kanji: false,
            qr_size: 3,
            qr_data: Vec::new(),
            lines: 0,
            text: String::new(),
        }
    }

    /// Lines of text and pictures printed.
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// Whether nothing is on the paper.
    pub fn is_blank(&self) -> bool {
        self.rows.is_empty() && self.line.is_empty()
    }

    /// What was printed as characters, one line each; a picture is an empty line.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Length in dots.
    pub fn length(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn apply(&mut self, command: &Command<'_>) {
        match command {
            Command::Initialise => {
                self.line.clear();
                (self.align, self.bold, self.wide, self.high) = (0, false, 1, 1);
                (self.shift_jis, self.kanji, self.qr_size) = (false, false, 3);
            }
            Command::LineFeed => self.end_line(),
            Command::FeedLines(lines) => {
                // What is waiting is printed as the first of these lines.
                let mut lines = usize::from(*lines);
                if !self.line.is_empty() && lines > 0 {
                    self.end_line();
                    lines -= 1;
                }
                self.feed(lines * (CHARACTER + LEADING));
            }
            Command::FeedDots(dots) => {
                self.end_line_if_any();
                self.feed(usize::from(*dots));
            }
            Command::Align(align) => self.align = *align % 48,
            Command::Bold(on) => self.bold = on & 1 == 1,
            Command::Size(size) => {
                self.wide = usize::from(size >> 4 & 7) + 1;
                self.high = usize::from(size & 7) + 1;
            }
            Command::KanjiCode(code) => self.shift_jis = matches!(code, 1 | 49),
            Command::KanjiMode(on) => self.kanji = *on == 1,
            Command::Raster { row_bytes, data } => self.raster(*row_bytes, data),
            Command::QrSize(size) => self.qr_size = usize::from(*size),
            Command::QrData(data) => self.qr_data = data.to_vec(),
            Command::QrPrint => self.qr(),
            Command::Cut => self.cut(),
            Command::Text(bytes) => self.character(bytes),
            Command::RealTimeStatus(_)
            | Command::Status(_)
            | Command::Identity(_)
            | Command::Quiet
            | Command::Unknown => {}
        }
    }

    /// A character from the printer's ROM. Without kanji mode and `Shift_JIS` a pair of bytes comes
    /// out as two wrong characters, here as two black boxes.
    fn character(&mut self, bytes: &[u8]) {
        let readable = bytes.len() == 1 || self.kanji && self.shift_jis;
        let (text, _, wrong) = encoding_rs::SHIFT_JIS.decode(bytes);
        let drawn = self.font.draw(&text, CHARACTER);
        let cell = match drawn {
            Ok(cell) if readable && !wrong => {
                self.text.push_str(&text);
                cell
            }
            Ok(_) | Err(_) => {
                self.text.push('■');
                let mut cell = Bitmap::new(bytes.len() * CHARACTER / 2, CHARACTER);
                (0..CHARACTER * CHARACTER)
                    .for_each(|dot| cell.set(dot % CHARACTER, dot / CHARACTER));
                cell
            }
        };
        let cell = if self.bold { bolder(&cell) } else { cell };
        let used: usize = self
            .line
            .iter()
            .map(|(cell, wide, _)| cell.width() * wide)
            .sum();
        if used + cell.width() * self.wide > WIDTH {
            self.end_line();
        }
        self.line.push((cell, self.wide, self.high));
    }

    fn end_line_if_any(&mut self) {
        if !self.line.is_empty() {
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        self.text.push('\n');
        let line = std::mem::take(&mut self.line);
        let height = line.iter().map(|(_, _, high)| high * CHARACTER).max();
        let height = height.unwrap_or(self.high * CHARACTER);
        let width = line.iter().map(|(cell, wide, _)| cell.width() * wide).sum();
        let top = self.feed(height + LEADING);
        let mut left = self.left(width);
        for (cell, wide, high) in line {
            // Characters of different heights stand on one base line.
            let down = height - high * CHARACTER;
            for y in 0..cell.height() * high {
                for x in 0..cell.width() * wide {
                    if cell.get(x / wide, y / high) {
                        self.mark(left + x, top + down + y);
                    }
                }
            }
            left += cell.width() * wide;
        }
        self.lines += 1;
    }

    fn raster(&mut self, row_bytes: usize, data: &[u8]) {
        self.end_line_if_any();
        self.text.push('\n');
        let top = self.feed(data.len().checked_div(row_bytes).unwrap_or(0));
        let left = self.left(row_bytes * 8);
        for (y, row) in data.chunks(row_bytes.max(1)).enumerate() {
            for x in 0..row_bytes * 8 {
                if row
                    .get(x / 8)
                    .is_some_and(|byte| byte & (0x80 >> (x % 8)) != 0)
                {
                    self.mark(left + x, top + y);
                }
            }
        }
        self.lines += 1;
    }

    fn qr(&mut self) {
        self.end_line_if_any();
        let Ok(code) = QrCode::with_error_correction_level(&self.qr_data, qrcode::EcLevel::M)
        else {
            return;
        };
        let (modules, size) = (code.width(), self.qr_size);
        let left = self.left(modules * size);
        let top = self.feed(modules * size + LEADING);
        for (index, color) in code.to_colors().into_iter().enumerate() {
            if color == Color::Dark {
                let (column, row) = (index % modules, index / modules);
                for dot in 0..size * size {
                    self.mark(
                        left + column * size + dot % size,
                        top + row * size + dot / size,
                    );
                }
            }
        }
        self.lines += 1;
    }

    /// A dashed line where the knife went.
    fn cut(&mut self) {
        self.end_line_if_any();
        let top = self.feed(2);
        (0..WIDTH)
            .filter(|x| x % 12 < 6)
            .for_each(|x| self.mark(x, top));
    }

    fn left(&self, width: usize) -> usize {
        match self.align {
            1 => WIDTH.saturating_sub(width) / 2,
            2 => WIDTH.saturating_sub(width),
            _ => 0,
        }
    }

    /// Moves the paper and returns the row it started from.
    fn feed(&mut self, dots: usize) -> usize {
        let top = self.rows.len();
        self.rows.resize(top + dots, vec![false; WIDTH]);
        top
    }

    fn mark(&mut self, x: usize, y: usize) {
        if let Some(dot) = self.rows.get_mut(y).and_then(|row| row.get_mut(x)) {
            *dot = true;
        }
    }

    /// Writes the paper as an 8-bit grey PNG.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_png(&self, path: &Path) -> io::Result<()> {
        let width = WIDTH + 2 * MARGIN;
        let white = vec![255_u8; width];
        let mut grey = white.repeat(MARGIN);
        for row in &self.rows {
            grey.extend([255; MARGIN]);
            grey.extend(row.iter().map(|black| if *black { 16 } else { 255 }));
            grey.extend([255; MARGIN]);
        }
        grey.extend(white.repeat(MARGIN));
        let file = io::BufWriter::new(std::fs::File::create(path)?);
        let high = u32::try_from(grey.len() / width).map_err(io::Error::other)?;
        let wide = u32::try_from(width).map_err(io::Error::other)?;
        let mut encoder = png::Encoder::new(file, wide, high);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&grey)?;
        writer.finish()?;
        Ok(())
    }
}

/// Emphasis as printers do it: every dot once more, one to the right.
fn bolder(cell: &Bitmap) -> Bitmap {
    let mut bold = cell.clone();
    for y in 0..cell.height() {
        for x in 1..cell.width() {
            if cell.get(x - 1, y) {
                bold.set(x, y);
            }
        }
    }
    bold
}
