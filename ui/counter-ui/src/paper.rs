//! A paper on the scanner: how far it is, and what staff do about it. The strips of paper beside the
//! fields are drawn with the fields.

use std::cell::RefCell;
use std::ops::Range;
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
    /// Its picture, for every size it is drawn in.
    sheet: Rc<RefCell<Option<Gray>>>,
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
        let sheet = Rc::<RefCell<Option<Gray>>>::default();
        let kept = Rc::clone(&sheet);
        api.on_picture(move |width, _| {
            let kept = kept.borrow();
            let page = kept.as_ref().map(|page| page.as_wide_as(width));
            page.unwrap_or_default()
        });
        Self {
            window: window.as_weak(),
            shown: None,
            fields,
            page: None,
            sheet,
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
            let page = Gray::decode(&sheet.picture);
            api.set_has_picture(page.is_some());
            api.set_tall(page.as_ref().map_or(1.414, Gray::tall));
            self.sheet.replace(page);
            api.set_drawn(api.get_drawn().wrapping_add(1));
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
        if sheet.is_none() && self.page.is_some() {
            self.sheet.replace(None);
            api.set_drawn(api.get_drawn().wrapping_add(1));
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
        stored: field.stored.as_str().into(),
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
pub(crate) fn picture(base64: &str) -> Option<Image> {
    Gray::decode(base64).map(|gray| gray.drawn())
}

/// A gray picture.
struct Gray {
    width: u32,
    height: u32,
    shades: Vec<u8>,
}

impl Gray {
    fn decode(base64: &str) -> Option<Self> {
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
        let mut shades = vec![0; size];
        let frame = reader.next_frame(&mut shades).ok()?;
        let is_gray = frame.color_type == png::ColorType::Grayscale;
        if !is_gray || frame.bit_depth != png::BitDepth::Eight {
            return None;
        }
        Some(Self {
            width: frame.width,
            height: frame.height,
            shades,
        })
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "sides of a picture are a few thousand pixels"
    )]
    fn tall(&self) -> f32 {
        self.height as f32 / self.width.max(1) as f32
    }

    fn drawn(&self) -> Image {
        let mut buffer = SharedPixelBuffer::<Rgb8Pixel>::new(self.width, self.height);
        for (pixel, shade) in buffer.make_mut_slice().iter_mut().zip(&self.shades) {
            *pixel = Rgb8Pixel::new(*shade, *shade, *shade);
        }
        Image::from_rgb8(buffer)
    }

    /// For so many pixels of width: where that is less, every pixel is the mean of those it stands
    /// for. The renderer would take one of them and lose the thin strokes.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a width of the screen; what is no number becomes 0"
    )]
    fn as_wide_as(&self, width: f32) -> Image {
        let width = (width.max(1.0).round() as u32).min(self.width);
        if width == self.width {
            return self.drawn();
        }
        let height = (self.height * width).div_ceil(self.width.max(1)).max(1);
        let from = |at: u32, of: u32, all: u32| at * all / of;
        let mut shades = Vec::new();
        for row in 0..height {
            let rows = from(row, height, self.height)..from(row + 1, height, self.height);
            for column in 0..width {
                let columns = from(column, width, self.width)..from(column + 1, width, self.width);
                shades.push(self.mean(columns, rows.clone()));
            }
        }
        let small = Self {
            width,
            height,
            shades,
        };
        small.drawn()
    }

    /// The mean of a part that is not empty.
    fn mean(&self, columns: Range<u32>, rows: Range<u32>) -> u8 {
        let (mut sum, mut count) = (0_u32, 0_u32);
        for row in rows {
            let start = usize::try_from(row * self.width + columns.start).unwrap_or(usize::MAX);
            let part = self.shades.get(start..).unwrap_or_default();
            for shade in part.iter().take(columns.len()) {
                sum += u32::from(*shade);
                count += 1;
            }
        }
        let mean = sum.checked_div(count).unwrap_or(255);
        u8::try_from(mean).unwrap_or(255)
    }
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

    #[test]
    fn a_thin_stroke_survives_a_smaller_picture() {
        // One dark column in three: the mean of each three is a middle gray everywhere.
        let shades: Vec<u8> = (0..90 * 30)
            .map(|at| if at % 3 == 0 { 0 } else { 240 })
            .collect();
        let page = Gray {
            width: 90,
            height: 30,
            shades,
        };
        let small = page.as_wide_as(30.0);
        assert_eq!((small.size().width, small.size().height), (30, 10));
        let pixels = small.to_rgb8().unwrap();
        assert!(pixels.as_slice().iter().all(|pixel| pixel.r == 160));
        assert_eq!(page.as_wide_as(500.0).size().width, 90);
    }
}
