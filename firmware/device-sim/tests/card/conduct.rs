//! What is done with secrets when they are wrong, blocked or nearly so, and when the card is lifted.

use card_reader::Card;
use device_sim::card::{CardPerson, CardSort, Fault, SecretName, VirtualCard};
use identity_cards::{
    Auth, CardKind, DrivingLicence, Insist, Judging, LastingReading, LicencePins, NumberA,
    Passport, PassportKey, ReadCardError, ResidenceCard, ResidenceNumber, SecretKind,
    TextApplication, TriesLeft, TrustStore, session,
};

use crate::bench::{Bench, Chip, InProcess, chip};
use crate::cases::{NOW, licence_pins, number_b, passport_key, pin, random};

fn in_process<T>(chip: &Chip, use_card: impl FnOnce(&mut dyn Card) -> T) -> T {
    InProcess.with_card(chip, use_card)
}

fn left(chip: &Chip, name: SecretName) -> u8 {
    chip.lock().unwrap().tries_left(name).unwrap()
}

#[test]
fn every_counter_is_told_and_costs_nothing() {
    let taro = chip(&CardPerson::taro());
    let (_, tries) = in_process(&taro, session::all_tries).unwrap();
    let told: Vec<(&str, TriesLeft)> = tries
        .into_iter()
        .map(|(kind, left)| (kind.name(), left))
        .collect();
    let left = TriesLeft::Left;
    assert_eq!(
        told,
        [
            ("pin", left(3)),
            ("number_a", left(10)),
            ("number_b", left(10)),
            ("visual_number_b", left(10)),
            ("visual_number_a", left(10)),
            ("auth_pin", left(3)),
            ("sign_password", left(5)),
        ]
    );
    let hanako = chip(&CardPerson::hanako());
    let (_, tries) = in_process(&hanako, session::all_tries).unwrap();
    assert_eq!(
        tries,
        [
            (SecretKind::LicencePin1, left(3)),
            (SecretKind::LicencePin2, left(3))
        ]
    );
    let rei = chip(&CardPerson::rei(CardSort::ResidenceFirst));
    assert_eq!(in_process(&rei, session::all_tries).unwrap().1, []);
    for card in [taro, hanako, rei] {
        assert_eq!(
            card.lock().unwrap().counted().1,
            0,
            "a secret was presented"
        );
    }
}

#[test]
fn a_wrong_licence_pin_costs_one_try_and_stops() {
    let hanako = chip(&CardPerson::hanako());
    let pins = LicencePins {
        first: Some(pin("9999")),
        second: Some(pin("2222")),
    };
    let read = |insist| {
        in_process(&hanako, |card| {
            DrivingLicence::select(card)?.read(&pins, insist)
        })
    };
    let kind = SecretKind::LicencePin1;
    assert_eq!(
        read(Insist::No),
        Err(ReadCardError::Wrong {
            kind,
            tries_left: 2
        })
    );
    assert_eq!(left(&hanako, SecretName::Pin2), 3, "PIN 2 was not sent");
    assert!(read(Insist::No).is_err());
    assert_eq!(read(Insist::No), Err(ReadCardError::LastTry { kind }));
    assert_eq!(hanako.lock().unwrap().counted().1, 2);
    assert_eq!(read(Insist::Yes), Err(ReadCardError::Blocked { kind }));
    assert_eq!(read(Insist::Yes), Err(ReadCardError::Blocked { kind }));
    assert_eq!(
        hanako.lock().unwrap().counted().1,
        3,
        "a blocked PIN is not sent"
    );
}

#[test]
fn a_blocked_second_pin_leaves_the_rest_readable() {
    let hanako = chip(&CardPerson::hanako());
    hanako.lock().unwrap().set_tries(SecretName::Pin2, 0);
    let reading = in_process(&hanako, |card| {
        DrivingLicence::select(card)?.read(&licence_pins(), Insist::No)
    })
    .unwrap();
    assert_eq!((reading.domicile, reading.photo), (None, None));
    assert_eq!(reading.number, "123456789012");
}

#[test]
fn a_wrong_residence_number_locks_nothing() {
    for kind in [CardSort::ResidenceFirst, CardSort::ResidenceSecond] {
        let rei = chip(&CardPerson::rei(kind));
        let trusted = TrustStore::default();
        let judging = Judging {
            trusted: &trusted,
            now: 0,
        };
        let read = |number: &str| {
            let number = ResidenceNumber::parse(number).unwrap();
            in_process(&rei, |card| {
                ResidenceCard::open(card)?.read(&number, &random(), judging)
            })
        };
        for _ in 0..20 {
            assert_eq!(read("ZZ12345678YZ"), Err(ReadCardError::WrongCardNumber));
        }
        assert!(read("ZZ12345678YY").is_ok());
    }
}

#[test]
fn a_passport_of_another_key_locks_nothing() {
    let book = chip(&CardPerson::traveller());
    let read = |key: &PassportKey| {
        in_process(&book, |card| {
            Passport::select(card)?.read(key, &random(), NOW)
        })
    };
    let other = PassportKey::parse("TK1234568", "921103", "310630").unwrap();
    for _ in 0..20 {
        assert_eq!(read(&other).map(drop), Err(ReadCardError::WrongPassport));
    }
    assert!(read(&passport_key()).is_ok());
}

#[test]
fn a_passport_that_needs_pace_is_told_before_anything_is_typed() {
    let mut person = CardPerson::traveller();
    person.passport.as_mut().unwrap().needs_pace = true;
    let book = chip(&person);
    assert_eq!(in_process(&book, session::detect), Ok(CardKind::Passport));
    let trusted = TrustStore::default();
    let judging = Judging {
        trusted: &trusted,
        now: NOW,
    };
    let keys = session::Keys::default();
    let read = in_process(&book, |card| {
        session::read_document(card, &keys, Insist::No, &random(), judging)
    });
    assert_eq!(read, Err(ReadCardError::NeedsPace));
    assert_eq!(book.lock().unwrap().counted().1, 0);
}

#[test]
fn an_individual_number_is_confirmed_without_being_read() {
    let taro = chip(&CardPerson::taro());
    let confirm = |digits: &str| {
        let number = NumberA::parse(digits).unwrap();
        in_process(&taro, |card| {
            TextApplication::select(card)?.confirm_individual_number(&number, Insist::No)
        })
    };
    assert_eq!(confirm("123456789018"), Ok(()));
    let kind = SecretKind::NumberA;
    assert_eq!(
        confirm("123456789012"),
        Err(ReadCardError::Wrong {
            kind,
            tries_left: 9
        })
    );
    assert_eq!(left(&taro, SecretName::Pin), 3);
}

#[test]
fn a_lifted_card_that_comes_back_is_read_on() {
    // Lifted before each command of the reading, and with each answer lost.
    for lost in [Fault::PullAfter as fn(u32) -> Fault, Fault::LoseAnswer] {
        for n in 3..10 {
            let taro = chip(&CardPerson::taro());
            let mut reading = LastingReading::new(Auth::Pin(pin("1234")), Insist::No);
            taro.lock().unwrap().arrange(lost(n));
            assert!(in_process(&taro, |card| reading.run(card)).is_err());
            assert!(reading.can_continue(), "{n}");
            let four = in_process(&taro, |card| reading.run(card)).unwrap();
            assert_eq!(four.name, "架空　太郎");
            assert_eq!(left(&taro, SecretName::Pin), 3);
            assert!(taro.lock().unwrap().counted().1 <= 2);
        }
    }
}

#[test]
fn another_card_that_comes_back_is_sent_nothing() {
    let taro = chip(&CardPerson::taro());
    let jiro = chip(&CardPerson {
        serial: "000000000000002".to_owned(),
        ..CardPerson::taro()
    });
    let mut reading = LastingReading::new(Auth::NumberB(number_b()), Insist::No);
    taro.lock().unwrap().arrange(Fault::PullAfter(8));
    assert!(in_process(&taro, |card| reading.run(card)).is_err());
    assert_eq!(
        in_process(&jiro, |card| reading.run(card)),
        Err(ReadCardError::NotTheSame)
    );
    assert_eq!(jiro.lock().unwrap().counted().1, 0);
}

#[test]
fn a_wrong_pin_whose_answer_was_lost_is_not_sent_again() {
    let taro = chip(&CardPerson::taro());
    let mut reading = LastingReading::new(Auth::Pin(pin("9999")), Insist::No);
    // Three for the proof, SELECT application, SELECT file, ask, then the PIN and its own selection.
    let verify = commands_until_verify(&taro);
    taro.lock().unwrap().arrange(Fault::LoseAnswer(verify));
    assert!(
        in_process(&taro, |card| reading.run(card))
            .unwrap_err()
            .is_card_loss()
    );
    assert_eq!(left(&taro, SecretName::Pin), 2, "the chip had counted it");
    let kind = SecretKind::Pin;
    assert_eq!(
        in_process(&taro, |card| reading.run(card)),
        Err(ReadCardError::Wrong {
            kind,
            tries_left: 2
        })
    );
    assert_eq!(
        left(&taro, SecretName::Pin),
        2,
        "and was not asked a second time"
    );
}

/// How many commands come before the secret.
fn commands_until_verify(chip: &Chip) -> u32 {
    for n in 0..20 {
        let mut copy: VirtualCard = chip.lock().unwrap().clone();
        copy.arrange(Fault::PullAfter(n));
        let copy = std::sync::Arc::new(std::sync::Mutex::new(copy));
        let mut reading = LastingReading::new(Auth::Pin(pin("9999")), Insist::No);
        in_process(&copy, |card| reading.run(card)).unwrap_err();
        if copy.lock().unwrap().counted().1 == 1 {
            return n - 1;
        }
    }
    unreachable!("no secret is sent")
}

#[test]
fn an_insisted_last_try_is_not_repeated_on_the_way_back() {
    let taro = chip(&CardPerson::taro());
    taro.lock().unwrap().set_tries(SecretName::Pin, 1);
    let mut reading = LastingReading::new(Auth::Pin(pin("1234")), Insist::Yes);
    let verify = commands_until_verify_insisted(&taro);
    taro.lock().unwrap().arrange(Fault::PullAfter(verify));
    assert!(in_process(&taro, |card| reading.run(card)).is_err());
    let kind = SecretKind::Pin;
    assert_eq!(
        in_process(&taro, |card| reading.run(card)),
        Err(ReadCardError::LastTry { kind })
    );
    assert_eq!(taro.lock().unwrap().counted().1, 0);
}

fn commands_until_verify_insisted(chip: &Chip) -> u32 {
    let mut copy: VirtualCard = chip.lock().unwrap().clone();
    copy.set_tries(SecretName::Pin, 3);
    commands_until_verify(&std::sync::Arc::new(std::sync::Mutex::new(copy)))
}
