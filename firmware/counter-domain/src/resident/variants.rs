//! Kanji that records write one name with in several forms, as data.

use std::collections::HashMap;
use std::sync::LazyLock;

const DATA: &str = include_str!("../../data/kanji-variants.txt");

static FORMS: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let groups = DATA.lines().filter(|line| !line.starts_with('#'));
    groups
        .flat_map(|group| {
            let mut forms = group.chars();
            let searched = forms.next();
            forms.filter_map(move |form| Some((form, searched?)))
        })
        .collect()
});

/// The form searched for; the character itself when it has no other.
pub(super) fn folded(c: char) -> char {
    FORMS.get(&c).copied().unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_character_stands_in_one_group_only() {
        let mut seen = HashSet::new();
        for group in DATA.lines().filter(|line| !line.starts_with('#')) {
            assert!(group.chars().count() > 1, "{group}: a group has two forms");
            for form in group.chars() {
                assert!(seen.insert(form), "{form} stands twice");
            }
        }
        assert!(seen.len() > 400);
    }
}
