//! The folder of one form while somebody edits it: read, looked at before it is published, and handed
//! out as it is.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::Path;

use crate::error::{OpenFormsError, RenderError};
use crate::render::Forms;
use crate::template::{Template, Templates, read_folder};

/// A form's folder in memory.
#[derive(Clone, PartialEq, Eq)]
pub struct FormFolder {
    /// Number and name: `F044-nhi-enrolment`.
    pub name: String,
    /// Its files by path in the folder: `form.typ`, `meta.toml`, `samples/typical.json`.
    pub files: BTreeMap<String, String>,
}

impl fmt::Debug for FormFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FormFolder({}, {} files)", self.name, self.files.len())
    }
}

impl FormFolder {
    /// Reads a folder: templates, tables and samples; any other file is left out.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(dir: &Path) -> Result<Self, OpenFormsError> {
        let name = dir.canonicalize().ok();
        let name = name.as_deref().and_then(Path::file_name);
        let name = name.and_then(|name| name.to_str()).unwrap_or_default();
        let mut files = HashMap::new();
        read_folder(dir, "", &mut files)?;
        Ok(Self {
            name: name.to_owned(),
            files: files.into_iter().collect(),
        })
    }
}

impl Forms {
    /// The form of a folder alone, in the same fonts and with this program's library: to check it and
    /// to draw it before it is published. It is in force on every day.
    ///
    /// # Errors
    /// When its definition is wrong, or it has no template.
    pub fn alone(&self, folder: &FormFolder) -> Result<Self, OpenFormsError> {
        self.with_these(Templates::alone(folder)?)
    }

    /// The folder of the newest version of a form, for whoever changes it.
    pub fn folder(&self, form_id: &str) -> Option<FormFolder> {
        let form = self.newest(form_id)?;
        let name = form.folder.split_once(".v");
        Some(FormFolder {
            name: name
                .map_or(form.folder.as_str(), |(plain, _)| plain)
                .to_owned(),
            files: self.templates.files_of(form),
        })
    }

    /// Lays out a form that is only begun, without keeping the page; what stands in its way, in
    /// Japanese.
    pub fn begun_fault(&self, form_id: &str, data: &crate::FormData) -> Option<String> {
        let filed_on = crate::check::dated(data);
        let form = match self.form_on(form_id, &filed_on) {
            Ok(form) => form,
            Err(error) => return Some(error.staff_text()),
        };
        self.begun(form, data, &filed_on)
    }

    fn begun(&self, form: &Template, data: &crate::FormData, filed_on: &str) -> Option<String> {
        let assets = crate::Assets::for_receipt(data.text("receipt_number"));
        match self.lay_out_known(form, data, &assets, filed_on, |_, _, _| Ok(())) {
            Ok(()) => None,
            Err(RenderError::Template { fault, .. }) => Some(crate::notices::template_fault(
                &fault.to_string(),
                fault.message(),
            )),
            Err(error) => Some(error.staff_text()),
        }
    }
}
