//! Text in as few runs as its lines allow.
//!
//! The layout starts another run wherever kanji and kana meet, which is every second character of
//! Japanese text: each takes its own place in the document, its own colour and its own part in the
//! structure that makes it readable aloud. Runs that follow each other without a gap, in one font,
//! size, colour and language, are one here. Nothing moves: the same glyphs stand at the same places,
//! for the same text.

use typst::layout::{Frame, FrameItem, GroupItem, Point};
use typst::model::Document as _;
use typst::text::TextItem;
use typst_layout::{Page, PagedDocument};

/// Runs closer than so many points touch. Places are sums of many advances.
const TOUCHING: f64 = 0.001;

/// The same document with text joined.
pub(crate) fn joined_runs(document: &PagedDocument) -> PagedDocument {
    let joined = |page: &Page| Page {
        frame: joined(&page.frame),
        ..page.clone()
    };
    let pages = document.pages().iter().map(joined);
    PagedDocument::new(pages.collect(), document.info().clone())
}

fn joined(frame: &Frame) -> Frame {
    let mut items: Vec<(Point, FrameItem)> = Vec::new();
    for (at, item) in frame.items() {
        let item = match item {
            FrameItem::Text(text) => {
                if extended(&mut items, *at, text) {
                    continue;
                }
                item.clone()
            }
            FrameItem::Group(group) => FrameItem::Group(GroupItem {
                frame: joined(&group.frame),
                ..group.clone()
            }),
            FrameItem::Shape(..)
            | FrameItem::Image(..)
            | FrameItem::Link(..)
            | FrameItem::Tag(..) => item.clone(),
        };
        items.push((*at, item));
    }
    let mut out = Frame::new(frame.size(), frame.kind());
    if frame.has_baseline() {
        out.set_baseline(frame.baseline());
    }
    out.push_multiple(items);
    out
}

/// Whether `next` was added to the run that stands last.
fn extended(before: &mut [(Point, FrameItem)], at: Point, next: &TextItem) -> bool {
    let Some((start, FrameItem::Text(run))) = before.last_mut() else {
        return false;
    };
    let gap = at.x - start.x - run.width();
    let touches = start.y == at.y && gap.to_pt().abs() < TOUCHING;
    let is_alike = run.font == next.font
        && run.size == next.size
        && run.fill == next.fill
        && run.stroke == next.stroke
        && (run.lang, run.region) == (next.lang, next.region);
    let (Ok(shift), Ok(_)) = (
        u16::try_from(run.text.len()),
        u16::try_from(run.text.len() + next.text.len()),
    ) else {
        return false;
    };
    if !(touches && is_alike) {
        return false;
    }
    run.text.push_str(&next.text);
    let shifted = next.glyphs.iter().cloned().map(|mut glyph| {
        glyph.range = glyph.range.start + shift..glyph.range.end + shift;
        glyph
    });
    run.glyphs.extend(shifted);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Assets, Forms};
    use crate::{FontPaths, SampleKind};

    /// Thousandths of a point across and down, the glyph, the text it stands for.
    type Placed = (i64, i64, u16, String);

    /// Every glyph of a frame, and how many runs they are in.
    fn placed(frame: &Frame, from: Point, found: &mut Vec<Placed>) -> usize {
        let mut runs = 0;
        let thousandths = |length: f64| format!("{:.0}", length * 1_000.0).parse().unwrap();
        for (at, item) in frame.items() {
            let mut at = *at + from;
            match item {
                FrameItem::Group(group) => runs += placed(&group.frame, at, found),
                FrameItem::Text(text) => {
                    runs += 1;
                    for glyph in &text.glyphs {
                        found.push((
                            thousandths(at.x.to_pt()),
                            thousandths(at.y.to_pt()),
                            glyph.id,
                            text.text.get(glyph.range()).unwrap().to_owned(),
                        ));
                        at.x += glyph.x_advance.at(text.size);
                    }
                }
                FrameItem::Shape(..)
                | FrameItem::Image(..)
                | FrameItem::Link(..)
                | FrameItem::Tag(..) => {}
            }
        }
        runs
    }

    #[test]
    fn every_glyph_stays_where_it_was_for_the_same_text() {
        let forms = Forms::new(&FontPaths::default()).unwrap();
        let form = forms.newest("resident-move").unwrap();
        let data = forms.sample("resident-move", SampleKind::Longest).unwrap();
        let looked = forms.lay_out_known(
            form,
            &data,
            &Assets::default(),
            "2026-11-21",
            |_, document, _| {
                let all = |document: &PagedDocument| {
                    let mut found = Vec::new();
                    let pages = document.pages().iter();
                    let runs = pages.map(|page| placed(&page.frame, Point::zero(), &mut found));
                    (runs.sum::<usize>(), found)
                };
                Ok((all(document), all(&joined_runs(document))))
            },
        );
        let ((before, apart), (after, joined)) = looked.unwrap();
        assert_eq!(apart.len(), joined.len());
        for (one, other) in apart.iter().zip(&joined) {
            let moved = (one.0 - other.0).abs().max((one.1 - other.1).abs());
            assert!(moved <= 2 && (one.2, &one.3) == (other.2, &other.3));
        }
        assert!(after * 5 < before * 4, "{before} runs, then {after}");
    }
}
