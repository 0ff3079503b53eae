//! What could be printed in the place of a character that the font does not have.

use counter_characters::{Characters, Glyph};
use counter_forms::Forms;

/// More of them help nobody.
const CHOICES_MAX: usize = 12;

/// The character itself and every printable form of it, for a person to choose from; `points` are its
/// code points as a refusal names them, `U+845B U+E0100`.
pub(super) fn choices(tables: &Characters, forms: &Forms, points: &str) -> String {
    let code = |point: &str| u32::from_str_radix(point.strip_prefix("U+")?, 16).ok();
    let text: String = points
        .split(' ')
        .filter_map(|point| code(point).and_then(char::from_u32))
        .filter(|c| !c.is_control())
        .collect();
    let base = text.chars().next();
    let known = base.into_iter().flat_map(|base| tables.forms(base));
    let printable: Vec<String> = known
        .filter_map(Glyph::text)
        .filter(|form| forms.missing_glyph(form).is_none())
        .take(CHOICES_MAX)
        .map(|form| format!("{form}（{}）", code_points(&form)))
        .collect();
    if printable.is_empty() {
        return format!("「{text}」の代わりに選べる字はありません。");
    }
    format!(
        "「{text}」の代わりに選べる字：{}。ほかの字は todoke name find で探せます。",
        printable.join("、")
    )
}

fn code_points(text: &str) -> String {
    let points = text.chars().map(|c| format!("U+{:04X}", u32::from(c)));
    points.collect::<Vec<_>>().join(" ")
}
