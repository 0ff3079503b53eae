//! Characters of a page gathered into rows of atoms: what no wide gap and no ruled line divides.

use unicode_normalization::UnicodeNormalization;

use crate::page::{Character, Direction, Line, Page, Rect};

/// A gap of this many character heights divides two atoms.
pub(super) const ATOM_GAP: f32 = 0.45;
/// A gap of this many character heights divides two values.
pub(super) const VALUE_GAP: f32 = 1.8;

/// Higher than so many times the usual, text may be that of two rows.
const HIGH: f32 = 1.7;

/// Characters without a gap between them.
#[derive(Debug, Clone)]
pub(super) struct Atom<'p> {
    pub(super) characters: Vec<&'p Character>,
    pub(super) bounds: Rect,
}

/// Atoms on one height within one cell, or outside all cells.
#[derive(Debug, Clone)]
pub(super) struct Row<'p> {
    pub(super) atoms: Vec<Atom<'p>>,
    pub(super) bounds: Rect,
}

/// What stands in one ruled cell, or outside all of them.
#[derive(Debug, Clone)]
pub(super) struct Area<'p> {
    /// The cell.
    pub(super) cell: Option<Rect>,
    /// Top to bottom.
    pub(super) rows: Vec<Row<'p>>,
}

/// The cells of a page with their text, and last the area outside.
pub(super) fn areas(page: &Page) -> Vec<Area<'_>> {
    let cells = joined_digit_cells(page);
    let mut areas: Vec<Area<'_>> = cells
        .iter()
        .map(|cell| Area {
            cell: Some(*cell),
            rows: Vec::new(),
        })
        .collect();
    areas.push(Area {
        cell: None,
        rows: Vec::new(),
    });
    let mut atoms: Vec<Vec<Atom<'_>>> = vec![Vec::new(); areas.len()];
    for line in &page.lines {
        let pieces = match line.direction {
            Direction::Horizontal => pieces(&line.characters, &cells),
            Direction::Vertical => upright(line, page, &cells),
        };
        for (place, characters) in pieces {
            if is_rule(&characters) {
                continue;
            }
            if let Some(own) = atoms.get_mut(place.unwrap_or(cells.len())) {
                own.push(atom(characters));
            }
        }
    }
    for (area, atoms) in areas.iter_mut().zip(atoms) {
        area.rows = rows(atoms);
    }
    areas
}

/// Divides a line where its cell changes and where a gap is.
fn pieces<'p>(
    characters: &'p [Character],
    cells: &[Rect],
) -> Vec<(Option<usize>, Vec<&'p Character>)> {
    let mut pieces: Vec<(Option<usize>, Vec<&Character>)> = Vec::new();
    let mut end = f32::MIN;
    for one in characters {
        let own = place(cells, &one.bounds);
        let gap = one.bounds.x - end;
        end = one.bounds.right();
        match pieces.last_mut() {
            Some((cell, last)) if *cell == own && gap < ATOM_GAP * one.bounds.height => {
                last.push(one);
            }
            Some(_) | None => pieces.push((own, vec![one])),
        }
    }
    pieces
}

/// Divides an upright line where its cell changes. Outside of cells, letters that stand each at the height
/// of another line belong to those: 男 and 女 of persons one below the other are no word.
fn upright<'p>(
    line: &'p Line,
    page: &'p Page,
    cells: &[Rect],
) -> Vec<(Option<usize>, Vec<&'p Character>)> {
    let level = |one: &Character| {
        let mut lines = page.lines.iter().enumerate();
        lines
            .find(|(_, other)| {
                other.direction == Direction::Horizontal
                    && shares_height(&other.bounds, &one.bounds)
                    && other.bounds.height < 1.6 * one.bounds.height
            })
            .map(|(place, _)| place)
    };
    let levels: Vec<Option<usize>> = line.characters.iter().map(level).collect();
    let is_column = line.characters.len() > 1
        && levels.iter().all(Option::is_some)
        && levels.windows(2).all(|pair| pair.first() != pair.last());
    let mut pieces: Vec<(Option<usize>, Vec<&Character>)> = Vec::new();
    for one in &line.characters {
        let own = place(cells, &one.bounds);
        match pieces.last_mut() {
            Some((cell, last)) if *cell == own && (own.is_some() || !is_column) => last.push(one),
            Some(_) | None => pieces.push((own, vec![one])),
        }
    }
    pieces
}

/// The smallest cell that holds the middle of `bounds`.
fn place(cells: &[Rect], bounds: &Rect) -> Option<usize> {
    cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| cell.contains(bounds.centre()))
        .min_by(|one, other| one.1.area().total_cmp(&other.1.area()))
        .map(|(place, _)| place)
}

/// A row of boxes with one digit each is one cell.
fn joined_digit_cells(page: &Page) -> Vec<Rect> {
    let mut cells = page.cells.clone();
    cells.retain(|cell| cell.width > 4.0 && cell.height > 4.0);
    let is_small = |cell: &Rect| cell.width < 1.7 * cell.height;
    let counts: Vec<usize> = cells
        .iter()
        .map(|cell| {
            let own = page.lines.iter().flat_map(|line| &line.characters);
            own.filter(|one| cell.contains(one.bounds.centre())).count()
        })
        .collect();
    let mut taken = vec![false; cells.len()];
    let mut joined = Vec::new();
    for start in 0..cells.len() {
        if taken[start] || counts[start] > 2 || !is_small(&cells[start]) {
            continue;
        }
        let mut group = vec![start];
        let mut whole = cells[start];
        while let Some(next) = (0..cells.len()).find(|next| {
            let (one, two) = (&whole, &cells[*next]);
            !taken[*next]
                && !group.contains(next)
                && counts[*next] <= 2
                && (two.width - cells[start].width).abs() < 0.4 * cells[start].width
                && (two.y - one.y).abs() < 0.2 * one.height
                && (two.height - one.height).abs() < 0.2 * one.height
                && (two.x - one.right()).abs() < 0.35 * cells[start].width
        }) {
            whole = whole.around(&cells[next]);
            group.push(next);
        }
        let filled = group.iter().filter(|one| counts[**one] > 0).count();
        if group.len() >= 9 && filled * 3 >= group.len() * 2 {
            for one in &group {
                taken[*one] = true;
            }
            joined.push(whole);
        }
    }
    let mut kept: Vec<Rect> = cells
        .into_iter()
        .zip(taken)
        .filter_map(|(cell, taken)| (!taken).then_some(cell))
        .collect();
    kept.extend(joined);
    kept
}

fn atom(characters: Vec<&Character>) -> Atom<'_> {
    let bounds = around(characters.iter().map(|one| one.bounds)).unwrap_or_default();
    Atom { characters, bounds }
}

/// The smallest rectangle around all of them.
pub(super) fn around(rects: impl Iterator<Item = Rect>) -> Option<Rect> {
    rects.reduce(|one, other| one.around(&other))
}

/// A line that a printer drew with dashes, equal signs or asterisks.
fn is_rule(characters: &[&Character]) -> bool {
    let stroke = |c: char| {
        matches!(
            c,
            '-' | 'ー' | '─' | '━' | '=' | '＝' | '―' | '－' | '*' | '＊' | '_' | '…' | '‐'
        )
    };
    characters.len() >= 4 && characters.iter().all(|one| stroke(one.value))
}

/// Atoms that overlap in height by more than half make a row. What is much higher than the others may stand at
/// the height of two rows: it joins one, and joins no two.
fn rows(mut atoms: Vec<Atom<'_>>) -> Vec<Row<'_>> {
    let mut heights: Vec<f32> = atoms.iter().map(|atom| atom.bounds.height).collect();
    heights.sort_by(f32::total_cmp);
    let usual = heights.get(heights.len() / 2).copied().unwrap_or_default();
    let is_high = |atom: &Atom<'_>| atom.bounds.height > HIGH * usual;
    atoms.sort_by(|one, other| {
        let middles = one.bounds.centre().1.total_cmp(&other.bounds.centre().1);
        is_high(one).cmp(&is_high(other)).then(middles)
    });
    let mut rows: Vec<Row<'_>> = Vec::new();
    for atom in atoms {
        let near = if is_high(&atom) { rows.len() } else { 3 };
        let fits = rows.iter_mut().rev().take(near).find(|row| {
            row.atoms.iter().any(|other| {
                shares_height(&other.bounds, &atom.bounds) && lie_apart(&other.bounds, &atom.bounds)
            })
        });
        match fits {
            Some(row) => {
                row.bounds = row.bounds.around(&atom.bounds);
                row.atoms.push(atom);
            }
            None => rows.push(Row {
                bounds: atom.bounds,
                atoms: vec![atom],
            }),
        }
    }
    for row in &mut rows {
        row.atoms
            .sort_by(|one, other| one.bounds.x.total_cmp(&other.bounds.x));
    }
    rows.sort_by(|one, other| one.bounds.centre().1.total_cmp(&other.bounds.centre().1));
    rows
}

fn lie_apart(one: &Rect, other: &Rect) -> bool {
    one.shared(other).width < 0.3 * one.width.min(other.width)
}

/// Whether two rectangles stand on one height.
pub(super) fn shares_height(one: &Rect, other: &Rect) -> bool {
    one.shared(other).height > 0.5 * one.height.min(other.height)
        || vertical_overlap(one, other) > 0.55 * one.height.min(other.height)
}

/// How much of their heights two rectangles share, wherever they lie sideways.
pub(super) fn vertical_overlap(one: &Rect, other: &Rect) -> f32 {
    (one.bottom().min(other.bottom()) - one.y.max(other.y)).max(0.0)
}

/// How much of their widths two rectangles share, wherever they lie in height.
pub(super) fn horizontal_overlap(one: &Rect, other: &Rect) -> f32 {
    (one.right().min(other.right()) - one.x.max(other.x)).max(0.0)
}

/// A character in the one width that is compared: letters and digits narrow, kana wide, ideographs
/// untouched.
pub(crate) fn plain(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' | '\u{ff61}'..='\u{ff9f}' | '\u{3000}' | '①'..='⑳' => {
            let mut forms = std::iter::once(c).nfkc();
            match (forms.next(), forms.next()) {
                (Some(form), None) => form,
                _ => c,
            }
        }
        other => other,
    }
}

/// A count as a number to reckon with; large ones are all the same.
pub(crate) fn count(number: usize) -> f32 {
    u16::try_from(number).map_or(f32::from(u16::MAX), f32::from)
}
