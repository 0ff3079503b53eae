//! Visit scripts: who does what, and what each person must then see.
//!
//! One TOML file is a test, a training exercise and a demonstration. See `tests/README.md` for how
//! to write one.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// A whole visit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What it shows, in one line.
    pub title: String,
    /// Who and what is there at the start.
    pub scene: Scene,
    /// What happens, in order.
    pub step: Vec<Step>,
}

/// Who and what is there at the start.
#[expect(clippy::struct_excessive_bools, reason = "each is a line of a script")]
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    /// City.
    pub city: String,
    /// Branch code, two digits.
    pub branch: String,
    /// Name of the branch.
    pub place: String,
    /// Counter number.
    pub counter: String,
    /// Person on the card, a file beside the script.
    pub card: String,
    /// Accounts of this demonstration.
    pub staff: Vec<Account>,
    /// The card lies on the reader from the beginning.
    #[serde(default)]
    pub card_on_reader: bool,
    /// Number of a second counter, of the same branch unless the next two say otherwise.
    pub neighbour: Option<String>,
    /// Branch code of the second counter.
    pub neighbour_branch: Option<String>,
    /// Name of its branch.
    pub neighbour_place: Option<String>,
    /// The branch's counters reach each other on their LAN.
    #[serde(default)]
    pub lan: bool,
    /// The counter's data lie on a disk of so many KiB, so that it can be filled.
    pub disk_kib: Option<u32>,
    /// Residents head office publishes before the counter starts, a CSV file beside the script.
    pub residents: Option<String>,
    /// Reservations head office imports before the counter starts, a CSV file beside the script in
    /// which `{today}`, `{today-7}` and `{today+3}` are days.
    pub reservations: Option<String>,
    /// Move-out certificate data, the same.
    pub move_outs: Option<String>,
    /// The picture of a paper that lies on the scanner, a file beside the script.
    pub paper: Option<String>,
    /// The counter also takes pages from a folder that a network scanner writes to.
    #[serde(default)]
    pub scan_folder: bool,
    /// There is a page printer: CUPS' own printer program.
    #[serde(default)]
    pub page_printer: bool,
    /// Head office publishes a key for signed codes.
    #[serde(default)]
    pub code_keys: bool,
}

/// A sign-in that exists only in the demonstration's own data folder.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Staff id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Password.
    pub password: String,
    /// Roles.
    pub roles: Vec<String>,
    /// Branches, `00` for head office.
    pub branches: Vec<String>,
}

/// A numbered step of the story.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What happens, for the person who watches.
    pub tell: String,
    /// The deeds, in order.
    pub acts: Vec<Act>,
}

/// One deed of one person or thing. Exactly one key is set.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// Something on the staff's screen.
    Staff(ScreenAct),
    /// Something on the resident's screen.
    Resident(ScreenAct),
    /// Something on the staff's screen at the second counter.
    Neighbour(ScreenAct),
    /// Something in the reviewer's browser.
    Reviewer(PageAct),
    /// The line to head office.
    Cable(CableAct),
    /// The card.
    Card(CardAct),
    /// The card reader.
    Reader(ReaderAct),
    /// The receipt printer.
    Printer(PrinterAct),
    /// The page printer.
    Pages(PagesAct),
    /// The scanner.
    Scanner(ScannerAct),
    /// The counter's daemon.
    Counter(CounterAct),
    /// The files of the counter that is not running.
    Database(DatabaseAct),
    /// The counter's small disk.
    Disk(DiskAct),
    /// Removable media between the counter and head office.
    Courier(CourierAct),
    /// Something on head office's own machine.
    HeadOffice(HeadOfficeAct),
    /// A program that has the counter's certificate and means no good.
    Intruder(IntruderAct),
    /// Measures a span of time, for `make bench`.
    Timer(TimerAct),
    /// A file that must exist in the outcome folder.
    Outcome(OutcomeAct),
}

/// Something on a screen.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ScreenAct {
    /// Waits until the text is there.
    See(String),
    /// Fails when the text is there.
    NotSee(String),
    /// Waits until the text is no longer there.
    Gone(String),
    /// Touches what has this label.
    Tap(String),
    /// Touches one of several things with this label, by its id.
    Choose {
        /// Label.
        label: String,
        /// Id, for a choice its path and value: `member.2.relation=妻`.
        id: String,
    },
    /// Reads page by page: touches `by` until `to` is there.
    ReadOn {
        /// Label of what turns the page.
        by: String,
        /// Label of what is there at the end.
        to: String,
    },
    /// Types into a field.
    Type {
        /// Label of the field.
        into: String,
        /// Its path, where several fields have this label.
        field: Option<String>,
        /// Text.
        text: String,
        /// The field is not left afterwards, so that what it offers stays open.
        #[serde(default)]
        stay: bool,
    },
    /// Reads a code with the scanner that types.
    Scan(String),
    /// Reads the code on the newest receipt the same way.
    ScanReceipt,
    /// Reads the code of the receipt number on this screen that begins so.
    ScanShown(String),
    /// Reads a code the city's portal signed; its content is a JSON file beside the script, in which
    /// `{today}` and `{today+30}` are days.
    ScanSigned(String),
    /// The same, signed by somebody else under the portal's name.
    ScanForged(String),
    /// Draws a signature from a file beside the script.
    Sign(String),
    /// Keeps a picture.
    Picture(String),
}

/// Something in the browser.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PageAct {
    /// Opens a page of the desk.
    Open(String),
    /// Waits until the text is there.
    See(String),
    /// Fails when the text is there.
    NotSee(String),
    /// Waits until the text stands in the first row of the queue.
    SeeFirstInQueue(String),
    /// Clicks what has this text or label.
    Click(String),
    /// Fills a field.
    Fill {
        /// Label of the field.
        into: String,
        /// Text.
        text: String,
    },
    /// Chooses from a list.
    Choose {
        /// Label of the list.
        from: String,
        /// Text of the entry.
        entry: String,
    },
    /// Chooses a file in which the resident record system answers the newest hand-over file.
    ChooseAnswers {
        /// Label of the field.
        into: String,
        /// A row for each person: texts by heading; the key of the case is filled in.
        rows: Vec<BTreeMap<String, String>>,
    },
    /// Keeps a picture.
    Picture(String),
}

/// The line to head office.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CableAct {
    /// Out.
    Cut,
    /// In again, to our own hub.
    Join,
    /// Open, but nothing arrives any more.
    Silence,
    /// Led to a hub that is not ours.
    Impostor,
}

/// The card.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardAct {
    /// Laid on the reader.
    Insert,
    /// A card of an unknown kind is laid on the reader.
    InsertUnknown,
    /// Taken away.
    Remove,
    /// Lifted in the middle, after so many more commands.
    PullAfter(u8),
}

/// The card reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReaderAct {
    /// Plugged in, with nothing on it.
    Plug,
    /// Plugged out.
    Unplug,
}

/// The receipt printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrinterAct {
    /// Switched off.
    Off,
    /// Switched on, with paper and its cover closed.
    On,
    /// Runs out of paper.
    PaperEnd,
    /// Its cover is opened.
    CoverOpen,
}

/// The page printer, where the scene has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PagesAct {
    /// Its tray is empty when the next job comes.
    PaperEnd,
    /// Paper jams when the next job comes.
    Jam,
    /// Somebody puts it right; what waits comes out.
    PutRight,
}

/// The scanner, where the scene has a paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScannerAct {
    /// Its cable is out.
    Unplug,
    /// Its cable is in.
    Plug,
    /// The paper is taken out.
    Empty,
    /// The paper is laid in again.
    Lay,
    /// A network scanner writes a stack to the counter's folder: the paper, then each separator sheet
    /// that came out of the page printer last with a copy of the paper behind it.
    Stack,
}

/// The counter's daemon.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CounterAct {
    /// SIGKILL, as a pulled plug.
    Kill,
    /// Started again on the same data.
    Start,
    /// Started with a clock that is wrong by so much, for example `+25h`.
    StartWithClock(String),
    /// Refuses to start, says this, and changes no file.
    Refuses(String),
    /// Goes on under a new identity, with a code head office gives for it.
    Recover,
    /// Its log says this, now or soon.
    Logs(String),
    /// The check of its archive says this, now or soon.
    Checks(String),
    /// The same check says this, and asks head office for what is damaged.
    Mends(String),
}

/// The files of the counter that is not running.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseAct {
    /// Another key lies where the database's key was.
    SwapKey,
    /// One bit in the middle of the database is turned.
    Damage,
    /// Pages and signatures are zeros, as after a disk that lied; the database itself is whole.
    Spoil,
    /// Everything is as it was.
    Repair,
    /// A copy of the database is kept.
    SetAside,
    /// The copy takes the place of the database.
    PutBack,
}

/// The counter's small disk.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskAct {
    /// Filled to the last block.
    Fill,
    /// Has room again.
    Free,
}

/// Removable media between the counter and head office.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CourierAct {
    /// The counter's file is carried to head office.
    Carry,
    /// Head office's answer is carried back.
    CarryBack,
    /// A damaged copy of the counter's file must be refused by head office.
    Damaged,
}

/// Something an administrator does on head office's own machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HeadOfficeAct {
    /// Changes a text in a copy of the catalogue that was made on the desk.
    EditCatalogue {
        /// Name of the copy.
        copy: String,
        /// The file in it.
        file: String,
        /// What stands there.
        old: String,
        /// What is to stand there.
        new: String,
    },
    /// Publishes an edition of the address dictionary that has this town.
    Dictionary {
        /// What the edition is called.
        edition: String,
        /// The prefecture.
        prefecture: String,
        /// The municipality.
        city: String,
        /// The town.
        town: String,
    },
}

/// What the intruder sends. The hub must refuse it, log it, and go on on the same connection.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntruderAct {
    /// Not a message.
    Malformed,
    /// More than the hub takes at once.
    Oversized,
}

/// A span of time.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TimerAct {
    /// Begins here.
    Start(String),
    /// Ends here.
    Stop(String),
}

/// A file of the outcome.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OutcomeAct {
    /// Writes the form, the signature and the snapshot of the newest case beside the pictures, and
    /// checks that the form says these words.
    Form(Vec<String>),
    /// Form, signature and snapshot just written are proved by the counter; a changed byte in any of
    /// them is told.
    Proved,
    /// The receipt was printed and its picture is kept.
    Receipt,
    /// So many sheets lie in the page printer; the last one says these words. They are kept.
    Pages {
        /// How many.
        count: usize,
        /// Words of the last one.
        say: Vec<String>,
        /// How it was asked for, for example `pages=2-2`; may be empty.
        #[serde(default)]
        asked: String,
    },
    /// The hand-over file is kept and its columns have these values.
    HandOver(BTreeMap<String, String>),
}

impl Script {
    /// Whether a reviewer takes part, which needs a browser.
    pub(crate) fn has_reviewer(&self) -> bool {
        let mut acts = self.step.iter().flat_map(|step| &step.acts);
        acts.any(|act| matches!(act, Act::Reviewer(_)))
    }

    /// Reads a script.
    ///
    /// # Errors
    /// When the file cannot be read or is not a script; the message names line and column.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the script {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not a visit script", path.display()))
    }
}
