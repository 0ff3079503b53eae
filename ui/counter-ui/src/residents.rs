//! The search in the resident copy on the staff's screen.

use std::rc::Rc;

use counter_api::{CopyChoice, ReceptionView, ResidentRow, StaffAction};
use counter_domain::date::FuzzyDate;
use slint::ComponentHandle;

use crate::rows::{Rows, list};
use crate::staff_line::StaffLine;
use crate::ui::{PersonData, ResidentsApi, StaffWindow};

/// Draws the search and tells what staff did in it.
pub(crate) struct ResidentsController {
    window: slint::Weak<StaffWindow>,
    people: Rows<ResidentRow, PersonData>,
    left: Rows<ResidentRow, PersonData>,
}

impl ResidentsController {
    /// Connects the window.
    pub(crate) fn new(window: &StaffWindow, line: &Rc<StaffLine>) -> Self {
        let api = window.global::<ResidentsApi<'_>>();
        let (people, left) = (Rows::default(), Rows::default());
        api.set_people(people.model());
        api.set_left(left.model());
        connect(&api, line);
        let mut controller = Self {
            window: window.as_weak(),
            people,
            left,
        };
        controller.show(None);
        controller
    }

    /// Draws the search of a reception; nothing of it stays behind when there is none.
    pub(crate) fn show(&mut self, view: Option<&ReceptionView>) {
        let Some(window) = self.window.upgrade() else {
            return;
        };
        let api = window.global::<ResidentsApi<'_>>();
        let protection = view.and_then(|view| view.protection.as_deref());
        api.set_protection(protection.unwrap_or_default().into());
        let search = view.and_then(|view| view.residents.as_ref());
        self.people
            .show(search.map_or(&[], |search| &search.people), draw_person);
        self.left
            .show(search.map_or(&[], |search| &search.left), draw_person);
        if let Some(search) = search {
            let as_of = search.copy.as_of.as_deref().unwrap_or_default();
            let as_of = as_of
                .parse::<FuzzyDate>()
                .map_or_else(|_| String::new(), |day| day.wareki());
            api.set_as_of(as_of.into());
            api.set_installing(search.copy.installing.map_or(-1, i32::from));
            api.set_message(search.message.as_str().into());
            api.set_household(search.household);
        }
        api.set_shown(search.is_some());
    }
}

fn connect(api: &ResidentsApi<'_>, line: &Rc<StaffLine>) {
    let plain = |action: StaffAction| {
        let line = Rc::clone(line);
        move || line.deed(action.clone())
    };
    api.on_open(plain(StaffAction::OpenResidents));
    api.on_close(plain(StaffAction::CloseResidents));
    api.on_take_household(plain(StaffAction::TakeHousehold));
    let tell = Rc::clone(line);
    api.on_find(move |text| tell.deed(StaffAction::FindResidents { text: text.into() }));
    let tell = Rc::clone(line);
    api.on_show_household(move |person| {
        tell.deed(StaffAction::ShowHousehold {
            person: person.into(),
        });
    });
    let tell = Rc::clone(line);
    api.on_take(move |person| {
        tell.deed(StaffAction::TakeResident {
            person: person.into(),
        });
    });
    let tell = Rc::clone(line);
    api.on_choose(move |path, copy| {
        tell.deed(StaffAction::ChooseCopy {
            path: path.into(),
            choice: if copy {
                CopyChoice::Copy
            } else {
                CopyChoice::Entered
            },
        });
    });
}

fn draw_person(row: &ResidentRow) -> PersonData {
    PersonData {
        person: row.person.as_str().into(),
        name: row.name.as_str().into(),
        kana: row.kana.as_str().into(),
        birth: row.birth.as_str().into(),
        about: row.about.as_str().into(),
        address: row.address.as_str().into(),
        state: row.state.as_str().into(),
        qualifications: row.qualifications.as_str().into(),
        known: lines(&row.known),
        history: lines(&row.history),
        protected: row.protected,
        in_case: row.in_case,
    }
}

fn lines(texts: &[String]) -> slint::ModelRc<slint::SharedString> {
    list(texts.iter().map(|text| text.as_str().into()))
}
