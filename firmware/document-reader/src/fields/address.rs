//! Addresses beside the dictionary of towns: what fits, and what a misread character must have been.
//!
//! Only characters of the prefecture, the municipality and the town are ever replaced, only where
//! one place of the dictionary is clearly nearest, and what was read is kept beside it. Numbers and
//! buildings stay as they are.

use std::collections::HashMap;

use counter_addresses::Addresses;

use crate::field::{Check, FieldName};
use crate::fields::text::{count, plain};
use crate::fields::value::{Judged, Rows, fits, joined};
use crate::page::Character;

/// The dictionary in the form that misread text is compared with.
#[derive(Debug)]
pub struct Places {
    municipalities: Vec<(Spelling, u32)>,
    /// Towns of each municipality.
    towns: HashMap<u32, Vec<Spelling>>,
}

/// A name of the dictionary.
#[derive(Debug)]
struct Spelling {
    /// As it is compared.
    folded: Vec<char>,
    /// As it is written; as long.
    written: Vec<char>,
}

impl Spelling {
    fn new(name: &str) -> Self {
        let written: Vec<char> = name.chars().collect();
        Self {
            folded: written.iter().copied().map(fold).collect(),
            written,
        }
    }

    fn len(&self) -> usize {
        self.folded.len()
    }
}

/// A character of the text as it is compared.
struct Letter<'p> {
    folded: char,
    character: &'p Character,
    /// Place in the text it comes from.
    place: usize,
}

/// How a name of the dictionary lies in the text.
#[derive(Debug, Clone, Default)]
struct Fit {
    cost: f32,
    /// Letters of the text it takes.
    taken: usize,
    /// Letters that are another character in the dictionary: place among the letters and that character.
    replaced: Vec<(usize, char)>,
    /// Letters that look alike and are another character in the dictionary (ニ for 二), in the same form.
    alike: Vec<(usize, char)>,
    /// Whether a letter is missing or too many.
    has_gap: bool,
    length: usize,
}

impl Places {
    /// Takes over the names of the dictionary.
    pub fn new(addresses: &Addresses) -> Self {
        let mut municipalities = Vec::new();
        for (place, one) in (0_u32..).zip(addresses.municipalities()) {
            let short = one
                .name
                .split_once('郡')
                .filter(|(county, rest)| county.chars().count() > 1 && rest.chars().count() > 1)
                .map(|(_, rest)| rest);
            for name in [Some(one.name.as_str()), short].into_iter().flatten() {
                for front in ["", one.prefecture.as_str()] {
                    municipalities.push((Spelling::new(&format!("{front}{name}")), place));
                }
            }
        }
        let mut towns: HashMap<u32, Vec<Spelling>> = HashMap::new();
        for town in addresses.towns() {
            towns
                .entry(town.municipality)
                .or_default()
                .push(Spelling::new(&town.name));
        }
        Self {
            municipalities,
            towns,
        }
    }

    /// The address with what the dictionary says of it.
    pub(super) fn judge(&self, field: FieldName, rows: &Rows<'_>) -> Judged {
        let as_read = joined(rows);
        let mut judged = Judged {
            value: as_read.clone(),
            as_read,
            fit: fits(field, rows),
            ..Judged::default()
        };
        let letters = letters(rows);
        let Some((municipality, town)) = self.nearest(&letters) else {
            judged.failed.push(Check::Municipality);
            return judged;
        };
        judged.checks.push(Check::Municipality);
        judged.fit = judged.fit.max(0.9);
        let cost = municipality.cost + town.as_ref().map_or(0.0, |town| town.cost);
        match &town {
            Some(_) => judged.checks.push(Check::AddressDictionary),
            None => judged.failed.push(Check::AddressDictionary),
        }
        let alike = municipality.alike.len() + town.as_ref().map_or(0, |town| town.alike.len());
        if cost > 0.0 || alike > 0 {
            judged.corrected = count(
                municipality.replaced.len() + town.as_ref().map_or(0, |town| town.replaced.len()),
            );
            judged.corrected += cost + 0.1 * count(alike);
            let has_gap = municipality.has_gap || town.as_ref().is_some_and(|town| town.has_gap);
            if has_gap {
                judged.corrected += 1.0;
            }
            judged.alternatives.push(judged.as_read.clone());
            judged.value = corrected(rows, &letters, &municipality, town.as_ref());
        }
        judged
    }

    /// The municipality and town that lie nearest to the front of the text.
    fn nearest(&self, letters: &[Letter<'_>]) -> Option<(Fit, Option<Fit>)> {
        let mut near: Vec<(f32, u32, Fit)> = Vec::new();
        for (spelling, municipality) in &self.municipalities {
            let limit = 0.34 * count(spelling.len());
            if !shares_letters(&spelling.folded, letters, limit) {
                continue;
            }
            let fit = lay(spelling, letters);
            if fit.cost <= limit {
                near.push((weight(&fit), *municipality, fit));
            }
        }
        near.sort_by(|one, other| other.0.total_cmp(&one.0));
        near.truncate(24);
        let mut best: Option<(f32, Fit, Option<Fit>)> = None;
        for (own, municipality, fit) in near {
            let town = self.nearest_town(municipality, letters, &fit);
            let whole = own + town.as_ref().map_or(0.0, weight);
            if best.as_ref().is_none_or(|(least, _, _)| whole > *least) {
                best = Some((whole, fit, town));
            }
        }
        best.map(|(_, fit, town)| (fit, town))
    }

    fn nearest_town(&self, municipality: u32, letters: &[Letter<'_>], before: &Fit) -> Option<Fit> {
        let rest = letters.get(before.taken..)?;
        let towns = self.towns.get(&municipality)?;
        let marks: &[&[char]] = &[&[], &['大', '字'], &['字']];
        let skipped = marks
            .iter()
            .filter(|mark| {
                mark.iter()
                    .zip(rest)
                    .all(|(mark, letter)| *mark == letter.folded)
            })
            .map(|mark| mark.len());
        let mut best: Option<(f32, Fit)> = None;
        for skip in skipped {
            let Some(rest) = rest.get(skip..) else {
                continue;
            };
            for town in towns {
                let limit = 0.4 * count(town.len());
                if town.len() == 0 || !shares_letters(&town.folded, rest, limit) {
                    continue;
                }
                let mut fit = lay(town, rest);
                let followed = rest
                    .get(fit.taken)
                    .is_none_or(|next| ends_a_town(next.folded));
                if fit.cost > limit {
                    continue;
                }
                fit.taken += skip;
                for (place, _) in fit.replaced.iter_mut().chain(&mut fit.alike) {
                    *place += skip + before.taken;
                }
                let own = weight(&fit) + if followed { 0.5 } else { 0.0 };
                if best.as_ref().is_none_or(|(least, _)| own > *least) {
                    best = Some((own, fit));
                }
            }
        }
        best.filter(|(own, _)| *own > 0.0).map(|(_, fit)| fit)
    }
}

/// Long names that fit outweigh short ones; a misread character costs more than it brings.
fn weight(fit: &Fit) -> f32 {
    count(fit.length) - 2.4 * fit.cost
}

/// What may follow the name of a town.
fn ends_a_town(c: char) -> bool {
    c.is_ascii_digit() || "一二三四五六七八九十番丁字無".contains(c)
}

/// Whether enough letters of a name stand near the front of the text for it to lie within `limit`.
fn shares_letters(name: &[char], letters: &[Letter<'_>], limit: f32) -> bool {
    let front: Vec<&Letter<'_>> = letters.iter().take(name.len() + 2).collect();
    let missing = name
        .iter()
        .filter(|c| {
            !front.iter().any(|letter| {
                letter.folded == **c
                    || letter
                        .character
                        .alternatives
                        .iter()
                        .any(|(other, _)| fold(*other) == **c)
            })
        })
        .count();
    0.3 * count(missing) <= limit && count(missing) <= 1.0 + 1.5 * limit
}

/// Lays a name over the front of the text at least cost.
fn lay(spelling: &Spelling, letters: &[Letter<'_>]) -> Fit {
    let name = &spelling.folded;
    let width = letters.len().min(name.len() + 2);
    let cell = |table: &[Vec<f32>], row: usize, column: usize| {
        table
            .get(row)
            .and_then(|line| line.get(column))
            .copied()
            .unwrap_or(f32::MAX)
    };
    let mut table: Vec<Vec<f32>> = vec![(0..=width).map(count).collect()];
    for (row, wanted) in name.iter().enumerate() {
        let mut line = vec![count(row + 1)];
        for column in 0..width {
            let swap = letters
                .get(column)
                .map_or(1.0, |letter| swap_cost(*wanted, letter));
            let best = (cell(&table, row, column) + swap)
                .min(cell(&table, row, column + 1) + 1.0)
                .min(line.last().copied().unwrap_or(f32::MAX) + 1.0);
            line.push(best);
        }
        table.push(line);
    }
    let last = table.last().cloned().unwrap_or_default();
    let (taken, cost) = last
        .into_iter()
        .enumerate()
        .min_by(|one, other| {
            one.1.total_cmp(&other.1).then(
                one.0
                    .abs_diff(name.len())
                    .cmp(&other.0.abs_diff(name.len())),
            )
        })
        .unwrap_or((0, f32::MAX));
    let mut fit = Fit {
        cost,
        taken,
        length: name.len(),
        ..Fit::default()
    };
    trace(&table, spelling, letters, &mut fit);
    fit
}

/// Goes back through the table and notes each letter that differs.
fn trace(table: &[Vec<f32>], spelling: &Spelling, letters: &[Letter<'_>], fit: &mut Fit) {
    let name = &spelling.folded;
    let cell = |row: usize, column: usize| {
        table
            .get(row)
            .and_then(|line| line.get(column))
            .copied()
            .unwrap_or(f32::MAX)
    };
    let (mut row, mut column) = (name.len(), fit.taken);
    while row > 0 && column > 0 {
        let (Some(wanted), Some(letter)) = (name.get(row - 1), letters.get(column - 1)) else {
            return;
        };
        let swap = swap_cost(*wanted, letter);
        if (cell(row, column) - cell(row - 1, column - 1) - swap).abs() < 1e-4 {
            let written = spelling.written.get(row - 1).copied().unwrap_or(*wanted);
            if swap > 0.0 {
                fit.replaced.push((column - 1, written));
            } else if looks_like(letter.character.value, written) {
                fit.alike.push((column - 1, written));
            }
            row -= 1;
            column -= 1;
        } else {
            fit.has_gap = true;
            if (cell(row, column) - cell(row - 1, column) - 1.0).abs() < 1e-4 {
                row -= 1;
            } else {
                column -= 1;
            }
        }
    }
    if row > 0 || column > 0 {
        fit.has_gap = true;
    }
}

/// What it costs that the dictionary has another character: little where the reader held it
/// possible or was unsure.
fn swap_cost(wanted: char, letter: &Letter<'_>) -> f32 {
    if letter.folded == wanted {
        return 0.0;
    }
    if letter
        .character
        .alternatives
        .iter()
        .any(|(other, _)| fold(*other) == wanted)
    {
        return 0.3;
    }
    0.45 + 0.55 * letter.character.probability
}

/// The text with the characters of the dictionary. Where letters are missing or too many, its
/// front is the dictionary's name and the rest follows as read.
fn corrected(
    rows: &Rows<'_>,
    letters: &[Letter<'_>],
    municipality: &Fit,
    town: Option<&Fit>,
) -> String {
    let mut swaps: HashMap<usize, char> = HashMap::new();
    for (place, c) in municipality
        .replaced
        .iter()
        .chain(&municipality.alike)
        .chain(
            town.iter()
                .flat_map(|town| town.replaced.iter().chain(&town.alike)),
        )
    {
        if let Some(letter) = letters.get(*place) {
            swaps.insert(letter.place, *c);
        }
    }
    let mut place = 0;
    let mut swapped: Vec<Vec<Character>> = Vec::new();
    for row in rows {
        let mut own = Vec::new();
        for one in row {
            let mut character = (*one).clone();
            if let Some(c) = swaps.get(&place) {
                character.value = *c;
            }
            place += 1;
            own.push(character);
        }
        swapped.push(own);
    }
    let swapped: Vec<Vec<&Character>> = swapped.iter().map(|row| row.iter().collect()).collect();
    joined(&swapped)
}

/// The text without blanks, each letter as it is compared.
fn letters<'p>(rows: &Rows<'p>) -> Vec<Letter<'p>> {
    rows.iter()
        .flatten()
        .enumerate()
        .filter(|(_, one)| !one.value.is_whitespace())
        .map(|(place, character)| Letter {
            folded: fold(character.value),
            character,
            place,
        })
        .collect()
}

/// Characters of one shape: which of them it is, only the name of the place tells. 髙 and 﨑 stand in
/// names of persons; no place of the dictionary has them.
fn looks_like(read: char, written: char) -> bool {
    const ALIKE: [(char, char); 19] = [
        ('二', 'ニ'),
        ('八', 'ハ'),
        ('力', 'カ'),
        ('口', 'ロ'),
        ('夕', 'タ'),
        ('卜', 'ト'),
        ('工', 'エ'),
        ('千', 'チ'),
        ('三', 'ミ'),
        ('才', 'オ'),
        ('一', 'ー'),
        ('へ', 'ヘ'),
        ('べ', 'ベ'),
        ('ぺ', 'ペ'),
        ('り', 'リ'),
        ('髙', '高'),
        ('﨑', '崎'),
        ('岛', '島'),
        ('县', '県'),
    ];
    ALIKE
        .iter()
        .any(|pair| *pair == (read, written) || *pair == (written, read))
}

/// Spellings of one place that mean the same; small numbers in kanji as digits.
fn fold(c: char) -> char {
    match plain(c) {
        'ヶ' | 'ガ' | 'が' | 'ヵ' | 'カ' | '力' => 'ケ',
        'の' | '之' | '乃' => 'ノ',
        'ッ' | 'っ' | 'つ' => 'ツ',
        '髙' => '高',
        '﨑' => '崎',
        '邊' | '邉' => '辺',
        '澤' => '沢',
        '濱' => '浜',
        '龍' => '竜',
        '嶋' | '岛' => '島',
        '1' | 'ー' => '一',
        '2' | 'ニ' => '二',
        '3' | 'ミ' => '三',
        '4' => '四',
        '5' => '五',
        '6' => '六',
        '7' => '七',
        '8' | 'ハ' => '八',
        '9' => '九',
        '县' => '県',
        'ロ' => '口',
        'タ' => '夕',
        'ト' => '卜',
        'エ' => '工',
        'チ' => '千',
        'オ' => '才',
        'ヘ' => 'へ',
        'ベ' => 'べ',
        'ペ' => 'ぺ',
        'リ' => 'り',
        '区' | '區' => '区',
        '沖' | '冲' => '沖',
        other => other,
    }
}
