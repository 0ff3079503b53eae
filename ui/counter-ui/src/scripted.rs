//! Drives the real screens without a display, by commands on stdin.
//!
//! One JSON command per line in, one JSON answer per line out. The parent process is the only one
//! who can send commands. Tests and the scenario driver see what a person sees and do what a
//! person does: labels, roles, key and pointer events.

use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use counter_api::Display;
use i_slint_backend_testing::{
    AccessibleRole, ElementHandle, ElementRoot, TestingBackend, TestingBackendOptions,
    mock_elapsed_time,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use slint::platform::{Key, PointerEventButton, WindowEvent};
use slint::{LogicalPosition, PhysicalSize, PlatformError};
use thiserror::Error;

use crate::app::{self, StartError, Window, with_app};
use crate::keys::press;
use crate::sign::Clock;

const WAIT_DEFAULT_MS: u64 = 10_000;
/// How long a deed waits for the daemon; what comes later is for the next look to find.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// How often a wait looks again when nothing new arrives.
const LOOK_AGAIN_MS: u64 = 50;
/// Every how many looks a wait also scrolls, which takes long.
const SCROLL_EVERY: u64 = 20;
/// The first look that scrolls.
const SCROLL_FIRST: u64 = 4;
/// Between two points of a drawn stroke, as a 125 Hz pen.
const POINT_MS: u64 = 8;
/// Between two keys of a person.
const TYPING_MS: u64 = 120;
const SCROLL_STEP: f32 = 240.0;
const SCROLL_STEPS_MAX: usize = 60;
const TO_TOP: f32 = 1e6;
/// How long a person looks at a page before the next.
const READING: Duration = Duration::from_millis(500);
/// Pages nobody has to turn more of.
const PAGES_MAX: usize = 100;
/// How far down a field may lie to be touched, in shares of the window; the footer begins below.
const REACH: f32 = 0.89;
/// Where columns that scroll are, in shares of the window.
const PLACES: [(f32, f32); 4] = [(0.5, 0.45), (0.5, 0.62), (0.88, 0.45), (0.15, 0.45)];

/// A scripted screen that could not start.
#[derive(Debug, Error)]
pub enum ScriptedError {
    /// The headless backend is already another one.
    #[error("the backend is already set")]
    Backend(#[from] slint::platform::SetPlatformError),
    /// The display did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The event loop failed.
    #[error("event loop: {0}")]
    Loop(#[from] PlatformError),
    /// stdin or a thread failed.
    #[error("input: {0}")]
    Input(#[from] io::Error),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
struct Request {
    #[serde(default, deserialize_with = "present")]
    see: bool,
    tap: Option<String>,
    read_on: Option<ReadOn>,
    #[serde(rename = "type")]
    into: Option<Typing>,
    draw: Option<Vec<Vec<[f32; 2]>>>,
    wait_for: Option<WaitFor>,
    key: Option<String>,
    /// Types a text as a code scanner does, with Enter at its end.
    scan: Option<String>,
    screenshot: Option<PathBuf>,
    /// The answer comes when the daemon has answered, as a person waits for what a touch does.
    #[serde(default)]
    settled: bool,
    /// Lets this much of the display's own time pass.
    elapse_ms: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    quit: bool,
    role: Option<String>,
    id: Option<String>,
    #[serde(default)]
    index: usize,
    timeout_ms: Option<u64>,
}

/// `{"see": null}` counts as present.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Value::deserialize(deserializer).map(|_| true)
}

#[derive(Debug, Clone, Deserialize)]
struct Typing {
    into: String,
    text: String,
    #[serde(default)]
    index: usize,
    id: Option<String>,
    /// The field is not left afterwards.
    #[serde(default)]
    stay: bool,
}

/// Presses what turns pages until what stands at the end is there.
#[derive(Debug, Clone, Deserialize)]
struct ReadOn {
    by: String,
    to: String,
}

#[derive(Debug, Clone, Deserialize)]
struct WaitFor {
    text: String,
}

/// One thing on the screen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Seen {
    /// Its role, as a screen reader says it.
    pub role: String,
    /// Its label or text.
    pub label: String,
    /// Its second line.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Its value.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// Its id, for fields their path.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// It can be used.
    pub enabled: bool,
    /// It is chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked: Option<bool>,
}

/// A command that is answered later.
struct Waiter {
    until: Until,
    answer: Sender<Value>,
}

/// What a command waits for.
enum Until {
    /// This text is on the screen.
    Seen(String),
    /// The daemon has answered everything.
    Answered,
}

thread_local! {
    static WAITERS: RefCell<Vec<Waiter>> = const { RefCell::new(Vec::new()) };
}

/// Uses the headless renderer on this thread.
///
/// # Errors
/// When another backend is set already.
pub fn use_headless() -> Result<(), slint::platform::SetPlatformError> {
    slint::platform::set_platform(Box::new(TestingBackend::new(TestingBackendOptions {
        mock_time: true,
        threading: true,
        renderer_name: Some("software".into()),
    })))
}

thread_local! {
    /// What passed beside the reads of the clock: the pauses of a person who types.
    static PAUSES_MS: Cell<u64> = const { Cell::new(0) };
}

/// A clock that goes on by one pen interval each time it is read.
pub fn pen_clock() -> Clock {
    let reads = Cell::new(0_u64);
    Rc::new(move || {
        reads.set(reads.get() + 1);
        Duration::from_millis(reads.get() * POINT_MS + PAUSES_MS.get())
    })
}

/// A key as a person presses it: a while after the one before.
fn press_by_hand(window: &slint::Window, key: &slint::SharedString) {
    PAUSES_MS.set(PAUSES_MS.get() + TYPING_MS);
    press(window, key);
}

/// Runs a display by commands on stdin until `quit` or the end of stdin.
///
/// # Errors
/// See [`ScriptedError`].
pub fn run(display: Display, socket: &Path, size: (u32, u32)) -> Result<(), ScriptedError> {
    use_headless()?;
    app::start(display, socket, pen_clock(), drawn)?;
    with_app(|app| prepare(app.window(), size)).transpose()?;
    thread::Builder::new()
        .name("commands".into())
        .spawn(take_commands)?;
    slint::run_event_loop_until_quit()?;
    app::stop();
    Ok(())
}

/// Shows a window in a size, active as if a person had touched it.
pub(crate) fn prepare(window: &Window, (width, height): (u32, u32)) -> Result<(), PlatformError> {
    window.slint().set_size(PhysicalSize::new(width, height));
    window.show()?;
    window
        .slint()
        .dispatch_event(WindowEvent::WindowActiveChanged(true));
    mock_elapsed_time(Duration::from_millis(20));
    Ok(())
}

fn take_commands() {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let answer = match serde_json::from_str::<Request>(&line) {
            Ok(request) if request.quit => break,
            Ok(request) => ask(request),
            Err(error) => json!({ "error": format!("not a command: {error}") }),
        };
        if writeln!(out, "{answer}")
            .and_then(|()| out.flush())
            .is_err()
        {
            break;
        }
    }
    // The loop may have ended already.
    drop(slint::quit_event_loop());
}

/// Does a command on the drawing thread and waits for its answer.
fn ask(request: Request) -> Value {
    let (answer, answered) = mpsc::channel();
    let wait = request
        .wait_for
        .as_ref()
        .map(|_| request.timeout_ms.unwrap_or(WAIT_DEFAULT_MS));
    let sent = slint::invoke_from_event_loop(move || obey(&request, answer));
    if sent.is_err() {
        return json!({ "error": "the screen has ended" });
    }
    let Some(wait) = wait else {
        return match answered.recv_timeout(ANSWER_MAX) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => {
                forget_waiters();
                done()
            }
            Err(RecvTimeoutError::Disconnected) => json!({ "error": "the screen has ended" }),
        };
    };
    for look in 1..=wait / LOOK_AGAIN_MS {
        match answered.recv_timeout(Duration::from_millis(LOOK_AGAIN_MS)) {
            Ok(answer) => return answer,
            Err(RecvTimeoutError::Disconnected) => {
                return json!({ "error": "the screen has ended" });
            }
            // What a view changed may be laid out only in a later turn of the loop.
            Err(RecvTimeoutError::Timeout) if look % SCROLL_EVERY == SCROLL_FIRST => {
                look_again(is_visible);
            }
            Err(RecvTimeoutError::Timeout) => look_again(is_on_page),
        }
    }
    forget_waiters();
    json!({ "error": format!("not visible after {wait} ms") })
}

fn done() -> Value {
    json!({ "ok": true })
}

fn forget_waiters() {
    // The loop has ended; so have the waiters.
    drop(slint::invoke_from_event_loop(|| {
        WAITERS.with_borrow_mut(Vec::clear);
    }));
}

/// Looks again on the drawing thread, unless it is still busy with the last look: on a loaded machine
/// looks would pile up and nothing else would be drawn.
fn look_again(is_there: fn(&str) -> bool) {
    static BUSY: AtomicBool = AtomicBool::new(false);
    if BUSY.swap(true, Ordering::AcqRel) {
        return;
    }
    let looking = slint::invoke_from_event_loop(move || {
        answer_waiters(is_there);
        BUSY.store(false, Ordering::Release);
    });
    // The loop has ended; so have the answers.
    drop(looking);
}

/// Called after each thing drawn.
fn drawn() {
    answer_waiters(is_on_page);
}

/// Answers the waits whose text `is_there`, and the deeds that were answered.
fn answer_waiters(is_there: fn(&str) -> bool) {
    mock_elapsed_time(Duration::from_millis(20));
    let waiters = WAITERS.take();
    let (mut met, mut waiting) = (Vec::new(), Vec::new());
    for waiter in waiters {
        let is_met = match &waiter.until {
            Until::Seen(text) => is_there(text),
            Until::Answered => is_answered(),
        };
        if is_met {
            met.push(waiter);
        } else {
            waiting.push(waiter);
        }
    }
    WAITERS.with_borrow_mut(|all| all.append(&mut waiting));
    for waiter in met {
        // The command thread may have stopped waiting.
        drop(waiter.answer.send(done()));
    }
}

fn is_answered() -> bool {
    with_app(|app| app.is_answered()).unwrap_or(true)
}

/// On the page as it is scrolled now.
fn is_on_page(text: &str) -> bool {
    on_window(|window| visible_text(window, text).is_some()).unwrap_or_default()
}

/// On the page, scrolled to where it is.
fn is_visible(text: &str) -> bool {
    on_window(|window| scroll_until(window, |window| visible_text(window, text)).is_some())
        .unwrap_or_default()
}

fn visible_text(window: &Window, text: &str) -> Option<()> {
    let holds = |seen: &Seen| {
        [&seen.label, &seen.value, &seen.description]
            .iter()
            .any(|held| held.contains(text))
    };
    see(window).iter().any(holds).then_some(())
}

fn obey(request: &Request, answer: Sender<Value>) {
    if let Some(wait) = &request.wait_for {
        if is_on_page(&wait.text) {
            drop(answer.send(done()));
        } else {
            wait_until(Until::Seen(wait.text.clone()), answer);
        }
        return;
    }
    let acted = on_window(|window| act(window, request))
        .unwrap_or_else(|| Err("the screen has ended".to_owned()));
    mock_elapsed_time(Duration::from_millis(20));
    if request.settled && acted.is_ok() && !is_answered() {
        wait_until(Until::Answered, answer);
    } else {
        drop(answer.send(acted.unwrap_or_else(|error| json!({ "error": error }))));
    }
    drawn();
}

fn wait_until(until: Until, answer: Sender<Value>) {
    WAITERS.with_borrow_mut(|all| all.push(Waiter { until, answer }));
}

/// The window, borrowed for no longer than it takes to clone its handle.
fn on_window<R>(deed: impl FnOnce(&Window) -> R) -> Option<R> {
    let window = with_app(|app| app.window().handle())?;
    Some(deed(&window))
}

fn act(window: &Window, request: &Request) -> Result<Value, String> {
    if request.see {
        return Ok(json!({ "see": see(window) }));
    }
    if let Some(label) = &request.tap {
        let role = request.role.as_deref();
        let found = find(window, label, request.id.as_deref(), role, request.index)?;
        if found.accessible_enabled() == Some(false) {
            return Err(format!("「{label}」 cannot be pressed now"));
        }
        tap(&found);
    } else if let Some(ReadOn { by, to }) = &request.read_on {
        read_on(window, by, to)?;
    } else if let Some(typing) = &request.into {
        type_into(window, typing)?;
    } else if let Some(strokes) = &request.draw {
        draw(window, strokes)?;
    } else if let Some(key) = &request.key {
        press_by_hand(window.slint(), &named_key(key));
    } else if let Some(code) = &request.scan {
        for letter in code.chars() {
            press(window.slint(), &letter.into());
        }
        press(window.slint(), &Key::Return.into());
    } else if let Some(ms) = request.elapse_ms {
        mock_elapsed_time(Duration::from_millis(ms));
    } else if let Some(file) = &request.screenshot {
        screenshot(window.slint(), file)?;
    } else {
        return Err("no such command".to_owned());
    }
    Ok(done())
}

fn named_key(name: &str) -> slint::SharedString {
    match name {
        "Tab" => Key::Tab.into(),
        "Enter" => Key::Return.into(),
        "Esc" => Key::Escape.into(),
        "Backspace" => Key::Backspace.into(),
        text => text.into(),
    }
}

fn elements(window: &Window) -> Vec<ElementHandle> {
    let told = |element: &ElementHandle| {
        element
            .accessible_role()
            .is_some_and(|role| role != AccessibleRole::None)
            && element
                .accessible_label()
                .is_some_and(|label| !label.is_empty())
    };
    let root = match window {
        Window::Staff(window) => window.root_element(),
        Window::Resident(window) => window.root_element(),
    };
    root.query_descendants().match_predicate(told).find_all()
}

/// Everything with a role and a label that is on the screen now, in reading order.
pub fn see(window: &Window) -> Vec<Seen> {
    elements(window).iter().map(describe).collect()
}

fn describe(element: &ElementHandle) -> Seen {
    let text = |text: Option<slint::SharedString>| text.map(String::from).unwrap_or_default();
    let role = element
        .accessible_role()
        .map(|role| format!("{role:?}"))
        .unwrap_or_default();
    Seen {
        role: role.to_lowercase(),
        label: text(element.accessible_label()),
        description: text(element.accessible_description()),
        value: text(element.accessible_value()),
        id: text(element.accessible_id()),
        enabled: element.accessible_enabled().unwrap_or(true),
        checked: element.accessible_checked(),
    }
}

fn find(
    window: &Window,
    label: &str,
    id: Option<&str>,
    role: Option<&str>,
    index: usize,
) -> Result<ElementHandle, String> {
    for place in PLACES {
        scroll(window, place, TO_TOP);
    }
    let counted = RefCell::new(Vec::new());
    let found = scroll_until(window, |window| {
        let mut unnamed = 0..;
        elements(window).into_iter().find(|element| {
            let seen = describe(element);
            let meant = (seen.label == label || id.is_some() && seen.label.contains(label))
                && id.is_none_or(|id| seen.id == id)
                && role.map_or(can_press(&seen.role), |role| seen.role == role);
            meant
                && number(&mut counted.borrow_mut(), &mut unnamed, seen) == Some(index)
                && is_in_reach(window, element)
        })
    });
    found.ok_or_else(|| format!("「{label}」 is not on the screen"))
}

/// A field at the lower edge is laid out, but a finger there would touch the footer.
fn is_in_reach(window: &Window, element: &ElementHandle) -> bool {
    if element.accessible_role() != Some(AccessibleRole::TextInput) {
        return true;
    }
    #[expect(clippy::cast_precision_loss, reason = "a window is small")]
    let height = window.slint().size().height as f32;
    element.absolute_position().y + element.size().height / 2.0 < height * REACH
}

/// The how manieth this is on the page, counted from the top. Things with an id or a second line
/// are counted once however often scrolling shows them.
fn number(
    counted: &mut Vec<(String, String)>,
    unnamed: &mut std::ops::RangeFrom<usize>,
    seen: Seen,
) -> Option<usize> {
    let name = (seen.id, seen.description);
    if name.0.is_empty() && name.1.is_empty() {
        return unnamed.next();
    }
    if let Some(at) = counted.iter().position(|other| *other == name) {
        return Some(at);
    }
    counted.push(name);
    Some(counted.len() - 1)
}

fn can_press(role: &str) -> bool {
    matches!(
        role,
        "button" | "radiobutton" | "textinput" | "listitem" | "checkbox"
    )
}

fn tap(element: &ElementHandle) {
    if element.accessible_role() == Some(AccessibleRole::TextInput) {
        element.mock_single_click(PointerEventButton::Left);
    } else {
        element.invoke_accessible_default_action();
    }
}

/// What can be pressed where the page is scrolled to now.
fn in_sight(window: &Window, label: &str) -> Option<ElementHandle> {
    elements(window).into_iter().find(|element| {
        let seen = describe(element);
        seen.label == label && can_press(&seen.role)
    })
}

/// Presses `by`, page after page, until `to` is there; says how often.
///
/// # Errors
/// When neither is there, or the end does not come.
pub fn read_on(window: &Window, by: &str, to: &str) -> Result<usize, String> {
    for pressed in 0..=PAGES_MAX {
        if in_sight(window, to).is_some() {
            return Ok(pressed);
        }
        let next = in_sight(window, by)
            .ok_or_else(|| format!("neither 「{by}」 nor 「{to}」 is on the screen"))?;
        tap(&next);
        mock_elapsed_time(READING);
    }
    Err(format!(
        "「{to}」 does not come however often 「{by}」 is pressed"
    ))
}

/// Looks, and scrolls down every column until `look` finds something, as a person would.
fn scroll_until<R>(window: &Window, look: impl Fn(&Window) -> Option<R>) -> Option<R> {
    if let Some(found) = look(window) {
        return Some(found);
    }
    for place in PLACES {
        scroll(window, place, TO_TOP);
        for _ in 0..SCROLL_STEPS_MAX {
            if let Some(found) = look(window) {
                return Some(found);
            }
            let before = see(window);
            scroll(window, place, -SCROLL_STEP);
            if see(window) == before {
                break;
            }
        }
        if let Some(found) = look(window) {
            return Some(found);
        }
        scroll(window, place, TO_TOP);
    }
    None
}

fn scroll(window: &Window, (across, down): (f32, f32), delta_y: f32) {
    let size = window.slint().size();
    #[expect(clippy::cast_precision_loss, reason = "a window is small")]
    let (width, height) = (size.width as f32, size.height as f32);
    let position = LogicalPosition::new(width * across, height * down);
    let event = WindowEvent::PointerScrolled {
        position,
        delta_x: 0.0,
        delta_y,
    };
    window.slint().dispatch_event(event);
    mock_elapsed_time(Duration::from_millis(500));
}

fn type_into(window: &Window, typing: &Typing) -> Result<(), String> {
    let role = Some("textinput");
    let field = find(
        window,
        &typing.into,
        typing.id.as_deref(),
        role,
        typing.index,
    )?;
    if field.accessible_enabled() == Some(false) {
        return Err(format!("「{}」 cannot be typed into now", typing.into));
    }
    field.mock_single_click(PointerEventButton::Left);
    mock_elapsed_time(Duration::from_millis(20));
    let slint = window.slint();
    slint.dispatch_event(WindowEvent::KeyPressed {
        text: Key::Control.into(),
    });
    press(slint, &"a".into());
    slint.dispatch_event(WindowEvent::KeyReleased {
        text: Key::Control.into(),
    });
    press(slint, &Key::Backspace.into());
    for letter in typing.text.chars() {
        press_by_hand(slint, &letter.into());
    }
    mock_elapsed_time(Duration::from_millis(20));
    if !typing.stay {
        press(slint, &Key::Tab.into());
        mock_elapsed_time(Duration::from_millis(20));
    }
    Ok(())
}

/// Strokes in pixels from the pad's top left corner.
fn draw(window: &Window, strokes: &[Vec<[f32; 2]>]) -> Result<(), String> {
    let pad = elements(window)
        .into_iter()
        .find(|element| element.accessible_id().as_deref() == Some("signature-pad"))
        .ok_or("there is no signature pad")?;
    let (origin, slint) = (pad.absolute_position(), window.slint());
    let button = PointerEventButton::Left;
    for stroke in strokes {
        let mut at = stroke
            .iter()
            .map(|[x, y]| LogicalPosition::new(origin.x + x, origin.y + y));
        let Some(mut position) = at.next() else {
            continue;
        };
        slint.dispatch_event(WindowEvent::PointerMoved { position });
        slint.dispatch_event(WindowEvent::PointerPressed { position, button });
        for next in at {
            position = next;
            slint.dispatch_event(WindowEvent::PointerMoved { position });
        }
        slint.dispatch_event(WindowEvent::PointerReleased { position, button });
    }
    slint.dispatch_event(WindowEvent::PointerExited);
    Ok(())
}

/// Writes what is on the window as PNG.
pub(crate) fn screenshot(window: &slint::Window, file: &Path) -> Result<(), String> {
    mock_elapsed_time(Duration::from_millis(20));
    let picture = window.take_snapshot().map_err(|error| error.to_string())?;
    let write = || -> Result<(), png::EncodingError> {
        let file = io::BufWriter::new(std::fs::File::create(file)?);
        let mut encoder = png::Encoder::new(file, picture.width(), picture.height());
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header()?.write_image_data(picture.as_bytes())
    };
    write().map_err(|error| error.to_string())
}
