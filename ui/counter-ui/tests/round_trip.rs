//! The program itself against a daemon of the test, over a real Unix socket and its stdin.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use counter_api::{Display, ResidentAction, StaffAction, StaffScreen, Step, ToDaemon, ToScreen};
use counter_ui::gallery::examples;
use serde_json::{Value, json};

struct Screen {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Screen {
    fn start(display: &str, socket: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_todoke-ui"))
            .args(["--scripted", "--display", display, "--socket"])
            .arg(socket)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            input,
            output,
        }
    }

    fn ask(&mut self, command: &Value) -> Value {
        writeln!(self.input, "{command}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    #[track_caller]
    fn done(&mut self, command: &Value) {
        let answer = self.ask(command);
        assert_eq!(answer.get("error"), None, "{command}");
    }

    #[track_caller]
    fn sees(&mut self, text: &str) {
        self.done(&json!({ "wait_for": { "text": text }, "timeout_ms": 20_000 }));
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        drop(writeln!(self.input, "{}", json!({ "quit": null })));
        drop(self.child.wait());
    }
}

/// The daemon's end of one connection.
struct Daemon {
    stream: UnixStream,
    lines: BufReader<UnixStream>,
}

impl Daemon {
    fn accept(listener: &UnixListener, expected: Display) -> Self {
        let (stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap());
        let mut daemon = Self { stream, lines };
        match daemon.next() {
            ToDaemon::Hello { version, display } => {
                assert_eq!((version, display), (counter_api::VERSION, expected));
            }
            other => panic!("hello expected, got {other:?}"),
        }
        daemon
    }

    fn next(&mut self) -> ToDaemon {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn staff(&mut self) -> StaffAction {
        match self.next() {
            ToDaemon::Staff { action, .. } => action,
            other => panic!("staff's deed expected, got {other:?}"),
        }
    }

    fn resident(&mut self) -> ResidentAction {
        match self.next() {
            ToDaemon::Resident { action, .. } => action,
            other => panic!("resident's deed expected, got {other:?}"),
        }
    }

    fn shows(&mut self, name: &str) {
        self.shows_view(&example(name));
    }

    fn shows_view(&mut self, view: &ToScreen) {
        let line = serde_json::to_string(view).unwrap();
        writeln!(self.stream, "{line}").unwrap();
    }
}

fn example(name: &str) -> ToScreen {
    let mut all = examples().unwrap().into_iter();
    all.find(|(other, _)| other == name)
        .map(|(_, view)| view)
        .unwrap()
}

#[test]
fn staff_screen_sends_deeds_and_heals() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("screens.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let mut screen = Screen::start("staff", &socket);
    let mut daemon = Daemon::accept(&listener, Display::Staff);

    daemon.shows("staff-01-sign-in");
    screen.sees("窓口を始める");
    let early = screen.ask(&json!({ "tap": "窓口を始める", "role": "button" }));
    assert!(
        early.get("error").is_some(),
        "an empty sign-in can be pressed"
    );
    screen.done(&json!({ "type": { "into": "職員番号", "text": "u0312" } }));
    screen.done(&json!({ "type": { "into": "パスワード", "text": "demo1234" } }));
    screen.done(&json!({ "tap": "窓口を始める" }));
    match daemon.staff() {
        StaffAction::SignIn { staff, secret } => {
            assert_eq!((staff.as_str(), secret.expose()), ("u0312", "demo1234"));
        }
        other => panic!("sign-in expected, got {other:?}"),
    }

    daemon.shows("staff-06-household");
    screen.sees("異動前");
    screen.done(&json!({ "type": { "into": "フリガナ", "index": 1, "text": "カクウ　ハナ" } }));
    match daemon.staff() {
        StaffAction::SetField { path, value } => {
            assert_eq!(
                (path.as_str(), value.as_str()),
                ("member.2.kana", "カクウ　ハナ")
            );
        }
        other => panic!("field expected, got {other:?}"),
    }
    screen.done(&json!({ "tap": "女", "id": "member.1.sex=2" }));
    assert!(matches!(daemon.staff(), StaffAction::SetField { path, .. } if path == "member.1.sex"));
    screen.done(&json!({ "tap": "つぎへ" }));
    assert!(matches!(
        daemon.staff(),
        StaffAction::GoTo {
            step: Step::Questions
        }
    ));

    drop(daemon);
    screen.sees("つなぎ直しています。入力は保存されています。");
    let mut daemon = Daemon::accept(&listener, Display::Staff);
    daemon.shows("staff-06-household");
    // What was never answered comes again, in order; nothing else does.
    assert!(
        matches!(daemon.staff(), StaffAction::SetField { path, .. } if path == "member.2.kana")
    );
    assert!(matches!(daemon.staff(), StaffAction::SetField { path, .. } if path == "member.1.sex"));
    daemon.shows("staff-17-returned");
    screen.sees("部屋番号を確認してください。");
    let picture = folder.path().join("returned.png");
    screen.done(&json!({ "screenshot": picture }));
    assert!(std::fs::metadata(&picture).unwrap().len() > 10_000);

    drop(daemon);
    screen.sees("つなぎ直しています。入力は保存されています。");
    let mut daemon = Daemon::accept(&listener, Display::Staff);
    daemon.shows_view(&another_case("staff-06-household", "07-2-000999"));
    screen.sees("07-2-000999");
    screen.done(&json!({ "tap": "つぎへ" }));
    // What was typed into the other case, still unanswered, stays out of this one.
    assert!(matches!(
        daemon.staff(),
        StaffAction::GoTo {
            step: Step::Questions
        }
    ));
}

/// An example as a case of its own.
fn another_case(name: &str, number: &str) -> ToScreen {
    let mut view = example(name);
    if let ToScreen::StaffView(staff) = &mut view
        && let StaffScreen::Reception(reception) = &mut staff.screen
    {
        reception.case = "0192f000000070008000000000000999".parse().unwrap();
        reception.receipt_number = number.to_owned();
    }
    view
}

#[test]
fn resident_enters_pin_and_signs() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("screens.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let mut screen = Screen::start("resident", &socket);
    let mut daemon = Daemon::accept(&listener, Display::Resident);

    daemon.shows("resident-04-pin");
    screen.sees("あと 3 回試せます。");
    for digit in ["1", "2", "9", "3"] {
        screen.done(&json!({ "tap": digit }));
    }
    let seen = screen.ask(&json!({ "see": null })).to_string();
    assert!(!seen.contains("1293"), "the PIN can be read on the screen");
    screen.done(&json!({ "tap": "きめる" }));
    match daemon.resident() {
        ResidentAction::Pin { digits } => assert_eq!(digits.expose(), "1293"),
        other => panic!("PIN expected, got {other:?}"),
    }

    daemon.shows("resident-10-sign-en");
    screen.sees("Write again");
    let early = screen.ask(&json!({ "tap": "これで よい" }));
    assert!(
        early.get("error").is_some(),
        "an empty signature is accepted"
    );
    let stroke: Vec<[f32; 2]> = (0..40_u8)
        .map(|i| [100.0 + f32::from(i) * 6.0, 120.0 + f32::from(i % 7) * 9.0])
        .collect();
    screen.done(&json!({ "draw": [stroke, [[400.0, 100.0], [420.0, 180.0]]] }));
    screen.done(&json!({ "tap": "これで よい" }));
    match daemon.resident() {
        ResidentAction::Sign {
            pad_width,
            pad_height,
            strokes,
        } => {
            assert_eq!(
                strokes.iter().map(|s| s.points.len()).collect::<Vec<_>>(),
                [40, 2]
            );
            let times: Vec<u32> = strokes
                .iter()
                .flat_map(|s| s.points.iter().map(|p| p.t))
                .collect();
            assert!(
                times.is_sorted() && times.first() == Some(&0),
                "times go on from zero"
            );
            let first = strokes.first().and_then(|s| s.points.first()).unwrap();
            assert_eq!((first.x, first.y), (10_000, 12_000));
            assert!(pad_width > 100_000 && pad_height * 10 >= 80_000 * 4);
        }
        other => panic!("signature expected, got {other:?}"),
    }
    screen.done(&json!({ "tap": "日本語" }));
    assert!(matches!(
        daemon.resident(),
        ResidentAction::SetLanguage { .. }
    ));
    let hidden = screen.ask(&json!({ "tap": "窓口を始める" }));
    assert!(
        hidden.get("error").is_some(),
        "the staff's screen reached the resident"
    );
}
