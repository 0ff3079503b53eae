//! A form's folder as a browser sends it: its files one by one, or packed as a zip file.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counter_forms::{FormFolder, Forms};
use thiserror::Error;

use crate::zip_file::{self, ZipRefused};

/// Files of a form, and bytes of all of them.
const FILES_MAX: usize = 64;
const BYTES_MAX: usize = 1 << 20;
/// Parts of a path: `samples/typical.json` has two.
const DEPTH_MAX: usize = 3;
/// What a form is made of; anything else in the folder is left out.
const KINDS: [&str; 3] = [".typ", ".toml", ".json"];
const DEFINITION: &str = "meta.toml";

/// Why nothing was kept.
#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum ReceivedRefused {
    /// Nothing was chosen.
    #[error("nothing was sent")]
    Nothing,
    /// The zip file.
    #[error(transparent)]
    Zip(#[from] ZipRefused),
    /// What the browser sent is no folder.
    #[error("what was sent is no folder of texts")]
    Unreadable,
    /// No `meta.toml`, or several.
    #[error("{0} files meta.toml; a form has one")]
    Definitions(usize),
    /// A file whose name no template can have.
    #[error("a file name no form can have: {0}")]
    Name(String),
    /// More than a form is.
    #[error("more files or bytes than a form has")]
    TooLarge,
    /// Neither its number nor the folder's name is one of a form.
    #[error("no form of this program")]
    Unknown,
}

/// The form in what a browser sent: `files`, an object of paths and texts, or `zip` in base 64.
///
/// # Errors
/// See [`ReceivedRefused`].
pub(crate) fn received(
    forms: &Forms,
    files: &str,
    zip: &str,
) -> Result<FormFolder, ReceivedRefused> {
    let sent = match (files.trim(), zip.trim()) {
        ("", "") => return Err(ReceivedRefused::Nothing),
        ("", zip) => unpacked(zip)?,
        (files, _) => serde_json::from_str(files).map_err(|_| ReceivedRefused::Unreadable)?,
    };
    folder_of(forms, &sent)
}

fn unpacked(zip: &str) -> Result<BTreeMap<String, String>, ReceivedRefused> {
    let bytes = STANDARD.decode(zip);
    let bytes = bytes.map_err(|_| ReceivedRefused::Unreadable)?;
    let files = zip_file::read(&bytes, BYTES_MAX)?.into_iter();
    let texts = files.filter(|(name, _)| is_kept(name)).map(|(name, text)| {
        let text = String::from_utf8(text).map_err(|_| ReceivedRefused::Name(name.clone()))?;
        Ok((name, text))
    });
    texts.collect()
}

/// Whether a file belongs to a form, by its name: not what a desktop leaves in folders.
fn is_kept(path: &str) -> bool {
    let hidden = path.split('/').any(|part| part.starts_with(['.', '_']));
    !hidden && KINDS.iter().any(|kind| path.ends_with(kind))
}

fn folder_of(
    forms: &Forms,
    sent: &BTreeMap<String, String>,
) -> Result<FormFolder, ReceivedRefused> {
    let definitions = sent
        .keys()
        .filter(|path| is_kept(path) && path.rsplit('/').next() == Some(DEFINITION));
    let definitions: Vec<&String> = definitions.collect();
    let [definition] = definitions.as_slice() else {
        return Err(ReceivedRefused::Definitions(definitions.len()));
    };
    let above = definition.strip_suffix(DEFINITION).unwrap_or_default();
    let mut files = BTreeMap::new();
    for (path, text) in sent.iter().filter(|(path, _)| is_kept(path)) {
        let Some(path) = path.strip_prefix(above) else {
            continue;
        };
        if !is_path(path) {
            return Err(ReceivedRefused::Name(path.to_owned()));
        }
        let _earlier = files.insert(path.to_owned(), text.clone());
    }
    let bytes: usize = files.values().map(String::len).sum();
    if files.len() > FILES_MAX || bytes > BYTES_MAX {
        return Err(ReceivedRefused::TooLarge);
    }
    let text = files.get(DEFINITION).map_or("", String::as_str);
    let name = name_of(forms, text, above).ok_or(ReceivedRefused::Unknown)?;
    Ok(FormFolder { name, files })
}

fn is_path(path: &str) -> bool {
    let plain = |one: u8| one.is_ascii_alphanumeric() || matches!(one, b'-' | b'_' | b'.');
    let mut parts = path.split('/');
    path.split('/').count() <= DEPTH_MAX
        && parts.all(|part| !part.is_empty() && part.len() <= 60 && part.bytes().all(plain))
}

/// The folder counters know the form by: of its number, else of the folder it was in. A copy that a
/// desktop calls `F044-nhi-enrolment (2)` is the same form.
fn name_of(forms: &Forms, definition: &str, above: &str) -> Option<String> {
    let table = toml::from_str::<toml::Table>(definition).ok();
    let number = table
        .as_ref()
        .and_then(|table| table.get("number")?.as_str());
    let folder = above.trim_end_matches('/').rsplit('/').next();
    let folder = folder.unwrap_or_default();
    let all = forms.list();
    let known = all.iter().find(|meta| match number {
        Some(number) => meta.number == number,
        None => folder.starts_with(&format!("{}-{}", meta.number, meta.id)),
    });
    known.map(|meta| format!("{}-{}", meta.number, meta.id))
}

#[cfg(test)]
mod tests {
    use counter_forms::FontPaths;
    use serde_json::json;

    use super::*;

    fn forms() -> Forms {
        Forms::new(&FontPaths::default()).unwrap()
    }

    #[test]
    fn a_folder_is_the_same_one_by_one_and_packed() {
        let forms = forms();
        let own = forms.folder("F044").unwrap();
        assert_eq!(own.name, "F044-nhi-enrolment");
        assert!(
            own.files.contains_key("form.typ") && own.files.len() >= 6,
            "{own:?}"
        );
        let mut sent: BTreeMap<String, String> = own
            .files
            .iter()
            .map(|(name, text)| (format!("様式/F044-nhi-enrolment (2)/{name}"), text.clone()))
            .collect();
        sent.insert(
            "様式/F044-nhi-enrolment (2)/.DS_Store".to_owned(),
            "x".to_owned(),
        );
        sent.insert("様式/メモ.txt".to_owned(), "x".to_owned());
        let files = serde_json::to_string(&sent).unwrap();
        assert_eq!(received(&forms, &files, "").unwrap(), own);
        let files = own
            .files
            .iter()
            .map(|(name, text)| (name.clone(), text.as_str()));
        let zip = STANDARD.encode(zip_file::written(files).unwrap());
        assert_eq!(received(&forms, "", &zip).unwrap(), own);
    }

    #[test]
    fn what_is_no_form_is_refused() {
        let forms = forms();
        let refused =
            |files: serde_json::Value| received(&forms, &files.to_string(), "").unwrap_err();
        assert_eq!(
            received(&forms, "", "").unwrap_err(),
            ReceivedRefused::Nothing
        );
        assert_eq!(
            received(&forms, "", "UEsDBA==").unwrap_err(),
            ReceivedRefused::Zip(ZipRefused::Damaged)
        );
        assert_eq!(
            received(&forms, "[", "").unwrap_err(),
            ReceivedRefused::Unreadable
        );
        assert_eq!(
            refused(json!({"a/form.typ": ""})),
            ReceivedRefused::Definitions(0)
        );
        let two = json!({"a/meta.toml": "", "b/meta.toml": ""});
        assert_eq!(refused(two), ReceivedRefused::Definitions(2));
        let number = "number = \"F044\"";
        let up = json!({"a/meta.toml": number, "a/b/../../c.typ": ""});
        let kept = received(&forms, &up.to_string(), "").unwrap();
        assert_eq!(kept.files.keys().collect::<Vec<_>>(), ["meta.toml"]);
        let named = json!({"a/meta.toml": number, "a/氏名.typ": ""});
        assert_eq!(refused(named), ReceivedRefused::Name("氏名.typ".to_owned()));
        let large = json!({"a/meta.toml": number, "a/form.typ": " ".repeat(BYTES_MAX)});
        assert_eq!(refused(large), ReceivedRefused::TooLarge);
        assert_eq!(
            refused(json!({"a/meta.toml": "number = \"F999\""})),
            ReceivedRefused::Unknown
        );
    }

    #[test]
    fn a_definition_that_cannot_be_read_is_known_by_its_folder() {
        let torn = json!({"F044-nhi-enrolment/meta.toml": "number = \"F04", "F044-nhi-enrolment/form.typ": ""});
        let kept = received(&forms(), &torn.to_string(), "").unwrap();
        assert_eq!(kept.name, "F044-nhi-enrolment");
    }
}
