//! What can go wrong when forms are opened and rendered.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use crate::notices;

/// Why the forms cannot be used at all.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenFormsError {
    /// A font is not where it should be.
    #[error("font {family} cannot be read at {path}")]
    FontUnreadable {
        /// Its family name.
        family: &'static str,
        /// Where it was looked for.
        path: PathBuf,
        /// Debian package that carries it.
        package: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is there and is not that font.
    #[error("{path} is not the font {family}")]
    FontWrong {
        /// Its family name.
        family: &'static str,
        /// The file.
        path: PathBuf,
        /// Debian package that carries it.
        package: &'static str,
    },
    /// The city's own font cannot be used: it is not there, is no font, or has no character under
    /// a private code.
    #[error("the city's font at {path} cannot be read, or has no added characters")]
    AddedFontUnreadable {
        /// The file.
        path: PathBuf,
        /// What the system said, where it said something.
        source: Option<std::io::Error>,
    },
    /// A folder of templates cannot be read.
    #[error("templates cannot be read at {path}")]
    TemplatesUnreadable {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A folder of templates holds no form.
    #[error("no form at {path}")]
    NoForm {
        /// The folder.
        path: PathBuf,
    },
    /// A form's `meta.toml` is wrong.
    #[error("meta.toml of form {form}: {message}")]
    Meta {
        /// The form's folder.
        form: String,
        /// What the reader of TOML said, with line and column.
        message: String,
    },
    /// A form has no `form.typ`, or a file name no template can have.
    #[error("form {form} has no usable {file}")]
    Incomplete {
        /// The form's folder.
        form: String,
        /// The file.
        file: String,
    },
}

impl OpenFormsError {
    /// What an operator reads, in Japanese: what happened, then what to do.
    pub fn operator_text(&self) -> String {
        match self {
            Self::FontUnreadable {
                family, package, ..
            }
            | Self::FontWrong {
                family, package, ..
            } => notices::font_missing(family, package),
            Self::AddedFontUnreadable { path, .. } => notices::added_font_unreadable(path),
            Self::TemplatesUnreadable { path, source }
                if source.kind() == std::io::ErrorKind::InvalidData =>
            {
                notices::not_utf_8(path)
            }
            Self::TemplatesUnreadable { path, .. } => notices::templates_unreadable(path),
            Self::NoForm { path } => notices::no_form(path),
            Self::Meta { form, message } => notices::template_broken(form, "meta.toml", message),
            Self::Incomplete { form, file } => notices::file_missing(form, file),
        }
    }
}

/// Why one form was not made. Nothing was printed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RenderError {
    /// There is no such form.
    #[error("unknown form {0}")]
    UnknownForm(String),
    /// The date of filing is not a date.
    #[error("filing date is not an ISO 8601 date")]
    FilingDate,
    /// A value the form cannot do without is missing.
    #[error("{path} is missing")]
    Missing {
        /// Path into the form's data.
        path: String,
        /// What a clerk calls it.
        label: String,
    },
    /// A value is not of the type the form asks for.
    #[error("{path} is not what the form expects")]
    Wrong {
        /// Path into the form's data.
        path: String,
        /// What a clerk calls it.
        label: String,
        /// What it should be, in Japanese.
        expected: String,
    },
    /// The form was not in use on that day.
    #[error("form {form} is not in force on the filing date")]
    NotInForce {
        /// The form.
        form: String,
    },
    /// The MJ font has no glyph for a character, or would silently draw another one.
    #[error("{path}: no glyph for {character}")]
    GlyphMissing {
        /// Path into the form's data.
        path: String,
        /// What a clerk calls it.
        label: String,
        /// The character and its variation selector, as `U+845B U+E0100`.
        character: String,
    },
    /// A value does not fit its box at the smallest size.
    #[error("{path} does not fit its box at 6 pt")]
    Overflow {
        /// Path into the form's data.
        path: String,
        /// What a clerk calls it.
        label: String,
    },
    /// More people than the form has rows for.
    #[error("more people than the form has rows for")]
    TooManyMembers,
    /// The template itself is wrong.
    #[error("template of {form}: {fault}")]
    Template {
        /// The form.
        form: String,
        /// Where and what.
        fault: TemplateFault,
    },
    /// The pages could not be written as PDF/A.
    #[error("form {form} cannot be written as PDF/A-2u: {fault}")]
    Export {
        /// The form.
        form: String,
        /// Where and what.
        fault: TemplateFault,
    },
    /// The data cannot be handed to the template.
    #[error("form data cannot be encoded")]
    Encode(#[source] serde_json::Error),
    /// A page could not be written as PNG.
    #[error("page cannot be written as PNG")]
    Picture,
}

impl RenderError {
    /// What staff read, in Japanese: what happened, then what to do.
    pub fn staff_text(&self) -> String {
        match self {
            Self::GlyphMissing {
                label, character, ..
            } => notices::glyph_missing(label, character),
            Self::Overflow { label, .. } => notices::overflow(label),
            Self::Missing { label, .. } => notices::missing(label),
            Self::Wrong {
                label, expected, ..
            } => notices::wrong(label, expected),
            Self::NotInForce { .. } => notices::NOT_IN_FORCE.to_owned(),
            Self::FilingDate => notices::FILING_DATE.to_owned(),
            Self::UnknownForm(form) => notices::unknown_form(form),
            Self::TooManyMembers => notices::TOO_MANY.to_owned(),
            Self::Template { .. } | Self::Export { .. } | Self::Encode(_) | Self::Picture => {
                notices::INTERNAL.to_owned()
            }
        }
    }

    /// The field to look at, where there is one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Missing { path, .. }
            | Self::Wrong { path, .. }
            | Self::GlyphMissing { path, .. }
            | Self::Overflow { path, .. } => Some(path),
            Self::UnknownForm(_)
            | Self::NotInForce { .. }
            | Self::FilingDate
            | Self::TooManyMembers
            | Self::Template { .. }
            | Self::Export { .. }
            | Self::Encode(_)
            | Self::Picture => None,
        }
    }
}

/// A fault in a template: where it is, and what the compiler said. The words may quote data, so
/// only [`TemplateFault::message`] shows them, to whoever edits the template.
#[derive(Clone, PartialEq, Eq)]
pub struct TemplateFault(Box<Fault>);

#[derive(Clone, PartialEq, Eq)]
struct Fault {
    file: String,
    place: Option<(usize, usize)>,
    /// Where the form's own template led to it.
    reached_from: Option<String>,
    message: String,
}

impl TemplateFault {
    /// `place` is line and column, from one.
    pub(crate) fn new(file: String, place: Option<(usize, usize)>, message: String) -> Self {
        Self(Box::new(Fault {
            file,
            place,
            reached_from: None,
            message,
        }))
    }

    /// The same, reached from `place` in the form's own template.
    pub(crate) fn reached_from(mut self, place: Option<String>) -> Self {
        self.0.reached_from = place;
        self
    }

    /// The place in the form's own template that led to a fault elsewhere.
    pub(crate) fn origin(&self) -> Option<&str> {
        self.0.reached_from.as_deref()
    }

    /// The file by its path among the templates; `None` when the compiler named no place.
    pub(crate) fn file(&self) -> Option<&str> {
        self.0.place.map(|_| self.0.file.as_str())
    }

    /// The font that is not installed, where that is the fault.
    pub(crate) fn missing_font(&self) -> Option<&str> {
        self.0.message.strip_prefix("unknown font family: ")
    }

    /// The compiler's words. Never log them.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = &self.0.file;
        match self.0.place {
            Some((line, column)) => write!(f, "{file} line {line} column {column}"),
            None => f.write_str(file),
        }
    }
}

impl fmt::Debug for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TemplateFault({self})")
    }
}
