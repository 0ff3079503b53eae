//! Fourteen days as small drawings, made here as SVG: no script, no style of their own, and
//! readable without colour because height and shape carry the meaning.

use std::fmt::Write as _;

use hub_store::{DeviceSample, SLOT_MS, SLOTS};

use crate::clock::in_japan;

const DAY_MS: u64 = 24 * 60 * 60_000;
/// Japan is nine hours ahead of UTC.
const JAPAN_MS: u64 = 9 * 60 * 60_000;

/// Columns of a drawing: one for each hour.
const COLUMNS: usize = 336;
const SLOTS_A_COLUMN: usize = 4;
/// Width of a column.
const COLUMN_PX: usize = 3;
const WIDTH_PX: usize = COLUMNS * COLUMN_PX;
/// Height of a strip, and of a drawing with figures.
const STRIP_PX: u64 = 24;
const CHART_PX: u64 = 72;

/// The quarter-hours of fourteen days, with gaps where head office did not look.
pub(super) struct Ring {
    first: u64,
    slots: Vec<Option<DeviceSample>>,
}

/// How several quarter-hours become one figure.
#[derive(Debug, Clone, Copy)]
pub(super) enum Join {
    /// The largest.
    Most,
    /// The smallest.
    Least,
    /// The one farthest from nothing.
    Farthest,
}

impl Ring {
    /// The last fourteen days.
    pub(super) fn of(samples: Vec<DeviceSample>, now_unix_ms: u64) -> Self {
        let first = (now_unix_ms / SLOT_MS + 1).saturating_sub(SLOTS);
        let mut slots = vec![None; COLUMNS * SLOTS_A_COLUMN];
        for sample in samples {
            let place = sample.slot.checked_sub(first);
            let place = place.and_then(|place| usize::try_from(place).ok());
            if let Some(slot) = place.and_then(|place| slots.get_mut(place)) {
                *slot = Some(sample);
            }
        }
        Self { first, slots }
    }

    /// Share of the looks at which the counter was connected, in tenths of a percent.
    pub(super) fn share(&self) -> Option<u64> {
        share_of(&self.slots)
    }

    /// The longest time without any contact while head office was looking, milliseconds. A gap in
    /// the looks does not end it.
    pub(super) fn longest_silence(&self) -> u64 {
        let (mut longest, mut current) = (0_u64, 0_u64);
        for sample in self.slots.iter().flatten() {
            current = if sample.heard == 0 { current + 1 } else { 0 };
            longest = longest.max(current);
        }
        longest * SLOT_MS
    }

    fn columns(&self) -> impl Iterator<Item = (usize, &[Option<DeviceSample>])> {
        let columns = self.slots.chunks(SLOTS_A_COLUMN).enumerate();
        columns.map(|(at, slots)| (at * COLUMN_PX, slots))
    }

    fn figures(
        &self,
        pick: fn(&DeviceSample) -> Option<i64>,
        join: Join,
    ) -> Vec<(usize, Option<i64>)> {
        let column = |slots: &[Option<DeviceSample>]| {
            let figures = slots.iter().flatten().filter_map(pick);
            match join {
                Join::Most => figures.max(),
                Join::Least => figures.min(),
                Join::Farthest => figures.max_by_key(|figure| figure.unsigned_abs()),
            }
        };
        self.columns()
            .map(|(x, slots)| (x, column(slots)))
            .collect()
    }
}

fn share_of(slots: &[Option<DeviceSample>]) -> Option<u64> {
    let looked: u64 = slots.iter().flatten().map(|one| one.looked).sum();
    let heard: u64 = slots.iter().flatten().map(|one| one.heard).sum();
    (heard * 1000).checked_div(looked)
}

/// Lines at midnight in Japan, as far down as `height`.
fn midnights(first_slot: u64, height: u64) -> String {
    let mut lines = String::new();
    for (x, _) in days(first_slot) {
        write!(lines, r#"<path class="day" d="M{x} 0V{height}"/>"#).ok();
    }
    lines
}

/// Where each day begins, and its date.
fn days(first_slot: u64) -> Vec<(usize, String)> {
    let slots_a_day = DAY_MS / SLOT_MS;
    let mut found = Vec::new();
    for place in 0..SLOTS {
        let slot = first_slot + place;
        if (slot + JAPAN_MS / SLOT_MS).is_multiple_of(slots_a_day) {
            let x = usize::try_from(place).unwrap_or(0) * COLUMN_PX / SLOTS_A_COLUMN;
            found.push((x, in_japan(slot * SLOT_MS, "%-m/%-d")));
        }
    }
    found
}

fn opened(label: &str, height: u64) -> String {
    format!(
        r#"<svg class="chart" role="img" aria-label="{label}" viewBox="0 0 {WIDTH_PX} {height}" width="{WIDTH_PX}" height="{height}">"#
    )
}

/// The dates under a drawing.
pub(super) fn day_scale(now_unix_ms: u64) -> String {
    let first = (now_unix_ms / SLOT_MS + 1).saturating_sub(SLOTS);
    let mut svg = format!(
        r#"<svg class="chart" aria-hidden="true" viewBox="0 0 {WIDTH_PX} 18" width="{WIDTH_PX}" height="18">"#
    );
    for (x, date) in days(first) {
        // The last date has no room behind the edge.
        if x + 30 <= WIDTH_PX {
            write!(svg, r#"<text x="{}" y="14">{date}</text>"#, x + 3).ok();
        }
    }
    svg.push_str("</svg>");
    svg
}

/// The line hour by hour: as high as it was up. A low bar is silence, no bar is no knowledge.
pub(super) fn line_strip(ring: &Ring) -> String {
    let share = super::words::share(ring.share());
    let mut svg = opened(
        &format!("14日間の回線。つながっていた割合 {share}"),
        STRIP_PX,
    );
    svg.push_str(&midnights(ring.first, STRIP_PX));
    for (x, slots) in ring.columns() {
        let Some(permille) = share_of(slots) else {
            continue;
        };
        let (class, height) = if permille == 0 {
            ("silent", 3)
        } else {
            ("up", (permille * STRIP_PX / 1000).max(5))
        };
        let y = STRIP_PX - height;
        write!(
            svg,
            r#"<rect class="{class}" x="{x}" y="{y}" width="{COLUMN_PX}" height="{height}"/>"#
        )
        .ok();
    }
    svg.push_str("</svg>");
    svg
}

/// A drawing of figures, with its largest and smallest told.
pub(super) struct Chart {
    pub svg: String,
    pub most: Option<i64>,
    pub least: Option<i64>,
}

/// Draws figures from `pick`; the ground line is nothing. There is room for `around` above and below
/// it at least, so that what is next to nothing is drawn next to the line.
pub(super) fn figures(
    ring: &Ring,
    label: &str,
    pick: fn(&DeviceSample) -> Option<i64>,
    join: Join,
    around: i64,
) -> Chart {
    let figures = ring.figures(pick, join);
    let known = figures.iter().filter_map(|(_, figure)| *figure);
    let (most, least) = (known.clone().max(), known.min());
    let top = most.unwrap_or(0).max(around);
    let bottom = least.unwrap_or(0).min(-around);
    let span = top.saturating_sub(bottom).max(1);
    let room = i64::try_from(CHART_PX).unwrap_or(1) - 4;
    let y_of = |figure: i64| 2 + room - figure.saturating_sub(bottom).saturating_mul(room) / span;
    let mut svg = opened(label, CHART_PX);
    svg.push_str(&midnights(ring.first, CHART_PX));
    let ground = y_of(0);
    write!(svg, r#"<path class="ground" d="M0 {ground}H{WIDTH_PX}"/>"#).ok();
    let mut path = String::new();
    let mut pen_down = false;
    for (x, figure) in figures {
        pen_down = match figure {
            Some(figure) => {
                let pen = if pen_down { 'L' } else { 'M' };
                write!(path, "{pen}{x} {y}h{COLUMN_PX}", y = y_of(figure)).ok();
                true
            }
            None => false,
        };
    }
    write!(svg, r#"<path class="figure" d="{path}"/></svg>"#).ok();
    Chart { svg, most, least }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21 10:00 in Japan.
    const MORNING_MS: u64 = 1_795_222_800_000;

    fn sample(hours_ago: u64, looked: u64, heard: u64) -> DeviceSample {
        DeviceSample {
            slot: MORNING_MS / SLOT_MS - hours_ago * 4,
            looked,
            heard,
            to_come: heard,
            clock_ahead_ms: Some(-5),
            ..DeviceSample::default()
        }
    }

    #[test]
    fn strip_is_as_high_as_the_line_was_up_and_empty_where_nobody_looked() {
        let ring = Ring::of(
            vec![sample(30, 15, 0), sample(2, 15, 15), sample(1, 10, 5)],
            MORNING_MS,
        );
        assert_eq!(ring.share(), Some(500));
        let strip = line_strip(&ring);
        assert_eq!(strip.matches("<rect").count(), 3);
        assert_eq!(strip.matches(r#"class="silent""#).count(), 1);
        assert!(strip.contains(r#"height="24"/>"#) && strip.contains(r#"height="12"/>"#));
        assert_eq!(
            strip.matches(r#"class="day""#).count(),
            14,
            "a line each midnight"
        );
        assert!(strip.contains("つながっていた割合 50.0 %"));
    }

    #[test]
    fn silence_is_measured_over_what_was_looked_at() {
        let silent = |hours| sample(hours, 15, 0);
        let ring = Ring::of(
            vec![silent(9), silent(8), sample(7, 15, 1), silent(6)],
            MORNING_MS,
        );
        assert_eq!(ring.longest_silence(), 2 * SLOT_MS);
        assert_eq!(Ring::of(Vec::new(), MORNING_MS).share(), None);
    }

    #[test]
    fn figures_below_nothing_are_under_the_ground_line() {
        let ring = Ring::of(vec![sample(2, 15, 15), sample(1, 15, 15)], MORNING_MS);
        let chart = figures(&ring, "時計", |one| one.clock_ahead_ms, Join::Farthest, 0);
        assert_eq!((chart.most, chart.least), (Some(-5), Some(-5)));
        assert!(
            chart.svg.contains(r#"class="ground" d="M0 2H1008""#),
            "{}",
            chart.svg
        );
        assert!(chart.svg.contains("70h3"), "{}", chart.svg);
    }

    #[test]
    fn clock_that_is_right_is_drawn_on_the_line() {
        let ring = Ring::of(vec![sample(2, 15, 15)], MORNING_MS);
        let pick = |one: &DeviceSample| one.clock_ahead_ms;
        let chart = figures(&ring, "時計", pick, Join::Farthest, 60_000);
        assert!(chart.svg.contains(r#"class="ground" d="M0 36H1008""#));
        assert!(
            chart.svg.contains(" 36h3") || chart.svg.contains(" 37h3"),
            "{}",
            chart.svg
        );
    }

    #[test]
    fn what_is_older_than_the_ring_or_in_the_future_is_not_drawn() {
        let mut ahead = sample(0, 15, 15);
        ahead.slot += 1;
        let ring = Ring::of(vec![sample(15 * 24, 15, 15), ahead], MORNING_MS);
        assert!(!line_strip(&ring).contains("<rect"));
    }
}
