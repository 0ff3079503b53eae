//! Places offered under the address fields.

use std::path::Path;

use counter_addresses::{CITY_PLACES, CityPlace, CityPlaces};
use counter_api::{PlacesView, StaffAction};
use todoked::paper::address_dictionary;

use crate::rig::{PLACES, Rig};

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
