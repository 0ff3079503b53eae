//! What a template can reach, and nothing else.

use std::path::PathBuf;

use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{DiagSpan, FileId, Source};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, World, WorldExt};

use crate::error::TemplateFault;
use crate::fonts::Fonts;
use crate::template::Templates;

/// Names a template uses for what belongs to one filing. Always the same, whatever the filing.
pub(crate) struct DataFiles {
    pub(crate) data: FileId,
    pub(crate) signature: FileId,
    pub(crate) qr: FileId,
    /// The families of names, for the library.
    pub(crate) fonts: FileId,
}

/// One filing as a template sees it.
pub(crate) struct FormWorld<'f> {
    pub(crate) typst_library: &'f LazyHash<Library>,
    pub(crate) fonts: &'f Fonts,
    pub(crate) templates: &'f Templates,
    pub(crate) names: &'f DataFiles,
    pub(crate) main: FileId,
    pub(crate) data: Bytes,
    pub(crate) signature: Bytes,
    pub(crate) qr: Bytes,
    /// The filing date stands for today, so that a form printed again is the same form.
    pub(crate) today: Datetime,
}

impl World for FormWorld<'_> {
    fn library(&self) -> &LazyHash<Library> {
        self.typst_library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.fonts.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.templates.source(id).ok_or_else(|| not_there(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.names.data {
            Ok(self.data.clone())
        } else if id == self.names.signature {
            Ok(self.signature.clone())
        } else if id == self.names.qr {
            Ok(self.qr.clone())
        } else if id == self.names.fonts {
            Ok(self.fonts.exact_families.clone())
        } else {
            self.templates
                .files
                .get(&id)
                .cloned()
                .ok_or_else(|| not_there(id))
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.all.get(index).cloned()
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        Some(self.today)
    }
}

fn not_there(id: FileId) -> FileError {
    FileError::NotFound(PathBuf::from(id.get().vpath().get_with_slash()))
}

impl FormWorld<'_> {
    /// The first of the compiler's errors, with its place.
    pub(crate) fn fault(&self, errors: &[SourceDiagnostic]) -> TemplateFault {
        errors.first().map_or_else(
            || TemplateFault::new("form.typ".to_owned(), None, String::new()),
            |first| self.told(first),
        )
    }

    /// What the compiler said, with its place, and where the form's own template led to it.
    pub(crate) fn told(&self, said: &SourceDiagnostic) -> TemplateFault {
        let name = said.span.id().map_or_else(
            || "form.typ".to_owned(),
            |id| id.get().vpath().get_without_slash().to_owned(),
        );
        let place = self.place(said.span);
        let fault = TemplateFault::new(name, place, said.message.to_string());
        let own = |file: Option<FileId>| file == Some(self.main);
        if own(said.span.id()) {
            return fault;
        }
        let calls = said.trace.iter().map(|call| call.span);
        let origin = calls.filter(|span| own(span.id())).find_map(|span| {
            let (line, column) = self.place(span)?;
            let file = self.main.get().vpath().get_without_slash();
            Some(format!("{file} line {line} column {column}"))
        });
        fault.reached_from(origin)
    }

    /// Line and column, from one.
    fn place(&self, span: impl Into<DiagSpan>) -> Option<(usize, usize)> {
        let span = span.into();
        let source = self.templates.source(span.id()?)?;
        let range = self.range(span)?;
        let (line, column) = source.lines().byte_to_line_column(range.start)?;
        Some((line + 1, column + 1))
    }
}
