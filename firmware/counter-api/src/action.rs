//! What staff do.

use counter_domain::ids::{CaseId, DeviceId};
use serde::{Deserialize, Serialize};

use crate::archive::ArchiveAction;
use crate::characters::CharacterAction;
use crate::codes::ScannedCode;
use crate::devices::DeviceAction;
use crate::paper::PaperAction;
use crate::prepared::PreparedAction;
use crate::prints::PrintAction;
use crate::reception::Step;
use crate::residents::CopyChoice;
use crate::secret::{CardNumber, Digits, Password};

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
    /// Asks for both PINs of a driver's licence: the second opens its photo.
    AskBothPins,
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
    /// Reads a passport with what is printed in it.
    ReadPassport {
        /// Number of the passport.
        number: CardNumber,
        /// Birth date, `YYMMDD` of the Western year.
        birth: Digits,
        /// Last day of validity, `YYMMDD`.
        expires: Digits,
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
