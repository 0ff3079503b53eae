//! A page that shows whether a page printer prints to the edges, straight and black.
//!
//! Written by hand so that it needs no font of ours and no layout engine: PDF 1.4, one A4 page,
//! Helvetica, which every printer has. It says what it is and when; nothing on it is about people.

use std::fmt::Write as _;

/// A4 in points.
const WIDTH: i32 = 595;
const HEIGHT: i32 = 842;
/// Marks every five millimetres from the edge, up to 25 mm.
const MARKS: [(i32, &str); 5] = [(14, "5"), (28, "10"), (43, "15"), (57, "20"), (71, "25 mm")];

/// The page, saying `lines` in its middle. Only plain ASCII is printed of them.
pub fn test_page(lines: &[&str]) -> Vec<u8> {
    let content = content(lines);
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 {WIDTH} {HEIGHT}]/Contents 4 0 R\
             /Resources<</Font<</F 5 0 R>>>>>>"
        ),
        format!("<</Length {}>>stream\n{content}\nendstream", content.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_owned(),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut offsets = Vec::with_capacity(objects.len());
    for (number, object) in (1..).zip(&objects) {
        offsets.push(file.len());
        // Writing to a string does not fail.
        writeln!(file, "{number} 0 obj{object}endobj").ok();
    }
    let start = file.len();
    writeln!(file, "xref\n0 {}\n0000000000 65535 f ", objects.len() + 1).ok();
    for offset in offsets {
        writeln!(file, "{offset:010} 00000 n ").ok();
    }
    write!(
        file,
        "trailer<</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF",
        objects.len() + 1
    )
    .ok();
    file.into_bytes()
}

fn content(lines: &[&str]) -> String {
    let mut page = String::from("0.5 w\n");
    for (inset, label) in MARKS {
        let (wide, high) = (WIDTH - 2 * inset, HEIGHT - 2 * inset);
        writeln!(page, "{inset} {inset} {wide} {high} re S").ok();
        text(&mut page, (inset + 3, HEIGHT - inset - 9), 8, label);
    }
    for step in 0_u8..=10 {
        let grey = f64::from(step) / 10.0;
        let x = 110 + 34 * i32::from(step);
        writeln!(page, "{grey:.1} g {x} 300 34 34 re f").ok();
    }
    page.push_str("0 g\n");
    text(&mut page, (110, 560), 28, "TODOKE TEST PAGE");
    for (line, y) in lines.iter().zip((0..).map(|line| 520 - 22 * line)) {
        text(&mut page, (110, y), 14, line);
    }
    page
}

fn text(page: &mut String, (x, y): (i32, i32), size: u8, words: &str) {
    let plain: String = words
        .chars()
        .filter(|letter| letter.is_ascii_graphic() || *letter == ' ')
        .flat_map(|letter| {
            let escape = matches!(letter, '(' | ')' | '\\').then_some('\\');
            escape.into_iter().chain([letter])
        })
        .collect();
    writeln!(page, "BT /F {size} Tf {x} {y} Td ({plain}) Tj ET").ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_lead_to_their_objects() {
        let file = String::from_utf8(test_page(&["2026-11-21 10:42", "a (b) 漢\u{1b}"])).unwrap();
        let start: usize = file
            .rsplit_once("startxref\n")
            .and_then(|(_, rest)| rest.lines().next()?.parse().ok())
            .unwrap();
        let at = |offset: usize| file.get(offset..).unwrap();
        assert!(at(start).starts_with("xref\n0 6\n"));
        let entries = at(start).lines().skip(3).take(5);
        for (number, entry) in (1..).zip(entries) {
            let offset = entry.split(' ').next().unwrap().parse().unwrap();
            assert!(at(offset).starts_with(&format!("{number} 0 obj")));
        }
        assert!(file.contains(r"(a \(b\) ) Tj"));
    }
}
