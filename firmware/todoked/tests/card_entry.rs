//! Secrets of a card typed at a terminal, played with `script` (util-linux): never shown, and the terminal
//! is afterwards as it was. No reader is needed: what was typed is refused before one is looked for.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

/// What the terminal showed while `keys` were typed once PIN 1 was asked for, and what is said of it after
/// the program ended.
fn typed(keys: &str) -> String {
    let program = env!("CARGO_BIN_EXE_todoke");
    let shell = format!(
        "before=$(stty -g); {program} card read --pin; \
         [ \"$(stty -g)\" = \"$before\" ] && echo 'as before'"
    );
    let mut terminal = Command::new("script")
        .args([
            "--quiet",
            "--flush",
            "--command",
            shell.as_str(),
            "/dev/null",
        ])
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keyboard = terminal.stdin.take().unwrap();
    let mut screen = terminal.stdout.take().unwrap();
    let mut shown = Vec::new();
    while !shown.ends_with(b"PIN: ") {
        let mut one = [0];
        assert_eq!(screen.read(&mut one).unwrap(), 1, "nothing was asked");
        shown.extend(one);
    }
    keyboard.write_all(keys.as_bytes()).unwrap();
    keyboard.flush().unwrap();
    screen.read_to_end(&mut shown).unwrap();
    terminal.wait().unwrap();
    String::from_utf8(shown).unwrap()
}

#[test]
fn digits_typed_at_a_terminal_are_not_shown() {
    let shown = typed("98761\n");
    assert!(shown.contains("CARD-PIN-FOUR-DIGITS"), "{shown}");
    assert!(!shown.contains('9') && !shown.contains("98761"), "{shown}");
    assert!(shown.contains("as before"), "{shown}");
}

#[test]
fn ctrl_c_leaves_the_terminal_as_it_was() {
    let shown = typed("98\u{3}");
    assert!(shown.contains("CARD-ENTRY-STOPPED"), "{shown}");
    assert!(!shown.contains("98"), "{shown}");
    assert!(shown.contains("as before"), "{shown}");
}

#[test]
fn what_was_typed_wrong_can_be_taken_back() {
    let shown = typed("9876\u{7f}\u{7f}\u{15}\n");
    assert!(shown.contains("nothing was entered"), "{shown}");
    assert!(shown.contains("as before"), "{shown}");
}
