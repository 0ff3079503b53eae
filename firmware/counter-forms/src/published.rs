//! Versions of forms that a city publishes, beside those this program carries (様式の改版).
//!
//! Head office checks a form's folder and publishes it with the first day of its use; the dataset
//! [`FORMS`] holds every version published, so that a filing of an earlier date is printed by the
//! version that was in force then. Library, parts and shared fields are always the program's own: a
//! published form brings its template, its `meta.toml` and its samples.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::check::Finding;
use crate::definition::FormMeta;
use crate::error::OpenFormsError;
use crate::folder::FormFolder;
use crate::render::Forms;
use crate::template::Templates;

/// Name of the dataset.
pub const FORMS: &str = "forms";
/// Layout of the dataset; whoever does not know it leaves it alone.
pub const FORMS_FORMAT: u16 = 1;
/// Published versions kept, and bytes of one.
const VERSIONS_MAX: usize = 400;
const BYTES_MAX: usize = 1 << 20;

/// A version of a form.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedForm {
    /// Its folder: number, name and version, for example `F044-nhi-enrolment.v2`.
    pub folder: String,
    /// The first day of its use, ISO 8601.
    pub from: String,
    /// When it was published, ISO 8601.
    pub published_on: String,
    /// Who published it.
    pub by: String,
    /// Its files by path in the folder.
    pub files: BTreeMap<String, String>,
}

impl fmt::Debug for PublishedForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublishedForm({} from {})", self.folder, self.from)
    }
}

/// Every version published so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedForms {
    /// [`FORMS_FORMAT`].
    pub format: u16,
    /// The versions, in the order of publishing.
    pub forms: Vec<PublishedForm>,
}

impl Default for PublishedForms {
    fn default() -> Self {
        Self {
            format: FORMS_FORMAT,
            forms: Vec::new(),
        }
    }
}

/// Why a form cannot be published.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PublishFormError {
    /// The folder cannot be read, or its definition is wrong.
    #[error("{}", .0.operator_text())]
    Folder(#[from] OpenFormsError),
    /// It has no name that counters know: number and name of a form there is.
    #[error("{folder} is not the folder of a form this program has, such as F044-nhi-enrolment")]
    Unknown {
        /// The folder.
        folder: String,
    },
    /// Number, name or version do not go on where the version before ends.
    #[error("{folder}: version {version} is not higher than {newest}; count `version` up")]
    Version {
        /// The folder.
        folder: String,
        /// Its version.
        version: u16,
        /// The newest one there is.
        newest: u16,
    },
    /// Filings of such a date may be signed already.
    #[error("{from} is not after {today}: a version begins on a later day")]
    Day {
        /// The day asked for.
        from: String,
        /// Today.
        today: String,
    },
    /// A version published before begins later.
    #[error("version {version} of this form begins on {from}; a newer one cannot begin earlier")]
    Earlier {
        /// The version published before.
        version: u16,
        /// Its first day.
        from: String,
    },
    /// Too large, or too many.
    #[error("too large for the counters")]
    Bounds,
    /// Something to put right.
    #[error("{} mistakes", .0.len())]
    Findings(Vec<Finding>),
}

/// When a version is used, and who says so.
#[derive(Debug, Clone)]
pub struct Publishing {
    /// The first day of its use, ISO 8601.
    pub from: String,
    /// Today, ISO 8601.
    pub today: String,
    /// Who publishes it.
    pub by: String,
}

impl PublishedForms {
    /// Reads the dataset; `None` when it is of another layout or damaged.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let forms: Self = serde_json::from_slice(bytes).ok()?;
        (forms.format == FORMS_FORMAT).then_some(forms)
    }

    /// As published.
    ///
    /// # Errors
    /// Never with texts.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

impl Forms {
    /// The same forms with the versions a city published, in the same fonts. Versions this program
    /// cannot use are left out and told.
    ///
    /// # Errors
    /// When this program's own forms cannot be read.
    pub fn with_published(
        &self,
        published: &PublishedForms,
    ) -> Result<(Self, Vec<Finding>), OpenFormsError> {
        let mut usable: Vec<&PublishedForm> = Vec::new();
        let mut left_out = Vec::new();
        for form in &published.forms {
            let alone =
                Templates::with_published(&[form]).and_then(|templates| self.with_these(templates));
            match alone {
                Ok(alone) => {
                    // Head office laid every sample out; this is for what another program may do.
                    let found = alone.check_pages(&form.folder);
                    if found.is_empty() {
                        usable.push(form);
                    }
                    left_out.extend(found);
                }
                Err(error) => left_out.push(Finding {
                    folder: form.folder.clone(),
                    samples: Vec::new(),
                    text: error.operator_text(),
                }),
            }
        }
        let forms = self.with_these(Templates::with_published(&usable)?)?;
        Ok((forms, left_out))
    }

    /// Checks the folder of one form at `dir` and adds it to what was published.
    ///
    /// # Errors
    /// See [`PublishFormError`].
    pub fn publish(
        &self,
        published: &PublishedForms,
        dir: &Path,
        how: &Publishing,
    ) -> Result<PublishedForms, PublishFormError> {
        self.publish_folder(published, &FormFolder::read(dir)?, how)
    }

    /// Checks the folder of one form and adds it to what was published: laid out with all its
    /// samples, as the counters will have it.
    ///
    /// # Errors
    /// See [`PublishFormError`].
    pub fn publish_folder(
        &self,
        published: &PublishedForms,
        folder: &FormFolder,
        how: &Publishing,
    ) -> Result<PublishedForms, PublishFormError> {
        if how.from <= how.today {
            return Err(PublishFormError::Day {
                from: how.from.clone(),
                today: how.today.clone(),
            });
        }
        let form = as_published(folder, how)?;
        let meta = Self::going_on(published, &form)?;
        let mut all = published.clone();
        all.forms.push(PublishedForm {
            folder: versioned(&form.folder, meta.version),
            ..form
        });
        let bytes: usize = all
            .forms
            .last()
            .map_or(0, |form| form.files.values().map(String::len).sum());
        if all.forms.len() > VERSIONS_MAX || bytes > BYTES_MAX {
            return Err(PublishFormError::Bounds);
        }
        let each: Vec<&PublishedForm> = all.forms.iter().collect();
        let forms = self.with_these(Templates::with_published(&each)?)?;
        let folder = all.forms.last().map_or("", |form| form.folder.as_str());
        let findings = forms.check_folder(folder);
        if findings.is_empty() {
            Ok(all)
        } else {
            Err(PublishFormError::Findings(findings))
        }
    }

    /// Whether the folder could be published as the next version from `from` on (ISO 8601), before
    /// anything of it is laid out.
    ///
    /// # Errors
    /// See [`PublishFormError`]; never its findings.
    pub fn can_follow(
        published: &PublishedForms,
        folder: &FormFolder,
        from: &str,
    ) -> Result<(), PublishFormError> {
        let how = Publishing {
            from: from.to_owned(),
            today: String::new(),
            by: String::new(),
        };
        let form = as_published(folder, &how)?;
        Self::going_on(published, &form).map(|_| ())
    }

    /// What the form says about itself, if it is a later version of one there is.
    fn going_on(
        published: &PublishedForms,
        form: &PublishedForm,
    ) -> Result<FormMeta, PublishFormError> {
        let alone = Templates::with_published(&[form])?;
        let new = alone.forms.iter().find(|one| one.folder == form.folder);
        let new = new.map(|one| one.meta.clone());
        let unknown = || PublishFormError::Unknown {
            folder: form.folder.clone(),
        };
        let new = new.ok_or_else(unknown)?;
        let each: Vec<&PublishedForm> = published.forms.iter().collect();
        let known = Templates::with_published(&each)?;
        let before = known.forms.iter().filter(|one| one.meta.id == new.id);
        let newest = before.max_by_key(|one| one.meta.version);
        let newest = newest.map(|one| &one.meta).ok_or_else(unknown)?;
        if newest.number != new.number {
            return Err(unknown());
        }
        if new.version <= newest.version {
            return Err(PublishFormError::Version {
                folder: form.folder.clone(),
                version: new.version,
                newest: newest.version,
            });
        }
        if form.from < newest.valid_from {
            return Err(PublishFormError::Earlier {
                version: newest.version,
                from: newest.valid_from.clone(),
            });
        }
        Ok(new)
    }

    pub(crate) fn with_these(&self, templates: Templates) -> Result<Self, OpenFormsError> {
        Self::of_fonts(Arc::clone(self.fonts()), templates)
    }
}

/// The folder as it would be published.
fn as_published(folder: &FormFolder, how: &Publishing) -> Result<PublishedForm, PublishFormError> {
    if !folder.files.contains_key("meta.toml") {
        return Err(PublishFormError::Unknown {
            folder: folder.name.clone(),
        });
    }
    Ok(PublishedForm {
        folder: folder.name.clone(),
        from: how.from.clone(),
        published_on: how.today.clone(),
        by: how.by.clone(),
        files: folder.files.clone(),
    })
}

/// `F044-nhi-enrolment.v2`, whatever version the folder was called before.
fn versioned(folder: &str, version: u16) -> String {
    let plain = folder.split_once(".v").map_or(folder, |(plain, _)| plain);
    format!("{plain}.v{version}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fonts::FontPaths;
    use crate::template::read_folder;
    use crate::{Assets, SampleKind};

    const FORM: &str = "F044-nhi-enrolment";

    fn forms() -> Forms {
        Forms::new(&FontPaths::default()).expect("the fonts are installed")
    }

    fn how(from: &str) -> Publishing {
        Publishing {
            from: from.to_owned(),
            today: "2026-11-21".to_owned(),
            by: "u0101".to_owned(),
        }
    }

    /// The program's own form as a folder that somebody edits.
    fn folder(change: impl Fn(&str, String) -> String) -> tempfile::TempDir {
        let scratch = tempfile::tempdir().unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("forms")
            .join(FORM);
        let mut files = std::collections::HashMap::new();
        read_folder(&from, "", &mut files).unwrap();
        for (name, text) in files {
            let path = scratch.path().join(FORM).join(&name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, change(&name, text)).unwrap();
        }
        scratch
    }

    fn second(name: &str, text: String) -> String {
        match name {
            "meta.toml" => text.replace("version = 1\n", "version = 2\n").replacen(
                "title = \"",
                "title = \"新・",
                1,
            ),
            _ => text,
        }
    }

    fn publish(
        forms: &Forms,
        before: &PublishedForms,
        from: &str,
        change: impl Fn(&str, String) -> String,
    ) -> Result<PublishedForms, PublishFormError> {
        let scratch = folder(change);
        forms.publish(before, &scratch.path().join(FORM), &how(from))
    }

    fn title_on(forms: &Forms, day: &str) -> String {
        let form = forms.form_on("F044", day).unwrap();
        form.meta.title.clone()
    }

    #[test]
    fn version_is_used_from_its_day_and_old_filings_keep_theirs() {
        let forms = forms();
        let published = publish(&forms, &PublishedForms::default(), "2027-04-01", second).unwrap();
        let again = PublishedForms::read(&published.to_bytes().unwrap()).unwrap();
        assert_eq!(again, published);
        let (forms, left_out) = forms.with_published(&again).unwrap();
        assert_eq!(left_out, []);
        assert!(!title_on(&forms, "2027-03-31").starts_with("新・"));
        assert!(title_on(&forms, "2027-04-01").starts_with("新・"));
        let data = forms.sample("F044", SampleKind::Typical).unwrap();
        let assets = Assets::for_receipt("07-2-270401-0001");
        let page = |day: &str| forms.render("F044", &data, &assets, day).unwrap().pdf;
        assert_ne!(page("2027-03-31"), page("2027-04-01"));
        // What was signed on a version is drawn on it, whatever is in force on its day.
        let named = |name: &str, day: &str| forms.render(name, &data, &assets, day).unwrap().pdf;
        assert_eq!(named("nhi-enrolment/2", "2027-04-01"), page("2027-04-01"));
        assert_eq!(named("nhi-enrolment/1", "2027-03-31"), page("2027-03-31"));
        assert_ne!(named("nhi-enrolment/1", "2027-04-01"), page("2027-04-01"));
        let unknown = forms.render("nhi-enrolment/3", &data, &assets, "2027-04-01");
        assert!(matches!(unknown, Err(crate::RenderError::UnknownForm(_))));
    }

    #[test]
    fn what_does_not_go_on_from_the_version_before_is_refused() {
        let forms = forms();
        let none = PublishedForms::default();
        let same = publish(&forms, &none, "2027-04-01", |_, text| text);
        assert!(matches!(
            same,
            Err(PublishFormError::Version { newest: 1, .. })
        ));
        for day in ["2026-11-21", "2026-04-01"] {
            let past = publish(&forms, &none, day, second);
            assert!(matches!(past, Err(PublishFormError::Day { .. })), "{day}");
        }
        let other = publish(&forms, &none, "2027-04-01", |name, text| match name {
            "meta.toml" => second(name, text).replace("number = \"F044\"", "number = \"F999\""),
            _ => text,
        });
        assert!(matches!(other, Err(PublishFormError::Unknown { .. })));
        let published = publish(&forms, &none, "2027-04-01", second).unwrap();
        let third = |name: &str, text: String| match name {
            "meta.toml" => text.replace("version = 1\n", "version = 3\n"),
            _ => text,
        };
        let earlier = publish(&forms, &published, "2027-01-01", third);
        assert!(matches!(
            earlier,
            Err(PublishFormError::Earlier { version: 2, .. })
        ));
        assert_eq!(
            publish(&forms, &published, "2027-04-01", third)
                .unwrap()
                .forms
                .len(),
            2
        );
    }

    #[test]
    fn broken_template_is_refused_with_its_place_and_not_used_by_a_counter() {
        let forms = forms();
        let broken = |name: &str, text: String| match name {
            "form.typ" => format!("{text}\n#let x = nowhere\n"),
            _ => second(name, text),
        };
        let refused = publish(&forms, &PublishedForms::default(), "2027-04-01", broken);
        let Err(PublishFormError::Findings(findings)) = refused else {
            panic!("it was published");
        };
        assert!(findings[0].text.contains("form.typ"), "{:?}", findings[0]);
        // Should head office have a program that could lay it out, the counter still works.
        let mut published =
            publish(&forms, &PublishedForms::default(), "2027-04-01", second).unwrap();
        let text = published.forms[0].files.get_mut("form.typ").unwrap();
        text.push_str("\n#let x = nowhere\n");
        let (forms, left_out) = forms.with_published(&published).unwrap();
        assert!(!left_out.is_empty());
        assert!(!title_on(&forms, "2027-04-01").starts_with("新・"));
    }

    #[test]
    fn newer_layout_of_the_dataset_is_left_alone() {
        assert_eq!(PublishedForms::read(br#"{"format":2,"forms":[]}"#), None);
        assert_eq!(PublishedForms::read(b"{"), None);
    }
}
