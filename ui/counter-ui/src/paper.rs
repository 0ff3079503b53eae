//! A paper on the scanner: how far it is, and what staff do about it. The strips of paper beside the
//! fields are drawn with the fields.

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counter_api::{
    PaperAction, PaperState, PaperView, ReadNeed, ReadView, ReceptionView, SheetField, SheetView,
    StaffAction,
};
use slint::{ComponentHandle, Image, Rgb8Pixel, SharedPixelBuffer};

use crate::rows::{Rows, list};
use crate::staff_line::StaffLine;
use crate::ui::{
    ChoiceData, PaperApi, PaperStage, ReadData, ReadNeedKind, SheetFieldData, StaffWindow,
};

/// Other readings offered at most: more is typed faster.
const OTHERS_MAX: usize = 3;
/// The largest strip that is drawn, in pixels; the daemon's are far smaller.
const STRIP_PIXELS_MAX: usize = 4_000_000;

/// Draws how far the paper is and tells what staff want.
pub(crate) struct PaperController {
    window: slint::Weak<StaffWindow>,
    shown: Option<PaperView>,
    fields: Rows<SheetField, SheetFieldData>,
    /// The page that is drawn: its number, and how long its picture is.
    page: Option<(u16, usize)>,
}

impl PaperController {
    /// Connects the window.
    pub(crate) fn new(window: &StaffWindow, line: &Rc<StaffLine>) -> Self {
        let api = window.global::<PaperApi<'_>>();
        let plain = |deed: PaperAction| {
            let tell = Rc::clone(line);
            move || tell.deed(StaffAction::Paper { deed: deed.clone() })
        };
        api.on_scan(plain(PaperAction::Scan));
        api.on_fetch(plain(PaperAction::Fetch));
        api.on_stop(plain(PaperAction::Stop));
        api.on_discard(plain(PaperAction::Discard));
        let tell = Rc::clone(line);
        api.on_confirm(move |path| {
            let deed = PaperAction::Confirm { path: path.into() };
            tell.deed(StaffAction::Paper { deed });
        });
        let tell = Rc::clone(line);
        api.on_take(move |path, value| {
            let deed = PaperAction::Take {
                path: path.into(),
                value: value.into(),
            };
            tell.deed(StaffAction::Paper { deed });
        });
        let tell = Rc::clone(line);
        api.on_open_sheet(move |page, path| {
            let deed = PaperAction::OpenSheet {
                page: u16::try_from(page).unwrap_or_default(),
                path: path.into(),
            };
            tell.deed(StaffAction::Paper { deed });
        });
        api.on_close_sheet(plain(PaperAction::CloseSheet));
        let fields = Rows::default();
        api.set_sheet_fields(fields.model());
        Self {
            window: window.as_weak(),
            shown: None,
            fields,
            page: None,
        }
    }

    /// Draws the paper of a reception; nothing of it stays behind when there is none.
    pub(crate) fn show(&mut self, view: Option<&ReceptionView>) {
        let paper = view.and_then(|view| view.paper.as_ref());
        let Some(window) = self.window.upgrade() else {
            return;
        };
        let api = window.global::<PaperApi<'_>>();
        api.set_shown(paper.is_some());
        if self.shown.as_ref() == paper {
            return;
        }
        self.shown = paper.cloned();
        self.show_sheet(&api, paper.and_then(|paper| paper.sheet.as_ref()));
        let Some(paper) = paper else {
            api.set_also(list(std::iter::empty()));
            api.set_summary("".into());
            return;
        };
        let (stage, page, of, percent) = match paper.state {
            PaperState::Idle => (PaperStage::Idle, 0, 0, 0),
            PaperState::Scanning { sheet, percent } => (
                PaperStage::Scanning,
                i32::from(sheet),
                0,
                i32::from(percent),
            ),
            PaperState::Reading { page, of } => {
                (PaperStage::Reading, i32::from(page), i32::from(of), 0)
            }
            PaperState::Read => (PaperStage::Read, 0, 0, 0),
        };
        api.set_stage(stage);
        api.set_page(page);
        api.set_of(of);
        api.set_percent(percent);
        api.set_has_scanner(paper.has_scanner);
        api.set_has_tray(paper.has_tray);
        api.set_summary(paper.summary.as_str().into());
        api.set_also(list(paper.also.iter().map(|line| line.as_str().into())));
        api.set_to_look_at(i32::try_from(paper.to_look_at).unwrap_or(i32::MAX));
    }
}

impl PaperController {
    /// Draws a page of the paper, or closes it; its picture goes with it.
    fn show_sheet(&mut self, api: &PaperApi<'_>, sheet: Option<&SheetView>) {
        self.fields
            .show(sheet.map_or(&[], |sheet| &sheet.fields), sheet_field);
        let page = sheet.map(|sheet| (sheet.page, sheet.picture.len()));
        if let Some(sheet) = sheet
            && self.page != page
        {
            let drawn = picture(&sheet.picture);
            api.set_has_picture(drawn.is_some());
            api.set_picture(drawn.unwrap_or_default());
            api.set_sheet(i32::from(sheet.page));
            api.set_sheets(i32::from(sheet.of));
            let marked = sheet
                .fields
                .iter()
                .position(|field| !field.path.is_empty() && field.path == sheet.opened_for)
                .or_else(|| sheet.fields.iter().position(|field| asks(field.need)));
            let marked = marked.and_then(|place| i32::try_from(place).ok());
            api.set_marked(marked.unwrap_or(-1));
        }
        if sheet.is_none() {
            api.set_picture(Image::default());
            api.set_has_picture(false);
        }
        self.page = page;
        api.set_sheet_shown(sheet.is_some());
    }
}

fn asks(need: ReadNeed) -> bool {
    match need {
        ReadNeed::Look | ReadNeed::Choose => true,
        ReadNeed::Nothing | ReadNeed::Offered => false,
    }
}

fn sheet_field(field: &SheetField) -> SheetFieldData {
    let part = |at: u16| f32::from(at) / 10_000.0;
    let [x, y, width, height] = field.place.map(part);
    SheetFieldData {
        path: field.path.as_str().into(),
        label: field.label.as_str().into(),
        value: field.value.as_str().into(),
        read: field.read.as_str().into(),
        x,
        y,
        width,
        height,
        need: need(field.need),
    }
}

fn need(need: ReadNeed) -> ReadNeedKind {
    match need {
        ReadNeed::Nothing => ReadNeedKind::Nothing,
        ReadNeed::Look => ReadNeedKind::Look,
        ReadNeed::Choose => ReadNeedKind::Choose,
        ReadNeed::Offered => ReadNeedKind::Offered,
    }
}

/// What the paper says about a field.
pub(crate) fn read(view: Option<&ReadView>) -> ReadData {
    let Some(view) = view else {
        return ReadData::default();
    };
    let snippet = picture(&view.snippet);
    ReadData {
        shown: true,
        has_snippet: snippet.is_some(),
        snippet: snippet.unwrap_or_default(),
        value: view.value.as_str().into(),
        need: need(view.need),
        others: list(view.others.iter().take(OTHERS_MAX).map(|other| ChoiceData {
            value: other.value.as_str().into(),
            label: other.label.as_str().into(),
        })),
    }
}

/// A gray PNG in base64; `None` for anything else.
fn picture(base64: &str) -> Option<Image> {
    if base64.is_empty() {
        return None;
    }
    let bytes = STANDARD.decode(base64).ok()?;
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .ok()?;
    let size = reader.output_buffer_size()?;
    if size > STRIP_PIXELS_MAX {
        return None;
    }
    let mut gray = vec![0; size];
    let frame = reader.next_frame(&mut gray).ok()?;
    let is_gray = frame.color_type == png::ColorType::Grayscale;
    if !is_gray || frame.bit_depth != png::BitDepth::Eight {
        return None;
    }
    let mut buffer = SharedPixelBuffer::<Rgb8Pixel>::new(frame.width, frame.height);
    for (pixel, shade) in buffer.make_mut_slice().iter_mut().zip(&gray) {
        *pixel = Rgb8Pixel::new(*shade, *shade, *shade);
    }
    Some(Image::from_rgb8(buffer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strip_becomes_a_picture_and_anything_else_none() {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 3, 2);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().unwrap();
        writer
            .write_image_data(&[0, 50, 100, 150, 200, 250])
            .unwrap();
        writer.finish().unwrap();
        let image = picture(&STANDARD.encode(&bytes)).unwrap();
        assert_eq!((image.size().width, image.size().height), (3, 2));
        assert!(picture("").is_none());
        assert!(picture("not base64").is_none());
        assert!(picture(&STANDARD.encode(b"not a picture")).is_none());
    }
}
