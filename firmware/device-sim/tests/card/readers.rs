//! Readers that come and go, several readers, a service that restarts.

use std::sync::Arc;

use card_reader::{CardError, CardWatch, Lying, PcscService};
use device_sim::card::{CardPerson, insert};
use device_sim::pcscd::{PcscdProcess, Readers};
use identity_cards::{Auth, CardKind, Insist, ReadCardError, session};

use crate::bench::{await_lying, behind_pcscd, chip};
use crate::cases::pin;

#[test]
fn a_restarted_service_loses_the_reading_and_no_try() {
    let test = "readers::a_restarted_service_loses_the_reading_and_no_try";
    behind_pcscd(test, Readers::Virtual, |pcscd, folder| {
        let taro = chip(&CardPerson::taro());
        let mut watch = CardWatch::new();
        let inserted = insert(Arc::clone(&taro), pcscd.port()).unwrap();
        await_lying(&mut watch, |lying| matches!(lying, Lying::Card { .. }));
        let mut card = PcscService::establish().unwrap().connect_any().unwrap();
        assert_eq!(session::detect(&mut card), Ok(CardKind::MyNumber));
        drop(pcscd);
        let auth = Auth::Pin(pin("1234"));
        let lost = session::read(&mut card, &auth, Insist::No);
        assert_eq!(lost, Err(ReadCardError::Card(CardError::NoService)));
        drop((card, inserted));
        await_lying(&mut watch, |lying| *lying == Lying::NoService);
        let pcscd = PcscdProcess::start(folder, Readers::Virtual).unwrap();
        await_lying(&mut watch, |lying| matches!(lying, Lying::Empty { .. }));
        let inserted = insert(Arc::clone(&taro), pcscd.port()).unwrap();
        await_lying(&mut watch, |lying| matches!(lying, Lying::Card { .. }));
        let mut card = PcscService::establish().unwrap().connect_any().unwrap();
        assert_eq!(
            session::read(&mut card, &auth, Insist::No).unwrap().name,
            "架空　太郎"
        );
        assert_eq!(taro.lock().unwrap().counted().1, 1);
        drop((card, inserted));
    });
}

#[test]
fn an_unplugged_reader_comes_back_by_itself() {
    let test = "readers::an_unplugged_reader_comes_back_by_itself";
    behind_pcscd(test, Readers::Virtual, |pcscd, folder| {
        let mut watch = CardWatch::new();
        await_lying(&mut watch, |lying| matches!(lying, Lying::Empty { .. }));
        drop(pcscd);
        let bare = PcscdProcess::start(folder, Readers::None).unwrap();
        await_lying(&mut watch, |lying| *lying == Lying::NoReader);
        let nobody = PcscService::establish().unwrap().connect_any();
        assert_eq!(nobody.err(), Some(CardError::NoReader));
        drop(bare);
        let pcscd = PcscdProcess::start(folder, Readers::Virtual).unwrap();
        await_lying(&mut watch, |lying| matches!(lying, Lying::Empty { .. }));
        let inserted = insert(chip(&CardPerson::hanako()), pcscd.port()).unwrap();
        await_lying(&mut watch, |lying| matches!(lying, Lying::Card { .. }));
        let mut card = PcscService::establish().unwrap().connect_any().unwrap();
        assert_eq!(session::detect(&mut card), Ok(CardKind::DriversLicence));
        drop((card, inserted));
    });
}

#[test]
fn of_several_readers_the_one_with_a_card_is_taken() {
    let test = "readers::of_several_readers_the_one_with_a_card_is_taken";
    behind_pcscd(test, Readers::Virtual, |pcscd, _| {
        let service = PcscService::establish().unwrap();
        let names = service.readers().unwrap();
        let [first, second] = names.as_slice() else {
            panic!("vpcd has two slots: {names:?}");
        };
        let mut watch = CardWatch::only(second);
        let inserted = insert(chip(&CardPerson::taro()), pcscd.port() + 1).unwrap();
        let lying = await_lying(&mut watch, |lying| matches!(lying, Lying::Card { .. }));
        assert!(matches!(lying, Lying::Card { reader, .. } if reader == *second));
        assert_eq!(service.connect(first).err(), Some(CardError::NoCard));
        let mut card = service.connect_any().unwrap();
        assert_eq!(session::detect(&mut card), Ok(CardKind::MyNumber));
        drop((card, inserted));
    });
}
