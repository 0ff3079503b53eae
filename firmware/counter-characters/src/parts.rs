//! Finding a character by parts that a clerk sees in it.
//!
//! The tables say of each character what it is made of (Ideographic Description Sequences, Unicode
//! 17, section 18.2), as pairs of a part and the character it stands in. A part counts however deep
//! it stands: 臱 is made of 自, 穴 and 方, 邊 of 辶 and 臱, so 邊 is found by 方. Forms that differ by
//! their selector alone have the parts of their code point.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

use crate::tables::Characters;

/// What people type for a part, and the shapes it takes inside characters: a key types 水, and the
/// left side of 渡 is another character. Shapes that are typed themselves are found as they are.
const SHAPES: [(char, &str); 48] = [
    ('人', "亻𠆢"),
    ('刀', "刂⺈"),
    ('卩', "㔾"),
    ('己', "已巳"),
    ('川', "巛"),
    ('彑', "彐⺕"),
    ('心', "忄㣺⺗"),
    ('戸', "户戶"),
    ('手', "扌龵"),
    ('攴', "攵"),
    ('月', "⺼⺝"),
    ('水', "氵氺"),
    ('火', "灬"),
    ('爪', "爫"),
    ('牛', "牜"),
    ('犬', "犭"),
    ('王', "𤣩"),
    ('玉', "王𤣩"),
    ('示', "礻"),
    ('ネ', "礻"),
    ('竹', "𥫗"),
    ('糸', "糹纟"),
    ('网', "罒"),
    ('羊', "⺶𦍌"),
    ('老', "耂"),
    ('聿', "⺻"),
    ('肉', "⺼"),
    ('臼', "𦥑"),
    ('艸', "艹"),
    ('衣', "衤"),
    ('西', "覀"),
    ('言', "訁"),
    ('足', "𧾷"),
    ('辵', "辶"),
    ('⻌', "辶"),
    ('邑', "阝"),
    ('阜', "阝"),
    ('金', "釒"),
    ('長', "镸"),
    ('青', "靑"),
    ('食', "飠𩙿"),
    ('黄', "黃"),
    ('黒', "黑"),
    ('歯', "齒"),
    ('竜', "龍"),
    ('亀', "龜"),
    ('麦', "麥"),
    ('八', "丷"),
];

/// Every shape that a typed part may stand for.
fn shapes(typed: char) -> impl Iterator<Item = char> {
    let others = SHAPES.iter().filter(move |(part, _)| *part == typed);
    std::iter::once(typed).chain(others.flat_map(|(_, others)| others.chars()))
}

impl Characters {
    /// Characters in which every part of `typed` stands, and those parts that are characters
    /// themselves. White space and commas part nothing and are passed over.
    pub(crate) fn made_of(&self, typed: &str) -> HashSet<char> {
        let mut parts = typed
            .nfkc()
            .filter(|c| !c.is_whitespace() && !matches!(c, '、' | ',' | '・' | '+'));
        let Some(first) = parts.next() else {
            return HashSet::new();
        };
        parts.fold(self.around(first), |found, part| {
            let others = self.around(part);
            found.into_iter().filter(|c| others.contains(c)).collect()
        })
    }

    /// `part` and every character it stands in, at any depth.
    fn around(&self, part: char) -> HashSet<char> {
        let mut found = HashSet::new();
        let mut left: Vec<char> = shapes(part).collect();
        while let Some(next) = left.pop() {
            if found.insert(next) {
                left.extend(self.directly_around(next));
            }
        }
        found
    }

    fn directly_around(&self, part: char) -> impl Iterator<Item = char> {
        let all = &self.contents.parts;
        let first = all.partition_point(|(known, _)| *known < part);
        let rest = all.get(first..).unwrap_or_default();
        rest.iter()
            .take_while(move |(known, _)| *known == part)
            .map(|(_, whole)| *whole)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crate::Characters;

    #[test]
    fn nearly_every_glyph_is_found_by_parts() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/characters.bin");
        let tables = Characters::open(file.as_ref()).unwrap();
        let parts = &tables.contents.parts;
        assert!(parts.is_sorted());
        let wholes: HashSet<char> = parts.iter().map(|(_, whole)| *whole).collect();
        let glyphs = tables.glyphs().iter();
        let found = glyphs.filter(|one| one.code_point.is_some_and(|c| wholes.contains(&c)));
        // The rest are parts themselves, and the kana of old hands.
        assert_eq!(found.count(), 58_723);
    }
}
