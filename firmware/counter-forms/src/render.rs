//! Forms: data in, PDF/A out.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use typst::LibraryExt as _;
use typst::diag::SourceDiagnostic;
use typst::ecow::EcoVec;
use typst::foundations::{Bytes, Datetime, Smart};
use typst::model::{Document as _, DocumentInfo};
use typst::utils::{LazyHash, Scalar};
use typst::{Library, comemo};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};
use typst_render::RenderOptions;

use crate::compact;
use crate::data::FormData;
use crate::definition::{FormMeta, SampleKind};
use crate::error::{OpenFormsError, RenderError, TemplateFault};
use crate::fonts::{FontPaths, Fonts};
use crate::glyph::{self, Faces};
use crate::picture::Picture;
use crate::rules::Rules;
use crate::runs::joined_runs;
use crate::signature::{blank_svg, qr_svg};
use crate::template::{Template, Templates, file_id};
use crate::world::{DataFiles, FormWorld};

/// How many forms the layout engine's memory outlives. Without emptying it a day of 400 forms
/// grows to 700 MB; with 10 it stays near 100 MB and keeps its speed.
const MEMORY_AGE: usize = 10;

/// Drawings that belong to one filing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assets {
    /// The signature, as [`crate::signature_svg`] draws it; `None` leaves its place empty.
    pub signature_svg: Option<String>,
    /// The QR code, as [`crate::qr_svg`] draws it; `None` leaves its place empty.
    pub qr_svg: Option<String>,
}

impl Assets {
    /// Drawings of an unsigned form with its receipt number as QR code.
    pub fn for_receipt(receipt_number: &str) -> Self {
        Self {
            signature_svg: None,
            qr_svg: qr_svg(receipt_number),
        }
    }

    /// The same, signed.
    #[must_use]
    pub fn signed(self, signature_svg: String) -> Self {
        Self {
            signature_svg: Some(signature_svg),
            ..self
        }
    }
}

/// A finished form.
#[derive(Clone, PartialEq, Eq)]
pub struct RenderedForm {
    /// The document, PDF/A-2u.
    pub pdf: Vec<u8>,
    /// Number of pages.
    pub pages: usize,
}

impl fmt::Debug for RenderedForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "RenderedForm({} pages, {} bytes)",
            self.pages,
            self.pdf.len()
        )
    }
}

/// The forms of a city with the fonts to print them. Opened once, used from any thread.
pub struct Forms {
    fonts: Arc<Fonts>,
    typst_library: LazyHash<Library>,
    pub(crate) templates: Templates,
    names: DataFiles,
}

impl fmt::Debug for Forms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.list().iter().map(|meta| &meta.id))
            .finish()
    }
}

impl Forms {
    /// Opens the forms this program carries. Reads the fonts (about 50 MB); takes a tenth of a
    /// second.
    ///
    /// # Errors
    /// When a font is missing; [`OpenFormsError::operator_text`] says which package to install.
    pub fn new(fonts: &FontPaths) -> Result<Self, OpenFormsError> {
        Self::open(fonts, Templates::embedded()?)
    }

    /// Opens the forms in `dir` instead: `lib.typ` and a folder per form with `form.typ`,
    /// `meta.toml` and `samples/`. The folder of a single form will do; it then uses the library
    /// this program carries.
    ///
    /// # Errors
    /// When a font is missing, the folder cannot be read, or a form's definition is wrong.
    pub fn with_templates(fonts: &FontPaths, dir: &Path) -> Result<Self, OpenFormsError> {
        Self::open(fonts, Templates::from_dir(dir)?)
    }

    fn open(fonts: &FontPaths, templates: Templates) -> Result<Self, OpenFormsError> {
        Self::of_fonts(Arc::new(Fonts::load(fonts)?), templates)
    }

    pub(crate) fn fonts(&self) -> &Arc<Fonts> {
        &self.fonts
    }

    pub(crate) fn of_fonts(
        fonts: Arc<Fonts>,
        templates: Templates,
    ) -> Result<Self, OpenFormsError> {
        let name = |path: &str| {
            file_id(path).ok_or_else(|| OpenFormsError::Incomplete {
                form: String::new(),
                file: path.to_owned(),
            })
        };
        let names = DataFiles {
            data: name("data.json")?,
            signature: name("signature.svg")?,
            qr: name("qr.svg")?,
            fonts: name("fonts.json")?,
        };
        let typst_library = LazyHash::new(Library::default());
        Ok(Self {
            fonts,
            typst_library,
            templates,
            names,
        })
    }

    /// Every form, by id.
    pub fn list(&self) -> Vec<&FormMeta> {
        self.templates.forms.iter().map(|form| &form.meta).collect()
    }

    /// What a form says about itself; the newest version of it.
    pub fn meta(&self, form_id: &str) -> Option<&FormMeta> {
        self.newest(form_id).map(|form| &form.meta)
    }

    /// Invented data of a form; `None` when there is no such form or sample.
    pub fn sample(&self, form_id: &str, kind: SampleKind) -> Option<FormData> {
        self.templates.sample(self.newest(form_id)?, kind)
    }

    /// The same of the version in force on a day (ISO 8601).
    pub fn sample_on(&self, form_id: &str, day: &str, kind: SampleKind) -> Option<FormData> {
        let form = self.form_on(form_id, day).ok()?;
        self.templates.sample(form, kind)
    }

    /// Checks data as [`Forms::render`] does, without laying out a page: what is missing, what is
    /// of the wrong type, and which character cannot be printed.
    ///
    /// # Errors
    /// [`RenderError::Missing`], [`RenderError::Wrong`] or [`RenderError::GlyphMissing`], the
    /// first in the form's order.
    pub fn check(&self, form_id: &str, data: &FormData) -> Result<(), RenderError> {
        let form = self.newest(form_id);
        self.check_data(
            form.ok_or_else(|| RenderError::UnknownForm(form_id.to_owned()))?,
            data,
        )
    }

    /// The first character of `text` that cannot be printed in a name or an address.
    pub fn missing_glyph(&self, text: &str) -> Option<glyph::MissingGlyph> {
        glyph::first_missing(&self.faces(), text)
    }

    /// The characters under private codes that the city's own font draws, ascending; empty without
    /// one.
    pub fn added_characters(&self) -> &[char] {
        let added = self.fonts.added.as_ref();
        added.map_or(&[], |added| added.characters.as_slice())
    }

    /// The font files of labels, of names and of added characters, in this order. Whoever draws with
    /// them shares the copy that is in memory.
    pub fn font_bytes(&self) -> Vec<Arc<dyn AsRef<[u8]> + Send + Sync>> {
        let added = self.fonts.added.as_ref().map(|added| added.font.font());
        [self.fonts.label.font(), self.fonts.exact.font()]
            .into_iter()
            .chain(added)
            .map(|font| -> Arc<dyn AsRef<[u8]> + Send + Sync> { Arc::new(font.data().clone()) })
            .collect()
    }

    /// Outline of one character as a form prints it in a name: SVG path data in a square of
    /// [`crate::OUTLINE_SIDE`]. `None` when it cannot be printed.
    pub fn outline(&self, character: &str) -> Option<String> {
        let faces = self.faces();
        crate::outline::outline(faces.exact, faces.added, character)
    }

    /// The same in the font of everything else, which has the sequences of another collection:
    /// what a writer saw who typed one of those.
    pub fn other_outline(&self, character: &str) -> Option<String> {
        crate::outline::outline(self.fonts.label.ttf(), None, character)
    }

    /// Makes the PDF. The same data, drawings and date give the same bytes.
    ///
    /// `filed_on` is the filing date (届出日), ISO 8601; it dates the document.
    ///
    /// # Errors
    /// When data is missing, a glyph is missing, a value does not fit, or the template is wrong.
    pub fn render(
        &self,
        form_id: &str,
        data: &FormData,
        assets: &Assets,
        filed_on: &str,
    ) -> Result<RenderedForm, RenderError> {
        self.render_form(self.form_on(form_id, filed_on)?, data, assets, filed_on)
    }

    /// Makes one PDF of several forms, each with its own pages and page numbers, in this order. It
    /// is titled as the first one, and is not tagged: a reader that speaks reads the text only.
    ///
    /// # Errors
    /// As [`Forms::render`], for the first form that fails.
    pub fn render_together(
        &self,
        forms: &[(&str, &FormData)],
        assets: &Assets,
        filed_on: &str,
    ) -> Result<RenderedForm, RenderError> {
        if let [(form, data)] = forms {
            return self.render(form, data, assets, filed_on);
        }
        for (form_id, data) in forms {
            let form = self.form_on(form_id, filed_on)?;
            self.rules(form).check_required(data)?;
        }
        self.joined(forms, assets, filed_on)
    }

    /// Makes one PDF of several forms that are only begun, as [`Forms::render_prefilled`].
    ///
    /// # Errors
    /// As [`Forms::render_prefilled`]; when there is no form at all.
    pub fn render_prefilled_together(
        &self,
        forms: &[(&str, &FormData)],
        assets: &Assets,
        filed_on: &str,
    ) -> Result<RenderedForm, RenderError> {
        match forms {
            [(form, data)] => self.render_prefilled(form, data, assets, filed_on),
            several => self.joined(several, assets, filed_on),
        }
    }

    /// The pages of several forms in one document.
    fn joined(
        &self,
        forms: &[(&str, &FormData)],
        assets: &Assets,
        filed_on: &str,
    ) -> Result<RenderedForm, RenderError> {
        let mut pages = EcoVec::new();
        let mut first: Option<(String, DocumentInfo)> = None;
        let mut keywords = Vec::new();
        for (form_id, data) in forms {
            let form = self.form_on(form_id, filed_on)?;
            let (own, info) =
                self.lay_out_known(form, data, assets, filed_on, |_, document, _| {
                    Ok((EcoVec::from(document.pages()), document.info().clone()))
                })?;
            pages.extend(own);
            keywords.extend(info.keywords.iter().cloned());
            first.get_or_insert_with(|| (form.meta.id.clone(), info));
        }
        let (id, mut info) = first.ok_or_else(|| RenderError::UnknownForm(String::new()))?;
        info.keywords = keywords;
        let date = filing_date(filed_on).ok_or(RenderError::FilingDate)?;
        let refused = |fault| RenderError::Export {
            form: id.clone(),
            fault,
        };
        let options = PdfOptions {
            // Two forms may mark places alike; each is whole without the marks.
            tagged: false,
            ..pdf_options(date).map_err(refused)?
        };
        let document = joined_runs(&PagedDocument::new(pages, info));
        let pdf = typst_pdf::pdf(&document, &options).map_err(|errors| {
            let said = errors.first().map(|error| error.message.to_string());
            refused(TemplateFault::new(
                "form.typ".to_owned(),
                None,
                said.unwrap_or_default(),
            ))
        })?;
        Ok(RenderedForm {
            pdf: compact::compacted(pdf),
            pages: document.pages().len(),
        })
    }

    /// Makes the PDF of a form that is only begun: what is required may be missing and is filled in
    /// with a pen. Types, glyphs and boxes are checked as in [`Forms::render`].
    ///
    /// # Errors
    /// As [`Forms::render`], without [`RenderError::Missing`].
    pub fn render_prefilled(
        &self,
        form_id: &str,
        data: &FormData,
        assets: &Assets,
        filed_on: &str,
    ) -> Result<RenderedForm, RenderError> {
        let form = self.form_on(form_id, filed_on)?;
        self.lay_out_known(form, data, assets, filed_on, |world, document, date| {
            export(&form.meta.id, world, document, date)
        })
    }

    pub(crate) fn render_form(
        &self,
        form: &Template,
        data: &FormData,
        assets: &Assets,
        filed_on: &str,
    ) -> Result<RenderedForm, RenderError> {
        let made = self.render_watched(form, data, assets, filed_on)?;
        Ok(made.0)
    }

    /// The same, and what the compiler warned of.
    pub(crate) fn render_watched(
        &self,
        form: &Template,
        data: &FormData,
        assets: &Assets,
        filed_on: &str,
    ) -> Result<(RenderedForm, Vec<TemplateFault>), RenderError> {
        self.rules(form).check_required(data)?;
        self.lay_out_watched(form, data, assets, filed_on, |world, document, date| {
            export(&form.meta.id, world, document, date)
        })
    }

    /// Draws the pages as PNG, `scale` pixels per point (2.0 is 144 dpi). They show what there is:
    /// what is missing stays blank, as on a section's own form of a procedure alone.
    ///
    /// # Errors
    /// As [`Forms::render_prefilled`].
    pub fn preview_png(
        &self,
        form_id: &str,
        data: &FormData,
        assets: &Assets,
        filed_on: &str,
        scale: f32,
    ) -> Result<Vec<Vec<u8>>, RenderError> {
        self.pictures(form_id, data, assets, filed_on, scale)?
            .iter()
            .map(Picture::to_png)
            .collect()
    }

    /// The same as bare pixels.
    ///
    /// # Errors
    /// As [`Forms::render_prefilled`].
    pub fn pictures(
        &self,
        form_id: &str,
        data: &FormData,
        assets: &Assets,
        filed_on: &str,
        scale: f32,
    ) -> Result<Vec<Picture>, RenderError> {
        let options = RenderOptions {
            pixel_per_pt: Scalar::new(f64::from(scale)),
            render_bleed: false,
        };
        let form = self.form_on(form_id, filed_on)?;
        self.lay_out_known(form, data, assets, filed_on, |_, document, _| {
            let pages = document.pages().iter();
            Ok(pages.map(|page| page_picture(page, &options)).collect())
        })
    }

    /// Lays out what is there, whether or not all that is required is.
    pub(crate) fn lay_out_known<T>(
        &self,
        form: &Template,
        data: &FormData,
        assets: &Assets,
        filed_on: &str,
        then: impl FnOnce(&FormWorld<'_>, &PagedDocument, Datetime) -> Result<T, RenderError>,
    ) -> Result<T, RenderError> {
        let laid = self.lay_out_watched(form, data, assets, filed_on, then)?;
        Ok(laid.0)
    }

    /// The same, and what the compiler warned of.
    fn lay_out_watched<T>(
        &self,
        form: &Template,
        data: &FormData,
        assets: &Assets,
        filed_on: &str,
        then: impl FnOnce(&FormWorld<'_>, &PagedDocument, Datetime) -> Result<T, RenderError>,
    ) -> Result<(T, Vec<TemplateFault>), RenderError> {
        let today = filing_date(filed_on).ok_or(RenderError::FilingDate)?;
        self.rules(form).check_given(data, &self.faces())?;
        let drawing =
            |svg: &Option<String>| Bytes::from_string(svg.clone().unwrap_or_else(blank_svg));
        let world = FormWorld {
            typst_library: &self.typst_library,
            fonts: &self.fonts,
            templates: &self.templates,
            names: &self.names,
            main: form.main,
            data: Bytes::new(data.to_bytes().map_err(RenderError::Encode)?),
            signature: drawing(&assets.signature_svg),
            qr: drawing(&assets.qr_svg),
            today,
        };
        let compiled = typst::compile::<PagedDocument>(&world);
        let warnings = compiled.warnings.iter().map(|said| world.told(said));
        let warnings = warnings.collect();
        let made = compiled
            .output
            .map_err(|errors| self.layout_error(form, &world, &errors))
            .and_then(|document| then(&world, &document, today));
        comemo::evict(MEMORY_AGE);
        Ok((made?, warnings))
    }

    /// The newest version of a form.
    pub(crate) fn newest(&self, form_id: &str) -> Option<&Template> {
        let versions = self.templates.forms.iter();
        versions
            .filter(|form| form.meta.answers_to(form_id))
            .max_by_key(|form| form.meta.version)
    }

    /// What the version in force on a day (ISO 8601) says about itself, as [`Forms::render`] takes it.
    pub fn in_force(&self, form_id: &str, day: &str) -> Option<&FormMeta> {
        self.form_on(form_id, day).ok().map(|form| &form.meta)
    }

    /// The version named, `move-out/2`; else the one in force on the filing date; the oldest for a date before all of them, since
    /// late filings reach back further than the product does.
    pub(crate) fn form_on(&self, form_id: &str, filed_on: &str) -> Result<&Template, RenderError> {
        let (name, named) = match form_id.split_once('/') {
            Some((name, version)) => (name, Some(version)),
            None => (form_id, None),
        };
        let versions = || {
            let forms = self.templates.forms.iter();
            forms.filter(|form| form.meta.answers_to(name))
        };
        if let Some(version) = named {
            let is_named = |form: &&Template| form.meta.version.to_string() == version;
            return versions()
                .find(is_named)
                .ok_or_else(|| RenderError::UnknownForm(form_id.to_owned()));
        }
        let oldest = versions()
            .min_by_key(|form| form.meta.version)
            .ok_or_else(|| RenderError::UnknownForm(form_id.to_owned()))?;
        if filed_on < oldest.meta.valid_from.as_str() {
            return Ok(oldest);
        }
        versions()
            .filter(|form| form.meta.in_force_on(filed_on))
            .max_by_key(|form| form.meta.version)
            .ok_or_else(|| RenderError::NotInForce {
                form: form_id.to_owned(),
            })
    }

    pub(crate) fn rules<'f>(&'f self, form: &'f Template) -> Rules<'f> {
        Rules {
            meta: &form.meta,
            shared: &self.templates.fields,
        }
    }

    fn check_data(&self, form: &Template, data: &FormData) -> Result<(), RenderError> {
        self.rules(form).check_required(data)?;
        self.rules(form).check_given(data, &self.faces())
    }

    fn faces(&self) -> Faces<'_> {
        Faces {
            exact: self.fonts.exact.ttf(),
            label: self.fonts.label.ttf(),
            added: self.fonts.added.as_ref().map(|added| added.font.ttf()),
        }
    }

    /// An error of the layout: a value that does not fit is told apart from a broken template.
    fn layout_error(
        &self,
        form: &Template,
        world: &FormWorld<'_>,
        errors: &EcoVec<SourceDiagnostic>,
    ) -> RenderError {
        let stopped = errors.iter().find_map(|error| stop_reason(&error.message));
        match stopped {
            Some(Stop::TooManyMembers) => RenderError::TooManyMembers,
            Some(Stop::Overflow(path)) => RenderError::Overflow {
                label: self.rules(form).label(&path),
                path,
            },
            None => RenderError::Template {
                form: form.meta.id.clone(),
                fault: world.fault(errors),
            },
        }
    }
}

/// Why a template stops on purpose.
enum Stop {
    TooManyMembers,
    Overflow(String),
}

/// What a template says when it stops: `panic("overflow:members.1.name")`.
fn stop_reason(message: &str) -> Option<Stop> {
    let reason = message.strip_prefix("panicked with: ")?.trim_matches('"');
    if reason == "too_many_members" {
        return Some(Stop::TooManyMembers);
    }
    let path = reason.strip_prefix("overflow:")?;
    Some(Stop::Overflow(path.to_owned()))
}

fn export(
    form_id: &str,
    world: &FormWorld<'_>,
    document: &PagedDocument,
    date: Datetime,
) -> Result<RenderedForm, RenderError> {
    let refused = |fault| RenderError::Export {
        form: form_id.to_owned(),
        fault,
    };
    let options = pdf_options(date).map_err(refused)?;
    let pdf = typst_pdf::pdf(&joined_runs(document), &options)
        .map_err(|errors| refused(world.fault(&errors)))?;
    Ok(RenderedForm {
        pdf: compact::compacted(pdf),
        pages: document.pages().len(),
    })
}

fn pdf_options(date: Datetime) -> Result<PdfOptions, TemplateFault> {
    let standards = PdfStandards::new(&[PdfStandard::A_2u]).map_err(|error| {
        TemplateFault::new("PDF/A-2u".to_owned(), None, error.message().to_string())
    })?;
    Ok(PdfOptions {
        creator: Smart::Custom(Some("Todoke".to_owned())),
        timestamp: Some(Timestamp::new_utc(date)),
        standards,
        ..PdfOptions::default()
    })
}

fn page_picture(page: &typst_layout::Page, options: &RenderOptions) -> Picture {
    let picture = typst_render::render(page, options);
    // The page is opaque white, so the alpha channel says nothing.
    let rgb = picture
        .data()
        .chunks_exact(4)
        .flat_map(|p| p.iter().take(3).copied())
        .collect();
    Picture {
        width: picture.width(),
        height: picture.height(),
        rgb,
    }
}

/// Midnight of an ISO 8601 date.
pub(crate) fn filing_date(text: &str) -> Option<Datetime> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let (year, month, day) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    Datetime::from_ymd_hms(year, month, day, 0, 0, 0)
}

#[cfg(test)]
mod tests;
