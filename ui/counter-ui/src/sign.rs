//! The signature pad: strokes as integers, drawn as short pieces of line.
//!
//! Only the newest piece is drawn again while the pen moves, so a point costs the same however
//! long the signature is.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use counter_api::{Stroke, StrokePoint};
use slint::{ComponentHandle, ModelRc, VecModel};

use crate::ui::{ChunkData, ResidentWindow, SignApi};

/// Points of one piece.
const CHUNK_POINTS: usize = 12;
/// Points of a whole signature; more is not a signature.
const POINTS_MAX: usize = 20_000;
/// Half the pen's width and a bit, around each piece.
const MARGIN: f32 = 4.0;

/// Time since something, as the pad needs it.
pub type Clock = Rc<dyn Fn() -> Duration>;

/// What was drawn.
#[derive(Default)]
pub(crate) struct Ink {
    strokes: Vec<Stroke>,
    piece: Vec<(f32, f32)>,
    began: Option<Duration>,
    down: bool,
}

impl Ink {
    fn points(&self) -> usize {
        self.strokes.iter().map(|stroke| stroke.points.len()).sum()
    }

    fn add(&mut self, x: f32, y: f32, now: Duration) {
        let began = *self.began.get_or_insert(now);
        let t = u32::try_from(now.saturating_sub(began).as_millis()).unwrap_or(u32::MAX);
        if let Some(stroke) = self.strokes.last_mut() {
            stroke.points.push(StrokePoint {
                x: hundredths(x),
                y: hundredths(y),
                t,
            });
            self.piece.push((x, y));
        }
    }
}

/// Connects the pad; `accepted` gets its size and the strokes.
pub(crate) fn connect(
    window: &ResidentWindow,
    clock: Clock,
    accepted: impl Fn(u32, u32, Vec<Stroke>) + 'static,
) -> Rc<dyn Fn()> {
    let ink = Rc::new(RefCell::new(Ink::default()));
    let chunks = Rc::new(VecModel::<ChunkData>::default());
    let api = window.global::<SignApi<'_>>();
    api.set_chunks(ModelRc::from(Rc::clone(&chunks)));

    connect_pen(window, clock, &ink, &chunks);
    let weak = window.as_weak();
    let pen = Rc::clone(&ink);
    let clear: Rc<dyn Fn()> = Rc::new(move || {
        *pen.borrow_mut() = Ink::default();
        chunks.clear();
        if let Some(window) = weak.upgrade() {
            window
                .global::<SignApi<'_>>()
                .set_live(ChunkData::default());
            window.global::<SignApi<'_>>().set_has_ink(false);
        }
    });
    let wipe = Rc::clone(&clear);
    api.on_clear(move || wipe());
    api.on_accept(move |width, height| {
        let strokes = ink.borrow().strokes.clone();
        let size = |length| u32::try_from(hundredths(length)).unwrap_or_default();
        accepted(size(width), size(height), strokes);
    });
    clear
}

/// Down, moves and up of the pen.
fn connect_pen(
    window: &ResidentWindow,
    clock: Clock,
    ink: &Rc<RefCell<Ink>>,
    chunks: &Rc<VecModel<ChunkData>>,
) {
    let api = window.global::<SignApi<'_>>();
    let (weak, pen, time) = (window.as_weak(), Rc::clone(ink), Rc::clone(&clock));
    api.on_pen_down(move |x, y| {
        let Some(window) = weak.upgrade() else { return };
        let mut ink = pen.borrow_mut();
        if ink.points() >= POINTS_MAX {
            return;
        }
        ink.down = true;
        ink.piece.clear();
        ink.strokes.push(Stroke { points: Vec::new() });
        ink.add(x, y, time());
        window.global::<SignApi<'_>>().set_has_ink(true);
        window.global::<SignApi<'_>>().set_live(chunk(&ink.piece));
    });
    let (weak, pen, pieces) = (window.as_weak(), Rc::clone(ink), Rc::clone(chunks));
    api.on_pen_move(move |x, y| {
        let Some(window) = weak.upgrade() else { return };
        let mut ink = pen.borrow_mut();
        if !ink.down || ink.points() >= POINTS_MAX {
            return;
        }
        ink.add(x, y, clock());
        if ink.piece.len() >= CHUNK_POINTS {
            pieces.push(chunk(&ink.piece));
            ink.piece = vec![(x, y)];
        }
        window.global::<SignApi<'_>>().set_live(chunk(&ink.piece));
    });
    let (weak, pen, pieces) = (window.as_weak(), Rc::clone(ink), Rc::clone(chunks));
    api.on_pen_up(move || {
        let Some(window) = weak.upgrade() else { return };
        let mut ink = pen.borrow_mut();
        if ink.down {
            ink.down = false;
            pieces.push(chunk(&ink.piece));
            ink.piece.clear();
            window
                .global::<SignApi<'_>>()
                .set_live(ChunkData::default());
        }
    });
}

fn hundredths(pixels: f32) -> i32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a screen is far smaller than an i32"
    )]
    let whole = (pixels * 100.0).round() as i32;
    whole
}

/// A piece in a box just large enough, its points relative to that box.
fn chunk(points: &[(f32, f32)]) -> ChunkData {
    let edge = |pick: fn(&(f32, f32)) -> f32, choose: fn(f32, f32) -> f32| {
        points.iter().map(pick).reduce(choose).unwrap_or_default()
    };
    let (left, top) = (
        edge(|p| p.0, f32::min) - MARGIN,
        edge(|p| p.1, f32::min) - MARGIN,
    );
    let (right, bottom) = (
        edge(|p| p.0, f32::max) + MARGIN,
        edge(|p| p.1, f32::max) + MARGIN,
    );
    let mut commands = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let letter = if index == 0 { 'M' } else { 'L' };
        add(
            &mut commands,
            format_args!("{letter} {:.1} {:.1} ", x - left, y - top),
        );
    }
    if let [(x, y)] = points {
        add(
            &mut commands,
            format_args!("L {:.1} {:.1}", x - left + 0.1, y - top),
        );
    }
    ChunkData {
        x: left,
        y: top,
        width: right - left,
        height: bottom - top,
        commands: commands.into(),
    }
}

fn add(commands: &mut String, piece: std::fmt::Arguments<'_>) {
    commands.push_str(&piece.to_string());
}
