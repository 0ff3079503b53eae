//! The choice of a character under a name's field.

use std::rc::Rc;

use counter_api::{
    CharacterAction, CharacterCell, CharacterQuery, CharactersView, GlyphRow, ReceptionView,
    StaffAction,
};
use slint::ComponentHandle;

use crate::glyph_picture::picture;
use crate::rows::Rows;
use crate::staff_line::StaffLine;
use crate::ui::{CellData, CharactersApi, GlyphData, StaffWindow};

/// Draws the choice and tells what staff did in it.
pub(crate) struct CharactersController {
    window: slint::Weak<StaffWindow>,
    cells: Rows<CharacterCell, CellData>,
    found: Rows<GlyphRow, GlyphData>,
    shown: Option<CharactersView>,
}

impl CharactersController {
    /// Connects the window.
    pub(crate) fn new(window: &StaffWindow, line: &Rc<StaffLine>) -> Self {
        let api = window.global::<CharactersApi<'_>>();
        let (cells, found) = (Rows::default(), Rows::default());
        api.set_cells(cells.model());
        api.set_found(found.model());
        connect(&api, line);
        Self {
            window: window.as_weak(),
            cells,
            found,
            shown: None,
        }
    }

    /// Draws the choice of a reception; nothing of it stays behind when there is none.
    pub(crate) fn show(&mut self, view: Option<&ReceptionView>) {
        let open = view.and_then(|view| view.characters.as_ref());
        let Some(window) = self.window.upgrade() else {
            return;
        };
        if self.shown.as_ref() == open {
            return;
        }
        let api = window.global::<CharactersApi<'_>>();
        let nothing = CharactersView::default();
        let view = open.unwrap_or(&nothing);
        self.cells.show(&view.cells, |cell| CellData {
            text: cell.text.as_str().into(),
            current: cell.current,
            stopped: cell.stopped,
        });
        self.found.show(&view.found, |row| GlyphData {
            text: row.text.as_str().into(),
            picture: picture(&row.picture).unwrap_or_default(),
            number: row.number.as_str().into(),
            about: row.about.as_str().into(),
            systems: row.systems.as_str().into(),
            chosen_before: row.chosen_before.as_str().into(),
        });
        api.set_about(view.about.as_str().into());
        let shape = picture(&view.picture.path);
        api.set_has_picture(shape.is_some());
        api.set_picture(shape.unwrap_or_default());
        api.set_picture_note(view.picture.note.as_str().into());
        api.set_code_points(view.code_points.as_str().into());
        api.set_system(view.system.as_str().into());
        api.set_message(view.message.as_str().into());
        api.set_reading(view.asked.reading.as_str().into());
        api.set_strokes(view.asked.strokes.as_str().into());
        api.set_radical(view.asked.radical.as_str().into());
        api.set_number(view.asked.number.as_str().into());
        api.set_parts(view.asked.parts.as_str().into());
        api.set_path(view.path.as_str().into());
        self.shown = open.cloned();
    }
}

fn connect(api: &CharactersApi<'_>, line: &Rc<StaffLine>) {
    let tell = |line: &Rc<StaffLine>, deed| line.deed(StaffAction::Characters { deed });
    let opening = Rc::clone(line);
    api.on_open(move |path| {
        let path = path.into();
        tell(&opening, CharacterAction::Open { path });
    });
    let looking = Rc::clone(line);
    api.on_look(move |at| {
        let at = u32::try_from(at).unwrap_or_default();
        tell(&looking, CharacterAction::Look { at });
    });
    let finding = Rc::clone(line);
    api.on_find(move |reading, strokes, radical, number, parts| {
        let query = CharacterQuery {
            reading: reading.into(),
            strokes: strokes.into(),
            radical: radical.into(),
            number: number.into(),
            parts: parts.into(),
        };
        tell(&finding, CharacterAction::Find { query });
    });
    let taking = Rc::clone(line);
    api.on_take(move |text| {
        let text = text.into();
        tell(&taking, CharacterAction::Take { text });
    });
    let closing = Rc::clone(line);
    api.on_close(move || tell(&closing, CharacterAction::Close));
}
