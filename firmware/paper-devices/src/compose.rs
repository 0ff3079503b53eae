//! From a receipt to ESC/POS commands.

use encoding_rs::SHIFT_JIS;
use escpos::driver::Driver;
use escpos::errors::PrinterError;
use escpos::printer::Printer;
use escpos::utils::{
    Encoder, JustifyMode, Protocol, QRCodeCorrectionLevel, QRCodeModel, QRCodeOption,
};

use crate::plain::{self, COLUMNS};
use crate::raster::{Bitmap, LineRaster, UndrawableCharacter};
use crate::receipt::Receipt;

/// FS C 1: kanji codes are `Shift_JIS`. FS &: kanji mode on. The crate has neither, and a page code
/// must not be set, or every byte of a pair is taken for a character of its own.
const KANJI_MODE: [u8; 5] = [0x1c, 0x43, 0x01, 0x1c, 0x26];

/// Height of a text line in dots, and of a line drawn at double size.
const LINE: usize = 24;

/// Why a receipt could not be composed.
#[derive(Debug)]
pub(crate) enum ComposeError {
    Undrawable,
    Driver,
}

impl From<PrinterError> for ComposeError {
    fn from(_: PrinterError) -> Self {
        Self::Driver
    }
}

impl From<UndrawableCharacter> for ComposeError {
    fn from(_: UndrawableCharacter) -> Self {
        Self::Undrawable
    }
}

/// Paper in the making.
pub(crate) struct Composer<'a, D: Driver> {
    printer: Printer<D>,
    raster: &'a dyn LineRaster,
}

/// Composes a receipt and hands all of it to the driver at once, so that a mistake half-way leaves
/// the paper blank.
pub(crate) fn print<D: Driver>(
    driver: D,
    receipt: &Receipt,
    raster: &dyn LineRaster,
) -> Result<(), ComposeError> {
    let protocol = Protocol::new(Encoder::new(SHIFT_JIS));
    let mut composer = Composer {
        printer: Printer::new(driver, protocol, None),
        raster,
    };
    composer.receipt(receipt)?;
    composer.printer.print()?;
    Ok(())
}

impl<D: Driver> Composer<'_, D> {
    fn receipt(&mut self, receipt: &Receipt) -> Result<(), ComposeError> {
        self.printer.init()?.custom(&KANJI_MODE)?;
        self.head(receipt)?;
        self.rule()?;
        for line in &receipt.lines {
            self.pair(&line.label, &line.value)?;
        }
        if !receipt.guidance.is_empty() {
            self.rule()?;
            self.printer.bold(true)?;
            self.text(&receipt.guidance_title)?;
            self.printer.bold(false)?;
            for item in &receipt.guidance {
                self.item(item)?;
            }
        }
        self.foot(receipt)
    }

    fn head(&mut self, receipt: &Receipt) -> Result<(), ComposeError> {
        self.printer.justify(JustifyMode::CENTER)?;
        self.text(&receipt.heading)?;
        self.printer.bold(true)?.size(2, 2)?;
        for line in plain::wrap(&receipt.title, COLUMNS / 2) {
            self.line(&line, 2 * LINE)?;
        }
        self.printer.size(1, 1)?.bold(false)?.feed()?;
        self.text(&receipt.number_label)?;
        if !receipt.number.is_empty() {
            // Three times the size leaves 16 columns; a longer number is printed at double size.
            let size = if plain::columns(&receipt.number) <= COLUMNS / 3 {
                3
            } else {
                2
            };
            self.printer.bold(true)?.size(size, size)?;
            self.line(&receipt.number, LINE * usize::from(size))?;
            self.printer.size(1, 1)?.bold(false)?;
        }
        self.printer.justify(JustifyMode::LEFT)?;
        Ok(())
    }

    fn foot(&mut self, receipt: &Receipt) -> Result<(), ComposeError> {
        self.printer.justify(JustifyMode::CENTER)?;
        if let Some(qr) = &receipt.qr {
            let option = QRCodeOption::new(QRCodeModel::Model2, 6, QRCodeCorrectionLevel::M);
            self.printer.feed()?.qrcode_option(qr, option)?.feed()?;
        }
        for line in &receipt.footer {
            self.text(line)?;
        }
        self.printer
            .justify(JustifyMode::LEFT)?
            .feeds(4)?
            .partial_cut()?;
        Ok(())
    }

    fn rule(&mut self) -> Result<(), ComposeError> {
        self.line(&"─".repeat(COLUMNS / 2), LINE)
    }

    /// A paragraph of the normal size.
    fn text(&mut self, text: &str) -> Result<(), ComposeError> {
        plain::wrap(text, COLUMNS)
            .iter()
            .try_for_each(|line| self.line(line, LINE))
    }

    /// A paragraph behind a bullet, hanging.
    fn item(&mut self, text: &str) -> Result<(), ComposeError> {
        for (index, line) in plain::wrap(text, COLUMNS - 2).iter().enumerate() {
            let lead = if index == 0 { "・" } else { "　" };
            self.line(&format!("{lead}{line}"), LINE)?;
        }
        Ok(())
    }

    /// Label left and value right; on two lines when they do not fit on one.
    fn pair(&mut self, label: &str, value: &str) -> Result<(), ComposeError> {
        let used = plain::columns(label) + plain::columns(value);
        if used < COLUMNS {
            let gap = " ".repeat(COLUMNS - used);
            return self.line(&format!("{label}{gap}{value}"), LINE);
        }
        self.text(label)?;
        for line in plain::wrap(value, COLUMNS - 2) {
            self.line(&format!("　{line}"), LINE)?;
        }
        Ok(())
    }

    /// One line: in the printer's own characters when it has them all, as a picture otherwise.
    fn line(&mut self, text: &str, height: usize) -> Result<(), ComposeError> {
        if let Some(plain) = plain::plain(text) {
            self.printer.writeln(&plain)?;
        } else {
            let picture = self.raster.draw(text, height)?;
            self.picture(&picture)?;
        }
        Ok(())
    }

    /// GS v 0: a picture. It moves the paper by its own height only; ESC J adds the space that a
    /// line of characters has below it.
    fn picture(&mut self, picture: &Bitmap) -> Result<(), ComposeError> {
        let wide =
            u16::try_from(picture.width().div_ceil(8)).map_err(|_| ComposeError::Undrawable)?;
        let high = u16::try_from(picture.height()).map_err(|_| ComposeError::Undrawable)?;
        let mut command = vec![0x1d, 0x76, 0x30, 0x00];
        command.extend(wide.to_le_bytes());
        command.extend(high.to_le_bytes());
        command.extend(picture.bits());
        command.extend([0x1b, 0x4a, 6]);
        self.printer.custom(&command)?;
        Ok(())
    }
}
