//! One name printed several times on one paper: where the places differ in a character that the reader was
//! unsure of, the reading with more behind it stands in all of them.
//!
//! A household mostly shares its family name, and the head of it is named twice or three times. A name is
//! only changed into what the reader itself held possible there, or into another form of the same character
//! (斉 and 斎); what was read is offered beside it.

use crate::field::{Check, FieldName};
use crate::fields::household::Candidate;
use crate::fields::name;

/// By how much the reading that wins must be ahead.
const LEAD: f32 = 0.3;
/// The same between two places that name one person.
const LEAD_OF_ONE: f32 = 0.1;
/// What kana that fit the name are worth.
const KANA: f32 = 0.5;
/// Between family and given name.
const BLANK: char = '\u{3000}';

/// Settles names that should be the same and nearly are.
pub(super) fn settle(candidates: &mut [Candidate]) {
    families(candidates);
    heads(candidates);
}

/// How much speaks for the reading of a name.
fn weight(one: &Candidate) -> f32 {
    let has_kana = one.judged.checks.contains(&Check::KanaAgainstKanji);
    one.certainty.0 + if has_kana { KANA } else { 0.0 }
}

fn families(candidates: &mut [Candidate]) {
    let said: Vec<(usize, String, f32)> = candidates
        .iter()
        .enumerate()
        .filter(|(_, one)| {
            matches!(
                one.field,
                FieldName::Name | FieldName::HouseholdHead | FieldName::RegisterHead
            )
        })
        .filter_map(|(place, one)| {
            let (family, _) = one.judged.value.split_once(BLANK)?;
            Some((place, family.to_owned(), weight(one)))
        })
        .collect();
    let support = |family: &str| -> f32 {
        let behind = said.iter().filter(|(_, own, _)| own == family);
        behind.map(|(_, _, weight)| weight).sum()
    };
    for (place, own, _) in &said {
        let Some(one) = candidates.get_mut(*place) else {
            continue;
        };
        let best = said
            .iter()
            .map(|(_, other, _)| other)
            .filter(|other| *other != own)
            .filter(|other| may_be(one, &one.judged.value.replacen(own.as_str(), other, 1)))
            .max_by(|one, other| support(one).total_cmp(&support(other)));
        if let Some(best) = best
            && support(best) > support(own) + LEAD
        {
            let value = one.judged.value.replacen(own.as_str(), best, 1);
            one.judged.change_to(value);
        }
    }
}

/// The head of the household, by name and as the head of it.
fn heads(candidates: &mut [Candidate]) {
    let heads: Vec<i32> = candidates
        .iter()
        .filter(|one| one.field == FieldName::Relationship)
        .filter(|one| matches!(one.judged.value.as_str(), "世帯主" | "本人"))
        .map(|one| one.member)
        .collect();
    let [head] = heads.as_slice() else {
        return;
    };
    let place = |wanted: &dyn Fn(&Candidate) -> bool| candidates.iter().position(wanted);
    let name = place(&|one| one.field == FieldName::Name && one.member == *head);
    let said = place(&|one| one.field == FieldName::HouseholdHead);
    if let (Some(name), Some(said)) = (name, said) {
        settle_pair(candidates, name, said);
    }
}

fn settle_pair(candidates: &mut [Candidate], one: usize, other: usize) {
    let (Some(first), Some(second)) = (candidates.get(one), candidates.get(other)) else {
        return;
    };
    let ahead = weight(first) - weight(second);
    let (winner, loser, place) = if ahead > LEAD_OF_ONE {
        (first, second, other)
    } else if ahead < -LEAD_OF_ONE {
        (second, first, one)
    } else {
        return;
    };
    let value = winner.judged.value.clone();
    if value != loser.judged.value
        && may_be(loser, &value)
        && let Some(own) = candidates.get_mut(place)
    {
        own.judged.change_to(value);
    }
}

/// Whether a name may have been read as the one of a candidate: with one character that the reader held
/// possible, or with other forms of the same characters.
fn may_be(one: &Candidate, value: &str) -> bool {
    let own = &one.judged.value;
    let are_forms = own.chars().count() == value.chars().count()
        && own
            .chars()
            .zip(value.chars())
            .all(|(one, other)| name::are_forms(one, other));
    are_forms || one.judged.held.iter().any(|held| held == value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::household::Others;
    use crate::fields::value::Judged;
    use crate::page::Rect;

    fn candidate(field: FieldName, member: i32, value: &str, least: f32, held: &str) -> Candidate {
        Candidate {
            member,
            is_surely_theirs: true,
            field,
            judged: Judged {
                value: value.to_owned(),
                held: vec![held.to_owned()],
                ..Judged::default()
            },
            certainty: (least, least),
            length: 4.0,
            label_distance: 0.0,
            bounds: Rect::default(),
            page: 0,
            others: Others::default(),
        }
    }

    #[track_caller]
    fn check(mut candidates: Vec<Candidate>, expected: &[&str]) {
        settle(&mut candidates);
        let found: Vec<&str> = candidates
            .iter()
            .map(|one| one.judged.value.as_str())
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_family_shares_its_name() {
        let name = FieldName::Name;
        check(
            vec![
                candidate(name, 0, "架空　太郎", 0.99, ""),
                candidate(name, 1, "架空　花子", 0.98, ""),
                candidate(name, 2, "架室　一郎", 0.6, "架空　一郎"),
            ],
            &["架空　太郎", "架空　花子", "架空　一郎"],
        );
    }

    #[test]
    fn another_family_stays_where_the_reader_was_of_one_mind() {
        let name = FieldName::Name;
        check(
            vec![
                candidate(name, 0, "高橋　太郎", 0.99, ""),
                candidate(name, 1, "高橋　花子", 0.98, ""),
                candidate(name, 2, "高木　一郎", 0.97, ""),
            ],
            &["高橋　太郎", "高橋　花子", "高木　一郎"],
        );
    }

    #[test]
    fn the_head_is_named_twice() {
        check(
            vec![
                candidate(
                    FieldName::HouseholdHead,
                    -1,
                    "架空　大郎",
                    0.6,
                    "架空　太郎",
                ),
                candidate(FieldName::Name, 0, "架空　太郎", 0.99, ""),
                candidate(FieldName::Relationship, 0, "世帯主", 0.99, ""),
                candidate(FieldName::Name, 1, "架空　次郎", 0.7, "架空　太郎"),
            ],
            &["架空　太郎", "架空　太郎", "世帯主", "架空　次郎"],
        );
    }
}
