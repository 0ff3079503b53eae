//! What staff see and do.

use counter_domain::draft::Source;
use counter_domain::ids::{CaseId, DeviceId};
use serde::{Deserialize, Serialize};

use crate::Notice;
use crate::archive::{ArchiveAction, ArchiveView};
use crate::characters::{CharacterAction, CharactersView};
use crate::codes::ScannedCode;
use crate::devices::{DeviceAction, DevicesView};
use crate::events::{DifferenceView, MarkView, PicksView, PurposeView, RefusalView, RequestView};
use crate::face::FaceView;
use crate::paper::{PaperAction, PaperView, ReadView};
use crate::places::PlacesView;
use crate::prepared::{BesideValue, FlowView, LinkedCase, PreparedAction, PreparedView};
use crate::prints::{PrintAction, PrintsView};
use crate::residents::{CopyChoice, ResidentCopyState, ResidentsView};
use crate::secret::{CardNumber, Digits, Password};

/// Everything the staff's touchscreen shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StaffView {
    /// The line at the top that is always there.
    pub header: Header,
    /// The screen below it.
    pub screen: StaffScreen,
    /// Something to tell, until dismissed.
    pub notice: Option<Notice>,
    /// The list of reservations and certificate data, over the screen while it is open.
    #[serde(default)]
    pub prepared: Option<PreparedView>,
    /// The search for filings of former days, over the board while it is open.
    #[serde(default)]
    pub archive: Option<ArchiveView>,
    /// The device page, over everything else while it is open.
    #[serde(default)]
    pub devices: Option<DevicesView>,
    /// The print page, over the screen while it is open.
    #[serde(default)]
    pub prints: Option<PrintsView>,
}

/// The line at the top.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Branch and counter, for example `六会市民センター 2番窓口`.
    pub place: String,
    /// Who is signed in.
    pub staff: Option<String>,
    /// The line to head office.
    pub line: LineState,
    /// Other counters of the branch that are connected directly.
    #[serde(default)]
    pub neighbours: u16,
    /// Cases stored here that head office does not have yet.
    pub waiting_to_send: u32,
    /// Up to when everything is safe at head office, `10:42`.
    pub safe_until: Option<String>,
    /// Cases returned with remarks.
    pub returned: u32,
    /// The clock, `10:42`.
    pub clock: String,
    /// The date by the same clock, `11月21日（土）`.
    #[serde(default)]
    pub today: String,
    /// The devices.
    pub devices: Devices,
    /// The resident copy.
    #[serde(default)]
    pub resident_copy: ResidentCopyState,
}

/// The line to head office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineState {
    /// Connected.
    Connected,
    /// Trying.
    Connecting,
    /// Down; everything is stored here.
    Down,
    /// Head office does not accept this counter, or is not who it says it is.
    Refused,
    /// No head office is set.
    Unset,
}

/// The devices of the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Devices {
    /// Card reader.
    pub card_reader: DeviceState,
    /// Receipt printer.
    pub receipt_printer: DeviceState,
    /// Resident's display.
    pub resident_display: DeviceState,
}

/// How a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// Ready.
    Ready,
    /// Working.
    Busy,
    /// Not there; it is looked for again by itself.
    Missing,
}

/// The staff's screens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "screen", rename_all = "snake_case")]
pub enum StaffScreen {
    /// Sign-in, also of a locked screen.
    SignIn(SignInView),
    /// The board: what waits.
    Board {
        /// Sent back by head office, newest first.
        returned: Vec<BoardRow>,
        /// Being entered here.
        open: Vec<BoardRow>,
        /// Handed in; newest first, at most 50.
        handed_in: Vec<BoardRow>,
    },
    /// A reception.
    Reception(Box<ReceptionView>),
}

/// The sign-in screen. Nothing on it is about residents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInView {
    /// The screen locked itself: who was at work and finds everything as it was left.
    #[serde(default)]
    pub locked: Option<AtWork>,
    /// After wrong passwords no sign-in is taken for this many seconds.
    #[serde(default)]
    pub wait_seconds: u32,
    /// Too long without head office: a supervisor must allow sign-in first.
    #[serde(default)]
    pub needs_supervisor: bool,
}

/// A member of staff at this counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtWork {
    /// Staff id, for example `u0312`.
    pub id: String,
    /// Name as shown.
    pub name: String,
}

/// One case on the board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoardRow {
    /// The case.
    pub case: CaseId,
    /// Receipt number (受付番号).
    pub receipt_number: String,
    /// Event in words, for example `転入（カード）`.
    pub event: String,
    /// Names of the persons; absent for protected persons.
    pub persons: String,
    /// Where it stands, in words.
    pub state: String,
    /// Since when, `10:42`.
    pub since: String,
    /// Head office has it.
    pub at_head_office: bool,
    /// Two offices or counters disagree; a person must look.
    pub to_check: bool,
    /// Somebody in it is under protection (支援措置).
    #[serde(default)]
    pub protected: bool,
    /// It came from another branch or went to one, in words; empty otherwise.
    #[serde(default)]
    pub moved: String,
}

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

/// Receptions of older daemons show both sides.
const fn shown() -> bool {
    true
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
    },
    /// A residence card or special permanent resident certificate: its number is on its face.
    Residence,
    /// The resident is entering the PIN, or the card is being read.
    Reading,
    /// Read; the fields are filled.
    Read,
}

/// What a field is, for the right keyboard and checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Free text.
    Text,
    /// A name or address, drawn in the MJ font.
    ExactGlyphs,
    /// Katakana.
    Kana,
    /// A date, era or western.
    Date,
    /// One of `choices`.
    Choice,
    /// Telephone.
    Phone,
}

/// One field on the screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldView {
    /// Its path.
    pub path: String,
    /// Its label.
    pub label: String,
    /// What it is.
    pub kind: FieldKind,
    /// The value as shown.
    pub value: String,
    /// For dates: the other calendar and the age.
    pub hint: String,
    /// What may be chosen.
    pub choices: Vec<Choice>,
    /// Where the value came from; `None` while empty.
    pub source: Option<Source>,
    /// Certainty in percent, for read documents.
    pub confidence: Option<u8>,
    /// It must be filled before signing.
    pub required: bool,
    /// What is wrong with it.
    pub error: Option<String>,
    /// A remark of head office on it.
    pub remark: Option<String>,
    /// The value that was signed, when it differs.
    pub old_value: Option<String>,
    /// What another counter entered differently.
    pub others: Vec<OtherValue>,
    /// What the resident copy says differently; a person chooses.
    #[serde(default)]
    pub copy_value: Option<String>,
    /// What a reservation or certificate data says differently; a person chooses.
    #[serde(default)]
    pub beside: Vec<BesideValue>,
    /// What a paper says about it, with the strip of paper.
    #[serde(default)]
    pub read: Option<ReadView>,
    /// Its characters can be chosen by shape, reading, strokes or number.
    #[serde(default)]
    pub picks_characters: bool,
    /// A system that names are handed to lacks a character of it: which, in words.
    #[serde(default)]
    pub lacking: String,
}

/// Something to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// As stored.
    pub value: String,
    /// As shown.
    pub label: String,
}

/// What another counter entered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OtherValue {
    /// That counter.
    pub counter: DeviceId,
    /// Its value.
    pub value: String,
    /// When, `10:42`.
    pub at: String,
}

/// A person of the household.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberView {
    /// Number in the case, from 1.
    pub number: u8,
    /// Fields.
    pub fields: Vec<FieldView>,
    /// Whether the event concerns this person, where it may concern a part of the household.
    #[serde(default)]
    pub mark: Option<MarkView>,
}

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

/// The identity check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IdentityView {
    /// Kinds of document that can be recorded.
    pub choices: Vec<Choice>,
    /// What was recorded, in words.
    pub recorded: Option<String>,
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

/// What staff did.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum StaffAction {
    /// Signs in.
    SignIn {
        /// Staff id, for example `u0312`.
        staff: String,
        /// Password.
        secret: Password,
    },
    /// A supervisor allows sign-in for a day although head office was not heard for too long.
    AllowOffline {
        /// The supervisor's staff id.
        supervisor: String,
        /// The supervisor's password.
        secret: Password,
    },
    /// Locks the screen; whoever is at work comes back to where they were.
    LockScreen,
    /// Signs out.
    SignOut,
    /// Opens a new reception.
    StartReception,
    /// Says what somebody came for. What was entered stays.
    ChoosePurpose {
        /// Event, for example `move_out`.
        event: String,
        /// Flow, for example `card`; may be empty.
        flow: String,
    },
    /// Says whether the event concerns a person.
    MarkMember {
        /// Which.
        number: u8,
        /// It does.
        set: bool,
    },
    /// Asks for more copies of a certificate, or for fewer; a count of none takes it away. It says
    /// the difference, so that two quick presses are two copies.
    ChangeCopies {
        /// Certificate, for example `C01`.
        certificate: String,
        /// Copies more; fewer below zero.
        by: i32,
    },
    /// Says what is added to a certificate.
    SetOption {
        /// Certificate, for example `C01`.
        certificate: String,
        /// What may be added, for example `honseki`.
        option: String,
        /// It is.
        set: bool,
    },
    /// Says that a paper was shown by whoever asks for certificates.
    SetPaper {
        /// Paper, for example `ininjo`.
        paper: String,
        /// It was.
        set: bool,
    },
    /// Says that something stops certificates.
    SetStop {
        /// What, for example `register_pending`.
        stop: String,
        /// It does.
        set: bool,
    },
    /// Looks for procedures that can be begun by themselves.
    FindProcedures {
        /// As typed, or the name of a section.
        text: String,
    },
    /// Says that somebody came for a procedure, or did not.
    PickProcedure {
        /// Catalogue id, for example `P032`.
        procedure: String,
        /// Member it is for; `None` for whoever stands at the counter, or the household.
        #[serde(default)]
        member: Option<u8>,
        /// They did.
        set: bool,
    },
    /// Opens a case.
    OpenCase {
        /// Which.
        case: CaseId,
    },
    /// Back to the board; everything is on disk.
    LeaveCase,
    /// Asks the resident for the PIN of the card on the reader.
    AskPin,
    /// Reads the card with the number printed on it (照合番号B), without the PIN.
    ReadWithNumberB {
        /// Birth date as printed, six digits.
        birth: Digits,
        /// Year of expiry, four digits.
        expiry_year: Digits,
        /// Security code, four digits.
        code: Digits,
    },
    /// Reads a residence card with the number printed on it.
    ReadResidenceCard {
        /// Two letters, eight digits, two letters.
        number: CardNumber,
    },
    /// Stops waiting for the resident.
    StopWaiting,
    /// Sets a field; empty text empties it.
    SetField {
        /// Path.
        path: String,
        /// As typed.
        value: String,
    },
    /// Stores what was typed so far while the field is still being typed into. With the
    /// [`StaffAction::SetField`] that ends it, it is one step of undo.
    TypeField {
        /// Path.
        path: String,
        /// As typed.
        value: String,
    },
    /// Looks for the places a half-typed address may mean.
    FindPlaces {
        /// Path of the field.
        path: String,
        /// As typed so far.
        text: String,
    },
    /// Takes a place that was offered.
    TakePlace {
        /// Path of the field.
        path: String,
        /// The place.
        text: String,
        /// Its building; may be empty.
        building: String,
    },
    /// Offers no places any more.
    ClosePlaces,
    /// What is done in the search for filings of former days.
    Archive {
        /// What.
        deed: ArchiveAction,
    },
    /// What is done about the characters of a name.
    Characters {
        /// What.
        deed: CharacterAction,
    },
    /// Chooses between two counters' values.
    ChooseValue {
        /// Path.
        path: String,
        /// The counter whose value is right.
        counter: DeviceId,
    },
    /// Opens the search in the resident copy.
    OpenResidents,
    /// Closes it.
    CloseResidents,
    /// Searches.
    FindResidents {
        /// As typed.
        text: String,
    },
    /// Shows the household of somebody found.
    ShowHousehold {
        /// Number of the person.
        person: String,
    },
    /// Takes somebody found into the case.
    TakeResident {
        /// Number of the person.
        person: String,
    },
    /// Takes the household that is open into the case.
    TakeHousehold,
    /// Chooses between a value and what the resident copy says.
    ChooseCopy {
        /// Path.
        path: String,
        /// Which is right.
        choice: CopyChoice,
    },
    /// Adds a person.
    AddMember,
    /// Removes a person.
    RemoveMember {
        /// Which.
        number: u8,
    },
    /// Answers a question.
    Answer {
        /// Fact.
        fact: String,
        /// Member.
        member: Option<u8>,
        /// `true`, `false`, a number, a value of the list, or `unknown`.
        value: String,
    },
    /// Answers a question for several members at once.
    AnswerMembers {
        /// Fact.
        fact: String,
        /// Members.
        members: Vec<u8>,
        /// As in [`StaffAction::Answer`].
        value: String,
    },
    /// Takes an answer back, to ask again.
    AskAgain {
        /// Fact.
        fact: String,
        /// Member.
        member: Option<u8>,
    },
    /// Chooses between an answer and what a record says differently.
    ChooseAnswer {
        /// Fact.
        fact: String,
        /// Member.
        member: Option<u8>,
        /// The record's is taken; else the answer stays.
        take: bool,
    },
    /// Undoes the last change.
    Undo,
    /// Goes to a step.
    GoTo {
        /// Which.
        step: Step,
    },
    /// Records the identity check.
    RecordIdentity {
        /// Kind of document.
        kind: String,
    },
    /// Shows the form on the resident's display.
    ShowToResident,
    /// Takes it off the resident's display.
    StopShowing,
    /// Hands the signed case in.
    Submit,
    /// Prints the receipt again.
    PrintReceipt,
    /// What is done on the print page.
    Prints {
        /// What.
        deed: PrintAction,
    },
    /// Closes a notice.
    DismissNotice,
    /// A code was scanned.
    ReadCode {
        /// Its text.
        code: ScannedCode,
    },
    /// What is done on the device page.
    Devices {
        /// What.
        deed: DeviceAction,
    },
    /// What is done with reservations, certificate data and cases of one visit.
    Prepared {
        /// What.
        deed: PreparedAction,
    },
    /// What is done with a paper on the scanner.
    Paper {
        /// What.
        deed: PaperAction,
    },
}
