//! A page of the paper, over the reception: its picture with a box around everything that was read,
//! and the fields beside it.

use counter_api::{Notice, ReadNeed, SheetField, SheetView};
use counter_domain::reading::{ReadField, ReadPage, Reading};

use super::filling::in_words;
use super::{need, need_of};
use crate::desk::Desk;
use crate::desk::checks::shown;
use crate::desk::visit::Visit;
use crate::documents::preview;
use crate::fields::{fields, split_member};
use crate::records::Records;
use crate::texts::{Code, notice, sentence};

/// Places are told in so many parts of a page.
const PARTS: u64 = 10_000;

/// The page that is open. Its picture is made once: a view is drawn at every key.
pub(super) struct OpenSheet {
    page: usize,
    opened_for: String,
    picture: String,
}

impl std::fmt::Debug for OpenSheet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OpenSheet({})", self.page)
    }
}

impl<R: Records> Desk<R> {
    pub(super) fn open_sheet(&mut self, page: u16, path: String) -> Result<(), Notice> {
        let visit = self.visit()?;
        let reading = visit.paper.reading.as_ref().map(|(_, reading)| reading);
        let reading = reading.ok_or_else(|| notice(Code::NotPossibleNow))?;
        let page = match usize::from(page).checked_sub(1) {
            Some(page) => page,
            None => reading.field(&path).map_or(0, |field| field.page),
        };
        let page_of = reading.pages.get(page);
        let hash = page_of.ok_or_else(|| notice(Code::NotPossibleNow))?.picture;
        let kept = hash.and_then(|hash| self.records.blob(hash));
        let picture = kept.and_then(|bytes| preview(&bytes)).unwrap_or_default();
        self.visit_mut()?.paper.sheet = Some(OpenSheet {
            page,
            opened_for: path,
            picture,
        });
        Ok(())
    }

    pub(super) fn close_sheet(&mut self) -> Result<(), Notice> {
        self.visit_mut()?.paper.sheet = None;
        Ok(())
    }
}

/// The open page, as staff see it.
pub(super) fn view(visit: &Visit) -> Option<SheetView> {
    let open = visit.paper.sheet.as_ref()?;
    let (_, reading) = visit.paper.reading.as_ref()?;
    let page = reading.pages.get(open.page)?;
    let number = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    Some(SheetView {
        page: number(open.page + 1),
        of: number(reading.pages.len()),
        picture: open.picture.clone(),
        fields: on_page(visit, reading, open.page)
            .into_iter()
            .map(|read| field(visit, read, page))
            .collect(),
        opened_for: open.opened_for.clone(),
    })
}

/// What was read on a page, top to bottom.
fn on_page<'a>(visit: &Visit, reading: &'a Reading, page: usize) -> Vec<&'a ReadField> {
    // Parts of a person that no screen shows have nothing to be compared with.
    let is_shown = |read: &&ReadField| read.path.is_empty() || fields().find(&read.path).is_some();
    let read = reading.fields.iter().filter(|read| read.page == page);
    let mut read: Vec<&ReadField> = read
        .filter(is_shown)
        // A second field the same words fill is only a proposal once it says something else.
        .filter(|read| !is_echo(visit, reading, read))
        .collect();
    read.sort_by_key(|read| (read.place[1], read.place[0]));
    read
}

/// Words that fill two fields are listed again only while the second needs a person.
fn is_echo(visit: &Visit, reading: &Reading, read: &ReadField) -> bool {
    let first = reading.fields.iter().find(|other| {
        (other.page, other.place, &other.label) == (read.page, read.place, &read.label)
    });
    first.is_some_and(|first| first.path != read.path) && need(visit, &read.path).is_none()
}

fn field(visit: &Visit, read: &ReadField, page: &ReadPage) -> SheetField {
    let part = |at: u32, of: u32| {
        let part = (u64::from(at) * PARTS).checked_div(u64::from(of));
        u16::try_from(part.unwrap_or(0).min(PARTS)).unwrap_or(u16::MAX)
    };
    let [left, top, width, height] = read.place;
    let place = [
        part(left, page.width),
        part(top, page.height),
        part(width, page.width),
        part(height, page.height),
    ];
    let Some(def) = fields().find(&read.path) else {
        return SheetField {
            path: String::new(),
            label: read.label.clone(),
            value: String::new(),
            read: in_words(&read.value),
            stored: read.value.clone(),
            place,
            need: ReadNeed::Nothing,
        };
    };
    let now = visit.text(&read.path);
    let whose = split_member(&read.path)
        .map(|(number, _)| sentence("reply", "person", &[("number", &number.to_string())]));
    let label = whose.map_or_else(
        || def.label.ja.clone(),
        |whose| format!("{whose} {}", def.label.ja),
    );
    let read_as = if read.value.is_empty() {
        in_words("")
    } else {
        shown(def, &read.value)
    };
    SheetField {
        path: read.path.clone(),
        label,
        value: shown(def, now),
        read: read_as,
        stored: read.value.clone(),
        place,
        need: need_of(visit, read),
    }
}
