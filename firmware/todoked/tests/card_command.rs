//! `todoke card` and `todoke device` with the real pcscd and virtual cards (`TODOKE_PCSC=1`).
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use device_sim::card::{
    CardPerson, CardSort, Fault, InsertedCard, LinkEvent, SecretName, VirtualCard, insert,
};
use device_sim::pcscd::{PcscdProcess, Readers, SOCKET_VARIABLE};
use serde_json::{Value, json};

/// A reader of its own, and the command line that uses it.
struct Counter {
    pcscd: PcscdProcess,
    _folder: tempfile::TempDir,
}

impl Counter {
    /// `None` unless the tests with a real pcscd are asked for.
    fn open() -> Option<Self> {
        if std::env::var_os("TODOKE_PCSC").is_none_or(|set| set != "1") {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let pcscd = PcscdProcess::start(folder.path(), Readers::Virtual).unwrap();
        Some(Self {
            pcscd,
            _folder: folder,
        })
    }

    /// Puts a card down and waits until the command line sees it.
    fn lay(&self, person: &CardPerson) -> (Arc<Mutex<VirtualCard>>, InsertedCard) {
        let chip = Arc::new(Mutex::new(VirtualCard::of(person)));
        let inserted = insert(Arc::clone(&chip), self.pcscd.port()).unwrap();
        while self.states() != ["card", "empty"] {}
        (chip, inserted)
    }

    /// Waits until pcscd has noticed that the card is gone.
    fn lift(&self, inserted: InsertedCard) {
        drop(inserted);
        while self.states() != ["empty", "empty"] {}
    }

    fn states(&self) -> Vec<String> {
        let list = self.says(&["device", "list"]);
        let devices = list["devices"].as_array().unwrap();
        devices
            .iter()
            .map(|device| device["state"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Runs the command line; what stands behind `<` goes to its standard input, one a line.
    fn run(&self, words: &[&str]) -> Output {
        let (words, lines) = match words.iter().position(|word| *word == "<") {
            Some(place) => (&words[..place], &words[place + 1..]),
            None => (words, &[][..]),
        };
        self.start(words, lines).wait_with_output().unwrap()
    }

    fn start(&self, words: &[&str], lines: &[&str]) -> Child {
        let mut running = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_todoke")))
            .args(words)
            .arg("--json")
            .env(SOCKET_VARIABLE, self.pcscd.socket())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let entered: String = lines.iter().map(|line| format!("{line}\n")).collect();
        // A command that asks for nothing may have ended already.
        running
            .stdin
            .take()
            .unwrap()
            .write_all(entered.as_bytes())
            .ok();
        running
    }

    #[track_caller]
    fn says(&self, words: &[&str]) -> Value {
        let output = self.run(words);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{words:?}: {error}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What a refused command says on its error output; the standard output stays empty.
    #[track_caller]
    fn refuses(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(output.stdout.is_empty(), "{words:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one card, one command after the other"
)]
#[test]
fn a_my_number_card_is_read_with_stable_keys_and_codes() {
    let Some(counter) = Counter::open() else {
        return;
    };
    assert!(
        counter
            .refuses(&["card", "tries"])
            .starts_with("todoke: CARD-EMPTY")
    );
    let (chip, _inserted) = counter.lay(&CardPerson::taro());
    let tries = json!({
        "pin": 3, "number_a": 10, "number_b": 10, "visual_number_a": 10, "visual_number_b": 10,
        "auth_pin": 3, "sign_password": 5,
    });
    assert_eq!(
        counter.says(&["card", "tries"]),
        json!({ "card": "my-number", "tries_left": tries })
    );
    let mut expected = json!({
        "card": "my-number",
        "name": "架空　太郎",
        "address": "東京都千代田区架空町一丁目２番３－４０５号",
        "birth_date": "1985-07-14",
        "sex": "male",
        "warnings": [],
        "tries_left": tries,
    });
    assert_eq!(
        counter.says(&["card", "read", "--pin", "<", "1234"]),
        expected
    );
    assert_eq!(
        counter.says(&["card", "read", "--number-b", "<", "60071420334711"]),
        expected
    );
    expected["individual_number"] = "123456789018".into();
    assert_eq!(
        counter.says(&["card", "read", "--pin", "--with-number", "<", "1234"]),
        expected
    );
    let presented = chip.lock().unwrap().counted().1;
    assert_eq!(presented, 3);
    let wrong = counter.refuses(&["card", "read", "--pin", "<", "9999"]);
    assert!(
        wrong.starts_with("todoke: CARD-PIN-WRONG tries_left=2"),
        "{wrong}"
    );
    assert!(
        counter
            .refuses(&["card", "read", "--pin", "<", "9999"])
            .contains("tries_left=1")
    );
    let last = counter.refuses(&["card", "read", "--pin", "<", "1234"]);
    assert!(
        last.starts_with("todoke: CARD-PIN-LAST-TRY tries_left=1"),
        "{last}"
    );
    assert_eq!(
        chip.lock().unwrap().counted().1,
        presented + 2,
        "it was not sent"
    );
    counter.says(&["card", "read", "--pin", "--insist", "<", "1234"]);
    chip.lock().unwrap().set_tries(SecretName::Pin, 0);
    let locked = counter.refuses(&["card", "read", "--pin", "--insist", "<", "1234"]);
    assert!(
        locked.starts_with("todoke: CARD-PIN-LOCKED tries_left=0"),
        "{locked}"
    );
    assert!(
        counter
            .refuses(&["card", "read"])
            .contains("CARD-KEY-MISSING")
    );
    assert!(
        counter
            .refuses(&["card", "read", "--pin", "<", "12"])
            .contains("CARD-PIN-FOUR-DIGITS")
    );
}

#[test]
fn other_cards_are_read_as_far_as_their_chips_go() {
    let Some(counter) = Counter::open() else {
        return;
    };
    let (_chip, inserted) = counter.lay(&CardPerson::hanako());
    assert_eq!(
        counter.says(&["card", "read", "--pin", "<", "1111"]),
        json!({
            "card": "drivers-licence",
            "name": "架空　花〓子",
            "address": "神奈川県架空市本町一丁目１番１号",
            "birth_date": "1992-11-03",
            "sex": null,
            "warnings": ["changes-on-back", "missing-characters"],
            "tries_left": { "pin1": 3, "pin2": 3 },
        })
    );
    counter.lift(inserted);
    let (_chip, inserted) = counter.lay(&CardPerson::rei(CardSort::ResidenceFirst));
    let wrong = counter.refuses(&["card", "read", "--card-number", "<", "ZZ12345678YZ"]);
    assert!(wrong.starts_with("todoke: CARD-NUMBER-WRONG:"), "{wrong}");
    assert_eq!(
        counter.says(&["card", "read", "--card-number", "<", "zz12345678yy"]),
        json!({
            "card": "residence-card",
            "name": null,
            "address": "東京都架空区見本町四丁目５番６号",
            "birth_date": null,
            "sex": null,
            "warnings": ["name-is-picture", "authority-unknown"],
            "tries_left": {},
        })
    );
    counter.lift(inserted);
    let unknown = CardPerson {
        kind: CardSort::Unknown,
        ..CardPerson::default()
    };
    let (_chip, _inserted) = counter.lay(&unknown);
    assert!(
        counter
            .refuses(&["card", "read", "--pin", "<", "1234"])
            .contains("CARD-UNKNOWN")
    );
    assert_eq!(
        counter.says(&["device", "test", "card-reader"])["card"],
        "unsupported"
    );
}

#[test]
fn a_card_that_was_lifted_is_waited_for_and_read_on() {
    let Some(counter) = Counter::open() else {
        return;
    };
    let (chip, inserted) = counter.lay(&CardPerson::taro());
    chip.lock().unwrap().arrange(Fault::PullAfter(9));
    let reading = counter.start(&["card", "read", "--pin", "--wait", "20"], &["1234"]);
    while inserted.next_event() != Some(LinkEvent::Ended) {}
    counter.lift(inserted);
    let _back = insert(Arc::clone(&chip), counter.pcscd.port()).unwrap();
    let output = reading.wait_with_output().unwrap();
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(read["name"], "架空　太郎");
    assert!(chip.lock().unwrap().counted().1 <= 2);
    assert_eq!(chip.lock().unwrap().tries_left(SecretName::Pin), Some(3));
}

#[test]
fn secrets_come_from_the_standard_input_and_an_argument_is_warned_of() {
    let Some(counter) = Counter::open() else {
        return;
    };
    let (chip, inserted) = counter.lay(&CardPerson::taro());
    let asked = counter.run(&["card", "read", "--pin", "<", "1234"]);
    assert!(asked.status.success() && asked.stderr.is_empty());
    // Other programs rely on it: it works, and says who can see it.
    let given = counter.run(&["card", "read", "--pin", "1234"]);
    assert!(given.status.success());
    assert_eq!(given.stdout, asked.stdout);
    let warning = String::from_utf8(given.stderr).unwrap();
    assert!(warning.contains("other users of this machine"), "{warning}");
    assert!(!warning.contains("1234"), "{warning}");
    let presented = chip.lock().unwrap().counted().1;
    let nothing = counter.refuses(&["card", "read", "--pin"]);
    assert!(nothing.contains("nothing was entered"), "{nothing}");
    let long = "1".repeat(100);
    counter.refuses(&["card", "read", "--pin", "<", long.as_str()]);
    assert_eq!(
        chip.lock().unwrap().counted().1,
        presented,
        "nothing was sent"
    );
    counter.lift(inserted);
    // Two secrets, a line each.
    let (_chip, inserted) = counter.lay(&CardPerson::hanako());
    let read = counter.says(&["card", "read", "--pin", "--pin2", "<", "1111", "2222"]);
    assert_eq!(read["domicile"], "神奈川県架空市本町一番");
    counter.lift(inserted);
    let (_chip, _inserted) = counter.lay(&CardPerson::traveller());
    let words = [
        "card",
        "read",
        "--passport",
        "<",
        "TK1234567",
        "921103",
        "310630",
    ];
    assert_eq!(counter.says(&words)["birth_date"], "1992-11-03");
    assert_eq!(
        counter
            .run(&["card", "read", "--passport", "TK1234567"])
            .status
            .code(),
        Some(2)
    );
}
