//! Headings of neighbouring columns that were read without the gap between them: `男女の別出生年月日`.

use crate::field::DocumentKind;
use crate::fields::text::{Atom, VALUE_GAP, around};
use crate::fields::unit::{Tag, tag};
use crate::labels::Labels;
use crate::page::Character;

/// Only the very words count.
const EXACT: f32 = 0.5;
/// No heading has more pieces.
const PIECES: usize = 8;

/// The labels that the atoms from `at` on make up together to the last letter, with how many atoms they take;
/// only where one atom holds parts of two labels.
pub(super) fn labels<'p>(
    labels: &Labels,
    kind: DocumentKind,
    atoms: &[Atom<'p>],
    at: usize,
) -> Option<(usize, Vec<Tag<'p>>)> {
    let rest = atoms.get(at..)?;
    let close = rest
        .windows(2)
        .take(PIECES - 1)
        .take_while(|pair| match pair {
            [one, next] => next.bounds.x - one.bounds.right() < VALUE_GAP * next.bounds.height,
            _ => false,
        })
        .count();
    (1..=close + 1).rev().find_map(|taken| {
        let run = rest.get(..taken)?;
        let letters: Vec<&Character> = run
            .iter()
            .flat_map(|atom| atom.characters.iter().copied())
            .collect();
        let ends = ends(labels, kind, &letters)?;
        let mut start = 0;
        let is_across = run.iter().any(|atom| {
            let own = start + 1..start + atom.characters.len();
            start += atom.characters.len();
            ends.iter().any(|end| own.contains(end))
        });
        is_across.then(|| (taken, tags(labels, kind, &letters, &ends)))
    })
}

/// Where the fewest labels end that make up all letters.
fn ends(labels: &Labels, kind: DocumentKind, letters: &[&Character]) -> Option<Vec<usize>> {
    let mut best: Vec<Option<Vec<usize>>> = vec![None; letters.len() + 1];
    *best.first_mut()? = Some(Vec::new());
    for end in 2..=letters.len() {
        for start in 0..end - 1 {
            let Some(before) = best.get(start).cloned().flatten() else {
                continue;
            };
            let shorter = best
                .get(end)
                .and_then(Option::as_ref)
                .is_none_or(|own| before.len() + 1 < own.len());
            let is_label = || {
                let word = letters.get(start..end).unwrap_or_default();
                let matched = labels.matched(kind, word);
                matched.is_some_and(|one| one.distance < EXACT && one.length > 1)
            };
            if shorter && is_label() {
                let whole = before.into_iter().chain([end]).collect();
                *best.get_mut(end)? = Some(whole);
            }
        }
    }
    best.pop()?.filter(|ends| ends.len() > 1)
}

fn tags<'p>(
    labels: &Labels,
    kind: DocumentKind,
    letters: &[&'p Character],
    ends: &[usize],
) -> Vec<Tag<'p>> {
    let starts = std::iter::once(&0).chain(ends);
    starts
        .zip(ends)
        .filter_map(|(start, end)| {
            let own = letters.get(*start..*end)?;
            let matched = labels.matched(kind, own)?;
            let bounds = around(own.iter().map(|one| one.bounds))?;
            let atom = Atom {
                characters: own.to_vec(),
                bounds,
            };
            Some(tag(matched, vec![atom]))
        })
        .collect()
}
