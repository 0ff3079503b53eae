//! Places offered under the address fields.

use std::rc::Rc;

use counter_api::{PlaceRow, PlacesView, ReceptionView, StaffAction};
use slint::ComponentHandle;

use crate::rows::Rows;
use crate::staff_line::StaffLine;
use crate::ui::{PlaceData, PlacesApi, StaffWindow};

/// Draws what is offered and tells what was typed and taken.
pub(crate) struct PlacesController {
    window: slint::Weak<StaffWindow>,
    places: Rows<PlaceRow, PlaceData>,
    shown: Option<PlacesView>,
}

impl PlacesController {
    /// Connects the window.
    pub(crate) fn new(window: &StaffWindow, line: &Rc<StaffLine>) -> Self {
        let api = window.global::<PlacesApi<'_>>();
        let places = Rows::default();
        api.set_places(places.model());
        api.on_offers(|path| offers(&path));
        let typing = Rc::clone(line);
        api.on_typed(move |path, text| {
            let (path, text) = (path.into(), text.into());
            typing.send(StaffAction::FindPlaces { path, text });
        });
        let taking = Rc::clone(line);
        api.on_take(move |path, place| {
            taking.deed(StaffAction::TakePlace {
                path: path.into(),
                text: place.text.into(),
                building: place.building.into(),
            });
        });
        let closing = Rc::clone(line);
        api.on_close(move || closing.send(StaffAction::ClosePlaces));
        Self {
            window: window.as_weak(),
            places,
            shown: None,
        }
    }

    /// Draws what is offered for a reception; nothing of it stays behind when there is none.
    pub(crate) fn show(&mut self, view: Option<&ReceptionView>) {
        let offered = view.and_then(|view| view.places.as_ref());
        let Some(window) = self.window.upgrade() else {
            return;
        };
        if self.shown.as_ref() == offered {
            return;
        }
        let api = window.global::<PlacesApi<'_>>();
        api.set_chosen(-1);
        api.set_path(offered.map_or("", |offered| &offered.path).into());
        let rows = offered.map_or(&[][..], |offered| &offered.places);
        self.places.show(rows, |row| PlaceData {
            text: row.text.as_str().into(),
            building: row.building.as_str().into(),
            about: row.about.as_str().into(),
        });
        self.shown = offered.cloned();
    }
}

/// Whether a field takes places; the daemon decides again.
fn offers(path: &str) -> bool {
    let last = path.rsplit_once('.').map(|(_, last)| last);
    if path.starts_with("domicile.") {
        return last == Some("place");
    }
    (path.starts_with("address.") && last != Some("building")) || last == Some("address")
}
