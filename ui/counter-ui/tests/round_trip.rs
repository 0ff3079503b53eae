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

use counter_api::{
    ContentId, Display, ResidentAction, StaffAction, StaffScreen, Step, ToDaemon, ToScreen,
};
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
        self.done(&json!({ "wait_for": { "text": text }, "timeout_ms": 60_000 }));
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
            ToDaemon::Staff { .. } | ToDaemon::Resident { .. } => panic!("hello expected"),
        }
        daemon
    }

    fn next(&mut self) -> ToDaemon {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn staff(&mut self) -> StaffAction {
        self.numbered().1
    }

    fn numbered(&mut self) -> (u64, StaffAction) {
        match self.next() {
            ToDaemon::Staff { id, action } => (id, action),
            ToDaemon::Hello { .. } | ToDaemon::Resident { .. } => panic!("staff's deed expected"),
        }
    }

    fn done(&mut self, id: u64) {
        self.shows_view(&ToScreen::Done { id });
    }

    #[track_caller]
    fn hears_field(&mut self, path: &str, value: &str) {
        let StaffAction::SetField {
            path: at,
            value: text,
        } = self.staff()
        else {
            panic!("another deed")
        };
        assert_eq!((at.as_str(), text.as_str()), (path, value));
    }

    fn resident(&mut self) -> ResidentAction {
        match self.next() {
            ToDaemon::Resident { action, .. } => action,
            ToDaemon::Hello { .. } | ToDaemon::Staff { .. } => panic!("resident's deed expected"),
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

fn scene(display: &str, kind: Display) -> (tempfile::TempDir, UnixListener, Screen, Daemon) {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("screens.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let screen = Screen::start(display, &socket);
    let daemon = Daemon::accept(&listener, kind);
    (folder, listener, screen, daemon)
}

#[test]
fn sign_in_takes_any_printable_character_and_can_show_it() {
    let (_folder, _listener, mut screen, mut daemon) = scene("staff", Display::Staff);
    daemon.shows("staff-01-sign-in");
    screen.sees("窓口を始める");
    let early = screen.ask(&json!({ "tap": "窓口を始める", "role": "button" }));
    assert!(
        early.get("error").is_some(),
        "an empty sign-in can be pressed"
    );
    screen.done(&json!({ "type": { "into": "職員番号", "text": "u0312" } }));
    screen.done(&json!({ "type": { "into": "パスワード", "text": "Hi #1-ひみつ" } }));
    screen.done(&json!({ "tap": "文字を見せる" }));
    screen.sees("隠す");
    screen.done(&json!({ "tap": "窓口を始める" }));
    let StaffAction::SignIn { staff, secret } = daemon.staff() else {
        panic!("another deed")
    };
    assert_eq!((staff.as_str(), secret.expose()), ("u0312", "Hi #1-ひみつ"));

    let again = screen.ask(&json!({ "tap": "窓口を始める", "role": "button" }));
    assert!(again.get("error").is_some(), "the password is still there");
}

#[test]
fn locked_screen_asks_only_for_the_password() {
    let (_folder, _listener, mut screen, mut daemon) = scene("staff", Display::Staff);
    daemon.shows("staff-06-household");
    screen.sees("異動前");
    screen.done(&json!({ "tap": "画面をロックする" }));
    let (id, lock) = daemon.numbered();
    assert!(matches!(lock, StaffAction::LockScreen));
    daemon.done(id);
    screen.done(&json!({ "tap": "フリガナ", "role": "textinput", "index": 1 }));
    daemon.shows("staff-22-locked");
    screen.sees("画面をロックしています");
    let seen = screen.ask(&json!({ "see": null })).to_string();
    assert!(!seen.contains("花子"), "a resident behind the lock");
    screen.done(&json!({ "type": { "into": "パスワード", "text": "himitsu" } }));
    screen.done(&json!({ "tap": "続きから始める" }));
    assert!(matches!(daemon.staff(), StaffAction::SignIn { staff, .. } if staff == "u0312"));
    daemon.shows("staff-06-household");
    screen.sees("保存済");
    screen.done(&json!({ "elapse_ms": 300 }));
    let seen = screen.ask(&json!({ "see": null })).to_string();
    assert!(
        seen.contains("2 人目を外す") && !seen.contains("異動前"),
        "the screen came back elsewhere"
    );
}

#[test]
fn field_is_stored_after_a_pause_and_says_so() {
    let (_folder, _listener, mut screen, mut daemon) = scene("staff", Display::Staff);
    daemon.shows("staff-06-household");
    screen.sees("異動前");
    screen.done(&json!({ "tap": "フリガナ", "role": "textinput", "index": 1 }));
    screen.done(&json!({ "key": "ア" }));
    screen.sees("まだ保存していません");
    screen.done(&json!({ "elapse_ms": 700 }));
    let (id, first) = daemon.numbered();
    assert!(
        matches!(&first, StaffAction::TypeField { path, value } if path == "member.2.kana" && value.ends_with('ア')),
        "{first:?}"
    );
    screen.sees("未保存 1 項目");
    daemon.done(id);
    screen.sees("保存済 10:42");
    screen.done(&json!({ "key": "イ" }));
    screen.done(&json!({ "key": "Tab" }));
    screen.done(&json!({ "elapse_ms": 20 }));
    let (id, second) = daemon.numbered();
    assert!(
        matches!(&second, StaffAction::SetField { path, value } if path == "member.2.kana" && value.ends_with("アイ")),
        "{second:?}"
    );
    daemon.done(id);
    screen.sees("保存済 10:42");
}

#[test]
fn lost_daemon_is_told_truthfully_and_gets_everything_again() {
    let (folder, listener, mut screen, mut daemon) = scene("staff", Display::Staff);
    daemon.shows("staff-06-household");
    screen.sees("異動前");
    screen.done(&json!({ "type": { "into": "フリガナ", "index": 1, "text": "カクウ　ハナ" } }));
    daemon.hears_field("member.2.kana", "カクウ　ハナ");
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
    screen.sees("・2 人目のフリガナ");
    screen.sees("・1 人目の性別");
    screen.done(&json!({ "screenshot": folder.path().join("lost.png") }));
    let mut daemon = Daemon::accept(&listener, Display::Staff);
    // A daemon that crashed knows nobody: the input waits for the sign-in.
    daemon.shows("staff-01-sign-in");
    screen.sees("まだ保存されていない入力が 2 項目あります。");
    daemon.shows("staff-06-household");
    // What was never answered comes again, in order; nothing else does.
    let (first, kana) = daemon.numbered();
    assert!(matches!(kana, StaffAction::SetField { path, .. } if path == "member.2.kana"));
    let (second, sex) = daemon.numbered();
    assert!(matches!(sex, StaffAction::SetField { path, .. } if path == "member.1.sex"));
    daemon.done(first);
    daemon.done(second);
    screen.sees("保存済 10:42");
    daemon.shows("staff-17-returned");
    screen.sees("部屋番号を確認してください。");

    drop(daemon);
    screen.sees("入力はすべて保存されています。");
}

#[test]
fn what_was_typed_into_one_case_never_reaches_another() {
    let (_folder, listener, mut screen, mut daemon) = scene("staff", Display::Staff);
    daemon.shows("staff-06-household");
    screen.sees("異動前");
    screen.done(&json!({ "type": { "into": "フリガナ", "index": 1, "text": "カクウ　ハナ" } }));
    daemon.hears_field("member.2.kana", "カクウ　ハナ");
    drop(daemon);
    screen.sees("つなぎ直しています");
    let mut daemon = Daemon::accept(&listener, Display::Staff);
    daemon.shows_view(&another_case("staff-06-household", "07-2-000999"));
    screen.sees("前の受付で入力した 1 項目は、保存できませんでした。");
    screen.done(&json!({ "tap": "つぎへ" }));
    assert!(matches!(
        daemon.staff(),
        StaffAction::GoTo {
            step: Step::Questions
        }
    ));
}

#[test]
fn everybody_is_answered_for_with_one_touch() {
    let (_folder, _listener, mut screen, mut daemon) = scene("staff", Display::Staff);
    daemon.shows("staff-25-question-about-several");
    screen.sees("3 人について");
    screen.done(&json!({ "tap": "いいえ", "id": "全員=false" }));
    let StaffAction::AnswerMembers { members, value, .. } = daemon.staff() else {
        panic!("another deed")
    };
    assert_eq!(
        (members.as_slice(), value.as_str()),
        (&[1, 2, 3][..], "false")
    );

    screen.done(&json!({ "tap": "はい", "id": "架空　花子=true" }));
    assert!(matches!(
        daemon.staff(),
        StaffAction::Answer { member: Some(2), value, .. } if value == "true"
    ));
}

/// An example as a case of its own.
fn another_case(name: &str, number: &str) -> ToScreen {
    let mut view = example(name);
    if let ToScreen::StaffView(staff) = &mut view
        && let StaffScreen::Reception(reception) = &mut staff.screen
    {
        reception.case = "0192f000000070008000000000000999".parse().unwrap();
        number.clone_into(&mut reception.receipt_number);
    }
    view
}

#[test]
fn resident_reads_to_the_end_before_it_is_right() {
    let (_folder, _listener, mut screen, mut daemon) = scene("resident", Display::Resident);
    daemon.shows("resident-16-check-household-en");
    screen.sees("届出の内容");
    screen.done(&json!({ "tap": "つづきを見る" }));
    screen.done(&json!({ "tap": "ちがうところがある" }));
    // Whoever only turned a page has said nothing yet.
    assert!(matches!(daemon.resident(), ResidentAction::ContentWrong));

    let to_end = json!({ "read_on": { "by": "つづきを見る", "to": "正しい・署名へ進む" } });
    screen.done(&to_end);
    screen.done(&json!({ "tap": "正しい・署名へ進む" }));
    let ResidentAction::ContentRight { content } = daemon.resident() else {
        panic!("another deed")
    };
    assert_eq!(content, ContentId(1616));

    daemon.shows("resident-09-sign");
    screen.sees("書き直す");
    let lost = screen.ask(&to_end).to_string();
    assert!(lost.contains("neither"), "there is nothing to read: {lost}");
}

#[test]
fn resident_enters_pin_and_signs() {
    let (_folder, _listener, mut screen, mut daemon) = scene("resident", Display::Resident);

    daemon.shows("resident-04-pin");
    screen.sees("あと 3 回試せます。");
    for digit in ["1", "2", "9", "3"] {
        screen.done(&json!({ "tap": digit }));
    }
    let seen = screen.ask(&json!({ "see": null })).to_string();
    assert!(!seen.contains("1293"), "the PIN can be read on the screen");
    screen.done(&json!({ "tap": "きめる" }));
    let ResidentAction::Pin { digits } = daemon.resident() else {
        panic!("another deed")
    };
    assert_eq!(digits.expose(), "1293");

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
    let ResidentAction::Sign {
        content,
        pad_width,
        pad_height,
        strokes,
    } = daemon.resident()
    else {
        panic!("another deed")
    };
    assert_eq!(content, ContentId(1010));
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
