//! Templates: embedded in the program, or read from a folder that a city can change.

use std::collections::HashMap;
use std::path::Path;

use typst::foundations::Bytes;
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};

use crate::definition::{FormMeta, SampleKind};
use crate::error::OpenFormsError;

/// Files of the embedded forms, by path from the root of the templates.
const EMBEDDED: &[(&str, &str)] = &[
    ("lib.typ", include_str!("../forms/lib.typ")),
    (
        "resident-move/form.typ",
        include_str!("../forms/resident-move/form.typ"),
    ),
    (
        "resident-move/meta.toml",
        include_str!("../forms/resident-move/meta.toml"),
    ),
    (
        "resident-move/samples/typical.json",
        include_str!("../forms/resident-move/samples/typical.json"),
    ),
    (
        "resident-move/samples/longest.json",
        include_str!("../forms/resident-move/samples/longest.json"),
    ),
    (
        "resident-move/samples/smallest.json",
        include_str!("../forms/resident-move/samples/smallest.json"),
    ),
    (
        "resident-move/samples/foreigner.json",
        include_str!("../forms/resident-move/samples/foreigner.json"),
    ),
];

/// One form: where its template starts, and what it says about itself.
pub(crate) struct Template {
    pub(crate) meta: FormMeta,
    pub(crate) main: FileId,
    samples: HashMap<SampleKind, String>,
}

impl Template {
    pub(crate) fn sample(&self, kind: SampleKind) -> Option<&str> {
        self.samples.get(&kind).map(String::as_str)
    }
}

/// Every template, ready to be compiled.
pub(crate) struct Templates {
    pub(crate) forms: Vec<Template>,
    pub(crate) sources: HashMap<FileId, Source>,
    pub(crate) files: HashMap<FileId, Bytes>,
}

impl Templates {
    pub(crate) fn embedded() -> Result<Self, OpenFormsError> {
        let files = EMBEDDED
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Self::from_files(files.collect())
    }

    /// Reads a folder: `lib.typ` and one folder per form.
    pub(crate) fn from_dir(dir: &Path) -> Result<Self, OpenFormsError> {
        let mut files = HashMap::new();
        read_folder(dir, "", &mut files)?;
        Self::from_files(files)
    }

    fn from_files(files: HashMap<String, String>) -> Result<Self, OpenFormsError> {
        let mut found = Self {
            forms: Vec::new(),
            sources: HashMap::new(),
            files: HashMap::new(),
        };
        let mut ids: Vec<&str> = files
            .keys()
            .filter_map(|path| path.strip_suffix("/meta.toml"))
            .collect();
        ids.sort_unstable();
        for id in ids {
            found.forms.push(read_form(id, &files)?);
        }
        for (path, text) in files {
            let id = file_id(&path).ok_or_else(|| incomplete(&path, &path))?;
            if path.ends_with(".typ") {
                let _earlier = found.sources.insert(id, Source::new(id, text));
            } else if path.ends_with(".toml") {
                let _earlier = found.files.insert(id, Bytes::from_string(text));
            }
        }
        Ok(found)
    }
}

fn read_form(id: &str, files: &HashMap<String, String>) -> Result<Template, OpenFormsError> {
    let file = |name: &str| files.get(&format!("{id}/{name}"));
    let text = file("meta.toml").ok_or_else(|| incomplete(id, "meta.toml"))?;
    let mut meta: FormMeta = toml::from_str(text).map_err(|error| OpenFormsError::Meta {
        form: id.to_owned(),
        message: error.to_string(),
    })?;
    id.clone_into(&mut meta.id);
    if file("form.typ").is_none() {
        return Err(incomplete(id, "form.typ"));
    }
    let main = file_id(&format!("{id}/form.typ")).ok_or_else(|| incomplete(id, "form.typ"))?;
    let samples = SampleKind::ALL
        .into_iter()
        .filter_map(|kind| {
            Some((
                kind,
                file(&format!("samples/{}.json", kind.name()))?.clone(),
            ))
        })
        .collect();
    Ok(Template {
        meta,
        main,
        samples,
    })
}

/// Paths are interned for the life of the process, so they are never made from data.
pub(crate) fn file_id(path: &str) -> Option<FileId> {
    let path = VirtualPath::new(path).ok()?;
    Some(RootedPath::new(VirtualRoot::Project, path).intern())
}

fn read_folder(
    dir: &Path,
    prefix: &str,
    files: &mut HashMap<String, String>,
) -> Result<(), OpenFormsError> {
    let unreadable = |source| OpenFormsError::TemplatesUnreadable {
        path: dir.to_owned(),
        source,
    };
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let path = format!("{prefix}{name}");
        if entry.file_type().map_err(unreadable)?.is_dir() {
            read_folder(&entry.path(), &format!("{path}/"), files)?;
        } else if [".typ", ".toml", ".json"]
            .iter()
            .any(|ending| name.ends_with(ending))
        {
            let text = std::fs::read_to_string(entry.path()).map_err(unreadable)?;
            let _earlier = files.insert(path, text);
        }
    }
    Ok(())
}

fn incomplete(form: &str, file: &str) -> OpenFormsError {
    OpenFormsError::Incomplete {
        form: form.to_owned(),
        file: file.to_owned(),
    }
}
