//! The seam between the daemon and the two screens.
//!
//! One JSON document per line over a Unix socket. The daemon sends whole views; a screen draws the
//! newest view and sends what the person did. A screen therefore holds nothing of its own and may
//! crash and come back where it was. Versions are append-only: fields are added, never renamed.
//!
//! The resident's screen is sent [`ResidentView`] only; nothing else ever reaches that process.

mod action;
mod archive;
mod characters;
mod codes;
mod devices;
mod events;
mod face;
mod fields;
mod paper;
mod places;
mod prepared;
mod prints;
mod questions;
mod reception;
mod resident;
mod residents;
mod secret;
mod staff;

use serde::{Deserialize, Serialize};

pub use action::StaffAction;
pub use archive::{ArchiveAction, ArchiveQuestion, ArchiveRow, ArchiveView};
pub use characters::{
    CharacterAction, CharacterCell, CharacterQuery, CharactersView, GlyphPicture, GlyphRow,
};
pub use codes::ScannedCode;
pub use devices::{DeviceAction, DeviceKind, DeviceRow, DevicesView};
pub use events::{
    CertificateGroup, CertificateView, DifferenceKind, DifferenceView, MarkView, PickRow,
    PickedView, PicksView, Purpose, PurposeGroup, PurposeView, RefusalView, RequestTicks,
    RequestView,
};
pub use face::{FaceFinding, FaceVerdict, FaceView};
pub use fields::{Choice, FieldKind, FieldView, MemberView, OtherValue};
pub use paper::{PaperAction, PaperState, PaperView, ReadNeed, ReadView, SheetField, SheetView};
pub use places::{PlaceRow, PlacesView};
pub use prepared::{
    BesideValue, FlowProposal, FlowView, LinkedCase, PreparedAction, PreparedRow, PreparedView,
    TakenPrepared,
};
pub use prints::{PaperKindRow, PaperRow, PrintAction, PrintRow, PrinterRow, PrintsView};
pub use questions::{
    Answered, BoxGroup, ProcedureState, ProcedureView, QuestionMember, QuestionView,
};
pub use reception::{
    CardView, FinishView, IdentityView, ReceptionView, RemarkView, SaveState, SignView, Step,
    StepState, TrailItem,
};
pub use resident::{
    CardPin, CheckRow, CheckSection, ContentId, Language, ResidentAction, ResidentScreen,
    ResidentView, Stroke, StrokePoint,
};
pub use residents::{CopyChoice, ResidentCopyState, ResidentRow, ResidentsView};
pub use secret::{CardNumber, Digits, Password};
pub use staff::{
    AtWork, BoardRow, DeviceState, Devices, Header, LineState, SignInView, StaffScreen, StaffView,
};

/// Version of this seam; a screen of another version is refused with a notice.
pub const VERSION: u16 = 1;

/// The longest line either side accepts, in bytes.
pub const LINE_BYTES_MAX: usize = 4 << 20;

/// Which display a screen drives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Display {
    /// The staff's touchscreen.
    Staff,
    /// The resident's display.
    Resident,
}

/// From a screen to the daemon.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToDaemon {
    /// First line of a connection.
    Hello {
        /// [`VERSION`] of the screen.
        version: u16,
        /// The display it drives.
        display: Display,
    },
    /// What staff did.
    Staff {
        /// Number of the request, repeated in the reply.
        id: u64,
        /// The deed.
        action: StaffAction,
    },
    /// What the resident did.
    Resident {
        /// Number of the request, repeated in the reply.
        id: u64,
        /// The deed.
        action: ResidentAction,
    },
}

/// From the daemon to a screen.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToScreen {
    /// Draw this now.
    StaffView(Box<StaffView>),
    /// Draw this now.
    ResidentView(Box<ResidentView>),
    /// The request is done; everything it changed is on disk.
    Done {
        /// Number of the request.
        id: u64,
    },
    /// The request was refused; nothing was lost.
    Refused {
        /// Number of the request.
        id: u64,
        /// What to tell the person.
        notice: Notice,
    },
}

/// Something to tell a person: what happened, then one thing to do now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Stable code, for example `CARD-PIN-LOCKED`.
    pub code: String,
    /// Who acts.
    pub who: WhoActs,
    /// How loud it is.
    pub tone: Tone,
    /// What happened, in the reader's language.
    pub what: String,
    /// What to do now, in the reader's language.
    pub advice: String,
}

/// Who must act on a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhoActs {
    /// The resident.
    Visitor,
    /// Staff at the counter.
    Clerk,
    /// The city's IT staff.
    Support,
}

/// How a notice is drawn: icon, word and colour together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Something is done.
    Done,
    /// For information.
    Info,
    /// Look here.
    Caution,
    /// Something is wrong.
    Wrong,
}

/// What a view of an older daemon does not say is shown.
const fn shown() -> bool {
    true
}
