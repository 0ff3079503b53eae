//! Forged and unknown cards are told.

use card_reader::{Card, CardError};
use device_sim::card::{CardPerson, CardSort, InProcessCard};
use identity_cards::{
    Auth, Genuineness, Insist, JpkiApplication, Judging, ResidenceCard, ResidenceNumber, Standing,
    TextApplication, TrustStore, Warning,
};
use zeroize::Zeroizing;

use crate::bench::{Bench, Chip, InProcess, chip};
use crate::cases::{NOW, authorities, number_b, random, trusted};

/// A card in the middle: changes one byte of the answer that holds these bytes.
struct Forger<'a> {
    card: InProcessCard,
    wanted: &'a [u8],
    to: &'a [u8],
}

impl Card for Forger<'_> {
    fn atr(&self) -> &[u8] {
        self.card.atr()
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, CardError> {
        let mut answer = self.card.exchange(command)?;
        let place = answer
            .windows(self.wanted.len())
            .position(|window| window == self.wanted);
        if let Some(place) = place {
            answer[place..place + self.to.len()].copy_from_slice(self.to);
        }
        Ok(answer)
    }
}

fn verdict(chip: &Chip, wanted: &str, to: &str, installed: bool) -> Genuineness {
    let mut card = Forger {
        card: InProcessCard::connect(chip),
        wanted: wanted.as_bytes(),
        to: to.as_bytes(),
    };
    let known = if installed { authorities() } else { Vec::new() };
    let auth = Auth::NumberB(number_b());
    TextApplication::select(&mut card)
        .unwrap()
        .read_genuine_basic_four(&auth, Insist::No, &[3; 32], &known)
        .unwrap()
        .1
}

#[test]
fn a_changed_address_is_forged() {
    let taro = chip(&CardPerson::taro());
    assert_eq!(
        verdict(&taro, "架空町", "架空町", true),
        Genuineness::Genuine
    );
    assert_eq!(
        verdict(&taro, "架空町", "見本町", true),
        Genuineness::Forged
    );
}

#[test]
fn without_the_citys_authority_nothing_is_proved() {
    let taro = chip(&CardPerson::taro());
    assert_eq!(
        verdict(&taro, "架空町", "架空町", false),
        Genuineness::AuthorityUnknown
    );
}

#[test]
fn certificates_stand_or_fall_with_day_and_authority() {
    let taro = chip(&CardPerson::taro());
    let certificate = InProcess
        .with_card(&taro, |card| {
            JpkiApplication::select(card)?.read_auth_certificate()
        })
        .unwrap()
        .unwrap();
    let standing = |trusted: &TrustStore, now| certificate.standing(trusted, now).unwrap();
    assert_eq!(standing(&trusted(), NOW), Standing::Trusted);
    assert_eq!(standing(&trusted(), 0), Standing::NotYetValid);
    assert_eq!(standing(&trusted(), NOW * 2), Standing::Expired);
    assert_eq!(
        standing(&TrustStore::default(), NOW),
        Standing::IssuerUnknown
    );
    assert!(certificate.person().unwrap().is_none(), "it names nobody");
    assert!(certificate.issuer().unwrap().contains("KAKUU-ROOT"));
}

#[test]
fn a_child_without_signing_certificate_is_no_error() {
    let child = chip(&CardPerson {
        sign_password: String::new(),
        ..CardPerson::taro()
    });
    let auth = InProcess.with_card(&child, |card| {
        JpkiApplication::select(card)?.read_auth_certificate()
    });
    assert!(auth.unwrap().is_some());
}

#[test]
fn an_unknown_immigration_authority_is_a_warning() {
    let rei = chip(&CardPerson::rei(CardSort::ResidenceFirst));
    let number = ResidenceNumber::parse("ZZ12345678YY").unwrap();
    let nobody = TrustStore::default();
    let judging = Judging {
        trusted: &nobody,
        now: NOW,
    };
    let reading = InProcess
        .with_card(&rei, |card| {
            ResidenceCard::open(card)?.read(&number, &random(), judging)
        })
        .unwrap();
    assert_eq!(reading.genuineness, Genuineness::AuthorityUnknown);
    let document = identity_cards::DocumentReading::from(&reading);
    assert!(document.warnings.contains(&Warning::AuthorityUnknown));
}
