//! Paper: the signed form and the receipt.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use counter_api::GlyphPicture;
use counter_domain::snapshot::{Snapshot, SnapshotForm};
use counter_forms::filing::{Filing, filings, form_of, forms_of, named_version};
use counter_forms::procedure_request::REQUEST_FORM;
use counter_forms::resident_move::City;
use counter_forms::{
    Answers, Assets, FontPaths, FormBox, Forms, OpenFormsError, Point, PublishedForms,
    signature_svg,
};
use paper_devices::{
    FilePrinter, FontRaster, Identity, LineRaster, NetworkPrinter, PrintReceiptError,
    PrinterStatus, ReadBack, Receipt, ReceiptLine, ReceiptPrinter, WiredPrinter,
};

use crate::certificates;
use crate::desk::GlyphGate;
use crate::devices::{FormJob, PrintTrouble, ReceiptJob, Signature};
use crate::settings::Settings;
use crate::texts::word;

/// How long the receipt printer may take to answer.
const PRINTER_TIMEOUT: Duration = Duration::from_secs(3);

/// Where the fonts are.
pub fn font_paths(settings: Option<&Settings>) -> FontPaths {
    match settings.and_then(|settings| settings.fonts.as_ref()) {
        None => FontPaths::default(),
        Some(fonts) => FontPaths {
            exact: fonts.exact.clone(),
            label: fonts.label.clone(),
            label_bold: fonts.label_bold.clone(),
            added: fonts.added.clone().or(FontPaths::default().added),
        },
    }
}

/// Where the character tables are.
pub fn character_tables() -> PathBuf {
    counter_characters::tables::file()
}

/// Where the program's own address dictionary is.
pub fn address_dictionary() -> PathBuf {
    counter_addresses::file()
}

/// The forms of this counter: the program's, and the versions head office published.
#[derive(Debug, Clone)]
pub struct FormMaker {
    forms: Arc<RwLock<Arc<Forms>>>,
}

impl FormMaker {
    /// Opens the forms.
    ///
    /// # Errors
    /// When a font is missing.
    pub fn open(fonts: &FontPaths) -> Result<Self, OpenFormsError> {
        Ok(Self {
            forms: Arc::new(RwLock::new(Arc::new(Forms::new(fonts)?))),
        })
    }

    /// The forms themselves, as they are now.
    pub fn forms(&self) -> Arc<Forms> {
        Arc::clone(&self.forms.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The characters that the city's own font adds to the MJ table.
    pub fn added_characters(&self) -> Vec<char> {
        self.forms().added_characters().to_vec()
    }

    /// Takes the versions of forms in the dataset `counter_forms::FORMS`. A version this program
    /// cannot lay out is left out, so that the one before it goes on; the log says which.
    pub fn take_published(&self, dataset: &[u8]) {
        let Some(published) = PublishedForms::read(dataset) else {
            tracing::error!("published forms are damaged, or of a newer program; none is used");
            return;
        };
        match self.forms().with_published(&published) {
            Ok((forms, left_out)) => {
                for one in left_out {
                    tracing::error!(
                        form = one.folder,
                        fault = one.text,
                        "published form not used"
                    );
                }
                *self.forms.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(forms);
            }
            Err(error) => tracing::error!(%error, "published forms not used"),
        }
    }

    /// Makes the signed form.
    ///
    /// # Errors
    /// What staff read, in Japanese.
    pub fn make(&self, job: &FormJob) -> Result<Vec<u8>, String> {
        let city = City {
            name: job.city.clone(),
            branch: job.place.clone(),
        };
        let said = certificates::said(&job.snapshot);
        let forms = self.forms();
        let is_begun = form_of(&job.snapshot) == REQUEST_FORM;
        let filled = if is_begun {
            forms.procedure_request(&job.snapshot, &city)
        } else {
            filings(&job.snapshot, &city, &said)
        };
        let filled = filled.map_err(|error| {
            tracing::error!(%error, "snapshot does not fill the form");
            String::new()
        })?;
        let strokes = drawn(&job.signature);
        let assets =
            Assets::for_receipt(&job.snapshot.receipt_number).signed(signature_svg(&strokes));
        let named = filled
            .iter()
            .map(|Filing { form, data }| (named_version(&job.snapshot, form), data));
        let named: Vec<_> = named.collect();
        let sheets: Vec<_> = named
            .iter()
            .map(|(form, data)| (form.as_str(), *data))
            .collect();
        let day = job.snapshot.filed_on.as_str();
        // What a section's form asks beyond the interview is left to that section.
        let made = if is_begun {
            forms.render_prefilled_together(&sheets, &assets, day)
        } else {
            forms.render_together(&sheets, &assets, day)
        };
        made.map(|form| form.pdf).map_err(|error| {
            let forms: Vec<&str> = sheets.iter().map(|(form, _)| *form).collect();
            tracing::error!(%error, ?forms, "form not made");
            error.staff_text()
        })
    }
}

fn drawn(signature: &Signature) -> Vec<counter_forms::Stroke> {
    let point = |p: &counter_api::StrokePoint| Point {
        x: p.x,
        y: p.y,
        t: p.t,
    };
    let strokes = signature.strokes.iter();
    strokes
        .map(|stroke| counter_forms::Stroke {
            points: stroke.points.iter().map(point).collect(),
        })
        .collect()
}

impl GlyphGate for FormMaker {
    fn missing(&self, text: &str) -> Option<String> {
        self.forms()
            .missing_glyph(text)
            .map(|missing| missing.code_points())
    }

    fn forms_of(&self, content: &Snapshot) -> Vec<SnapshotForm> {
        let forms = self.forms();
        let on_them = if form_of(content) == REQUEST_FORM {
            let nowhere = City {
                name: String::new(),
                branch: String::new(),
            };
            let asked = forms.procedure_request(content, &nowhere);
            let mut names: Vec<String> = Vec::new();
            for filing in asked.into_iter().flatten() {
                if !names.contains(&filing.form) {
                    names.push(filing.form);
                }
            }
            names
        } else {
            forms_of(content, &certificates::said(content).lines)
        };
        let metas = on_them
            .iter()
            .filter_map(|form| forms.in_force(form, &content.filed_on));
        metas
            .map(|meta| SnapshotForm {
                number: meta.number.clone(),
                name: meta.id.clone(),
                version: meta.version,
            })
            .collect()
    }

    fn boxes(&self, content: &Snapshot, answers: &Answers) -> Vec<FormBox> {
        let nowhere = City {
            name: String::new(),
            branch: String::new(),
        };
        // A case that does not fill its form yet has none to complete.
        let boxes = self.forms().boxes(content, &nowhere, answers);
        boxes.unwrap_or_default()
    }

    fn outline(&self, character: &str) -> GlyphPicture {
        let forms = self.forms();
        if let Some(path) = forms.outline(character) {
            return GlyphPicture {
                path,
                note: String::new(),
            };
        }
        forms
            .other_outline(character)
            .map_or_else(GlyphPicture::default, |path| GlyphPicture {
                path,
                note: word("characters", "other_font"),
            })
    }
}

/// The receipt printer of this counter.
#[derive(Debug, Clone)]
pub struct ReceiptDesk {
    address: Option<String>,
    raster: FontRaster,
}

impl ReceiptDesk {
    /// The printer at `address`: `host:port`; a device file (`/dev/usb/lp0`), a serial line with its
    /// speed (`/dev/ttyS0@19200`); a plain file that keeps the bytes. `silent:` before it stands for
    /// a printer that never answers, so that its state stays unknown. `None` when there is none.
    ///
    /// The fonts (that of names has 46 MB) are read when a character must be drawn, and kept.
    pub fn new(address: Option<String>, fonts: &FontPaths) -> Self {
        let mut files = vec![fonts.label.as_path(), fonts.exact.as_path()];
        files.extend(fonts.added.as_deref());
        Self {
            address,
            raster: FontRaster::when_needed(&files),
        }
    }

    /// Draws with the fonts of the forms, which are in memory already, where forms can be made.
    #[must_use]
    pub fn sharing(mut self, maker: Option<&FormMaker>) -> Self {
        if let Some(maker) = maker {
            self.raster = FontRaster::of(maker.forms().font_bytes());
        }
        self
    }

    fn printer(&self) -> Result<Box<dyn ReceiptPrinter>, PrintTrouble> {
        let address = self.address.as_deref().ok_or(PrintTrouble::Unset)?;
        let raster: Arc<dyn LineRaster> = Arc::new(self.raster.clone());
        let (read_back, address) = match address.strip_prefix("silent:") {
            Some(rest) => (ReadBack::Skip, rest),
            None => (ReadBack::Ask, address),
        };
        if let Some(wire) = wire(address) {
            let printer = WiredPrinter::new(wire, PRINTER_TIMEOUT, read_back, raster);
            return Ok(Box::new(printer));
        }
        if address.starts_with('/') {
            return Ok(Box::new(FilePrinter::new(Path::new(address), raster)));
        }
        let found: Option<SocketAddr> = address
            .to_socket_addrs()
            .ok()
            .and_then(|mut found| found.next());
        let found = found.ok_or(PrintTrouble::Unreachable)?;
        Ok(Box::new(NetworkPrinter::new(
            found,
            PRINTER_TIMEOUT,
            read_back,
            raster,
        )))
    }

    /// Whether the printer can print.
    ///
    /// # Errors
    /// Why not.
    pub fn status(&self) -> Result<PrinterStatus, PrintTrouble> {
        self.printer()?.status().map_err(trouble)
    }

    /// What the printer says about itself; nothing when it says nothing.
    pub fn identity(&self) -> Identity {
        let printer = self.printer();
        printer.map_or_else(|_| Identity::default(), |mut printer| printer.identity())
    }

    /// Prints a receipt.
    ///
    /// # Errors
    /// Why nothing came out.
    pub fn print(&self, job: &ReceiptJob) -> Result<(), PrintTrouble> {
        self.printer()?.print(&receipt(job)).map_err(|error| {
            tracing::warn!(%error, "receipt not printed");
            trouble(error)
        })
    }
}

/// A device file, and the speed where it is a serial line; `None` for any other address.
fn wire(address: &str) -> Option<(&Path, Option<u32>)> {
    let (path, speed) = match address.rsplit_once('@') {
        Some((path, speed)) => (path, Some(speed.parse().ok()?)),
        None => (address, None),
    };
    path.starts_with("/dev/").then(|| (Path::new(path), speed))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else keeps paper in, people do the same"
)]
fn trouble(error: PrintReceiptError) -> PrintTrouble {
    match error {
        PrintReceiptError::Unreachable => PrintTrouble::Unreachable,
        PrintReceiptError::NoAnswer => PrintTrouble::NoAnswer,
        PrintReceiptError::Broken => PrintTrouble::Broken,
        PrintReceiptError::PaperEnd => PrintTrouble::PaperEnd,
        PrintReceiptError::CoverOpen => PrintTrouble::CoverOpen,
        _ => PrintTrouble::Fault,
    }
}

fn receipt(job: &ReceiptJob) -> Receipt {
    let line = |label: &str, value: &str| ReceiptLine::new(&word("receipt", label), value);
    Receipt {
        heading: job.city.clone(),
        title: word("receipt", "title"),
        number_label: word("receipt", "number"),
        number: job.receipt_number.clone(),
        lines: [
            line("event", &job.event),
            line("filed", &job.filed_on),
            line("place", &job.place),
        ]
        .into_iter()
        .chain((!job.fee.is_empty()).then(|| line("fee", &job.fee)))
        .collect(),
        guidance_title: word("receipt", "next"),
        guidance: vec![word("receipt", "later"), word("receipt", "return")],
        qr: Some(job.receipt_number.clone()),
        footer: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, wired: Option<(&str, Option<u32>)>) {
        let found = wire(address).map(|(path, speed)| (path.to_str().unwrap(), speed));
        assert_eq!(found, wired, "{address}");
    }

    #[test]
    fn device_files_are_told_from_other_addresses() {
        check("/dev/usb/lp0", Some(("/dev/usb/lp0", None)));
        check("/dev/ttyUSB0@19200", Some(("/dev/ttyUSB0", Some(19_200))));
        check("/dev/ttyS0@fast", None);
        check("/var/spool/receipts.bin", None);
        check("10.0.0.7:9100", None);
    }
}
