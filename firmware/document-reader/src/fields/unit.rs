//! What stands on a page as labels and values: one unit for each ruled cell, and rows of tokens
//! for what no line divides.

use crate::field::{DocumentKind, FieldName};
use crate::fields::found::atom_pieces;
use crate::fields::relabelled::DOUBTED;
use crate::fields::run_on;
use crate::fields::text::{Area, Atom, Row, VALUE_GAP, around, count, plain};
use crate::fields::value;
use crate::labels::{Labels, Matched, Meaning};
use crate::page::{Character, Rect};

/// A label or the text between two labels.
#[derive(Debug, Clone)]
pub(super) enum Token<'p> {
    /// A label.
    Label(Tag<'p>),
    /// Anything else.
    Value(Vec<Atom<'p>>),
}

/// A label on the page.
#[derive(Debug, Clone)]
pub(super) struct Tag<'p> {
    pub(super) matched: Matched,
    pub(super) atoms: Vec<Atom<'p>>,
    pub(super) bounds: Rect,
}

impl Tag<'_> {
    /// The field whose label it is.
    pub(super) fn field(&self) -> Option<FieldName> {
        match self.matched.meaning {
            Meaning::Field(field) => Some(field),
            Meaning::Unwanted | Meaning::Before | Meaning::After | Meaning::SomebodyElse => None,
        }
    }
}

impl Token<'_> {
    pub(super) fn bounds(&self) -> Rect {
        match self {
            Self::Label(tag) => tag.bounds,
            Self::Value(atoms) => around(atoms.iter().map(|atom| atom.bounds)).unwrap_or_default(),
        }
    }
}

/// A ruled cell with what was recognised in it.
#[derive(Debug, Clone)]
pub(super) struct Unit<'p> {
    pub(super) bounds: Rect,
    /// Rows of tokens, top to bottom.
    pub(super) rows: Vec<Vec<Token<'p>>>,
    pub(super) holds: Holds,
}

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// Nothing.
    Nothing,
    /// Labels only.
    Labels,
    /// Text without a label.
    Values,
    /// Labels with their values.
    Both,
    /// Text that no cell was seen around; its bounds are those of the text.
    Loose,
}

impl<'p> Unit<'p> {
    /// Its labels.
    pub(super) fn tags(&self) -> impl Iterator<Item = &Tag<'p>> {
        self.rows.iter().flatten().filter_map(|token| match token {
            Token::Label(tag) => Some(tag),
            Token::Value(_) => None,
        })
    }

    /// Its characters row by row, labels taken as text.
    pub(super) fn characters(&self) -> Vec<Vec<&'p Character>> {
        self.rows
            .iter()
            .map(|row| row.iter().flat_map(token_characters).collect())
            .collect()
    }
}

/// The characters of a token.
pub(super) fn token_characters<'p>(token: &Token<'p>) -> Vec<&'p Character> {
    let atoms = match token {
        Token::Label(tag) => &tag.atoms,
        Token::Value(atoms) => atoms,
    };
    atoms
        .iter()
        .flat_map(|atom| atom.characters.clone())
        .collect()
}

/// Recognises labels in a cell.
pub(super) fn unit<'p>(labels: &Labels, kind: DocumentKind, area: &Area<'p>) -> Unit<'p> {
    let mut rows: Vec<Vec<Token<'p>>> = match wrapped_label(labels, kind, area) {
        Some(tag) => vec![vec![Token::Label(tag)]],
        None => area
            .rows
            .iter()
            .map(|row| tokens(labels, kind, row))
            .collect(),
    };
    if area.cell.is_some() {
        settle_word_of_relation(&mut rows);
        drop_rests_of_labels(&mut rows);
    }
    let has = |wanted: fn(&Token<'_>) -> bool| rows.iter().flatten().any(wanted);
    let has_label = has(|token| matches!(token, Token::Label(_)));
    let has_value = has(|token| matches!(token, Token::Value(_)));
    let holds = match (has_label, has_value) {
        (false, false) => Holds::Nothing,
        (true, false) => Holds::Labels,
        (false, true) => Holds::Values,
        (true, true) => Holds::Both,
    };
    let bounds = area
        .cell
        .or_else(|| around(area.rows.iter().map(|row| row.bounds)))
        .unwrap_or_default();
    Unit {
        bounds,
        rows,
        holds,
    }
}

/// A label that its narrow cell broke into rows.
fn wrapped_label<'p>(labels: &Labels, kind: DocumentKind, area: &Area<'p>) -> Option<Tag<'p>> {
    area.cell?;
    if !(2..=4).contains(&area.rows.len()) {
        return None;
    }
    let atoms: Vec<Atom<'p>> = area.rows.iter().flat_map(|row| row.atoms.clone()).collect();
    let characters: Vec<&Character> = atoms
        .iter()
        .flat_map(|atom| atom.characters.clone())
        .collect();
    let matched = labels.matched(kind, &characters)?;
    let own_labels = area.rows.iter().filter_map(|row| {
        let own: Vec<&Character> = row
            .atoms
            .iter()
            .flat_map(|atom| atom.characters.clone())
            .collect();
        labels.matched(kind, &own)
    });
    // カナ above 氏名 are two labels. 妻 under 世帯主との続柄 is its value, not a misread end of it.
    let is_two = matched.meaning == Meaning::Field(FieldName::NameKana);
    let is_parted = own_labels.into_iter().any(|own| {
        is_two && own.meaning == Meaning::Field(FieldName::Name) || own.distance < matched.distance
    });
    (!is_parted).then(|| tag(matched, atoms))
}

/// 世帯主 that follows 続柄 within a cell is its value.
fn settle_word_of_relation(rows: &mut [Vec<Token<'_>>]) {
    let mut is_after_relation = false;
    for token in rows.iter_mut().flatten() {
        match token {
            Token::Label(tag) if is_after_relation && tag.matched.may_be_value => {
                *token = Token::Value(std::mem::take(&mut tag.atoms));
                is_after_relation = false;
            }
            Token::Label(tag) => is_after_relation = tag.field() == Some(FieldName::Relationship),
            Token::Value(_) => is_after_relation = false,
        }
    }
}

/// A letter or two beside labels that fit none of them are what is left of another label.
fn drop_rests_of_labels(rows: &mut Vec<Vec<Token<'_>>>) {
    let fields: Vec<FieldName> = rows
        .iter()
        .flatten()
        .filter_map(|token| match token {
            Token::Label(tag) => tag.field(),
            Token::Value(_) => None,
        })
        .collect();
    let is_rest = |token: &Token<'_>| {
        let characters = token_characters(token);
        let fits = fields
            .iter()
            .any(|field| value::fits(*field, std::slice::from_ref(&characters)) > 0.3);
        // （予定） behind 新住所 belongs to the label.
        let is_bracketed = characters
            .first()
            .is_some_and(|one| matches!(one.value, '(' | '（' | '〈'));
        matches!(token, Token::Value(_)) && (characters.len() <= 2 || is_bracketed) && !fits
    };
    let values = rows
        .iter()
        .flatten()
        .filter(|token| matches!(token, Token::Value(_)));
    if !fields.is_empty() && values.clone().count() == 1 && values.clone().all(is_rest) {
        for row in rows.iter_mut() {
            row.retain(|token| matches!(token, Token::Label(_)));
        }
        rows.retain(|row| !row.is_empty());
    }
}

/// Text outside all cells as units of their own, one for each piece without a wide gap: where a
/// cell's rules were not seen, its text still stands beside its label.
pub(super) fn loose<'p>(
    outside: &Unit<'p>,
    pieces: fn(&[Atom<'p>]) -> Vec<Vec<Atom<'p>>>,
) -> Vec<Unit<'p>> {
    outside
        .rows
        .iter()
        .flatten()
        .flat_map(|token| match token {
            Token::Label(tag) if tag.matched.may_be_value => pieces(&tag.atoms),
            Token::Label(_) => Vec::new(),
            Token::Value(atoms) => pieces(atoms),
        })
        .filter_map(|atoms| {
            let bounds = around(atoms.iter().map(|atom| atom.bounds))?;
            Some(Unit {
                bounds,
                rows: vec![vec![Token::Value(atoms)]],
                holds: Holds::Loose,
            })
        })
        .collect()
}

/// Letters of one label are at most this many heights apart (氏　　　名).
const SPREAD: f32 = 5.0;
/// No badly read label is longer.
const BADLY_READ_LONGEST: usize = 14;
/// A label has at most this many pieces.
const PIECES: usize = 9;

/// Tells labels and values of a row apart.
fn tokens<'p>(labels: &Labels, kind: DocumentKind, row: &Row<'p>) -> Vec<Token<'p>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    let boxes_lead = starts_with_box(&row.atoms);
    while let Some(atom) = row.atoms.get(at) {
        if boxes_lead
            && is_lone_box(atom)
            && let Some((taken, tag)) = spread_label(labels, kind, &row.atoms, at + 1)
        {
            tokens.push(Token::Label(tag));
            tokens.push(Token::Value(vec![atom.clone()]));
            at += taken + 1;
            continue;
        }
        if let Some((taken, tags)) = run_on::labels(labels, kind, &row.atoms, at) {
            tokens.extend(tags.into_iter().map(Token::Label));
            at += taken;
            continue;
        }
        let whole = spread_label(labels, kind, &row.atoms, at);
        // 国民健康保険有 is nearer to a label and its value than to a misread label.
        let divided = match &whole {
            Some((_, tag)) if tag.matched.distance == 0.0 => Vec::new(),
            Some(_) | None => divided(labels, kind, atom),
        };
        if let Some((taken, tag)) = whole
            && first_distance(&divided).is_none_or(|distance| distance >= tag.matched.distance)
        {
            tokens.push(Token::Label(tag));
            at += taken;
            continue;
        }
        if divided.is_empty()
            && let Some(tag) = badly_read(labels, kind, &row.atoms, at)
        {
            tokens.push(Token::Label(tag));
        } else if divided.is_empty() {
            push_value(&mut tokens, atom.clone());
        }
        for token in divided {
            match token {
                Token::Label(tag) => tokens.push(Token::Label(tag)),
                Token::Value(atoms) => atoms
                    .into_iter()
                    .for_each(|own| push_value(&mut tokens, own)),
            }
        }
        at += 1;
    }
    said_twice_once(tokens)
}

/// 個人番号（マイナンバー） is one label, also where it was read as two.
fn said_twice_once(tokens: Vec<Token<'_>>) -> Vec<Token<'_>> {
    let mut once: Vec<Token<'_>> = Vec::new();
    for token in tokens {
        match (once.last_mut(), token) {
            (Some(Token::Label(before)), Token::Label(own))
                if before.field().is_some()
                    && before.matched.meaning == own.matched.meaning
                    && own.bounds.x - before.bounds.right() < VALUE_GAP * own.bounds.height =>
            {
                before.matched.distance = before.matched.distance.min(own.matched.distance);
                before.bounds = before.bounds.around(&own.bounds);
                before.atoms.extend(own.atoms);
            }
            (_, token) => once.push(token),
        }
    }
    once
}

/// A piece of text before a gap that is near to one label only whose value what follows can be.
fn badly_read<'p>(
    labels: &Labels,
    kind: DocumentKind,
    atoms: &[Atom<'p>],
    at: usize,
) -> Option<Tag<'p>> {
    let atom = atoms.get(at)?;
    let next = atoms.get(at + 1)?;
    let gap = next.bounds.x - atom.bounds.right();
    let is_apart =
        |before: &Atom<'p>| atom.bounds.x - before.bounds.right() > VALUE_GAP * atom.bounds.height;
    let starts = at
        .checked_sub(1)
        .and_then(|at| atoms.get(at))
        .is_none_or(is_apart);
    let is_doubted = atom.characters.iter().any(|one| one.probability < DOUBTED);
    if !starts
        || !is_doubted
        || gap < VALUE_GAP * atom.bounds.height
        || atom.characters.len() > BADLY_READ_LONGEST
    {
        return None;
    }
    let pieces = atom_pieces(atoms.get(at + 1..)?);
    let row: Vec<&Character> = pieces
        .first()?
        .iter()
        .flat_map(|atom| atom.characters.clone())
        .collect();
    let mut near = labels.all_near(kind, &atom.characters);
    near.retain(|matched| match matched.meaning {
        Meaning::Field(field) => {
            // Nearly any text could be a name. Only few labels have an address beside them.
            let is_address = matches!(
                field,
                FieldName::OldAddress | FieldName::NewAddress | FieldName::RegisteredDomicile
            );
            let most = if value::is_name(field) {
                0.4
            } else if is_address {
                0.67
            } else {
                0.5
            };
            matched.distance <= most * count(matched.length)
                && value::fits(field, std::slice::from_ref(&row)) >= 0.8
        }
        Meaning::Unwanted | Meaning::Before | Meaning::After | Meaning::SomebodyElse => false,
    });
    let best = *near.first()?;
    let rival = near.iter().find(|other| other.meaning != best.meaning);
    rival
        .is_none_or(|rival| rival.distance >= best.distance + 0.3)
        .then(|| tag(best, vec![atom.clone()]))
}

/// How well the first of these tokens was read, if it is a label.
fn first_distance(tokens: &[Token<'_>]) -> Option<f32> {
    match tokens.first() {
        Some(Token::Label(tag)) => Some(tag.matched.distance),
        Some(Token::Value(_)) | None => None,
    }
}

fn push_value<'p>(tokens: &mut Vec<Token<'p>>, atom: Atom<'p>) {
    if let Some(Token::Value(atoms)) = tokens.last_mut() {
        atoms.push(atom);
    } else {
        tokens.push(Token::Value(vec![atom]));
    }
}

/// The longest label that atoms from `at` on make together.
fn spread_label<'p>(
    labels: &Labels,
    kind: DocumentKind,
    atoms: &[Atom<'p>],
    at: usize,
) -> Option<(usize, Tag<'p>)> {
    let mut own: Vec<Atom<'p>> = Vec::new();
    let mut best: Option<(usize, Tag<'p>)> = None;
    if goes_on_a_number(atoms, at) {
        return None;
    }
    for atom in atoms.iter().skip(at).take(PIECES) {
        if let Some(last) = own.last()
            && atom.bounds.x - last.bounds.right() > SPREAD * atom.bounds.height
        {
            break;
        }
        own.push(atom.clone());
        if starts_with_box(&own) {
            break;
        }
        let characters: Vec<&Character> =
            own.iter().flat_map(|one| one.characters.clone()).collect();
        let Some(matched) = labels.matched(kind, &characters) else {
            continue;
        };
        // Pieces that are labels themselves make one only together with nothing misread.
        if matched.distance > 0.5
            && best
                .as_ref()
                .is_some_and(|(_, best)| best.matched.distance < matched.distance)
        {
            continue;
        }
        // What stands before a whole label is the value of the label before it, if the row goes on so.
        let first = own.first().map_or(0, |one| one.characters.len());
        let without = characters
            .get(first..)
            .and_then(|rest| labels.matched(kind, rest));
        if without.is_some_and(|rest| rest.distance < matched.distance) {
            continue;
        }
        // A single letter is a heading only where nothing else stands.
        if matched.length == 1 && atoms.len() > 1 {
            continue;
        }
        best = Some((own.len(), tag(matched, own.clone())));
    }
    best
}

pub(super) fn tag(matched: Matched, atoms: Vec<Atom<'_>>) -> Tag<'_> {
    let bounds = around(atoms.iter().map(|atom| atom.bounds)).unwrap_or_default();
    Tag {
        matched,
        atoms,
        bounds,
    }
}

/// Whether digits follow other digits or marks so closely that they number no label: the day in `S22. 05. 18`
/// and in `5月12日 世帯主`.
fn goes_on_a_number(atoms: &[Atom<'_>], at: usize) -> bool {
    let is_number = |atom: &Atom<'_>| {
        atom.characters
            .iter()
            .all(|one| is_of_number(plain(one.value)))
    };
    let before = at.checked_sub(1).and_then(|before| atoms.get(before));
    before.zip(atoms.get(at)).is_some_and(|(before, own)| {
        let ends = before.characters.last().map(|one| plain(one.value));
        let is_close = own.bounds.x - before.bounds.right() < VALUE_GAP * own.bounds.height;
        is_number(own) && is_close && ends.is_some_and(is_of_number)
    })
}

/// Digits and what stands between the numbers of a date.
fn is_of_number(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '.' | '/' | '年' | '月' | '日')
}

/// Signs of a box to tick, empty or ticked.
fn is_box(c: char) -> bool {
    matches!(c, '☑' | '☐' | '□' | '✓' | '✔' | '☒' | '🗹')
}

fn starts_with_box(atoms: &[Atom<'_>]) -> bool {
    atoms
        .first()
        .and_then(|atom| atom.characters.first())
        .is_some_and(|one| is_box(one.value))
}

fn is_lone_box(atom: &Atom<'_>) -> bool {
    match atom.characters.as_slice() {
        [only] => is_box(only.value),
        _ => false,
    }
}

/// A label and its value, or several labels, in one atom; nothing when it holds no label.
fn divided<'p>(labels: &Labels, kind: DocumentKind, atom: &Atom<'p>) -> Vec<Token<'p>> {
    ticked(labels, kind, atom)
        .or_else(|| at_mark(labels, kind, atom))
        .or_else(|| several(labels, kind, atom))
        .or_else(|| run_together(labels, kind, atom))
        .unwrap_or_default()
}

/// `☑国保`: the box is the value.
fn ticked<'p>(labels: &Labels, kind: DocumentKind, atom: &Atom<'p>) -> Option<Vec<Token<'p>>> {
    let (first, rest) = atom.characters.split_first()?;
    if !is_box(first.value) {
        return None;
    }
    let matched = labels.matched(kind, rest)?;
    Some(vec![
        Token::Label(tag(matched, vec![part(rest)?])),
        Token::Value(vec![part(&[*first])?]),
    ])
}

fn part<'p>(characters: &[&'p Character]) -> Option<Atom<'p>> {
    let bounds = around(characters.iter().map(|one| one.bounds))?;
    Some(Atom {
        characters: characters.to_vec(),
        bounds,
    })
}

/// `氏名：架空`, `【氏名】架空`.
fn at_mark<'p>(labels: &Labels, kind: DocumentKind, atom: &Atom<'p>) -> Option<Vec<Token<'p>>> {
    let ends = |c: char| {
        matches!(
            c,
            ':' | '：' | '】' | ']' | '］' | '〕' | '」' | ')' | '）' | '･' | '→' | '・' | '='
        )
    };
    let marks = atom
        .characters
        .iter()
        .enumerate()
        .filter(|(_, one)| ends(one.value));
    for (place, _) in marks {
        let (before, after) = atom.characters.split_at_checked(place + 1)?;
        let matched = labels.matched(kind, before);
        // Of a short word too little is left when a character is wrong.
        let matched = matched.filter(|one| one.distance < 1.0 || one.length > 3);
        if let Some(matched) = matched {
            let mut tokens = vec![Token::Label(tag(matched, vec![part(before)?]))];
            if let Some(rest) = part(after) {
                let inner = divided(labels, kind, &rest);
                if inner.is_empty() {
                    tokens.push(Token::Value(vec![rest]));
                } else {
                    tokens.extend(inner);
                }
            }
            return Some(tokens);
        }
    }
    None
}

/// `続柄・性別`, `氏名（フリガナ）`: labels that share a heading.
fn several<'p>(labels: &Labels, kind: DocumentKind, atom: &Atom<'p>) -> Option<Vec<Token<'p>>> {
    let divides = |one: &&Character| {
        matches!(
            one.value,
            '・' | '･' | '/' | '／' | '(' | '（' | ')' | '）' | '｜' | '|' | '、'
        )
    };
    let parts: Vec<&[&'p Character]> = atom
        .characters
        .split(divides)
        .filter(|part| !part.is_empty())
        .collect();
    if parts.len() < 2 {
        return None;
    }
    parts
        .into_iter()
        .map(|own| {
            let matched = labels.matched(kind, own)?;
            Some(Token::Label(tag(matched, vec![part(own)?])))
        })
        .collect()
}

/// `性別男`, `生年月日昭和60年7月14日`: read without the gap. Only the very word counts, and only
/// before what can be nothing but its value.
fn run_together<'p>(
    labels: &Labels,
    kind: DocumentKind,
    atom: &Atom<'p>,
) -> Option<Vec<Token<'p>>> {
    let longest = atom.characters.len().saturating_sub(1).min(16);
    (2..=longest).rev().find_map(|length| {
        let (before, after) = atom.characters.split_at_checked(length)?;
        let matched = labels
            .matched(kind, before)
            .filter(|one| one.distance < 0.5)?;
        let Meaning::Field(field) = matched.meaning else {
            return None;
        };
        let rows = vec![after.to_vec()];
        // 世帯主との続柄 is one label, however badly its end was read.
        let goes_on = after
            .first()
            .is_some_and(|one| matches!(one.value, 'と' | 'の'));
        (!goes_on && value::fits(field, &rows) >= 0.8).then_some(())?;
        Some(vec![
            Token::Label(tag(matched, vec![part(before)?])),
            Token::Value(vec![part(after)?]),
        ])
    })
}
