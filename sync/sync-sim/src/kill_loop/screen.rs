//! Somebody at work, through the socket of the staff's screen.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::city::{CLERK, PASSWORD};

/// Longest a person waits for an answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// A field that needs nothing else to be entered, and whose text no rule makes another.
pub(crate) const PATH: &str = "head.new";

/// Entries of one reception.
const ENTRIES: u64 = 6;

/// One reception of so many is signed and handed in.
const FILED_EACH: usize = 2;

/// A procedure that asks nothing: 印鑑登録.
const PROCEDURE: &str = "P032";

/// Who comes: an invented person.
const PERSON: [(&str, &str); 5] = [
    ("member.1.name", "架空　花子"),
    ("member.1.birth_date", "1988-04-01"),
    ("member.1.sex", "female"),
    ("member.1.nationality", "日本"),
    ("address.new", "六会市架空町一丁目９番６号"),
];

/// A reception's one field as the screen knows it. Every text is entered once in a run, so it names
/// its reception: which number stands on the screen at that moment may be the one before.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// What was last acknowledged.
    pub(crate) done: Option<String>,
    /// What was sent behind that, without an answer: it may be there.
    pub(crate) sent: Option<String>,
    /// The screen said it is signed.
    pub(crate) signed: bool,
    /// The screen said it is handed in.
    pub(crate) filed: bool,
}

/// What the screen was told is done: it is on the counter's disk.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Receptions that were opened.
    pub(crate) receptions: Vec<Entry>,
    /// Deeds acknowledged.
    pub(crate) done: u64,
    /// Texts entered.
    entered: u64,
}

impl Told {
    /// How many receptions were handed in.
    pub(crate) fn filed(&self) -> usize {
        self.receptions.iter().filter(|entry| entry.filed).count()
    }
}

/// The two displays of a counter.
struct Counter {
    staff: Screen,
    resident: Screen,
}

/// Which display.
#[derive(Debug, Clone, Copy)]
enum Side {
    Staff,
    Resident,
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Resident => "resident",
        }
    }
}

struct Screen {
    side: Side,
    read: BufReader<UnixStream>,
    write: UnixStream,
    view: Value,
    next: u64,
}

/// Digits that no rule of a field turns into others.
fn in_kanji(number: u64) -> String {
    let digit = |one: char| match one {
        '0' => '〇',
        '1' => '一',
        '2' => '二',
        '3' => '三',
        '4' => '四',
        '5' => '五',
        '6' => '六',
        '7' => '七',
        '8' => '八',
        _ => '九',
    };
    (number % 1_000_000)
        .to_string()
        .chars()
        .map(digit)
        .collect()
}

/// How a deed ended.
enum Ended {
    Done,
    Refused(String),
    /// The counter was killed.
    Gone,
}

/// Works until the counter is gone.
pub(crate) fn work(socket: &Path, told: &mut Told) -> Result<()> {
    let staff = Screen::open(socket, Side::Staff)?;
    let (Some(staff), Some(resident)) = (staff, Screen::open(socket, Side::Resident)?) else {
        return Ok(());
    };
    let mut counter = Counter { staff, resident };
    let sign_in = json!({ "do": "sign_in", "staff": CLERK, "secret": PASSWORD });
    // The account comes from head office; until then the counter knows nobody.
    loop {
        match counter.staff.deed(&sign_in)? {
            Ended::Done => break,
            Ended::Refused(_) => counter.staff.wait_for_view(),
            Ended::Gone => return Ok(()),
        }
        if counter.staff.view.is_null() {
            return Ok(());
        }
    }
    while counter.serve(told)? {}
    Ok(())
}

impl Counter {
    /// One reception; `false` when the counter is gone.
    fn serve(&mut self, told: &mut Told) -> Result<bool> {
        if self.staff.gone_after(&json!({ "do": "start_reception" }))? {
            return Ok(false);
        }
        told.done += 1;
        let is_filed = told.receptions.len().is_multiple_of(FILED_EACH);
        let mut entry = Entry::default();
        let mut served = self.take_in(told, &mut entry);
        if is_filed && matches!(served, Ok(Some(()))) {
            served = self.file(&mut entry);
        }
        told.receptions.push(entry);
        if served?.is_none() {
            return Ok(false);
        }
        Ok(!self.staff.gone_after(&json!({ "do": "leave_case" }))?)
    }

    /// What somebody comes for and says; `None` when the counter is gone.
    fn take_in(&mut self, told: &mut Told, entry: &mut Entry) -> Result<Option<()>> {
        let purpose = json!({ "do": "choose_purpose", "event": "request", "flow": "procedure" });
        if self.staff.gone_after(&purpose)? || self.staff.enter(told, entry)? {
            return Ok(None);
        }
        Ok(Some(()))
    }

    /// Signs and hands in; `None` when the counter is gone.
    fn file(&mut self, entry: &mut Entry) -> Result<Option<()>> {
        let fields =
            PERSON.map(|(path, value)| json!({ "do": "set_field", "path": path, "value": value }));
        let pick = json!({ "do": "pick_procedure", "procedure": PROCEDURE, "set": true });
        let identified = json!({ "do": "record_identity", "kind": "licence" });
        let show = json!({ "do": "show_to_resident" });
        for deed in fields.iter().chain([&pick, &identified, &show]) {
            if self.staff.gone_after(deed)? {
                return Ok(None);
            }
        }
        let point = |x: u32| json!({ "x": x, "y": 10_000, "t": x / 100 });
        let stroke = json!({ "points": [point(10_000), point(50_000), point(90_000)] });
        let sign = json!({ "do": "sign", "pad_width": 100_000, "pad_height": 40_000, "strokes": [stroke] });
        for deed in [&json!({ "do": "content_right" }), &sign] {
            if self.resident.gone_after(deed)? {
                return Ok(None);
            }
        }
        // The form is drawn beside everything else; then all of it is written at once.
        while !self.staff.is_signed() {
            self.staff.wait_for_view();
            if self.staff.view.is_null() {
                return Ok(None);
            }
        }
        entry.signed = true;
        if self.staff.gone_after(&json!({ "do": "submit" }))? {
            return Ok(None);
        }
        entry.filed = true;
        Ok(Some(()))
    }
}

impl Screen {
    /// `None` when the counter is gone.
    fn open(socket: &Path, side: Side) -> Result<Option<Self>> {
        let Ok(write) = UnixStream::connect(socket) else {
            return Ok(None);
        };
        write.set_read_timeout(Some(PATIENCE))?;
        let mut screen = Self {
            side,
            read: BufReader::new(write.try_clone()?),
            write,
            view: Value::Null,
            next: 0,
        };
        screen.say(&json!({ "hello": { "version": 1, "display": side.name() } }));
        Ok(Some(screen))
    }

    /// Does a deed that nothing speaks against; `true` when the counter is gone.
    fn gone_after(&mut self, action: &Value) -> Result<bool> {
        match self.deed(action)? {
            Ended::Done => Ok(false),
            Ended::Refused(code) => bail!("{} was refused: {code}", action["do"]),
            Ended::Gone => Ok(true),
        }
    }

    fn is_signed(&self) -> bool {
        let state = self.view.pointer("/screen/sign/state");
        state.and_then(Value::as_str) == Some("signed")
    }

    /// Enters one text after another; `true` when the counter is gone.
    fn enter(&mut self, told: &mut Told, entry: &mut Entry) -> Result<bool> {
        for _ in 0..ENTRIES {
            told.entered += 1;
            let value = format!("架空　{}", in_kanji(told.entered));
            entry.sent = Some(value.clone());
            if self.gone_after(&json!({ "do": "set_field", "path": PATH, "value": value }))? {
                return Ok(true);
            }
            entry.done = entry.sent.take();
            told.done += 1;
        }
        Ok(false)
    }

    fn wait_for_view(&mut self) {
        if self.hear().is_none() {
            self.view = Value::Null;
        }
    }

    fn deed(&mut self, action: &Value) -> Result<Ended> {
        self.next += 1;
        let id = self.next;
        self.say(&json!({ (self.side.name()): { "id": id, "action": action } }));
        loop {
            let Some(message) = self.hear() else {
                return Ok(Ended::Gone);
            };
            let of = |kind: &str| message.get(kind).filter(|one| one["id"] == json!(id));
            if of("done").is_some() {
                return Ok(Ended::Done);
            }
            if let Some(refused) = of("refused") {
                let code = refused.pointer("/notice/code").and_then(Value::as_str);
                return Ok(Ended::Refused(code.context("no notice")?.to_owned()));
            }
        }
    }

    /// The next message; views are kept. `None` when the counter is gone.
    fn hear(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = self.read.read_line(&mut line).ok()?;
        if read == 0 || !line.ends_with('\n') {
            return None;
        }
        let message: Value = serde_json::from_str(&line).ok()?;
        let views = [message.get("staff_view"), message.get("resident_view")];
        if let Some(view) = views.into_iter().flatten().next() {
            self.view = view.clone();
        }
        Some(message)
    }

    fn say(&mut self, message: &Value) {
        // A counter that is gone says so by saying nothing more.
        writeln!(self.write, "{message}").ok();
    }
}
