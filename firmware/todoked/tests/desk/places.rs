//! Places offered under the address fields.

use std::path::Path;

use counter_addresses::{CITY_PLACES, CityPlace, CityPlaces};
use counter_api::{Digits, PlacesView, ResidentAction, StaffAction};
use todoked::devices::{CardFacts, Happened};
use todoked::paper::address_dictionary;

use crate::rig::{PLACES, Rig, taro};

/// A reception at a counter that has the dictionary.
fn counter() -> Rig {
    PLACES.load_country(Path::new(&address_dictionary()));
    let mut rig = Rig::new();
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    rig
}

fn offered(rig: &mut Rig, path: &str, text: &str) -> Option<PlacesView> {
    rig.staff(StaffAction::FindPlaces {
        path: path.to_owned(),
        text: text.to_owned(),
    });
    rig.reception().places
}

#[test]
fn place_is_offered_while_typing_and_taken_in_one_step() {
    let mut rig = counter();
    let view = offered(&mut rig, "address.old", "鵠沼東").unwrap();
    assert_eq!(
        (view.path.as_str(), view.typed.as_str()),
        ("address.old", "鵠沼東")
    );
    assert_eq!(view.places[0].text, "神奈川県藤沢市鵠沼東");
    assert!(view.places[0].about.starts_with("251-0026"));
    assert_eq!(rig.value("address.old"), "", "nothing is stored by looking");
    rig.staff(StaffAction::TakePlace {
        path: "address.old".to_owned(),
        text: "神奈川県藤沢市鵠沼東".to_owned(),
        building: String::new(),
    });
    assert_eq!(rig.value("address.old"), "神奈川県藤沢市鵠沼東");
    assert!(rig.reception().places.is_none());
    rig.staff(StaffAction::Undo);
    assert_eq!(rig.value("address.old"), "");
}

#[test]
fn only_addresses_and_domiciles_are_offered_places() {
    let mut rig = counter();
    for path in [
        "member.1.name",
        "address.new.building",
        "domicile.register_head",
        "nowhere",
    ] {
        assert!(offered(&mut rig, path, "鵠沼東").is_none(), "{path}");
    }
    assert!(offered(&mut rig, "domicile.place", "浜松市中区").is_some());
    rig.staff(StaffAction::ClosePlaces);
    assert!(rig.reception().places.is_none());
}

#[test]
fn building_of_the_own_city_goes_beside_its_address() {
    let mut rig = counter();
    let file = CityPlaces {
        city: "六会市".to_owned(),
        as_of: "2026-11-20".to_owned(),
        places: vec![CityPlace {
            town: "架空町一丁目".to_owned(),
            number: "9番6号".to_owned(),
            building: "架空ハイツ".to_owned(),
            postal_code: "2520815".to_owned(),
        }],
    };
    let bytes = file.to_bytes().unwrap();
    PLACES.take_own(|name| (name == CITY_PLACES).then_some((1, bytes)));
    let view = offered(&mut rig, "address.new", "架空町1-9").unwrap();
    let place = view.places[0].clone();
    assert_eq!(place.text, "六会市架空町一丁目9番6号");
    rig.staff(StaffAction::TakePlace {
        path: "address.new".to_owned(),
        text: place.text,
        building: place.building,
    });
    assert_eq!(rig.value("address.new"), "六会市架空町一丁目9番6号");
    assert_eq!(rig.value("address.new.building"), "架空ハイツ");
}

#[test]
fn place_that_was_not_offered_is_not_taken() {
    let mut rig = counter();
    offered(&mut rig, "address.old", "鵠沼東");
    let refused = rig.refused(StaffAction::TakePlace {
        path: "address.old".to_owned(),
        text: "どこか".to_owned(),
        building: String::new(),
    });
    assert_eq!(refused.code, "NOT-POSSIBLE-NOW");
    assert_eq!(rig.value("address.old"), "");
}

/// The address and the building a card fills in at an event where people stay where they live.
#[track_caller]
fn read_from_the_chip(address: &str) -> [String; 2] {
    let mut rig = counter();
    rig.staff(StaffAction::ChoosePurpose {
        event: "birth".to_owned(),
        flow: String::new(),
    });
    rig.lay_card(3);
    rig.staff(StaffAction::AskPin);
    rig.resident(ResidentAction::Pin {
        digits: Digits::new("1234"),
    });
    rig.happened(Happened::CardRead(Ok(CardFacts {
        address: address.to_owned(),
        ..taro()
    })));
    ["address.new", "address.new.building"].map(|path| rig.value(path))
}

#[test]
fn address_of_a_card_is_parted_into_number_and_building() {
    let parts = read_from_the_chip("神奈川県藤沢市鵠沼東１番２号　架空ハイツ２０３号室");
    assert_eq!(
        parts,
        ["神奈川県藤沢市鵠沼東１番２号", "架空ハイツ２０３号室"]
    );
    let without = read_from_the_chip("神奈川県藤沢市鵠沼東１番２－４０５号");
    assert_eq!(without, ["神奈川県藤沢市鵠沼東１番２－４０５号", ""]);
    let unknown = read_from_the_chip("どこかの町１番２号　架空ハイツ");
    assert_eq!(
        unknown,
        ["どこかの町１番２号　架空ハイツ", ""],
        "never guessed"
    );
}
