//! Transcripts: every byte that goes to the card and comes back, as text.
//!
//! `>` is a command, `<` its answer; a command that the transcript does not expect fails the test.
//! Sources: section 1.3 of the card facts (worked example of 113 bytes).

use std::collections::VecDeque;

use card_reader::{Card, CardError};
use zeroize::Zeroizing;

use super::*;
use crate::{ResidenceReading, Sex, TrustStore};

const SELECT: &str = "> 00A4040C0AD3921000310001010408\n< 9000\n";
const PIN_FILE: &str = "> 00A4020C020011\n< 9000\n";
const NUMBER_B_FILE: &str = "> 00A4020C020015\n< 9000\n";
const FOUR_FILE: &str = "> 00A4020C020002\n< 9000\n";
const EXAMPLE: &str = "FF206EDF2108000E00200062006DDF220FE69EB6E7A9BAE38080E5A4AAE9838E\
    DF233FE69DB1E4BAACE983BDE58D83E4BBA3E794B0E58CBAE69EB6E7A9BAE794BAE4B880E4B881E79BAE\
    EFBC92E795AAEFBC93EFBC8DEFBC94EFBC90EFBC95E58FB7DF24083139383530373134DF250131";

pub(crate) fn worked_example() -> Vec<u8> {
    hex(EXAMPLE)
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// A card that plays a transcript.
struct Transcript {
    steps: VecDeque<(Vec<u8>, Vec<u8>)>,
}

impl Transcript {
    fn new(text: &str) -> Self {
        let mut steps = VecDeque::new();
        let mut command = Vec::new();
        for line in text.lines() {
            match line.split_at(2) {
                ("> ", sent) => command = hex(sent),
                ("< ", "removed") => steps.push_back((command.clone(), Vec::new())),
                ("< ", answer) => steps.push_back((command.clone(), hex(answer))),
                _ => panic!("neither command nor answer: {line}"),
            }
        }
        Self { steps }
    }
}

impl Card for Transcript {
    fn atr(&self) -> &[u8] {
        &[]
    }

    #[expect(
        clippy::panic_in_result_fn,
        reason = "a transcript that is not followed ends the test"
    )]
    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, CardError> {
        let (expected, answer) = self
            .steps
            .pop_front()
            .expect("no more commands are expected");
        assert_eq!(command, expected, "command differs from the transcript");
        if answer.is_empty() {
            Err(CardError::Removed)
        } else {
            Ok(Zeroizing::new(answer))
        }
    }
}

#[track_caller]
#[expect(
    clippy::panic_in_result_fn,
    reason = "a transcript that is not followed ends the test"
)]
fn check<T>(
    transcript: &str,
    session: impl FnOnce(&mut dyn Card) -> Result<T, ReadCardError>,
) -> Result<T, ReadCardError> {
    let mut card = Transcript::new(transcript);
    let result = session(&mut card);
    assert!(
        card.steps.is_empty(),
        "{} expected commands were not sent",
        card.steps.len()
    );
    result
}

fn pin() -> Auth {
    Auth::Pin(Pin::parse("1234").unwrap())
}

#[track_caller]
fn assert_taro(four: &BasicFour) {
    assert_eq!(four.name, "架空　太郎");
    assert_eq!(four.address, "東京都千代田区架空町一丁目２番３－４０５号");
    assert_eq!(four.birth, "1985-07-14");
    assert_eq!(four.sex, Sex::Male);
}

#[test]
fn pin_opens_the_basic_four() {
    let transcript = format!(
        "{SELECT}{PIN_FILE}> 00200080\n< 63C3\n> 002000800431323334\n< 9000\n\
         {FOUR_FILE}> 00B0000000\n< {EXAMPLE}FFFFFF9000\n"
    );
    assert_taro(&check(&transcript, |card| read(card, &pin(), Insist::No)).unwrap());
}

#[test]
fn number_b_opens_the_basic_four() {
    let transcript = format!(
        "{SELECT}{NUMBER_B_FILE}> 00200080\n< 63CA\n\
         > 002000800E3630303731343230333334373131\n< 9000\n\
         {FOUR_FILE}> 00B0000000\n< {EXAMPLE}6282\n"
    );
    let auth = Auth::NumberB(NumberB::from_parts("600714", "2033", "4711").unwrap());
    assert_taro(&check(&transcript, |card| read(card, &auth, Insist::No)).unwrap());
}

#[test]
fn short_answers_are_read_on() {
    let (head, tail) = EXAMPLE.split_at(2 * 50);
    let (middle, end) = tail.split_at(2 * 60);
    let transcript = format!(
        "{SELECT}{PIN_FILE}> 00200080\n< 63C3\n> 002000800431323334\n< 9000\n{FOUR_FILE}\
         > 00B0000000\n< {head}9000\n> 00B0003200\n< {middle}6103\n> 00C0000003\n< {end}9000\n"
    );
    assert_taro(&check(&transcript, |card| read(card, &pin(), Insist::No)).unwrap());
}

#[test]
fn a_reader_that_dislikes_256_gets_128() {
    let transcript = format!(
        "{SELECT}{PIN_FILE}> 00200080\n< 63C3\n> 002000800431323334\n< 9000\n{FOUR_FILE}\
         > 00B0000000\n< 6700\n> 00B0000080\n< {EXAMPLE}9000\n"
    );
    assert_taro(&check(&transcript, |card| read(card, &pin(), Insist::No)).unwrap());
}

#[test]
fn last_try_is_not_sent() {
    let transcript = format!("{SELECT}{PIN_FILE}> 00200080\n< 63C1\n");
    let result = check(&transcript, |card| read(card, &pin(), Insist::No));
    assert_eq!(
        result,
        Err(ReadCardError::LastTry {
            kind: SecretKind::Pin
        })
    );
}

#[test]
fn insisted_last_try_is_sent_once_and_blocks() {
    let transcript =
        format!("{SELECT}{PIN_FILE}> 00200080\n< 63C1\n> 002000800431323334\n< 63C0\n");
    let result = check(&transcript, |card| read(card, &pin(), Insist::Yes));
    assert_eq!(
        result,
        Err(ReadCardError::Blocked {
            kind: SecretKind::Pin
        })
    );
}

#[test]
fn wrong_pin_tells_the_tries_left() {
    let transcript =
        format!("{SELECT}{PIN_FILE}> 00200080\n< 63C3\n> 002000800431323334\n< 63C2\n");
    let result = check(&transcript, |card| read(card, &pin(), Insist::No));
    assert_eq!(
        result,
        Err(ReadCardError::Wrong {
            kind: SecretKind::Pin,
            tries_left: 2
        })
    );
}

#[test]
fn blocked_pin_is_not_sent() {
    for status in ["63C0", "6983", "6984"] {
        let transcript = format!("{SELECT}{PIN_FILE}> 00200080\n< {status}\n");
        let result = check(&transcript, |card| read(card, &pin(), Insist::Yes));
        assert_eq!(
            result,
            Err(ReadCardError::Blocked {
                kind: SecretKind::Pin
            })
        );
    }
}

#[test]
fn card_pulled_while_presenting_is_not_asked_again() {
    let transcript =
        format!("{SELECT}{PIN_FILE}> 00200080\n< 63C3\n> 002000800431323334\n< removed\n");
    let result = check(&transcript, |card| read(card, &pin(), Insist::No));
    assert_eq!(result, Err(ReadCardError::Card(CardError::Removed)));
    assert!(result.unwrap_err().is_card_loss());
}

#[test]
fn card_pulled_mid_read_gives_nothing() {
    let transcript = format!(
        "{SELECT}{PIN_FILE}> 00200080\n< 63C3\n> 002000800431323334\n< 9000\n{FOUR_FILE}\
         > 00B0000000\n< {}9000\n> 00B0003200\n< removed\n",
        EXAMPLE.split_at(100).0
    );
    let result = check(&transcript, |card| read(card, &pin(), Insist::No));
    assert_eq!(result, Err(ReadCardError::Card(CardError::Removed)));
}

#[test]
fn another_card_is_refused_before_any_secret() {
    let transcript = "> 00A4040C0AD3921000310001010408\n< 6A82\n";
    let result = check(transcript, |card| read(card, &pin(), Insist::No));
    assert_eq!(result, Err(ReadCardError::NotThisCard));
}

#[test]
fn first_command_after_power_up_may_fail_once() {
    let transcript = format!(
        "> 00A4040C0AD3921000310001010408\n< 6F00\n{SELECT}{PIN_FILE}> 00200080\n< 63C3\n\
         {NUMBER_B_FILE}> 00200080\n< 63CA\n"
    );
    let counted = check(&transcript, tries).unwrap();
    assert_eq!(
        counted,
        Tries {
            pin: TriesLeft::Left(3),
            number_b: TriesLeft::Left(10)
        }
    );
}

#[test]
fn individual_number_is_read_only_on_demand() {
    let transcript = format!(
        "{SELECT}{PIN_FILE}> 00200080\n< 63C3\n> 002000800431323334\n< 9000\n\
         {FOUR_FILE}> 00B0000000\n< {EXAMPLE}9000\n\
         > 00A4020C020001\n< 9000\n> 00B0000000\n< FF100C313233343536373839303138FFFF9000\n"
    );
    let pin = Pin::parse("1234").unwrap();
    let (four, number) = check(&transcript, |card| {
        read_individual_number(card, &pin, Insist::No)
    })
    .unwrap();
    assert_taro(&four);
    assert_eq!(number.reveal(), "123456789018");
    assert_eq!(
        format!("{four:?} {number:?}"),
        "BasicFour(hidden) MyNumber(…)"
    );
}

#[test]
fn kinds_are_told_by_application() {
    let not_my_number = "> 00A4040C0AD3921000310001010408\n< 6A82\n";
    let no_licence = "> 00A4040C10A0000002310100000000000000000000\n< 6A82\n";
    let licence = "> 00A4040C10A0000002310100000000000000000000\n< 9000\n";
    let residence = "> 00B08A0000\n< C101319000\n";
    let check_kind = |transcript: &str| check(transcript, detect).unwrap();
    assert_eq!(check_kind(SELECT), CardKind::MyNumber);
    assert_eq!(
        check_kind(&format!("{not_my_number}{licence}")),
        CardKind::DriversLicence
    );
    assert_eq!(
        check_kind(&format!("{not_my_number}{no_licence}{residence}")),
        CardKind::Residence
    );
    let unknown = format!(
        "{not_my_number}{no_licence}> 00B08A0000\n< 6A82\n\
         > 00A4040C10D392F0004F0200000000000000000000\n< 6A82\n\
         > 00A4040C07A0000002471001\n< 6A82\n"
    );
    assert_eq!(check_kind(&unknown), CardKind::Unsupported);
}

/// Random bytes of the worked session: RND.IFD 01..08, K.IFD 10..1F.
fn worked_random() -> SessionRandom {
    let bytes: Vec<u8> = (1..=8).chain(0x10..=0x1f).collect();
    SessionRandom::new(bytes.try_into().unwrap())
}

/// Opens a residence card of the worked number and stops at the first application, which the
/// transcript refuses.
#[track_caller]
fn open_residence(transcript: &str) -> Result<ResidenceReading, ReadCardError> {
    let number = ResidenceNumber::parse("ZZ12345678YY").unwrap();
    let trusted = TrustStore::default();
    check(transcript, |card| {
        ResidenceCard::open(card)?.read(
            &number,
            &worked_random(),
            Judging {
                trusted: &trusted,
                now: 0,
            },
        )
    })
}

const CHALLENGE: &str = "> 0084000008\n< A1A2A3A4A5A6A7A89000\n";
const REFUSED_DF1: &str = "> 00A4040C10D392F0004F0200000000000000000000\n< 6A80\n";

#[test]
fn a_first_generation_card_is_opened_as_the_vectors_say() {
    let transcript = format!(
        "> 00A40000\n< 9000\n> 00B08A0000\n< C101319000\n{CHALLENGE}\
         > 0082000028F4B2ED86406F630AE0CEBAD89B51FC07EEBA990DDF9FE7698939\
         92586B9B9BD0BF0753AD3FDDCAC500\n\
         < 7D81A12DECCCBD82B553AAF14E1C5C3522890ED33F635DAC7A244C1ED7D6EEC00C5E159EA69F95E39000\n\
         > 082000861386110185\
         77A5F8786304824B5ED9141835 70AD\n< 9000\n{REFUSED_DF1}"
    );
    let sw = card_reader::StatusWord(0x6a80);
    assert_eq!(
        open_residence(&transcript),
        Err(ReadCardError::Refused { sw })
    );
}

#[test]
fn a_second_generation_card_is_opened_as_the_vectors_say() {
    let transcript = format!(
        "> 00A40000\n< 9000\n> 00B08A0000\n< C10230359000\n{CHALLENGE}\
         > 0082000028720077B5093109769BC7E6DF3C53352176EBE53D139501119F4724C685\
         C4520B9D414BB7E09EEFE000\n\
         < 053C792F622DAEF753201B1D4254C0FAB054D7A11BCC75144 5FD37B2002EF374B77E0C08E20DE3D49000\n\
         > 08200086138611015415DE5259D31ED7E8AEE79C08A0001D\n< 9000\n{REFUSED_DF1}"
    );
    let sw = card_reader::StatusWord(0x6a80);
    assert_eq!(
        open_residence(&transcript),
        Err(ReadCardError::Refused { sw })
    );
}

#[test]
fn a_chip_that_does_not_know_the_key_is_refused() {
    let transcript = format!(
        "> 00A40000\n< 9000\n> 00B08A0000\n< C101319000\n{CHALLENGE}\
         > 0082000028F4B2ED86406F630AE0CEBAD89B51FC07EEBA990DDF9FE7698939\
         92586B9B9BD0BF0753AD3FDDCAC500\n\
         < 7D81A12DECCCBD82B553AAF14E1C5C3522890ED33F635DAC7A244C1ED7D6EEC00C5E159EA69F95E49000\n"
    );
    assert_eq!(open_residence(&transcript), Err(ReadCardError::NotProven));
}

#[test]
fn newer_residence_cards_are_told_and_not_tried() {
    let transcript = "> 00A40000\n< 9000\n> 00B08A0000\n< C10230379000\n";
    assert_eq!(
        open_residence(transcript),
        Err(ReadCardError::UnsupportedGeneration)
    );
}
