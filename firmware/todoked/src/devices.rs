//! What the desk hears of its devices, and what it asks of them.
//!
//! The desk never waits: it asks for an [`Effect`] and goes on when it [`Happened`].

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use counter_api::{DeviceKind, DeviceState, Digits, LineState, Stroke};
use counter_domain::ids::CaseId;
use counter_domain::snapshot::Snapshot;
use identity_cards::{CertificateSeen, Genuineness, Insist, PassportKey, ResidenceNumber};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::attached::{Looking, Seen, State, Tried};
use crate::desk::CopyProgress;
use crate::documents::{PaperFacts, PaperFrom, PaperProgress, PaperTrouble};
use crate::prints::{Order as PrintOrder, QueueSeen, Sheet, SheetsJob};
use crate::recovery::RecoveryStage;
use crate::texts::Code;

/// Work for a device, done beside the desk.
#[derive(Debug)]
pub enum Effect {
    /// Read the four basic items of the card on the reader, once.
    ReadCard(CardOrder),
    /// Make the signed form.
    MakeForm(Box<FormJob>),
    /// Print the receipt.
    PrintReceipt(Box<ReceiptJob>),
    /// Make the sheets of a case, where there is a page printer.
    MakeSheets(Box<SheetsJob>),
    /// Make the separator sheets for the scanner.
    MakeSeparators {
        /// City.
        city: String,
        /// Today.
        today: Date,
    },
    /// Something for the page printers.
    PrintPages(PrintOrder),
    /// Look at everything that is attached.
    LookAtDevices(Looking),
    /// Try the device with this id.
    TestDevice(String),
    /// Scan and read the certificate on the scanner.
    ReadPaper {
        /// The case.
        case: CaseId,
        /// From where.
        from: PaperFrom,
        /// The day it is read on.
        today: Date,
    },
    /// Stop scanning or reading.
    StopPaper,
    /// Something waits to be sent.
    WakeLink,
}

/// One reading of the card on the reader.
#[derive(Debug, Clone)]
pub struct CardOrder {
    /// What opens it.
    pub key: CardKey,
    /// Whether the last try may be spent: only where it was shown to be the last.
    pub insist: Insist,
}

/// What opens the card's four basic items.
#[derive(Debug, Clone)]
pub enum CardKey {
    /// Four digits the resident entered.
    Pin(Digits),
    /// Both PINs of a driver's licence.
    BothPins {
        /// Opens what is printed.
        first: Digits,
        /// Opens the photo.
        second: Digits,
    },
    /// The fourteen digits printed on the card (照合番号B).
    NumberB(Digits),
    /// The number printed on a residence card.
    CardNumber(ResidenceNumber),
    /// What is printed in a passport.
    Passport(PassportKey),
}

/// A form to make.
#[derive(Debug, Clone)]
pub struct FormJob {
    /// The case.
    pub case: CaseId,
    /// What was shown.
    pub snapshot: Snapshot,
    /// How it was signed.
    pub signature: Signature,
    /// City and branch, as printed.
    pub city: String,
    /// Branch and counter, as printed.
    pub place: String,
}

/// A signature, as kept in its blob. Debug hides it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Signature {
    /// Version of this layout; 1 today.
    pub version: u16,
    /// Width of the pad in hundredths of a pixel.
    pub pad_width: u32,
    /// Height of the pad in hundredths of a pixel.
    pub pad_height: u32,
    /// The strokes.
    pub strokes: Vec<Stroke>,
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({} strokes)", self.strokes.len())
    }
}

/// A receipt to print. It carries no name and no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptJob {
    /// The case.
    pub case: CaseId,
    /// City.
    pub city: String,
    /// Branch and counter.
    pub place: String,
    /// Receipt number (受付番号).
    pub receipt_number: String,
    /// Event in words.
    pub event: String,
    /// Filing date in words.
    pub filed_on: String,
    /// What certificates cost, in words; empty when none are asked for.
    pub fee: String,
}

/// News for the desk. Taking it lets the next be told, so that many changes become one message.
#[derive(Debug, Default)]
pub struct Arrival(Arc<AtomicBool>);

impl Arrival {
    /// News to tell; `None` while the last is not taken yet.
    pub fn tell(waiting: &Arc<AtomicBool>) -> Option<Self> {
        (!waiting.swap(true, Ordering::AcqRel)).then(|| Self(Arc::clone(waiting)))
    }

    /// Taken: what arrives from now on is told again.
    pub fn taken(self) {
        self.0.store(false, Ordering::Release);
    }
}

/// What happened outside.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a card is read a few times an hour, and the reading moves once"
)]
pub enum Happened {
    /// What lies on the card reader now.
    CardLies(CardLies),
    /// The end of [`Effect::ReadCard`].
    CardRead(Result<CardFacts, CardTrouble>),
    /// A paper got on.
    PaperGoesOn {
        /// The case.
        case: CaseId,
        /// How far.
        progress: PaperProgress,
    },
    /// The end of [`Effect::ReadPaper`].
    PaperRead {
        /// The case.
        case: CaseId,
        /// What it says, or why it was not read.
        read: Result<PaperFacts, PaperTrouble>,
    },
    /// The end of [`Effect::MakeForm`].
    FormMade {
        /// The case.
        case: CaseId,
        /// The PDF, or why there is none, for staff.
        form: Result<Vec<u8>, String>,
    },
    /// The end of [`Effect::PrintReceipt`].
    ReceiptPrinted {
        /// The case.
        case: CaseId,
        /// Whether it came out.
        printed: Result<(), PrintTrouble>,
    },
    /// How the line is.
    Line {
        /// Its state.
        line: LineState,
        /// What staff must know about it.
        trouble: Option<Code>,
    },
    /// How many other counters of the branch are connected.
    Neighbours(u16),
    /// How far this counter is in going on for another device.
    Recovery(RecoveryStage),
    /// Something arrived from head office or another counter.
    Arrived(Arrival),
    /// A resident's display came or went.
    ResidentDisplay(DeviceState),
    /// How the devices of a kind are now.
    DevicesSeen {
        /// Which kind.
        kind: DeviceKind,
        /// All of them.
        seen: Vec<Seen>,
    },
    /// The end of [`Effect::TestDevice`].
    DeviceTested {
        /// Which device.
        id: String,
        /// What the try showed.
        tried: Result<Tried, State>,
    },
    /// One sheet of [`Effect::MakeSheets`].
    SheetMade {
        /// The case.
        case: CaseId,
        /// The sheet.
        sheet: Box<Sheet>,
    },
    /// The end of [`Effect::MakeSheets`].
    SheetsMade {
        /// The case.
        case: CaseId,
        /// All of them were made.
        whole: bool,
    },
    /// The end of [`Effect::MakeSeparators`]: the PDF, when it could be made.
    SeparatorsMade(Option<Vec<u8>>),
    /// How the page printers and the jobs at them stand.
    PagesSeen(QueueSeen),
    /// How far a newer resident copy is.
    ResidentCopy(CopyProgress),
    /// Time went on.
    Tick,
}

/// What lies on the card reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardLies {
    /// No reader.
    NoReader,
    /// Nothing.
    Nothing,
    /// Something else than a My Number card.
    Unknown,
    /// A My Number card.
    MyNumber {
        /// Tries of the PIN.
        pin_tries_left: u8,
        /// Tries of 照合番号B.
        number_b_tries_left: u8,
    },
    /// Another card that can be read.
    Other {
        /// Which.
        card: OtherCard,
        /// Tries of its PIN; nothing to count on a residence card or passport.
        pin_tries_left: u8,
        /// Tries of a licence's second PIN.
        second_tries_left: u8,
    },
}

/// A card other than the My Number card that the four items can be read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherCard {
    /// Driver's licence (運転免許証).
    DriversLicence,
    /// Residence card or special permanent resident certificate (在留カード等).
    Residence,
    /// Passport (旅券).
    Passport,
}

/// The four basic items of a card. Debug hides them.
#[derive(Clone, PartialEq, Eq)]
pub struct CardFacts {
    /// Which card, when it is not a My Number card.
    pub card: Option<OtherCard>,
    /// The card itself says that a person must look: notes on its back, characters it cannot write,
    /// items it holds as pictures only.
    pub to_check: bool,
    /// Name.
    pub name: String,
    /// Address.
    pub address: String,
    /// Birth date, ISO 8601.
    pub birth_date: String,
    /// Sex, `male` or `female`; empty when the card does not say.
    pub sex: String,
    /// Registered domicile (本籍), of a licence that both PINs opened; empty otherwise.
    pub domicile: String,
    /// What stands on its face, as far as what was entered opens it.
    pub face: Option<FaceFacts>,
    /// The certificate of a My Number card.
    pub certificate: Option<CertificateSeen>,
}

/// The face of a card as screens show it: pictures are gray PNG in base64, empty where the chip has
/// none. Debug hides it; pictures are wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct FaceFacts {
    /// The photo.
    pub photo: Zeroizing<String>,
    /// The name as printed.
    pub name: Zeroizing<String>,
    /// The address as printed.
    pub address: Zeroizing<String>,
    /// The whole front.
    pub front: Zeroizing<String>,
    /// The name in Latin letters, of a passport; empty otherwise.
    pub roman_name: String,
    /// Birth date, ISO 8601; empty when that part of the chip does not say.
    pub birth_date: String,
    /// Sex, `male` or `female`; empty when it does not say.
    pub sex: String,
    /// Last day of validity, ISO 8601; empty when it does not say.
    pub expires: String,
    /// Verdict on the signature over the face.
    pub genuineness: Genuineness,
    /// Every picture of the chip could be drawn.
    pub is_whole: bool,
}

impl fmt::Debug for FaceFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FaceFacts(…)")
    }
}

impl fmt::Debug for CardFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardFacts(…)")
    }
}

/// Why a card was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardTrouble {
    /// The PIN was wrong.
    WrongPin {
        /// Tries left.
        left: u8,
    },
    /// The PIN is locked; nothing was sent.
    PinLocked,
    /// 照合番号B was wrong.
    WrongNumberB {
        /// Tries left.
        left: u8,
    },
    /// 照合番号B is locked; nothing was sent.
    NumberBLocked,
    /// The second PIN of a licence was wrong.
    WrongSecondPin {
        /// Tries left.
        left: u8,
    },
    /// One try of the PIN is left, and nobody had been told: nothing was sent.
    LastTry,
    /// The same of 照合番号B.
    LastTryNumberB,
    /// The number is not the residence card's; nothing is locked by it.
    WrongCardNumber,
    /// What was typed is not in the passport; nothing is locked by it.
    WrongPassport,
    /// The passport's chip lets nobody in this way.
    NeedsPace,
    /// The card left in the middle; what was read is thrown away.
    Pulled,
    /// Nothing lies on the reader.
    NoCard,
    /// No reader, or its service is down.
    NoReader,
    /// Not a card we know.
    Unknown,
    /// Another program holds it.
    Busy,
    /// The chip answers nonsense or not at all.
    Unreadable,
}

/// Why nothing came out of the receipt printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrintTrouble {
    /// None is set.
    Unset,
    /// It cannot be reached.
    Unreachable,
    /// It is connected but does not answer.
    NoAnswer,
    /// The connection broke: part of it may be on paper.
    Broken,
    /// No paper.
    PaperEnd,
    /// Its cover is open.
    CoverOpen,
    /// It reports a fault, or its device file cannot be written.
    Fault,
}

impl PrintTrouble {
    /// How the printer is then.
    pub const fn state(self) -> State {
        match self {
            Self::Unset => State::Unset,
            Self::Unreachable => State::Unreachable,
            Self::NoAnswer => State::NoAnswer,
            Self::Broken => State::Broken,
            Self::PaperEnd => State::PaperEnd,
            Self::CoverOpen => State::CoverOpen,
            Self::Fault => State::Fault,
        }
    }
}
