//! Certificate requests (諸証明): what there is, what it costs, who may ask and with what paper.

pub(crate) mod file;
mod request;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::catalogue::entries::At;
use crate::catalogue::{CatalogueError, Packed, Words, yaml_sentence};
use file::{CertificateYaml, FileYaml, WhoYaml};

pub use file::Asker;
pub use request::{CertificateRequest, Decision, Identity, LineDecision, Outcome};

/// The certificates that come with Todoke.
pub const BUNDLED: (&str, &str) = (
    "certificates.yaml",
    include_str!("../catalogue/certificates.yaml"),
);

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Id, for example `C01`.
    pub id: String,
    /// Name.
    pub name: Words,
    /// Group, by id.
    pub group: String,
    /// Yen for one copy.
    pub fee_yen: u32,
    /// Rule of who may ask, by id.
    pub who: String,
    /// What may be chosen, by id; whatever is not chosen is left out.
    pub options: Vec<String>,
    /// The request form it is asked for on; without one it is not offered at the counter.
    pub form: Option<RequestForm>,
    /// Nothing is charged when one of these is asked for in the same request, by id.
    pub free_with: Vec<String>,
    /// Also at machines in convenience stores.
    pub convenience_store: bool,
    /// The city must confirm the fee.
    pub verify_city: bool,
    /// Note for staff.
    pub note: Option<String>,
}

/// The place of a certificate on paper (交付請求書).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestForm {
    /// The form, for example `resident-record`.
    pub form: String,
    /// How the form names the certificate, for example `all`.
    pub kind: String,
}

impl RequestForm {
    /// Reads `resident-record/all`.
    pub fn parse(text: &str) -> Option<Self> {
        let (form, kind) = text.split_once('/')?;
        let written = !form.is_empty() && !kind.is_empty();
        written.then(|| Self {
            form: form.to_owned(),
            kind: kind.to_owned(),
        })
    }
}

impl fmt::Display for RequestForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.form, self.kind)
    }
}

/// Whether somebody may ask for a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permission<'a> {
    /// Yes, with these papers.
    With(Vec<&'a Words>),
    /// No; the words say who may.
    Refused(&'a Words),
}

/// One line of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestLine {
    /// Certificate, by id.
    pub certificate: String,
    /// Copies.
    #[serde(default = "one_copy")]
    pub copies: u16,
    /// Chosen options, by id.
    #[serde(default)]
    pub options: Vec<String>,
}

fn one_copy() -> u16 {
    1
}

/// Why a line of a request cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// No such certificate.
    #[error("there is no certificate {0}")]
    Certificate(String),
    /// No copy asked for.
    #[error("{0} is asked for without a copy")]
    NoCopies(String),
    /// The certificate has no such option.
    #[error("{certificate} has no option {option}")]
    Option {
        /// The certificate.
        certificate: String,
        /// The option.
        option: String,
    },
    /// Something else the catalogue does not have.
    #[error("there is no {what} {id}")]
    Unknown {
        /// What it should be.
        what: &'static str,
        /// Its id.
        id: String,
    },
}

/// For whom and for which groups the purpose must be written down.
#[derive(Debug, Clone, Default)]
struct PurposeNeeded {
    askers: BTreeSet<Asker>,
    groups: BTreeSet<String>,
}

/// Why nothing is charged, and for which groups.
#[derive(Debug, Clone)]
struct Exemption {
    words: Words,
    groups: BTreeSet<String>,
}

#[derive(Debug, Clone)]
struct Who {
    words: Words,
    allow: BTreeMap<Asker, Vec<String>>,
}

/// Every certificate with its rules.
#[derive(Debug, Clone, Default)]
pub struct Certificates {
    list: Vec<Certificate>,
    groups: BTreeMap<String, Words>,
    askers: BTreeMap<Asker, Words>,
    papers: BTreeMap<String, Words>,
    who: BTreeMap<String, Who>,
    options: BTreeMap<String, Words>,
    refusals: BTreeMap<String, Words>,
    /// Groups that a refusal stops.
    stops: BTreeMap<String, BTreeSet<String>>,
    purpose: PurposeNeeded,
    exemptions: BTreeMap<String, Exemption>,
}

/// Papers that follow from how somebody was identified.
pub(crate) const IDENTIFICATION: [&str; 2] = ["id", "photo_id"];

fn error<T>(file: &str, at: &At<T>, message: String) -> CatalogueError {
    CatalogueError {
        file: file.to_owned(),
        line: at.line,
        column: at.column,
        message,
    }
}

/// The id when it is one of `known`.
fn one_of<T>(
    file: &str,
    id: &At<String>,
    known: &BTreeMap<String, T>,
    kind: &str,
) -> Result<String, CatalogueError> {
    if known.contains_key(&id.value) {
        return Ok(id.value.clone());
    }
    Err(error(
        file,
        id,
        format!("there is no {kind} called {}", id.value),
    ))
}

/// Whether nothing is charged because of what else is asked for.
fn is_free_beside(certificate: &Certificate, lines: &[RequestLine]) -> bool {
    let mut asked = lines.iter().filter(|line| line.copies > 0);
    asked.any(|line| certificate.free_with.contains(&line.certificate))
}

fn parsed(file: &str, text: &str) -> Result<FileYaml, CatalogueError> {
    file::parse(text).map_err(|error| {
        let place = error.location();
        let (line, column) = place.map_or((1, 1), |place| (place.line(), place.column()));
        let (file, message) = (file.to_owned(), yaml_sentence(&error));
        CatalogueError {
            file,
            line,
            column,
            message,
        }
    })
}

impl Certificates {
    /// The certificates that come with Todoke.
    ///
    /// # Errors
    /// Never for a released build: tests load them.
    pub fn bundled() -> Result<Self, CatalogueError> {
        Self::from_file(BUNDLED.0, BUNDLED.1)
    }

    /// Loads certificates.
    ///
    /// # Errors
    /// The first thing that cannot be right, with file, line and column.
    pub fn from_file(file: &str, text: &str) -> Result<Self, CatalogueError> {
        Self::from_packed(file, text, &Packed::default())
    }

    /// The same, from what somebody packed where the text is among it.
    ///
    /// # Errors
    /// As [`Certificates::from_file`].
    pub fn from_packed(file: &str, text: &str, packed: &Packed) -> Result<Self, CatalogueError> {
        let unpacked = packed.file(text);
        Self::checked_file(file, unpacked.map_or_else(|| parsed(file, text), Ok)?)
    }

    fn checked_file(file: &str, yaml: FileYaml) -> Result<Self, CatalogueError> {
        let mut all = Self {
            groups: yaml.groups.by_id(),
            askers: yaml.askers,
            papers: yaml.papers.by_id(),
            options: yaml.options.by_id(),
            refusals: yaml.refusals.by_id(),
            ..Self::default()
        };
        for (id, who) in yaml.who.0 {
            let who = all.who(file, who)?;
            all.who.insert(id.value, who);
        }
        for (id, groups) in yaml.stops.0 {
            let stop = one_of(file, &id, &all.refusals, "refusal")?;
            let groups = all.groups_of(file, &groups)?;
            all.stops.insert(stop, groups);
        }
        all.purpose = PurposeNeeded {
            askers: yaml.purpose.askers,
            groups: all.groups_of(file, &yaml.purpose.groups)?,
        };
        for (id, exemption) in yaml.exemptions.0 {
            let groups = all.groups_of(file, &exemption.groups)?;
            let words = exemption.words;
            all.exemptions.insert(id.value, Exemption { words, groups });
        }
        let mut free_with = Vec::with_capacity(yaml.certificates.len());
        for mut entry in yaml.certificates {
            if all.certificate(&entry.id.value).is_some() {
                let message = format!("the certificate {} is there twice", entry.id.value);
                return Err(error(file, &entry.id, message));
            }
            let beside: Vec<At<String>> = std::mem::take(&mut entry.free_with);
            let certificate = all.take(file, entry)?;
            free_with.push(beside);
            all.list.push(certificate);
        }
        all.take_free_with(file, free_with)?;
        Ok(all)
    }

    fn groups_of(
        &self,
        file: &str,
        groups: &[At<String>],
    ) -> Result<BTreeSet<String>, CatalogueError> {
        let known = groups.iter();
        known
            .map(|group| one_of(file, group, &self.groups, "group"))
            .collect()
    }

    /// What each certificate is free beside, once all of them are known.
    fn take_free_with(
        &mut self,
        file: &str,
        free_with: Vec<Vec<At<String>>>,
    ) -> Result<(), CatalogueError> {
        for (at, beside) in free_with.into_iter().enumerate() {
            for id in beside {
                if self.certificate(&id.value).is_none() {
                    let message = format!("there is no certificate called {}", id.value);
                    return Err(error(file, &id, message));
                }
                if let Some(certificate) = self.list.get_mut(at) {
                    certificate.free_with.push(id.value);
                }
            }
        }
        Ok(())
    }

    fn who(&self, file: &str, yaml: WhoYaml) -> Result<Who, CatalogueError> {
        let mut allow = BTreeMap::new();
        for (asker, papers) in yaml.allow {
            let papers: Result<Vec<String>, CatalogueError> = papers
                .iter()
                .map(|paper| one_of(file, paper, &self.papers, "paper"))
                .collect();
            allow.insert(asker, papers?);
        }
        let words = yaml.words;
        Ok(Who { words, allow })
    }

    fn take(&self, file: &str, entry: CertificateYaml) -> Result<Certificate, CatalogueError> {
        let options: Result<Vec<String>, CatalogueError> = entry
            .options
            .iter()
            .map(|option| one_of(file, option, &self.options, "option"))
            .collect();
        let form = match &entry.form {
            None => None,
            Some(written) => Some(RequestForm::parse(&written.value).ok_or_else(|| {
                let message = "a form is written as form/kind, for example resident-record/all";
                error(file, written, message.to_owned())
            })?),
        };
        Ok(Certificate {
            id: entry.id.value,
            name: entry.name,
            group: one_of(file, &entry.group, &self.groups, "group")?,
            fee_yen: entry.fee_yen,
            who: one_of(file, &entry.who, &self.who, "rule of who may ask")?,
            options: options?,
            form,
            free_with: Vec::new(),
            convenience_store: entry.convenience_store,
            verify_city: entry.verify.is_some(),
            note: entry.note,
        })
    }

    /// Certificates in order.
    pub fn list(&self) -> &[Certificate] {
        &self.list
    }

    /// A certificate by id.
    pub fn certificate(&self, id: &str) -> Option<&Certificate> {
        self.list.iter().find(|certificate| certificate.id == id)
    }

    /// Name of a group.
    pub fn group(&self, id: &str) -> Option<&Words> {
        self.groups.get(id)
    }

    /// Name of an option.
    pub fn option(&self, id: &str) -> Option<&Words> {
        self.options.get(id)
    }

    /// What somebody at the counter is called.
    pub fn asker(&self, asker: Asker) -> Option<&Words> {
        self.askers.get(&asker)
    }

    /// Why a certificate is not handed out at once and what to do instead, by id.
    pub fn refusal(&self, id: &str) -> Option<&Words> {
        self.refusals.get(id)
    }

    /// Texts residents read, with what they are and their id. Names of certificates are official
    /// and have no plain form.
    pub(crate) fn resident_texts(&self) -> impl Iterator<Item = (&'static str, &str, &Words)> {
        let plain = [
            ("group", &self.groups),
            ("paper", &self.papers),
            ("option", &self.options),
            ("refusal", &self.refusals),
        ];
        let plain = plain.into_iter().flat_map(|(kind, all)| {
            all.iter()
                .map(move |(id, words)| (kind, id.as_str(), words))
        });
        let who = self.who.iter();
        let who = who.map(|(id, who)| ("rule of who may ask", id.as_str(), &who.words));
        let exemptions = self.exemptions.iter();
        let exemptions = exemptions.map(|(id, one)| ("exemption", id.as_str(), &one.words));
        plain.chain(who).chain(exemptions)
    }

    /// Whether somebody may ask for a certificate; `None` when there is no such certificate.
    pub fn permission(&self, id: &str, asker: Asker) -> Option<Permission<'_>> {
        let who = self.who.get(&self.certificate(id)?.who)?;
        Some(match who.allow.get(&asker) {
            None => Permission::Refused(&who.words),
            Some(papers) => {
                Permission::With(papers.iter().filter_map(|id| self.papers.get(id)).collect())
            }
        })
    }

    /// Papers somebody must show for these certificates beside identification, each once, by id.
    pub fn papers_to_show<'a>(
        &'a self,
        ids: impl Iterator<Item = &'a str>,
        asker: Asker,
    ) -> Vec<(&'a str, &'a Words)> {
        let mut shown: Vec<(&str, &Words)> = Vec::new();
        let rules = ids.filter_map(|id| self.who.get(&self.certificate(id)?.who));
        let papers = rules.filter_map(|rule| rule.allow.get(&asker)).flatten();
        for paper in papers.filter(|paper| !IDENTIFICATION.contains(&paper.as_str())) {
            let is_new = shown.iter().all(|(known, _)| *known != paper.as_str());
            if let Some((id, words)) = self.papers.get_key_value(paper).filter(|_| is_new) {
                shown.push((id, words));
            }
        }
        shown
    }

    /// What a request with several lines costs, in yen.
    ///
    /// # Errors
    /// The first line that cannot be taken.
    pub fn fee(&self, lines: &[RequestLine]) -> Result<u32, RequestError> {
        let mut sum = 0_u32;
        for line in lines {
            let certificate = self.checked(line)?;
            if !is_free_beside(certificate, lines) {
                let fee = certificate.fee_yen.saturating_mul(u32::from(line.copies));
                sum = sum.saturating_add(fee);
            }
        }
        Ok(sum)
    }

    /// The forms of another list where this one, written before forms were part of it, has none.
    #[must_use]
    pub fn with_forms_of(mut self, other: &Self) -> Self {
        if self.offered().next().is_some() {
            return self;
        }
        for certificate in &mut self.list {
            let known = other.certificate(&certificate.id);
            certificate.form = known.and_then(|one| one.form.clone());
        }
        self
    }

    /// The certificates that are asked for on a form, in order.
    pub fn offered(&self) -> impl Iterator<Item = &Certificate> {
        self.list.iter().filter(|one| one.form.is_some())
    }

    /// The certificate of a line that names one with options it has.
    fn checked(&self, line: &RequestLine) -> Result<&Certificate, RequestError> {
        let id = &line.certificate;
        let certificate = self.certificate(id);
        let certificate = certificate.ok_or_else(|| RequestError::Certificate(id.clone()))?;
        if line.copies == 0 {
            return Err(RequestError::NoCopies(id.clone()));
        }
        let foreign = line
            .options
            .iter()
            .find(|one| !certificate.options.contains(one));
        match foreign {
            None => Ok(certificate),
            Some(option) => Err(RequestError::Option {
                certificate: id.clone(),
                option: option.clone(),
            }),
        }
    }

    /// Whether a request shows numbers that are never handed to a proxy or a third party: they
    /// are mailed to the person's own address.
    pub fn must_be_mailed(line: &RequestLine, asker: Asker) -> bool {
        let shows_numbers = line
            .options
            .iter()
            .any(|one| one == "mynumber" || one == "jumincode");
        let own = matches!(asker, Asker::Person | Asker::Household);
        shows_numbers && !own
    }
}
