//! Templates: embedded in the program, or read from a folder that a city can change.
//!
//! The folder holds `lib.typ` with its parts, `fields.toml`, `samples/` with the households of the
//! samples, and one folder per form: `<number>-<name>`, with `.v<version>` behind it for a version
//! that was in force before.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;
use typst::foundations::Bytes;
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};

use crate::data::FormData;
use crate::definition::{FormMeta, SampleKind};
use crate::error::OpenFormsError;
use crate::folder::FormFolder;
use crate::published::PublishedForm;
use crate::rules::SharedFields;

/// Files of the embedded forms, by path from the root of the templates.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Templates by path.
pub(crate) type Files = HashMap<String, String>;

/// One form: where its template starts, and what it says about itself.
pub(crate) struct Template {
    pub(crate) meta: FormMeta,
    pub(crate) folder: String,
    pub(crate) main: FileId,
    samples: HashMap<SampleKind, String>,
}

impl Template {
    /// The form's own part of a sample.
    pub(crate) fn sample(&self, kind: SampleKind) -> Option<&str> {
        self.samples.get(&kind).map(String::as_str)
    }
}

/// A template's text, parsed when it is first needed: a counter uses few of its forms a day.
struct LazySource {
    text: String,
    parsed: OnceLock<Source>,
}

/// Every template, ready to be compiled.
pub(crate) struct Templates {
    pub(crate) forms: Vec<Template>,
    pub(crate) fields: SharedFields,
    households: HashMap<SampleKind, String>,
    sources: HashMap<FileId, LazySource>,
    pub(crate) files: HashMap<FileId, Bytes>,
}

impl Templates {
    pub(crate) fn embedded() -> Result<Self, OpenFormsError> {
        Self::from_files(embedded_files())
    }

    /// The program's own, and versions that were published; each begins on its day.
    pub(crate) fn with_published(published: &[&PublishedForm]) -> Result<Self, OpenFormsError> {
        let mut files = embedded_files();
        for form in published {
            for (name, text) in &form.files {
                let _earlier = files.insert(format!("{}/{name}", form.folder), text.clone());
            }
        }
        let mut found = Self::from_files(files)?;
        for form in &mut found.forms {
            let same = |one: &&&PublishedForm| one.folder == form.folder;
            if let Some(published) = published.iter().find(same) {
                form.meta.valid_from.clone_from(&published.from);
                form.meta.valid_to = None;
            }
        }
        Ok(found)
    }

    /// Reads a folder of forms, or the folder of one form: then library, fields and households
    /// are the ones this program carries.
    pub(crate) fn from_dir(dir: &Path) -> Result<Self, OpenFormsError> {
        let mut files = Files::new();
        if dir.join("meta.toml").exists() {
            files = embedded_files();
            files.retain(|path, _| !in_form_folder(path));
            let whole = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
            let name = whole.file_name().and_then(|name| name.to_str());
            let name = name.ok_or_else(|| incomplete("", "meta.toml"))?;
            read_folder(dir, &format!("{name}/"), &mut files)?;
        } else {
            read_folder(dir, "", &mut files)?;
        }
        let found = Self::from_files(files)?;
        if found.forms.is_empty() {
            return Err(OpenFormsError::NoForm {
                path: dir.to_owned(),
            });
        }
        Ok(found)
    }

    /// One form in memory, with library, fields and households of this program.
    pub(crate) fn alone(folder: &FormFolder) -> Result<Self, OpenFormsError> {
        let mut files = embedded_files();
        files.retain(|path, _| !in_form_folder(path));
        for (name, text) in &folder.files {
            let _earlier = files.insert(format!("{}/{name}", folder.name), text.clone());
        }
        let mut found = Self::from_files(files)?;
        if found.forms.is_empty() {
            return Err(incomplete(&folder.name, "meta.toml"));
        }
        for form in &mut found.forms {
            form.meta.valid_to = None;
        }
        Ok(found)
    }

    /// The files of a form by path in its folder.
    pub(crate) fn files_of(&self, form: &Template) -> BTreeMap<String, String> {
        let own = |id: &FileId| {
            let path = id.get().vpath().get_without_slash();
            let path = path.strip_prefix(&form.folder)?.strip_prefix('/')?;
            Some(path.to_owned())
        };
        let sources = self.sources.iter();
        let sources = sources.filter_map(|(id, source)| Some((own(id)?, source.text.clone())));
        let tables = self.files.iter();
        let tables = tables
            .filter_map(|(id, bytes)| Some((own(id)?, String::from_utf8(bytes.to_vec()).ok()?)));
        let samples = form.samples.iter();
        let samples =
            samples.map(|(kind, text)| (format!("samples/{}.json", kind.name()), text.clone()));
        sources.chain(tables).chain(samples).collect()
    }

    fn from_files(files: Files) -> Result<Self, OpenFormsError> {
        let mut found = Self {
            forms: Vec::new(),
            fields: shared_fields(&files)?,
            households: samples_in("samples", &files),
            sources: HashMap::new(),
            files: HashMap::new(),
        };
        let mut folders: Vec<&str> = files
            .keys()
            .filter_map(|path| path.strip_suffix("/meta.toml"))
            .collect();
        folders.sort_unstable();
        for folder in folders {
            found.forms.push(read_form(folder, &files)?);
        }
        for (path, text) in files {
            let id = file_id(&path).ok_or_else(|| incomplete(&path, &path))?;
            if is_kind(&path, "typ") {
                let source = LazySource {
                    text,
                    parsed: OnceLock::new(),
                };
                let _earlier = found.sources.insert(id, source);
            } else if is_kind(&path, "toml") {
                let _earlier = found.files.insert(id, Bytes::from_string(text));
            }
        }
        Ok(found)
    }

    /// The parsed template of that file.
    pub(crate) fn source(&self, id: FileId) -> Option<Source> {
        let lazy = self.sources.get(&id)?;
        let parsed = lazy
            .parsed
            .get_or_init(|| Source::new(id, lazy.text.clone()));
        Some(parsed.clone())
    }

    /// A form's sample: the household of that kind with the form's own values laid over it.
    pub(crate) fn sample(&self, form: &Template, kind: SampleKind) -> Option<FormData> {
        let patch: Value = serde_json::from_str(form.sample(kind)?).ok()?;
        let household = self.households.get(&kind).map_or("{}", String::as_str);
        let household = FormData::from_json(household.as_bytes()).ok()?;
        Some(household.patched(&patch))
    }
}

fn embedded_files() -> Files {
    EMBEDDED
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect()
}

/// Whether a path belongs to a form, not to what all forms share.
fn in_form_folder(path: &str) -> bool {
    path.split_once('/')
        .is_some_and(|(folder, _)| folder != "samples" && folder != "parts")
}

fn shared_fields(files: &Files) -> Result<SharedFields, OpenFormsError> {
    let text = files.get("fields.toml").map_or("", String::as_str);
    toml::from_str(text).map_err(|error| OpenFormsError::Meta {
        form: "fields.toml".to_owned(),
        message: error.to_string(),
    })
}

fn samples_in(folder: &str, files: &Files) -> HashMap<SampleKind, String> {
    let sample = |kind: SampleKind| {
        let text = files.get(&format!("{folder}/{}.json", kind.name()))?;
        Some((kind, text.clone()))
    };
    SampleKind::ALL.into_iter().filter_map(sample).collect()
}

fn read_form(folder: &str, files: &Files) -> Result<Template, OpenFormsError> {
    let file = |name: &str| files.get(&format!("{folder}/{name}"));
    let text = file("meta.toml").ok_or_else(|| incomplete(folder, "meta.toml"))?;
    let mut meta: FormMeta = toml::from_str(text).map_err(|error| OpenFormsError::Meta {
        form: folder.to_owned(),
        message: error.to_string(),
    })?;
    folder_name(folder).clone_into(&mut meta.id);
    if file("form.typ").is_none() {
        return Err(incomplete(folder, "form.typ"));
    }
    let main =
        file_id(&format!("{folder}/form.typ")).ok_or_else(|| incomplete(folder, "form.typ"))?;
    Ok(Template {
        meta,
        folder: folder.to_owned(),
        main,
        samples: samples_in(&format!("{folder}/samples"), files),
    })
}

/// `resident-move` of `F001-resident-move.v2`.
fn folder_name(folder: &str) -> &str {
    let name = folder.split_once('-').map_or(folder, |(_, name)| name);
    name.split_once(".v").map_or(name, |(name, _)| name)
}

/// Paths are interned for the life of the process, so they are never made from data.
pub(crate) fn file_id(path: &str) -> Option<FileId> {
    let path = VirtualPath::new(path).ok()?;
    Some(RootedPath::new(VirtualRoot::Project, path).intern())
}

pub(crate) fn read_folder(
    dir: &Path,
    prefix: &str,
    files: &mut Files,
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
        } else if ["typ", "toml", "json"]
            .iter()
            .any(|kind| is_kind(name, kind))
        {
            let unreadable = |source| OpenFormsError::TemplatesUnreadable {
                path: entry.path(),
                source,
            };
            let text = std::fs::read_to_string(entry.path()).map_err(unreadable)?;
            let _earlier = files.insert(path, text);
        }
    }
    Ok(())
}

/// Whether a file name ends in `.kind`.
fn is_kind(name: &str, kind: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|ending| ending == kind)
}

fn incomplete(form: &str, file: &str) -> OpenFormsError {
    OpenFormsError::Incomplete {
        form: form.to_owned(),
        file: file.to_owned(),
    }
}
