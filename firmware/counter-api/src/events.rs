//! What staff see and do because a reception may be about any event: the purpose, who of the
//! household it concerns, what cannot be filed, what an answer changed, certificates.

use serde::{Deserialize, Serialize};

use crate::{Choice, FieldView};

/// What somebody came for, in groups. It can be changed; what was entered stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurposeView {
    /// Groups, in the order offered.
    pub groups: Vec<PurposeGroup>,
    /// Nothing was entered yet: the choice stands open.
    pub fresh: bool,
}

/// A group of purposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurposeGroup {
    /// Name.
    pub label: String,
    /// The reception is about one of them.
    pub chosen: bool,
    /// Its purposes; pressing the group means the first.
    pub purposes: Vec<Purpose>,
}

/// A purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purpose {
    /// Event, for example `move_in`.
    pub event: String,
    /// Flow, for example `card`; may be empty.
    pub flow: String,
    /// As shown in its group.
    pub label: String,
    /// The reception is about it.
    pub chosen: bool,
}

/// Something that may be said of a person: yes or no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkView {
    /// What a person it concerns is called, for example `異動する`.
    pub yes: String,
    /// What the others are called.
    pub no: String,
    /// This person is one it concerns.
    pub set: bool,
}

/// A combination that cannot be filed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalView {
    /// Field to look at.
    pub path: String,
    /// Why it cannot be taken.
    pub reason: String,
    /// What to do now.
    pub way_out: String,
    /// The purpose it should be instead, when there is one.
    #[serde(default)]
    pub instead: Option<Purpose>,
}

/// One thing the last answer or change added to what the case needs, or took away from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferenceView {
    /// Its name; of a procedure with the person where it is for one.
    pub name: String,
    /// It was added; taken away otherwise.
    pub added: bool,
    /// What it is.
    #[serde(default)]
    pub what: DifferenceKind,
}

/// What may come and go with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// A procedure.
    #[default]
    Procedure,
    /// A form to be filled in.
    Form,
    /// A paper to be shown.
    Paper,
}

/// Certificates that can be asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RequestView {
    /// Groups, for example those of the family register.
    pub groups: Vec<CertificateGroup>,
    /// What is asked for, a line each in words.
    #[serde(default)]
    pub asked: Vec<String>,
    /// The sum in words.
    pub total: String,
    /// Why nothing is charged, in words; empty when it is.
    pub papers: String,
    /// What the certificates asked for need to be told.
    #[serde(default)]
    pub fields: Vec<FieldView>,
    /// Papers whoever asks must show.
    #[serde(default)]
    pub shown: RequestTicks,
    /// What may stop a certificate.
    #[serde(default)]
    pub stops: RequestTicks,
}

/// Things staff tick, and those that are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestTicks {
    /// What there is.
    pub choices: Vec<Choice>,
    /// Values of those that are so.
    pub chosen: Vec<String>,
}

/// Certificates of one group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateGroup {
    /// Name.
    pub label: String,
    /// Its certificates.
    pub certificates: Vec<CertificateView>,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateView {
    /// Id, for example `C01`.
    pub id: String,
    /// Name.
    pub name: String,
    /// Fee of one copy in words.
    pub fee: String,
    /// Copies asked for; 0 when it is not asked for.
    pub copies: u16,
    /// What may be added to it, while it is asked for.
    pub options: Vec<Choice>,
    /// Values of those that are.
    pub chosen: Vec<String>,
    /// Why it is not handed to whoever asks, or what to mind.
    pub warning: String,
}

/// Procedures that can be begun by themselves, and those that are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PicksView {
    /// What was looked for; empty before.
    pub sought: String,
    /// Sections with procedures to choose from; the value is the label.
    pub sections: Vec<Choice>,
    /// What was found, in the order of the catalogue.
    pub found: Vec<PickRow>,
    /// What to do when nothing was found or chosen yet, in words; empty otherwise.
    pub hint: String,
    /// What is chosen.
    pub chosen: Vec<PickedView>,
}

/// A procedure that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickRow {
    /// Catalogue id, for example `P032`.
    pub id: String,
    /// Name.
    pub name: String,
    /// Section that handles it.
    pub section: String,
    /// It is chosen.
    pub chosen: bool,
}

/// A procedure that is chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickedView {
    /// Catalogue id.
    pub id: String,
    /// Name.
    pub name: String,
    /// The people it may be for, by number; empty where it is for the household or there is one.
    pub people: Vec<Choice>,
    /// Numbers of those it is for.
    pub whose: Vec<String>,
    /// Why somebody does not get it, or what is still to be asked, in words; empty otherwise.
    pub note: String,
    /// Nobody it was chosen for gets it.
    pub refused: bool,
}
