//! The same suite on the virtual card in process and, with `TODOKE_PCSC=1`, through the real pcscd.
//!
//! The PC/SC library takes its socket from the environment of the process, so the tests behind pcscd
//! run in a child process of this test binary that has it set.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops at the first surprise"
)]

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use card_reader::{Card, CardError, CardWatch, Lying, PcscService};
use device_sim::card::{
    CardPerson, Fault, InProcessCard, InsertedCard, LinkEvent, VirtualCard, insert,
};
use device_sim::pcscd::{PcscdProcess, Readers, SOCKET_VARIABLE};
use identity_cards::{
    Auth, CardKind, Insist, NumberB, Pin, ReadCardError, SecretKind, TriesLeft, session,
};

type Chip = Arc<Mutex<VirtualCard>>;

fn taro() -> Chip {
    Arc::new(Mutex::new(VirtualCard::my_number(CardPerson::taro())))
}

fn pin(digits: &str) -> Auth {
    Auth::Pin(Pin::parse(digits).unwrap())
}

fn number_b() -> Auth {
    Auth::NumberB(NumberB::from_parts("600714", "2033", "4711").unwrap())
}

/// A reader that cards are put on: in process, or pcscd's.
trait Bench {
    /// Puts the card down, powers it and lets the test use it, then powers it down.
    fn with_card<T>(&self, chip: &Chip, use_card: impl FnOnce(&mut dyn Card) -> T) -> T;
}

struct InProcess;

impl Bench for InProcess {
    fn with_card<T>(&self, chip: &Chip, use_card: impl FnOnce(&mut dyn Card) -> T) -> T {
        use_card(&mut InProcessCard::connect(chip))
    }
}

struct BehindPcscd {
    pcscd: PcscdProcess,
}

impl BehindPcscd {
    fn put(&self, chip: &Chip) -> InsertedCard {
        insert(Arc::clone(chip), self.pcscd.port()).unwrap()
    }

    /// Waits until pcscd has noticed, by its own events.
    fn await_lying(watch: &mut CardWatch, wanted: impl Fn(&Lying) -> bool) -> Lying {
        loop {
            let lying = watch.next().expect("nobody cancels");
            if wanted(&lying) {
                return lying;
            }
        }
    }
}

impl Bench for BehindPcscd {
    fn with_card<T>(&self, chip: &Chip, use_card: impl FnOnce(&mut dyn Card) -> T) -> T {
        let mut watch = CardWatch::new();
        Self::await_lying(&mut watch, |lying| matches!(lying, Lying::Empty { .. }));
        let inserted = self.put(chip);
        let lying = Self::await_lying(&mut watch, |l| matches!(l, Lying::Card { .. }));
        let Lying::Card { reader, atr } = lying else {
            unreachable!()
        };
        let mut card = PcscService::establish().unwrap().connect(&reader).unwrap();
        assert_eq!(card.atr(), atr);
        let result = use_card(&mut card);
        drop(card);
        drop(inserted);
        result
    }
}

fn suite(bench: &impl Bench) {
    both_secrets_read_the_same_person(bench);
    tries_cost_nothing(bench);
    wrong_pin_costs_one_try_and_is_not_repeated(bench);
    blocked_pin_leaves_number_b(bench);
    card_pulled_mid_read_gives_nothing(bench);
    unknown_card_is_told(bench);
    opened_card_is_closed_by_power_loss(bench);
    quirks_do_not_matter(bench);
}

fn both_secrets_read_the_same_person(bench: &impl Bench) {
    let chip = taro();
    let by_pin = bench.with_card(&chip, |card| session::read(card, &pin("1234"), Insist::No));
    let by_b = bench.with_card(&chip, |card| session::read(card, &number_b(), Insist::No));
    let four = by_pin.unwrap();
    assert_eq!(four.name, "架空　太郎");
    assert_eq!(four.birth, "1985-07-14");
    assert_eq!(Ok(four), by_b);
    let number = bench.with_card(&chip, |card| {
        session::read_individual_number(card, &Pin::parse("1234").unwrap(), Insist::No)
    });
    assert_eq!(number.unwrap().1.reveal(), "123456789018");
}

fn tries_cost_nothing(bench: &impl Bench) {
    let chip = taro();
    for _ in 0..3 {
        let (kind, tries) = bench.with_card(&chip, |card| session::look(card)).unwrap();
        assert_eq!(kind, CardKind::MyNumber);
        let tries = tries.unwrap();
        assert_eq!(
            (tries.pin, tries.number_b),
            (TriesLeft::Left(3), TriesLeft::Left(10))
        );
    }
    assert_eq!(
        chip.lock().unwrap().counted().1,
        0,
        "no secret was presented"
    );
}

fn wrong_pin_costs_one_try_and_is_not_repeated(bench: &impl Bench) {
    let chip = taro();
    let result = bench.with_card(&chip, |card| session::read(card, &pin("9999"), Insist::No));
    assert_eq!(
        result,
        Err(ReadCardError::Wrong {
            kind: SecretKind::Pin,
            tries_left: 2
        })
    );
    assert_eq!(chip.lock().unwrap().counted().1, 1);
}

fn blocked_pin_leaves_number_b(bench: &impl Bench) {
    let chip = taro();
    chip.lock().unwrap().set_pin_tries(1);
    let read =
        |auth: Auth, insist| bench.with_card(&chip, |card| session::read(card, &auth, insist));
    let kind = SecretKind::Pin;
    assert_eq!(
        read(pin("9999"), Insist::No),
        Err(ReadCardError::LastTry { kind })
    );
    assert_eq!(
        chip.lock().unwrap().counted().1,
        0,
        "the last try was not spent"
    );
    assert_eq!(
        read(pin("9999"), Insist::Yes),
        Err(ReadCardError::Blocked { kind })
    );
    assert_eq!(
        read(pin("1234"), Insist::Yes),
        Err(ReadCardError::Blocked { kind })
    );
    assert_eq!(
        chip.lock().unwrap().counted().1,
        1,
        "a blocked PIN is not sent"
    );
    assert_eq!(read(number_b(), Insist::No).unwrap().name, "架空　太郎");
}

fn card_pulled_mid_read_gives_nothing(bench: &impl Bench) {
    // After each of the six commands of a reading.
    for commands in 0..6 {
        let chip = taro();
        chip.lock().unwrap().arrange(Fault::PullAfter(commands));
        let result = bench.with_card(&chip, |card| session::read(card, &pin("1234"), Insist::No));
        let error = result.unwrap_err();
        assert!(error.is_card_loss(), "after {commands} commands: {error}");
        assert!(
            chip.lock().unwrap().counted().1 <= 1,
            "the PIN was sent once at most"
        );
    }
}

fn unknown_card_is_told(bench: &impl Bench) {
    let chip = Arc::new(Mutex::new(VirtualCard::unknown()));
    let (kind, tries) = bench.with_card(&chip, |card| session::look(card)).unwrap();
    assert_eq!((kind, tries), (CardKind::Unsupported, None));
    let result = bench.with_card(&chip, |card| session::read(card, &pin("1234"), Insist::No));
    assert_eq!(result, Err(ReadCardError::NotThisCard));
}

fn opened_card_is_closed_by_power_loss(bench: &impl Bench) {
    let chip = taro();
    bench.with_card(&chip, |card| {
        session::read(card, &pin("1234"), Insist::No).unwrap();
        assert!(chip.lock().unwrap().is_opened());
    });
    assert!(!chip.lock().unwrap().is_opened());
}

fn quirks_do_not_matter(bench: &impl Bench) {
    let chip = taro();
    chip.lock().unwrap().arrange(Fault::FirstCommandFails);
    chip.lock().unwrap().arrange(Fault::ShortAnswers(7));
    let four = bench.with_card(&chip, |card| session::read(card, &pin("1234"), Insist::No));
    assert_eq!(
        four.unwrap().address,
        "東京都千代田区架空町一丁目２番３－４０５号"
    );
}

#[test]
fn conformance_in_process() {
    suite(&InProcess);
}

/// Runs one test of this binary again, in a child that talks to a pcscd of its own.
fn behind_pcscd(test: &str, readers: Readers, body: impl FnOnce(PcscdProcess, &Path)) {
    if std::env::var_os("TODOKE_PCSC").is_none_or(|set| set != "1") {
        return;
    }
    if let Some(socket) = std::env::var_os(SOCKET_VARIABLE) {
        let folder = Path::new(&socket).parent().unwrap();
        body(PcscdProcess::start(folder, readers).unwrap(), folder);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(SOCKET_VARIABLE, folder.path().join("pcscd.comm"))
        .status()
        .unwrap();
    let log = std::fs::read_to_string(folder.path().join("pcscd.log")).unwrap_or_default();
    assert!(status.success(), "pcscd says:\n{log}");
}

#[test]
fn conformance_behind_the_real_pcscd() {
    behind_pcscd(
        "conformance_behind_the_real_pcscd",
        Readers::Virtual,
        |pcscd, _| {
            suite(&BehindPcscd { pcscd });
        },
    );
}

#[test]
fn power_is_taken_when_the_session_ends() {
    behind_pcscd(
        "power_is_taken_when_the_session_ends",
        Readers::Virtual,
        |pcscd, _| {
            let (bench, chip) = (BehindPcscd { pcscd }, taro());
            let mut watch = CardWatch::new();
            let inserted = bench.put(&chip);
            BehindPcscd::await_lying(&mut watch, |lying| matches!(lying, Lying::Card { .. }));
            let service = PcscService::establish().unwrap();
            let mut card = service.connect_any().unwrap();
            session::read(&mut card, &pin("1234"), Insist::No).unwrap();
            assert_eq!(service.connect_any().err(), Some(CardError::Shared));
            assert!(chip.lock().unwrap().is_opened());
            card.power_down().unwrap();
            assert_eq!(inserted.next_event(), Some(LinkEvent::Seen));
            assert_eq!(inserted.next_event(), Some(LinkEvent::PoweredDown));
            assert!(!chip.lock().unwrap().is_opened());
        },
    );
}

#[test]
fn watch_sees_service_reader_and_card_come_and_go() {
    let name = "watch_sees_service_reader_and_card_come_and_go";
    behind_pcscd(name, Readers::None, |pcscd, folder| {
        let mut watch = CardWatch::new();
        assert_eq!(watch.next(), Some(Lying::NoReader));
        drop(pcscd);
        assert_eq!(watch.next(), Some(Lying::NoService));
        let pcscd = PcscdProcess::start(folder, Readers::Virtual).unwrap();
        BehindPcscd::await_lying(&mut watch, |lying| matches!(lying, Lying::Empty { .. }));
        let inserted = insert(taro(), pcscd.port()).unwrap();
        assert!(matches!(watch.next(), Some(Lying::Card { .. })));
        drop(inserted);
        assert!(matches!(watch.next(), Some(Lying::Empty { .. })));
        let canceller = watch.canceller();
        let waiting = std::thread::spawn(move || watch.next());
        canceller.cancel();
        assert_eq!(waiting.join().unwrap(), None);
    });
}

/// Prints our share of a reading; a figure, not a check of this machine's speed.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement, told to whoever runs it"
)]
#[test]
fn share_beside_the_chip_is_measured() {
    behind_pcscd(
        "share_beside_the_chip_is_measured",
        Readers::Virtual,
        |pcscd, _| {
            let bench = BehindPcscd { pcscd };
            let chip = taro();
            let mut watch = CardWatch::new();
            let inserted = bench.put(&chip);
            BehindPcscd::await_lying(&mut watch, |lying| matches!(lying, Lying::Card { .. }));
            let service = PcscService::establish().unwrap();
            for auth in [pin("1234"), number_b()] {
                let mut rounds = Vec::new();
                for _ in 0..20 {
                    let start = Instant::now();
                    let mut card = service.connect_any().unwrap();
                    let connected = start.elapsed();
                    let mut timed = Timed {
                        card: &mut card,
                        exchanging: std::time::Duration::ZERO,
                    };
                    let reading = Instant::now();
                    session::read(&mut timed, &auth, Insist::No).unwrap();
                    let read = reading.elapsed();
                    let exchanging = timed.exchanging;
                    card.power_down().unwrap();
                    rounds.push((
                        read.saturating_sub(exchanging),
                        exchanging,
                        connected,
                        start.elapsed(),
                    ));
                }
                rounds.sort();
                let (ours, exchanging, _, _) = rounds[rounds.len() / 2];
                let whole = rounds.iter().map(|r| r.3).sum::<std::time::Duration>() / 20;
                let connect = rounds.iter().map(|r| r.2).sum::<std::time::Duration>() / 20;
                println!(
                    "{}: ours {ours:?}, pcscd and chip {exchanging:?} (median of 20); \
                 power-up {connect:?}, from power-up to power-down {whole:?} (mean)",
                    auth.kind()
                );
            }
            drop(inserted);
        },
    );
}

/// Adds up the time spent beyond our own code.
struct Timed<'a> {
    card: &'a mut dyn Card,
    exchanging: std::time::Duration,
}

impl Card for Timed<'_> {
    fn atr(&self) -> &[u8] {
        self.card.atr()
    }

    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    fn exchange(&mut self, command: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, CardError> {
        let start = Instant::now();
        let answer = self.card.exchange(command);
        self.exchanging += start.elapsed();
        answer
    }
}
