//! What staff see: the line at the top, and the screen below it.

use counter_domain::ids::CaseId;
use serde::{Deserialize, Serialize};

use crate::Notice;
use crate::archive::ArchiveView;
use crate::devices::DevicesView;
use crate::prepared::PreparedView;
use crate::prints::PrintsView;
use crate::reception::ReceptionView;
use crate::residents::ResidentCopyState;

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
    /// Head office's list of staff has not arrived yet: nobody can be let in.
    #[serde(default)]
    pub awaits_staff: bool,
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
