//! Values of a row in the order of its headings: where printed columns do not stand under their headings, what
//! each text can be tells more than where it stands.

use crate::fields::confidence::Group;
use crate::fields::headed::apart;
use crate::fields::text::{Atom, around, count, plain};
use crate::fields::unit::Tag;
use crate::fields::value;
use crate::page::Character;

/// No value has more pieces.
const PIECES: usize = 16;
/// Less than this, a text is no value of its heading.
const IS_VALUE: f32 = 0.5;
/// By so much the values must fit better together than where they stand.
const BETTER: f32 = 0.4;
/// What a value of a heading whose field is not known is worth.
const UNKNOWN: f32 = 0.3;
/// What one height sideways costs, and the most that all of it costs.
const SIDEWAYS: (f32, f32) = (0.02, 0.3);
/// What each value costs, so that nothing is divided without need.
const EACH: f32 = 0.1;

/// What dates are written with, and what stands there when one letter was misread.
const OF_DATES: &str = "明治大正昭和平成令年月日元MTSHR0123456789./-・,合OIl]";
/// The same for numbers.
const OF_NUMBERS: &str = "0123456789-・.,OIl|]";
/// What each other letter takes from them.
const STRANGE: f32 = 0.3;

/// The heading of each atom, from left to right, when the row fits much better so than by its places (`near`)
/// and something does not fit there.
pub(super) fn better(tags: &[&Tag<'_>], atoms: &[&Atom<'_>], near: &[usize]) -> Option<Vec<usize>> {
    let groups = |of: usize| -> Vec<&Atom<'_>> {
        let own = atoms.iter().zip(near).filter(|(_, place)| **place == of);
        own.map(|(atom, _)| *atom).collect()
    };
    let by_place: Vec<Vec<&Atom<'_>>> = (0..tags.len()).map(groups).collect();
    let pairs = || {
        tags.iter()
            .zip(&by_place)
            .filter(|(_, group)| !group.is_empty())
    };
    let is_doubted =
        pairs().any(|(tag, group)| tag.field().is_some() && fit(tag, group) < IS_VALUE);
    if !is_doubted {
        return None;
    }
    let before: f32 = pairs().map(|(tag, group)| worth(tag, group)).sum();
    let (weight, places) = best(tags, atoms)?;
    (weight > before + BETTER).then_some(places)
}

/// The best way to divide the atoms among the headings in turn; headings may stay without a value.
fn best(tags: &[&Tag<'_>], atoms: &[&Atom<'_>]) -> Option<(f32, Vec<usize>)> {
    // For each number of atoms taken: the weight and the headings so far.
    let mut ways: Vec<Option<(f32, Vec<usize>)>> = vec![None; atoms.len() + 1];
    *ways.first_mut()? = Some((0.0, Vec::new()));
    for (place, tag) in tags.iter().enumerate() {
        let mut next = ways.clone();
        for (start, way) in ways.iter().enumerate() {
            let Some((weight, taken)) = way else {
                continue;
            };
            for end in start + 1..=atoms.len().min(start + PIECES) {
                let group = atoms.get(start..end).unwrap_or_default();
                let weight = weight + worth(tag, group);
                let slot = next.get_mut(end)?;
                if slot.as_ref().is_none_or(|(other, _)| weight > *other) {
                    let more = std::iter::repeat_n(place, end - start);
                    *slot = Some((weight, taken.iter().copied().chain(more).collect()));
                }
            }
        }
        ways = next;
    }
    ways.pop()?
}

/// How well the text is a value of the heading, where it stands.
fn worth(tag: &Tag<'_>, group: &[&Atom<'_>]) -> f32 {
    let Some(bounds) = around(group.iter().map(|atom| atom.bounds)) else {
        return 0.0;
    };
    let (step, most) = SIDEWAYS;
    let sideways = (step * apart(&tag.bounds, &bounds) / bounds.height.max(1.0)).min(most);
    fit(tag, group) - sideways - EACH
}

fn fit(tag: &Tag<'_>, group: &[&Atom<'_>]) -> f32 {
    let row: Vec<&Character> = group
        .iter()
        .flat_map(|atom| atom.characters.iter().copied())
        .collect();
    let letters = count(row.len());
    let Some(field) = tag.field() else {
        return UNKNOWN;
    };
    // What is no part of a date or a number is taken from another column.
    let own = match Group::of(field) {
        Group::Date => OF_DATES,
        Group::Number => OF_NUMBERS,
        Group::Name | Group::Kana | Group::Word | Group::Address => "",
    };
    let strange = row
        .iter()
        .filter(|one| !own.is_empty() && !own.contains(plain(one.value)));
    let strange = count(strange.count());
    // More letters say more than one that many a word has.
    value::fits(field, &[row]) * (1.0 + 0.02 * letters.min(12.0)) - STRANGE * strange
}
