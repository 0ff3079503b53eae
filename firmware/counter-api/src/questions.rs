//! What is asked beyond the notification, and the procedures it leads to.

use counter_domain::draft::Source;
use serde::{Deserialize, Serialize};

use crate::fields::{Choice, FieldView};
use crate::shown;

/// A question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuestionView {
    /// Fact it settles, for example `hh.dogs`.
    pub fact: String,
    /// Member it is about.
    pub member: Option<u8>,
    /// Name of that member.
    pub member_name: String,
    /// The question.
    pub text: String,
    /// In plain Japanese.
    pub text_easy: String,
    /// In English.
    pub text_english: String,
    /// Everybody it is asked about, when it is asked about several at once; empty otherwise.
    #[serde(default)]
    pub members: Vec<QuestionMember>,
    /// Possible answers; empty for a number.
    pub choices: Vec<Choice>,
    /// Why it is asked: the procedures it settles.
    pub settles: Vec<String>,
    /// Only on the staff's screen.
    pub sensitive: bool,
    /// What records say of it although it is asked, a line each.
    #[serde(default)]
    pub records: Vec<String>,
}

/// One person a question is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionMember {
    /// Number in the case.
    pub number: u8,
    /// Name, or a stand-in.
    pub name: String,
    /// The value already answered, as in [`StaffAction::Answer`].
    pub answer: Option<String>,
}

/// An answered question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// Fact.
    pub fact: String,
    /// Member.
    pub member: Option<u8>,
    /// Name of that member; empty where there is only one.
    #[serde(default)]
    pub member_name: String,
    /// The question.
    pub text: String,
    /// The answer as shown.
    pub answer: String,
    /// Where it came from.
    #[serde(default)]
    pub source: Option<Source>,
    /// It can be asked again; a fact without a question can only be chosen.
    #[serde(default = "shown")]
    pub can_ask: bool,
    /// What a record says differently, as shown; empty when none does.
    #[serde(default)]
    pub beside: String,
    /// Which record says so.
    #[serde(default)]
    pub beside_from: Option<Source>,
}

/// What the forms of one person ask beyond the interview.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoxGroup {
    /// Number in the case.
    pub member: u8,
    /// Name, or a stand-in.
    pub name: String,
    /// Titles of the forms.
    pub forms: Vec<String>,
    /// The boxes; one that several forms have stands there once. None has to be filled.
    pub fields: Vec<FieldView>,
}

/// How sure a procedure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcedureState {
    /// Needed.
    Listed,
    /// A fact is still unknown.
    ToConfirm,
}

/// A procedure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProcedureView {
    /// Catalogue id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Name in English.
    pub name_english: String,
    /// Who of the household; empty for all.
    pub member: String,
    /// How sure.
    pub state: ProcedureState,
    /// Why, in words.
    pub reason: String,
    /// Deadline in words.
    pub deadline: String,
    /// Who handles it.
    pub section: String,
    /// What to bring.
    pub documents: Vec<String>,
    /// What its section wants to hear beyond what rules ask.
    #[serde(default)]
    pub to_hear: Vec<String>,
}
