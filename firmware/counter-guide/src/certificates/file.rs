//! The file of the certificates as people write it, before anything in it is held against the
//! rest. As with `catalogue/file.rs`, the build script reads the program's own file into it too.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::catalogue::entries::{At, Entries, Shape};
use crate::catalogue::file::Words;

/// Who stands at the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asker {
    /// The person the certificate is about (本人).
    #[serde(rename = "self")]
    Person,
    /// A member of the same household (同一世帯員).
    Household,
    /// Spouse, parent, child and so on (配偶者・直系).
    SpouseOrLineal,
    /// Heir (相続人).
    Heir,
    /// Somebody the person sent (代理人).
    Proxy,
    /// Tenant of the property (借地借家人).
    Tenant,
    /// Representative or employee of a company.
    Company,
    /// Anybody else (第三者).
    ThirdParty,
    /// A public agency (公用).
    Official,
    /// An attorney or similar in duty (職務上請求).
    Professional,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileYaml {
    pub(crate) groups: Entries<Words>,
    pub(crate) askers: BTreeMap<Asker, Words>,
    pub(crate) papers: Entries<Words>,
    pub(crate) who: Entries<WhoYaml>,
    pub(crate) options: Entries<Words>,
    pub(crate) refusals: Entries<Words>,
    #[serde(default)]
    pub(crate) stops: Entries<Vec<At<String>>>,
    #[serde(default)]
    pub(crate) purpose: PurposeYaml,
    #[serde(default)]
    pub(crate) exemptions: Entries<ExemptionYaml>,
    pub(crate) certificates: Vec<CertificateYaml>,
}

impl Shape for FileYaml {
    const NAME: &'static str = "certificates";
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PurposeYaml {
    pub(crate) askers: BTreeSet<Asker>,
    pub(crate) groups: Vec<At<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExemptionYaml {
    pub(crate) words: Words,
    pub(crate) groups: Vec<At<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhoYaml {
    pub(crate) words: Words,
    pub(crate) allow: BTreeMap<Asker, Vec<At<String>>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verify {
    City,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificateYaml {
    pub(crate) id: At<String>,
    pub(crate) name: Words,
    pub(crate) group: At<String>,
    pub(crate) fee_yen: u32,
    pub(crate) who: At<String>,
    pub(crate) options: Vec<At<String>>,
    #[serde(default)]
    pub(crate) form: Option<At<String>>,
    #[serde(default)]
    pub(crate) free_with: Vec<At<String>>,
    #[serde(default)]
    pub(crate) convenience_store: bool,
    #[serde(default)]
    pub(crate) verify: Option<Verify>,
    #[serde(default)]
    pub(crate) note: Option<String>,
}

/// Reads the file. The picture of the lines around a mistake is drawn only when there is one.
///
/// # Errors
/// When it is not YAML of this shape.
pub(crate) fn parse(text: &str) -> Result<FileYaml, serde_saphyr::Error> {
    let plain = serde_saphyr::options! {
        with_snippet: false,
        emit_comments: false,
    };
    serde_saphyr::from_str_with_options(text, plain).or_else(|_| serde_saphyr::from_str(text))
}
