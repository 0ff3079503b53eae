//! The files of one filing as somebody brings them, and what is said of them.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use counter_domain::case::{CaseState, CaseSummary};
use counter_domain::ids::CaseId;
use serde::Serialize;
use thiserror::Error;

use crate::proof::{Brought, Part, Proof, Standing};

/// A page, and with it what else was brought of its filing.
pub struct BroughtFiles(Vec<(Part, PathBuf, Vec<u8>)>);

/// A file that cannot be read.
#[derive(Debug, Error)]
#[error("cannot read {}", path.display())]
pub struct Unreadable {
    path: PathBuf,
    source: io::Error,
}

impl BroughtFiles {
    /// Reads the files, the page first.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn read(
        page: &Path,
        signature: Option<&Path>,
        content: Option<&Path>,
    ) -> Result<Self, Unreadable> {
        let given = [
            (Part::Page, Some(page)),
            (Part::Signature, signature),
            (Part::Content, content),
        ];
        let given = given
            .into_iter()
            .filter_map(|(part, path)| Some((part, path?.to_owned())));
        let read = given.map(|(part, path)| match fs::read(&path) {
            Ok(bytes) => Ok((part, path, bytes)),
            Err(source) => Err(Unreadable { path, source }),
        });
        read.collect::<Result<_, _>>().map(Self)
    }

    /// The files, to be proved.
    pub fn brought(&self) -> Vec<Brought<'_>> {
        let files = self.0.iter();
        files
            .map(|(part, _, bytes)| Brought { part: *part, bytes })
            .collect()
    }

    /// The bytes of the page.
    pub fn page(&self) -> &[u8] {
        self.0.first().map_or(&[], |(_, _, bytes)| bytes)
    }

    /// What to say of them, with their proof.
    pub fn report(&self, filing: &CaseSummary, proof: &Proof, forms: FormsNamed) -> Report {
        let told = proof.files.iter().zip(&self.0);
        let files = told.map(|(proved, (part, path, _))| FileReport {
            file: path.clone(),
            part: *part,
            standing: proved.standing,
            differs: proved.differs.clone(),
            said: proved.to_string(),
        });
        let mut flaws: Vec<String> = proof.flaws.iter().map(ToString::to_string).collect();
        flaws.extend(forms.flaw());
        Report {
            case: proof.case,
            receipt_number: filing.receipt_number.clone().unwrap_or_default(),
            state: filing.state,
            files: files.collect(),
            holds: proof.holds() && flaws.is_empty(),
            flaws,
            forms_said: forms.to_string(),
            forms: forms.signed,
            forms_on_page: forms.on_page,
        }
    }
}

impl fmt::Debug for BroughtFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.brought()).finish()
    }
}

/// Forms and versions of a filing, `F001/1`.
#[derive(Debug, Clone, Default)]
pub struct FormsNamed {
    /// As the signed content names them; empty in what was signed before contents did.
    pub signed: Vec<String>,
    /// As the page names them itself; empty where it does not.
    pub on_page: Vec<String>,
}

impl FormsNamed {
    /// What is wrong when both name forms and not the same ones.
    fn flaw(&self) -> Option<String> {
        let silent = self.signed.is_empty() || self.on_page.is_empty();
        (!silent && self.signed != self.on_page).then(|| {
            let (signed, page) = (self.signed.join(" "), self.on_page.join(" "));
            format!("the page is of {page}, the signed content of {signed}")
        })
    }
}

impl fmt::Display for FormsNamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.signed.as_slice(), self.on_page.as_slice()) {
            ([], []) => f.write_str("forms: not named, of the version in force on the filing date"),
            ([], page) => write!(f, "forms: {} (named by the page alone)", page.join(" ")),
            (signed, []) => write!(
                f,
                "forms: {} (named by the content alone)",
                signed.join(" ")
            ),
            (signed, _) => write!(f, "forms: {} (content and page agree)", signed.join(" ")),
        }
    }
}

/// Files beside their filing, in words and as JSON.
#[derive(Debug, Serialize)]
pub struct Report {
    case: CaseId,
    /// Its receipt number.
    pub receipt_number: String,
    state: CaseState,
    files: Vec<FileReport>,
    forms: Vec<String>,
    forms_on_page: Vec<String>,
    flaws: Vec<String>,
    /// Whether everything is as it was signed.
    pub holds: bool,
    #[serde(skip)]
    forms_said: String,
}

#[derive(Debug, Serialize)]
struct FileReport {
    file: PathBuf,
    part: Part,
    standing: Standing,
    differs: Option<String>,
    #[serde(skip)]
    said: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: Vec<String> = self
            .files
            .iter()
            .map(|one| format!("{} {}: {}", one.part, one.file.display(), one.said))
            .collect();
        lines.extend(self.flaws.iter().map(|flaw| format!("kept here: {flaw}")));
        if self.holds {
            let number = &self.receipt_number;
            lines.push(format!(
                "{number}: page, content, signature and history belong together"
            ));
            lines.push(self.forms_said.clone());
        }
        f.write_str(&lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::FormsNamed;

    fn named(signed: &[&str], on_page: &[&str]) -> FormsNamed {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        FormsNamed {
            signed: owned(signed),
            on_page: owned(on_page),
        }
    }

    #[test]
    fn page_and_content_must_name_the_same_forms_where_both_name_any() {
        assert_eq!(named(&["F001/1"], &["F001/1"]).flaw(), None);
        assert_eq!(named(&[], &["F001/1"]).flaw(), None);
        assert_eq!(named(&["F001/1"], &[]).flaw(), None);
        let flaw = named(&["F001/1"], &["F001/2"]).flaw();
        let said = "the page is of F001/2, the signed content of F001/1";
        assert_eq!(flaw.as_deref(), Some(said));
    }
}
