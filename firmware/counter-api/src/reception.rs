//! A reception on the staff's screen, step by step.

use counter_domain::ids::CaseId;
use serde::{Deserialize, Serialize};

use crate::characters::CharactersView;
use crate::events::{DifferenceView, PicksView, PurposeView, RefusalView, RequestView};
use crate::face::FaceView;
use crate::fields::{Choice, FieldView, MemberView};
use crate::paper::PaperView;
use crate::places::PlacesView;
use crate::prepared::{FlowView, LinkedCase};
use crate::questions::{Answered, BoxGroup, ProcedureView, QuestionView};
use crate::residents::ResidentsView;
use crate::{Notice, shown};

/// The steps of a reception, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Card and documents.
    Documents,
    /// Household before and after.
    Household,
    /// Certificates asked for.
    Request,
    /// Questions.
    Questions,
    /// Procedures.
    Procedures,
    /// Identity check.
    Identity,
    /// Resident checks and signs.
    Sign,
    /// Handed in.
    Finish,
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Done.
    Done,
    /// Being done.
    Current,
    /// To come.
    Open,
    /// Something in it needs a look.
    Attention,
}

/// A step in the trail on the left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrailItem {
    /// Which.
    pub step: Step,
    /// How it stands.
    pub state: StepState,
    /// What is left, for example the number of questions; empty when nothing.
    pub count: Option<u32>,
}

/// A reception on the screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReceptionView {
    /// The case.
    pub case: CaseId,
    /// Receipt number (受付番号).
    pub receipt_number: String,
    /// Event in words.
    pub event: String,
    /// The step shown.
    pub step: Step,
    /// The trail.
    pub trail: Vec<TrailItem>,
    /// Card on the reader.
    pub card: CardView,
    /// What the card that was read filled, and what it did not, in words; empty before.
    #[serde(default)]
    pub card_filled: String,
    /// Fields about the move: event date, new and old address, heads, notifier's phone.
    pub move_fields: Vec<FieldView>,
    /// Persons.
    pub members: Vec<MemberView>,
    /// The question to ask now.
    pub question: Option<QuestionView>,
    /// Questions answered, newest first.
    pub answered: Vec<Answered>,
    /// What it leads to.
    pub procedures: Vec<ProcedureView>,
    /// Identity check.
    pub identity: IdentityView,
    /// Signature.
    pub sign: SignView,
    /// Remarks of head office, when it was returned.
    pub remarks: Vec<RemarkView>,
    /// The end.
    pub finish: Option<FinishView>,
    /// Whether what was typed is on disk.
    pub save: SaveState,
    /// What the main button does is allowed now.
    pub can_go_on: bool,
    /// Why not, when not.
    pub blocked_by: Option<String>,
    /// The last change can be undone.
    pub can_undo: bool,
    /// Somebody in it is under protection (支援措置): what staff must know, in words.
    #[serde(default)]
    pub protection: Option<String>,
    /// The search in the resident copy, while it is open.
    #[serde(default)]
    pub residents: Option<ResidentsView>,
    /// Places offered under the field that is typed into.
    #[serde(default)]
    pub places: Option<PlacesView>,
    /// The choice of a character, while it is open under a field.
    #[serde(default)]
    pub characters: Option<CharactersView>,
    /// What is prepared for a move-in; `None` for other events.
    #[serde(default)]
    pub flow: Option<FlowView>,
    /// Cases of the same visit.
    #[serde(default)]
    pub links: Vec<LinkedCase>,
    /// What somebody came for; absent once it can no longer be changed.
    #[serde(default)]
    pub purpose: Option<PurposeView>,
    /// The households before and after are worth showing side by side.
    #[serde(default = "shown")]
    pub sides: bool,
    /// Why it cannot be filed like this, each with its way out.
    #[serde(default)]
    pub refusals: Vec<RefusalView>,
    /// The time limit is over: what follows from it, in words.
    #[serde(default)]
    pub late: Option<String>,
    /// What the last answer added to the list of procedures, and what it took away.
    #[serde(default)]
    pub differences: Vec<DifferenceView>,
    /// The certificates that can be asked for, where the reception is about them.
    #[serde(default)]
    pub request: Option<RequestView>,
    /// What the forms ask beyond the interview, person by person, at the step of the procedures.
    #[serde(default)]
    pub boxes: Vec<BoxGroup>,
    /// The procedures that can be begun by themselves, where the reception is about them.
    #[serde(default)]
    pub picks: Option<PicksView>,
    /// The paper on the scanner, where the event has one.
    #[serde(default)]
    pub paper: Option<PaperView>,
    /// It came from another branch, or another branch has it and it is only read here.
    #[serde(default)]
    pub moved: Option<Notice>,
    /// The face of the card that was read; only while somebody is at the steps it is looked at.
    #[serde(default)]
    pub face: Option<FaceView>,
}

/// Whether what was typed is on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SaveState {
    /// On disk since, `10:42`.
    Saved {
        /// When.
        at: String,
    },
    /// Not on disk; the field keeps what was typed.
    Failed {
        /// What to do.
        notice: Notice,
    },
}

/// The card on the reader.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CardView {
    /// No reader; hand entry stays possible.
    NoReader,
    /// Reader without a card.
    Empty,
    /// A card of a kind Todoke cannot read.
    Unknown,
    /// A My Number card; tries left as the card says.
    Present {
        /// Tries of the four-digit PIN.
        pin_tries_left: u8,
        /// Tries of 照合番号B.
        number_b_tries_left: u8,
    },
    /// A driver's licence: the resident may enter its first PIN.
    Licence {
        /// Tries of the first PIN.
        pin_tries_left: u8,
        /// Tries of the second, which opens the photo.
        #[serde(default)]
        second_tries_left: u8,
    },
    /// A residence card or special permanent resident certificate: its number is on its face.
    Residence,
    /// A passport: number, birth date and validity in the book open it.
    Passport,
    /// The resident is entering the PIN, or the card is being read.
    Reading,
    /// Read; the fields are filled.
    Read,
}

/// The identity check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IdentityView {
    /// Kinds of document that can be recorded.
    pub choices: Vec<Choice>,
    /// What was recorded, in words.
    pub recorded: Option<String>,
    /// Which of the choices it was; empty while none is recorded.
    #[serde(default)]
    pub chosen: String,
    /// What is recorded beside it: the documents, where two are needed, and what shows the authority
    /// of whoever files for others.
    #[serde(default)]
    pub fields: Vec<FieldView>,
}

/// The signature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SignView {
    /// Not shown to the resident yet.
    NotShown,
    /// The resident is reading.
    Reading,
    /// The resident said something is wrong.
    Objected,
    /// The resident is signing.
    Signing,
    /// The resident has signed, but it could not be stored; it is tried again by itself.
    Held,
    /// Signed and frozen.
    Signed {
        /// When, `10:42`.
        at: String,
        /// First letters of the snapshot's hash.
        fingerprint: String,
    },
    /// Signed before, but the content changed: sign again.
    Void,
}

/// A remark of head office.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RemarkView {
    /// Field it is on.
    pub path: String,
    /// Label of that field.
    pub label: String,
    /// Kind, in words.
    pub category: String,
    /// The reviewer's words.
    pub text: String,
    /// The field was changed since.
    pub settled: bool,
}

/// The end of a reception.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FinishView {
    /// Head office has it.
    pub at_head_office: bool,
    /// One plain sentence about sending.
    pub sending: String,
    /// The receipt was printed.
    pub receipt_printed: bool,
    /// Why it was not.
    pub receipt_problem: Option<Notice>,
    /// Where it stands, in words.
    pub state: String,
    /// What came of the sheets that are printed along, in words; empty where no page printer is set.
    #[serde(default)]
    pub papers: String,
    /// A sheet waits for somebody to do something about the printer.
    #[serde(default)]
    pub papers_stuck: bool,
}
